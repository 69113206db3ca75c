"""Works that wait together share a transaction, and nothing else."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StorageError
from bot.storage.sqlite.connection import Lane, connect, open_lane

Work = Callable[[sqlite3.Connection], Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "lane.db"
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT")
    return path


@pytest.fixture
async def lane(path: Path) -> AsyncIterator[Lane]:
    async with open_lane(path, writes=True) as lane:
        yield lane


def note(text: str) -> Work:
    def write(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))
        return text

    return write


def notes(path: Path) -> list[str]:
    with closing(connect(path)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


class Together:
    """Has works wait until all of them do, behind one that does not let them pass before."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._gate = threading.Event()
        self.statements: list[str] = []

    async def run(self, *works: Work, cancel: int | None = None) -> list[Any]:
        def hold(connection: sqlite3.Connection) -> None:
            connection.set_trace_callback(self.statements.append)
            self._gate.wait()

        first = asyncio.ensure_future(self._lane.run(hold))
        await asyncio.sleep(0)
        calls = [asyncio.ensure_future(self._lane.run(work)) for work in works]
        await asyncio.sleep(0)
        if cancel is not None:
            calls[cancel].cancel()
            await asyncio.wait([calls[cancel]])
        self._gate.set()
        await first
        return await asyncio.gather(*calls, return_exceptions=True)

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")


async def test_works_that_wait_together_are_written_down_together(lane: Lane, path: Path) -> None:
    together = Together(lane)
    assert await together.run(*map(note, "abc")) == ["a", "b", "c"]
    assert notes(path) == ["a", "b", "c"]
    assert together.commits <= 2  # that of the work before them, if they came late, and theirs


async def test_one_that_fails_takes_no_other_along(lane: Lane, path: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        note("half")(connection)
        raise LookupError("in the middle")

    first, broken, clash, last = await Together(lane).run(note("a"), half, note("a"), note("b"))
    assert (first, last) == ("a", "b")
    assert isinstance(broken, LookupError)
    assert isinstance(clash, StorageError)
    assert notes(path) == ["a", "b"]


async def test_one_that_is_cancelled_while_it_waits_leaves_nothing(lane: Lane, path: Path) -> None:
    first, cancelled, last = await Together(lane).run(*map(note, "abc"), cancel=1)
    assert (first, last) == ("a", "c")
    assert isinstance(cancelled, asyncio.CancelledError)
    assert notes(path) == ["a", "c"]


async def test_a_full_disk_costs_only_what_does_not_fit(lane: Lane, path: Path) -> None:
    def too_much(connection: sqlite3.Connection) -> None:
        note("x" * 1_000_000)(connection)

    await lane.pragma("PRAGMA max_page_count = 20")
    first, full, last = await Together(lane).run(note("a"), too_much, note("b"))
    assert (first, last) == ("a", "b")
    assert isinstance(full, StorageError)
    assert "disk" in str(full)
    assert notes(path) == ["a", "b"]


async def test_a_transaction_that_ends_under_them_is_done_again_one_by_one(
    lane: Lane, path: Path
) -> None:
    """As SQLite may end it where the disk is full: then all of it is gone."""

    def end_it(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    together = Together(lane)
    first, broken, last = await together.run(note("a"), end_it, note("b"))
    assert (first, last) == ("a", "b")
    assert isinstance(broken, StorageError)
    assert notes(path) == ["a", "b"]


async def test_a_locked_database_is_said_to_each(path: Path) -> None:
    async with open_lane(path, writes=True, busy_timeout_ms=1) as lane:
        other = connect(path)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            calls = [lane.run(note(text)) for text in "ab"]
            results = await asyncio.gather(*calls, return_exceptions=True)
            other.execute("ROLLBACK")
        assert all(isinstance(result, StorageError) for result in results)
        assert await lane.run(note("c")) == "c"
    assert notes(path) == ["c"]


async def test_a_read_sees_what_was_written_before_it_was_asked_for(lane: Lane, path: Path) -> None:
    def count(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT COUNT(*) FROM notes").fetchone()[0])

    async with open_lane(path, writes=False) as reader:

        async def write_and_read(at: int) -> bool:
            await lane.run(note(str(at)))
            return await reader.run(count) > at

        seen = [await asyncio.gather(write_and_read(at), reader.run(count)) for at in range(50)]
    assert all(has_seen for has_seen, _ in seen)


async def test_a_read_is_told_before_the_slow_one_behind_it_is_done(path: Path) -> None:
    gate = threading.Event()

    def wait(_: sqlite3.Connection) -> None:
        gate.wait()

    async with open_lane(path, writes=False) as reader:
        quick = asyncio.ensure_future(reader.run(lambda _: "quick"))
        slow = asyncio.ensure_future(reader.run(wait))
        assert await quick == "quick"  # the gate is closed yet
        gate.set()
        await slow


async def test_a_lane_that_is_closed_says_so_to_all_who_come(path: Path) -> None:
    async with open_lane(path, writes=True) as lane:
        assert await lane.run(note("a")) == "a"
    late = await asyncio.gather(*(lane.run(note(text)) for text in "bc"), return_exceptions=True)
    assert all(isinstance(each, ValueError) for each in late)
    assert notes(path) == ["a"]


async def test_the_caller_that_goes_takes_nobody_along(lane: Lane, path: Path) -> None:
    """The first of those who wait may be cancelled while the thread is at work for them."""
    at_work, gate = threading.Event(), threading.Event()

    def hold(_: sqlite3.Connection) -> None:
        at_work.set()
        gate.wait()

    first = asyncio.ensure_future(lane.run(hold))
    await asyncio.to_thread(at_work.wait)
    second = asyncio.ensure_future(lane.run(note("a")))
    first.cancel()
    await asyncio.wait([first])
    gate.set()
    assert await second == "a"
    assert notes(path) == ["a"]
