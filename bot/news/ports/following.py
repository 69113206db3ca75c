"""Storage of subscriptions. Each method is one transaction; raises StorageError."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.news.models import (
    ChannelId,
    Choices,
    Edited,
    EditId,
    Entry,
    FeedId,
    Followed,
    Following,
    GuildId,
    Mode,
    NewSubscription,
    Refresh,
    Resumed,
    SubscriptionId,
)


class Subscriptions(Protocol):
    """Who follows what, and how they wish to be told."""

    async def follow(self, refresh: Refresh, wish: NewSubscription, now: datetime) -> Followed:
        """Apply *refresh* and subscribe, with deliveries of the newest ``backfill`` stories.

        Raises AlreadyFollowed. A subscription removed before is brought back under the new name.
        """
        ...

    async def followings(
        self, guild_id: GuildId, now: datetime, channel_id: ChannelId | None = None
    ) -> Sequence[Following]:
        """Return what a guild (or one channel) follows, by name."""
        ...

    async def following(self, subscription_id: SubscriptionId, now: datetime) -> Following | None:
        """Return one subscription, removed ones included while they can be brought back."""
        ...

    async def followers(self, feed_id: FeedId, now: datetime) -> Sequence[Following]:
        """Return who follows a feed, in the order they came."""
        ...

    async def edit(
        self, subscription_id: SubscriptionId, wanted: Choices, now: datetime
    ) -> Edited | None:
        """Change what was chosen of a subscription; what it owes stays with the channel it has.

        None where it is not there or nothing changes. Raises AlreadyFollowed where the channel to
        move to follows the feed already.
        """
        ...

    async def undo_edit(self, edit_id: EditId, guild_id: GuildId, now: datetime) -> Edited | None:
        """Undo `edit`, ``before`` and ``after`` named as there. Raises AlreadyFollowed.

        None: it was longer than UNDO_WINDOW ago, by another guild, or changed again since.
        """
        ...

    async def pause(
        self,
        subscription_id: SubscriptionId,
        now: datetime,
        *,
        until: datetime | None = None,
        catches_up: bool = False,
    ) -> None:
        """Keep new stories from the channel; queued ones are still sent.

        Until *until* or `resume`. Where it is paused already, it stays paused since then, with the
        new end.
        """
        ...

    async def resume(self, subscription_id: SubscriptionId, now: datetime) -> Resumed | None:
        """Let new stories through again; None where there is no such subscription.

        What was published meanwhile is owed where the pause was to catch up, the newest
        CATCH_UP_MAX as posts and the rest in one roundup; else it stays in the archive only.
        """
        ...

    async def resume_due(self, now: datetime) -> Sequence[Resumed]:
        """Resume the subscriptions whose pause is over."""
        ...

    async def remove(self, subscription_id: SubscriptionId, now: datetime) -> None:
        """Take a subscription away, and with it what it still owes the channel."""
        ...

    async def restore(self, subscription_id: SubscriptionId) -> None:
        """Bring back a removed subscription and what it still owed. Unknown ids are ignored."""
        ...

    async def queue_newest(self, subscription_id: SubscriptionId, limit: int, now: datetime) -> int:
        """Owe a channel the newest stories of the feed it follows; return how many were not yet."""
        ...

    async def set_mode(
        self, subscription_id: SubscriptionId, mode: Mode, *, suppress_same_link: bool = True
    ) -> None:
        """Choose how the channel is told of what comes from now on. Unknown ids are ignored.

        In mode EACH, *suppress_same_link* keeps back what links where the channel was led lately.
        """
        ...

    async def entries(self, feed_id: FeedId, limit: int) -> Sequence[Entry]:
        """Return the newest entries of a feed, newest first."""
        ...
