"""How much of what is new a channel is shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.floods import FLOOD_POSTS, POSTS_MAX, SILENCE, fates, usual_batch
from bot.news.models import Fate, Feed, Known, ParsedEntry
from tests.factories import NOW
from tests.factories import feed as made_feed
from tests.news.archive import Archive

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ESTABLISHED = replace(made_feed(), succeeded_at=NOW - HOUR, newest_at=NOW - DAY)


def reports(count: int, *, age: timedelta | None = HOUR, start: int = 0) -> list[ParsedEntry]:
    """Return entries, oldest first; the last is *age* old, None: they are undated."""
    return [
        ParsedEntry(
            guid=f"report-{n}",
            url=f"https://courier.example.org/{n}",
            title=f"Report number {n}",
            text=f"What happened under number {n}.",
            published_at=None if age is None else NOW - age - timedelta(minutes=start + count - n),
        )
        for n in range(start, start + count)
    ]


def decided(
    entries: Sequence[ParsedEntry],
    *,
    feed: Feed = ESTABLISHED,
    batches: tuple[int, ...] = (),
    has_history: bool = True,
    is_all_new: bool = False,
    now: datetime = NOW,
) -> list[Fate]:
    known = Known(has_history=has_history, batches=batches)
    return list(fates(entries, feed, known, now, is_all_new=is_all_new))


def test_up_to_ten_are_posted() -> None:
    assert decided(reports(POSTS_MAX)) == [Fate.POSTED] * POSTS_MAX


def test_of_more_the_newest_ten_are_posted_and_the_older_rolled_up() -> None:
    assert decided(reports(20)) == [Fate.ROLLED_UP] * 10 + [Fate.POSTED] * POSTS_MAX


def test_of_a_flood_only_the_newest_three_are_posted() -> None:
    assert decided(reports(21)) == [Fate.ROLLED_UP] * 18 + [Fate.POSTED] * FLOOD_POSTS


@pytest.mark.parametrize(
    ("count", "batches", "posts"),
    [
        (30, (30, 28, 31), POSTS_MAX),  # its daily batch
        (30, (6, 6, 7), POSTS_MAX),  # five times the usual
        (31, (6, 6, 7), FLOOD_POSTS),  # more than that
        (200, (1, 1, 90, 1), FLOOD_POSTS),  # one flood makes no custom
    ],
)
def test_what_a_feed_usually_brings_is_no_flood(
    count: int, batches: tuple[int, ...], posts: int
) -> None:
    assert decided(reports(count), batches=batches).count(Fate.POSTED) == posts


def test_a_feed_that_was_empty_so_far_has_no_usual() -> None:
    feed = replace(ESTABLISHED, newest_at=None)
    made = decided(reports(30), feed=feed, has_history=False, is_all_new=True)
    assert made.count(Fate.POSTED) == POSTS_MAX


def test_the_first_document_is_held_back() -> None:
    first = replace(made_feed(), succeeded_at=None)
    made = decided(reports(5), feed=first, has_history=False, is_all_new=True)
    assert made == [Fate.HELD_BACK] * 5


def test_what_is_dated_a_week_ago_is_too_old_and_counts_for_no_flood() -> None:
    made = decided([*reports(40, age=8 * DAY), *reports(7, start=40)])
    assert made == [Fate.TOO_OLD] * 40 + [Fate.POSTED] * 7


def test_undated_entries_are_news() -> None:
    assert decided(reports(3, age=None)) == [Fate.POSTED] * 3


def test_after_a_month_of_silence_an_all_new_document_posts_three_and_rolls_up_none() -> None:
    silent = replace(ESTABLISHED, newest_at=NOW - SILENCE - HOUR)
    made = decided(reports(12), feed=silent, is_all_new=True)
    assert made == [Fate.HELD_BACK] * 9 + [Fate.POSTED] * FLOOD_POSTS


@pytest.mark.parametrize(
    ("newest_at", "is_all_new"),
    [(NOW - SILENCE, True), (NOW - SILENCE - HOUR, False), (None, True)],
)
def test_a_shorter_silence_or_a_document_that_is_known_in_part_is_no_return(
    newest_at: datetime | None, *, is_all_new: bool
) -> None:
    feed = replace(ESTABLISHED, newest_at=newest_at)
    made = decided(reports(12), feed=feed, is_all_new=is_all_new)
    assert made == [Fate.ROLLED_UP] * 2 + [Fate.POSTED] * POSTS_MAX


def test_a_feed_of_one_entry_that_wakes_is_posted() -> None:
    silent = replace(ESTABLISHED, newest_at=NOW - 90 * DAY)
    assert decided(reports(1), feed=silent, is_all_new=True) == [Fate.POSTED]


@pytest.mark.parametrize(
    ("batches", "usual"), [((), 1), ((4,), 4), ((9, 1), 1), ((9, 1, 4), 4), ((1, 2, 3, 4), 2)]
)
def test_the_usual_is_the_lower_median(batches: tuple[int, ...], usual: int) -> None:
    assert usual_batch(batches) == usual


@settings(deadline=None)
@given(
    count=st.integers(0, 400),
    batches=st.lists(st.integers(1, 100), max_size=20).map(tuple),
    newest=st.sampled_from([None, HOUR, 40 * DAY]),
    has_history=st.booleans(),
    has_succeeded=st.booleans(),
    is_all_new=st.booleans(),
    age=st.sampled_from([None, HOUR, 6 * DAY, 8 * DAY]),
)
def test_no_flood_posts_more_than_the_caps_and_each_entry_has_a_fate(
    *,
    count: int,
    batches: tuple[int, ...],
    newest: timedelta | None,
    has_history: bool,
    has_succeeded: bool,
    is_all_new: bool,
    age: timedelta | None,
) -> None:
    feed = replace(
        ESTABLISHED,
        newest_at=None if newest is None else NOW - newest,
        succeeded_at=NOW - HOUR if has_succeeded else None,
    )
    made = decided(
        reports(count, age=age),
        feed=feed,
        batches=batches,
        has_history=has_history,
        is_all_new=is_all_new,
    )
    counts = Counter(made)
    assert len(made) == count
    assert counts[Fate.POSTED] <= POSTS_MAX
    # What is posted is the newest of what is told, and where it was the most that is posted at
    # once, what is told beyond it is in the roundup.
    told = [fate for fate in made if fate in {Fate.POSTED, Fate.ROLLED_UP}]
    assert told == [Fate.ROLLED_UP] * counts[Fate.ROLLED_UP] + [Fate.POSTED] * counts[Fate.POSTED]
    if counts[Fate.ROLLED_UP]:
        assert counts[Fate.POSTED] in {POSTS_MAX, FLOOD_POSTS}


@settings(max_examples=40, deadline=None)  # hundreds of entries each
@given(sizes=st.lists(st.integers(0, 120), min_size=1, max_size=6))
def test_whatever_comes_in_everything_is_stored_and_told_once(sizes: list[int]) -> None:
    archive = Archive()
    archive.poll(reports(3, age=40 * HOUR, start=9_000), wait=timedelta(0))
    total = 0
    for size in sizes:
        posted = archive.poll(reports(size, start=total), wait=timedelta(minutes=30))
        total += size
        assert len(posted) <= POSTS_MAX
    told = [entry.guid for entry in archive.posted + archive.rolled_up]
    assert len(told) == len(set(told)) == total
    assert len(archive.entries) == total + 3
