"""Make digests when they are due, and what admins do with /digest."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.news.channels import ChannelOptions
from bot.news.digest import Waiting, next_at
from bot.news.models import ChannelId, GuildId, Mode, Post
from bot.news.pace import quiet_until
from bot.news.ports import Clock, Storage
from bot.news.posts import compose_digest

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestState:
    """How it stands with a channel's digest.

    ``next_at``: when the next comes, where something waits or comes until then; ``feeds``: how many
    are told in it; ``waiting``: entries that it will tell so far.
    """

    options: ChannelOptions
    next_at: datetime
    feeds: int
    waiting: int


class Digester:
    """Makes digests of what waits for them. The deliverer sends them, like any other delivery.

    What waits says when: nothing else is planned, so that a restart or a clock that jumps neither
    repeats nor loses one.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def make_due(self) -> int:
        """Make the digests that are due now; return how many."""
        now = self._clock.now()
        made = 0
        for waiting in await self._storage.waiting_for_digests():
            if waiting.oldest_at > now:
                await self._storage.date_waiting(waiting.channel_id, now)
            elif waiting.due_at(now) <= now:
                made += await self._make(waiting, now)
        return made

    async def _make(self, waiting: Waiting, now: datetime) -> bool:
        delivery_id = await self._storage.make_digest(waiting.channel_id, now)
        if delivery_id is None:
            return False
        log.info(
            "digest.made",
            delivery=delivery_id,
            channel=waiting.channel_id,
            entries=waiting.entries,
        )
        return True

    async def state(self, guild_id: GuildId, channel_id: ChannelId) -> DigestState:
        """Return how it stands with a channel's digest."""
        now = self._clock.now()
        options = await self._storage.channel_options(channel_id)
        waiting = await self._storage.waiting_for_digests(channel_id)
        rows = await self._storage.followings(guild_id, now, channel_id)
        at = waiting[0].due_at(now) if waiting else next_at(options, now)
        at = max(at, now)
        return DigestState(
            options=options,
            next_at=quiet_until(options, at) or at,
            feeds=sum(row.subscription.mode is Mode.DIGEST for row in rows),
            waiting=sum(each.entries for each in waiting),
        )

    async def preview(self, channel_id: ChannelId) -> Post | None:
        """Return the digest as it would be posted now; None where nothing waits."""
        digest = await self._storage.preview_digest(channel_id)
        return None if digest is None else compose_digest(digest)

    async def post_now(self, channel_id: ChannelId) -> bool:
        """Make the digest now; return whether anything waited."""
        now = self._clock.now()
        waiting = await self._storage.waiting_for_digests(channel_id)
        return any([await self._make(each, now) for each in waiting])

    async def stop(self, channel_id: ChannelId) -> tuple[int, bool]:
        """Have no digest any more: its feeds tell each story again, what waits comes in a last one.

        Return how many feeds that are, and whether anything waited.
        """
        return await self._storage.stop_digest(channel_id, self._clock.now())
