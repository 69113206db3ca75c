"""The menu of a post: "Why this?" tells what stands behind it."""

import discord
from discord import app_commands

from bot.errors import NotAllowed, UserError
from bot.frontend.forums import home_of
from bot.frontend.permissions import guild_of, member_of, readable_channels
from bot.frontend.reasons import why_embed
from bot.news.models import MessageId
from bot.news.ports import Storage

NAME = "Why this?"


def why_menu(storage: Storage) -> app_commands.ContextMenu:
    """Return the menu's command."""

    async def answer(interaction: discord.Interaction, message: discord.Message) -> None:
        """Tell feeds, times, method and link of one of Herald's own posts."""
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel_id = home_of(message)
        here = frozenset({channel_id})
        if channel_id not in await readable_channels(guild, member_of(interaction), here):
            raise NotAllowed("You can only ask about posts in channels that you can read.")
        why = await storage.why(channel_id, MessageId(message.id))
        if why is None or not why.origins:
            raise UserError(
                "That is no news that Herald posted here. Pick one of its posts, right-click it "
                f"(on a phone: hold it), Apps, “{NAME}”."
            )
        await interaction.edit_original_response(embed=why_embed(why))

    return app_commands.ContextMenu(
        name=NAME,
        callback=answer,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )
