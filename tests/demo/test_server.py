from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import aiohttp
import pytest

from bot.demo.content import Outlet, load_outlets
from bot.demo.newsroom import Newsroom
from bot.demo.server import FeedServer

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
OUTLETS = load_outlets()


class Hands:
    """A clock whose hands somebody moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Return where they stand."""
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def server(hands: Hands) -> AsyncIterator[FeedServer]:
    async with FeedServer(Newsroom(OUTLETS, START), hands.now) as server:
        yield server


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def outlet_of(slug: str) -> Outlet:
    return next(outlet for outlet in OUTLETS if outlet.slug == slug)


async def test_every_page_and_picture_of_what_is_out_is_served(
    server: FeedServer, web: aiohttp.ClientSession, hands: Hands
) -> None:
    hands.at = START + timedelta(hours=1)
    for outlet in OUTLETS:
        async with web.get(server.site_url(outlet)) as front:
            assert server.feed_url(outlet) in await front.text()
        for piece in outlet.pieces:
            async with web.get(f"{server.site_url(outlet)}{piece.slug}") as page:
                html = await page.text()
                assert page.status == 200
                assert all(p.split('"')[0][:60] in html for p in piece.paragraphs)
            async with web.get(f"{server.site_url(outlet)}pictures/{piece.slug}.png") as picture:
                assert (await picture.read()).startswith(b"\x89PNG")


async def test_what_is_not_out_yet_is_not_found(
    server: FeedServer, web: aiohttp.ClientSession, hands: Hands
) -> None:
    url = server.site_url(outlet_of("wire")) + "0440-cup-final"
    async with web.get(url) as before:
        assert before.status == 404
    hands.at = START + timedelta(hours=1)
    async with web.get(url) as after:
        assert after.status == 200


async def test_a_feed_answers_not_modified_until_something_comes_out(
    server: FeedServer, web: aiohttp.ClientSession, hands: Hands
) -> None:
    url = server.feed_url(outlet_of("wire"))
    async with web.get(url) as first:
        etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    newest = Newsroom(OUTLETS, START).published(outlet_of("wire"), START)[0].published_at
    assert parsedate_to_datetime(modified) == newest
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        async with web.get(url, headers=headers) as again:
            assert (again.status, await again.read()) == (304, b"")
    hands.at = START + timedelta(hours=1)
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        async with web.get(url, headers=headers) as again:
            assert again.status == 200
            assert again.headers["ETag"] != etag
            assert parsedate_to_datetime(again.headers["Last-Modified"]) > newest


@pytest.mark.parametrize("since", ["yesterday", format_datetime(START)[:-6], ""])
async def test_a_since_that_is_no_date_is_as_none(
    server: FeedServer, web: aiohttp.ClientSession, since: str
) -> None:
    url = server.feed_url(outlet_of("bote"))
    async with web.get(url, headers={"If-Modified-Since": since}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/", "/nobody/", "/wire/nothing", "/wire/pictures/nothing.png", "/nobody/icon.png"]
)
async def test_other_addresses_are_not_found(
    server: FeedServer, web: aiohttp.ClientSession, path: str
) -> None:
    async with web.get(server.base_url + path) as answer:
        assert answer.status == 404


async def test_pictures_are_ready_under_the_addresses_that_the_feeds_give(
    server: FeedServer, web: aiohttp.ClientSession, hands: Hands
) -> None:
    hands.at = START + timedelta(hours=1)
    pictures = server.pictures()
    for outlet in OUTLETS:
        async with web.get(server.feed_url(outlet)) as feed:
            text = await feed.text()
        for piece in outlet.pieces:
            url = f"{server.base_url}/{outlet.slug}/pictures/{piece.slug}.png"
            assert url in text
            assert pictures[url].startswith(b"\x89PNG")
    assert len(set(pictures.values())) == len(pictures)
