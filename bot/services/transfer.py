"""Move feeds in by the dozen: what `/feed import` and `herald feeds import` do.

::

    rehearse    each fetched once ─► new · already here · duplicate · dead · not checked
    add_checked what the rehearsal found is stored, unfetched; each feed is one transaction
    add_all     both at once

Whatever ends an import half-way, doing it again goes on where it was: what is there is told as
already here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    folder: str | None = None  # of the list, for places that sort by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The channel that is to follow the feeds, and who wants it.

    What is in one of ``folders`` goes to that one's channel instead.
    """

    guild_id: GuildId
    channel_id: ChannelId
    added_by: UserId | None = None
    folders: Mapping[str, ChannelId] = field(default_factory=dict)

    def channel_of(self, wanted: Wanted) -> ChannelId:
        """Return the channel that is to follow a feed."""
        return self.folders.get(wanted.folder or "", self.channel_id)


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

    async def rejudge(self, rows: Sequence[Added], place: Place) -> list[Added]:
        """Tell what the rows of a rehearsal come to in another place, without fetching anything.

        What the rehearsal had no need to fetch is told as not checked where it would be added now.
        """
        run = _Run(taken=await self._taken(place))
        fetched = {
            feed_key(row.wanted.url): row
            for row in reversed(rows)  # of two alike the first was fetched
            if row.found is not None or row.fate in {Fate.NEW, Fate.DEAD}
        }
        return [
            _rejudged(row, fetched.get(feed_key(row.wanted.url), row), place, run) for row in rows
        ]

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

    async def _taken(self, place: Place | None) -> frozenset[tuple[ChannelId | None, str]]:
        """Return which channel follows which address, in canonical form."""
        if place is None:
            return frozenset()
        rows = await self._follower.followings(place.guild_id)
        return frozenset((row.subscription.channel_id, feed_key(row.feed.url)) for row in rows)

    async def _check(self, row: Wanted, place: Place | None, run: "_Run") -> Added:
        channel_id = None if place is None else place.channel_of(row)
        if not run.is_first(channel_id, row.url):
            return Added(wanted=row, fate=Fate.DUPLICATE)
        is_kept = place is None and await self._is_kept(row.url)
        if is_kept or run.is_taken(channel_id, row.url):
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
        channel_id = None if place is None else place.channel_of(row)
        if feed_key(found.url) != feed_key(row.url):
            if not run.is_first(channel_id, found.url):
                return Added(wanted=row, fate=Fate.DUPLICATE, entries=entries)
            is_kept = place is None and await self._is_kept(found.url)
            if is_kept or run.is_taken(channel_id, found.url):
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
            channel_id=place.channel_of(row.wanted),
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

    def __init__(
        self, *, taken: frozenset[tuple[ChannelId | None, str]], room: int | None = None
    ) -> None:
        self._taken = taken
        self._met: set[tuple[ChannelId | None, str]] = set()
        self._room = room  # bytes; None where documents are stored as they come

    def is_taken(self, channel_id: ChannelId | None, url: str) -> bool:
        """Whether the channel follows *url* already."""
        return (channel_id, feed_key(url)) in self._taken

    def is_first(self, channel_id: ChannelId | None, url: str) -> bool:
        """Whether no row for the channel led to *url* before; from now on one has."""
        key = (channel_id, feed_key(url))
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


def _rejudged(row: Added, fetched: Added, place: Place, run: _Run) -> Added:
    """Return *row* as it fares in *place*; for *fetched* its address was fetched."""
    if fetched.fate is Fate.DEAD:
        return row if row.fate is Fate.DUPLICATE else replace(fetched, wanted=row.wanted)
    channel_id, url = place.channel_of(row.wanted), row.wanted.url
    led_to = url if fetched.found is None else fetched.found.url
    is_first = run.is_first(channel_id, url)
    if feed_key(led_to) != feed_key(url):
        is_first = run.is_first(channel_id, led_to) and is_first
    if not is_first:
        return replace(row, fate=Fate.DUPLICATE)
    if run.is_taken(channel_id, url) or run.is_taken(channel_id, led_to):
        return replace(row, fate=Fate.ALREADY)
    is_known = fetched.found is not None or fetched.fate is Fate.NEW
    fate = Fate.NEW if is_known else Fate.LATE
    return replace(row, fate=fate, found=fetched.found, entries=fetched.entries)


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
