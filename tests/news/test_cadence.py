"""When a feed is polled next."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.cadence import Pace, in_words, next_poll_at
from bot.news.models import (
    CacheHints,
    Failed,
    Feed,
    Fetched,
    NotModified,
    Outcome,
    ParsedFeed,
)
from tests.factories import NOW
from tests.news.archive import Archive
from tests.strategies import bare_outcomes

FEED: Feed = Archive().feed
URL = FEED.url


def wait_s(outcome: Outcome, *, feed: Feed = FEED, pace: Pace | None = None, j: float = 0) -> float:
    """Return the seconds until the next poll."""
    return (next_poll_at(feed, outcome, NOW, pace or Pace(), j)[0] - NOW).total_seconds()


def reason(outcome: Outcome, *, feed: Feed = FEED, pace: Pace | None = None) -> str:
    """Return why then."""
    return next_poll_at(feed, outcome, NOW, pace or Pace(), 0)[1]


def found(*, ttl_s: int | None = None, **hints: float) -> Fetched:
    return Fetched(url=URL, feed=ParsedFeed(ttl_s=ttl_s), hints=CacheHints(**hints))


def failure(status: int | None = 500, **hints: float) -> Failed:
    return Failed(url=URL, reason="No.", kind="http", status=status, hints=CacheHints(**hints))


def test_a_feed_is_polled_every_quarter_of_an_hour() -> None:
    assert wait_s(found()) == 900
    assert wait_s(NotModified(url=URL)) == 900
    assert reason(found()) == "every 15 minutes"


def test_jitter_spreads_upward_by_a_tenth() -> None:
    assert wait_s(found(), j=0.5) == pytest.approx(945)


def test_a_feed_may_ask_for_a_slower_rhythm_up_to_a_day() -> None:
    assert wait_s(found(ttl_s=7200)) == 7200
    assert reason(found(ttl_s=7200)) == "every 2 hours, as the feed asks"
    assert wait_s(found(ttl_s=60)) == 900
    assert wait_s(found(ttl_s=10**9)) == 86400


def test_what_a_feed_asked_for_holds_while_it_does_not_change() -> None:
    assert wait_s(NotModified(url=URL), feed=replace(FEED, ttl_s=7200)) == 7200


def test_freshness_is_heeded_up_to_a_day() -> None:
    assert wait_s(found(fresh_for_s=5400)) == 5400
    assert reason(found(fresh_for_s=5400)) == (
        "the server says it stays as it is until 2026-03-14 11:00 UTC"
    )
    assert wait_s(found(fresh_for_s=1e9)) == 86400
    assert wait_s(found(fresh_for_s=-5)) == 900


def test_retry_after_is_heeded_between_a_minute_and_a_week() -> None:
    assert wait_s(failure(429, retry_after_s=7200)) == 7200
    assert reason(failure(429, retry_after_s=7200)) == (
        "the server asked to wait until 2026-03-14 11:30 UTC"
    )
    assert wait_s(failure(503, retry_after_s=1e12)) == 7 * 86400
    assert wait_s(failure(503, retry_after_s=0), pace=Pace(interval_s=1, is_fixed=True)) == 60


@pytest.mark.parametrize(
    ("failures", "hours"), [(0, 0.5), (1, 1), (2, 2), (5, 16), (6, 24), (500, 24)]
)
def test_failures_double_the_wait_up_to_a_day(failures: int, hours: float) -> None:
    assert wait_s(failure(), feed=replace(FEED, failures=failures)) == hours * 3600


def test_the_reason_counts_the_failures() -> None:
    assert reason(failure()) == "after 1 failure"
    assert reason(failure(), feed=replace(FEED, failures=2)) == "after 3 failures"


def test_a_server_that_is_overrun_is_left_alone_for_an_hour() -> None:
    assert wait_s(failure(429)) == 3600
    assert wait_s(failure(503), feed=replace(FEED, failures=1)) == 7200


def test_a_fixed_interval_overrides_rhythm_and_jitter_but_not_the_server() -> None:
    pace = Pace(interval_s=1, is_fixed=True)
    assert wait_s(found(ttl_s=7200), pace=pace, j=0.9) == 1
    assert reason(found(), pace=pace) == "every second"
    assert wait_s(failure(429), pace=pace) == 2
    assert wait_s(found(fresh_for_s=90), pace=pace, j=0.9) == 90


def test_failures_never_make_a_slow_feed_faster() -> None:
    assert wait_s(failure(), pace=Pace(interval_s=3 * 86400, is_fixed=True)) == 3 * 86400


paces = st.builds(Pace, interval_s=st.floats(min_value=1, max_value=86400), is_fixed=st.booleans())


@settings(max_examples=1000)
@given(
    outcome=bare_outcomes,
    failures=st.integers(min_value=0, max_value=10**6),
    pace=paces,
    jitter=st.floats(min_value=0, max_value=1, exclude_max=True),
)
def test_never_before_the_servers_word_nor_later_than_a_day_without_it(
    outcome: Outcome, failures: int, pace: Pace, jitter: float
) -> None:
    at, why = next_poll_at(replace(FEED, failures=failures), outcome, NOW, pace, jitter)
    waited = (at - NOW).total_seconds()
    tick = 1e-5  # datetimes count microseconds
    fresh_s = outcome.hints.fresh_for_s or 0
    retry_s = outcome.hints.retry_after_s
    asked = 0.0 if retry_s is None else min(max(retry_s, 60), 7 * 86400)
    assert waited >= max(pace.interval_s, min(fresh_s, 86400), asked) - tick
    if "server" not in why:
        assert waited <= 86400 + tick
    assert waited <= 7 * 86400 * 1.1 + tick
    assert at > NOW


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "second"),
        (0.5, "0.5 seconds"),
        (90, "1.5 minutes"),
        (3600, "hour"),
        (86400 * 2, "2 days"),
    ],
)
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_jitter_never_pushes_our_own_wait_past_a_day() -> None:
    late = replace(FEED, failures=9)
    assert next_poll_at(late, failure(), NOW, Pace(), 0.9)[0] == NOW + timedelta(days=1)
