"""Rate limits, enforced: a bucket for each route and channel, and one for the whole bot.

Source: Discord docs, "Rate Limits": 50 requests a second for all that a bot asks, interactions not
counted; how much a route allows is told in the headers of each answer. Five messages in five
seconds and channel is what those headers are commonly seen to say.
"""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ROUTE_MAX, ROUTE_S = 5, 5.0
GLOBAL_PER_S = 50
_LIMITED = re.compile(r"(POST|PATCH) /channels/(\d+)/messages(/\d+)?")
_UNCOUNTED = ("/interactions/", "/webhooks/")


@dataclass(slots=True)
class _Window:
    """A bucket, from its first request to its reset."""

    ends_at: float = 0.0
    left: int = ROUTE_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What becomes of a request. ``retry_after_s`` is None where it may pass."""

    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None
    is_global: bool = False


class Buckets:
    """The limits of one bot. ``refused`` counts those over the route's limit and the bot's."""

    def __init__(
        self,
        *,
        route_max: int = ROUTE_MAX,
        route_s: float = ROUTE_S,
        global_per_s: int = GLOBAL_PER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._route_max = route_max
        self._route_s = route_s
        self._global_per_s = global_per_s
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}
        self._last_second: deque[float] = deque()
        self.refused = {"route": 0, "global": 0}

    def take(self, method: str, path: str) -> Ruling:
        """Count a request; say whether it may pass, and what its answer's headers tell."""
        now = self._clock()
        if not path.startswith(_UNCOUNTED):
            while self._last_second and self._last_second[0] <= now - 1:
                self._last_second.popleft()
            if len(self._last_second) >= self._global_per_s:
                self.refused["global"] += 1
                wait_s = self._last_second[0] + 1 - now
                return Ruling(retry_after_s=max(wait_s, 0.001), is_global=True)
            self._last_second.append(now)
        limited = _LIMITED.fullmatch(f"{method} {path}")
        return Ruling() if limited is None else self._of_route(limited[1], limited[2], now)

    def _of_route(self, method: str, channel: str, now: float) -> Ruling:
        window = self._windows.setdefault((method, channel), _Window())
        if window.ends_at <= now:
            window.ends_at, window.left = now + self._route_s, self._route_max
        left_s = window.ends_at - now
        if not window.left:
            self.refused["route"] += 1
            return Ruling(headers=self._headers(method, window, left_s), retry_after_s=left_s)
        window.left -= 1
        return Ruling(headers=self._headers(method, window, left_s))

    def _headers(self, method: str, window: _Window, left_s: float) -> Mapping[str, str]:
        return {
            "X-RateLimit-Limit": str(self._route_max),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset": f"{time.time() + left_s:.3f}",
            "X-RateLimit-Reset-After": f"{left_s:.3f}",
            "X-RateLimit-Bucket": f"{method.lower()}-messages",
        }
