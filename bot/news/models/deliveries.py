"""What channels are owed, and what a post says."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.news.models.entries import Entry, Length, Summary
from bot.news.models.feeds import Feed
from bot.news.models.ids import ChannelId, DeliveryId, GuildId, MessageId, RoleId, StoryId
from bot.news.models.subscriptions import Ping


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """Where a story was posted."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId
