from datetime import timedelta

import pytest

from bot.errors import ChannelGone, DiscordUnavailable, Forbidden, RateLimited
from bot.news.models import ChannelId, MessageId, Post
from bot.services.deliver import BACKOFF_MAX, BROKEN_ATTEMPTS_MAX, FORBIDDEN_RETRY, backoff
from tests.factories import CHANNEL, FEED_URL, GUILD, OTHER_CHANNEL, parsed_entry, wish
from tests.services.conftest import Desk

PROSE = (
    "The ferry to Lund island will run every hour from Monday. The council paid for a second ship. "
    "Islanders had asked for it for nine years."
)


async def owe(desk: Desk, *titles: str, channels: tuple[ChannelId, ...] = (CHANNEL,)) -> None:
    """Make deliveries of entries with these titles, oldest first."""
    entries = [
        parsed_entry(title, teaser=PROSE, published_at=desk.clock.now() - timedelta(minutes=5 - n))
        for n, title in enumerate(titles)
    ]
    desk.serve(*reversed(entries))
    for channel in channels:
        proposal = await desk.follower.look(FEED_URL)
        await desk.follower.add(proposal, wish(channel, backfill=len(titles)))


async def test_posts_arrive_oldest_first_with_source_summary_and_link(desk: Desk) -> None:
    await owe(desk, "First", "Second", "Third")
    assert await desk.deliverer().deliver_due() == 3
    assert desk.titles() == ["First", "Second", "Third"]
    channel, post = desk.publisher.posts[0]
    assert channel == CHANNEL
    assert post.source == "Courier"
    assert post.body == PROSE
    assert post.url is not None
    assert post.url.startswith("https://courier.example.org/")


async def test_a_delivered_story_is_not_delivered_again(desk: Desk) -> None:
    await owe(desk, "Once")
    await desk.deliverer().deliver_due()
    desk.clock.advance(timedelta(days=1))
    assert await desk.deliverer().deliver_due() == 0
    assert desk.titles() == ["Once"]


async def test_when_discord_is_away_the_channel_waits_in_order_and_then_gets_all(
    desk: Desk,
) -> None:
    await owe(desk, "First", "Second")
    desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
    assert await desk.deliverer().deliver_due() == 0
    assert desk.titles() == []
    desk.clock.advance(BACKOFF_MAX)
    assert await desk.deliverer().deliver_due() == 2
    assert desk.titles() == ["First", "Second"]


async def test_a_rate_limit_is_waited_for_exactly(desk: Desk) -> None:
    await owe(desk, "Patient")
    desk.publisher.failures = [RateLimited("slow down", channel_id=CHANNEL, retry_after_s=90)]
    await desk.deliverer().deliver_due()
    desk.clock.advance(timedelta(seconds=89))
    assert await desk.deliverer().deliver_due() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.deliverer().deliver_due() == 1


async def test_a_channel_without_permission_holds_its_queue_and_no_other(desk: Desk) -> None:
    await owe(desk, "News", channels=(CHANNEL, OTHER_CHANNEL))
    desk.publisher.failures = [Forbidden("no Embed Links", channel_id=CHANNEL)]
    assert await desk.deliverer().deliver_due() == 1
    desk.clock.advance(FORBIDDEN_RETRY)
    assert await desk.deliverer().deliver_due() == 1
    assert {channel for channel, _ in desk.publisher.posts} == {CHANNEL, OTHER_CHANNEL}


async def test_a_channel_that_is_gone_is_paused_and_owed_nothing(desk: Desk) -> None:
    await owe(desk, "First", "Second")
    desk.publisher.failures = [ChannelGone("deleted", channel_id=CHANNEL)]
    assert await desk.deliverer().deliver_due() == 0
    desk.clock.advance(timedelta(days=1))
    assert await desk.deliverer().deliver_due() == 0
    (following,) = await desk.follower.followings(GUILD)
    assert following.subscription.is_paused


async def test_a_story_that_our_code_fails_on_is_set_aside_and_at_last_given_up(
    desk: Desk,
) -> None:
    class Broken:
        async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
            if post.title == "Poison":
                raise ZeroDivisionError
            return await desk.publisher.publish(channel_id, post, nonce)

    await owe(desk, "Poison", "Healthy")
    for _ in range(BROKEN_ATTEMPTS_MAX):
        await desk.deliverer(publisher=Broken()).deliver_due()
        desk.clock.advance(BACKOFF_MAX)
    await desk.deliverer(publisher=Broken()).deliver_due()
    assert desk.titles() == ["Healthy"]


async def test_an_article_is_read_once_and_found_by_its_text(desk: Desk) -> None:
    await owe(desk, "Ferry", channels=(CHANNEL, OTHER_CHANNEL))
    await desk.deliverer().deliver_due()
    results = await desk.searcher.search("islanders", channels=frozenset({CHANNEL}))
    assert [found.hit.entry.title for found in results.found] == ["Ferry"]
    assert results.found[0].hit.entry.text_method == "teaser"


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 5), (2, 10), (4, 40), (99, 600)])
def test_backoff_doubles_up_to_ten_minutes(attempts: int, seconds: int) -> None:
    assert backoff(attempts) == timedelta(seconds=seconds)
