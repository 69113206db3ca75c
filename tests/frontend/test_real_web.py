"""Bad addresses, lists and dead feeds, with the real web of Herald on a server on loopback."""

import ipaddress
import json
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


def item(feeds: FeedServer, title: str) -> FeedItem:
    slug = title.casefold().replace(" ", "-")
    body = f"<p>{'The harbour board met in the old mill, said Ana Brook. ' * 20}</p>"
    return FeedItem(title=title, link=feeds.url(f"/{slug}"), content=body)


def site(*urls: str) -> str:
    links = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{url}">' for url in urls
    )
    return f"<html><head>{links}</head><body><p>News from the harbour</p></body></html>"


async def test_the_feeds_of_a_site_are_offered_as_a_choice_with_their_rates(
    web_house: House, feeds: FeedServer
) -> None:
    news = feeds.feed("/news.xml", item(feeds, "Ferry resumes"), item(feeds, "Mill burns"))
    comments = feeds.feed("/comments.xml", item(feeds, "Nice"), title="Comments")
    feeds.put("/", site(news, comments))
    shown = await web_house.admin.slash(web_house.news, "feed add", url=feeds.url("/"))
    assert "That site offers 2 feeds. Which one?" in text(shown)
    [menu] = [
        part for row in message(shown).components for part in row["components"] if part["type"] == 3
    ]
    told = [(option["label"], option["description"]) for option in menu["options"]]
    assert told == [
        ("Harbour Gazette", f"2 entries · {news}"),
        ("Comments", f"1 entry · {comments}"),
    ]
    await web_house.admin.select(message(shown), ["1"])
    await web_house.admin.click(message(shown), label="Add")
    assert "Added **Comments**" in text(shown)


async def test_a_feed_that_dies_is_found_elsewhere_on_its_site_and_switched(
    web_house: House, feeds: FeedServer
) -> None:
    old = [item(feeds, f"Report {number} from the harbour") for number in range(3)]
    await web_house.follow(feeds.feed("/news.xml", *old))
    await web_house.admin.slash(web_house.news, "settings log", channel=web_house.other)
    feeds.remove("/news.xml")
    moved = feeds.feed("/rss/all.xml", *old, title="Gazette, all")
    feeds.put("/", site(moved))
    for _ in range(8):
        await web_house.env.advance_time(24 * 3600)
        await web_house.poller.poll_due()
        await web_house.client.healer.mend_due()
    await web_house.env.advance_time(130)
    await web_house.teller.tell_due()
    [told] = web_house.posts(web_house.other)
    assert told.embeds[0].title == "Harbour Gazette is failing"
    description = told.embeds[0].description or ""
    assert "/news.xml does not exist (404)." in description
    assert "Its site offers another feed: “Gazette, all”" in description
    shown = await web_house.admin.click(told, label="Switch to …")
    await web_house.admin.click(message(shown), label="Switch to Gazette, all")
    assert f"now comes from {moved}" in text(shown)

    feeds.feed("/rss/all.xml", item(feeds, "Brand new"), *old)
    await web_house.env.advance_time(24 * 3600)
    await web_house.poller.poll_due()
    await web_house.deliver()
    assert [post.embeds[0].title for post in web_house.posts()] == ["Brand new"]


async def test_the_list_of_another_bot_is_taken_over(web_house: House, feeds: FeedServer) -> None:
    news = feeds.feed("/news.xml", item(feeds, "Ferry resumes"))
    page = feeds.put("/page", "<!doctype html><html><p>No feed</p></html>")
    settings = {"Instances": [{"Id": "Harbour", "RssUrls": [news, page, news]}]}
    file = ("appsettings.json", json.dumps(settings).encode())
    shown = await web_house.admin.slash(web_house.news, "feed import", file=file)
    assert "1 new, 1 duplicate, 1 dead" in text(shown)
    pressed = await web_house.admin.click(message(shown), label="Import 1")
    assert "Imported 1 feed" in pressed.followups[0].content
    assert "**Harbour Gazette**" in text(await web_house.admin.slash(web_house.news, "feed list"))
    assert await web_house.deliver() == 0
