"""What a storage makes of plans, in memory, for tests of the plans alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.news.cadence import Pace
from bot.news.models import (
    ChannelId,
    EntryId,
    Fate,
    Feed,
    FeedId,
    Fetched,
    GuildId,
    Known,
    KnownAlias,
    ParsedEntry,
    ParsedFeed,
    Refresh,
)
from bot.news.refresh import aliases_of, plan_refresh
from tests.factories import NOW

CHANNELS = ((GuildId(1), ChannelId(11)), (GuildId(1), ChannelId(12)))


@dataclass
class Archive:
    """One feed's entries and aliases, kept as the Storage port says, and what was posted."""

    feed: Feed = field(
        default_factory=lambda: Feed(
            id=FeedId(1),
            url="https://courier.example.org/feed.xml",
            title="The Harbour Courier",
            created_at=NOW,
            next_poll_at=NOW,
        )
    )
    now: datetime = NOW
    aliases: dict[str, EntryId] = field(default_factory=dict)
    entries: dict[EntryId, ParsedEntry] = field(default_factory=dict)
    posted: list[ParsedEntry] = field(default_factory=list)
    rolled_up: list[ParsedEntry] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def known(self, asked: Sequence[str]) -> Known:
        """Return what is stored of *asked*."""
        return Known(
            aliases={
                alias: KnownAlias(
                    entry_id=self.aliases[alias],
                    dated_at=self.entries[self.aliases[alias]].published_at,
                )
                for alias in asked
                if alias in self.aliases
            },
            channels=CHANNELS,
            has_history=bool(self.entries),
            batches=tuple(self.batches[:0:-1]),
        )

    def plan(
        self,
        entries: Sequence[ParsedEntry],
        *,
        wait: timedelta = timedelta(0),
        old_too: frozenset[ChannelId] = frozenset(),
    ) -> Refresh:
        """Return the plan for a document with *entries*, *wait* after the last one."""
        self.now += wait
        outcome = Fetched(url=self.feed.url, feed=ParsedFeed(entries=tuple(entries)))
        known = replace(self.known(aliases_of(outcome, self.feed.url)), old_too=old_too)
        return plan_refresh(self.feed, outcome, known, self.now, pace=Pace())

    def record(self, refresh: Refresh) -> int:
        """Apply a plan; return how many entries were new."""
        added = 0
        for new in refresh.new:
            if any(alias in self.aliases for alias in new.aliases):
                continue
            entry_id = EntryId(len(self.entries) + 1)
            self.entries[entry_id] = new.entry
            self.aliases.update(dict.fromkeys(new.aliases, entry_id))
            told = self.rolled_up if new.fate is Fate.ROLLED_UP else self.posted
            told += [new.entry] * (len(new.deliver_to) // len(CHANNELS))
            added += 1
        for seen in refresh.seen:
            for alias in seen.aliases:
                self.aliases.setdefault(alias, seen.entry_id)
            if seen.changed:
                self.entries[seen.entry_id] = seen.changed
        if added:
            self.batches.append(added)
        dates = [min(new.entry.published_at or self.now, self.now) for new in refresh.new]
        newest_at = max([*dates, *filter(None, [self.feed.newest_at])], default=None)
        self.feed = replace(self.feed, succeeded_at=self.now, newest_at=newest_at)
        return added

    def poll(
        self, entries: Sequence[ParsedEntry], *, wait: timedelta = timedelta(hours=2)
    ) -> list[ParsedEntry]:
        """Poll a document *wait* after the last one; return what was posted of it."""
        before = len(self.posted)
        self.record(self.plan(entries, wait=wait))
        return self.posted[before:]
