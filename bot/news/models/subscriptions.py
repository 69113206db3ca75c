"""Channels that follow feeds, and how they wish to be told."""

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from bot.news.models.feeds import Feed, Wishes
from bot.news.models.ids import (
    ChannelId,
    EditId,
    FeedId,
    GuildId,
    RoleId,
    SubscriptionId,
    SwitchId,
    UserId,
)


class Mode(StrEnum):
    """How a channel is told of a feed's news."""

    EACH = "each"  # every entry is a post
    STORY = "story"  # one post for each story; later sources are named in it
    DIGEST = "digest"  # a line in the channel's next digest


BACKFILL_MAX = 5


CATCH_UP_MAX = 10  # posts of what a pause kept back; the rest is told in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A role that posts call: those that ``query`` finds, once in ``rest_s`` seconds at most."""

    role_id: RoleId
    query: str = ""  # as of a search; empty: all
    rest_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an admin may choose of a subscription, and change later."""

    name: str  # what the channel calls the feed; the feed's title unless an admin chose one
    channel_id: ChannelId
    every_s: int | None = None  # how often to poll; None: in the feed's own rhythm
    posts_old: bool = False  # what is over a week old when it appears is posted too
    mode: Mode = Mode.STORY
    tags: tuple[str, ...] = ()  # names of a forum's tags for all that it brings
    ping: Ping | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Choices):
    """A channel follows a feed."""

    id: SubscriptionId
    feed_id: FeedId
    guild_id: GuildId
    added_by: UserId | None
    added_at: datetime
    paused_at: datetime | None = None
    paused_until: datetime | None = None  # None: until somebody resumes it
    catches_up: bool = False  # what comes out during the pause is posted after it
    suppress_same_link: bool = True  # in mode EACH: a link is told once in 72 hours

    @property
    def choices(self) -> Choices:
        """What can be changed later, by itself."""
        return Choices(**{each.name: getattr(self, each.name) for each in fields(Choices)})

    @property
    def is_paused(self) -> bool:
        """Whether new stories are kept from the channel."""
        return self.paused_at is not None


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
class NewSubscription(Choices):
    """A channel's wish to follow a feed.

    ``backfill``: how many of the newest entries to post at once.
    """

    guild_id: GuildId
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A guild's subscriptions, moved from one feed to another."""

    id: SwitchId
    old: Feed
    new: Feed
    channels: tuple[ChannelId, ...]  # that follow the new feed now, in place of the old one


UNDO_WINDOW = timedelta(minutes=15)  # how long a removed subscription can be brought back
