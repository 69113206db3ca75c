"""Render why a post is there and what it is made of."""

import discord

from bot.frontend import limits
from bot.frontend.listings import COLOUR, count
from bot.frontend.markdown import escape_block, inline, label, link, plain, when
from bot.frontend.render import safe_url
from bot.news.models import Origin, Summary, Why
from bot.news.text import truncate

_SHOWN_MAX = 8  # entries of a roundup or a story
_TITLE_CUT = 120
_SOURCE_CUT = 60
_NOTE_CUT = 300


def why_embed(why: Why) -> discord.Embed:
    """Return the answer to "Why this?"."""
    shown = why.origins[:_SHOWN_MAX]
    is_alone, has_own = len(why.origins) == 1, why.kind == "bundle"
    told = "\n\n".join(_origin(origin, is_alone=is_alone, has_own=has_own) for origin in shown)
    if len(why.origins) > len(shown):
        told += f"\n\n… and {len(why.origins) - len(shown)} more."
    head = _REASONS[why.kind].format(count(len(why.origins), "entry"))
    embed = discord.Embed(title=inline("Why this?"), description=f"{head}{told}", colour=COLOUR)
    if why.kind == "story":
        embed.add_field(name="Summary", value=method_in_words(why.summary), inline=False)
    if why.sent_at is not None:
        embed.add_field(name="Posted", value=when(why.sent_at), inline=False)
    return embed


def method_in_words(summary: Summary | None) -> str:
    """Return how a summary was made."""
    if summary is None or not summary.text:
        return "None: there is nothing to say beside the title."
    kind, _, model = summary.method.partition(":")
    match kind:
        case "feed":
            return "The feed's own words."
        case "extractive":
            return (
                "Sentences of the article's opening, as they stand there; only place lines, short "
                "parentheses and a “But” at their start are left out."
            )
        case "llm":
            name = escape_block(plain(model, _SOURCE_CUT)) or "a language model"
            return f"Written by {name} from the article, and checked against it."
        case _:
            return escape_block(plain(summary.method, limits.EMBED_FIELD_VALUE_MAX // 2))


_REASONS = {
    "story": "",
    "bundle": "One message for {}, because several posts were due here at once.\n\n",
    "roundup": "One message for {}, because the feed brought many at once.\n\n",
    "digest": (
        "A digest of {}: of feeds in mode digest, or what quiet hours or the most messages an hour "
        "kept back.\n\n"
    ),
}


def _origin(origin: Origin, *, is_alone: bool, has_own: bool) -> str:
    entry = origin.entry
    source = escape_block(plain(origin.source_name, _SOURCE_CUT))
    seen = f"seen {when(entry.first_seen_at)}"
    if entry.published_at is not None:
        seen += f", published {when(entry.published_at)}"
    lines = [f"From **{source}**: {seen}"]
    title = label(truncate(plain(entry.title), _TITLE_CUT)) or "the article"
    lines.append(link(title, safe_url(entry.url)))
    if is_alone or origin.note:
        lines.append(_reading(origin))
    if has_own and origin.summary is not None:
        lines.append(f"Summary: {method_in_words(origin.summary)}")
    return "\n".join(lines)


_READ = {
    "feed": "The feed holds the whole article.",
    "page": "The article was read on its page.",
    "teaser": "Only the feed's teaser could be read.",
    None: "The article was not read yet.",
}


def _reading(origin: Origin) -> str:
    """Return where the article's text comes from, and why where there is none."""
    told = _READ[origin.entry.text_method]
    return f"{told} {escape_block(plain(origin.note, _NOTE_CUT))}" if origin.note else told
