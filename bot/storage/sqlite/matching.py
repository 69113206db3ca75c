"""From what a search wants to what FTS5 is asked.

A query is never shown to FTS5 as it was typed: words become terms by the tokeniser that made the
index, and every term is quoted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.news.models import Query
from bot.news.ports import Tokeniser
from bot.news.query import wanted
from bot.news.wanted import Every, How, Not, Said, Some, Wanted, said_in
from bot.storage.sqlite import values

# The columns that hold the most exact term of each word, in order, and those of titles.
_EXACT, _TITLE, _EXACT_TITLE = "{title body}", "{title title_loose}", "{title}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A query in terms of the index.

    ``required``: what matches must match; of nothing, the index cannot say. ``terms``: those of
    each word that ranks. ``rest``: what is left to be asked of each match.
    """

    required: Every
    terms: Sequence[Sequence[str]]
    rest: Sequence[Wanted]
    is_any_word: bool  # nothing must be said but any of the words

    @property
    def unwanted(self) -> Sequence[Wanted]:
        """What must not be said."""
        return [part.part for part in self.required.parts if isinstance(part, Not)]


def plan(query: Query, tokenise: Tokeniser) -> Plan:
    """Return how to ask the index for *query*."""
    where = wanted(query)
    conjuncts = list(_conjuncts(where))
    positive = [part for part in conjuncts if _is_positive(part)]
    indexed = [part for part in conjuncts if part in positive or (positive and _excludes(part))]
    return Plan(
        required=Every(parts=tuple(indexed)),
        terms=[
            word.terms
            for said in said_in(where)
            if said.how is not How.PHRASE
            for word in tokenise(said.text)
            if word.terms
        ],
        rest=[part for part in conjuncts if part not in indexed],
        is_any_word=len(positive) == 1
        and _is_any_word(positive[0])
        and list(said_in(where)) == list(said_in(positive[0])),
    )


def _conjuncts(where: Wanted) -> Iterator[Wanted]:
    """Yield what must all be; words that only rank are left out."""
    match where:
        case Every(parts=parts):
            for part in parts:
                yield from _conjuncts(part)
        case Some(parts=parts) if Every(parts=()) in parts:
            pass
        case _:
            yield where


def _is_positive(part: Wanted) -> bool:
    """Whether FTS5 can list what matches: it has no NOT without a left side."""
    match part:
        case Said():
            return True
        case Every(parts=parts):
            return any(map(_is_positive, parts)) and all(
                _is_positive(each) or _excludes(each) for each in parts
            )
        case Some(parts=parts):
            return bool(parts) and all(map(_is_positive, parts))
        case _:
            return False


def _excludes(part: Wanted) -> bool:
    return isinstance(part, Not) and _is_positive(part.part)


def _is_any_word(part: Wanted) -> bool:
    match part:
        case Said(how=How.ANY, in_title=False):
            return True
        case Some(parts=parts):
            return all(map(_is_any_word, parts))
        case _:
            return False


# --- Expressions ---


def quoted(terms: Iterable[str]) -> str:
    """Return a phrase of FTS5: the terms as neighbours, whatever characters they hold."""
    return '"' + values.to_text(" ".join(terms)).replace('"', '""') + '"'


def exactly(terms: Iterable[str]) -> str:
    """Return an expression for words as neighbours in the form that they are written in."""
    return f"({_EXACT} : {quoted(terms)})"


def whole_word(term: str) -> str | None:
    """Return the exact form that *term* says again, see `Word`; None for any other term."""
    return term[1:-1] if term.endswith("_") else None


def sought(term: str) -> str:
    """Return an expression for a term of the tokeniser."""
    word = whole_word(term)
    return quoted([term]) if word is None else exactly([word])


def any_of(terms: Iterable[str]) -> str:
    """Return an expression that one of *terms* is enough for."""
    return "(" + " OR ".join(map(sought, terms)) + ")"


def expression(part: Wanted, tokenise: Tokeniser) -> str | None:
    """Return the MATCH expression of what is of text; None where nothing can match it."""
    match part:
        case Said():
            return _said(part, tokenise)
        case Some(parts=parts):
            some = [told for each in parts if (told := expression(each, tokenise))]
            return "(" + " OR ".join(some) + ")" if some else None
        case Every(parts=parts):
            return _every(parts, tokenise)
        case _:
            return None


def _every(parts: Sequence[Wanted], tokenise: Tokeniser) -> str | None:
    required = [expression(part, tokenise) for part in parts if _is_positive(part)]
    if not required or not all(required):
        return None
    unwanted = [part.part for part in parts if isinstance(part, Not)]
    return without(" AND ".join(filter(None, required)), unwanted, tokenise)


def without(match: str, unwanted: Iterable[Wanted], tokenise: Tokeniser) -> str:
    """Return what matches *match* and none of *unwanted*."""
    told = [out for part in unwanted if (out := expression(part, tokenise))]
    return f"(({match}) NOT ({' OR '.join(told)}))" if told else f"({match})"


def _said(said: Said, tokenise: Tokeniser) -> str | None:
    words = [word.terms for word in tokenise(said.text) if word.terms]
    if not words:
        return None
    if said.how is How.PHRASE:
        exact = [terms[0] for terms in words]
        return f"({_EXACT_TITLE} : {quoted(exact)})" if said.in_title else exactly(exact)
    joined = (" OR " if said.how is How.ANY else " AND ").join(map(any_of, words))
    return f"({_TITLE} : ({joined}))" if said.in_title else f"({joined})"
