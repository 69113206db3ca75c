"""Results of a search: turn pages, open a story, show a page to everybody, search as was meant.

What is searched for stays in memory, so that no query stands in a button's id.
"""

from collections.abc import Awaitable, Callable

import discord

from bot.errors import UserError
from bot.frontend import limits
from bot.frontend.access import channels_of
from bot.frontend.listings import count, nothing_found_embed, results_embed
from bot.frontend.markdown import plain
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.stories import show_story_apart
from bot.frontend.panels.undo import client_of
from bot.frontend.sharing import require_share, shareable_channels, show_everybody
from bot.news.models import ChannelId, Ranked, StoryId
from bot.news.posts import UNTITLED
from bot.services.narrate import Narrator
from bot.services.search import Results

Channels = frozenset[ChannelId]
Search = Callable[[str, Channels, int, tuple[Ranked, ...] | None], Awaitable[Results]]
"""Gives a page of what a query finds in channels; with the ranking of the first page, of that."""

TOLD = "searched:"


class SearchPanel(Panel):
    """The results of one search, for the member *owner_id* who may read *channels*.

    *is_narrowed*: options leave articles out, which may be why nothing is found.
    """

    def __init__(
        self,
        owner_id: int,
        query: str,
        channels: Channels,
        search: Search,
        narrator: Narrator,
        *,
        is_narrowed: bool,
    ) -> None:
        super().__init__(owner_id)
        self._query = query
        self._channels = channels
        self._search = search
        self._narrator = narrator
        self._is_narrowed = is_narrowed
        self._ranking: tuple[Ranked, ...] | None = None
        self._results: Results | None = None
        self._is_shared = False

    async def turn_to(self, interaction: discord.Interaction, page: int) -> None:
        """Show a page. *interaction* must have been deferred."""
        results = await self._search(self._query, self._channels, page, self._ranking)
        if not results.found and page:  # what was on it is gone
            page = min(page, results.pages) - 1
            results = await self._search(self._query, self._channels, page, self._ranking)
        self._ranking = self._ranking if self._ranking is not None else results.ranking
        self._results = results
        self._fit()
        await self.draw(interaction)

    def _fit(self) -> None:
        """Keep the buttons that the results call for."""
        results = self._shown()
        self.clear_items()
        if results.pages > 1:
            self.back.disabled = results.page == 0
            self.forward.disabled = results.page + 1 >= results.pages
            self.add_item(self.back).add_item(self.forward)
        if results.found:
            self.share.disabled = self._is_shared
            self.add_item(self.share)
            self.open.options.clear()
            for found in results.found:
                self.open.add_option(
                    label=plain(found.hit.entry.title, limits.CHOICE_NAME_MAX) or UNTITLED,
                    value=str(found.hit.entry.id),
                    description=count(found.hit.sources, "source"),
                )
            self.add_item(self.open)
        elif results.suggestion is not None:
            self.mean.label = plain(f"Search: {results.suggestion}", limits.BUTTON_LABEL_MAX)
            self.add_item(self.mean)

    async def draw(self, interaction: discord.Interaction) -> None:
        """Show the page again, with the buttons as they are now."""
        results = self._shown()
        if results.found:
            embed = results_embed(results)
        else:
            embed = nothing_found_embed(results, is_narrowed=self._is_narrowed)
        if self.children:
            await self.show(interaction, embed=embed)
        else:
            self.stop()
            await interaction.edit_original_response(embed=embed, view=None)

    def _shown(self) -> Results:
        if self._results is None:
            raise RuntimeError("no page was shown yet")
        return self._results

    @discord.ui.button(label="◀", style=discord.ButtonStyle.secondary, row=0)
    async def back(
        self, interaction: discord.Interaction, _button: discord.ui.Button["SearchPanel"]
    ) -> None:
        """Show the page before."""
        await interaction.response.defer()
        await self.turn_to(interaction, max(0, self._shown().page - 1))

    @discord.ui.button(label="▶", style=discord.ButtonStyle.secondary, row=0)
    async def forward(
        self, interaction: discord.Interaction, _button: discord.ui.Button["SearchPanel"]
    ) -> None:
        """Show the next page."""
        await interaction.response.defer()
        await self.turn_to(interaction, self._shown().page + 1)

    @discord.ui.button(label="Share", style=discord.ButtonStyle.secondary, row=0)
    async def share(
        self, interaction: discord.Interaction, _button: discord.ui.Button["SearchPanel"]
    ) -> None:
        """Post the page here, with what everybody here may see."""
        await interaction.response.defer()
        await self.post(interaction)
        await self.draw(interaction)

    @discord.ui.button(label="Search", style=discord.ButtonStyle.primary, row=0)
    async def mean(
        self, interaction: discord.Interaction, _button: discord.ui.Button["SearchPanel"]
    ) -> None:
        """Search for the nearest spelling."""
        await interaction.response.defer()
        self._query = self._shown().suggestion or self._query
        self._ranking = None
        await self.turn_to(interaction, 0)

    @discord.ui.select(placeholder="Story of …", row=1)
    async def open(
        self, interaction: discord.Interaction, select: "discord.ui.Select[SearchPanel]"
    ) -> None:
        """Show the story of a result in a message of its own."""
        await interaction.response.defer()
        chosen = next(
            (f.hit for f in self._shown().found if str(f.hit.entry.id) == select.values[0]), None
        )
        story_id = chosen.entry.story_id if chosen else StoryId(0)
        channels = await channels_of(interaction, client_of(interaction).follower)
        story = await self._narrator.story(story_id, channels)
        narration = await self._narrator.narrate(story)
        await show_story_apart(interaction, self._narrator, narration)

    async def post(self, interaction: discord.Interaction) -> None:
        """Post the page in the channel. Raises UserError where all may see nothing of it."""
        require_share(interaction)
        channels = await shareable_channels(interaction, client_of(interaction).follower)
        results = await self._search(self._query, channels, self._shown().page, None)
        if not results.found and results.page:
            results = await self._search(self._query, channels, 0, None)
        if not results.found:
            raise UserError(
                "Not shared: what was found is in channels that not everybody here can read."
            )
        await show_everybody(interaction, results_embed(results), TOLD)
        self._is_shared = self.share.disabled = True
