"""Who may do what where: asked at run time, for the channel that is meant.

``default_permissions`` only decides what Discord's client offers, and server owners override it.
"""

import discord

from bot.errors import ChannelNotWritable, NotAllowed, UserError
from bot.news.models import ChannelId

Target = discord.TextChannel | discord.Thread | discord.ForumChannel
"""Where news can be posted: text and announcement channels, threads, forum and media channels."""


def guild_of(interaction: discord.Interaction) -> discord.Guild:
    """Return the server of a command. Raises UserError in private messages or where it left."""
    if interaction.guild is None:
        raise UserError("This works in a server where Herald is a member, not here.")
    return interaction.guild


def member_of(interaction: discord.Interaction) -> discord.Member:
    """Return the caller as a member. Raises UserError outside servers."""
    if not isinstance(interaction.user, discord.Member):
        raise UserError("This works in a server where Herald is a member, not here.")
    return interaction.user


def require_manager(interaction: discord.Interaction) -> None:
    """Raise NotAllowed unless the caller has Manage Server."""
    if not interaction.permissions.manage_guild:
        raise NotAllowed("You need the permission Manage Server to manage feeds here.")


def target_of(interaction: discord.Interaction, chosen: Target | None) -> Target:
    """Return the channel that is meant, the current one by default. Raises UserError."""
    channel = chosen or interaction.channel
    if not isinstance(channel, Target):
        raise UserError(
            "Herald posts in text channels, announcement channels, threads and forums. "
            "Name one with the option “channel”."
        )
    return channel


def missing_to_post(channel: Target) -> tuple[str, ...]:
    """Return the permissions that Herald lacks to post in *channel*, by their names in Discord.

    In forums a post is found again by looking through them only, so that must be allowed.
    """
    allowed = _permissions(channel, channel.guild.me)
    wanted = [
        ("View Channel", allowed.view_channel),
        _to_send(channel, allowed),
        ("Embed Links", allowed.embed_links),
    ]
    match channel:
        case discord.ForumChannel():
            wanted.append(("Read Message History", allowed.read_message_history))
        case discord.Thread(locked=True):  # moderators only, and only they wake it
            wanted.append(("Manage Threads", allowed.manage_threads))
    return tuple(name for name, is_given in wanted if not is_given)


def _to_send(channel: Target, allowed: discord.Permissions) -> tuple[str, bool]:
    match channel:
        case discord.Thread():
            return "Send Messages in Threads", allowed.send_messages_in_threads
        case discord.ForumChannel():  # the same bit by another name
            return "Create Posts", allowed.send_messages
        case _:
            return "Send Messages", allowed.send_messages


def may_read_history(channel: Target) -> bool:
    """Whether Herald may look at what was posted in *channel*; it can post without."""
    return _permissions(channel, channel.guild.me).read_message_history


def missing_for_webhooks(channel: Target) -> tuple[str, ...]:
    """Return what Herald lacks to post under its sources' names in *channel*.

    What a webhook has posted is found again by looking through the channel only.
    """
    allowed = _permissions(channel, channel.guild.me)
    wanted = (
        ("Manage Webhooks", allowed.manage_webhooks),
        ("Read Message History", allowed.read_message_history),
    )
    return tuple(name for name, is_given in wanted if not is_given)


def missing_for_threads(channel: Target) -> tuple[str, ...]:
    """Return what Herald lacks to open a thread under a post in *channel*."""
    allowed = _permissions(channel, channel.guild.me)
    wanted = (
        ("Create Public Threads", allowed.create_public_threads),
        ("Read Message History", allowed.read_message_history),
    )
    return tuple(name for name, is_given in wanted if not is_given)


def missing_to_publish(channel: Target, *, is_by_source: bool) -> tuple[str, ...]:
    """Return what Herald lacks to publish posts: webhooks' posts are others' to Discord."""
    may_manage = _permissions(channel, channel.guild.me).manage_messages
    return ("Manage Messages",) if is_by_source and not may_manage else ()


def missing_to_call(role: discord.Role, channel: Target, member: discord.Member) -> tuple[str, ...]:
    """Return what *member* lacks to have *role* notified by a message in *channel*."""
    if role.mentionable or _permissions(channel, member).mention_everyone:
        return ()
    return ("Mention @everyone, @here, and All Roles",)


def may_moderate(forum: discord.ForumChannel) -> bool:
    """Whether Herald may use a forum's tags that are kept to moderators."""
    return _permissions(forum, forum.guild.me).manage_threads


def require_writer(channel: Target, member: discord.Member) -> None:
    """Raise NotAllowed unless the caller may post in *channel*."""
    allowed = _permissions(channel, member)
    _, can_send = _to_send(channel, allowed)
    if not (allowed.view_channel and can_send):
        raise NotAllowed(
            f"You can only send news to channels you may write in, and {channel.mention} is not "
            "one."
        )


def require_postable(channel: Target, member: discord.Member) -> None:
    """Raise unless both the caller and Herald may post in *channel*."""
    require_writer(channel, member)
    if missing := missing_to_post(channel):
        raise ChannelNotWritable(
            f"Herald may not post in {channel.mention}: it lacks {_and(missing)}. "
            "Grant that in the channel's settings under Permissions, then try again.",
            channel_id=channel.id,
            missing=missing,
        )


async def readable_channels(
    guild: discord.Guild, member: discord.Member, followed: frozenset[ChannelId]
) -> frozenset[ChannelId]:
    """Return the channels whose posts *member* may read: View Channel and Read Message History.

    A thread is as readable as its parent; a private one only for those in it, which is asked of
    Discord for those in *followed* alone.
    """
    readable = {channel.id for channel in guild.channels if _may_read(channel, member)}
    for thread in guild.threads:
        if thread.parent_id not in readable:
            continue
        if not thread.is_private() or await _is_in(thread, member, followed):
            readable.add(thread.id)
    return frozenset(ChannelId(id_) for id_ in readable)


def _may_read(channel: discord.abc.GuildChannel, member: discord.Member) -> bool:
    allowed = channel.permissions_for(member)
    return allowed.view_channel and allowed.read_message_history


async def _is_in(
    thread: discord.Thread, member: discord.Member, followed: frozenset[ChannelId]
) -> bool:
    if _permissions(thread, member).manage_threads:
        return True
    if thread.id not in followed:
        return False
    try:
        await thread.fetch_member(member.id)
    except discord.HTTPException:  # 404: not in it; anything else: better hidden than leaked
        return False
    return True


def _permissions(channel: Target, member: discord.Member) -> discord.Permissions:
    try:
        return channel.permissions_for(member)
    except discord.ClientException:  # a thread whose parent Herald cannot see
        return discord.Permissions.none()


def _and(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
