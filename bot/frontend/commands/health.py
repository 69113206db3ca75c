"""/health: one card of how Herald fares in a server, and of its posts everywhere."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import discord
from discord import app_commands

from bot.frontend import limits
from bot.frontend.listings import COLOUR, TROUBLE_COLOUR, count
from bot.frontend.markdown import block, when
from bot.frontend.permissions import guild_of, require_manager
from bot.news.digest import Waiting
from bot.news.models import Following, GuildId, HeldChannel, ModelState, StorageHealth
from bot.news.ports import Storage, TellModel
from bot.services.follow import Follower

HELD_MAX = 8  # channels told one by one


def health_command(
    follower: Follower, storage: Storage, tell_model: TellModel | None = None
) -> app_commands.Command[app_commands.Group, ..., None]:
    """Return /health. *tell_model*: None where no language model is set."""

    @app_commands.command(name="health", description="How Herald and its feeds fare")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def health(interaction: discord.Interaction) -> None:
        require_manager(interaction)
        guild_id = GuildId(guild_of(interaction).id)
        await interaction.response.defer(ephemeral=True, thinking=True)
        followings = await follower.followings(guild_id)
        held = await storage.held_channels(guild_id)
        waiting = [
            each for each in await storage.waiting_for_digests() if each.guild_id == guild_id
        ]
        embed = health_embed(followings, held, await storage.health())
        if waiting:
            told = [_waits(each, interaction.created_at) for each in waiting[:HELD_MAX]]
            if len(waiting) > HELD_MAX:
                told.append(f"… and {count(len(waiting) - HELD_MAX, 'channel')} more.")
            embed.add_field(name="For digests", value="\n".join(told), inline=False)
        if tell_model is not None:
            told_of = model_told(tell_model(), interaction.created_at)
            embed.add_field(name="Language model", value=told_of, inline=False)
        await interaction.edit_original_response(embed=embed)

    return health


def model_told(model: ModelState, now: datetime) -> str:
    """Return how the language model fares, since the start."""
    told = (
        f"{block(model.name, 200)}: asked {count(model.asked, 'time')}, "
        f"{model.answered:,} answered, {count(model.dropped, 'sentence')} dropped that the article "
        f"does not bear out; {count(model.requests_left, 'request')} and "
        f"{count(model.tokens_left, 'token')} left of its day"
    )
    if model.rests_until is not None and model.rests_until > now:
        told += f"\nResting until {when(model.rests_until)} after it failed"
    return told


def _waits(waiting: Waiting, now: datetime) -> str:
    """Return what waits for a channel's digest, and until when."""
    until = when(waiting.due_at(now), "f")
    return f"<#{waiting.channel_id}>: {count(waiting.entries, 'entry')} until {until}"


def health_embed(
    followings: Sequence[Following], held: Sequence[HeldChannel], health: StorageHealth
) -> discord.Embed:
    """Return the card."""
    states = [following.feed.state.value for following in followings]
    told = [f"{states.count(state):,} {state}" for state in sorted(set(states))]
    counts = health.counts
    parts = [
        f"**Feeds here**: {', '.join(told) or 'none'}",
        (
            f"**Posts everywhere**: {counts.owed:,} owed, {counts.sent:,} sent "
            f"({counts.found:,} of them found by looking back), {counts.edited:,} edited, "
            f"{counts.held:,} held, {counts.abandoned:,} given up"
        ),
        f"**Waiting**: {count(health.pending_deliveries, 'post')}, {health.held_deliveries:,} held"
        + (f", the oldest since {when(at)}" if (at := health.oldest_pending_at) else ""),
    ]
    parts += [
        f"<#{each.channel_id}> since {when(each.since)}: {block(each.reason, 200)}"
        for each in held[:HELD_MAX]
    ]
    if len(held) > HELD_MAX:
        parts.append(f"… and {count(len(held) - HELD_MAX, 'channel')} more.")
    parts.append(
        f"**Archive**: {count(health.entries, 'article')}, {health.size_bytes / 1e6:,.1f} MB, "
        f"Herald {version('herald-newsbot')}"
    )
    return discord.Embed(
        title="Health",
        description="\n".join(parts)[: limits.EMBED_DESCRIPTION_MAX],
        colour=TROUBLE_COLOUR if held else COLOUR,
    )
