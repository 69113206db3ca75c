import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.errors import ChannelGone, DiscordUnavailable, Forbidden, PostRefused, RateLimited
from bot.news.models import (
    Article,
    ChannelId,
    Counts,
    Entry,
    Fate,
    MessageId,
    ParsedEntry,
    Post,
    SeenEntry,
)
from bot.services.deliver import (
    BACKOFF_MAX,
    BACKOFF_MIN,
    BROKEN_ATTEMPTS_MAX,
    FORBIDDEN_RETRY,
    NONCE_TRUSTED_FOR,
    REFUSED_ATTEMPTS_MAX,
    UNSURE_MAX,
    backoff,
)
from tests.factories import (
    CHANNEL,
    FEED_URL,
    GUILD,
    OTHER_CHANNEL,
    new_entry,
    parsed_entry,
    refresh,
    wish,
)
from tests.fakes import FakePublisher, FakeSource
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


@dataclass
class Poisoned:
    """A publisher with a bug that one title brings out."""

    publisher: FakePublisher

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        return await self.publisher.publish(channel_id, self.checked(post), nonce)

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        return await self.publisher.find(channel_id, post, after)

    async def takes_nonce(self, channel_id: ChannelId) -> bool:
        return await self.publisher.takes_nonce(channel_id)

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:
        return await self.publisher.fitting(channel_id, post)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        await self.publisher.edit(channel_id, message_id, self.checked(post))

    def checked(self, post: Post) -> Post:
        if any(each.title == "Poison" for each in (post, *post.bundled)):
            raise ZeroDivisionError
        return post


async def deliver_with_poison(desk: Desk) -> None:
    """Deliver through a bug until nothing more is tried."""
    for _ in range(BROKEN_ATTEMPTS_MAX + 1):
        await desk.deliverer(publisher=Poisoned(desk.publisher)).deliver_due()
        desk.clock.advance(BACKOFF_MAX)


async def change(desk: Desk, of: str, **changes: object) -> None:
    """Let the feed show another edition of the entry that is called *of*."""
    (feed,) = await desk.storage.feeds()
    stored = {entry.title: entry for entry in await desk.storage.entries(feed.feed.id, 99)}[of]
    said = ParsedEntry(title=of, url=stored.url, teaser=stored.teaser, text=stored.text)
    changed = replace(said, **changes)  # type: ignore[arg-type]  # the fields of the caller
    seen = SeenEntry(entry_id=stored.id, aliases=(), changed=changed)
    desk.clock.advance(timedelta(seconds=1))
    await desk.storage.record(refresh(feed.feed.id, seen=[seen], at=desk.clock.now()))


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
    await owe(desk, "Poison", "Healthy")
    await deliver_with_poison(desk)
    assert desk.titles() == ["Healthy"]


async def test_an_edit_that_our_code_fails_on_is_at_last_given_up(desk: Desk) -> None:
    await owe(desk, "Bitter", "Other")
    await desk.deliverer().deliver_due()
    await change(desk, "Bitter", title="Poison")
    await change(desk, "Other", title="Healthy")
    await deliver_with_poison(desk)
    assert desk.titles() == ["Bitter", "Healthy"]
    assert await desk.storage.next_delivery_at() is None


async def test_an_article_is_read_once_and_found_by_its_text(desk: Desk) -> None:
    await owe(desk, "Ferry", channels=(CHANNEL, OTHER_CHANNEL))
    await desk.deliverer().deliver_due()
    results = await desk.searcher.search("islanders", channels=frozenset({CHANNEL}))
    assert [found.hit.entry.title for found in results.found] == ["Ferry"]
    assert results.found[0].hit.entry.text_method == "teaser"


# --- Edits ---


async def test_a_title_that_changes_is_changed_in_every_channel_and_posted_in_none(
    desk: Desk,
) -> None:
    await owe(desk, "Brigde opens", "Ferry runs", channels=(CHANNEL, OTHER_CHANNEL))
    await desk.deliverer().deliver_due()
    before = [post.body for _, post in desk.publisher.posts]
    await change(desk, "Brigde opens", title="Bridge opens")
    assert await desk.deliverer().deliver_due() == 2
    assert sorted(desk.titles()) == ["Bridge opens"] * 2 + ["Ferry runs"] * 2
    assert [post.body for _, post in desk.publisher.posts] == before


async def test_a_text_that_grows_is_archived_and_its_post_left_alone(desk: Desk) -> None:
    await owe(desk, "Ferry runs")
    await desk.deliverer().deliver_due()
    await change(desk, "Ferry runs", teaser=f"{PROSE} The cook stayed ashore.")
    assert await desk.deliverer().deliver_due() == 0
    assert desk.publisher.messages[0].edits == 0
    found = await desk.searcher.search("ashore", channels=frozenset({CHANNEL}))
    assert len(found.found) == 1


async def test_a_post_whose_article_takes_its_words_back_is_edited(desk: Desk) -> None:
    await owe(desk, "Ferry runs")
    await desk.deliverer().deliver_due()
    assert desk.publisher.messages[0].post.body == PROSE
    corrected = "The ferry was cancelled after all. The council could not pay for a second ship."
    await change(desk, "Ferry runs", teaser=corrected)
    assert await desk.deliverer().deliver_due() == 1
    [message] = desk.publisher.messages
    assert (message.edits, message.post.body) == (1, corrected)


async def test_a_text_that_changes_with_the_title_is_summed_up_anew(desk: Desk) -> None:
    await owe(desk, "Ferry runs")
    await desk.deliverer().deliver_due()
    said = "The ferry was cancelled after all. The council could not pay for the second ship."
    await change(desk, "Ferry runs", title="Ferry cancelled", teaser=said)
    await desk.deliverer().deliver_due()
    ((_, post),) = desk.publisher.posts
    assert (post.title, post.body) == ("Ferry cancelled", said)


async def test_a_message_that_a_moderator_deleted_stays_deleted(desk: Desk) -> None:
    await owe(desk, "Unwanted")
    await desk.deliverer().deliver_due()
    desk.publisher.delete(desk.publisher.messages[0].id)
    for earlier, title in (("Unwanted", "Corrected"), ("Corrected", "Corrected again")):
        await change(desk, earlier, title=title)
        assert await desk.deliverer().deliver_due() == 0
        assert await desk.storage.next_delivery_at() is None
    assert desk.titles() == []


async def test_an_edit_waits_for_discord_like_a_post(desk: Desk) -> None:
    await owe(desk, "Brigde opens")
    await desk.deliverer().deliver_due()
    await change(desk, "Brigde opens", title="Bridge opens")
    desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
    assert await desk.deliverer().deliver_due() == 0
    assert desk.titles() == ["Brigde opens"]
    desk.clock.advance(BACKOFF_MAX)
    assert await desk.deliverer().deliver_due() == 1
    assert desk.titles() == ["Bridge opens"]


# --- Roundups ---


async def test_a_roundup_is_told_in_one_message_with_every_title(desk: Desk) -> None:
    desk.serve()
    await desk.follower.add(await desk.follower.look(FEED_URL), wish(CHANNEL))
    (feed,) = await desk.storage.feeds()
    desk.clock.advance(timedelta(hours=1))
    at = desk.clock.now()
    new = [new_entry(f"News {n}", deliver_to=[CHANNEL]) for n in range(4)]
    rolled_up = [replace(each, fate=Fate.ROLLED_UP) for each in new[:3]]
    await desk.storage.record(refresh(feed.feed.id, *rolled_up, new[3], at=at))
    await desk.storage.group_entries(at)
    assert await desk.deliverer().deliver_due() == 2
    assert desk.titles() == ["News 3", "3 more from Courier"]
    _, post = desk.publisher.posts[-1]
    assert {headline.title for headline in post.headlines} == {"News 0", "News 1", "News 2"}
    assert all(headline.url for headline in post.headlines)


# --- Attempts whose end nobody knows ---


async def a_lost_answer(desk: Desk) -> None:
    """Let a post land without Discord's answer arriving."""

    class Deaf(Poisoned):
        async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
            await super().publish(channel_id, post, nonce)
            raise DiscordUnavailable("the connection broke", channel_id=channel_id)

    assert await desk.deliverer(publisher=Deaf(desk.publisher)).deliver_due() == 0


async def test_within_the_nonces_window_the_nonce_is_enough(desk: Desk) -> None:
    await owe(desk, "Once")
    await a_lost_answer(desk)
    desk.clock.advance(NONCE_TRUSTED_FOR - timedelta(seconds=1))
    assert await desk.deliverer().deliver_due() == 1
    assert desk.titles() == ["Once"]
    assert desk.publisher.finds == 0


async def test_after_the_nonces_window_a_post_that_landed_is_found(desk: Desk) -> None:
    await owe(desk, "Once", "Next")
    await a_lost_answer(desk)
    desk.publisher.knows_nonces = False
    desk.clock.advance(NONCE_TRUSTED_FOR)
    assert await desk.deliverer().deliver_due() == 2
    assert (desk.titles(), desk.publisher.finds) == (["Once", "Next"], 1)


async def test_after_the_nonces_window_a_post_that_did_not_land_is_sent(desk: Desk) -> None:
    await owe(desk, "Late")
    desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
    await desk.deliverer().deliver_due()
    desk.clock.advance(timedelta(hours=9))
    assert await desk.deliverer().deliver_due() == 1
    assert (desk.titles(), desk.publisher.finds) == (["Late"], 1)


async def test_where_nobody_may_look_a_doubtful_post_waits_until_somebody_may(desk: Desk) -> None:
    await owe(desk, "Doubtful", "Next")
    await a_lost_answer(desk)
    desk.publisher.knows_nonces = desk.publisher.may_read_history = False
    desk.clock.advance(NONCE_TRUSTED_FOR)
    assert await desk.deliverer().deliver_due() == 0
    desk.clock.advance(UNSURE_MAX / 2)
    assert await desk.deliverer().deliver_due() == 0
    desk.publisher.may_read_history = True
    desk.clock.advance(FORBIDDEN_RETRY)
    assert await desk.deliverer().deliver_due() == 2
    assert desk.titles() == ["Doubtful", "Next"]


async def test_where_nobody_may_look_for_a_day_it_is_sent_rather_than_lost(desk: Desk) -> None:
    await owe(desk, "Late")
    desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
    desk.publisher.may_read_history = False
    await desk.deliverer().deliver_due()
    desk.clock.advance(UNSURE_MAX - FORBIDDEN_RETRY)
    assert await desk.deliverer().deliver_due() == 0
    desk.clock.advance(FORBIDDEN_RETRY)
    assert await desk.deliverer().deliver_due() == 1
    assert desk.titles() == ["Late"]


async def test_what_certainly_did_not_land_is_sent_without_a_look(desk: Desk) -> None:
    await owe(desk, "Late")
    desk.publisher.failures = [
        DiscordUnavailable("not connected", channel_id=CHANNEL, may_have_landed=False),
        Forbidden("no Embed Links", channel_id=CHANNEL, may_have_landed=False),
    ]
    for _ in range(2):
        assert await desk.deliverer().deliver_due() == 0
        desk.clock.advance(timedelta(hours=9))
    assert await desk.deliverer().deliver_due() == 1
    assert (desk.titles(), desk.publisher.finds) == (["Late"], 0)


async def test_where_no_nonce_is_taken_every_later_attempt_looks_first(desk: Desk) -> None:
    desk.publisher.takes_nonces = desk.publisher.knows_nonces = False
    await owe(desk, "Once", "Next")
    await a_lost_answer(desk)
    desk.clock.advance(BACKOFF_MIN)
    assert await desk.deliverer().deliver_due() == 2
    assert (desk.titles(), desk.publisher.finds) == (["Once", "Next"], 1)
    assert (await desk.storage.health()).counts == Counts(owed=2, sent=2, found=1)


async def test_an_earlier_post_with_the_same_link_is_not_taken_for_a_later_one(
    desk: Desk,
) -> None:
    desk.serve()
    await desk.follower.add(await desk.follower.look(FEED_URL), wish(CHANNEL))
    (feed,) = await desk.storage.feeds()
    link = "https://courier.example.org/live"
    for title in ("Live at nine", "Live at ten"):
        desk.clock.advance(timedelta(hours=1))
        new = new_entry(parsed_entry(title, url=link), aliases=[title], deliver_to=[CHANNEL])
        await desk.storage.record(refresh(feed.feed.id, new, at=desk.clock.now()))
        await desk.storage.group_entries(desk.clock.now())
        desk.publisher.failures = [DiscordUnavailable("502", channel_id=CHANNEL)]
        await desk.deliverer().deliver_due()
        desk.clock.advance(NONCE_TRUSTED_FOR)
        await desk.deliverer().deliver_due()
    assert desk.titles() == ["Live at nine", "Live at ten"]


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 5), (2, 10), (4, 40), (99, 600)])
def test_backoff_doubles_up_to_ten_minutes(attempts: int, seconds: int) -> None:
    assert backoff(attempts) == timedelta(seconds=seconds)


async def test_a_post_that_discord_finds_malformed_is_given_up_and_blocks_nobody(
    desk: Desk,
) -> None:
    await owe(desk, "Malformed", "Fine")
    desk.publisher.failures = [
        PostRefused("50035", channel_id=CHANNEL) for _ in range(REFUSED_ATTEMPTS_MAX)
    ]
    for _ in range(REFUSED_ATTEMPTS_MAX):
        await desk.deliverer().deliver_due()
        desk.clock.advance(BACKOFF_MAX)
    assert desk.titles() == ["Fine"]


class Stuck(FakeSource):
    """A web where one page keeps everybody waiting until told."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = asyncio.Event()
        self.go = asyncio.Event()

    async def article(self, entry: Entry) -> Article:
        if entry.title == "Slow page":
            self.is_asked.set()
            await self.go.wait()
        return await super().article(entry)


async def test_a_slow_page_holds_up_its_own_channel_only(desk: Desk) -> None:
    await owe(desk, "Slow page")
    desk.serve(parsed_entry("Elsewhere", teaser=PROSE), url="https://other.example.org/feed")
    proposal = await desk.follower.look("https://other.example.org/feed")
    await desk.follower.add(proposal, wish(OTHER_CHANNEL, backfill=1))
    stuck = Stuck()
    deliverer = desk.deliverer(articles=stuck)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(deliverer.deliver_due())
        await stuck.is_asked.wait()
        while "Elsewhere" not in desk.titles():
            await deliverer.deliver_due()
        assert not first.done()
        stuck.go.set()
    assert desk.titles() == ["Elsewhere", "Slow page"]


async def test_a_page_that_does_not_come_leaves_the_teaser(desk: Desk) -> None:
    await owe(desk, "Slow page")
    await desk.deliverer(articles=Stuck(), article_max_s=0).deliver_due()
    ((_, post),) = desk.publisher.posts
    assert post.body == PROSE
    results = await desk.searcher.search("slow", channels=None)
    assert results.found[0].hit.entry.text_method == "teaser"


# --- Several posts in one message ---


def messages(desk: Desk) -> list[list[str]]:
    """Return the titles in each message."""
    return [
        [each.title for each in (message.post, *message.post.bundled)]
        for message in desk.publisher.messages
    ]


async def test_many_at_once_come_in_one_message_and_what_does_not_fit_in_the_next(
    desk: Desk,
) -> None:
    desk.publisher.room = 4
    await owe(desk, *(f"News {n}" for n in range(8)))
    assert await desk.deliverer().deliver_due() == 8
    assert messages(desk) == [
        ["News 0", "News 1", "News 2", "News 3"],
        ["News 4", "News 5", "News 6", "News 7"],
    ]


async def test_a_bundle_whose_answer_was_lost_is_found_and_not_sent_again(desk: Desk) -> None:
    await owe(desk, "One", "Two", "Three")
    await a_lost_answer(desk)
    desk.clock.advance(NONCE_TRUSTED_FOR)
    desk.publisher.knows_nonces = False
    assert await desk.deliverer().deliver_due() == 3
    assert messages(desk) == [["One", "Two", "Three"]]
    assert desk.publisher.finds == 1


async def test_a_refused_bundle_comes_apart_and_only_the_bad_post_is_lost(desk: Desk) -> None:
    await owe(desk, "One", "Two", "Three")
    desk.publisher.failures = [
        PostRefused("malformed", channel_id=CHANNEL) for _ in range(REFUSED_ATTEMPTS_MAX)
    ]
    for _ in range(REFUSED_ATTEMPTS_MAX):
        assert await desk.deliverer().deliver_due() in {0, 3}
        desk.clock.advance(BACKOFF_MAX)
    await desk.deliverer().deliver_due()
    assert messages(desk) == [["One"], ["Two"], ["Three"]]


async def test_a_post_that_our_own_code_fails_on_does_not_take_its_bundle_along(
    desk: Desk,
) -> None:
    await owe(desk, "One", "Two", "Poison", "Three")
    for _ in range(3):
        await deliver_with_poison(desk)
    assert sorted(title for each in messages(desk) for title in each) == ["One", "Three", "Two"]


async def test_posts_of_a_bundle_that_a_moderator_deleted_stay_deleted(desk: Desk) -> None:
    await owe(desk, "One", "Two", "Three")
    await desk.deliverer().deliver_due()
    desk.publisher.delete(desk.publisher.messages[0].id)
    await change(desk, "Two", title="Two, corrected")
    await change(desk, "Three", title="Three, corrected")
    assert await desk.deliverer().deliver_due() == 0
    assert messages(desk) == []
    assert await desk.storage.next_delivery_at() is None


async def test_an_edit_keeps_the_other_posts_of_the_message(desk: Desk) -> None:
    await owe(desk, "One", "Two", "Three")
    await desk.deliverer().deliver_due()
    await change(desk, "Two", title="Two, corrected")
    assert await desk.deliverer().deliver_due() == 1
    assert messages(desk) == [["One", "Two, corrected", "Three"]]
