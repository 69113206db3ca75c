"""The poll benchmark's Herald: the poller, the worker, the database, as `herald run` joins them.

``python -m tests.benchmarks.poll_herald '{"port": …, "feeds": …, …}'`` prints its figures as JSON,
after it has counted in the database that all that a poll owes was written.

Every feed is known, was empty an hour ago and is followed by a channel of its own: so the first
document is news, and what of it is to be posted goes into the outbox. What story each of those
belongs to is decided after a poll, by a loop of its own: at a steady rate that runs beside the
polls, as it does in the bot; in the contest it comes after the first polls and is told apart.
"""

import asyncio
import json
import random
import sqlite3
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from bot import log
from bot.app import Core, database_path, heap_at_rest, open_core, run_loops
from bot.news.cadence import Pace
from bot.news.models import (
    ChannelId,
    Check,
    Failed,
    FeedId,
    FeedState,
    Fetched,
    GuildId,
    NewSubscription,
    NotModified,
    Outcome,
    ParsedFeed,
    Refresh,
    UserId,
)
from bot.news.ports import Source
from bot.schedule import Loop, Schedule
from bot.services.group import Grouper
from bot.services.poll import FeedPoll, Poller
from bot.settings import Settings
from tests.benchmarks.poll_measure import Probe, Trace, cpu_s, memory_mb, probing, tracing
from tests.benchmarks.poll_server import url
from tests.benchmarks.poll_world import document, feed_title

_LONG_AGO = timedelta(hours=1)
_FAR = timedelta(days=30)
_AFTER_S = 5.0
_UNPACED = 1e6  # polls a second: never in the way


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to measure. ``rate``: polls a second, 0 for as fast as it goes."""

    port: int
    feeds: int
    entries: int
    folder: str
    hostile: int = 0
    sweeps: int = 1
    rate: int = 0
    idle_s: float = 3.0  # for a probe of the loop before there is work
    trace_ms: float = 0.0  # note steps of the loop that take so long; costs a little of each
    profile: str = ""  # where to write cProfile's statistics: "first" and "sweep" are appended


class Incomplete(SystemExit):
    """Work was left out: no figure is worth anything."""


async def measure(job: Job) -> dict[str, Any]:
    """Return the figures of one run."""
    settings = Settings(
        data_dir=Path(job.folder), allowed_networks=(IPv4Network("127.0.0.0/8"),), token=None
    )
    async with open_core(settings) as opened:
        core = replace(opened, poller=_poller(opened, job.rate or _UNPACED))
        began = time.perf_counter()
        feeds = [await _follow(core, job, index) for index in range(job.feeds + job.hostile)]
        spent_s = (time.perf_counter() - began) / max(len(feeds), 1)
        idle_mb, _ = memory_mb()
        work = _paced if job.rate else _at_once
        figures = await work(core, job, _mixed(feeds, job.feeds), spent_s)
        figures |= await _decide(core)
        figures["idle_mb"], (_, figures["main_peak_mb"]) = idle_mb, memory_mb()
    figures["written"] = verify(database_path(settings), job)
    return figures


async def _decide(core: Core) -> dict[str, float]:
    """Put into stories what still waits for that."""
    began, cpu = time.perf_counter(), cpu_s()
    decided = await Grouper(core.storage, core.clock).group_due()
    return {
        "stories_s": time.perf_counter() - began,
        "stories_cpu_s": cpu_s() - cpu,
        "decided": float(decided),
    }


def _poller(core: Core, polls_per_s: float) -> Poller:
    """Return a poller as the app makes it, but for the pace."""
    source: Source = core.web
    return Poller(
        core.storage,
        source,
        core.clock,
        pace=Pace(),
        random=random.Random(0).random,  # noqa: S311  # spreads polls, guards nothing
        polls_per_s=polls_per_s,
        on_recorded=core.schedule.group.poke,
    )


async def _follow(core: Core, job: Job, index: int) -> FeedId:
    """Have a channel follow feed *index*, which was empty so far. Not due before it is told."""
    now = core.clock.now()
    feed = await core.storage.ensure_feed(
        url(job.port, index), ParsedFeed(title=feed_title(index)), now
    )
    refresh = Refresh(
        feed_id=feed.id,
        check=Check(at=now - _LONG_AGO, status=200, took_ms=1, size=200, new_entries=0),
        next_poll_at=now + _FAR,
        next_poll_reason="the benchmark begins",
        failures=0,
        state=FeedState.OK,
    )
    wish = NewSubscription(
        guild_id=GuildId(1),
        channel_id=ChannelId(1000 + index),
        name=feed_title(index),
        added_by=UserId(1),
    )
    await core.storage.follow(refresh, wish, now)
    return feed.id


def _mixed(feeds: Sequence[FeedId], ordinary: int) -> list[FeedId]:
    """Return *feeds* with the hostile ones, which are the last, spread evenly among the others."""
    mixed, hostile = list(feeds[:ordinary]), feeds[ordinary:]
    gap = ordinary // (len(hostile) + 1)
    for at, feed in enumerate(hostile, 1):
        mixed.insert(at * (gap + 1) - 1, feed)
    return mixed


async def _at_once(
    core: Core, job: Job, feeds: Sequence[FeedId], _spent_s: float
) -> dict[str, Any]:
    """Poll everything as fast as it goes, then sweep while nothing changes.

    The bot is up: its worker has been started, and the heap is at rest as `run_loops` has it.
    """
    await core.web.read(document(0, 1, core.clock.now()), "application/xml", url(job.port, 0))
    async with probing(with_lag=False) as probe:
        with heap_at_rest():
            first = await _round(core, job, feeds, profile="first")
            _demand(first, Fetched, len(feeds))
            stories = await _decide(core)
            sweeps = []
            for _ in range(job.sweeps):
                sweeps.append(await _round(core, job, feeds, profile="sweep"))
                _demand(sweeps[-1], NotModified, len(feeds))
    return {
        "first_s": first.took_s,
        "first_cpu_s": first.cpu_s,
        "first_main_cpu_s": first.main_cpu_s,
        "first_stories": stories,
        "sweep_s": statistics.median(each.took_s for each in sweeps),
        "sweep_cpu_s": statistics.median(each.cpu_s for each in sweeps),
        "worker_peak_mb": probe.worker_peak_mb,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    outcomes: Counter[type[Outcome]]
    took_s: float
    cpu_s: float
    main_cpu_s: float


async def _round(core: Core, job: Job, feeds: Sequence[FeedId], *, profile: str) -> _Round:
    """Make every feed due and poll until all were."""
    for feed in feeds:
        await core.storage.poll_soon(feed, core.clock.now())
    outcomes: Counter[type[Outcome]] = Counter()  # not the polls, which hold whole documents
    profiler = _profiler(job)
    before_cpu, before_main, began = cpu_s(), time.process_time(), time.perf_counter()
    while outcomes.total() < len(feeds):
        before = outcomes.total()
        await core.poller.poll_round(lambda poll: outcomes.update([type(poll.outcome)]))
        if outcomes.total() == before:
            raise Incomplete(f"only {outcomes.total()} of {len(feeds)} feeds were polled")
    took_s = time.perf_counter() - began
    if profiler is not None:
        profiler.disable()
        profiler.dump_stats(f"{job.profile}.{profile}")
    return _Round(
        outcomes=outcomes,
        took_s=took_s,
        cpu_s=cpu_s() - before_cpu,
        main_cpu_s=time.process_time() - before_main,
    )


def _profiler(job: Job) -> Any:  # noqa: ANN401  # cProfile is imported only where asked for
    if not job.profile:
        return None
    from cProfile import Profile  # noqa: PLC0415  # see above

    profiler = Profile()
    profiler.enable()
    return profiler


async def _paced(core: Core, job: Job, feeds: Sequence[FeedId], spent_s: float) -> dict[str, Any]:
    """Poll at a steady rate from the app's own loop while a probe watches the event loop."""
    async with probing() as probe:
        await asyncio.sleep(job.idle_s)
        idle = probe.lag()
        with tracing(job.trace_ms) as trace:
            first = await _steadily(core, job, feeds, (probe, trace), spent_s)
            phases = {"first": first}
            if not job.hostile:
                phases["unchanged"] = await _steadily(core, job, feeds, (probe, trace), spent_s)
    return {
        "idle_lag": asdict(idle),
        "phases": phases,
        "worker_peak_mb": probe.worker_peak_mb,
    }


async def _steadily(
    core: Core,
    job: Job,
    feeds: Sequence[FeedId],
    watch: tuple[Probe, Trace | None],
    spent_s: float,
) -> dict[str, Any]:
    """Make ``rate`` feeds due a second and let the schedule poll them."""
    start_at = core.clock.now() + timedelta(seconds=1 + 2 * spent_s * len(feeds))
    due_at = {}
    for at, feed in enumerate(feeds):
        due_at[feed] = start_at + timedelta(seconds=at / job.rate)
        await core.storage.poll_soon(feed, due_at[feed])
    if core.clock.now() > start_at:
        raise Incomplete("the database took longer than expected to plan the polls; run it again")
    outcomes: Counter[type[Outcome]] = Counter()
    stopping = asyncio.Event()
    span = _Span(watch, len(feeds) / job.rate + _AFTER_S)

    async def poll() -> None:
        span.begin()
        await core.poller.poll_round(count)

    def count(poll: FeedPoll) -> None:
        outcomes[type(poll.outcome)] += 1
        if outcomes.total() >= len(feeds):
            stopping.set()

    await asyncio.sleep((start_at - core.clock.now()).total_seconds())
    grouper = Grouper(core.storage, core.clock, gives_way=True)
    group = Loop("group", core.schedule.group, grouper.group_due)  # the poller pokes this one
    core = replace(core, schedule=Schedule())  # the pulses of a schedule that ended do not beat
    loop = Loop("poll", core.schedule.poll, poll, overlaps=True)
    async with asyncio.timeout(120 + 3 * len(feeds) / job.rate):
        await run_loops(core, (loop, group), stopping)
    span.end()
    return {
        **span.figures,
        "failed": outcomes[Failed],
        "undecided": _count(database_path(core.settings), "SELECT count(*) FROM ungrouped"),
        **_lateness(database_path(core.settings), due_at, set(sorted(feeds)[: job.feeds])),
    }


class _Span:
    """What is measured of a phase.

    From its first poll, after the start of the loops, until shortly after the last falls due, lest
    the wait for a late one dilute it.
    """

    def __init__(self, watch: tuple[Probe, Trace | None], longest_s: float) -> None:
        self._probe, self._trace = watch
        self._longest_s = longest_s
        self._before: tuple[float, float] | None = None
        self.figures: dict[str, Any] = {}

    def begin(self) -> None:
        """Begin, unless that was done."""
        if self._before is not None:
            return
        _mark("begin")
        self._probe.lag()
        if self._trace is not None:
            self._trace.told()
        self._before = cpu_s(), time.perf_counter()
        asyncio.get_running_loop().call_later(self._longest_s, self.end)

    def end(self) -> None:
        """End, unless that was done."""
        if self._before is None or self.figures:
            return
        used_s, began_at = self._before
        self.figures = {
            "lag": asdict(self._probe.lag()),
            "took_s": time.perf_counter() - began_at,
            "cpu_s": cpu_s() - used_s,
            "main_mb": memory_mb()[0],
            "slow": self._trace.told() if self._trace is not None else {},
        }
        _mark("end")


def _count(path: Path, sql: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(sql).fetchone()[0]
        return count


def _lateness(
    path: Path, due_at: Mapping[FeedId, datetime], ordinary: set[FeedId]
) -> dict[str, float]:
    """Return how long after they were due ordinary feeds were recorded, in seconds."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT feed_id, max(checked_at) FROM checks GROUP BY feed_id")
        late = sorted(at / 1000 - due_at[feed].timestamp() for feed, at in rows if feed in ordinary)
    return {
        "late_p50_s": late[len(late) // 2],
        "late_p99_s": late[len(late) * 99 // 100],
        "late_max_s": late[-1],
    }


def _demand(done: _Round, kind: type[Outcome], feeds: int) -> None:
    """Raise Incomplete unless every feed was polled with an outcome of *kind*."""
    if done.outcomes != {kind: feeds}:
        raise Incomplete(f"{feeds} feeds should be {kind.__name__}, but were {done.outcomes}")


# What must be there afterwards: all but the first are at least one for each feed or entry.
_WRITTEN = {
    "entries": "SELECT count(*) FROM entries",
    "stories": "SELECT count(DISTINCT story_id) FROM entries",
    "indexed": "SELECT count(*) FROM entry_index_docsize",
    "found": "SELECT count(*) FROM entry_index WHERE entry_index MATCH 'the'",
    "with_aliases": "SELECT count(DISTINCT entry_id) FROM entry_aliases",
    "aliases": "SELECT count(*) FROM entry_aliases",
    "deliveries": "SELECT count(*) FROM deliveries",
    "channels_owed": "SELECT count(DISTINCT channel_id) FROM deliveries",
    "undecided": "SELECT count(*) FROM ungrouped",
    "checks": "SELECT count(*) FROM checks",
    "with_validators": "SELECT count(*) FROM feeds WHERE etag IS NOT NULL",
}


def verify(path: Path, job: Job) -> dict[str, int]:
    """Return how many rows the polls left. Raises Incomplete where any part was left out."""
    with closing(sqlite3.connect(path)) as connection:
        (entries,) = connection.execute(
            """
            SELECT count(*) FROM entries
             WHERE feed_id IN (SELECT id FROM feeds ORDER BY id LIMIT ?)
            """,
            [job.feeds],
        ).fetchone()
        written = {name: connection.execute(sql).fetchone()[0] for name, sql in _WRITTEN.items()}
    expected = job.feeds * job.entries
    rounds = 2 if job.rate and not job.hostile else 1 if job.rate else 1 + job.sweeps
    whole = (
        entries == expected
        and written["indexed"] == written["entries"]
        and 0 < written["stories"] <= written["entries"]  # made-up news is much alike
        and written["undecided"] == 0
        and written["with_aliases"] == written["entries"]
        and written["aliases"] >= 2 * written["entries"]
        and written["channels_owed"] >= job.feeds
        and written["checks"] >= (rounds + 1) * job.feeds  # one from the beginning
        and written["with_validators"] >= job.feeds
    )
    if not whole:
        raise Incomplete(f"expected {expected} entries of {job.feeds} feeds, found {written}")
    return written


def _mark(what: str) -> None:
    """Tell the benchmark where a phase begins and ends, so that its control measures the same."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


def main(job: Job) -> None:
    """Run *job* and print its figures, logging as the bot does."""
    path = Path(job.folder) / "herald.log"
    with path.open("w") as lines:
        log.configure(form="json", stream=lines)
        try:
            figures = asyncio.run(measure(job))
        except Incomplete:
            lines.flush()
            troubles = [line for line in path.read_text().splitlines() if '"info"' not in line]
            sys.stderr.write("\n".join(line[:1000] for line in troubles[:3]) + "\n")
            raise
    _mark(json.dumps(figures))


if __name__ == "__main__":
    main(Job(**json.loads(sys.argv[1])))
