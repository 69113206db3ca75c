"""Move to …: a menu of channels in the bulletin of one that was deleted. Works across restarts."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.errors import UserError
from bot.frontend.errors import answer_error
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import (
    Target,
    guild_of,
    member_of,
    require_manager,
    require_postable,
)
from bot.news.models import ChannelId, GuildId, HeldChannel

MENUS_MAX = 4  # rows of a message are five, and the first is for the other buttons

_View = discord.ui.View
_KINDS = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.media,
    discord.ChannelType.public_thread,
]


class MoveChannel(
    discord.ui.DynamicItem["discord.ui.ChannelSelect[_View]"], template=r"move:(?P<id>\d{1,19})"
):
    """Let the chosen channel follow what a deleted one did; that one's id is in the menu."""

    def __init__(self, channel_id: ChannelId, menu: "discord.ui.ChannelSelect[_View]") -> None:
        super().__init__(menu)
        self._channel_id = channel_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the menu that was used."""
        if not isinstance(item, discord.ui.ChannelSelect):
            raise TypeError(f"{type(item).__name__} is no menu of channels")
        return cls(ChannelId(int(match["id"])), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Move, and tell the one who chose."""
        # discord.py only logs what a dynamic item raises, so errors are answered here.
        try:
            await self._move(interaction)
        except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
            await answer_error(interaction, error)

    async def _move(self, interaction: discord.Interaction) -> None:
        require_manager(interaction)
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = guild.get_channel_or_thread(self.item.values[0].id)
        if not isinstance(chosen, Target):
            raise UserError(
                "Herald cannot post in that channel, or not see it. Let it, or choose another."
            )
        require_postable(chosen, member_of(interaction))
        moved = await client_of(interaction).whereabouts.move(
            GuildId(guild.id), self._channel_id, ChannelId(chosen.id)
        )
        feeds = f"{moved.feeds} feed" + ("" if moved.feeds == 1 else "s")
        waiting = (
            f", and gets the {moved.posts} that waited" if moved.posts else "; nothing had waited"
        )
        await interaction.edit_original_response(
            content=f"{chosen.mention} follows {feeds} now{waiting}. Role pings and quiet hours "
            "of the old channel do not come along; `/feed edit` and `/settings channel` set them."
        )


def add_menus(view: _View, holds: Sequence[HeldChannel]) -> None:
    """Add a menu for each channel that was deleted, as far as there is room."""
    gone = [held for held in holds if held.kind == "gone"]
    for held in gone[:MENUS_MAX]:
        name = held.follows[0] if len(gone) > 1 and held.follows else ""
        menu: discord.ui.ChannelSelect[_View] = discord.ui.ChannelSelect(
            channel_types=_KINDS,
            placeholder=f"Move {name[:80]} … to …" if name else "Move to …",
            custom_id=f"move:{held.channel_id}",
        )
        view.add_item(MoveChannel(held.channel_id, menu))
