"""A disk that is full for a while, a real one: a small tmpfs that only this Herald sees."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.herald_process import HeraldProcess
from tests.e2e.newsroom import Newsroom
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_wire import PATIENCE_S
from tests.servers.feed_server import FeedServer

SIZE = "24m"
CHUNK = bytes(65_536)


def may_mount() -> bool:
    """Whether this machine lets us mount a file system of our own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    tried = [unshare, "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0  # noqa: S603  # ours


def fill(directory: Path) -> Path:
    """Leave no room in *directory*; return the file that takes it."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(CHUNK)
        except OSError:
            return filler


async def until(condition: Callable[[], object]) -> None:
    """Look again and again until *condition* holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # a file tells of no change
            await asyncio.sleep(0.02)


@pytest.mark.skipif(not may_mount(), reason="mounting a small disk is not allowed here")
async def test_a_full_disk_loses_nothing_says_one_line_and_goes_on_when_there_is_room(
    server: DiscordServer, feeds: FeedServer, herald: HeraldProcess
) -> None:
    news = Newsroom(server, feeds)
    news.publish("Bridge closes")
    herald.disk_size = SIZE
    await herald.start()
    await news.follow()
    filler = fill(herald.disk)
    news.publish("Ferry resumes", "Library opens late")
    await until(lambda: herald.events("storage.failing"))
    assert news.posted == []
    filler.unlink()
    await news.post_of("Library opens late")
    assert news.posted == ["Ferry resumes", "Library opens late"]
    await until(lambda: herald.events("storage.recovered"))
    (failing,) = herald.events("storage.failing")
    assert "Is the disk full" in str(failing["reason"])
    assert "Traceback" not in herald.output
    assert await herald.stop() == 0
