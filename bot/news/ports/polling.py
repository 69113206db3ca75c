"""Storage of feeds and of what polls bring. Each method is one transaction; raises StorageError."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.news.models import (
    Check,
    Feed,
    FeedId,
    FeedOverview,
    GuildId,
    Imported,
    Known,
    ParsedFeed,
    Recorded,
    Refresh,
    Remedy,
    Repairs,
    Switched,
    SwitchId,
)


class Feeds(Protocol):
    """Feeds: what is due, what a poll changes, what is kept of it."""

    async def ensure_feed(self, url: str, parsed: ParsedFeed, now: datetime) -> Feed:
        """Return the feed stored under *url*, made from *parsed* if there was none.

        Due at once if new.
        """
        ...

    async def feed(self, feed_id: FeedId) -> Feed | None:
        """Return a feed."""
        ...

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed stored under *url* (compared in canonical form)."""
        ...

    async def feeds(self) -> Sequence[FeedOverview]:
        """Return every feed, by title."""
        ...

    async def feeds_due(self, now: datetime, limit: int) -> Sequence[Feed]:
        """Return feeds to poll at *now*, longest overdue first.

        A feed is polled while a channel follows it (paused or not) or it is kept, unless it is
        gone.
        """
        ...

    async def claim_feeds(
        self, now: datetime, lease: timedelta, limit: int, holder: str
    ) -> Sequence[Feed]:
        """Take feeds that are due, longest overdue first; nobody else gets them meanwhile.

        Until they are recorded or released, or *lease* is over. Which feeds: as `feeds_due`.
        """
        ...

    async def claim_feed(
        self, feed_id: FeedId, now: datetime, lease: timedelta, holder: str
    ) -> Feed | None:
        """Take one feed, due or not; None where somebody else has it, or it is not there."""
        ...

    async def release_feed(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Give a claimed feed back unpolled, due at *at*, with the reason in words."""
        ...

    async def release_feeds(self, holder: str) -> int:
        """End every lease of *holder*, for its start after a crash. Return how many there were."""
        ...

    async def spread_feeds(self, now: datetime, *, window: timedelta, per_s: float) -> int:
        """Spread what is due over *window*, or longer where it is more than *per_s* a second.

        Longest overdue first, the first of them at once. Polls that a clock set back has put into
        the future come as long after *now* as they were to come after the poll before; a server's
        word likewise. Return how many feeds moved.
        """
        ...

    async def learn_groups(self, group_of: Callable[[str], str | None]) -> None:
        """Note the host group of every feed. *group_of* answers for a URL, quickly."""
        ...

    async def next_due_at(self) -> datetime | None:
        """Return when the next feed is due, or None where nothing is polled."""
        ...

    async def known(self, feed_id: FeedId, aliases: Sequence[str]) -> Known:
        """Return what is stored of *aliases*, and who follows the feed."""
        ...

    async def record(self, refresh: Refresh) -> Recorded:
        """Apply a poll: entries, deliveries, feed health, validators, the next poll, the check.

        A new entry any of whose aliases is stored by then is skipped, so applying twice changes
        nothing; nor does a poll of a feed that is not there any more. Ends the feed's lease. Where
        a feed is stored under the address to adopt, it takes this one's subscriptions, entries and
        aliases in. What is owed as a post waits for `group_entries`.
        """
        ...

    async def settle(
        self, feed_id: FeedId, plan: Callable[[Known], Refresh]
    ) -> tuple[Refresh, Recorded]:
        """Record what *plan* makes of what is known of a feed of which there is no new document.

        As `known` and `record`, in one step. *plan* is called in another thread, once or twice, and
        must be quick.
        """
        ...

    async def group_entries(self, now: datetime, feed_id: FeedId | None = None) -> int:
        """Put some of the entries that polls brought into stories, those of one feed or of all.

        In the order that they came, each at once with what channels are owed of it: a post of its
        own, or a place among the sources of one that is there. Some: others who write do not wait
        long. Return how many, 0 where none waits any more.
        """
        ...

    async def import_entries(
        self, feed_id: FeedId, imported: Sequence[Imported], now: datetime
    ) -> int:
        """Store entries that no poll brought, owed to nobody; return how many were new.

        In their order and in one transaction; the feed's health and rhythm stay as they are.
        """
        ...

    async def checks(self, feed_id: FeedId, limit: int) -> Sequence[Check]:
        """Return the last polls of a feed, newest first."""
        ...

    async def poll_soon(self, feed_id: FeedId, at: datetime) -> None:
        """Make a feed due at *at*."""
        ...

    async def forgive(self, feeds_before: Sequence[Feed], at: datetime, reason: str) -> int:
        """Take back what failed since feeds were as *feeds_before*, for it was our own fault.

        They become due at *at*; what of it is in no bulletin yet is told nobody. Return how many
        had failed.
        """
        ...

    async def replan(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Make a feed due at *at* for *reason*, unless it is being polled: that plans anew."""
        ...

    async def keep_feed(self, feed_id: FeedId, *, is_kept: bool) -> None:
        """Poll a feed even if no channel follows it, or no longer."""
        ...

    async def remove_feed(self, feed_id: FeedId, now: datetime) -> None:
        """Stop keeping a feed and remove its subscriptions. Its entries stay in the archive."""
        ...


class Mending(Protocol):
    """Feeds that fail, fall silent or have moved."""

    async def feeds_to_mend(self, looked_before: datetime, limit: int) -> Sequence[Feed]:
        """Return followed feeds whose address no longer gives a feed, looked after long ago.

        Those that failed three times in a row or are gone, the last time with 404, 410 or a
        document that is no feed.
        """
        ...

    async def store_remedy(self, feed_id: FeedId, remedy: Remedy | None, now: datetime) -> None:
        """Keep what a look at the feed's site found; None: nothing."""
        ...

    async def repairs(self, feed_ids: Sequence[FeedId]) -> Mapping[FeedId, Repairs]:
        """Return what was done about feeds, for those where anything was."""
        ...

    async def silent_feeds(self, now: datetime) -> Sequence[Feed]:
        """Return followed feeds past `Feed.silent_from` whose silence was not told yet."""
        ...

    async def tell_silence(self, feed_id: FeedId, text: str, now: datetime) -> None:
        """Owe the notice of a silence, once for each."""
        ...

    async def switch(
        self, refresh: Refresh, old_feed_id: FeedId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Apply *refresh*, of the new feed, and move a guild's subscriptions to it.

        Each feed learns the other's aliases, so that neither posts what the other did. Where a
        channel follows the new feed already, the old subscription is removed. None where the guild
        does not follow the old feed.
        """
        ...

    async def switch_back(
        self, switch_id: SwitchId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Undo `switch`, ``old`` and ``new`` named as there.

        None: it was longer than UNDO_WINDOW ago, or by another guild.
        """
        ...
