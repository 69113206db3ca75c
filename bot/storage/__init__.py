"""The archive and the outbox: the adapters of the ``Storage`` port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from bot.news.ports import Tokeniser
from bot.storage.sqlite.connection import BUSY_TIMEOUT_MS, open_lane
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.migrate import MigrationReport, migrate_file
from bot.storage.sqlite.storage import SqliteStorage

# Among 100,000 entries the best of 17,000 matches took 35 ms, 128 with a fourth of the cache.
_SEARCH_CACHE_KIB = 65_536


@asynccontextmanager
async def open_storage(
    path: Path,
    *,
    tokenise: Tokeniser,
    tokeniser_version: str,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
) -> AsyncIterator[SqliteStorage]:
    """Open the database at *path*, made or upgraded as needed, and close it on the way out.

    Where the full-text index was built by another version of the tokeniser, it is built anew first.
    Raises SchemaTooNew, Corrupt, Busy, StorageError.
    """
    await migrate(path, busy_timeout_ms=busy_timeout_ms)
    async with AsyncExitStack() as stack:
        lane = partial(open_lane, path, busy_timeout_ms=busy_timeout_ms)
        writer = await stack.enter_async_context(lane(writes=True))
        reader = await stack.enter_async_context(lane(writes=False))
        # A search over a large archive takes its time; autocompletion must not wait for it.
        searcher = await stack.enter_async_context(lane(writes=False, cache_kib=_SEARCH_CACHE_KIB))
        storage = SqliteStorage(
            path,
            index=SearchIndex(tokenise, tokeniser_version),
            writer=writer,
            reader=reader,
            searcher=searcher,
        )
        await storage.rebuild_index_if_stale()
        yield storage


async def migrate(path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> MigrationReport:
    """Make or upgrade the database at *path*, with a backup beside it before an upgrade.

    Raises SchemaTooNew, Corrupt, Busy, StorageError.
    """
    return await asyncio.to_thread(partial(migrate_file, path, busy_timeout_ms=busy_timeout_ms))
