"""The outbox: which story is owed to which channel."""

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.news.models import (
    ChannelId,
    Claim,
    Delivery,
    DeliveryId,
    EntryId,
    FeedId,
    GuildId,
    MessageId,
    StoryId,
)
from bot.storage.sqlite import entries, feeds, values

NONCE_MAX = 25  # characters; Discord docs, "Create Message", nonce


def nonce(installation_id: str, delivery_id: DeliveryId) -> str:
    """Return what makes every attempt at a delivery the same message to Discord.

    Derived, not drawn: after a crash between publishing and marking, the next process must send
    the same one. The installation's own random id is part of it because the ids of a database made
    anew begin at 1 again, and Discord, within the nonce's window, would answer with the old
    database's post instead of taking the new one.
    """
    digest = hashlib.sha256(f"{installation_id}:{delivery_id}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:NONCE_MAX]


def queue(
    connection: sqlite3.Connection,
    story_id: StoryId,
    feed_id: FeedId,
    place: tuple[GuildId, ChannelId],
    now: datetime,
) -> int:
    """Owe a story to a channel, due at once; return 0 where it was owed or sent before."""
    guild_id, channel_id = place
    return connection.execute(
        """
        INSERT INTO deliveries (story_id, feed_id, guild_id, channel_id, created_at, due_at)
        VALUES (:story_id, :feed_id, :guild_id, :channel_id, :now, :now)
        ON CONFLICT (story_id, channel_id) DO NOTHING
        """,
        {
            "story_id": story_id,
            "feed_id": feed_id,
            "guild_id": guild_id,
            "channel_id": channel_id,
            "now": values.to_ms(now),
        },
    ).rowcount


def queue_newest(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    place: tuple[GuildId, ChannelId],
    limit: int,
    now: datetime,
) -> int:
    """Owe a channel the newest stories of a feed, oldest first; return how many were not yet."""
    if limit <= 0:
        return 0
    rows = connection.execute(
        entries.NEWEST_OF_FEED, {"feed_id": feed_id, "limit": limit}
    ).fetchall()
    newest = entries.load(connection, [row["id"] for row in reversed(rows)]).values()
    _forget_abandoned(connection, place[1], (entry.story_id for entry in newest))
    return sum(queue(connection, entry.story_id, feed_id, place, now) for entry in newest)


def _forget_abandoned(
    connection: sqlite3.Connection, channel_id: ChannelId, stories: Iterable[StoryId]
) -> None:
    """Let what was given up for a channel be owed to it again, under a new id and place in line."""
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE channel_id = :channel_id AND state = 'abandoned'
           AND story_id IN (SELECT value FROM json_each(:stories))
        """,
        {"channel_id": channel_id, "stories": values.to_json(stories)},
    )


def forget_unsent(connection: sqlite3.Connection, feed_id: FeedId, channel_id: ChannelId) -> None:
    """Delete what a feed still owes a channel."""
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE state = 'pending' AND channel_id = :channel_id AND feed_id = :feed_id
        """,
        {"feed_id": feed_id, "channel_id": channel_id},
    )


# The first unsent delivery of each channel that has one. The channels are found by stepping from
# one to the next in the index, so that the cost grows with the channels and not with their
# backlog. What a removed subscription owes is passed over: it waits for restore or tidy.
HEADS = """
    WITH RECURSIVE waiting (channel_id) AS (
      SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending'
      UNION ALL
      SELECT (SELECT MIN(channel_id) FROM deliveries
               WHERE state = 'pending' AND channel_id > waiting.channel_id)
        FROM waiting WHERE waiting.channel_id IS NOT NULL
    )
    SELECT head.id, head.due_at, head.lease_until
      FROM waiting
      JOIN deliveries AS head ON head.id = (
        SELECT d.id FROM deliveries AS d
         WHERE d.state = 'pending' AND d.channel_id = waiting.channel_id
           AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                            WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                              AND s.removed_at IS NOT NULL)
         ORDER BY d.id LIMIT 1)
"""


def claim(
    connection: sqlite3.Connection, now: datetime, lease: timedelta, limit: int
) -> Sequence[Claim]:
    """Take due deliveries for sending: of each channel at most one, its oldest unsent."""
    moment = values.to_ms(now)
    due = sorted(
        (row["due_at"], row["id"])
        for row in connection.execute(HEADS)
        if row["due_at"] <= moment and (row["lease_until"] or 0) <= moment
    )
    ids = [id_ for _, id_ in due[:limit]]
    connection.execute(
        """
        UPDATE deliveries SET lease_until = :lease_until, attempts = attempts + 1
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"lease_until": values.to_ms(now + lease), "ids": values.to_json(ids)},
    )
    return _claims(connection, ids)


def _claims(connection: sqlite3.Connection, ids: Sequence[int]) -> Sequence[Claim]:
    rows = connection.execute(
        """
        SELECT d.id, d.story_id, d.feed_id, d.guild_id, d.channel_id, d.attempts, d.created_at,
               (SELECT MIN(id) FROM entries WHERE story_id = d.story_id) AS entry_id,
               (SELECT s.name FROM subscriptions AS s
                 WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id) AS name,
               (SELECT value FROM meta WHERE key = 'installation_id') AS installation_id
          FROM deliveries AS d WHERE d.id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids)},
    ).fetchall()
    led_by = entries.load(connection, [row["entry_id"] for row in rows])
    of = feeds.load(connection, [row["feed_id"] for row in rows])
    summaries = entries.summaries(connection, [StoryId(row["story_id"]) for row in rows])
    claims = {
        row["id"]: Claim(
            delivery=_delivery(row),
            entry=led_by[EntryId(row["entry_id"])],
            feed=of[FeedId(row["feed_id"])],
            source_name=row["name"] or of[FeedId(row["feed_id"])].title,
            summary=summaries.get(StoryId(row["story_id"])),
        )
        for row in rows
    }
    return [claims[id_] for id_ in ids]


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=DeliveryId(row["id"]),
        story_id=StoryId(row["story_id"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        nonce=nonce(row["installation_id"], row["id"]),
        attempts=row["attempts"],
        created_at=values.from_ms(row["created_at"]),
    )


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next delivery can be claimed, or None where nothing waits."""
    times = [
        max(row["due_at"], row["lease_until"] or row["due_at"]) for row in connection.execute(HEADS)
    ]
    return values.from_ms(min(times)) if times else None


def release_leases(connection: sqlite3.Connection) -> int:
    """Make every claimed delivery due again; return how many."""
    return connection.execute(
        """
        UPDATE deliveries SET lease_until = NULL
         WHERE state = 'pending' AND lease_until IS NOT NULL
        """
    ).rowcount


def mark_sent(
    connection: sqlite3.Connection, delivery_id: DeliveryId, message_id: MessageId, now: datetime
) -> None:
    """Record that the story is in the channel, whatever was decided about it meanwhile."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', message_id = :message_id, sent_at = :now, lease_until = NULL,
               last_error = NULL
         WHERE id = :id AND state IN ('pending', 'abandoned')
        """,
        {"id": delivery_id, "message_id": message_id, "now": values.to_ms(now)},
    )


def retry_at(
    connection: sqlite3.Connection, delivery_id: DeliveryId, due_at: datetime, reason: str
) -> None:
    """Give a claimed delivery back, due later."""
    connection.execute(
        """
        UPDATE deliveries SET due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE id = :id AND state = 'pending'
        """,
        {"id": delivery_id, "due_at": values.to_ms(due_at), "reason": values.to_text(reason)},
    )


def abandon(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give a delivery up for good."""
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE id = :id AND state = 'pending'
        """,
        {"id": delivery_id, "reason": values.to_text(reason)},
    )


def abandon_channel(connection: sqlite3.Connection, channel_id: ChannelId, reason: str) -> None:
    """Give up all that a channel is owed."""
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'pending'
        """,
        {"channel_id": channel_id, "reason": values.to_text(reason)},
    )
