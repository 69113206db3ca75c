"""What a channel chose, as a card; what was changed of it, and the button that undoes it."""

import re
from typing import Any, Self

import discord

from bot.frontend.errors import answer_error
from bot.frontend.hours import clock, days_told
from bot.frontend.listings import COLOUR, TROUBLE_COLOUR, count
from bot.frontend.markdown import escape_block, inline, when
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import (
    Target,
    guild_of,
    may_read_history,
    missing_to_post,
    require_manager,
)
from bot.news.channels import DIGEST_AT_MIN, ChannelEditId, ChannelOptions
from bot.news.models import ChannelId, GuildId
from bot.services.digest import DigestState


def channel_card(channel: Target, options: ChannelOptions) -> discord.Embed:
    """Return what *channel* chose and what Herald may do there, as it is now."""
    missing = missing_to_post(channel)
    embed = discord.Embed(
        title=inline(f"Settings of #{channel.name}"),
        description=told(options),
        colour=TROUBLE_COLOUR if missing else COLOUR,
    )
    if missing:
        allowed = f"✗ Herald lacks {', '.join(missing)} here: posts wait until it is granted."
    elif not may_read_history(channel):
        allowed = (
            "✓ Herald may post here.\n✗ It lacks Read Message History, so that after a crash it "
            "cannot look whether a post is there already."
        )
    else:
        allowed = "✓ Herald may post here."
    embed.add_field(name="Permissions", value=allowed, inline=False)
    return embed


def told(options: ChannelOptions) -> str:
    """Return what is chosen, a line each."""
    return "\n".join(f"{label}: {value}" for label, value in _lines(options).items())


def changes(before: ChannelOptions, after: ChannelOptions) -> list[str]:
    """Return a line "before → after" for each choice that differs."""
    was, is_now = _lines(before), _lines(after)
    return [
        f"{label}: {value} → {is_now[label]}"
        for label, value in was.items()
        if value != is_now[label]
    ]


def digest_told(options: ChannelOptions) -> str:
    """Return when a channel's digest comes and how long it is, in words."""
    minute = DIGEST_AT_MIN if options.digest_at_min is None else options.digest_at_min
    zone = escape_block(options.time_zone or "UTC")
    usual = "" if options.digest_at_min is not None else ", as nobody chose"
    stories = count(options.digest_top, "story")
    return f"{days_told(options.digest_days)} at {clock(minute)} ({zone}{usual}), up to {stories}"


def in_digest(state: DigestState, channel_id: ChannelId) -> str:
    """Return when what a feed brings is told in a channel's digest."""
    return (
        f"What it brings is told in the digest of <#{channel_id}>: {digest_told(state.options)}. "
        f"The next: {when(state.next_at, 'F')}. `/digest set` changes that."
    )


def _lines(options: ChannelOptions) -> dict[str, str]:
    quiet = "none"
    if options.quiet_from_min is not None and options.quiet_until_min is not None:
        quiet = f"{clock(options.quiet_from_min)} to {clock(options.quiet_until_min)}"
    most = options.hourly_max
    return {
        "Time zone": escape_block(options.time_zone or "UTC (nobody chose)"),
        "Quiet hours": quiet,
        "Messages an hour": "as many as come" if most is None else f"at most {most}",
        "Many at once": "up to five in one message" if options.is_bundled else "each apart",
        "Digest": f"{digest_told(options)}; of feeds in mode digest",
    }


class UndoChannelEdit(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"unchannel:(?P<id>\d{1,19})",
):
    """Set back what /settings channel changed. The id is in the button, not in memory."""

    def __init__(self, edit_id: ChannelEditId) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo", style=discord.ButtonStyle.secondary, custom_id=f"unchannel:{edit_id}"
            )
        )
        self._edit_id = edit_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(ChannelEditId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Set it back and say so."""
        # discord.py only logs what a dynamic item raises, so errors are answered here.
        try:
            require_manager(interaction)
            steward = client_of(interaction).steward
            await interaction.response.defer()
            undone = await steward.undo(GuildId(guild_of(interaction).id), self._edit_id)
            lines = changes(undone.after, undone.before)
            await interaction.edit_original_response(
                content="\n".join([f"Set back for <#{undone.channel_id}>:", *lines]),
                embed=None,
                view=None,
            )
        except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
            await answer_error(interaction, error)


def undo_channel_view(edit_id: ChannelEditId) -> discord.ui.View:
    """Return the view with the button alone; without a time-out, as `undo_view` has it."""
    view = discord.ui.View(timeout=None)
    view.add_item(UndoChannelEdit(edit_id))
    return view
