"""Show something found to everybody in a channel, and nothing that not all of them may see.

What was posted in this very channel may be shown there, and what was posted where @everyone may
look and nobody is kept out. The rest is left out, also from counts: what is shown is asked for anew
with these channels alone.
"""

import discord

from bot.errors import NotAllowed
from bot.frontend.access import channels_of
from bot.news.models import ChannelId
from bot.services.follow import Follower


def require_share(interaction: discord.Interaction) -> None:
    """Raise NotAllowed unless the caller may write in the channel."""
    allowed = interaction.permissions
    is_thread = isinstance(interaction.channel, discord.Thread)
    if not (allowed.send_messages_in_threads if is_thread else allowed.send_messages):
        raise NotAllowed("You can share only in channels that you may write in.")


async def shareable_channels(
    interaction: discord.Interaction, follower: Follower
) -> frozenset[ChannelId]:
    """Return the channels whose posts everybody here may see, of those that the caller can read."""
    readable = await channels_of(interaction, follower)
    guild = interaction.guild
    here = interaction.channel_id
    return frozenset(
        id_
        for id_ in readable
        if id_ == here or (guild is not None and _is_open(guild.get_channel_or_thread(id_)))
    )


def _is_open(channel: discord.abc.GuildChannel | discord.Thread | None) -> bool:
    """Whether @everyone may read *channel*, and no role or member is kept out of it."""
    if isinstance(channel, discord.Thread):
        return not channel.is_private() and _is_open(channel.parent)
    if channel is None:
        return False
    everyone = channel.permissions_for(channel.guild.default_role)
    return (
        everyone.view_channel
        and everyone.read_message_history
        and not any(
            overwrite.view_channel is False or overwrite.read_message_history is False
            for overwrite in channel.overwrites.values()
        )
    )


async def show_everybody(interaction: discord.Interaction, embed: discord.Embed, told: str) -> None:
    """Post *embed* in the channel of *interaction*, which has been answered; *told*: who did what.

    Not the first message after a deferral: Discord would show that to the caller only.
    """
    await interaction.followup.send(
        content=f"{interaction.user.mention} {told}",
        embed=embed,
        ephemeral=False,
        allowed_mentions=discord.AllowedMentions.none(),
    )
