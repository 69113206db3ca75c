"""The bot as a process, between a stand-in for Discord and a feed server, all on loopback."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from tests.e2e.herald_process import HeraldProcess
from tests.servers.discord_server import DiscordServer
from tests.servers.feed_server import FeedServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the process said when a test fails."""
    report = yield
    herald = getattr(item, "funcargs", {}).get("herald")
    if report.failed and isinstance(herald, HeraldProcess):
        report.sections += [(path.name, path.read_text()) for path in herald.logs]
    return report


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """Return a stand-in for Discord; at the end, no request may have broken Discord's own rules."""
    async with DiscordServer.start() as server:
        yield server
        assert server.violations == []


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    """Return a web server for feeds and pages."""
    async with FeedServer() as feeds:
        yield feeds


@pytest.fixture
async def herald(tmp_path: Path, server: DiscordServer) -> AsyncIterator[HeraldProcess]:
    """Return the bot, not started; at the end, its token may not be in what it said."""
    herald = HeraldProcess(tmp_path, server)
    yield herald
    await herald.kill()
    for path in herald.logs:
        assert server.token not in path.read_text(), f"the token is in {path.name}"
