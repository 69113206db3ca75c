"""The ``Storage`` port on SQLite."""

import asyncio
import sqlite3
import time
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.news.models import (
    StorageHealth,
)
from bot.storage.sqlite import (
    channels,
    edits,
    entries,
    errands,
    facts,
    feeds,
    holds,
    leaving,
    members,
    notices,
    polls,
    repairs,
    subscriptions,
)
from bot.storage.sqlite.roles.following import FollowingRole
from bot.storage.sqlite.roles.outbox import OutboxRole
from bot.storage.sqlite.roles.places import PlacesRole
from bot.storage.sqlite.roles.polling import PollingRole
from bot.storage.sqlite.roles.reading import ReadingRole

_ALIASES_TIDIED = "aliases_tidied_at"
_MERGED_AT = "index_merged_at_entry"
_MERGED_MIN = 1_000  # entries; the index of fewer is small whatever it consists of
_TIDY_BATCH = 200  # feeds whose old aliases are forgotten in one transaction
_REBUILD_BATCH = 500  # entries indexed in one transaction

_log = structlog.get_logger()


class SqliteStorage(PollingRole, FollowingRole, OutboxRole, PlacesRole, ReadingRole):
    """One database, and the port ``Housekeeping``; the other roles stand in ``roles``."""

    async def rebuild_index_if_stale(self) -> None:
        """Index every entry anew where another tokeniser made the index, or it was not finished."""
        if await self._reader.run(self._index.is_current):
            return
        if newest := await self._reader.run(entries.newest_id):
            _log.warning(
                "index.rebuilding",
                entries=newest,
                tokeniser_version=self._index.version,
                hint="Herald starts when the search index is made anew: a minute for some 60,000"
                " entries. Stopped before that, it begins again at the next start.",
            )
        await self._writer.run(self._index.clear)
        last: int | None = 0
        while last is not None:
            last = await self._writer.run(
                partial(self._index.fill, after=last, limit=_REBUILD_BATCH)
            )
        indexed = await self._writer.run(self._index.finish)
        await self.remember(_MERGED_AT, "0")  # it is in many pieces now
        if indexed:
            _log.info("index.rebuilt", entries=indexed, tokeniser_version=self._index.version)

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        return await self._reader.run(lambda c: facts.recall(c, key))

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact."""
        await self._writer.run(lambda c: facts.remember(c, key, value))

    async def tidy(self, now: datetime) -> None:
        """Forget old checks and aliases, and subscriptions that can no longer be brought back."""

        def work(connection: sqlite3.Connection) -> None:
            feeds.forget_old_checks(connection, now)
            subscriptions.purge_removed(connection, now)
            edits.forget_old(connection, now)
            members.forget_old(connection, now)
            channels.forget_old_edits(connection, now)
            errands.forget_old(connection, now)
            notices.forget_old(connection, now)
            repairs.forget_switches(connection, now)
            holds.forget_old(connection, now)
            leaving.purge(connection, now)

        await self._writer.run(work)
        await self._forget_aliases(now)
        await self._merge_index()
        # Lets the query planner see how the tables have grown; cheap where they have not.
        await self._writer.pragma("PRAGMA optimize")

    async def _forget_aliases(self, now: datetime) -> None:
        """Forget old aliases once a day, some feeds at a time: nobody waits for the writer long."""
        last = await self.recall(_ALIASES_TIDIED)
        if last is not None and now - datetime.fromisoformat(last) < timedelta(days=1):
            return
        after: int | None = 0
        while after is not None:
            after = await self._writer.run(
                partial(polls.forget_old_aliases, after=after, limit=_TIDY_BATCH)
            )
        await self.remember(_ALIASES_TIDIED, now.isoformat())

    async def _merge_index(self) -> None:
        """Merge the full-text index once the archive has grown by a tenth; others write between."""
        newest_id = await self._reader.run(entries.newest_id)
        merged_at = int(await self.recall(_MERGED_AT) or 0)
        if newest_id - merged_at < max(_MERGED_MIN, newest_id // 10):
            return
        is_first = is_left = True
        while is_left:
            began = time.monotonic()
            is_left = await self._writer.run(partial(self._index.merge_some, is_first=is_first))
            is_first = False
            await asyncio.sleep(time.monotonic() - began)
        await self.remember(_MERGED_AT, str(newest_id))

    async def health(self) -> StorageHealth:
        """Return facts about the database."""
        return await self._reader.run(lambda c: facts.health(c, self._path))
