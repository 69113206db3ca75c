import asyncio
import dataclasses
import gzip
import socket
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv4Network

import brotli  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from bot.feeds.caching import hints_of, validators_of
from bot.feeds.faults import answered
from bot.feeds.fetch import Fetcher, Way, redirected
from bot.feeds.source import Web, failed_of, open_web
from bot.feeds.values import PARSER_VERSION
from bot.news.models import CacheHints, Failed, Fetched, NotModified, Validators
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.servers.feed_server import Fault, FeedItem, FeedServer, rss

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTHING = Validators()
ITEM = FeedItem(title="Ferry resumes", link="https://gazette.example.org/ferry")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hasty() -> AsyncIterator[Web]:
    """Open an adapter that waits for nobody."""
    limits = dataclasses.replace(LIMITS, fetch_s=0.3, feed_bytes=100_000)
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as opened:
        yield opened


async def failure(web: Web, url: str) -> Failed:
    outcome = await web.fetch(url, NOTHING, None)
    assert isinstance(outcome, Failed)
    assert outcome.reason.endswith((".", "…")) or "begins:" in outcome.reason
    return outcome


async def test_a_feed_comes_with_its_validators_hints_and_hash(
    web: Web, server: FeedServer
) -> None:
    headers = {"ETag": 'W/"a,b"', "Last-Modified": "Mon, 5 Oct 2026 1:2:3 GMT"}
    url = server.feed(
        "/a.xml", ITEM, headers=headers | {"Cache-Control": "max-age=900", "Age": "60"}
    )

    outcome = await web.fetch(url, NOTHING, None)

    assert isinstance(outcome, Fetched)
    server_body = rss(ITEM, link=server.url("/"))
    assert outcome.feed.entries[0].title == "Ferry resumes"
    assert outcome.validators == Validators(
        etag='W/"a,b"', last_modified="Mon, 5 Oct 2026 1:2:3 GMT"
    )
    assert outcome.hints == CacheHints(fresh_for_s=840.0)
    assert outcome.body_hash is not None
    assert outcome.body_hash == f"{PARSER_VERSION}:{sha256(server_body).hexdigest()}"
    assert outcome.size > 300
    assert outcome.permanent_url is None


async def test_a_body_that_unpacks_well_does_not_hold_up_the_loop(server: FeedServer) -> None:
    sizes: list[list[int]] = [[]]  # of the body so far, by the turns of the loop

    async def turns() -> None:
        while True:
            sizes.append([])
            await asyncio.sleep(0)

    async def hold(size: int) -> None:
        sizes[-1].append(size)

    counting = asyncio.ensure_future(turns())
    url = server.put(
        "/packed.xml",
        gzip.compress(b" " * (2 << 20)),
        headers={"Content-Encoding": "gzip"},
    )
    async with Fetcher.open(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, keepalive_s=1.0, limits=LIMITS
    ) as fetcher:
        download = await fetcher.get(url, hold=hold)
    counting.cancel()
    assert len(download.body) == 2 << 20
    assert max(seen[-1] - seen[0] for seen in sizes if seen) <= 256 * 1024


async def test_a_request_says_who_asks_and_carries_no_cookie_or_referer(
    web: Web, server: FeedServer
) -> None:
    url = server.feed("/cookie.xml", ITEM, headers={"Set-Cookie": "track=1; Path=/"})
    await web.fetch(url, NOTHING, None)
    await web.fetch(url, NOTHING, None)

    headers = {name.lower(): value for name, value in server.last("/cookie.xml").headers.items()}
    assert headers["user-agent"] == USER_AGENT
    assert headers["accept-encoding"] == "gzip, deflate, br"
    assert "application/atom+xml" in headers["accept"]
    assert "cookie" not in headers
    assert "referer" not in headers
    assert "if-none-match" not in headers


async def test_validators_are_sent_back_verbatim_and_a_304_is_not_modified(
    web: Web, server: FeedServer
) -> None:
    kept = Validators(etag='W/"x y"', last_modified="yesterday, about noon")
    url = server.feed("/b.xml", ITEM, headers={"ETag": 'W/"x y"', "Cache-Control": "max-age=60"})

    outcome = await web.fetch(url, kept, f"{PARSER_VERSION}:no such hash")

    assert isinstance(outcome, NotModified)
    assert outcome.status == 304
    assert outcome.validators == kept
    assert outcome.hints.fresh_for_s == 60
    assert server.last("/b.xml").headers["If-None-Match"] == 'W/"x y"'
    assert server.last("/b.xml").headers["If-Modified-Since"] == "yesterday, about noon"


async def test_the_same_body_is_not_modified_but_its_new_validators_are_kept(
    web: Web, server: FeedServer
) -> None:
    url = server.feed("/c.xml", ITEM, headers={"ETag": '"one"'})
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    server.feed("/c.xml", ITEM, headers={"ETag": '"two"', "Cache-Control": "max-age=120"})

    outcome = await web.fetch(url, first.validators, first.body_hash)

    assert isinstance(outcome, NotModified)
    assert outcome.status == 200
    assert outcome.validators == Validators(etag='"two"')
    assert outcome.hints.fresh_for_s == 120
    assert outcome.size == first.size


async def test_what_another_parser_read_is_asked_for_and_read_anew(
    web: Web, server: FeedServer
) -> None:
    url = server.feed("/parser.xml", ITEM, headers={"ETag": '"one"'})
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    assert first.body_hash is not None

    for foreign in (first.body_hash.partition(":")[2], f"0:{first.body_hash.partition(':')[2]}"):
        assert isinstance(await web.fetch(url, first.validators, foreign), Fetched)
        assert "If-None-Match" not in server.last("/parser.xml").headers


async def test_redirects_are_followed_and_the_permanent_part_of_the_way_is_told(
    web: Web, server: FeedServer
) -> None:
    target = server.feed("/new.xml", ITEM)
    server.redirect("/p2", "/new.xml", 308)
    server.redirect("/t2", "/new.xml", 302)

    permanent = await web.fetch(server.redirect("/p1", "/p2", 301), NOTHING, None)
    mixed = await web.fetch(server.redirect("/t1", "/t2", 301), NOTHING, None)
    passing = await web.fetch(server.redirect("/t0", "/t1", 307), NOTHING, None)

    assert isinstance(permanent, Fetched)
    assert (permanent.url, permanent.permanent_url) == (target, target)
    assert isinstance(mixed, Fetched)
    assert (mixed.url, mixed.permanent_url) == (target, server.url("/t2"))
    assert isinstance(passing, Fetched)
    assert (passing.url, passing.permanent_url) == (target, None)
    again = await web.fetch(server.url("/p1"), permanent.validators, permanent.body_hash)
    assert isinstance(again, NotModified)
    assert (again.status, again.permanent_url) == (304, target)


async def test_a_redirect_loop_ends_after_five_hops(web: Web, server: FeedServer) -> None:
    failed = await failure(web, server.fault("/loop", Fault.LOOP))
    assert failed.kind == "network"
    assert "redirects more than 5 times" in failed.reason
    assert server.hits("/loop") == 6


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://files.example.org/feed",
        "javascript:alert(1)",
        "gopher://x.example/",
        "",
    ],
)
async def test_a_redirect_that_leaves_the_web_is_not_followed(
    web: Web, server: FeedServer, target: str
) -> None:
    failed = await failure(web, server.redirect("/leave", target))
    assert failed.kind == "http"
    assert failed.status == 302


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/feed",
        "http://192.168.0.1:8080/",
        "http://[::1]/feed",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://0.0.0.0/",
        "http://0xa.1/",
    ],
)
async def test_a_private_address_is_refused_before_a_connection_is_made(
    web: Web, server: FeedServer, address: str
) -> None:
    direct = await failure(web, address)
    redirected = await failure(web, server.redirect("/inside", address))

    for failed in (direct, redirected):
        assert failed.kind == "forbidden"
        assert "not on the public internet" in failed.reason
        assert "HERALD_ALLOWED_NETWORKS" in failed.reason


async def test_a_name_that_moves_into_a_private_network_is_refused_where_it_leads(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever a name meant a moment ago, the address connected to decides."""
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]
    asked: list[str] = []

    async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        addresses = answers[min(len(asked), len(answers)) - 1]
        stream = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*stream, (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    port = int(server.url("/").split(":")[2].strip("/"))
    server.feed("/inside.xml", ITEM)
    server.redirect("/moves", "http://rebinding.example:1/inside.xml")
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=[IPv4Network("127.0.0.1/32")]
    ) as strict:
        there = await strict.fetch(f"http://rebinding.example:{port}/inside.xml", NOTHING, None)
        assert isinstance(there, Fetched)
        # Another port is another lookup: the name has come to mean another address.
        moved = await failure(strict, f"http://rebinding.example:{port}/moves")
        assert moved.kind == "forbidden"
        assert "not on the public internet" in moved.reason
    assert asked == ["rebinding.example"] * 2


async def test_localhost_is_refused_unless_allowed(server: FeedServer) -> None:
    port = server.url("/").split(":")[2]
    server.feed("/local.xml", ITEM)
    async with open_web(user_agent=USER_AGENT, allowed_networks=[]) as strict:
        for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1"):
            failed = await failure(strict, f"http://{host}:{port}local.xml")
            assert failed.kind == "forbidden"
        for host in ("127.1", "2130706433"):  # numbers that aiohttp takes for no address at all
            await failure(strict, f"http://{host}:{port}local.xml")
    assert server.hits("/local.xml") == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "asks for a login"),
        (403, "refuses access"),
        (404, "does not exist"),
        (410, "gone for good"),
        (418, "answers with status 418"),
        (500, "error of its own"),
        (503, "overloaded"),
    ],
)
async def test_an_answer_without_a_document_says_what_it_means(
    web: Web, server: FeedServer, status: int, words: str
) -> None:
    failed = await failure(web, server.put("/status", "no", status=status))
    assert failed.kind == "http"
    assert failed.status == status
    assert words in failed.reason
    assert server.url("/status") in failed.reason


async def test_a_429_tells_when_to_come_back(web: Web, server: FeedServer) -> None:
    url = server.put("/busy", "no", status=429, headers={"Retry-After": "1800"})
    failed = await failure(web, url)
    assert failed.status == 429
    assert failed.hints.retry_after_s == 1800
    assert "30 min" in failed.reason


async def test_a_503_holds_the_feed_and_a_429_its_group_or_where_there_is_none_the_feed(
    web: Web, server: FeedServer
) -> None:
    overloaded = await failure(web, server.put("/503", "no", status=503))
    assert (overloaded.hold, overloaded.hints.retry_after_s) == ("feed", None)
    asked = await failure(
        web, server.put("/500", "no", status=500, headers={"Retry-After": "9000000"})
    )
    assert (asked.hold, asked.hints.retry_after_s) == ("feed", 604_800)
    alone = await failure(web, server.put("/429", "no", status=429))
    assert (alone.hold, alone.group) == ("feed", None)
    assert (await failure(web, server.put("/404", "no", status=404))).hold is None


@pytest.mark.parametrize(
    ("url", "status", "hold", "group"),
    [
        ("https://blog.gazette.example.org/feed", 429, "group", "example.org"),
        ("https://blog.gazette.example.org/feed", 503, "feed", "example.org"),
        ("https://blog.gazette.example.org/feed", 403, None, "example.org"),
        ("https://old.reddit.com/r/harbour/.rss", 403, "group", "reddit.com"),
        ("https://pier.tumblr.com/rss", 403, "group", "tumblr.com"),
        ("http://10.0.0.7:1200/route", 429, "feed", None),
        ("http://rsshub:1200/route", 429, "feed", None),
    ],
)
async def test_who_is_held_depends_on_the_status_and_the_host(
    url: str, status: int, hold: str | None, group: str | None
) -> None:
    failed = failed_of(url, answered(url, status, {}, None), took_ms=1)
    assert (failed.hold, failed.group) == (hold, group)
    if hold == "group":
        assert "asks too often" in failed.reason


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://www.Gazette.example.co.uk:8443/feed", "example.co.uk"),
        ("https://someone.blogspot.com/feeds", "blogspot.com"),
        ("https://münchen.example.de/", "example.de"),
        ("https://gazette.example.org./feed", "example.org"),
        ("http://127.0.0.1/feed", None),
        ("http://[2001:db8::1]/feed", None),
        ("http://nas.lan/feed", None),
        ("http://nas.local/feed", None),
        ("http://nas.home.arpa/feed", None),
        ("http://localhost/feed", None),
        ("https://co.uk/", None),
        ("no url", None),
    ],
)
async def test_a_host_group_is_the_registrable_domain(
    web: Web, url: str, group: str | None
) -> None:
    assert web.group_of(url) == group


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://u:p@a.example/x", "/y", "http://u:p@a.example/y"),
        ("http://u:p@a.example/x", "http://a.example/y", "http://u:p@a.example/y"),
        ("http://u:p@a.example/x", "http://b.example/y", "http://b.example/y"),
        ("http://u:p@a.example/x", "//b.example/y", "http://b.example/y"),
        ("http://u:p@a.example/x", "https://a.example/y", "https://a.example/y"),
        ("http://u:p@a.example/x", "http://a.example:8080/y", "http://a.example:8080/y"),
        ("http://a.example/x", "http://v:w@b.example/y", "http://b.example/y"),
        ("http://a.example/x", "/%7Ey?q=%2F#z", "http://a.example/%7Ey?q=%2F"),
    ],
)
async def test_a_login_stays_within_its_origin(url: str, location: str, target: str) -> None:
    assert redirected(url, location) == target


async def test_a_permanent_redirect_down_to_http_is_followed_but_not_to_be_stored() -> None:
    upgrade = Way("http://a.example/x").then(301, "https://a.example/x")
    assert upgrade.permanent_url == "https://a.example/x"
    downgrade = upgrade.then(301, "http://a.example/y")
    assert (downgrade.url, downgrade.permanent_url) == ("http://a.example/y", "https://a.example/x")
    beyond = downgrade.then(308, "https://a.example/z")
    assert (beyond.url, beyond.permanent_url) == ("https://a.example/z", "https://a.example/x")


async def test_an_etag_beyond_ascii_is_sent_back_the_same(web: Web, server: FeedServer) -> None:
    url = server.feed("/etag.xml", ITEM, headers={"ETag": '"größe"'})
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    assert isinstance(await web.fetch(url, first.validators, None), NotModified)


async def test_a_challenge_of_cloudflare_is_told_apart_from_a_403(
    web: Web, server: FeedServer
) -> None:
    failed = await failure(
        web, server.put("/cf", "no", status=403, headers={"cf-mitigated": "challenge"})
    )
    assert failed.status == 403
    assert "Cloudflare" in failed.reason
    assert "does not pretend" in failed.reason


async def test_a_web_page_in_place_of_a_feed_is_called_that(web: Web, server: FeedServer) -> None:
    failed = await failure(web, server.put("/page", "\n<!-- hi -->\n<!DOCTYPE html><html></html>"))
    assert failed.kind == "not_a_feed"
    assert "is a web page, not a feed" in failed.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty document"),
        (b"%PDF-1.4 @everyone `x`", "begins: %PDF-1.4 (at)everyone 'x'"),
        (b'{"version": 2}', "not a JSON Feed"),
        (b'{"broken', "JSON is broken"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no feed"),
        (b"<opml><body/></opml>", "begins: <opml>"),
    ],
)
async def test_a_body_that_is_no_feed_is_shown_by_its_beginning(
    web: Web, server: FeedServer, body: bytes, words: str
) -> None:
    failed = await failure(web, server.put("/odd", body, content_type=None))
    assert failed.kind == "parse"
    assert words in failed.reason


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault.SILENT, "network", "took longer than 0.3 s"),
        (Fault.TRICKLE, "network", "took longer than 0.3 s"),
        (Fault.ENDLESS, "too_large", "is larger than"),
        (Fault.HUGE_LENGTH, "too_large", "is larger than"),
        (Fault.GZIP_BOMB, "too_large", "is larger than"),
        (Fault.DEFLATE_BOMB, "too_large", "is larger than"),
        (Fault.BR_BOMB, "too_large", "is larger than"),
        (Fault.PACKED_TWICE, "parse", "no feed"),
        (Fault.SLOW_HEADERS, "network", "took longer than 0.3 s"),
        (Fault.HUGE_HEADER, "network", "not HTTP"),
        (Fault.BROKEN_OFF, "network", "broke off"),
        (Fault.HANG_UP, "network", "hung up"),
        (Fault.NOT_HTTP, "network", "not HTTP"),
    ],
)
async def test_a_server_that_misbehaves_costs_a_sentence(
    hasty: Web, server: FeedServer, fault: Fault, kind: str, words: str
) -> None:
    failed = await failure(hasty, server.fault("/fault", fault))
    assert failed.kind == kind
    assert words in failed.reason


async def test_an_unchanging_feed_is_asked_for_unconditionally_once(
    web: Web, server: FeedServer
) -> None:
    url = server.feed("/still.xml", ITEM)
    validators, body_hash = NOTHING, None
    for _ in range(100):
        outcome = await web.fetch(url, validators, body_hash)
        assert not isinstance(outcome, Failed)
        validators = outcome.validators
        body_hash = outcome.body_hash if isinstance(outcome, Fetched) else body_hash
    asked = [request.headers for request in server.requests if request.path == "/still.xml"]
    assert [("If-None-Match" in headers) for headers in asked] == [False] + [True] * 99


async def test_of_an_unchanged_body_the_newest_etag_is_sent_back(
    web: Web, server: FeedServer
) -> None:
    url = server.fault("/restless.xml", Fault.NEW_ETAG)
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    validators = first.validators
    for _ in range(3):
        outcome = await web.fetch(url, validators, first.body_hash)
        assert isinstance(outcome, NotModified)
        assert server.last("/restless.xml").headers["If-None-Match"] == validators.etag
        assert outcome.validators != validators
        validators = outcome.validators


async def test_an_etag_that_is_no_text_is_not_sent_back(web: Web, server: FeedServer) -> None:
    url = server.fault("/raw.xml", Fault.RAW_ETAG)
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    assert first.validators == NOTHING


async def test_either_way_of_reading_can_be_chosen(server: FeedServer) -> None:
    url = server.feed("/ways.xml", ITEM)
    feeds = []
    for tier in ("auto", "quick", "thorough"):
        async with open_web(
            user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=LIMITS, tier=tier
        ) as opened:
            outcome = await opened.fetch(url, NOTHING, None)
            assert isinstance(outcome, Fetched)
            feeds.append(outcome.feed)
    assert feeds[0] == feeds[1] == feeds[2]


async def test_a_304_with_a_body_does_not_spoil_the_next_answer(
    web: Web, server: FeedServer
) -> None:
    url = server.fault("/body304", Fault.BODY_WITH_304)
    first = await web.fetch(url, NOTHING, None)
    assert isinstance(first, Fetched)
    for _ in range(3):
        outcome = await web.fetch(url, first.validators, first.body_hash)
        assert isinstance(outcome, NotModified)


async def test_a_closed_port_and_an_unknown_name_are_told_apart(web: Web) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = await failure(web, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert "connection refused" in closed.reason
    unknown = await failure(web, "http://no-such-place.invalid/feed")
    assert closed.kind == unknown.kind == "network"
    assert "no server goes by the name no-such-place.invalid" in unknown.reason


async def test_a_password_in_the_address_is_used_but_never_told(
    web: Web, server: FeedServer
) -> None:
    url = server.feed("/login.xml", ITEM).replace("http://", "http://reader:s3cret@")
    outcome = await web.fetch(url, NOTHING, None)
    assert isinstance(outcome, Fetched)
    assert server.last("/login.xml").headers["Authorization"].startswith("Basic ")
    failed = await failure(web, url.replace("login", "missing"))
    assert "s3cret" not in failed.reason


async def test_compressed_feeds_are_read(web: Web, server: FeedServer) -> None:
    for name, packed in (
        ("gzip", gzip.compress(rss(ITEM))),
        ("deflate", zlib.compress(rss(ITEM))),
        ("br", brotli.compress(rss(ITEM))),
    ):
        url = server.put("/packed", packed, headers={"Content-Encoding": name})
        outcome = await web.fetch(url, NOTHING, None)
        assert isinstance(outcome, Fetched)
        assert outcome.size == len(rss(ITEM))


async def test_a_host_is_asked_by_two_connections_at_most(server: FeedServer) -> None:
    limits = dataclasses.replace(LIMITS, fetch_s=1.0)
    server.most_open = 0
    url = server.fault("/queue", Fault.SILENT)
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=limits) as opened:
        outcomes = await asyncio.gather(*(opened.fetch(url, NOTHING, None) for _ in range(6)))
    assert server.most_open == 2
    # Each had its full second: none spent it waiting for its turn.
    assert all(isinstance(o, Failed) and "took longer than 1 s" in o.reason for o in outcomes)
    assert all(isinstance(o, Failed) and o.took_ms >= 990 for o in outcomes)


NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "fresh_for_s"),
    [
        ({}, None),
        ({"Cache-Control": "public, Max-Age=600"}, 600),
        ({"Cache-Control": 'max-age="600"'}, 600),
        ({"Cache-Control": "max-age=600", "Age": "200"}, 400),
        ({"Cache-Control": "max-age=600", "Age": "900"}, 0),
        ({"Cache-Control": "max-age=600", "Age": "old"}, 600),
        ({"Cache-Control": "no-cache, no-store"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Expires": "Mon, 05 Oct 2026 13:00:00 GMT"}, 3600),
        (
            {
                "Expires": "Mon, 05 Oct 2026 13:00:00 GMT",
                "Date": "Mon, 05 Oct 2026 12:59:00 GMT",
            },
            60,
        ),
        ({"Expires": "Mon, 05 Oct 2020 13:00:00 GMT"}, 0),
        ({"Expires": "0"}, None),
        (
            {"Cache-Control": "max-age=60", "Expires": "Mon, 05 Oct 2026 13:00:00 GMT"},
            60,
        ),
    ],
)
async def test_freshness_is_max_age_less_age_or_expires_less_date(
    headers: dict[str, str], fresh_for_s: float | None
) -> None:
    assert hints_of(headers, NOW).fresh_for_s == fresh_for_s


@pytest.mark.parametrize(
    ("value", "retry_after_s"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("Mon, 05 Oct 2026 12:10:00 GMT", 600),
        ("Mon, 05 Oct 2020 12:10:00 GMT", 60),
        ("0", 60),
        ("soon", None),
        ("-5", None),
        ("9" * 40, 604_800),
    ],
)
async def test_retry_after_is_read_as_seconds_or_date_within_reason(
    value: str, retry_after_s: float | None
) -> None:
    assert hints_of({"Retry-After": value}, NOW).retry_after_s == retry_after_s


@pytest.mark.parametrize("etag", ["", "x" * 5000, '"\udcff"', '"a\x00b"'])
async def test_a_validator_that_cannot_be_sent_back_is_dropped(etag: str) -> None:
    assert validators_of({"ETag": etag}) == NOTHING
