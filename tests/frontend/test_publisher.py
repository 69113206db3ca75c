from collections.abc import Callable
from dataclasses import replace

import discord
import pytest

from bot.errors import (
    ChannelGone,
    DiscordUnavailable,
    Forbidden,
    HistoryHidden,
    MessageGone,
    PostRefused,
    PublishError,
    RateLimited,
)
from bot.frontend.publisher import DiscordPublisher
from bot.news.models import ChannelId, Post
from tests.fakes import FakeMemory
from tests.frontend.house import COURIER, House

POST = Post(title="Ferry resumes", url=None, body="It sails.", source="The Courier")
MESSAGES = "/channels/*/messages"


async def test_a_post_lands_with_its_nonce_and_no_mentions(house: House) -> None:
    message_id = await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    [post] = house.posts()
    assert post.id == message_id
    assert post.embeds[0].title == "Ferry resumes"
    sent = house.env.http_requests[-1].json
    assert isinstance(sent, dict)
    assert sent["nonce"] == "d1"
    assert sent["enforce_nonce"] is True
    assert sent["allowed_mentions"] == {"parse": []}


async def test_threads_and_announcement_channels_take_posts(house: House) -> None:
    thread = house.thread("harbour")
    announcements = house.guild.create_news_channel("announcements")
    for channel in (thread, announcements):
        await house.publisher.publish(ChannelId(channel.id), POST, f"d{channel.id % 1000}")
        assert house.posts(channel)[-1].embeds[0].title == "Ferry resumes"


@pytest.mark.parametrize(
    ("denied", "name"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("embed_links", "Embed Links"),
    ],
)
async def test_a_missing_permission_is_named_before_anything_is_sent(
    house: House, denied: str, name: str
) -> None:
    house.forbid(house.news, None, **{denied: True})
    before = len(house.env.http_requests)
    with pytest.raises(Forbidden, match=rf"{name}.* in #news \(Harbour\)"):
        await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    assert len(house.env.http_requests) == before


async def test_threads_need_a_permission_of_their_own(house: House) -> None:
    thread = house.thread("harbour")
    house.forbid(house.news, send_messages_in_threads=True)
    with pytest.raises(Forbidden, match="Send Messages in Threads"):
        await house.publisher.publish(ChannelId(thread.id), POST, "d1")


async def test_a_deleted_channel_is_gone(house: House) -> None:
    house.env.backend.delete_channel(house.other.id)
    with pytest.raises(ChannelGone, match="no longer exists"):
        await house.publisher.publish(ChannelId(house.other.id), POST, "d1")


async def test_a_server_that_herald_left_is_gone(house: House) -> None:
    channel_id = ChannelId(house.news.id)
    house.env.backend.remove_guild(house.guild.id)
    with pytest.raises(ChannelGone):
        await house.publisher.publish(channel_id, POST, "d1")


async def test_a_thread_that_sleeps_is_found_and_woken(house: House) -> None:
    thread = house.thread("harbour")
    guild = house.client.get_guild(house.guild.id)
    assert guild is not None
    guild._threads.clear()  # discord.py keeps only those that are awake
    await house.publisher.publish(ChannelId(thread.id), POST, "d1")
    assert house.posts(thread)[-1].embeds[0].title == "Ferry resumes"


async def test_a_channel_out_of_reach_may_come_back(house: House) -> None:
    house.env.inject_error("GET", "/channels/*", status=403, code=50001)
    with pytest.raises(Forbidden, match="no longer in that server"):
        await house.publisher.publish(ChannelId(1), POST, "d1")


async def test_an_outage_of_the_server_is_waited_for(house: House) -> None:
    guild = house.client.get_guild(house.guild.id)
    assert guild is not None
    guild.unavailable = True
    with pytest.raises(DiscordUnavailable, match="outage"):
        await house.publisher.publish(ChannelId(house.news.id), POST, "d1")


async def test_a_voice_channel_takes_no_posts(house: House) -> None:
    voice = house.guild.create_voice_channel("talk")
    with pytest.raises(ChannelGone, match="not a channel for posts"):
        await house.publisher.publish(ChannelId(voice.id), POST, "d1")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, 0, DiscordUnavailable),
        (404, 10003, ChannelGone),
        (403, 50013, Forbidden),
        (403, 50001, Forbidden),
        (400, 50083, Forbidden),
        (400, 50035, PostRefused),
        (404, 0, DiscordUnavailable),
        (429, 0, RateLimited),
    ],
)
async def test_what_discord_answers_is_told_apart(
    house: House, status: int, code: int, kind: type[PublishError]
) -> None:
    house.env.inject_error("POST", MESSAGES, status=status, code=code)
    with pytest.raises(PublishError) as caught:
        await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    assert type(caught.value) is kind
    assert caught.value.channel_id == house.news.id


@pytest.mark.parametrize(
    "client",
    [lambda: None, lambda: discord.Client(intents=discord.Intents.none())],
    ids=["none yet", "not logged in"],
)
async def test_without_a_connection_discord_is_unavailable(
    client: Callable[[], discord.Client | None],
) -> None:
    with pytest.raises(DiscordUnavailable):
        await DiscordPublisher(client, FakeMemory()).publish(ChannelId(1), POST, "d1")


# --- Looking back, and edits ---

LINKED = replace(POST, url="https://courier.example.org/ferry")


async def test_without_permission_to_read_the_history_nothing_is_known(house: House) -> None:
    await house.publisher.publish(ChannelId(house.news.id), LINKED, "d1")
    house.forbid(house.news, read_message_history=True)
    before = len(house.env.http_requests)
    with pytest.raises(HistoryHidden, match="lacks Read Message History"):
        await house.publisher.find(ChannelId(house.news.id), LINKED, None)
    assert len(house.env.http_requests) == before


async def test_where_nothing_came_after_the_last_post_none_is_there_history_or_not(
    house: House,
) -> None:
    channel = ChannelId(house.news.id)
    last = await house.publisher.publish(channel, POST, "d1")
    house.forbid(house.news, read_message_history=True)
    assert await house.publisher.find(channel, LINKED, last) is None
    landed = await house.publisher.publish(channel, LINKED, "d2")
    with pytest.raises(HistoryHidden):
        await house.publisher.find(channel, LINKED, last)
    house.env.backend.delete_message(house.news.id, landed)
    with pytest.raises(HistoryHidden):  # it may have been that one, and is not to come back
        await house.publisher.find(channel, LINKED, last)


async def test_a_post_is_found_behind_many_messages_of_others(house: House) -> None:
    channel = ChannelId(house.news.id)
    last = await house.publisher.publish(channel, POST, "d1")
    landed = await house.publisher.publish(channel, LINKED, "d2")
    for number in range(130):
        await house.admin.send(house.news, f"Message {number}")
    assert await house.publisher.find(channel, LINKED, last) == landed


async def test_what_others_say_and_what_herald_answers_is_not_taken_for_a_post(
    house: House,
) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    await house.admin.send(house.news, "Ferry resumes")
    await house.admin.slash(house.news, "news latest")
    assert await house.publisher.find(ChannelId(house.news.id), POST, None) is None


async def test_a_history_that_cannot_be_had_is_an_error_as_any(house: House) -> None:
    house.env.inject_error("GET", MESSAGES, status=503)
    with pytest.raises(DiscordUnavailable):
        await house.publisher.find(ChannelId(house.news.id), LINKED, None)


async def test_an_edit_pings_nobody(house: House) -> None:
    message_id = await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    await house.publisher.edit(ChannelId(house.news.id), message_id, LINKED)
    sent = house.env.http_requests[-1].json
    assert isinstance(sent, dict)
    assert sent["allowed_mentions"] == {"parse": []}
    assert house.posts()[0].embeds[0].url == LINKED.url


async def test_without_embed_links_a_post_is_not_emptied_by_an_edit(house: House) -> None:
    message_id = await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    house.forbid(house.news, embed_links=True)
    with pytest.raises(Forbidden, match="Embed Links"):
        await house.publisher.edit(ChannelId(house.news.id), message_id, LINKED)
    assert house.posts()[0].embeds[0].title == "Ferry resumes"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, 10008, MessageGone),
        (403, 50005, MessageGone),
        (404, 10003, ChannelGone),
        (403, 50013, Forbidden),
        (503, 0, DiscordUnavailable),
    ],
)
async def test_what_discord_answers_to_an_edit_is_told_apart(
    house: House, status: int, code: int, kind: type[PublishError]
) -> None:
    message_id = await house.publisher.publish(ChannelId(house.news.id), POST, "d1")
    house.env.inject_error("PATCH", f"{MESSAGES}/*", status=status, code=code)
    with pytest.raises(PublishError) as caught:
        await house.publisher.edit(ChannelId(house.news.id), message_id, LINKED)
    assert type(caught.value) is kind
