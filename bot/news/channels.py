"""What a channel chose: when Herald may speak there, how much and how; when its digest comes."""

from dataclasses import dataclass
from typing import NewType

from bot.news.models import ChannelId, Length

ChannelEditId = NewType("ChannelEditId", int)

HOURLY_MAX = 60  # messages an hour that can be chosen as the most
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)  # 0: Monday
DIGEST_AT_MIN = 8 * 60  # where nobody chose a time
DIGEST_TOP = 10  # stories that a digest lists at most; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOptions:
    """What can be chosen for a channel. The defaults are those of a channel nobody touched.

    Times of day are minutes after midnight on the wall clocks of ``time_zone``.
    """

    time_zone: str | None = None  # IANA; None: UTC
    quiet_from_min: int | None = None  # None, both: no quiet hours; never the same
    quiet_until_min: int | None = None
    hourly_max: int | None = None  # messages an hour; None: as many as come
    is_bundled: bool = True  # what comes many at once goes into one message
    digest_at_min: int | None = None  # None: DIGEST_AT_MIN, where a digest is wanted
    digest_days: tuple[int, ...] = EVERY_DAY  # ascending, never empty
    digest_top: int = DIGEST_TOP
    is_published: bool = False  # to the channels that follow an announcement channel
    is_silent: bool = False  # posts notify nobody
    is_by_source: bool = False  # posts come under the name and picture of their source
    has_threads: bool = False  # each story gets one, to talk about it
    length: Length = Length.NORMAL  # of summaries
    # Of a forum: from categories of entries to names of tags. "*": what gets no tag otherwise.
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdited:
    """A channel's options, changed. ``id`` undoes it."""

    id: ChannelEditId
    channel_id: ChannelId
    before: ChannelOptions
    after: ChannelOptions
