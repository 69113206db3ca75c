"""Searching titles and texts.

::

    Query ──> MATCH ──> the 400 best by bm25 (title 3 : body 1) ──> blended with their age ──> page

Measured on news (26,448 articles, 1,317 questions): any of the content words instead of all of
them takes recall from .02 to .96, age from an MRR of .57 to .78; fewer than 100 candidates lose
.03 of it.

A query is never shown to FTS5 as it was typed: words become terms by the tokeniser that made the
index, every term is quoted, and a query without any term finds nothing.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.news.models import (
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    Hit,
    MessageId,
    PostRef,
    Query,
    SearchPage,
    SearchRequest,
    Sort,
)
from bot.news.ports import Tokeniser
from bot.news.ranking import blend
from bot.storage.sqlite import entries, feeds, values
from bot.storage.sqlite.index import SearchIndex

CANDIDATES = 400  # matches whose age is weighed
_COMMON_SHARE = 0.2  # a term in more of the archive than this tells nothing …
_COMMON_FROM = 200  # … once the archive has so many entries
_DAY = timedelta(days=1)

_EXACT = "{title body} : "  # the columns that hold the most exact term of each word, in order


# --- From a query to a MATCH expression ---


@dataclass(frozen=True, slots=True)
class _Terms:
    """A query in index terms: every term of each word; of phrases the most exact ones, in order."""

    words: Sequence[Sequence[str]]
    phrases: Sequence[Sequence[str]]
    excluded: Sequence[Sequence[str]]


def _terms(tokenise: Tokeniser, query: Query) -> _Terms:
    def exact(text: str) -> Sequence[str]:
        return [word.terms[0] for word in tokenise(text) if word.terms]

    return _Terms(
        words=[word.terms for text in query.words for word in tokenise(text) if word.terms],
        phrases=[terms for text in query.phrases if (terms := exact(text))],
        excluded=[terms for text in query.excluded if (terms := exact(text))],
    )


def _without_common(connection: sqlite3.Connection, index: SearchIndex, terms: _Terms) -> _Terms:
    """Leave out terms that a fifth of the archive has, unless no other would remain."""
    entry_count: int = connection.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
    if entry_count <= _COMMON_FROM:
        return terms
    most = _COMMON_SHARE * entry_count
    kept = [
        telling
        for word in terms.words
        if (telling := [t for t in word if index.frequency(connection, t, entry_count) <= most])
    ]
    if not kept and not terms.phrases:
        return terms
    return _Terms(words=kept, phrases=terms.phrases, excluded=terms.excluded)


def _quoted(terms: Iterable[str]) -> str:
    """Return a phrase of FTS5: the terms as neighbours, whatever characters they hold."""
    return '"' + values.to_text(" ".join(terms)).replace('"', '""') + '"'


def _match(terms: _Terms, *, needs_all_words: bool = False) -> str | None:
    """Return the MATCH expression, or None where there is no term to look for.

    Every phrase must occur. Of the words any one must, or each with *needs_all_words*; beside
    a phrase they only rank.
    """
    phrases = [f"({_EXACT}{_quoted(phrase)})" for phrase in terms.phrases]
    words = ["(" + " OR ".join(_quoted([term]) for term in word) + ")" for word in terms.words]
    if needs_all_words:
        required = [*phrases, *words]
    elif phrases and words:
        required = [*phrases, "(" + " OR ".join([phrases[0], *words]) + ")"]
    else:
        required = phrases or (["(" + " OR ".join(words) + ")"] if words else [])
    if not required:
        return None
    expression = "(" + " AND ".join(required) + ")"
    if terms.excluded:
        unwanted = " OR ".join(f"({_EXACT}{_quoted(phrase)})" for phrase in terms.excluded)
        expression += f" NOT ({unwanted})"
    return expression


# --- Finding ---

# Which entries may be found: within the filters and, where channels are given, posted to one of
# them or named there as a source; other channels may have other entries of a story. Answered once
# for a search: with 100,000 entries, testing each match in turn took ten times as long.
_VISIBLE = """
      (:channels IS NULL OR id IN (
        SELECT entry_id FROM deliveries
         WHERE channel_id IN (SELECT value FROM json_each(:channels))
           AND state IN ('sent', 'edit_due')))
  AND (:feed_id IS NULL OR feed_id = :feed_id)
  AND (:since IS NULL OR dated_at >= :since)
  AND (:until IS NULL OR dated_at <= :until)
"""


def _for_visible(query: str) -> str:
    return query.replace("{visible}", _VISIBLE)


COUNT_VISIBLE = _for_visible("SELECT COUNT(*) FROM entries WHERE {visible}")

# The "+" keeps SQLite from asking the full-text index about each visible entry.
BEST = _for_visible("""
WITH matching (id, relevance) AS MATERIALIZED (
  SELECT rowid, -bm25(entry_index, 3.0, 1.0, 3.0, 1.0)
    FROM entry_index
   WHERE entry_index MATCH :match
     AND (:sees_all OR +rowid IN (SELECT id FROM entries WHERE {visible}))
)
SELECT best.id, best.relevance, best.total, e.dated_at
  FROM (SELECT id, relevance, COUNT(*) OVER () AS total
          FROM matching ORDER BY relevance DESC, id DESC LIMIT :limit) AS best
  JOIN entries AS e ON e.id = best.id
 ORDER BY best.relevance DESC, best.id DESC
""")

NEWEST_MATCHES = _for_visible("""
SELECT id, COUNT(*) OVER () AS total
  FROM entries
 WHERE +id IN (SELECT rowid FROM entry_index WHERE entry_index MATCH :match) AND {visible}
 ORDER BY dated_at DESC, id DESC
 LIMIT :limit
""")

LATEST = _for_visible("""
SELECT id FROM entries WHERE {visible} ORDER BY dated_at DESC, id DESC LIMIT :limit
""")

NEWEST = _for_visible("""
SELECT dated_at FROM entries WHERE {visible} ORDER BY dated_at DESC LIMIT 1
""")

_Scope = dict[str, str | int | None]


def search(
    connection: sqlite3.Connection, index: SearchIndex, request: SearchRequest, now: datetime
) -> SearchPage:
    """Return a page of what matches and may be seen."""
    until = _until(connection, request.until)
    scope = _scope(request.channels, request.feed_id, request.since, until)
    sees_all = all(value is None for value in scope.values())
    searched: int = connection.execute(
        "SELECT COUNT(*) FROM entries" if sees_all else COUNT_VISIBLE, scope
    ).fetchone()[0]
    terms = _without_common(connection, index, _terms(index.tokenise, request.query))
    rows: Sequence[sqlite3.Row] = ()
    end = request.offset + request.limit
    by_date = request.sort is Sort.NEWEST
    if by_date and (match := _match(terms, needs_all_words=True)):
        rows = _rows(connection, NEWEST_MATCHES, {**scope, "match": match, "limit": end})
    if not rows and (match := _match(terms)):
        rows = _rows(
            connection,
            NEWEST_MATCHES if by_date else BEST,
            {
                **scope,
                "sees_all": sees_all,
                "match": match,
                "limit": end if by_date else max(end, CANDIDATES),
            },
        )
    ranked = [(row["id"], 0.0) for row in rows] if by_date else _ranked(rows, now)
    return SearchPage(
        hits=_hits(connection, dict(ranked[request.offset : end]), request.channels),
        total=rows[0]["total"] if rows else 0,
        searched=searched,
    )


def _rows(connection: sqlite3.Connection, sql: str, parameters: _Scope) -> Sequence[sqlite3.Row]:
    return connection.execute(sql, parameters).fetchall()


def _ranked(rows: Sequence[sqlite3.Row], now: datetime) -> Sequence[tuple[int, float]]:
    """Weigh age in; return ids and scores, best first."""
    best = rows[0]["relevance"] if rows else 0.0
    scored = [
        (row["id"], blend(row["relevance"], best, (now - values.from_ms(row["dated_at"])) / _DAY))
        for row in rows
    ]
    # What is beyond the candidates keeps its place: a later page must not change an earlier one.
    head, tail = scored[:CANDIDATES], scored[CANDIDATES:]
    return [*sorted(head, key=lambda hit: (-hit[1], -hit[0])), *tail]


def latest(
    connection: sqlite3.Connection,
    channels: frozenset[ChannelId] | None,
    feed_id: FeedId | None,
    limit: int,
) -> Sequence[Hit]:
    """Return the newest entries that may be seen, newest first."""
    rows = connection.execute(LATEST, {**_scope(channels, feed_id, None), "limit": limit})
    return _hits(connection, {row["id"]: 0.0 for row in rows}, channels)


def newest_at(connection: sqlite3.Connection, request: SearchRequest) -> datetime | None:
    """Return when the newest entry that *request* could find is dated."""
    until = _until(connection, request.until)
    scope = _scope(request.channels, request.feed_id, request.since, until)
    row = connection.execute(NEWEST, scope).fetchone()
    return None if row is None else values.from_ms(row["dated_at"])


def _until(connection: sqlite3.Connection, until: datetime | None) -> datetime | None:
    """Return *until* where any entry is later: to test every entry for nothing takes long."""
    if until is None:
        return None
    row = connection.execute("SELECT MAX(dated_at) AS newest FROM entries").fetchone()
    is_later = row["newest"] is not None and row["newest"] > values.to_ms(until)
    return until if is_later else None


def _scope(
    channels: frozenset[ChannelId] | None,
    feed_id: FeedId | None,
    since: datetime | None,
    until: datetime | None = None,
) -> _Scope:
    return {
        "channels": None if channels is None else values.to_json(sorted(channels)),
        "feed_id": feed_id,
        "since": values.to_ms_or_none(since),
        "until": values.to_ms_or_none(until),
    }


def _hits(
    connection: sqlite3.Connection,
    scores: Mapping[int, float],
    channels: frozenset[ChannelId] | None,
) -> tuple[Hit, ...]:
    """Return the hits in the order of *scores*, each with its newest post that may be told."""
    found = entries.load(connection, scores)
    titles = feeds.titles(connection, (entry.feed_id for entry in found.values()))
    posts = _posts(connection, found, channels)
    hits = []
    for entry in found.values():
        post, name = posts.get(entry.id, (None, None))
        title = name if channels is not None and name else titles[entry.feed_id]
        hits.append(Hit(entry=entry, feed_title=title, post=post, score=scores[entry.id]))
    return tuple(hits)


def _posts(
    connection: sqlite3.Connection,
    ids: Iterable[EntryId],
    channels: frozenset[ChannelId] | None,
) -> dict[EntryId, tuple[PostRef, str | None]]:
    """Return the newest post of each entry, and what its channel calls the feed."""
    rows = connection.execute(
        """
        SELECT e.id AS entry_id, d.guild_id, d.channel_id, d.message_id, s.name
          FROM entries AS e
          JOIN deliveries AS d ON d.entry_id = e.id AND d.state IN ('sent', 'edit_due')
          LEFT JOIN subscriptions AS s
            ON s.channel_id = d.channel_id AND s.feed_id = e.feed_id
         WHERE e.id IN (SELECT value FROM json_each(:ids))
           AND (:channels IS NULL OR d.channel_id IN (SELECT value FROM json_each(:channels)))
         ORDER BY d.sent_at, d.id
        """,
        {"ids": values.to_json(ids), **_scope(channels, None, None)},
    )
    return {
        EntryId(row["entry_id"]): (
            PostRef(
                guild_id=GuildId(row["guild_id"]),
                channel_id=ChannelId(row["channel_id"]),
                message_id=MessageId(row["message_id"]),
            ),
            row["name"],
        )
        for row in rows
    }
