"""A feed's state over its polls: when failing is told, when polling stops, when it has moved.

::

    ok ─► failing ─(8 in a row, or 2 days: told)─(2 weeks: told)─► paused, probed daily for 2 weeks
     ▲      │ └─(410 twice, a day apart: told)─► gone, never polled
     └──────┴── any document (told, where something was told before)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, assert_never
from urllib.parse import urlsplit

from bot.news.cadence import GONE_AFTER
from bot.news.models import (
    Failed,
    Feed,
    FeedState,
    Fetched,
    Move,
    NotModified,
    Outcome,
    StateChange,
)

TOLD_AT = 8  # failures in a row
TOLD_AFTER = timedelta(hours=48)
TOLD_MIN = 3  # failures in a row, for time alone is none of the feed's doing: Herald may be off
PAUSED_AFTER = timedelta(days=14)
PROBED_FOR = timedelta(days=14)  # since it was paused
ADOPTED_AT = 3  # polls in a row that were redirected to the same place for good
ADOPTED_AFTER = timedelta(hours=24)

_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a feed is after a poll; fields as in Feed and Refresh."""

    state: FeedState = FeedState.OK
    failures: int = 0
    last_error: str | None = None
    failing_since: datetime | None = None
    failing_told_at: datetime | None = None
    gone_since: datetime | None = None
    change: StateChange | None = None


def health_of(feed: Feed, outcome: Outcome, now: datetime, *, is_offline: bool = False) -> Health:
    """Return how *feed* is after *outcome*; a failure while we are offline is none of its doing."""
    match outcome:
        case Fetched() | NotModified():
            was_told = feed.failing_told_at is not None
            return Health(change=_recovered(feed, now) if was_told else None)
        case Failed() if is_offline:
            return Health(
                state=feed.state,
                failures=feed.failures,
                last_error=feed.last_error,
                failing_since=feed.failing_since,
                failing_told_at=feed.failing_told_at,
                gone_since=feed.gone_since,
            )
        case Failed():
            return _failed(feed, outcome, now)
        case _ as unreachable:
            assert_never(unreachable)


def _failed(feed: Feed, outcome: Failed, now: datetime) -> Health:
    gone_since = (feed.gone_since or now) if outcome.status == _GONE else feed.gone_since
    state, change = _next_state(feed, outcome, now)
    return Health(
        state=state,
        failures=feed.failures + 1,
        last_error=outcome.reason,
        failing_since=feed.failing_since or now,
        failing_told_at=feed.failing_told_at if change is None else now,
        gone_since=gone_since,
        change=change,
    )


def _next_state(feed: Feed, outcome: Failed, now: datetime) -> tuple[FeedState, StateChange | None]:
    since, failures = feed.failing_since or now, feed.failures + 1

    def told(kind: Literal["failing", "paused", "gone"], reason: str) -> StateChange:
        return StateChange(kind=kind, reason=reason, since=since)

    if outcome.status == _GONE and now - (feed.gone_since or now) >= GONE_AFTER:
        return FeedState.GONE, told(
            "gone",
            f"{feed.public_url} answered 410 Gone, and again a day later: its publisher has taken"
            " it down for good. Herald no longer polls it.",
        )
    if feed.state is FeedState.PAUSED:
        return FeedState.PAUSED, None
    if failures >= TOLD_AT and now - since >= PAUSED_AFTER:
        return FeedState.PAUSED, told(
            "paused",
            f"{outcome.reason} It has failed for {(now - since).days} days, so Herald stops polling"
            f" it, but for one try a day until {now + PROBED_FOR:%Y-%m-%d}.",
        )
    is_long = failures >= TOLD_MIN and now - since >= TOLD_AFTER
    if feed.failing_told_at is None and (failures >= TOLD_AT or is_long):
        return FeedState.FAILING, told(
            "failing",
            f"{outcome.reason} That was poll {failures} in a row to fail since"
            f" {since:%Y-%m-%d %H:%M} UTC. Herald keeps trying, ever less often.",
        )
    return FeedState.FAILING, None


def _recovered(feed: Feed, now: datetime) -> StateChange:
    since = feed.failing_since or now
    return StateChange(
        kind="recovered",
        reason=f"{feed.public_url} works again. It had failed since {since:%Y-%m-%d %H:%M} UTC.",
        since=since,
    )


def move_of(feed: Feed, outcome: Outcome, now: datetime) -> tuple[Move | None, str | None]:
    """Return where *feed* redirects for good, and the address to adopt, once it has earned that.

    After 3 polls in a row over at least a day that led to the same place and a feed there; from
    http to https of the same address at once; from https to http never.
    """
    if isinstance(outcome, Failed):
        return None, None
    target = outcome.permanent_url
    if target is None or target == feed.url or _is_downgrade(feed.url, target):
        return None, None
    if _is_upgrade(feed.url, target):
        return None, target
    if feed.moved_to != target or feed.moved_since is None:
        return Move(to=target, since=now, times=1), None
    move = Move(to=target, since=feed.moved_since, times=feed.moved_times + 1)
    is_earned = move.times >= ADOPTED_AT and now - move.since >= ADOPTED_AFTER
    return (None, target) if is_earned else (move, None)


def _is_downgrade(url: str, target: str) -> bool:
    return urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https"


def _is_upgrade(url: str, target: str) -> bool:
    """Whether *target* is *url*, but for the scheme and its default port."""
    old, new = urlsplit(url), urlsplit(target)
    old_port = None if old.port == 80 else old.port  # noqa: PLR2004  # the default of http
    new_port = None if new.port == 443 else new.port  # noqa: PLR2004  # and of https
    return (
        (old.scheme, new.scheme) == ("http", "https")
        and (old.hostname, old_port) == (new.hostname, new_port)
        and (old.path or "/", old.query) == (new.path or "/", new.query)
    )
