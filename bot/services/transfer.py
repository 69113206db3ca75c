"""Move feeds in and out: what `herald feeds` does without Discord."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import AlreadyFollowed
from bot.news.identity import canonical_url
from bot.news.models import Failed, Fetched, NewSubscription, NotModified, Validators
from bot.news.ports import Source, Storage
from bot.services.follow import Follower

AT_ONCE = 8  # feeds fetched at the same time while importing


class Fate(StrEnum):
    """What became of a feed that was to be added."""

    NEW = "new"
    ALREADY = "already here"
    DUPLICATE = "duplicate"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A feed to add: a line of an OPML file."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A row of the import's report."""

    wanted: Wanted
    fate: Fate
    entries: int = 0  # in its document
    reason: str = ""  # why it is dead


class Transfer:
    """Adds feeds by the dozen. Entries that a feed holds already are marked seen, never posted."""

    def __init__(self, storage: Storage, source: Source, follower: Follower) -> None:
        self._storage = storage
        self._source = source
        self._follower = follower

    async def add_all(
        self,
        wanted: Iterable[Wanted],
        *,
        wish: Callable[[Wanted, Fetched], NewSubscription] | None = None,
        is_rehearsal: bool = False,
    ) -> list[Added]:
        """Add each feed, in a channel where *wish* says which, and tell what became of each.

        A rehearsal fetches and reports, but stores nothing.
        """
        slots = asyncio.Semaphore(AT_ONCE)
        seen: set[str] = set()

        async def one(row: Wanted) -> Added:
            key = canonical_url(row.url)
            if key in seen:
                return Added(wanted=row, fate=Fate.DUPLICATE)
            seen.add(key)
            async with slots:
                return await self._add(row, wish, is_rehearsal=is_rehearsal)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row)) for row in wanted]
        return [task.result() for task in tasks]

    async def _add(
        self,
        row: Wanted,
        wish: Callable[[Wanted, Fetched], NewSubscription] | None,
        *,
        is_rehearsal: bool,
    ) -> Added:
        if wish is None and await self._is_polled(row.url):
            return Added(wanted=row, fate=Fate.ALREADY)
        outcome = await self._source.fetch(row.url, Validators(), None)
        match outcome:
            case Fetched():
                return await self._store(row, outcome, wish, is_rehearsal=is_rehearsal)
            case Failed(reason=reason):
                return Added(wanted=row, fate=Fate.DEAD, reason=reason)
            case NotModified():  # against RFC 9110: nothing conditional was asked
                return Added(
                    wanted=row, fate=Fate.DEAD, reason="It answered 304 to a first request."
                )

    async def _is_polled(self, url: str) -> bool:
        stored = await self._storage.feed_by_url(url)
        if stored is None:
            return False
        return stored.is_kept or bool((await self._storage.known(stored.id, ())).channels)

    async def _store(
        self,
        row: Wanted,
        found: Fetched,
        wish: Callable[[Wanted, Fetched], NewSubscription] | None,
        *,
        is_rehearsal: bool,
    ) -> Added:
        added = Added(wanted=row, fate=Fate.NEW, entries=len(found.feed.entries))
        if is_rehearsal:
            return added
        if wish is None:
            await self._follower.keep(found)
            return added
        try:
            await self._follower.follow(found, wish(row, found))
        except AlreadyFollowed:
            return Added(wanted=row, fate=Fate.ALREADY)
        return added
