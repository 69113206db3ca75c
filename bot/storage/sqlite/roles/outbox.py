"""The ports ``Outbox`` and ``Digests``: what channels are owed, and what became of it."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.news.digest import Waiting
from bot.news.errands import Errand
from bot.news.models import (
    Article,
    ChannelId,
    Claim,
    DeliveryId,
    Digest,
    Entry,
    EntryId,
    GuildId,
    HoldKind,
    Length,
    MessageId,
    Ping,
    RoleId,
    Summary,
)
from bot.storage.sqlite import (
    bundles,
    claims,
    digests,
    entries,
    errands,
    holds,
    notices,
    outcomes,
    pings,
    subscriptions,
)
from bot.storage.sqlite.roles.lanes import Lanes


class OutboxRole(Lanes):
    """What the deliverer asks for."""

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
