"""Take posts to Discord: the front end's side of the outbox."""

import asyncio
from collections.abc import Callable

import aiohttp
import discord
import structlog

from bot.errors import (
    ChannelGone,
    DiscordUnavailable,
    Forbidden,
    PublishError,
    RateLimited,
)
from bot.frontend.permissions import Target, missing_to_post
from bot.frontend.render import post_embed
from bot.news.models import ChannelId, MessageId, Post

log = structlog.get_logger()

READY_WITHIN_S = 20.0  # a start with many servers takes a few seconds; the outbox tries again
CLOUDFLARE_WAIT_S = 600.0  # a 429 without Discord's headers says no time of its own


class DiscordPublisher:
    """Posts with the client that is current; clients come and go with the connection.

    ``current`` returns None while there is none.
    """

    def __init__(self, current: Callable[[], discord.Client | None]) -> None:
        self._current = current

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Post and return the message's id.

        Permissions are checked first: Discord counts refused requests towards a ban (10,000 in ten
        minutes), and shows a message without its embed where only Embed Links is missing.
        """
        try:
            client = await self._client(channel_id)
            channel = await _channel(client, channel_id)
            if missing := missing_to_post(channel):
                raise Forbidden(
                    f"Herald lacks {', '.join(missing)} in #{channel.name} ({channel.guild.name}).",
                    channel_id=channel_id,
                )
            # discord.py adds enforce_nonce: Discord then answers a repeated nonce with the message
            # that it made before.
            message = await channel.send(
                embed=post_embed(post), nonce=nonce, allowed_mentions=discord.AllowedMentions.none()
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _translated(error, channel_id) from error
        return MessageId(message.id)

    async def _client(self, channel_id: ChannelId) -> discord.Client:
        client = self._current()
        if client is None or client.user is None or client.is_closed():
            raise DiscordUnavailable("Not connected to Discord.", channel_id=channel_id)
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
            wait_s = float(error.response.headers.get("Retry-After", CLOUDFLARE_WAIT_S))
            return RateLimited(
                f"Discord's front door asks to wait {wait_s:.0f} s.",
                channel_id=channel_id,
                retry_after_s=wait_s,
            )
        case (
            discord.HTTPException(status=404) | discord.HTTPException(code=10003)
        ):  # unknown channel
            return ChannelGone("The channel no longer exists.", channel_id=channel_id)
        case discord.HTTPException(code=50083):  # a locked thread
            return Forbidden("The thread is archived and locked.", channel_id=channel_id)
        case discord.HTTPException(status=403):
            return Forbidden(f"Discord refuses: {error.text}.", channel_id=channel_id)
        case discord.HTTPException(status=status) if status >= 500:  # noqa: PLR2004  # HTTP
            return DiscordUnavailable(f"Discord answered {status}.", channel_id=channel_id)
        case discord.HTTPException():
            log.error("post.refused", channel=channel_id, status=error.status, reason=error.text)
            return PublishError(
                f"Discord refused the post ({error.status}): {error.text}", channel_id=channel_id
            )
        case _:
            return DiscordUnavailable(
                f"Discord could not be reached: {str(error) or type(error).__name__}.",
                channel_id=channel_id,
            )
