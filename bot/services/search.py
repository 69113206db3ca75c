"""Search the archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.news.models import (
    ChannelId,
    Correction,
    FeedId,
    Hit,
    Query,
    Ranked,
    SearchRequest,
    Snippet,
    Sort,
)
from bot.news.ports import Archive, Clock, Tokeniser
from bot.news.query import parse_query
from bot.news.ranking import snippet
from bot.news.times import AHEAD_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hit with the pieces of it to show."""

    hit: Hit
    title: Snippet
    snippet: Snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results. ``page`` counts from 0.

    ``ranking`` is handed in again to turn the page: then every hit comes once, whatever arrives
    meanwhile. ``suggestion``: what to search for instead where nothing was found and a word may be
    misspelt; it finds something that the caller may see. What is wrong with the search itself and
    was mended stands in ``query.repairs``.
    """

    query: Query
    found: tuple[Found, ...]
    page: int
    pages: int
    total: int
    searched: int
    has_more_than_total: bool = False
    has_more_than_searched: bool = False
    ranking: tuple[Ranked, ...] = ()
    corrections: tuple[Correction, ...] = ()
    suggestion: str | None = None


class Searcher:
    """The use cases of searching. ``page_size`` results a page.

    ``merges_stories``: whether of each story only its best entry is a result.
    """

    def __init__(
        self,
        storage: Archive,
        clock: Clock,
        tokenise: Tokeniser,
        *,
        page_size: int = 5,
        merges_stories: bool = True,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._tokenise = tokenise
        self._page_size = page_size
        self._merges_stories = merges_stories

    async def search(
        self,
        text: str,
        *,
        channels: frozenset[ChannelId] | None,
        feed_id: FeedId | None = None,
        since: datetime | None = None,
        sort: Sort = Sort.BEST,
        page: int = 0,
        ranking: tuple[Ranked, ...] | None = None,
        now: datetime | None = None,
    ) -> Results:
        """Return a page of what matches *text*. Raises BadQuery.

        *ranking*: of an earlier page of the same search. *now*: a present to search as of; what
        came out later is not there yet.
        """
        query = parse_query(text)
        got = await self._storage.search(
            SearchRequest(
                query=query,
                channels=channels,
                feed_id=feed_id,
                since=since,
                until=None if now is None else now + AHEAD_MAX,
                sort=sort,
                offset=page * self._page_size,
                limit=self._page_size,
                ranking=ranking,
                merges_stories=self._merges_stories,
            ),
            now or self._clock.now(),
        )
        wanted = self._wanted(query)
        return Results(
            query=query,
            found=tuple(self._show(hit, wanted) for hit in got.hits),
            page=page,
            pages=max(1, -(-got.total // self._page_size)),
            total=got.total,
            searched=got.searched,
            has_more_than_total=got.has_more_than_total,
            has_more_than_searched=got.has_more_than_searched,
            ranking=got.ranking,
            corrections=got.corrections,
            suggestion=_corrected(query.text, got.corrections) if got.corrections else None,
        )

    async def latest(
        self,
        *,
        channels: frozenset[ChannelId] | None,
        feed_id: FeedId | None = None,
        count: int = 10,
    ) -> Sequence[Hit]:
        """Return the newest entries, newest first."""
        return await self._storage.latest(channels, feed_id, count)

    def _wanted(self, query: Query) -> frozenset[str]:
        pieces = (*query.words, *query.phrases)
        return frozenset(term for p in pieces for word in self._tokenise(p) for term in word.terms)

    def _show(self, hit: Hit, wanted: frozenset[str]) -> Found:
        title = hit.entry.title
        text = hit.entry.text or hit.entry.teaser
        return Found(
            hit=hit,
            title=snippet(title, self._tokenise(title), wanted, width=max(1, len(title))),
            snippet=snippet(text, self._tokenise(text), wanted),
        )


def _corrected(text: str, corrections: Sequence[Correction]) -> str:
    """Return a search with the nearest words in place of those typed."""
    for each in corrections:
        text = text.replace(each.typed, each.nearest)
    return text
