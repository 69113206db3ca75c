"""The readable text behind an entry: the feed's own where it is whole, else that of its page."""

import re

from bot.errors import FeedError
from bot.feeds.fetch import PAGE_ACCEPT, Fetcher
from bot.feeds.limits import Limits
from bot.feeds.reading import Reader
from bot.feeds.values import WHOLE_TEXT
from bot.feeds.wording import shown
from bot.news.models import Article, Entry

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_WORDS = re.compile(r"\w+")
_SHORT = 250  # characters; a page that yields less is a wall, a player or a picture


class ArticleReader:
    """Fetches pages and has them read in a worker."""

    def __init__(
        self, fetcher: Fetcher, reader: Reader, limits: Limits, *, reads_pages: bool
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._limits = limits
        self._reads_pages = reads_pages

    async def article(self, entry: Entry) -> Article:
        """Return the article of *entry*; its teaser, and why, where there is no more to be had."""
        own = max(entry.text, entry.teaser, key=len)
        if len(own) >= WHOLE_TEXT:
            return Article(text=own, method="feed", image_url=entry.image_url)
        if not self._reads_pages:
            note = "Herald is set not to read web pages."
        elif entry.url is None:
            note = "The entry has no link to a page."
        else:
            try:
                return await self._from_page(entry, entry.url, own)
            except FeedError as error:
                note = str(error)
        return Article(text=own, method="teaser", image_url=entry.image_url, note=note)

    async def _from_page(self, entry: Entry, url: str, own: str) -> Article:
        """Return what the page at *url* says, or *own* where that is more. Raises FeedError."""
        download = await self._fetcher.get(
            url,
            accept=PAGE_ACCEPT,
            max_bytes=self._limits.page_bytes,
            total_s=self._limits.page_s,
            only_types=_PAGE_TYPES,
        )
        page = await self._reader.article(download.body, download.content_type, download.url)
        image_url = entry.image_url or page.image_url
        text = _without_headline(page.text, entry.title)
        if len(text) < _SHORT or len(text) <= len(own):
            note = f"{shown(download.url)} shows no article without a browser or a login."
            return Article(text=own, method="teaser", image_url=image_url, note=note)
        return Article(text=text, method="page", image_url=image_url)


def _without_headline(text: str, title: str) -> str:
    """Return *text* without a first paragraph that only says *title* again."""
    first, _, rest = text.partition("\n\n")
    is_headline = _WORDS.findall(first.casefold()) == _WORDS.findall(title.casefold())
    return rest if rest and is_headline else text
