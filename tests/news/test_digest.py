"""When digests come, and what leads them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.news.channels import EVERY_DAY, ChannelOptions
from bot.news.digest import Told, due_at, next_at, ranked
from bot.news.models import Digest, DigestLine, FeedId
from bot.news.posts import LINE_MAX, compose_digest
from tests.factories import entry

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
DAY = timedelta(days=1)

times = st.integers(1_262_304_000, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))
days = st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda some: tuple(sorted(some)))
options = st.builds(
    ChannelOptions,
    time_zone=st.sampled_from(ZONES),
    digest_at_min=st.none() | st.integers(0, 24 * 60 - 1),
    digest_days=days,
)
told = st.builds(
    Told,
    id=st.integers(1, 10**6),
    feed_id=st.integers(1, 4).map(FeedId),
    sources=st.integers(1, 4),
    dated_at=times,
)
stories = st.lists(told, max_size=30, unique_by=lambda each: each.id)


def wall(at: datetime, chosen: ChannelOptions) -> datetime:
    return at.astimezone(ZoneInfo(chosen.time_zone or "UTC")).replace(tzinfo=None)


@given(options, times)
@example(
    ChannelOptions(time_zone="Pacific/Apia", digest_days=(4,)),
    datetime(2011, 12, 29, tzinfo=UTC),  # the next day was a Friday that never came
)
def test_the_next_digest_is_later_on_a_chosen_day_at_the_chosen_time(
    chosen: ChannelOptions, after: datetime
) -> None:
    at = next_at(chosen, after)
    assert after < at <= after + 9 * DAY
    shown, before = wall(at, chosen), wall(at - timedelta(seconds=1), chosen)
    is_jump = shown - before > timedelta(minutes=1)
    minute = 8 * 60 if chosen.digest_at_min is None else chosen.digest_at_min
    assert is_jump or shown.hour * 60 + shown.minute == minute
    assert is_jump or shown.weekday() in chosen.digest_days


@given(options, times)
def test_digests_follow_each_other_and_none_is_left_out(
    chosen: ChannelOptions, after: datetime
) -> None:
    first = next_at(chosen, after)
    assert next_at(chosen, first - timedelta(seconds=1)) == first
    second = next_at(chosen, first)
    assert second > first
    between = first + (second - first) / 2
    assert next_at(chosen, between) == second


@given(options, times)
def test_a_daily_digest_comes_once_on_each_date_that_there_is(
    chosen: ChannelOptions, after: datetime
) -> None:
    daily = ChannelOptions(time_zone=chosen.time_zone, digest_at_min=chosen.digest_at_min)
    dates: list[date] = []
    at = after
    for _ in range(5):
        at = next_at(daily, at)
        dates.append(wall(at, daily).date())
    assert all(later - sooner <= 2 * DAY for sooner, later in pairwise(dates))
    assert len(set(dates)) >= 4  # a date that a zone skips counts as the one after it


def test_a_digest_at_an_hour_that_comes_twice_comes_once() -> None:
    chosen = ChannelOptions(time_zone="Europe/Berlin", digest_at_min=150)
    first = next_at(chosen, datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_at(chosen, first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_digest_at_an_hour_that_is_skipped_comes_as_the_clocks_jump() -> None:
    chosen = ChannelOptions(time_zone="Europe/Berlin", digest_at_min=150)
    assert next_at(chosen, datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


@given(options, times, times)
def test_what_waits_is_told_at_the_first_time_after_it_came_whatever_the_clock_did(
    chosen: ChannelOptions, oldest: datetime, now: datetime
) -> None:
    at = due_at(chosen, oldest, now)
    assert at == next_at(chosen, min(oldest, now))
    assert at <= min(oldest, now) + 9 * DAY  # a clock that was far ahead holds nothing up for long


@given(stories)
def test_ranking_loses_and_doubles_nothing_and_does_not_depend_on_the_order(
    some: list[Told],
) -> None:
    best = ranked(some)
    assert sorted(best, key=lambda each: each.id) == sorted(some, key=lambda each: each.id)
    assert ranked(reversed(some)) == best


@given(stories)
def test_more_sources_lead_and_among_equals_no_feed_is_two_ahead_of_another(
    some: list[Told],
) -> None:
    best = ranked(some)
    assert [each.sources for each in best] == sorted((e.sources for e in best), reverse=True)
    for count in {each.sources for each in best}:
        equals = [each for each in best if each.sources == count]
        left = Counter(each.feed_id for each in equals)
        shown: Counter[FeedId] = Counter()
        for each in equals:
            waiting = [feed for feed in left if shown[feed] < left[feed]]
            assert shown[each.feed_id] == min(shown[feed] for feed in waiting)
            shown[each.feed_id] += 1
    for feed in {each.feed_id for each in best}:
        for count in range(1, 5):
            own = [e.dated_at for e in best if (e.feed_id, e.sources) == (feed, count)]
            assert own == sorted(own, reverse=True)


def test_a_digest_counts_what_it_does_not_list_and_names_who_says_so() -> None:
    lines = (
        DigestLine(
            entry=entry("Bridge closed"), sources=("Courier", "Wire", "Post", "Echo", "Sun")
        ),
        DigestLine(entry=entry("Ferry late"), sources=("Courier",)),
    )
    post = compose_digest(Digest(lines=lines, stories=14, feeds=5))
    assert post.title == "14 stories from 5 feeds"
    assert post.unlisted == 12
    assert [line.source for line in post.headlines] == ["Courier, Wire, Post +2", "Courier"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The mill burnt down. Nobody was hurt.", "The mill burnt down."),
        ("Nobody knows", "Nobody knows"),
        ("今日は雨です。明日は晴れ。", "今日は雨です。"),
        ("Costs rose by 3.5 per cent. Wages did not.", "Costs rose by 3.5 per cent."),
        ("on and " * 60, "A post by Courier"),
        ("", "A post by Courier"),
    ],
)
def test_a_line_without_a_title_is_a_whole_sentence_or_none(text: str, shown: str) -> None:
    line = DigestLine(entry=entry("", text=text), sources=("Courier",))
    post = compose_digest(Digest(lines=(line,), stories=1, feeds=1))
    assert post.title == "1 story"
    assert [each.title for each in post.headlines] == [shown]
    assert len(shown) <= LINE_MAX
