"""/feed edit: change what was chosen for a feed, with a way back."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Literal

import discord
from discord import app_commands

from bot.errors import UserError
from bot.frontend.commands.options import every_choices, parse_every
from bot.frontend.commands.posting import (
    QUERY_MAX,
    parse_ping,
    parse_tags,
    require_callable,
    tag_choices,
)
from bot.frontend.markdown import block, inline, plain, when
from bot.frontend.panels.channels import in_digest
from bot.frontend.panels.edits import changes, told, unedit_view
from bot.frontend.panels.undo import client_of
from bot.frontend.permissions import Target, guild_of, member_of, require_postable
from bot.news import health
from bot.news.models import UNDO_WINDOW, ChannelId, Choices, Edited, Following, Mode
from bot.news.ports import Clock
from bot.services.follow import Follower

FEED_NAME_MAX = 100  # characters of a feed's own name; Discord would take 256

Find = Callable[[discord.Interaction, str], Awaitable[Following]]
Offer = Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]
Old = Literal["skip", "post"]
Modes = Literal["story", "each", "digest"]
Clear = Literal["name", "every", "old", "mode", "tag", "ping", "all"]
TAGS_TYPED_MAX = 120  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What /feed edit was asked for; None: left out."""

    name: str | None
    every: str | None
    old: Old | None
    mode: Modes | None
    channel: Target | None
    clear: Clear | None
    tag: str | None = None
    ping: discord.Role | None = None
    ping_if: str | None = None
    ping_rest: str | None = None


def edit_command(
    follower: Follower, clock: Clock, find: Find, offer: Offer
) -> app_commands.Command[Any, ..., None]:
    """Return the command. It is made here, and not in its group, for the length of that."""

    @app_commands.command(name="edit", description="Change how a feed is checked and posted")
    @app_commands.describe(
        feed="The feed",
        name="What to call the source in posts",
        every="How often to check it: 5m to 24h, or auto for the feed's own rhythm",
        old="What is over a week old when it appears: skip it (usual), or post it too",
        mode="A post for each story, naming later sources (usual); for each entry; or a digest",
        channel="Post it there from now on",
        tag="In a forum: the tags of its posts, with commas between them",
        ping="A role that its posts call",
        ping_if="Call it only for what this search finds, such as storm -drill",
        ping_rest="After a call, none for so long: 30m, 2h, 1d; 0m for no rest",
        clear="Set this back to what is usual",
    )
    async def edit(
        interaction: discord.Interaction,
        feed: str,
        name: app_commands.Range[str, 1, FEED_NAME_MAX] | None = None,
        every: str | None = None,
        old: Old | None = None,
        mode: Modes | None = None,
        channel: Target | None = None,
        tag: app_commands.Range[str, 1, TAGS_TYPED_MAX] | None = None,
        ping: discord.Role | None = None,
        ping_if: app_commands.Range[str, 1, QUERY_MAX] | None = None,
        ping_rest: str | None = None,
        clear: Clear | None = None,
    ) -> None:
        asked = Changes(
            name=name,
            every=every,
            old=old,
            mode=mode,
            channel=channel,
            clear=clear,
            tag=tag,
            ping=ping,
            ping_if=ping_if,
            ping_rest=ping_rest,
        )
        if channel is not None:
            require_postable(channel, member_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        following = await find(interaction, feed)
        if ping is not None:
            place = channel or channel_of(interaction, following.subscription.channel_id)
            if place is not None:
                require_callable(ping, place, member_of(interaction))
        await _edit(interaction, follower, clock, following, asked)

    edit.autocomplete("feed")(offer)
    edit.autocomplete("every")(offer_every)
    edit.autocomplete("tag")(offer_tags)
    return edit


async def offer_every(
    _interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    """Offer intervals."""
    return every_choices(current)


async def offer_tags(
    interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    """Offer the tags of the forum that is named, or that the command is typed in."""
    named = getattr(interaction.namespace, "channel", None) or interaction.channel
    guild = interaction.guild
    channel = guild.get_channel(named.id) if guild is not None and named is not None else None
    return tag_choices(current, channel if isinstance(channel, discord.ForumChannel) else None)


def channel_of(interaction: discord.Interaction, channel_id: ChannelId) -> Target | None:
    """Return a channel that Herald can see."""
    channel = guild_of(interaction).get_channel_or_thread(channel_id)
    return channel if isinstance(channel, Target) else None


async def _edit(
    interaction: discord.Interaction,
    follower: Follower,
    clock: Clock,
    following: Following,
    asked: Changes,
) -> None:
    """Change it and say what was and what is."""
    subscription = following.subscription
    name, here = inline(subscription.name, 120), f"<#{subscription.channel_id}>"
    place = asked.channel or channel_of(interaction, subscription.channel_id)
    edited = await follower.edit(following, _wanted(following, asked, place))
    if edited is None:
        await interaction.edit_original_response(
            content=f"Nothing was changed. **{name}** in {here} is already so:\n"
            f"{told(subscription.choices)}"
        )
        return
    now = await follower.following(subscription.id) or following
    lines = [f"Changed **{name}** in {here}:", *changes(edited.before, edited.after)]
    if edited.before.every_s != edited.after.every_s:
        if now.wishes.shortest_s not in {None, now.subscription.every_s}:
            whose = health.wish(now.subscription, now.wishes)
            lines.append(f"{whose[:1].upper()}{whose[1:]}.")
        reason = block(now.feed.next_poll_reason, 300)
        lines.append(f"Next check {when(now.feed.next_poll_at)}: {reason}.")
    if Mode.DIGEST in {edited.before.mode, edited.after.mode}:
        lines.append(await _digest_told(interaction, now, edited))
    if edited.before.channel_id != edited.after.channel_id:
        lines.append(f"What {here} is owed already still comes there.")
    until = when(clock.now() + UNDO_WINDOW, "t")
    lines.append(f"You can undo this until {until}.")
    await interaction.edit_original_response(content="\n".join(lines), view=unedit_view(edited.id))


async def _digest_told(
    interaction: discord.Interaction, following: Following, edited: Edited
) -> str:
    """Return what becomes of the digest that a feed was put in or taken out of."""
    if edited.after.mode is not Mode.DIGEST:
        return "What waits for the digest is still told in it."
    subscription = following.subscription
    digester = client_of(interaction).digester
    return in_digest(
        await digester.state(subscription.guild_id, edited.after.channel_id),
        edited.after.channel_id,
    )


def _wanted(following: Following, asked: Changes, place: Target | None) -> Choices:
    """Return the choices as they are to be. Raises UserError."""
    subscription = following.subscription
    wanted = subscription.choices
    for option in ("name", "every", "old", "mode", "tag", "ping"):
        if asked.clear in {option, "all"}:
            if getattr(asked, option) is not None:
                raise UserError(
                    f"“clear: {asked.clear}” sets back what “{option}” sets. Leave one of them out."
                )
            wanted = _cleared(wanted, option, following.feed.title)
    if asked.name is not None:
        wanted = replace(wanted, name=plain(asked.name, FEED_NAME_MAX) or subscription.name)
    if asked.every is not None:
        wanted = replace(wanted, every_s=parse_every(asked.every))
    if asked.old is not None:
        wanted = replace(wanted, posts_old=asked.old == "post")
    if asked.mode is not None:
        wanted = replace(wanted, mode=Mode(asked.mode))
    if asked.tag is not None:
        wanted = replace(wanted, tags=parse_tags(asked.tag, place))
    wanted = replace(
        wanted, ping=parse_ping(wanted.ping, asked.ping, asked.ping_if, asked.ping_rest)
    )
    if asked.channel is not None:
        wanted = replace(wanted, channel_id=ChannelId(asked.channel.id))
    return wanted


def _cleared(choices: Choices, option: str, title: str) -> Choices:
    match option:
        case "name":
            return replace(choices, name=title)
        case "every":
            return replace(choices, every_s=None)
        case "mode":
            return replace(choices, mode=Mode.STORY)
        case "tag":
            return replace(choices, tags=())
        case "ping":
            return replace(choices, ping=None)
        case _:
            return replace(choices, posts_old=False)
