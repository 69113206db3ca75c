"""A test's view of the bot's answers: what a member reads, presses, chooses and fills in."""

from collections.abc import Callable
from datetime import timedelta

from tests.servers.discord_interactions import Interaction, Interactions, Kind
from tests.servers.discord_limits import BUTTON, LINK, SELECTS, walk
from tests.servers.discord_objects import Message
from tests.servers.discord_state import Member, World
from tests.servers.discord_wire import PATIENCE_S, Json


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
    await world.catch_up()
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
