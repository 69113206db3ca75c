"""Tell whether two sentences say the same, and where their figures differ."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from bot.language.asking import Question
from bot.language.figures import BARE, figures, is_number_word
from bot.language.kinds import Kind
from bot.language.words import tokenise
from bot.news.answers import Disagreement, Quote
from bot.news.models import Word
from bot.news.query import STOP_WORDS

_SAME_SHARE = 0.55  # of the shorter sentence's telling words that the other has too
_SAME_WORDS = 4  # at least
_SUBJECT_SHARE = 0.3  # likewise, for sentences about one thing that may differ in a figure
_SUBJECT_WORDS = 3
_BEHIND = 40  # characters behind a figure that say what it counts


class _Count(NamedTuple):
    """A figure of a sentence: its readings, and how the sentence has it."""

    values: frozenset[Decimal]
    written: str  # with the word that says what it counts: "12 million crowns"


def _stem(word: Word) -> str:
    """Return the term that the forms of a word share."""
    return next((term for term in reversed(word.terms) if term[0] != "_"), word.terms[0])


@lru_cache(maxsize=512)
def _content(text: str) -> frozenset[str]:
    """Return the stems of the telling words of a sentence, its figures left out."""
    return frozenset(
        _stem(word)
        for word in tokenise(text)
        if text[word.start : word.end].casefold() not in STOP_WORDS
        and not text[word.start].isdigit()
    )


@lru_cache(maxsize=512)
def _figures(text: str) -> dict[str, _Count]:
    """Return the figures of a sentence by what they count, where it has one of that."""
    found: dict[str, list[_Count]] = {}
    for figure in figures(text):
        behind = _behind(text, figure.written)
        if figure.unit in {"year", "identifier", BARE} or behind is None:
            continue
        counted, written = behind
        found.setdefault(figure.unit or counted, []).append(_Count(figure.values, written))
    return {counted: told[0] for counted, told in found.items() if len(told) == 1}


def _behind(text: str, written: str) -> tuple[str, str] | None:
    """Return the stem of the word behind a figure, and both as written; None: it cannot be told."""
    places = list(re.finditer(rf"(?<![\w.,]){re.escape(written)}(?!\w)", text, re.IGNORECASE))
    if len(places) != 1:
        return None
    start, end = places[0].span()
    if start and text[start - 1] in "$€£¥₹₽":
        start -= 1
    last = end
    for word in tokenise(text[end : end + _BEHIND]):
        if text[last : end + word.start].strip():
            break  # punctuation: what follows is not counted
        last = end + word.end
        bare = text[end + word.start : last].casefold()
        if not is_number_word(bare) or bare in {"percent", "dollars", "euros", "pounds"}:
            return _stem(word), text[start:last]
    return "", text[start:last]


def _differ(one: str, other: str) -> list[tuple[str, str]]:
    """Return the figures, as written, that count the same thing and are not the same."""
    ours, theirs = _figures(one), _figures(other)
    return [
        (ours[counted].written, theirs[counted].written)
        for counted in sorted(ours.keys() & theirs.keys())
        if ours[counted].values.isdisjoint(theirs[counted].values)
    ]


def says_the_same(one: str, other: str) -> bool:
    """Whether two sentences tell one thing: many telling words in common, no figure apart."""
    ours, theirs = _content(one), _content(other)
    common = len(ours & theirs)
    least = min(len(ours), len(theirs))
    if common < min(_SAME_WORDS, max(least, 1)) or common < _SAME_SHARE * least:
        return False
    return not _differ(one, other)


def disagreements(question: Question, quotes: Sequence[Quote]) -> tuple[Disagreement, ...]:
    """Return the quotes of different articles that give another figure for one thing."""
    if not set(question.kinds) & {Kind.NUMBER, Kind.MONEY, Kind.DURATION}:
        return ()
    found = []
    for second, other in enumerate(quotes):
        for first, one in enumerate(quotes[:second]):
            if one.hit.entry.id == other.hit.entry.id:
                continue
            ours, theirs = _sentence(one), _sentence(other)
            common = len(_content(ours) & _content(theirs))
            least = min(len(_content(ours)), len(_content(theirs)))
            if common >= _SUBJECT_WORDS and common >= _SUBJECT_SHARE * least:
                found += [Disagreement(first, second, *pair) for pair in _differ(ours, theirs)]
    return tuple(found)


def _sentence(quote: Quote) -> str:
    return quote.text[quote.sentence[0] : quote.sentence[1]]
