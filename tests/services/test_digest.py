"""Digests that are made in time, whatever the clock and the process do."""

from datetime import UTC, datetime, timedelta

from bot.news.channels import ChannelOptions
from bot.news.models import Mode
from bot.services.digest import Digester
from tests.factories import CHANNEL, FEED_URL, GUILD, NOW, parsed_entry, wish
from tests.services.conftest import Desk

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EIGHT = datetime(2026, 3, 15, 8, tzinfo=UTC)  # the day after NOW


async def follow(desk: Desk, options: ChannelOptions | None = None) -> None:
    desk.serve(parsed_entry("Old"))
    proposal = await desk.follower.look(FEED_URL)
    followed = await desk.follower.add(proposal, wish())
    await desk.storage.set_mode(followed.following.subscription.id, Mode.DIGEST)
    if options is not None:
        await desk.storage.choose_for_channel(GUILD, CHANNEL, options, NOW)


async def tell(desk: Desk, *titles: str) -> None:
    now = desk.clock.now()
    desk.serve(*(parsed_entry(title, published_at=now) for title in titles))
    (feed,) = await desk.storage.feeds()
    await desk.storage.poll_soon(feed.feed.id, now)
    poller = desk.poller()
    await poller.resume()
    await poller.poll_due()


async def go_on(desk: Desk) -> int:
    """Do what the loops do."""
    made = await Digester(desk.storage, desk.clock).make_due()
    await desk.deliverer().deliver_due()
    return made


def told(desk: Desk) -> list[list[str]]:
    return [[line.title for line in post.headlines] for _, post in desk.publisher.posts]


async def test_a_digest_comes_daily_at_eight_where_nobody_chose(desk: Desk) -> None:
    await follow(desk)
    await tell(desk, "One", "Two")
    desk.clock.advance(EIGHT - NOW - timedelta(seconds=1))
    assert await go_on(desk) == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await go_on(desk) == 1
    ((one, two),) = told(desk)
    assert {one, two} == {"One", "Two"}
    assert desk.titles() == ["2 stories"]
    assert await go_on(desk) == 0


async def test_a_digest_that_was_due_while_herald_was_down_comes_once_late(desk: Desk) -> None:
    await follow(desk)
    await tell(desk, "One")
    desk.clock.advance(3 * DAY + 5 * HOUR)
    assert await go_on(desk) == 1
    assert await go_on(desk) == 0
    assert told(desk) == [["One"]]


async def test_nothing_is_posted_when_there_is_nothing_to_tell(desk: Desk) -> None:
    await follow(desk)
    for _ in range(3):
        desk.clock.advance(DAY)
        assert await go_on(desk) == 0
    assert told(desk) == []


async def test_a_clock_set_back_repeats_nothing_and_one_set_forward_loses_nothing(
    desk: Desk,
) -> None:
    await follow(desk)
    await tell(desk, "One")
    desk.clock.advance(EIGHT - NOW)
    assert await go_on(desk) == 1
    desk.clock.advance(-3 * HOUR)
    assert await go_on(desk) == 0
    desk.clock.advance(3 * HOUR)
    assert await go_on(desk) == 0

    desk.clock.advance(365 * DAY)  # for a moment, in which an entry comes
    await tell(desk, "Two")
    desk.clock.advance(-365 * DAY)
    assert await go_on(desk) == 0
    desk.clock.advance(DAY)
    assert await go_on(desk) == 1
    assert told(desk) == [["One"], ["Two"]]


async def test_its_time_days_and_zone_are_those_that_were_chosen(desk: Desk) -> None:
    options = ChannelOptions(time_zone="Asia/Tokyo", digest_at_min=7 * 60 + 30, digest_days=(0, 3))
    await follow(desk, options)
    await tell(desk, "One")
    monday = datetime(2026, 3, 15, 22, 30, tzinfo=UTC)  # 16 March, 07:30 in Tokyo
    digester = Digester(desk.storage, desk.clock)
    state = await digester.state(GUILD, CHANNEL)
    assert (state.next_at, state.feeds, state.waiting) == (monday, 1, 1)
    desk.clock.advance(monday - NOW)
    assert await go_on(desk) == 1
    assert (await digester.state(GUILD, CHANNEL)).next_at == monday + 3 * DAY


async def test_a_digest_that_is_due_in_quiet_hours_comes_when_they_end(desk: Desk) -> None:
    options = ChannelOptions(quiet_from_min=22 * 60, quiet_until_min=9 * 60)
    await follow(desk, options)
    await tell(desk, "One")
    digester = Digester(desk.storage, desk.clock)
    assert (await digester.state(GUILD, CHANNEL)).next_at == EIGHT + HOUR
    desk.clock.advance(EIGHT - NOW)
    assert await go_on(desk) == 1
    assert told(desk) == []
    desk.clock.advance(HOUR)
    await go_on(desk)
    assert told(desk) == [["One"]]
