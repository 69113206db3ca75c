"""Plans: what pure decisions on a poll return, for one storage call to apply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.news.models.documents import ParsedEntry, Validators
from bot.news.models.feeds import Check, FeedState, Wishes
from bot.news.models.ids import ChannelId, EntryId, FeedId, GuildId


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
