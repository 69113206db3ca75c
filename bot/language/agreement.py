"""Tell whether two sentences say the same, and where their figures differ."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

from bot.language.asking import Question
from bot.language.differing import differences
from bot.language.figures import figures
from bot.language.kinds import Kind
from bot.language.words import tokenise
from bot.news.answers import Disagreement, Quote
from bot.news.models import Report, Word
from bot.news.query import STOP_WORDS

_SAME_SHARE = 0.55  # of the shorter sentence's telling words that the other has too
_SAME_WORDS = 4  # at least
_SUBJECT_SHARE = 0.3  # likewise, for sentences about one thing that may differ in a figure
_SUBJECT_WORDS = 3


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
def _values(text: str) -> frozenset[Decimal]:
    """Return every value that the figures of a sentence may have."""
    return frozenset(value for figure in figures(text) for value in figure.values)


def says_the_same(one: str, other: str) -> bool:
    """Whether two sentences state one thing: many telling words in common, no figure apart."""
    ours, theirs = _values(one), _values(other)
    return _is_alike(one, other) and not (ours and theirs and ours.isdisjoint(theirs))


def is_repetition(one: str, other: str) -> bool:
    """Whether *other* tells nothing beside *one*: not even another figure for the same."""
    return _is_alike(one, other) and not differences(
        [Report(source=n, title="", text=text) for n, text in enumerate((one, other))]
    )


def _is_alike(one: str, other: str) -> bool:
    ours, theirs = _content(one), _content(other)
    common = len(ours & theirs)
    least = min(len(ours), len(theirs))
    return common >= max(min(_SAME_WORDS, max(least, 1)), _SAME_SHARE * least)


def disagreements(question: Question, quotes: Sequence[Quote]) -> tuple[Disagreement, ...]:
    """Return the quotes of different articles that give another figure for one thing."""
    if not set(question.kinds) & {Kind.NUMBER, Kind.MONEY, Kind.DURATION}:
        return ()
    reports = [
        Report(source=quote.hit.entry.id, title="", text=_sentence(quote)) for quote in quotes
    ]
    return tuple(
        Disagreement(first, second, figure, other)
        for difference in differences(reports)
        for (first, figure), (second, other) in combinations(difference.said, 2)
        if figure != other and _is_of_one_subject(reports[first].text, reports[second].text)
    )


def _is_of_one_subject(one: str, other: str) -> bool:
    common = len(_content(one) & _content(other))
    least = min(len(_content(one)), len(_content(other)))
    return common >= _SUBJECT_WORDS and common >= _SUBJECT_SHARE * least


def _sentence(quote: Quote) -> str:
    return quote.text[quote.sentence[0] : quote.sentence[1]]
