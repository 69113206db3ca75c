"""/ask: a question, answered in quotes."""

import discord
from discord import app_commands

from bot.frontend import limits
from bot.frontend.access import channels_of
from bot.frontend.answers import answer_embed
from bot.frontend.commands.options import parse_since, since_choices
from bot.frontend.panels.answers import AnswerPanel, openable_answer, share_answer
from bot.frontend.permissions import guild_of
from bot.news.answers import Answer
from bot.news.models import ChannelId
from bot.news.ports import Clock
from bot.services.ask import Asker
from bot.services.follow import Follower


def ask_command(follower: Follower, asker: Asker, clock: Clock) -> app_commands.Command:  # type: ignore[type-arg]  # its parameters are discord.py's affair
    """Return the command."""

    async def answer(
        interaction: discord.Interaction,
        question: app_commands.Range[str, 1, limits.OPTION_STRING_MAX],
        since: str | None = None,
        share: bool = False,  # noqa: FBT002  # an option of Discord's
    ) -> None:
        """Answer from what the member can read; what is shared, from what all here can read."""
        # Seen by the caller only, until it is certain that there is something to share.
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild = guild_of(interaction)
        after = parse_since(since, clock.now()) if since else None

        async def ask(channels: frozenset[ChannelId]) -> Answer:
            found = await asker.ask(question, channels=channels, since=after)
            return openable_answer(found, guild)

        found = await ask(await channels_of(interaction, follower))
        if not found.is_found:
            await interaction.edit_original_response(embed=answer_embed(found))
            return
        panel = AnswerPanel(interaction.user.id, found, ask)
        panel.share.disabled = share
        await panel.show(interaction, embed=answer_embed(found))
        if share:
            await share_answer(interaction, ask)

    async def offer_times(
        _interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the usual spans."""
        return since_choices(current)

    described = app_commands.describe(
        question="Ask as you would ask a person: when does the harbour bridge reopen?",
        since="Only from articles newer than this: 24h, 7d, 12w, or a date such as 2026-11-02",
        share="Show the answer to everybody here, from what everybody here can read",
    )
    command: app_commands.Command = app_commands.Command(  # type: ignore[type-arg]  # as above
        name="ask",
        description="Ask the news that were posted here; answers are quotes, with their sources",
        callback=described(answer),
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )
    command.autocomplete("since")(offer_times)
    return command
