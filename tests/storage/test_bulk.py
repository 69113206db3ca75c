"""Many rows go in by few statements, in their order, under ids that were never given before."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.storage.sqlite import bulk
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import FEED_URL, NOW, new_entry, parsed_feed, refresh


@pytest.mark.parametrize("count", [0, 1, 50, 51, 149])
def test_all_rows_go_in_in_their_order(count: int) -> None:
    rows = [(f"row {at}", at) for at in range(count)]
    statements: list[str] = []
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE notes (text TEXT UNIQUE, at INTEGER)")
        connection.set_trace_callback(statements.append)
        bulk.insert(connection, "INSERT INTO notes (text, at)", rows)
        again = [(text, at + 1) for text, at in rows]
        doing = "ON CONFLICT (text) DO UPDATE SET at = excluded.at WHERE excluded.at > 100"
        bulk.insert(connection, "INSERT INTO notes (text, at)", again, then=doing)
        stored = connection.execute("SELECT text, at FROM notes ORDER BY rowid").fetchall()
    assert stored == [(text, at + 1 if at >= 100 else at) for text, at in rows]
    assert sum("INSERT" in each for each in statements) == 2 * -(-count // 50)


async def test_no_id_is_given_twice(storage: SqliteStorage, path: Path) -> None:
    """What refers to an entry that is gone must not come to mean another."""
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.record(refresh(feed.id, *(new_entry(f"Ferry {at}") for at in range(60))))

    def ids(table: str) -> list[int]:
        with closing(connect(path)) as connection:
            rows = connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()  # noqa: S608
            return [row["id"] for row in rows]

    assert ids("entries") == ids("stories") == list(range(1, 61))
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM stories WHERE id > 55")
    assert ids("entries") == list(range(1, 56))
    await storage.record(refresh(feed.id, new_entry("Tug")))
    assert ids("entries") == ids("stories") == [*range(1, 56), 61]
