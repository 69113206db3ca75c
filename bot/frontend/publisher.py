"""Take posts to Discord: the front end's side of the outbox."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import discord
import structlog

from bot.errors import (
    ChannelGone,
    DiscordUnavailable,
    Forbidden,
    HistoryHidden,
    MessageGone,
    PostRefused,
    PublishError,
    RateLimited,
)
from bot.frontend.permissions import Target, may_read_history, missing_to_post
from bot.frontend.render import fitting_in_one, post_embed, post_embeds
from bot.news.models import ChannelId, MessageId, Post

log = structlog.get_logger()

READY_WITHIN_S = 20.0  # a start with many servers takes a few seconds; the outbox tries again
LOOK_BACK = 50  # messages; what Discord gives of a channel's history in one request by default
_NOT_FOUND, _SERVER_ERROR = 404, 500  # HTTP
CLOUDFLARE_WAIT_S = 600.0  # a 429 without Discord's headers says no time of its own


class DiscordPublisher:
    """Posts with the client that is current; clients come and go with the connection.

    ``current`` returns None while there is none.
    """

    def __init__(self, current: Callable[[], discord.Client | None]) -> None:
        self._current = current

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Post and return the message's id."""
        return await self.send(channel_id, post_embeds(post), nonce)

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
        try:
            channel = await self._postable(channel_id)
            # discord.py adds enforce_nonce: Discord then answers a repeated nonce with the message
            # that it made before.
            message = await channel.send(
                embeds=embeds,
                nonce=nonce,
                allowed_mentions=discord.AllowedMentions.none(),
                view=view or discord.utils.MISSING,
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _translated(error, channel_id) from error
        return MessageId(message.id)

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the message that says *post* already. Raises HistoryHidden, PublishError.

        Discord tells no nonce of an old message. A channel gets its posts one after the other, so
        that what came later than *after*, the last one known to be there, is of this very attempt.
        """
        embed = post_embed(post)
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
        try:
            channel = await self._postable(channel_id)
            if not may_read_history(channel):
                raise HistoryHidden(
                    f"A post may be in #{channel.name} ({channel.guild.name}) already, and Herald "
                    "lacks Read Message History to look for it.",
                    channel_id=channel_id,
                )
            async for message in channel.history(limit=LOOK_BACK):
                if after is not None and message.id <= after:
                    return None
                if _is_post(message, channel) and is_wanted(message):
                    return MessageId(message.id)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _translated(error, channel_id) from error
        return None

    async def takes_nonce(self, channel_id: ChannelId) -> bool:  # noqa: ARG002  # the port's
        """Whether Discord tells a repeated post in that channel by its nonce."""
        return True

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:  # noqa: ARG002  # the port's
        """Return how many of a bundle's posts go into one message, uncut."""
        return fitting_in_one(post)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        """Make an earlier post say *post*. Without Embed Links, Discord would empty it."""
        try:
            channel = await self._postable(channel_id)
            await channel.get_partial_message(message_id).edit(
                embeds=post_embeds(post), allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _translated(error, channel_id) from error

    async def _postable(self, channel_id: ChannelId) -> Target:
        """Return a channel that Herald may post to, or raise what keeps it from that."""
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
            raise ChannelGone(
                "Herald is no longer in that server or thread.", channel_id=channel_id
            ) from error
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        raise ChannelGone("It is not a channel for posts.", channel_id=channel_id)
    if channel.guild.unavailable:
        raise DiscordUnavailable("Discord has an outage in that server.", channel_id=channel_id)
    return channel


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


def _translated(  # noqa: PLR0911  # a table: one return a case
    error: discord.DiscordException | aiohttp.ClientError | OSError, channel_id: ChannelId
) -> PublishError:
    """Return the PublishError that *error* means. Codes: Discord docs, "JSON Error Codes"."""
    match error:
        case discord.RateLimited():
            return RateLimited(
                f"Discord asks to wait {error.retry_after:.0f} s.",
                channel_id=channel_id,
                retry_after_s=error.retry_after,
            )
        case discord.HTTPException(status=429):  # Cloudflare's, without Discord's headers
            wait_s = _seconds(error.response.headers.get("Retry-After"))
            return RateLimited(
                f"Discord's front door asks to wait {wait_s:.0f} s.",
                channel_id=channel_id,
                retry_after_s=wait_s,
            )
        case discord.HTTPException(code=10008) | discord.HTTPException(code=50005):
            # Unknown message; one of another author, as after a change of the bot's account
            return MessageGone("The message no longer exists.", channel_id=channel_id)
        case discord.HTTPException(code=10003):  # unknown channel
            return ChannelGone("The channel no longer exists.", channel_id=channel_id)
        case discord.HTTPException(code=50083):  # a locked thread
            return Forbidden("The thread is archived and locked.", channel_id=channel_id)
        case discord.HTTPException(status=403):
            return Forbidden(f"Discord refuses: {error.text}.", channel_id=channel_id)
        # A 404 without Discord's own code is a proxy's: nothing is known of the channel.
        case discord.HTTPException(status=code) if code == _NOT_FOUND or code >= _SERVER_ERROR:
            return DiscordUnavailable(f"Discord answered {code}.", channel_id=channel_id)
        case discord.HTTPException():
            log.error("post.refused", channel=channel_id, status=error.status, reason=error.text)
            return PostRefused(
                f"Discord refused the post ({error.status}): {error.text}", channel_id=channel_id
            )
        case _:
            return DiscordUnavailable(
                f"Discord could not be reached: {str(error) or type(error).__name__}.",
                channel_id=channel_id,
            )


def _seconds(retry_after: str | None) -> float:
    """Return a Retry-After in seconds (RFC 9110 §10.2.3); a date is as good as none."""
    try:
        return float(retry_after or "")
    except ValueError:
        return CLOUDFLARE_WAIT_S
