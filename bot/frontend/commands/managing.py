"""What the commands of those who manage a server have in common."""

import discord
from discord import app_commands

from bot.errors import NotAllowed
from bot.frontend.permissions import require_manager


class ManagersGroup(app_commands.Group):
    """Commands for members with Manage Server."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Check Manage Server again: servers can override the default permission."""
        try:
            require_manager(interaction)
        except NotAllowed as error:
            # Only AppCommandErrors reach the tree's handler from a check.
            raise app_commands.CheckFailure(str(error)) from error
        return True
