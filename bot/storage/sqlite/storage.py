"""The ``Storage`` port on SQLite."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from bot.news.answers import Gathered
from bot.news.channels import ChannelEdited, ChannelEditId, ChannelOptions
from bot.news.digest import Waiting
from bot.news.errands import Errand
from bot.news.models import (
    Article,
    AskedBefore,
    Bulletin,
    BulletinId,
    ChannelId,
    Check,
    Choices,
    Claim,
    DeliveryId,
    Digest,
    Edited,
    EditId,
    Entry,
    EntryId,
    Feed,
    FeedId,
    FeedOverview,
    Followed,
    Following,
    GuildId,
    HeldChannel,
    Hit,
    HoldKind,
    Imported,
    Known,
    Length,
    MessageId,
    Mode,
    NewSubscription,
    ParsedFeed,
    Ping,
    Recorded,
    Refresh,
    Rehoused,
    Remedy,
    Repairs,
    Resumed,
    RoleId,
    SearchPage,
    SearchRequest,
    Split,
    StorageHealth,
    StoryEntries,
    StoryId,
    StoryLine,
    SubscriptionId,
    Summary,
    Switched,
    SwitchId,
    ToldStory,
    UserId,
    Why,
)
from bot.storage.sqlite import (
    asking,
    bundles,
    channels,
    claims,
    digests,
    edits,
    entries,
    errands,
    facts,
    feeds,
    grouping,
    guilds,
    holds,
    leases,
    leaving,
    members,
    notices,
    outcomes,
    pings,
    polls,
    reasons,
    rehousing,
    repairs,
    rulings,
    search,
    stories,
    subscriptions,
    tellings,
)
from bot.storage.sqlite.connection import Lane
from bot.storage.sqlite.index import SearchIndex

_ALIASES_TIDIED = "aliases_tidied_at"
_MERGED_AT = "index_merged_at_entry"
_MERGED_MIN = 1_000  # entries; the index of fewer is small whatever it consists of
_TIDY_BATCH = 200  # feeds whose old aliases are forgotten in one transaction
_REBUILD_BATCH = 500  # entries indexed in one transaction

_log = structlog.get_logger()


class SqliteStorage:
    """One database: a writer, a reader, and a reader for what may take long.

    Each method is one transaction of one function over a plain connection; the functions stand in
    the modules named after their nouns. Readers see the last commit and never wait for the writer.
    """

    def __init__(
        self, path: Path, *, index: SearchIndex, writer: Lane, reader: Lane, searcher: Lane
    ) -> None:
        self._path = path
        self._index = index
        self._writer = writer
        self._reader = reader
        self._searcher = searcher

    async def rebuild_index_if_stale(self) -> None:
        """Index every entry anew where another tokeniser made the index, or it was not finished."""
        if await self._reader.run(self._index.is_current):
            return
        await self._writer.run(self._index.clear)
        last: int | None = 0
        while last is not None:
            last = await self._writer.run(
                partial(self._index.fill, after=last, limit=_REBUILD_BATCH)
            )
        indexed = await self._writer.run(self._index.finish)
        if indexed:
            _log.info("index.rebuilt", entries=indexed, tokeniser_version=self._index.version)

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

    # Subscriptions

    async def follow(self, refresh: Refresh, wish: NewSubscription, now: datetime) -> Followed:
        """Apply *refresh* and make the subscription with its backfill. Raises AlreadyFollowed."""
        return await self._writer.run(
            lambda c: subscriptions.follow(c, self._index, refresh, wish, now)
        )

    async def followings(
        self, guild_id: GuildId, now: datetime, channel_id: ChannelId | None = None
    ) -> Sequence[Following]:
        """Return what a guild (or one channel) follows, by name."""
        return await self._reader.run(
            lambda c: subscriptions.of_guild(c, guild_id, now, channel_id)
        )

    async def following(self, subscription_id: SubscriptionId, now: datetime) -> Following | None:
        """Return one subscription, removed ones included while they can be brought back."""
        return await self._reader.run(lambda c: subscriptions.one(c, subscription_id, now))

    async def followers(self, feed_id: FeedId, now: datetime) -> Sequence[Following]:
        """Return who follows a feed, in the order they came."""
        return await self._reader.run(lambda c: subscriptions.of_feed(c, feed_id, now))

    async def edit(
        self, subscription_id: SubscriptionId, wanted: Choices, now: datetime
    ) -> Edited | None:
        """Change what was chosen of a subscription. Raises AlreadyFollowed."""
        return await self._writer.run(lambda c: edits.edit(c, subscription_id, wanted, now))

    async def undo_edit(self, edit_id: EditId, guild_id: GuildId, now: datetime) -> Edited | None:
        """Undo `edit`; None: too late, changed since, or not this guild's."""
        return await self._writer.run(lambda c: edits.undo(c, edit_id, guild_id, now))

    async def pause(
        self,
        subscription_id: SubscriptionId,
        now: datetime,
        *,
        until: datetime | None = None,
        catches_up: bool = False,
    ) -> None:
        """Keep new stories from the channel; queued ones are still sent."""
        await self._writer.run(
            lambda c: subscriptions.pause(c, subscription_id, now, until, catches_up=catches_up)
        )

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> Resumed | None:
        """Let new stories through again."""
        return await self._writer.run(
            lambda c: subscriptions.resume(c, self._index, subscription_id, now)
        )

    async def resume_due(self, now: datetime) -> Sequence[Resumed]:
        """Resume the subscriptions whose pause is over."""
        if not await self._reader.run(lambda c: subscriptions.is_any_to_resume(c, now)):
            return ()
        return await self._writer.run(lambda c: subscriptions.resume_due(c, self._index, now))

    async def remove(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Take a subscription away, and with it what it still owes the channel."""
        await self._writer.run(lambda c: subscriptions.remove(c, subscription_id, now))

    async def restore(self, subscription_id: SubscriptionId) -> None:
        """Bring back a removed subscription and what it still owed."""
        await self._writer.run(lambda c: subscriptions.restore(c, subscription_id))

    async def queue_newest(self, subscription_id: SubscriptionId, limit: int, now: datetime) -> int:
        """Owe a channel the newest stories of the feed it follows; return how many were not yet."""
        return await self._writer.run(
            lambda c: subscriptions.queue_newest(c, self._index, subscription_id, limit, now)
        )

    async def set_mode(
        self, subscription_id: SubscriptionId, mode: Mode, *, suppress_same_link: bool = True
    ) -> None:
        """Choose how the channel is told of what comes from now on."""
        await self._writer.run(
            lambda c: subscriptions.set_mode(
                c, subscription_id, mode, suppress_same_link=suppress_same_link
            )
        )

    async def entries(self, feed_id: FeedId, limit: int) -> Sequence[Entry]:
        """Return the newest entries of a feed, newest first."""
        return await self._reader.run(lambda c: entries.newest(c, feed_id, limit))

    # The outbox

    async def claim_deliveries(
        self, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claim]:
        """Take due deliveries for sending, of each channel at most its oldest unsent one."""
        return await self._writer.run(lambda c: claims.claim(c, now, lease, limit))

    async def release_leases(self) -> int:
        """Make every claimed delivery due again; return how many."""

        def work(connection: sqlite3.Connection) -> int:
            notices.release_leases(connection)
            return claims.release_leases(connection)

        return await self._writer.run(work)

    async def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery can be claimed, or None where nothing waits."""
        return await self._reader.run(claims.next_at)

    async def store_article(self, entry_id: EntryId, article: Article) -> None:
        """Keep an entry's article and index its text."""
        await self._writer.run(lambda c: entries.store_article(c, self._index, entry_id, article))

    async def store_summary(
        self, entry: Entry, summary: Summary, length: Length = Length.NORMAL
    ) -> Summary:
        """Keep an entry's summary unless it has one, or was edited; return the one that stands."""
        return await self._writer.run(lambda c: entries.store_summary(c, entry, summary, length))

    async def decide_ping(
        self, delivery_id: DeliveryId, ping: Ping | None, now: datetime
    ) -> RoleId | None:
        """Keep whom a post calls, unless that was decided; return what stands."""
        return await self._writer.run(lambda c: pings.decide(c, delivery_id, ping, now))

    async def mark_sent(
        self,
        delivery_id: DeliveryId,
        message_id: MessageId,
        now: datetime,
        *,
        was_found: bool = False,
    ) -> None:
        """Record that the story is in the channel."""
        await self._writer.run(
            lambda c: outcomes.mark_sent(c, delivery_id, message_id, now, was_found=was_found)
        )

    async def claim_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        """Return what is to be done now with posts that are there."""
        return await self._writer.run(lambda c: errands.claim(c, now, limit))

    async def finish_errand(self, errand: Errand, now: datetime) -> None:
        """Record that an errand is done."""
        await self._writer.run(lambda c: errands.finish(c, errand, now))

    async def put_off_errand(self, errand: Errand, due_at: datetime, reason: str) -> None:
        """Do an errand later, with all of its kind in its channel."""
        await self._writer.run(lambda c: errands.put_off(c, errand, due_at, reason))

    async def refuse_errand(
        self, errand: Errand, due_at: datetime, reason: str, now: datetime
    ) -> None:
        """Put an errand off for want of a permission, and have the log channel told once."""
        await self._writer.run(lambda c: errands.refuse(c, errand, due_at, reason, now))

    async def drop_errand(self, errand: Errand, reason: str) -> None:
        """Give an errand up."""
        await self._writer.run(lambda c: errands.drop(c, errand, reason))

    async def mark_edited(self, delivery_id: DeliveryId, now: datetime) -> None:
        """Record that the message says what its entry says, unless that changed once more."""
        await self._writer.run(lambda c: outcomes.mark_edited(c, delivery_id, now))

    async def leave_as_posted(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give up editing a post, now and for good."""
        await self._writer.run(lambda c: outcomes.leave_as_posted(c, delivery_id, reason))

    async def settle_bundle(self, delivery_id: DeliveryId, size: int) -> None:
        """Make the first posts of a claimed bundle final; give the others back."""
        await self._writer.run(lambda c: bundles.settle(c, delivery_id, size))

    async def dissolve_bundle(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give the posts of a claimed bundle back, to go one by one."""
        await self._writer.run(
            lambda c: bundles.dissolve(c, delivery_id, due_at, reason, may_be_there=may_be_there)
        )

    async def retry_at(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give a claimed delivery back, due later."""
        await self._writer.run(
            lambda c: outcomes.retry_at(c, delivery_id, due_at, reason, may_be_there=may_be_there)
        )

    async def hold(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        kind: HoldKind,
        reason: str,
        now: datetime,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give a claimed delivery back that waits for what somebody has to do."""
        await self._writer.run(
            lambda c: outcomes.hold(
                c, delivery_id, due_at, kind, reason, now, may_be_there=may_be_there
            )
        )

    async def try_held(self, guild_id: GuildId, now: datetime) -> int:
        """Make what a guild's channels are held for due at once; return how many deliveries."""
        if not await self._reader.run(lambda c: holds.is_any(c, guild_id)):
            return 0  # nearly always; asked whenever anything changes in a server

        def work(connection: sqlite3.Connection) -> int:
            errands.try_refused(connection, guild_id, now)
            return outcomes.try_held(connection, guild_id, now)

        return await self._writer.run(work)

    async def abandon(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give a delivery up for good."""
        await self._writer.run(lambda c: outcomes.abandon(c, delivery_id, reason))

    async def hold_channel(self, channel_id: ChannelId, now: datetime, reason: str) -> None:
        """Pause every subscription of a channel that is gone and hold what it is owed."""

        def work(connection: sqlite3.Connection) -> None:
            subscriptions.pause_channel(connection, channel_id, now)
            outcomes.hold_channel(connection, channel_id, reason, now)

        await self._writer.run(work)

    # Digests

    async def waiting_for_digests(self, channel_id: ChannelId | None = None) -> Sequence[Waiting]:
        """Return what waits for the digests of all channels, or of one."""
        return await self._reader.run(lambda c: digests.waiting(c, channel_id))

    async def make_digest(self, channel_id: ChannelId, now: datetime) -> DeliveryId | None:
        """Make what waits for a channel's digest a delivery, due now; None: nothing waits."""
        return await self._writer.run(lambda c: digests.make(c, channel_id, now))

    async def date_waiting(self, channel_id: ChannelId, now: datetime) -> None:
        """Let what a clock far ahead put into the future have come now."""
        await self._writer.run(lambda c: digests.date_waiting(c, channel_id, now))

    async def preview_digest(self, channel_id: ChannelId) -> Digest | None:
        """Return what a channel's digest would tell now; None where nothing waits."""
        return await self._reader.run(lambda c: digests.preview(c, channel_id))

    async def stop_digest(self, channel_id: ChannelId, now: datetime) -> tuple[int, bool]:
        """Let a channel's feeds tell each story by itself, and what waits in a last digest."""
        return await self._writer.run(lambda c: digests.stop(c, channel_id, now))

    # Channels

    async def channel_options(self, channel_id: ChannelId) -> ChannelOptions:
        """Return what a channel chose."""
        return await self._reader.run(lambda c: channels.options(c, channel_id))

    async def choose_for_channel(
        self, guild_id: GuildId, channel_id: ChannelId, wanted: ChannelOptions, now: datetime
    ) -> ChannelEdited | None:
        """Give a channel *wanted*; None where it has that already."""
        return await self._writer.run(
            lambda c: channels.choose(c, guild_id, channel_id, wanted, now)
        )

    async def undo_channel_edit(
        self, edit_id: ChannelEditId, guild_id: GuildId, now: datetime
    ) -> ChannelEdited | None:
        """Undo `choose_for_channel`; None: too late, changed since, or not this guild's."""
        return await self._writer.run(lambda c: channels.undo(c, edit_id, guild_id, now))

    async def held_channels(self, guild_id: GuildId) -> Sequence[HeldChannel]:
        """Return the guild's channels that wait for what somebody has to do."""
        return await self._reader.run(lambda c: tuple(holds.of_guild(c, guild_id)))

    async def move_channel(
        self, guild_id: GuildId, old: ChannelId, new: ChannelId, now: datetime
    ) -> Rehoused | None:
        """Let *new* follow what *old*, which is gone, did, and owe it what that was still owed."""
        return await self._writer.run(lambda c: rehousing.move(c, guild_id, old, new, now))

    # Servers

    async def leave_guild(self, guild_id: GuildId, now: datetime) -> None:
        """Note that Herald was put out: nothing is polled or sent for it, all is kept a while."""
        await self._writer.run(lambda c: leaving.leave(c, guild_id, now))

    async def return_to_guild(self, guild_id: GuildId, now: datetime) -> bool:
        """Note that Herald is in a guild; return whether it had been put out."""
        return await self._writer.run(lambda c: leaving.back(c, guild_id, now))

    async def note_guilds(self, guilds: Sequence[GuildId], now: datetime) -> tuple[int, int]:
        """Leave and return to guilds as need be, given all; return how many of each."""
        return await self._writer.run(lambda c: leaving.present(c, guilds, now))

    # Telling admins

    async def log_channel(self, guild_id: GuildId) -> ChannelId | None:
        """Return where a guild wants to be told of its feeds' health; None: nowhere."""
        return await self._reader.run(lambda c: guilds.log_channel(c, guild_id))

    async def set_log_channel(self, guild_id: GuildId, channel_id: ChannelId | None) -> None:
        """Choose where a guild is told of its feeds' health; None gives up what it is owed."""
        await self._writer.run(lambda c: guilds.set_log_channel(c, guild_id, channel_id))

    async def forget_log_channel(self, channel_id: ChannelId) -> None:
        """Unset a channel that is gone wherever it is the log channel."""
        await self._writer.run(lambda c: guilds.forget_log_channel(c, channel_id))

    async def claim_bulletins(self, now: datetime, lease: timedelta) -> Sequence[Bulletin]:
        """Take what the log channels are owed, of each guild the oldest."""
        if not await self._reader.run(lambda c: notices.is_any_due(c, now)):
            return ()
        return await self._writer.run(lambda c: notices.claim(c, now, lease))

    async def mark_told(self, bulletin_id: BulletinId, message_id: MessageId) -> None:
        """Record that a bulletin is in its channel."""
        await self._writer.run(lambda c: notices.mark_told(c, bulletin_id, message_id))

    async def retell_at(self, bulletin_id: BulletinId, due_at: datetime, reason: str) -> None:
        """Give a claimed bulletin back, due later."""
        await self._writer.run(lambda c: notices.retell_at(c, bulletin_id, due_at, reason))

    async def drop_bulletin(self, bulletin_id: BulletinId, reason: str) -> None:
        """Give a bulletin up for good."""
        await self._writer.run(lambda c: notices.abandon(c, bulletin_id, reason))

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

    # Reading

    async def search(self, request: SearchRequest, now: datetime) -> SearchPage:
        """Search titles and texts; any query ends in a page, if an empty one."""
        return await self._searcher.run(lambda c: search.search(c, self._index, request, now))

    async def gather(self, request: SearchRequest, terms: Sequence[str], now: datetime) -> Gathered:
        """Search for what may answer a question."""
        return await self._searcher.run(
            lambda c: asking.gather(c, self._index, request, terms, now)
        )

    async def latest(
        self, channels: frozenset[ChannelId] | None, feed_id: FeedId | None, limit: int
    ) -> Sequence[Hit]:
        """Return the newest entries, newest first; with *channels*, only those posted there."""
        return await self._searcher.run(lambda c: search.latest(c, channels, feed_id, limit))

    async def why(self, channel_id: ChannelId, message_id: MessageId) -> Why | None:
        """Return what a post is made of; None where that message is no post of ours."""
        return await self._reader.run(lambda c: reasons.why(c, channel_id, message_id))

    # Stories

    async def split_story(
        self,
        entry_id: EntryId,
        ruled_by: UserId | None,
        now: datetime,
        *,
        guild_id: GuildId | None = None,
    ) -> Split | None:
        """Make an entry a story of its own, for good; None where it is one, or not there."""
        return await self._writer.run(lambda c: rulings.split(c, entry_id, guild_id, ruled_by, now))

    async def merge_stories(
        self, source: StoryId, target: StoryId, ruled_by: UserId | None, now: datetime
    ) -> bool:
        """Put all entries of *source* into *target*, for good; return whether both are there."""
        return await self._writer.run(lambda c: rulings.merge(c, source, target, ruled_by, now))

    async def post_story(self, story_id: StoryId, channel_id: ChannelId, now: datetime) -> bool:
        """Owe a channel the post of a story that a split left without one."""
        return await self._writer.run(lambda c: rulings.post_alone(c, story_id, channel_id, now))

    async def recent_stories(
        self, channels: frozenset[ChannelId], limit: int
    ) -> Sequence[StoryLine]:
        """Return the stories of which channels were told last, the newest first."""
        return await self._reader.run(lambda c: tellings.recent(c, channels, limit))

    async def told_story(
        self, story_id: StoryId, channels: frozenset[ChannelId]
    ) -> ToldStory | None:
        """Return what channels were told of a story; None where nothing."""
        return await self._reader.run(lambda c: tellings.story(c, story_id, channels))

    async def stories_in(self, channel_id: ChannelId, message_id: MessageId) -> Sequence[StoryId]:
        """Return the stories that a message tells; none where it is no post of ours."""
        return await self._reader.run(lambda c: tellings.of_message(c, channel_id, message_id))

    async def stories(self, after: StoryId, limit: int) -> Sequence[StoryEntries]:
        """Return the *limit* stories from the one after *after*, by id."""
        return await self._searcher.run(lambda c: stories.told(c, after, limit))

    # Members

    async def remember_query(
        self, user_id: UserId, guild_id: GuildId, text: str, now: datetime
    ) -> None:
        """Note what a member searched for."""
        await self._writer.run(lambda c: members.remember_query(c, user_id, guild_id, text, now))

    async def recent_queries(
        self, user_id: UserId, guild_id: GuildId | None = None
    ) -> Sequence[AskedBefore]:
        """Return what a member searched for, the latest first."""
        return await self._reader.run(lambda c: members.recent_queries(c, user_id, guild_id))

    async def forget_queries(self, user_id: UserId) -> int:
        """Delete what a member searched for; return how many searches."""
        return await self._writer.run(lambda c: members.forget_queries(c, user_id))

    # Housekeeping

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        return await self._reader.run(lambda c: facts.recall(c, key))

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact."""
        await self._writer.run(lambda c: facts.remember(c, key, value))

    async def tidy(self, now: datetime) -> None:
        """Forget old checks and aliases, and subscriptions that can no longer be brought back."""

        def work(connection: sqlite3.Connection) -> None:
            feeds.forget_old_checks(connection, now)
            subscriptions.purge_removed(connection, now)
            edits.forget_old(connection, now)
            members.forget_old(connection, now)
            channels.forget_old_edits(connection, now)
            errands.forget_old(connection, now)
            notices.forget_old(connection, now)
            repairs.forget_switches(connection, now)
            holds.forget_old(connection, now)
            leaving.purge(connection, now)

        await self._writer.run(work)
        await self._forget_aliases(now)
        await self._merge_index()
        # Lets the query planner see how the tables have grown; cheap where they have not.
        await self._writer.pragma("PRAGMA optimize")

    async def _forget_aliases(self, now: datetime) -> None:
        """Forget old aliases once a day, some feeds at a time: nobody waits for the writer long."""
        last = await self.recall(_ALIASES_TIDIED)
        if last is not None and now - datetime.fromisoformat(last) < timedelta(days=1):
            return
        after: int | None = 0
        while after is not None:
            after = await self._writer.run(
                partial(polls.forget_old_aliases, after=after, limit=_TIDY_BATCH)
            )
        await self.remember(_ALIASES_TIDIED, now.isoformat())

    async def _merge_index(self) -> None:
        """Merge the full-text index once the archive has grown by a tenth; others write between."""
        newest_id = await self._reader.run(entries.newest_id)
        merged_at = int(await self.recall(_MERGED_AT) or 0)
        if newest_id - merged_at < max(_MERGED_MIN, newest_id // 10):
            return
        is_first = is_left = True
        while is_left:
            began = time.monotonic()
            is_left = await self._writer.run(partial(self._index.merge_some, is_first=is_first))
            is_first = False
            await asyncio.sleep(time.monotonic() - began)
        await self.remember(_MERGED_AT, str(newest_id))

    async def health(self) -> StorageHealth:
        """Return facts about the database."""
        return await self._reader.run(lambda c: facts.health(c, self._path))
