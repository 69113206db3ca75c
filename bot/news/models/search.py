"""Questions to the archive, and what was found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.news.models.deliveries import PostRef
from bot.news.models.entries import Entry
from bot.news.models.ids import ChannelId, EntryId, FeedId, GuildId
from bot.news.wanted import Wanted


class Sort(StrEnum):
    """The order of search results."""

    BEST = "best"  # the best match first, and the newer the better
    RELEVANCE = "relevance"  # the best match first, whatever its age unless it is a tie
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed search: what an entry must be to match, and the words that rank those that do.

    Without ``where``: any of ``words``, each of ``phrases``, none of ``excluded``. No words and no
    phrases: it only filters, and the newest come first.
    """

    text: str  # as typed, trimmed
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()  # words or phrases
    where: Wanted | None = None
    sort: Sort | None = None  # typed: before any other choice
    repairs: tuple[str, ...] = ()  # what was wrong and what was made of it, in sentences


class Ranked(NamedTuple):
    """An entry's place in a ranking is where it stands; this is what put it there."""

    id: EntryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search and who may see what.

    ``channels`` None means the whole archive (the operator's command line); a set means only
    stories posted to one of those channels, and only those posts are told. ``ranking``: that of an
    earlier page of the same search, to be read on in; then nothing is searched again, and what
    arrived since is not in it.
    """

    query: Query
    channels: frozenset[ChannelId] | None
    feed_id: FeedId | None = None
    since: datetime | None = None
    until: datetime | None = None  # entries dated later are not looked for, nor counted
    sort: Sort = Sort.BEST
    offset: int = 0
    limit: int = 5
    ranking: tuple[Ranked, ...] | None = None
    merges_stories: bool = True  # False: every entry is a hit of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result: of a story the entry that fits best."""

    entry: Entry
    feed_title: str  # to a member, what the post's channel calls the feed
    post: PostRef | None
    score: float
    sources: int = 1  # feeds that tell its story, as far as the caller may see


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A word that nothing was found for, and the nearest one that the caller can find."""

    typed: str
    nearest: str  # as an entry that the caller may see writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """``hits`` from ``offset`` on, and how many there are in all.

    Counting stops where it would cost: the flags say that there are more.
    """

    hits: tuple[Hit, ...]
    total: int
    searched: int  # entries that the caller could have found, whatever was asked
    has_more_than_total: bool = False
    has_more_than_searched: bool = False
    ranking: tuple[Ranked, ...] = ()  # the hits of all pages, the best first
    corrections: tuple[Correction, ...] = ()  # where nothing was found


class Word(NamedTuple):
    """A word of a text: where it stands, in characters, and the index terms it may be found by.

    A term that ends with "_" is the first one again, between two of them: who asks for it asks for
    words of just this form. An index that knows which terms are the first ones need not hold it.
    A named tuple, not a dataclass: a long article has thousands, and these are four times cheaper.
    """

    start: int
    end: int
    terms: tuple[str, ...]  # most exact first; letters, digits and "_" only


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A piece of text and where to highlight it: (start, end) in characters, ascending."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBefore:
    """What a member searched for in a server."""

    guild_id: GuildId
    text: str
    asked_at: datetime


QUERIES_MAX = 20  # searches of a member in a server that are remembered …


QUERIES_FOR = timedelta(days=90)  # … and how long
