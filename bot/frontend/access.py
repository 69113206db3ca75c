"""What the one who asks may know of: the channels of the server that they can read."""

import discord

from bot.frontend.permissions import guild_of, member_of, readable_channels
from bot.news.models import ChannelId, GuildId
from bot.services.follow import Follower


async def channels_of(interaction: discord.Interaction, follower: Follower) -> frozenset[ChannelId]:
    """Return the channels whose posts the caller may read now. Raises UserError outside servers."""
    guild = guild_of(interaction)
    rows = await follower.followings(GuildId(guild.id))
    followed = frozenset(row.subscription.channel_id for row in rows)
    return await readable_channels(guild, member_of(interaction), followed)
