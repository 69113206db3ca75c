"""Forum and media channels, over real sockets against the stand-in: a post a story."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from bot.errors import DiscordUnavailable, Forbidden, MessageGone, PublishError
from bot.frontend.publisher import DiscordPublisher
from bot.news.models import ChannelId, Manner, MessageId, Post, RoleId
from tests.fakes import FakeMemory
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Drop, Effect, Status
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Guild, Thread
from tests.servers.discord_wire import ChannelType, Permission

POST = Post(
    title="Ferry resumes",
    url="https://courier.example.org/ferry",
    body="It sails.",
    source="The Courier",
)
THREADS = "/channels/*/threads"


@dataclass(kw_only=True)
class Forum:
    """A forum and a publisher that posts there."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    publisher: DiscordPublisher

    @property
    def id(self) -> ChannelId:
        return ChannelId(self.channel.id)

    async def publish(self, post: Post = POST) -> MessageId:
        return await self.publisher.publish(self.id, post, "d1")

    async def find(self, post: Post = POST, after: MessageId | None = None) -> MessageId | None:
        return await self.publisher.find(self.id, post, after)

    def thread(self) -> Thread:
        """Return the only post."""
        [thread] = self.channel.threads
        return thread


@asynccontextmanager
async def _forum(server: DiscordServer, bot: Bot, kind: ChannelType) -> AsyncIterator[Forum]:
    bot.ready_after_s = 0.0
    async with bot.connected():
        guild = server.add_guild("Harbour")
        channel = guild.add_channel("stories", type=kind)
        await server.world.catch_up()
        publisher = DiscordPublisher(bot.current, FakeMemory())
        yield Forum(server=server, guild=guild, channel=channel, publisher=publisher)


@pytest.fixture
async def forum(server: DiscordServer, bot: Bot) -> AsyncIterator[Forum]:
    async with _forum(server, bot, ChannelType.FORUM) as made:
        yield made


@pytest.mark.parametrize("kind", [ChannelType.FORUM, ChannelType.MEDIA])
async def test_a_story_is_a_post_whose_first_message_tells_it(
    server: DiscordServer, bot: Bot, kind: ChannelType
) -> None:
    async with _forum(server, bot, kind) as forum:
        message_id = await forum.publish()
        thread = forum.thread()
        assert (thread.id, thread.name) == (message_id, "Ferry resumes")
        [message] = thread.messages
        assert message.id == message_id
        assert message.embeds[0]["url"] == POST.url
        assert message.pings == frozenset()
        assert not await forum.publisher.takes_nonce(forum.id)


async def test_a_long_title_is_cut_at_a_word_in_the_name_of_its_post(forum: Forum) -> None:
    title = "Harbour council " * 12
    await forum.publish(replace(POST, title=title))
    name = forum.thread().name
    assert len(name) <= 100
    assert name.endswith(("Harbour…", "council…"))


async def test_an_edit_changes_the_first_message(forum: Forum) -> None:
    message_id = await forum.publish()
    await forum.publisher.edit(forum.id, message_id, replace(POST, body="It sails again."))
    assert forum.thread().messages[0].embeds[0]["description"] == "It sails again."


async def test_an_edit_wakes_a_post_that_sleeps(forum: Forum) -> None:
    message_id = await forum.publish()
    forum.thread().put_away()
    await forum.publisher.edit(forum.id, message_id, replace(POST, body="It sails again."))
    assert forum.thread().messages[0].embeds[0]["description"] == "It sails again."
    assert not forum.thread().is_archived


async def test_a_post_that_a_moderator_deleted_is_gone_and_its_forum_is_not(forum: Forum) -> None:
    message_id = await forum.publish()
    forum.thread().delete()
    with pytest.raises(MessageGone):
        await forum.publisher.edit(forum.id, message_id, POST)


@pytest.mark.parametrize(
    "fault",
    [Drop(effect=Effect.TAKEN), *(Status(status=s, effect=Effect.TAKEN) for s in (502, 503, 504))],
    ids=["drop", "502", "503", "504"],
)
async def test_a_post_whose_answer_was_lost_is_found_and_not_made_again(
    forum: Forum, fault: Drop | Status
) -> None:
    forum.server.faults.order("POST", THREADS, fault)
    with pytest.raises(DiscordUnavailable):
        await forum.publish()
    assert len(forum.server.seen("POST", "/threads")) == 1
    assert await forum.find() == forum.thread().id


async def test_a_post_is_found_by_its_title_or_link_asleep_or_awake(forum: Forum) -> None:
    message_id = await forum.publish()
    other_title = replace(POST, title="Ferry resumes at last")
    other_link = replace(POST, url="https://courier.example.org/ferry-2")
    for _ in ("awake", "asleep"):
        assert await forum.find(POST) == message_id
        assert await forum.find(other_title) == message_id
        assert await forum.find(other_link) == message_id
        assert await forum.find(replace(other_title, url=other_link.url)) is None
        assert await forum.find(POST, after=message_id) is None
        forum.thread().put_away()


async def test_what_others_post_in_a_forum_is_not_taken_for_ours(forum: Forum) -> None:
    ada = forum.guild.add_member("ada")
    forum.channel.add_thread("Ferry resumes", owner=ada.user)
    assert await forum.find() is None


@pytest.mark.parametrize(
    ("denied", "name"),
    [
        (Permission.SEND_MESSAGES, "Create Posts"),
        (Permission.EMBED_LINKS, "Embed Links"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History"),
    ],
)
async def test_what_is_missing_in_a_forum_is_named(
    forum: Forum, denied: Permission, name: str
) -> None:
    forum.channel.allow(forum.guild.me, deny=denied)
    await forum.server.world.catch_up()
    with pytest.raises(Forbidden, match=name):
        await forum.publish()
    assert forum.channel.threads == []


async def test_tags_go_by_name_and_five_of_them_at_most(forum: Forum) -> None:
    for name in ("Sea", "Town", "Sport", "Art", "Food", "Law"):
        forum.channel.add_tag(name)
    await forum.server.world.catch_up()
    names = ("sea", "Nowhere", "LAW", "Town", "sea", "Sport", "Art", "Food")
    await forum.publish(replace(POST, manner=Manner(tags=names)))
    assert forum.channel.tags_on(forum.thread()) == ["Sea", "Law", "Town", "Sport", "Art"]


async def test_a_tag_that_is_kept_to_moderators_is_left_out(forum: Forum) -> None:
    forum.channel.add_tag("Official", is_moderated=True)
    forum.channel.add_tag("Sea")
    await forum.server.world.catch_up()
    await forum.publish(replace(POST, manner=Manner(tags=("Official", "Sea"))))
    assert forum.channel.tags_on(forum.thread()) == ["Sea"]


async def test_a_forum_that_wants_a_tag_gets_one_or_the_post_waits_with_the_reason(
    forum: Forum,
) -> None:
    forum.channel.needs_tag = True
    forum.channel.add_tag("Sea")
    await forum.server.world.catch_up()
    with pytest.raises(Forbidden, match="#stories wants a tag on each post") as caught:
        await forum.publish(replace(POST, manner=Manner(tags=("Town",))))
    assert caught.value.channel_id == forum.id
    await forum.publish(replace(POST, manner=Manner(tags=("Sea",))))
    assert forum.channel.tags_on(forum.thread()) == ["Sea"]


async def test_a_silent_post_with_a_call_calls_that_role_and_no_other(forum: Forum) -> None:
    sailors = forum.guild.add_role("Sailors", is_mentionable=True)
    others = forum.guild.add_role("Others", is_mentionable=True)
    await forum.server.world.catch_up()
    hostile = f"@everyone <@&{others.id}> <@{forum.guild.owner_id}>"
    post = replace(
        POST,
        title=hostile,
        body=hostile,
        source=hostile,
        manner=Manner(ping=RoleId(sailors.id), is_silent=True),
    )
    await forum.publish(post)
    [message] = forum.thread().messages
    assert message.pings == {f"role:{sailors.id}"}
    assert message.content == f"<@&{sailors.id}>"
    assert message.flags & 1 << 12


async def test_what_discord_answers_in_a_forum_is_told_apart(forum: Forum) -> None:
    forum.channel.delete()
    await forum.server.world.catch_up()
    with pytest.raises(PublishError, match="no longer exists"):
        await forum.publish()


# --- Threads as places ---


async def test_a_locked_thread_wants_manage_threads_and_is_woken_with_it(forum: Forum) -> None:
    thread = forum.guild.add_channel("news").add_thread("Harbour", owner=forum.guild.me.user)
    thread.put_away(is_locked=True)
    await forum.server.world.catch_up()
    place = ChannelId(thread.id)
    with pytest.raises(Forbidden, match="Manage Threads"):
        await forum.publisher.publish(place, POST, "d2")
    thread.parent.allow(forum.guild.me, allow=Permission.MANAGE_THREADS)
    await forum.server.world.catch_up()
    await forum.publisher.publish(place, POST, "d2")
    assert [message.embeds[0]["title"] for message in thread.messages] == ["Ferry resumes"]


async def test_a_sleeping_thread_is_woken_by_a_post(forum: Forum) -> None:
    thread = forum.guild.add_channel("news").add_thread("Harbour", owner=forum.guild.me.user)
    thread.put_away()
    await forum.server.world.catch_up()
    assert await forum.publisher.takes_nonce(ChannelId(thread.id))
    message_id = await forum.publisher.publish(ChannelId(thread.id), POST, "d2")
    assert not thread.is_archived
    thread.put_away()
    corrected = replace(POST, body="It sails again.")
    await forum.publisher.edit(ChannelId(thread.id), message_id, corrected)
    assert thread.messages[0].embeds[0]["description"] == "It sails again."
