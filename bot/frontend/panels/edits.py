"""What an admin changed of a feed, in words, and the button that undoes it after restarts too."""

import re
from typing import Any, Self

import discord

from bot.frontend.errors import answer_error
from bot.frontend.listings import call_told
from bot.frontend.markdown import block, inline
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import guild_of, require_manager
from bot.news import health
from bot.news.models import Choices, EditId, GuildId, Mode


def told(choices: Choices) -> str:
    """Return what is chosen, a line each."""
    return "\n".join(f"{label}: {value}" for label, value in _lines(choices).items())


def changes(before: Choices, after: Choices) -> list[str]:
    """Return a line "before → after" for each choice that differs."""
    was, is_now = _lines(before), _lines(after)
    return [
        f"{label}: {value} → {is_now[label]}"
        for label, value in was.items()
        if value != is_now[label]
    ]


POSTS = {
    Mode.STORY: "one for each story",
    Mode.EACH: "one for each entry",
    Mode.DIGEST: "told in the channel's digest",
}


def _lines(choices: Choices) -> dict[str, str]:
    return {
        "Name": f"**{inline(choices.name, 120)}**",
        "Channel": f"<#{choices.channel_id}>",
        "Checked": health.every(choices.every_s),
        "Over a week old when it appears": (
            "posted too" if choices.posts_old else "kept for search only"
        ),
        "Posts": POSTS[choices.mode],
        "Tags": block(", ".join(choices.tags), 200) or "by category",
        "Calls": call_told(choices.ping),
    }


class UndoEdit(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"unedit:(?P<id>\d{1,19})"
):
    """Set back what /feed edit changed. The id is in the button, not in memory."""

    def __init__(self, edit_id: EditId) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo", style=discord.ButtonStyle.secondary, custom_id=f"unedit:{edit_id}"
            )
        )
        self._edit_id = edit_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(EditId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Set it back and say so."""
        # discord.py only logs what a dynamic item raises, so errors are answered here.
        try:
            require_manager(interaction)
            follower = client_of(interaction).follower
            await interaction.response.defer()
            undone = await follower.undo_edit(GuildId(guild_of(interaction).id), self._edit_id)
            lines = changes(undone.after, undone.before)
            await interaction.edit_original_response(
                content="\n".join(["Set back:", *lines]), view=None
            )
        except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
            await answer_error(interaction, error)


def unedit_view(edit_id: EditId) -> discord.ui.View:
    """Return the view with the button alone; without a time-out, as `undo_view` has it."""
    view = discord.ui.View(timeout=None)
    view.add_item(UndoEdit(edit_id))
    return view
