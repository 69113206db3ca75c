"""/digest: what feeds in mode digest bring, told in one message at a time of day."""

from dataclasses import replace

import discord
from discord import app_commands

from bot.errors import UserError
from bot.frontend.commands.managing import ManagersGroup
from bot.frontend.hours import (
    day_choices,
    parse_days,
    parse_time,
    parse_zone,
    time_choices,
    zone_choices,
)
from bot.frontend.listings import count
from bot.frontend.markdown import when
from bot.frontend.panels.channels import digest_told, undo_channel_view
from bot.frontend.panels.panel import Panel
from bot.frontend.permissions import (
    Target,
    guild_of,
    member_of,
    require_postable,
    require_writer,
    target_of,
)
from bot.frontend.render import post_embed
from bot.news.channels import DIGEST_TOP
from bot.news.models import UNDO_WINDOW, ChannelId, GuildId
from bot.news.ports import Clock
from bot.services.channels import Steward
from bot.services.digest import Digester, DigestState


class DigestCommands(
    ManagersGroup,
    name="digest",
    description="One message a day for what feeds in mode digest bring",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands, each: check, defer, call the service, show."""

    def __init__(self, digester: Digester, steward: Steward, time: Clock) -> None:
        super().__init__()
        self._digester = digester
        self._steward = steward
        self._clock = time

    @app_commands.command(name="set", description="Choose when a channel's digest comes")
    @app_commands.describe(
        when="The time of day, such as 07:30",
        channel="The channel; this one, if left out",
        days="The days, such as mon-fri; daily, if never chosen",
        timezone="The channel's time zone, for its quiet hours too: begin to type a city",
        top="How many stories it lists at most; the others are counted (1 to 10)",
    )
    async def set_digest(
        self,
        interaction: discord.Interaction,
        when: str,
        channel: Target | None = None,
        days: str | None = None,
        timezone: str | None = None,
        top: app_commands.Range[int, 1, DIGEST_TOP] | None = None,
    ) -> None:
        """Change it, and tell when the next comes and what is told in it."""
        target = target_of(interaction, channel)
        require_postable(target, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel_id, guild_id = ChannelId(target.id), GuildId(guild_of(interaction).id)
        wanted = replace(await self._steward.options(channel_id), digest_at_min=parse_time(when))
        if days is not None:
            wanted = replace(wanted, digest_days=parse_days(days))
        if timezone is not None:
            wanted = replace(wanted, time_zone=await parse_zone(timezone))
        if top is not None:
            wanted = replace(wanted, digest_top=top)
        edited = await self._steward.choose(guild_id, channel_id, wanted)
        state = await self._digester.state(guild_id, channel_id)
        lines = [f"The digest of {target.mention}: {digest_told(state.options)}.", _next(state)]
        if edited is None:
            await interaction.edit_original_response(content="\n".join(lines))
            return
        until = discord.utils.format_dt(self._clock.now() + UNDO_WINDOW, "t")
        lines.append(f"You can undo this until {until}.")
        await interaction.edit_original_response(
            content="\n".join(lines), view=undo_channel_view(edited.id)
        )

    @app_commands.command(name="now", description="See what waits for a channel's digest")
    @app_commands.describe(channel="The channel; this one, if left out")
    async def now(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        """Show the digest as it would be posted, with a button that posts it."""
        target = target_of(interaction, channel)
        require_writer(target, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel_id = ChannelId(target.id)
        state = await self._digester.state(GuildId(guild_of(interaction).id), channel_id)
        post = await self._digester.preview(channel_id)
        if post is None:
            await interaction.edit_original_response(
                content=f"Nothing waits for the digest of {target.mention}.\n{_next(state)}"
            )
            return
        await NowPanel(interaction.user.id, self._digester, target).show(
            interaction,
            content=f"What waits for the digest of {target.mention}. {_next(state)}",
            embed=post_embed(post),
        )

    @app_commands.command(name="off", description="Have no digest in a channel any more")
    @app_commands.describe(channel="The channel; this one, if left out")
    async def off(self, interaction: discord.Interaction, channel: Target | None = None) -> None:
        """Put its feeds back to a post for each story; what waits comes in a last digest."""
        target = target_of(interaction, channel)
        require_writer(target, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        feeds, is_any_told = await self._digester.stop(ChannelId(target.id))
        if not feeds and not is_any_told:
            raise UserError(f"{target.mention} has no digest: none of its feeds is in mode digest.")
        told = f"{target.mention} has no digest any more."
        if feeds:
            told += (
                f" {count(feeds, 'feed')} there: a post for each story from now on. "
                "`/feed edit mode: digest` puts one back."
            )
        if is_any_told:
            told += " What waited comes in one last digest now."
        await interaction.edit_original_response(content=told)

    @set_digest.autocomplete("when")
    async def offer_times(
        self, _interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer times of day."""
        return time_choices(current)

    @set_digest.autocomplete("days")
    async def offer_days(
        self, _interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer days of the week."""
        return day_choices(current)

    @set_digest.autocomplete("timezone")
    async def offer_zones(
        self, _interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer time zones."""
        return await zone_choices(current)


class NowPanel(Panel):
    """Post the digest that is shown."""

    NEEDS_MANAGER = True

    def __init__(self, owner_id: int, digester: Digester, target: Target) -> None:
        super().__init__(owner_id)
        self._digester = digester
        self._target = target

    @discord.ui.button(label="Post here", style=discord.ButtonStyle.primary)
    async def post(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[NowPanel]"
    ) -> None:
        """Make it now; what has come since it was shown is told in it too."""
        require_postable(self._target, member_of(interaction))
        await interaction.response.defer()
        if await self._digester.post_now(ChannelId(self._target.id)):
            told = f"The digest is on its way to {self._target.mention}."
        else:
            told = "It was posted already."
        await self.close(interaction, told)


def _next(state: DigestState) -> str:
    """Return when the next digest comes, and of what."""
    if not state.feeds and not state.waiting:
        return (
            "No feed of the channel is told in it yet: `/feed edit` or `/feed add` with "
            "`mode: digest`."
        )
    at = f"{when(state.next_at, 'F')} ({when(state.next_at)})"
    waits = f", {count(state.waiting, 'entry')} so far" if state.waiting else ""
    feeds = count(state.feeds, "feed")
    return f"The next comes {at}: {feeds}{waits}. With nothing to tell, none comes."
