"""Waits and refusals over real sockets: which of them are for one channel, and which for all."""

import asyncio

import pytest

from bot.errors import ConfigError, DiscordUnavailable, Forbidden, PublishError, RateLimited
from bot.frontend.gate import Gate
from bot.frontend.publisher import DiscordPublisher
from bot.news.models import ChannelId, Post
from tests.fakes import FakeMemory
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Effect, Status
from tests.servers.discord_server import DiscordServer

POST = Post(title="Ferry resumes", url=None, body="It sails.", source="The Courier")
MESSAGES = "/channels/*/messages"


@pytest.mark.parametrize(
    ("fault", "is_for_all"),
    [
        (Status(status=429, retry_after_s=600), False),
        (Status(status=429, retry_after_s=600, scope="shared"), False),
        (Status(status=429, retry_after_s=600, is_global=True), True),
        (Status(status=429, retry_after_s=600, has_via=False), True),
    ],
    ids=["user", "shared", "global", "Cloudflare"],
)
async def test_a_wait_is_for_one_channel_unless_discord_says_that_it_is_for_all(
    server: DiscordServer, bot: Bot, fault: Status, *, is_for_all: bool
) -> None:
    guild = server.add_guild("Harbour")
    limited, other = (ChannelId(guild.add_channel(name).id) for name in ("news", "other"))
    publisher = DiscordPublisher(bot.current, FakeMemory(), bot.gate)
    async with bot.connected():
        server.faults.order("POST", MESSAGES, fault)
        with pytest.raises(RateLimited):
            await publisher.publish(limited, POST, "d1")
        asked = len(server.seen("POST", "/messages"))
        if is_for_all:
            with pytest.raises(RateLimited, match="not asked for another") as caught:
                await publisher.publish(other, POST, "d2")
            assert 590 < caught.value.retry_after_s <= 600
            assert not caught.value.may_have_landed
            assert len(server.seen("POST", "/messages")) == asked
        else:
            await publisher.publish(other, POST, "d2")


async def test_refusals_stop_all_sending_long_before_discord_shuts_us_out(
    server: DiscordServer, bot: Bot
) -> None:
    guild = server.add_guild("Harbour")
    channels = [ChannelId(guild.add_channel(f"news-{n}").id) for n in range(8)]
    bot.gate = Gate(refusals_max=5)
    publisher = DiscordPublisher(bot.current, FakeMemory(), bot.gate)
    async with bot.connected():
        server.faults.order("POST", MESSAGES, Status(status=403), times=100)
        kinds = []
        for channel in channels:
            with pytest.raises(PublishError) as caught:
                await publisher.publish(channel, POST, f"d{channel}")
            assert not caught.value.may_have_landed
            kinds.append(type(caught.value))
    assert kinds == [Forbidden] * 5 + [RateLimited] * 3
    assert len(server.seen("POST", "/messages")) == 5


async def test_a_refusal_after_an_answer_that_was_lost_may_have_landed(
    server: DiscordServer, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = server.add_guild("Harbour").add_channel("news")
    publisher = DiscordPublisher(bot.current, FakeMemory(), bot.gate)
    async with bot.connected():
        # discord.py itself tries again a second after a 502.
        sleep = asyncio.sleep
        monkeypatch.setattr("discord.http.asyncio.sleep", lambda _seconds: sleep(0))
        server.faults.order("POST", MESSAGES, Status(status=502, effect=Effect.TAKEN))
        server.faults.order("POST", MESSAGES, Status(status=403))
        with pytest.raises(Forbidden) as caught:
            await publisher.publish(ChannelId(channel.id), POST, "d1")
    assert caught.value.may_have_landed
    assert len(channel.messages) == 1


async def test_a_token_that_is_reset_meanwhile_ends_all_and_one_stray_401_does_not(
    server: DiscordServer, bot: Bot
) -> None:
    channel = ChannelId(server.add_guild("Harbour").add_channel("news").id)
    publisher = DiscordPublisher(bot.current, FakeMemory(), bot.gate)
    async with bot.connected():
        server.faults.order("POST", MESSAGES, Status(status=401))
        with pytest.raises(DiscordUnavailable, match="401"):
            await publisher.publish(channel, POST, "d1")
        server.token = "reset"  # noqa: S105  # no secret
        with pytest.raises(ConfigError, match="HERALD_TOKEN"):
            await publisher.publish(channel, POST, "d1")
