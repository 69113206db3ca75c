"""/news: what members read and find."""

from dataclasses import replace

import discord
import structlog
from discord import app_commands

from bot.frontend import limits
from bot.frontend.access import channels_of
from bot.frontend.commands.options import (
    feed_choices,
    parse_since,
    query_choices,
    since_choices,
)
from bot.frontend.forums import openable
from bot.frontend.listings import latest_embed
from bot.frontend.panels.search import SearchPanel
from bot.frontend.permissions import guild_of
from bot.news.models import ChannelId, Following, GuildId, Ranked, Sort, UserId
from bot.news.ports import Clock, Storage
from bot.news.text import one_line
from bot.services.follow import Follower
from bot.services.narrate import Narrator
from bot.services.search import Results, Searcher

log = structlog.get_logger()


class NewsCommands(
    app_commands.Group,
    name="news",
    description="Find and read what was posted in channels that you can read",
    guild_only=True,
):
    """The commands. Each tells a member only what was posted where that member may look."""

    def __init__(
        self,
        follower: Follower,
        searcher: Searcher,
        narrator: Narrator,
        storage: Storage,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._follower = follower
        self._searcher = searcher
        self._narrator = narrator
        self._storage = storage
        self._clock = clock

    @app_commands.command(name="search", description="Search the news that were posted here")
    @app_commands.describe(
        query='Words to look for; "quotes" keep words together, -word leaves articles out',
        source="Only from this feed",
        since="Only newer than this: 24h, 7d, 12w, or a date such as 2026-11-02",
        sort="Best: matching and recent. Relevance: matching, whatever its age. Newest: by date",
        share="Show the results to everybody here, those that everybody here can read",
    )
    @app_commands.rename(source="from")
    async def search(
        self,
        interaction: discord.Interaction,
        query: app_commands.Range[str, 1, limits.OPTION_STRING_MAX],
        source: str | None = None,
        since: str | None = None,
        sort: Sort = Sort.BEST,
        share: bool = False,  # noqa: FBT002  # an option of Discord's
    ) -> None:
        """Show pages of results."""
        # Seen by the caller only, until it is certain that there is something to share.
        await interaction.response.defer(ephemeral=True, thinking=True)
        after = parse_since(since, self._clock.now()) if since else None
        channels = await self._channels(interaction)
        following = await self._source(interaction, source, channels)
        guild = guild_of(interaction)

        async def find(
            text: str,
            within: frozenset[ChannelId],
            page: int,
            ranking: tuple[Ranked, ...] | None,
        ) -> Results:
            results = await self._searcher.search(
                text,
                channels=within,
                feed_id=following.feed.id if following else None,
                since=after,
                sort=sort,
                page=page,
                ranking=ranking,
            )
            found = (replace(each, hit=openable(each.hit, guild)) for each in results.found)
            return replace(results, found=tuple(found))

        panel = SearchPanel(
            interaction.user.id,
            query,
            channels,
            find,
            self._narrator,
            is_narrowed=following is not None or after is not None,
        )
        await panel.turn_to(interaction, 0)
        await self._remember(interaction, query)
        if share:
            await panel.post(interaction)
            await panel.draw(interaction)

    @app_commands.command(
        name="latest", description="Show the newest articles that were posted here"
    )
    @app_commands.describe(source="Only from this feed", count="How many (1 to 10)")
    @app_commands.rename(source="from")
    async def latest(
        self,
        interaction: discord.Interaction,
        source: str | None = None,
        count: app_commands.Range[int, 1, 10] = 5,
    ) -> None:
        """Show the newest articles."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        channels = await self._channels(interaction)
        following = await self._source(interaction, source, channels)
        hits = await self._searcher.latest(
            channels=channels, feed_id=following.feed.id if following else None, count=count
        )
        guild = guild_of(interaction)
        hits = [openable(hit, guild) for hit in hits]
        name = following.subscription.name if following else None
        await interaction.edit_original_response(embed=latest_embed(hits, name))

    @search.autocomplete("query")
    async def offer_queries(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the member searched for lately, and what narrows a search."""
        if interaction.guild is None:
            return []
        asked = await self._storage.recent_queries(
            UserId(interaction.user.id), GuildId(interaction.guild.id)
        )
        return query_choices(asked, current)

    @search.autocomplete("source")
    @latest.autocomplete("source")
    async def offer_sources(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the feeds of channels that the member can read."""
        if interaction.guild is None:
            return []
        rows = await self._visible(interaction, await self._channels(interaction))
        return feed_choices(rows, current, interaction.guild)

    @search.autocomplete("since")
    async def offer_times(
        self, _interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the usual spans."""
        return since_choices(current)

    async def _remember(self, interaction: discord.Interaction, query: str) -> None:
        """Note a search that was answered, for the one who made it; too long ones are not offered.

        After the answer: it may have to wait for what is being written.
        """
        text = one_line(query)
        if len(text) <= limits.CHOICE_NAME_MAX:
            guild_id = GuildId(guild_of(interaction).id)
            user_id = UserId(interaction.user.id)
            await self._storage.remember_query(user_id, guild_id, text, self._clock.now())

    async def _channels(self, interaction: discord.Interaction) -> frozenset[ChannelId]:
        return await channels_of(interaction, self._follower)

    async def _visible(
        self, interaction: discord.Interaction, channels: frozenset[ChannelId]
    ) -> list[Following]:
        rows = await self._follower.followings(GuildId(guild_of(interaction).id))
        return [row for row in rows if row.subscription.channel_id in channels]

    async def _source(
        self, interaction: discord.Interaction, wanted: str | None, channels: frozenset[ChannelId]
    ) -> Following | None:
        """Return the feed that *wanted* means, among those that the member may know of."""
        if wanted is None:
            return None
        here = ChannelId(interaction.channel_id) if interaction.channel_id else None
        return await self._follower.find(
            GuildId(guild_of(interaction).id), wanted, nearest_to=here, within=channels
        )
