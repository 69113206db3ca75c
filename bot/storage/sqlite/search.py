"""Searching titles and texts.

::

    Query ─► terms, the rarest first ─► entry_index: the best by bm25 (title 3 : body 1)
          ─► who may see them, other filters ─► blended with their age ─► one of each story ─► page

Measured on news (26,448 articles, 1,317 questions): any of the content words instead of all of
them takes recall from .02 to .96, age from an MRR of .57 to .78; fewer than 100 candidates lose
.03 of it.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.news.models import (
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    Hit,
    MessageId,
    PostRef,
    Ranked,
    SearchPage,
    SearchRequest,
)
from bot.storage.sqlite import entries, feeds, spelling, values
from bot.storage.sqlite.finding import Finding
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.scope import FACTS, FAR, as_parameter, newest, open_scope


def search(
    connection: sqlite3.Connection, index: SearchIndex, request: SearchRequest, now: datetime
) -> SearchPage:
    """Return a page of what matches and may be seen."""
    if request.ranking is not None:
        return _read_on(connection, request, request.ranking)
    finding = Finding(connection, index, request, now)
    ranking, has_more = finding.ranking()
    corrections = () if ranking else spelling.corrections(finding)
    page = ranking[request.offset : request.offset + request.limit]
    return SearchPage(
        hits=_hits(connection, page, request.channels),
        total=len(ranking),
        searched=finding.scope.visible,
        has_more_than_total=has_more,
        has_more_than_searched=finding.scope.has_more,
        ranking=tuple(ranking),
        corrections=corrections,
    )


def _read_on(
    connection: sqlite3.Connection, request: SearchRequest, ranking: Sequence[Ranked]
) -> SearchPage:
    """Return a later page of a search that was made. What may no longer be seen is left out."""
    page = ranking[request.offset : request.offset + request.limit]
    seen = {
        row["id"]
        for row in connection.execute(
            FACTS,
            {
                "ids": values.to_json(one.id for one in page),
                "channels": as_parameter(request.channels),
            },
        )
    }
    scope = open_scope(connection, request.channels, None, None)
    return SearchPage(
        hits=_hits(connection, [one for one in page if one.id in seen], request.channels),
        total=len(ranking),
        searched=scope.visible,
        has_more_than_searched=scope.has_more,
        ranking=tuple(ranking),
    )


def newest_at(connection: sqlite3.Connection, request: SearchRequest) -> datetime | None:
    """Return when the newest entry that *request* could find is dated."""
    wanted = None if request.feed_id is None else frozenset([request.feed_id])
    scope = open_scope(connection, request.channels, wanted, request.since)
    before = FAR if request.until is None else values.to_ms(request.until) + 1
    for row in newest(connection, scope, wanted, before, limit=1):
        dated_at = row["dated_at"]
        is_there = request.since is None or dated_at >= values.to_ms(request.since)
        return values.from_ms(dated_at) if is_there else None
    return None


def latest(
    connection: sqlite3.Connection,
    channels: frozenset[ChannelId] | None,
    feed_id: FeedId | None,
    limit: int,
) -> Sequence[Hit]:
    """Return the newest entries that may be seen, newest first."""
    feeds_wanted = None if feed_id is None else frozenset([feed_id])
    scope = open_scope(connection, channels, feeds_wanted, None)
    rows = newest(connection, scope, feeds_wanted, FAR, limit)
    return _hits(connection, [Ranked(EntryId(row["id"]), 0.0) for row in rows], channels)


# --- What is told of a hit ---


def _hits(
    connection: sqlite3.Connection,
    ranked: Iterable[Ranked],
    channels: frozenset[ChannelId] | None,
) -> tuple[Hit, ...]:
    """Return the hits in their order, each with its newest post that may be told."""
    scores = dict(ranked)
    found = entries.load(connection, scores)
    titles = feeds.titles(connection, (entry.feed_id for entry in found.values()))
    posts = _posts(connection, found, channels)
    sources = _sources(connection, (entry.story_id for entry in found.values()), channels)
    hits = []
    for entry in found.values():
        post, name = posts.get(entry.id, (None, None))
        title = name if channels is not None and name else titles[entry.feed_id]
        hits.append(
            Hit(
                entry=entry,
                feed_title=title,
                post=post,
                score=scores[entry.id],
                sources=sources.get(entry.story_id, 1),
            )
        )
    return tuple(hits)


# How many feeds tell a story, as far as that may be seen.
SOURCES = """
    SELECT e.story_id, COUNT(DISTINCT e.feed_id) AS sources
      FROM entries AS e
     WHERE e.story_id IN (SELECT value FROM json_each(:stories))
       AND (:channels IS NULL OR EXISTS (
             SELECT 1 FROM deliveries AS d
              WHERE d.entry_id = e.id AND d.channel_id IN (SELECT value FROM json_each(:channels))
                AND d.state IN ('sent', 'edit_due')))
     GROUP BY e.story_id
"""


def _sources(
    connection: sqlite3.Connection, stories: Iterable[int], channels: frozenset[ChannelId] | None
) -> Mapping[int, int]:
    rows = connection.execute(
        SOURCES,
        {"stories": values.to_json(stories), "channels": as_parameter(channels)},
    )
    return {row["story_id"]: row["sources"] for row in rows}


POSTS = """
    SELECT e.id AS entry_id, d.guild_id, d.channel_id, d.message_id, s.name
      FROM entries AS e
      JOIN deliveries AS d ON d.entry_id = e.id AND d.state IN ('sent', 'edit_due')
      LEFT JOIN subscriptions AS s
        ON s.channel_id = d.channel_id AND s.feed_id = e.feed_id
     WHERE e.id IN (SELECT value FROM json_each(:ids))
       AND (:channels IS NULL OR d.channel_id IN (SELECT value FROM json_each(:channels)))
     ORDER BY d.sent_at, d.id
"""


def _posts(
    connection: sqlite3.Connection,
    ids: Iterable[EntryId],
    channels: frozenset[ChannelId] | None,
) -> dict[EntryId, tuple[PostRef, str | None]]:
    """Return the newest post of each entry, and what its channel calls the feed."""
    rows = connection.execute(
        POSTS, {"ids": values.to_json(ids), "channels": as_parameter(channels)}
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
