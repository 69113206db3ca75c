"""The buttons under an answer: show it to everybody, and where it comes from."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord

from bot.errors import UserError
from bot.frontend.answers import answer_embed, sources_embed
from bot.frontend.forums import openable
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.undo import client_of
from bot.frontend.sharing import require_share, shareable_channels, show_everybody
from bot.news.answers import Answer
from bot.news.models import ChannelId

Ask = Callable[[frozenset[ChannelId]], Awaitable[Answer]]
"""Asks the same question of other channels."""

TOLD = "asked:"


def openable_answer(answer: Answer, guild: discord.Guild) -> Answer:
    """Return *answer* with its posts where Discord opens them."""
    return replace(
        answer,
        quotes=tuple(replace(each, hit=openable(each.hit, guild)) for each in answer.quotes),
        nearest=tuple(openable(hit, guild) for hit in answer.nearest),
    )


class AnswerPanel(Panel):
    """Share and Sources."""

    def __init__(self, owner_id: int, answer: Answer, ask: Ask) -> None:
        super().__init__(owner_id)
        self._answer = answer
        self._ask = ask

    @discord.ui.button(label="Share", style=discord.ButtonStyle.secondary)
    async def share(
        self, interaction: discord.Interaction, button: discord.ui.Button["AnswerPanel"]
    ) -> None:
        """Post the answer here, from what everybody here may see."""
        await interaction.response.defer()
        await share_answer(interaction, self._ask)
        button.disabled = True
        await self.show(interaction, embed=answer_embed(self._answer))

    @discord.ui.button(label="Sources", style=discord.ButtonStyle.secondary)
    async def sources(
        self, interaction: discord.Interaction, _button: discord.ui.Button["AnswerPanel"]
    ) -> None:
        """List the articles."""
        await interaction.response.defer()
        await interaction.followup.send(embed=sources_embed(self._answer), ephemeral=True)


async def share_answer(interaction: discord.Interaction, ask: Ask) -> None:
    """Post an answer in the channel. Raises UserError where there is none that all may see."""
    require_share(interaction)
    channels = await shareable_channels(interaction, client_of(interaction).follower)
    answer = await ask(channels)
    if not answer.is_found:
        raise UserError(
            "Not shared: the answer stands in channels that not everybody here can read."
        )
    await show_everybody(interaction, answer_embed(answer), TOLD)
