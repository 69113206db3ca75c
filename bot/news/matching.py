"""Ask a search of one entry, by the same rules as the archive's index does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from bot.news.fields import speaks
from bot.news.models import Query
from bot.news.ports import Tokeniser
from bot.news.query import wanted
from bot.news.wanted import (
    Before,
    Every,
    Fact,
    How,
    Language,
    Not,
    Said,
    Since,
    Some,
    Source,
    Tagged,
    Wanted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an entry is asked by. ``text``: all that is searched beside the title."""

    title: str
    text: str
    at: datetime  # when it came out, as far as we know
    tags: Sequence[str] = ()
    sources: Sequence[str] = ()  # what its feed is called, by those who may find it
    language: str | None = None  # BCP 47


def matches(query: Query, told: Told, tokenise: Tokeniser, now: datetime) -> bool:
    """Whether a search for *query* could find an entry, by the same rules as the archive's."""
    return _Witness(told, tokenise, now).says(wanted(query))


class _Witness:
    """Answers for one entry."""

    def __init__(self, told: Told, tokenise: Tokeniser, now: datetime) -> None:
        self._told = told
        self._tokenise = tokenise
        self._now = now
        self._fields = [
            [word.terms for word in tokenise(text) if word.terms]
            for text in (told.title, told.text)
        ]

    def says(self, wanted: Wanted) -> bool:
        match wanted:
            case Every(parts=parts):
                return all(map(self.says, parts))
            case Some(parts=parts):
                return any(map(self.says, parts))
            case Not(part=part):
                return not self.says(part)
            case Said():
                return self._says_words(wanted)
            case _:
                return is_so(wanted, self._told, self._tokenise, self._now)

    def _says_words(self, said: Said) -> bool:
        fields = self._fields[:1] if said.in_title else self._fields
        asked = [word.terms for word in self._tokenise(said.text) if word.terms]
        if not asked:
            return False
        if said.how is How.PHRASE:
            exact = [terms[0] for terms in asked]
            return any(_has_run([terms[0] for terms in field], exact) for field in fields)
        there = {term for field in fields for terms in field for term in terms}
        found = (not there.isdisjoint(terms) for terms in asked)
        return any(found) if said.how is How.ANY else all(found)


def _has_run(terms: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether *wanted* stand in *terms* side by side."""
    first = wanted[0]
    return any(
        term == first and list(terms[at : at + len(wanted)]) == list(wanted)
        for at, term in enumerate(terms)
    )


def is_so(fact: Fact, told: Told, tokenise: Tokeniser, now: datetime) -> bool:
    """Whether a fact holds of an entry."""
    match fact:
        case Tagged(name=name):
            return not tag_terms([name], tokenise).isdisjoint(
                tag_terms(told.tags, tokenise, with_words=True)
            )
        case Source(name=name):
            return any(name.casefold() in source.casefold() for source in told.sources)
        case Language(code=code):
            return speaks(told.language, code)
        case Since(moment=moment):
            return told.at >= moment.at(now)
        case Before(moment=moment):
            return told.at < moment.at(now)
        case _:
            assert_never(fact)


def tag_terms(
    tags: Iterable[str], tokenise: Tokeniser, *, with_words: bool = False
) -> frozenset[str]:
    """Return what tags are compared by: all their words, and *with_words* each of them too."""
    found: set[str] = set()
    for tag in tags:
        words = [word.terms[0] for word in tokenise(tag) if word.terms]
        found.update(["_".join(words)] if words else (), words if with_words else ())
    return frozenset(found)
