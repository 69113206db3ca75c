"""The real client against the stand-in for Discord, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.frontend.client import HeraldClient, stay_connected
from bot.frontend.gate import Gate
from tests.servers.discord_server import TOKEN


class Bot:
    """Makes clients and keeps the latest."""

    def __init__(self, make: Callable[[Callable[[], None], Gate], HeraldClient]) -> None:
        self._make = make
        self.gate = Gate()
        self.clients: list[HeraldClient] = []
        self.is_ready = asyncio.Event()
        self.slept: list[float] = []
        # discord.py waits this long for more servers before it calls itself ready. With 0.0, add
        # servers once connected.
        self.ready_after_s = 2.0

    def make_client(self) -> HeraldClient:
        """Make a client; it is the current one from now on."""
        self.clients.append(self._make(self.is_ready.set, self.gate))
        self.clients[-1]._connection.guild_ready_timeout = self.ready_after_s
        return self.clients[-1]

    def current(self) -> HeraldClient | None:
        """Return the latest client."""
        return self.clients[-1] if self.clients else None

    async def sleep(self, seconds: float) -> None:
        """Sleep in name only."""
        self.slept.append(seconds)

    async def stay_connected(self, token: str = TOKEN) -> None:
        """Run the loop under test."""
        await stay_connected(self.make_client, token, sleep=self.sleep, jitter=lambda: 0.0)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Stay connected, from ready until the block ends."""
        task = asyncio.create_task(self.stay_connected())
        try:
            await self.is_ready.wait()
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
