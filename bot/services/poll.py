"""Poll feeds: fetch what is due, decide, record.

::

    claim_feeds ─► (paced) fetch ─► known ─► plan_refresh ─► record ─► on_recorded
                                └─ unchanged ─► settle: the three in one step

A feed is claimed with a lease, so that no other process fetches it meanwhile; a crash frees it when
the lease is over. Fetches start one by one, never in a burst, whatever has piled up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import structlog

from bot.errors import NotFollowed, ReaderBusy, StorageError, TooSoon, UserError
from bot.news.cadence import OFFLINE_REASON, OFFLINE_S, Pace
from bot.news.models import (
    Failed,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    Known,
    NotModified,
    Outcome,
    ParsedFeed,
    Recorded,
    Refresh,
)
from bot.news.outage import OutageWatch
from bot.news.ports import Clock, Feeds, Source
from bot.news.refresh import aliases_of, plan_refresh
from bot.services.group import Grouper

log = structlog.get_logger()

BATCH = 64  # feeds taken from the database at a time
IN_FLIGHT_MAX = 512  # feeds claimed and not yet recorded, most of them waiting for their host
HOST_POLLS_MAX = 2  # at once at one server, as the web adapter connects
LEASE = timedelta(seconds=120)
POLL_MAX_S = 110.0  # within the lease, so that nobody else fetches what is being fetched
UNFINISHED_RETRY = timedelta(minutes=5)
BUSY_RETRY = timedelta(minutes=1)  # up to twice that
BROKEN_RETRY = timedelta(minutes=30)  # after an error of our own on a document
BY_HAND_MIN = timedelta(seconds=60)  # between a poll and one that somebody asks for
JUMP = timedelta(seconds=60)  # between two rounds: the machine slept, or its clock was set
SPREAD = timedelta(seconds=60)  # the least over which a backlog is polled


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPoll:
    """What came of polling one feed. ``recorded`` says why what is new was not all posted.

    Of a Fetched there is only the feed's title any more.
    """

    feed: Feed
    outcome: Outcome
    new_entries: int
    deliveries: int
    next_poll_at: datetime
    recorded: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What came of polling all that was due."""

    polls: tuple[FeedPoll, ...] = ()

    @property
    def new_entries(self) -> int:
        """Entries that were not known before."""
        return sum(poll.new_entries for poll in self.polls)

    @property
    def deliveries(self) -> int:
        """Deliveries that were queued."""
        return sum(poll.deliveries for poll in self.polls)

    def count(self, kind: type[Outcome]) -> int:
        """Return how many polls ended with an outcome of *kind*."""
        return sum(isinstance(poll.outcome, kind) for poll in self.polls)


class Pacer:
    """Lets one start at a time through, ``per_s`` a second, however many wait."""

    def __init__(self, per_s: float) -> None:
        self._step_s = 1 / per_s
        self._next_at = 0.0

    async def turn(self) -> None:
        """Wait for a turn."""
        now = asyncio.get_running_loop().time()
        at = max(self._next_at, now)
        self._next_at = at + self._step_s
        if at > now:
            await asyncio.sleep(at - now)


class Poller:
    """Polls feeds, each at most once at a time.

    ``random`` gives numbers in [0, 1) that spread polls; ``on_recorded`` is told when deliveries
    were queued; ``holder`` names this process in leases.
    """

    def __init__(
        self,
        storage: Feeds,
        source: Source,
        clock: Clock,
        *,
        pace: Pace,
        random: Callable[[], float],
        concurrency: int = 32,
        polls_per_s: float = 20.0,
        holder: str = "once",
        on_recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._source = source
        self._clock = clock
        self._pace = pace
        self._random = random
        self._polls_per_s = polls_per_s
        self._pacer = Pacer(polls_per_s)
        self._holder = holder
        self._slots = asyncio.Semaphore(concurrency)
        # Each stays as long as somebody holds it or waits for it.
        self._hosts = WeakValueDictionary[str, asyncio.Semaphore]()
        self._in_flight: set[FeedId] = set()
        self._room = asyncio.Event()
        self._round_at: datetime | None = None  # of the last round of a bot that runs on
        self._outage = OutageWatch()
        self._probe_at: datetime | None = None
        self._on_recorded = on_recorded
        self._grouper = Grouper(storage, clock)

    async def resume(self) -> None:
        """Take up polling where an earlier process left it, for a bot that runs on.

        Its leases end, and what became due meanwhile is spread, as it is from now on whenever the
        clock has jumped.
        """
        await self._storage.release_feeds(self._holder)
        await self._storage.learn_groups(self._source.group_of)
        self._round_at = self._clock.now()
        await self._spread()

    async def _spread(self) -> None:
        window_s = SPREAD.total_seconds()
        if self._pace.is_fixed:
            window_s = min(window_s, self._pace.interval_s)
        moved = await self._storage.spread_feeds(
            self._clock.now(), window=timedelta(seconds=window_s), per_s=self._polls_per_s
        )
        if moved:
            log.info("backlog.spread", feeds=moved)

    async def poll_due(self) -> PollReport:
        """Poll every feed that is due now, and return what came of it when all is in stories."""
        polls: list[FeedPoll] = []
        await self.poll_round(polls.append)
        await self._grouper.group_due()
        return PollReport(polls=tuple(polls))

    async def poll_round(self, told: Callable[[FeedPoll], object] = lambda _: None) -> None:
        """Poll every feed that is due now, telling of each; return when all are recorded.

        Calls may overlap, so that a slow feed holds up nobody: what is in flight is left alone.
        While Herald itself is cut off, one feed a minute is tried. A round after a long stop may be
        of ten thousand feeds: nothing of one that is done is kept here.
        """
        now = self._clock.now()
        if self._round_at is not None:
            last, self._round_at = self._round_at, now
            if abs(now - last) > JUMP:
                await self._spread()
        async with asyncio.TaskGroup() as group:
            while feeds := await self._take_due(now):
                for feed in feeds:
                    group.create_task(self._poll_guarded(feed, told))
                await self._wait_for_room()

    async def _take_due(self, now: datetime) -> list[Feed]:
        limit = min(BATCH, IN_FLIGHT_MAX - len(self._in_flight))
        if self._outage.is_on:
            limit = min(limit, 1)
            if self._probe_at is not None and self._clock.now() < self._probe_at:
                return []
            self._probe_at = self._clock.now() + timedelta(seconds=OFFLINE_S)
        if limit <= 0:
            return []
        claimed = await self._storage.claim_feeds(now, LEASE, limit, self._holder)
        # One whose lease is over although it is not back belongs to the round that has it.
        taken = [feed for feed in claimed if feed.id not in self._in_flight]
        self._in_flight.update(feed.id for feed in taken)
        return taken

    async def _wait_for_room(self) -> None:
        """Wait until there is room for a batch: to claim feeds one by one is a write for each."""
        while len(self._in_flight) > IN_FLIGHT_MAX - BATCH:
            self._room.clear()
            await self._room.wait()

    async def _poll_guarded(self, feed: Feed, told: Callable[[FeedPoll], object]) -> None:
        server = urlsplit(feed.url).netloc
        try:
            # A slow server keeps only its own feeds waiting: they hold no slot meanwhile.
            turn = self._hosts.setdefault(server, asyncio.Semaphore(HOST_POLLS_MAX))
            async with turn, self._slots:
                await self._pacer.turn()
                told(await self._poll(feed))
        except StorageError:
            raise  # the loop's affair: nothing can be written down now
        except TimeoutError:
            log.warning("feed.unfinished", feed=feed.id, url=feed.public_url, after_s=POLL_MAX_S)
            await self._storage.release_feed(
                feed.id,
                self._clock.now() + UNFINISHED_RETRY,
                "its turn did not come: its server keeps others waiting",
            )
        except ReaderBusy as busy:
            log.warning("feed.put_off", feed=feed.id, url=feed.public_url, reason=str(busy))
            await self._storage.release_feed(
                feed.id,
                self._clock.now() + BUSY_RETRY * (1 + self._random()),
                "again soon: Herald had too many large documents to read",
            )
        except Exception:
            # A bug of ours on one document must not keep the other feeds from being polled.
            log.exception("feed.broken", feed=feed.id, url=feed.public_url)
            await self._storage.release_feed(
                feed.id, self._clock.now() + BROKEN_RETRY, "after an error of Herald's own"
            )
        finally:
            self._in_flight.discard(feed.id)
            self._room.set()

    async def poll_feed(self, feed: Feed) -> FeedPoll:
        """Poll one feed now, due or not, because somebody asks for it; conditionally, as ever.

        Raises TooSoon within a minute of its last poll, before the time its server has asked to
        wait for, and while it is being polled; UserError where it is gone, NotFollowed where it is
        not there any more, ReaderBusy where nobody has the time to read it just now.
        """
        now = self._clock.now()
        stored = await self._storage.feed(feed.id)
        if stored is None:
            raise NotFollowed("This feed is no longer there; see /feed list.", wanted=feed.url)
        if stored.state is FeedState.GONE:
            raise UserError(
                f"“{feed.title}” is gone: {stored.last_error or 'its server says so for good.'}"
                " Herald does not ask again. Use /feed add if it is back at that address."
            )
        self._refuse_if_too_soon(stored, now)
        claimed = await self._storage.claim_feed(feed.id, now, LEASE, self._holder)
        if claimed is None:
            until = now + BY_HAND_MIN
            raise TooSoon(
                f"“{feed.title}” is being checked at this moment. Its card shows what comes of it.",
                until=until,
            )
        self._in_flight.add(feed.id)
        try:
            polled = await self._poll(claimed)
        except Exception:
            await self._storage.release_feed(feed.id, stored.next_poll_at, stored.next_poll_reason)
            raise
        finally:
            self._in_flight.discard(feed.id)
        if polled.deliveries:
            await self._grouper.group_feed(polled.recorded.merged_into or feed.id)
        return polled

    def _refuse_if_too_soon(self, feed: Feed, now: datetime) -> None:
        if feed.not_before is not None and now < feed.not_before:
            raise TooSoon(
                f"The server of “{feed.title}” has asked not to be polled before"
                f" {feed.not_before:%Y-%m-%d %H:%M} UTC. Herald keeps to that, by hand too.",
                until=feed.not_before,
            )
        least = BY_HAND_MIN
        if self._pace.is_fixed:
            least = min(least, timedelta(seconds=self._pace.interval_s))
        if feed.polled_at is not None and feed.polled_at <= now < feed.polled_at + least:
            until = feed.polled_at + least
            wait_s = max(1, round((until - now).total_seconds()))
            raise TooSoon(
                f"“{feed.title}” was checked less than a minute ago. Try again in"
                f" {wait_s} second{'' if wait_s == 1 else 's'}, at {until:%H:%M:%S} UTC.",
                until=until,
            )

    async def _poll(self, feed: Feed) -> FeedPoll:
        async with asyncio.timeout(POLL_MAX_S):
            outcome = await self._source.fetch(feed.url, feed.validators, feed.body_hash)
        if isinstance(outcome, Failed) and outcome.kind == "busy":
            raise ReaderBusy(outcome.reason, url=feed.url)
        is_cut_off = await self._note(feed, outcome)
        group = self._source.group_of(feed.url)
        if feed.host_group != group:
            feed = replace(feed, host_group=group)
        plan = partial(
            self._planned, feed, outcome, self._clock.now(), self._random(), is_cut_off=is_cut_off
        )
        if isinstance(outcome, NotModified):  # as most are: one visit to the database
            refresh, recorded = await self._storage.settle(feed.id, plan)
        else:
            refresh = await self._refresh(feed, outcome, plan)
            if refresh.hold is not None and refresh.hold.group is not None:
                # Feeds that were added since the start belong to a group too.
                await self._storage.learn_groups(self._source.group_of)
            recorded = await self._storage.record(refresh)
        _tell(feed, outcome, refresh, recorded)
        if recorded.deliveries:
            self._on_recorded()
        return FeedPoll(
            feed=feed,
            outcome=_without_document(outcome),
            new_entries=recorded.new_entries,
            deliveries=recorded.deliveries,
            next_poll_at=refresh.next_poll_at,
            recorded=recorded,
        )

    async def _refresh(
        self, feed: Feed, outcome: Outcome, plan: Callable[[Known], Refresh]
    ) -> Refresh:
        """Return what a poll changes, given what is known of the document's entries.

        To plan up to 500 of them takes too long for the event loop.
        """
        if not isinstance(outcome, Fetched):
            return plan(await self._storage.known(feed.id, ()))
        keys = await asyncio.to_thread(aliases_of, outcome, feed.url)
        known = await self._storage.known(feed.id, keys)
        return await asyncio.to_thread(plan, known)

    def _planned(
        self,
        feed: Feed,
        outcome: Outcome,
        now: datetime,
        jitter: float,
        known: Known,
        *,
        is_cut_off: bool,
    ) -> Refresh:
        """Return what a poll changes. In whatever thread."""
        refresh = plan_refresh(
            feed,
            outcome,
            known,
            now,
            pace=self._pace,
            jitter=jitter,
            is_offline=is_cut_off and self._outage.is_on,
        )
        if refresh.new_url is None:
            return refresh
        return replace(refresh, host_group=self._source.group_of(refresh.new_url))

    async def _note(self, feed: Feed, outcome: Outcome) -> bool:
        """Return whether nothing was reached; note where that is our own connection's fault."""
        was_on = self._outage.is_on
        is_cut_off = isinstance(outcome, Failed) and outcome.kind == "network"
        now = self._clock.now()
        host = urlsplit(feed.url).hostname or feed.url
        self._outage.note(host, now, is_cut_off=is_cut_off, feed=feed)
        if self._outage.is_on and not was_on:
            self._probe_at = now + timedelta(seconds=OFFLINE_S)
            forgiven = await self._storage.forgive(
                self._outage.blamed(), now + timedelta(seconds=OFFLINE_S), OFFLINE_REASON
            )
            log.error(
                "network.lost",
                hint="Nothing counts as a feed's failure until one answers.",
                forgiven=forgiven,
            )
        if was_on and not self._outage.is_on:
            log.warning("network.back")
            if self._round_at is not None:
                await self._spread()
        return is_cut_off


def _without_document(outcome: Outcome) -> Outcome:
    """Return *outcome* with no more of a document than its title: a report may stay for minutes."""
    if isinstance(outcome, Fetched):
        return replace(outcome, feed=ParsedFeed(title=outcome.feed.title, kind=outcome.feed.kind))
    return outcome


def _tell(feed: Feed, outcome: Outcome, refresh: Refresh, recorded: Recorded) -> None:
    """Log one canonical line; a change of state stands out."""
    line = log.bind(
        feed=feed.id, url=feed.public_url, took_ms=outcome.took_ms, status=outcome.status
    )
    match outcome:
        case Failed():
            line.warning("feed.failed", reason=outcome.reason, failures=refresh.failures)
        case Fetched() | NotModified():
            told = {
                "posted": recorded.posted,
                "rolled_up": recorded.rolled_up,
                "too_old": recorded.too_old,
                "held_back": recorded.held_back,
            }
            fates = {fate: count for fate, count in told.items() if count}
            # What is unchanged, as most are, would bury what is not.
            say = line.info if recorded.new_entries else line.debug
            say("feed.polled", new=recorded.new_entries, queued=recorded.deliveries, **fates)
    if recorded.merged_into is not None:
        line.warning("feed.merged", into=recorded.merged_into, to=refresh.new_url)
    elif refresh.new_url is not None:
        line.warning("feed.moved", to=refresh.new_url)
    if feed.state is not refresh.state:
        is_well = refresh.state is FeedState.OK
        line.warning("feed.recovered" if is_well else f"feed.{refresh.state}", was=feed.state.value)
