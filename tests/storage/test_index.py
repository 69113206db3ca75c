"""The full-text index keeps no copy of what it holds, and yet holds what the archive does."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.language.words import VERSION, tokenise
from bot.news.models import Article, EntryId, SeenEntry
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.index import SearchIndex, Texts
from bot.storage.sqlite.matching import sought
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import FEED_URL, NOW, new_entry, parsed_entry, parsed_feed, refresh
from tests.storage.conftest import Opener
from tests.strategies import awkward_text

Terms = Sequence[tuple[str, str, int, int]]


def terms(connection: sqlite3.Connection) -> Terms:
    """Return each term with its column, and in how many entries and how often it stands there."""
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab (main, entry_index, col)"
    )
    rows = connection.execute("SELECT term, col, doc, cnt FROM temp.terms ORDER BY term, col")
    return [tuple(row) for row in rows]


def anew(connection: sqlite3.Connection) -> Terms:
    """Return the terms of an index made anew of the same entries, which is then thrown away."""
    index = SearchIndex(tokenise, VERSION)
    connection.execute("BEGIN")
    index.clear(connection)
    last: int | None = 0
    while last is not None:
        last = index.fill(connection, last, 100)
    made = terms(connection)
    connection.execute("ROLLBACK")
    return made


async def test_editions_articles_and_moves_leave_the_index_as_one_made_anew(
    storage: SqliteStorage, path: Path
) -> None:
    old = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    new = await storage.ensure_feed("https://new.example.org/feed", parsed_feed(), NOW)
    for feed in (old, new):
        entries = [
            new_entry(
                parsed_entry(f"Ferry {at}", text="The ferry is late.\0"),
                aliases=[f"g:{at}", f"l:{at}"],
            )
            for at in range(3)
        ]
        await storage.record(refresh(feed.id, *entries))
    edited = SeenEntry(
        entry_id=EntryId(1),
        aliases=("g:0",),
        changed=parsed_entry("Ferry sinks", text="Nobody was hurt. \ud800"),
    )
    await storage.record(refresh(old.id, seen=[edited]))
    page = Article(text="The harbour master said more.", method="page")
    for entry_id in (2, 2, 5):
        await storage.store_article(EntryId(entry_id), page)
    await storage.store_article(EntryId(3), Article(text="", method="teaser", note="A wall."))
    merged = await storage.record(replace(refresh(old.id), new_url="https://new.example.org/feed"))
    assert merged.merged_into == new.id
    with closing(connect(path)) as connection:
        held = terms(connection)
        assert held == anew(connection)
    assert any(term == "master" for term, *_ in held)


async def test_pieces_are_merged_eight_at_a_time_after_the_index_was_made_anew_too(
    index_file: Path,
) -> None:
    asked = "SELECT v FROM entry_index_config WHERE k = 'automerge'"
    with closing(connect(index_file)) as connection:
        assert connection.execute(asked).fetchone()["v"] == 8
        connection.execute("BEGIN")
        SearchIndex(tokenise, VERSION).clear(connection)
        assert connection.execute(asked).fetchone()["v"] == 8


texts = st.builds(Texts, *[st.one_of(awkward_text, st.text())] * 3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=texts, after=texts, other=texts)
@example(Texts("a", "b", "b c"), Texts("\ud800", "\0", "x\0y"), Texts("", "", ""))
def test_what_was_put_in_is_taken_out_whole(
    index_file: Path, before: Texts, after: Texts, other: Texts
) -> None:
    index = SearchIndex(tokenise, VERSION)
    with closing(connect(index_file)) as connection:
        connection.execute("BEGIN")
        index.add(connection, [(1, other)])
        wanted = terms(connection)
        index.add(connection, [(2, before)])
        index.put(connection, EntryId(2), after, instead_of=before)
        index.take_out(connection, 2, after)
        assert terms(connection) == wanted
        connection.execute("ROLLBACK")


def test_many_at_once_are_indexed_as_one_by_one(index_file: Path) -> None:
    said = [Texts(f"Ferry {at}", "The dog swims.", f"The {at} dogs swam.") for at in range(1, 61)]
    index = SearchIndex(tokenise, VERSION)
    with closing(connect(index_file)) as connection:
        connection.execute("BEGIN")
        index.add(connection, list(enumerate(said, 1)))
        together = terms(connection)
        connection.execute("ROLLBACK")
        connection.execute("BEGIN")
        for at, texts_ in enumerate(said, 1):
            index.add(connection, [(at, texts_)])
        assert terms(connection) == together
        connection.execute("ROLLBACK")


def test_a_short_word_is_held_once_and_found_in_just_its_form(index_file: Path) -> None:
    index = SearchIndex(tokenise, VERSION)
    with closing(connect(index_file)) as connection:
        connection.execute("BEGIN")
        index.add(connection, [(1, Texts("", "", "A dog.")), (2, Texts("", "", "Dogs barked."))])
        held = {term for term, *_ in terms(connection)}
        assert held == {"a", "dog", "dogs", "barked", "bark", "_barke"}
        (word,) = tokenise("dog")
        asked = "SELECT rowid FROM entry_index WHERE entry_index MATCH ? ORDER BY rowid"
        found = [
            [row["rowid"] for row in connection.execute(asked, (sought(term),))]
            for term in word.terms
        ]
        assert dict(zip(word.terms, found, strict=True)) == {"dog": [1, 2], "_dog_": [1]}
        assert index.sketches.counts(connection, ["_dog_", "_barke"]) == {"_dog_": 2, "_barke": 1}
        connection.execute("ROLLBACK")


def test_to_clear_the_index_does_not_write_over_it(index_file: Path) -> None:
    """It took as much memory as the index takes on disk, and as large a write-ahead log."""
    said = [(at, Texts("", "", " ".join(f"x{at * n}" for n in range(300)))) for at in range(1, 200)]
    index = SearchIndex(tokenise, VERSION)
    wal = index_file.with_name(index_file.name + "-wal")
    with closing(connect(index_file)) as connection:
        connection.execute("BEGIN")
        index.add(connection, said)
        connection.execute("COMMIT")
        assert wal.stat().st_size > 800_000
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("BEGIN")
        index.clear(connection)
        connection.execute("COMMIT")
        assert wal.stat().st_size < 100_000


@pytest.fixture
async def index_file(opened: Opener, path: Path) -> Path:
    async with opened():
        pass
    return path
