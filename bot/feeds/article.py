"""The readable text behind an entry: the feed's own where it is whole, else that of its page.

::

    the feed's text ─ long, not cut off, not the title again? ─────────────── "feed"
       │ no
    a link? pages are to be read? ─ no hold? ─ robots.txt? ─ the page (worker)
       ├ an article that says more than the feed ──────────────────────────── "page"
       └ anything else: a wall, a failure, the front page, fewer words ─────── "teaser", and why
"""

import asyncio
import re
from collections import OrderedDict
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

import structlog

from bot.errors import FeedError, FetchFailed, ParseFailed
from bot.feeds import faults
from bot.feeds.cutoff import is_cut_off
from bot.feeds.fetch import PAGE_ACCEPT, Download, Fetcher, Hold
from bot.feeds.holds import Holds, server_of
from bot.feeds.limits import Limits
from bot.feeds.ration import Ration
from bot.feeds.reading import Reader
from bot.feeds.robots import Robots
from bot.feeds.values import WHOLE_TEXT, PageValues
from bot.feeds.wording import shown
from bot.news.models import Article, Entry

_log = structlog.get_logger()

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_WORDS = re.compile(r"\w+")
_SHORT = 250  # characters; a page that yields less is a wall, a player or a picture
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DENSITY = 3  # letters that a character of Chinese, Japanese or Korean is worth
_SERVERS_MAX = 512  # whose last page is remembered

# What a page shows in place of an article (walls.Wall), in words.
_WALLS = {
    "paywall": "{} shows the whole article to subscribers only.",
    "login": "{} shows the article to those who log in only.",
    "consent": "{} shows a question about cookies instead of the article.",
    "bots": "{} lets browsers in only. Herald does not pretend to be one.",
    "script": "{} shows nothing without JavaScript.",
}


class ArticleReader:
    """Fetches pages, as politely as feeds, and has them read in a worker."""

    def __init__(
        self,
        fetcher: Fetcher,
        reader: Reader,
        limits: Limits,
        ration: Ration,
        *,
        robots: Robots,
        holds: Holds,
        reads_pages: bool,
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._limits = limits
        self._ration = ration
        self._robots = robots
        self._holds = holds
        self._reads_pages = reads_pages
        self._next_at: OrderedDict[str, float] = OrderedDict()  # by server, on the loop's clock

    async def article(self, entry: Entry) -> Article:
        """Return the article of *entry*; its teaser, and why, where there is no more to be had."""
        own = max(entry.text, entry.teaser, key=len)
        is_long = len(own) >= WHOLE_TEXT and _bare(own) != _bare(entry.title)
        if is_long and not is_cut_off(own):
            return await self._from_feed(entry, own)
        if not self._reads_pages:
            note = "Herald is set not to read web pages."
        elif entry.url is None:
            note = "The entry has no link to a page."
        else:
            try:
                return await self._from_page(entry, entry.url, own)
            except FeedError as error:
                note = str(error)
                self._holds.note(error)
        return Article(text=own, method="teaser", image_url=entry.image_url, note=note)

    async def on_page(self, body: bytes, url: str) -> Article | None:
        """Return the article on a page that is here already, None where there is none.

        Raises ParseFailed.
        """
        page = await self._reader.article(body, None, url)
        if page.wall is not None or _size(page.text) < _SHORT:
            return None
        return _article_of(page, page.text, page.image_url)

    async def _from_feed(self, entry: Entry, own: str) -> Article:
        """Return the feed's own text, without lines that are no part of the article."""
        try:
            text = await self._reader.lines(own, entry.title, entry.url or "the feed's text")
        except ParseFailed as error:
            _log.warning("article.uncleaned", entry=entry.id, reason=str(error))
            text = own
        return Article(text=text or own, method="feed", image_url=entry.image_url)

    async def _from_page(self, entry: Entry, url: str, own: str) -> Article:
        """Return what the page at *url* says, or *own* where that is more. Raises FeedError."""
        with self._ration.place(url) as place:
            download = await self._fetched(url, place.hold)
            page = await self._reader.article(download.body, download.content_type, download.url)
        text = _without_headline(page.text, entry.title)
        article = _article_of(page, text, entry.image_url or page.image_url)
        if (note := _refusal(page, text, own, url, download.url)) is None:
            return article
        # A paywall's opening lines are more than nothing.
        is_better = page.wall == "paywall" and _size(own) < _SHORT < _size(text)
        return replace(article, text=text if is_better else own, method="teaser", note=note)

    async def _fetched(self, url: str, hold: Hold) -> Download:
        """Return the page at *url*, with leave of every host on the way. Raises FeedError."""
        for _ in range(self._limits.redirects + 1):
            self._holds.check(url)
            leave = await self._robots.leave(url)
            if not leave.is_given:
                raise faults.not_allowed(url)
            await self._turn(url, leave.delay_s)
            download = await self._fetcher.get(
                url,
                accept=PAGE_ACCEPT,
                max_bytes=self._limits.page_bytes,
                total_s=self._limits.page_s,
                only_types=_PAGE_TYPES,
                follows=False,
                hold=hold,
            )
            if download.target is None:
                return download
            url = download.target
        raise FetchFailed(
            f"{shown(url)} is the end of too many redirects.", url=url, transient=False
        )

    async def _turn(self, url: str, delay_s: float) -> None:
        """Wait as long as a server wants between two pages. Raises FetchFailed where that is long.

        What is asked for by more pages at once than it lets through is not queued for ever.
        """
        if not delay_s:
            return
        server, now = server_of(url), asyncio.get_running_loop().time()
        at = max(self._next_at.get(server, now), now)
        if at - now > self._limits.delay_s:
            raise FetchFailed(
                f"{shown(url)} is not read: its server wants {delay_s:g} s between two pages.",
                url=url,
            )
        self._next_at[server] = at + delay_s
        self._next_at.move_to_end(server)
        while len(self._next_at) > _SERVERS_MAX:
            self._next_at.popitem(last=False)
        await asyncio.sleep(at - now)


def _article_of(page: PageValues, text: str, image_url: str | None) -> Article:
    return Article(
        text=text,
        method="page",
        image_url=image_url,
        title=page.title or None,
        author=page.author,
        published_on=_day(page.published_on),
        language=page.language,
    )


def _refusal(page: PageValues, text: str, own: str, asked: str, url: str) -> str | None:
    """Return why a page is not taken for the article, or None where it is."""
    at = shown(url)
    if page.wall is not None:
        return _WALLS[page.wall].format(at)
    if urlsplit(url).path in {"", "/"} and urlsplit(asked).path not in {"", "/"}:
        return f"{shown(asked)} leads to the front page of its site."
    if _size(text) < _SHORT:
        return f"{at} shows no article without a browser or a login."
    return f"{at} says no more than the feed." if len(text) <= len(own) else None


def _size(text: str) -> int:
    """Return how much *text* says, in letters of an alphabet."""
    return len(text) + (_DENSITY - 1) * len(_DENSE.findall(text))


def _without_headline(text: str, title: str) -> str:
    """Return *text* without a first paragraph that only says *title* again."""
    first, _, rest = text.partition("\n\n")
    return rest if rest and _bare(first) == _bare(title) else text


def _bare(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
