"""Where Herald may post: permissions that change, channels that go, servers that come and go."""

from collections.abc import Callable, Sequence

import structlog

from bot.errors import UserError
from bot.news.models import ChannelId, GuildId, Rehoused
from bot.news.ports import Clock, Storage

log = structlog.get_logger()


class Whereabouts:
    """What Discord tells of servers and channels. ``on_freed``: something can be sent again."""

    def __init__(
        self, storage: Storage, clock: Clock, on_freed: Callable[[], None] = lambda: None
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._on_freed = on_freed

    async def permissions_changed(self, guild_id: GuildId) -> None:
        """Try at once what the server's channels are held for."""
        if channels := await self._storage.try_held(guild_id, self._clock.now()):
            log.info("channel.retried", guild=guild_id, channels=channels)
            self._on_freed()

    async def channel_deleted(self, channel_id: ChannelId) -> None:
        """Pause what follows in a channel and keep what it is owed, for another one."""
        await self._storage.hold_channel(channel_id, self._clock.now(), "The channel was deleted.")

    async def move(self, guild_id: GuildId, old: ChannelId, new: ChannelId) -> Rehoused:
        """Let another channel follow, and get, what a deleted one did. Raises UserError."""
        moved = await self._storage.move_channel(guild_id, old, new, self._clock.now())
        if moved is None:
            raise UserError("That was moved already. /feed list shows what each channel follows.")
        log.info("channel.moved", guild=guild_id, channel=old, to=new, feeds=moved.feeds)
        self._on_freed()
        return moved

    async def left(self, guild_id: GuildId) -> None:
        """Keep what a server chose for a while, and do nothing for it."""
        await self._storage.leave_guild(guild_id, self._clock.now())

    async def joined(self, guild_id: GuildId) -> None:
        """Go on where a server that put Herald out takes it back."""
        if await self._storage.return_to_guild(guild_id, self._clock.now()):
            self._on_freed()

    async def present(self, guilds: Sequence[GuildId]) -> None:
        """Take note of all servers that Herald is in: some may have changed while it was away."""
        left, back = await self._storage.note_guilds(guilds, self._clock.now())
        if left or back:
            log.info("guild.counted", servers=len(guilds), left=left, back=back)
        if back:
            self._on_freed()
