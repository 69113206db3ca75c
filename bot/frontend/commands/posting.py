"""Options that say how posts are made: read what was typed, and offer it while it is typed."""

from dataclasses import replace
from datetime import timedelta

import discord
from discord import app_commands

from bot.errors import NotAllowed, UserError
from bot.frontend import limits
from bot.frontend.commands.options import parse_length
from bot.frontend.markdown import plain
from bot.frontend.permissions import Target, missing_to_call
from bot.news.models import Ping, RoleId
from bot.news.places import ANY_OTHER
from bot.news.query import parse_query

TAG_NAME_MAX = 20  # characters; Discord docs, "Forum Tag Object"
QUERY_MAX = 300  # characters of a search
REST_MAX = timedelta(days=30)
EVERY_STORY = "*"  # as a filter: whatever comes
MAPPED_MAX = 50  # categories that can be given tags


def parse_tags(text: str, channel: Target | None) -> tuple[str, ...]:
    """Return the names of tags in *text*, separated by commas. Raises UserError.

    They must be there where *channel* is a forum that can be seen.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) > limits.APPLIED_TAGS_MAX:
        raise UserError(f"A post can have {limits.APPLIED_TAGS_MAX} tags, not {len(names)}.")
    for name in names:
        _require_tag(name, channel)
    return names


def parse_tag_map(text: str, channel: Target) -> tuple[tuple[str, str], ...]:
    """Return the pairs of *text*: ``politics, election = World; * = News``. Raises UserError."""
    if not isinstance(channel, discord.ForumChannel):
        raise UserError(f"{channel.mention} is no forum, so its posts have no tags.")
    if text.strip().casefold() == "off":
        return ()
    pairs: dict[str, str] = {}
    for rule in filter(str.strip, text.split(";")):
        categories, is_there, tag = rule.rpartition("=")
        named = [category.strip().casefold() for category in categories.split(",")]
        if not is_there or not tag.strip() or not all(named):
            raise UserError(
                f"I do not understand “{plain(rule, 60)}”. Write categories, =, and a tag: "
                f"politics, election = World; rust = Code; {ANY_OTHER} = News. Or off."
            )
        _require_tag(tag.strip(), channel)
        pairs.update(dict.fromkeys(named, tag.strip()))
    if len(pairs) > MAPPED_MAX:
        raise UserError(f"{MAPPED_MAX} categories are the most that can be given tags here.")
    return tuple(pairs.items())


def _require_tag(name: str, channel: Target | None) -> None:
    if len(name) > TAG_NAME_MAX:
        raise UserError(f"No tag is called “{plain(name, 60)}”: that is too long for one.")
    if channel is None:
        return
    if not isinstance(channel, discord.ForumChannel):
        raise UserError(f"{channel.mention} is no forum, so its posts have no tags.")
    there = [tag.name for tag in channel.available_tags]
    if name.casefold() not in {tag.strip().casefold() for tag in there}:
        has = f"Its tags: {', '.join(there)}." if there else "It has none."
        raise UserError(f"{channel.mention} has no tag “{plain(name, 60)}”. {plain(has, 600)}")


def tag_choices(typed: str, channel: Target | None) -> list[app_commands.Choice[str]]:
    """Return the forum's tags that go on with the last name in *typed*."""
    if not isinstance(channel, discord.ForumChannel):
        return []
    before, comma, begun = typed.rpartition(",")
    names = [tag.name for tag in channel.available_tags]
    fitting = [name for name in names if name.casefold().startswith(begun.strip().casefold())]
    lead = f"{before}{comma} " if comma else ""
    return [
        app_commands.Choice(name=value[: limits.CHOICE_NAME_MAX], value=value)
        for value in (f"{lead}{name}" for name in fitting[: limits.CHOICES_MAX])
        if len(value) <= limits.CHOICE_NAME_MAX
    ]


def require_callable(role: discord.Role, channel: Target, member: discord.Member) -> None:
    """Raise unless both the caller and Herald may call *role* in *channel*."""
    if role.is_default():
        raise UserError("Posts can call a role, but not everyone.")
    if missing_to_call(role, channel, member):
        raise NotAllowed(
            f"You may not mention {role.mention} in {channel.mention} yourself: that needs the "
            "permission Mention Everyone, or a role that anyone may mention."
        )
    if missing_to_call(role, channel, channel.guild.me):
        raise UserError(
            f"Herald may not mention {role.mention} in {channel.mention}. Give it the permission "
            "Mention @everyone, @here, and All Roles there, or let anyone mention that role."
        )


def parse_ping(
    ping: Ping | None, role: discord.Role | None, query: str | None, rest: str | None
) -> Ping | None:
    """Return whom posts call, *ping* changed by what was asked for. Raises UserError."""
    if role is not None:
        ping = replace(ping or Ping(role_id=RoleId(role.id)), role_id=RoleId(role.id))
    if ping is None:
        if query is not None or rest is not None:
            raise UserError("Choose the role that its posts call with the option “ping”.")
        return None
    if query is not None:
        if query.strip() != EVERY_STORY:
            parse_query(query)
        ping = replace(ping, query="" if query.strip() == EVERY_STORY else query.strip())
    if rest is not None:
        rest_s = parse_length(rest).total_seconds()
        if rest_s > REST_MAX.total_seconds():
            raise UserError("30 days are the longest rest between two calls.")
        ping = replace(ping, rest_s=round(rest_s))
    return ping
