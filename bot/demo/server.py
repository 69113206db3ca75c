"""The web that the demo's feeds come from, on loopback."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.demo.content import Outlet
from bot.demo.documents import feed_document
from bot.demo.newsroom import Newsroom, Printed
from bot.demo.pages import article_page, front_page
from bot.demo.pictures import draw_icon, draw_picture

HOST = "127.0.0.1"


class FeedServer:
    """Serves a newsroom's feeds, pages and pictures. What is not out yet is not found.

    ``now`` says what time it is. Feeds carry ETag and Last-Modified and answer conditional requests
    with 304 (RFC 9110 §13).
    """

    def __init__(self, newsroom: Newsroom, now: Callable[[], datetime]) -> None:
        self._newsroom = newsroom
        self._now = now
        self._outlets = {outlet.slug: outlet for outlet in newsroom.outlets}
        self._pictures: dict[tuple[str, str], bytes] = {}
        self._runner: web.AppRunner | None = None
        self.base_url = ""  # known once it serves

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(
            [
                web.get("/{outlet}/", self._front),
                web.get("/{outlet}/icon.png", self._icon),
                web.get("/{outlet}/pictures/{slug}.png", self._picture),
                web.get("/{outlet}/{page}", self._page),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.base_url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def feed_url(self, outlet: Outlet) -> str:
        """Return the address of an outlet's feed."""
        return self.base_url + outlet.feed_path

    def site_url(self, outlet: Outlet) -> str:
        """Return the address of an outlet's front page."""
        return f"{self.base_url}/{outlet.slug}/"

    def pictures(self) -> dict[str, bytes]:
        """Return every picture and icon by its address, also of pieces that are not out yet."""
        drawn = {}
        for outlet in self._newsroom.outlets:
            drawn[f"{self.base_url}/{outlet.slug}/icon.png"] = self._drawn(outlet, "")
            for piece in outlet.pieces:
                url = f"{self.base_url}/{outlet.slug}/pictures/{piece.slug}.png"
                drawn[url] = self._drawn(outlet, piece.slug)
        return drawn

    def _outlet(self, request: web.Request) -> Outlet:
        try:
            return self._outlets[request.match_info["outlet"]]
        except KeyError:
            raise web.HTTPNotFound from None

    async def _front(self, request: web.Request) -> web.Response:
        outlet = self._outlet(request)
        printed = self._newsroom.published(outlet, self._now())
        return _html(front_page(outlet, printed, self.base_url))

    async def _page(self, request: web.Request) -> web.Response:
        outlet, name = self._outlet(request), request.match_info["page"]
        printed = self._newsroom.published(outlet, self._now())
        if request.path == outlet.feed_path:
            body, kind, changed_at = feed_document(outlet, printed, self.base_url)
            return _conditional(request, body, kind, changed_at or self._newsroom.started_at)
        wanted = next((each for each in printed if each.piece.slug == name), None)
        if wanted is None:
            raise web.HTTPNotFound
        others: list[Printed] = [each for each in printed if each is not wanted]
        return _html(article_page(wanted, others, self.base_url))

    async def _icon(self, request: web.Request) -> web.Response:
        return _png(self._drawn(self._outlet(request), ""))

    async def _picture(self, request: web.Request) -> web.Response:
        outlet, slug = self._outlet(request), request.match_info["slug"]
        if all(piece.slug != slug for piece in outlet.pieces):
            raise web.HTTPNotFound
        return _png(self._drawn(outlet, slug))

    def _drawn(self, outlet: Outlet, slug: str) -> bytes:
        """Draw once, keep: the same address always gives the same bytes."""
        key = (outlet.slug, slug)
        if key not in self._pictures:
            piece = next((each for each in outlet.pieces if each.slug == slug), None)
            self._pictures[key] = (
                draw_icon(outlet) if piece is None else draw_picture(outlet, piece)
            )
        return self._pictures[key]


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")


def _png(body: bytes) -> web.Response:
    headers = {"Cache-Control": "max-age=86400"}
    return web.Response(body=body, content_type="image/png", headers=headers)


def _conditional(
    request: web.Request, body: bytes, kind: str, changed_at: datetime
) -> web.Response:
    """Answer 304 where the client has this version; If-None-Match goes first (RFC 9110 §13.2.2)."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed_at.astimezone(UTC), usegmt=True),
        "Cache-Control": "no-cache",
    }
    asked = request.headers.get("If-None-Match")
    since = request.headers.get("If-Modified-Since")
    if asked is not None:
        is_fresh = etag in {each.strip().removeprefix("W/") for each in asked.split(",")}
    else:
        is_fresh = since is not None and _is_unchanged(since, changed_at)
    if is_fresh:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)


def _is_unchanged(since: str, changed_at: datetime) -> bool:
    try:
        return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # no date, or one without a zone: as if it were not there
        return False
