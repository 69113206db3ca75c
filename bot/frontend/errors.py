"""One place that turns an error into a reply: commands, buttons and menus all end here."""

import re
import secrets

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.errors import FeedError, StorageError, UserError
from bot.frontend import limits
from bot.frontend.markdown import block

log = structlog.get_logger()

_CHANNEL = re.compile(r"\\<#(\d+)>")  # an escaped mention of a channel, which harms nobody


async def answer_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the caller, and only the caller, what went wrong; log what is our own fault.

    Works whether or not the interaction was answered or deferred before.
    """
    cause = _cause(error)
    name = interaction.command.qualified_name if interaction.command else "component"
    line = log.bind(name=name, guild=interaction.guild_id)
    match cause:
        case UserError() | FeedError():
            line.info("command.declined", kind=type(cause).__name__)
            await _reply(interaction, str(cause))
        case app_commands.TransformerError():
            line.info("command.declined", kind="TransformerError")
            await _reply(
                interaction,
                f"Herald cannot see {cause.value}. Give it View Channel there, or pick another.",
            )
        case app_commands.CommandSignatureMismatch() | app_commands.CommandNotFound():
            line.warning("command.outdated")
            await _reply(
                interaction,
                "Herald was updated and this command has changed. Reload Discord (Ctrl+R) and try "
                "again.",
            )
        case StorageError():
            line.error("command.failed", reason=str(cause))
            await _reply(interaction, "Herald cannot use its database right now. Try again soon.")
        case app_commands.CheckFailure():
            line.info("command.declined", kind=type(cause).__name__)
            await _reply(interaction, "You cannot use this command here.")
        case discord.HTTPException(code=10062 | 10015 | 50027 | 40060):
            # Expired before our answer (unknown interaction, unknown webhook, its token invalid),
            # or answered already; Discord docs, "JSON Error Codes". Nobody waits for a reply.
            line.warning("command.expired", code=cause.code)
        case discord.RateLimited() | aiohttp.ClientError():
            await _reply_after_hiccup(interaction, cause)
        case discord.HTTPException(status=status) if status >= 500:  # noqa: PLR2004  # HTTP
            await _reply_after_hiccup(interaction, cause)
        case _:
            ref = f"E-{secrets.token_hex(2).upper()}"
            line.error("command.broken", ref=ref, exc_info=cause)
            await _reply(
                interaction,
                f"Something broke (ref {ref}). It is not your fault; Herald's log has the details "
                "under that reference.",
            )


def _cause(error: BaseException) -> BaseException:
    match error:
        case app_commands.CommandInvokeError(original=original):
            return original
        case app_commands.CheckFailure() if error.__cause__ is not None:
            return error.__cause__
        case _:
            return error


async def _reply_after_hiccup(interaction: discord.Interaction, cause: BaseException) -> None:
    log.warning("command.unanswered", reason=str(cause) or type(cause).__name__)
    await _reply(interaction, "Discord had a hiccup. Try again in a moment.")


async def _reply(interaction: discord.Interaction, text: str) -> None:
    # Errors quote what was typed and what pages say: shown as it is, never as markdown.
    shown = block(text, limits.CONTENT_MAX)
    shown = _CHANNEL.sub(r"<#\1>", shown)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(shown, ephemeral=True)
        else:
            await interaction.response.send_message(shown, ephemeral=True)
    except (discord.DiscordException, aiohttp.ClientError) as error:
        log.warning("command.unanswered", reason=str(error) or type(error).__name__)
