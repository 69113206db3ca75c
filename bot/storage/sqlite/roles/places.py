"""The ports ``Channels``, ``Guilds`` and ``Bulletins``: where Herald posts, and whom it tells."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.news.channels import ChannelEdited, ChannelEditId, ChannelOptions
from bot.news.models import (
    Bulletin,
    BulletinId,
    ChannelId,
    GuildId,
    HeldChannel,
    MessageId,
    Rehoused,
)
from bot.storage.sqlite import (
    channels,
    guilds,
    holds,
    leaving,
    notices,
    rehousing,
)
from bot.storage.sqlite.roles.lanes import Lanes


class PlacesRole(Lanes):
    """What stands in for servers and their channels."""

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
