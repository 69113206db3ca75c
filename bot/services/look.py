"""Look at feeds that nobody follows: find, read, and show what would be posted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from bot.news.models import (
    Article,
    Entry,
    EntryId,
    Feed,
    FeedId,
    Fetched,
    Length,
    ParsedEntry,
    ParsedFeed,
    Post,
    StoryId,
    Summary,
    without_credentials,
)
from bot.news.ports import Articles, Clock, Model, Source, Summariser
from bot.news.posts import compose
from bot.services.abridge import LATE_MAX_S, Abridger


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An entry, read: what its post is made of, and the post."""

    article: Article
    summary: Summary
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed found behind a URL, before anybody follows it.

    ``others`` are further feeds of the same site. ``reading`` is of the newest entry; None where
    the feed has no entries.
    """

    found: Fetched
    others: tuple[Fetched, ...]
    reading: Reading | None
    newest_at: datetime | None
    per_day: float | None  # entries a day over the document, None where dates do not tell

    @property
    def post(self) -> Post | None:
        """The newest entry exactly as it would be posted."""
        return self.reading.post if self.reading else None

    @property
    def name(self) -> str:
        """What the feed calls itself."""
        return self.found.feed.title or without_credentials(self.found.url)


class Looker:
    """Finds feeds and composes previews. Stores nothing.

    Without *model* a preview comes at once; a post may then have other words.
    """

    def __init__(
        self,
        source: Source,
        articles: Articles,
        summariser: Summariser,
        clock: Clock,
        *,
        model: Model | None = None,
        model_max_s: float = LATE_MAX_S,
    ) -> None:
        self._source = source
        self._articles = articles
        self._abridger = Abridger(summariser, model, clock, late_max_s=model_max_s)
        self._clock = clock

    async def look(
        self, url: str, *, name: str | None = None, length: Length = Length.NORMAL
    ) -> Proposal:
        """Find the feed behind *url* and compose its newest entry as it would be posted.

        Raises InvalidUrl, NotAFeed or the FeedError that kept the address from being read.
        """
        discovery = await self._source.discover(url)
        found, *others = discovery.feeds
        return await self.propose(found, others=tuple(others), name=name, length=length)

    async def propose(
        self,
        found: Fetched,
        *,
        others: tuple[Fetched, ...] = (),
        name: str | None = None,
        length: Length = Length.NORMAL,
    ) -> Proposal:
        """Compose the newest entry of a document as it would be posted."""
        newest = _newest(found.feed.entries)
        reading = None
        if newest is not None:
            feed = _unsaved_feed(found, self._clock.now())
            entry = _unsaved_entry(newest, self._clock.now())
            reading = await self.read(entry, feed, name or feed.title, length)
        dates = [e.published_at for e in found.feed.entries if e.published_at]
        return Proposal(
            found=found,
            others=others,
            reading=reading,
            newest_at=max(dates, default=None),
            per_day=entries_per_day(found),
        )

    async def look_at_page(self, url: str, article: Article | None = None) -> Proposal | None:
        """Compose the article on a page, which no feed brought, as it would be posted.

        *article*: what it says, where that is known. None where the page gives no article.
        """
        now = self._clock.now()
        entry = _unsaved_entry(ParsedEntry(url=url), now)
        if article is None:
            article = await self._articles.article(entry)
        if article.method != "page":
            return None
        parsed = ParsedEntry(
            url=url, title=article.title or "", author=article.author, image_url=article.image_url
        )
        found = Fetched(url=url, feed=ParsedFeed(kind="page", entries=(parsed,)))
        entry = replace(_unsaved_entry(parsed, now), text=article.text)
        site = urlsplit(url).hostname or "a file"
        reading = await self._made(entry, article, _unsaved_feed(found, now), site, Length.NORMAL)
        return Proposal(found=found, others=(), reading=reading, newest_at=None, per_day=None)

    async def read(
        self, entry: Entry, feed: Feed, source_name: str, length: Length = Length.NORMAL
    ) -> Reading:
        """Read an entry's article where that is needed, and compose its post."""
        article = await self._articles.article(entry)
        return await self._made(entry, article, feed, source_name, length)

    async def _made(
        self, entry: Entry, article: Article, feed: Feed, source_name: str, length: Length
    ) -> Reading:
        summary = await self._abridger.summary(replace(entry, text=article.text), length=length)
        illustrated = replace(entry, image_url=entry.image_url or article.image_url)
        post = compose(illustrated, feed, source_name, summary)
        return Reading(article=article, summary=summary, post=post)


def _newest(entries: Sequence[ParsedEntry]) -> ParsedEntry | None:
    """Return the entry with the latest date; without dates, the document's first."""
    floor = datetime.min.replace(tzinfo=UTC)
    return max(entries, key=lambda e: e.published_at or e.updated_at or floor, default=None)


def entries_per_day(found: Fetched) -> float | None:
    """Return entries a day over the span of a document, None where its dates do not tell."""
    dates = sorted(e.published_at for e in found.feed.entries if e.published_at)
    if len(dates) < 2:  # noqa: PLR2004  # a span needs two ends
        return None
    span = max(dates[-1] - dates[0], timedelta(hours=1))
    return (len(dates) - 1) / (span / timedelta(days=1))


def _unsaved_feed(found: Fetched, now: datetime) -> Feed:
    return Feed(
        id=FeedId(0),
        url=found.url,
        title=found.feed.title or found.url,
        site_url=found.feed.site_url,
        icon_url=found.feed.icon_url,
        language=found.feed.language,
        created_at=now,
        next_poll_at=now,
    )


def _unsaved_entry(parsed: ParsedEntry, now: datetime) -> Entry:
    return Entry(
        id=EntryId(0),
        feed_id=FeedId(0),
        story_id=StoryId(0),
        url=parsed.url,
        title=parsed.title,
        teaser=parsed.teaser,
        text=parsed.text,
        text_method=None,
        author=parsed.author,
        image_url=parsed.image_url,
        published_at=parsed.published_at or parsed.updated_at,
        first_seen_at=now,
    )
