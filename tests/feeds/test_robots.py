"""What publishers say of who may read their pages (RFC 9309), and that they are believed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.feeds.source import Web, open_web
from bot.news.models import Article, Validators
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.feeds.test_article import TEASER, entry
from tests.servers.feed_server import Fault, FeedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROSE = "".join(
    f"<p>Pier {n} of the Skarn ferry was opened by the harbour master on a rainy Monday.</p>"
    for n in range(9)
)
PAGE = f"<html><body><article><h1>Ferry</h1>{PROSE}</article></body></html>"


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        running.put("/open", PAGE)
        running.put("/closed/page", PAGE)
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web() -> AsyncIterator[Web]:
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=LIMITS, keepalive_s=1.0
    ) as opened:
        yield opened


async def read(web: Web, server: FeedServer, path: str = "/open") -> Article:
    return await web.article(entry(server.url(path)))


def rules(server: FeedServer, text: str | bytes, status: int = 200) -> None:
    server.put("/robots.txt", text, content_type="text/plain", status=status)


@pytest.mark.parametrize(
    ("text", "path", "method"),
    [
        ("User-agent: *\nDisallow: /closed/\n", "/open", "page"),
        ("User-agent: *\nDisallow: /closed/\n", "/closed/page", "teaser"),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Herald\nAllow: /\n", "/open", "page"),
        ("User-agent: herald\nDisallow: /\n", "/open", "teaser"),
        ("User-agent: OtherBot\nDisallow: /\n", "/open", "page"),
        ("User-agent: *\nDisallow: /*page$\n", "/closed/page", "teaser"),
        ("User-agent: *\nDisallow: /\nAllow: /open\n", "/open", "page"),
        ("\ufeffUser-agent: *\nDisallow: /\n", "/open", "teaser"),
        ("<html>no robots here</html>", "/open", "page"),
        ("", "/open", "page"),
    ],
)
async def test_robots_txt_is_obeyed(
    web: Web, server: FeedServer, text: str, path: str, method: str
) -> None:
    rules(server, text)
    article = await read(web, server, path)
    assert article.method == method
    assert server.hits(path) == (method == "page")
    if method == "teaser":
        assert article.text == TEASER
        assert article.note is not None
        assert "robots.txt" in article.note


@pytest.mark.parametrize(
    ("status", "method"),
    [(404, "page"), (403, "page"), (410, "page"), (500, "teaser"), (503, "teaser")],
)
async def test_a_missing_robots_txt_allows_and_a_server_in_trouble_does_not(
    web: Web, server: FeedServer, status: int, method: str
) -> None:
    rules(server, "no", status=status)
    assert (await read(web, server)).method == method


async def test_a_server_that_hangs_up_on_robots_txt_is_left_alone(
    web: Web, server: FeedServer
) -> None:
    server.fault("/robots.txt", Fault.HANG_UP)
    assert (await read(web, server)).method == "teaser"
    assert server.hits("/open") == 0


async def test_robots_txt_is_asked_for_once_however_many_pages_are_read(
    web: Web, server: FeedServer
) -> None:
    await asyncio.gather(*(read(web, server) for _ in range(5)))
    await read(web, server)
    assert server.hits("/robots.txt") == 1
    assert server.last("/robots.txt").headers["User-Agent"] == USER_AGENT


async def test_of_an_endless_robots_txt_the_beginning_counts(server: FeedServer) -> None:
    limits = dataclasses.replace(LIMITS, robots_bytes=1_000)
    rules(server, "User-agent: *\nDisallow: /closed/\n" + "#" * 5_000 + "\nDisallow: /\n")
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as web:
        assert (await read(web, server)).method == "page"
        assert (await read(web, server, "/closed/page")).method == "teaser"


async def test_a_redirect_into_what_is_closed_is_not_followed(web: Web, server: FeedServer) -> None:
    rules(server, "User-agent: *\nDisallow: /closed/\n")
    server.redirect("/moved", "/closed/page")
    assert (await read(web, server, "/moved")).method == "teaser"
    assert server.hits("/closed/page") == 0


async def test_a_redirect_to_what_is_open_is_followed_and_a_loop_given_up(
    web: Web, server: FeedServer
) -> None:
    server.redirect("/moved", "/open")
    assert (await read(web, server, "/moved")).method == "page"
    article = await read(
        web, server, server.fault("/round", Fault.LOOP).removeprefix(server.url(""))
    )
    assert article.note is not None
    assert "too many redirects" in article.note
    assert server.hits("/round") == LIMITS.redirects + 1


async def test_a_redirect_to_the_front_page_gives_no_article(web: Web, server: FeedServer) -> None:
    server.put("/", PAGE)
    server.redirect("/removed", "/")
    article = await read(web, server, "/removed")
    assert article.method == "teaser"
    assert article.note is not None
    assert "front page" in article.note


async def test_a_crawl_delay_beyond_what_is_waited_for_leaves_the_second_page_unread(
    web: Web, server: FeedServer
) -> None:
    rules(server, "User-agent: *\nCrawl-delay: 600\n")
    assert (await read(web, server)).method == "page"
    article = await read(web, server, "/closed/page")
    assert article.note is not None
    assert "600 s" in article.note
    assert server.hits("/closed/page") == 0


async def test_a_feed_that_is_asked_too_often_holds_the_pages_of_its_server(
    web: Web, server: FeedServer
) -> None:
    url = server.put("/feed.xml", "slow down", status=429, headers={"Retry-After": "600"})
    await web.fetch(url, Validators(), None)
    article = await read(web, server)
    assert article.method == "teaser"
    assert article.note is not None
    assert "too often" in article.note
    assert server.hits("/open") == 0


async def test_a_page_that_says_429_holds_the_next_one(web: Web, server: FeedServer) -> None:
    server.put("/busy", "slow down", status=429, is_conditional=False)
    await read(web, server, "/busy")
    assert (await read(web, server)).method == "teaser"
    assert server.hits("/open") == 0
