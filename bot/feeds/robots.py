"""What a site's robots.txt lets Herald read (RFC 9309): asked once a day, kept in memory."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

import structlog
from yarl import URL

from bot.errors import AddressForbidden, FeedError, FetchFailed, ParseFailed
from bot.feeds.fetch import Fetcher
from bot.feeds.limits import Limits
from bot.feeds.reading import Reader

_log = structlog.get_logger()

_ACCEPT = "text/plain, */*;q=0.1"
_KEPT_S = 86_400.0  # §2.4: not longer than 24 hours
_UNREACHABLE_S = 1_800.0  # until a server that had an error of its own is asked again (§2.3.1.4)
_ORIGINS_MAX = 512
_BYTES_MAX = 8 * 1024 * 1024  # of all that are kept


@dataclass(slots=True)
class _Rules:
    """The robots.txt of one origin. ``body`` is None where nothing may be read."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    body: bytes | None = b""
    until: float = 0.0  # by the loop's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Whether an address may be read, and how long to wait between two reads of its server."""

    is_given: bool
    delay_s: float = 0.0


class Robots:
    """Asks each origin for its robots.txt, and a worker what it means."""

    def __init__(self, fetcher: Fetcher, reader: Reader, limits: Limits, *, product: str) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._limits = limits
        self._product = product
        self._origins: OrderedDict[str, _Rules] = OrderedDict()

    async def leave(self, url: str) -> Leave:
        """Return whether Herald may read *url*. Raises nothing: in doubt it may not."""
        rules = self._rules_of(str(URL(url).origin()))
        async with rules.lock:
            now = asyncio.get_running_loop().time()
            if now >= rules.until:
                rules.body, kept_s = await self._fetched(url)
                rules.until = now + kept_s
                self._trim()
        if rules.body is None:
            return Leave(is_given=False)
        if not rules.body.strip():
            return Leave(is_given=True)
        try:
            is_given, delay_s = await self._reader.leave(rules.body, url, self._product)
        except ParseFailed as error:
            _log.warning("robots.refused", url=url, reason=str(error))
            return Leave(is_given=False)
        return Leave(is_given=is_given, delay_s=delay_s)

    def _rules_of(self, origin: str) -> _Rules:
        rules = self._origins.setdefault(origin, _Rules())
        self._origins.move_to_end(origin)
        return rules

    def _trim(self) -> None:
        """Forget the origins that were not asked about for longest."""
        size = sum(len(rules.body or b"") for rules in self._origins.values())
        while len(self._origins) > _ORIGINS_MAX or (size > _BYTES_MAX and len(self._origins) > 1):
            _, oldest = self._origins.popitem(last=False)
            size -= len(oldest.body or b"")

    async def _fetched(self, url: str) -> tuple[bytes | None, float]:
        """Return the robots.txt of the origin of *url*, and for how many seconds it holds.

        b"" where there is none, which opens all (§2.3.1.3). A server in trouble is left alone.
        """
        address = str(URL(url).origin() / "robots.txt")
        try:
            download = await self._fetcher.get(
                address,
                accept=_ACCEPT,
                max_bytes=self._limits.robots_bytes,
                total_s=self._limits.page_s,
                cuts=True,
            )
        except AddressForbidden:
            return b"", _UNREACHABLE_S  # the page itself will be refused
        except FetchFailed as error:
            return (None, _UNREACHABLE_S) if error.transient else (b"", _KEPT_S)
        except FeedError:
            return None, _UNREACHABLE_S
        return download.body, _KEPT_S
