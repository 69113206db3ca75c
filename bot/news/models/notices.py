"""What admins are told, and what `/health` shows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.news.models.feeds import Feed, Remedy
from bot.news.models.ids import BulletinId, ChannelId, GuildId

# Why a channel is sent nothing: Herald lacks a permission; a post may be there that nobody lets it
# look for; the channel is no more. Or why its posts, which do come, are not published or get no
# thread: Herald lacks a permission.
HoldKind = Literal["forbidden", "unsure", "gone", "unpublished", "threadless"]


NoticeKind = Literal["failing", "paused", "gone", "recovered", "moved", "stale", "remedy"]


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
    """A channel where something is not done until somebody acts, for the admins of its guild."""

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
