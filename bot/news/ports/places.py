"""Storage of channels, of servers, and of what their admins are told.

Each method is one transaction; raises StorageError.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

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


class Channels(Protocol):
    """What is chosen for channels, and those that cannot be posted to."""

    async def channel_options(self, channel_id: ChannelId) -> ChannelOptions:
        """Return what a channel chose."""
        ...

    async def choose_for_channel(
        self, guild_id: GuildId, channel_id: ChannelId, wanted: ChannelOptions, now: datetime
    ) -> ChannelEdited | None:
        """Give a channel *wanted*; None where it has that already."""
        ...

    async def undo_channel_edit(
        self, edit_id: ChannelEditId, guild_id: GuildId, now: datetime
    ) -> ChannelEdited | None:
        """Undo `choose_for_channel`, ``before`` and ``after`` named as there.

        None: it was longer than UNDO_WINDOW ago, by another guild, or changed again since.
        """
        ...

    async def held_channels(self, guild_id: GuildId) -> Sequence[HeldChannel]:
        """Return the guild's channels that wait for what somebody has to do, the first first."""
        ...

    async def move_channel(
        self, guild_id: GuildId, old: ChannelId, new: ChannelId, now: datetime
    ) -> Rehoused | None:
        """Let *new* follow what *old*, which is gone, did, and owe it what that was still owed.

        None where *old* is not gone, is of another guild, or was moved already.
        """
        ...


class Guilds(Protocol):
    """Servers that come and go."""

    async def leave_guild(self, guild_id: GuildId, now: datetime) -> None:
        """Note that Herald was put out: nothing is polled or sent for it, all is kept for 30 days.

        `tidy` forgets it then.
        """
        ...

    async def return_to_guild(self, guild_id: GuildId, now: datetime) -> bool:
        """Note that Herald is in a guild; return whether it had been put out.

        What its channels were still owed becomes a roundup a feed, but for the newest few.
        """
        ...

    async def note_guilds(self, guilds: Sequence[GuildId], now: datetime) -> tuple[int, int]:
        """Leave and return to guilds as need be, given all; return how many of each."""
        ...


class Bulletins(Protocol):
    """What the log channels are owed."""

    async def log_channel(self, guild_id: GuildId) -> ChannelId | None:
        """Return where a guild wants to be told of its feeds' health; None: nowhere."""
        ...

    async def set_log_channel(self, guild_id: GuildId, channel_id: ChannelId | None) -> None:
        """Choose where a guild is told of its feeds' health; None gives up what it is owed."""
        ...

    async def forget_log_channel(self, channel_id: ChannelId) -> None:
        """Unset a channel that is gone wherever it is the log channel."""
        ...

    async def claim_bulletins(self, now: datetime, lease: timedelta) -> Sequence[Bulletin]:
        """Take what the log channels are owed, of each guild the oldest.

        Notices are made by `record`, one to each guild that follows the feed and has a log channel;
        what comes within minutes goes into one bulletin, and of a feed there is one a day.
        """
        ...

    async def mark_told(self, bulletin_id: BulletinId, message_id: MessageId) -> None:
        """Record that a bulletin is in its channel."""
        ...

    async def retell_at(self, bulletin_id: BulletinId, due_at: datetime, reason: str) -> None:
        """Give a claimed bulletin back, due later."""
        ...

    async def drop_bulletin(self, bulletin_id: BulletinId, reason: str) -> None:
        """Give a bulletin up for good."""
        ...
