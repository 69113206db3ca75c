"""What deciding on stories asks again and again: sketches of texts, and how common words are.

Bounded: a database of any size takes a few megabytes.
"""

import sqlite3
from collections.abc import Iterable
from functools import lru_cache, partial

from bot.news.ports import Tokeniser
from bot.news.stories import sketch, words_of
from bot.storage.sqlite import values
from bot.storage.sqlite.matching import whole_word
from bot.storage.sqlite.pieces import Pieces

_SKETCHES_MAX = 512  # some 8 KB each
_COUNTS_MAX = 30_000  # words, some 150 bytes each
_RARE = 50  # entries that have a word, up to which it takes no time to count it again
_GROWTH = 0.1  # share by which the archive may change before words are counted anew

_COUNT = """
    SELECT term, doc FROM entry_terms WHERE term IN (SELECT value FROM json_each(:terms))
"""


class Sketches:
    """Remembers for one database. Used in one thread at a time: the writer's."""

    def __init__(self, tokenise: Tokeniser) -> None:
        self.of = lru_cache(maxsize=_SKETCHES_MAX)(partial(sketch, self._words))
        self._pieces = Pieces(partial(words_of, tokenise))
        self._counts: dict[str, int] = {}
        self._counted_at = 0

    def _words(self, text: str) -> list[str]:
        """Return the words of *text*."""
        return [word for piece in text.split() for word in self._pieces[piece]]

    def start(self, size: int) -> None:
        """Forget counts that were made when the archive was another size than *size*."""
        if abs(size - self._counted_at) > _GROWTH * self._counted_at:
            self._counts.clear()
            self._counted_at = size

    def counts(
        self, connection: sqlite3.Connection, terms: Iterable[str], *, is_fresh: bool = False
    ) -> dict[str, int]:
        """Return in how many entries each word occurs, or did lately.

        Where 100,000 are stored it takes milliseconds to count a common word, and microseconds to
        count a rare one. *is_fresh*: a rare one is counted again; a word that comes up with an
        event is rare only once.
        """
        found: dict[str, int] = {}
        asked = []
        for term in terms:
            known = self._counts.get(term)
            if known is None or (is_fresh and known <= _RARE):
                asked.append(term)
            else:
                found[term] = known
        held = {term: whole_word(term) or term for term in asked}
        rows = connection.execute(_COUNT, {"terms": values.to_json(set(held.values()))})
        docs = {row["term"]: row["doc"] for row in rows}
        counted = {term: docs.get(word, 0) for term, word in held.items()}
        if len(self._counts) + len(counted) > _COUNTS_MAX:
            self._counts.clear()
        self._counts |= counted
        return {**found, **counted}
