"""A web server on loopback with feeds, pages and every fault that real ones have.

    async with FeedServer() as server:
        url = server.feed("/feed.xml", FeedItem(title="Ferry resumes"))
        server.fault("/slow", Fault.SILENT)

It imports nothing of Herald, counts requests, and answers conditional ones as a good server does.
"""

import asyncio
import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Self
from xml.sax.saxutils import escape, quoteattr

import brotli  # type: ignore[import-untyped]
from aiohttp import web

from tests.servers.steps import OnStep, Step, unobserved

_CHUNK = b"<item><title>more of the same</title></item>\n" * 1000
_SHUTDOWN_S = 0.1


class Fault(StrEnum):
    """Ways to answer badly."""

    SILENT = "accepts the request and never answers"
    TRICKLE = "sends headers, then a byte now and then, for ever"
    ENDLESS = "sends body as fast as it can, for ever"
    BROKEN_OFF = "promises more body than it sends"
    HUGE_LENGTH = "promises a gigabyte and sends a little"
    GZIP_BOMB = "sends a little gzip that unpacks to a gigabyte"
    DEFLATE_BOMB = "the same with deflate"
    BR_BOMB = "the same with brotli"
    PACKED_TWICE = "packs its body twice and says so"
    SLOW_HEADERS = "sends a header line now and then, for ever"
    HUGE_HEADER = "sends a header line of 200 KB"
    RAW_ETAG = "sends an ETag of bytes that are no text"
    NEW_ETAG = "sends the same body with a new ETag each time, and knows none of them"
    NOT_HTTP = "answers as a mail server would"
    HANG_UP = "closes the connection without a word"
    LOOP = "redirects to itself"
    BODY_WITH_304 = "sends a body with every 304"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry of a served feed. Without a guid it gets one made of its link."""

    title: str
    link: str = ""
    guid: str | None = None
    description: str = ""  # HTML
    content: str = ""  # HTML, as content:encoded
    published_at: datetime | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: bytes
    content_type: str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_conditional: bool = True


class FeedServer:
    """Serves what a test put there; everything else is 404."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.open_connections = 0
        self.most_open = 0
        self.on_step: OnStep = unobserved
        self._answers: dict[str, _Answer | Fault] = {}
        self._port = 0
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    def url(self, path: str = "/") -> str:
        """Return the address of *path* here."""
        return f"http://127.0.0.1:{self._port}{path}"

    def put(
        self,
        path: str,
        body: bytes | str,
        *,
        content_type: str | None = "text/html; charset=utf-8",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        is_conditional: bool = True,
    ) -> str:
        """Serve *body* at *path* from now on and return its address.

        Where *is_conditional*, it gets an ETag made of its body unless *headers* has one, and
        requests that know that ETag get a 304.
        """
        self._answers[path] = _Answer(
            body=body.encode() if isinstance(body, str) else body,
            content_type=content_type,
            status=status,
            headers=headers or {},
            is_conditional=is_conditional,
        )
        return self.url(path)

    def feed(
        self,
        path: str,
        *items: FeedItem,
        title: str = "Harbour Gazette",
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve an RSS 2.0 feed of *items* at *path* and return its address."""
        body = rss(*items, title=title, link=self.url("/"))
        return self.put(path, body, content_type="application/rss+xml", headers=headers)

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        """Redirect *path* to *target*."""
        return self.put(
            path, b"", status=status, headers={"Location": target}, is_conditional=False
        )

    def fault(self, path: str, fault: Fault) -> str:
        """Answer badly at *path* from now on and return its address."""
        self._answers[path] = fault
        return self.url(path)

    def remove(self, path: str) -> None:
        """Answer 404 at *path* from now on."""
        self._answers.pop(path, None)

    def hits(self, path: str) -> int:
        """Return how often *path* was asked for."""
        return sum(request.path == path for request in self.requests)

    def last(self, path: str) -> Request:
        """Return the last request for *path*."""
        return next(request for request in reversed(self.requests) if request.path == path)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(
            Request(method=request.method, path=request.path, headers=dict(request.headers))
        )
        self.open_connections += 1
        self.most_open = max(self.most_open, self.open_connections)
        if self.on_step(Step.ARRIVED, request.method, request.path):
            _hang_up(request)
        try:
            match self._answers.get(request.path_qs) or self._answers.get(request.path):
                case None:
                    return web.Response(status=404, text="not here")
                case Fault() as fault:
                    return await self._misbehave(request, fault)
                case answer:
                    self.on_step(Step.ANSWERED, request.method, request.path)
                    return _respond(request, answer)
        finally:
            self.open_connections -= 1

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        match fault:
            case Fault.TRICKLE:
                return await self._stream(request, b" ", pause_s=0.05)
            case Fault.ENDLESS:
                return await self._stream(request, _CHUNK, pause_s=0)
            case Fault.BROKEN_OFF:
                return await _promise(request, 1000)
            case Fault.HUGE_LENGTH:
                return await _promise(request, 1 << 30)
            case Fault.SLOW_HEADERS:
                await self._trickle_headers(request)
            case Fault.SILENT:
                await self._closing.wait()
            case _:
                return self._misbehave_at_once(request, fault)
        return web.Response(status=500)

    def _misbehave_at_once(self, request: web.Request, fault: Fault) -> web.Response:
        if fault in _PACKED:
            return _packed(*_PACKED[fault]())
        match fault:
            case Fault.LOOP:
                return web.Response(status=302, headers={"Location": request.path})
            case Fault.BODY_WITH_304:
                return self._body_with_304(request)
            case Fault.NEW_ETAG:
                return _packed("identity", rss(), ETag=f'"{len(self.requests)}"')
            case _:
                if request.transport is not None:
                    request.transport.write(_raw(fault))
                _hang_up(request)
        return web.Response()

    async def _stream(
        self, request: web.Request, chunk: bytes, *, pause_s: float
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
        await response.prepare(request)
        while not self._closing.is_set():
            await response.write(chunk)
            await asyncio.sleep(pause_s)
        return response

    async def _trickle_headers(self, request: web.Request) -> None:
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 200 OK\r\n")
        while request.transport is not None and not self._closing.is_set():
            request.transport.write(b"X-More: 1\r\n")
            await asyncio.sleep(0.05)

    def _body_with_304(self, request: web.Request) -> web.Response:
        """Answer a conditional request by hand, since aiohttp would not send such a thing."""
        if "If-None-Match" not in request.headers:
            return web.Response(
                body=rss(FeedItem(title="Once", link=self.url("/once"))),
                headers={"ETag": '"kept"'},
                content_type="application/rss+xml",
            )
        if request.transport is not None:
            request.transport.write(
                b'HTTP/1.1 304 Not Modified\r\nETag: "kept"\r\nContent-Length: 9\r\n\r\nunchanged'
            )
        _hang_up(request)
        return web.Response()


def rss(
    *items: FeedItem, title: str = "Harbour Gazette", link: str = "https://gazette.example.org/"
) -> bytes:
    """Return an RSS 2.0 document."""
    body = "\n".join(_item(item) for item in items)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>{escape(title)}</title><link>{escape(link)}</link>
<description>News from a made-up place</description>
{body}
</channel></rss>""".encode()


def _item(item: FeedItem) -> str:
    guid = item.guid if item.guid is not None else item.link
    at = (
        format_datetime(item.published_at.astimezone(UTC), usegmt=True) if item.published_at else ""
    )
    parts = [
        f"<title>{escape(item.title)}</title>",
        f"<link>{escape(item.link)}</link>" if item.link else "",
        f'<guid isPermaLink="false">{escape(guid)}</guid>' if guid else "",
        f"<pubDate>{at}</pubDate>" if at else "",
        f"<description>{escape(item.description)}</description>" if item.description else "",
        f"<content:encoded>{escape(item.content)}</content:encoded>" if item.content else "",
        f'<media:content medium="image" url={quoteattr(item.image_url)}/>'
        if item.image_url
        else "",
    ]
    return f"<item>{''.join(parts)}</item>"


def _respond(request: web.Request, answer: _Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.is_conditional and answer.status == 200:
        headers.setdefault("ETag", f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"')
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    return web.Response(body=answer.body, status=answer.status, headers=headers)


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


async def _promise(request: web.Request, length: int) -> web.StreamResponse:
    """Promise *length* bytes, send five and hang up."""
    response = web.StreamResponse(headers={"Content-Length": str(length)})
    await response.prepare(request)
    await response.write(b"<rss>")
    _hang_up(request)
    return response


def _packed(encoding: str, body: bytes, **headers: str) -> web.Response:
    return web.Response(
        body=body,
        headers={"Content-Encoding": encoding, "Content-Type": "application/rss+xml", **headers},
    )


def _bomb(wbits: int) -> bytes:
    """Return a megabyte of gzip (31) or zlib (15) that unpacks to a gigabyte.

    A block ended by a full flush (RFC 1951) refers to nothing before it, so it may be repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits=wbits)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * 1024


def _raw(fault: Fault) -> bytes:
    """Return what to send where no HTTP library would: the bytes of a whole connection."""
    match fault:
        case Fault.NOT_HTTP:
            return b"220 mail.example.org ESMTP ready\r\n"
        case Fault.HUGE_HEADER:
            return b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"
        case Fault.RAW_ETAG:
            body = rss(FeedItem(title="Once"))
            length = f"Content-Length: {len(body)}\r\n".encode()
            return b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\n' + length + b"\r\n" + body
        case _:
            return b""


# Content-Encoding and body.
_PACKED: dict[Fault, Callable[[], tuple[str, bytes]]] = {
    Fault.GZIP_BOMB: lambda: ("gzip", _bomb(31)),
    Fault.DEFLATE_BOMB: lambda: ("deflate", _bomb(15)),
    Fault.BR_BOMB: lambda: ("br", brotli.compress(b" " * (64 << 20), quality=1)),
    Fault.PACKED_TWICE: lambda: ("gzip, gzip", gzip.compress(gzip.compress(rss()))),
}
