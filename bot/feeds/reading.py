"""Reading, seen from the parent: a document goes to a worker, a value or a sentence comes back."""

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.errors import ParseFailed
from bot.feeds import faults
from bot.feeds.pool import TaskFailed, WorkerPool
from bot.feeds.values import EntryValues, FeedValues, LinksValues, PageValues, Tier
from bot.feeds.wording import shown
from bot.news.models import ParsedEntry, ParsedFeed

_log = structlog.get_logger()

_REFUSED_MAX = 1000  # hashes of bodies that stopped a worker
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years a feed may speak of; the rest is a fault of its generator, or of feedparser.
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


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
        values = await self._read("bot.feeds.parse:read_feed", body, content_type, url, self._tier)
        return parsed_feed(values)

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
        key = _key(task, body) if self._refused else b""
        if key in self._refused:
            self._refused.move_to_end(key)
            raise ParseFailed(
                f"{shown(url)} still has the document that stopped the reader before "
                f"({self._refused[key]}); not read again.",
                url=url,
            )
        try:
            values = await self._pool.run(task, body, content_type, url, *more)
        except TaskFailed as failure:
            if failure.is_dangerous:
                _log.warning("document.refused", url=shown(url), fault=failure.fault)
                self._refused[_key(task, body)] = str(failure)
                while len(self._refused) > _REFUSED_MAX:
                    self._refused.popitem(last=False)
            raise faults.unreadable(url, failure) from failure
        if not isinstance(values, tuple):
            raise faults.unreadable(
                url, TaskFailed("the reader gave no sensible answer", fault="fault")
            )
        return values


def _key(task: str, body: bytes) -> bytes:
    return hashlib.sha256(task.encode() + b"\0" + body).digest()


def parsed_feed(bare: tuple[Any, ...]) -> ParsedFeed:
    """Return the feed that a worker's FeedValues stand for."""
    values = FeedValues(*bare)
    return ParsedFeed(
        title=values.title,
        site_url=values.site_url,
        icon_url=values.icon_url,
        language=values.language,
        kind=values.kind,
        ttl_s=values.ttl_s,
        skip_hours=values.skip_hours,
        skip_days=values.skip_days,
        hub_url=values.hub_url,
        self_url=values.self_url,
        entries=tuple(_entry(EntryValues(*bare)) for bare in values.entries),
    )


def _entry(values: EntryValues) -> ParsedEntry:
    return ParsedEntry(
        guid=values.guid,
        url=values.url,
        title=values.title,
        teaser=values.teaser,
        text=values.text,
        author=values.author,
        image_url=values.image_url,
        published_at=_at(values.published),
        updated_at=_at(values.updated),
        tags=values.tags,
    )


def _at(seconds: float | None) -> datetime | None:
    """Return a time as aware UTC; None for what no generator can mean."""
    if seconds is None:
        return None
    try:
        at = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return at if _EARLIEST <= at <= _LATEST else None
