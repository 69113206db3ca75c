"""What goes wrong in asking Discord, and what it means for a post."""

from typing import TypeAlias

import aiohttp
import discord
import structlog

from bot.errors import (
    ChannelGone,
    DiscordUnavailable,
    Forbidden,
    MessageGone,
    PostRefused,
    PublishError,
    RateLimited,
)
from bot.frontend.gate import SERVER_ERROR, seconds
from bot.news.models import ChannelId

log = structlog.get_logger()

ERRORS = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
Error: TypeAlias = discord.DiscordException | aiohttp.ClientError | OSError

UNAUTHORISED, NOT_FOUND = 401, 404  # HTTP
REFUSED_LOGIN = (
    "Discord does not accept the token. Check HERALD_TOKEN, or reset it in Discord's developer "
    "portal under Bot."
)


def translated(  # noqa: PLR0911  # a table: one return a case
    error: Error, channel_id: ChannelId
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
            wait_s = seconds(error.response.headers.get("Retry-After"))
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
        case discord.HTTPException(status=code) if code == NOT_FOUND or code >= SERVER_ERROR:
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


def is_refusal(error: Error) -> bool:
    """Whether Discord was not asked, or said that it did not do what it was asked."""
    match error:
        case discord.RateLimited() | aiohttp.ClientConnectorError():
            return True
        case discord.HTTPException(status=status):
            return status < SERVER_ERROR
        case _:
            return False
