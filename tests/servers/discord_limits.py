"""What Discord refuses in a message, said the way Discord says it: error 50035 with the fields.

Sources: Discord docs "Create Message", "Embed Limits", "Component Reference", "Message
Components". Characters are code points, leading and trailing white space not counted.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from tests.servers.discord_wire import EMPTY_MESSAGE, ApiError, Form, Json, MessageFlag

CONTENT_MAX = 2000
NONCE_MAX = 25
EMBEDS_MAX = 10
EMBED_CHARACTERS_MAX = 6000  # the sum over all embeds of a message
EMBED_URL_MAX = 2048
ROWS_MAX = 5
V2_COMPONENTS_MAX = 40  # nested ones included
V2_TEXT_MAX = 4000

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = frozenset({3, 5, 6, 7, 8})  # string, user, role, mentionable, channel
SECTION, TEXT_DISPLAY, THUMBNAIL, CONTAINER, LABEL = 9, 10, 11, 17, 18
V2_ONLY = frozenset({9, 10, 11, 12, 13, 14, 17})
LINK, PREMIUM = 5, 6

Path = tuple[str | int, ...]


def walk(components: list[Json]) -> Iterator[Json]:
    """Return every component of a message or modal, outer ones first."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        inner = component.get("accessory") or component.get("component")
        if inner:
            yield from walk([inner])


def check_message(body: Json, *, is_new: bool) -> None:
    """Raise ApiError for a message body that Discord would refuse.

    *is_new*: a message has to hold something; an edit may leave everything out.
    """
    form = Form()
    flags = MessageFlag(int(body.get("flags") or 0))
    content, embeds, components = (
        body.get("content"),
        body.get("embeds") or [],
        body.get("components") or [],
    )
    if content is not None and (not isinstance(content, str) or len(content.strip()) > CONTENT_MAX):
        form.wrong(
            ("content",), "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT_MAX} or fewer in length."
        )
    _check_nonce(body, form)
    _check_embeds(embeds, form)
    _check_mentions(body.get("allowed_mentions"), form)
    if MessageFlag.IS_COMPONENTS_V2 in flags:
        _check_v2(body, components, form)
    else:
        _check_rows(components, form)
    form.finish()
    holds = content and content.strip(), embeds, components, body.get("attachments")
    if is_new and not any((*holds, body.get("poll"), body.get("sticker_ids"))):
        raise ApiError(*EMPTY_MESSAGE)


def _check_nonce(body: Json, form: Form) -> None:
    nonce = body.get("nonce")
    if nonce is None:
        return
    if not isinstance(nonce, str | int) or len(str(nonce)) > NONCE_MAX:
        form.wrong(
            ("nonce",), "NONCE_TYPE_TOO_LONG", f"Must be {NONCE_MAX} or fewer characters long."
        )


def _check_mentions(allowed: Json | None, form: Form) -> None:
    if not allowed:
        return
    parse = allowed.get("parse") or []
    for kind in ("users", "roles"):
        named = allowed.get(kind) or []
        if kind in parse and named:
            form.wrong(
                ("allowed_mentions",),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )
        if len(named) > 100:
            form.wrong(
                ("allowed_mentions", kind),
                "BASE_TYPE_MAX_LENGTH",
                "Must be 100 or fewer in length.",
            )
    if unknown := set(parse) - {"users", "roles", "everyone"}:
        form.wrong(
            ("allowed_mentions", "parse"), "BASE_TYPE_CHOICES", f"{sorted(unknown)} unknown."
        )


_EMBED_TEXTS: tuple[tuple[Path, int], ...] = (
    (("title",), 256),
    (("description",), 4096),
    (("footer", "text"), 2048),
    (("author", "name"), 256),
)
_EMBED_URLS: tuple[tuple[Path, frozenset[str]], ...] = (
    (("url",), frozenset({"http", "https"})),
    (("author", "url"), frozenset({"http", "https"})),
    (("author", "icon_url"), frozenset({"http", "https", "attachment"})),
    (("footer", "icon_url"), frozenset({"http", "https", "attachment"})),
    (("image", "url"), frozenset({"http", "https", "attachment"})),
    (("thumbnail", "url"), frozenset({"http", "https", "attachment"})),
)


def _check_embeds(embeds: list[Json], form: Form) -> None:
    if len(embeds) > EMBEDS_MAX:
        form.wrong(("embeds",), "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS_MAX} or fewer in length.")
    if sum(embed_characters(embed) for embed in embeds) > EMBED_CHARACTERS_MAX:
        form.wrong(
            ("embeds",),
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {EMBED_CHARACTERS_MAX}",
        )
    for index, embed in enumerate(embeds):
        _check_embed(embed, ("embeds", index), form)


def embed_characters(embed: Json) -> int:
    """Count what an embed brings to the sum that EMBED_CHARACTERS_MAX bounds."""
    texts = [_at(embed, path) for path, _ in _EMBED_TEXTS]
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(text.strip()) for text in texts if isinstance(text, str))


def _at(node: Json, path: Path) -> object:
    value: object = node
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _check_embed(embed: Json, path: Path, form: Form) -> None:
    for where, most in _EMBED_TEXTS:
        text = _at(embed, where)
        least = 1 if len(where) > 1 and embed.get(str(where[0])) else 0
        if text is not None or least:
            form.length(text if text is not None else "", (*path, *where), least, most)
    for where, schemes in _EMBED_URLS:
        url = _at(embed, where)
        if url is not None:
            _check_url(url, (*path, *where), schemes, form)
    fields = embed.get("fields") or []
    if len(fields) > 25:
        form.wrong((*path, "fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, field in enumerate(fields):
        form.length(field.get("name", ""), (*path, "fields", index, "name"), 1, 256)
        form.length(field.get("value", ""), (*path, "fields", index, "value"), 1, 1024)
    colour = embed.get("color")
    if colour is not None and not (isinstance(colour, int) and 0 <= colour <= 0xFFFFFF):
        form.wrong(
            (*path, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal 16777215."
        )
    _check_timestamp(embed.get("timestamp"), (*path, "timestamp"), form)
    if not any(embed.get(part) for part in _EMBED_SUBSTANCE):
        form.wrong((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")


_EMBED_SUBSTANCE = ("title", "description", "fields", "image", "thumbnail", "author", "footer")


def _check_timestamp(value: object, path: Path, form: Form) -> None:
    if value is None:
        return
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        form.wrong(path, "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.")


def _check_url(url: object, path: Path, schemes: frozenset[str], form: Form) -> None:
    if not isinstance(url, str):
        form.wrong(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return
    if len(url) > EMBED_URL_MAX:
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {EMBED_URL_MAX} or fewer in length.")
    try:
        parts = urlsplit(url)
    except ValueError:
        form.wrong(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return
    if parts.scheme.lower() not in schemes:
        form.wrong(
            path,
            "URL_TYPE_INVALID_SCHEME",
            f'Scheme "{parts.scheme}" is not supported. Scheme must be one of {sorted(schemes)}.',
        )
    elif not parts.netloc or re.search(r"\s", url):
        form.wrong(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_rows(components: list[Json], form: Form) -> None:
    if len(components) > ROWS_MAX:
        form.wrong(
            ("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {ROWS_MAX} in length."
        )
    for index, row in enumerate(components):
        path: Path = ("components", index)
        if row.get("type") != ACTION_ROW:
            form.wrong((*path, "type"), "UNION_TYPE_CHOICES", "Value of field must be one of (1,).")
        else:
            _check_row(row, path, form)
    _check_custom_ids(components, form)


def _check_row(row: Json, path: Path, form: Form) -> None:
    inner = row.get("components") or []
    kinds = [component.get("type") for component in inner]
    selects = sum(kind in SELECTS for kind in kinds)
    if not 1 <= len(inner) <= ROWS_MAX or (selects and len(inner) > 1):
        form.wrong((*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be 1 to 5, or one select.")
    for index, component in enumerate(inner):
        here = (*path, "components", index)
        match component.get("type"):
            case 2:
                _check_button(component, here, form)
            case kind if kind in SELECTS:
                _check_select(component, here, form)
            case kind:
                form.wrong((*here, "type"), "UNION_TYPE_CHOICES", f"{kind} not allowed in a row.")


def _check_button(button: Json, path: Path, form: Form) -> None:
    style = button.get("style")
    if style not in range(1, 7):
        form.wrong(
            (*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}."
        )
    if button.get("label") is not None:
        form.length(button["label"], (*path, "label"), 0, 80)
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        form.wrong(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button needs a label or an emoji.")
    if style == LINK:
        schemes = frozenset({"http", "https", "discord"})
        _check_url(button.get("url"), (*path, "url"), schemes, form)
        if button.get("custom_id"):
            form.wrong(path, "BUTTON_COMPONENT_CUSTOM_ID_INVALID", "A link has no custom_id.")
    elif style != PREMIUM:
        form.length(button.get("custom_id"), (*path, "custom_id"), 1, 100)
        if button.get("url"):
            form.wrong(path, "BUTTON_COMPONENT_URL_INVALID", "Only a link button has a url.")


def _check_select(select: Json, path: Path, form: Form) -> None:
    form.length(select.get("custom_id"), (*path, "custom_id"), 1, 100)
    if select.get("placeholder") is not None:
        form.length(select["placeholder"], (*path, "placeholder"), 0, 150)
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not 0 <= least <= 25 or not 1 <= most <= 25 or least > most:
        form.wrong((*path, "max_values"), "NUMBER_TYPE_MAX", "min_values and max_values: 0 to 25.")
    if select.get("type") != STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= 25:
        form.wrong(
            (*path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length."
        )
    if most > len(options):
        form.wrong((*path, "max_values"), "NUMBER_TYPE_MAX", "More than there are options.")
    for index, option in enumerate(options):
        for part in ("label", "value"):
            form.length(option.get(part), (*path, "options", index, part), 1, 100)
        if option.get("description") is not None:
            form.length(option["description"], (*path, "options", index, "description"), 0, 100)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        form.wrong(
            (*path, "options"),
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            "The specified option value is already used",
        )


def _check_custom_ids(components: list[Json], form: Form) -> None:
    ids = [part["custom_id"] for part in walk(components) if part.get("custom_id")]
    for twice in sorted({custom_id for custom_id in ids if ids.count(custom_id) > 1}):
        form.wrong(
            ("components",),
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            f"Component custom id cannot be duplicated: {twice}",
        )


def _check_v2(body: Json, components: list[Json], form: Form) -> None:
    for legacy in ("content", "embeds", "poll", "sticker_ids"):
        if body.get(legacy):
            form.wrong(
                (legacy,),
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                "The field cannot be used with the components v2 flag.",
            )
    parts = list(walk(components))
    if len(parts) > V2_COMPONENTS_MAX:
        form.wrong(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS", f"{len(parts)} over 40.")
    text = sum(
        len(str(part.get("content", ""))) for part in parts if part.get("type") == TEXT_DISPLAY
    )
    if text > V2_TEXT_MAX:
        form.wrong(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"{text} over 4000")
    for index, part in enumerate(parts):
        path: Path = ("components", index)
        match part.get("type"):
            case 1:
                _check_row(part, path, form)
            case 10:
                form.length(part.get("content"), (*path, "content"), 1, V2_TEXT_MAX)
            case 9 if not 1 <= len(part.get("components") or []) <= 3:
                form.wrong((*path, "components"), "BASE_TYPE_BAD_LENGTH", "Between 1 and 3.")
    _check_custom_ids(components, form)


def check_modal(modal: Json) -> None:
    """Raise ApiError for a modal that Discord would refuse."""
    form = Form()
    form.length(modal.get("title"), ("title",), 1, 45)
    form.length(modal.get("custom_id"), ("custom_id",), 1, 100)
    components = modal.get("components") or []
    if not 1 <= len(components) <= ROWS_MAX:
        form.wrong(("components",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for index, component in enumerate(components):
        path: Path = ("components", index)
        match component.get("type"):
            case 1:
                for inner in component.get("components") or []:
                    _check_text_input(inner, path, form)
            case 18:
                form.length(component.get("label"), (*path, "label"), 1, 45)
                inner = component.get("component") or {}
                if inner.get("type") == TEXT_INPUT:
                    _check_text_input(inner, (*path, "component"), form)
                elif inner.get("type") in SELECTS:
                    _check_select(inner, (*path, "component"), form)
            case 10:
                pass
            case kind:
                form.wrong((*path, "type"), "UNION_TYPE_CHOICES", f"{kind} not allowed in a modal.")
    _check_custom_ids(components, form)
    form.finish()


def _check_text_input(field: Json, path: Path, form: Form) -> None:
    form.length(field.get("custom_id"), (*path, "custom_id"), 1, 100)
    if field.get("label") is not None:
        form.length(field["label"], (*path, "label"), 1, 45)
    if field.get("placeholder") is not None:
        form.length(field["placeholder"], (*path, "placeholder"), 0, 100)
    if field.get("value") is not None:
        form.length(field["value"], (*path, "value"), 0, 4000)
