"""What Discord's answers, of whatever request, mean for the requests after them.

::

    every request ─► its turn: at most so many in a second
    every answer ─► trace ─┬► 429 for all of us, or from the front door: nothing is sent until then
                           ├► 401, 403, 429: counted; too many, and nothing is sent for a while
                           └► watch: whether a request of this task may have landed unseen

discord.py repeats a request that a 5xx answered by itself, and tells of the last answer only.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
import structlog
from multidict import CIMultiDict

from bot.frontend.turns import Turns

log = structlog.get_logger()

# Discord docs, "Rate Limits", Invalid Request Limit: 10,000 answers 401, 403 or 429 in ten minutes
# shut an address out; those of the scope "shared" are not counted.
REFUSALS_MAX = 500  # beyond commands, which are few, nothing is asked after as many
REFUSALS_IN_S = 600.0
CLOUDFLARE_WAIT_S = 600.0  # a 429 without Discord's headers may say no time of its own

# Not counted by the limit of all requests (Discord docs, "Rate Limits", Global Rate Limit: those of
# interactions; those with a webhook's token, which is in the path, are not the bot's at all).
_UNCOUNTED = ("/interactions/", "/webhooks/")

_REFUSALS = frozenset({401, 403, 429})
_TOO_MANY = 429  # HTTP
SERVER_ERROR = 500


@dataclass(slots=True)
class Watch:
    """The requests of one task: whether any was neither taken nor refused for certain."""

    is_doubtful: bool = False


_watched: ContextVar[Watch | None] = ContextVar("watched", default=None)


class Gate:
    """Knows when nothing may be sent. One for all clients of a process: Discord counts by address.

    *clock* gives seconds that only grow.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, refusals_max: int = REFUSALS_MAX
    ) -> None:
        self._clock = clock
        self._refusals: deque[float] = deque()
        self._refusals_max = refusals_max
        self._closed_until = clock()
        self.turns = Turns()

    def wait_s(self) -> float:
        """Return for how long nothing may be sent; 0: it may."""
        return max(self._closed_until - self._clock(), 0.0)

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Watch the requests of this task in the block."""
        watch = Watch()
        token = _watched.set(watch)
        try:
            yield watch
        finally:
            _watched.reset(token)

    def trace(self) -> aiohttp.TraceConfig:
        """Return what tells this gate of every request of a client."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._on_request)
        config.on_request_end.append(self._on_answer)
        config.on_request_exception.append(self._on_failure)
        return config

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer."""
        told = CIMultiDict(headers)
        scope = told.get("X-RateLimit-Scope", "")
        if status in _REFUSALS and scope != "shared":
            self._refuse()
        if status != _TOO_MANY:
            return
        if "Via" not in told:  # Cloudflare's: about this address, not about a channel
            self._close(seconds(told.get("Retry-After")), "Discord's front door asks to wait")
        elif scope == "global" or told.get("X-RateLimit-Global", "").lower() == "true":
            self.turns.slow_down()
            self._close(seconds(told.get("Retry-After")), "the limit of all requests was reached")

    def _refuse(self) -> None:
        """Count a refusal; at too many, close until half of them have lapsed."""
        now = self._clock()
        self._refusals.append(now)
        while self._refusals[0] <= now - REFUSALS_IN_S:
            self._refusals.popleft()
        if len(self._refusals) >= self._refusals_max and not self.wait_s():
            lapsing = self._refusals[len(self._refusals) - self._refusals_max // 2 - 1]
            reason = f"{len(self._refusals)} refusals in ten minutes"
            self._close(lapsing + REFUSALS_IN_S - now, reason)

    def _close(self, for_s: float, reason: str) -> None:
        until = self._clock() + for_s
        if until > self._closed_until:
            self._closed_until = until
            log.warning("discord.closed", reason=reason, for_s=round(for_s))

    async def _on_request(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        started: aiohttp.TraceRequestStartParams,
    ) -> None:
        """Let a request wait for its turn: it is sent when this returns."""
        if not any(part in started.url.path for part in _UNCOUNTED):
            await self.turns.take()

    async def _on_answer(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        answered: aiohttp.TraceRequestEndParams,
    ) -> None:
        self.note(answered.response.status, answered.response.headers)
        watch = _watched.get()
        if watch is not None and answered.response.status >= SERVER_ERROR:
            watch.is_doubtful = True

    async def _on_failure(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        failed: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        watch = _watched.get()
        # Without a connection nothing was sent.
        if watch is not None and not isinstance(failed.exception, aiohttp.ClientConnectorError):
            watch.is_doubtful = True


def seconds(retry_after: str | None) -> float:
    """Return a Retry-After in seconds (RFC 9110 §10.2.3); a date is as good as none."""
    try:
        return max(float(retry_after or ""), 0.0)
    except ValueError:
        return CLOUDFLARE_WAIT_S
