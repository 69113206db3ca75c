"""Take posts to Discord: the front end's side of the outbox."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace

import discord
import structlog
from discord.http import MultipartParameters, handle_message_parameters

from bot.errors import (
    ChannelGone,
    ConfigError,
    DiscordUnavailable,
    Forbidden,
    HistoryHidden,
    MessageGone,
    PostRefused,
    RateLimited,
)
from bot.frontend.faults import ERRORS, REFUSED_LOGIN, UNAUTHORISED, is_refusal, translated
from bot.frontend.forums import OPENED_MAX, open_post, posts_of, tags_of, thread_name, wake
from bot.frontend.gate import Gate
from bot.frontend.permissions import Target, may_read_history, missing_for_threads, missing_to_post
from bot.frontend.render import fitting_in_one, post_embed, post_embeds, safe_url
from bot.frontend.webhooks import Memory, Webhooks, source_name
from bot.news.models import ChannelId, Manner, MessageId, Post, RoleId

log = structlog.get_logger()

READY_WITHIN_S = 20.0  # a start with many servers takes a few seconds; the outbox tries again
LOOK_BACK = 500  # messages, a hundred a request; a channel of news ends at the last post known
# Discord docs, "JSON Error Codes"
UNKNOWN_CHANNEL, ARCHIVED, ALREADY_PUBLISHED, HAS_THREAD = 10003, 50083, 40033, 160004

PLAINLY = Manner()


class DiscordPublisher:
    """Posts with the client that is current; clients come and go with the connection.

    ``current`` returns None while there is none; ``memory`` keeps the webhooks that were made;
    ``gate`` is that of the clients. Every method raises PublishError, or ConfigError once Discord
    does not accept the token any more.
    """

    def __init__(
        self,
        current: Callable[[], discord.Client | None],
        memory: Memory,
        gate: Gate | None = None,
    ) -> None:
        self._current = current
        self._webhooks = Webhooks(memory)
        self._gate = gate or Gate()

    async def takes_nonce(self, channel_id: ChannelId) -> bool:
        """Whether Discord knows a repeated attempt there by its nonce.

        Not in forums, nor of webhooks: where there has been one, an earlier attempt may be its.
        """
        async with self._asking(channel_id):
            channel = await _channel(await self._client(channel_id), channel_id)
        is_forum = isinstance(channel, discord.ForumChannel)
        return not is_forum and not await self._webhooks.made_in(channel)

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Post and return the message's id, in a forum its thread's."""
        embeds = post_embeds(post)
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            client = await self._client(channel_id)
            post = replace(post, manner=_manner_of_all(post, channel))
            if post.manner.is_by_source and _may_speak(channel, post):
                said = _as_source(channel, post, embeds[0])
                if (made := await self._webhooks.send(client, channel, said)) is not None:
                    return made
            if isinstance(channel, discord.ForumChannel):
                return await open_post(client, channel, post, _said(post, embeds[0]))
            return await self._send(channel, embeds, nonce, manner=post.manner)

    async def send(
        self,
        channel_id: ChannelId,
        embeds: Sequence[discord.Embed],
        nonce: str,
        view: discord.ui.View | None = None,
    ) -> MessageId:
        """Send and return the message's id. Raises PublishError.

        Permissions are checked first: Discord counts refused requests towards a ban (10,000 in ten
        minutes), and shows a message without its embed where only Embed Links is missing.
        """
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            if isinstance(channel, discord.ForumChannel):
                raise ChannelGone("A forum takes posts only.", channel_id=channel_id)
            return await self._send(channel, embeds, nonce, view=view)

    async def _send(
        self,
        channel: discord.TextChannel | discord.Thread,
        embeds: Sequence[discord.Embed],
        nonce: str,
        *,
        manner: Manner = PLAINLY,
        view: discord.ui.View | None = None,
    ) -> MessageId:
        if isinstance(channel, discord.Thread) and channel.archived and channel.locked:
            await channel.edit(archived=False)  # by itself it wakes only where it is not locked
        # discord.py adds enforce_nonce: Discord then answers a repeated nonce with the message
        # that it made before.
        message = await channel.send(
            content=_call(manner),
            embeds=embeds,
            nonce=nonce,
            silent=manner.is_silent,
            allowed_mentions=_mentions(manner),
            view=view or discord.utils.MISSING,
        )
        return MessageId(message.id)

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the message that says *post* already. Raises HistoryHidden, PublishError.

        Discord tells no nonce of an old message. A channel gets its posts one after the other, so
        that what came later than *after*, the last one known to be there, is of this very attempt.
        """
        embed = post_embed(post)
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            if isinstance(channel, discord.ForumChannel):
                return await self._find_thread(channel, post, after)
        return await self.look_back(channel_id, lambda message: _says(message, embed), after)

    async def look_back(
        self,
        channel_id: ChannelId,
        is_wanted: Callable[[discord.Message], bool],
        after: MessageId | None = None,
    ) -> MessageId | None:
        """Return the newest of Herald's own messages that is wanted; None where there is none.

        Raises HistoryHidden where that cannot be known, or else PublishError.
        """
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            if isinstance(channel, discord.ForumChannel) or not may_read_history(channel):
                if await self._is_last(channel, after):
                    return None
                raise HistoryHidden(
                    f"A post may be in #{channel.name} ({channel.guild.name}) already, and Herald "
                    "lacks Read Message History to look for it.",
                    channel_id=channel_id,
                )
            webhooks = await self._webhooks.made_in(channel)
            async for message in channel.history(limit=LOOK_BACK):
                if after is not None and message.id <= after:
                    return None
                if message.webhook_id in webhooks:
                    message = await self._whole(message, channel)  # noqa: PLW2901  # the same one
                elif not _is_post(message, channel):
                    continue
                if is_wanted(message):
                    return MessageId(message.id)
        return None

    async def _is_last(self, channel: Target, message_id: MessageId | None) -> bool:
        """Whether nothing came after a message, which Discord tells those who may not read too.

        It names the last message that was sent, were it deleted since.
        """
        if message_id is None or isinstance(channel, discord.ForumChannel):
            return False
        client = await self._client(ChannelId(channel.id))
        now = await client.fetch_channel(channel.id)
        if not isinstance(now, discord.TextChannel | discord.Thread):
            return False
        return now.last_message_id is not None and now.last_message_id <= message_id

    async def _find_thread(
        self, forum: discord.ForumChannel, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the post in a forum that goes by the title of *post*, or else has its link."""
        webhooks = await self._webhooks.made_in(forum)
        threads = await posts_of(forum, {forum.guild.me.id, *webhooks}, after)
        name = thread_name(post.title)
        for thread in threads:
            if thread.name == name:
                return MessageId(thread.id)
        embed = post_embed(post)
        for thread in threads[:OPENED_MAX]:
            with suppress(discord.NotFound):  # its first message was deleted
                message = await thread.fetch_message(thread.id)
                if message.webhook_id in webhooks:
                    message = await self._whole(message, forum)
                if _says(message, embed):
                    return MessageId(thread.id)
        return None

    async def _whole(self, message: discord.Message, channel: Target) -> discord.Message:
        """Return a webhook's message with its embeds, which Discord may keep from other eyes."""
        if message.embeds:
            return message
        client = await self._client(ChannelId(channel.id))
        return await self._webhooks.fetch(client, channel, message)

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:
        """Return how many of a bundle's posts go into one message, uncut.

        A forum's post is one, and so is what comes under its source's own name. What is silent is
        not mixed with what is not, nor what calls one role with what calls another.
        """
        async with self._asking(channel_id):
            channel = await _channel(await self._client(channel_id), channel_id)
        if isinstance(channel, discord.ForumChannel) or post.manner.is_by_source:
            return 1
        return min(_alike(post), fitting_in_one(post))

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        """Make an earlier post say *post*. Without Embed Links, Discord would empty it."""
        embeds = post_embeds(post)
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            try:
                await self._edit(channel, message_id, embeds)
            except discord.HTTPException as error:
                if error.code != ARCHIVED or isinstance(channel, discord.TextChannel):
                    raise
                asleep = message_id if isinstance(channel, discord.ForumChannel) else channel_id
                await wake(await self._client(channel_id), asleep)
                await self._edit(channel, message_id, embeds)

    async def _edit(
        self, channel: Target, message_id: MessageId, embeds: Sequence[discord.Embed]
    ) -> None:
        client = await self._client(ChannelId(channel.id))
        try:
            if await self._webhooks.edit(client, channel, message_id, embeds[0]):
                return
            is_forum = isinstance(channel, discord.ForumChannel)
            holder = client.get_partial_messageable(message_id if is_forum else channel.id)
            await holder.get_partial_message(message_id).edit(
                embeds=embeds, allowed_mentions=discord.AllowedMentions.none()
            )
        except discord.NotFound as error:
            if error.code == UNKNOWN_CHANNEL and isinstance(channel, discord.ForumChannel):
                raise MessageGone("The post no longer exists.", channel_id=channel.id) from error
            raise

    async def crosspost(self, channel_id: ChannelId, message_id: MessageId) -> None:
        """Publish a post to those who follow its channel, unless it is already."""
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            if not isinstance(channel, discord.TextChannel) or not channel.is_news():
                raise PostRefused(
                    f"#{channel.name} is no announcement channel.", channel_id=channel_id
                )
            with _done_before(ALREADY_PUBLISHED):
                await channel.get_partial_message(message_id).publish()

    async def open_thread(self, channel_id: ChannelId, message_id: MessageId, title: str) -> None:
        """Start a thread under a post, unless it has one."""
        async with self._asking(channel_id):
            channel = await self._postable(channel_id)
            if not isinstance(channel, discord.TextChannel):
                raise PostRefused(f"#{channel.name} has no threads.", channel_id=channel_id)
            if missing := missing_for_threads(channel):
                raise Forbidden(
                    f"Herald lacks {', '.join(missing)} in #{channel.name} ({channel.guild.name}).",
                    channel_id=channel_id,
                )
            message = channel.get_partial_message(message_id)
            with _done_before(HAS_THREAD):
                await message.create_thread(name=thread_name(title))

    @asynccontextmanager
    async def _asking(self, channel_id: ChannelId) -> AsyncIterator[None]:
        """Raise what goes wrong in the block as what it means, and whether a post may have landed.

        Discord may have taken a request before it refused its repetition: the gate watches all.
        """
        with self._gate.watch() as watch:
            try:
                yield
            except ERRORS as error:
                if isinstance(error, discord.HTTPException) and error.status == UNAUTHORISED:
                    raise await self._unauthorised(channel_id) from error
                fault = translated(error, channel_id)
                fault.may_have_landed = watch.is_doubtful or not is_refusal(error)
                raise fault from error

    async def _unauthorised(self, channel_id: ChannelId) -> ConfigError | DiscordUnavailable:
        """Return what a 401 means. One alone may be Discord's own fault, so it is asked again."""
        client = self._current()
        try:
            if client is not None:
                await client.application_info()
        except ERRORS as error:
            if isinstance(error, discord.HTTPException) and error.status == UNAUTHORISED:
                return ConfigError(REFUSED_LOGIN, setting="HERALD_TOKEN")
        return DiscordUnavailable("Discord answered 401.", channel_id=channel_id)

    async def _postable(self, channel_id: ChannelId) -> Target:
        """Return a channel that Herald may post to, or raise what keeps it from that."""
        if wait_s := self._gate.wait_s():
            raise RateLimited(
                f"Discord is not asked for another {wait_s:.0f} s.",
                channel_id=channel_id,
                retry_after_s=wait_s,
                may_have_landed=False,
            )
        channel = await _channel(await self._client(channel_id), channel_id)
        if missing := missing_to_post(channel):
            raise Forbidden(
                f"Herald lacks {', '.join(missing)} in #{channel.name} ({channel.guild.name}).",
                channel_id=channel_id,
                may_have_landed=False,
            )
        return channel

    async def _client(self, channel_id: ChannelId) -> discord.Client:
        client = self._current()
        if client is None or client.user is None or client.is_closed():
            raise DiscordUnavailable(
                "Not connected to Discord.", channel_id=channel_id, may_have_landed=False
            )
        if not client.is_ready():
            async with asyncio.timeout(READY_WITHIN_S):
                await client.wait_until_ready()
        return client


async def _channel(client: discord.Client, channel_id: ChannelId) -> Target:
    channel = client.get_channel(channel_id)
    if channel is None:
        # Every channel of every server is in the cache, seen or not. Missing are sleeping threads,
        # and what is gone.
        try:
            channel = await client.fetch_channel(channel_id)
        except discord.Forbidden as error:
            # Which of the two cannot be told; servers that were left are known by other ways.
            raise Forbidden(
                "Herald is no longer in that server or thread.",
                channel_id=channel_id,
                may_have_landed=False,
            ) from error
    if not isinstance(channel, Target):
        raise ChannelGone("It is not a channel for posts.", channel_id=channel_id)
    if channel.guild.unavailable:
        raise DiscordUnavailable("Discord has an outage in that server.", channel_id=channel_id)
    return channel


@contextmanager
def _done_before(code: int) -> Iterator[None]:
    """Pass over Discord's word that what the block asks for was done already."""
    try:
        yield
    except discord.HTTPException as error:
        if error.code != code:
            raise


def _alike(post: Post) -> int:
    """Return how many of a bundle's posts, from the first on, can be made in one manner."""
    first, number, roles = post.manner, 0, set[RoleId]()
    for manner in (each.manner for each in (post, *post.bundled)):
        roles |= {manner.ping} if manner.ping is not None else set()
        if manner.is_silent is not first.is_silent or len(roles) > 1:
            break
        number += 1
    return number


def _manner_of_all(post: Post, channel: Target) -> Manner:
    """Return the manner of a message that holds a post and those bundled with it.

    A role that was deleted is not called: its mention would say so and nothing else.
    """
    called = (each.manner.ping for each in (post, *post.bundled) if each.manner.ping is not None)
    there = (ping for ping in called if channel.guild.get_role(ping) is not None)
    return replace(post.manner, ping=next(there, None))


def _call(manner: Manner) -> str | None:
    return f"<@&{manner.ping}>" if manner.ping is not None else None


def _mentions(manner: Manner) -> discord.AllowedMentions:
    """Return who a post may call: the role that it is to call, and nobody else."""
    allowed = discord.AllowedMentions.none()
    if manner.ping is not None:
        allowed.roles = [discord.Object(manner.ping)]
    return allowed


def _may_speak(channel: Target, post: Post) -> bool:
    """Whether a webhook can say all of *post*: it has no right to call a role that is not open."""
    role = post.manner.ping and channel.guild.get_role(post.manner.ping)
    return not role or role.mentionable


def _said(post: Post, embed: discord.Embed) -> MultipartParameters:
    """Return the body of a post's message in a forum."""
    return handle_message_parameters(
        content=_call(post.manner),
        embed=embed,
        allowed_mentions=_mentions(post.manner),
        flags=discord.MessageFlags(suppress_notifications=post.manner.is_silent),
    )


def _as_source(channel: Target, post: Post, embed: discord.Embed) -> MultipartParameters:
    """Return the body of a post's message for a webhook; its author need not be said again."""
    is_forum = isinstance(channel, discord.ForumChannel)
    tags = tags_of(channel, post.manner) if isinstance(channel, discord.ForumChannel) else ()
    return handle_message_parameters(
        content=_call(post.manner) or discord.utils.MISSING,
        username=source_name(post.source),
        avatar_url=safe_url(post.icon_url) or discord.utils.MISSING,
        embed=embed,
        allowed_mentions=_mentions(post.manner),
        flags=discord.MessageFlags(suppress_notifications=post.manner.is_silent),
        thread_name=thread_name(post.title) if is_forum else discord.utils.MISSING,
        applied_tags=[tag.id for tag in tags] or discord.utils.MISSING,
    )


def _is_post(message: discord.Message, channel: Target) -> bool:
    """Whether Herald posted *message* of its own accord: no answer to a command."""
    is_own = message.author.id == channel.guild.me.id
    return is_own and message.type is discord.MessageType.default


def _says(message: discord.Message, embed: discord.Embed) -> bool:
    """Whether *message* is a post with the link or, where its entry was edited since, the title."""
    return any(
        (shown.url is not None and shown.url == embed.url)
        or (shown.title or "").strip() == (embed.title or "").strip()
        for shown in message.embeds
    )
