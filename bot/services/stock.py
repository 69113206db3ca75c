"""Stock the archive with articles from elsewhere: searchable, never posted, never polled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.news.identity import aliases
from bot.news.models import Feed, FeedId, Imported, ParsedEntry, ParsedFeed
from bot.news.ports import Clock, Feeds
from bot.news.text import http_url

UNNAMED = "imported"  # the feed of articles that name none
SCHEME = "archive:"  # of the address of a feed that is a name only: nothing there can be polled


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """What became of some articles."""

    added: int
    known: int  # the same address, in the same feed


class Stocker:
    """Puts articles into the archive. What it makes no channel follows, so nothing polls it."""

    def __init__(self, storage: Feeds, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._feeds: dict[str, Feed] = {}

    async def put(self, articles: Sequence[tuple[str, ParsedEntry]]) -> Stocked:
        """Store articles, each with the name or address of its feed; one transaction a feed.

        An article whose address is stored for that feed already is left as it is.
        """
        named: dict[FeedId, list[Imported]] = {}
        for name, entry in articles:
            feed = await self._feed(name)
            named.setdefault(feed.id, []).append(_imported(entry, feed))
        now = self._clock.now()
        added = 0
        for feed_id, imported in named.items():
            added += await self._storage.import_entries(feed_id, imported, now)
        return Stocked(added=added, known=len(articles) - added)

    async def _feed(self, name: str) -> Feed:
        name = name or UNNAMED
        if name not in self._feeds:
            url = http_url(name)
            parsed = ParsedFeed(title="" if url else name)
            self._feeds[name] = await self._storage.ensure_feed(
                url or f"{SCHEME}{name}", parsed, self._clock.now()
            )
        return self._feeds[name]


def _imported(entry: ParsedEntry, feed: Feed) -> Imported:
    """Return an entry with what decides whether it is known.

    That is its address ("u"), or where it has none all that it says ("f"). An entry that a poll
    brought may go by its guid, so it is also told by link and date, and by link and title; and what
    is imported is to be known again when a poll brings it.
    """
    if feed.url.startswith(SCHEME):
        named = ParsedEntry(url=entry.url) if entry.url else entry
        keys = _of(aliases(named, feed.url), "uf")
        return Imported(entry=entry, keys=keys, aliases=keys)
    known_by = aliases(entry, feed.url)
    return Imported(entry=entry, keys=_of(known_by, "ufdl"), aliases=known_by)


def _of(known_by: Iterable[str], kinds: str) -> tuple[str, ...]:
    return tuple(alias for alias in known_by if alias[0] in kinds)
