"""Feeds that move: to an address of their own, or into a feed that is stored there already."""

import sqlite3

from bot.news.identity import STRONG, feed_key
from bot.news.models import FeedId
from bot.storage.sqlite import values
from bot.storage.sqlite.index import SearchIndex, Texts

_SAME = f"{STRONG}l"  # kinds of alias that make entries of two feeds one, their feeds being one


def adopt(
    connection: sqlite3.Connection, index: SearchIndex, feed_id: FeedId, url: str
) -> FeedId | None:
    """Give a feed the address *url*; return the feed that took it in where there was one."""
    address = {"id": feed_id, "url": values.to_text(url), "canonical": feed_key(url)}
    row = connection.execute(
        "SELECT id FROM feeds WHERE canonical_url = :canonical AND id <> :id", address
    ).fetchone()
    if row is not None:
        target = FeedId(row["id"])
        _merge(connection, index, feed_id, target)
        return target
    connection.execute(
        """
        UPDATE feeds
           SET url = :url, canonical_url = :canonical, moved_to = NULL, moved_since = NULL,
               moved_times = 0
         WHERE id = :id
        """,
        address,
    )
    return None


def _merge(
    connection: sqlite3.Connection, index: SearchIndex, source: FeedId, target: FeedId
) -> None:
    """Let *target* take over all that hangs on *source*, and remove that."""
    pair = {"source": source, "target": target}
    _move_subscriptions(connection, pair)
    _unite_entries(connection, index, pair)
    for statement in (
        "UPDATE OR IGNORE entry_aliases SET feed_id = :target WHERE feed_id = :source",
        "UPDATE entries SET feed_id = :target WHERE feed_id = :source",
        "UPDATE deliveries SET feed_id = :target WHERE feed_id = :source",
        "UPDATE notices SET feed_id = :target WHERE feed_id = :source",
        "UPDATE OR IGNORE checks SET feed_id = :target WHERE feed_id = :source",
        # What was found there just now is alive, whatever was thought of it before.
        """
        UPDATE feeds
           SET is_kept = MAX(is_kept, (SELECT is_kept FROM feeds WHERE id = :source)),
               next_poll_at = CASE WHEN state IN ('gone', 'paused')
                 THEN (SELECT next_poll_at FROM feeds WHERE id = :source) ELSE next_poll_at END,
               state = CASE WHEN state IN ('gone', 'paused') THEN 'ok' ELSE state END
         WHERE id = :target
        """,
        "DELETE FROM feeds WHERE id = :source",
    ):
        connection.execute(statement, pair)


def _move_subscriptions(connection: sqlite3.Connection, pair: dict[str, FeedId]) -> None:
    """Let a channel that follows both keep the one it has not removed, else the target's."""
    for statement in (
        """
        DELETE FROM subscriptions
         WHERE feed_id = :target AND removed_at IS NOT NULL
           AND channel_id IN (SELECT channel_id FROM subscriptions
                               WHERE feed_id = :source AND removed_at IS NULL)
        """,
        "UPDATE OR IGNORE subscriptions SET feed_id = :target WHERE feed_id = :source",
        "DELETE FROM subscriptions WHERE feed_id = :source",
    ):
        connection.execute(statement, pair)


def _unite_entries(
    connection: sqlite3.Connection, index: SearchIndex, pair: dict[str, FeedId]
) -> None:
    """Make one of each entry that both feeds hold: the target's, with the names of both."""
    twins = connection.execute(
        """
        SELECT DISTINCT twin.id AS twin, twin.story_id AS twin_story,
               kept.id AS kept, kept.story_id AS kept_story
          FROM entry_aliases AS theirs
          JOIN entry_aliases AS ours ON ours.feed_id = :target AND ours.alias = theirs.alias
          JOIN entries AS twin ON twin.id = theirs.entry_id
          JOIN entries AS kept ON kept.id = ours.entry_id
         WHERE theirs.feed_id = :source AND instr(:same, substr(theirs.alias, 1, 1)) > 0
         ORDER BY twin.id, kept.id
        """,
        {**pair, "same": _SAME},
    ).fetchall()
    united: set[int] = set()
    for row in twins:
        if row["twin"] not in united:
            united.add(row["twin"])
            _unite(connection, index, pair, dict(row))


def _unite(
    connection: sqlite3.Connection,
    index: SearchIndex,
    pair: dict[str, FeedId],
    twins: dict[str, int],
) -> None:
    row = connection.execute(
        "SELECT title, teaser, text FROM entries WHERE id = :twin", twins
    ).fetchone()
    index.take_out(connection, twins["twin"], Texts.of(row))
    for statement in (
        """
        UPDATE OR IGNORE entry_aliases SET feed_id = :target, entry_id = :kept
         WHERE feed_id = :source AND entry_id = :twin
        """,
        # Where a channel got the entry from both feeds, what it got of the target stays.
        """
        UPDATE OR IGNORE deliveries SET entry_id = :kept, story_id = :kept_story
         WHERE entry_id = :twin
        """,
        "DELETE FROM entries WHERE id = :twin",
        """
        DELETE FROM stories
         WHERE id = :twin_story AND id <> :kept_story
           AND NOT EXISTS (SELECT 1 FROM entries WHERE story_id = :twin_story)
        """,
    ):
        connection.execute(statement, {**pair, **twins})
