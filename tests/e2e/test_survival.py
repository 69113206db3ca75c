"""What the bot lives through: kill -9, signals, a wrong token, a gateway or REST that fails."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.e2e.herald_process import HeraldProcess
from tests.e2e.newsroom import Newsroom, plain, post_in, posted_in
from tests.servers.discord_faults import Drop, Effect, Status
from tests.servers.discord_faults import Fault as DiscordFault
from tests.servers.discord_gateway import Refusal
from tests.servers.discord_server import DiscordServer
from tests.servers.feed_server import Fault, FeedServer

SAID_GOODBYE = 1000  # the close code of a client that leaves on purpose


@pytest.fixture
def news(server: DiscordServer, feeds: FeedServer) -> Newsroom:
    """Return a guild with a newspaper to follow."""
    return Newsroom(server, feeds)


async def test_kill_9_between_publish_and_mark_neither_loses_nor_doubles(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    hold = server.faults.hold("POST", f"/channels/{news.channel.id}/messages")
    news.publish("Ferry resumes", "Library opens late")
    await hold.reached()
    assert news.posted == ["Ferry resumes"], "stored by Discord, not yet marked by the bot"
    await herald.kill()
    hold.release()
    await server.gateway.wait_until_gone()

    news.publish("Bakery reopens")
    await herald.start()
    await news.post_of("Bakery reopens")
    assert news.posted == ["Ferry resumes", "Library opens late", "Bakery reopens"]
    sent = [s.body["nonce"] for s in server.seen("POST", "/messages") if isinstance(s.body, dict)]
    assert sent[0] == sent[1], "sent again with the same nonce"
    assert len(server.command_uploads) == 1, "commands had not changed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_0_and_a_closed_gateway(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom, number: signal.Signals
) -> None:
    del news  # a guild is all that is needed
    await herald.start()
    await server.wait_until_ready()
    assert await herald.stop(number) == 0
    assert await server.gateway.wait_until_gone() == SAID_GOODBYE
    assert "Traceback" not in herald.output


async def test_a_post_in_hand_at_sigterm_is_finished_and_marked(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    hold = server.faults.hold("POST", f"/channels/{news.channel.id}/messages")
    news.publish("Ferry resumes")
    await hold.reached()
    herald.send(signal.SIGTERM)
    hold.release()
    assert await herald.wait() == 0
    news.publish("Bakery reopens")
    await herald.start()
    await news.post_of("Bakery reopens")
    assert news.posted == ["Ferry resumes", "Bakery reopens"]
    assert len(server.seen("POST", "/messages")) == 2, "sent again though it had been finished"


async def test_sigterm_ends_it_though_discord_and_a_feed_never_answer(
    server: DiscordServer, herald: HeraldProcess, feeds: FeedServer, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    hold = server.faults.hold("POST", f"/channels/{news.channel.id}/messages")
    news.publish("Ferry resumes")
    await hold.reached()
    feeds.fault("/gazette.xml", Fault.SILENT)
    await news.wait_until_polled()
    herald.send(signal.SIGTERM)
    assert await herald.wait() == 0
    hold.release()
    news.publish("Bakery reopens")
    await herald.start()
    await news.post_of("Bakery reopens")
    assert news.posted == ["Ferry resumes", "Bakery reopens"]


async def test_a_command_under_way_at_sigterm_is_answered(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await server.wait_until_ready()
    hold = server.faults.hold("POST", "/interactions/*/callback")
    asked = asyncio.create_task(news.admin.slash(news.channel, "feed add", url=news.url))
    await hold.reached()
    herald.send(signal.SIGTERM)
    await server.world.catch_up()
    hold.release()
    reply = await asked
    assert reply.embeds[0]["title"] == "Bridge closes"
    assert await herald.wait() == 0
    assert [line["name"] for line in herald.events("command.answered")] == ["feed add"]
    assert herald.events("commands.cut_short") == []
    assert "Traceback" not in herald.output


async def test_a_command_that_takes_too_long_at_sigterm_ends_with_one_calm_line(
    server: DiscordServer, herald: HeraldProcess, feeds: FeedServer, news: Newsroom
) -> None:
    await herald.start()
    await server.wait_until_ready()
    feeds.fault("/gazette.xml", Fault.SILENT)
    asked = asyncio.create_task(news.admin.slash(news.channel, "feed add", url=news.url))
    await news.wait_until_polled()
    assert await herald.stop() == 0
    asked.cancel()
    await asyncio.wait([asked])
    assert [line["commands"] for line in herald.events("commands.cut_short")] == [1]
    assert herald.events("command.broken") == []
    assert "Traceback" not in herald.output


async def test_sigterm_ends_it_in_the_middle_of_logging_in(
    server: DiscordServer, herald: HeraldProcess
) -> None:
    hold = server.faults.hold("GET", "/users/@me")
    await herald.start()
    await hold.reached()
    assert await herald.stop() == 0
    assert server.gateway.connections == []


async def test_a_deleted_channel_holds_up_no_other(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    gone = news.guild.add_channel("gone")
    await herald.start()
    await news.follow(channel=gone)
    await news.follow()
    gone.delete()
    news.publish("Ferry resumes")
    await news.post_of("Ferry resumes")
    news.publish("Bakery reopens")
    await news.post_of("Bakery reopens")
    assert news.posted == ["Ferry resumes", "Bakery reopens"]
    assert len(server.seen("POST", f"/{gone.id}/messages")) <= 1


async def test_a_wrong_token_ends_it_with_2_one_line_and_no_storm(
    server: DiscordServer, herald: HeraldProcess
) -> None:
    await herald.start(HERALD_TOKEN="MTAw.wrong.token", HERALD_LOG_FORMAT="pretty")  # noqa: S106  # no secret
    assert await herald.wait() == 2
    lines = [line for line in herald.output.splitlines() if "token" in line.lower()]
    assert len(lines) == 1, herald.output
    assert "HERALD_TOKEN" in lines[0]
    assert "Traceback" not in herald.output
    assert "MTAw.wrong.token" not in herald.output
    assert len(server.seen("GET", "/users/@me")) <= 3
    assert server.gateway.connections == []


async def test_a_token_that_is_reset_while_it_runs_ends_it_with_2_and_one_line(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start(HERALD_LOG_FORMAT="pretty")
    await news.follow()
    good, server.token = server.token, "reset"  # the gateway has not noticed yet
    news.publish("Ferry resumes")
    assert await herald.wait() == 2
    lines = [line for line in herald.output.splitlines() if "HERALD_TOKEN" in line]
    assert len(lines) == 1, herald.output
    assert "Traceback" not in herald.output
    server.token = good
    await herald.start()
    await news.post_of("Ferry resumes")
    assert news.posted == ["Ferry resumes"]


async def test_a_token_that_the_gateway_refuses_ends_it_with_2(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    del news
    server.world.token = "reset meanwhile"  # noqa: S105  # REST still takes the old one
    await herald.start()
    assert await herald.wait() == 2
    assert "HERALD_TOKEN" in herald.output
    assert len(server.gateway.identifies) == 1


async def test_it_outlives_first_gateway_connects_that_fail(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    for how in Refusal:
        server.gateway.refuse_next(1, how)
    await herald.start()
    await news.follow(backfill=1)
    await news.post_of("Bridge closes")
    assert server.gateway.connect_attempts == 1 + len(Refusal)
    # Not once for each: aiohttp itself tries again where a connection that it kept is cut.
    assert len(herald.events("discord.lost")) >= 2
    assert await herald.stop() == 0


async def test_sigterm_ends_it_while_discord_cannot_be_reached(
    server: DiscordServer, herald: HeraldProcess
) -> None:
    server.gateway.refuse_next(1000)
    await herald.start()
    await server.world.pulse.until(lambda: server.gateway.connect_attempts >= 2, "a second try")
    assert await herald.stop() == 0


async def test_it_comes_back_after_the_gateway_drops_it(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    server.gateway.drop()
    await server.gateway.wait_until_connected(2)
    server.gateway.reconnect()
    await server.gateway.wait_until_connected(3)
    news.publish("Ferry resumes", "Bakery reopens")
    await news.post_of("Bakery reopens")  # so the one before is marked, and found by search
    reply = await news.admin.slash(news.channel, "news search", query="ferry")
    assert "Ferry resumes" in plain(reply)
    assert (len(server.gateway.identifies), server.gateway.resumes) == (1, 2)


async def test_a_pause_that_ended_while_it_was_off_is_caught_up_with_at_the_start(
    herald: HeraldProcess, news: Newsroom
) -> None:
    news.publish("Bridge closes")
    await herald.start()
    await news.follow()
    options: dict[str, Any] = {"for": "1h", "meanwhile": "catch up"}
    paused = await news.admin.slash(news.channel, "feed pause", feed="Saltmarsh Gazette", **options)
    assert "posted after the pause" in paused.text
    news.publish("Ferry resumes", "Bakery reopens")
    await news.wait_until_polled()
    await news.wait_until_polled()  # so the poll before is recorded
    assert await herald.stop() == 0
    assert news.posted == []
    with closing(sqlite3.connect(herald.database)) as database, database:
        database.execute("UPDATE subscriptions SET paused_until = 1")

    await herald.start()
    await news.post_of("Bakery reopens")
    assert news.posted == ["Ferry resumes", "Bakery reopens"]
    [resumed] = herald.events("feed.resumed")
    assert resumed["posted"] == 2


async def test_a_send_that_fails_is_neither_lost_nor_doubled(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    faults: dict[str, DiscordFault] = {
        "bad-gateway-but-posted": Status(status=502, effect=Effect.TAKEN),
        "unavailable-but-posted": Status(status=503, effect=Effect.TAKEN),
        "unavailable": Status(status=503),
        "limited": Status(status=429, retry_after_s=0.5),
        "cut-off-but-posted": Drop(effect=Effect.TAKEN),
        "cut-off": Drop(),
    }
    news.publish("Bridge closes")
    channels = [news.guild.add_channel(name) for name in faults]
    await herald.start()
    for channel in channels:
        await news.follow(channel=channel)
        fault = faults[channel.name]
        server.faults.order("POST", f"/channels/{channel.id}/messages", fault)
    news.publish("Ferry resumes", "Library opens late")
    for channel in channels:
        await post_in(channel, "Library opens late")
        assert posted_in(channel) == ["Ferry resumes", "Library opens late"], channel.name
        assert len(server.seen("POST", f"/{channel.id}/messages")) == 3, channel.name


async def test_unchanged_commands_are_not_uploaded_again(
    server: DiscordServer, herald: HeraldProcess, news: Newsroom
) -> None:
    del news
    await herald.start()
    await server.wait_until_ready()
    assert await herald.stop() == 0
    await herald.start()
    await server.gateway.wait_until_connected(2)
    assert len(server.command_uploads) == 1
    assert len(server.gateway.identifies) == 2
