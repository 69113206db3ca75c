from dataclasses import replace
from datetime import timedelta

import pytest

from bot.news.health import is_given_up, pace, silence, state, wish, wishes_told
from bot.news.models import (
    ChannelId,
    FeedId,
    FeedState,
    GuildId,
    Subscription,
    SubscriptionId,
    Wishes,
)
from tests.factories import NOW, feed

RHYTHM = replace(feed(), newest_at=NOW, usual_gap_s=4 * 3600.0)


@pytest.mark.parametrize(
    ("per_day", "told"),
    [
        (1200, "1,200 a day"),
        (6, "6 a day"),
        (3 / 7, "3 a week"),
        (1 / 14, "2 a month"),
        (0.01, "1 a month"),
    ],
)
def test_a_pace_is_told_in_the_unit_that_fits(per_day: float, told: str) -> None:
    assert pace(per_day) == told


def test_a_silence_is_told_against_the_feeds_own_rhythm() -> None:
    assert silence(RHYTHM, NOW + timedelta(days=2)) is None
    later = NOW + timedelta(days=4, hours=5)
    assert silence(RHYTHM, later) == "usually 6 a day, silent for 4 days"
    assert silence(replace(RHYTHM, usual_gap_s=14 * 24 * 3600.0), later) is None
    assert silence(feed(), later) is None
    assert state(RHYTHM, later) == "all well, but quiet: usually 6 a day, silent for 4 days"


def test_each_state_says_why_and_what_happens_next() -> None:
    since = NOW - timedelta(days=15)
    failing = feed(state=FeedState.FAILING, failures=1)
    assert state(feed(), NOW) == "all well"
    assert state(failing, NOW) == "failing, once"
    failing = replace(failing, failures=8, failing_since=since)
    assert state(failing, NOW) == "failing, 8 times in a row since 2026-02-27 09:30 UTC"
    paused = replace(failing, state=FeedState.PAUSED)
    assert "since 2026-02-27 09:30 UTC and is only tried once a day" in state(paused, NOW)
    stopped = replace(paused, failing_told_at=since, next_poll_at=since + timedelta(days=14))
    assert state(stopped, NOW).startswith("given up: it has failed since 2026-02-27")
    gone = feed(state=FeedState.GONE)
    assert state(gone, NOW).startswith("gone: ")
    assert [is_given_up(f) for f in (failing, paused, stopped, gone)] == [False, False, True, True]


def test_a_move_that_is_not_adopted_yet_is_told() -> None:
    moving = replace(feed(), moved_to="https://new.example.org/feed", moved_since=NOW)
    assert "It redirects to https://new.example.org/feed for good" in state(moving, NOW)


@pytest.mark.parametrize(
    ("every_s", "wishes", "told"),
    [
        (None, Wishes(), "in the feed's own rhythm"),
        (1200, Wishes(shortest_s=1200, is_auto_too=False), "every 20 minutes"),
        (
            None,
            Wishes(shortest_s=1200),
            (
                "in the feed's own rhythm, and at least every 20 minutes: "
                "somebody else who follows it chose that"
            ),
        ),
        (
            7200,
            Wishes(shortest_s=1200),
            "every 2 hours was chosen here; elsewhere every 20 minutes, and the shortest counts",
        ),
        (
            1200,
            Wishes(shortest_s=1200),
            "every 20 minutes, or oftener in its own rhythm: others who follow it leave it to that",
        ),
    ],
)
def test_whose_wish_counts_is_told(every_s: int | None, wishes: Wishes, told: str) -> None:
    subscription = Subscription(
        id=SubscriptionId(1),
        feed_id=FeedId(1),
        guild_id=GuildId(1),
        channel_id=ChannelId(1),
        name="Courier",
        added_by=None,
        added_at=NOW,
        every_s=every_s,
    )
    assert wish(subscription, wishes) == told
    paused = replace(subscription, paused_at=NOW)
    assert wish(paused, wishes).endswith(", once it is resumed")


def test_the_wishes_of_all_are_told_where_anybody_chose() -> None:
    assert wishes_told(Wishes()) is None
    alone = Wishes(shortest_s=3600, is_auto_too=False)
    assert wishes_told(alone) == "chosen: every hour"
    assert wishes_told(Wishes(shortest_s=3600)) == (
        "chosen: every hour, others leave it to its rhythm"
    )
