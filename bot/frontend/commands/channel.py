"""/settings channel: what a channel chooses, shown as a card, changed with a way back."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import discord
from discord import app_commands

from bot.errors import UserError
from bot.frontend.commands.posting import parse_tag_map
from bot.frontend.hours import parse_quiet, parse_zone, quiet_choices, zone_choices
from bot.frontend.markdown import when
from bot.frontend.panels.channels import changes, channel_card, undo_channel_view
from bot.frontend.permissions import (
    Target,
    guild_of,
    member_of,
    require_writer,
    target_of,
)
from bot.news.channels import HOURLY_MAX, ChannelOptions
from bot.news.models import UNDO_WINDOW, ChannelId, GuildId, Length
from bot.news.ports import Clock
from bot.services.channels import Steward

Bursts = Literal["together", "apart"]
Switch = Literal["on", "off"]
Identity = Literal["herald", "source"]
Lengths = Literal["short", "normal", "long"]
TAGS_MAX = 1000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What /settings channel was asked for; None: left out."""

    timezone: str | None
    quiet: str | None
    hourly: int | None
    bursts: Bursts | None = None
    publish: Switch | None = None
    silent: Switch | None = None
    identity: Identity | None = None
    threads: Switch | None = None
    length: Lengths | None = None
    tags: str | None = None


def channel_command(steward: Steward, clock: Clock) -> app_commands.Command[Any, ..., None]:
    """Return the command. It is made here, and not in its group, for the length of that."""

    @app_commands.command(
        name="channel", description="Show or change when and how Herald posts in a channel"
    )
    @app_commands.describe(
        channel="The channel; this one, if left out",
        timezone="The time zone of quiet hours: begin to type a city",
        quiet="When nothing is posted, such as 22:00-07:00; what comes then is kept. Or off",
        hourly="The most messages in an hour; what is over that is kept. 0: as many as come",
        bursts="What comes many at once: up to five in one message (usual), or each apart",
        publish="Publish posts to the channels that follow this announcement channel",
        silent="Post without notifying anybody",
        identity="Post as Herald (usual), or under the name and picture of each source",
        threads="Open a thread under each story, to talk about it",
        length="How long summaries are",
        tags="Of a forum: which tag goes with which categories: rust = Code; * = News. Or off",
    )
    async def channel_settings(
        interaction: discord.Interaction,
        channel: Target | None = None,
        timezone: str | None = None,
        quiet: str | None = None,
        hourly: app_commands.Range[int, 0, HOURLY_MAX] | None = None,
        bursts: Bursts | None = None,
        publish: Switch | None = None,
        silent: Switch | None = None,
        identity: Identity | None = None,
        threads: Switch | None = None,
        length: Lengths | None = None,
        tags: app_commands.Range[str, 1, TAGS_MAX] | None = None,
    ) -> None:
        target = target_of(interaction, channel)
        require_writer(target, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        asked = Asked(
            timezone=timezone,
            quiet=quiet,
            hourly=hourly,
            bursts=bursts,
            publish=publish,
            silent=silent,
            identity=identity,
            threads=threads,
            length=length,
            tags=tags,
        )
        channel_id, guild_id = ChannelId(target.id), GuildId(guild_of(interaction).id)
        before = await steward.options(channel_id)
        wanted = _posting_wanted(await _wanted(before, asked), asked, target)
        if asked == _NOTHING:
            await interaction.edit_original_response(embed=channel_card(target, before))
            return
        edited = await steward.choose(guild_id, channel_id, wanted)
        if edited is None:
            await interaction.edit_original_response(
                content="Nothing was changed. It is already so:", embed=channel_card(target, before)
            )
            return
        until = when(clock.now() + UNDO_WINDOW, "t")
        await interaction.edit_original_response(
            content="\n".join(
                [
                    f"Changed {target.mention}:",
                    *changes(edited.before, edited.after),
                    f"You can undo this until {until}.",
                ]
            ),
            embed=channel_card(target, edited.after),
            view=undo_channel_view(edited.id),
        )

    channel_settings.autocomplete("timezone")(_offer_zones)
    channel_settings.autocomplete("quiet")(_offer_quiet)
    return channel_settings


_NOTHING = Asked(timezone=None, quiet=None, hourly=None, bursts=None)


async def _wanted(options: ChannelOptions, asked: Asked) -> ChannelOptions:
    """Return the options as they are to be. Raises UserError."""
    wanted = options
    if asked.timezone is not None:
        wanted = replace(wanted, time_zone=await parse_zone(asked.timezone))
    if asked.quiet is not None:
        start, end = parse_quiet(asked.quiet) or (None, None)
        wanted = replace(wanted, quiet_from_min=start, quiet_until_min=end)
    if asked.hourly is not None:
        wanted = replace(wanted, hourly_max=asked.hourly or None)
    if asked.bursts is not None:
        wanted = replace(wanted, is_bundled=asked.bursts == "together")
    return wanted


def _posting_wanted(options: ChannelOptions, asked: Asked, channel: Target) -> ChannelOptions:
    """Return the options that say how posts are made as they are to be. Raises UserError."""
    wanted = options
    if asked.publish is not None:
        if asked.publish == "on" and not _is_news(channel):
            raise UserError(
                f"{channel.mention} is no announcement channel, so nobody can follow it."
            )
        wanted = replace(wanted, is_published=asked.publish == "on")
    if asked.threads is not None:
        if asked.threads == "on" and not isinstance(channel, discord.TextChannel):
            raise UserError(f"Posts in {channel.mention} are in threads already.")
        wanted = replace(wanted, has_threads=asked.threads == "on")
    if asked.silent is not None:
        wanted = replace(wanted, is_silent=asked.silent == "on")
    if asked.identity is not None:
        wanted = replace(wanted, is_by_source=asked.identity == "source")
    if asked.length is not None:
        wanted = replace(wanted, length=Length(asked.length))
    if asked.tags is not None:
        wanted = replace(wanted, tags=parse_tag_map(asked.tags, channel))
    return wanted


def _is_news(channel: Target) -> bool:
    return isinstance(channel, discord.TextChannel) and channel.is_news()


async def _offer_zones(
    _interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    return await zone_choices(current)


async def _offer_quiet(
    _interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    return quiet_choices(current)
