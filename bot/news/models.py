"""The nouns of Herald: frozen values, one meaning each.

All times are aware UTC datetimes; all durations say their unit. URLs are str. Text is plain (no
HTML, no
Markdown) with paragraphs separated by a blank line. Ids are integers of the database or of Discord.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, NewType

FeedId = NewType("FeedId", int)
EntryId = NewType("EntryId", int)
StoryId = NewType("StoryId", int)
SubscriptionId = NewType("SubscriptionId", int)
DeliveryId = NewType("DeliveryId", int)

# Discord's own ids ("snowflakes").
GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)


# --- What a feed says ---


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One entry (RFC 4287 §4.1.2, RSS ``<item>``) as its document gives it, text made plain."""

    guid: str | None = None  # Atom id, RSS guid; stripped, otherwise verbatim
    url: str | None = None  # absolute link to the article
    title: str = ""
    teaser: str = ""  # the feed's own summary or description
    text: str = ""  # the feed's full content, "" where it has none beside the teaser
    author: str | None = None
    image_url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document, read. ``entries`` keep the document's order (usually newest first)."""

    title: str = ""
    site_url: str | None = None
    icon_url: str | None = None
    language: str | None = None  # BCP 47, as the feed says
    kind: str = ""  # "rss20", "atom10", "json11", …
    ttl_s: int | None = None  # RSS <ttl> or sy:updatePeriod/Frequency, in seconds
    entries: tuple[ParsedEntry, ...] = ()


# --- What a fetch gave ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified (RFC 9110 §8.8), opaque: sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHints:
    """What a response said of when to come back. Seconds from the time of the response."""

    fresh_for_s: float | None = None  # max-age less Age, or Expires less Date (RFC 9111 §4.2)
    retry_after_s: float | None = None  # RFC 9110 §10.2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed document arrived and was read."""

    url: str  # where it was found, after redirects
    feed: ParsedFeed
    status: int = 200
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    body_hash: str | None = None
    size: int = 0  # bytes, decoded
    took_ms: int = 0
    permanent_url: str | None = None  # target when every redirect on the way was 301 or 308


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The document has not changed: 304, or a 200 whose body has the stored hash."""

    url: str
    status: int = 304
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    size: int = 0
    took_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No document. A value, not an exception, so that a failing feed cannot cancel its siblings."""

    url: str
    reason: str  # one sentence for the admin: what happened, to which address, what to do
    kind: Literal["network", "http", "forbidden", "too_large", "not_a_feed", "parse"]
    status: int | None = None
    hints: CacheHints = field(default_factory=CacheHints)
    took_ms: int = 0


Outcome = Fetched | NotModified | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a URL that somebody typed led to.

    ``feeds`` holds the documents that were found and read, best first, never empty: where nothing
    was found
    the source raises NotAFeed with what it tried.
    """

    asked_url: str
    feeds: tuple[Fetched, ...]
    tried: tuple[str, ...] = ()


# --- What we keep ---


class FeedState(StrEnum):
    """The health of a feed. A *paused* subscription is not a state of its feed."""

    OK = "ok"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An RSS, Atom or JSON document at a URL that we poll."""

    id: FeedId
    url: str
    title: str
    site_url: str | None = None
    icon_url: str | None = None
    language: str | None = None
    validators: Validators = field(default_factory=Validators)
    body_hash: str | None = None
    state: FeedState = FeedState.OK
    failures: int = 0  # consecutive
    last_error: str | None = None
    is_kept: bool = False  # polled even if no channel follows it (added by command line)
    created_at: datetime
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_poll_at: datetime
    next_poll_reason: str = ""  # in words, for /feed show
    ttl_s: int | None = None  # what the last document asked for, as in ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One poll of a feed, as remembered for /feed show."""

    at: datetime
    status: int | None
    took_ms: int
    size: int
    new_entries: int
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A channel follows a feed."""

    id: SubscriptionId
    feed_id: FeedId
    guild_id: GuildId
    channel_id: ChannelId
    name: str  # what the channel calls the feed; the feed's title unless an admin chose one
    added_by: UserId | None
    added_at: datetime
    paused_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether new stories are kept from the channel."""
        return self.paused_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A subscription with its feed and how lively it is: a row of /feed list."""

    subscription: Subscription
    feed: Feed
    last_entry_at: datetime | None
    entries_24h: int
    is_removed: bool = False  # taken away less than UNDO_WINDOW ago


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOverview:
    """A feed with its counts: a row of `herald feeds list`."""

    feed: Feed
    entries: int
    subscriptions: int
    last_entry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The readable text behind an entry."""

    text: str
    method: Literal["feed", "page", "teaser"]
    image_url: str | None = None
    note: str | None = None  # why it is only a teaser, where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One to three sentences of a story."""

    text: str
    method: str  # "feed", "extractive", "llm:<model>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of one feed, stored."""

    id: EntryId
    feed_id: FeedId
    story_id: StoryId
    url: str | None
    title: str
    teaser: str
    text: str  # article text if known, else the feed's content, else ""
    text_method: (
        Literal["feed", "page", "teaser"] | None
    )  # None: the article was not looked for yet
    author: str | None
    image_url: str | None
    published_at: datetime | None
    first_seen_at: datetime

    @property
    def dated_at(self) -> datetime:
        """When it was published as far as we know.

        Orders entries, never decides whether one is new.
        """
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The debt to bring one story to one channel. ``attempts`` counts this one."""

    id: DeliveryId
    story_id: StoryId
    guild_id: GuildId
    channel_id: ChannelId
    nonce: str  # at most 25 characters (Discord), the same for every attempt
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery taken for sending, with all that composing its post needs."""

    delivery: Delivery
    entry: Entry  # the one that leads the story
    feed: Feed
    source_name: str  # what the channel calls the feed
    summary: Summary | None  # stored one


# --- Plans: what pure decisions return, for one storage call to apply ---


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAlias:
    """An alias key that is stored for a feed."""

    entry_id: EntryId
    dated_at: datetime | None  # of the entry it belongs to, as its document said; None: undated


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the archive knows that bears on one fetched document.

    ``aliases`` holds those of the asked keys that are stored; ``channels`` the active, unpaused
    subscriptions; ``has_history`` whether any entry of the feed is stored.
    """

    aliases: Mapping[str, KnownAlias] = field(default_factory=dict)
    channels: tuple[tuple[GuildId, ChannelId], ...] = ()
    has_history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to store, with every key it may come back under and the channels it is owed to."""

    entry: ParsedEntry
    aliases: tuple[str, ...]
    deliver_to: tuple[tuple[GuildId, ChannelId], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """A known entry met again: learn its new keys, and its edits where ``changed`` is given."""

    entry_id: EntryId
    aliases: tuple[str, ...]
    changed: ParsedEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """All that one poll changes; applied in one transaction.

    ``new`` is in posting order, oldest first. ``title`` and what follows are None where they stay
    as stored.
    """

    feed_id: FeedId
    check: Check
    next_poll_at: datetime
    next_poll_reason: str
    failures: int
    state: FeedState
    last_error: str | None = None
    validators: Validators | None = None
    body_hash: str | None = None
    title: str | None = None
    site_url: str | None = None
    icon_url: str | None = None
    language: str | None = None
    ttl_s: int | None = None
    is_republished: bool = False  # most known entries came back under new names: none was new
    new: tuple[NewEntry, ...] = ()
    seen: tuple[SeenEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a refresh came to once stored.

    Fewer than planned where another poll had been there first.
    """

    new_entries: int
    deliveries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """A channel's wish to follow a feed.

    ``backfill``: how many of the newest entries to post at once.
    """

    guild_id: GuildId
    channel_id: ChannelId
    name: str
    added_by: UserId | None
    backfill: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A subscription as made.

    ``seen``: entries of the feed in the archive that will not be posted.
    """

    following: Following
    seen: int
    queued: int


# --- Reading ---


class Sort(StrEnum):
    """The order of search results."""

    RELEVANCE = "relevance"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed search. At least one of ``words`` and ``phrases`` is not empty.

    ``words``: any of them; ``phrases``: each must occur; ``excluded``: none may (words or phrases).
    """

    text: str  # as typed, trimmed
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search and who may see what.

    ``channels`` None means the whole archive (the operator's command line); a set means only
    stories posted
    to one of those channels, and only those posts are told.
    """

    query: Query
    channels: frozenset[ChannelId] | None
    feed_id: FeedId | None = None
    since: datetime | None = None
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """Where a story was posted."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result."""

    entry: Entry
    feed_title: str  # to a member, what the post's channel calls the feed
    post: PostRef | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """``hits`` from ``offset`` on, and how many there are in all."""

    hits: tuple[Hit, ...]
    total: int
    searched: int  # entries that the caller could have found


class Word(NamedTuple):
    """A word of a text: where it stands, in characters, and the index terms it may be found by.

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


# --- Posting ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A rendered, front-end-neutral message: plain text, nothing escaped or cut yet."""

    title: str
    url: str | None  # http(s) only
    body: str
    source: str
    source_url: str | None = None
    icon_url: str | None = None
    image_url: str | None = None
    colour: int = 0x5865F2  # 0xRRGGBB
    footer: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageHealth:
    """Facts for `herald check`."""

    path: str
    schema_version: int
    size_bytes: int
    feeds: int
    entries: int
    subscriptions: int
    pending_deliveries: int
    oldest_pending_at: datetime | None


UNDO_WINDOW = timedelta(minutes=15)  # how long a removed subscription can be brought back
