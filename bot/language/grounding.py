# ruff: noqa: RUF001  # Cyrillic letters look like others
"""Hold a sentence against the article that it is said to sum up.

A model may choose words, never facts: every number, every name and every quotation of a sentence
must stand in the article. What cannot be told apart from a name by its form (all of a script
without capitals) must stand there too. Of the sentences that this refuses some are true; the
sentence is dropped all the same, since nobody reads the posts before they are sent.

Pure: text in, reasons out.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bot.language import uncased
from bot.language.figures import BARE, Figure, figures, is_number_word, plain_digits
from bot.language.lexicon import ENGLISH_OPENERS, FUNCTION_WORDS, OFFICES, PARTICLES, VAGUE_NUMBERS
from bot.language.quotes import Quote, normal, quotes
from bot.language.sentences import split
from bot.language.tongues import language_of
from bot.language.words import tokenise
from bot.news.models import Word

FaultKind = Literal["number", "name", "quotation", "stray"]

_ATOM = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_LATIN = re.compile("[a-z\u00c0-\u024f\u0370-\u03ff\u1e00-\u1fff]")  # and Greek
_CYRILLIC = re.compile("[\u0430-\u045f]")
# What names end with in one case or another; the stemmer leaves some of them on.
_SLAVIC_ENDING = re.compile(
    "(?<=[\u0430-\u045f]{2})(?:[аеёийоуыьэюяіїє]{1,2}|[оеыи]м|[ая]ми|[ая]х)\\Z"
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_APART = re.compile('[,;:()/\u2013\u2014"\u201c\u201d\u201e\u00ab\u00bb]')
_STRAY_SHARE = 0.5  # of a sentence's telling words that the article does not know
_STRAY_MIN = 3  # such words
_TELLING_MIN = 4  # letters
_NUMBER_REACH = 40  # characters around a number that say what it is of
_NEARBY = 5  # words within which an office stands behind its holder's name, after a comma
_PREFIX = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a sentence does not stand: what is in it that the article does not say."""

    kind: FaultKind
    what: str


@dataclass(frozen=True, slots=True)
class _Atom:
    """A word as it is compared, and how it was written."""

    key: str
    start: int
    end: int
    is_capital: bool
    comma_after: bool = False


class Source:
    """An article, prepared for many questions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._language = language_of(text)

    def faults(self, sentence: str) -> tuple[Fault, ...]:
        """Return what *sentence* says that the article does not; nothing where it stands."""
        quoted = quotes(sentence)
        return (
            *self._wrong_numbers(sentence),
            *self._wrong_quotes(sentence, quoted),
            *self._wrong_names(sentence, quoted),
            *(Fault("name", run) for run in uncased.unknown_runs(sentence, self._uncased)),
            *self._strays(sentence),
        )

    # --- Numbers ---

    @cached_property
    def _told(self) -> tuple[tuple[tuple[Figure, ...], frozenset[str]], ...]:
        """The numbers and the terms of each sentence of the article."""
        pieces = (self._text[start:end] for start, end in self._sentences)
        return tuple((tuple(figures(one, self._language)), _terms(one)) for one in pieces)

    def _wrong_numbers(self, sentence: str) -> Iterator[Fault]:
        for figure in figures(sentence, self._language):
            places = self._places_of(figure)
            if not places:
                yield Fault("number", figure.written)
            elif not self._is_of_the_same(figure, sentence, places):
                yield Fault("number", f"{figure.written}, of something else")
        for match in _ATOM.finditer(sentence):
            word = match.group().casefold()
            if word in VAGUE_NUMBERS and word not in self._keys:
                yield Fault("number", match.group())

    def _places_of(self, figure: Figure) -> list[frozenset[str]]:
        """Return the terms of each sentence of the article that has this number."""
        if figure.unit == "identifier":
            found = figure.written in plain_digits(self._text)
            return [self._stems] if found else []
        return [
            terms for told, terms in self._told if any(_is_same(figure, other) for other in told)
        ]

    def _is_of_the_same(self, figure: Figure, sentence: str, places: list[frozenset[str]]) -> bool:
        """Whether what stands around a number also stands in a sentence that has it.

        Ages are told apart from who has them too often to be looked at.
        """
        if figure.unit in {"year", BARE}:
            return True
        at = sentence.find(figure.written.split()[0])
        around = sentence[max(0, at - _NUMBER_REACH) : at + len(figure.written) + _NUMBER_REACH]
        near = {
            term
            for word in _telling(around)
            if not self._stems.isdisjoint(word.terms)  # the others tell nothing
            for term in word.terms
        }
        return at < 0 or not near or any(not near.isdisjoint(terms) for terms in places)

    # --- Quotations ---

    @cached_property
    def _quotes(self) -> tuple[tuple[str, int, int], ...]:
        return tuple((normal(q.text), q.start, q.end) for q in quotes(self._text))

    def _wrong_quotes(self, sentence: str, quoted: tuple[Quote, ...]) -> Iterator[Fault]:
        for quote in quoted:
            said = normal(quote.text).strip(" .,!?;:\u2026\u3002\u3001\uff0c")
            if not said:
                continue
            places = [(start, end) for text, start, end in self._quotes if _holds(text, said)]
            if not quote.is_closed or not places:
                yield Fault("quotation", quote.text)
            elif not self._is_speaker_near(sentence, quoted, places):
                yield Fault("quotation", f"its speaker: {quote.text}")

    def _is_speaker_near(
        self, sentence: str, quoted: tuple[Quote, ...], places: list[tuple[int, int]]
    ) -> bool:
        """Whether who is named beside a quotation is named near it in the article too."""
        names = [
            atom.key
            for atom in _atoms(sentence)[1:]
            if atom.is_capital and not _is_inside(atom, quoted)
        ]
        if not names:
            return True
        for start, end in places:
            near = {atom.key for atom in _atoms(self._around(start, end))}
            if not near.isdisjoint(names):
                return True
        return False

    @cached_property
    def _sentences(self) -> tuple[tuple[int, int], ...]:
        return tuple(split(self._text))

    def _around(self, start: int, end: int) -> str:
        """Return the sentences that a quotation is in, and the one before.

        The one behind too where the quotation ends with its own: "We are glad." Lund smiled.
        """
        spans = self._sentences
        first = max(0, bisect_right(spans, (start, len(self._text))) - 2)
        last = max(0, bisect_right(spans, (end, -1)) - 1)
        if spans[last][1] <= end + 1:
            last = min(last + 1, len(spans) - 1)
        return self._text[spans[first][0] : spans[last][1]]

    # --- Names ---

    @cached_property
    def _words(self) -> tuple[_Atom, ...]:
        return _atoms(self._text)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(atom.key for atom in self._words)

    @cached_property
    def _lower(self) -> frozenset[str]:
        return frozenset(atom.key for atom in self._words if not atom.is_capital)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for number, atom in enumerate(self._words):
            for form in self._forms(atom.key):
                places.setdefault(form, []).append(number)
        return places

    def _forms(self, key: str) -> frozenset[str]:
        """Return the forms under which an inflected word is the same word."""
        forms = {key}
        if len(key) > 3 and key[-1] == "s":  # noqa: PLR2004  # gas is no plural of ga
            forms.add(key[:-1])
        if self._language not in {"en", None} or not key.isascii():
            forms |= {f"~{term}" for term in _stems(key)}
            if len(key) > 3 and _SLAVIC_ENDING.search(key):  # noqa: PLR2004  # no short ones
                forms.add("~" + _SLAVIC_ENDING.sub("", key))
            elif _CYRILLIC.match(key):
                forms.add("~" + key)
            if self._language == "de" and len(key) > _PREFIX:
                forms |= {key.removesuffix(ending) for ending in ("es", "n", "en", "e")}
        return frozenset(forms)

    def _knows(self, key: str) -> bool:
        return any(form in self._places for form in self._forms(key))

    def _are_neighbours(self, first: str, second: str) -> bool:
        seconds = {n for form in self._forms(second) for n in self._places.get(form, ())}
        firsts = {n for form in self._forms(first) for n in self._places.get(form, ())}
        return any(n + 1 in seconds for n in firsts)

    def _wrong_names(self, sentence: str, quoted: tuple[Quote, ...]) -> Iterator[Fault]:
        atoms = [atom for atom in _atoms(sentence) if not _is_inside(atom, quoted)]
        before: _Atom | None = None  # the word before, where it may be one name with this one
        for number, atom in enumerate(atoms):
            is_first = number == 0 or sentence[: atom.start].rstrip()[-1:] in set(':\u201e\u201c"')
            follows = number + 1 < len(atoms) and atoms[number + 1].is_capital
            is_common = (is_first and self._is_common(atom.key)) or self._counts(atom.key)
            is_name = atom.is_capital and not is_common
            has_digits = any(map(str.isdigit, atom.key)) and not atom.key.isdigit()
            if not is_name and not has_digits:
                keeps = before is not None and atom.key in PARTICLES
                is_office = atom.key in OFFICES and follows
                before = atom if keeps or is_office else None
                continue
            if not self._knows(atom.key):
                yield Fault("name", sentence[atom.start : atom.end])
            elif before is not None and not self._is_one_name(before, atom, sentence):
                yield Fault("name", sentence[before.start : atom.end])
            before = atom

    def _is_common(self, key: str) -> bool:
        """Whether a word that begins a sentence is capitalised only for that."""
        if key in OFFICES:
            return False
        return key in FUNCTION_WORDS or key in ENGLISH_OPENERS or key in self._lower

    def _counts(self, key: str) -> bool:
        """Whether a word is part of a number, which is looked at as such: Twelve, Mio., Euro."""
        return is_number_word(key, self._language)

    def _is_one_name(self, first: _Atom, second: _Atom, sentence: str) -> bool:
        if _APART.search(sentence[first.end : second.start]):
            return True  # a list, a quotation: not one name
        if self._are_neighbours(first.key, second.key):
            return True
        return first.key in OFFICES and self._holds_office(second.key, first.key)

    def _holds_office(self, name: str, office: str) -> bool:
        """Whether the article has the office in apposition: "Ana Lund, the mayor"."""
        words = self._words
        for at in self._places.get(name, ()):
            last = at
            while (
                last + 1 < len(words) and words[last + 1].is_capital and not words[last].comma_after
            ):
                last += 1
            if not words[last].comma_after:
                continue
            for word in words[last + 1 : last + 1 + _NEARBY]:
                if word.key == office:
                    return True
                if word.comma_after:
                    break
        return False

    # --- All the rest ---

    @cached_property
    def _uncased(self) -> uncased.Grams:
        return uncased.grams(self._text)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return _terms(self._text)

    def _strays(self, sentence: str) -> Iterator[Fault]:
        """Refuse a sentence that is mostly about something else."""
        telling = _telling(sentence)
        new = [word for word in telling if self._stems.isdisjoint(word.terms)]
        if len(new) >= _STRAY_MIN and len(new) > _STRAY_SHARE * len(telling):
            yield Fault("stray", " ".join(sentence[word.start : word.end] for word in new[:5]))


def _is_same(figure: Figure, told: Figure) -> bool:
    """Whether the article tells a number as *figure* has it."""
    if figure.values.isdisjoint(told.values):
        return False
    if figure.unit is None or figure.unit in {BARE, told.unit}:
        return True
    return figure.unit == "year" and told.unit == BARE  # an age between commas


def _terms(text: str) -> frozenset[str]:
    return frozenset(term for word in tokenise(text) for term in word.terms)


def _telling(text: str) -> list[Word]:
    return [
        word
        for word in tokenise(text)
        if word.end - word.start >= _TELLING_MIN
        and not text[word.start].isdigit()
        and _key(text[word.start : word.end]) not in FUNCTION_WORDS
    ]


def _atoms(text: str) -> tuple[_Atom, ...]:
    """Return the words of *text*; the s of a possessive is none."""
    out: list[_Atom] = []
    for match in _ATOM.finditer(text):
        start, end = match.span()
        written = match.group()
        if written in {"s", "S"} and text[start - 1 : start] in {"'", "\u2019"}:
            continue
        is_capital = written[0].isupper() or written[0].istitle()
        comma = text[end : end + 1] in {",", "("} or text[end : end + 2] == " ("
        out.append(_Atom(_key(written), start, end, is_capital, comma))
    return tuple(out)


def _key(written: str) -> str:
    if written.isascii():
        return written.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    if _LATIN.match(folded):
        folded = _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFC", folded)


def _stems(key: str) -> tuple[str, ...]:
    return tuple(term for word in tokenise(key) for term in word.terms if term[0] != "_")


def _holds(quotation: str, said: str) -> bool:
    """Whether *said* stands in a quotation, from the beginning of a word to the end of one."""
    at = quotation.find(said)
    while at >= 0:
        end = at + len(said)
        opens = at == 0 or not (quotation[at - 1].isalnum() and said[0].isalnum())
        closes = end == len(quotation) or not (quotation[end].isalnum() and said[-1].isalnum())
        if (opens and closes) or not said.isascii():
            return True
        at = quotation.find(said, at + 1)
    return False


def _is_inside(atom: _Atom, quoted: tuple[Quote, ...]) -> bool:
    return any(quote.start <= atom.start and atom.end <= quote.end for quote in quoted)
