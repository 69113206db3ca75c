"""/settings: what a server chooses."""

import discord
from discord import app_commands

from bot.frontend.commands.channel import channel_command
from bot.frontend.commands.managing import ManagersGroup
from bot.frontend.permissions import (
    guild_of,
    member_of,
    require_postable,
)
from bot.news.models import ChannelId, GuildId
from bot.news.ports import Clock, Storage
from bot.services.channels import Steward


class SettingsCommands(
    ManagersGroup,
    name="settings",
    description="What Herald does in this server beside its feeds",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands, each on what is stored for the server."""

    def __init__(self, storage: Storage, steward: Steward, clock: Clock) -> None:
        super().__init__()
        self._storage = storage
        self.add_command(channel_command(steward, clock))

    @app_commands.command(name="show", description="Show what this server chose")
    async def show(self, interaction: discord.Interaction) -> None:
        """Tell the settings, each with how to change it."""
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel = await self._storage.log_channel(GuildId(guild.id))
        if channel is None:
            told = "none: only `/feed show` and `/feed list` tell when a feed fails."
        else:
            told = f"<#{channel}> is told when a feed fails, recovers, moves or falls silent."
        await interaction.edit_original_response(
            content=f"**Log channel**: {told}\nChange it with `/settings log`. "
            "What a channel chose: `/settings channel`."
        )

    @app_commands.command(
        name="log", description="Choose the channel that is told when feeds fail or recover"
    )
    @app_commands.describe(channel="The log channel; leave it out to have none")
    async def log(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | discord.Thread | None = None,
    ) -> None:
        """Set or clear the log channel."""
        guild = guild_of(interaction)
        if channel is not None:
            require_postable(channel, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        chosen = ChannelId(channel.id) if channel is not None else None
        await self._storage.set_log_channel(GuildId(guild.id), chosen)
        if channel is None:
            told = "There is no log channel any more. `/feed list` still tells which feeds fail."
        else:
            told = (
                f"{channel.mention} is told from now on when a feed of this server fails for long, "
                "recovers, moves or falls silent: at most once a day of each feed."
            )
        await interaction.edit_original_response(content=told)
