"""Judge by their texts how well entries tell what is asked."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

# Beside recency, which is 1 for what is new. Measured on the development halves of SQuAD, XQuAD and
# dated news (docs/decisions): each likes some of all four. The index's own score counts for less
# once a text is read: most of what it says of the words, the text says better.
RELEVANCE_WEIGHT = 0.5  # of the full-text index's own score, which is 1 for the best match
SENTENCE_WEIGHT = 0.25  # of what the best sentence says, with the title
DOCUMENT_WEIGHT = 1.0  # of what title and text say
PAIR_WEIGHT = 0.3  # of neighbours in the question that are neighbours in the text
READ_MAX = 4_000  # characters of a text; reading is what a search of long articles costs

_SENTENCE = re.compile(
    r"""[.!?…]["'\u2019”»)\]]*\s+|[\u3002\uff01\uff1f]["'\u2019”»」』)\]]*\s*|\n\s*"""
)
_AROUND = "\"'.,;:!?()"
_START = 3  # letters that all terms of an English word have in common
_Hits = tuple[tuple[int, float], ...]


class Coverage:
    """How much of what is asked a text says.

    ``words``: of each word that is asked, in order, the terms that it is found by and how telling
    they are; ``terms_of``: the terms of a piece of text between white space.
    """

    def __init__(
        self, words: Sequence[Mapping[str, float]], terms_of: Callable[[str], Collection[str]]
    ) -> None:
        self._words = words
        self._all = sum(max(word.values(), default=0.0) for word in words)
        self._terms_of = terms_of
        self._known: dict[str, _Hits] = {}
        self._starts = tuple(
            {term.strip("_")[:_START] for word in words for term in word if term.isascii()}
        )

    def of(self, title: str, text: str) -> float:
        """Return how well an entry fits what is asked: 0 to the sum of the weights.

        A word counts for as much as the most exact form of it that is there tells.
        """
        if not self._all:
            return 0.0
        pairs: set[int] = set()
        by_title = self._told(title, pairs)
        best, everything = sum(by_title.values()), dict(by_title)
        for sentence in _SENTENCE.split(text[:READ_MAX]):
            told = self._told(sentence, pairs)
            if not told:
                continue
            _add(everything, told.items())
            with_title = dict(by_title)
            _add(with_title, told.items())
            best = max(best, sum(with_title.values()))
        share = len(pairs) / (len(self._words) - 1) if len(self._words) > 1 else 0.0
        return (
            SENTENCE_WEIGHT * best + DOCUMENT_WEIGHT * sum(everything.values())
        ) / self._all + PAIR_WEIGHT * share

    def _told(self, text: str, pairs: set[int]) -> dict[int, float]:
        """Return which words a sentence says and for how much; add to *pairs* its neighbours."""
        known = self._known
        told: dict[int, float] = {}
        before: _Hits = ()
        for piece in text.split():
            hits = known.get(piece)
            if hits is None:
                hits = known[piece] = self._hits(piece)
            if hits:
                _add(told, hits)
                nearby = {number for number, _ in (*before, *hits)}
                pairs.update(number for number in nearby if number + 1 in nearby)
            before = hits
        return told

    def _hits(self, piece: str) -> _Hits:
        """Return which words a piece says, and how much of them."""
        plain = piece.strip(_AROUND)
        if plain.isascii() and plain.isalpha() and not plain.lower().startswith(self._starts):
            return ()  # most of any text, and cutting it into terms is what reading costs
        terms = self._terms_of(piece)
        return tuple(
            (number, max(weights))
            for number, word in enumerate(self._words)
            if (weights := [word[term] for term in terms if term in word])
        )


def _add(told: dict[int, float], hits: Collection[tuple[int, float]]) -> None:
    for word, weight in hits:
        if weight > told.get(word, 0.0):
            told[word] = weight
