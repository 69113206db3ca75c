"""/feed pause and /feed resume."""

from typing import Any, Literal

import discord
from discord import app_commands

from bot.frontend.commands.edit import Find, Offer
from bot.frontend.commands.options import parse_pause, pause_choices
from bot.frontend.listings import resumed_told
from bot.frontend.markdown import inline, when
from bot.news.models import CATCH_UP_MAX, Following
from bot.news.ports import Clock
from bot.services.follow import Follower

Meanwhile = Literal["skip", "catch up"]


def pause_command(
    follower: Follower, clock: Clock, find: Find, offer: Offer
) -> app_commands.Command[Any, ..., None]:
    """Return /feed pause."""

    @app_commands.command(name="pause", description="Stop posting a feed here for a while")
    @app_commands.describe(
        feed="The feed",
        length="How long, such as 6h or 3d; until /feed resume if you leave it out",
        meanwhile="What it publishes meanwhile: skip it (usual), or catch up after the pause",
    )
    @app_commands.rename(length="for")
    async def pause(
        interaction: discord.Interaction,
        feed: str,
        length: str | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        until = clock.now() + parse_pause(length) if length is not None else None
        following = await find(interaction, feed)
        subscription = following.subscription
        name, here = inline(subscription.name), f"<#{subscription.channel_id}>"
        if subscription.is_paused and length is None and meanwhile is None:
            await interaction.edit_original_response(
                content=f"**{name}** is paused already{_end(following)}."
            )
            return
        catches_up = meanwhile == "catch up"
        await follower.pause(following, until=until, catches_up=catches_up)
        ends = f" until {when(until, 'f')}, {when(until)}" if until else ""
        await interaction.edit_original_response(
            content=f"Paused **{name}** in {here}{ends}. {_meanwhile(catches_up=catches_up)}"
        )

    pause.autocomplete("feed")(offer)
    pause.autocomplete("length")(_offer_lengths)
    return pause


def resume_command(
    follower: Follower, find: Find, offer: Offer
) -> app_commands.Command[Any, ..., None]:
    """Return /feed resume."""

    @app_commands.command(name="resume", description="Post a paused feed again")
    @app_commands.describe(feed="The feed")
    async def resume(interaction: discord.Interaction, feed: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await find(interaction, feed)
        if not following.subscription.is_paused:
            name = inline(following.subscription.name)
            await interaction.edit_original_response(content=f"**{name}** is not paused.")
            return
        resumed = await follower.resume(following)
        now = await follower.following(following.subscription.id) or following
        await interaction.edit_original_response(content=resumed_told(now, following, resumed))

    resume.autocomplete("feed")(offer)
    return resume


def _meanwhile(*, catches_up: bool) -> str:
    if catches_up:
        return (
            "What it publishes meanwhile is posted after the pause: the newest "
            f"{CATCH_UP_MAX} one by one, the rest in one message."
        )
    return (
        "What it publishes meanwhile goes into the archive and is not posted, even after /feed "
        "resume."
    )


def _end(following: Following) -> str:
    until = following.subscription.paused_until
    return f" until {when(until, 'f')}" if until else ""


async def _offer_lengths(
    _interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    return pause_choices(current)
