import asyncio
import dataclasses
import subprocess
import sys

import pytest

from bot.errors import ReaderBusy
from bot.feeds.limits import MIB
from bot.feeds.ration import Ration
from bot.feeds.source import open_web
from bot.news.models import Failed, Fetched, Validators
from tests.factories import entry
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.servers.feed_server import FeedItem, FeedServer, rss

SCARCE = dataclasses.replace(LIMITS, small_bytes=1000, bodies_bytes=2 * MIB, bodies_wait_s=0.05)
URL = "https://large.example.org/feed"


async def test_small_bodies_need_nothing_of_the_ration() -> None:
    ration = Ration(dataclasses.replace(SCARCE, bodies_bytes=0))
    with ration.place(URL) as place:
        await place.hold(1000)
        assert place.taken == 0


async def test_a_body_takes_what_it_needs_and_gives_it_back() -> None:
    ration = Ration(SCARCE)
    for _ in range(3):
        with ration.place(URL) as place:
            for size in (900, 1100, MIB, MIB + 1000, MIB + 1001):
                await place.hold(size)
            assert place.taken == 2 * MIB


async def test_bodies_that_wait_for_each_other_do_not_wait_for_ever() -> None:
    ration = Ration(SCARCE)
    with ration.place(URL) as one, ration.place(URL) as other:
        await one.hold(MIB)
        await other.hold(MIB)
        with pytest.raises(ReaderBusy, match=r"large\.example\.org/feed was not read"):
            await one.hold(2 * MIB)


async def test_a_body_goes_on_once_another_is_read() -> None:
    ration = Ration(dataclasses.replace(SCARCE, bodies_wait_s=60.0))
    with ration.place(URL) as waiting:
        with ration.place(URL) as other:
            await other.hold(2 * MIB)
            growing = asyncio.ensure_future(waiting.hold(MIB))
            await asyncio.sleep(0)
            assert not growing.done()
        await growing
    assert waiting.taken == MIB


async def test_polling_keeps_to_the_ration_and_gives_it_back_whatever_comes() -> None:
    limits = dataclasses.replace(SCARCE, bodies_bytes=MIB)
    large = rss(*(FeedItem(title=f"Entry {n}", description="word " * 400) for n in range(800)))
    assert MIB < len(large) < 2 * MIB
    async with (
        FeedServer() as server,
        open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as web,
    ):
        too_much = server.put("/large.xml", large)
        fits = server.put("/fits.xml", large[: MIB // 2] + b"</rss>")
        for _ in range(2):
            put_off = await web.fetch(too_much, Validators(), None)
            assert isinstance(put_off, Failed)
            assert put_off.kind == "busy"
            assert isinstance(await web.fetch(fits, Validators(), None), Fetched)


async def test_looking_for_feeds_keeps_to_the_ration() -> None:
    limits = dataclasses.replace(SCARCE, bodies_bytes=0)
    async with (
        FeedServer() as server,
        open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as web,
    ):
        large = server.put("/large.xml", rss(FeedItem(title="Entry", description="word " * 400)))
        with pytest.raises(ReaderBusy, match=r"large\.xml was not read"):
            await web.discover(large)


async def test_an_article_that_finds_no_memory_is_told_by_its_feed() -> None:
    limits = dataclasses.replace(SCARCE, bodies_bytes=0)
    page = b"<html><body><article><p>" + b"The harbour wall gave way. " * 200 + b"</article>"
    async with (
        FeedServer() as server,
        open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as web,
    ):
        server.put("/robots.txt", b"", content_type="text/plain")
        url = server.put("/page.html", page, content_type="text/html")
        told = await web.article(entry(url=url, teaser="The wall gave way.", text=""))
        assert told.method == "teaser"
        assert "page.html was not read" in str(told.note)


# Two bodies of 20 MB, one after the other; behind the second there are small things that stay.
_BODIES = """
from pathlib import Path
from bot.feeds.ration import return_freed_bodies

def pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])

def body() -> bytearray:
    return bytearray(b"x") * 20_000_000

return_freed_bodies()
first = body()
del first
before = pages()
second = body()
small = [bytes(1000) for _ in range(2000)]
del second
print((pages() - before) * 4096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="as the GNU C library does it")
def test_the_memory_of_a_body_goes_back_to_the_system() -> None:
    kept = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", _BODIES], capture_output=True, text=True, check=True
    )
    assert int(kept.stdout) < 10_000_000
