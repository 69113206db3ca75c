"""One event, as several feeds tell it."""

from dataclasses import dataclass
from datetime import datetime

from bot.news.models.deliveries import PostRef
from bot.news.models.entries import Entry
from bot.news.models.ids import ChannelId, EntryId, StoryId


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
