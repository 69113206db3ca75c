"""Find the feeds behind what somebody typed: there, where its page says, in the usual places."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

from bot.errors import FeedError, FetchFailed, NotAFeed
from bot.feeds import faults
from bot.feeds.encodings import is_page
from bot.feeds.fetch import Download, Fetcher
from bot.feeds.limits import Limits
from bot.feeds.reading import Reader
from bot.feeds.urls import typed_url
from bot.feeds.wording import shown
from bot.news.models import Discovery, Fetched

_FEEDS_MAX = 5
# The addresses that publishing software uses, the most frequent first: WordPress, Ghost, Hugo,
# Jekyll, Substack …
_USUAL = (
    "/feed",
    "/rss",
    "/feed.xml",
    "/rss.xml",
    "/atom.xml",
    "/index.xml",
    "/feed/",
    "/rss/",
    "/feed.json",
    "/feeds/posts/default",
)


class Discoverer:
    """Looks for feeds one request after the other."""

    def __init__(self, fetcher: Fetcher, reader: Reader, limits: Limits) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._limits = limits

    async def discover(self, typed: str) -> Discovery:
        """Return the feeds behind *typed*. Raises InvalidUrl, NotAFeed or the page's FeedError."""
        page = await self._page(typed)
        if not is_page(page.body, page.content_type):
            return Discovery(asked_url=typed, feeds=(await self.read(page),))
        links = await self._reader.links(page.body, page.content_type, page.url)
        tried: list[str] = []
        ends_at = asyncio.get_running_loop().time() + self._limits.discover_s
        declared = [feed async for feed in self._feeds(links.declared, tried, ends_at)]
        if declared:
            return Discovery(asked_url=typed, feeds=tuple(declared), tried=tuple(tried))
        guesses = (*links.hinted, *usual_places(page.url))
        async for feed in self._feeds(guesses, tried, ends_at):
            return Discovery(asked_url=typed, feeds=(feed,), tried=tuple(tried))
        raise NotAFeed(
            f"{shown(page.url)} answered {page.status} but offers no feed; tried {len(tried)} "
            f"usual address{'es' if len(tried) != 1 else ''}.",
            url=page.url,
            tried=tuple(tried),
        )

    async def read(self, download: Download) -> Fetched:
        """Return the feed in a download. Raises NotAFeed for a web page, else ParseFailed."""
        if is_page(download.body, download.content_type):
            raise faults.web_page(download.url)
        feed = await self._reader.feed(download.body, download.content_type, download.url)
        return Fetched(
            url=download.url,
            feed=feed,
            status=download.status,
            validators=download.validators,
            hints=download.hints,
            body_hash=download.body_hash,
            size=len(download.body),
            took_ms=download.took_ms,
            permanent_url=download.permanent_url,
        )

    async def _page(self, typed: str) -> Download:
        """Fetch what was typed; where no scheme was, by https and, failing to connect, by http."""
        url, is_bare = typed_url(typed)
        try:
            return await self._fetcher.get(url)
        except FetchFailed as error:
            if not is_bare or error.status is not None:
                raise
            try:
                return await self._fetcher.get(url.replace("https://", "http://", 1))
            except FetchFailed as plain:
                # Without any answer, the failure of the address that was meant says more.
                raise (error if plain.status is None else plain) from None

    async def _feeds(
        self, addresses: Iterable[str], tried: list[str], ends_at: float
    ) -> AsyncIterator[Fetched]:
        """Yield the feeds among *addresses*, as they are found; what was asked goes to *tried*."""
        found: set[str] = set()
        for address in addresses:
            if address in tried:
                continue
            if asyncio.get_running_loop().time() >= ends_at or len(found) >= _FEEDS_MAX:
                return
            tried.append(address)
            try:
                download = await self._fetcher.get(address, total_s=self._limits.candidate_s)
                feed = await self.read(download)
            except (FeedError, NotAFeed):
                continue
            if feed.url not in found:
                found.add(feed.url)
                yield feed


def usual_places(url: str) -> tuple[str, ...]:
    """Return the usual addresses of a site's feed, those below the typed folder first."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    folder = parts.path.rstrip("/")
    below = [f"{root}{folder}{place}" for place in _USUAL[:3]] if folder else []
    return tuple(dict.fromkeys([*below, *(root + place for place in _USUAL)]))
