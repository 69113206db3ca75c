"""The client over real sockets, against the stand-in for Discord."""

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
from discord.http import Route

from bot.errors import ConfigError, DiscordUnavailable, PublishError, RateLimited
from bot.frontend.client import identify
from bot.frontend.publisher import DiscordPublisher
from bot.news.models import ChannelId, Post
from tests.fakes import FakeMemory
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Drop, Effect, Fault, Status
from tests.servers.discord_gateway import Refusal
from tests.servers.discord_server import TOKEN, DiscordServer

POST = Post(title="Ferry resumes", url=None, body="It sails.", source="The Courier")
MESSAGES = "/channels/*/messages"


@pytest.mark.parametrize("how", Refusal)
async def test_a_first_connect_that_fails_is_survived_with_a_fresh_client(
    server: DiscordServer, bot: Bot, how: Refusal
) -> None:
    server.gateway.refuse_next(1, how)
    async with bot.connected():
        assert bot.clients[-1].is_ready()
        assert all(client.is_closed() for client in bot.clients[:-1])
    assert len(server.command_uploads) == 1


async def test_being_cancelled_says_goodbye_to_the_gateway(server: DiscordServer, bot: Bot) -> None:
    async with bot.connected():
        pass
    assert await server.gateway.wait_until_gone() == 1000
    assert bot.clients[-1].is_closed()


async def test_a_wrong_token_ends_at_once_without_a_retry(server: DiscordServer, bot: Bot) -> None:
    with pytest.raises(ConfigError, match="HERALD_TOKEN") as caught:
        await bot.stay_connected("wrong")
    assert caught.value.setting == "HERALD_TOKEN"
    assert "wrong" not in str(caught.value)
    assert len(server.requests) == 1


async def test_commands_fit_what_discord_accepts(server: DiscordServer, bot: Bot) -> None:
    async with bot.connected():
        assert [command["name"] for command in server.commands] == [
            "feed",
            "news",
            "settings",
            "digest",
            "health",
            "ask",
            "story",
            "privacy",
            "Why this?",
            "Show story",
        ]


async def test_faults_of_the_wire_are_told_apart(server: DiscordServer, bot: Bot) -> None:
    channel = ChannelId(server.add_guild("Harbour").add_channel("news").id)
    publisher = DiscordPublisher(bot.current, FakeMemory(), bot.gate)
    front_door = Status(status=429, retry_after_s=1234, has_via=False)  # Cloudflare's
    faults: list[tuple[Fault, type[PublishError]]] = [
        (Status(status=503), DiscordUnavailable),
        (Drop(), DiscordUnavailable),
        (Status(status=429, retry_after_s=1234), RateLimited),
        (front_door, RateLimited),
    ]
    async with bot.connected():
        for fault, kind in faults:
            server.faults.order("POST", MESSAGES, fault)
            with pytest.raises(kind) as caught:
                await publisher.publish(channel, POST, "d1")
            if isinstance(caught.value, RateLimited):
                assert caught.value.retry_after_s == 1234
            is_refusal = isinstance(fault, Status) and fault.status == 429
            assert caught.value.may_have_landed is not is_refusal


async def test_a_post_whose_answer_was_lost_is_not_doubled_by_trying_again(
    server: DiscordServer, bot: Bot
) -> None:
    channel = server.add_guild("Harbour").add_channel("news")
    publisher = DiscordPublisher(bot.current, FakeMemory())
    async with bot.connected():
        server.faults.order("POST", MESSAGES, Drop(effect=Effect.TAKEN))
        with pytest.raises(DiscordUnavailable):
            await publisher.publish(ChannelId(channel.id), POST, "d1")
        message_id = await publisher.publish(ChannelId(channel.id), POST, "d1")
    assert [message.id for message in channel.messages] == [message_id]


async def test_connecting_warns_of_nothing(
    server: DiscordServer,
    bot: Bot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", True)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", True)
    async with bot.connected():
        assert server.gateway.is_connected
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


async def test_a_post_whose_answer_was_lost_is_found_when_its_nonce_is_forgotten(
    server: DiscordServer, bot: Bot
) -> None:
    channel = server.add_guild("Harbour").add_channel("news")
    channel_id = ChannelId(channel.id)
    publisher = DiscordPublisher(bot.current, FakeMemory())
    earlier = replace(POST, title="Mill burns")
    server.world.nonce_window = timedelta(0)
    async with bot.connected():
        after = await publisher.publish(channel_id, earlier, "d1")
        server.faults.order("POST", MESSAGES, Drop(effect=Effect.TAKEN))
        with pytest.raises(DiscordUnavailable):
            await publisher.publish(channel_id, POST, "d2")
        found = await publisher.find(channel_id, POST, after)
        assert found == channel.messages[-1].id
        await publisher.edit(channel_id, found, replace(POST, body="It sails again."))
    assert [message.embeds[0]["title"] for message in channel.messages] == [
        "Mill burns",
        POST.title,
    ]
    assert channel.messages[-1].embeds[0]["description"] == "It sails again."


async def test_identify_tells_who_discord_says_we_are(server: DiscordServer) -> None:
    assert str(server.world.application_id) in await identify(TOKEN)
    with pytest.raises(ConfigError, match="HERALD_TOKEN"):
        await identify("wrong")


async def test_identify_says_when_discord_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:9/api/v10")  # discard: nobody listens
    with pytest.raises(DiscordUnavailable, match="could not be asked"):
        await identify(TOKEN)
