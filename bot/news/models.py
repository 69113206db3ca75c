"""The nouns of Herald: frozen values, one meaning each.

All times are aware UTC datetimes; all durations say their unit. URLs are str. Text is plain (no
HTML, no
Markdown) with paragraphs separated by a blank line. Ids are integers of the database or of Discord.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, NewType

from bot.news.wanted import Wanted

_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]*@")

FeedId = NewType("FeedId", int)
EntryId = NewType("EntryId", int)
StoryId = NewType("StoryId", int)
SubscriptionId = NewType("SubscriptionId", int)
DeliveryId = NewType("DeliveryId", int)
BulletinId = NewType("BulletinId", int)
SwitchId = NewType("SwitchId", int)
EditId = NewType("EditId", int)

# Discord's own ids ("snowflakes").
GuildId = NewType("GuildId", int)
ChannelId = NewType("ChannelId", int)
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)
RoleId = NewType("RoleId", int)


# --- What a feed says ---


def without_credentials(url: str) -> str:
    """Return *url* without user name and password."""
    return _CREDENTIALS.sub("//", url, count=1)


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
    skip_hours: tuple[int, ...] = ()  # RSS <skipHours>: hours of the day in GMT, 0 to 23, ascending
    skip_days: tuple[int, ...] = ()  # RSS <skipDays>: weekdays in GMT, 0 is Monday, ascending
    hub_url: str | None = None  # WebSub hub; noted, not used
    self_url: str | None = None  # what the document calls its own address
    entries: tuple[ParsedEntry, ...] = ()
    listed: "Listed | None" = None  # worked out by who read it, to spare others the work


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one entry of a document goes by: aliases, see `identity`.

    ``first`` is the index of the entry that it repeats, its own where it repeats none.
    """

    first: int
    asked: tuple[str, ...]  # to look up
    stored: tuple[str, ...]  # to store
    has_guid: bool  # one that tells it from the others
    is_nameless: bool  # neither guid nor link
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The listings of the entries that are worth keeping, found in a document at ``url``."""

    url: str
    entries: tuple[Listing, ...]


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
    retry_after_s: float | None = None  # RFC 9110 §10.2.3, clamped to a minute … seven days


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed document arrived and was read."""

    url: str  # where it was found, after redirects
    feed: ParsedFeed
    status: int = 200
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    # Opaque, to be stored and given back. It names the parser too: given the hash of another one,
    # the source asks unconditionally and reads the body again.
    body_hash: str | None = None
    size: int = 0  # bytes, decoded
    took_ms: int = 0
    # Where the first redirects led that were 301 or 308, up to one down to http; None: nowhere.
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The document has not changed: 304, or a 200 whose body has the stored hash."""

    url: str
    status: int = 304
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    size: int = 0
    took_ms: int = 0
    permanent_url: str | None = None  # as in Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No document. A value, not an exception, so that a failing feed cannot cancel its siblings."""

    url: str
    reason: str  # one sentence for the admin: what happened, to which address, what to do
    # "busy": Herald's own affair, to be tried again soon and nobody's failure.
    kind: Literal["network", "http", "forbidden", "too_large", "not_a_feed", "parse", "busy"]
    status: int | None = None
    hints: CacheHints = field(default_factory=CacheHints)
    took_ms: int = 0
    # Of a document that is not to be read again, both: the source knows it by them the next time.
    validators: Validators | None = None
    body_hash: str | None = None
    # How far a "come back later" reaches: this feed (503), or its host group (429).
    hold: Literal["feed", "group"] | None = None
    group: str | None = None  # the host group that held us; None: it has none, so this feed only


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
    FAILING = "failing"  # the last poll failed
    PAUSED = "paused"  # failed for so long that it is only probed
    GONE = "gone"  # its server says for good that there is nothing; never polled


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
    skip_hours: tuple[int, ...] = ()  # likewise
    skip_days: tuple[int, ...] = ()
    hub_url: str | None = None
    host_group: str | None = None  # what shares a 429 with it; None: nothing does
    not_before: datetime | None = None  # the server's word (Retry-After), whoever wants to poll
    fresh_until: datetime | None = None  # the server's word too (RFC 9111), of the last answer
    restless_polls: int = 0  # see Refresh
    usual_gap_s: float | None = None  # between two entries, median of the last; None: not known yet
    newest_at: datetime | None = None  # when the last entry came out, as far as we know
    failing_since: datetime | None = None  # the first of the failures in a row
    failing_told_at: datetime | None = None  # the last StateChange of it that was told
    gone_since: datetime | None = None  # the first 410
    moved_to: str | None = None  # where it redirects for good, not adopted yet
    moved_since: datetime | None = None
    moved_times: int = 0  # polls in a row that said so

    @property
    def silent_from(self) -> datetime | None:
        """When its silence becomes unusual, measured by its own rhythm; None where there is none.

        A feed whose last entry came out at ``newest_at`` is stale once this has passed.
        """
        if self.newest_at is None or self.usual_gap_s is None:
            return None
        usual = timedelta(seconds=STALE_GAPS * self.usual_gap_s)
        return self.newest_at + max(usual, STALE_MIN)

    @property
    def public_url(self) -> str:
        """The address without the user name and password that it may hold, for people and logs."""
        return without_credentials(self.url)


STALE_GAPS = 4  # usual gaps without an entry that are unusual
STALE_MIN = timedelta(days=3)  # a weekend is no silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One poll of a feed, as remembered for /feed show."""

    at: datetime
    status: int | None
    took_ms: int
    size: int
    new_entries: int
    error: str | None = None


class Mode(StrEnum):
    """How a channel is told of a feed's news."""

    EACH = "each"  # every entry is a post
    STORY = "story"  # one post for each story; later sources are named in it
    DIGEST = "digest"  # a line in the channel's next digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How often those who follow a feed want it polled.

    The shortest counts, and leaving it to the feed's rhythm counts as that rhythm.
    """

    shortest_s: int | None = None  # None: nobody chose
    is_auto_too: bool = True  # somebody leaves it to the rhythm, or nobody follows it

    def joined_by(self, every_s: int | None, *, is_first: bool) -> "Wishes":
        """Return the wishes with those of one more; *is_first*: nobody had any before."""
        if every_s is None:
            return Wishes(shortest_s=self.shortest_s, is_auto_too=True)
        shortest_s = every_s if self.shortest_s is None else min(self.shortest_s, every_s)
        return Wishes(shortest_s=shortest_s, is_auto_too=self.is_auto_too and not is_first)


EVERY_MIN_S = 5 * 60  # what people may choose; kindness to publishers
EVERY_MAX_S = 24 * 60 * 60
BACKFILL_MAX = 5
CATCH_UP_MAX = 10  # posts of what a pause kept back; the rest is told in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A role that posts call: those that ``query`` finds, once in ``rest_s`` seconds at most."""

    role_id: RoleId
    query: str = ""  # as of a search; empty: all
    rest_s: int = 0


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
    paused_until: datetime | None = None  # None: until somebody resumes it
    catches_up: bool = False  # what comes out during the pause is posted after it
    every_s: int | None = None  # how often to poll; None: in the feed's own rhythm
    posts_old: bool = False  # what is over a week old when it appears is posted too
    mode: Mode = Mode.STORY
    suppress_same_link: bool = True  # in mode EACH: a link is told once in 72 hours
    tags: tuple[str, ...] = ()  # names of a forum's tags for all that it brings
    ping: Ping | None = None

    @property
    def choices(self) -> "Choices":
        """What can be chosen and changed later."""
        return Choices(
            name=self.name,
            channel_id=self.channel_id,
            every_s=self.every_s,
            posts_old=self.posts_old,
            mode=self.mode,
            tags=self.tags,
            ping=self.ping,
        )

    @property
    def is_paused(self) -> bool:
        """Whether new stories are kept from the channel."""
        return self.paused_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an admin may choose of a subscription; see there."""

    name: str
    channel_id: ChannelId
    every_s: int | None = None
    posts_old: bool = False
    mode: Mode = Mode.STORY
    tags: tuple[str, ...] = ()
    ping: Ping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A subscription's choices, changed. ``id`` undoes it."""

    id: EditId
    subscription_id: SubscriptionId
    before: Choices
    after: Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A subscription let through again, and what became of what its pause kept back."""

    subscription_id: SubscriptionId
    guild_id: GuildId
    channel_id: ChannelId
    posted: int = 0
    rolled_up: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """A subscription with its feed and how lively it is: a row of /feed list."""

    subscription: Subscription
    feed: Feed
    last_entry_at: datetime | None
    entries_24h: int
    is_removed: bool = False  # taken away less than UNDO_WINDOW ago
    wishes: Wishes = field(default_factory=Wishes)  # of all who follow the feed


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOverview:
    """A feed with its counts: a row of `herald feeds list`."""

    feed: Feed
    entries: int
    subscriptions: int
    last_entry_at: datetime | None
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The readable text behind an entry."""

    text: str
    method: Literal["feed", "page", "teaser"]
    image_url: str | None = None
    note: str | None = None  # why it is only a teaser, where it is
    # What its page says of itself, where that was read.
    title: str | None = None
    author: str | None = None
    published_on: date | None = None  # the day; pages seldom agree on the hour
    language: str | None = None  # BCP 47


class Length(StrEnum):
    """How long a channel wants its summaries."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"

    @property
    def words(self) -> int:
        """The most words of such a summary."""
        return _WORDS[self]


SUMMARY_WORDS = 85  # at most, of a summary; near the optimum of ROUGE on news, and five short lines


_WORDS = {Length.SHORT: 40, Length.NORMAL: SUMMARY_WORDS, Length.LONG: 150}


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
    tags: tuple[str, ...] = ()  # categories, as its feed calls them

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
    # Since when it may be in the channel although no attempt was told so; None: it is not there.
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a post is made, beside what it says.

    ``tags`` are names of tags for it in a forum, the most wanted first; what the forum does not
    have is left out.
    """

    tags: tuple[str, ...] = ()
    other_tag: str | None = None  # in place of those, where the forum has none of them
    is_silent: bool = False  # it notifies nobody
    is_by_source: bool = False  # it comes under the name and picture of its source
    ping: RoleId | None = None  # the role that it calls


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """A story in a digest, by the entry that came first; ``sources``: what the channel calls them.

    In the order that they came.
    """

    entry: Entry
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a digest tells: its lines, best first, and how many stories of how many feeds in all."""

    lines: tuple[DigestLine, ...]
    stories: int
    feeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery taken for sending, or a sent one whose message is to be edited.

    With all that composing needs.
    """

    delivery: Delivery
    entry: Entry  # the one of its story that this channel is told of
    feed: Feed
    source_name: str  # what the channel calls the feed
    summary: Summary | None  # stored one
    also: tuple[str, ...] = ()  # what the channel calls the other sources, in the order they came
    roundup: tuple[Entry, ...] = ()  # told in one message, newest first; empty: an ordinary post
    digest: Digest | None = None  # told in one message; None: no digest
    # All posts of the message, in their order, this one too; empty: it is alone in it.
    bundle: tuple["Claim", ...] = ()
    is_settled: bool = False  # what the bundle holds is final: it may be in the channel
    message_id: MessageId | None = None  # the message to edit; None: it is to be sent
    newest_message_id: MessageId | None = None  # of the channel's posts that are known to be there
    length: Length = Length.NORMAL  # of the summary, as the channel wants it
    manner: Manner = field(default_factory=Manner)  # its ping is what was decided; None: none
    ping: Ping | None = None  # what decides; None: nobody is called, or it was decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An entry that a post tells of, and what the channel calls its feed."""

    entry: Entry
    source_name: str
    note: str | None = None  # why there is only a teaser, where there is
    summary: Summary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a message is made of: its entries, the first seen first, and its summary.

    ``kind`` "bundle": several posts, each with its own summary.
    """

    origins: tuple[Origin, ...]
    summary: Summary | None
    sent_at: datetime | None
    kind: Literal["story", "bundle", "roundup", "digest"] = "story"

    @property
    def is_roundup(self) -> bool:
        """Whether it tells in one line each what its feed brought at once."""
        return self.kind == "roundup"


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
    subscriptions; ``has_history`` whether any entry of the feed is stored. ``seen`` are the newest
    of them, newest first, asked for where there are aliases or the rhythm is not known yet: when
    each was first seen, and the date it gives. ``batches`` are the numbers of new entries of the
    last polls that brought any, newest first, without the feed's first document. ``old_too`` are
    those of the channels that want what is TOO_OLD.
    """

    aliases: Mapping[str, KnownAlias] = field(default_factory=dict)
    channels: tuple[tuple[GuildId, ChannelId], ...] = ()
    has_history: bool = False
    seen: tuple[tuple[datetime, datetime | None], ...] = ()
    batches: tuple[int, ...] = ()
    wishes: Wishes = field(default_factory=Wishes)
    old_too: frozenset[ChannelId] = frozenset()


class Fate(StrEnum):
    """What becomes of a new entry, beside being stored."""

    POSTED = "posted"
    ROLLED_UP = "rolled up"  # told with others in one message
    TOO_OLD = "too old"  # dated long before it appeared
    HELD_BACK = "held back"  # of the first document, or of one that is all new after long silence


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to store, with every key it may come back under and the channels it is owed to.

    ``deliver_to`` are owed a post of it where its fate is POSTED; where it is ROLLED_UP, a place in
    the one roundup that they get of the whole refresh. ``otherwise`` are channels that chose to
    have it another fate.
    """

    entry: ParsedEntry
    aliases: tuple[str, ...]
    deliver_to: tuple[tuple[GuildId, ChannelId], ...] = ()
    fate: Fate = Fate.POSTED
    otherwise: tuple[tuple[tuple[GuildId, ChannelId], Fate], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An entry from a file: new unless one of ``keys`` is stored, and learnt by ``aliases``."""

    entry: ParsedEntry
    keys: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """A known entry met again: learn its new keys, and its edits where ``changed`` is given."""

    entry_id: EntryId
    aliases: tuple[str, ...]
    changed: ParsedEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """News of a feed's health that its admins are told, once.

    ``failing`` is told after a while of failures, not at the first; ``recovered`` only where
    something was told before.
    """

    kind: Literal["failing", "paused", "gone", "recovered"]
    reason: str  # in words: what happened, to which address, what Herald does now
    since: datetime  # of the first failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A server's word not to come back before ``until``."""

    until: datetime
    group: str | None  # every feed of this host group; None: this feed only
    reason: str  # in words, as ``next_poll_reason`` of the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a feed redirects for good, as often as polls in a row said so."""

    to: str
    since: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a document that was read says of its feed, in place of what the last one said."""

    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub_url: str | None = None


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
    document: DocumentFacts | None = None  # None: no document was read, all stays as it is
    usual_gap_s: float | None = None  # None: as stored
    newest_at: datetime | None = None  # None: as stored
    host_group: str | None = None
    hold: Hold | None = None
    failing_since: datetime | None = None  # with what follows always applied
    failing_told_at: datetime | None = None
    gone_since: datetime | None = None
    move: Move | None = None
    fresh_until: datetime | None = None  # likewise
    # Polls that found the document changed with nothing new in it, less those that did bring
    # something; 0 once it has not changed.
    restless_polls: int = 0
    new_url: str | None = None  # adopt this address; a feed stored there already takes this one in
    change: StateChange | None = None
    is_republished: bool = False  # most known entries came back under new names: none was new
    new: tuple[NewEntry, ...] = ()
    seen: tuple[SeenEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a refresh came to once stored.

    Fewer than planned where another poll had been there first. ``merged_into``: the feed that took
    this one in, whose address was adopted.
    """

    new_entries: int
    deliveries: int
    merged_into: FeedId | None = None
    # What became of the new entries. Posted and rolled up count only where a channel is owed them.
    posted: int = 0
    rolled_up: int = 0
    too_old: int = 0
    held_back: int = 0


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
    every_s: int | None = None
    posts_old: bool = False
    mode: Mode = Mode.STORY
    tags: tuple[str, ...] = ()
    ping: Ping | None = None


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
class PostRef:
    """Where a story was posted."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result: of a story the entry that fits best."""

    entry: Entry
    feed_title: str  # to a member, what the post's channel calls the feed
    post: PostRef | None
    score: float
    sources: int = 1  # feeds that tell its story, as far as the caller may see


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntry:
    """An entry of a story, in short."""

    id: EntryId
    title: str
    url: str | None
    feed_title: str
    dated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEntries:
    """A story as the archive has it: its entries in the order they came."""

    id: StoryId
    entries: tuple[StoryEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A word that nothing was found for, and the nearest one that the caller can find."""

    typed: str
    nearest: str  # as an entry that the caller may see writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """A story in a line, as far as the one who asked may see it."""

    id: StoryId
    title: str  # of the first entry
    sources: int
    told_at: datetime  # when the last of it was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An entry of a story, and the messages that tell it or name it as a source, oldest first."""

    entry: Entry
    source_name: str  # what the first message's channel calls the feed
    posts: tuple[PostRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStory:
    """What channels were told of a story: at least one entry, in the order they came."""

    id: StoryId
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """A channel whose post of a story no longer tells an entry, so that no post there does."""

    story_id: StoryId  # the one without a post
    entry_id: EntryId  # its first entry
    title: str
    channel_id: ChannelId
    post: PostRef | None = None  # the message that told it, which is edited; None: not sent yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """An entry made a story of its own, and what that left without a post."""

    story_id: StoryId
    parted: tuple[Parted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one source says of an event."""

    source: int  # the same for all that it says
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySentence:
    """A telling sentence of a report, as it stands there. ``report``: its number, from 0."""

    report: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure that sources give differently: of what, and which report says what."""

    subject: str  # as written: "passengers", "%"
    said: tuple[tuple[int, str], ...]  # number of the report from 0, and the figure as written


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Several reports of one event beside each other."""

    sentences: tuple[KeySentence, ...] = ()
    differences: tuple[Difference, ...] = ()


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
class Headline:
    """One line of a roundup or a digest."""

    title: str
    url: str | None  # http(s) only
    source: str = ""  # who says so, where that is not said above


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A rendered, front-end-neutral message: plain text, nothing escaped or cut yet.

    ``headlines`` follow the body, one a line; those for which there is no room are counted, with
    ``unlisted`` others. ``bundled`` are further posts in the same message, after this one.
    """

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
    headlines: tuple[Headline, ...] = ()
    unlisted: int = 0
    bundled: tuple["Post", ...] = ()
    manner: Manner = field(default_factory=Manner)


# --- Telling admins, and mending ---

# Why a channel is sent nothing: Herald lacks a permission; a post may be there that nobody lets it
# look for; the channel is no more.
HoldKind = Literal["forbidden", "unsure", "gone"]

NoticeKind = Literal["failing", "paused", "gone", "recovered", "moved", "stale", "remedy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A working feed that the site of a feed in trouble offers."""

    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """What was done about a feed."""

    remedy: Remedy | None = None  # None also where the feed is well again
    moved_from: str | None = None  # its address before it moved for good
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """News of a feed's health, for the admins of one guild."""

    feed: Feed
    name: str  # what the guild calls it
    kind: NoticeKind
    text: str  # in words: what happened, to which address, what Herald does now
    at: datetime
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChannel:
    """A channel that nothing is sent to until somebody acts, for the admins of its guild."""

    channel_id: ChannelId
    kind: HoldKind
    reason: str  # in words: what is missing where
    since: datetime
    follows: tuple[str, ...] = ()  # what the channel calls the feeds that it follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehoused:
    """What another channel took over from one that is gone."""

    feeds: int
    posts: int  # that the gone one was still owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One message to a guild's admins, taken for sending. ``attempts`` counts this one."""

    id: BulletinId
    guild_id: GuildId
    channel_id: ChannelId
    nonce: str  # as of a delivery
    attempts: int
    notices: tuple[Notice, ...]
    holds: tuple[HeldChannel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A guild's subscriptions, moved from one feed to another."""

    id: SwitchId
    old: Feed
    new: Feed
    channels: tuple[ChannelId, ...]  # that follow the new feed now, in place of the old one


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often each thing befell a post since the database was made.

    ``found``: sent, but known only from looking back; ``held``: not by what held its channel
    already.
    """

    owed: int = 0
    sent: int = 0
    edited: int = 0
    held: int = 0
    abandoned: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """How the language model fares. Counts are since the start of the process."""

    name: str
    asked: int  # times, for a summary or a sentence
    answered: int  # of these, those that could be used
    dropped: int  # sentences of its answers that the article does not bear out
    requests_left: int  # of the day that was last spent on
    tokens_left: int
    rests_until: datetime | None = None  # it failed, and is left alone


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageHealth:
    """Facts for `herald check`."""

    path: str
    schema_version: int
    size_bytes: int
    feeds: int
    entries: int
    subscriptions: int
    pending_deliveries: int  # unsent, held ones included
    oldest_pending_at: datetime | None
    held_deliveries: int = 0
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBefore:
    """What a member searched for in a server."""

    guild_id: GuildId
    text: str
    asked_at: datetime


QUERIES_MAX = 20  # searches of a member in a server that are remembered …
QUERIES_FOR = timedelta(days=90)  # … and how long
UNDO_WINDOW = timedelta(minutes=15)  # how long a removed subscription can be brought back
