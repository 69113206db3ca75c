"""Posts in forum and media channels: a thread for each, whose first message is the post.

Discord takes no nonce there, so what may have been posted before is looked for among the threads.
A thread and its first message have one id (Discord docs, "Start Thread in Forum or Media Channel").
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

import discord
from discord.http import MultipartParameters, Route

from bot.errors import Forbidden
from bot.frontend import limits
from bot.frontend.markdown import plain
from bot.frontend.once import Once
from bot.frontend.permissions import may_moderate
from bot.news.models import ChannelId, Hit, Manner, MessageId, Post, PostRef

LOOK_BACK = 50  # archived threads; those that are awake come all at once
OPENED_MAX = 10  # threads whose first message is looked at, with a request each


def thread_name(title: str) -> str:
    """Return what a story's thread is called."""
    return plain(title, limits.THREAD_NAME_MAX) or "(untitled)"


def tags_of(forum: discord.ForumChannel, manner: Manner) -> list[discord.ForumTag]:
    """Return the forum's tags that go by the names in *manner*, as many as a post may have.

    Raises Forbidden where the forum wants a tag on each post and has none of these.
    """
    is_moderator = may_moderate(forum)
    usable = {
        tag.name.strip().casefold(): tag
        for tag in forum.available_tags
        if is_moderator or not tag.moderated
    }
    found = _named(usable, manner.tags) or _named(usable, filter(None, [manner.other_tag]))
    if forum.flags.require_tag and not found:
        raise Forbidden(
            f"#{forum.name} wants a tag on each post, and has none that fits this one. Choose one "
            "with /feed edit tag, or one for all others with /settings channel tags: *=Name.",
            channel_id=forum.id,
            may_have_landed=False,
        )
    return found


def _named(usable: Mapping[str, discord.ForumTag], names: Iterable[str]) -> list[discord.ForumTag]:
    wanted = dict.fromkeys(name.strip().casefold() for name in names)
    return [usable[name] for name in wanted if name in usable][: limits.APPLIED_TAGS_MAX]


async def open_post(
    client: discord.Client, forum: discord.ForumChannel, post: Post, said: MultipartParameters
) -> MessageId:
    """Post what is *said*, and return the id of the thread. Raises discord's errors."""
    payload = {
        "name": thread_name(post.title),
        "auto_archive_duration": forum.default_auto_archive_duration,
        "applied_tags": [str(tag.id) for tag in tags_of(forum, post.manner)],
        "message": said.payload,
    }
    # ForumChannel.create_thread does the same, but cannot be kept from doing it twice.
    made = await client.http.request(
        Route("POST", "/channels/{channel_id}/threads", channel_id=forum.id),
        json=payload,
        params={"use_nested_fields": 1},
        files=Once(),
    )
    return MessageId(int(made["id"]))


async def posts_of(
    forum: discord.ForumChannel, authors: Container[int], after: MessageId | None
) -> list[discord.Thread]:
    """Return the posts of *authors* that came later than *after*, newest first."""
    threads = {thread.id: thread for thread in await forum.guild.active_threads()}
    async for thread in forum.archived_threads(limit=LOOK_BACK):
        threads.setdefault(thread.id, thread)
    own = (
        thread
        for thread in threads.values()
        if thread.parent_id == forum.id and thread.owner_id in authors
    )
    later = (thread for thread in own if after is None or thread.id > after)
    return sorted(later, key=lambda thread: thread.id, reverse=True)


async def wake(client: discord.Client, thread_id: int) -> None:
    """Bring a thread back from the archive, so that what stands in it can be changed."""
    thread = await client.fetch_channel(thread_id)
    if isinstance(thread, discord.Thread) and thread.archived:
        await thread.edit(archived=False)


def home_of(message: discord.Message) -> ChannelId:
    """Return the channel that a post was made in; of one that began a forum's thread, the forum."""
    thread = message.channel
    if isinstance(thread, discord.Thread) and thread.id == message.id:
        return ChannelId(thread.parent_id)
    return ChannelId(thread.id)


def openable(hit: Hit, guild: discord.Guild) -> Hit:
    """Return *hit* with its post where Discord opens it: one in a forum is in its thread."""
    return hit if hit.post is None else replace(hit, post=opened(hit.post, guild))


def opened(post: PostRef, guild: discord.Guild) -> PostRef:
    """Return *post* where Discord opens it, as `openable` does."""
    if not isinstance(guild.get_channel(post.channel_id), discord.ForumChannel):
        return post
    return replace(post, channel_id=ChannelId(post.message_id))
