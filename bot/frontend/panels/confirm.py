"""Ask before something is taken away."""

from collections.abc import Awaitable, Callable

import discord

from bot.frontend import limits
from bot.frontend.panels.panel import Panel
from bot.news.text import truncate


class ConfirmPanel(Panel):
    """A button that does it, named for what it does, and one that does not.

    *act* is called once, with the panel's interaction already deferred, and shows what came of it
    through `close`.
    """

    def __init__(
        self,
        owner_id: int,
        label: str,
        act: Callable[[discord.Interaction, "ConfirmPanel"], Awaitable[None]],
    ) -> None:
        super().__init__(owner_id)
        self._act = act
        self.confirm.label = truncate(label, limits.BUTTON_LABEL_MAX)

    @discord.ui.button(label="Yes", style=discord.ButtonStyle.danger)
    async def confirm(
        self, interaction: discord.Interaction, _button: discord.ui.Button["ConfirmPanel"]
    ) -> None:
        """Do it."""
        await interaction.response.defer()
        await self._act(interaction, self)

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary)
    async def cancel(
        self, interaction: discord.Interaction, _button: discord.ui.Button["ConfirmPanel"]
    ) -> None:
        """Leave everything as it is."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was changed.")
