"""In how many entries a term occurs, without reading all of them."""

import sqlite3

from bot.storage.sqlite.matching import sought

_EXACT_MAX = 1_000  # occurrences that are counted one by one
_SAMPLES = 5  # ranges of ids, evenly spread …
_SAMPLED_SHARE = 0.01  # … in which those of a commoner term are counted
_GROWTH = 0.1  # share by which the archive may change before terms are counted anew
_REMEMBERED_MAX = 10_000

COUNT_SOME = """
    SELECT COUNT(*) FROM (SELECT 1 FROM entry_index WHERE entry_index MATCH :match LIMIT :limit)
"""
COUNT_BETWEEN = """
    SELECT COUNT(*) FROM entry_index
     WHERE entry_index MATCH :match AND rowid >= :first AND rowid < :before
"""


class Frequencies:
    """How many entries have a term, or had it lately.

    Exact up to some thousand. To count what half of a million entries have would read its whole
    list, 50 ms; a hundredth of it tells enough. Remembered until the archive has grown by a tenth.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._known_at = 0

    def of(self, connection: sqlite3.Connection, term: str, newest_id: int) -> int:
        """Return in about how many of the entries up to *newest_id* a term of the index occurs."""
        is_stale = abs(newest_id - self._known_at) > _GROWTH * self._known_at
        if is_stale or len(self._known) >= _REMEMBERED_MAX:
            self._known.clear()
            self._known_at = newest_id
        if term not in self._known:
            self._known[term] = self._count(connection, term, newest_id)
        return self._known[term]

    @staticmethod
    def _count(connection: sqlite3.Connection, term: str, newest_id: int) -> int:
        match = sought(term)
        count: int = connection.execute(
            COUNT_SOME, {"match": match, "limit": _EXACT_MAX + 1}
        ).fetchone()[0]
        if count <= _EXACT_MAX:
            return count
        width = max(int(newest_id * _SAMPLED_SHARE / _SAMPLES), 1)
        found = 0
        for sample in range(_SAMPLES):
            first = 1 + newest_id * sample // _SAMPLES
            (there,) = connection.execute(
                COUNT_BETWEEN, {"match": match, "first": first, "before": first + width}
            ).fetchone()
            found += there
        return max(count, round(found * newest_id / (width * _SAMPLES)))
