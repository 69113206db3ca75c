"""Buttons for feeds in trouble, in bulletins and on cards. All work across restarts.

::

    Check now        ─► poll, told to the one who pressed
    Pause, Resume    ─► in the channel whose card it is
    Pause everywhere ─► paused in every channel of the server, as bulletins are for all of it
    Switch …         ─► preview as it will be posted ─► Switch ─► moved, with Undo for 15 minutes
"""

import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

import discord

from bot.errors import NotFollowed
from bot.frontend import limits
from bot.frontend.errors import answer_error
from bot.frontend.listings import card_embed, mentions, poll_told, resumed_told
from bot.frontend.markdown import block, inline, plain, when
from bot.frontend.panels.confirm import ConfirmPanel
from bot.frontend.panels.moving import add_menus
from bot.frontend.panels.panel import Panel
from bot.frontend.panels.preview import facts_of
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import guild_of, require_manager
from bot.frontend.render import post_embed
from bot.news.models import (
    UNDO_WINDOW,
    Bulletin,
    FeedId,
    Following,
    GuildId,
    Notice,
    NoticeKind,
    Remedy,
    SubscriptionId,
    Switched,
    SwitchId,
)
from bot.services.follow import Follower
from bot.services.heal import Healer, Offer

ACTED_UPON: frozenset[NoticeKind] = frozenset({"failing", "paused", "gone", "stale", "remedy"})

_View = discord.ui.View
_ID = r"(?P<id>\d{1,19})"


class _FeedButton(discord.ui.DynamicItem[discord.ui.Button[_View]], template=r"feed:never:x"):
    """A button about one feed; the server is the one where it is pressed."""

    LABEL = ""
    VERB = "never"
    STYLE = discord.ButtonStyle.secondary

    def __init__(self, feed_id: FeedId) -> None:
        super().__init__(
            discord.ui.Button(
                label=self.LABEL, style=self.STYLE, custom_id=f"feed:{self.VERB}:{feed_id}"
            )
        )
        self._feed_id = feed_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(FeedId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Answer the press, only to the one who pressed."""
        await _answer(interaction, self._act)

    @abstractmethod
    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        """Do what the button says and tell it; *interaction* is deferred."""


class CheckNow(_FeedButton, template=rf"feed:check:{_ID}"):
    """Poll the feed."""

    LABEL = "Check now"
    VERB = "check"

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        client = client_of(interaction)
        rows = await client.healer.rows(guild_id, self._feed_id)
        poll = await client.follower.check(rows[0])
        is_paused = all(row.subscription.is_paused for row in rows)
        channels = [row.subscription.channel_id for row in rows]
        name = inline(rows[0].subscription.name, 120)
        told = poll_told(poll, channels, is_paused=is_paused)
        await interaction.edit_original_response(content=f"**{name}**: {told}")


class PauseFeed(_FeedButton, template=rf"feed:pause:{_ID}"):
    """Keep the feed from every channel of the server."""

    LABEL = "Pause everywhere"
    VERB = "pause"

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        rows = await client_of(interaction).healer.pause(guild_id, self._feed_id)
        channels = mentions([row.subscription.channel_id for row in rows])
        await interaction.edit_original_response(
            content=f"Paused **{inline(rows[0].subscription.name, 120)}** in {channels}. "
            "`/feed resume` posts it again."
        )


class _SubscriptionButton(
    discord.ui.DynamicItem[discord.ui.Button[_View]], template=r"sub:never:x"
):
    """A button about one feed in one channel."""

    LABEL = ""
    VERB = "never"

    def __init__(self, subscription_id: SubscriptionId) -> None:
        super().__init__(
            discord.ui.Button(
                label=self.LABEL,
                style=discord.ButtonStyle.secondary,
                custom_id=f"sub:{self.VERB}:{subscription_id}",
            )
        )
        self._subscription_id = subscription_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(SubscriptionId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Answer the press, only to the one who pressed."""
        await _answer(interaction, self._act)

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        """Do what the button says and tell it; *interaction* is deferred."""
        follower = client_of(interaction).follower
        following = await follower.following(self._subscription_id)
        is_here = following is not None and following.subscription.guild_id == guild_id
        if following is None or not is_here or following.is_removed:
            raise NotFollowed(
                "This server does not follow that feed any more.", wanted=str(self._subscription_id)
            )
        told = await self._do(follower, following)
        await interaction.edit_original_response(content=told)

    @abstractmethod
    async def _do(self, follower: Follower, following: Following) -> str:
        """Do what the button says; return what came of it."""


class PauseHere(_SubscriptionButton, template=rf"sub:pause:{_ID}"):
    """Keep the feed from the channel whose card it is."""

    LABEL = "Pause"
    VERB = "pause"

    async def _do(self, follower: Follower, following: Following) -> str:
        name = inline(following.subscription.name, 120)
        if following.subscription.is_paused:
            return f"**{name}** is paused already."
        await follower.pause(following)
        return (
            f"Paused **{name}** in <#{following.subscription.channel_id}>. `/feed resume` posts it "
            "again; what it publishes meanwhile goes into the archive."
        )


class ResumeHere(_SubscriptionButton, template=rf"sub:resume:{_ID}"):
    """Post the feed again in the channel whose card it is."""

    LABEL = "Resume"
    VERB = "resume"

    async def _do(self, follower: Follower, following: Following) -> str:
        if not following.subscription.is_paused:
            return f"**{inline(following.subscription.name, 120)}** is not paused."
        resumed = await follower.resume(following)
        now = await follower.following(following.subscription.id) or following
        return resumed_told(now, following, resumed)


class SwitchFeed(_FeedButton, template=rf"feed:switch:{_ID}"):
    """Show what the feed's site offers instead, and move to it on a second click."""

    LABEL = "Switch to …"
    VERB = "switch"
    STYLE = discord.ButtonStyle.primary

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        healer = client_of(interaction).healer
        await show_offer(interaction, healer, await healer.offer(guild_id, self._feed_id))


class UndoSwitch(discord.ui.DynamicItem[discord.ui.Button[_View]], template=rf"unswitch:{_ID}"):
    """Move back what was switched."""

    def __init__(self, switch_id: SwitchId) -> None:
        super().__init__(
            discord.ui.Button(
                label="Undo",
                style=discord.ButtonStyle.secondary,
                custom_id=f"unswitch:{switch_id}",
            )
        )
        self._switch_id = switch_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the button that was pressed."""
        return cls(SwitchId(int(match["id"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Move back and say so."""
        await _answer(interaction, self._act, is_edit=True)

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        back = await client_of(interaction).healer.switch_back(guild_id, self._switch_id)
        await interaction.edit_original_response(
            content=f"Back to {block(back.old.url, 600)} in {mentions(back.channels)}.",
            embed=None,
            view=None,
        )


class PickFeed(discord.ui.DynamicItem["discord.ui.Select[_View]"], template=r"feeds:pick"):
    """A menu of the feeds of a bulletin; the chosen one's card has the buttons."""

    def __init__(self, menu: "discord.ui.Select[_View]") -> None:
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Return the menu that was used."""
        if not isinstance(item, discord.ui.Select):
            raise TypeError(f"{type(item).__name__} is no menu")
        return cls(item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Show the card of the chosen feed."""
        await _answer(interaction, self._act)

    async def _act(self, interaction: discord.Interaction, guild_id: GuildId) -> None:
        client = client_of(interaction)
        rows = await client.healer.rows(guild_id, FeedId(int(self.item.values[0])))
        embed, _ = await card_of(client.follower, client.healer, rows[0])
        repairs = await client.healer.repairs(rows[0].feed.id)
        view = feed_view(rows[0].feed.id, repairs.remedy)  # as the bulletin, for all channels
        await interaction.edit_original_response(embed=embed, view=view)


HEALTH_ITEMS = (CheckNow, PauseFeed, PauseHere, ResumeHere, SwitchFeed, UndoSwitch, PickFeed)
"""What the client registers, so that buttons of former processes work."""


def bulletin_view(bulletin: Bulletin) -> _View | None:
    """Return the buttons and menus of a bulletin; None where there is nothing to do about it."""
    view = _feeds_view(bulletin.notices)
    if any(held.kind == "gone" for held in bulletin.holds):
        view = view or _View(timeout=None)
        add_menus(view, bulletin.holds)
    return view


def _feeds_view(notices: Sequence[Notice]) -> _View | None:
    """Return the buttons about one feed, a menu about several, None about none."""
    acted_upon = {n.feed.id: n for n in notices if n.kind in ACTED_UPON}
    if not acted_upon:
        return None
    if len(notices) == 1:
        (notice,) = acted_upon.values()
        return feed_view(notice.feed.id, notice.remedy)
    menu: discord.ui.Select[_View] = discord.ui.Select(
        placeholder="What to do about …", custom_id="feeds:pick"
    )
    for notice in [*acted_upon.values()][: limits.CHOICES_MAX]:
        menu.add_option(
            label=plain(notice.name, limits.CHOICE_NAME_MAX) or "(unnamed)",
            value=str(notice.feed.id),
            description=plain(notice.feed.public_url, limits.CHOICE_NAME_MAX),
        )
    # No time-out: when a view ends, discord.py 2.7 forgets its dynamic items for every message.
    view = _View(timeout=None)
    view.add_item(PickFeed(menu))
    return view


def feed_view(feed_id: FeedId, remedy: Remedy | None) -> _View:
    """Return the buttons about one feed in all channels of a server."""
    view = _View(timeout=None)
    view.add_item(CheckNow(feed_id))
    view.add_item(PauseFeed(feed_id))
    if remedy is not None:
        view.add_item(SwitchFeed(feed_id))
    return view


async def card_of(
    follower: Follower, healer: Healer, following: Following
) -> tuple[discord.Embed, _View]:
    """Return the card of a followed feed with its buttons."""
    card = await follower.card(following)
    repairs = await healer.repairs(following.feed.id)
    subscription = following.subscription
    rows = await healer.rows(subscription.guild_id, following.feed.id) if repairs.remedy else ()
    embed = card_embed(card, healer.now(), repairs, [row.subscription.channel_id for row in rows])
    view = _View(timeout=None)
    view.add_item(CheckNow(following.feed.id))
    button = ResumeHere if subscription.is_paused else PauseHere
    view.add_item(button(subscription.id))
    if repairs.remedy is not None:
        view.add_item(SwitchFeed(following.feed.id))
    return embed, view


async def show_offer(interaction: discord.Interaction, healer: Healer, offer: Offer) -> None:
    """Show what would be followed instead, with a button that does it."""
    proposal, name = offer.proposal, inline(offer.rows[0].subscription.name, 120)
    channels = mentions([row.subscription.channel_id for row in offer.rows])

    async def act(pressed: discord.Interaction, panel: Panel) -> None:
        require_manager(pressed)
        switched = await healer.switch(GuildId(guild_of(pressed).id), offer)
        until = when(healer.now() + UNDO_WINDOW, "t")
        await panel.close(
            pressed,
            f"**{name}** now comes from {block(switched.new.url, 600)} in {channels}. What that "
            f"feed holds already is not posted. You can undo this until {until}.",
            view=_undo_view(switched),
        )

    text = (
        f"Let **{name}** in {channels} come from {block(proposal.found.url, 500)}?\n"
        f"{facts_of(proposal)}. Nothing that it holds already is posted."
    )
    if proposal.post is not None:
        text += " Its newest entry looks like this:"
    panel = ConfirmPanel(interaction.user.id, f"Switch to {plain(proposal.name)}", act)
    await panel.show(
        interaction, content=text, embed=post_embed(proposal.post) if proposal.post else None
    )


def _undo_view(switched: Switched) -> _View:
    view = _View(timeout=None)
    view.add_item(UndoSwitch(switched.id))
    return view


async def _answer(
    interaction: discord.Interaction,
    act: Callable[[discord.Interaction, GuildId], Awaitable[None]],
    *,
    is_edit: bool = False,
) -> None:
    """Check who pressed, acknowledge, act. *is_edit*: the pressed message is changed itself."""
    # discord.py only logs what a dynamic item raises, so errors are answered here.
    try:
        require_manager(interaction)
        guild_id = GuildId(guild_of(interaction).id)
        if is_edit:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
        await act(interaction, guild_id)
    except Exception as error:  # noqa: BLE001  # the one handler sorts them, and logs our own
        await answer_error(interaction, error)
