"""What is owed to posts that are in their channels: `bot.news.errands`."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.news.errands import ERRAND_MAX_AGE, PUBLISHED_HOURLY_MAX, Errand, ErrandKind
from bot.news.models import ChannelId, DeliveryId, GuildId, MessageId
from bot.storage.sqlite import holds, values

_HOUR = timedelta(hours=1)


def owe(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Note what the channel of a post that is there wants done with it.

    While a channel's posts wait to be published, a new one waits as long.
    """
    connection.execute(
        """
        INSERT INTO errands (delivery_id, kind, channel_id, created_at, due_at)
        SELECT d.id, wanted.value, d.channel_id, :now, COALESCE(
                 (SELECT MIN(e.due_at) FROM errands AS e
                   WHERE e.kind = wanted.value AND e.kind = 'publish'
                     AND e.channel_id = d.channel_id AND e.state = 'pending'), :now)
          FROM deliveries AS d
          JOIN channels AS c ON c.channel_id = d.channel_id
          JOIN json_each('["publish", "thread"]') AS wanted
            ON (wanted.value = 'publish' AND c.is_published)
            OR (wanted.value = 'thread' AND c.has_threads AND d.kind = 'story')
         WHERE d.id = :id AND d.message_id IS NOT NULL
        ON CONFLICT (delivery_id, kind) DO NOTHING
        """,
        {"id": delivery_id, "now": values.to_ms(now)},
    )


# The most important of each channel's posts that wait to be published: told by most sources, then
# the newest. As many as the channel has had published within the hour are left of its allowance.
TO_PUBLISH = """
    SELECT delivery_id FROM (
      SELECT e.delivery_id, ROW_NUMBER() OVER (
               PARTITION BY e.channel_id
               ORDER BY (SELECT COUNT(DISTINCT s.feed_id) FROM deliveries AS s
                          WHERE s.roundup_id IN (
                            SELECT p.id FROM deliveries AS p
                             WHERE p.id = e.delivery_id OR p.bundle_id = e.delivery_id)) DESC,
                        d.message_id DESC) AS place,
             (SELECT COUNT(*) FROM errands AS p
               WHERE p.kind = 'publish' AND p.channel_id = e.channel_id AND p.state = 'done'
                 AND p.done_at > :hour_ago) AS published
        FROM errands AS e JOIN deliveries AS d ON d.id = e.delivery_id
       WHERE e.kind = 'publish' AND e.state = 'pending' AND e.due_at <= :now)
     WHERE place = 1 AND published < :hourly_max
"""

TO_OPEN = """
    SELECT delivery_id FROM errands
     WHERE kind = 'thread' AND state = 'pending' AND due_at <= :now ORDER BY due_at LIMIT :limit
"""


def claim(connection: sqlite3.Connection, now: datetime, limit: int) -> Sequence[Errand]:
    """Return what is to be done now, and give up what is too old for that."""
    moment = values.to_ms(now)
    connection.execute(
        """
        UPDATE errands SET state = 'dropped', last_error = COALESCE(last_error, 'waited too long')
         WHERE kind IN ('publish', 'thread') AND state = 'pending' AND created_at <= :too_old
        """,
        {"too_old": values.to_ms(now - ERRAND_MAX_AGE)},
    )
    holds.end_idle_errands(connection, now)
    facts = {"now": moment, "limit": limit}
    wanted = [(ErrandKind.THREAD, row) for row in connection.execute(TO_OPEN, facts)]
    facts = {
        "now": moment,
        "hour_ago": values.to_ms(now - _HOUR),
        "hourly_max": PUBLISHED_HOURLY_MAX,
    }
    wanted += [(ErrandKind.PUBLISH, row) for row in connection.execute(TO_PUBLISH, facts)]
    return [_claimed(connection, row["delivery_id"], kind) for kind, row in wanted[:limit]]


def _claimed(connection: sqlite3.Connection, delivery_id: int, kind: ErrandKind) -> Errand:
    connection.execute(
        "UPDATE errands SET attempts = attempts + 1 WHERE delivery_id = :id AND kind = :kind",
        {"id": delivery_id, "kind": kind},
    )
    row = connection.execute(
        """
        SELECT x.attempts, d.channel_id, d.message_id, e.title
          FROM errands AS x
          JOIN deliveries AS d ON d.id = x.delivery_id
          JOIN entries AS e ON e.id = d.entry_id
         WHERE x.delivery_id = :id AND x.kind = :kind
        """,
        {"id": delivery_id, "kind": kind},
    ).fetchone()
    return Errand(
        delivery_id=DeliveryId(delivery_id),
        kind=kind,
        channel_id=ChannelId(row["channel_id"]),
        message_id=MessageId(row["message_id"]),
        title=row["title"],
        attempts=row["attempts"],
    )


def finish(connection: sqlite3.Connection, errand: Errand, now: datetime) -> None:
    """Record that an errand is done."""
    connection.execute(
        """
        UPDATE errands SET state = 'done', done_at = :now, last_error = NULL
         WHERE delivery_id = :id AND kind = :kind
        """,
        {"id": errand.delivery_id, "kind": errand.kind, "now": values.to_ms(now)},
    )
    holds.end_of_errand(connection, errand.channel_id, errand.kind, now)


def drop(connection: sqlite3.Connection, errand: Errand, reason: str) -> None:
    """Give an errand up."""
    connection.execute(
        """
        UPDATE errands SET state = 'dropped', last_error = :reason
         WHERE delivery_id = :id AND kind = :kind
        """,
        {"id": errand.delivery_id, "kind": errand.kind, "reason": values.to_text(reason)},
    )


def forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what was done or given up before it can matter to an hour's allowance."""
    connection.execute(
        "DELETE FROM errands WHERE state <> 'pending' AND created_at <= :old",
        {"old": values.to_ms(now - ERRAND_MAX_AGE - _HOUR)},
    )


def put_off(connection: sqlite3.Connection, errand: Errand, due_at: datetime, reason: str) -> None:
    """Do an errand later, and with it all of its kind that wait in its channel."""
    connection.execute(
        """
        UPDATE errands SET due_at = :due_at, last_error = :reason
         WHERE kind = :kind AND channel_id = :channel_id AND state = 'pending'
        """,
        {
            "kind": errand.kind,
            "channel_id": errand.channel_id,
            "due_at": values.to_ms(due_at),
            "reason": values.to_text(reason),
        },
    )


def refuse(
    connection: sqlite3.Connection, errand: Errand, due_at: datetime, reason: str, now: datetime
) -> None:
    """Put an errand off for want of a permission, and owe the log channel a word about it."""
    put_off(connection, errand, due_at, reason)
    row = connection.execute(
        "SELECT guild_id FROM deliveries WHERE id = :id", {"id": errand.delivery_id}
    ).fetchone()
    if row is not None:
        place = (GuildId(row["guild_id"]), errand.channel_id)
        holds.begin(connection, place, holds.OF_ERRANDS[errand.kind], reason, now)


def try_refused(connection: sqlite3.Connection, guild_id: GuildId, now: datetime) -> None:
    """Make due at once what Herald was refused to do in a guild."""
    for errand, kind in holds.OF_ERRANDS.items():
        connection.execute(
            """
            UPDATE errands SET due_at = :now
             WHERE kind = :errand AND state = 'pending'
               AND channel_id IN (SELECT channel_id FROM holds
                                   WHERE guild_id = :guild_id AND kind = :kind
                                     AND ended_at IS NULL)
            """,
            {"errand": errand, "kind": kind, "guild_id": guild_id, "now": values.to_ms(now)},
        )
