"""The list of followed feeds: pages, and a menu that opens a feed's card."""

from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.frontend import limits
from bot.frontend.listings import mark
from bot.frontend.markdown import plain
from bot.frontend.panels.health import card_of
from bot.frontend.panels.pager import Pager
from bot.frontend.permissions import guild_of
from bot.news.models import Following, GuildId
from bot.services.follow import Follower
from bot.services.heal import Healer

FeedPage = tuple[discord.Embed, Sequence[Following], int]
"""A page: its embed, the feeds on it, and how many pages there are."""


class FeedPager(Pager):
    """A pager whose menu names the feeds of the page."""

    def __init__(
        self,
        owner_id: int,
        follower: Follower,
        healer: Healer,
        page_of: Callable[[int], Awaitable[FeedPage]],
    ) -> None:
        super().__init__(owner_id, self._turned)
        self._follower = follower
        self._healer = healer
        self._page_of = page_of

    async def _turned(self, page: int) -> tuple[discord.Embed, int]:
        embed, rows, pages = await self._page_of(page)
        self.is_kept = bool(rows)
        self.choose.options.clear()
        for row in rows:
            name = f"{mark(row)} {row.subscription.name or row.feed.public_url}"
            self.choose.add_option(
                label=plain(name, limits.CHOICE_NAME_MAX),
                value=str(row.subscription.id),
                description=plain(row.feed.public_url, limits.CHOICE_NAME_MAX),
            )
        return embed, pages

    @discord.ui.select(placeholder="Tell me more about …", row=1)
    async def choose(
        self, interaction: discord.Interaction, select: "discord.ui.Select[FeedPager]"
    ) -> None:
        """Show the card of the chosen feed."""
        await interaction.response.defer()
        guild_id = GuildId(guild_of(interaction).id)
        following = await self._follower.find(guild_id, select.values[0])
        embed, view = await card_of(self._follower, self._healer, following)
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)
