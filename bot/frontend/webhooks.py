"""Posts under the name and picture of their source, through a webhook of Herald's own.

A webhook belongs to a channel; it is made once and remembered, its token with it. Discord takes no
nonce from webhooks, so once a channel has one, what may have been posted is looked for first.
"""

import asyncio
import json
import re
from typing import Protocol

import discord
import structlog
from discord.http import MultipartParameters
from discord.webhook.async_ import async_context

from bot.frontend import limits
from bot.frontend.markdown import plain
from bot.frontend.once import AnswerLost, Once
from bot.frontend.permissions import Target, missing_for_webhooks
from bot.news.models import MessageId

log = structlog.get_logger()

NAME = "Herald"
WITHIN_S = 30.0  # discord.py waits for a webhook's rate limits however long they are
REMEMBERED_MAX = 5  # webhooks of a channel, of which all but the last were deleted
_UNKNOWN_MESSAGE = 10008  # Discord docs, "JSON Error Codes"; so are the next two
_UNKNOWN_WEBHOOK = 10015
_TOO_MANY_WEBHOOKS = 30007
_BAD_REQUEST = 400  # HTTP
# Discord docs, "Webhook Resource": what their names may not hold.
_FORBIDDEN_NAME = re.compile(r"(?i)(dis)(cord)|(cly)(de)")


class Memory(Protocol):
    """Keeps facts over restarts."""

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact."""
        ...


def source_name(name: str) -> str:
    """Return what a webhook's message can be called after a source: nothing that Discord refuses.

    The words that it keeps for itself are divided by a dot.
    """
    divided = _FORBIDDEN_NAME.sub(lambda found: "·".join(filter(None, found.groups())), name)
    return plain(divided, limits.WEBHOOK_NAME_MAX) or NAME


def parent_of(channel: Target) -> discord.TextChannel | discord.ForumChannel | None:
    """Return the channel whose webhooks post in *channel*; None: Herald cannot see it."""
    return channel.parent if isinstance(channel, discord.Thread) else channel


class Webhooks:
    """The webhooks that Herald has made, by the channels they belong to."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def made_in(self, channel: Target) -> tuple[int, ...]:
        """Return the ids of those ever made for *channel*, deleted ones too, the last one first."""
        parent = parent_of(channel)
        return tuple(id_ for id_, _ in await self._recalled(parent.id)) if parent else ()

    async def present(self, client: discord.Client, channel: Target) -> discord.Webhook | None:
        """Return the webhook of *channel*, unless there is none or it is known to be deleted."""
        parent = parent_of(channel)
        made = await self._recalled(parent.id) if parent else []
        if not made or not made[0][1]:
            return None
        return discord.Webhook.partial(*made[0], client=client)

    async def send(
        self, client: discord.Client, channel: Target, said: MultipartParameters
    ) -> MessageId | None:
        """Post what is *said*; return the message's id, in a forum its thread's.

        None where that cannot be, and nothing was posted; the reason goes to the log. A webhook
        that somebody deleted is made anew. Raises discord's errors.
        """
        for _ in range(2):
            webhook = await self._usable(client, channel)
            if webhook is None:
                return None
            try:
                return await _execute(webhook, channel, said)
            except discord.NotFound as error:
                if error.code != _UNKNOWN_WEBHOOK:
                    raise
                await self._forget(channel)
            except discord.HTTPException as error:
                if error.status != _BAD_REQUEST:
                    raise
                # Such as a name that Discord does not like.
                log.warning("webhook.refused", channel=channel.id, reason=error.text)
                return None
        return None

    async def edit(
        self,
        client: discord.Client,
        channel: Target,
        message_id: MessageId,
        embed: discord.Embed,
    ) -> bool:
        """Change a message; return whether it is the webhook's. Raises discord's errors."""
        webhook = await self.present(client, channel)
        if webhook is None:
            return False
        try:
            await webhook.edit_message(
                message_id,
                embed=embed,
                allowed_mentions=discord.AllowedMentions.none(),
                thread=_thread_of(channel, message_id),
            )
        except discord.NotFound as error:
            if error.code not in {_UNKNOWN_WEBHOOK, _UNKNOWN_MESSAGE}:
                raise
            return False
        return True

    async def fetch(
        self, client: discord.Client, channel: Target, message: discord.Message
    ) -> discord.Message:
        """Return a webhook's message as the webhook itself sees it."""
        webhook = await self.present(client, channel)
        if webhook is None or webhook.id != message.webhook_id:
            return message
        thread = _thread_of(channel, MessageId(message.id))
        return await webhook.fetch_message(message.id, thread=thread)

    async def _usable(self, client: discord.Client, channel: Target) -> discord.Webhook | None:
        """Return the webhook to post with in *channel*, made if there is none.

        None where Herald may not have one there.
        """
        parent = parent_of(channel)
        if parent is None:
            return None
        if missing := missing_for_webhooks(channel):
            reason = f"lacks {' and '.join(missing)}"
            log.warning("webhook.missing", channel=parent.id, reason=reason)
            return None
        if await self.present(client, channel) is None:
            await self._make(parent)
        return await self.present(client, channel)

    async def _make(self, parent: discord.TextChannel | discord.ForumChannel) -> None:
        """Make one, unless an earlier process did and died before it was remembered."""
        me, made = parent.guild.me.id, await self._recalled(parent.id)
        for webhook in await parent.webhooks():
            if webhook.token and webhook.user is not None and webhook.user.id == me:
                break
        else:
            try:
                webhook = await parent.create_webhook(name=NAME)
            except discord.HTTPException as error:
                if error.code != _TOO_MANY_WEBHOOKS:
                    raise
                log.warning("webhook.missing", channel=parent.id, reason=error.text)
                return
        await self._keep(parent.id, [(webhook.id, webhook.token or ""), *made])

    async def _forget(self, channel: Target) -> None:
        """Have a webhook made anew; what the deleted one posted can still be found."""
        parent = parent_of(channel)
        if parent is None:
            return
        log.info("webhook.gone", channel=parent.id)
        made = await self._recalled(parent.id)
        await self._keep(parent.id, [(id_, "") for id_, _ in made])

    async def _recalled(self, channel_id: int) -> list[tuple[int, str]]:
        """Return ids and tokens; a token is empty where the webhook is deleted."""
        kept = await self._memory.recall(_key(channel_id))
        return [(int(id_), str(token)) for id_, token in json.loads(kept)] if kept else []

    async def _keep(self, channel_id: int, made: list[tuple[int, str]]) -> None:
        await self._memory.remember(_key(channel_id), json.dumps(made[:REMEMBERED_MAX]))


async def _execute(
    webhook: discord.Webhook, channel: Target, said: MultipartParameters
) -> MessageId:
    """Post with *webhook*. Webhook.send does the same, but cannot be kept from doing it twice."""
    async with asyncio.timeout(WITHIN_S):
        made = await async_context.get().execute_webhook(
            webhook.id,
            webhook.token or "",
            session=webhook.session,
            proxy=webhook.proxy,
            proxy_auth=webhook.proxy_auth,
            payload=said.payload,
            files=Once(),
            thread_id=channel.id if isinstance(channel, discord.Thread) else None,
            wait=True,
        )
    if made is None:
        raise AnswerLost
    return MessageId(int(made["id"]))


def _thread_of(channel: Target, message_id: MessageId) -> discord.Object:
    if isinstance(channel, discord.TextChannel):
        nowhere: discord.Object = discord.utils.MISSING
        return nowhere
    return discord.Object(channel.id if isinstance(channel, discord.Thread) else message_id)


def _key(channel_id: int) -> str:
    return f"discord.webhooks.{channel_id}"
