"""Feeds that heal themselves: look for another address, tell silences, move a guild over.

::

    mend_due ─► feeds whose address gives no feed any more ─► discover on their sites ─► remedy
             └► feeds silent against their own rhythm ─► notice
    propose  ─► the remedy, read and composed as it will be posted
    switch   ─► subscriptions follow the new feed; what it holds is marked seen
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from bot.errors import FeedError, NotFollowed, UserError
from bot.news.cadence import Pace
from bot.news.health import silence
from bot.news.identity import feed_key
from bot.news.models import (
    Feed,
    FeedId,
    Fetched,
    Following,
    GuildId,
    Known,
    Refresh,
    Remedy,
    Repairs,
    Switched,
    SwitchId,
)
from bot.news.ports import Clock, Source, Storage
from bot.news.refresh import aliases_of, plan_refresh
from bot.services.follow import Follower
from bot.services.look import Proposal

log = structlog.get_logger()

LOOK_AGAIN_AFTER = timedelta(days=1)
AT_A_TIME = 4  # sites looked at in one round, one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a guild may switch to, and what would move."""

    old: Feed
    rows: tuple[Following, ...]  # the guild's subscriptions to the old feed, at least one
    proposal: Proposal


class Healer:
    """Mends feeds. ``random`` gives numbers in [0, 1) that spread polls."""

    def __init__(
        self,
        storage: Storage,
        source: Source,
        follower: Follower,
        clock: Clock,
        *,
        pace: Pace,
        random: Callable[[], float],
    ) -> None:
        self._storage = storage
        self._source = source
        self._follower = follower
        self._clock = clock
        self._pace = pace
        self._random = random

    def now(self) -> datetime:
        """Return the present."""
        return self._clock.now()

    async def mend_due(self) -> int:
        """Tell new silences, look after a few feeds in trouble; return how many remedies came."""
        now = self._clock.now()
        for feed in await self._storage.silent_feeds(now):
            if (words := silence(feed, now)) is not None:
                log.warning("feed.silent", feed=feed.id, url=feed.public_url, words=words)
                await self._storage.tell_silence(feed.id, f"It is quiet: {words}.", now)
        found = 0
        for feed in await self._storage.feeds_to_mend(now - LOOK_AGAIN_AFTER, AT_A_TIME):
            remedy = await self._look(feed)
            await self._storage.store_remedy(feed.id, remedy, self._clock.now())
            log.info(
                "feed.mended" if remedy else "feed.unmended", feed=feed.id, url=feed.public_url
            )
            found += remedy is not None
        return found

    async def repairs(self, feed_id: FeedId) -> Repairs:
        """Return what was done about a feed."""
        return (await self._storage.repairs([feed_id])).get(feed_id, Repairs())

    async def offer(self, guild_id: GuildId, feed_id: FeedId) -> Offer:
        """Read the remedy of a feed that the guild follows, for a preview.

        Raises UserError where there is nothing to switch to, FeedError where it fails by now.
        """
        rows = await self.rows(guild_id, feed_id)
        remedy = (await self.repairs(feed_id)).remedy
        if remedy is None:
            raise UserError(
                f"There is nothing to switch to: “{rows[0].subscription.name}” works again, or "
                "its site offers no other feed any more."
            )
        name = rows[0].subscription.name
        proposal = await self._follower.look(remedy.url, name=name)
        return Offer(old=rows[0].feed, rows=tuple(rows), proposal=proposal)

    async def rows(self, guild_id: GuildId, feed_id: FeedId) -> Sequence[Following]:
        """Return the guild's subscriptions to a feed, one at least. Raises NotFollowed."""
        rows = [row for row in await self._follower.followings(guild_id) if row.feed.id == feed_id]
        if not rows:
            raise NotFollowed(
                "This server does not follow that feed any more.", wanted=str(feed_id)
            )
        return rows

    async def pause(self, guild_id: GuildId, feed_id: FeedId) -> Sequence[Following]:
        """Pause a feed in every channel of the guild; return the rows. Raises NotFollowed."""
        rows = await self.rows(guild_id, feed_id)
        for row in rows:
            if not row.subscription.is_paused:  # its end, where it has one, stays
                await self._follower.pause(row)
        return rows

    async def switch(self, guild_id: GuildId, offer: Offer) -> Switched:
        """Move the guild's subscriptions to the offered feed. Nothing that it holds is posted.

        Raises NotFollowed where there is nothing to move any more.
        """
        refresh = await self._seen(offer.old, offer.proposal.found)
        switched = await self._storage.switch(refresh, offer.old.id, guild_id, self._clock.now())
        if switched is None:
            raise NotFollowed(
                "There is nothing to move any more: this server follows that feed no longer.",
                wanted=offer.old.url,
            )
        log.info("feed.switched", feed=offer.old.id, to=switched.new.id, guild=guild_id)
        return switched

    async def switch_back(self, guild_id: GuildId, switch_id: SwitchId) -> Switched:
        """Undo a switch. Raises UserError when the time for that is over."""
        switched = await self._storage.switch_back(switch_id, guild_id, self._clock.now())
        if switched is None:
            raise UserError(
                "It was switched more than 15 minutes ago, or back already. Use /feed add and "
                "/feed remove to change it by hand."
            )
        log.info("feed.switched_back", feed=switched.old.id, guild=guild_id)
        return switched

    async def _look(self, feed: Feed) -> Remedy | None:
        """Return the best working feed that the feed's site offers under another address."""
        for site in _sites(feed):
            try:
                discovery = await self._source.discover(site)
            except (FeedError, UserError) as error:
                log.info("site.without_feed", feed=feed.id, site=site, reason=str(error))
                continue
            others = [
                found
                for found in discovery.feeds
                if feed_key(found.url) != feed_key(feed.url) and found.feed.entries
            ]
            if others:
                best = await self._most_alike(feed, others)
                return Remedy(url=best.url, title=best.feed.title or best.url)
        return None

    async def _most_alike(self, feed: Feed, offered: Sequence[Fetched]) -> Fetched:
        """Return the feed that brings most of what *feed* brought; the site's first, if none."""
        shares = []
        for found in offered:
            known = await self._storage.known(feed.id, aliases_of(found, feed.url))
            met = {alias.entry_id for alias in known.aliases.values()}
            shares.append(len(met) / len(found.feed.entries))
        return offered[shares.index(max(shares))]

    async def _seen(self, old: Feed, found: Fetched) -> Refresh:
        """Return the first refresh of the new feed, what either feed knows being known."""
        now = self._clock.now()
        new = await self._storage.ensure_feed(found.url, found.feed, now)
        aliases = aliases_of(found, new.url)
        ours = await self._storage.known(new.id, aliases)
        theirs = await self._storage.known(old.id, aliases)
        known: Known = replace(ours, aliases={**theirs.aliases, **ours.aliases})
        return plan_refresh(new, found, known, now, pace=self._pace, jitter=self._random())


def _sites(feed: Feed) -> tuple[str, ...]:
    """Return where the feed's publisher may tell of its feeds: its site, and its host's front."""
    parts = urlsplit(feed.url)
    front = f"{parts.scheme}://{parts.netloc}/"
    return tuple(dict.fromkeys(filter(None, (feed.site_url, front))))
