import dataclasses

import pytest

from bot.errors import AddressForbidden, FetchFailed, InvalidUrl, NotAFeed, ParseFailed
from bot.feeds.discover import usual_places
from bot.feeds.source import Web, open_web
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.servers.feed_server import Fault, FeedItem, FeedServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = FeedItem(title="Ferry resumes", link="https://gazette.example.org/ferry")


def page(head: str = "", body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def feed_link(href: str, title: str = "", kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


@pytest.fixture
async def bare(server: FeedServer) -> FeedServer:
    """Take the server with nothing on it."""
    for path in [*usual_places("http://x.example/"), "/"]:
        server.remove(path.removeprefix("http://x.example"))
    server.requests.clear()
    return server


async def test_a_feed_is_itself(web: Web, bare: FeedServer) -> None:
    url = bare.feed("/feed.xml", ITEM)
    found = await web.discover(url)
    assert [feed.url for feed in found.feeds] == [url]
    assert found.feeds[0].feed.entries[0].title == "Ferry resumes"
    assert found.asked_url == url
    assert len(bare.requests) == 1


async def test_a_page_leads_to_the_feeds_it_declares_articles_before_comments(
    web: Web, bare: FeedServer
) -> None:
    bare.put(
        "/",
        page(
            feed_link("/comments.xml", "Comments feed")
            + feed_link("news.xml")
            + feed_link("/atom", kind="application/atom+xml")
            + feed_link("/wp-json/1", kind="application/json")
            + feed_link("/dead.xml")
        ),
    )
    urls = [bare.feed(path, ITEM, title=path) for path in ("/news.xml", "/atom", "/comments.xml")]

    found = await web.discover(bare.url("/"))

    assert [feed.url for feed in found.feeds] == urls
    assert bare.url("/dead.xml") in found.tried
    assert bare.hits("/wp-json/1") == 0


async def test_declared_feeds_are_relative_to_the_base_of_the_page(
    web: Web, bare: FeedServer
) -> None:
    bare.put("/blog/", page('<base href="/elsewhere/">' + feed_link("f.xml")))
    url = bare.feed("/elsewhere/f.xml", ITEM)
    assert (await web.discover(bare.url("/blog/"))).feeds[0].url == url


async def test_a_link_to_a_feed_in_the_text_is_tried(web: Web, bare: FeedServer) -> None:
    bare.put(
        "/",
        page(
            body='<a href="https://elsewhere.example/rss">x</a><a href="/feedback.html">y</a>'
            '<a href="/news/rss/all">RSS</a>'
        ),
    )
    url = bare.feed("/news/rss/all", ITEM)
    found = await web.discover(bare.url("/"))
    assert [feed.url for feed in found.feeds] == [url]
    assert found.tried == (url,)


async def test_the_usual_places_are_tried_one_after_the_other(web: Web, bare: FeedServer) -> None:
    bare.put("/blog", page())
    url = bare.feed("/rss.xml", ITEM)
    bare.most_open = 0

    found = await web.discover(bare.url("/blog"))

    assert [feed.url for feed in found.feeds] == [url]
    assert found.tried[0] == bare.url("/blog/feed")
    assert found.tried[-1] == url
    assert bare.most_open == 1


async def test_a_web_page_at_a_usual_place_is_no_feed(web: Web, bare: FeedServer) -> None:
    bare.put("/", page())
    bare.put("/feed", page())
    url = bare.feed("/feed.xml", ITEM)
    assert [feed.url for feed in (await web.discover(bare.url("/"))).feeds] == [url]


async def test_a_site_without_a_feed_says_what_was_tried(web: Web, bare: FeedServer) -> None:
    bare.put("/", page())
    with pytest.raises(NotAFeed) as refusal:
        await web.discover(bare.url("/"))
    tried = refusal.value.tried
    assert len(tried) == 10
    assert str(refusal.value) == (
        f"{bare.url('/')} answered 200 but offers no feed; "
        "tried 10 addresses: /feed, /rss, /feed.xml, /rss.xml and 6 more."
    )
    assert len(bare.requests) == 11


@pytest.mark.parametrize(
    "link",
    [
        '<a href="/latest">RSS</a>',
        '<a href="/latest" title="Our RSS feed"><img src="/i.png"></a>',
        '<a href="/latest" aria-label="Atom"><svg/></a>',
    ],
)
async def test_a_link_that_is_called_a_feed_is_tried_whatever_its_address(
    web: Web, bare: FeedServer, link: str
) -> None:
    bare.put("/", page(body=f'<a href="/cats">We feed the cats of Velm</a>{link}'))
    url = bare.feed("/latest", ITEM)
    assert [feed.url for feed in (await web.discover(bare.url("/"))).feeds] == [url]
    assert bare.hits("/cats") == 0


async def test_every_feed_that_a_page_links_to_is_offered_each_document_once(
    web: Web, bare: FeedServer
) -> None:
    bare.put("/", page(body='<a href="/rss/a">RSS</a><a href="/rss/b">RSS</a><a href="/rss">x</a>'))
    urls = [bare.feed(f"/rss/{name}", ITEM, title=name) for name in "ab"]
    bare.feed("/rss", ITEM, title="a")
    found = await web.discover(bare.url("/"))
    assert [(feed.url, feed.feed.title) for feed in found.feeds] == list(
        zip(urls, "ab", strict=True)
    )
    assert bare.url("/rss") in found.tried


@pytest.mark.parametrize(
    "kind",
    [
        "application/rss+xml",
        "application/atom+xml; charset=utf-8",
        "application/rdf+xml",
        "application/feed+json",
        "application/x.atom+xml",
        "text/rss+xml",
        "text/xml",
    ],
)
async def test_every_type_of_alternate_is_taken(web: Web, bare: FeedServer, kind: str) -> None:
    url = bare.feed("/hidden", ITEM)
    bare.put("/", page(feed_link("/hidden", kind=kind)))
    assert [feed.url for feed in (await web.discover(bare.url("/"))).feeds] == [url]


async def test_a_feed_that_a_header_declares_is_found(web: Web, bare: FeedServer) -> None:
    url = bare.feed("/hidden", ITEM)
    link = '</hidden>; rel="alternate"; type="application/rss+xml", </en>; rel="alternate"'
    bare.put("/", page(), headers={"Link": link})
    found = await web.discover(bare.url("/"))
    assert ([feed.url for feed in found.feeds], found.tried) == ([url], (url,))


async def test_hub_and_own_address_are_taken_from_the_header_where_the_document_is_silent(
    web: Web, bare: FeedServer
) -> None:
    links = '<x:y>; rel=hub, <https://hub.example.org/>; rel="hub", </own>; rel="other self"'
    url = bare.feed("/feed", ITEM, headers={"Link": links})
    [found] = (await web.discover(url)).feeds
    assert found.feed.hub_url == "https://hub.example.org/"
    assert found.feed.self_url == bare.url("/own")


async def test_a_known_site_is_asked_for_its_feeds_without_its_page(bare: FeedServer) -> None:
    def rule(url: str) -> tuple[str, ...]:
        return (f"{url}/releases.atom", f"{url}/tags.atom") if "/repo" in url else ()

    urls = [bare.feed(f"/repo/{kind}.atom", ITEM, title=kind) for kind in ("releases", "tags")]
    bare.redirect("/short", "/repo")
    bare.put("/repo", page())
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=LIMITS, rule=rule
    ) as opened:
        found = await opened.discover(bare.url("/repo"))
        assert [feed.url for feed in found.feeds] == urls
        assert bare.hits("/repo") == 0
        beyond = await opened.discover(bare.url("/short"))
        assert [feed.url for feed in beyond.feeds] == urls


async def test_a_site_that_is_asked_too_often_is_not_called_one_without_a_feed(
    bare: FeedServer,
) -> None:
    bare.put("/r/harbour", page())
    bare.put("/r/harbour/.rss", "no", status=429, headers={"Retry-After": "600"})
    async with open_web(
        user_agent=USER_AGENT,
        allowed_networks=LOOPBACK,
        limits=LIMITS,
        rule=lambda url: (f"{url}/.rss",) if url.endswith("/harbour") else (),
    ) as opened:
        with pytest.raises(FetchFailed, match="asks too often") as refusal:
            await opened.discover(bare.url("/r/harbour"))
    assert refusal.value.retry_after_s == 600


async def test_an_address_without_scheme_is_tried_by_https_then_http(
    web: Web, bare: FeedServer
) -> None:
    url = bare.feed("/feed.xml", ITEM)
    found = await web.discover(url.removeprefix("http://"))
    assert found.feeds[0].url == url


async def test_what_is_no_address_is_refused_without_a_request(web: Web, bare: FeedServer) -> None:
    with pytest.raises(InvalidUrl):
        await web.discover("the news, please")
    assert not bare.requests


async def test_a_private_address_is_refused(web: Web) -> None:
    with pytest.raises(AddressForbidden, match="not on the public internet; refused"):
        await web.discover("http://192.168.1.1/feed")


async def test_a_page_that_declares_a_private_feed_does_not_reach_it(
    web: Web, bare: FeedServer
) -> None:
    bare.put("/", page(feed_link("http://169.254.169.254/feed.xml")))
    with pytest.raises(NotAFeed):
        await web.discover(bare.url("/"))


async def test_the_failure_of_the_page_itself_is_told(web: Web, bare: FeedServer) -> None:
    with pytest.raises(FetchFailed, match="does not exist"):
        await web.discover(bare.url("/nowhere"))
    with pytest.raises(FetchFailed, match="Cloudflare"):
        await web.discover(bare.put("/cf", "", status=403, headers={"cf-mitigated": "challenge"}))
    with pytest.raises(ParseFailed, match=r"begins: %PDF-1\.7"):
        await web.discover(bare.put("/pdf", b"%PDF-1.7", content_type="application/pdf"))


async def test_discovery_ends_when_its_time_is_up(bare: FeedServer) -> None:
    bare.put("/", page())
    for place in usual_places(bare.url("/")):
        bare.fault(place.removeprefix(bare.url()[:-1]), Fault.SILENT)
    limits = dataclasses.replace(LIMITS, candidate_s=0.2, discover_s=0.3)
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as opened:
        with pytest.raises(NotAFeed) as refusal:
            await opened.discover(bare.url("/"))
    assert 1 <= len(refusal.value.tried) <= 3
