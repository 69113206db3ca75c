"""Move what a channel that is gone followed, and is still owed, to another channel."""

import sqlite3
from datetime import datetime

from bot.news.models import ChannelId, GuildId, Rehoused
from bot.storage.sqlite import values


def move(
    connection: sqlite3.Connection,
    guild_id: GuildId,
    old: ChannelId,
    new: ChannelId,
    now: datetime,
) -> Rehoused | None:
    """Move subscriptions and unsent posts; None where *old* is not gone, or was moved already.

    What was paused because the channel went is not paused any more. What the new channel follows,
    or was told, already is not moved.
    """
    hold = connection.execute(
        """
        SELECT id, since FROM holds
         WHERE channel_id = :old AND guild_id = :guild_id AND kind = 'gone' AND ended_at IS NULL
        """,
        {"old": old, "guild_id": guild_id},
    ).fetchone()
    if hold is None:
        return None
    places = {"old": old, "new": new, "since": hold["since"], "now": values.to_ms(now)}
    moved = _move_subscriptions(connection, places)
    owed = _move_deliveries(connection, places)
    connection.execute(
        "UPDATE holds SET ended_at = :now, moved_to = :new WHERE id = :id",
        {"id": hold["id"], "new": new, "now": places["now"]},
    )
    return Rehoused(feeds=moved, posts=owed)


def _move_subscriptions(connection: sqlite3.Connection, places: dict[str, int]) -> int:
    for statement in (
        # One that could still be brought back gives way.
        """
        DELETE FROM subscriptions
         WHERE channel_id = :new AND removed_at IS NOT NULL
           AND feed_id IN (SELECT feed_id FROM subscriptions WHERE channel_id = :old)
        """,
        """
        UPDATE subscriptions SET removed_at = :now
         WHERE channel_id = :old AND removed_at IS NULL
           AND feed_id IN (SELECT feed_id FROM subscriptions WHERE channel_id = :new)
        """,
    ):
        connection.execute(statement, places)
    return connection.execute(
        """
        UPDATE subscriptions
           SET channel_id = :new,
               paused_at = CASE WHEN paused_at < :since OR paused_until IS NOT NULL
                                THEN paused_at END
         WHERE channel_id = :old AND removed_at IS NULL
        """,
        places,
    ).rowcount


def _move_deliveries(connection: sqlite3.Connection, places: dict[str, int]) -> int:
    """Owe what is unsent to the new channel, in the same order; return how many posts."""
    # The first of a post's other entries stands in for one that the new channel was told already.
    for row in connection.execute(STAND_INS, places).fetchall():
        for statement in (
            "UPDATE deliveries SET roundup_id = NULL, kind = :kind WHERE id = :heir",
            "UPDATE deliveries SET roundup_id = :heir WHERE roundup_id = :post AND id <> :heir",
        ):
            connection.execute(statement, dict(row))
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE state IN ('pending', 'sending', 'held', 'waiting') AND channel_id = :old
           AND EXISTS (SELECT 1 FROM deliveries AS there
                        WHERE there.entry_id = deliveries.entry_id AND there.channel_id = :new)
        """,
        places,
    )
    moved = connection.execute(
        """
        UPDATE deliveries
           SET channel_id = :new, state = CASE state WHEN 'waiting' THEN state ELSE 'pending' END,
               tried_at = NULL, attempts = 0, due_at = :now, lease_until = NULL, last_error = NULL,
               bundle_id = NULL
         WHERE state IN ('pending', 'sending', 'held', 'waiting') AND channel_id = :old
        RETURNING roundup_id
        """,
        places,
    ).fetchall()
    return sum(row["roundup_id"] is None for row in moved)


# Unsent posts whose own entry the new channel was told already, with the first of their other
# entries that it was not.
STAND_INS = """
    SELECT post.id AS post, post.kind AS kind, MIN(other.id) AS heir
      FROM deliveries AS post
      JOIN deliveries AS other ON other.roundup_id = post.id
     WHERE post.state IN ('pending', 'sending', 'held', 'waiting') AND post.channel_id = :old
       AND EXISTS (SELECT 1 FROM deliveries AS there
                    WHERE there.entry_id = post.entry_id AND there.channel_id = :new)
       AND NOT EXISTS (SELECT 1 FROM deliveries AS there
                        WHERE there.entry_id = other.entry_id AND there.channel_id = :new)
     GROUP BY post.id
"""
