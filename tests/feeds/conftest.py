"""One server and one adapter per test module: a worker process takes half a second to start."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest_asyncio

from bot.feeds.limits import MIB, Limits
from bot.feeds.source import Web, open_web
from tests.servers.feed_server import FeedServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
USER_AGENT = "Herald/test (+https://herald.example.org/; self-hosted)"
# Small enough that a test of a limit takes a moment, large enough for a busy machine elsewhere.
LIMITS = Limits(
    feed_bytes=2 * MIB,
    page_bytes=MIB // 2,
    fetch_s=20.0,
    page_s=20.0,
    slice_deadline_s=20.0,
    reading_deadline_s=40.0,
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web() -> AsyncIterator[Web]:
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=LIMITS, keepalive_s=1.0
    ) as opened:
        yield opened
