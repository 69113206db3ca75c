"""What the archive has for a question: candidates, and how telling its words are."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.news.answers import Gathered
from bot.news.models import SearchRequest
from bot.storage.sqlite import search
from bot.storage.sqlite.index import SearchIndex


def gather(
    connection: sqlite3.Connection,
    index: SearchIndex,
    request: SearchRequest,
    terms: Sequence[str],
    now: datetime,
) -> Gathered:
    """Return what matches and may be seen, with the frequency of *terms* in the whole archive."""
    page = search.search(connection, index, request, now)
    entries: int = connection.execute("SELECT COALESCE(MAX(id), 0) FROM entries").fetchone()[0]
    return Gathered(
        hits=page.hits,
        searched=page.searched,
        has_more_than_searched=page.has_more_than_searched,
        newest_at=search.newest_at(connection, replace(request, limit=1)),
        entries=entries,
        frequencies={term: index.frequencies.of(connection, term, entries) for term in terms},
    )
