"""The port ``Subscriptions``: which channels follow which feeds, and how."""

from collections.abc import Sequence
from datetime import datetime

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
from bot.storage.sqlite import (
    edits,
    entries,
    subscriptions,
)
from bot.storage.sqlite.roles.lanes import Lanes


class FollowingRole(Lanes):
    """What those who follow feeds ask for."""

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
