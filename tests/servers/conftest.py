"""Fixtures for the tests of the stand-ins themselves."""

from collections.abc import AsyncIterator, Iterator

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.servers.discord_server import DiscordServer


@pytest.fixture
def _discord_py_as_it_was() -> Iterator[None]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def server(_discord_py_as_it_was: None) -> AsyncIterator[DiscordServer]:
    """Return a stand-in for Discord that discord.py in this process talks to."""
    async with DiscordServer.start() as server:
        Route.BASE = server.api_base
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
        yield server
        assert server.violations == []
