"""/privacy: what Herald stores about the one who asks, and how to be rid of it."""

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.frontend import limits
from bot.frontend.markdown import escape_block, plain, when
from bot.frontend.panels.confirm import ConfirmPanel
from bot.frontend.panels.panel import Panel
from bot.news.models import QUERIES_FOR, AskedBefore, UserId
from bot.news.ports import Storage

_SHOWN_MAX = 25
_QUERY_CUT = 100


class PrivacyCommands(
    app_commands.Group,
    name="privacy",
    description="What Herald stores about you",
    guild_only=True,
):
    """The commands, about the caller alone."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self._storage = storage

    @app_commands.command(name="show", description="Show what Herald stores about you")
    async def show(self, interaction: discord.Interaction) -> None:
        """List the searches."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        queries = await self._storage.recent_queries(UserId(interaction.user.id))
        await interaction.edit_original_response(content=stored_told(queries))

    @app_commands.command(name="delete", description="Delete what Herald stores about you")
    async def delete(self, interaction: discord.Interaction) -> None:
        """Ask, then delete the searches."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user_id = UserId(interaction.user.id)
        queries = await self._storage.recent_queries(user_id)
        if not queries:
            await interaction.edit_original_response(content=stored_told(queries))
            return

        async def act(pressed: discord.Interaction, panel: Panel) -> None:
            deleted = await self._storage.forget_queries(user_id)
            await panel.close(pressed, f"Deleted {_searches(deleted)}.")

        confirm = ConfirmPanel(interaction.user.id, f"Delete {_searches(len(queries))}", act)
        await confirm.show(interaction, content=stored_told(queries))


def stored_told(queries: Sequence[AskedBefore]) -> str:
    """Return what is stored about a member, in words."""
    rest = (
        "-# Beside that, Herald stores the ids of those who added a feed and of those who split or "
        "merged a story, as facts of the server."
    )
    if not queries:
        return f"No search of yours is stored.\n{rest}"
    days = QUERIES_FOR.days
    head = (
        f"{_searches(len(queries))} of yours, offered to you alone while you type in `/news search`"
        f" and deleted after {days} days; `/privacy delete` deletes them now:"
    )
    lines = [head]
    room = limits.CONTENT_MAX - len(head) - len(rest) - 30
    for query in queries[:_SHOWN_MAX]:
        line = f"- {escape_block(plain(query.text, _QUERY_CUT))} · {when(query.asked_at)}"
        if len(line) >= room:
            break
        lines.append(line)
        room -= len(line) + 1
    if left := len(queries) + 1 - len(lines):
        lines.append(f"… and {left} more.")
    return "\n".join([*lines, rest])


def _searches(number: int) -> str:
    return f"{number:,} search{'' if number == 1 else 'es'}"
