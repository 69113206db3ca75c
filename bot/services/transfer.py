"""Move feeds in by the dozen: what `/feed import` and `herald feeds import` do.

::

    rehearse    each fetched once ─► new · already here · duplicate · dead · not checked
    add_checked what the rehearsal found is stored, unfetched; each feed is one transaction
    add_all     both at once

Whatever ends an import half-way, doing it again goes on where it was: what is there is told as
already here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.errors import AlreadyFollowed, FeedError, UserError
from bot.news.identity import feed_key
from bot.news.models import (
    ChannelId,
    Failed,
    Fetched,
    GuildId,
    NewSubscription,
    NotModified,
    UserId,
    Validators,
)
from bot.news.ports import Source, Storage
from bot.services.follow import Follower

AT_ONCE = 8  # feeds fetched at the same time
HELD_MAX = 32 * 2**20  # bytes of documents kept between rehearsal and adding; others fetched again


class Fate(StrEnum):
    """What became of a feed that was to be added."""

    NEW = "new"
    ALREADY = "already here"
    DUPLICATE = "duplicate"
    DEAD = "dead"
    LATE = "not checked"  # there was no time left to fetch it


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A feed to add: a line of a list. Without a title it goes by its own."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The channel that is to follow the feeds, and who wants it."""

    guild_id: GuildId
    channel_id: ChannelId
    added_by: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A row of the import's report."""

    wanted: Wanted
    fate: Fate
    entries: int = 0  # in its document
    reason: str = ""  # why it is dead
    found: Fetched | None = field(default=None, repr=False, compare=False)  # of a rehearsal


OnDone = Callable[[int], None]
"""Told how many rows are done, after each."""


class Transfer:
    """Adds feeds to a channel or, without one, to the archive. What they hold is marked seen."""

    def __init__(self, storage: Storage, source: Source, follower: Follower) -> None:
        self._storage = storage
        self._source = source
        self._follower = follower

    async def rehearse(
        self,
        wanted: Sequence[Wanted],
        place: Place | None = None,
        *,
        within_s: float | None = None,
        on_done: OnDone = lambda _done: None,
    ) -> list[Added]:
        """Fetch each feed and tell what adding it would come to. Stores nothing.

        What is not fetched *within_s* is told as not checked.
        """
        run = _Run(taken=await self._taken(place), room=HELD_MAX)

        async def one(row: Added) -> Added:
            return await self._check(row.wanted, place, run)

        return await _each(_unchecked(wanted), one, on_done, within_s)

    async def add_checked(
        self,
        rows: Sequence[Added],
        place: Place | None = None,
        *,
        on_done: OnDone = lambda _done: None,
    ) -> list[Added]:
        """Add what a rehearsal found new, and what it did not get to."""

        async def one(row: Added) -> Added:
            if row.fate is Fate.NEW and row.found is not None:
                return await self._store(row, row.found, place)
            run = _Run(taken=await self._taken(place))
            return await self._add(row.wanted, place, run)

        return await _each([row for row in rows if is_addable(row)], one, on_done, None)

    async def add_all(self, wanted: Sequence[Wanted], place: Place | None = None) -> list[Added]:
        """Add each feed and tell what became of it."""
        run = _Run(taken=await self._taken(place))

        async def one(row: Added) -> Added:
            return await self._add(row.wanted, place, run)

        return await _each(_unchecked(wanted), one, lambda _done: None, None)

    async def _add(self, row: Wanted, place: Place | None, run: "_Run") -> Added:
        checked = await self._check(row, place, run)
        if checked.fate is Fate.NEW and checked.found is not None:
            return await self._store(checked, checked.found, place)
        return checked

    async def _taken(self, place: Place | None) -> frozenset[str]:
        """Return the addresses that the channel follows, in canonical form."""
        if place is None:
            return frozenset()
        rows = await self._follower.followings(place.guild_id, place.channel_id)
        return frozenset(feed_key(row.feed.url) for row in rows)

    async def _check(self, row: Wanted, place: Place | None, run: "_Run") -> Added:
        if not run.is_first(row.url):
            return Added(wanted=row, fate=Fate.DUPLICATE)
        if feed_key(row.url) in run.taken or (place is None and await self._is_kept(row.url)):
            return Added(wanted=row, fate=Fate.ALREADY)
        outcome = await self._source.fetch(row.url, Validators(), None)
        match outcome:
            case Fetched():
                return await self._judge(row, outcome, place, run)
            case Failed(kind="not_a_feed"):
                return await self._behind(row, place, run)
            case Failed(reason=reason):
                return Added(wanted=row, fate=Fate.DEAD, reason=reason)
            case NotModified():  # against RFC 9110: nothing conditional was asked
                return Added(
                    wanted=row, fate=Fate.DEAD, reason="It answered 304 to a first request."
                )

    async def _behind(self, row: Wanted, place: Place | None, run: "_Run") -> Added:
        """Take the first feed that a site offers, where a list holds a site's own address."""
        try:
            discovery = await self._source.discover(row.url)
        except (UserError, FeedError) as error:
            return Added(wanted=row, fate=Fate.DEAD, reason=str(error))
        return await self._judge(row, discovery.feeds[0], place, run)

    async def _judge(self, row: Wanted, found: Fetched, place: Place | None, run: "_Run") -> Added:
        """Tell new from known by where a redirect led."""
        entries = len(found.feed.entries)
        if feed_key(found.url) != feed_key(row.url):
            if not run.is_first(found.url):
                return Added(wanted=row, fate=Fate.DUPLICATE, entries=entries)
            is_kept = place is None and await self._is_kept(found.url)
            if is_kept or feed_key(found.url) in run.taken:
                return Added(wanted=row, fate=Fate.ALREADY, entries=entries)
        held = found if run.has_room_for(found) else None
        return Added(wanted=row, fate=Fate.NEW, entries=entries, found=held)

    async def _is_kept(self, url: str) -> bool:
        stored = await self._storage.feed_by_url(url)
        if stored is None:
            return False
        return stored.is_kept or bool((await self._storage.known(stored.id, ())).channels)

    async def _store(self, row: Added, found: Fetched, place: Place | None) -> Added:
        added = replace(row, fate=Fate.NEW, found=None)
        if place is None:
            await self._follower.keep(found)
            return added
        wish = NewSubscription(
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            name=row.wanted.title or found.feed.title or found.url,
            added_by=place.added_by,
        )
        try:
            await self._follower.follow(found, wish)
        except AlreadyFollowed:
            return replace(added, fate=Fate.ALREADY)
        return added


def is_addable(row: Added) -> bool:
    """Whether adding the row after a rehearsal may come to something."""
    return row.fate in {Fate.NEW, Fate.LATE}


class _Run:
    """What the rows of one run share."""

    def __init__(self, *, taken: frozenset[str], room: int | None = None) -> None:
        self.taken = taken
        self._met: set[str] = set()
        self._room = room  # bytes; None where documents are stored as they come

    def is_first(self, url: str) -> bool:
        """Whether no row led to *url* before; from now on one has."""
        key = feed_key(url)
        is_first = key not in self._met
        self._met.add(key)
        return is_first

    def has_room_for(self, found: Fetched) -> bool:
        """Whether the document may be held in memory; its room is taken if so."""
        if self._room is None:
            return True
        if found.size > self._room:
            return False
        self._room -= found.size
        return True


def _unchecked(wanted: Sequence[Wanted]) -> list[Added]:
    return [Added(wanted=row, fate=Fate.LATE) for row in wanted]


async def _each(
    rows: Sequence[Added],
    work: Callable[[Added], Awaitable[Added]],
    on_done: OnDone,
    within_s: float | None,
) -> list[Added]:
    """Return what *work* makes of each row, AT_ONCE at a time; a row out of time stays as it is."""
    slots = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(row: Added) -> Added:
        nonlocal done
        async with slots:
            result = await work(row)
        done += 1
        on_done(done)
        return result

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row)) for row in rows]
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=within_s)
                for task in late:
                    task.cancel()
    except ExceptionGroup as faults:
        raise faults.exceptions[0] from None  # such as a database that is locked: say so
    return [
        row if task.cancelled() else task.result() for row, task in zip(rows, tasks, strict=True)
    ]
