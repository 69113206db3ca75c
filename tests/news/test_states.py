"""What becomes of a feed over its polls."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.news.cadence import Pace
from bot.news.models import (
    Failed,
    Feed,
    FeedState,
    Fetched,
    Known,
    NotModified,
    Outcome,
    ParsedFeed,
    Refresh,
    StateChange,
    Validators,
)
from bot.news.outage import MEMORY, OutageWatch
from bot.news.refresh import plan_refresh
from bot.news.states import PAUSED_AFTER, PROBED_FOR, move_of
from tests.factories import FEED_URL, NOW
from tests.factories import feed as a_feed

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOVED = "https://new.example.org/feed.xml"


@dataclass
class Life:
    """A feed, polled again and again whenever its cadence says so."""

    feed: Feed
    told: list[StateChange]
    polls: int = 0

    def poll(self, outcome: Outcome, *, at: timedelta | None = None) -> Refresh:
        """Poll *at* after NOW, or when due; keep what the plan says of the feed."""
        now = self.feed.next_poll_at if at is None else NOW + at
        refresh = plan_refresh(self.feed, outcome, Known(), now, pace=Pace(), jitter=0.5)
        self.polls += 1
        if refresh.change is not None:
            self.told.append(refresh.change)
        self.feed = replace(
            self.feed,
            state=refresh.state,
            failures=refresh.failures,
            last_error=refresh.last_error,
            failing_since=refresh.failing_since,
            failing_told_at=refresh.failing_told_at,
            gone_since=refresh.gone_since,
            moved_to=refresh.move.to if refresh.move else None,
            moved_since=refresh.move.since if refresh.move else None,
            moved_times=refresh.move.times if refresh.move else 0,
            url=refresh.new_url or self.feed.url,
            polled_at=now,
            next_poll_at=refresh.next_poll_at,
            next_poll_reason=refresh.next_poll_reason,
        )
        return refresh

    def state(self) -> FeedState:
        """Return how the feed is now."""
        return self.feed.state

    @property
    def kinds(self) -> list[str]:
        """What was told, in order."""
        return [change.kind for change in self.told]


@pytest.fixture
def life() -> Life:
    return Life(feed=a_feed(validators=Validators(etag='"a"')), told=[])


def failure(status: int = 500) -> Failed:
    return Failed(url=FEED_URL, reason=f"It answers {status}.", kind="http", status=status)


def found(permanent_url: str | None = None) -> Fetched:
    return Fetched(url=permanent_url or FEED_URL, feed=ParsedFeed(), permanent_url=permanent_url)


UNCHANGED = NotModified(url=FEED_URL)


# --- Failing, paused, gone, recovered ---


def test_one_failure_is_a_state_but_no_news(life: Life) -> None:
    life.poll(failure())
    assert (life.state(), life.feed.failures) == (FeedState.FAILING, 1)
    life.poll(UNCHANGED)
    assert (life.state(), life.feed.failures) == (FeedState.OK, 0)
    assert life.told == []


def test_failing_is_told_once_at_the_eighth_failure(life: Life) -> None:
    for minutes in range(12):
        life.poll(failure(), at=timedelta(minutes=minutes))
        assert bool(life.told) is (minutes >= 7)
    assert life.kinds == ["failing"]
    assert life.told[0].since == NOW
    assert "poll 8 in a row" in life.told[0].reason
    assert "It answers 500." in life.told[0].reason


def test_failing_is_told_after_two_days_however_few_the_polls(life: Life) -> None:
    for at in (timedelta(0), DAY, 2 * DAY):
        life.poll(failure(), at=at)
    assert life.kinds == ["failing"]


def test_time_alone_proves_nothing_for_herald_may_have_been_off(life: Life) -> None:
    life.poll(failure(), at=timedelta(0))
    life.poll(failure(), at=60 * DAY)
    assert life.told == []
    assert life.state() is FeedState.FAILING


def test_after_two_weeks_it_is_paused_probed_daily_for_two_more_and_left(life: Life) -> None:
    while life.state() is not FeedState.PAUSED:
        life.poll(failure())
    assert life.kinds == ["failing", "paused"]
    paused_at = life.feed.polled_at
    assert paused_at is not None
    assert PAUSED_AFTER <= paused_at - NOW <= PAUSED_AFTER + DAY
    assert life.feed.failing_told_at == paused_at
    probes = 0
    while life.feed.next_poll_at < paused_at + PROBED_FOR:
        assert "once a day until" in life.feed.next_poll_reason
        life.poll(failure())
        probes += 1
    assert 12 <= probes <= 14
    assert life.kinds == ["failing", "paused"]
    assert "check it by hand" in life.feed.next_poll_reason


def test_a_paused_feed_that_answers_recovers_and_says_so(life: Life) -> None:
    while life.state() is not FeedState.PAUSED:
        life.poll(failure())
    life.poll(UNCHANGED)
    assert life.state() is FeedState.OK
    assert life.kinds == ["failing", "paused", "recovered"]
    assert life.told[-1].since == NOW
    life.poll(failure())
    life.poll(UNCHANGED)
    assert len(life.told) == 3


def test_410_is_believed_the_second_time_a_day_later(life: Life) -> None:
    life.poll(failure(410))
    assert life.state() is FeedState.FAILING
    assert life.feed.next_poll_at >= NOW + DAY
    life.poll(failure(410), at=HOUR)  # somebody checked by hand
    assert life.state() is FeedState.FAILING
    life.poll(failure(500), at=2 * HOUR)
    life.poll(failure(410), at=DAY)
    assert life.state() is FeedState.GONE
    assert life.kinds == ["gone"]
    assert life.feed.next_poll_reason == "never again: it is gone"


def test_a_410_that_was_a_slip_is_forgotten(life: Life) -> None:
    life.poll(failure(410))
    life.poll(UNCHANGED)
    life.poll(failure(410))
    assert life.state() is FeedState.FAILING


def test_while_herald_is_cut_off_nothing_counts(life: Life) -> None:
    life.poll(failure())
    before = life.feed
    refresh = plan_refresh(before, failure(), Known(), NOW + HOUR, pace=Pace(), is_offline=True)
    assert (refresh.failures, refresh.state) == (1, FeedState.FAILING)
    assert refresh.failing_since == before.failing_since
    assert refresh.next_poll_at == NOW + HOUR + timedelta(minutes=1)
    assert "cut off" in refresh.next_poll_reason
    assert refresh.check.error == "It answers 500."


# --- Moves ---


def test_a_permanent_redirect_is_adopted_after_three_polls_over_a_day(life: Life) -> None:
    for at in (timedelta(0), HOUR, 2 * HOUR, 23 * HOUR):
        assert life.poll(found(MOVED), at=at).new_url is None
    assert (life.feed.moved_to, life.feed.moved_times) == (MOVED, 4)
    assert life.poll(replace(UNCHANGED, permanent_url=MOVED), at=DAY).new_url == MOVED
    assert (life.feed.url, life.feed.moved_to) == (MOVED, None)


def test_two_polls_are_not_enough_however_far_apart(life: Life) -> None:
    assert life.poll(found(MOVED), at=timedelta(0)).new_url is None
    assert life.poll(found(MOVED), at=9 * DAY).new_url is None
    assert life.poll(found(MOVED), at=10 * DAY).new_url == MOVED


@pytest.mark.parametrize("between", [UNCHANGED, failure(), found("https://other.example.org/")])
def test_anything_else_in_between_starts_the_count_anew(life: Life, between: Outcome) -> None:
    life.poll(found(MOVED), at=timedelta(0))
    life.poll(found(MOVED), at=HOUR)
    life.poll(between, at=2 * HOUR)
    assert life.poll(found(MOVED), at=2 * DAY).new_url is None
    assert life.feed.moved_times == 1


@pytest.mark.parametrize(
    ("url", "target", "is_adopted"),
    [
        ("http://a.example.org/f?x=1", "https://a.example.org/f?x=1", True),
        ("http://a.example.org", "https://a.example.org/", True),
        ("http://a.example.org:80/f", "https://a.example.org:443/f", True),
        ("http://a.example.org:8080/f", "https://a.example.org:8080/f", True),
        ("http://a.example.org:8080/f", "https://a.example.org/f", False),
        ("http://a.example.org/f", "https://a.example.org/g", False),
        ("http://a.example.org/f", "https://www.a.example.org/f", False),
        ("https://a.example.org/f", "https://b.example.org/f", False),
    ],
)
def test_the_same_address_by_https_is_adopted_at_once(
    url: str, target: str, *, is_adopted: bool
) -> None:
    move, new_url = move_of(a_feed(url=url), found(target), NOW)
    assert new_url == (target if is_adopted else None)
    assert (move is None) is is_adopted


def test_a_downgrade_is_followed_but_never_stored() -> None:
    feed = replace(a_feed(), moved_to="http://a.example.org/", moved_since=NOW, moved_times=9)
    assert move_of(feed, found("http://a.example.org/"), NOW + 9 * DAY) == (None, None)


# --- Outages ---


def test_many_hosts_out_of_reach_at_once_are_our_own_fault() -> None:
    watch = OutageWatch()
    for number in range(4):
        watch.note(f"h{number}", NOW, is_cut_off=True)
        assert not watch.is_on
    watch.note("h4", NOW, is_cut_off=True)
    assert watch.is_on
    watch.note("h5", NOW, is_cut_off=False)
    assert not watch.is_on


def test_one_host_with_many_feeds_is_no_outage_nor_are_a_few_among_many() -> None:
    watch = OutageWatch()
    for _ in range(60):
        watch.note("one", NOW, is_cut_off=True)
    assert not watch.is_on
    watch = OutageWatch()
    for number in range(60):
        watch.note(f"h{number}", NOW, is_cut_off=number % 2 == 0)
        assert not watch.is_on


def test_what_is_long_past_says_nothing_of_now() -> None:
    watch = OutageWatch()
    for number in range(4):
        watch.note(f"h{number}", NOW, is_cut_off=True)
    watch.note("h4", NOW + MEMORY + HOUR, is_cut_off=True)
    assert not watch.is_on


def test_an_outage_tells_whom_it_was_blamed_on_as_they_were_before_it() -> None:
    watch = OutageWatch()
    well = [replace(a_feed(number), url=f"https://h{number}.example/") for number in range(1, 6)]
    watch.note("h9", NOW, is_cut_off=False, feed=a_feed(9))
    watch.note("h8", NOW, is_cut_off=True)
    for each in well:
        watch.note(each.url, NOW, is_cut_off=True, feed=each)
    assert watch.is_on
    again = replace(well[0], failures=1)
    watch.note(again.url, NOW, is_cut_off=True, feed=again)
    assert watch.is_on
    assert watch.blamed() == tuple(well)
