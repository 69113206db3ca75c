"""Follow feeds: what admins do with /feed and operators with `herald feeds`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.errors import NotFollowed, UserError
from bot.news.cadence import Pace, replanned
from bot.news.channels import ChannelOptions
from bot.news.digest import Waiting
from bot.news.models import (
    UNDO_WINDOW,
    ChannelId,
    Check,
    Choices,
    Edited,
    EditId,
    FeedId,
    Fetched,
    Followed,
    Following,
    GuildId,
    Length,
    NewSubscription,
    Post,
    Refresh,
    Resumed,
    SubscriptionId,
)
from bot.news.ports import Clock, Storage
from bot.news.refresh import aliases_of, plan_refresh
from bot.services.look import Looker, Proposal
from bot.services.poll import FeedPoll, Poller

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCard:
    """All that /feed show tells."""

    following: Following
    checks: tuple[Check, ...]
    options: ChannelOptions = field(default_factory=ChannelOptions)  # of its channel
    waiting: Waiting | None = None  # what the channel's digest will tell


class Follower:
    """The use cases of following."""

    def __init__(
        self,
        storage: Storage,
        looker: Looker,
        poller: Poller,
        clock: Clock,
        *,
        pace: Pace,
        random: Callable[[], float],
        on_recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._looker = looker
        self._poller = poller
        self._clock = clock
        self._pace = pace
        self._random = random
        self._on_recorded = on_recorded

    async def look(
        self, url: str, *, name: str | None = None, channel_id: ChannelId | None = None
    ) -> Proposal:
        """Find the feed behind *url*, for a channel; see `Looker.look`."""
        return await self._looker.look(url, name=name, length=await self._length(channel_id))

    async def propose(
        self, found: Fetched, *, name: str | None = None, channel_id: ChannelId | None = None
    ) -> Proposal:
        """Compose a document's newest entry as it would be posted in a channel."""
        length = await self._length(channel_id)
        return await self._looker.propose(found, name=name, length=length)

    async def _length(self, channel_id: ChannelId | None) -> Length:
        if channel_id is None:
            return Length.NORMAL
        return (await self._storage.channel_options(channel_id)).length

    async def add(self, proposal: Proposal, wish: NewSubscription) -> Followed:
        """Follow a proposed feed: all its entries are marked seen, the newest ``backfill`` queued.

        Raises AlreadyFollowed.
        """
        return await self.follow(proposal.found, wish)

    async def follow(self, found: Fetched, wish: NewSubscription) -> Followed:
        """Follow a document's feed, as `add` does."""
        followed = await self._storage.follow(
            await self._first_refresh(found, wish), wish, self._clock.now()
        )
        self._on_recorded()
        return followed

    async def post_newest(self, following: Following, count: int = 1) -> int:
        """Queue the newest entries of a followed feed; return how many were not posted yet."""
        queued = await self._storage.queue_newest(
            following.subscription.id, count, self._clock.now()
        )
        self._on_recorded()
        return queued

    async def keep(self, found: Fetched) -> FeedId:
        """Poll a document's feed for the archive, without a channel."""
        refresh = await self._first_refresh(found)
        await self._storage.record(refresh)
        await self._storage.keep_feed(refresh.feed_id, is_kept=True)
        return refresh.feed_id

    async def _first_refresh(self, found: Fetched, wish: NewSubscription | None = None) -> Refresh:
        now = self._clock.now()
        feed = await self._storage.ensure_feed(found.url, found.feed, now)
        known = await self._storage.known(feed.id, aliases_of(found, feed.url))
        if wish is not None:
            is_first = not known.channels and not feed.is_kept
            wishes = known.wishes.joined_by(wish.every_s, is_first=is_first)
            known = replace(known, wishes=wishes)
        return plan_refresh(feed, found, known, now, pace=self._pace, jitter=self._random())

    async def followings(
        self, guild_id: GuildId, channel_id: ChannelId | None = None
    ) -> Sequence[Following]:
        """Return what a guild, or one of its channels, follows."""
        return await self._storage.followings(guild_id, self._clock.now(), channel_id)

    async def find(
        self,
        guild_id: GuildId,
        wanted: str,
        *,
        nearest_to: ChannelId | None = None,
        within: frozenset[ChannelId] | None = None,
    ) -> Following:
        """Return the following that *wanted* means: a subscription id, a name, or a URL.

        Where several channels follow it under that name, the one in *nearest_to* wins; with
        *within*, those of other channels do not exist. Raises NotFollowed.
        """
        rows = await self.followings(guild_id)
        if within is not None:
            rows = [row for row in rows if row.subscription.channel_id in within]
        text = wanted.strip()
        for matches in (
            [r for r in rows if str(r.subscription.id) == text],
            [r for r in rows if r.subscription.name.casefold() == text.casefold()],
            [r for r in rows if text in {r.feed.url, r.feed.site_url}],
            [r for r in rows if text and text.casefold() in r.subscription.name.casefold()],
        ):
            here = [r for r in matches if r.subscription.channel_id == nearest_to]
            if here or matches:
                return (here or matches)[0]
        raise NotFollowed(
            f"No feed here goes by “{text[:80]}”. Pick one from the list that appears while "
            "you type, or see /feed list.",
            wanted=text,
        )

    async def following(self, subscription_id: SubscriptionId) -> Following | None:
        """Return a subscription, removed ones included while they can be brought back."""
        return await self._storage.following(subscription_id, self._clock.now())

    async def card(self, following: Following, checks: int = 5) -> FeedCard:
        """Return all there is to tell of a subscription."""
        last = await self._storage.checks(following.feed.id, checks)
        channel_id = following.subscription.channel_id
        waiting = await self._storage.waiting_for_digests(channel_id)
        return FeedCard(
            following=following,
            checks=tuple(last),
            options=await self._storage.channel_options(channel_id),
            waiting=waiting[0] if waiting else None,
        )

    async def sample(self, following: Following, count: int = 1) -> Sequence[Post]:
        """Compose the newest entries of a followed feed exactly as they would be posted."""
        entries = await self._storage.entries(following.feed.id, count)
        name = following.subscription.name
        length = await self._length(following.subscription.channel_id)
        read = [await self._looker.read(entry, following.feed, name, length) for entry in entries]
        return [it.post for it in read]

    async def check(self, following: Following) -> FeedPoll:
        """Poll the feed now."""
        return await self._poller.poll_feed(following.feed)

    async def edit(self, following: Following, wanted: Choices) -> Edited | None:
        """Change what was chosen of a subscription; None where nothing changes.

        The feed's next check is planned anew. Raises AlreadyFollowed where the channel to move to
        follows the feed already.
        """
        edited = await self._storage.edit(following.subscription.id, wanted, self._clock.now())
        if edited is not None:
            await self._replan(following.feed.id)
        return edited

    async def undo_edit(self, guild_id: GuildId, edit_id: EditId) -> Edited:
        """Undo `edit`. Raises UserError when that is no longer possible."""
        undone = await self._storage.undo_edit(edit_id, guild_id, self._clock.now())
        if undone is None:
            raise UserError(
                "This was changed more than 15 minutes ago, undone already, or changed again "
                "since. Use /feed edit to change it by hand."
            )
        following = await self.following(undone.subscription_id)
        if following is not None:
            await self._replan(following.feed.id)
        return undone

    async def pause(
        self, following: Following, *, until: datetime | None = None, catches_up: bool = False
    ) -> None:
        """Keep new stories from the channel, until *until* or `resume`."""
        await self._storage.pause(
            following.subscription.id, self._clock.now(), until=until, catches_up=catches_up
        )

    async def resume(self, following: Following) -> Resumed:
        """Let new stories through again; return what is posted of what the pause kept back.

        Raises NotFollowed where the subscription is gone meanwhile.
        """
        resumed = await self._storage.resume(following.subscription.id, self._clock.now())
        if resumed is None:
            raise NotFollowed(
                "This feed is no longer there; see /feed list.", wanted=following.feed.url
            )
        await self._replan(following.feed.id)
        self._on_recorded()
        return resumed

    async def resume_due(self) -> int:
        """Resume what was paused until now; return how many subscriptions."""
        resumed = await self._storage.resume_due(self._clock.now())
        for each in resumed:
            log.info(
                "feed.resumed",
                subscription=each.subscription_id,
                channel=each.channel_id,
                posted=each.posted,
                rolled_up=each.rolled_up,
            )
        if resumed:
            self._on_recorded()
        return len(resumed)

    async def _replan(self, feed_id: FeedId) -> None:
        """Let what people wish count from now on, not from the next poll."""
        feed = await self._storage.feed(feed_id)
        if feed is None:
            return
        wishes = (await self._storage.known(feed_id, ())).wishes
        planned = replanned(feed, self._clock.now(), self._pace, wishes, self._random())
        if planned is not None:
            await self._storage.replan(feed_id, *planned)

    async def remove(self, following: Following) -> datetime:
        """Take a subscription away; return until when it can be brought back."""
        now = self._clock.now()
        await self._storage.remove(following.subscription.id, now)
        return now + UNDO_WINDOW

    async def restore(self, subscription_id: SubscriptionId) -> Following:
        """Bring a removed subscription back. Raises NotFollowed when the time for that is over."""
        found = await self.following(subscription_id)
        if found is None:
            raise NotFollowed(
                "It was removed more than 15 minutes ago and can no longer be brought back. "
                "Use /feed add to follow it again.",
                wanted=str(subscription_id),
            )
        await self._storage.restore(subscription_id)
        self._on_recorded()
        return replace(found, is_removed=False)
