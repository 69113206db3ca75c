"""The web as the rest of Herald sees it: one object that fetches, discovers, reads.

fetch     ─ Fetcher.get ─ unchanged? ─────────────── NotModified, or Failed if it was refused
                          └ Reader.feed (worker) ─── Fetched      any fault of theirs ─ Failed
discover  ─ typed_url ─ Fetcher.get ─ a feed? ────── Discovery
                          └ Reader.links (worker) ─ candidates, each fetched and read
article   ─ long enough in the feed? ─────────────── Article("feed")
            └ robots.txt ─ Fetcher.get ─ Reader.article (worker) ─ Article("page"), else ("teaser")
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

from bot.errors import (
    AddressForbidden,
    FeedError,
    FetchFailed,
    NotAFeed,
    ParseFailed,
    ReaderBusy,
    TooLarge,
)
from bot.feeds import faults
from bot.feeds.article import ArticleReader
from bot.feeds.discover import Discoverer
from bot.feeds.encodings import is_page
from bot.feeds.fetch import Download, Fetcher
from bot.feeds.groups import group_of
from bot.feeds.guard import Network
from bot.feeds.holds import Holds
from bot.feeds.limits import DEFAULT_LIMITS, Limits
from bot.feeds.pool import WorkerPool
from bot.feeds.ration import Ration, return_freed_bodies
from bot.feeds.reading import Reader
from bot.feeds.robots import Robots
from bot.feeds.sites import Rule, site_feeds
from bot.feeds.values import PARSER_VERSION, Tier
from bot.news.models import (
    Article,
    CacheHints,
    Discovery,
    Entry,
    Failed,
    NotModified,
    Outcome,
    ParsedFeed,
    Validators,
)

_REFUSED = f"{PARSER_VERSION}:refused:"  # begins the hash of a document that stopped the reader
_KINDS: Mapping[type[FeedError], Literal["network", "forbidden", "too_large", "busy"]] = {
    FetchFailed: "network",
    AddressForbidden: "forbidden",
    TooLarge: "too_large",
    ReaderBusy: "busy",
}
_MANY_CORES = 4  # from there on a second worker is worth its memory


class Web:
    """Fits the ports Source and Articles. Made by ``open_web``."""

    def __init__(
        self,
        fetcher: Fetcher,
        reader: Reader,
        limits: Limits,
        *,
        reads_pages: bool,
        product: str = "Herald",
        rule: Rule = site_feeds,
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._ration = Ration(limits)
        self._discoverer = Discoverer(fetcher, reader, limits, self._ration, rule=rule)
        self._holds = Holds()
        self._articles = ArticleReader(
            fetcher,
            reader,
            limits,
            self._ration,
            robots=Robots(fetcher, reader, limits, product=product),
            holds=self._holds,
            reads_pages=reads_pages,
        )

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        """Fetch and read the feed at *url*, conditionally. Failures are values."""
        if body_hash is not None and not body_hash.startswith(f"{PARSER_VERSION}:"):
            validators, body_hash = Validators(), None  # another parser read it
        await self._reader.room()
        started = asyncio.get_running_loop().time()
        try:
            with self._ration.place(url) as place:
                download = await self._fetcher.get(url, validators=validators, hold=place.hold)
                return await self._outcome_of(url, download, validators, body_hash)
        except (FeedError, NotAFeed) as error:
            if isinstance(error, FeedError):
                self._holds.note(error)
            took_s = asyncio.get_running_loop().time() - started
            return failed_of(url, error, took_ms=round(took_s * 1000))

    async def _outcome_of(
        self, url: str, download: Download, validators: Validators, body_hash: str | None
    ) -> Outcome:
        """Return what a download means, given what is known. Raises FeedError or NotAFeed."""
        told = download.validators
        is_same = body_hash is not None and _digest(download.body_hash) == _digest(body_hash)
        if download.status == 304:  # noqa: PLR2004  # Not Modified
            is_same = True
            told = Validators(
                etag=told.etag or validators.etag,
                last_modified=told.last_modified or validators.last_modified,
            )
        if not is_same:
            try:
                return await self._discoverer.read(download)
            except ParseFailed as error:
                if not error.is_dangerous:
                    raise
                refusal = error
        elif _is_refused(body_hash):
            refusal = faults.stopped_before(url)
        else:
            return NotModified(
                url=download.url,
                status=download.status,
                validators=told,
                hints=download.hints,
                size=len(download.body),
                took_ms=download.took_ms,
                permanent_url=download.permanent_url,
            )
        return replace(
            failed_of(url, refusal, took_ms=download.took_ms),
            status=download.status,
            validators=told,
            body_hash=f"{_REFUSED}{_digest(download.body_hash or body_hash)}",
        )

    def group_of(self, url: str) -> str | None:
        """Return the host group of *url*, or None where it stands for itself."""
        return group_of(url)

    async def discover(self, url: str) -> Discovery:
        """Find the feeds behind *url*. Raises InvalidUrl, NotAFeed or the page's own FeedError."""
        return await self._discoverer.discover(url)

    async def article(self, entry: Entry) -> Article:
        """Return the article of *entry*. Never raises FeedError."""
        return await self._articles.article(entry)

    async def page(self, body: bytes, url: str) -> Article | None:
        """Return the article on a page that is here already, or None. Raises ParseFailed."""
        return await self._articles.on_page(body, url)

    async def read(self, body: bytes, content_type: str | None, url: str) -> ParsedFeed:
        """Return the feed in a document that is here already. Raises ParseFailed."""
        if is_page(body, content_type):
            raise faults.not_a_document(url)
        return await self._reader.feed(body, content_type, url)


@asynccontextmanager
async def open_web(
    *,
    user_agent: str,
    allowed_networks: Sequence[Network],
    reads_pages: bool = True,
    keepalive_s: float = 5.0,
    limits: Limits = DEFAULT_LIMITS,
    tier: Tier = "auto",
    rule: Rule = site_feeds,
) -> AsyncIterator[Web]:
    """Open the HTTP session and the workers; these start when there is something to read.

    *tier* keeps to one way of reading feeds, for tests and measurements; *rule* knows sites by
    their addresses.
    """
    return_freed_bodies()
    workers = 2 if (os.cpu_count() or 1) >= _MANY_CORES else 1
    async with (
        WorkerPool(size=workers, limits=limits, imports=("bot.feeds.parse",)) as pool,
        Fetcher.open(
            user_agent=user_agent,
            allowed_networks=allowed_networks,
            keepalive_s=keepalive_s,
            limits=limits,
        ) as fetcher,
    ):
        yield Web(
            fetcher,
            Reader(pool, tier=tier),
            limits,
            reads_pages=reads_pages,
            product=user_agent.partition("/")[0].strip() or "Herald",  # RFC 9309 §2.2.1
            rule=rule,
        )


def _digest(body_hash: str | None) -> str:
    return (body_hash or "").rpartition(":")[2]


def _is_refused(body_hash: str | None) -> bool:
    return body_hash is not None and body_hash.startswith(_REFUSED)


def failed_of(url: str, error: FeedError | NotAFeed, *, took_ms: int) -> Failed:
    """Return the value that stands for an error."""
    match error:
        case FetchFailed(status=int(status)):
            group = group_of(error.url)
            hold: Literal["feed", "group"] | None = None
            if faults.is_too_often(error.url, status):
                hold = "feed" if group is None else "group"
            elif status == 503 or error.retry_after_s is not None:  # noqa: PLR2004  # Unavailable
                hold = "feed"
            return Failed(
                url=url,
                reason=str(error),
                kind="http",
                status=status,
                hints=CacheHints(retry_after_s=error.retry_after_s),
                took_ms=took_ms,
                hold=hold,
                group=group,
            )
        case FetchFailed() | AddressForbidden() | TooLarge() | ReaderBusy():
            return Failed(url=url, reason=str(error), kind=_KINDS[type(error)], took_ms=took_ms)
        case NotAFeed():
            return Failed(
                url=url, reason=str(error), kind="not_a_feed", status=200, took_ms=took_ms
            )
        case _:
            return Failed(url=url, reason=str(error), kind="parse", status=200, took_ms=took_ms)
