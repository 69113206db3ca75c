"""Fetch one document over HTTP: guarded, conditional, bounded in bytes, time and redirects."""

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from bot.errors import FetchFailed
from bot.feeds import faults
from bot.feeds.caching import hints_of, validators_of
from bot.feeds.guard import Guard, Network
from bot.feeds.limits import Limits
from bot.feeds.urls import host_of, web_url
from bot.feeds.values import PARSER_VERSION
from bot.feeds.wording import shown
from bot.news.models import CacheHints, Validators

FEED_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.8, */*;q=0.1"
)
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_DOCUMENT = frozenset({200, 203, 226})
_CONDITIONS = frozenset({"If-None-Match", "If-Modified-Since"})
_FEED_TYPE = re.compile(r"application/(?:(?:rss|atom|rdf)\+xml|feed\+json)", re.IGNORECASE)
_CHUNK = 64 * 1024
_AT_ONCE = 256 * 1024  # bytes to unpack and hash before others have their turn, in 1.5 ms

# Asked before a body grows to so many bytes.
Hold = Callable[[int], Awaitable[None]]
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A document, or word that it has not changed (status 304, no body)."""

    url: str  # after redirects
    status: int
    body: bytes = b""
    content_type: str | None = None
    body_hash: str | None = None  # the parser's version, and SHA-256 of the decoded body
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    took_ms: int = 0
    permanent_url: str | None = None  # see Fetched
    alternates: tuple[str, ...] = ()  # feeds that the Link header declares (RFC 8288)
    hub_url: str | None = None  # likewise (WebSub §4)
    self_url: str | None = None
    target: str | None = None  # where it redirects to, if that was not to be followed


class Fetcher:
    """The HTTP client. Raises FeedErrors whose messages an admin can read."""

    def __init__(
        self, session: aiohttp.ClientSession, guard: Guard, limits: Limits, turns: "HostTurns"
    ) -> None:
        self._session = session
        self._guard = guard
        self._limits = limits
        self._turns = turns

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        user_agent: str,
        allowed_networks: Sequence[Network],
        keepalive_s: float,
        limits: Limits,
    ) -> AsyncIterator[Self]:
        """Open the one session: no cookies, no proxy of the environment, no Referer."""
        guard = Guard(allowed_networks)
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            limit_per_host=limits.connections_per_host,
            ttl_dns_cache=300,
            keepalive_timeout=keepalive_s,
            socket_factory=guard.socket,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=limits.connect_s, sock_read=limits.silence_s
            ),
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate, br"},
        ) as session:
            yield cls(session, guard, limits, HostTurns(limits.connections_per_host))

    async def get(
        self,
        url: str,
        *,
        accept: str = FEED_ACCEPT,
        validators: Validators | None = None,
        max_bytes: int | None = None,
        total_s: float | None = None,
        only_types: frozenset[str] = frozenset(),
        follows: bool = True,
        cuts: bool = False,
        hold: Hold | None = None,
    ) -> Download:
        """Return the document at *url*, following redirects unless *follows* is unset.

        ``total_s`` counts from the start of the first request, not the wait for the host's turn.
        With *only_types* the body of any other Content-Type is left alone. What is too large is cut
        where *cuts* says so. *hold* is asked for memory before a body grows. Raises FetchFailed,
        TooLarge or AddressForbidden, and what *hold* raises.
        """
        allowed_s = total_s or self._limits.fetch_s
        headers = {"Accept": accept} | _conditions(validators)
        refusals = self._guard.watch()
        async with self._turns.turn(host_of(url)):
            try:
                async with asyncio.timeout(allowed_s):
                    wanted = Wanted(
                        max_bytes=max_bytes or self._limits.feed_bytes,
                        only_types=only_types,
                        follows=follows,
                        cuts=cuts,
                        hold=hold,
                    )
                    return await self._follow(url, headers, wanted)
            except TimeoutError as error:
                raise faults.too_slow(url, error, allowed_s) from error
            except (aiohttp.ClientError, OSError, ValueError) as error:
                if refusals:
                    raise faults.refused(url, refusals[0]) from error
                raise faults.unreachable(url, error) from error

    async def _follow(self, url: str, headers: Mapping[str, str], wanted: "Wanted") -> Download:
        """Request *url* and what it redirects to, at most ``limits.redirects`` times."""
        way = Way(url)
        started = asyncio.get_running_loop().time()
        for _ in range(self._limits.redirects + 1):
            async with self._request(way.url, headers) as response:
                if response.status in _REDIRECTS:
                    way = way.then(response.status, _target(way.url, response))
                    if not wanted.follows:
                        return Download(url=url, status=response.status, target=way.url)
                    continue
                digest = hashlib.sha256()
                body = await _body_of(response, way.url, wanted, digest.update)
                return Download(
                    url=way.url,
                    status=response.status,
                    body=body,
                    content_type=response.headers.get("Content-Type"),
                    body_hash=f"{PARSER_VERSION}:{digest.hexdigest()}" if body else None,
                    validators=validators_of(response.headers),
                    hints=hints_of(response.headers, datetime.now(UTC)),
                    took_ms=round((asyncio.get_running_loop().time() - started) * 1000),
                    permanent_url=way.permanent_url,
                    alternates=_alternates(response),
                    hub_url=_linked(response, "hub"),
                    self_url=_linked(response, "self"),
                )
        raise FetchFailed(
            f"{shown(url)} redirects more than {self._limits.redirects} times, the last time to "
            f"{shown(way.url)}.",
            url=url,
            transient=False,
        )

    @asynccontextmanager
    async def _request(
        self, url: str, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request; where the answer to a conditional one is no HTTP, ask unconditionally.

        Some servers send a body along with a 304, which a client must take for the next answer.
        """
        try:
            response = await self._session.get(url, headers=headers, allow_redirects=False)
        except aiohttp.ClientResponseError:
            plain = {name: value for name, value in headers.items() if name not in _CONDITIONS}
            if len(plain) == len(headers):
                raise
            response = await self._session.get(url, headers=plain, allow_redirects=False)
        async with response:
            yield response


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of an answer is taken, see Fetcher.get."""

    max_bytes: int
    only_types: frozenset[str]
    follows: bool
    cuts: bool
    hold: Hold | None


class Way:
    """The redirects from an address to its document."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.permanent_url: str | None = None  # see Fetched
        self._is_permanent = True

    def then(self, status: int, target: str) -> "Way":
        """Return the way with one more redirect."""
        way = Way(target)
        # To http from https is fine for once, but nothing to remember.
        is_downgrade = self.url.startswith("https:") and target.startswith("http:")
        way._is_permanent = self._is_permanent and status in _PERMANENT and not is_downgrade
        way.permanent_url = target if way._is_permanent else self.permanent_url
        return way


class HostTurns:
    """At most so many fetches of one host at a time; the others wait, their clocks stopped."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at *host*, and hold it for the block."""
        if host not in self._hosts:
            self._hosts[host] = _Host(asyncio.Semaphore(self._per_host))
        entry = self._hosts[host]
        entry.users += 1
        try:
            async with entry.semaphore:
                yield
        finally:
            entry.users -= 1
            if not entry.users:
                del self._hosts[host]


@dataclass(slots=True)
class _Host:
    semaphore: asyncio.Semaphore
    users: int = 0  # fetches that hold or await a turn


def _conditions(validators: Validators | None) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110 §13.1)."""
    headers = {}
    if validators and validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators and validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def _alternates(response: aiohttp.ClientResponse) -> tuple[str, ...]:
    """Return the feeds that the Link header declares."""
    links = response.links.getall("alternate", [])
    feeds = (str(link["url"]) for link in links if _FEED_TYPE.match(str(link.get("type", ""))))
    return tuple(dict.fromkeys(url for url in feeds if web_url(url)))


def _linked(response: aiohttp.ClientResponse, wanted: str) -> str | None:
    """Return the first address that the Link header gives for a relation; it may name several."""
    for relations, link in response.links.items():
        if wanted in relations.lower().split() and (url := web_url(str(link["url"]))):
            return url
    return None


def _target(url: str, response: aiohttp.ClientResponse) -> str:
    """Return where a redirect leads. Raises FetchFailed where that is nowhere on the web."""
    location = response.headers.get("Location", "").strip()
    target = redirected(url, location) if location else None
    if target is None:
        where = f"“{shown(location)}”, which is no web address" if location else "nowhere"
        raise FetchFailed(
            f"{shown(url)} redirects to {where}.", url=url, status=response.status, transient=False
        )
    return target


def redirected(url: str, location: str) -> str | None:
    """Return where *location* leads from *url*, or None where that is nowhere on the web.

    A login goes along within its origin (RFC 6454 §4) only, and a server cannot give one.
    """
    target = web_url(urljoin(url, location))
    if target is None:
        return None
    target = target.partition("#")[0]
    here, there = URL(url), URL(target)
    is_same_origin = here.origin() == there.origin()
    login = (here.user, here.password) if is_same_origin else (None, None)
    if login == (there.user, there.password):
        return target
    return str(there.with_user(None).with_user(login[0]).with_password(login[1]))


async def _body_of(
    response: aiohttp.ClientResponse,
    url: str,
    wanted: Wanted,
    digest: Callable[[bytes], None],
) -> bytes:
    """Return the decoded body of an answer, b"" for a 304. Raises where there is no document."""
    if response.status == 304:  # noqa: PLR2004  # Not Modified
        return b""
    if response.status not in _DOCUMENT:
        hints = hints_of(response.headers, datetime.now(UTC))
        raise faults.answered(url, response.status, response.headers, hints.retry_after_s)
    if wanted.only_types and response.content_type not in wanted.only_types:
        raise faults.other_type(url, response.status, response.content_type)
    if not wanted.cuts and (response.content_length or 0) > wanted.max_bytes:
        raise faults.too_large(url, wanted.max_bytes)
    body = io.BytesIO()  # gives its bytes away without a copy of them
    async for chunk in response.content.iter_chunked(_CHUNK):
        size = body.tell() + len(chunk)
        if size > wanted.max_bytes and not wanted.cuts:
            raise faults.too_large(url, wanted.max_bytes)
        if wanted.hold is not None:
            await wanted.hold(size)
        if size // _AT_ONCE > body.tell() // _AT_ONCE:
            await asyncio.sleep(0)  # what unpacks to a thousand times its size is here all at once
        body.write(chunk)
        digest(chunk)
        if size > wanted.max_bytes:
            body.truncate(wanted.max_bytes)
            break
    return body.getvalue()
