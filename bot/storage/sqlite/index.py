"""Writing the full-text index.

An entry's words are cut by Herald's own tokeniser, which gives each word one or more terms, the
most exact first. The columns ``title`` and ``body`` hold the exact term of each word, in order, so
that a phrase is a row of neighbours; ``title_loose`` and ``body_loose`` hold the other terms, but
for that of a short word which says its exact form again: it is asked of the first two. bm25
counts a term in whichever column it stands and a row's length over all of them, so ranking is the
same as if all terms stood in one.
"""

import sqlite3
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, Self

from bot.news.models import EntryId
from bot.news.ports import Tokeniser
from bot.storage.sqlite import bulk, values
from bot.storage.sqlite.frequencies import Frequencies
from bot.storage.sqlite.matching import whole_word
from bot.storage.sqlite.pieces import Pieces
from bot.storage.sqlite.sketches import Sketches

_EXACT, _LOOSE = itemgetter(0), itemgetter(1)
_MANY = 20  # entries
_MERGED_PAGES = 128  # of 4 KB, in one go: some 12 ms of the writer

_ADD = "INSERT INTO entry_index (rowid, title, body, title_loose, body_loose)"


class Texts(NamedTuple):
    """What of an entry is indexed, as it is stored."""

    title: str
    teaser: str
    text: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the texts of a row of entries."""
        return cls(row["title"], row["teaser"], row["text"])


class SearchIndex:
    """How texts become terms. Another ``version`` makes another index of the same texts."""

    def __init__(self, tokenise: Tokeniser, version: str) -> None:
        self.tokenise = tokenise
        self.version = version
        self.sketches = Sketches(tokenise)
        self.frequencies = Frequencies()
        self.terms_of = Pieces(self._all_terms)  # of a piece; of the thread that searches
        self._pieces = Pieces(self._terms_of_piece)

    def put(
        self, connection: sqlite3.Connection, entry_id: EntryId, texts: Texts, *, instead_of: Texts
    ) -> None:
        """Index an entry by other texts than those it was indexed by."""
        self.take_out(connection, entry_id, instead_of)
        self.add(connection, [(entry_id, texts)])

    def add(self, connection: sqlite3.Connection, entries: Sequence[tuple[int, Texts]]) -> None:
        """Index entries that are not indexed.

        After all else that a transaction writes, for between the other statements of a poll FTS5
        wrote out what it had gathered. It does so before a statement of several rows, too: that is
        worth it for many, of which the interpreter's lock is then free for as long as all take.
        """
        rows = [(entry_id, *self._columns(texts)) for entry_id, texts in entries]
        if len(rows) >= _MANY:
            bulk.insert(connection, _ADD, rows)
            return
        for row in rows:
            bulk.insert(connection, _ADD, [row])

    def take_out(self, connection: sqlite3.Connection, entry_id: int, texts: Texts) -> None:
        """Take an entry out that is indexed by *texts*; by others, the index would be spoilt."""
        connection.execute(
            """
            INSERT INTO entry_index (entry_index, rowid, title, body, title_loose, body_loose)
            VALUES ('delete', ?, ?, ?, ?, ?)
            """,
            (entry_id, *self._columns(texts)),
        )

    def _columns(self, texts: Texts) -> tuple[str, str, str, str]:
        title, teaser, text = map(values.to_text, texts)  # as they are stored
        title_exact, title_loose = self.terms(title)
        # The teaser is often the text's own beginning; then it must not count twice.
        body_exact, body_loose = self.terms(text if teaser in text else f"{teaser}\n\n{text}")
        return title_exact, body_exact, title_loose, body_loose

    def terms(self, text: str) -> tuple[str, str]:
        """Return the exact terms of the words of *text*, in order, and the other terms.

        Worked out piece by piece between white space, as a `Tokeniser` allows, for pieces come
        again: 50 entries took a fifth of the time that cutting whole texts did (measured).
        """
        pairs = list(map(self._pieces.__getitem__, text.split()))
        return " ".join(map(_EXACT, pairs)), " ".join(filter(None, map(_LOOSE, pairs)))

    def _terms_of_piece(self, piece: str) -> tuple[str, str]:
        words = self.tokenise(piece)
        exact = " ".join([word.terms[0] for word in words if word.terms])
        others = [term for word in words for term in word.terms[1:] if whole_word(term) is None]
        return values.to_text(exact), values.to_text(" ".join(others))

    def _all_terms(self, piece: str) -> frozenset[str]:
        return frozenset(term for word in self.tokenise(piece) for term in word.terms)

    def is_current(self, connection: sqlite3.Connection) -> bool:
        """Whether the index was built whole by this version of the tokeniser."""
        row = connection.execute(
            "SELECT value FROM meta WHERE key = 'tokeniser_version'"
        ).fetchone()
        return row is not None and row["value"] == self.version

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the index and mark it as not whole, until ``finish``."""
        connection.execute("DELETE FROM meta WHERE key = 'tokeniser_version'")
        # Deleting row by row would update every term's list; making the table anew takes no time.
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'entry_index'"
        ).fetchone()
        settings = connection.execute("SELECT k, v FROM entry_index_config WHERE k <> 'version'")
        kept = [(row["k"], row["v"]) for row in settings]
        connection.execute("DROP TABLE entry_index")
        connection.execute(sql)
        connection.executemany("INSERT INTO entry_index (entry_index, rank) VALUES (?, ?)", kept)

    def fill(self, connection: sqlite3.Connection, after: int, limit: int) -> int | None:
        """Index *limit* entries from the one after *after*; return the last id, None at the end."""
        rows = connection.execute(
            """
            SELECT id, title, teaser, text FROM entries WHERE id > :after ORDER BY id LIMIT :limit
            """,
            {"after": after, "limit": limit},
        ).fetchall()
        self.add(connection, [(row["id"], Texts.of(row)) for row in rows])
        return rows[-1]["id"] if rows else None

    def merge_some(self, connection: sqlite3.Connection, *, is_first: bool) -> bool:
        """Go on merging the pieces that the index consists of into one; whether any is left to do.

        Each transaction leaves pieces, and each term of a search is looked for in each of them.
        What is indexed meanwhile makes new ones. SQLite's "merge" command, from a negative number
        of pages on, which begins to put all of them together.
        """
        before = connection.total_changes
        connection.execute(
            "INSERT INTO entry_index (entry_index, rank) VALUES ('merge', :pages)",
            {"pages": -_MERGED_PAGES if is_first else _MERGED_PAGES},
        )
        return connection.total_changes - before > 1  # less is nothing done, says its document

    def finish(self, connection: sqlite3.Connection) -> int:
        """Mark the index as whole; return how many entries it holds."""
        connection.execute(
            """
            INSERT INTO meta (key, value) VALUES ('tokeniser_version', :version)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value
            """,
            {"version": self.version},
        )
        count: int = connection.execute("SELECT COUNT(*) FROM entry_index_docsize").fetchone()[0]
        return count
