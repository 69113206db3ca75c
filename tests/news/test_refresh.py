"""What one poll changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.cadence import Pace
from bot.news.floods import POSTS_MAX
from bot.news.models import (
    Check,
    Failed,
    Fate,
    FeedState,
    Fetched,
    Known,
    NotModified,
    Outcome,
    ParsedEntry,
    ParsedFeed,
    Refresh,
    Validators,
)
from bot.news.refresh import aliases_of, plan_refresh
from tests.factories import NOW
from tests.news.archive import CHANNELS, Archive
from tests.strategies import documents, outcomes

HOUR = timedelta(hours=1)
FEED = Archive().feed
OLD = Validators(etag='"old"', last_modified="Fri, 13 Mar 2026 09:30:00 GMT")


def report(number: int, *, age: timedelta | None = HOUR, **changes: object) -> ParsedEntry:
    made = ParsedEntry(
        guid=f"report-{number}",
        url=f"https://courier.example.org/{number}",
        title=f"Report number {number}",
        text=f"What happened under number {number}.",
        published_at=None if age is None else NOW - age,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of the caller


def established(*entries: ParsedEntry) -> Archive:
    """Return an archive that has polled these entries, and one more, before."""
    archive = Archive()
    archive.poll([report(0, age=30 * HOUR), *entries], wait=timedelta(0))
    return archive


def plan(outcome: Outcome, known: Known | None = None, **feed: object) -> Refresh:
    changed = replace(FEED, **feed)  # type: ignore[arg-type]  # the fields of the caller
    return plan_refresh(changed, outcome, known or Known(), NOW, pace=Pace())


def titles(refresh: Refresh) -> list[str]:
    return [new.entry.title for new in refresh.new]


# --- Entries ---


def test_the_first_document_is_stored_and_nothing_of_it_posted() -> None:
    archive = Archive()
    refresh = archive.plan([report(1), report(2)])
    assert len(refresh.new) == 2
    assert all(new.deliver_to == () for new in refresh.new)
    assert refresh.check.new_entries == 2


def test_a_new_entry_is_owed_to_every_channel() -> None:
    refresh = established().plan([report(1)])
    assert [new.deliver_to for new in refresh.new] == [CHANNELS]


def test_new_entries_come_oldest_first_and_undated_ones_as_of_now() -> None:
    document = [
        report(1),
        report(2, age=None),
        report(3, age=3 * HOUR),
        report(4),
        report(5, age=None),
        report(6, age=-HOUR),
    ]
    assert [t[-1] for t in titles(established().plan(document))] == ["3", "4", "1", "6", "5", "2"]


def test_an_empty_feeds_first_entry_is_posted() -> None:
    archive = Archive()
    assert archive.poll([]) == []
    assert len(archive.poll([report(1, age=-HOUR)])) == 1


def test_an_archive_put_back_into_an_empty_feed_is_not_posted() -> None:
    archive = Archive()
    archive.poll([])
    assert archive.poll([report(n, age=n * 48 * HOUR) for n in range(4, 30)]) == []
    assert len(archive.entries) == 26


def test_what_came_out_up_to_a_week_before_its_empty_feed_was_added_is_posted() -> None:
    week = timedelta(days=7)
    archive = Archive()
    archive.poll([])
    assert len(archive.poll([report(1, age=week), report(2, age=week + HOUR)])) == 1
    late = Archive()
    late.poll([])
    late.now += timedelta(days=30)  # out since the day after, shown only now
    assert len(late.poll([report(1, age=timedelta(days=-1))])) == 1


def test_an_undated_entry_of_a_feed_that_was_empty_is_posted() -> None:
    archive = Archive()
    archive.poll([])
    assert len(archive.poll([report(1, age=None)])) == 1


def test_what_is_older_than_a_week_at_first_sight_is_stored_but_not_posted() -> None:
    week = timedelta(days=7)
    refresh = established().plan([report(1, age=week), report(2, age=week + timedelta(seconds=1))])
    assert titles(refresh) == ["Report number 2", "Report number 1"]
    assert [bool(new.deliver_to) for new in refresh.new] == [False, True]


def test_a_channel_that_wants_what_is_old_gets_it_within_the_caps_and_others_do_not() -> None:
    old = [report(n, age=timedelta(days=8, hours=n)) for n in range(1, 13)]
    refresh = established().plan([report(20), *old], old_too=frozenset({CHANNELS[0][1]}))
    *archived, news = refresh.new
    assert (news.fate, news.deliver_to, news.otherwise) == (Fate.POSTED, CHANNELS, ())
    assert {new.fate for new in archived} == {Fate.TOO_OLD}
    assert all(new.deliver_to == () for new in archived)
    theirs = [[fate for place, fate in new.otherwise if place == CHANNELS[0]] for new in archived]
    assert theirs == [[Fate.ROLLED_UP]] * 3 + [[Fate.POSTED]] * 9
    assert all(len(new.otherwise) == 1 for new in archived)


def test_of_many_the_newest_are_posted_and_the_others_rolled_up() -> None:
    refresh = established().plan([report(n, age=n * HOUR) for n in range(1, 19)])
    fates = [new.fate for new in refresh.new]
    assert fates == [Fate.ROLLED_UP] * 8 + [Fate.POSTED] * POSTS_MAX
    assert all(new.deliver_to == CHANNELS for new in refresh.new)


def test_old_entries_take_no_place_in_a_flood() -> None:
    old = [report(n, age=timedelta(days=n)) for n in range(8, 40)]
    new = [report(n, age=n * HOUR) for n in range(1, 8)]
    refresh = established().plan(old + new)
    assert sum(entry.fate is Fate.POSTED for entry in refresh.new) == 7
    assert sum(bool(entry.deliver_to) for entry in refresh.new) == 7


@pytest.mark.parametrize(
    ("published", "updated", "stored"),
    [
        (NOW - HOUR, NOW, NOW - HOUR),
        (None, NOW - HOUR, NOW - HOUR),
        (None, None, None),
        (datetime(1970, 1, 1, tzinfo=UTC), NOW - HOUR, NOW - HOUR),
        (datetime(1970, 1, 1, tzinfo=UTC), None, None),
        (NOW + 49 * HOUR, None, None),
        (NOW + 47 * HOUR, None, NOW + 47 * HOUR),
        (NOW + 49 * HOUR, NOW - HOUR, NOW - HOUR),
        (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None),
    ],
)
def test_dates_that_cannot_be_are_not_stored(
    published: datetime | None, updated: datetime | None, stored: datetime | None
) -> None:
    entry = report(1, published_at=published, updated_at=updated)
    assert established().plan([entry]).new[0].entry.published_at == stored


def test_an_entry_that_says_nothing_waits_until_it_does() -> None:
    archive = established()
    bare = ParsedEntry(guid="report-1", title=" ")
    assert archive.plan([bare]).new == ()
    archive.poll([bare])
    assert len(archive.poll([replace(bare, title="Report number 1")])) == 1


def test_two_polls_of_one_document_do_not_store_it_twice() -> None:
    archive = established()
    plans = archive.plan([report(1)]), archive.plan([report(1)])
    assert [archive.record(one) for one in plans] == [1, 0]


def test_a_known_entry_learns_its_new_names() -> None:
    archive = established(report(1))
    moved = report(1, guid="renamed")
    refresh = archive.plan([moved])
    assert refresh.new == ()
    assert any(alias.startswith("g:") for alias in refresh.seen[0].aliases)
    archive.record(refresh)
    assert archive.plan([report(1, guid="renamed", url=None, published_at=NOW)]).new == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Report number 1, corrected"},
        {"text": "What happened under number 1. A correction."},
        {"url": "https://courier.example.org/corrected"},
    ],
)
def test_an_edit_is_kept_once_and_posts_nothing(changes: dict[str, Any]) -> None:
    archive = established(report(1))
    edited = replace(report(1), **changes)
    refresh = archive.plan([edited])
    assert [seen.changed for seen in refresh.seen] == [edited]
    assert refresh.new == ()
    archive.record(refresh)
    assert [seen.changed for seen in archive.plan([edited]).seen] == [None]


@pytest.mark.parametrize("changed", ["Read 41 times", "Read 42 times"])
def test_a_view_counter_is_no_edit_of_an_article(changed: str) -> None:
    article = "word " * 60
    archive = established(report(1, text=f"{article} Read 40 times"))
    assert archive.plan([report(1, text=f"{article} {changed}")]).seen[0].changed is None


def test_servers_that_disagree_about_a_text_do_not_edit_for_ever() -> None:
    archive = established(report(1))
    edits = 0
    for number in range(20):
        refresh = archive.plan([report(1, title=f"Report by server {number % 2}")])
        edits += sum(seen.changed is not None for seen in refresh.seen)
        archive.record(refresh)
    assert edits == 2


def test_twins_of_a_known_entry_are_told_once() -> None:
    archive = established(report(1))
    refresh = archive.plan([report(1), report(1, guid="other"), report(1)])
    assert len(refresh.seen) == 1
    assert refresh.new == ()


def test_two_listings_of_a_known_entry_both_teach() -> None:
    archive = established(report(1))
    first = report(1, url="https://courier.example.org/live", published_at=NOW)
    second = report(1, guid="2", title="Second edition", text="Other words.")
    seen = archive.plan([first, second]).seen
    assert len(seen) == 1
    assert seen[0].changed == first
    assert len({alias for alias in seen[0].aliases if alias[0] == "g"}) == 2


# --- Health ---


def test_a_failure_is_counted_and_told() -> None:
    outcome = Failed(url=FEED.url, reason="It answered 500.", kind="http", status=500, took_ms=7)
    refresh = plan(outcome, failures=2, validators=OLD, body_hash="aa")
    assert (refresh.failures, refresh.state) == (3, FeedState.FAILING)
    assert refresh.last_error == "It answered 500."
    assert refresh.check == Check(
        at=NOW, status=500, took_ms=7, size=0, new_entries=0, error="It answered 500."
    )
    assert (refresh.validators, refresh.body_hash) == (OLD, "aa")
    assert refresh.next_poll_reason == "after 3 failures"


def test_a_document_that_is_not_to_be_read_again_is_remembered_by_its_hash() -> None:
    outcome = Failed(
        url=FEED.url,
        reason="It stopped the reader.",
        kind="parse",
        validators=Validators(etag='"evil"'),
        body_hash="bb",
    )
    refresh = plan(outcome, validators=OLD, body_hash="aa")
    assert (refresh.validators, refresh.body_hash) == (Validators(etag='"evil"'), "bb")


def test_a_feed_that_is_gone_once_is_failing() -> None:
    outcome = Failed(url=FEED.url, reason="It answered 410.", kind="http", status=410)
    assert plan(outcome).state is FeedState.FAILING


@pytest.mark.parametrize(
    "outcome", [Fetched(url=FEED.url, feed=ParsedFeed()), NotModified(url=FEED.url)]
)
def test_a_success_ends_a_failure(outcome: Outcome) -> None:
    refresh = plan(outcome, failures=5, state=FeedState.FAILING, last_error="Once.")
    assert (refresh.failures, refresh.state, refresh.last_error) == (0, FeedState.OK, None)
    assert refresh.check.error is None


def test_validators_go_with_their_document() -> None:
    document = Fetched(url=FEED.url, feed=ParsedFeed(), body_hash="bb")
    refresh = plan(document, validators=OLD, body_hash="aa")
    assert (refresh.validators, refresh.body_hash) == (Validators(), "bb")


def test_a_304_keeps_what_it_does_not_replace() -> None:
    new = Validators(etag='"new"')
    refresh = plan(NotModified(url=FEED.url, validators=new), validators=OLD, body_hash="aa")
    assert refresh.validators == Validators(etag='"new"', last_modified=OLD.last_modified)
    assert refresh.body_hash == "aa"


def test_an_unchanged_200_replaces_both_validators() -> None:
    new = Validators(etag='"new"')
    refresh = plan(NotModified(url=FEED.url, status=200, validators=new), validators=OLD)
    assert refresh.validators == new


def test_the_facts_of_a_feed_are_told_where_they_changed() -> None:
    told = ParsedFeed(title="The Courier", site_url="https://c.example", language="en", ttl_s=3600)
    refresh = plan(Fetched(url=FEED.url, feed=told), language="en", icon_url="https://i.example")
    assert (refresh.title, refresh.site_url) == ("The Courier", "https://c.example")
    assert (refresh.language, refresh.icon_url) == (None, None)
    assert refresh.document is not None
    assert refresh.document.ttl_s == 3600


def test_only_a_document_has_aliases_to_look_up() -> None:
    assert aliases_of(NotModified(url=FEED.url), FEED.url) == ()
    assert aliases_of(Failed(url=FEED.url, reason="No.", kind="network"), FEED.url) == ()
    document = Fetched(url=FEED.url, feed=ParsedFeed(entries=(report(1),)))
    assert len(aliases_of(document, FEED.url)) == len(set(aliases_of(document, FEED.url))) > 3


@given(outcome=outcomes, jitter=st.floats(min_value=0, max_value=1, exclude_max=True))
def test_any_outcome_makes_a_plan(outcome: Outcome, jitter: float) -> None:
    refresh = plan_refresh(FEED, outcome, Known(), NOW, pace=Pace(), jitter=jitter)
    assert refresh.next_poll_at > NOW
    assert refresh.check.new_entries == len(refresh.new)
    assert all(new.aliases for new in refresh.new)


@given(polls=st.lists(documents, min_size=1, max_size=4))
def test_whatever_a_feed_does_nothing_is_posted_twice_nor_more_than_a_flood(
    polls: list[tuple[ParsedEntry, ...]],
) -> None:
    archive = Archive()
    assert archive.poll(polls[0]) == []
    for document in polls:
        assert len(archive.poll(document)) <= POSTS_MAX
        assert archive.poll(document) == []
        assert archive.poll(tuple(reversed(document))) == []
