"""Turn the pages of a list."""

from collections.abc import Awaitable, Callable

import discord

from bot.frontend.panels.panel import Panel

PageMaker = Callable[[int], Awaitable[tuple[discord.Embed, int]]]
"""Gives the embed of a page (from 0) and how many pages there are now."""


class Pager(Panel):
    """◀ and ▶ under a list. The list is made anew for each page: it may have changed meanwhile.

    What is listed stays in memory, so that no query stands in a button's id. A single page has no
    buttons unless ``is_kept``, for subclasses with more to press.
    """

    is_kept = False

    def __init__(self, owner_id: int, make_page: PageMaker) -> None:
        super().__init__(owner_id)
        self._make_page = make_page
        self._page = 0

    async def turn_to(self, interaction: discord.Interaction, page: int) -> None:
        """Show a page. *interaction* must have been deferred."""
        embed, pages = await self._make_page(page)
        if page >= pages:  # the list has shrunk
            page = pages - 1
            embed, pages = await self._make_page(page)
        self._page = page
        self.back.disabled = page == 0
        self.forward.disabled = page + 1 >= pages
        if pages > 1 or self.is_kept:
            await self.show(interaction, embed=embed)
        else:
            self.stop()
            await interaction.edit_original_response(embed=embed, view=None)

    @discord.ui.button(label="◀", style=discord.ButtonStyle.secondary)
    async def back(
        self, interaction: discord.Interaction, _button: discord.ui.Button["Pager"]
    ) -> None:
        """Show the page before."""
        await interaction.response.defer()
        await self.turn_to(interaction, max(0, self._page - 1))

    @discord.ui.button(label="▶", style=discord.ButtonStyle.secondary)
    async def forward(
        self, interaction: discord.Interaction, _button: discord.ui.Button["Pager"]
    ) -> None:
        """Show the next page."""
        await interaction.response.defer()
        await self.turn_to(interaction, self._page + 1)
