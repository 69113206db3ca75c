"""What a channel chose, as a card; what was changed of it, and the button that undoes it."""

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.frontend.errors import answer_error
from bot.frontend.hours import clock, days_told
from bot.frontend.listings import COLOUR, TROUBLE_COLOUR, count
from bot.frontend.markdown import block, escape_block, inline, when
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import (
    Target,
    guild_of,
    may_read_history,
    missing_for_threads,
    missing_for_webhooks,
    missing_to_post,
    missing_to_publish,
    require_manager,
)
from bot.news.channels import DIGEST_AT_MIN, ChannelEditId, ChannelOptions
from bot.news.models import ChannelId, GuildId
from bot.services.digest import DigestState

TAGS_SHOWN = 1200  # characters


def channel_card(channel: Target, options: ChannelOptions) -> discord.Embed:
    """Return what *channel* chose and what Herald may do there, as it is now."""
    missing = missing_to_post(channel)
    embed = discord.Embed(
        title=inline(f"Settings of #{channel.name}"),
        description="\n".join([told(options), *_lacking(channel, options)]),
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


def _lacking(channel: Target, options: ChannelOptions) -> list[str]:
    """Return what Herald lacks for what is chosen, a line each, as it is now."""
    lacking: list[tuple[str, tuple[str, ...], str]] = []
    if options.is_published:
        missing = missing_to_publish(channel, is_by_source=options.is_by_source)
        lacking.append(("publishing", missing, "posts are not published"))
    if options.is_by_source:
        missing = missing_for_webhooks(channel)
        lacking.append(("the sources' names", missing, "posts are Herald's own"))
    if options.has_threads:
        missing = missing_for_threads(channel)
        lacking.append(("threads", missing, "none are opened"))
    return [
        f"✗ For {what} Herald lacks {' and '.join(missing)}: until it is granted, {instead}."
        for what, missing, instead in lacking
        if missing
    ]


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
        "Published to followers": "yes" if options.is_published else "no",
        "Notifies": "nobody" if options.is_silent else "as members chose",
        "Posts come from": "their sources, by name" if options.is_by_source else "Herald",
        "A thread for each story": "yes" if options.has_threads else "no",
        "Summaries": options.length.value,
        "Tags": _tags_told(options.tags),
    }


def _tags_told(pairs: Sequence[tuple[str, str]]) -> str:
    """Return which categories get which tags, as they are typed."""
    by_tag: dict[str, list[str]] = {}
    for category, tag in pairs:
        by_tag.setdefault(tag, []).append(category)
    told = "; ".join(f"{', '.join(named)} = {tag}" for tag, named in by_tag.items())
    return block(told, TAGS_SHOWN) or "those that are called as an entry's categories"


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
