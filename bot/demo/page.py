"""The demo's page: simcord's preview page with a list of channels and members beside it.

::

    browser ─► PageServer ─► simcord's preview (another port of loopback)
                 ├ adds our script and style sheet to its page
                 ├ opens each page on the channel and member that its address names
                 └ lets actions, clock and refreshes take turns

simcord's page shows one channel; it refuses an action that overlaps a refresh, and one that was
meant for an older revision of what it shows. Here each page is at ``/<channel>/<member>``, and an
action is sent on alone and for the present revision.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from bot.demo.pictures import draw_avatar, png_size
from bot.demo.world import ADMIN, CHANNELS, World

if TYPE_CHECKING:
    from simcord.preview import Preview

log = structlog.get_logger()

HOST = "127.0.0.1"
TICK_S = 0.5
_PLACE = "X-Herald-Place"  # channel/member, from our script
_CONTEXT = "X-Simcord-Context"
_CAPABILITY = "X-Simcord-Capability"
_ASKED = ("Content-Type", _CAPABILITY, _CONTEXT)
_DROPPED = {
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "date",
    "server",
}
_OURS = {"page.js": "text/javascript", "page.css": "text/css"}
_INJECTED = """<link rel="icon" type="image/png" href="/herald/icon.png">
<link rel="stylesheet" href="/herald/page.css">
<script src="/herald/page.js"></script>
</head>"""


class PageServer:
    """Serves the page while the context is open, and keeps it up to date."""

    def __init__(self, world: World, preview: "Preview", hints: list[str]) -> None:
        self._world = world
        self._preview = preview
        self._hints = hints
        self._upstream = URL(preview.url).with_fragment(None)
        self._capability = URL(preview.url).fragment
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._channels: dict[str, str] = {}  # of open pages, by the id that simcord gave them
        self._refreshed_at = 0  # requests that the bot had made to Discord by the last refresh
        self._origin = ""

    @property
    def url(self) -> str:
        """The address to open. Whoever has it can act as the members."""
        return f"{self._origin}/headlines/{ADMIN.lower()}#{self._capability}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=True)
        app = web.Application(middlewares=[self._only_ours], client_max_size=32 * 1024 * 1024)
        app.add_routes(
            [
                web.get("/", self._root),
                web.get("/herald/places", self._places),
                web.get("/herald/{name}", self._own_file),
                web.post("/api/pages", self._open_page),
                web.delete("/api/pages/{page}", self._close_page),
                web.post("/api/action", self._act),
                web.get("/api/assets/{asset}", self._asset),
                web.get("/{channel}/{member}", self._index),
                web.route("*", "/{rest:.*}", self._pass_on),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self._origin = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def keep_fresh(self) -> None:
        """Keep simcord's clock and the open pages up to date, until cancelled."""
        while True:
            await asyncio.sleep(TICK_S)
            async with self._world.turn:
                try:
                    await self._world.catch_up()
                    requests = len(self._world.env.http_requests)
                    if requests != self._refreshed_at:
                        await self._preview.refresh()
                        self._refreshed_at = requests
                except TimeoutError:
                    log.debug("page.waiting")  # the bot is at something long; the next tick tries

    @web.middleware
    async def _only_ours(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse other sites' pages (by Origin) and names that point here (by Host)."""
        if request.headers.get("Host") != URL(self._origin).authority:
            raise web.HTTPForbidden
        if request.headers.get("Origin", self._origin) != self._origin:
            raise web.HTTPForbidden
        return await handler(request)

    async def _root(self, _request: web.Request) -> web.Response:
        raise web.HTTPFound(f"/headlines/{ADMIN.lower()}")  # browsers keep the fragment

    async def _index(self, request: web.Request) -> web.Response:
        if self._place(f"{request.match_info['channel']}/{request.match_info['member']}") is None:
            return await self._pass_on(request)
        status, headers, body = await self._ask("GET", "/", {}, None)
        page = body.decode().replace("</head>", _INJECTED, 1)
        page = page.replace("<title>SimCord Preview</title>", "<title>Herald demo</title>", 1)
        return web.Response(body=page.encode(), status=status, headers=headers)

    async def _own_file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "icon.png":
            return web.Response(body=draw_avatar(), content_type="image/png")
        if name not in _OURS:
            raise web.HTTPNotFound
        body = (resources.files("bot.demo") / "static" / name).read_bytes()
        return web.Response(
            body=body, content_type=_OURS[name], headers={"Cache-Control": "no-store"}
        )

    async def _places(self, request: web.Request) -> web.Response:
        """Tell our script what to list, and how many messages there are in each channel."""
        if request.headers.get(_CAPABILITY) != self._capability:
            raise web.HTTPUnauthorized
        messages = self._world.env.backend.messages
        return web.json_response(
            {
                "server": self._world.guild.name,
                "channels": [
                    {"name": name, "posts": len(messages.get(channel.id, {}))}
                    for name, channel in self._world.channels.items()
                ],
                "members": list(self._world.members),
                "hints": self._hints,
            }
        )

    async def _open_page(self, request: web.Request) -> web.Response:
        """Open a page on the channel and as the member that the browser's address names."""
        place = self._place(request.headers.get(_PLACE, ""))
        if place is None:
            raise web.HTTPBadRequest
        channel, member = place
        body = json.dumps({"viewer_id": str(self._world.members[member].id)}).encode()
        async with self._world.turn:
            with self._presenting(channel):
                status, headers, answer = await self._ask(
                    "POST", "/api/pages", request.headers, body
                )
        if status == web.HTTPOk.status_code:
            self._channels[json.loads(answer)["context"]["id"]] = channel
        return _response(status, headers, answer)

    async def _close_page(self, request: web.Request) -> web.Response:
        self._channels.pop(request.match_info["page"], None)
        return await self._pass_on(request)

    @contextmanager
    def _presenting(self, channel: str | None) -> Iterator[None]:
        """Let simcord's preview present *channel* for now; it asks when a page opens or acts."""
        home = self._preview.channel
        if channel is not None:
            self._preview.channel = self._world.channels[channel]
        try:
            yield
        finally:
            self._preview.channel = home

    async def _act(self, request: web.Request) -> web.Response:
        """Send an action on when it is its turn, for the revision that is current then."""
        body = await request.read()
        async with self._world.turn:
            try:
                await self._world.catch_up()
            except TimeoutError:
                log.debug("page.waiting")
            if request.content_type == "application/json":
                body = await self._at_present(request, body)
            with self._presenting(self._channels.get(request.headers.get(_CONTEXT, ""))):
                return _response(*await self._ask("POST", "/api/action", request.headers, body))

    async def _at_present(self, request: web.Request, body: bytes) -> bytes:
        action: dict[str, Any] = json.loads(body)
        if "published_revision" in action:
            status, _, state = await self._ask("GET", "/api/state", request.headers, None)
            if status == web.HTTPOk.status_code:
                action["published_revision"] = json.loads(state)["publishedRevision"]
        return json.dumps(action).encode()

    async def _asset(self, request: web.Request) -> web.Response:
        """Hand out our own pictures as they are.

        simcord decodes each in a process of its own, one after the other: half a second a picture.
        It is right to with strangers' files; ours we drew ourselves, and it hands them out
        unread as downloads.
        """
        if not request.query:
            path = f"{request.path}?download=1"
            status, headers, body = await self._ask("GET", path, request.headers, None)
            if status == web.HTTPOk.status_code and (size := png_size(body)):
                del headers["Content-Disposition"]
                headers["X-Display-Width"], headers["X-Display-Height"] = map(str, size)
                return _response(status, headers, body)
        return await self._pass_on(request)

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read() if request.can_read_body else None
        status, headers, answer = await self._ask(
            request.method, request.path_qs, request.headers, body
        )
        if not request.path.startswith("/api/"):
            headers["Cache-Control"] = "max-age=3600"  # scripts and fonts; they never change
        return _response(status, headers, answer)

    def _place(self, text: str) -> tuple[str, str] | None:
        channel, _, member = text.partition("/")
        known = {name.lower(): name for name in self._world.members}
        if channel not in CHANNELS or member not in known:
            return None
        return channel, known[member]

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask simcord's preview; return status, headers and body."""
        if self._session is None:
            raise web.HTTPServiceUnavailable
        own = {name: headers[name] for name in _ASKED if name in headers}
        url = self._upstream.join(URL(path, encoded=True))
        try:
            async with self._session.request(method, url, headers=own, data=body) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in _DROPPED}
                return answer.status, kept, await answer.read()
        except aiohttp.ClientError as error:
            raise web.HTTPBadGateway from error


def _response(status: int, headers: dict[str, str], body: bytes) -> web.Response:
    return web.Response(status=status, headers=headers, body=body)
