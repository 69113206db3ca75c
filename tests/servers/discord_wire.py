"""Words that every part of the Discord stand-in shares: JSON, errors, time, ids, permissions.

Numbers come from Discord's documents (https://docs.discord.com/developers), not from a client
library: the stand-in is an independent witness.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from itertools import count
from typing import Any, TypeVar

Json = dict[str, Any]
"""An object as it travels; what it may hold is Discord's business, so its values are not typed."""

_T = TypeVar("_T")

EPOCH_MS = 1_420_070_400_000  # 2015-01-01; Discord docs, "Snowflakes"
PATIENCE_S = 60.0  # generous: a test waits for events, and only a broken bot gets this far


class Permission(IntFlag):
    """Permission bits (Discord docs, "Permissions"); those that a news bot can meet."""

    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


ALL_PERMISSIONS = Permission((1 << 53) - 1)
MEMBER_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What @everyone may in a new guild here, so near to Discord's own default as matters."""


class Intent(IntFlag):
    """Gateway intents (Discord docs, "Gateway Intents"); the three privileged ones are GATED."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


GATED_INTENTS = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


class MessageFlag(IntFlag):
    """Message flags (Discord docs, "Message Flags")."""

    CROSSPOSTED = 1 << 0
    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15


class ChannelType(IntEnum):
    """Channel types (Discord docs, "Channel Types")."""

    TEXT = 0
    DM = 1
    ANNOUNCEMENT = 5
    PUBLIC_THREAD = 11
    FORUM = 15
    MEDIA = 16


class ApiError(Exception):
    """An answer in Discord's error shape (Discord docs, "Error Messages")."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message} {errors or ''}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Return the body of the answer."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
UNKNOWN_MEMBER = (404, 10007, "Unknown Member")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_USER = (404, 10013, "Unknown User")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
UNKNOWN_COMMAND = (404, 10063, "Unknown application command")
TOO_MANY_WEBHOOKS = (400, 30007, "Maximum number of webhooks reached (15)")
TOO_MANY_COMMANDS = (400, 30032, "Maximum number of application commands reached")
ALREADY_CROSSPOSTED = (400, 40033, "This message has already been crossposted")
ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
TAG_WANTED = (400, 40067, "A tag is required to create a forum post in this channel")
MISSING_ACCESS = (403, 50001, "Missing Access")
NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
ARCHIVED = (400, 50083, "Thread is archived")
HAS_THREAD = (400, 160004, "A thread has already been created for this message")


class Limited(ApiError):
    """Too much of one thing: an answer with 429."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        self.retry_after_s = retry_after_s


class Form:
    """Collects what is wrong with a request body, and raises it as error 50035 all at once.

    A path is the way to the field, such as ``("embeds", 0, "title")``; indexes become the string
    keys that Discord uses.
    """

    def __init__(self) -> None:
        self.errors: Json = {}

    def wrong(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        """Note one complaint."""
        node = self.errors
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def finish(self) -> None:
        """Raise ApiError if anything was wrong."""
        if self.errors:
            raise ApiError(400, 50035, "Invalid Form Body", self.errors)

    def length(
        self, value: object, path: tuple[str | int, ...], least: int, most: int
    ) -> str | None:
        """Check a string's length in characters and return it; None where it was no string."""
        if not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
            return None
        trimmed = value.strip()
        if least and not trimmed:
            self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not least <= len(trimmed) <= most:
            self.wrong(
                path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
            )
        return value


class Clock:
    """The stand-in's time: the machine's, plus what the test has moved it by."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Let *by* pass at once."""
        self._offset += by


class Snowflakes:
    """Makes ids that carry their time and never repeat."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = count(1)

    def next(self) -> int:
        """Return a new id."""
        since_epoch_ms = int(self._clock.now().timestamp() * 1000) - EPOCH_MS
        return (since_epoch_ms << 22) + next(self._count)


class Pulse:
    """Wakes whoever waits for the stand-in's state to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._failure: str | None = None

    def fail(self, reason: str | None) -> None:
        """Let whoever waits give up with *reason*, now and later; None lets them wait again."""
        self._failure = reason
        self.beat()

    def beat(self) -> None:
        """Say that something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(
        self, look: Callable[[], _T | None], what: str, timeout_s: float = PATIENCE_S
    ) -> _T:
        """Return what *look* finds as soon as it is neither None nor False.

        Looks again after each beat. Raises AssertionError naming *what* after *timeout_s* or when
        the wait is made to fail.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    event = self._event
                    found = look()
                    if found is not None and found is not False:
                        return found
                    assert self._failure is None, f"{self._failure}, before {what}"
                    await event.wait()
        except TimeoutError:
            raise AssertionError(f"Waited {timeout_s:g} s in vain for {what}") from None
