"""Bad addresses, with the real web of Herald on a server on loopback."""

import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.feeds.source import open_web
from tests.frontend.house import House, message, open_house, text
from tests.servers.feed_server import Fault, FeedItem, FeedServer

# The keep-alive outlives simcord's wait for the bot to settle: a timer that ends within it would
# be waited for.
KEEPALIVE_S = 60.0
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        yield server


@pytest.fixture
async def web_house(tmp_path: Path) -> AsyncIterator[House]:
    async with (
        open_web(
            user_agent="Herald/test",
            allowed_networks=[LOOPBACK],
            keepalive_s=KEEPALIVE_S,
        ) as web,
        open_house(tmp_path, web) as house,
    ):
        yield house


async def test_a_site_leads_to_its_feed_and_its_feed_to_posts(
    web_house: House, feeds: FeedServer
) -> None:
    url = feeds.feed(
        "/news.xml",
        FeedItem(
            title="Ferry resumes",
            link=feeds.url("/ferry"),
            content="<p>" + "The ferry sails again after the storm, said Ana Brook. " * 20 + "</p>",
        ),
    )
    feeds.put(
        "/",
        f'<html><head><link rel="alternate" type="application/rss+xml" href="{url}"></head>'
        "<body><p>News from the harbour</p></body></html>",
    )
    shown = await web_house.follow(feeds.url("/"), backfill=1)
    assert "Added **Harbour Gazette**" in text(shown)
    assert await web_house.deliver() == 1
    found = await web_house.member.slash(web_house.news, "news search", query="ferry")
    assert "**Ferry** resumes" in text(found)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("ferry news", "web address"),
        ("ftp://example.org/feed", "ftp"),
        ("http://10.0.0.1/feed", "10.0.0.1"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("http://[::1]/feed", "::1"),
        ("http://nowhere.invalid/feed", "nowhere.invalid"),
        ("javascript:alert(1)", "javascript"),
    ],
)
async def test_what_is_no_public_web_address_is_refused_with_a_reason(
    web_house: House, typed: str, says: str
) -> None:
    shown = await web_house.admin.slash(web_house.news, "feed add", url=typed)
    assert says in text(shown)
    assert "Something broke" not in text(shown)
    assert message(shown).components == []


async def test_a_page_without_a_feed_is_told(web_house: House, feeds: FeedServer) -> None:
    url = feeds.put("/about", "<html><body><p>About the harbour</p></body></html>")
    shown = text(await web_house.admin.slash(web_house.news, "feed add", url=url))
    assert url in shown
    assert "feed" in shown


async def test_a_feed_that_is_not_xml_is_told(web_house: House, feeds: FeedServer) -> None:
    url = feeds.put("/feed.xml", "<rss><channel><item", content_type="application/rss+xml")
    shown = text(await web_house.admin.slash(web_house.news, "feed add", url=url))
    assert url in shown
    assert "Something broke" not in shown


# Silence is left to test_feed_add: simcord waits for the bot in real time, but ends time-outs on
# its own clock, so that a fetch which times out never settles.
@pytest.mark.parametrize("fault", [Fault.HANG_UP, Fault.NOT_HTTP, Fault.BROKEN_OFF])
async def test_a_server_that_misbehaves_is_told(
    web_house: House, feeds: FeedServer, fault: Fault
) -> None:
    feeds.fault("/feed.xml", fault)
    url = feeds.url("/feed.xml")
    shown = text(await web_house.admin.slash(web_house.news, "feed add", url=url))
    assert "127.0.0.1" in shown
    assert "Something broke" not in shown
