"""Interactions: what members do to the bot, and the answers that it may give.

Source: Discord docs, "Receiving and Responding to Interactions".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from secrets import token_urlsafe

from tests.servers import discord_messages as messages
from tests.servers.discord_commands import STRING, check_choice
from tests.servers.discord_limits import check_message, check_modal
from tests.servers.discord_objects import Message
from tests.servers.discord_state import Channel, Member, World
from tests.servers.discord_wire import (
    ALREADY_ACKNOWLEDGED,
    INVALID_WEBHOOK_TOKEN,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    ApiError,
    Form,
    Json,
    MessageFlag,
)

CALLBACK_DEADLINE = timedelta(seconds=3)  # a test compares Reply.took with it
CHOICES_MAX = 25


class Kind(IntEnum):
    """Interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    """Interaction callback types."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """One thing that a member did, and what the bot has answered so far."""

    id: int
    token: str
    kind: Kind
    member: Member
    channel: Channel
    data: Json
    what: str
    created_at: datetime
    source: Message | None = None
    source_revision: int = 0
    callback: Callback | None = None
    answered_at: datetime | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
    is_expired: bool = False
    is_token_expired: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether the member sees something other than a spinner."""
        match self.callback:
            case None:
                return False
            case Callback.DEFERRED_MESSAGE:
                assert self.original
                return self.original.is_deleted or not self.original.is_loading
            case Callback.DEFERRED_UPDATE:
                assert self.source
                changed = self.source.is_deleted or self.source.revision > self.source_revision
                return changed or bool(self.followups)
            case _:
                return True

    def to_json(self) -> Json:
        """Return the body of INTERACTION_CREATE."""
        guild = self.channel.guild
        body: Json = {
            "id": str(self.id),
            "application_id": str(guild.world.application_id),
            "type": int(self.kind),
            "token": self.token,
            "version": 1,
            "data": self.data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "locale": self.member.locale,
            "channel_id": str(self.channel.id),
            "channel": {
                **self.channel.to_json(),
                "permissions": str(int(self.member.permissions_in(self.channel))),
            },
            "member": self.member.to_json(self.channel),
            "app_permissions": str(int(guild.me.permissions_in(self.channel))),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if self.source:
            body["message"] = self.source.to_json()
        return body

    def metadata(self) -> Json:
        """Return what a message says about the interaction that brought it."""
        return {
            "id": str(self.id),
            "type": int(self.kind),
            "user": self.member.user.to_json(),
            "authorizing_integration_owners": {"0": str(self.channel.guild.id)},
        }


_ALLOWED = {
    Kind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL},
    Kind.COMPONENT: set(Callback) - {Callback.CHOICES},
    Kind.AUTOCOMPLETE: {Callback.CHOICES},
    Kind.MODAL: set(Callback) - {Callback.CHOICES, Callback.MODAL},
}


class Interactions:
    """All interactions of a world, and the rules for answering them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.all: list[Interaction] = []

    def start(
        self,
        kind: Kind,
        member: Member,
        channel: Channel,
        data: Json,
        *,
        what: str,
        source: Message | None = None,
    ) -> Interaction:
        """Tell the bot that *member* did something."""
        interaction = Interaction(
            id=self._world.ids.next(),
            token=token_urlsafe(48),
            kind=kind,
            member=member,
            channel=channel,
            data=data,
            what=what,
            created_at=self._world.clock.now(),
            source=source,
            source_revision=source.revision if source else 0,
        )
        self.all.append(interaction)
        self._world.dispatch("INTERACTION_CREATE", interaction.to_json(), channel.guild)
        return interaction

    def answer(self, interaction_id: int, token: str, body: Json) -> Interaction:
        """Take the bot's first answer. Raises ApiError 10062, 40060, 50035 and others."""
        interaction = self._by_token(token)
        if interaction is None or interaction.id != interaction_id or interaction.is_expired:
            raise ApiError(*UNKNOWN_INTERACTION)
        if interaction.callback is not None:
            raise ApiError(*ALREADY_ACKNOWLEDGED)
        callback = _callback(interaction, body.get("type"))
        data = body.get("data") or {}
        match callback:
            case Callback.MESSAGE:
                check_message(data, is_new=True)
                interaction.original = self._place(interaction, data)
            case Callback.DEFERRED_MESSAGE:
                shown = int(data.get("flags") or 0) & MessageFlag.EPHEMERAL
                interaction.original = self._place(interaction, {"flags": int(shown)}, loading=True)
            case Callback.DEFERRED_UPDATE:
                interaction.original = interaction.source
            case Callback.UPDATE:
                assert interaction.source
                messages.edit(self._world, interaction.source, data)
                interaction.original = interaction.source
            case Callback.CHOICES:
                interaction.choices = _choices(interaction, data)
            case Callback.MODAL:
                check_modal(data)
                interaction.modal = data
        interaction.callback = callback
        interaction.answered_at = self._world.clock.now()
        self._world.pulse.beat()
        return interaction

    def _place(self, interaction: Interaction, body: Json, *, loading: bool = False) -> Message:
        message = messages.build(self._world, interaction.channel, body)
        message.is_reply = True
        message.interaction = interaction.metadata()
        if loading:
            message.flags |= MessageFlag.LOADING
        if not message.is_ephemeral:
            interaction.channel.messages.append(message)
            self._world.dispatch("MESSAGE_CREATE", message.to_json(), interaction.channel.guild)
        return message

    def follow_up(self, application_id: int, token: str, body: Json) -> Message:
        """Take a further message. The first one after a deferral fills in the deferred answer."""
        interaction = self.acknowledged(application_id, token)
        check_message(body, is_new=True)
        original = interaction.original
        if interaction.callback is Callback.DEFERRED_MESSAGE and original and original.is_loading:
            body = {**body, "flags": int(body.get("flags") or 0) & ~MessageFlag.EPHEMERAL}
            messages.edit(self._world, original, body)
            original.edited_at = None
            return original
        message = self._place(interaction, body)
        interaction.followups.append(message)
        self._world.pulse.beat()
        return message

    def acknowledged(self, application_id: int, token: str) -> Interaction:
        """Return the answered interaction that *token* belongs to. Raises ApiError 10015, 50027."""
        interaction = self._by_token(token)
        if interaction is None or application_id != self._world.application_id:
            raise ApiError(*UNKNOWN_WEBHOOK)
        if interaction.is_token_expired:
            raise ApiError(*INVALID_WEBHOOK_TOKEN)
        if interaction.callback is None:
            raise ApiError(*UNKNOWN_WEBHOOK)
        return interaction

    def message(self, application_id: int, token: str, message_id: str) -> Message:
        """Return a message of an interaction; ``@original`` names the first. Raises ApiError."""
        interaction = self.acknowledged(application_id, token)
        found: list[Message | None] = [interaction.original]
        if message_id != "@original":
            found = [interaction.original, interaction.source, *interaction.followups]
            found = [message for message in found if message and str(message.id) == message_id]
        if not found or found[0] is None or found[0].is_deleted:
            raise ApiError(*UNKNOWN_MESSAGE)
        return found[0]

    def _by_token(self, token: str) -> Interaction | None:
        return next((i for i in self.all if i.token == token), None)


def _callback(interaction: Interaction, kind: object) -> Callback:
    allowed = set(_ALLOWED[interaction.kind])
    if interaction.source is None:
        allowed -= {Callback.UPDATE, Callback.DEFERRED_UPDATE}
    if kind not in set(allowed):
        form = Form()
        form.wrong(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")
        form.finish()
    assert isinstance(kind, int)
    return Callback(kind)


def _choices(interaction: Interaction, data: Json) -> list[Json]:
    form = Form()
    choices: list[Json] = data.get("choices") or []
    if len(choices) > CHOICES_MAX:
        form.wrong(("data", "choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    is_string = focused(interaction.data)["type"] == STRING
    for index, choice in enumerate(choices):
        check_choice(choice, is_string, ("data", "choices", index), form)
    form.finish()
    return choices


def focused(data: Json) -> Json:
    """Return the option that is being typed into."""
    for option in data.get("options") or []:
        if option.get("focused"):
            return dict(option)
        if option.get("options"):
            return focused(option)
    raise AssertionError("no option is focused")
