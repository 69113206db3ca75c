"""Find the feeds behind what somebody typed: there, where its page says, in the usual places."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from bot.errors import FeedError, FetchFailed, NotAFeed
from bot.feeds import faults
from bot.feeds.encodings import is_page
from bot.feeds.fetch import Download, Fetcher, Hold
from bot.feeds.limits import Limits
from bot.feeds.ration import Ration
from bot.feeds.reading import Reader
from bot.feeds.sites import Rule, site_feeds, spelled_out
from bot.feeds.urls import typed_url
from bot.feeds.wording import shown
from bot.news.models import Discovery, Fetched

_FEEDS_MAX = 8
_TOLD = 4  # addresses named in a sentence
_BUSY = frozenset({429, 503})
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
    """Looks for feeds one request after the other.

    typed ─ a site that *rule* knows? ─ its feeds
              └ the page ─ a feed? ─ itself
                           └ feeds it declares, in a header or in <link> ─ all of them
                                └ links that speak of feeds ─ all that are
                                     └ the usual places ─ the first
    """

    def __init__(
        self,
        fetcher: Fetcher,
        reader: Reader,
        limits: Limits,
        ration: Ration,
        *,
        rule: Rule = site_feeds,
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._limits = limits
        self._ration = ration
        self._rule = rule

    async def discover(self, typed: str) -> Discovery:
        """Return the feeds behind *typed*. Raises InvalidUrl, NotAFeed or the page's FeedError."""
        address = spelled_out(typed) or typed
        url, _ = typed_url(address)
        search = _Search(self, self._limits)
        known = await search.all_of(self._rule(url))
        if known:
            return search.result(typed, known)
        with self._ration.place(url) as place:
            return await self._behind(typed, address, search, place.hold)

    async def _behind(self, typed: str, address: str, search: "_Search", hold: Hold) -> Discovery:
        """Return the feed at *address*, or those that its page leads to."""
        url, _ = typed_url(address)
        try:
            page = await self._page(address, hold)
        except FetchFailed as error:
            raise search.refusal or error from None
        if not is_page(page.body, page.content_type):
            return search.result(typed, [await self.read(page)])
        links = await self._reader.links(page.body, page.content_type, page.url)
        # A short link may have led to a site with a rule.
        beyond = self._rule(page.url) if page.url != url else ()
        for places in ((*page.alternates, *links.declared, *beyond), links.hinted):
            if found := await search.all_of(places):
                return search.result(typed, found)
        if found := await search.first_of(usual_places(page.url)):
            return search.result(typed, found)
        if search.refusal is not None:
            raise search.refusal
        raise NotAFeed(_nothing(page, search.tried), url=page.url, tried=tuple(search.tried))

    async def candidate(self, address: str) -> Fetched:
        """Return the feed at an address that may have one. Raises FeedError or NotAFeed."""
        with self._ration.place(address) as place:
            download = await self._fetcher.get(
                address, total_s=self._limits.candidate_s, hold=place.hold
            )
            return await self.read(download)

    async def read(self, download: Download) -> Fetched:
        """Return the feed in a download. Raises NotAFeed for a web page, else ParseFailed."""
        if is_page(download.body, download.content_type):
            raise faults.web_page(download.url)
        feed = await self._reader.feed(download.body, download.content_type, download.url)
        return Fetched(
            url=download.url,
            # What the document says goes first: it is the publisher's, the header the server's.
            feed=replace(
                feed,
                hub_url=feed.hub_url or download.hub_url,
                self_url=feed.self_url or download.self_url,
            ),
            status=download.status,
            validators=download.validators,
            hints=download.hints,
            body_hash=download.body_hash,
            size=len(download.body),
            took_ms=download.took_ms,
            permanent_url=download.permanent_url,
        )

    async def _page(self, typed: str, hold: Hold) -> Download:
        """Fetch what was typed; where no scheme was, by https and, failing to connect, by http."""
        url, is_bare = typed_url(typed)
        try:
            return await self._fetcher.get(url, hold=hold)
        except FetchFailed as error:
            if not is_bare or error.status is not None:
                raise
            try:
                return await self._fetcher.get(url.replace("https://", "http://", 1), hold=hold)
            except FetchFailed as plain:
                # Without any answer, the failure of the address that was meant says more.
                raise (error if plain.status is None else plain) from None


class _Search:
    """One search: what was asked, what was found, and until when to go on."""

    def __init__(self, discoverer: Discoverer, limits: Limits) -> None:
        self.tried: list[str] = []
        # The first server that asked to be left alone: then nothing was proved.
        self.refusal: FetchFailed | None = None
        self._discoverer = discoverer
        self._seconds = limits.discover_s
        self._ends_at: float | None = None  # from the first candidate on

    async def all_of(self, addresses: Iterable[str]) -> list[Fetched]:
        """Return the feeds among *addresses*, each document once."""
        return [feed async for feed in self._feeds(addresses)]

    async def first_of(self, addresses: Iterable[str]) -> list[Fetched]:
        """Return the first feed among *addresses*: the others are mostly the same."""
        async for feed in self._feeds(addresses):
            return [feed]
        return []

    def result(self, typed: str, feeds: list[Fetched]) -> Discovery:
        """Return what was found."""
        return Discovery(asked_url=typed, feeds=tuple(feeds), tried=tuple(self.tried))

    async def _feeds(self, addresses: Iterable[str]) -> AsyncIterator[Fetched]:
        found: set[str | None] = set()
        count = 0
        for address in addresses:
            if address in self.tried:
                continue
            now = asyncio.get_running_loop().time()
            self._ends_at = self._ends_at or now + self._seconds
            if now >= self._ends_at or count >= _FEEDS_MAX:
                return
            self.tried.append(address)
            try:
                feed = await self._discoverer.candidate(address)
            except (FeedError, NotAFeed) as error:
                if isinstance(error, FetchFailed) and error.status in _BUSY:
                    self.refusal = self.refusal or error
                continue
            if not {feed.url, feed.body_hash} & found:
                found |= {feed.url, feed.body_hash}
                count += 1
                yield feed


def _nothing(page: Download, tried: list[str]) -> str:
    """Return the sentence for a site without a feed."""
    paths = [urlsplit(address).path for address in tried[:_TOLD]]
    more = len(tried) - len(paths)
    others = f" and {more} more" if more > 0 else ""
    return (
        f"{shown(page.url)} answered {page.status} but offers no feed; tried "
        f"{len(tried)} addresses: {', '.join(map(shown, paths))}{others}."
    )


def usual_places(url: str) -> tuple[str, ...]:
    """Return the usual addresses of a site's feed, those below the typed folder first."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    folder = parts.path.rstrip("/")
    below = [f"{root}{folder}{place}" for place in _USUAL[:3]] if folder else []
    return tuple(dict.fromkeys([*below, *(root + place for place in _USUAL)]))
