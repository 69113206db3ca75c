"""Storage of what channels are owed. Each method is one transaction; raises StorageError."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

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


class Outbox(Protocol):
    """What channels are owed, from due to sent."""

    async def claim_deliveries(
        self, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claim]:
        """Take due deliveries for sending; nobody else gets them until *lease* is over.

        At most one per channel, the oldest unsent: a channel's posts stay in order. Where nothing
        is unsent, the oldest post whose entry was edited, to edit its message. In a channel's quiet
        hours, and once its messages of the hour are used up, only edits. Of many posts due at once
        in a channel several are claimed as a bundle, for one message; see `settle_bundle`.
        Where quiet hours or an hour's budget kept several posts back, they are claimed as a digest.
        """
        ...

    async def release_leases(self) -> int:
        """Make every claimed delivery and bulletin due again, for the start of the only process.

        Return how many deliveries.
        """
        ...

    async def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery can be claimed, or None where nothing waits.

        As if no channel had quiet hours or a budget.
        """
        ...

    async def store_article(self, entry_id: EntryId, article: Article) -> None:
        """Keep an entry's article and index its text."""
        ...

    async def store_summary(
        self, entry: Entry, summary: Summary, length: Length = Length.NORMAL
    ) -> Summary:
        """Keep an entry's summary unless it has one; return the one that stands.

        One for each length: channels that want another get their own.

        Channels that make it at the same time post the same one, and so does every attempt.
        *entry*: as it was claimed; a summary of what it no longer says is not kept.
        """
        ...

    async def decide_ping(
        self, delivery_id: DeliveryId, ping: Ping | None, now: datetime
    ) -> RoleId | None:
        """Keep whom a post calls, unless that was decided; return what stands.

        Nobody: with None, and where *ping* is to rest since another post of the channel called that
        role, or is about to. Every attempt calls the same.
        """
        ...

    async def mark_sent(
        self,
        delivery_id: DeliveryId,
        message_id: MessageId,
        now: datetime,
        *,
        was_found: bool = False,
    ) -> None:
        """Record that the story is in the channel, and with a roundup all that it tells.

        An edit is due at once where the entry changed since it was first claimed. *was_found*: it
        was there when somebody looked.
        """
        ...

    async def claim_errands(self, now: datetime, limit: int) -> Sequence[Errand]:
        """Return what is to be done now with posts that are in their channels.

        Of posts that wait to be published, each channel's most important, within its allowance.
        What waited for over ERRAND_MAX_AGE is given up. Not done, they are returned again.
        """
        ...

    async def finish_errand(self, errand: Errand, now: datetime) -> None:
        """Record that an errand is done."""
        ...

    async def put_off_errand(self, errand: Errand, due_at: datetime, reason: str) -> None:
        """Do an errand later, and with it all of its kind that wait in its channel."""
        ...

    async def refuse_errand(
        self, errand: Errand, due_at: datetime, reason: str, now: datetime
    ) -> None:
        """Put an errand off for want of a permission, and have the log channel told once."""
        ...

    async def drop_errand(self, errand: Errand, reason: str) -> None:
        """Give an errand up."""
        ...

    async def mark_edited(self, delivery_id: DeliveryId, now: datetime) -> None:
        """Record that the message says what its entry says, unless that changed once more."""
        ...

    async def leave_as_posted(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give up editing a post, now and for good."""
        ...

    async def settle_bundle(self, delivery_id: DeliveryId, size: int) -> None:
        """Make the first *size* posts of a claimed bundle final, and give the others back.

        To be done before it is published: from then on each attempt has the same posts, and
        `mark_sent`, `retry_at` and `hold` of the first one are for all. A bundle that was not
        settled comes apart when it is claimed again.
        """
        ...

    async def dissolve_bundle(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give the posts of a claimed bundle back, due later, to go one by one."""
        ...

    async def retry_at(
        self,
        delivery_id: DeliveryId,
        due_at: datetime,
        reason: str,
        *,
        may_be_there: bool = True,
    ) -> None:
        """Give a claimed delivery back, due later; an edit is dropped once its post is too old.

        *may_be_there*: whether this attempt, or one before it, may have put it in the channel.
        """
        ...

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
        """Give a claimed delivery back that waits for what somebody has to do.

        Its channel waits with it, and its guild's log channel is owed one notice. It is looked at
        again at *due_at*, or sooner after `try_held`.
        """
        ...

    async def try_held(self, guild_id: GuildId, now: datetime) -> int:
        """Make what a guild's channels are held for due at once; return how many deliveries."""
        ...

    async def abandon(self, delivery_id: DeliveryId, reason: str) -> None:
        """Give a delivery up for good."""
        ...

    async def hold_channel(self, channel_id: ChannelId, now: datetime, reason: str) -> None:
        """Pause every subscription of a channel that is gone and hold what it is owed.

        Its edits are given up, and its guild's log channel is owed one notice.
        """
        ...


class Digests(Protocol):
    """What waits for a channel's digest."""

    async def waiting_for_digests(self, channel_id: ChannelId | None = None) -> Sequence[Waiting]:
        """Return what waits for the digests of all channels, or of one; none that have nothing."""
        ...

    async def make_digest(self, channel_id: ChannelId, now: datetime) -> DeliveryId | None:
        """Make what waits for a channel's digest one delivery, due now; None: nothing waits.

        Done again it changes nothing, unless something has come since. A digest that is owed and
        not in the channel yet takes it in.
        """
        ...

    async def date_waiting(self, channel_id: ChannelId, now: datetime) -> None:
        """Let what waits for a channel's digest and came in the future, by a wrong clock, come now.

        When it is due is counted from then.
        """
        ...

    async def preview_digest(self, channel_id: ChannelId) -> Digest | None:
        """Return what a channel's digest would tell if it were made now; None: nothing waits."""
        ...

    async def stop_digest(self, channel_id: ChannelId, now: datetime) -> tuple[int, bool]:
        """Put a channel's feeds in mode DIGEST into mode STORY, and make a last digest.

        Return how many feeds that were, and whether anything waited.
        """
        ...
