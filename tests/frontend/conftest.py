from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.frontend.client import HeraldClient, point_at
from bot.frontend.gate import Gate
from tests.fakes import FakeClock, FakeSource
from tests.frontend.house import House, make_client, open_archive, open_house
from tests.frontend.wire import Bot
from tests.servers.discord_server import DiscordServer


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Open a server with the bot in it."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with DiscordServer.start() as started:
        point_at(started.api_base, started.gateway_url)
        yield started
        assert started.violations == []


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with open_archive(tmp_path) as storage:
        clock = FakeClock()

        def make(on_ready: Callable[[], None], gate: Gate) -> HeraldClient:
            return make_client(storage, FakeSource(), clock, on_ready, gate)

        yield Bot(make)
