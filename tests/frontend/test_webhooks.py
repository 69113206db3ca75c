"""Posts under the names of their sources, over real sockets against the stand-in."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import structlog

from bot.errors import DiscordUnavailable, MessageGone, PublishError
from bot.frontend.publisher import DiscordPublisher
from bot.frontend.webhooks import source_name
from bot.news.models import ChannelId, Manner, MessageId, Post, RoleId
from tests.fakes import FakeMemory
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Drop, Effect, Status
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Guild
from tests.servers.discord_wire import ChannelType, Permission

POST = Post(
    title="Ferry resumes",
    url="https://courier.example.org/ferry",
    body="It sails.",
    source="The Courier",
    icon_url="https://courier.example.org/icon.png",
    manner=Manner(is_by_source=True),
)
AGAIN = replace(POST, body="It sails again.")
EXECUTE = "/webhooks/*/*"


@dataclass(kw_only=True)
class Channels:
    """A channel where Herald may have webhooks, and a publisher."""

    server: DiscordServer
    bot: Bot
    guild: Guild
    channel: Channel
    memory: FakeMemory
    publisher: DiscordPublisher

    @property
    def id(self) -> ChannelId:
        return ChannelId(self.channel.id)

    async def publish(self, post: Post = POST, place: Channel | None = None) -> MessageId:
        return await self.publisher.publish(ChannelId((place or self.channel).id), post, "d1")

    def authors(self, place: Channel | None = None) -> list[str]:
        return [message.author.name for message in (place or self.channel).messages]


@pytest.fixture
async def channels(server: DiscordServer, bot: Bot) -> AsyncIterator[Channels]:
    bot.ready_after_s = 0.0
    async with bot.connected():
        guild = server.add_guild("Harbour", bot=Permission.MANAGE_WEBHOOKS)
        channel = guild.add_channel("news")
        await server.world.catch_up()
        memory = FakeMemory()
        yield Channels(
            server=server,
            bot=bot,
            guild=guild,
            channel=channel,
            memory=memory,
            publisher=DiscordPublisher(bot.current, memory),
        )


async def test_posts_come_under_the_names_of_their_sources_by_one_webhook(
    channels: Channels,
) -> None:
    assert await channels.publisher.takes_nonce(channels.id)
    await channels.publish()
    await channels.publish(replace(POST, source="Mill Times"))
    assert channels.authors() == ["The Courier", "Mill Times"]
    [webhook] = channels.channel.webhooks
    assert {message.webhook_id for message in channels.channel.messages} == {webhook.id}
    [first, _] = channels.server.seen("POST", f"/webhooks/{webhook.id}/{webhook.token}")
    assert isinstance(first.body, dict)
    assert first.body["avatar_url"] == POST.icon_url
    assert not await channels.publisher.takes_nonce(channels.id)


async def test_the_webhook_is_remembered_over_a_restart(channels: Channels) -> None:
    await channels.publish()
    channels.publisher = DiscordPublisher(channels.bot.current, channels.memory)
    await channels.publish()
    assert len(channels.channel.webhooks) == 1
    assert len(channels.server.seen("POST", "/webhooks")) == 1


async def test_a_webhook_that_a_crash_left_unremembered_is_used(channels: Channels) -> None:
    await channels.publish()
    channels.memory.facts.clear()
    await channels.publish()
    assert len(channels.channel.webhooks) == 1


async def test_a_webhook_that_was_deleted_is_made_anew_and_what_it_said_is_still_found(
    channels: Channels,
) -> None:
    message_id = await channels.publish()
    channels.channel.webhooks.clear()
    await channels.publish(replace(POST, title="Mill burns", url=None))
    assert channels.authors() == ["The Courier", "The Courier"]
    assert len(channels.channel.webhooks) == 1
    assert await channels.publisher.find(channels.id, POST, None) == message_id


async def test_an_edit_goes_through_the_webhook_and_for_older_posts_not(
    channels: Channels,
) -> None:
    plain = await channels.publish(replace(POST, manner=Manner()))
    by_source = await channels.publish()
    for message_id in (plain, by_source):
        await channels.publisher.edit(channels.id, message_id, AGAIN)
    for message in channels.channel.messages:
        assert message.embeds[0]["description"] == "It sails again."
    with pytest.raises(MessageGone):
        await channels.publisher.edit(channels.id, MessageId(1), AGAIN)


@pytest.mark.parametrize(
    "fault",
    [Drop(effect=Effect.TAKEN), *(Status(status=s, effect=Effect.TAKEN) for s in (502, 503))],
    ids=["drop", "502", "503"],
)
async def test_a_post_whose_answer_was_lost_is_found_and_not_made_again(
    channels: Channels, fault: Drop | Status
) -> None:
    channels.server.faults.order("POST", EXECUTE, fault)
    with pytest.raises(DiscordUnavailable):
        await channels.publish()
    [message] = channels.channel.messages
    assert not await channels.publisher.takes_nonce(channels.id)
    assert await channels.publisher.find(channels.id, POST, None) == message.id
    assert await channels.publisher.find(channels.id, POST, MessageId(message.id)) is None


async def test_without_manage_webhooks_posts_are_herald_s_own_and_the_log_says_why(
    channels: Channels,
) -> None:
    channels.channel.allow(channels.guild.me, deny=Permission.MANAGE_WEBHOOKS)
    await channels.server.world.catch_up()
    with structlog.testing.capture_logs() as logs:
        await channels.publish()
    assert channels.authors() == ["herald"]
    assert [(line["event"], line["reason"]) for line in logs] == [
        ("webhook.missing", "lacks Manage Webhooks")
    ]


async def test_where_all_fifteen_webhooks_are_taken_posts_are_herald_s_own(
    channels: Channels,
) -> None:
    await channels.publish()
    [webhook] = channels.channel.webhooks
    webhook.made_by = channels.guild.members[channels.guild.owner_id].user
    channels.channel.webhooks.extend([webhook] * 14)
    channels.memory.facts.clear()
    await channels.publish()
    assert channels.authors() == ["The Courier", "herald"]


async def test_a_name_that_discord_refuses_all_the_same_is_posted_by_herald(
    channels: Channels,
) -> None:
    channels.server.faults.order("POST", EXECUTE, Status(status=400))
    await channels.publish()
    assert channels.authors() == ["herald"]


async def test_a_thread_and_a_forum_take_the_webhook_of_their_channel(channels: Channels) -> None:
    thread = channels.channel.add_thread("Harbour", owner=channels.guild.me.user)
    forum = channels.guild.add_channel("stories", type=ChannelType.FORUM)
    forum.add_tag("Sea")
    await channels.server.world.catch_up()
    in_thread = await channels.publish(place=thread)
    in_forum = await channels.publish(
        replace(POST, manner=Manner(is_by_source=True, tags=("sea",))), place=forum
    )
    [post] = forum.threads
    assert post.id == in_forum
    assert channels.authors(thread) == channels.authors(post) == ["The Courier"]
    assert forum.tags_on(post) == ["Sea"]
    for place, message_id in ((thread, in_thread), (forum, in_forum)):
        place_id = ChannelId(place.id)
        assert await channels.publisher.find(place_id, POST, None) == message_id
        await channels.publisher.edit(place_id, message_id, AGAIN)
    assert {m.embeds[0]["description"] for m in (*thread.messages, *post.messages)} == {
        "It sails again."
    }
    post.delete()
    await channels.server.world.catch_up()
    with pytest.raises(MessageGone):
        await channels.publisher.edit(ChannelId(forum.id), in_forum, AGAIN)


async def test_a_webhook_calls_the_role_it_is_to_call_and_herald_one_that_is_not_open(
    channels: Channels,
) -> None:
    open_role = channels.guild.add_role("Sailors", is_mentionable=True)
    closed = channels.guild.add_role("Crew")
    channels.channel.allow(channels.guild.me, allow=Permission.MENTION_EVERYONE)
    await channels.server.world.catch_up()
    hostile = f"@everyone <@&{closed.id}> <@{channels.guild.owner_id}>"
    for role in (open_role, closed):
        manner = Manner(is_by_source=True, ping=RoleId(role.id))
        await channels.publish(replace(POST, source=hostile, title=hostile, manner=manner))
    first, second = channels.channel.messages
    assert first.pings == {f"role:{open_role.id}"}
    assert second.pings == {f"role:{closed.id}"}
    assert first.webhook_id is not None
    assert second.webhook_id is None
    assert "@everyone" not in first.author.name


async def test_no_token_of_a_webhook_reaches_the_log(
    channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as logs:
        await channels.publish()
        [webhook] = channels.channel.webhooks
        for fault in (Status(status=429, retry_after_s=0.0), Status(status=403), Drop()):
            channels.server.faults.order("POST", EXECUTE, fault)
            with pytest.raises(PublishError) as caught:
                await channels.publish()
            assert webhook.token not in str(caught.value)
    assert webhook.token not in json.dumps(logs) + caplog.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("The Courier", "The Courier"),
        ("Discord Weekly of CLYDE", "Dis·cord Weekly of CLY·DE"),
        ("", "Herald"),
        ("@everyone", "\uff20everyone"),
        ("Harbour " * 20, "Harbour " * 9 + "Harbour…"),
    ],
)
def test_a_webhook_is_called_what_discord_lets_it_be(name: str, shown: str) -> None:
    assert source_name(name) == shown
    assert 1 <= len(source_name(name)) <= 80
