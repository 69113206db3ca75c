"""Interactions: what members do to the bot, the answers it may give, and a test's view of them.

Source: Discord docs, "Receiving and Responding to Interactions".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from secrets import token_urlsafe

from tests.servers import discord_messages as messages
from tests.servers.discord_commands import STRING, check_choice
from tests.servers.discord_limits import BUTTON, LINK, SELECTS, check_message, check_modal, walk
from tests.servers.discord_state import Channel, Member, Message, World
from tests.servers.discord_wire import (
    ALREADY_ACKNOWLEDGED,
    INVALID_WEBHOOK_TOKEN,
    PATIENCE_S,
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
            "locale": "en-US",
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


class Reply:
    """What a member sees of the bot's answer. Reads the present state, so later edits show."""

    def __init__(self, interactions: Interactions, interaction: Interaction, world: World) -> None:
        self._interactions = interactions
        self._world = world
        self.interaction = interaction

    def __repr__(self) -> str:
        callback = self.interaction.callback
        text = self.interaction.original.text if self.interaction.original else ""
        return f"<Reply to {self.interaction.what}: {callback!r} {text!r} +{self.followups!r}>"

    @property
    def message(self) -> Message:
        """The first answer, or the message that a click changed."""
        assert self.interaction.original, f"{self!r} has no message"
        return self.interaction.original

    @property
    def content(self) -> str:
        """The first answer's content."""
        return self.message.content

    @property
    def embeds(self) -> list[Json]:
        """The first answer's embeds."""
        return self.message.embeds

    @property
    def components(self) -> list[Json]:
        """The first answer's components."""
        return self.message.components

    @property
    def is_ephemeral(self) -> bool:
        """Whether only the member sees the first answer."""
        return self.message.is_ephemeral

    @property
    def followups(self) -> list[Message]:
        """What the bot sent after the first answer."""
        return self.interaction.followups

    @property
    def modal(self) -> Json:
        """The modal that was opened."""
        assert self.interaction.modal, f"{self!r} opened no modal"
        return self.interaction.modal

    @property
    def text(self) -> str:
        """All that can be read in the first answer and the follow-ups."""
        shown = [self.interaction.original, *self.followups]
        return "\n".join(message.text for message in shown if message)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons that can be pressed."""
        return [str(b.get("label", "")) for _, b in self._parts() if b.get("type") == BUTTON]

    @property
    def took(self) -> timedelta:
        """How long the bot left the member without any acknowledgement; see CALLBACK_DEADLINE."""
        assert self.interaction.answered_at
        return self.interaction.answered_at - self.interaction.created_at

    async def wait_until(
        self, fits: Callable[["Reply"], bool], *, timeout_s: float = PATIENCE_S
    ) -> "Reply":
        """Wait until the answer *fits*."""
        await self._world.pulse.until(
            lambda: fits(self) or None,
            f"{self.interaction.what} to be answered as wanted",
            timeout_s,
        )
        return self

    async def click(self, button: str, *, by: Member | None = None) -> "Reply":
        """Press the button whose label holds *button*; return the answer once it is there."""
        for message, part in self._parts():
            if part.get("type") == BUTTON and button in str(part.get("label", "")):
                data = {"component_type": BUTTON, "custom_id": part["custom_id"], "id": part["id"]}
                return await self._act(message, data, f"a click on {part['label']!r}", by)
        raise AssertionError(f"No button {button!r} can be pressed in {self!r}: {self.buttons}")

    async def select(self, *values: str, by: Member | None = None) -> "Reply":
        """Choose from the first select menu; an option goes by its value or its label."""
        for message, part in self._parts():
            if part.get("type") not in SELECTS:
                continue
            by_label = {str(o["label"]): str(o["value"]) for o in part.get("options") or []}
            chosen = [by_label.get(value, value) for value in values]
            if by_label:
                assert set(chosen) <= set(by_label.values()), f"{values} not in {by_label}"
            data = {
                "component_type": part["type"],
                "custom_id": part["custom_id"],
                "id": part["id"],
                "values": chosen,
            }
            return await self._act(message, data, f"a choice of {chosen}", by)
        raise AssertionError(f"There is no select menu in {self!r}")

    async def submit(self, **values: str | list[str]) -> "Reply":
        """Fill in the modal and send it; a field goes by its custom_id."""
        fields = {
            part["custom_id"] for part in walk(self.modal["components"]) if "custom_id" in part
        }
        assert set(values) <= fields, f"The modal has {sorted(fields)}, not {sorted(values)}"
        data = {
            "custom_id": self.modal["custom_id"],
            "components": [_filled(part, values) for part in self.modal["components"]],
            "resolved": {},
        }
        interaction = self._interactions.start(
            Kind.MODAL,
            self.interaction.member,
            self.interaction.channel,
            data,
            what=f"the modal {self.modal['title']!r}",
            source=self.interaction.source,
        )
        return await wait_for_answer(self._interactions, interaction, self._world)

    def _parts(self) -> list[tuple[Message, Json]]:
        """Return the components that can be used, each with the message it is on."""
        shown = [self.interaction.original, *self.followups]
        return [
            (message, part)
            for message in shown
            if message and not message.is_deleted
            for part in walk(message.components)
            if part.get("custom_id") and not part.get("disabled") and part.get("style") != LINK
        ]

    async def _act(self, message: Message, data: Json, what: str, by: Member | None) -> "Reply":
        member = by or self.interaction.member
        assert not message.is_ephemeral or member is self.interaction.member, "they cannot see it"
        return await use_component(self._interactions, self._world, member, message, data, what)


async def use_component(
    interactions: Interactions,
    world: World,
    member: Member,
    message: Message,
    data: Json,
    what: str,
) -> Reply:
    """Use a component of *message* as *member*; return the answer once it is there."""
    interaction = interactions.start(
        Kind.COMPONENT, member, message.channel, data, what=what, source=message
    )
    return await wait_for_answer(interactions, interaction, world)


async def wait_for_answer(
    interactions: Interactions, interaction: Interaction, world: World
) -> Reply:
    """Return the bot's answer once the member sees more than a spinner."""
    await world.pulse.until(
        lambda: interaction.is_answered or None, f"the bot to answer {interaction.what}"
    )
    return Reply(interactions, interaction, world)


def _filled(part: Json, values: dict[str, str | list[str]]) -> Json:
    """Return a modal's component as it comes back, with what was typed into it."""
    filled: Json = {"type": part["type"], "id": part.get("id", 0)}
    if "custom_id" in part:
        filled["custom_id"] = part["custom_id"]
        value = values.get(part["custom_id"], part.get("value") or "")
        filled["values" if isinstance(value, list) else "value"] = value
    if part.get("components"):
        filled["components"] = [_filled(inner, values) for inner in part["components"]]
    if part.get("component"):
        filled["component"] = _filled(part["component"], values)
    return filled
