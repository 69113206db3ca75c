"""Read several reports of one event beside each other.

Key sentences: those whose words most sources use, of different sources first, each of which adds
words that the ones before did not have.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.language.differing import differences
from bot.language.furniture import is_furniture
from bot.language.opening import flat, is_question, is_whole, length, repeats, terms
from bot.language.sentences import split
from bot.language.speech import is_without_speaker, leans, names_nobody
from bot.news.models import Comparison, KeySentence, Report

REPORTS_MAX = 12  # that are compared: the first and the latest
_TEXT_MAX = 6_000  # characters of a report that are looked at
_FROM_EACH_MAX = 25  # sentences
_KEY_MAX = 4  # sentences in all …
_KEY_ALONE = 3  # … and where there is one source
_WORDS = (6, 45)
_PLACE_STEP = 0.1  # what a sentence is worth less than the one before it
_SAME_SOURCE = 0.4  # what a second sentence of a source is worth
_NEW_SHARE = 0.4  # of a sentence's words that the chosen ones do not have
_EVEN = 8.0  # words that are added to a sentence's length, so that short ones do not win by it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    report: int
    source: int
    place: int
    text: str
    terms: frozenset[str]
    words: float


class Comparer:
    """The Comparer port. Stateless; some milliseconds for a dozen long reports."""

    def compare(self, reports: Sequence[Report]) -> Comparison:
        """Return telling sentences as they stand and the figures that differ. Never raises."""
        return Comparison(sentences=_key_sentences(reports), differences=differences(reports))


def _key_sentences(reports: Sequence[Report]) -> tuple[KeySentence, ...]:
    found = [each for number, report in enumerate(reports) for each in _telling(number, report)]
    weights = _weights(found)
    wanted = _KEY_MAX if len({each.source for each in found}) > 1 else _KEY_ALONE
    chosen: list[_Sentence] = []
    covered: set[str] = set()
    while len(chosen) < wanted:
        quoted = {each.source for each in chosen}
        left = [
            each
            for each in found
            if each not in chosen and len(each.terms - covered) >= _NEW_SHARE * len(each.terms)
        ]
        if not left:
            break
        best = max(
            left,
            key=lambda each: (
                sum(weights[term] for term in each.terms - covered)
                / (each.words + _EVEN)
                * max(1 - _PLACE_STEP * each.place, _PLACE_STEP)
                * (_SAME_SOURCE if each.source in quoted else 1),
                -each.report,
                -each.place,
            ),
        )
        chosen.append(best)
        covered |= best.terms
    chosen.sort(key=lambda each: (each.report, each.place))
    return tuple(KeySentence(report=each.report, text=each.text) for each in chosen)


def _weights(found: Sequence[_Sentence]) -> Counter[str]:
    """Return in how many sources each word is, or in how many sentences of the only one."""
    is_alone = len({each.source for each in found}) == 1
    of = {(each.place if is_alone else each.source, term) for each in found for term in each.terms}
    return Counter(term for _, term in of)


def _telling(number: int, report: Report) -> list[_Sentence]:
    """Return the sentences of a report that can stand alone."""
    text = report.text[:_TEXT_MAX]
    spans = split(text)
    if len(report.text) > _TEXT_MAX:
        spans = spans[:-1]  # it may be cut
    title = terms(report.title)
    found = []
    for place, (start, end) in enumerate(spans[:_FROM_EACH_MAX]):
        sentence = text[start:end]
        said = flat(sentence)
        words = length(said)
        if not _WORDS[0] <= words <= _WORDS[1] or not _stands(said):
            continue
        if repeats(said, title):
            continue
        found.append(
            _Sentence(
                report=number,
                source=report.source,
                place=place,
                text=sentence,
                terms=terms(said),
                words=words,
            )
        )
    return found


def _stands(said: str) -> bool:
    return (
        is_whole(said)
        and not is_question(said)
        and not is_furniture(said)
        and not leans(said)
        and not names_nobody(said)
        and not is_without_speaker(said, is_inside=False)
    )
