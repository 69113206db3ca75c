"""Read a model's answer and keep what of it may be posted.

::

    answer ── reasoning, fences off ── JSON? ── sentences ── language? ─┐
      ┌─────────────────────────────────────────────────────────────────┘
      └─ each: whole, plain, no link, nothing that the article does not say ──> kept | dropped

A sentence that refers to one that was dropped ("He said …") goes with it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import ModelFailed
from bot.language.grounding import Source
from bot.language.opening import length
from bot.language.sentences import split
from bot.language.tongues import is_same_language
from bot.news.text import one_line

_THOUGHT = re.compile(
    r"\A\s*<(think|thinking|thought|reasoning|reflection)>.*?</\1>", re.DOTALL | re.IGNORECASE
)
_OPEN_THOUGHT = re.compile(r"<(?:think|thinking|thought|reasoning|reflection)>", re.IGNORECASE)
_FENCED = re.compile(r"\A\s*```[a-z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
_ITEMS_MAX = 12  # strings of an answer that are looked at
_ITEM_MAX = 1_500  # characters of one

_BULLET = re.compile(r"\A(?:[-*\u2022\u2013]|\d{1,2}[.)])\s+(?=\S)")
_ADDRESS = re.compile(
    r"https?:|www\.|\S@\S|(?<!\w)@\w|<[@#:/]|(?<!\w)#[^\W\d_]"
    r"|\b[a-z0-9-]{2,}\.(?:com|org|net|info|biz|io|gg|ru|cn|xyz|top|app|dev|shop|online|site|link|me"
    r"|co|uk|de|fr|eu|tk|click|example|test|onion)\b(?!['\u2019]s)",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"\*\*|__|~~|\|\||`|\]\(|^\s*[#>]|</?[a-z]|&[a-z]{2,6};|[{}\\|]", re.IGNORECASE
)
_TALK = re.compile(
    r"\bas an? (?:AI|language model|assistant)\b|\bI (?:cannot|can't|am an? (?:AI|language))\b"
    r"|\bI(?:'m|\u2019m| am) (?:sorry|unable)\b|\b(?:here is|here's) (?:the|a|my|your) summary\b"
    r"|\b(?:the|this) (?:article|text|data|passage) (?:asks|says to|instructs|tells)\b"
    r"|\A(?:summary|zusammenfassung|r\u00e9sum\u00e9|resumen|sure|okay|certainly|note)\s*[:,!]",
    re.IGNORECASE,
)
_WHOLE = re.compile(
    "[.!?\u2026\u061f\u06d4\u0589\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4]"
    "[\"'\u2019\u201d\u00bb)\\]\u300d\u300f\uff09]*\\Z"
)
_NEEDS_NO_END = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# What begins a sentence that leans on the one before.
_LEANS = re.compile(
    r"(?:he|she|it|they|his|her|its|their|this|these|those|that|such|both|however|but|and|also|then"
    r"|instead|therefore|thus|as a result|in addition|er|sie|es|seine?|ihre?|dies|diese|dieser"
    r"|dieses|damit|dadurch|dabei|doch|aber|auch|il|elle|ils|elles|son|sa|ses|leur|cela|cette|ce|cet"
    r"|mais|\u00e9l|ella|ellos|su|sus|esto|esta|este|pero|lui|lei|essi|suo|sua|questo|questa|ma|ele"
    r"|ela|eles|isso|esse|essa|mas|hij|zij|ze|deze|maar|han|hon|hun|de|men"
    r"|\u043e\u043d|\u043e\u043d\u0430|\u043e\u043d\u0438|\u044d\u0442\u043e"
    r"|\u043e\u0434\u043d\u0430\u043a\u043e)\b"
    "|[\u4ed6\u5979\u5b83\u9019\u8fd9\u5176\u6b64]|\u4f46",
    re.IGNORECASE,
)
_MIN_LENGTH = 4  # words of a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is left of an answer, and why the rest is not."""

    kept: tuple[str, ...]
    dropped: tuple[str, ...]  # a word or two for each sentence: "number: 40", "link" …


def read(answer: str) -> tuple[str, ...]:
    """Return the sentences that a model answered with. Raises ModelFailed where it has none.

    In JSON or, from a model that does not heed its form, in plain text: what of it may be posted is
    decided by what it says.
    """
    body = _THOUGHT.sub("", answer).strip()
    if fenced := _FENCED.match(body):
        body = fenced[1].strip()
    if _OPEN_THOUGHT.search(body):
        raise ModelFailed("The model's answer is a thought that never ends.")
    items = _items(body[body.index("{") :]) if "{" in body else body.splitlines()
    told = [_BULLET.sub("", one_line(item[:_ITEM_MAX])) for item in items[:_ITEMS_MAX]]
    sentences = tuple(one[start:end] for one in told for start, end in split(one))
    if not sentences:
        raise ModelFailed("The model's answer holds no sentence.")
    return sentences


def _items(body: str) -> list[str]:
    """Return the texts in an answer in JSON. What stands behind it is not looked at."""
    try:
        value, _ = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError) as error:
        raise ModelFailed("The model's answer is not the JSON that it was asked for.") from error
    items = value.get("sentences", value.get("summary")) if isinstance(value, dict) else None
    if isinstance(items, str):
        return [items]
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ModelFailed("The model's answer is JSON, but holds no list of sentences.")
    return items


def check(
    sentences: Sequence[str], source: str, *, title: str, max_sentences: int, max_words: float
) -> Checked:
    """Return which of *sentences* may be posted as a summary of *source*."""
    if not is_same_language(" ".join(sentences), source):
        return Checked(kept=(), dropped=("language",) * len(sentences))
    article = Source(f"{title}\n\n{source}")
    kept: list[str] = []
    dropped: list[str] = []
    words = 0.0
    is_gap = False  # whether the sentence before was dropped
    for one in sentences:
        reason = _form_fault(one) or ("repetition" if _repeats(one, [title, *kept]) else None)
        if reason is None and is_gap and _LEANS.match(one):
            reason = "leans on a dropped one"
        if reason is None and (faults := article.faults(one)):
            reason = f"{faults[0].kind}: {faults[0].what}"
        if reason is None and (len(kept) == max_sentences or words + length(one) > max_words):
            reason = "too long"
        is_gap = reason is not None
        if reason is None:
            kept.append(one)
            words += length(one)
        else:
            dropped.append(reason)
    return Checked(kept=tuple(kept), dropped=tuple(dropped))


def joined(sentences: Sequence[str]) -> str:
    """Return *sentences* as a text; none but the scripts without spaces go without one between."""
    text = sentences[0]
    for one in sentences[1:]:
        is_solid = text[-1] in "\u3002\uff01\uff1f\u300d\u300f" and not one[0].isascii()
        text += one if is_solid else " " + one
    return text


def _form_fault(one: str) -> str | None:
    """Return what is wrong with a sentence whatever the article says."""
    if _ADDRESS.search(one):
        return "link"
    if _MARKUP.search(one):
        return "markup"
    if _TALK.search(one):
        return "talk"
    if _WHOLE.search(one) is None and _NEEDS_NO_END.search(one) is None:
        return "cut off"
    if length(one) < _MIN_LENGTH:
        return "too short"
    return None


def _repeats(one: str, others: Sequence[str]) -> bool:
    bare = _bare(one)
    return any(bare == _bare(other) for other in others)


def _bare(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
