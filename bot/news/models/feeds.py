"""Feeds as they are kept, and how they fare."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.news.models.documents import Validators, without_credentials
from bot.news.models.ids import FeedId


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOverview:
    """A feed with its counts: a row of `herald feeds list`."""

    feed: Feed
    entries: int
    subscriptions: int
    last_entry_at: datetime | None
    wishes: Wishes = field(default_factory=Wishes)


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
