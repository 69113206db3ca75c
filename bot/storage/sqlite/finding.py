"""Finding what matches among a million entries, in a time that does not grow with them.

What a full-text query costs is the length of the lists of its terms. So the rarest terms are asked
first and for as much as the budget allows; where all are common, only the newest entries are
looked through, newest first. Up to some 35,000 entries that is every term of every question.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, Self, assert_never

from bot.news.matching import tag_terms
from bot.news.models import EntryId, FeedId, Query, Ranked, SearchRequest, Sort
from bot.news.ranking import RECENCY_WEIGHT, TEMPERED_WEIGHT, blend, share_of
from bot.news.scoring import RELEVANCE_WEIGHT, Coverage
from bot.news.wanted import (
    Before,
    Every,
    Language,
    Not,
    Said,
    Since,
    Some,
    Source,
    Tagged,
    Wanted,
)
from bot.storage.sqlite import scope as scopes
from bot.storage.sqlite import values
from bot.storage.sqlite.budget import BUDGET_US, STEP_US, Budget, covered
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.matching import Plan, any_of, expression, plan, without

POOL = 600  # matches that are ranked; of more it is said that there are more
READ = 24  # of the best matches whose texts are read …
READ_MORE = 32  # … where not all terms could be paid for: at a million 24 would lose some
CHECKED_MAX = 6_000  # of the best matches that are asked whether they may be seen
_DAY = timedelta(days=1)

BEST = """
    SELECT rowid AS id, -bm25(entry_index, 3.0, 1.0, 3.0, 1.0) AS relevance
      FROM entry_index
     WHERE entry_index MATCH :match AND rowid >= :first AND rowid <= :last
     ORDER BY relevance DESC, rowid DESC
"""
BEST_POSTED = scopes.POSTED_AMONG.format(matches=f"{BEST} LIMIT :limit")

# Read from the end of the words' lists, as far as is asked.
NEWEST_MATCHES = """
    SELECT rowid AS id, 0.0 AS relevance FROM entry_index
     WHERE entry_index MATCH :match AND rowid >= :first AND rowid <= :last
     ORDER BY rowid DESC LIMIT :limit
"""
NEWEST_POSTED = scopes.POSTED_AMONG.format(matches=NEWEST_MATCHES)

TAGS = "SELECT tags FROM entries WHERE id = :id"

IS_MATCH = "SELECT 1 FROM entry_index WHERE entry_index MATCH :match AND rowid = :id"


TEXTS = """
    SELECT id, title, teaser, text FROM entries WHERE id IN (SELECT value FROM json_each(:ids))
"""


class _Match(NamedTuple):
    """An entry that matches and may be seen."""

    id: int
    feed_id: int
    story_id: int
    dated_at: int  # ms
    relevance: float

    @classmethod
    def of(cls, row: sqlite3.Row, relevance: float) -> Self:
        """Return a row of facts with what the index says of it."""
        return cls(row["id"], row["feed_id"], row["story_id"], row["dated_at"], relevance)


class Finding:
    """One search."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        index: SearchIndex,
        request: SearchRequest,
        now: datetime,
    ) -> None:
        self.connection = connection
        self.index = index
        self.request = request
        self.now = now
        self.plan: Plan = plan(request.query, index.tokenise)
        self._feeds_of: dict[Source | Language, frozenset[FeedId]] = {}
        self.scope = scopes.open_scope(
            connection, request.channels, self._feeds(), self._since(), request.until
        )
        self.budget = Budget(connection, index, self.plan, self.scope)
        self._reads = READ

    @property
    def query(self) -> Query:
        """What is asked."""
        return self.request.query

    def ranking(self) -> tuple[list[Ranked], bool]:
        """Return all that is to be shown, the best first, and whether there is more."""
        sort = self.query.sort or self.request.sort
        if self.scope.last_id == 0:
            return [], False
        if not self.plan.required.parts:
            matches = self._filtered(self._newest(), POOL + 1)
        elif sort is Sort.NEWEST:
            matches = self._newest_matches()
        else:
            matches = self._filtered(self._matches(), POOL + 1)
        has_more = len(matches) > POOL
        matches = matches[:POOL]
        if not self.plan.required.parts or sort is Sort.NEWEST:
            matches.sort(key=lambda match: (-match.dated_at, -match.id))
            ranked = [(match, 0.0) for match in matches]
        else:
            weight = RECENCY_WEIGHT if sort is Sort.BEST else TEMPERED_WEIGHT
            ranked = self._read(self._blended(matches, weight))
        return list(self._of_stories(ranked)), has_more

    def _blended(
        self, matches: Sequence[_Match], recency_weight: float
    ) -> list[tuple[_Match, float]]:
        best = max((match.relevance for match in matches), default=0.0)
        now_ms, day_ms = values.to_ms(self.now), _DAY // timedelta(milliseconds=1)
        scored = [
            (
                match,
                blend(
                    match.relevance,
                    best,
                    (now_ms - match.dated_at) / day_ms,
                    recency_weight=recency_weight,
                ),
            )
            for match in matches
        ]
        return sorted(scored, key=lambda one: (-one[1], -one[0].id))

    def _read(self, ranked: list[tuple[_Match, float]]) -> list[tuple[_Match, float]]:
        """Return what was found with the best of it in the order that its texts ask for."""
        idf = {term: self.budget.idf(term) for word in self.plan.terms for term in word}
        words = [{term: idf[term] for term in word} for word in self.plan.terms]
        coverage = Coverage(words, self.index.terms_of.__getitem__)
        head = {match.id: (match, score) for match, score in ranked[: self._reads]}
        best = max((match.relevance for match, _ in ranked), default=0.0)
        rows = self.connection.execute(TEXTS, {"ids": values.to_json(head)}).fetchall()
        read: list[tuple[_Match, float]] = []
        for row in rows:
            match, score = head[row["id"]]
            text = (
                row["text"] if row["teaser"] in row["text"] else f"{row['teaser']}\n{row['text']}"
            )
            known = (1 - RELEVANCE_WEIGHT) * share_of(match.relevance, best)
            read.append((match, score - known + coverage.of(row["title"], text)))
        read.sort(key=lambda one: (-one[1], -one[0].id))
        return [*read, *ranked[self._reads :]]

    def _of_stories(self, ranked: Iterable[tuple[_Match, float]]) -> Iterator[Ranked]:
        told: set[int] = set()
        for match, score in ranked:
            if self.request.merges_stories and match.story_id in told:
                continue
            told.add(match.story_id)
            yield Ranked(EntryId(match.id), score)

    # What the index finds

    def _matches(self) -> Iterator[tuple[int, float]]:
        """Yield what matches with its relevance, the best first."""
        if self.plan.is_any_word:
            yield from self._any_word()
            return
        required = expression(self.plan.required, self.index.tokenise)
        if required is None:
            return
        cost = self.budget.cost(self.plan.required)
        if cost <= BUDGET_US:
            ranking = self.budget.affordable(BUDGET_US - cost, per_match_us=0.0)
            also = f" AND ({required} OR {any_of(ranking)})" if ranking else ""
            yield from self._best(required + also)
        else:
            share = BUDGET_US / cost
            yield from self._newest_of(required, 1.0, share)

    def _any_word(self) -> Iterator[tuple[int, float]]:
        terms = self.budget.telling()
        rare, also = self.budget.sought(terms)
        if len(rare) < len({term for word in terms for term in word}):
            self._reads = READ_MORE
        seen: set[int] = set()
        if rare:
            # What has none of the rare is not looked for; of what has, the commoner count too.
            match = any_of(rare) + (f" AND {any_of([*rare, *also])}" if also else "")
            for id_, relevance in self._best(self._allowed(match)):
                seen.add(id_)
                yield id_, relevance
        if covered(terms, rare) < min(len(terms), 2):
            # All that was asked for is common: what has it all, the newest first.
            rarest = sorted(terms, key=lambda word: self.budget.frequency(word[0]))[:3]
            match = self._allowed(" AND ".join(map(any_of, rarest)))
            cost = STEP_US * sum(map(self.budget.frequency, rarest[0])) * len(rarest)
            weight = sum(self.budget.idf(word[0]) for word in rarest)
            for id_, relevance in self._newest_of(match, weight, BUDGET_US / max(cost, 1.0)):
                if id_ not in seen:
                    yield id_, relevance

    def _allowed(self, match: str) -> str:
        return without(match, self.plan.unwanted, self.index.tokenise)

    def _best(self, match: str) -> Iterator[tuple[int, float]]:
        for row in self._found(BEST, BEST_POSTED, match, 1.0):
            yield row["id"], row["relevance"]

    def _newest_of(self, match: str, relevance: float, share: float) -> Iterator[tuple[int, float]]:
        """Yield the newest that match, of that share of the archive which can be looked through."""
        for row in self._found(NEWEST_MATCHES, NEWEST_POSTED, match, share):
            yield row["id"], relevance

    def _found(self, anywhere: str, posted: str, match: str, share: float) -> sqlite3.Cursor:
        """Ask *anywhere*, or *posted* where what the caller may see is not listed."""
        channels = self.scope.channels
        return self.connection.execute(
            anywhere if channels is None or self.scope.ids is not None else posted,
            {
                "match": match,
                **self._window(share),
                "channels": scopes.as_parameter(channels),
                "limit": CHECKED_MAX,
            },
        )

    def _window(self, share: float) -> dict[str, int]:
        first, last = self.scope.first_id, self.scope.last_id
        if share < 1:
            first = max(first, last - int(self.scope.newest_id * share))
        return {"first": first, "last": last}

    # Newest first

    def _newest(self) -> Iterator[tuple[int, float]]:
        """Yield what may be seen, newest first, where the index has nothing to look for."""
        before = min(self._bounds(), default=scopes.FAR)
        rows = scopes.newest(self.connection, self.scope, self._feeds(), before, CHECKED_MAX)
        for row in rows:
            yield row["id"], 0.0

    def _newest_matches(self) -> list[_Match]:
        """Return the newest that have all the words, or any where none has them all."""
        found: list[_Match] = []
        if self.plan.is_any_word:
            terms = self.budget.telling()
            match = self._allowed(" AND ".join(map(any_of, terms))) if terms else ""
            least = min(sum(map(self.budget.frequency, word)) for word in terms) if terms else 0
            cost = STEP_US * least * len(terms)
            if match:
                share = BUDGET_US / max(cost, 1.0)
                found = self._filtered(self._newest_of(match, 0.0, share), POOL + 1)
        if not found and (match := expression(self.plan.required, self.index.tokenise) or ""):
            cost = STEP_US * self.budget.expected(self.plan.required)
            share = BUDGET_US / max(cost, 1.0)
            found = self._filtered(self._newest_of(match, 0.0, share), POOL + 1)
        return found

    # Filters

    def _filtered(self, matches: Iterator[tuple[int, float]], limit: int) -> list[_Match]:
        """Return the first *limit* matches that may be seen and are all that is asked for."""
        found: list[_Match] = []
        size, checked = limit, 0
        ids = self.scope.ids
        channels = None if ids is None else self.scope.channels  # once is enough: see _found
        allowed = matches if ids is None else (match for match in matches if match[0] in ids)
        while len(found) < limit and checked < CHECKED_MAX:
            chunk = dict(islice(allowed, size))
            if not chunk:
                break
            checked += len(chunk)
            facts = {
                row["id"]: row
                for row in self.connection.execute(
                    scopes.FACTS,
                    {"ids": values.to_json(chunk), "channels": scopes.as_parameter(channels)},
                )
            }
            found += [
                match
                for id_, relevance in chunk.items()
                if (row := facts.get(id_)) is not None
                and self._is_wanted(match := _Match.of(row, relevance))
            ]
        return found[:limit]

    def _is_wanted(self, match: _Match) -> bool:
        request = self.request
        if request.feed_id is not None and match.feed_id != request.feed_id:
            return False
        if request.since is not None and match.dated_at < values.to_ms(request.since):
            return False
        if request.until is not None and match.dated_at > values.to_ms(request.until):
            return False
        return all(self._holds(part, match) for part in self.plan.rest)

    def _holds(self, part: Wanted, match: _Match) -> bool:
        """Whether what the index was not asked is so of an entry."""
        match part:
            case Every(parts=parts):
                return all(self._holds(each, match) for each in parts)
            case Some(parts=parts):
                return any(self._holds(each, match) for each in parts)
            case Not(part=inner):
                return not self._holds(inner, match)
            case Said():
                return self._is_match(part, match.id)
            case Tagged(name=name):
                return self._is_tagged(name, match.id)
            case _:
                return self._is_so(part, match)

    def _is_so(self, fact: Source | Language | Since | Before, match: _Match) -> bool:
        match fact:
            case Source() | Language():
                return match.feed_id in self._feeds_named(fact)
            case Since(moment=moment):
                return match.dated_at >= values.to_ms(moment.at(self.now))
            case Before(moment=moment):
                return match.dated_at < values.to_ms(moment.at(self.now))
            case _:
                assert_never(fact)

    def _is_match(self, part: Wanted, id_: int) -> bool:
        told = expression(part, self.index.tokenise)
        if told is None:
            return False
        return self.connection.execute(IS_MATCH, {"match": told, "id": id_}).fetchone() is not None

    def _is_tagged(self, name: str, id_: int) -> bool:
        row = self.connection.execute(TAGS, {"id": id_}).fetchone()
        tags = tag_terms(json.loads(row["tags"]), self.index.tokenise, with_words=True)
        return not tags.isdisjoint(tag_terms([name], self.index.tokenise))

    def _feeds_named(self, part: Source | Language) -> frozenset[FeedId]:
        if part not in self._feeds_of:
            self._feeds_of[part] = (
                scopes.feeds_called(self.connection, part.name, self.request.channels)
                if isinstance(part, Source)
                else scopes.feeds_speaking(self.connection, part.code)
            )
        return self._feeds_of[part]

    def _feeds(self) -> frozenset[FeedId] | None:
        """Return the feeds that the entries must be of; None: any."""
        named = [
            self._feeds_named(part)
            for part in self.plan.rest
            if isinstance(part, Source | Language)
        ]
        if self.request.feed_id is not None:
            named.append(frozenset([self.request.feed_id]))
        return frozenset.intersection(*named) if named else None

    def _since(self) -> datetime | None:
        told = [part.moment.at(self.now) for part in self.plan.rest if isinstance(part, Since)]
        if self.request.since is not None:
            told.append(self.request.since)
        return max(told, default=None)

    def _bounds(self) -> Iterator[int]:
        """Yield the times, in milliseconds, that entries must be older than."""
        if self.request.until is not None:
            yield values.to_ms(self.request.until) + 1
        for part in self.plan.rest:
            if isinstance(part, Before):
                yield values.to_ms(part.moment.at(self.now))
