"""Digests: one delivery that tells many stories, a line each.

::

    waiting (mode "digest") ──────────────────────────► make ─┐
    pending since before quiet hours or an hour's end ► roll ─┴► pending, kind "digest" ─► sent

The row of the first story leads and becomes the digest; the others name it as their ``roundup_id``
and go along, as with a roundup. What was in line for a message of its own and may be there already
is never taken.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.news.channels import ChannelOptions
from bot.news.digest import Told, Waiting, ranked
from bot.news.models import (
    ChannelId,
    DeliveryId,
    Digest,
    DigestLine,
    EntryId,
    FeedId,
    GuildId,
)
from bot.news.pace import rolled_before
from bot.storage.sqlite import channels, counts, entries, values

# What waits for digests, channel by channel, without what a removed subscription brought.
WAITING = """
    SELECT d.channel_id, MAX(d.guild_id) AS guild_id, COUNT(*) AS entries,
           MIN(d.created_at) AS oldest_at
      FROM deliveries AS d
     WHERE d.state = 'waiting' AND d.roundup_id IS NULL
       AND (:channel_id IS NULL OR d.channel_id = :channel_id)
       AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                          AND s.removed_at IS NOT NULL)
     GROUP BY d.channel_id
"""


def waiting(
    connection: sqlite3.Connection, channel_id: ChannelId | None = None
) -> Sequence[Waiting]:
    """Return what waits for the digests of all channels, or of one."""
    rows = connection.execute(WAITING, {"channel_id": channel_id}).fetchall()
    return [
        Waiting(
            guild_id=GuildId(row["guild_id"]),
            channel_id=ChannelId(row["channel_id"]),
            entries=row["entries"],
            oldest_at=values.from_ms(row["oldest_at"]),
            options=channels.options(connection, ChannelId(row["channel_id"])),
        )
        for row in rows
    ]


def date_waiting(connection: sqlite3.Connection, channel_id: ChannelId, now: datetime) -> None:
    """Let what a clock far ahead put into the future have come now."""
    connection.execute(
        """
        UPDATE deliveries SET created_at = :now
         WHERE state = 'waiting' AND channel_id = :channel_id AND created_at > :now
        """,
        {"channel_id": channel_id, "now": values.to_ms(now)},
    )


_WAITING_IN = """
    SELECT d.id FROM deliveries AS d
     WHERE d.state = 'waiting' AND d.channel_id = :channel_id AND d.roundup_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                          AND s.removed_at IS NOT NULL)
     ORDER BY d.id
"""


def make(connection: sqlite3.Connection, channel_id: ChannelId, now: datetime) -> DeliveryId | None:
    """Make what waits for a channel's digest a delivery, due now; None where nothing waits.

    A digest that is not in the channel yet takes it in.
    """
    rows = connection.execute(_WAITING_IN, {"channel_id": channel_id}).fetchall()
    ids = [row["id"] for row in rows]
    return _gather(connection, channel_id, ids, now, was_owed=0) if ids else None


# Posts that have waited since before a time, and that nobody has tried to send.
OVERFLOW = """
    SELECT d.id FROM deliveries AS d
     WHERE d.state IN ('pending', 'sending', 'held') AND d.channel_id = :channel_id
       AND d.roundup_id IS NULL AND d.bundle_id IS NULL AND d.kind <> 'digest'
       AND d.attempts = 0 AND d.created_at < :before
       AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                          AND s.removed_at IS NOT NULL)
     ORDER BY d.id
"""


def roll(connection: sqlite3.Connection, head: int, now: datetime) -> int:
    """Roll what quiet hours or an hour's budget kept back into a digest; return the new head.

    *head* is the oldest that its channel is owed, and about to be claimed. One that waited alone
    stays a post.
    """
    row = connection.execute(
        "SELECT channel_id, attempts, created_at FROM deliveries WHERE id = :id", {"id": head}
    ).fetchone()
    options = channels.options(connection, row["channel_id"])
    before = rolled_before(options, now)
    if before is None or row["attempts"] or row["created_at"] >= values.to_ms(before):
        return head
    rows = connection.execute(
        OVERFLOW, {"channel_id": row["channel_id"], "before": values.to_ms(before)}
    ).fetchall()
    ids = [each["id"] for each in rows]
    is_joining = _open_digest(connection, row["channel_id"]) is not None
    if len(ids) + is_joining < 2:  # noqa: PLR2004  # one is no digest
        return head
    return _gather(connection, row["channel_id"], ids, now, was_owed=len(ids))


def _open_digest(connection: sqlite3.Connection, channel_id: int) -> int | None:
    """Return a digest that a channel is owed and that is certainly not there."""
    row = connection.execute(
        """
        SELECT id FROM deliveries
         WHERE kind = 'digest' AND state IN ('pending', 'sending', 'held')
           AND channel_id = :channel_id AND tried_at IS NULL
         ORDER BY id LIMIT 1
        """,
        {"channel_id": channel_id},
    ).fetchone()
    return None if row is None else int(row["id"])


def _gather(
    connection: sqlite3.Connection,
    channel_id: int,
    ids: Sequence[int],
    now: datetime,
    *,
    was_owed: int,
) -> DeliveryId:
    """Make one digest of posts, and of one that is open; return it. *was_owed*: counted so far."""
    open_digest = _open_digest(connection, channel_id)
    every = sorted({*ids, *([] if open_digest is None else [open_digest])})
    leader = every[0]
    told = {"leader": leader, "ids": values.to_json(every), "now": values.to_ms(now)}
    for statement in (
        """
        UPDATE deliveries
           SET roundup_id = CASE id WHEN :leader THEN NULL ELSE :leader END, kind = 'story',
               state = 'pending', lease_until = NULL, is_outdated = 0, lacks_sources = 0
         WHERE id IN (SELECT value FROM json_each(:ids))
            OR roundup_id IN (SELECT value FROM json_each(:ids))
        """,
        "UPDATE deliveries SET kind = 'digest', due_at = :now WHERE id = :leader",
    ):
        connection.execute(statement, told)
    counts.add(connection, "owed", 1 - was_owed - (open_digest is not None))
    return DeliveryId(leader)


def load(connection: sqlite3.Connection, options: ChannelOptions, digest_id: int) -> Digest:
    """Return what a digest tells."""
    return _read(connection, options, "d.id = :id OR d.roundup_id = :id", digest_id)


def preview(connection: sqlite3.Connection, channel_id: ChannelId) -> Digest | None:
    """Return what a channel's digest would tell if it were made now; None where nothing waits."""
    if not waiting(connection, channel_id):
        return None
    options = channels.options(connection, channel_id)
    return _read(connection, options, f"d.id IN ({_WITH_SOURCES})", channel_id)


_WITH_SOURCES = f"""
    SELECT w.id FROM ({_WAITING_IN.replace(":channel_id", ":id")}) AS w
    UNION
    SELECT source.id FROM ({_WAITING_IN.replace(":channel_id", ":id")}) AS w
      JOIN deliveries AS source ON source.roundup_id = w.id
"""  # noqa: S608  # nothing of it comes from outside


def _read(connection: sqlite3.Connection, options: ChannelOptions, which: str, id_: int) -> Digest:
    rows = connection.execute(
        f"""
        SELECT d.id, d.story_id, d.entry_id, d.feed_id, e.dated_at,
               COALESCE(s.name, f.title) AS name
          FROM deliveries AS d
          JOIN entries AS e ON e.id = d.entry_id
          JOIN feeds AS f ON f.id = d.feed_id
          LEFT JOIN subscriptions AS s ON s.channel_id = d.channel_id AND s.feed_id = d.feed_id
         WHERE {which} ORDER BY d.id
        """,  # noqa: S608  # one of two conditions above
        {"id": id_},
    ).fetchall()
    told: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        told.setdefault(row["story_id"], []).append(row)
    best = ranked(
        Told(
            id=story_id,
            feed_id=FeedId(each[0]["feed_id"]),
            sources=len({row["feed_id"] for row in each}),
            dated_at=values.from_ms(each[0]["dated_at"]),
        )
        for story_id, each in told.items()
    )[: options.digest_top]
    listed = [told[each.id] for each in best]
    read = entries.load(connection, [each[0]["entry_id"] for each in listed])
    return Digest(
        lines=tuple(
            DigestLine(
                entry=read[EntryId(each[0]["entry_id"])],
                sources=tuple(dict.fromkeys(row["name"] for row in each)),
            )
            for each in listed
        ),
        stories=len(told),
        feeds=len({row["feed_id"] for row in rows}),
    )


def stop(connection: sqlite3.Connection, channel_id: ChannelId, now: datetime) -> tuple[int, bool]:
    """Let a channel's feeds tell each story by itself again, and what waits in one last digest.

    Return how many feeds that were, and whether anything waited.
    """
    stopped = connection.execute(
        """
        UPDATE subscriptions SET mode = 'story'
         WHERE channel_id = :channel_id AND mode = 'digest' AND removed_at IS NULL
        """,
        {"channel_id": channel_id},
    ).rowcount
    return stopped, make(connection, channel_id, now) is not None
