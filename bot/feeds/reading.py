"""Reading, seen from the parent: a document goes to a worker, a value or a sentence comes back."""

import asyncio
import hashlib
from collections import OrderedDict
from typing import Any, cast

import structlog

from bot.errors import ParseFailed
from bot.feeds import faults
from bot.feeds.named import feed_in_steps
from bot.feeds.pool import TaskFailed, WorkerPool
from bot.feeds.values import LinksValues, PageValues, Tier
from bot.feeds.wording import shown
from bot.news.models import ParsedFeed

_log = structlog.get_logger()

_HASHED_AT_ONCE = 256 * 1024  # bytes, in about a millisecond
_REFUSED_MAX = 1000  # hashes of bodies that stopped a worker


class Reader:
    """Reads feeds and pages in worker processes."""

    def __init__(self, pool: WorkerPool, *, tier: Tier = "auto") -> None:
        self._pool = pool
        self._tier = tier
        self._refused: OrderedDict[bytes, str] = OrderedDict()

    async def room(self) -> None:
        """Wait until few enough documents wait to be read, lest memory fill with bodies."""
        await self._pool.room()

    async def feed(self, body: bytes, content_type: str | None, url: str) -> ParsedFeed:
        """Return the feed in *body*, which was found at *url*. Raises ParseFailed."""
        if not body.strip():
            raise ParseFailed(f"{shown(url)} answers with an empty document.", url=url)
        bare = await self._read("bot.feeds.parse:read_feed", body, content_type, url, self._tier)
        steps = feed_in_steps(bare, url)
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return cast(ParsedFeed, done.value)
            await asyncio.sleep(0)  # 500 entries at once would hold the loop for ten milliseconds

    async def article(self, body: bytes, content_type: str | None, url: str) -> PageValues:
        """Return the article on a page. Raises ParseFailed."""
        return PageValues(
            *await self._read("bot.feeds.extract:read_article", body, content_type, url)
        )

    async def links(self, body: bytes, content_type: str | None, url: str) -> LinksValues:
        """Return the feeds that a page points at. Raises ParseFailed."""
        return LinksValues(*await self._read("bot.feeds.pages:read_links", body, content_type, url))

    async def lines(self, text: str, title: str, url: str) -> str:
        """Return a feed's *text* without lines that are no part of an article.

        Raises ParseFailed.
        """
        body = text.encode("utf-8", "replace")
        (kept,) = await self._read("bot.feeds.extract:read_lines", body, None, url, title)
        return str(kept)

    async def leave(self, body: bytes, url: str, product: str) -> tuple[bool, float]:
        """Return what a robots.txt says of *url*: whether it may be read, and the delay to keep.

        Raises ParseFailed.
        """
        is_given, delay_s = await self._read("bot.feeds.rules:read_leave", body, None, url, product)
        return bool(is_given), float(delay_s)

    async def _read(
        self, task: str, body: bytes, content_type: str | None, url: str, *more: object
    ) -> tuple[Any, ...]:
        """Run a task of a worker, unless this very document stopped one before."""
        key = await _key(task, body) if self._refused else b""
        if key in self._refused:
            self._refused.move_to_end(key)
            raise faults.stopped_before(url, self._refused[key])
        try:
            values = await self._pool.run(task, body, content_type, url, *more, name=shown(url))
        except TaskFailed as failure:
            if failure.is_dangerous:
                _log.warning("document.refused", url=shown(url), fault=failure.fault)
                self._refused[await _key(task, body)] = str(failure)
                while len(self._refused) > _REFUSED_MAX:
                    self._refused.popitem(last=False)
            raise faults.unreadable(url, failure) from failure
        if not isinstance(values, tuple):
            raise faults.unreadable(
                url, TaskFailed("the reader gave no sensible answer", fault="fault")
            )
        return values


async def _key(task: str, body: bytes) -> bytes:
    digest = hashlib.sha256(task.encode() + b"\0")
    if len(body) < _HASHED_AT_ONCE:
        digest.update(body)
    else:
        await asyncio.to_thread(digest.update, body)  # without the interpreter's lock
    return digest.digest()
