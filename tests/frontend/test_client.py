import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.errors import ConfigError
from bot.frontend import limits
from bot.frontend.client import HeraldClient, backoff_s, point_at, stay_connected
from tests.frontend.house import House

UPLOAD = re.compile(r"/applications/\d+/commands")


def uploads(house: House) -> int:
    return sum(
        request.method == "PUT" and UPLOAD.fullmatch(request.path) is not None
        for request in house.env.http_requests
    )


async def test_commands_are_uploaded_once_and_not_again_after_a_restart(house: House) -> None:
    assert uploads(house) == 1
    await house.restart()
    assert uploads(house) == 1
    assert await house.client.upload_commands() is False
    assert await house.client.upload_commands(force=True) is True
    assert uploads(house) == 2


async def test_changed_commands_are_uploaded_again(house: House) -> None:
    house.client.tree.remove_command("news")
    assert await house.client.upload_commands() is True
    assert await house.client.upload_commands() is False


async def test_refused_commands_do_not_keep_the_bot_from_posting(house: House) -> None:
    await house.storage.remember("discord.commands", "outdated")
    house.env.inject_error("PUT", "/applications/*/commands", status=400, code=50035)
    await house.restart()
    assert house.client.is_ready()


async def test_herald_asks_for_no_more_than_the_list_of_servers(house: House) -> None:
    assert house.client.intents == discord.Intents(guilds=True)
    allowed = house.client.allowed_mentions
    assert allowed is not None
    assert allowed.to_dict() == discord.AllowedMentions.none().to_dict()


async def test_every_command_and_option_is_described_within_limits(house: House) -> None:
    for command in house.client.tree.get_commands(type=discord.AppCommandType.chat_input):
        payload = command.to_dict(house.client.tree)
        assert _size(payload) <= limits.COMMAND_TOTAL_MAX
        for described in _described(payload):
            assert 5 <= len(described["description"]) <= limits.DESCRIPTION_MAX, described["name"]
            assert described["description"] != "…"
            assert re.fullmatch(r"[-_a-z]{1,32}", described["name"])


async def test_feed_is_for_those_who_manage_the_server_and_both_work_in_servers_only(
    house: House,
) -> None:
    feed, news = (house.client.tree.get_command(name) for name in ("feed", "news"))
    assert isinstance(feed, discord.app_commands.Group)
    assert isinstance(news, discord.app_commands.Group)
    assert feed.default_permissions == discord.Permissions(manage_guild=True)
    assert news.default_permissions is None
    assert feed.guild_only
    assert news.guild_only


def test_point_at_changes_both_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    point_at("http://127.0.0.1:1/api/v10/", "ws://127.0.0.1:2/")
    assert Route("GET", "/gateway").url == "http://127.0.0.1:1/api/v10/gateway"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:2/"
    point_at(None, None)
    assert Route.BASE == "http://127.0.0.1:1/api/v10"


class ScriptedClient(HeraldClient):
    """A client whose connecting goes as scripted."""

    def __init__(self, act: Callable[["ScriptedClient"], None]) -> None:
        discord.Client.__init__(self, intents=discord.Intents.none())
        self.was_ready = False
        self.closings = 0
        self._act = act

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Do as scripted, then stay connected until cancelled."""
        assert (token, reconnect) == ("token", True)
        self._act(self)
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Count."""
        self.closings += 1


class Connections:
    """Makes one client an act, and notes how long was slept between them."""

    def __init__(self, *failing: Callable[[ScriptedClient], None]) -> None:
        self.is_staying = asyncio.Event()
        self._acts = [*failing, lambda _client: self.is_staying.set()]
        self.clients: list[ScriptedClient] = []
        self.slept: list[float] = []

    def make(self) -> ScriptedClient:
        self.clients.append(ScriptedClient(self._acts.pop(0)))
        return self.clients[-1]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(self) -> None:
        await stay_connected(self.make, "token", sleep=self.sleep, jitter=lambda: 0.0)


def raising(error: Exception) -> Callable[[ScriptedClient], None]:
    def act(_client: ScriptedClient) -> None:
        raise error

    return act


def losing_it_later(client: ScriptedClient) -> None:
    client.was_ready = True
    raise aiohttp.ServerDisconnectedError


def closed(code: int) -> discord.ConnectionClosed:
    class Socket:
        close_code = code

    return discord.ConnectionClosed(Socket(), shard_id=None, code=code)  # type: ignore[arg-type]  # all it reads


async def test_a_connect_that_fails_is_tried_again_with_a_fresh_client_and_back_off() -> None:
    connections = Connections(
        raising(AttributeError("'NoneType' object has no attribute 'sequence'")),
        raising(OSError("refused")),
        raising(discord.GatewayNotFound()),  # type: ignore[no-untyped-call]  # the library's
        raising(RuntimeError("a payload that could not be read")),
    )
    task = asyncio.create_task(connections.run())
    await connections.is_staying.wait()
    assert connections.slept == [1, 2, 4, 8]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [client.closings for client in connections.clients] == [1, 1, 1, 1, 1]


async def test_back_off_begins_anew_after_a_connection_that_worked() -> None:
    connections = Connections(
        raising(OSError("refused")), raising(OSError("refused")), losing_it_later
    )
    task = asyncio.create_task(connections.run())
    await connections.is_staying.wait()
    assert connections.slept == [1, 2, 1]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (discord.LoginFailure("Improper token has been passed."), "HERALD_TOKEN"),
        (closed(4004), "HERALD_TOKEN"),
        (closed(4013), "intents"),
        (discord.PrivilegedIntentsRequired(None), "intents"),
    ],
    ids=["login", "close 4004", "close 4013", "close 4014"],
)
async def test_what_no_retry_mends_ends_at_once(error: Exception, says: str) -> None:
    connections = Connections(raising(error))
    with pytest.raises(ConfigError, match=says):
        await connections.run()
    assert connections.slept == []
    assert connections.clients[0].closings == 1


def test_back_off_is_bounded_and_spread() -> None:
    assert [backoff_s(n, 0.0) for n in (1, 2, 9, 10, 10_000)] == [1, 2, 256, 300, 300]
    assert backoff_s(10, 0.5) == timedelta(minutes=3, seconds=45).total_seconds()


def _described(payload: dict[str, object]) -> list[dict[str, str]]:
    found = [payload]
    for option in payload.get("options") or []:  # type: ignore[attr-defined]  # JSON
        found += _described(option)  # type: ignore[arg-type]  # JSON
    return found  # type: ignore[return-value]  # JSON


def _size(payload: dict[str, object]) -> int:
    return sum(len(each["name"]) + len(each["description"]) for each in _described(payload))
