"""How a feed fares, in words: plain text, for Discord and the command line alike."""

from datetime import datetime
from typing import assert_never

from bot.news.cadence import in_words
from bot.news.models import Feed, FeedState
from bot.news.states import PROBED_FOR

WELL = "all well"

_DAY_S = 24 * 60 * 60.0


def pace(per_day: float) -> str:
    """Return how often a feed brings something: "6 a day", "3 a week", "1 a month"."""
    for factor, unit in ((1, "day"), (7, "week")):
        if per_day * factor >= 1:
            return f"{per_day * factor:,.0f} a {unit}"
    return f"{max(1, round(per_day * 30))} a month"


def silence(feed: Feed, now: datetime) -> str | None:
    """Return "usually 6 a day, silent for 4 days"; None where the silence is not unusual."""
    since = feed.silent_from
    if since is None or feed.newest_at is None or not feed.usual_gap_s or now < since:
        return None
    silent_s = (now - feed.newest_at).total_seconds()
    whole_days = silent_s // _DAY_S * _DAY_S
    return (
        f"usually {pace(_DAY_S / feed.usual_gap_s)}, silent for {in_words(whole_days or silent_s)}"
    )


def state(feed: Feed, now: datetime) -> str:
    """Return the feed's state with its reason, in a line or two."""
    match feed.state:
        case FeedState.OK:
            quiet = silence(feed, now)
            words = f"{WELL}, but quiet: {quiet}" if quiet else WELL
        case FeedState.FAILING:
            times = "once" if feed.failures == 1 else f"{feed.failures} times in a row"
            words = f"failing, {times}{_since(feed)}"
        case FeedState.PAUSED if is_given_up(feed):
            words = f"given up: it has failed{_since(feed)}; a check by hand that succeeds wakes it"
        case FeedState.PAUSED:
            words = (
                f"paused: it has failed{_since(feed)} and is only tried once a day; "
                "a check that succeeds wakes it"
            )
        case FeedState.GONE:
            words = (
                "gone: its server says for good that there is nothing; it is not checked any more"
            )
        case _:
            assert_never(feed.state)
    return words + _move(feed)


def is_given_up(feed: Feed) -> bool:
    """Whether nothing polls the feed any more, but somebody who asks for it."""
    if feed.state is FeedState.PAUSED and feed.failing_told_at is not None:
        ends_at: datetime = feed.failing_told_at + PROBED_FOR
        return feed.next_poll_at >= ends_at
    return feed.state is FeedState.GONE


def _since(feed: Feed) -> str:
    return f" since {feed.failing_since:%Y-%m-%d %H:%M} UTC" if feed.failing_since else ""


def _move(feed: Feed) -> str:
    if feed.moved_to is None:
        return ""
    return f"\nIt redirects to {feed.moved_to} for good; Herald adopts that once it has lasted."
