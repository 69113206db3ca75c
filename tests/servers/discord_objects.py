"""What the stand-in's world is made of: users, roles, overwrites and messages."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.servers.discord_wire import Json, MessageFlag, Permission

if TYPE_CHECKING:
    from tests.servers.discord_state import Channel


@dataclass(slots=True, kw_only=True)
class User:
    """An account."""

    id: int
    name: str
    is_bot: bool = False

    def to_json(self) -> Json:
        """Return the user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0001" if self.is_bot else "0",
            "global_name": None if self.is_bot else self.name.title(),
            "avatar": None,
            "avatar_decoration_data": None,
            "primary_guild": None,
            "bot": self.is_bot,
            "system": False,
            "public_flags": 0,
            "flags": 0,
        }


@dataclass(slots=True, kw_only=True)
class Role:
    """A role. The one named @everyone has its guild's id."""

    id: int
    name: str
    position: int
    permissions: Permission
    is_mentionable: bool = False

    def to_json(self) -> Json:
        """Return the role object."""
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(int(self.permissions)),
            "managed": False,
            "mentionable": self.is_mentionable,
            "flags": 0,
        }


@dataclass(slots=True, kw_only=True)
class Overwrite:
    """What a channel changes about the permissions of one role or member."""

    target_id: int
    is_role: bool
    allow: Permission
    deny: Permission

    def to_json(self) -> Json:
        """Return the overwrite object."""
        return {
            "id": str(self.target_id),
            "type": 0 if self.is_role else 1,
            "allow": str(int(self.allow)),
            "deny": str(int(self.deny)),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message as it stands. ``pings`` holds whom its text would have notified.

    A ping reads ``@everyone``, ``@here``, ``user:ID`` or ``role:ID``, after allowed_mentions and
    the permissions of its author.
    """

    id: int
    channel: "Channel"
    author: User
    sent_at: datetime
    flags: MessageFlag
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    pings: frozenset[str] = frozenset()
    nonce: str | int | None = None
    edited_at: datetime | None = None
    revision: int = 0
    is_reply: bool = False
    is_deleted: bool = False
    reference: Json | None = None
    interaction: Json | None = None
    webhook_id: int | None = None  # which of a channel's webhooks said it

    @property
    def is_ephemeral(self) -> bool:
        """Whether only the member who asked can see it."""
        return MessageFlag.EPHEMERAL in self.flags

    @property
    def is_loading(self) -> bool:
        """Whether it still reads "… is thinking"."""
        return MessageFlag.LOADING in self.flags

    @property
    def text(self) -> str:
        """Everything that can be read in it, for a test that looks for a word."""
        texts = [self.content]
        for embed in self.embeds:
            texts += [
                embed.get("title") or "",
                embed.get("description") or "",
                (embed.get("author") or {}).get("name") or "",
                (embed.get("footer") or {}).get("text") or "",
            ]
            texts += [f"{part['name']}: {part['value']}" for part in embed.get("fields") or []]
        texts += [_component_text(component) for component in self.components]
        return "\n".join(text for text in texts if text)

    def to_json(self) -> Json:
        """Return the message object."""
        users = [ping.partition(":")[2] for ping in self.pings if ping.startswith("user:")]
        guild = self.channel.guild
        people = {str(member.user.id): member.user for member in guild.members.values()}
        body: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": 20 if self.is_reply else (19 if self.reference else 0),
            "author": self.author.to_json(),
            "content": self.content,
            "timestamp": self.sent_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "tts": False,
            "mention_everyone": bool(self.pings & {"@everyone", "@here"}),
            "mentions": [people[user].to_json() for user in sorted(users) if user in people],
            "mention_roles": sorted(p[5:] for p in self.pings if p.startswith("role:")),
            "attachments": self.attachments,
            "embeds": [{"type": "rich", **embed} for embed in self.embeds],
            "components": self.components,
            "pinned": False,
            "flags": int(self.flags),
        }
        if self.nonce is not None:
            body["nonce"] = self.nonce
        if self.reference:
            body["message_reference"] = self.reference
        if self.interaction:
            body["interaction_metadata"] = self.interaction
        if self.is_reply:
            body["application_id"] = body["webhook_id"] = str(self.channel.world.application_id)
        if self.webhook_id is not None:
            body["webhook_id"] = str(self.webhook_id)
        return body


def _component_text(component: Json) -> str:
    texts = [str(component.get("content") or ""), str(component.get("label") or "")]
    inner = [*(component.get("components") or []), component.get("accessory") or {}]
    texts += [_component_text(part) for part in inner if part]
    return "\n".join(text for text in texts if text)
