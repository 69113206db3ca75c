"""Publishing posts and opening their threads, over real sockets against the stand-in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import (
    DiscordUnavailable,
    Forbidden,
    MessageGone,
    PostRefused,
    RateLimited,
)
from bot.frontend.bulletins import bulletin_embed
from bot.frontend.publisher import DiscordPublisher
from bot.news.channels import ChannelOptions
from bot.news.errands import PUBLISHED_HOURLY_MAX
from bot.news.models import ChannelId, GuildId, Manner, MessageId, NewSubscription, Post, RoleId
from bot.news.posts import bundle
from bot.services.errands import Errands
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import FEED_URL, new_entry, parsed_entry, parsed_feed, refresh
from tests.fakes import FakeClock, FakeMemory
from tests.frontend.house import open_archive
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Drop, Effect, Status
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Guild
from tests.servers.discord_wire import ChannelType, MessageFlag, Permission

POST = Post(title="Ferry resumes", url=None, body="It sails.", source="The Courier")
CROSSPOST = "/channels/*/messages/*/crosspost"
THREADS = "/channels/*/messages/*/threads"
BOT = Permission.CREATE_PUBLIC_THREADS | Permission.MANAGE_WEBHOOKS


@dataclass(kw_only=True)
class Place:
    """An announcement channel and a publisher that posts there."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    publisher: DiscordPublisher

    @property
    def id(self) -> ChannelId:
        return ChannelId(self.channel.id)

    async def post(self, post: Post = POST) -> MessageId:
        return await self.publisher.publish(self.id, post, f"d{len(self.channel.messages)}")

    def published(self) -> list[str]:
        """Return the titles of what was published, oldest first."""
        return [
            message.embeds[0]["title"]
            for message in self.channel.messages
            if MessageFlag.CROSSPOSTED in message.flags
        ]


@pytest.fixture
async def place(server: DiscordServer, bot: Bot) -> AsyncIterator[Place]:
    bot.ready_after_s = 0.0
    async with bot.connected():
        guild = server.add_guild("Harbour", bot=BOT)
        channel = guild.add_channel("bulletins", type=ChannelType.ANNOUNCEMENT)
        await server.world.catch_up()
        publisher = DiscordPublisher(bot.current, FakeMemory())
        yield Place(server=server, guild=guild, channel=channel, publisher=publisher)


async def test_a_post_is_published_and_twice_is_as_good_as_once(place: Place) -> None:
    message_id = await place.post()
    for _ in range(2):
        await place.publisher.crosspost(place.id, message_id)
    assert place.published() == ["Ferry resumes"]
    assert [seen.status for seen in place.server.seen("POST", "/crosspost")] == [200, 400]


async def test_a_published_post_is_edited_as_any(place: Place) -> None:
    message_id = await place.post()
    await place.publisher.crosspost(place.id, message_id)
    await place.publisher.edit(place.id, message_id, replace(POST, body="It sails again."))
    assert place.channel.messages[0].embeds[0]["description"] == "It sails again."
    assert place.published() == ["Ferry resumes"]


async def test_more_than_discord_allows_is_told_with_the_wait(place: Place) -> None:
    for _ in range(PUBLISHED_HOURLY_MAX):
        await place.publisher.crosspost(place.id, await place.post())
    with pytest.raises(RateLimited) as caught:
        await place.publisher.crosspost(place.id, await place.post())
    assert 3500 < caught.value.retry_after_s <= 3600


async def test_a_webhook_s_post_is_published_with_manage_messages_only(place: Place) -> None:
    message_id = await place.post(replace(POST, manner=Manner(is_by_source=True)))
    with pytest.raises(Forbidden):
        await place.publisher.crosspost(place.id, message_id)
    place.channel.allow(place.guild.me, allow=Permission.MANAGE_MESSAGES)
    await place.publisher.crosspost(place.id, message_id)
    assert place.published() == ["Ferry resumes"]


async def test_a_thread_is_opened_under_a_post_once(place: Place) -> None:
    message_id = await place.post()
    place.server.faults.order("POST", THREADS, Drop(effect=Effect.TAKEN))
    with pytest.raises(DiscordUnavailable):
        await place.publisher.open_thread(place.id, message_id, "Ferry resumes")
    await place.publisher.open_thread(place.id, message_id, "Ferry resumes")
    [thread] = place.channel.threads
    assert (thread.id, thread.name) == (message_id, "Ferry resumes")


async def test_what_a_thread_wants_is_named(place: Place) -> None:
    message_id = await place.post()
    place.channel.allow(place.guild.me, deny=Permission.CREATE_PUBLIC_THREADS)
    await place.server.world.catch_up()
    with pytest.raises(Forbidden, match="Create Public Threads in #bulletins"):
        await place.publisher.open_thread(place.id, message_id, "Ferry resumes")
    assert place.server.seen("POST", "/threads") == []


async def test_what_cannot_be_done_at_all_is_told_apart(place: Place) -> None:
    text = place.guild.add_channel("news")
    forum = place.guild.add_channel("stories", type=ChannelType.FORUM)
    await place.server.world.catch_up()
    for channel in (text, forum):
        with pytest.raises(PostRefused, match="no announcement channel"):
            await place.publisher.crosspost(ChannelId(channel.id), MessageId(1))
    with pytest.raises(PostRefused, match="has no threads"):
        await place.publisher.open_thread(ChannelId(forum.id), MessageId(1), "Ferry")
    for gone in (
        place.publisher.crosspost(place.id, MessageId(1)),
        place.publisher.open_thread(place.id, MessageId(1), "Ferry"),
    ):
        with pytest.raises(MessageGone):
            await gone


async def test_a_silent_post_notifies_nobody(place: Place) -> None:
    await place.post(replace(POST, manner=Manner(is_silent=True)))
    await place.post()
    silent, loud = place.channel.messages
    assert MessageFlag.SUPPRESS_NOTIFICATIONS in silent.flags
    assert MessageFlag.SUPPRESS_NOTIFICATIONS not in loud.flags


HOSTILE = "@everyone @here <@&{role}> <@{user}>"


async def test_nothing_that_a_feed_says_calls_anybody(place: Place) -> None:
    crew = place.guild.add_role("Crew", is_mentionable=True)
    sailors = place.guild.add_role("Sailors", is_mentionable=True)
    place.channel.allow(place.guild.me, allow=Permission.MENTION_EVERYONE)
    await place.server.world.catch_up()
    hostile = HOSTILE.format(role=crew.id, user=place.guild.owner_id)
    post = Post(title=hostile, url=None, body=hostile, source=hostile, footer=hostile)
    for manner in (Manner(), Manner(ping=RoleId(sailors.id))):
        await place.post(replace(post, manner=replace(manner, tags=(hostile,))))
    silent, calling = place.channel.messages
    assert silent.pings == frozenset()
    assert calling.pings == {f"role:{sailors.id}"}
    await place.publisher.edit(place.id, MessageId(calling.id), replace(post, manner=Manner()))
    assert calling.pings == frozenset()
    assert calling.content == f"<@&{sailors.id}>"


async def test_a_role_that_was_deleted_is_not_called(place: Place) -> None:
    await place.post(replace(POST, manner=Manner(ping=RoleId(123))))
    assert place.channel.messages[0].content == ""


async def test_posts_in_one_message_call_their_role_once_and_another_role_s_go_apart(
    place: Place,
) -> None:
    sailors = place.guild.add_role("Sailors", is_mentionable=True)
    await place.server.world.catch_up()
    calls = Manner(ping=RoleId(sailors.id))
    posts = [
        replace(POST, title=title, manner=manner)
        for title, manner in (("A", Manner()), ("B", calls), ("C", calls))
    ]
    apart = replace(POST, title="D", manner=Manner(ping=RoleId(1)))
    loud = replace(POST, title="E", manner=Manner(is_silent=True))
    for others, fit in (((), 3), ((apart,), 3), ((loud,), 3)):
        assert await place.publisher.fitting(place.id, bundle([*posts, *others])) == fit
    await place.post(bundle(posts))
    [message] = place.channel.messages
    assert message.content == f"<@&{sailors.id}>"
    assert message.pings == {f"role:{sailors.id}"}


# --- The use case ---


@dataclass(kw_only=True)
class Desk:
    """Errands over a database and the stand-in."""

    place: Place
    storage: SqliteStorage
    clock: FakeClock
    errands: Errands

    async def post(
        self, *titles: str, is_published: bool = False, has_threads: bool = False
    ) -> None:
        """Post stories into the channel, which wants this done with them."""
        place, at = self.place, self.clock.now()
        chosen = ChannelOptions(is_published=is_published, has_threads=has_threads)
        await self.storage.choose_for_channel(GuildId(place.guild.id), place.id, chosen, at)
        feed = await self.storage.ensure_feed(FEED_URL, parsed_feed(), at)
        if not await self.storage.followings(GuildId(place.guild.id), at):
            wish = NewSubscription(
                guild_id=GuildId(place.guild.id), channel_id=place.id, name="C", added_by=None
            )
            await self.storage.follow(refresh(feed.id), wish, at)
        new = [
            replace(
                new_entry(parsed_entry(title)),
                deliver_to=((GuildId(place.guild.id), place.id),),
            )
            for title in titles
        ]
        await self.storage.record(refresh(feed.id, *new, at=at))
        await self.storage.group_entries(at)
        while claims := await self.storage.claim_deliveries(at, timedelta(minutes=2), 10):
            for claim in claims:
                sent = await place.post(replace(POST, title=claim.entry.title))
                await self.storage.mark_sent(claim.delivery.id, sent, at)


@pytest.fixture
async def desk(place: Place, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = FakeClock()
    async with open_archive(tmp_path / "desk") as storage:
        errands = Errands(storage, place.publisher, clock)
        yield Desk(place=place, storage=storage, clock=clock, errands=errands)


async def test_stories_are_published_and_get_threads_as_their_channel_wants(desk: Desk) -> None:
    await desk.post("Ferry resumes", "Mill burns", is_published=True, has_threads=True)
    assert await desk.errands.run_due() == 4
    assert desk.place.published() == ["Ferry resumes", "Mill burns"]
    assert {t.name for t in desk.place.channel.threads} == {"Ferry resumes", "Mill burns"}
    assert await desk.errands.run_due() == 0


async def test_a_crash_after_the_effect_does_it_no_second_time(desk: Desk) -> None:
    await desk.post("Ferry resumes", is_published=True, has_threads=True)
    for errand in await desk.storage.claim_errands(desk.clock.now(), 10):
        if errand.kind.value == "publish":
            await desk.place.publisher.crosspost(errand.channel_id, errand.message_id)
        else:
            await desk.place.publisher.open_thread(errand.channel_id, errand.message_id, "F")
    assert await desk.errands.run_due() == 2
    assert desk.place.published() == ["Ferry resumes"]
    assert len(desk.place.channel.threads) == 1


async def test_discord_s_word_puts_publishing_off_and_nothing_else(desk: Desk) -> None:
    await desk.post("Ferry resumes", "Mill burns", is_published=True, has_threads=True)
    desk.place.server.faults.order("POST", CROSSPOST, Status(status=429, retry_after_s=1800))
    assert await desk.errands.run_due() == 2
    assert len(desk.place.channel.threads) == 2
    assert desk.place.published() == []
    desk.clock.advance(timedelta(seconds=1799))
    assert await desk.errands.run_due() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.errands.run_due() == 2


@pytest.mark.parametrize(
    ("denied", "kind"),
    [
        (Permission.CREATE_PUBLIC_THREADS, {"has_threads": True}),
        (Permission.SEND_MESSAGES, {"is_published": True}),
    ],
)
async def test_a_permission_that_is_missing_is_waited_for(
    desk: Desk, denied: Permission, kind: dict[str, bool]
) -> None:
    await desk.post("Ferry resumes", **kind)
    desk.place.channel.allow(desk.place.guild.me, deny=denied)
    await desk.place.server.world.catch_up()
    assert await desk.errands.run_due() == 0
    desk.place.channel.allow(desk.place.guild.me, allow=denied)
    await desk.place.server.world.catch_up()
    desk.clock.advance(timedelta(minutes=15))
    assert await desk.errands.run_due() == 1


async def test_what_herald_may_not_publish_is_told_in_the_log_channel(desk: Desk) -> None:
    await desk.storage.set_log_channel(GuildId(desk.place.guild.id), ChannelId(77))
    await desk.post("Ferry resumes", is_published=True)
    desk.place.server.faults.order("POST", CROSSPOST, Status(status=403))
    assert await desk.errands.run_due() == 0
    desk.clock.advance(timedelta(minutes=2))
    (bulletin,) = await desk.storage.claim_bulletins(desk.clock.now(), timedelta(minutes=2))
    embed = bulletin_embed(bulletin)
    assert embed.title == "1 channel waiting for permissions"
    assert f"<#{desk.place.id}>: Discord refuses" in (embed.description or "")
    assert "not published to those who follow it" in (embed.description or "")


async def test_a_post_that_was_deleted_is_left_in_peace(desk: Desk) -> None:
    await desk.post("Ferry resumes", is_published=True, has_threads=True)
    desk.place.channel.messages.clear()
    assert await desk.errands.run_due() == 0
    desk.clock.advance(timedelta(hours=1))
    before = len(desk.place.server.requests)
    assert await desk.errands.run_due() == 0
    assert len(desk.place.server.requests) == before


async def test_an_outage_is_waited_for(desk: Desk) -> None:
    await desk.post("Ferry resumes", is_published=True)
    desk.place.server.faults.order("POST", CROSSPOST, Status(status=503))
    assert await desk.errands.run_due() == 0
    desk.clock.advance(timedelta(minutes=10))
    assert await desk.errands.run_due() == 1
    assert desk.place.published() == ["Ferry resumes"]
