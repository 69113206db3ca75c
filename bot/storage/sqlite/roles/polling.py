"""The ports ``Feeds`` and ``Mending``: feeds, their polls, and what heals them."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

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
from bot.storage.sqlite import (
    feeds,
    grouping,
    leases,
    polls,
    repairs,
)
from bot.storage.sqlite.roles.lanes import Lanes


class PollingRole(Lanes):
    """What the poller and the mender of feeds ask for."""

    # Feeds and polling

    async def ensure_feed(self, url: str, parsed: ParsedFeed, now: datetime) -> Feed:
        """Return the feed stored under *url*, made from *parsed* if there was none."""
        return await self._writer.run(lambda c: feeds.ensure(c, url, parsed, now))

    async def feed(self, feed_id: FeedId) -> Feed | None:
        """Return a feed."""
        return await self._reader.run(lambda c: feeds.load(c, [feed_id]).get(feed_id))

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed stored under *url*, compared in canonical form."""
        return await self._reader.run(lambda c: feeds.by_url(c, url))

    async def feeds(self) -> Sequence[FeedOverview]:
        """Return every feed, by title."""
        return await self._reader.run(feeds.overviews)

    async def feeds_due(self, now: datetime, limit: int) -> Sequence[Feed]:
        """Return feeds to poll at *now*, longest overdue first."""
        return await self._reader.run(lambda c: feeds.due(c, now, limit))

    async def claim_feeds(
        self, now: datetime, lease: timedelta, limit: int, holder: str
    ) -> Sequence[Feed]:
        """Take feeds that are due, longest overdue first."""
        return await self._writer.run(lambda c: leases.claim(c, now, lease, limit, holder))

    async def claim_feed(
        self, feed_id: FeedId, now: datetime, lease: timedelta, holder: str
    ) -> Feed | None:
        """Take one feed, due or not; None where somebody else has it, or it is not there."""
        return await self._writer.run(lambda c: leases.claim_one(c, feed_id, now, lease, holder))

    async def release_feed(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Give a claimed feed back unpolled, due at *at*."""
        await self._writer.run(lambda c: leases.release(c, feed_id, at, reason))

    async def release_feeds(self, holder: str) -> int:
        """End every lease of *holder*; return how many there were."""
        return await self._writer.run(lambda c: leases.release_all(c, holder))

    async def spread_feeds(self, now: datetime, *, window: timedelta, per_s: float) -> int:
        """Spread what is due, and mend what a clock set back has put into the future."""
        return await self._writer.run(lambda c: leases.spread(c, now, window, per_s))

    async def learn_groups(self, group_of: Callable[[str], str | None]) -> None:
        """Note the host group of every feed."""
        await self._writer.run(lambda c: leases.learn_groups(c, group_of))

    async def next_due_at(self) -> datetime | None:
        """Return when the next feed is due, or None where nothing is polled."""
        return await self._reader.run(feeds.next_due_at)

    async def known(self, feed_id: FeedId, aliases: Sequence[str]) -> Known:
        """Return what is stored of *aliases*, and who follows the feed."""
        return await self._reader.run(lambda c: polls.known(c, feed_id, aliases))

    async def record(self, refresh: Refresh) -> Recorded:
        """Apply a poll; applying it again changes nothing."""
        return await self._writer.run(lambda c: polls.record(c, self._index, refresh))

    async def settle(
        self, feed_id: FeedId, plan: Callable[[Known], Refresh]
    ) -> tuple[Refresh, Recorded]:
        """Record what *plan* makes of what is known of a feed of which there is no new document."""

        def work(connection: sqlite3.Connection) -> tuple[Refresh, Recorded]:
            refresh = plan(polls.known(connection, feed_id, ()))
            return refresh, polls.record(connection, self._index, refresh)

        return await self._writer.run(work)

    async def group_entries(self, now: datetime, feed_id: FeedId | None = None) -> int:
        """Put some of the entries that wait for it into stories; return how many, 0 at the end."""
        if not await self._reader.run(grouping.is_any):
            return 0
        return await self._writer.run(
            lambda c: grouping.group_some(
                c, self._index, now, feed_id, lambda: self._writer.is_wanted
            )
        )

    async def import_entries(
        self, feed_id: FeedId, imported: Sequence[Imported], now: datetime
    ) -> int:
        """Store entries that no poll brought; return how many were new."""
        return await self._writer.run(
            lambda c: polls.import_all(c, self._index, feed_id, imported, now)
        )

    async def checks(self, feed_id: FeedId, limit: int) -> Sequence[Check]:
        """Return the last polls of a feed, newest first."""
        return await self._reader.run(lambda c: feeds.checks(c, feed_id, limit))

    async def poll_soon(self, feed_id: FeedId, at: datetime) -> None:
        """Make a feed due at *at*."""
        await self._writer.run(lambda c: feeds.poll_soon(c, feed_id, at))

    async def forgive(self, feeds_before: Sequence[Feed], at: datetime, reason: str) -> int:
        """Take back the failures of feeds; return of how many."""
        return await self._writer.run(lambda c: feeds.forgive(c, feeds_before, at, reason))

    async def replan(self, feed_id: FeedId, at: datetime, reason: str) -> None:
        """Make a feed due at *at* for *reason*, unless it is being polled."""
        await self._writer.run(lambda c: feeds.replan(c, feed_id, at, reason))

    async def keep_feed(self, feed_id: FeedId, *, is_kept: bool) -> None:
        """Poll a feed even if no channel follows it, or no longer."""
        await self._writer.run(lambda c: feeds.keep(c, feed_id, is_kept=is_kept))

    async def remove_feed(self, feed_id: FeedId, now: datetime) -> None:
        """Stop keeping a feed and remove its subscriptions."""
        await self._writer.run(lambda c: feeds.remove(c, feed_id, now))

    # Mending

    async def feeds_to_mend(self, looked_before: datetime, limit: int) -> Sequence[Feed]:
        """Return followed feeds whose address no longer gives a feed, looked after long ago."""
        return await self._reader.run(lambda c: repairs.to_mend(c, looked_before, limit))

    async def store_remedy(self, feed_id: FeedId, remedy: Remedy | None, now: datetime) -> None:
        """Keep what a look at the feed's site found; None: nothing."""
        await self._writer.run(lambda c: repairs.store_remedy(c, feed_id, remedy, now))

    async def repairs(self, feed_ids: Sequence[FeedId]) -> Mapping[FeedId, Repairs]:
        """Return what was done about feeds, for those where anything was."""
        return await self._reader.run(lambda c: repairs.load(c, feed_ids))

    async def silent_feeds(self, now: datetime) -> Sequence[Feed]:
        """Return followed feeds past `Feed.silent_from` whose silence was not told yet."""
        return await self._reader.run(lambda c: repairs.silent(c, now))

    async def tell_silence(self, feed_id: FeedId, text: str, now: datetime) -> None:
        """Owe the notice of a silence, once for each."""
        await self._writer.run(lambda c: repairs.tell_silence(c, feed_id, text, now))

    async def switch(
        self, refresh: Refresh, old_feed_id: FeedId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Apply the new feed's *refresh* and move a guild's subscriptions to it."""
        return await self._writer.run(
            lambda c: repairs.switch(c, self._index, refresh, old_feed_id, guild_id, now)
        )

    async def switch_back(
        self, switch_id: SwitchId, guild_id: GuildId, now: datetime
    ) -> Switched | None:
        """Undo `switch`; None: too late, or not this guild's."""
        return await self._writer.run(lambda c: repairs.switch_back(c, switch_id, guild_id, now))
