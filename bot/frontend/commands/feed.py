"""/feed: what admins do with feeds."""

from typing import Literal, assert_never

import discord
from discord import app_commands

from bot.errors import NotAllowed
from bot.frontend.commands.options import feed_choices
from bot.frontend.limits import CHOICES_MAX
from bot.frontend.listings import (
    FEEDS_PER_PAGE,
    card_embed,
    count,
    feeds_embed,
)
from bot.frontend.markdown import block, inline, plain, when
from bot.frontend.panels.confirm import ConfirmPanel
from bot.frontend.panels.feeds import FeedPage, FeedPager
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.preview import (
    ChoosePanel,
    Wish,
    refuse_if_followed,
    show_preview,
)
from bot.frontend.panels.undo import undo_view
from bot.frontend.permissions import (
    guild_of,
    member_of,
    require_manager,
    require_postable,
    target_of,
)
from bot.frontend.render import post_embed
from bot.news.models import (
    ChannelId,
    Failed,
    FeedState,
    Fetched,
    Following,
    GuildId,
    NotModified,
)
from bot.news.ports import Clock
from bot.services.follow import Follower
from bot.services.poll import FeedPoll

NAME_MAX = 100  # characters of a feed's own name; Discord would take 256
URL_MAX = 2000
SAMPLES_MAX = 3

States = Literal["all", "ok", "failing", "paused"]


class FeedCommands(
    app_commands.Group,
    name="feed",
    description="Follow news feeds in this server's channels",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands, each: check, defer, call the service, show."""

    def __init__(self, follower: Follower, clock: Clock) -> None:
        super().__init__()
        self._follower = follower
        self._clock = clock

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Check Manage Server again: servers can override the default permission."""
        try:
            require_manager(interaction)
        except NotAllowed as error:
            # Only AppCommandErrors reach the tree's handler from a check.
            raise app_commands.CheckFailure(str(error)) from error
        return True

    @app_commands.command(name="add", description="Follow a feed: its news are posted in a channel")
    @app_commands.describe(
        url="The address of a website or of its feed (RSS, Atom or JSON)",
        channel="Where to post; this channel if you leave it out",
        name="What to call the source in posts; the feed's own title if you leave it out",
        backfill="How many of its newest entries to post at once (0 to 10, usually 0)",
    )
    async def add(
        self,
        interaction: discord.Interaction,
        url: app_commands.Range[str, 1, URL_MAX],
        channel: discord.TextChannel | discord.Thread | None = None,
        name: app_commands.Range[str, 1, NAME_MAX] | None = None,
        backfill: app_commands.Range[int, 0, 10] = 0,
    ) -> None:
        """Discover, preview, and add on a click."""
        target = target_of(interaction, channel)
        member = member_of(interaction)
        require_postable(target, member)
        await interaction.response.defer(ephemeral=True, thinking=True)
        called = plain(name, NAME_MAX) or None if name else None
        wish = Wish(target=target, member=member, name=called, backfill=backfill)
        proposal = await self._follower.look(url, name=called)
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
        channel: discord.TextChannel | discord.Thread | None = None,
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
            return feeds_embed(shown, page, pages, len(wanted), scope), shown, pages

        await FeedPager(interaction.user.id, self._follower, page_of).turn_to(interaction, 0)

    @app_commands.command(name="show", description="Show how a feed fares and when it is checked")
    @app_commands.describe(feed="The feed")
    async def show(self, interaction: discord.Interaction, feed: str) -> None:
        """Show a feed's card."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        card = await self._follower.card(following)
        await interaction.edit_original_response(embed=card_embed(card))

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
        await interaction.edit_original_response(content=_told(poll, following))

    @app_commands.command(name="pause", description="Stop posting a feed here until you resume it")
    @app_commands.describe(feed="The feed")
    async def pause(self, interaction: discord.Interaction, feed: str) -> None:
        """Keep new entries from the channel."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        name = inline(following.subscription.name)
        if following.subscription.is_paused:
            await interaction.edit_original_response(content=f"**{name}** is paused already.")
            return
        await self._follower.pause(following)
        await interaction.edit_original_response(
            content=f"Paused **{name}** in <#{following.subscription.channel_id}>. What it "
            "publishes meanwhile goes into the archive and is not posted, even after /feed "
            "resume."
        )

    @app_commands.command(name="resume", description="Post a paused feed again")
    @app_commands.describe(feed="The feed")
    async def resume(self, interaction: discord.Interaction, feed: str) -> None:
        """Let new entries through again."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await self._find(interaction, feed)
        name = inline(following.subscription.name)
        if not following.subscription.is_paused:
            await interaction.edit_original_response(content=f"**{name}** is not paused.")
            return
        await self._follower.resume(following)
        await interaction.edit_original_response(
            content=f"Resumed **{name}** in <#{following.subscription.channel_id}>. New entries "
            "are posted from now on; what was published during the pause stays in the archive. "
            f"Next check {when(following.feed.next_poll_at)}."
        )

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

    @show.autocomplete("feed")
    @test.autocomplete("feed")
    @check.autocomplete("feed")
    @pause.autocomplete("feed")
    @resume.autocomplete("feed")
    @remove.autocomplete("feed")
    async def offer_feeds(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the server's feeds."""
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
            return row.subscription.is_paused
        case "failing":
            return row.feed.state is not FeedState.OK
        case "ok":
            return row.feed.state is FeedState.OK and not row.subscription.is_paused


def _no_feeds_embed(scope: str, state: States) -> discord.Embed:
    if state == "all":
        advice = "None yet. `/feed add` follows one: give it the address of any news site."
    else:
        advice = f"None is {state}. Leave out `state` to see all."
    return discord.Embed(title=inline(f"Feeds {scope}"), description=advice)


def _told(poll: FeedPoll, following: Following) -> str:
    """Return what came of a poll, in a sentence."""
    next_check = f" Next check {when(poll.next_poll_at)}."
    match poll.outcome:
        case NotModified(status=status):
            told = f"{status}, nothing new." if status == 304 else "Unchanged, nothing new."  # noqa: PLR2004  # HTTP
        case Failed(reason=reason):
            told = block(reason, 1500)
        case Fetched() if not poll.new_entries:
            told = "Nothing new."
        case Fetched():
            queued = f"{poll.deliveries:,}" if poll.deliveries else "none"
            channel = f"<#{following.subscription.channel_id}>"
            told = f"{poll.new_entries:,} new, {queued} queued for posting."
            if following.subscription.is_paused:
                told += f" It is paused in {channel}, so nothing is posted there."
        case _:
            assert_never(poll.outcome)
    return told + next_check
