"""Connections to one SQLite file, and how work is run on them.

Each method of the storage is one function over a plain ``sqlite3.Connection`` that runs from BEGIN
to COMMIT in the connection's own thread::

    await lane.run(work) ──> thread: BEGIN · work(connection) · COMMIT   (ROLLBACK where it raised)

One hop to the thread for a transaction instead of one for each statement, and nothing can come
between its statements: the thread serialises them, so that the single writer needs no lock. What
waits when a write begins shares its transaction: COMMIT waits for the disk, and for many that is
one wait (group commit). Not in a savepoint each: the full-text index would be written out for each.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import aiosqlite

from bot.errors import Busy, Corrupt, StorageError

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000  # how long a statement waits for another process's lock
CACHE_KIB = 8_192  # page cache of a connection

# What shares a transaction: the last of them waits for all, a reader of the first for the last.
_SHARED_MAX = 64
_SHARED_S = 0.05

_PRIMARY_CODE = 0xFF  # extended result codes keep the primary one in their low byte


class _Abandoned(Exception):
    """The caller was cancelled before COMMIT."""


def connect(
    path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS, cache_kib: int = CACHE_KIB
) -> sqlite3.Connection:
    """Open *path* in autocommit mode with every setting that holds per connection."""
    connection = sqlite3.connect(
        path, timeout=busy_timeout_ms / 1000, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # FULL: in WAL mode NORMAL may lose the last commits with the power, and a post that was
        # sent but not marked would be sent again.
        connection.execute("PRAGMA synchronous = FULL")
        # Debian's SQLite writes zeros over what is deleted. FAST does so where a page is written
        # anyway: else to make the index of a million entries anew took 1.5 GB of memory (measured).
        connection.execute("PRAGMA secure_delete = FAST")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        connection.execute("PRAGMA temp_store = MEMORY")
    except BaseException:
        connection.close()
        raise
    return connection


class _Call(Generic[T]):
    """A work that waits to be done, then what came of it."""

    def __init__(
        self, work: Callable[[sqlite3.Connection], T], answered: "asyncio.Future[T]"
    ) -> None:
        self.work = work
        self.answered = answered  # of the event loop: the thread leaves it alone
        self.is_cancelled = False  # set by the caller, in another thread
        self._result: T | None = None
        self._error: BaseException | None = None

    def attempt(self, connection: sqlite3.Connection) -> None:
        """Do the work. Raises what it raises, and _Abandoned where nobody waits for it any more."""
        self._check()
        self._result = self.work(connection)
        self._check()

    def _check(self) -> None:
        if self.is_cancelled:
            raise _Abandoned

    def settle(self, error: BaseException | None = None) -> None:
        """Note that the work is written down, or why it is not."""
        self._error = error

    def answer(self) -> None:
        """Tell the caller, if it still waits, what the work returned or raised."""
        if self.answered.done():
            return
        if self._error is not None:
            self.answered.set_exception(self._error)
        else:
            self.answered.set_result(self._result)  # type: ignore[arg-type]  # None may be a T


class Lane:
    """One connection and its thread. Calls run one after another, each as one transaction.

    What shares a transaction is done in one visit to the thread: to cross over and back costs more
    than most of what is asked for.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        raw: sqlite3.Connection,
        *,
        path: Path,
        begin: Literal["BEGIN", "BEGIN IMMEDIATE"],
    ) -> None:
        self._connection = connection
        self._raw = raw
        self._path = path
        self._begin = begin
        self._waiting: deque[_Call[Any]] = deque()
        self._visit: asyncio.Task[None] | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether work waits for a transaction, for one that can end early. From any thread."""
        return bool(self._waiting)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* in a transaction. A cancelled call leaves nothing unless it was committing.

        It may be run twice, where what shared its transaction spoilt that. Raises Busy, Corrupt,
        StorageError; what *work* raises on purpose passes.
        """
        loop = asyncio.get_running_loop()
        call: _Call[T] = _Call(work, loop.create_future())
        self._waiting.append(call)
        if self._visit is None:
            self._visit = loop.create_task(self._visit_thread())
        try:
            return await call.answered
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
        finally:
            call.is_cancelled = True

    async def pragma(self, statement: str) -> None:
        """Run one statement outside of any transaction."""
        try:
            await self._in_thread(partial(self._raw.execute, statement))
        except sqlite3.Error as error:
            raise translate(error, self._path) from error

    async def _visit_thread(self) -> None:
        """Have the thread do what waits until nothing does. A task of its own: callers may go."""
        try:
            while self._waiting:
                for call in await self._in_thread(self._serve):
                    call.answer()
        except BaseException as error:
            while self._waiting:  # the connection is closed
                call = self._waiting.popleft()
                call.settle(error)
                call.answer()
            if not isinstance(error, Exception):
                raise
        finally:
            self._visit = None

    async def _in_thread(self, function: Callable[[], T]) -> T:
        # aiosqlite has no public way to run a function in a connection's thread. Statement by
        # statement through its public methods, a poll with 50 new entries costs some 250 hops.
        result: T = await self._connection._execute(function)  # type: ignore[no-untyped-call]  # noqa: SLF001  # see above
        return result

    def _serve(self) -> list[_Call[Any]]:
        """Do some of what waits, and return what is done.

        Reads share nothing: one made after a write was told to be done must not see what an earlier
        one saw, nor a quick one wait for a slow one behind it.
        """
        if self._begin == "BEGIN IMMEDIATE" and len(self._waiting) > 1:
            return self._share()
        return [self._alone(self._waiting.popleft())]

    def _alone(self, call: _Call[Any]) -> _Call[Any]:
        """Do one work in a transaction of its own."""
        try:
            self._raw.execute(self._begin)
            call.attempt(self._raw)
            self._raw.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  # the caller is told
            self._roll_back()
            call.settle(error)
        else:
            call.settle()
        return call

    def _share(self) -> list[_Call[Any]]:
        """Do the works that wait in one transaction; one alone where it cannot begin.

        Where any of them fails, or the transaction does, each is done again in one of its own.
        """
        try:
            self._raw.execute(self._begin)
        except sqlite3.Error:
            return [self._alone(self._waiting.popleft())]
        done: list[_Call[Any]] = []
        until = time.monotonic() + _SHARED_S
        try:
            while self._waiting and len(done) < _SHARED_MAX and time.monotonic() < until:
                done.append(self._waiting.popleft())
                done[-1].attempt(self._raw)
            self._raw.execute("COMMIT")
        except Exception:  # noqa: BLE001  # each call is told its own error
            self._roll_back()
            return [self._alone(call) for call in done]
        for call in done:
            call.settle()
        return done

    def _roll_back(self) -> None:
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")


@asynccontextmanager
async def open_lane(
    path: Path,
    *,
    writes: bool,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    cache_kib: int = CACHE_KIB,
) -> AsyncIterator[Lane]:
    """Open a connection with a thread of its own and close both on the way out."""
    opened: list[sqlite3.Connection] = []

    def connector() -> sqlite3.Connection:
        connection = connect(path, busy_timeout_ms=busy_timeout_ms, cache_kib=cache_kib)
        if not writes:
            connection.execute("PRAGMA query_only = ON")
        opened.append(connection)
        return connection

    try:
        async with aiosqlite.Connection(connector, iter_chunk_size=64) as connection:
            yield Lane(
                connection, opened[0], path=path, begin="BEGIN IMMEDIATE" if writes else "BEGIN"
            )
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> StorageError:
    """Return the error of Herald's that says what *error* means for the database at *path*."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(
                f"{path} is locked by another program. Is a second Herald, a backup or a database"
                " browser using it? Close it and try again.",
                path=str(path),
            )
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return Corrupt(
                f"{path} is not a database, or a damaged one ({error})."
                " Move it away, or put a backup in its place.",
                path=str(path),
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StorageError(
                f"{path} cannot be opened for writing ({error}). Herald's user needs write"
                " permission for the file and its directory; HERALD_DATA_DIR says where that is.",
                path=str(path),
            )
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return StorageError(
                f"{path} could not be read or written ({error})."
                " Is the disk full or failing? Nothing was changed.",
                path=str(path),
            )
        case _:
            return StorageError(f"{path}: {error}", path=str(path))
