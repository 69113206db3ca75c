"""The gateway: one websocket at a time, JSON, zlib-stream where it is asked for.

Source: Discord docs, "Gateway". A session outlives its socket for as long as the stand-in lives,
so that a RESUME replays what was missed.
"""

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from functools import partial
from secrets import token_hex

from aiohttp import WSMsgType, web

from tests.servers.discord_state import Guild, World
from tests.servers.discord_wire import GATED_INTENTS, Intent, Json
from tests.servers.steps import OnStep, Step, unobserved

HEARTBEAT_INTERVAL_MS = 41_250
_ROUNDS = 6  # of a bot's event loop, between its request's answer and a person's click


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Gateway close codes that the stand-in uses."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    DISALLOWED_INTENTS = 4014


class Refusal(Enum):
    """How a connect can fail."""

    STATUS_503 = auto()  # the handshake is answered with 503
    DROP = auto()  # the connection is cut before any answer
    HANG_UP = auto()  # the handshake works, then the connection is cut without a HELLO


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What RESUME brings back."""

    id: str
    intents: Intent
    sequence: int = 0
    sent: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    """One websocket, from its handshake to its end."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    compressor: "zlib._Compress | None"
    outbox: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    session: Session | None = None
    has_resumed: bool = False
    close_code: int | None = None

    async def write(self) -> None:
        """Send what is queued, in order, for as long as the socket lives."""
        while True:
            text = json.dumps(await self.outbox.get())
            if self.compressor:
                packed = self.compressor.compress(text.encode())
                packed += self.compressor.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(packed)
            else:
                await self.socket.send_str(text)


class Gateway:
    """Accepts connections and keeps sessions.

    ``connections`` holds every handshake that worked, oldest first; a connection whose
    ``close_code`` is None is open. 1000 and 1001 mean that the client said goodbye, 1006 that it
    vanished.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, Session] = {}
        self._refusals: list[Refusal] = []
        self.connections: list[Connection] = []
        self.connect_attempts = 0
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.allowed_intents = ~GATED_INTENTS
        self.url = ""
        self.on_step: OnStep = unobserved
        world.on_event = self.dispatch
        world.catch_up = self.catch_up

    # What a test orders

    def refuse_next(self, number: int, how: Refusal = Refusal.STATUS_503) -> None:
        """Make the next *number* connects fail."""
        self._refusals += [how] * number

    def reconnect(self) -> None:
        """Ask the client to reconnect and resume (op 7)."""
        self._send(self.connection, Op.RECONNECT, None)

    def invalidate(self, *, is_resumable: bool = False) -> None:
        """Tell the client that its session is invalid (op 9)."""
        if not is_resumable:
            self._sessions.clear()
        self._send(self.connection, Op.INVALID_SESSION, is_resumable)

    async def close(self, code: int) -> None:
        """Close the connection with *code*."""
        await self.connection.socket.close(code=code)

    def drop(self) -> None:
        """Cut the connection without a goodbye."""
        self.connection.transport.abort()

    # What a test asks

    @property
    def connection(self) -> Connection:
        """The open connection. Raises AssertionError where there is none."""
        live = self._live()
        assert live, "The bot is not connected to the gateway"
        return live

    @property
    def is_connected(self) -> bool:
        """Whether the bot has a session on an open connection."""
        return self._live() is not None

    def _live(self) -> Connection | None:
        live = [c for c in self.connections if c.session and c.close_code is None]
        return live[-1] if live else None

    async def wait_until_connected(self, times: int = 1) -> Connection:
        """Wait for a session on an open connection, after at least *times* handshakes."""
        return await self._world.pulse.until(
            lambda: self._live() if len(self.connections) >= times else None,
            f"the bot to connect to the gateway (handshake {times})",
        )

    async def wait_until_gone(self) -> int:
        """Wait until no connection is open; return how the last one was closed."""
        await self._world.pulse.until(
            lambda: all(c.close_code is not None for c in self.connections) or None,
            "the bot to leave the gateway",
        )
        code = self.connections[-1].close_code
        assert code is not None
        return code

    async def catch_up(self) -> None:
        """Wait until the bot has had time to take in what it was answered.

        A bot knows the buttons of a message only once it has read the answer to its own request,
        and a person takes longer than that to click. Each heartbeat asked for goes once round the
        bot's event loop.
        """
        for _ in range(_ROUNDS):
            live, before = self._live(), self.heartbeats
            if live is None or live.session is None:
                return
            self._send(live, Op.HEARTBEAT, None)
            await self._world.pulse.until(
                partial(self._has_beaten, live, before),
                "the bot to send a heartbeat that it was asked for",
            )

    def _has_beaten(self, live: Connection, before: int) -> bool:
        return self.heartbeats > before or self._live() is not live

    async def shut(self) -> None:
        """Close what is open, for the end of a test."""
        for connection in self.connections:
            if connection.close_code is None:
                await connection.socket.close(code=1001)

    # The wire

    def dispatch(self, event: str, body: Json, guild: Guild | None) -> None:
        """Send an event to the session, now or when it resumes."""
        live = self._live()
        session = live.session if live else next(reversed(self._sessions.values()), None)
        if session is None or not _wants(session.intents, event):
            return
        self._event(live, session, event, _seen(event, body, session, self._world, guild))

    def _event(self, live: Connection | None, session: Session, event: str, body: Json) -> None:
        session.sequence += 1
        frame = {"op": int(Op.DISPATCH), "t": event, "s": session.sequence, "d": body}
        session.sent.append(frame)
        if live:
            live.outbox.put_nowait(frame)

    @staticmethod
    def _send(connection: Connection, op: Op, body: object) -> None:
        connection.outbox.put_nowait({"op": int(op), "t": None, "s": None, "d": body})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection."""
        self.connect_attempts += 1
        refusal = self._refusals.pop(0) if self._refusals else None
        assert isinstance(request.transport, asyncio.Transport)
        if refusal is Refusal.STATUS_503:
            self._world.pulse.beat()
            return web.Response(status=503, text="upstream connect error")
        if refusal is Refusal.DROP:
            self._world.pulse.beat()
            request.transport.abort()
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False, max_msg_size=4096)
        await socket.prepare(request)
        packs = request.query.get("compress") == "zlib-stream"
        connection = Connection(
            socket=socket,
            transport=request.transport,
            compressor=zlib.compressobj() if packs else None,
        )
        self.connections.append(connection)
        if refusal is Refusal.HANG_UP:
            request.transport.abort()
        else:
            await self._serve(connection)
        connection.close_code = socket.close_code or 1006
        self._world.pulse.beat()
        return socket

    async def _serve(self, connection: Connection) -> None:
        self._send(connection, Op.HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL_MS})
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(_quietly(connection))
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    await self._received(connection, frame.data)
            writer.cancel()

    async def _received(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            op, body = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            await connection.socket.close(code=CloseCode.DECODE_ERROR)
            return
        match op:
            case Op.HEARTBEAT:
                self.heartbeats += 1
                self._send(connection, Op.HEARTBEAT_ACK, None)
                self._world.pulse.beat()
            case Op.IDENTIFY if connection.session is None:
                await self._identify(connection, body)
            case Op.RESUME if connection.session is None:
                await self._resume(connection, body)
            case Op.IDENTIFY | Op.RESUME:
                await connection.socket.close(code=CloseCode.ALREADY_AUTHENTICATED)
            case _ if connection.session is None:
                await connection.socket.close(code=CloseCode.NOT_AUTHENTICATED)
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS:
                pass
            case _:
                await connection.socket.close(code=CloseCode.UNKNOWN_OPCODE)

    async def _identify(self, connection: Connection, body: Json) -> None:
        self.identifies.append(body)
        if self.on_step(Step.ARRIVED, "GATEWAY", "/identify"):
            return
        if body["token"] != self._world.token:
            await connection.socket.close(code=CloseCode.AUTHENTICATION_FAILED)
            return
        intents = Intent(body["intents"])
        if intents & ~self.allowed_intents:
            await connection.socket.close(code=CloseCode.DISALLOWED_INTENTS)
            return
        session = Session(id=token_hex(16), intents=intents)
        self._sessions[session.id] = session
        connection.session = session
        guilds = list(self._world.guilds.values())
        ready: Json = {
            "v": 10,
            "user": self._world.bot.to_json(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": [0, 1],
            "application": {"id": str(self._world.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "user_settings": {},
            "presences": [],
            "_trace": [],
        }
        self._event(connection, session, "READY", ready)
        if Intent.GUILDS in intents:
            for guild in guilds:
                self._event(connection, session, "GUILD_CREATE", guild.to_json())
        self.on_step(Step.ANSWERED, "GATEWAY", "/identify")
        self._world.pulse.beat()

    async def _resume(self, connection: Connection, body: Json) -> None:
        self.resumes += 1
        if body["token"] != self._world.token:
            await connection.socket.close(code=CloseCode.AUTHENTICATION_FAILED)
            return
        session = self._sessions.get(body["session_id"])
        if session is None:
            self._send(connection, Op.INVALID_SESSION, False)  # noqa: FBT003  # the wire's own word
            return
        if not isinstance(body["seq"], int) or body["seq"] > session.sequence:
            await connection.socket.close(code=CloseCode.INVALID_SEQ)
            return
        connection.session = session
        connection.has_resumed = True
        for frame in session.sent:
            if frame["s"] > body["seq"]:
                connection.outbox.put_nowait(frame)
        self._event(connection, session, "RESUMED", {"_trace": []})
        self._world.pulse.beat()


async def _quietly(connection: Connection) -> None:
    """Write until the socket is closed under us, which the reader notices as well."""
    try:
        await connection.write()
    except (ConnectionError, RuntimeError):
        return


def _wants(intents: Intent, event: str) -> bool:
    """Return whether a session with *intents* is told of *event*; interactions always are."""
    match event:
        case "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE":
            return Intent.GUILD_MESSAGES in intents
        case "INTERACTION_CREATE":
            return True
        case _:
            return Intent.GUILDS in intents


def _seen(event: str, body: Json, session: Session, world: World, guild: Guild | None) -> Json:
    """Return a message as the session sees it: without content that it has no intent for."""
    if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
        return body
    if guild:
        body = {**body, "guild_id": str(guild.id)}
    if Intent.MESSAGE_CONTENT in session.intents or body["author"]["id"] == str(world.bot.id):
        return body
    return {**body, "content": "", "embeds": [], "components": [], "attachments": []}
