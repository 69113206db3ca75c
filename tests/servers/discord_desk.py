"""The part of Discord's client: fills in slash commands, and refuses what it would not offer."""

from tests.servers.discord_commands import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    INTEGER,
    MEMBER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    find,
)
from tests.servers.discord_interactions import Interactions, Kind
from tests.servers.discord_objects import Role
from tests.servers.discord_reply import Reply, wait_for_answer
from tests.servers.discord_state import Channel, Member, OptionValue, World
from tests.servers.discord_wire import Json, Permission

STRING_OPTION_MAX = 6000  # Discord docs, "Application Command Option Structure", max_length

_TYPES: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    MEMBER: (Member,),
    CHANNEL: (Channel,),
    ROLE: (Role,),
    MENTIONABLE: (Member, Role),
    NUMBER: (int, float),
    ATTACHMENT: (),
}


class CommandHidden(AssertionError):
    """Discord's client would not offer the command to this member."""


class ClientDesk:
    """Runs slash commands as a member would from Discord's client."""

    def __init__(self, world: World, interactions: Interactions) -> None:
        self._world = world
        self._interactions = interactions

    async def slash(
        self,
        member: Member,
        channel: Channel,
        command: str,
        options: dict[str, OptionValue],
        *,
        is_overridden: bool,
    ) -> Reply:
        """Run a slash command and return the answer once it is there."""
        words = command.split()
        uploaded, way = find(self._commands(channel), words)
        if not is_overridden:
            _check_offered(uploaded, member, channel)
        leaf = way[-1] if way else uploaded
        _check_options(leaf, options)
        data = _data(uploaded, way, options, member, channel, focus=None)
        interaction = self._interactions.start(
            Kind.COMMAND, member, channel, data, what=f"/{command}"
        )
        return await wait_for_answer(self._interactions, interaction, self._world)

    async def autocomplete(
        self, member: Member, channel: Channel, command: str, options: dict[str, OptionValue]
    ) -> list[Json]:
        """Type into the last of *options* and return the choices offered."""
        uploaded, way = find(self._commands(channel), command.split())
        _check_offered(uploaded, member, channel)
        focus = list(options)[-1]
        schema = _schema(way[-1] if way else uploaded, focus)
        assert schema.get("autocomplete"), f"/{command} does not autocomplete {focus}"
        data = _data(uploaded, way, options, member, channel, focus=focus)
        interaction = self._interactions.start(
            Kind.AUTOCOMPLETE, member, channel, data, what=f"typing into /{command} {focus}"
        )
        await wait_for_answer(self._interactions, interaction, self._world)
        return interaction.choices

    def _commands(self, channel: Channel) -> list[Json]:
        return self._world.commands[None] + self._world.commands.get(channel.guild.id, [])


def _data(
    uploaded: Json,
    way: list[Json],
    options: dict[str, OptionValue],
    member: Member,
    channel: Channel,
    *,
    focus: str | None,
) -> Json:
    resolved: Json = {}
    leaf = way[-1] if way else uploaded
    inner = []
    for name, value in options.items():
        option = {"name": name, "type": _schema(leaf, name)["type"], "value": _plain(value)}
        if name == focus:
            option["focused"] = True
        inner.append(option)
        _resolve(value, member, channel, resolved)
    for node in reversed(way):
        inner = [{"name": node["name"], "type": node["type"], "options": inner}]
    data: Json = {"id": uploaded["id"], "name": uploaded["name"], "type": 1, "options": inner}
    if uploaded.get("guild_id"):
        data["guild_id"] = uploaded["guild_id"]
    if resolved:
        data["resolved"] = resolved
    return data


def _check_offered(command: Json, member: Member, channel: Channel) -> None:
    has = member.permissions_in(channel)
    name = command["name"]
    if Permission.VIEW_CHANNEL not in has:
        raise CommandHidden(f"{member.user.name} does not see #{channel.name}")
    if Permission.USE_APPLICATION_COMMANDS not in has:
        raise CommandHidden(f"{member.user.name} may not run commands in #{channel.name}")
    wanted = command.get("default_member_permissions")
    if wanted is not None and Permission(int(wanted)) & ~has:
        raise CommandHidden(f"/{name} is not offered to {member.user.name}")


def _schema(leaf: Json, name: str) -> Json:
    for option in leaf.get("options") or []:
        if option["name"] == name:
            return dict(option)
    known = [option["name"] for option in leaf.get("options") or []]
    raise AssertionError(f"{leaf['name']} has the options {known}, not {name!r}")


def _check_options(leaf: Json, options: dict[str, OptionValue]) -> None:
    for schema in leaf.get("options") or []:
        name = schema["name"]
        assert name in options or not schema.get("required"), f"{leaf['name']} wants {name}"
    for name, value in options.items():
        _check_option(_schema(leaf, name), value)


def _check_option(schema: Json, value: OptionValue) -> None:
    name, kind = schema["name"], schema["type"]
    fits = isinstance(value, _TYPES[kind]) and isinstance(value, bool) is (kind == BOOLEAN)
    assert fits, f"{name} does not take {value!r}"
    if choices := schema.get("choices"):
        offered = [choice["value"] for choice in choices]
        assert value in offered, f"{name} offers {offered}, not {value!r}"
    if isinstance(value, str):
        least, most = schema.get("min_length", 0), schema.get("max_length", STRING_OPTION_MAX)
        assert least <= len(value) <= most, f"{name} takes {least} to {most} characters"
    elif isinstance(value, int | float):
        least, most = schema.get("min_value", value), schema.get("max_value", value)
        assert least <= value <= most, f"{name} takes {least} to {most}"
    elif isinstance(value, Channel) and schema.get("channel_types"):
        assert int(value.type) in schema["channel_types"], f"{name} does not take #{value.name}"


def _plain(value: OptionValue) -> str | int | float | bool:
    match value:
        case Channel() | Role():
            return str(value.id)
        case Member():
            return str(value.user.id)
        case _:
            return value


def _resolve(value: OptionValue, member: Member, channel: Channel, resolved: Json) -> None:
    """Add what an id stands for. A channel comes with what *member* may do there."""
    match value:
        case Channel():
            body = {**value.to_json(), "permissions": str(int(member.permissions_in(value)))}
            resolved.setdefault("channels", {})[str(value.id)] = body
        case Role():
            resolved.setdefault("roles", {})[str(value.id)] = value.to_json()
        case Member():
            body = value.to_json(channel)
            resolved.setdefault("users", {})[str(value.user.id)] = body.pop("user")
            resolved.setdefault("members", {})[str(value.user.id)] = body
        case _:
            pass
