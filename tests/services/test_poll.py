import asyncio
from datetime import timedelta

import pytest

from bot.errors import Busy, ReaderBusy
from bot.news.models import Failed, FeedState, Fetched, NotModified, Outcome, Validators
from tests.factories import FEED_URL, parsed_entry, wish
from tests.fakes import FakeSource
from tests.services.conftest import Desk

LATER = timedelta(hours=2)


async def follow(desk: Desk, url: str = FEED_URL) -> None:
    proposal = await desk.follower.look(url)
    await desk.follower.add(proposal, wish())


async def test_what_a_feed_holds_when_it_is_followed_is_not_posted_and_what_comes_later_is(
    desk: Desk,
) -> None:
    old = parsed_entry("Old news")
    desk.serve(old)
    await follow(desk)
    fresh = parsed_entry("Fresh news", published_at=desk.clock.now() + timedelta(hours=1))
    desk.serve(fresh, old)
    desk.clock.advance(LATER)
    report = await desk.poller().poll_due()
    assert (report.new_entries, report.deliveries) == (1, 1)
    await desk.deliverer().deliver_due()
    assert desk.titles() == ["Fresh news"]


async def test_a_feed_is_not_polled_before_it_is_due(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await follow(desk)
    desk.source.fetched.clear()
    await desk.poller().poll_due()
    assert desk.source.fetched == []
    desk.clock.advance(LATER)
    await desk.poller().poll_due()
    assert desk.source.fetched == [FEED_URL]


async def test_an_unchanged_feed_costs_no_parsing_and_records_the_check(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await follow(desk)
    desk.clock.advance(LATER)
    report = await desk.poller().poll_due()
    assert report.count(NotModified) == 1
    (row,) = await desk.storage.feeds()
    assert [check.status for check in await desk.storage.checks(row.feed.id, 5)] == [304, 200]


async def test_a_failing_feed_is_told_backed_off_and_recovers(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await follow(desk)
    desk.source.errors[FEED_URL] = OSError("The server hung up.")
    desk.clock.advance(LATER)
    report = await desk.poller().poll_due()
    assert report.count(Failed) == 1
    (row,) = await desk.storage.feeds()
    assert row.feed.state is FeedState.FAILING
    assert row.feed.last_error == "The server hung up."
    assert row.feed.next_poll_at - desk.clock.now() >= timedelta(minutes=15)
    del desk.source.errors[FEED_URL]
    desk.clock.advance(timedelta(days=1))
    assert (await desk.poller().poll_due()).count(Failed) == 0
    (row,) = await desk.storage.feeds()
    assert row.feed.state is FeedState.OK
    assert row.feed.failures == 0


class Stuck(FakeSource):
    """A web where one host never answers until told."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = asyncio.Event()
        self.go = asyncio.Event()

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        if "slow" in url:
            self.is_asked.set()
            await self.go.wait()
        return await super().fetch(url, validators, body_hash)


async def test_a_slow_feed_holds_up_nobody_and_is_not_asked_twice(desk: Desk) -> None:
    stuck = Stuck()
    desk.source = stuck
    slow, quick = "https://slow.example.org/feed", "https://quick.example.org/feed"
    for url in (slow, quick):
        desk.serve(parsed_entry(), url=url)
        await follow(desk, url)
    desk.clock.advance(LATER)
    poller = desk.poller()
    desk.source.fetched.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(poller.poll_due())
        await stuck.is_asked.wait()
        desk.clock.advance(LATER)
        while desk.source.fetched.count(quick) < 2:  # polled by both rounds
            await poller.poll_due()
            desk.clock.advance(LATER)
        assert not first.done()
        stuck.go.set()
    assert desk.source.fetched.count(slow) == 1


class Broken(FakeSource):
    """A web that trips over a bug of ours at one feed."""

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        if "broken" in url:
            raise ZeroDivisionError
        return await super().fetch(url, validators, body_hash)


async def test_a_bug_at_one_feed_spares_the_others_and_is_not_repeated_at_once(desk: Desk) -> None:
    desk.source = Broken()
    bad, good = "https://broken.example.org/feed", "https://good.example.org/feed"
    for url in (bad, good):
        desk.serve(parsed_entry(), url=url)
        await follow(desk, url)
    desk.clock.advance(LATER)
    report = await desk.poller().poll_due()
    assert [poll.feed.url for poll in report.polls] == [good]
    feed = await desk.storage.feed_by_url(bad)
    assert feed is not None
    assert feed.next_poll_at > desk.clock.now()


async def test_a_feed_that_nobody_has_time_to_read_is_put_off_and_not_blamed(desk: Desk) -> None:
    class Overrun(FakeSource):
        async def fetch(self, url: str, *_asked: object) -> Outcome:
            return Failed(url=url, reason="Too much to read.", kind="busy")

    desk.serve(parsed_entry())
    await follow(desk)
    desk.clock.advance(LATER)
    report = await desk.poller(source=Overrun()).poll_due()
    assert report.polls == ()
    feed = await desk.storage.feed_by_url(FEED_URL)
    assert feed is not None
    assert (feed.failures, feed.state) == (0, FeedState.OK)
    wait = feed.next_poll_at - desk.clock.now()
    assert timedelta(minutes=1) <= wait <= timedelta(minutes=2)
    assert "large documents" in feed.next_poll_reason
    desk.clock.advance(LATER)
    with pytest.raises(ReaderBusy, match="Too much"):
        await desk.poller(source=Overrun()).poll_feed(feed)


async def test_a_report_does_not_keep_whole_documents(desk: Desk) -> None:
    desk.serve(parsed_entry("Fresh news"))
    await follow(desk)
    desk.serve(parsed_entry("More news"))
    desk.clock.advance(LATER)
    (poll,) = (await desk.poller().poll_due()).polls
    assert isinstance(poll.outcome, Fetched)
    assert (poll.new_entries, poll.outcome.feed.entries) == (1, ())


async def test_a_database_that_is_busy_ends_the_round(desk: Desk) -> None:
    class Locked(FakeSource):
        async def fetch(self, *_asked: object) -> Outcome:
            raise Busy("locked", path="herald.db")

    desk.serve(parsed_entry())
    await follow(desk)
    desk.clock.advance(LATER)
    with pytest.raises(ExceptionGroup) as caught:
        await desk.poller(source=Locked()).poll_due()
    assert caught.group_contains(Busy)


async def test_a_manual_check_tells_what_came(desk: Desk) -> None:
    old = parsed_entry()
    desk.serve(old)
    await follow(desk)
    desk.serve(parsed_entry(published_at=desk.clock.now()), old)
    desk.clock.advance(timedelta(minutes=1))
    (following,) = await desk.follower.followings(wish().guild_id)
    poll = await desk.follower.check(following)
    assert isinstance(poll.outcome, Fetched)
    assert (poll.new_entries, poll.deliveries) == (1, 1)
    assert desk.pokes == ["deliver"]


async def test_a_server_that_never_answers_keeps_only_its_own_feeds_waiting(desk: Desk) -> None:
    stuck = Stuck()
    desk.source = stuck
    for number in range(40):
        url = f"https://slow.example.org/{number}"
        desk.serve(parsed_entry(), url=url)
        await follow(desk, url)
    quick = "https://quick.example.org/feed"
    desk.serve(parsed_entry(), url=quick)
    await follow(desk, quick)
    desk.clock.advance(LATER)
    poller = desk.poller()
    desk.source.fetched.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(poller.poll_due())
        while quick not in desk.source.fetched:  # noqa: ASYNC110  # FakeSource tells nobody
            await asyncio.sleep(0)
        stuck.go.set()
    assert len(desk.source.fetched) == 41
    assert not poller._hosts  # which would be one for each server that was ever polled


async def test_feeds_with_other_credentials_are_other_feeds_and_no_password_is_told(
    desk: Desk,
) -> None:
    for user in ("bob:secret", "eve:other"):
        url = f"https://{user}@paid.example.org/feed"
        desk.serve(parsed_entry(), url=url)
        await follow(desk, url)
    rows = await desk.storage.feeds()
    assert len(rows) == 2
    assert {row.feed.public_url for row in rows} == {"https://paid.example.org/feed"}
