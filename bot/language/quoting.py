# ruff: noqa: RUF001  # quotation marks look like others
"""Find the sentences of articles that answer a question.

::

    hits ── sentences ── which words of the question each has ── features ── score ──> best first

A sentence is scored by what share of the question's words it has, each weighed by how rare it is in
the archive; by what the title and its neighbours add to that; by whether the kind of thing asked
for stands in it beside what was asked with; and by its article. The words of texts are looked up
piece by piece between white space: pieces come again, and a question needs only to know which of
its own words a piece is.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import mul
from typing import NamedTuple

from bot.language import kinds
from bot.language.asking import Question
from bot.language.kinds import Kind
from bot.language.sentences import Span, sentences
from bot.language.words import tokenise
from bot.news.answers import Gathered, Window
from bot.news.models import Hit
from bot.news.query import STOP_WORDS

HITS_READ = 14  # articles whose sentences are looked at
_READ_MAX = 24_000  # characters of each: news says it early
_SENTENCES_MAX = 240  # of each
_SCORED_MAX = 60  # sentences that are looked at closely
_PIECE_MAX = 24  # characters of a piece that is remembered
_PIECES_MAX = 60_000
_NAME_WORTH = 1.15  # beside another word as rare
_LOOSE = 0.6  # what a word with the same first letters is worth beside the same word
_SPLIT_MAX = 512  # articles whose sentences are remembered
_ENTRIES_MIN = 500  # fewer do not tell how rare a word is
_SHORT = 6  # words of a sentence; fewer say little
_DAY = timedelta(days=1)

_terms_of: dict[str, tuple[str, ...]] = {}


def _terms(piece: str) -> tuple[str, ...]:
    """Return the terms of a piece between white space, exact ones and first letters alike."""
    known = _terms_of.get(piece)
    if known is None:
        known = tuple(term for word in tokenise(piece) for term in word.terms)
        if len(piece) <= _PIECE_MAX:
            if len(_terms_of) >= _PIECES_MAX:
                _terms_of.clear()
            _terms_of[piece] = known
    return known


class Found(NamedTuple):
    """Which words of the question stand somewhere, as bits by their place."""

    exact: int = 0
    loose: int = 0  # or others that begin alike
    pairs: int = 0  # the word and the one before it side by side, as in the question


class Lens:
    """A question as it looks at texts: which of its words stand there, and what that is worth."""

    def __init__(self, question: Question, frequencies: Mapping[str, int], entries: int) -> None:
        self.question = question
        self._exact = question.places()
        self._loose = question.loose_places()
        self._terms = frozenset(self._exact.keys() | self._loose.keys())
        self._seen: set[str] = set()  # pieces that were looked up
        self._hits: dict[str, tuple[int, int]] = {}  # those that are words of the question
        self.idf = tuple(
            _idf(frequencies.get(word.key, 0), entries) * (_NAME_WORTH if word.is_name else 1.0)
            for word in question.words
        )
        self.mass = sum(self.idf) or 1.0
        self.amount = self.mass / math.log(max(entries, _ENTRIES_MIN) + 1)
        self._follows = sum(1 << n for n, word in enumerate(question.words) if word.follows)
        self._worth: dict[int, float] = {0: 0.0}

    def look(self, text: str) -> Found:
        """Return which words of the question stand in *text*."""
        pieces = text.split()
        seen, hits = self._seen, self._hits
        if fresh := set(pieces).difference(seen):
            seen |= fresh
            hits |= {piece: bits for piece in fresh if any(bits := self._bits(piece))}
        places = [place for place, piece in enumerate(pieces) if piece in hits]
        exact = loose = pairs = before = 0
        last = -2
        for place in places:
            here, alike = hits[pieces[place]]
            if place == last + 1:
                pairs |= (before << 1) & here & self._follows
            exact |= here
            loose |= alike
            last, before = place, here
        return Found(exact, loose & ~exact, pairs)

    def _bits(self, piece: str) -> tuple[int, int]:
        terms = _terms(piece)
        if self._terms.isdisjoint(terms):
            return 0, 0
        exact = loose = 0
        for term in terms:
            if (place := self._exact.get(term)) is not None:
                exact |= 1 << place
            elif (place := self._loose.get(term)) is not None:
                loose |= 1 << place
        return exact, loose & ~exact

    def knows(self, terms: Sequence[str]) -> bool:
        """Whether a word of these terms is one of the question's."""
        return any(term in self._exact for term in terms)

    def worth(self, bits: int) -> float:
        """Return the share of the question's weight that the words of *bits* have."""
        known = self._worth.get(bits)
        if known is None:
            total = sum(idf for place, idf in enumerate(self.idf) if bits >> place & 1)
            known = self._worth[bits] = total / self.mass
        return known

    def cover(self, found: Found, *, beside: int = 0) -> float:
        """Return what share of the question *found* covers, without the words of *beside*."""
        return self.worth(found.exact & ~beside) + _LOOSE * self.worth(found.loose & ~beside)

    def bits_of(self, *, names: bool = False, numbers: bool = False) -> int:
        """Return which words of the question are names, or numbers."""
        return sum(
            1 << place
            for place, word in enumerate(self.question.words)
            if (names and word.is_name) or (numbers and word.is_number)
        )


def _idf(frequency: int, entries: int) -> float:
    entries = max(entries, _ENTRIES_MIN)
    return math.log(1 + (entries - min(frequency, entries) + 0.5) / (frequency + 0.5))


@dataclass(slots=True)
class Paper:
    """An article under the lens."""

    hit: Hit
    rank: int
    text: str  # what is quoted from: the text, or else the teaser
    title: Found
    spans: tuple[Span, ...]
    found: list[Found]
    cover: float  # of title and text together
    share: float  # its score as a share of the best one's
    recency: float
    timely: float


@dataclass(slots=True)
class Candidate:
    """A sentence, or a title, with its features and score."""

    paper: Paper
    number: int  # of the sentence; -1: the title
    cover: float
    features: tuple[float, ...] = ()
    score: float = 0.0

    @property
    def text(self) -> str:
        """The sentence."""
        if self.number < 0:
            return self.paper.hit.entry.title
        start, end = self.paper.spans[self.number]
        return self.paper.text[start:end]

    @property
    def found(self) -> Found:
        """Which words of the question stand in it."""
        return self.paper.title if self.number < 0 else self.paper.found[self.number]


@lru_cache(maxsize=_SPLIT_MAX)
def _spans(text: str) -> tuple[Span, ...]:
    """Return where the first sentences of *text* begin and end."""
    spans = list(islice(sentences(text[:_READ_MAX]), _SENTENCES_MAX))
    if len(text) > _READ_MAX and spans and spans[-1][1] >= _READ_MAX - 1:
        spans.pop()  # it may go on
    return tuple(spans)


def papers(lens: Lens, gathered: Gathered, window: Window | None, now: datetime) -> list[Paper]:
    """Return the articles of *gathered* under the lens, in their order."""
    best = max((hit.score for hit in gathered.hits), default=0.0) or 1.0
    return [
        _paper(lens, hit, rank, hit.score / best, window, now)
        for rank, hit in enumerate(gathered.hits[:HITS_READ])
    ]


def _paper(
    lens: Lens, hit: Hit, rank: int, share: float, window: Window | None, now: datetime
) -> Paper:
    entry = hit.entry
    text = entry.text or entry.teaser
    spans = _spans(text)
    found = [lens.look(text[start:end]) for start, end in spans]
    title = lens.look(entry.title)
    exact, loose = title.exact, title.loose
    for one in found:
        exact |= one.exact
        loose |= one.loose
    age = (now - entry.dated_at) / _DAY
    return Paper(
        hit=hit,
        rank=rank,
        text=text,
        title=title,
        spans=spans,
        found=found,
        cover=lens.cover(Found(exact, loose & ~exact)),
        share=share,
        recency=math.exp2(-max(age, 0.0) / 30),
        timely=_timely(entry.dated_at, window),
    )


def _timely(dated_at: datetime, window: Window | None) -> float:
    """Return how well an article's date fits the time that is asked of, 0 to 1.

    The less, the longer that time is; half for what came out within two days after it.
    """
    if window is None or not window.is_when_told or dated_at < window.start:
        return 0.0
    if dated_at >= window.end + 2 * _DAY:
        return 0.0
    narrow = min(1.0, 2 * _DAY / (window.end - window.start))
    return narrow if dated_at < window.end else narrow / 2


FEATURES = (
    "cover",
    "title",
    "before",
    "after",
    "pairs",
    "kind",
    "is_short",
    "is_question",
    "share",
    "paper",
    "recency",
    "timely",
    "first",
    "names",
    "numbers",
)


def candidates(lens: Lens, read: Sequence[Paper], weights: Mapping[str, float]) -> list[Candidate]:
    """Return the sentences that may answer, best first."""
    rough = sorted(
        _rough(lens, read),
        key=lambda pair: -pair[0],
    )[:_SCORED_MAX]
    row = tuple(weights[name] for name in FEATURES)
    scored = []
    for _, candidate in rough:
        candidate.features = features(lens, candidate)
        candidate.score = sum(map(mul, row, candidate.features))
        scored.append(candidate)
    scored.sort(key=lambda one: -one.score)
    return scored


def _rough(lens: Lens, read: Sequence[Paper]) -> Iterator[tuple[float, Candidate]]:
    for paper in read:
        before = Found()
        for number, found in enumerate(paper.found):
            cover = lens.cover(found)
            context = lens.cover(paper.title, beside=found.exact)
            near = lens.cover(before, beside=found.exact | paper.title.exact)
            rough = cover + 0.5 * context + 0.2 * near + paper.share
            yield rough, Candidate(paper=paper, number=number, cover=cover)
            before = found


def features(lens: Lens, one: Candidate) -> tuple[float, ...]:
    """Return the features of a sentence, in the order of FEATURES."""
    paper, number, found = one.paper, one.number, one.found
    text = one.text
    title = paper.title.exact
    before = paper.found[number - 1] if number > 0 else Found()
    after = paper.found[number + 1] if number + 1 < len(paper.found) else Found()
    names = lens.bits_of(names=True)
    numbers = lens.bits_of(numbers=True)
    named = lens.worth(names)
    numbered = lens.worth(numbers)
    here = found.exact | paper.title.exact
    return (
        one.cover,
        lens.cover(paper.title, beside=found.exact),
        lens.cover(before, beside=found.exact | title),
        lens.cover(after, beside=found.exact | title | before.exact),
        lens.worth(found.pairs),
        kind_match(lens, text),
        float(len(text.split()) < _SHORT),
        float(text.rstrip("\"'”’) ").endswith("?")),
        paper.share,
        paper.cover,
        paper.recency,
        paper.timely,
        1.0 / (1 + number),
        lens.worth(here & names) / named if named else 1.0,
        lens.worth(here & numbers) / numbered if numbered else 1.0,
    )


_NAME_MATCH = 0.7  # what a new name tells where a name was not plainly asked for
# What shows a kind, what else may, and what that is worth.
_SIGNS = {
    Kind.MONEY: (kinds.MONEY, kinds.DIGIT, 0.4),
    Kind.DURATION: (kinds.DURATION, kinds.NUMBER, 0.3),
    Kind.DATE: (kinds.DATE, kinds.DIGIT, 0.2),
    Kind.CAUSE: (kinds.CAUSE, kinds.CAUSE, 0.0),
}


def kind_match(lens: Lens, text: str) -> float:
    """Return how well *text* holds the kind of thing that was asked for, 0 to 1."""
    return max(_match(lens, kind, text) for kind in lens.question.kinds)


def _match(lens: Lens, kind: Kind, text: str) -> float:
    match kind:
        case Kind.NUMBER:
            return float(_new_number(lens, text))
        case Kind.PERSON | Kind.PLACE:
            return float(_new_names(lens, text))
        case Kind.NAME:
            return _NAME_MATCH * _new_names(lens, text)
        case Kind.MONEY | Kind.DURATION | Kind.DATE | Kind.CAUSE:
            pattern, otherwise, instead = _SIGNS[kind]
            if pattern.search(text):
                return 1.0
            return instead * bool(otherwise.search(text))
        case Kind.ANY:
            return 0.0


def _new_number(lens: Lens, text: str) -> bool:
    """Whether *text* has a number that the question has not."""
    for match in kinds.NUMBER.finditer(text):
        piece = text[match.start() :].split(maxsplit=1)[0]
        if not lens.look(piece).exact:
            return True
    return False


def _new_names(lens: Lens, text: str) -> bool:
    """Whether *text* has a word with a capital that the question has not."""
    first = text.split(maxsplit=1)[0].strip("\"'“‘(") if text else ""
    opens = first[:1].isupper() and first.casefold() not in STOP_WORDS
    return (opens and not lens.look(first).exact) or any(
        not lens.look(match.group()).exact for match in kinds.CAPITAL.finditer(text)
    )
