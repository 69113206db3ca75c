"""When to come back to a feed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from bot.news.models import Failed, Feed, Fetched, NotModified, Outcome

DAY_S = 24 * 60 * 60.0
FRESH_MAX_S = DAY_S  # a year of max-age is a mistake, not a wish
TTL_MAX_S = DAY_S
BACK_OFF_MAX_S = DAY_S
RETRY_AFTER_MIN_S = 60.0
RETRY_AFTER_MAX_S = 7 * DAY_S
HELD_S = 60 * 60.0  # after a 429 or 503 that does not say how long to wait
JITTER = 0.1  # of the delay, always upward, so that no promise to a server is broken

RHYTHM_ENTRIES = 20  # the last ones, that tell a feed's rhythm
STOPPED_AFTER = timedelta(days=28)  # of failures: not even probed any more

_HOLDING = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to poll. ``is_fixed``: the operator chose, so feeds' own wishes do not count."""

    interval_s: float = 900.0
    is_fixed: bool = False


def next_poll_at(
    feed: Feed, outcome: Outcome, now: datetime, pace: Pace, jitter: float
) -> tuple[datetime, str]:
    """Return when to poll *feed* again after *outcome*, and why then, in words.

    The longest of the interval, the feed's own ttl, the back-off (the interval doubled per failure
    in a row, at most a day), the server's freshness (RFC 9111 §4.2) and Retry-After (RFC 9110
    §10.2.3). *jitter*, in [0, 1), spreads upward by up to a tenth. A fixed pace has neither jitter
    nor ttl, but heeds the server's word too.
    """
    spread = 1.0 if pace.is_fixed else 1 + JITTER * jitter
    own_s, own_reason = max(_own_waits(feed, outcome, pace), key=lambda wait: wait[0])
    # A day is as long as we stay away of our own accord, spread included.
    waits = [(min(own_s * spread, max(own_s, DAY_S)), own_reason)]
    waits += [(wait_s * spread, reason) for wait_s, reason in _server_waits(outcome, now)]
    delay_s, reason = max(waits, key=lambda wait: wait[0])
    return now + timedelta(seconds=delay_s), reason


def _own_waits(feed: Feed, outcome: Outcome, pace: Pace) -> list[tuple[float, str]]:
    """Return the waits of our own making, the interval first."""
    waits = [(pace.interval_s, f"every {in_words(pace.interval_s)}")]
    match outcome:
        case Failed():
            failures = feed.failures + 1
            first_s = pace.interval_s
            if outcome.status in _HOLDING and not pace.is_fixed:
                first_s = max(first_s, HELD_S / 2)
            # 40 doublings of a second are past any cap; more would overflow.
            backed_off_s = min(first_s * 2 ** min(failures, 40), BACK_OFF_MAX_S)
            counted = "1 failure" if failures == 1 else f"{failures} failures"
            waits.append((max(backed_off_s, pace.interval_s), f"after {counted}"))
        case Fetched() | NotModified():
            ttl_s = outcome.feed.ttl_s if isinstance(outcome, Fetched) else feed.ttl_s
            if ttl_s is not None and not pace.is_fixed:
                wished_s = min(float(ttl_s), TTL_MAX_S)
                waits.append((wished_s, f"every {in_words(wished_s)}, as the feed asks"))
        case _ as unreachable:
            assert_never(unreachable)
    return waits


def _server_waits(outcome: Outcome, now: datetime) -> list[tuple[float, str]]:
    """Return the waits that the server asked for."""
    waits = []
    if (asked_s := outcome.hints.retry_after_s) is not None:
        wait_s = min(max(asked_s, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)
        waits.append((wait_s, f"the server asked to wait until {_clock(now, wait_s)}"))
    if (fresh_s := outcome.hints.fresh_for_s) is not None and fresh_s > 0:
        wait_s = min(fresh_s, FRESH_MAX_S)
        waits.append((wait_s, f"the server says it stays as it is until {_clock(now, wait_s)}"))
    return waits


def _clock(now: datetime, wait_s: float) -> str:
    return (now + timedelta(seconds=wait_s)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def in_words(seconds: float) -> str:
    """Return a duration in its largest fitting unit, such as "15 minutes" or "1.5 hours"."""
    unit_s, unit = next((row for row in _UNITS if seconds >= row[0]), _UNITS[-1])
    count = f"{seconds / unit_s:.1f}".removesuffix(".0")
    return unit if count == "1" else f"{count} {unit}s"
