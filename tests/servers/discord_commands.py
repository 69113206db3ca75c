"""What Discord refuses in an upload of slash commands, and how a client fills one in.

Source: Discord docs, "Application Commands".
"""

import re
from collections.abc import Iterator

from tests.servers.discord_wire import TOO_MANY_COMMANDS, ApiError, Form, Json

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}  # 15 since 2026-03
CHARACTERS_MAX = 8000  # names, descriptions and choice values of one command
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
MEMBER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 6, 7, 8, 9, 10, 11
_NAME = re.compile(r"[-_'\w]{1,32}")

Path = tuple[str | int, ...]


def check_commands(commands: list[Json]) -> None:
    """Raise ApiError for an upload that Discord would refuse."""
    form = Form()
    for kind, most in MOST.items():
        if sum(command.get("type", CHAT_INPUT) == kind for command in commands) > most:
            raise ApiError(*TOO_MANY_COMMANDS)
    names = [(command.get("type", CHAT_INPUT), command.get("name")) for command in commands]
    for index, command in enumerate(commands):
        if names.index(names[index]) != index:
            form.wrong(
                (index,),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        _check_command(command, (index,), form)
    form.finish()


def _check_command(command: Json, path: Path, form: Form) -> None:
    kind = command.get("type", CHAT_INPUT)
    if kind == CHAT_INPUT:
        _check_named(command, path, form)
        _check_options(command.get("options") or [], (*path, "options"), form, depth=0)
    else:
        form.length(command.get("name"), (*path, "name"), 1, 32)
        if command.get("description"):
            form.wrong((*path, "description"), "BASE_TYPE_MAX_LENGTH", "Must be empty.")
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdigit():
        form.wrong((*path, "default_member_permissions"), "NUMBER_TYPE_COERCE", "Not a number.")
    if not set(command.get("contexts") or []) <= {0, 1, 2}:
        form.wrong((*path, "contexts"), "BASE_TYPE_CHOICES", "Value must be one of {0, 1, 2}.")
    if (size := characters(command)) > CHARACTERS_MAX:
        form.wrong(
            path,
            "APPLICATION_COMMAND_TOO_LARGE",
            f"Command exceeds maximum size ({CHARACTERS_MAX}): {size}",
        )


def characters(node: Json) -> int:
    """Count what a command brings to its limit of CHARACTERS_MAX; the longest language counts."""
    total = 0
    for part in ("name", "description"):
        texts = [node.get(part) or "", *(node.get(f"{part}_localizations") or {}).values()]
        total += max(map(len, texts))
    for choice in node.get("choices") or []:
        total += len(str(choice.get("name", ""))) + len(str(choice.get("value", "")))
    return total + sum(map(characters, node.get("options") or []))


def _check_named(node: Json, path: Path, form: Form) -> None:
    for name, where in _localised(node, "name"):
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.lower():
            form.wrong(
                (*path, *where),
                "APPLICATION_COMMAND_INVALID_NAME",
                f"Command name is invalid: {name}",
            )
    for text, where in _localised(node, "description"):
        form.length(text, (*path, *where), 1, 100)


def _localised(node: Json, part: str) -> Iterator[tuple[object, Path]]:
    yield node.get(part), (part,)
    for language, text in (node.get(f"{part}_localizations") or {}).items():
        yield text, (f"{part}_localizations", language)


def _check_options(options: list[Json], path: Path, form: Form, *, depth: int) -> None:
    if len(options) > 25:
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    kinds = [option.get("type") for option in options]
    nested = [kind in (SUBCOMMAND, GROUP) for kind in kinds]
    if any(nested) and not all(nested):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Subcommands and options mix.")
    names = [option.get("name") for option in options]
    if len(set(names)) < len(names):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique.")
    was_optional = False
    for index, option in enumerate(options):
        here = (*path, index)
        _check_named(option, here, form)
        if option.get("type") in (SUBCOMMAND, GROUP):
            _check_nested(option, here, form, depth=depth)
            continue
        if option.get("required") and was_optional:
            form.wrong(
                here,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        was_optional = was_optional or not option.get("required")
        _check_value_option(option, here, form)


def _check_nested(option: Json, path: Path, form: Form, *, depth: int) -> None:
    inner = option.get("options") or []
    if option["type"] == GROUP:
        if depth > 0 or any(child.get("type") != SUBCOMMAND for child in inner):
            form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Nested too deep.")
        if not inner:
            form.wrong((*path, "options"), "BASE_TYPE_REQUIRED", "This field is required")
    elif any(child.get("type") in (SUBCOMMAND, GROUP) for child in inner):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Nested too deep.")
    _check_options(inner, (*path, "options"), form, depth=depth + 1)


def _check_value_option(option: Json, path: Path, form: Form) -> None:
    kind, choices = option.get("type"), option.get("choices") or []
    if kind not in range(STRING, ATTACHMENT + 1):
        form.wrong((*path, "type"), "BASE_TYPE_CHOICES", f"{kind} is no option type.")
    if (choices or option.get("autocomplete")) and kind not in (STRING, INTEGER, NUMBER):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "No choices for this type.")
    if choices and option.get("autocomplete"):
        form.wrong(path, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES", "Choices or autocomplete.")
    if len(choices) > 25:
        form.wrong((*path, "choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, choice in enumerate(choices):
        check_choice(choice, kind == STRING, (*path, "choices", index), form)
    _check_bounds(option, path, form)


def _check_bounds(option: Json, path: Path, form: Form) -> None:
    kind = option.get("type")
    if kind == STRING:
        least, most = option.get("min_length"), option.get("max_length")
        if not 0 <= (least or 0) <= 6000 or not 1 <= (6000 if most is None else most) <= 6000:
            form.wrong(path, "NUMBER_TYPE_MAX", "min_length 0 to 6000, max_length 1 to 6000.")
    elif option.get("min_length") is not None or option.get("max_length") is not None:
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_LENGTH_INVALID", "Lengths are for strings.")
    numeric = kind in (INTEGER, NUMBER)
    if not numeric and (option.get("min_value"), option.get("max_value")) != (None, None):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_VALUE_INVALID", "Bounds are for numbers.")
    if kind != CHANNEL and option.get("channel_types"):
        form.wrong(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Not a channel option.")


def check_choice(choice: Json, is_string: bool, path: Path, form: Form) -> None:
    """Check one choice of an option or of an autocomplete answer."""
    form.length(choice.get("name"), (*path, "name"), 1, 100)
    value = choice.get("value")
    if is_string:
        form.length(value, (*path, "value"), 1, 100)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        form.wrong((*path, "value"), "NUMBER_TYPE_COERCE", "Not a number.")


def find(commands: list[Json], words: list[str]) -> tuple[Json, list[Json]]:
    """Return the command that *words* name, and the way down to the leaf that takes the options.

    The way holds the subcommand group and the subcommand, outermost first; it is empty for a
    command without subcommands. Raises AssertionError where nothing goes by that name.
    """
    for command in commands:
        if command["name"] != words[0] or command.get("type", CHAT_INPUT) != CHAT_INPUT:
            continue
        way: list[Json] = []
        node = command
        for word in words[1:]:
            inner = [o for o in node.get("options") or [] if o["name"] == word]
            assert inner, f"/{' '.join(words)}: no subcommand {word!r}"
            node = inner[0]
            way.append(node)
        assert all(o["type"] not in (SUBCOMMAND, GROUP) for o in node.get("options") or []), (
            f"/{' '.join(words)} wants a subcommand"
        )
        return command, way
    uploaded = sorted(command["name"] for command in commands)
    raise AssertionError(f"/{words[0]} was not uploaded; uploaded are {uploaded}")
