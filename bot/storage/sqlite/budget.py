"""What a search can pay for: which of its terms are sought, and which only rank."""

import sqlite3
from collections.abc import Iterable, Sequence
from math import log

from bot.news.wanted import Every, How, Not, Said, Some, Wanted
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.matching import Plan
from bot.storage.sqlite.scope import Scope

COMMON_SHARE = 0.2  # a term in more of the archive than this tells nothing …
COMMON_FROM = 200  # … once the archive has so many entries

# What a search may cost, in microseconds of a core as measured: to score an entry that has a term,
# to walk over it when bm25 counts the term's entries, to step over it without scoring.
BUDGET_US = 14_000.0
_FINDING_US, _RANKING_US = 7_000.0, 7_000.0  # where that does not pay for all terms
_SCORE_US, _WALK_US, STEP_US = 2.0, 0.08, 0.5


def covered(words: Iterable[Sequence[str]], terms: Iterable[str]) -> int:
    """Return how many words have one of *terms*."""
    chosen = set(terms)
    return sum(not chosen.isdisjoint(word) for word in words)


class Budget:
    """The budget of one search."""

    def __init__(
        self, connection: sqlite3.Connection, index: SearchIndex, plan: Plan, scope: Scope
    ) -> None:
        self._connection = connection
        self._index = index
        self._plan = plan
        self._scope = scope

    def frequency(self, term: str) -> int:
        """Return in about how many entries a term of the index occurs."""
        return self._index.frequencies.of(self._connection, term, self._scope.newest_id)

    def idf(self, term: str) -> float:
        """Return how telling a term is."""
        return log(1 + self._scope.newest_id / (1 + self.frequency(term)))

    def telling(self) -> list[Sequence[str]]:
        """Return the words' terms without those that a fifth of the archive has, if any remain."""
        if self._scope.newest_id <= COMMON_FROM:
            return list(self._plan.terms)
        most = COMMON_SHARE * self._scope.newest_id
        kept: list[Sequence[str]] = [
            telling
            for word in self._plan.terms
            if (telling := [term for term in word if self.frequency(term) <= most])
        ]
        return kept or list(self._plan.terms)

    def affordable(self, budget_us: float, *, per_match_us: float) -> list[str]:
        """Return the terms that rank, the rarest first, as many as can be paid for."""
        window = self._scope.last_id - self._scope.first_id + 1
        each_us = _WALK_US + per_match_us * window / max(self._scope.newest_id, 1)
        terms = {term: self.frequency(term) for word in self.telling() for term in word}
        chosen: list[str] = []
        for term in sorted(terms, key=lambda term: terms[term]):
            budget_us -= each_us * terms[term]
            if budget_us < 0:
                break
            chosen.append(term)
        return chosen

    def cost(self, part: Wanted) -> float:
        """Return what it costs to find and score all that matches *part*."""
        return self.expected(part) * (_SCORE_US + _WALK_US)

    def expected(self, part: Wanted) -> float:
        """Return how many entries have to be read for *part*, at most."""
        match part:
            case Said():
                words = [word.terms for word in self._index.tokenise(part.text) if word.terms]
                if part.how is How.PHRASE:
                    return min((self.frequency(terms[0]) for terms in words), default=0)
                each = [sum(map(self.frequency, terms)) for terms in words]
                return sum(each) if part.how is How.ANY else min(each, default=0)
            case Some(parts=parts):
                return sum(map(self.expected, parts))
            case Every(parts=parts):
                return min(
                    (self.expected(each) for each in parts if not isinstance(each, Not)),
                    default=self._scope.newest_id,
                )
            case _:
                return self._scope.newest_id

    def sought(self, terms: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
        """Return the terms that one of must be there, and those that only rank what is found.

        Where not all can be paid for, what there is goes further that way: of an entry with a rare
        term FTS5 looks up all others, and to walk along a list costs a fraction of scoring it.
        """
        sought = self.affordable(BUDGET_US, per_match_us=_SCORE_US)
        if len(sought) == len({term for word in terms for term in word}):
            return sought, []
        few = len(self.affordable(_FINDING_US, per_match_us=_SCORE_US))
        while few < len(sought) and covered(terms, sought[:few]) < 2:  # noqa: PLR2004  # words
            few += 1
        rare = sought[:few]
        left_us = BUDGET_US - (_SCORE_US + _WALK_US) * sum(map(self.frequency, rare))
        ranking = self.affordable(min(_RANKING_US, left_us), per_match_us=0.0)
        return rare, [term for term in ranking if term not in rare]
