"""How a body becomes a message: nonce, permissions, embeds left out, whom it pings."""

import re

from tests.servers.discord_limits import TEXT_DISPLAY, check_message, walk
from tests.servers.discord_objects import Message, User
from tests.servers.discord_state import Channel, Member, Thread, World
from tests.servers.discord_wire import (
    ARCHIVED,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NOT_THE_AUTHOR,
    ApiError,
    Form,
    Json,
    MessageFlag,
    Permission,
)

_SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_COMPONENTS_V2
)


def require(member: Member, channel: Channel, permission: Permission) -> None:
    """Raise ApiError 50001 where *member* cannot see *channel*, 50013 where they lack more."""
    has = member.permissions_in(channel)
    if Permission.VIEW_CHANNEL not in has:
        raise ApiError(*MISSING_ACCESS)
    if permission & ~has:
        raise ApiError(*MISSING_PERMISSIONS)


def create(world: World, channel: Channel, body: Json) -> Message:
    """Post *body* as the bot, or return what an enforced nonce has already brought there."""
    require(channel.guild.me, channel, _to_send(channel))
    check_message(body, is_new=True)
    if body.get("enforce_nonce") and (earlier := _with_nonce(world, channel, body.get("nonce"))):
        return earlier
    if isinstance(channel, Thread):
        if channel.is_locked and channel.is_archived:
            raise ApiError(*ARCHIVED)
        channel.is_archived = False  # a message wakes it
    return post(world, channel, body, world.bot, channel.guild.me)


def _to_send(channel: Channel) -> Permission:
    if isinstance(channel, Thread):
        extra = Permission.MANAGE_THREADS if channel.is_locked else Permission.NONE
        return Permission.SEND_MESSAGES_IN_THREADS | extra
    return Permission.SEND_MESSAGES


def post(
    world: World,
    channel: Channel,
    body: Json,
    author: User,
    member: Member,
    *,
    webhook_id: int | None = None,
) -> Message:
    """Put a checked *body* into *channel* as *author*, with the rights of *member*."""
    if Permission.EMBED_LINKS not in member.permissions_in(channel):
        body = _without_embeds(body)
    message = build(world, channel, body)
    message.author, message.webhook_id = author, webhook_id
    if isinstance(channel, Thread) and not channel.messages and channel.is_post:
        message.id = channel.id
    message.pings = _pings(message, body.get("allowed_mentions"), member)
    message.nonce = body.get("nonce")
    message.reference = body.get("message_reference")
    channel.messages.append(message)
    world.dispatch("MESSAGE_CREATE", message.to_json(), channel.guild)
    return message


def _with_nonce(world: World, channel: Channel, nonce: str | int | None) -> Message | None:
    if nonce is None:
        return None
    since = world.clock.now() - world.nonce_window
    for message in reversed(channel.messages):
        if message.author is world.bot and message.nonce == nonce and message.sent_at > since:
            return message
    return None


def _without_embeds(body: Json) -> Json:
    """Leave embeds out silently where something else is left; an embed alone is refused."""
    if body.get("embeds") and not body.get("content"):
        raise ApiError(*MISSING_PERMISSIONS)
    return {**body, "embeds": []}


def build(world: World, channel: Channel, body: Json) -> Message:
    """Make a message out of a checked body, without putting it anywhere."""
    message = Message(
        id=world.ids.next(),
        channel=channel,
        author=world.bot,
        sent_at=world.clock.now(),
        flags=MessageFlag(int(body.get("flags") or 0)) & _SETTABLE,
    )
    write(message, body)
    return message


def write(message: Message, body: Json) -> None:
    """Put what *body* holds into *message*; what it leaves out stays."""
    if "content" in body:
        message.content = (body["content"] or "").strip()
    if "embeds" in body:
        message.embeds = body["embeds"] or []
    if "components" in body:
        message.components = _numbered(body["components"] or [])
    if "attachments" in body:
        message.attachments = body["attachments"] or []
    me = message.channel.guild.me
    message.pings = _pings(message, body.get("allowed_mentions"), me)


def _numbered(components: list[Json]) -> list[Json]:
    """Give each component the id that Discord would."""
    for number, component in enumerate(walk(components), start=1):
        component.setdefault("id", number)
    return components


def edit(world: World, message: Message, body: Json, *, is_webhook: bool = False) -> None:
    """Change a message of the bot's own, or as its webhook. Raises ApiError as Discord would."""
    if message.author is not world.bot and not is_webhook:
        raise ApiError(*NOT_THE_AUTHOR)
    if isinstance(message.channel, Thread) and message.channel.is_archived:
        raise ApiError(*ARCHIVED)
    flags = MessageFlag(int(body.get("flags") or 0))
    was_v2 = MessageFlag.IS_COMPONENTS_V2 in message.flags
    if was_v2 and "flags" in body and MessageFlag.IS_COMPONENTS_V2 not in flags:
        form = Form()
        form.wrong(("flags",), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", "The flag stays.")
        form.finish()
    if was_v2:
        body = {**body, "flags": int(flags | MessageFlag.IS_COMPONENTS_V2)}
    check_message(body, is_new=False)
    may = message.channel.guild.me.permissions_in(message.channel)
    if not message.is_reply and Permission.EMBED_LINKS not in may and "embeds" in body:
        body = {**body, "embeds": []}
    if "flags" in body:
        message.flags = (message.flags & ~_SETTABLE) | (
            (MessageFlag(int(body["flags"] or 0)) & _SETTABLE)
            | (message.flags & MessageFlag.EPHEMERAL)
        )
    write(message, body)
    message.flags &= ~MessageFlag.LOADING
    message.edited_at = world.clock.now()
    message.revision += 1
    if message.is_ephemeral:
        world.pulse.beat()
    else:
        world.dispatch("MESSAGE_UPDATE", message.to_json(), message.channel.guild)


def delete(world: World, message: Message) -> None:
    """Take a message away."""
    message.is_deleted = True
    if message in message.channel.messages:
        message.channel.messages.remove(message)
    body = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "guild_id": str(message.channel.guild.id),
    }
    world.dispatch("MESSAGE_DELETE", body, message.channel.guild)


def _pings(message: Message, allowed: Json | None, speaker: Member) -> frozenset[str]:
    """Return whom a message notifies (Discord docs, "Allowed Mentions"). Embeds notify nobody."""
    guild = message.channel.guild
    shown = [
        part.get("content") for part in walk(message.components) if part.get("type") == TEXT_DISPLAY
    ]
    text = "\n".join(filter(None, [message.content, *shown]))
    if allowed is None:
        allowed = {"parse": ["users", "roles", "everyone"]}
    parse = allowed.get("parse") or []
    may_all = Permission.MENTION_EVERYONE in speaker.permissions_in(message.channel)
    pings: set[str] = set()
    if "everyone" in parse and may_all:
        pings |= {word for word in ("@everyone", "@here") if word in text}
    named_users = {int(user) for user in allowed.get("users") or []}
    for user in map(int, re.findall(r"<@!?(\d+)>", text)):
        if user in guild.members and ("users" in parse or user in named_users):
            pings.add(f"user:{user}")
    named_roles = {int(role) for role in allowed.get("roles") or []}
    for role_id in map(int, re.findall(r"<@&(\d+)>", text)):
        role = guild.roles.get(role_id)
        wanted = "roles" in parse or role_id in named_roles
        if role and wanted and (may_all or role.is_mentionable):
            pings.add(f"role:{role_id}")
    return frozenset(pings)
