"""Find the figures that sources give differently of one thing.

::

    "All 140 passengers were rescued"   ── 140, of "passengers", beside "rescued"
    "138 passengers rescued at Lund"    ── 138, of "passengers", beside "rescued" ─► they differ

Said only where it is plain: the same unit or the same next word, one value in each source, no value
that the other source gives too, none the rounded form of another. Spans of time, dates, years and
ordinals are left out: two sources may both be right about them. What is missed does no harm; what
is said wrongly does.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.language.figures import BARE, Figure, figures, is_number_word, plain_digits
from bot.language.opening import terms
from bot.language.sentences import split
from bot.news.models import Difference, Report

_TEXT_MAX = 4_000  # characters of a report that are looked at
_SENTENCE_MAX = 600
_SHOWN_MAX = 4  # differences
_READ_AS_FACT = Decimal("1.5")  # more than that between two values: they are of two things
_HEDGED_BY = Decimal("0.1")  # "about 150" may be 138
_ROUND_ZEROS = 2  # "1,400" may be 1,423
_YEARS = (1800, 2200)

_TIMES = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})
# Words that follow a number and are not what is counted.
_NO_SUBJECT = frozenset(
    (
        *("january", "february", "march", "april", "june", "july", "august", "september"),
        *("october", "november", "december", "januar", "februar", "märz", "mai", "juni", "juli"),
        *("oktober", "dezember", "janvier", "février", "mars", "avril", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre", "enero", "febrero", "marzo"),
        *("abril", "mayo", "junio", "julio", "agosto", "octubre", "noviembre", "diciembre"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "uhr"),
        *("and", "but", "for", "from", "the", "that", "with", "were", "was", "are", "has", "have"),
        *("had", "after", "before", "when", "while", "who", "which", "into", "over", "under"),
        *("more", "other", "others", "times", "time", "und", "der", "die", "das", "les", "des"),
        *("per", "than", "out", "off", "not", "its", "his", "her", "their", "said", "until"),
    )
)
# Of these many things are told at once: what happened to them must be the same too.
_ANYBODY = frozenset(
    (
        *("people", "persons", "men", "women", "children", "residents", "victims", "deaths"),
        *("menschen", "personen", "personnes", "personas", "persone", "cases", "places"),
    )
)
_HEDGE = re.compile(
    r"(?:about|around|nearly|almost|roughly|some|up to|at least|at most|more than|over|fewer than"
    r"|less than|an estimated|approximately|rund|etwa|fast|mindestens|environ|près de|unos|circa)"
    r"\s+\Z",
    re.IGNORECASE,
)
_NEXT = re.compile(r"[ \u00a0\u202f-]([^\W\d_]{3,})")
_MONEY_MARK = re.compile(r"[$€£¥₹₽]\s?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A figure that a report gives of something."""

    report: int
    written: str
    subject: str  # as written
    value: Decimal
    others: frozenset[Decimal]  # every way to read it
    is_hedged: bool
    unit: str | None  # None: it counts the subject
    beside: frozenset[str]  # stems of the sentence's other words


def differences(reports: Sequence[Report]) -> tuple[Difference, ...]:
    """Return the figures that two sources or more give differently, the first told first."""
    by_subject: dict[str, list[_Said]] = defaultdict(list)
    values: dict[int, set[Decimal]] = defaultdict(set)  # of each source, whatever they are of
    for number, report in enumerate(reports):
        for said in _figures_of(number, report):
            by_subject[_key(said)].append(said)
            values[report.source] |= said.others
    found = []
    for told in by_subject.values():
        of_source = _one_each(reports, told)
        if of_source is not None and _differ(of_source, values):
            ordered = sorted(of_source.values(), key=lambda said: said.report)
            found.append(
                Difference(
                    subject=ordered[0].subject,
                    said=tuple((said.report, said.written) for said in ordered),
                )
            )
    return tuple(found[:_SHOWN_MAX])


def _key(said: _Said) -> str:
    return f"in {said.unit}" if said.unit else min(terms(said.subject), default=said.subject)


def _figures_of(number: int, report: Report) -> Iterator[_Said]:
    text = f"{report.title}\n\n{report.text[:_TEXT_MAX]}"
    for start, end in split(text):
        sentence = plain_digits(text[start:end])
        if len(sentence) > _SENTENCE_MAX:
            continue
        beside = terms(sentence)
        for figure in figures(sentence):
            said = _said(number, figure, sentence, beside)
            if said is not None:
                yield said


def _said(number: int, figure: Figure, sentence: str, beside: frozenset[str]) -> _Said | None:
    """Return what a figure says; None where it cannot be told what it is of."""
    start, end = figure.span
    counts = figure.unit in {None, BARE}
    if not end or figure.unit in _TIMES or figure.unit == "identifier" or _is_year(figure):
        return None
    following = _NEXT.match(sentence, end)
    if counts and (following is None or not _is_counted(following[1])):
        return None
    if counts and sentence[end] == "-":  # a 12-metre boat
        return None
    subject = following[1] if counts and following else str(figure.unit)
    mark = _MONEY_MARK.search(sentence[:start])
    begins = mark.start() if mark else start
    hedge = _HEDGE.search(sentence[:begins])
    written = sentence[hedge.start() if hedge else begins : end]
    return _Said(
        report=number,
        written=written,
        subject=subject,
        value=max(figure.values),
        others=figure.values,
        is_hedged=hedge is not None,
        unit=None if counts else figure.unit,
        beside=beside - terms(f"{subject} {written}"),
    )


def _is_year(figure: Figure) -> bool:
    first, last = _YEARS
    return figure.written.isdigit() and first <= int(figure.written) <= last


def _is_counted(word: str) -> bool:
    lower = word.casefold()
    return lower not in _NO_SUBJECT and not is_number_word(lower)


def _one_each(reports: Sequence[Report], told: Sequence[_Said]) -> dict[int, _Said] | None:
    """Return the figure of each source, the latest that it gives; None where one gives several.

    A source that corrects itself in a later report gives the later one.
    """
    latest: dict[int, int] = {}
    for said in told:
        source = reports[said.report].source
        latest[source] = max(said.report, latest.get(source, 0))
    of_source: dict[int, _Said] = {}
    for said in told:
        source = reports[said.report].source
        if said.report != latest[source]:
            continue
        if source in of_source and not _agree(of_source[source], said):
            return None
        of_source.setdefault(source, said)
    return of_source


def _differ(of_source: dict[int, _Said], values: dict[int, set[Decimal]]) -> bool:
    """Whether sources contradict each other about what is plainly one thing."""
    pairs = [
        (one, other)
        for one in of_source
        for other in of_source
        if one < other and not _agree(of_source[one], of_source[other])
    ]
    if not pairs:
        return False
    for one, other in pairs:
        mine, theirs = of_source[one], of_source[other]
        if not values[one].isdisjoint(theirs.others) or not values[other].isdisjoint(mine.others):
            return False  # each knows the other's figure: they are of two things
        if not _is_of_one_thing(mine, theirs):
            return False
    return True


def _is_of_one_thing(one: _Said, other: _Said) -> bool:
    low, high = sorted((abs(one.value), abs(other.value)))
    shared = len(one.beside & other.beside)
    if not low or high > low * _READ_AS_FACT:
        return False
    if one.unit is not None:
        return shared > 1
    return shared > 0 if one.subject.casefold() not in _ANYBODY else shared > 1


def _agree(one: _Said, other: _Said) -> bool:
    """Whether two figures may be one: equal, or one the rounded form of the other."""
    if not one.others.isdisjoint(other.others):
        return True
    gap = abs(one.value - other.value)
    if (one.is_hedged or other.is_hedged) and gap <= _HEDGED_BY * max(one.value, other.value):
        return True
    return any(gap < _grain(each.value) / 2 + 1 for each in (one, other) if _grain(each.value) > 1)


def _grain(value: Decimal) -> Decimal:
    """Return what a value is rounded to: 100 for 1,400; 1 for 140 and whatever looks exact."""
    zeros = 0
    while value and value % 10 ** (zeros + 1) == 0:
        zeros += 1
    return Decimal(10) ** zeros if zeros >= _ROUND_ZEROS else Decimal(1)
