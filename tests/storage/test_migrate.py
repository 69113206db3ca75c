"""Making, upgrading and refusing database files."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from bot.errors import Busy, Corrupt, SchemaTooNew, StorageError
from bot.news.models import FeedId, SubscriptionId
from bot.storage import migrate
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.migrate import APPLICATION_ID, Migration, migrate_file, migrations
from tests.factories import FEED_URL, NOW, parsed_feed
from tests.storage.conftest import Opener

NEXT = Migration(
    version=len(migrations()) + 1,
    name="moods",
    script=f"""
        BEGIN IMMEDIATE;
        PRAGMA user_version = {len(migrations()) + 1};
        CREATE TABLE moods (name TEXT NOT NULL PRIMARY KEY) STRICT;
        COMMIT;
    """,
)
BROKEN = Migration(
    version=NEXT.version,
    name="broken",
    script=NEXT.script.replace("COMMIT;", "INSERT INTO nowhere VALUES (1); COMMIT;"),
)


COMMENT = re.compile(r"--[^\n]*")


def schema(connection: sqlite3.Connection) -> Sequence[tuple[str, ...]]:
    """Return what a database is made of, whitespace and comments apart.

    ALTER TABLE puts columns before the comment of the last one, where no reader wants them.
    """
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return sorted(
        tuple(" ".join(COMMENT.sub(" ", value or "").split()) for value in row) for row in rows
    )


def pragma(path: Path, name: str) -> object:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


async def test_a_new_database_has_the_schema_that_is_written_down(path: Path) -> None:
    report = await migrate(path)
    assert (report.from_version, report.to_version, report.backup) == (0, len(migrations()), None)
    written = files("bot.storage.sqlite").joinpath("schema.sql").read_text(encoding="utf-8")
    with closing(connect(path)) as made, closing(sqlite3.connect(":memory:")) as described:
        described.executescript(written)
        assert schema(made) == schema(described)
        for name in ("application_id", "user_version"):
            versions = [db.execute(f"PRAGMA {name}").fetchone()[0] for db in (made, described)]
            assert versions[0] == versions[1]
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "application_id") == APPLICATION_ID


def test_migrations_are_numbered_without_gaps_and_hold_their_own_transaction() -> None:
    for number, migration in enumerate(migrations(), 1):
        assert migration.version == number
        statements = [line for line in migration.script.splitlines() if line[:2] not in ("", "--")]
        assert statements[0] == "BEGIN IMMEDIATE;"
        assert f"PRAGMA user_version = {number};" in statements
        assert statements[-1] == "COMMIT;"


def test_every_table_is_strict_and_every_index_says_what_it_is_for() -> None:
    script = files("bot.storage.sqlite").joinpath("schema.sql").read_text(encoding="utf-8")
    lines = script.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("CREATE INDEX"):
            assert lines[number - 1].startswith("-- "), line
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        tables = connection.execute(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict"
            " AND schema = 'main' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
    assert tables == []


async def test_migrating_again_does_nothing(path: Path) -> None:
    await migrate(path)
    report = await migrate(path)
    assert (report.from_version, report.backup) == (len(migrations()), None)
    assert {file.name.partition("-")[0] for file in path.parent.iterdir()} == {path.name}


async def test_an_upgrade_keeps_the_rows_and_leaves_a_backup(opened: Opener, path: Path) -> None:
    async with opened() as storage:
        feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    before = len(migrations())
    report = migrate_file(path, [*migrations(), NEXT])
    assert (report.from_version, report.to_version) == (before, NEXT.version)
    assert report.backup == path.with_name(f"herald.db.v{before}.backup")
    assert pragma(path, "user_version") == NEXT.version
    with closing(connect(path)) as connection:
        assert connection.execute("SELECT id FROM feeds").fetchone()["id"] == feed.id

    assert pragma(report.backup, "user_version") == before
    report.backup.replace(path)
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    async with opened() as storage:
        assert await storage.feed(feed.id) == feed


TABLES = (
    *("feeds", "checks", "subscriptions", "stories", "entries", "entry_aliases", "summaries"),
    *("deliveries", "meta"),
)
RENAMED = {("summaries", "story_id"): "entry_id"}  # a story had one entry, and its number


def rows_of(path: Path) -> dict[str, list[dict[str, object]]]:
    """Return every row of TABLES."""
    with closing(connect(path)) as connection:
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608  # names of ours
            for table in TABLES
        }


async def test_a_database_of_schema_1_keeps_its_rows(opened: Opener, path: Path) -> None:
    migrate_file(path, migrations()[:1])
    rows = Path(__file__).with_name("schema_1_rows.sql").read_text(encoding="utf-8")
    with closing(connect(path)) as connection:
        connection.executescript(rows)
    before = rows_of(path)

    report = migrate_file(path)
    assert (report.from_version, report.to_version) == (1, len(migrations()))
    after = rows_of(path)
    for table, old in before.items():
        kept = [
            {name: row[RENAMED.get((table, name), name)] for name in old[0]} for row in after[table]
        ]
        assert kept == old, table
    with closing(connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    async with opened() as storage:
        feed, failing = await storage.feed(FeedId(1)), await storage.feed(FeedId(2))
        assert feed is not None
        assert failing is not None
        assert feed.validators.etag == '"a"'
        assert (feed.state, feed.failing_since) == ("ok", None)
        assert (failing.state, failing.failing_since) == ("failing", failing.succeeded_at)
        assert set((await storage.known(FeedId(1), ["g1"])).aliases) == {"g1"}
        again = await storage.ensure_feed("https://new.example.org/", parsed_feed(), NOW)
        assert again.id == 4  # an id is never given twice, a deleted feed's neither


async def test_a_database_of_schema_1_that_another_process_upgrades_is_upgraded_once(
    path: Path,
) -> None:
    migrate_file(path, migrations()[:1])
    with closing(connect(path)) as connection:
        connection.executescript(migrations()[1].script)
        with pytest.raises(sqlite3.OperationalError, match="duplicate column"):
            connection.executescript(migrations()[1].script)


async def test_rows_that_refer_to_nothing_are_found_after_an_upgrade(path: Path) -> None:
    migrate_file(path, migrations()[:1])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO checks VALUES (99, 1, 200, 1, 1, 0, NULL)")
        connection.commit()
    with pytest.raises(Corrupt, match="refer to nothing"):
        migrate_file(path)


async def test_a_backup_is_never_overwritten(path: Path) -> None:
    await migrate(path)
    taken = path.with_name(f"herald.db.v{len(migrations())}.backup")
    taken.write_text("somebody's")
    report = migrate_file(path, [*migrations(), NEXT])
    assert report.backup is not None
    assert report.backup.name == f"{taken.name}-2"
    assert taken.read_text() == "somebody's"


async def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    await migrate(path)
    with pytest.raises(StorageError, match="nowhere"):
        migrate_file(path, [*migrations(), BROKEN])
    assert pragma(path, "user_version") == len(migrations())
    with closing(connect(path)) as connection:
        assert (
            connection.execute("SELECT name FROM sqlite_schema WHERE name = 'moods'").fetchall()
            == []
        )


async def test_a_newer_database_is_refused_by_name(opened: Opener, path: Path) -> None:
    await migrate(path)
    migrate_file(path, [*migrations(), NEXT])
    with pytest.raises(
        SchemaTooNew, match=rf"version {NEXT.version}.*up to {len(migrations())}"
    ) as caught:
        async with opened():
            pass
    assert caught.value.path == str(path)
    assert "Upgrade Herald" in str(caught.value)


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 200, b"x"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(Corrupt, match="is not a database"):
        migrate_file(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    content = path.read_bytes()
    with pytest.raises(Corrupt, match="database of another program"):
        migrate_file(path)
    assert path.read_bytes() == content


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        StorageError, match=r"data directory .*file/data cannot be made.*HERALD_DATA"
    ):
        migrate_file(tmp_path / "file" / "data" / "herald.db")


def test_a_database_that_cannot_be_opened_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"herald\.db cannot be opened.*write permission"):
        migrate_file(path)


async def test_opening_a_locked_database_is_busy(opened: Opener, path: Path) -> None:
    path.parent.mkdir()
    with closing(connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Busy):
            async with opened(busy_timeout_ms=1):
                pass


async def test_a_database_of_schema_2_keeps_what_admins_were_told_and_takes_options(
    opened: Opener, path: Path
) -> None:
    migrate_file(path, migrations()[:2])
    with closing(connect(path)) as connection:
        connection.executescript(
            """
            INSERT INTO feeds (id, url, canonical_url, title, created_at, next_poll_at)
            VALUES (1, 'https://a.example.org/', 'a.example.org', 'A', 1, 1);
            INSERT INTO subscriptions (id, feed_id, guild_id, channel_id, name, added_at)
            VALUES (3, 1, 11, 22, 'A', 1);
            INSERT INTO bulletins (id, guild_id, channel_id, created_at, due_at)
            VALUES (5, 11, 23, 1, 1);
            INSERT INTO notices (id, guild_id, feed_id, kind, text, created_at, bulletin_id)
            VALUES (7, 11, 1, 'failing', 'It fails.', 1, 5), (8, 11, 1, 'moved', 'It moved.', 1, 5);
            DELETE FROM notices WHERE id = 8;
            """
        )
    assert migrate_file(path).to_version == len(migrations())
    async with opened() as storage:
        row = await storage.following(SubscriptionId(3), NOW)
        assert row is not None
        assert (row.subscription.every_s, row.subscription.posts_old) == (None, False)
        [bulletin] = await storage.claim_bulletins(NOW, timedelta(minutes=2))
        assert [notice.text for notice in bulletin.notices] == ["It fails."]
    with closing(connect(path)) as connection:
        connection.execute(
            "INSERT INTO notices (guild_id, feed_id, kind, text, created_at)"
            " VALUES (11, 1, 'remedy', '', 1)"
        )
        assert connection.execute("SELECT MAX(id) FROM notices").fetchone()[0] == 9, "never twice"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
