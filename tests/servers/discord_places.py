"""Places beside text channels: threads, forums with their posts, and webhooks.

Sources: Discord docs "Threads", "Start Thread in Forum or Media Channel", "Start Thread from
Message", "Webhook Resource", "Crosspost Message".
"""

from datetime import timedelta

from tests.servers import discord_messages as messages
from tests.servers.discord_limits import check_message
from tests.servers.discord_objects import Message, User
from tests.servers.discord_state import Channel, Member, Thread, Webhook, World
from tests.servers.discord_wire import (
    ALREADY_CROSSPOSTED,
    HAS_THREAD,
    TAG_WANTED,
    TOO_MANY_WEBHOOKS,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    WRONG_CHANNEL_TYPE,
    ApiError,
    ChannelType,
    Form,
    Json,
    Limited,
    MessageFlag,
    Permission,
)

THREAD_NAME_MAX = 100
APPLIED_TAGS_MAX = 5
WEBHOOK_NAME_MAX = 80
WEBHOOKS_MAX = 15  # of a channel
CROSSPOSTS_MAX = 10  # of a channel, an hour; not documented, but what users meet
_HOUR = timedelta(hours=1)
_FORUMS = (ChannelType.FORUM, ChannelType.MEDIA)


def open_post(world: World, forum: Channel, body: Json) -> Json:
    """Start a thread in a forum, with its first message."""
    me = forum.guild.me
    if forum.type not in _FORUMS:
        raise ApiError(*WRONG_CHANNEL_TYPE)
    messages.require(me, forum, Permission.SEND_MESSAGES)
    said = body.get("message") or {}
    check_message(said, is_new=True)
    thread = _new_post(forum, body, me.user)
    message = messages.post(world, thread, said, world.bot, me)
    return {**thread.to_json(), "message": message.to_json()}


def _new_post(forum: Channel, body: Json, owner: User) -> Thread:
    _check_name(body.get("name"), "name")
    tags = [int(tag) for tag in body.get("applied_tags") or []]
    known = {int(tag["id"]): tag for tag in forum.available_tags}
    if len(tags) > APPLIED_TAGS_MAX or not set(tags) <= set(known):
        form = Form()
        form.wrong(("applied_tags",), "BASE_TYPE_BAD_LENGTH", "Must be up to 5 known tags.")
        form.finish()
    if not tags and forum.needs_tag:
        raise ApiError(*TAG_WANTED)
    if any(known[tag]["moderated"] for tag in tags):
        messages.require(forum.guild.me, forum, Permission.MANAGE_THREADS)
    return forum.add_thread(str(body["name"]).strip(), owner=owner, applied_tags=tags)


def _check_name(name: object, field: str) -> None:
    form = Form()
    form.length(name, (field,), 1, THREAD_NAME_MAX)
    form.finish()


def open_thread(channel: Channel, message: Message, body: Json) -> Json:
    """Start a thread from a message: one at most, with its message's id."""
    may = Permission.CREATE_PUBLIC_THREADS | Permission.READ_MESSAGE_HISTORY
    messages.require(channel.guild.me, channel, may)
    if channel.type in _FORUMS or isinstance(channel, Thread):
        raise ApiError(*WRONG_CHANNEL_TYPE)
    if message.id in channel.guild.threads:
        raise ApiError(*HAS_THREAD)
    _check_name(body.get("name"), "name")
    owner = channel.guild.me.user
    thread = channel.add_thread(str(body["name"]).strip(), owner=owner, thread_id=message.id)
    return thread.to_json()


def change_thread(thread: Channel, body: Json) -> Json:
    """Archive or wake a thread. Others' and locked ones are for moderators."""
    if not isinstance(thread, Thread):
        raise ApiError(*WRONG_CHANNEL_TYPE)
    may = Permission.SEND_MESSAGES_IN_THREADS
    if thread.is_locked or "locked" in body:
        may |= Permission.MANAGE_THREADS
    messages.require(thread.guild.me, thread, may)
    thread.is_archived = bool(body.get("archived", thread.is_archived))
    thread.is_locked = bool(body.get("locked", thread.is_locked))
    thread.tell()
    return thread.to_json()


def threads_of(threads: list[Thread]) -> Json:
    """Return the body that lists threads."""
    return {"threads": [thread.to_json() for thread in threads], "members": [], "has_more": False}


def crosspost(world: World, channel: Channel, message: Message) -> Json:
    """Publish a message to those who follow an announcement channel."""
    messages.require(channel.guild.me, channel, Permission.SEND_MESSAGES)
    if channel.type is not ChannelType.ANNOUNCEMENT:
        raise ApiError(*WRONG_CHANNEL_TYPE)
    if message.author is not world.bot:
        messages.require(channel.guild.me, channel, Permission.MANAGE_MESSAGES)
    now = world.clock.now()
    lately = [at for at in channel.crossposted_at if now - at < _HOUR]
    if len(lately) >= CROSSPOSTS_MAX:
        raise Limited((lately[0] + _HOUR - now).total_seconds())
    if MessageFlag.CROSSPOSTED in message.flags:
        raise ApiError(*ALREADY_CROSSPOSTED)
    channel.crossposted_at.append(now)
    message.flags |= MessageFlag.CROSSPOSTED
    world.dispatch("MESSAGE_UPDATE", message.to_json(), channel.guild)
    return message.to_json()


# Webhooks


def make_webhook(world: World, channel: Channel, body: Json) -> Json:
    """Make a webhook of the bot's."""
    messages.require(channel.guild.me, channel, Permission.MANAGE_WEBHOOKS)
    if len(channel.webhooks) >= WEBHOOKS_MAX:
        raise ApiError(*TOO_MANY_WEBHOOKS)
    _check_webhook_name(body.get("name"), "name")
    webhook = Webhook(
        id=world.ids.next(),
        token=f"token-of-{world.ids.next()}",
        channel=channel,
        name=body["name"],
        made_by=world.bot,
    )
    channel.webhooks.append(webhook)
    return webhook.to_json()


def _check_webhook_name(name: object, field: str) -> None:
    form = Form()
    text = form.length(name, (field,), 1, WEBHOOK_NAME_MAX)
    for word in ("discord", "clyde"):
        if text is not None and word in text.lower():
            form.wrong((field,), "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')
    form.finish()


def webhook(world: World, webhook_id: int, token: str) -> Webhook:
    """Return a webhook. Raises ApiError 10015."""
    for guild in world.guilds.values():
        for channel in guild.channels.values():
            for found in channel.webhooks:
                if found.id == webhook_id and found.token == token:
                    return found
    raise ApiError(*UNKNOWN_WEBHOOK)


def execute(world: World, used: Webhook, body: Json, thread_id: int | None) -> Message:
    """Post as a webhook: in its channel, in a thread of it, or as a new post of its forum."""
    check_message(body, is_new=True)
    if "username" in body:
        _check_webhook_name(body["username"], "username")
    author = User(id=used.id, name=body.get("username") or used.name, is_bot=True)
    place: Channel = used.channel
    if place.type in _FORUMS and thread_id is None:
        place = _new_post(place, {**body, "name": body.get("thread_name")}, author)
    elif thread_id is not None:
        place = world.channel(thread_id)
    everyone = Member(user=author, guild=used.channel.guild, joined_at=world.clock.now(), roles=[])
    return messages.post(world, place, body, author, everyone, webhook_id=used.id)


def webhook_message(world: World, used: Webhook, message_id: int, thread_id: int | None) -> Message:
    """Return one of a webhook's own messages. Raises ApiError 10008."""
    place = world.channel(thread_id) if thread_id is not None else used.channel
    message = place.message(message_id)
    if message.webhook_id != used.id:
        raise ApiError(*UNKNOWN_MESSAGE)
    return message
