"""When to come back to a feed, and why then."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import assert_never

from bot.news.models import (
    CacheHints,
    Failed,
    Feed,
    FeedState,
    Fetched,
    Hold,
    NotModified,
    Outcome,
    Validators,
    Wishes,
)

HOUR_S = 60 * 60.0
DAY_S = 24 * HOUR_S

NEW_S = 30 * 60.0  # between polls of a feed whose rhythm is not known yet
RHYTHM_ENTRIES = 20  # the last ones, that tell a feed's rhythm
RHYTHM_MIN = 3  # moments of publishing; one gap is no rhythm
RHYTHM_SHARE = 4  # polls in a usual gap
RHYTHM_MIN_S = 10 * 60.0
RHYTHM_MAX_S = 6 * HOUR_S
QUIET = (  # silent for so long, polled so seldom
    (timedelta(days=180), DAY_S),
    (timedelta(days=30), 6 * HOUR_S),
)
RESTLESS_S = 30 * 60.0  # the least for a document that changes all the time with nothing new in it
RESTLESS_AT = 3  # changes with nothing new in them that are no coincidence
UNVALIDATED_S = HOUR_S  # the least where every poll costs the server the whole document

FRESH_MAX_S = DAY_S  # a year of max-age is a mistake, not a wish
TTL_MAX_S = DAY_S
BACK_OFF_MAX_S = DAY_S
RETRY_AFTER_MIN_S = 60.0
RETRY_AFTER_MAX_S = 7 * DAY_S
HELD_S = HOUR_S  # after a 429 or 503 that does not say how long to wait; doubled each time
JITTER = 0.1  # either way; of what was asked for only upward, so that no promise is broken
SKIP_SPREAD = timedelta(minutes=10)  # after hours that a feed skips, for they end on the hour

GONE_AFTER = timedelta(days=1)  # between the two 410s that it takes
PROBE_S = DAY_S  # between polls of a paused feed
OFFLINE_S = 60.0  # between polls while it is our own connection that is down
OFFLINE_REASON = "every minute: Herald itself seems to be cut off"

_UNAVAILABLE = 503
_HOLDING = frozenset({429, _UNAVAILABLE})
_GONE = 410
_NOT_MODIFIED = 304
_HOURS = 24
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to poll a feed whose rhythm is not known yet.

    ``is_fixed``: the operator chose it for every feed, so feeds' rhythms and wishes do not count.
    ``is_chosen``: those who follow this feed chose it, so its rhythm does not count.
    """

    interval_s: float = NEW_S
    is_fixed: bool = False
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How a feed publishes, by its last entries. None: they do not tell."""

    usual_gap_s: float | None = None  # median
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    s: float
    reason: str
    is_asked: bool  # for by the feed or its server: may grow, never shrink
    max_s: float = float("inf")  # spread included


def rhythm_of(seen: Sequence[tuple[datetime, datetime | None]]) -> Rhythm:
    """Return the rhythm of entries, each given as when it was first seen and the date it states.

    The stated date counts where several were seen at once, or one long after it came out;
    otherwise what we saw is the better witness. Moments count once, however much came out then.
    """
    at_once = Counter(first_seen for first_seen, _ in seen)
    moments = set()
    for first_seen, stated in seen:
        if stated is not None and (at_once[first_seen] > 1 or first_seen - stated > GONE_AFTER):
            moments.add(min(stated, first_seen))
        elif at_once[first_seen] == 1:
            moments.add(first_seen)
    ordered = sorted(moments)
    if not ordered:
        return Rhythm()
    if len(ordered) < RHYTHM_MIN:
        return Rhythm(newest_at=ordered[-1])
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(ordered)]
    return Rhythm(usual_gap_s=median(gaps), newest_at=ordered[-1])


def pace_of(feed: Feed, rhythm: Rhythm, now: datetime, pace: Pace, wishes: Wishes) -> Pace:
    """Return the pace of one feed: *pace*, or what those who follow it chose.

    What they chose goes before what the operator set for all. Who leaves it to the rhythm (or to
    the operator) is not kept waiting by somebody else's longer wish.
    """
    chosen_s = wishes.shortest_s
    if chosen_s is None:
        return pace
    if wishes.is_auto_too and _interval(feed, rhythm, now, pace)[0] < chosen_s:
        return pace
    return Pace(interval_s=float(chosen_s), is_chosen=True)


def next_poll_at(
    feed: Feed,
    outcome: Outcome,
    now: datetime,
    pace: Pace,
    jitter: float,
    *,
    rhythm: Rhythm | None = None,
    is_restless: bool = False,
) -> tuple[datetime, str]:
    """Return when to poll *feed* again after *outcome*, and why then, in words.

    The longest of the interval (a quarter of the feed's usual gap), the feed's own ttl, the
    back-off (the interval doubled per failure in a row, at most a day), the server's freshness (RFC
    9111 §4.2) and Retry-After (RFC 9110 §10.2.3); then past the hours and days that the feed asks
    to skip. *jitter*, in [0, 1), spreads. A fixed pace has neither jitter, rhythm nor wishes, but
    heeds the server's word too; a chosen one takes the place of the rhythm, and of nothing else.
    *rhythm* is the one after this outcome, where it is not the stored one; *is_restless*: the
    document keeps changing with nothing new in it.
    """
    interval_s, why = _interval(feed, rhythm or rhythm_as_stored(feed), now, pace)
    longest_s = max(interval_s, DAY_S)
    waits = [_Wait(s=interval_s, reason=why, is_asked=pace.is_chosen, max_s=longest_s)]
    match outcome:
        case Failed():
            waits += _failure_waits(feed, outcome, now, pace, interval_s)
        case Fetched() | NotModified():
            if not pace.is_fixed:
                waits += _wishes(feed, outcome)
        case _ as unreachable:
            assert_never(unreachable)
    if not pace.is_fixed:
        waits += _thrift(feed, outcome, is_restless=is_restless)
    waits += _server_waits(outcome, now)
    delay_s, reason = max((_spread(wait, pace, jitter), wait.reason) for wait in waits)
    at = now + timedelta(seconds=delay_s)
    if pace.is_fixed:
        return at, reason
    at, reason = _past_skips(feed, outcome, at, reason, jitter)
    if pace.is_chosen and reason != why:
        reason += f" (chosen: every {in_words(interval_s)})"
    return at, reason


def replanned(
    feed: Feed, now: datetime, pace: Pace, wishes: Wishes, jitter: float
) -> tuple[datetime, str] | None:
    """Return when to poll *feed*, and why then, now that *wishes* are others than at its last poll.

    As if that had found nothing new just then, the server's word of that time included. None: it
    stays as planned, because the feed is in trouble or was never polled.
    """
    if feed.polled_at is None or feed.state is not FeedState.OK:
        return None
    fresh_s = ((feed.fresh_until or feed.polled_at) - feed.polled_at).total_seconds()
    unchanged = NotModified(url=feed.url, hints=CacheHints(fresh_for_s=fresh_s))
    own = pace_of(feed, rhythm_as_stored(feed), feed.polled_at, pace, wishes)
    is_restless = feed.restless_polls >= RESTLESS_AT
    at, reason = next_poll_at(feed, unchanged, feed.polled_at, own, jitter, is_restless=is_restless)
    if feed.not_before is not None and feed.not_before > max(at, now):
        until = feed.not_before.astimezone(UTC)
        return feed.not_before, f"the server asked to wait until {until:%Y-%m-%d %H:%M UTC}"
    return max(at, now), reason


def rhythm_as_stored(feed: Feed) -> Rhythm:
    """Return the rhythm that *feed* had at its last poll."""
    return Rhythm(usual_gap_s=feed.usual_gap_s, newest_at=feed.newest_at)


def restless_after(feed: Feed, outcome: Outcome, *, is_change: bool) -> int:
    """Return ``restless_polls`` after *outcome*; *is_change*: it brought or changed an entry.

    One stray change does not make a feed restless, and one entry among many empty changes does not
    make it calm.
    """
    match outcome:
        case Failed():
            return feed.restless_polls
        case NotModified():
            return 0
        case Fetched() if feed.succeeded_at is None:
            return 0
        case Fetched() if is_change:
            return max(feed.restless_polls - 1, 0)
        case Fetched():
            return min(feed.restless_polls + 1, 2 * RESTLESS_AT)
        case _ as unreachable:
            assert_never(unreachable)


def offline_until(feed: Feed, now: datetime) -> tuple[datetime, str]:
    """Return when to try a feed again that failed as Herald itself is cut off, and why then."""
    at = now + timedelta(seconds=OFFLINE_S)
    return max(at, feed.not_before or at), OFFLINE_REASON


def hold_of(feed: Feed, outcome: Outcome, now: datetime, pace: Pace) -> Hold | None:
    """Return the server's word not to come back before a time, and for whom it counts.

    A 429 counts for the host group, anything else for the feed. Where no time is given, an hour,
    doubled each time; an overloaded server that gives none has not asked for any, so that a fixed
    pace goes on.
    """
    if not isinstance(outcome, Failed):
        return None
    asked_s = outcome.hints.retry_after_s
    if asked_s is None and not _is_held(outcome, pace):
        return None
    if asked_s is None:
        wait_s = _held_s(feed)
    else:
        wait_s = min(max(asked_s, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
    is_shared = outcome.hold == "group" or (outcome.hold is None and outcome.status == 429)  # noqa: PLR2004  # Too Many Requests
    group = (outcome.group or feed.host_group) if is_shared else None
    return Hold(
        until=now + timedelta(seconds=wait_s),
        group=group,
        reason=f"{group or 'the server'} asked to wait until {_clock(now, wait_s)}",
    )


def _interval(feed: Feed, rhythm: Rhythm, now: datetime, pace: Pace) -> tuple[float, str]:
    """Return the seconds between polls while all goes well, and why so many."""
    if pace.is_chosen:
        return pace.interval_s, f"every {in_words(pace.interval_s)}, as chosen"
    if pace.is_fixed:
        return pace.interval_s, f"every {in_words(pace.interval_s)}"
    silence = now - (rhythm.newest_at or feed.created_at)
    for silent_for, interval_s in QUIET:
        if silence >= silent_for:
            return interval_s, f"every {in_words(interval_s)}: nothing new for {silence.days} days"
    if rhythm.usual_gap_s is None:
        return pace.interval_s, f"every {in_words(pace.interval_s)}, until its rhythm is known"
    interval_s = min(max(rhythm.usual_gap_s / RHYTHM_SHARE, RHYTHM_MIN_S), RHYTHM_MAX_S)
    gap = in_words(max(rhythm.usual_gap_s, 1.0))
    return interval_s, f"every {in_words(interval_s)}: it publishes about every {gap}"


def _failure_waits(
    feed: Feed, outcome: Failed, now: datetime, pace: Pace, interval_s: float
) -> list[_Wait]:
    failures = feed.failures + 1
    counted = "1 failure" if failures == 1 else f"{failures} failures"
    # 40 doublings of a second are past any cap; more would overflow.
    backed_off_s = min(interval_s * 2.0 ** min(failures, 40), BACK_OFF_MAX_S)
    waits = [_Wait(s=backed_off_s, reason=f"after {counted}", is_asked=False, max_s=BACK_OFF_MAX_S)]
    if _is_held(outcome, pace):
        waits.append(_Wait(s=_held_s(feed), reason=f"after {counted}", is_asked=True, max_s=DAY_S))
    if outcome.status == _GONE:
        confirm_at = (feed.gone_since or now) + GONE_AFTER
        waits.append(
            _Wait(
                s=(confirm_at - now).total_seconds(),
                reason="its server says that it is gone; asked once more a day later",
                is_asked=True,
            )
        )
    return waits


def _is_held(outcome: Failed, pace: Pace) -> bool:
    """Whether a server says that it is asked too often or has too much to do."""
    if pace.is_fixed and outcome.status == _UNAVAILABLE:
        return False
    return outcome.hold is not None or outcome.status in _HOLDING


def _held_s(feed: Feed) -> float:
    """Return how long to stay away where a server that is overrun does not say until when."""
    return min(HELD_S * 2.0 ** min(feed.failures, 40), BACK_OFF_MAX_S)


def _wishes(feed: Feed, outcome: Fetched | NotModified) -> list[_Wait]:
    """Return the wait that the document asks for, RSS <ttl> or sy:updatePeriod."""
    ttl_s = outcome.feed.ttl_s if isinstance(outcome, Fetched) else feed.ttl_s
    if ttl_s is None:
        return []
    wished_s = min(float(ttl_s), TTL_MAX_S)
    reason = f"every {in_words(wished_s)}, as the feed asks"
    return [_Wait(s=wished_s, reason=reason, is_asked=True, max_s=DAY_S)]


def _thrift(feed: Feed, outcome: Outcome, *, is_restless: bool) -> list[_Wait]:
    """Return the waits for the sake of servers that are no help in asking for little."""
    if _validators_after(feed, outcome) == Validators():
        reason = f"every {in_words(UNVALIDATED_S)}: its server cannot say whether it has changed"
        return [_Wait(s=UNVALIDATED_S, reason=reason, is_asked=True)]
    if is_restless:
        reason = f"every {in_words(RESTLESS_S)}: it changes at every poll with nothing new in it"
        return [_Wait(s=RESTLESS_S, reason=reason, is_asked=True)]
    return []


def _validators_after(feed: Feed, outcome: Outcome) -> Validators:
    """Return what the next request can send along."""
    match outcome:
        case Fetched():
            return outcome.validators
        case NotModified(status=status) if status != _NOT_MODIFIED:
            return outcome.validators
        case NotModified():
            # A 304 may leave out what has not changed, and is proof of a validator by itself.
            return feed.validators if outcome.validators == Validators() else outcome.validators
        case Failed():
            return feed.validators
        case _ as unreachable:
            assert_never(unreachable)


def _server_waits(outcome: Outcome, now: datetime) -> list[_Wait]:
    """Return the waits that the server asked for."""
    waits = []
    if (asked_s := outcome.hints.retry_after_s) is not None:
        wait_s = min(max(asked_s, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
        reason = f"the server asked to wait until {_clock(now, wait_s)}"
        waits.append(_Wait(s=wait_s, reason=reason, is_asked=True))
    if (fresh_s := outcome.hints.fresh_for_s) is not None and fresh_s > 0:
        wait_s = min(fresh_s, FRESH_MAX_S)
        reason = f"the server says it stays as it is until {_clock(now, wait_s)}"
        waits.append(_Wait(s=wait_s, reason=reason, is_asked=True))
    return waits


def _spread(wait: _Wait, pace: Pace, jitter: float) -> float:
    """Return a wait's seconds, spread by *jitter*."""
    if pace.is_fixed:
        return wait.s
    least = 1.0 if wait.is_asked else 1 - JITTER
    return min(wait.s * (least + (1 + JITTER - least) * jitter), max(wait.max_s, 0.0))


def _past_skips(
    feed: Feed, outcome: Outcome, at: datetime, reason: str, jitter: float
) -> tuple[datetime, str]:
    """Return *at*, or the end of the hours and days (GMT) that the feed asks to skip.

    A feed that asks to skip all of them has made a mistake.
    """
    asks = outcome.feed if isinstance(outcome, Fetched) else feed
    hours = frozenset(asks.skip_hours) if len(set(asks.skip_hours)) < _HOURS else frozenset()
    days = frozenset(asks.skip_days) if len(set(asks.skip_days)) < _WEEKDAYS else frozenset()
    later = at.astimezone(UTC)
    while later.weekday() in days or later.hour in hours:
        if later.weekday() in days:
            later = later.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        else:
            later = later.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if later == at:
        return at, reason
    told = f"the feed asks not to be polled before {later:%Y-%m-%d %H:%M} UTC"
    return later + SKIP_SPREAD * jitter, told


def _clock(now: datetime, wait_s: float) -> str:
    return (now + timedelta(seconds=wait_s)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def in_words(seconds: float) -> str:
    """Return a duration in its largest fitting unit, such as "15 minutes" or "1.5 hours"."""
    unit_s, unit = next((row for row in _UNITS if seconds >= row[0]), _UNITS[-1])
    count = f"{seconds / unit_s:.1f}".removesuffix(".0")
    return unit if count == "1" else f"{count} {unit}s"
