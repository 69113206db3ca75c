"""The way from a URL to a followed feed: choose one of several, look at it, add it."""

from dataclasses import dataclass

import discord

from bot.errors import AlreadyFollowed
from bot.frontend import limits
from bot.frontend.listings import count
from bot.frontend.markdown import block, inline, plain, when
from bot.frontend.panels.channels import in_digest
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import Target, member_of, require_postable
from bot.frontend.render import post_embed
from bot.news import health
from bot.news.models import (
    ChannelId,
    Fetched,
    Following,
    GuildId,
    Mode,
    NewSubscription,
    Ping,
    UserId,
)
from bot.services.follow import Follower
from bot.services.look import Proposal, entries_per_day

_KINDS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed", "cdf": "CDF"}
_LANGUAGE_CUT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What /feed add was asked for, beside the URL."""

    target: Target
    member: discord.Member
    name: str | None
    backfill: int
    every_s: int | None = None
    posts_old: bool = False
    mode: Mode = Mode.STORY
    tags: tuple[str, ...] = ()
    ping: Ping | None = None


class ChoosePanel(Panel):
    """A menu of the feeds that a site offers."""

    NEEDS_MANAGER = True

    def __init__(self, follower: Follower, wish: Wish, offered: tuple[Fetched, ...]) -> None:
        super().__init__(wish.member.id)
        self._follower = follower
        self._wish = wish
        self._offered = offered[: limits.CHOICES_MAX]
        for index, found in enumerate(self._offered):
            self.choose.add_option(
                label=plain(found.feed.title, limits.CHOICE_NAME_MAX)
                or plain(found.url, limits.CHOICE_NAME_MAX),
                value=str(index),
                description=plain(f"{_rate(found)} · {found.url}", limits.CHOICE_NAME_MAX),
            )

    @discord.ui.select(placeholder="Which feed?")
    async def choose(
        self, interaction: discord.Interaction, select: "discord.ui.Select[ChoosePanel]"
    ) -> None:
        """Go on to the preview of the chosen feed."""
        await interaction.response.defer()
        found = self._offered[int(select.values[0])]
        await refuse_if_followed(self._follower, self._wish, found)
        proposal = await self._follower.propose(
            found, name=self._wish.name, channel_id=ChannelId(self._wish.target.id)
        )
        self.stop()
        await show_preview(interaction, self._follower, self._wish, proposal)

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary)
    async def cancel(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[ChoosePanel]"
    ) -> None:
        """Follow none."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was added.")


class AddPanel(Panel):
    """Add and Cancel under a preview."""

    NEEDS_MANAGER = True

    def __init__(self, follower: Follower, wish: Wish, proposal: Proposal) -> None:
        super().__init__(wish.member.id)
        self._follower = follower
        self._wish = wish
        self._proposal = proposal

    @discord.ui.button(label="Add", style=discord.ButtonStyle.success)
    async def add(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[AddPanel]"
    ) -> None:
        """Follow the feed."""
        await interaction.response.defer()
        wish, target = self._wish, self._wish.target
        require_postable(target, member_of(interaction))  # may have changed while they looked
        followed = await self._follower.add(
            self._proposal,
            NewSubscription(
                guild_id=GuildId(target.guild.id),
                channel_id=ChannelId(target.id),
                name=wish.name or self._proposal.name,
                added_by=UserId(wish.member.id),
                backfill=wish.backfill,
                every_s=wish.every_s,
                posts_old=wish.posts_old,
                mode=wish.mode,
                tags=wish.tags,
                ping=wish.ping,
            ),
        )
        following = followed.following
        seen = f" {count(followed.seen, 'older entry')} marked as seen" if followed.seen else ""
        is_told = following.subscription.mode is Mode.DIGEST
        goal = "for the digest" if is_told else "for posting"
        queued = f" {followed.queued:,} queued {goal}" if followed.queued else ""
        told = f"{seen},{queued}" if seen and queued else seen or queued
        why = ""
        if wish.every_s is not None:
            why = f": {block(following.feed.next_poll_reason, 300)}"
            if following.wishes.shortest_s != wish.every_s:
                whose = health.wish(following.subscription, following.wishes)
                why += f". {block(whose[:1].upper() + whose[1:], 300)}"
        text = (
            f"Added **{inline(following.subscription.name)}** to {target.mention}. "
            f"Next check {when(following.feed.next_poll_at)}{why}.{told}{'.' if told else ''}"
        )
        if is_told:
            subscription = following.subscription
            digester = client_of(interaction).digester
            state = await digester.state(subscription.guild_id, subscription.channel_id)
            text += f"\n{in_digest(state, subscription.channel_id)}"
        has_post = bool(followed.queued) and not is_told
        if (followed.seen or followed.queued) and not has_post:
            self.stop()
            await AddedPanel(self._follower, following, wish.member.id, text).show(
                interaction, content=text
            )
        else:
            await self.close(interaction, text)

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary)
    async def cancel(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[AddPanel]"
    ) -> None:
        """Do not follow it."""
        await interaction.response.defer()
        await self.close(interaction, "Cancelled. Nothing was added.")


class AddedPanel(Panel):
    """After adding without backfill: a way to see something in the channel at once."""

    NEEDS_MANAGER = True

    def __init__(self, follower: Follower, following: Following, owner_id: int, told: str) -> None:
        super().__init__(owner_id)
        self._follower = follower
        self._following = following
        self._told = told

    @discord.ui.button(label="Post latest now", style=discord.ButtonStyle.secondary)
    async def post_latest(
        self, interaction: discord.Interaction, _button: "discord.ui.Button[AddedPanel]"
    ) -> None:
        """Queue the newest entry."""
        await interaction.response.defer()
        queued = await self._follower.post_newest(self._following)
        end = "The newest entry is on its way." if queued else "The newest entry was posted before."
        await self.close(interaction, f"{self._told} {end}")


async def show_preview(
    interaction: discord.Interaction, follower: Follower, wish: Wish, proposal: Proposal
) -> None:
    """Show what would be posted, the facts, and the buttons. *interaction* must be deferred."""
    known = await _known(follower, wish, proposal.found)
    facts = f"**{inline(proposal.name)}**: {facts_of(proposal)}.\n{known}{_tags_told(wish)}"
    if proposal.post is None:
        text = f"{facts}It has no entries yet, so there is nothing to show. Add it all the same?"
    else:
        where = wish.target.mention
        text = f"{facts}{_backfill_told(wish)} The newest looks like this in {where}:"
    embed = post_embed(proposal.post) if proposal.post else None
    await AddPanel(follower, wish, proposal).show(interaction, content=text, embed=embed)


def _tags_told(wish: Wish) -> str:
    """Return what becomes of posts in a forum that wants a tag, where none is chosen."""
    forum = wish.target
    if wish.tags or not isinstance(forum, discord.ForumChannel) or not forum.flags.require_tag:
        return ""
    return (
        f"{forum.mention} wants a tag on each post. One whose categories are none of its tags "
        "waits, unless you give the feed a `tag` or the forum one for all others: "
        "`/settings channel tags: * = …`.\n"
    )


def _backfill_told(wish: Wish) -> str:
    backfill = wish.backfill
    if wish.mode is Mode.DIGEST:
        return "What it brings is told in the channel's digest, a line for each story."
    if not backfill:
        return "Nothing that it holds now is posted, only what comes."
    newest = "entry is" if backfill == 1 else f"{backfill} entries are"
    return f"Once you add it, its newest {newest} posted, and what comes from then on."


def facts_of(proposal: Proposal) -> str:
    """Return what is known of a feed, in a few words."""
    feed = proposal.found.feed
    kind = next((name for key, name in _KINDS.items() if feed.kind.startswith(key)), "Feed")
    facts = [kind, count(len(feed.entries), "entry")]
    if proposal.per_day is not None:
        facts.append(_about(proposal.per_day))
    if proposal.newest_at is not None:
        facts.append(f"newest {when(proposal.newest_at)}")
    if feed.language:
        facts.append(f"language {block(feed.language, _LANGUAGE_CUT)}")
    return ", ".join(facts)


async def refuse_if_followed(follower: Follower, wish: Wish, found: Fetched) -> None:
    """Raise AlreadyFollowed where the channel follows the feed, before a preview is made."""
    for row in await follower.followings(GuildId(wish.target.guild.id), ChannelId(wish.target.id)):
        if row.feed.url == found.url:
            raise AlreadyFollowed(
                f"{wish.target.mention} follows this feed already, as "
                f"“{plain(row.subscription.name, 80)}”. /feed show tells how it fares.",
                url=found.url,
                channel_id=wish.target.id,
            )


async def _known(follower: Follower, wish: Wish, found: Fetched) -> str:
    rows = await follower.followings(GuildId(wish.target.guild.id))
    others = [f"<#{row.subscription.channel_id}>" for row in rows if row.feed.url == found.url]
    return f"It is already posted in {', '.join(others[:5])}.\n" if others else ""


def _rate(found: Fetched) -> str:
    per_day = entries_per_day(found)
    rate = f", {_about(per_day)}" if per_day is not None else ""
    return f"{count(len(found.feed.entries), 'entry')}{rate}"


def _about(per_day: float) -> str:
    return f"about {health.pace(per_day)}"
