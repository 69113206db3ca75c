"""A small Discord on loopback: REST under /api/v10 and a gateway, for end-to-end tests.

It imports nothing of the bot's and no Discord library, so that it can disagree with both::

    async with DiscordServer.start() as server:
        guild = server.add_guild("Tidewater")
        channel = guild.add_channel("news")
        ada = guild.add_member("ada", Permission.MANAGE_GUILD)
        ...                                         # start the bot on server.api_base
        await server.gateway.wait_until_connected()
        reply = await ada.slash(channel, "feed add", url="http://...")
        reply = await reply.click("Add")
        post = await channel.wait_for_message(lambda message: message.embeds != [])

The world (guilds, channels, members, messages) is in discord_state.py, what members do and see in
discord_reply.py, faults to order in discord_faults.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from tests.servers.discord_buckets import Buckets, Ruling
from tests.servers.discord_desk import ClientDesk
from tests.servers.discord_faults import Drop, Effect, Fault, Faults, Hold, Status
from tests.servers.discord_gateway import Gateway
from tests.servers.discord_interactions import Interactions
from tests.servers.discord_limits import BUTTON, walk
from tests.servers.discord_objects import Message
from tests.servers.discord_openapi import Violation, open_api
from tests.servers.discord_reply import Reply, use_component
from tests.servers.discord_rest import Call, Rest, parse_json
from tests.servers.discord_state import Guild, Member, World
from tests.servers.discord_wire import MEMBER_PERMISSIONS, ApiError, Json, Limited, Permission
from tests.servers.steps import OnStep, Step, unobserved

TOKEN = "MTAw.stand-in.not-a-secret"  # noqa: S105  # worth nothing anywhere
_PREFIX = "/api/v10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A REST request that came in, and the status that went out (0 for a cut connection)."""

    method: str
    path: str
    body: object
    status: int


class DiscordServer:
    """The stand-in. ``requests`` and ``violations`` grow as the bot talks; see ``start``."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.world = World(token=token)
        self.token = token
        self.clock = self.world.clock
        self.faults = Faults()
        self.gateway = Gateway(self.world)
        self.interactions = Interactions(self.world)
        self.world.desk = ClientDesk(self.world, self.interactions)
        self.requests: list[Seen] = []
        self.violations: list[Violation] = []
        self.on_step: OnStep = unobserved
        self.buckets: Buckets | None = None  # None: there is no limit but those that faults set
        self.port = 0
        self._rest = Rest(self.world, self.interactions, "")

    @classmethod
    @asynccontextmanager
    async def start(cls, *, token: str = TOKEN) -> AsyncIterator[Self]:
        """Serve on a free port of 127.0.0.1 until the block ends."""
        server = cls(token=token)
        app = web.Application(client_max_size=26 * 1024 * 1024)
        app.router.add_get("/gateway/", server.gateway.handle)
        app.router.add_get("/gateway", server.gateway.handle)
        app.router.add_route("*", _PREFIX + "/{path:.*}", server._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            server.port = runner.addresses[0][1]
            server.gateway.url = server.gateway_url
            server._rest = Rest(server.world, server.interactions, server.gateway_url)
            yield server
        finally:
            server.faults.clear()
            await server.gateway.shut()
            await runner.cleanup()

    @property
    def api_base(self) -> str:
        """What the bot is given as Discord's REST base."""
        return f"http://127.0.0.1:{self.port}{_PREFIX}"

    @property
    def gateway_url(self) -> str:
        """What the bot is given as the gateway's address."""
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def commands(self) -> list[Json]:
        """The global commands as they are stored."""
        return self.world.commands[None]

    @property
    def command_uploads(self) -> list[Json]:
        """Each upload of commands, oldest first."""
        return self._rest.command_uploads

    def add_guild(
        self,
        name: str,
        *,
        everyone: Permission = MEMBER_PERMISSIONS,
        bot: Permission = Permission.NONE,
    ) -> Guild:
        """Make a guild that the bot is in; *bot* is what its role adds to *everyone*."""
        return self.world.add_guild(name, everyone=everyone, bot=bot)

    def seen(self, method: str, path_end: str) -> list[Seen]:
        """Return the requests with *method* whose path ends so, oldest first."""
        return [s for s in self.requests if s.method == method and s.path.endswith(path_end)]

    async def wait_until_ready(self, times: int = 1) -> None:
        """Wait until the bot is connected, after *times* handshakes, and has uploaded commands."""
        await self.gateway.wait_until_connected(times)
        await self.world.pulse.until(lambda: self.commands or None, "slash commands")

    async def wait_for_request(self, method: str, path_end: str, number: int = 1) -> Seen:
        """Wait for the *number*-th such request and return it."""
        return await self.world.pulse.until(
            lambda: next(iter(self.seen(method, path_end)[number - 1 :]), None),
            f"request {number} of {method} …{path_end}",
        )

    async def click(self, member: Member, message: Message, button: str) -> Reply:
        """Press a button on a message that stands in a channel."""
        for part in walk(message.components):
            if part.get("type") == BUTTON and button in str(part.get("label", "")):
                data = {"component_type": BUTTON, "custom_id": part["custom_id"], "id": part["id"]}
                return await use_component(
                    self.interactions, self.world, member, message, data, f"a click on {button!r}"
                )
        raise AssertionError(f"No button {button!r} on {message!r}")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        if self.on_step(Step.ARRIVED, request.method, path):
            return self._fail(request, path, Drop())
        ruling = self.buckets.take(request.method, path) if self.buckets else Ruling()
        if ruling.retry_after_s is not None:
            return self._refused(request, path, ruling, ruling.retry_after_s)
        return await self._ruled(request, path, ruling)

    async def _ruled(self, request: web.Request, path: str, ruling: Ruling) -> web.StreamResponse:
        fault = self.faults.take(request.method, path)
        body: object = None
        try:
            if isinstance(fault, Status | Drop) and fault.effect is Effect.NONE:
                return self._fail(request, path, fault)
            body, files = await _body(request)
            response = self._served(request, path, body, files)
        except Limited as error:
            response = _limited(Status(status=429, retry_after_s=error.retry_after_s))
        except ApiError as error:
            response = _json(error.status, error.body())
        response.headers.update(ruling.headers)
        if self.on_step(Step.TAKEN, request.method, path):
            return self._fail(request, path, Drop(), body)
        if isinstance(fault, Hold):
            self._note(request, path, body, response.status)
            await fault.keep()
            return response
        if fault is not None:
            return self._fail(request, path, fault, body)
        self._note(request, path, body, response.status)
        self.on_step(Step.ANSWERED, request.method, path)
        return response

    def _served(
        self, request: web.Request, path: str, body: object, files: tuple[tuple[str, int], ...]
    ) -> web.Response:
        found = self._rest.find(request.method, path)
        if found is None:
            raise ApiError(404, 0, "404: Not Found")
        is_open = path.startswith(("/webhooks/", "/interactions/"))  # their token is in the path
        if not is_open and request.headers.get("Authorization") != f"Bot {self.token}":
            raise ApiError(401, 0, "401: Unauthorized")
        if (document := open_api()) and (why := document.check(request.method, path, body)):
            violation = Violation(method=request.method, path=path, reason=why)
            self.violations.append(violation)
        handler, ids = found
        call = Call(
            method=request.method, path=path, ids=ids, query=request.query, body=body, files=files
        )
        answer = handler(call)
        return _json(200, answer) if answer is not None else web.Response(status=204)

    def _fail(
        self, request: web.Request, path: str, fault: Fault, body: object = None
    ) -> web.Response:
        if not isinstance(fault, Status):
            self._note(request, path, body, 0)
            assert isinstance(request.transport, asyncio.Transport)
            request.transport.abort()
            return web.Response(status=500)
        self._note(request, path, body, fault.status)
        if fault.status != 429:
            return web.Response(
                status=fault.status, text="upstream error", content_type="text/html"
            )
        return _limited(fault)

    def _refused(
        self, request: web.Request, path: str, ruling: Ruling, retry_after_s: float
    ) -> web.Response:
        self._note(request, path, None, 429)
        response = _limited(
            Status(status=429, retry_after_s=retry_after_s, is_global=ruling.is_global)
        )
        response.headers.update(ruling.headers)
        return response

    def _note(self, request: web.Request, path: str, body: object, status: int) -> None:
        self.requests.append(Seen(method=request.method, path=path, body=body, status=status))
        self.world.pulse.beat()


def _limited(fault: Status) -> web.Response:
    """Answer that it was too much."""
    limited = {
        "message": "You are being rate limited.",
        "retry_after": fault.retry_after_s,
        "global": fault.is_global,
    }
    response = _json(429, limited)
    response.headers["Retry-After"] = str(max(1, round(fault.retry_after_s)))
    response.headers["X-RateLimit-Scope"] = "global" if fault.is_global else fault.scope
    if fault.has_via:
        response.headers["Via"] = "1.1 stand-in"
    return response


async def _body(request: web.Request) -> tuple[object, tuple[tuple[str, int], ...]]:
    """Return what a request says and the files it brings, each a name and a size in bytes."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        files = tuple(
            (value.filename, len(value.file.read()))
            for value in form.values()
            if isinstance(value, web.FileField)
        )
        return parse_json(str(form.get("payload_json", "{}"))), files
    text = await request.text()
    return (parse_json(text) if text else None), ()


def _json(status: int, body: object) -> web.Response:
    """Answer with JSON. The type carries no charset, as Discord's does not: clients compare it."""
    return web.Response(
        status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
