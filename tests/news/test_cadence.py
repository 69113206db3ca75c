"""When a feed is polled next."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.cadence import (
    RESTLESS_AT,
    Pace,
    Rhythm,
    hold_of,
    in_words,
    next_poll_at,
    offline_until,
    pace_of,
    replanned,
    restless_after,
    rhythm_of,
)
from bot.news.models import (
    CacheHints,
    Failed,
    Feed,
    FeedState,
    Fetched,
    NotModified,
    Outcome,
    ParsedFeed,
    Validators,
    Wishes,
)
from tests.factories import NOW
from tests.news.archive import Archive
from tests.strategies import bare_outcomes

MINUTE, HOUR, DAY = 60, 3600, 86400
KNOWN = Validators(etag='"a"')
FEED: Feed = replace(Archive().feed, validators=KNOWN)
URL = FEED.url
EVEN = 0.5  # the jitter that leaves our own waits as they are


def wait_s(
    outcome: Outcome,
    *,
    feed: Feed = FEED,
    pace: Pace | None = None,
    j: float = EVEN,
    rhythm: Rhythm | None = None,
    is_restless: bool = False,
) -> float:
    """Return the seconds until the next poll."""
    at, _ = next_poll_at(
        feed, outcome, NOW, pace or Pace(), j, rhythm=rhythm, is_restless=is_restless
    )
    return (at - NOW).total_seconds()


def reason(
    outcome: Outcome,
    *,
    feed: Feed = FEED,
    pace: Pace | None = None,
    rhythm: Rhythm | None = None,
    is_restless: bool = False,
) -> str:
    """Return why then."""
    return next_poll_at(
        feed, outcome, NOW, pace or Pace(), EVEN, rhythm=rhythm, is_restless=is_restless
    )[1]


def found(
    *,
    ttl_s: int | None = None,
    skip_hours: tuple[int, ...] = (),
    skip_days: tuple[int, ...] = (),
    validators: Validators = KNOWN,
    **hints: float,
) -> Fetched:
    parsed = ParsedFeed(ttl_s=ttl_s, skip_hours=skip_hours, skip_days=skip_days)
    return Fetched(url=URL, feed=parsed, validators=validators, hints=CacheHints(**hints))


def failure(status: int | None = 500, **hints: float) -> Failed:
    return Failed(url=URL, reason="No.", kind="http", status=status, hints=CacheHints(**hints))


def publishing(every: timedelta, *, silent: timedelta = timedelta(0)) -> Rhythm:
    return Rhythm(usual_gap_s=every.total_seconds(), newest_at=NOW - silent)


# --- Rhythm ---


@pytest.mark.parametrize(
    ("gap", "minutes"),
    [
        (timedelta(minutes=1), 10),
        (timedelta(minutes=40), 10),
        (timedelta(hours=2), 30),
        (timedelta(hours=8), 120),
        (timedelta(days=1), 360),
        (timedelta(days=20), 360),
    ],
)
def test_a_feed_is_polled_four_times_in_its_usual_gap(gap: timedelta, minutes: int) -> None:
    assert wait_s(found(), rhythm=publishing(gap)) == minutes * MINUTE


@pytest.mark.parametrize(("days", "hours"), [(29, 0.5), (30, 6), (179, 6), (180, 24), (4000, 24)])
def test_a_feed_that_falls_silent_is_polled_seldom(days: int, hours: float) -> None:
    rhythm = publishing(timedelta(hours=2), silent=timedelta(days=days))
    assert wait_s(found(), rhythm=rhythm) == hours * HOUR


def test_a_new_feed_is_polled_every_half_hour_and_an_empty_one_less_and_less() -> None:
    assert wait_s(found()) == 30 * MINUTE
    assert wait_s(NotModified(url=URL)) == 30 * MINUTE
    assert wait_s(found(), feed=replace(FEED, created_at=NOW - timedelta(days=31))) == 6 * HOUR
    assert wait_s(found(), feed=replace(FEED, created_at=NOW - timedelta(days=181))) == DAY


def test_the_reason_names_the_rhythm() -> None:
    assert reason(found()) == "every 30 minutes, until its rhythm is known"
    rhythm = publishing(timedelta(hours=8))
    assert reason(found(), rhythm=rhythm) == "every 2 hours: it publishes about every 8 hours"
    quiet = publishing(timedelta(hours=8), silent=timedelta(days=45))
    assert reason(found(), rhythm=quiet) == "every 6 hours: nothing new for 45 days"


def test_what_is_stored_of_the_rhythm_holds_while_nothing_is_read() -> None:
    feed = replace(FEED, usual_gap_s=8.0 * HOUR, newest_at=NOW)
    assert wait_s(NotModified(url=URL), feed=feed) == 2 * HOUR


def test_the_rhythm_is_the_median_of_what_was_seen() -> None:
    hours = (0, 1, 2, 3, 40)
    seen = [(NOW - timedelta(hours=h), None) for h in hours]
    assert rhythm_of(seen) == Rhythm(usual_gap_s=HOUR, newest_at=NOW)


def test_what_was_seen_at_once_counts_by_its_dates() -> None:
    seen: list[tuple[datetime, datetime | None]] = [
        (NOW, NOW - timedelta(days=days)) for days in (1, 2, 3, 4)
    ]
    assert rhythm_of(seen) == Rhythm(usual_gap_s=DAY, newest_at=NOW - timedelta(days=1))


def test_undated_entries_seen_at_once_tell_nothing_and_two_moments_no_rhythm() -> None:
    assert rhythm_of([(NOW, None)] * 20) == Rhythm()
    assert rhythm_of([]) == Rhythm()
    twice = [(NOW, None), (NOW - timedelta(hours=1), None)]
    assert rhythm_of(twice) == Rhythm(newest_at=NOW)


def test_a_date_of_the_future_and_one_long_past_are_weighed() -> None:
    assert rhythm_of([(NOW, NOW + timedelta(days=1))] * 2).newest_at == NOW
    old = NOW - timedelta(days=400)
    assert rhythm_of([(NOW, old)]).newest_at == old


def test_jitter_spreads_our_own_waits_both_ways() -> None:
    assert wait_s(found(), j=0) == pytest.approx(27 * MINUTE)
    assert wait_s(found(), j=0.999999) == pytest.approx(33 * MINUTE, rel=1e-4)


# --- Wishes and words ---


def test_a_feed_may_ask_for_a_slower_rhythm_up_to_a_day() -> None:
    assert wait_s(found(ttl_s=7200), j=0) == 7200
    assert reason(found(ttl_s=7200)) == "every 2 hours, as the feed asks"
    assert wait_s(found(ttl_s=60)) == 30 * MINUTE
    assert wait_s(found(ttl_s=10**9)) == DAY


def test_what_a_feed_asked_for_holds_while_it_does_not_change() -> None:
    assert wait_s(NotModified(url=URL), feed=replace(FEED, ttl_s=7200), j=0) == 7200


def test_freshness_is_heeded_up_to_a_day() -> None:
    assert wait_s(found(fresh_for_s=5400), j=0) == 5400
    assert reason(found(fresh_for_s=5400)) == (
        "the server says it stays as it is until 2026-03-14 11:00 UTC"
    )
    assert wait_s(found(fresh_for_s=1e9), j=0) == DAY
    assert wait_s(found(fresh_for_s=-5)) == 30 * MINUTE


def test_retry_after_is_heeded_between_a_minute_and_a_week() -> None:
    assert wait_s(failure(429, retry_after_s=7200), j=0) == 7200
    assert reason(failure(429, retry_after_s=7200)) == (
        "the server asked to wait until 2026-03-14 11:30 UTC"
    )
    assert wait_s(failure(503, retry_after_s=1e12), j=0) == 7 * DAY
    assert wait_s(failure(503, retry_after_s=0), pace=Pace(interval_s=1, is_fixed=True)) == 60


def test_a_server_that_cannot_say_what_changed_is_asked_hourly() -> None:
    bare = replace(FEED, validators=Validators())
    assert wait_s(found(validators=Validators()), j=0) == HOUR
    assert wait_s(NotModified(url=URL, status=200), j=0) == HOUR
    assert wait_s(failure(), feed=bare, j=0) == HOUR
    assert reason(found(validators=Validators())) == (
        "every hour: its server cannot say whether it has changed"
    )
    slow = publishing(timedelta(days=1))
    assert wait_s(found(validators=Validators()), rhythm=slow) == 6 * HOUR


def test_a_document_that_changes_for_nothing_is_read_every_half_hour() -> None:
    quick = publishing(timedelta(minutes=1))
    assert wait_s(found(), rhythm=quick, is_restless=True, j=0) == 30 * MINUTE
    assert "nothing new in it" in reason(found(), rhythm=quick, is_restless=True)


# --- What people choose ---

CHOSEN = Pace(interval_s=20 * MINUTE, is_chosen=True)
HOURLY = publishing(timedelta(hours=1))
QUARTERLY = Rhythm(usual_gap_s=1e6, newest_at=NOW - timedelta(days=100))


def own_pace(*, shortest_s: int | None, is_auto_too: bool, pace: Pace | None = None) -> Pace:
    wishes = Wishes(shortest_s=shortest_s, is_auto_too=is_auto_too)
    return pace_of(FEED, HOURLY, NOW, pace or Pace(), wishes)


def test_a_chosen_interval_takes_the_place_of_the_rhythm_and_of_silence() -> None:
    for rhythm in (None, HOURLY, publishing(timedelta(days=9)), QUARTERLY):
        assert wait_s(found(), pace=CHOSEN, rhythm=rhythm, j=0) == 20 * MINUTE
        assert wait_s(found(), pace=CHOSEN, rhythm=rhythm, j=1) == 22 * MINUTE
    assert reason(found(), pace=CHOSEN) == "every 20 minutes, as chosen"
    day = Pace(interval_s=DAY, is_chosen=True)
    assert wait_s(found(), pace=day, j=1) == DAY


def test_a_chosen_interval_gives_way_to_what_feeds_and_servers_ask_for_and_says_so() -> None:
    for outcome, least_s, why in (
        (found(ttl_s=HOUR), HOUR, "every hour, as the feed asks"),
        (found(fresh_for_s=3.0 * HOUR), 3 * HOUR, "the server says it stays as it is"),
        (found(retry_after_s=3.0 * HOUR), 3 * HOUR, "the server asked to wait"),
        (found(validators=Validators()), HOUR, "its server cannot say whether it has changed"),
        (found(skip_hours=tuple(range(9, 12))), 2.5 * HOUR, "the feed asks not to be polled"),
    ):
        assert wait_s(outcome, pace=CHOSEN, j=0) == least_s
        assert why in reason(outcome, pace=CHOSEN)
        assert reason(outcome, pace=CHOSEN).endswith(" (chosen: every 20 minutes)")
    assert wait_s(found(), pace=CHOSEN, is_restless=True, j=0) == 30 * MINUTE
    failed = replace(FEED, failures=2)
    assert (
        reason(failure(), feed=failed, pace=CHOSEN) == "after 3 failures (chosen: every 20 minutes)"
    )


def test_the_shortest_wish_counts_and_the_rhythm_where_it_is_shorter_and_somebodys() -> None:
    assert own_pace(shortest_s=None, is_auto_too=True) == Pace()
    assert own_pace(shortest_s=HOUR, is_auto_too=False).interval_s == HOUR
    # An hour between entries: a quarter of one between polls.
    assert own_pace(shortest_s=HOUR, is_auto_too=True) == Pace()
    assert own_pace(shortest_s=10 * MINUTE, is_auto_too=True).interval_s == 10 * MINUTE


def test_what_was_chosen_for_a_feed_goes_before_what_the_operator_set_for_all() -> None:
    fixed = Pace(interval_s=2 * HOUR, is_fixed=True)
    longer = own_pace(shortest_s=6 * HOUR, is_auto_too=False, pace=fixed)
    assert (longer.interval_s, longer.is_fixed) == (6 * HOUR, False)
    assert own_pace(shortest_s=5 * MINUTE, is_auto_too=True, pace=fixed).interval_s == 5 * MINUTE
    assert own_pace(shortest_s=6 * HOUR, is_auto_too=True, pace=fixed) == fixed


def test_one_more_wish_makes_the_shortest_and_leaves_the_rhythm_to_who_wants_it() -> None:
    first = Wishes().joined_by(HOUR, is_first=True)
    assert first == Wishes(shortest_s=HOUR, is_auto_too=False)
    second = first.joined_by(10 * MINUTE, is_first=False)
    assert second == Wishes(shortest_s=10 * MINUTE, is_auto_too=False)
    assert second.joined_by(None, is_first=False) == Wishes(
        shortest_s=10 * MINUTE, is_auto_too=True
    )
    assert Wishes().joined_by(None, is_first=True) == Wishes()


POLLED = replace(FEED, polled_at=NOW, next_poll_at=NOW + timedelta(hours=6))
TEN = Wishes(shortest_s=10 * MINUTE, is_auto_too=False)


def replanned_in(feed: Feed, after: timedelta, wishes: Wishes = TEN) -> float | None:
    planned = replanned(feed, NOW + after, Pace(), wishes, 0.0)
    return None if planned is None else (planned[0] - NOW).total_seconds()


def test_a_new_wish_counts_from_the_last_poll_and_never_before_now() -> None:
    assert replanned_in(POLLED, timedelta(minutes=1)) == 10 * MINUTE
    assert replanned_in(POLLED, timedelta(hours=1)) == HOUR
    assert replanned_in(POLLED, timedelta(minutes=1), Wishes()) == 27 * MINUTE  # jitter's least


def test_a_new_wish_does_not_undo_the_servers_word() -> None:
    fresh = replace(POLLED, fresh_until=NOW + timedelta(hours=2))
    assert replanned_in(fresh, timedelta(minutes=1)) == 2 * HOUR
    held = replace(POLLED, not_before=NOW + timedelta(hours=3))
    assert replanned_in(held, timedelta(minutes=1)) == 3 * HOUR
    assert replanned_in(replace(POLLED, ttl_s=HOUR), timedelta(minutes=1)) == HOUR
    assert replanned_in(replace(POLLED, restless_polls=3), timedelta(minutes=1)) == 30 * MINUTE
    bare = replace(POLLED, validators=Validators())
    assert replanned_in(bare, timedelta(minutes=1)) == HOUR


def test_a_new_wish_leaves_feeds_alone_that_are_in_trouble_or_were_never_polled() -> None:
    assert replanned_in(replace(POLLED, state=FeedState.FAILING, failures=1), timedelta(0)) is None
    assert replanned_in(FEED, timedelta(0)) is None


def test_one_stray_change_makes_no_restless_feed_and_one_entry_no_calm_one() -> None:
    feed = replace(FEED, succeeded_at=NOW)

    def after(*outcomes: tuple[Outcome, bool]) -> int:
        polls = 0
        for outcome, is_change in outcomes:
            polls = restless_after(
                replace(feed, restless_polls=polls), outcome, is_change=is_change
            )
        return polls

    empty, news = (found(), False), (found(), True)
    same, lost = (NotModified(url=URL), False), (failure(), False)
    assert after(empty) < RESTLESS_AT
    assert after(empty, empty, lost, empty) == RESTLESS_AT
    assert after(*[empty] * 9, news) >= RESTLESS_AT
    assert after(*[empty] * 9, *[news] * 9) == 0
    assert after(*[empty] * 9, same) == 0
    assert restless_after(FEED, found(), is_change=False) == 0  # the first document ever


def test_hours_and_days_that_a_feed_skips_are_skipped_in_gmt() -> None:
    # NOW is a Saturday, 09:30.
    assert wait_s(found(skip_hours=(10, 11))) == 2.5 * HOUR + EVEN * 600
    assert wait_s(found(skip_hours=(12,))) == 30 * MINUTE
    assert wait_s(found(skip_days=(5, 6)), j=0) == 38.5 * HOUR
    assert wait_s(found(skip_days=(5,), skip_hours=(0, 1)), j=0) == 16.5 * HOUR
    assert reason(found(skip_days=(5, 6))) == (
        "the feed asks not to be polled before 2026-03-16 00:00 UTC"
    )
    stored = replace(FEED, skip_hours=(10, 11))
    assert wait_s(NotModified(url=URL), feed=stored) == 2.5 * HOUR + EVEN * 600


def test_a_feed_that_would_skip_everything_is_polled_as_usual() -> None:
    assert wait_s(found(skip_hours=tuple(range(24)), skip_days=tuple(range(7)))) == 30 * MINUTE


# --- Failures ---


@pytest.mark.parametrize(
    ("failures", "hours"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 24), (500, 24)]
)
def test_failures_double_the_wait_up_to_a_day(failures: int, hours: float) -> None:
    assert wait_s(failure(), feed=replace(FEED, failures=failures)) == hours * HOUR


def test_the_reason_counts_the_failures() -> None:
    assert reason(failure()) == "after 1 failure"
    assert reason(failure(), feed=replace(FEED, failures=2)) == "after 3 failures"


def test_a_server_that_is_overrun_is_left_alone_for_an_hour_and_then_twice_as_long() -> None:
    quick = publishing(timedelta(minutes=1))
    assert wait_s(failure(429), rhythm=quick, j=0) == HOUR
    assert wait_s(failure(503), feed=replace(FEED, failures=1), rhythm=quick, j=0) == 2 * HOUR


def test_what_is_gone_is_asked_once_more_a_day_later() -> None:
    assert wait_s(failure(410), j=0) == DAY
    half_way = replace(FEED, failures=1, gone_since=NOW - timedelta(hours=20))
    assert wait_s(failure(410), feed=half_way, j=0) == 4 * HOUR
    assert "gone" in reason(failure(410))


def test_cut_off_from_everything_it_tries_every_minute_but_keeps_its_word() -> None:
    assert offline_until(FEED, NOW)[0] == NOW + timedelta(minutes=1)
    held = replace(FEED, not_before=NOW + timedelta(hours=1))
    assert offline_until(held, NOW)[0] == NOW + timedelta(hours=1)


def test_a_fixed_interval_overrides_rhythm_wishes_and_jitter_but_not_the_server() -> None:
    pace = Pace(interval_s=1, is_fixed=True)
    wishful = found(ttl_s=7200, skip_hours=(9, 10), validators=Validators())
    assert wait_s(wishful, pace=pace, j=0.9, rhythm=publishing(timedelta(days=1))) == 1
    assert reason(found(), pace=pace) == "every second"
    assert wait_s(failure(503), pace=pace) == 2
    assert wait_s(failure(429), pace=pace) == HOUR
    assert wait_s(found(fresh_for_s=90), pace=pace, j=0.9) == 90


def test_failures_never_make_a_slow_feed_faster() -> None:
    assert wait_s(failure(), pace=Pace(interval_s=3 * 86400, is_fixed=True)) == 3 * 86400


# --- Holds ---


def test_a_429_holds_the_host_group_and_anything_else_the_feed() -> None:
    feed = replace(FEED, host_group="example.org")
    hold = hold_of(feed, failure(429, retry_after_s=600), NOW, Pace())
    assert hold is not None
    assert (hold.group, hold.until) == ("example.org", NOW + timedelta(minutes=10))
    assert hold.reason == "example.org asked to wait until 2026-03-14 09:40 UTC"
    for status in (503, 403, 500):
        alone = hold_of(feed, failure(status, retry_after_s=600), NOW, Pace())
        assert alone is not None
        assert alone.group is None
    assert hold_of(FEED, failure(429), NOW, Pace()) is not None
    told = replace(failure(403, retry_after_s=60), hold="group", group="reddit.com")
    hold = hold_of(feed, told, NOW, Pace())
    assert hold is not None
    assert hold.group == "reddit.com"


def test_a_hold_without_a_time_is_an_hour_doubled_and_a_failure_without_one_is_none() -> None:
    hold = hold_of(replace(FEED, failures=2), failure(429), NOW, Pace())
    assert hold is not None
    assert hold.until == NOW + timedelta(hours=4)
    assert hold_of(FEED, failure(500), NOW, Pace()) is None
    assert hold_of(FEED, found(fresh_for_s=90), NOW, Pace()) is None
    assert hold_of(FEED, failure(503), NOW, Pace(interval_s=1, is_fixed=True)) is None
    hold = hold_of(FEED, failure(429), NOW, Pace(interval_s=1, is_fixed=True))
    assert hold is not None
    assert hold.until == NOW + timedelta(hours=1)


# --- What always holds ---

paces = st.one_of(
    st.builds(Pace, interval_s=st.floats(min_value=1, max_value=86400), is_fixed=st.booleans()),
    st.builds(
        Pace, interval_s=st.floats(min_value=300, max_value=86400), is_chosen=st.just(value=True)
    ),
)
rhythms = st.builds(
    Rhythm,
    usual_gap_s=st.one_of(st.none(), st.floats(min_value=0, max_value=1e9)),
    newest_at=st.one_of(st.none(), st.integers(0, 10**5).map(lambda h: NOW - timedelta(hours=h))),
)
skips = st.builds(
    lambda hours, days: {"skip_hours": tuple(sorted(hours)), "skip_days": tuple(sorted(days))},
    st.sets(st.integers(min_value=0, max_value=23)),
    st.sets(st.integers(min_value=0, max_value=6)),
)


@settings(max_examples=1000)
@given(
    outcome=bare_outcomes,
    failures=st.integers(min_value=0, max_value=10**6),
    pace=paces,
    jitter=st.floats(min_value=0, max_value=1, exclude_max=True),
    rhythm=rhythms,
    skipped=skips,
    is_restless=st.booleans(),
)
def test_never_before_the_servers_word_nor_later_than_a_day_without_it(
    outcome: Outcome,
    failures: int,
    pace: Pace,
    jitter: float,
    rhythm: Rhythm,
    skipped: dict[str, tuple[int, ...]],
    *,
    is_restless: bool,
) -> None:
    feed = replace(FEED, failures=failures, skip_hours=skipped["skip_hours"])
    feed = replace(feed, skip_days=skipped["skip_days"])
    at, why = next_poll_at(feed, outcome, NOW, pace, jitter, rhythm=rhythm, is_restless=is_restless)
    waited = (at - NOW).total_seconds()
    tick = 1e-5  # datetimes count microseconds
    fresh_s = outcome.hints.fresh_for_s or 0
    retry_s = outcome.hints.retry_after_s
    asked = 0.0 if retry_s is None else min(max(retry_s, 60), 7 * DAY)
    assert waited >= max(min(fresh_s, DAY), asked) - tick
    if pace.is_fixed or pace.is_chosen:
        assert waited >= pace.interval_s - tick
    hold = hold_of(feed, outcome, NOW, pace)
    if hold is not None:
        assert at >= hold.until - timedelta(seconds=tick)
    if not pace.is_fixed and "the feed asks not" in why:
        hours, days = skipped["skip_hours"], skipped["skip_days"]
        assert len(hours) == 24 or at.hour not in hours
        assert len(days) == 7 or at.weekday() not in days
    elif "server" not in why:
        assert waited <= DAY + tick
    assert waited <= 15 * DAY
    assert at > NOW
    assert why


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
