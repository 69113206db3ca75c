"""What every panel of buttons shares: one owner, a time-out, one way for errors."""

from typing import Any

import aiohttp
import discord
import structlog

from bot.errors import NotAllowed
from bot.frontend.errors import answer_error
from bot.frontend.limits import TOKEN_LIFETIME_S
from bot.frontend.permissions import require_manager

log = structlog.get_logger()

# The edit that greys the buttons out must come while the reply can still be edited.
PANEL_LIFETIME_S = TOKEN_LIFETIME_S - 60.0


class Panel(discord.ui.View):
    """Buttons for the member *owner_id*, greyed out after PANEL_LIFETIME_S without a click.

    ``NEEDS_MANAGER``: the owner must still have Manage Server at each click.
    """

    NEEDS_MANAGER = False

    def __init__(self, owner_id: int) -> None:
        super().__init__(timeout=PANEL_LIFETIME_S)
        self._owner_id = owner_id
        self._latest: discord.Interaction | None = None
        self._beside: discord.WebhookMessage | None = None

    async def show(
        self,
        interaction: discord.Interaction,
        *,
        content: str | None = None,
        embed: discord.Embed | None = None,
    ) -> None:
        """Put the panel into the reply of *interaction*, which must have been deferred."""
        self._latest = interaction
        await interaction.edit_original_response(content=content, embed=embed, view=self)

    async def show_beside(self, interaction: discord.Interaction, *, embed: discord.Embed) -> None:
        """Put the panel into a message of its own for the caller; *interaction* was answered."""
        self._beside = await interaction.followup.send(
            embed=embed, view=self, ephemeral=True, wait=True
        )

    async def close(
        self,
        interaction: discord.Interaction,
        content: str,
        *,
        embed: discord.Embed | None = None,
        view: discord.ui.View | None = None,
    ) -> None:
        """Replace the panel by *content*. *interaction* must have been deferred."""
        self.stop()
        await interaction.edit_original_response(content=content, embed=embed, view=view)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Let only the owner through."""
        if interaction.user.id != self._owner_id:
            await answer_error(
                interaction, NotAllowed("Only the one who asked for this can use its buttons.")
            )
            return False
        if self.NEEDS_MANAGER:
            try:
                require_manager(interaction)
            except NotAllowed as error:
                await answer_error(interaction, error)
                return False
        self._latest = interaction
        return True

    async def on_timeout(self) -> None:
        """Grey the buttons out."""
        for item in self.children:
            if isinstance(item, discord.ui.Button | discord.ui.Select):
                item.disabled = True
        try:
            if self._latest is not None:
                await self._latest.edit_original_response(view=self)
            elif self._beside is not None:
                await self._beside.edit(view=self)
        except (
            discord.DiscordException,
            aiohttp.ClientError,
        ) as error:  # dismissed, or deleted with its channel
            log.debug("panel.unreachable", reason=str(error))

    async def on_error(
        self, interaction: discord.Interaction, error: Exception, _item: discord.ui.Item[Any], /
    ) -> None:
        """Answer like commands do."""
        await answer_error(interaction, error)
