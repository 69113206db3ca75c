"""The stand-in's world: guilds, their channels and members, and who may do what."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union

from tests.servers.discord_objects import Message, Overwrite, Role, User
from tests.servers.discord_wire import (
    ALL_PERMISSIONS,
    MEMBER_PERMISSIONS,
    PATIENCE_S,
    UNKNOWN_CHANNEL,
    UNKNOWN_GUILD,
    UNKNOWN_MESSAGE,
    ApiError,
    ChannelType,
    Clock,
    Json,
    MessageFlag,
    Permission,
    Pulse,
    Snowflakes,
)

if TYPE_CHECKING:
    from tests.servers.discord_reply import Reply

OptionValue: TypeAlias = Union[str, int, float, bool, "Channel", "Member", "Role"]
"""What a member can give to an option of a slash command."""


class Desk(Protocol):
    """Takes to the bot what a member does, and waits for the bot's answer."""

    async def slash(
        self,
        member: "Member",
        channel: "Channel",
        command: str,
        options: dict[str, OptionValue],
        *,
        is_overridden: bool,
    ) -> "Reply":
        """Run a slash command."""
        ...

    async def autocomplete(
        self, member: "Member", channel: "Channel", command: str, options: dict[str, OptionValue]
    ) -> list[Json]:
        """Type into the last of *options* and return the choices offered."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A channel; ``messages`` holds what stands in it, oldest first.

    Forums and media channels hold threads only; ``available_tags`` and ``needs_tag`` are theirs.
    """

    id: int
    name: str
    guild: "Guild"
    type: ChannelType
    position: int
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    available_tags: list[Json] = field(default_factory=list)
    needs_tag: bool = False
    webhooks: list["Webhook"] = field(default_factory=list)
    crossposted_at: list[datetime] = field(default_factory=list)

    @property
    def threads(self) -> list["Thread"]:
        """Its threads, oldest first."""
        return [thread for thread in self.guild.threads.values() if thread.parent is self]

    def add_tag(self, name: str, *, is_moderated: bool = False) -> None:
        """Give a forum one more tag and tell the bot of it."""
        tag: Json = {"id": str(self.world.ids.next()), "name": name, "moderated": is_moderated}
        self.available_tags.append({**tag, "emoji_id": None, "emoji_name": None})
        self.world.dispatch("CHANNEL_UPDATE", self.to_json(), self.guild)

    def tags_on(self, thread: "Thread") -> list[str]:
        """Return the names of the tags that a post has."""
        names = {int(tag["id"]): str(tag["name"]) for tag in self.available_tags}
        return [names[tag] for tag in thread.applied_tags]

    def add_thread(
        self,
        name: str,
        *,
        owner: User,
        thread_id: int | None = None,
        applied_tags: list[int] | None = None,
    ) -> "Thread":
        """Start a thread and tell the bot of it; with *thread_id*, the one of a message."""
        is_post = self.type in (ChannelType.FORUM, ChannelType.MEDIA)
        thread = Thread(
            id=thread_id or self.world.ids.next(),
            name=name,
            guild=self.guild,
            type=ChannelType.PUBLIC_THREAD,
            position=0,
            overwrites=self.overwrites,
            parent=self,
            owner=owner,
            is_post=is_post,
            applied_tags=applied_tags or [],
            made_at=self.world.clock.now(),
        )
        self.guild.threads[thread.id] = thread
        body = {**thread.to_json(), "newly_created": True}
        self.world.dispatch("THREAD_CREATE", body, self.guild)
        return thread

    @property
    def world(self) -> "World":
        """The world it is in."""
        return self.guild.world

    @property
    def mention(self) -> str:
        """How a message names it."""
        return f"<#{self.id}>"

    def allow(
        self,
        target: "Role | Member",
        *,
        allow: Permission = Permission.NONE,
        deny: Permission = Permission.NONE,
    ) -> None:
        """Set the overwrite of *target* and tell the bot of it."""
        target_id = target.user.id if isinstance(target, Member) else target.id
        self.overwrites[target_id] = Overwrite(
            target_id=target_id, is_role=isinstance(target, Role), allow=allow, deny=deny
        )
        self.world.dispatch("CHANNEL_UPDATE", self.to_json(), self.guild)

    def delete(self) -> None:
        """Take the channel away and tell the bot of it."""
        del self.guild.channels[self.id]
        self.world.dispatch("CHANNEL_DELETE", self.to_json(), self.guild)

    def message(self, message_id: int) -> Message:
        """Return a message. Raises ApiError 10008."""
        for message in self.messages:
            if message.id == message_id:
                return message
        raise ApiError(*UNKNOWN_MESSAGE)

    async def wait_for_message(
        self, fits: Callable[[Message], bool] = lambda _: True, *, timeout_s: float = PATIENCE_S
    ) -> Message:
        """Return the oldest message that *fits*, waiting until there is one."""
        return await self.world.pulse.until(
            lambda: next((message for message in self.messages if fits(message)), None),
            f"a message in #{self.name}, which holds {[m.text for m in self.messages]}",
            timeout_s,
        )

    async def wait_for_messages(
        self, number: int, *, timeout_s: float = PATIENCE_S
    ) -> list[Message]:
        """Return the channel's messages as soon as there are *number* or more."""
        return await self.world.pulse.until(
            lambda: self.messages[:] if len(self.messages) >= number else None,
            f"{number} messages in #{self.name}, which holds {[m.text for m in self.messages]}",
            timeout_s,
        )

    def to_json(self) -> Json:
        """Return the channel object."""
        return {
            "id": str(self.id),
            "type": int(self.type),
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": self.position,
            "topic": None,
            "nsfw": False,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": str(self.messages[-1].id) if self.messages else None,
            "last_pin_timestamp": None,
            "flags": 1 << 4 if self.needs_tag else 0,  # REQUIRE_TAG
            "available_tags": self.available_tags,
            "permission_overwrites": [o.to_json() for o in self.overwrites.values()],
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Thread(Channel):
    """A thread. ``is_post``: of a forum, so that its first message has its id."""

    parent: Channel
    owner: User
    made_at: datetime
    is_post: bool = False
    applied_tags: list[int] = field(default_factory=list)
    is_archived: bool = False
    is_locked: bool = False

    def put_away(self, *, is_locked: bool = False) -> None:
        """Archive it, as Discord does in time, and tell the bot of it."""
        self.is_archived, self.is_locked = True, is_locked
        self.tell()

    def tell(self) -> None:
        """Tell the bot how it is now."""
        self.world.dispatch("THREAD_UPDATE", self.to_json(), self.guild)

    def delete(self) -> None:
        """Take it away and tell the bot of it."""
        del self.guild.threads[self.id]
        self.world.dispatch("THREAD_DELETE", self.to_json(), self.guild)

    def to_json(self) -> Json:
        """Return the channel object of a thread."""
        return {
            "id": str(self.id),
            "type": int(self.type),
            "guild_id": str(self.guild.id),
            "parent_id": str(self.parent.id),
            "owner_id": str(self.owner.id),
            "name": self.name,
            "last_message_id": str(self.messages[-1].id) if self.messages else None,
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": 1,
            "rate_limit_per_user": 0,
            "flags": 0,
            "applied_tags": [str(tag) for tag in self.applied_tags],
            "thread_metadata": {
                "archived": self.is_archived,
                "locked": self.is_locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": self.made_at.isoformat(),
                "create_timestamp": self.made_at.isoformat(),
            },
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Webhook:
    """A way into a channel for whoever knows its token."""

    id: int
    token: str
    channel: Channel
    name: str
    made_by: User

    def to_json(self) -> Json:
        """Return the webhook object."""
        return {
            "id": str(self.id),
            "type": 1,
            "guild_id": str(self.channel.guild.id),
            "channel_id": str(self.channel.id),
            "name": self.name,
            "avatar": None,
            "token": self.token,
            "user": self.made_by.to_json(),
            "application_id": str(self.made_by.id),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """Somebody in a guild; for a test, the one who types and clicks."""

    user: User
    guild: "Guild"
    joined_at: datetime
    roles: list[Role] = field(default_factory=list)
    locale: str = "en-US"  # the language of their client

    @property
    def mention(self) -> str:
        """How a message names them."""
        return f"<@{self.user.id}>"

    def permissions_in(self, channel: Channel) -> Permission:
        """Return what they may do in *channel* (Discord docs, "Permission Hierarchy")."""
        base = self.permissions
        if Permission.ADMINISTRATOR in base:
            return ALL_PERMISSIONS
        everyone = channel.overwrites.get(self.guild.id)
        if everyone:
            base = (base & ~everyone.deny) | everyone.allow
        of_roles = [o for role in self.roles if (o := channel.overwrites.get(role.id))]
        for overwrite in of_roles:
            base &= ~overwrite.deny
        for overwrite in of_roles:
            base |= overwrite.allow
        if own := channel.overwrites.get(self.user.id):
            base = (base & ~own.deny) | own.allow
        return base if Permission.VIEW_CHANNEL in base else Permission.NONE

    @property
    def permissions(self) -> Permission:
        """What their roles give them in the guild, before any channel's overwrites."""
        if self.guild.owner_id == self.user.id:
            return ALL_PERMISSIONS
        base = self.guild.everyone.permissions
        for role in self.roles:
            base |= role.permissions
        return ALL_PERMISSIONS if Permission.ADMINISTRATOR in base else base

    async def slash(
        self,
        channel: Channel,
        command: str,
        /,
        *,
        is_overridden: bool = False,
        **options: OptionValue,
    ) -> "Reply":
        """Run a slash command, such as ``"feed add"``, and return the bot's answer.

        Raises AssertionError where Discord's client would not offer the command or take the
        options. *is_overridden*: as if the guild's owner had opened the command to all.
        """
        return await self.guild.world.desk.slash(
            self, channel, command, options, is_overridden=is_overridden
        )

    async def autocomplete(
        self, channel: Channel, command: str, /, **options: OptionValue
    ) -> list[Json]:
        """Type into the last of *options*; return the choices offered, each a name and a value."""
        return await self.guild.world.desk.autocomplete(self, channel, command, options)

    def say(self, channel: Channel, content: str) -> Message:
        """Write a message."""
        message = Message(
            id=self.guild.world.ids.next(),
            channel=channel,
            author=self.user,
            sent_at=self.guild.world.clock.now(),
            flags=MessageFlag(0),
            content=content,
        )
        channel.messages.append(message)
        self.guild.world.dispatch("MESSAGE_CREATE", message.to_json(), self.guild)
        return message

    def to_json(self, channel: Channel | None = None) -> Json:
        """Return the member object; with *channel*, as an interaction there carries it."""
        body: Json = {
            "user": self.user.to_json(),
            "nick": None,
            "avatar": None,
            "banner": None,
            "roles": [str(role.id) for role in self.roles],
            "joined_at": self.joined_at.isoformat(),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }
        if channel:
            body["permissions"] = str(int(self.permissions_in(channel)))
        return body


@dataclass(slots=True, kw_only=True, eq=False)
class Guild:
    """A server that the bot is in."""

    id: int
    name: str
    world: "World"
    owner_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)

    @property
    def everyone(self) -> Role:
        """The role that all have."""
        return self.roles[self.id]

    @property
    def me(self) -> Member:
        """The bot."""
        return self.members[self.world.bot.id]

    def add_role(
        self,
        name: str,
        permissions: Permission = Permission.NONE,
        *,
        is_mentionable: bool = False,
    ) -> Role:
        """Make a role and tell the bot of it."""
        role = Role(
            id=self.world.ids.next(),
            name=name,
            position=len(self.roles),
            permissions=permissions,
            is_mentionable=is_mentionable,
        )
        self.roles[role.id] = role
        body = {"guild_id": str(self.id), "role": role.to_json()}
        self.world.dispatch("GUILD_ROLE_CREATE", body, self)
        return role

    def add_channel(
        self,
        name: str,
        *,
        type: ChannelType = ChannelType.TEXT,  # noqa: A002  # Discord's word for it
        visible_to: tuple[Role | Member, ...] | None = None,
    ) -> Channel:
        """Make a channel and tell the bot of it; with *visible_to*, one hidden from all others."""
        channel = Channel(
            id=self.world.ids.next(), name=name, guild=self, type=type, position=len(self.channels)
        )
        self.channels[channel.id] = channel
        if visible_to is not None:
            channel.overwrites[self.id] = Overwrite(
                target_id=self.id,
                is_role=True,
                allow=Permission.NONE,
                deny=Permission.VIEW_CHANNEL,
            )
            for target in visible_to:
                target_id = target.user.id if isinstance(target, Member) else target.id
                channel.overwrites[target_id] = Overwrite(
                    target_id=target_id,
                    is_role=isinstance(target, Role),
                    allow=Permission.VIEW_CHANNEL,
                    deny=Permission.NONE,
                )
        self.world.dispatch("CHANNEL_CREATE", channel.to_json(), self)
        return channel

    def add_member(self, name: str, permissions: Permission = Permission.NONE) -> Member:
        """Let somebody in; *permissions* come on top of what everyone may, by a role of theirs."""
        return self._join(User(id=self.world.ids.next(), name=name), permissions)

    def _join(self, user: User, permissions: Permission) -> Member:
        member = Member(user=user, guild=self, joined_at=self.world.clock.now())
        if permissions:
            member.roles.append(self.add_role(f"{user.name}'s role", permissions))
        self.members[user.id] = member
        return member

    def to_json(self) -> Json:
        """Return the object of GUILD_CREATE, as it is sent without the members intent."""
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "unavailable": False,
            "large": False,
            "joined_at": self.me.joined_at.isoformat(),
            "member_count": len(self.members),
            "members": [self.me.to_json()],
            "roles": [role.to_json() for role in self.roles.values()],
            "channels": [channel.to_json() for channel in self.channels.values()],
            "threads": [t.to_json() for t in self.threads.values() if not t.is_archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "banner": None,
            "description": None,
            "region": "deprecated",
            "application_id": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "nsfw": False,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": self.locale,
            "max_members": 500_000,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "widget_enabled": False,
            "incidents_data": None,
        }


async def _at_once() -> None:
    """Nobody is connected, so there is nobody to wait for."""


class World:
    """Everything that exists, and the ways in which it changes."""

    desk: Desk

    def __init__(self, *, token: str) -> None:
        self.token = token
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.pulse = Pulse()
        self.bot = User(id=self.ids.next(), name="herald", is_bot=True)
        self.application_id = self.bot.id
        self.guilds: dict[int, Guild] = {}
        self.commands: dict[int | None, list[Json]] = {None: []}
        self.nonce_window = timedelta(minutes=5)  # Discord docs: "the past few minutes"
        self.on_event: Callable[[str, Json, Guild | None], None] = lambda *_: None
        self.catch_up: Callable[[], Awaitable[None]] = _at_once

    def dispatch(self, event: str, body: Json, guild: Guild | None = None) -> None:
        """Send an event to the bot, if it is connected, and wake whoever waits for a change.

        Nothing is sent of a guild that is still being made.
        """
        if guild is None or guild.id in self.guilds:
            self.on_event(event, body, guild)
        self.pulse.beat()

    def add_guild(
        self,
        name: str,
        *,
        everyone: Permission = MEMBER_PERMISSIONS,
        bot: Permission = Permission.NONE,
    ) -> Guild:
        """Make a guild that the bot is in; *bot* is what its role adds to *everyone*."""
        owner = User(id=self.ids.next(), name="owner")
        guild = Guild(id=self.ids.next(), name=name, world=self, owner_id=owner.id)
        guild.roles[guild.id] = Role(
            id=guild.id, name="@everyone", position=0, permissions=everyone
        )
        guild._join(owner, Permission.NONE)
        guild._join(self.bot, bot)
        self.guilds[guild.id] = guild
        self.dispatch("GUILD_CREATE", guild.to_json(), guild)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """Make the bot leave."""
        self.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild)
        del self.guilds[guild.id]

    def guild(self, guild_id: int) -> Guild:
        """Return a guild. Raises ApiError 10004."""
        if guild_id not in self.guilds:
            raise ApiError(*UNKNOWN_GUILD)
        return self.guilds[guild_id]

    def channel(self, channel_id: int) -> Channel:
        """Return a channel. Raises ApiError 10003."""
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
            if channel_id in guild.threads:
                return guild.threads[channel_id]
        raise ApiError(*UNKNOWN_CHANNEL)
