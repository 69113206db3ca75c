"""Poll feeds: fetch what is due, decide, record.

::

    feeds_due ─► fetch (a few at once) ─► known ─► plan_refresh ─► record ─► on_recorded
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.errors import StorageError
from bot.news.cadence import Pace
from bot.news.models import (
    Failed,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    NotModified,
    Outcome,
    Recorded,
    Refresh,
)
from bot.news.ports import Clock, Source, Storage
from bot.news.refresh import aliases_of, plan_refresh

log = structlog.get_logger()

BATCH = 64  # feeds taken from the database at a time
BROKEN_RETRY = timedelta(minutes=30)  # after an error of our own on a document


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPoll:
    """What came of polling one feed."""

    feed: Feed
    outcome: Outcome
    new_entries: int
    deliveries: int
    next_poll_at: datetime


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


class Poller:
    """Polls feeds, each at most once at a time.

    ``random`` gives numbers in [0, 1) that spread polls; ``on_recorded`` is told when deliveries
    were queued.
    """

    def __init__(
        self,
        storage: Storage,
        source: Source,
        clock: Clock,
        *,
        pace: Pace,
        random: Callable[[], float],
        concurrency: int = 16,
        on_recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._source = source
        self._clock = clock
        self._pace = pace
        self._random = random
        self._slots = asyncio.Semaphore(concurrency)
        self._in_flight: set[FeedId] = set()
        self._locks: dict[FeedId, asyncio.Lock] = {}
        self._on_recorded = on_recorded

    async def poll_due(self) -> PollReport:
        """Poll every feed that is due now, and return when all are recorded.

        Calls may overlap, so that a slow feed holds up nobody: what is in flight is left alone.
        """
        polls: list[FeedPoll] = []
        began_at = self._clock.now()
        while feeds := await self._take_due(began_at):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._poll_guarded(feed)) for feed in feeds]
            polls += [poll for task in tasks if (poll := task.result()) is not None]
        return PollReport(polls=tuple(polls))

    async def _take_due(self, now: datetime) -> Sequence[Feed]:
        due = await self._storage.feeds_due(now, BATCH + len(self._in_flight))
        taken = [feed for feed in due if feed.id not in self._in_flight]
        self._in_flight.update(feed.id for feed in taken)
        return taken

    async def _poll_guarded(self, feed: Feed) -> FeedPoll | None:
        async with self._slots:
            try:
                return await self.poll_feed(feed)
            except StorageError:
                raise  # the loop's affair: nothing can be written down now
            except Exception:
                # A bug of ours on one document must not keep the other feeds from being polled.
                log.exception("feed.broken", feed=feed.id, url=feed.url)
                later = self._clock.now() + BROKEN_RETRY
                await self._storage.poll_soon(feed.id, later)
                return None
            finally:
                self._in_flight.discard(feed.id)

    async def poll_feed(self, feed: Feed) -> FeedPoll:
        """Poll one feed now, whether or not it is due."""
        lock = self._locks.setdefault(feed.id, asyncio.Lock())
        async with lock:
            fresh = await self._storage.feed(feed.id) or feed
            outcome = await self._source.fetch(fresh.url, fresh.validators, fresh.body_hash)
            refresh, recorded = await self._record(fresh, outcome)
        if not lock.locked():
            self._locks.pop(feed.id, None)
        _tell(fresh, outcome, refresh, recorded)
        if recorded.deliveries:
            self._on_recorded()
        return FeedPoll(
            feed=fresh,
            outcome=outcome,
            new_entries=recorded.new_entries,
            deliveries=recorded.deliveries,
            next_poll_at=refresh.next_poll_at,
        )

    async def _record(self, feed: Feed, outcome: Outcome) -> tuple[Refresh, Recorded]:
        known = await self._storage.known(feed.id, aliases_of(outcome, feed.url))
        refresh = plan_refresh(
            feed, outcome, known, self._clock.now(), pace=self._pace, jitter=self._random()
        )
        return refresh, await self._storage.record(refresh)


def _tell(feed: Feed, outcome: Outcome, refresh: Refresh, recorded: Recorded) -> None:
    """Log one canonical line; a change of state stands out."""
    line = log.bind(feed=feed.id, url=feed.url, took_ms=outcome.took_ms, status=outcome.status)
    match outcome:
        case Failed():
            line.warning("feed.failed", reason=outcome.reason, failures=refresh.failures)
        case Fetched() | NotModified():
            line.info("feed.polled", new=recorded.new_entries, queued=recorded.deliveries)
    if feed.state is not refresh.state:
        change = "feed.recovered" if refresh.state is FeedState.OK else "feed.failing"
        line.warning(change, was=feed.state.value)
