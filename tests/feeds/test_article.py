# ruff: noqa: RUF001  # punctuation of Chinese
import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.feeds.source import Web, open_web
from bot.news.models import Entry, EntryId, FeedId, StoryId
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.servers.feed_server import Fault, FeedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = Path(__file__).parents[1] / "data" / "feeds"
TEASER = "The night ferry to Skarn runs again from Monday."


def entry(url: str | None = None, *, teaser: str = TEASER, text: str = "") -> Entry:
    return Entry(
        id=EntryId(1),
        feed_id=FeedId(1),
        story_id=StoryId(1),
        url=url,
        title="Night ferry returns",
        teaser=teaser,
        text=text,
        text_method=None,
        author=None,
        image_url=None,
        published_at=None,
        first_seen_at=datetime(2026, 10, 5, tzinfo=UTC),
    )


async def test_the_text_of_the_feed_is_taken_where_it_is_whole(
    web: Web, server: FeedServer
) -> None:
    url = server.put("/unread", "<html></html>")
    article = await web.article(entry(url, text="Whole article. " * 60))
    assert (article.method, article.note) == ("feed", None)
    assert article.text == "Whole article. " * 60
    assert server.hits("/unread") == 0


async def test_a_page_is_read_without_its_furniture(web: Web, server: FeedServer) -> None:
    url = server.put("/ferry", (PAGES / "ferry.html").read_bytes())

    article = await web.article(entry(url))

    assert article.method == "page"
    assert article.note is None
    assert article.image_url == server.url("/pictures/ferry.jpg")
    paragraphs = article.text.split("\n\n")
    assert len(paragraphs) >= 5
    assert any(p.startswith("The night ferry between Skarn and Vellhaven") for p in paragraphs)
    for furniture in ("cookie", "Subscribe", "Most read", "Share this", "function", "Comments"):
        assert furniture not in article.text


async def test_a_short_article_in_chinese_is_one(web: Web, server: FeedServer) -> None:
    prose = "".join(
        f"<p>斯卡恩与维尔港之间的夜间渡轮将于{day}恢复航行，港务局在周五的一份声明中表示。</p>"
        for day in ("周一", "周二", "周三", "周四")
    )
    page = f"<html><body><article><h1>夜间渡轮复航</h1>{prose}</article></body></html>"
    article = await web.article(entry(server.put("/zh", page), teaser="夜间渡轮复航…"))
    assert (article.method, article.note) == ("page", None)
    assert article.text.startswith("斯卡恩与维尔港")


async def test_the_headline_of_the_page_is_not_part_of_the_text(
    web: Web, server: FeedServer
) -> None:
    sentence = "The night ferry between Skarn and Vellhaven takes cars and lorries from Monday on."
    prose = "".join(f"<p>{sentence} That is reason number {n}.</p>" for n in range(6))
    page = f"<html><body><article><h1>Night Ferry returns!</h1>{prose}</article></body></html>"
    article = await web.article(entry(server.put("/headline", page)))
    assert article.text.startswith(sentence)


async def test_a_page_is_asked_for_as_html(web: Web, server: FeedServer) -> None:
    await web.article(entry(server.put("/html", "<html></html>")))
    assert server.last("/html").headers["Accept"].startswith("text/html")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        ("<html><body><p>Please log in.</p></body></html>", "text/html", 200, "who log in"),
        ("<html><body><p>A picture.</p></body></html>", "text/html", 200, "no article"),
        ("", "text/html", 200, "empty"),
        ("%PDF-1.7", "application/pdf", 200, "no web page but application/pdf"),
        ("gone", "text/html", 404, "does not exist"),
        ("x" * (LIMITS.page_bytes + 1), "text/html", 200, "is larger than"),
    ],
)
async def test_a_page_that_gives_nothing_leaves_the_teaser_and_a_note(
    web: Web, server: FeedServer, body: str, content_type: str, status: int, words: str
) -> None:
    url = server.put("/poor", body, content_type=content_type, status=status, is_conditional=False)
    article = await web.article(entry(url))
    assert (article.method, article.text) == ("teaser", TEASER)
    assert article.note is not None
    assert words in article.note


async def test_a_page_in_a_private_network_is_not_read(web: Web, server: FeedServer) -> None:
    article = await web.article(entry(server.redirect("/in", "http://10.0.0.1/secret")))
    assert article.method == "teaser"
    assert article.note is not None
    assert "not on the public internet" in article.note


async def test_an_entry_without_a_link_keeps_its_teaser(web: Web) -> None:
    article = await web.article(entry(None))
    assert (article.method, article.note) == ("teaser", "The entry has no link to a page.")


async def test_pages_are_left_alone_where_herald_is_told_so(server: FeedServer) -> None:
    url = server.put("/private", "<html></html>")
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, reads_pages=False
    ) as opened:
        article = await opened.article(entry(url))
    assert article.method == "teaser"
    assert article.note is not None
    assert server.hits("/private") == 0


async def test_a_page_that_takes_too_long_is_given_up(server: FeedServer) -> None:
    limits = dataclasses.replace(LIMITS, page_s=0.2)
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as opened:
        article = await opened.article(entry(server.fault("/hang", Fault.SILENT)))
    assert article.note is not None
    assert "took longer than 0.2 s" in article.note
