"""Choose for channels: what admins do with /settings channel."""

from bot.errors import UserError
from bot.news.channels import ChannelEdited, ChannelEditId, ChannelOptions
from bot.news.models import ChannelId, GuildId
from bot.news.ports import Channels, Clock


class Steward:
    """The use cases of a channel's options."""

    def __init__(self, storage: Channels, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def options(self, channel_id: ChannelId) -> ChannelOptions:
        """Return what a channel chose."""
        return await self._storage.channel_options(channel_id)

    async def choose(
        self, guild_id: GuildId, channel_id: ChannelId, wanted: ChannelOptions
    ) -> ChannelEdited | None:
        """Give a channel *wanted*; None where it has that already."""
        return await self._storage.choose_for_channel(
            guild_id, channel_id, wanted, self._clock.now()
        )

    async def undo(self, guild_id: GuildId, edit_id: ChannelEditId) -> ChannelEdited:
        """Undo a choice. Raises UserError where that cannot be done any more."""
        undone = await self._storage.undo_channel_edit(edit_id, guild_id, self._clock.now())
        if undone is None:
            raise UserError(
                "This can no longer be undone: it was longer than 15 minutes ago, or the channel's "
                "settings were changed again. /settings channel shows and changes them."
            )
        return undone
