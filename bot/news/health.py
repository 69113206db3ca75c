"""How a feed fares, in words: plain text, for Discord and the command line alike."""

from datetime import datetime
from typing import assert_never

from bot.news.cadence import in_words
from bot.news.models import Feed, FeedState, Subscription, Wishes
from bot.news.states import PROBED_FOR

WELL = "all well"

_DAY_S = 24 * 60 * 60.0


def pace(per_day: float) -> str:
    """Return how often a feed brings something: "6 a day", "3 a week", "1 a month"."""
    for factor, unit in ((1, "day"), (7, "week")):
        if per_day * factor >= 1:
            return f"{per_day * factor:,.0f} a {unit}"
    return f"{max(1, round(per_day * 30))} a month"


def every(every_s: int | None) -> str:
    """Return how often somebody wants a feed polled: "every 20 minutes"."""
    return "in the feed's own rhythm" if every_s is None else f"every {in_words(every_s)}"


def wish(subscription: Subscription, wishes: Wishes) -> str:
    """Return how often a channel wants its feed polled, and whose wish counts."""
    own = every(subscription.every_s)
    if subscription.is_paused or wishes.shortest_s is None:
        return f"{own}, once it is resumed" if subscription.is_paused else own
    shortest = every(wishes.shortest_s)
    if subscription.every_s is None:
        return f"{own}, and at least {shortest}: somebody else who follows it chose that"
    if subscription.every_s > wishes.shortest_s:
        return f"{own} was chosen here; elsewhere {shortest}, and the shortest counts"
    if wishes.is_auto_too:
        return f"{own}, or oftener in its own rhythm: others who follow it leave it to that"
    return own


def wishes_told(wishes: Wishes) -> str | None:
    """Return how often those who follow a feed want it polled; None where nobody chose."""
    if wishes.shortest_s is None:
        return None
    others = ", others leave it to its rhythm" if wishes.is_auto_too else ""
    return f"chosen: {every(wishes.shortest_s)}{others}"


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
