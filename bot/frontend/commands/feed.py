"""/feed: what admins do with feeds."""

import io
from typing import Literal

import discord
from discord import app_commands

from bot.feeds.opml import Outline, write_opml
from bot.frontend.commands.edit import (
    FEED_NAME_MAX,
    TAGS_TYPED_MAX,
    Modes,
    Old,
    edit_command,
    offer_every,
    offer_tags,
)
from bot.frontend.commands.managing import ManagersGroup
from bot.frontend.commands.options import feed_choices, parse_every
from bot.frontend.commands.pausing import pause_command, resume_command
from bot.frontend.commands.posting import QUERY_MAX, parse_ping, parse_tags, require_callable
from bot.frontend.limits import CHOICES_MAX
from bot.frontend.listings import (
    FEEDS_PER_PAGE,
    count,
    feeds_embed,
    poll_told,
)
from bot.frontend.markdown import inline, plain, when
from bot.frontend.panels.confirm import ConfirmPanel
from bot.frontend.panels.feeds import FeedPage, FeedPager
from bot.frontend.panels.health import card_of
from bot.frontend.panels.importing import (
    CHECK_WITHIN_S,
    ImportPanel,
    channels_of,
    place_of,
    progress,
    read_list,
)
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.preview import (
    ChoosePanel,
    Wish,
    refuse_if_followed,
    show_preview,
)
from bot.frontend.panels.undo import undo_view
from bot.frontend.permissions import (
    Target,
    guild_of,
    member_of,
    require_manager,
    require_postable,
    target_of,
)
from bot.frontend.render import post_embed
from bot.news.models import (
    BACKFILL_MAX,
    ChannelId,
    FeedState,
    Following,
    GuildId,
    Mode,
)
from bot.news.ports import Clock
from bot.services.follow import Follower
from bot.services.heal import Healer
from bot.services.transfer import Transfer

URL_MAX = 2000
SAMPLES_MAX = 3

States = Literal["all", "ok", "failing", "paused"]


class FeedCommands(
    ManagersGroup,
    name="feed",
    description="Follow news feeds in this server's channels",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands, each: check, defer, call the service, show."""

    def __init__(
        self, follower: Follower, healer: Healer, transfer: Transfer, clock: Clock
    ) -> None:
        super().__init__()
        self._follower = follower
        self._healer = healer
        self._transfer = transfer
        self._clock = clock
        self.add_command(edit_command(follower, clock, self._find, self._feeds_like))
        self.add_command(pause_command(follower, clock, self._find, self._feeds_like))
        self.add_command(resume_command(follower, self._find, self._feeds_like))

    @app_commands.command(name="add", description="Follow a feed: its news are posted in a channel")
    @app_commands.describe(
        url="The address of a website or of its feed (RSS, Atom or JSON)",
        channel="Where to post; this channel if you leave it out",
        name="What to call the source in posts; the feed's own title if you leave it out",
        every="How often to check it: 5m to 24h, or auto for the feed's own rhythm (usual)",
        backfill="How many of its newest entries to post at once (0 to 5, usually 1)",
        old="Later entries that are over a week old when they appear: skip (usual) or post them",
        mode="A post for each story, naming later sources (usual); for each entry; or a digest",
        tag="In a forum: the tags of its posts, with commas between them",
        ping="A role that its posts call",
        ping_if="Call it only for what this search finds, such as storm -drill",
        ping_rest="After a call, none for so long: 30m, 2h, 1d",
    )
    async def add(
        self,
        interaction: discord.Interaction,
        url: app_commands.Range[str, 1, URL_MAX],
        channel: Target | None = None,
        name: app_commands.Range[str, 1, FEED_NAME_MAX] | None = None,
        every: str | None = None,
        backfill: app_commands.Range[int, 0, BACKFILL_MAX] = 1,
        old: Old = "skip",
        mode: Modes = "story",
        tag: app_commands.Range[str, 1, TAGS_TYPED_MAX] | None = None,
        ping: discord.Role | None = None,
        ping_if: app_commands.Range[str, 1, QUERY_MAX] | None = None,
        ping_rest: str | None = None,
    ) -> None:
        """Discover, preview, and add on a click."""
        target = target_of(interaction, channel)
        member = member_of(interaction)
        require_postable(target, member)
        if ping is not None:
            require_callable(ping, target, member)
        await interaction.response.defer(ephemeral=True, thinking=True)
        called = plain(name, FEED_NAME_MAX) or None if name else None
        wish = Wish(
            target=target,
            member=member,
            name=called,
            backfill=backfill,
            every_s=parse_every(every) if every else None,
            posts_old=old == "post",
            mode=Mode(mode),
            tags=parse_tags(tag, target) if tag else (),
            ping=parse_ping(None, ping, ping_if, ping_rest),
        )
        proposal = await self._follower.look(url, name=called, channel_id=ChannelId(target.id))
        if proposal.others:
            offered = (proposal.found, *proposal.others)
            panel = ChoosePanel(self._follower, wish, offered)
            text = f"That site offers {count(len(offered), 'feed')}"
            if len(offered) > CHOICES_MAX:
                text += f"; these are the first {CHOICES_MAX}"
            await panel.show(interaction, content=f"{text}. Which one?")
            return
        await refuse_if_followed(self._follower, wish, proposal.found)
        await show_preview(interaction, self._follower, wish, proposal)

    @app_commands.command(name="list", description="List the feeds that this server follows")
    @app_commands.describe(
        channel="Only feeds posted in this channel",
        state="Only feeds that are well (ok), failing, or paused",
    )
    async def list_feeds(
        self,
        interaction: discord.Interaction,
        channel: Target | None = None,
        state: States = "all",
    ) -> None:
        """Show the followed feeds in pages."""
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)

        async def page_of(page: int) -> FeedPage:
            rows = await self._follower.followings(
                GuildId(guild.id), ChannelId(channel.id) if channel else None
            )
            wanted = [row for row in rows if _is_in(row, state)]
            pages = max(1, -(-len(wanted) // FEEDS_PER_PAGE))
            first = page * FEEDS_PER_PAGE
            scope = f"in #{channel.name}" if channel else "in this server"
            shown = wanted[first : first + FEEDS_PER_PAGE]
            if not shown and page == 0:
                return _no_feeds_embed(scope, state), (), 1
            embed = feeds_embed(shown, page, pages, len(wanted), scope, self._clock.now())
            return embed, shown, pages

        pager = FeedPager(interaction.user.id, self._follower, self._healer, page_of)
        await pager.turn_to(interaction, 0)

    @app_commands.command(name="show", description="Show how a feed fares and when it is checked")
    @app_commands.describe(feed="The feed")
    async def show(self, interaction: discord.Interaction, feed: str) -> None:
        """Show a feed's card."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        embed, view = await card_of(self._follower, self._healer, following)
        await interaction.edit_original_response(embed=embed, view=view)

    @app_commands.command(name="test", description="See a feed's newest entries as they are posted")
    @app_commands.describe(feed="The feed", count="How many entries (1 to 3)")
    async def test(
        self,
        interaction: discord.Interaction,
        feed: str,
        count: app_commands.Range[int, 1, SAMPLES_MAX] = 1,
    ) -> None:
        """Render entries with the function that posts them, for the caller only."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        posts = await self._follower.sample(following, count)
        if not posts:
            await interaction.edit_original_response(content="It has no entries yet.")
            return
        first, *others = posts
        await interaction.edit_original_response(embed=post_embed(first))
        for post in others:  # one message each, like posts: the embeds of one share 6000 characters
            await interaction.followup.send(embed=post_embed(post), ephemeral=True)

    @app_commands.command(name="check", description="Look for new entries of a feed now")
    @app_commands.describe(feed="The feed")
    async def check(self, interaction: discord.Interaction, feed: str) -> None:
        """Poll now and say what came of it."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        poll = await self._follower.check(following)
        subscription = following.subscription
        told = poll_told(poll, [subscription.channel_id], is_paused=subscription.is_paused)
        await interaction.edit_original_response(content=told)

    @app_commands.command(name="remove", description="Stop following a feed")
    @app_commands.describe(feed="The feed")
    async def remove(self, interaction: discord.Interaction, feed: str) -> None:
        """Ask, remove, and offer to undo."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        name, channel = following.subscription.name, f"<#{following.subscription.channel_id}>"

        async def act(pressed: discord.Interaction, panel: Panel) -> None:
            require_manager(pressed)
            until = await self._follower.remove(following)
            await panel.close(
                pressed,
                f"Removed **{inline(name)}** from {channel}. Its articles stay searchable. "
                f"You can undo this until {when(until, 't')}.",
                view=undo_view(following.subscription.id),
            )

        panel = ConfirmPanel(interaction.user.id, f"Remove {plain(name)}", act)
        await panel.show(
            interaction,
            content=f"Stop posting **{inline(name)}** in {channel}? What it still owes the channel "
            "is not posted either.",
        )

    @app_commands.command(name="import", description="Follow the feeds of a list")
    @app_commands.describe(
        file="OPML, one address a line, or FeedCord's appsettings.json; at most 1 MB",
        channel="Where to post; this channel if you leave it out",
    )
    async def import_list(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        channel: Target | None = None,
    ) -> None:
        """Fetch each feed of a list once, show what would be added, and add on a click."""
        target = target_of(interaction, channel)
        require_postable(target, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        wanted = await read_list(file)
        place = place_of(target, interaction.user.id)
        async with progress(interaction, "Checking", len(wanted)) as on_done:
            rows = await self._transfer.rehearse(
                wanted, place, within_s=CHECK_WITHIN_S, on_done=on_done
            )
        folders = channels_of(target.guild, member_of(interaction), wanted)
        if set(folders.values()) == {target}:
            folders = {}
        panel = ImportPanel(interaction.user.id, self._transfer, self._clock, target, rows, folders)
        await panel.turn_to(interaction, 0)

    @app_commands.command(name="export", description="Get this server's feeds as a file")
    @app_commands.describe(format="OPML, which any feed reader takes, or one address a line")
    async def export_list(
        self,
        interaction: discord.Interaction,
        format: Literal["opml", "addresses"] = "opml",  # noqa: A002  # the option's name
    ) -> None:
        """Send the followed feeds as a file, a folder for each channel."""
        guild = guild_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._follower.followings(GuildId(guild.id))
        if not rows:
            await interaction.edit_original_response(content="No feed is followed here yet.")
            return
        if format == "opml":
            body = write_opml(
                [_outline(row, guild) for row in rows], title=f"Feeds of {guild.name}"
            )
            name = "feeds.opml"
        else:
            urls = dict.fromkeys(row.feed.url for row in rows)
            body, name = "".join(f"{url}\n" for url in urls).encode(), "feeds.txt"
        await interaction.edit_original_response(
            content=f"{count(len(rows), 'feed')}. `/feed import` reads this file.",
            attachments=[discord.File(io.BytesIO(body), filename=name)],
        )

    @add.autocomplete("every")
    async def offer_intervals(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer intervals."""
        return await offer_every(interaction, current)

    @add.autocomplete("tag")
    async def offer_forum_tags(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the tags of a forum."""
        return await offer_tags(interaction, current)

    @show.autocomplete("feed")
    @test.autocomplete("feed")
    @check.autocomplete("feed")
    @remove.autocomplete("feed")
    async def offer_feeds(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the server's feeds."""
        return await self._feeds_like(interaction, current)

    async def _feeds_like(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild is None:
            return []
        rows = await self._follower.followings(GuildId(interaction.guild.id))
        return feed_choices(rows, current, interaction.guild)

    async def _find(self, interaction: discord.Interaction, wanted: str) -> Following:
        here = ChannelId(interaction.channel_id) if interaction.channel_id else None
        return await self._follower.find(GuildId(guild_of(interaction).id), wanted, nearest_to=here)


def _is_in(row: Following, state: States) -> bool:
    match state:
        case "all":
            return True
        case "paused":
            return row.subscription.is_paused or row.feed.state is FeedState.PAUSED
        case "failing":
            return row.feed.state is not FeedState.OK
        case "ok":
            return row.feed.state is FeedState.OK and not row.subscription.is_paused


def _outline(row: Following, guild: discord.Guild) -> Outline:
    channel = guild.get_channel_or_thread(row.subscription.channel_id)
    return Outline(
        title=row.subscription.name, url=row.feed.url, folder=channel.name if channel else None
    )


def _no_feeds_embed(scope: str, state: States) -> discord.Embed:
    if state == "all":
        advice = "None yet. `/feed add` follows one: give it the address of any news site."
    else:
        advice = f"None is {state}. Leave out `state` to see all."
    return discord.Embed(title=inline(f"Feeds {scope}"), description=advice)
