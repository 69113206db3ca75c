"""Discord's limits: named once, used to cut at run time and to check in tests.

Source, unless a line says otherwise: Discord's developer documentation, "Message Resource" (Embed
Limits), "Component Reference", "Application Commands" and "Interactions". Characters are Unicode
code points (what ``len`` counts), as serenity and twilight found.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

CONTENT_MAX = 2000
EMBEDS_MAX = 10  # per message
EMBED_TOTAL_MAX = 6000  # characters, summed over all embeds of a message
EMBED_TITLE_MAX = 256
EMBED_DESCRIPTION_MAX = 4096
EMBED_AUTHOR_MAX = 256
EMBED_FOOTER_MAX = 2048
EMBED_FIELDS_MAX = 25
EMBED_FIELD_NAME_MAX = 256
EMBED_FIELD_VALUE_MAX = 1024
EMBED_URL_MAX = 2048  # not documented; longer ones are answered with 50035

THREAD_NAME_MAX = 100
APPLIED_TAGS_MAX = 5  # of a forum's 20, for each post
WEBHOOK_NAME_MAX = 80

CHOICES_MAX = 25  # of an autocomplete, a select menu, an option
CHOICE_NAME_MAX = 100  # so may be its value and, in menus, its description
BUTTON_LABEL_MAX = 80
ROWS_MAX = 5
CUSTOM_ID_MAX = 100
OPTION_STRING_MAX = 6000  # characters a member can type into a string option

COMMAND_TOTAL_MAX = 8000  # characters: names, descriptions and values of one command
DESCRIPTION_MAX = 100  # of a command or an option

TOKEN_LIFETIME_S = 15 * 60.0  # an interaction's reply can be edited this long


def embed_length(embed: discord.Embed) -> int:
    """Return the characters of *embed* that count towards EMBED_TOTAL_MAX."""
    fields = sum(len(field.name or "") + len(field.value or "") for field in embed.fields)
    texts = (embed.title, embed.description, embed.author.name, embed.footer.text)
    return fields + sum(len(text or "") for text in texts)


def broken_limits(content: str | None, embeds: list[discord.Embed]) -> list[str]:
    """Return what Discord would refuse in a message, in words; empty where all is well."""
    faults = [f"{len(embeds)} embeds"] if len(embeds) > EMBEDS_MAX else []
    if len(content or "") > CONTENT_MAX:
        faults.append(f"content of {len(content or '')} characters")
    total = sum(embed_length(embed) for embed in embeds)
    if total > EMBED_TOTAL_MAX:
        faults.append(f"{total} characters in all embeds")
    if not (content or "").strip() and not any(embed_length(embed) for embed in embeds):
        faults.append("nothing to show")
    for embed in embeds:
        faults += _broken_in(embed)
    return faults


def broken_in_components(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what Discord would refuse in the buttons and menus of a message, given as JSON."""
    faults: list[str] = []
    items = [item for row in rows for item in row.get("components", ())]
    ids = [item["custom_id"] for item in items if "custom_id" in item]
    if len(rows) > ROWS_MAX or len(ids) != len(set(ids)):
        faults.append(f"{len(rows)} rows, ids {ids}")
    for item in items:
        label, options = item.get("label") or "", item.get("options", ())
        if len(label) > BUTTON_LABEL_MAX or len(item.get("custom_id", "")) > CUSTOM_ID_MAX:
            faults.append(f"button {label!r}")
        if len(options) > CHOICES_MAX:
            faults.append(f"{len(options)} options")
        for option in options:
            texts = (option["label"], option["value"], option.get("description") or "x")
            if not all(1 <= len(text) <= CHOICE_NAME_MAX for text in texts):
                faults.append(f"option {option!r}")
    return faults


def _broken_in(embed: discord.Embed) -> list[str]:
    sized = [
        ("title", embed.title, EMBED_TITLE_MAX),
        ("description", embed.description, EMBED_DESCRIPTION_MAX),
        ("author", embed.author.name, EMBED_AUTHOR_MAX),
        ("footer", embed.footer.text, EMBED_FOOTER_MAX),
        *(("field name", field.name, EMBED_FIELD_NAME_MAX) for field in embed.fields),
        *(("field value", field.value, EMBED_FIELD_VALUE_MAX) for field in embed.fields),
    ]
    faults = [
        f"{part} of {len(text)} characters"
        for part, text, most in sized
        if text and len(text) > most
    ]
    if len(embed.fields) > EMBED_FIELDS_MAX:
        faults.append(f"{len(embed.fields)} fields")
    if any(not field.name or not field.value for field in embed.fields):
        faults.append("an empty field")
    if embed.author.url or embed.author.icon_url:
        faults += [] if embed.author.name else ["an author without a name"]
    urls = (
        embed.url,
        embed.author.url,
        embed.author.icon_url,
        embed.image.url,
        embed.thumbnail.url,
        embed.footer.icon_url,
    )
    for url in urls:
        if url and (not url.startswith(("http://", "https://")) or len(url) > EMBED_URL_MAX):
            faults.append(f"URL {url[:60]!r}")
    return faults
