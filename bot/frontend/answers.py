"""Render answers: quotes with their sources, or the closest headlines."""

from collections.abc import Iterator, Sequence

import discord

from bot.frontend import limits
from bot.frontend.listings import COLOUR, bold, count, jump_url
from bot.frontend.markdown import escape_block, inline, label, link, plain, when
from bot.frontend.render import safe_url
from bot.news.answers import Answer, Quote
from bot.news.models import Hit, Snippet
from bot.news.posts import UNTITLED
from bot.news.text import truncate

_SOURCE_CUT = 60
_TITLE_CUT = 120
_NAMES_MAX = 5
_SENTENCE_CUT = 500
_QUOTES_ROOM = limits.EMBED_DESCRIPTION_MAX - 1_200  # what stands beside them takes no more


def answer_embed(answer: Answer) -> discord.Embed:
    """Return an answer: what the sources say, letter by letter, or that they do not."""
    parts = _found(answer) if answer.is_found else _not_found(answer)
    parts.append(_searched(answer))
    return discord.Embed(
        title=inline(answer.asked.text, 200) or "Ask",
        description="\n\n".join(part for part in parts if part),
        colour=COLOUR,
    )


def sources_embed(answer: Answer) -> discord.Embed:
    """Return the articles that an answer quotes, each with who else says the same."""
    lines = []
    for number, quote in enumerate(answer.quotes, start=1):
        title = label(plain(quote.hit.entry.title, _TITLE_CUT)) or UNTITLED
        line = f"\\[{number}\\] {link(title, safe_url(quote.hit.entry.url))}\n{_meta(quote.hit)}"
        lines.append(line if len(line) < 700 else f"\\[{number}\\] {title}\n{_meta(quote.hit)}")  # noqa: PLR2004  # a long address
        if len(quote.told_by) > 1:
            lines[-1] += f"\nAlso said by {_names(quote.told_by[1:])}"
    return discord.Embed(title="Sources", description="\n\n".join(lines), colour=COLOUR)


def _found(answer: Answer) -> list[str]:
    parts = []
    if answer.sentence:
        said = escape_block(plain(answer.sentence, _SENTENCE_CUT))
        model = escape_block(plain((answer.method or "").partition(":")[2], _SOURCE_CUT))
        parts.append(f"{said}\n-# by {model or 'a language model'}, from these quotes alone")
    parts += _quotes(answer.quotes)
    stated = _stated(answer.quotes[0])
    differ = [
        f"The figures differ: {_figure(one.first_figure)} in \\[{one.first + 1}\\], "
        f"{_figure(one.second_figure)} in \\[{one.second + 1}\\]."
        for one in answer.disagreements[:2]
    ]
    return [*parts, "\n".join([stated, *differ])]


def _quotes(quotes: Sequence[Quote]) -> list[str]:
    """Return the quotes for which there is room, numbered; the first in any case."""
    shown: list[str] = []
    room = _QUOTES_ROOM
    for number, quote in enumerate(quotes, start=1):
        fitting = next((one for one in _variants(number, quote) if len(one) + 2 <= room), None)
        if fitting is None:
            break
        shown.append(fitting)
        room -= len(fitting) + 2
    return shown


def _variants(number: int, quote: Quote) -> Iterator[str]:
    """Yield a quote in ever fewer characters; the last is under 1,500."""
    start, end = quote.sentence
    whole = Snippet(text=quote.text, marks=quote.marks)
    marks = tuple((a - start, b - start) for a, b in quote.marks if start <= a and b <= end)
    sentence = Snippet(text=quote.text[start:end], marks=marks)
    url = safe_url(quote.hit.entry.url)
    for snippet, target in ((whole, url), (whole, None), (sentence, url), (sentence, None)):
        yield f"\\[{number}\\] {bold(snippet, escape_block)}\n{_meta(quote.hit, target)}"
    cut = escape_block(truncate(plain(sentence.text), 500))
    yield f"\\[{number}\\] {cut}\n{_meta(quote.hit)}"


def _meta(hit: Hit, url: str | None = None) -> str:
    parts = [
        escape_block(plain(hit.feed_title, _SOURCE_CUT)),
        when(hit.entry.dated_at, "d"),
        link("article", url) if url else "",
        link("post", jump_url(hit.post)) if hit.post else "",
    ]
    return "-# " + " · ".join(part for part in parts if part)


def _stated(quote: Quote) -> str:
    names = quote.told_by
    if len(names) == 1:
        return f"\\[1\\] is stated by one source: {_names(names)}."
    return f"\\[1\\] is stated by {len(names)} sources: {_names(names)}."


def _names(names: Sequence[str]) -> str:
    shown = [escape_block(plain(name, _SOURCE_CUT)) for name in names[:_NAMES_MAX]]
    more = [f"{len(names) - _NAMES_MAX} more"] if len(names) > _NAMES_MAX else []
    return ", ".join([*shown, *more])


def _figure(written: str) -> str:
    return escape_block(plain(written, _SOURCE_CUT))


def _not_found(answer: Answer) -> list[str]:
    if not answer.searched:
        return [
            "There is nothing to ask yet: no article was posted in a channel that you can read."
        ]
    parts = ["**Not in your feeds.** No article that you can read here says it plainly enough."]
    if answer.nearest:
        parts.append("\n".join(["The closest headlines:", *map(_headline, answer.nearest)]))
    return parts


def _headline(hit: Hit) -> str:
    title = label(plain(hit.entry.title, _TITLE_CUT)) or UNTITLED
    line = f"• {link(title, safe_url(hit.entry.url))}\n{_meta(hit)}"
    return line if len(line) < 800 else f"• {title}\n{_meta(hit)}"  # noqa: PLR2004  # a long address


def _searched(answer: Answer) -> str:
    if not answer.searched:
        return ""
    newest = f", newest {when(answer.newest_at)}" if answer.newest_at else ""
    told = f"-# searched {count(answer.searched, 'article')}{newest}"
    if (window := answer.asked.window) is not None:
        words = escape_block(plain(window.words, _SOURCE_CUT))
        told += f" · “{words}”: {when(window.start, 'd')} to {when(window.end, 'd')}"
    return told
