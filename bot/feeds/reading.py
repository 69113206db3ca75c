"""Reading, seen from the parent: a document goes to a worker, a value or a sentence comes back."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
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

_AT_ONCE = 50  # entries
_HASHED_AT_ONCE = 256 * 1024  # bytes, in about a millisecond
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
        bare = await self._read("bot.feeds.parse:read_feed", body, content_type, url, self._tier)
        entries: list[ParsedEntry] = []
        for some in _slices(FeedValues(*bare).entries):
            entries += map(_entry, some)
            await asyncio.sleep(0)  # 500 of them at once take 6 ms
        return parsed_feed(bare, entries)

    async def article(self, body: bytes, content_type: str | None, url: str) -> PageValues:
        """Return the article on a page. Raises ParseFailed."""
        return PageValues(
            *await self._read("bot.feeds.pages:read_article", body, content_type, url)
        )

    async def links(self, body: bytes, content_type: str | None, url: str) -> LinksValues:
        """Return the feeds that a page points at. Raises ParseFailed."""
        return LinksValues(*await self._read("bot.feeds.pages:read_links", body, content_type, url))

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


def _slices(entries: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    return (entries[at : at + _AT_ONCE] for at in range(0, len(entries), _AT_ONCE))


def parsed_feed(bare: tuple[Any, ...], entries: Iterable[ParsedEntry] | None = None) -> ParsedFeed:
    """Return the feed that a worker's FeedValues stand for; *entries*, where they are made."""
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
        entries=tuple(map(_entry, values.entries) if entries is None else entries),
    )


def _entry(bare: tuple[Any, ...]) -> ParsedEntry:
    values = EntryValues(*bare)
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
