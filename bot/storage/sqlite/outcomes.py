"""The outbox, as it ends: what became of what was claimed."""

import sqlite3
from datetime import datetime

from bot.news.models import ChannelId, DeliveryId, GuildId, HoldKind, MessageId
from bot.news.posts import EDITABLE_FOR, EDITS_MAX, SOURCE_EDITS_MAX
from bot.storage.sqlite import channels, counts, errands, holds, values


def mark_sent(
    connection: sqlite3.Connection,
    delivery_id: DeliveryId,
    message_id: MessageId,
    now: datetime,
    *,
    was_found: bool,
) -> None:
    """Record that the story is in the channel, whatever was decided about it meanwhile.

    With a roundup, so is all that it tells, and with a bundle all of it. What is outdated already
    is to be edited. The channel takes posts, so it is held no longer.
    """
    marked = connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN (is_outdated OR lacks_sources) AND state <> 'abandoned'
                            THEN 'edit_due' ELSE 'sent' END,
               attempts = CASE WHEN is_outdated OR lacks_sources THEN 0 ELSE attempts END,
               due_at = CASE WHEN is_outdated OR lacks_sources THEN :now ELSE due_at END,
               message_id = :message_id, sent_at = :now, lease_until = NULL, last_error = NULL
         WHERE (id = :id OR bundle_id = :id OR roundup_id IN (
                 SELECT post.id FROM deliveries AS post
                  WHERE post.id = :id OR post.bundle_id = :id))
           AND state IN ('pending', 'sending', 'held', 'abandoned')
        RETURNING id, channel_id, roundup_id
        """,
        {"id": delivery_id, "message_id": message_id, "now": values.to_ms(now)},
    ).fetchall()
    if marked:
        channels.count_message(connection, delivery_id, now)
        errands.owe(connection, delivery_id, now)
    posts = sum(row["roundup_id"] is None for row in marked)
    counts.add(connection, "sent", posts)
    counts.add(connection, "found", posts if was_found else 0)
    for row in marked:
        if row["id"] == delivery_id:
            holds.end(connection, row["channel_id"], now)


def mark_edited(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Record that the message says what its entry says, unless that changed once more."""
    edited = connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN (is_outdated = 1 AND edits + 1 < :edits_max)
                              OR (lacks_sources = 1 AND source_edits + 1 < :source_edits_max)
                            THEN 'edit_due' ELSE 'sent' END,
               edits = edits + (is_outdated > 0),
               source_edits = source_edits + (lacks_sources > 0),
               is_outdated = (is_outdated = 1), lacks_sources = (lacks_sources = 1),
               attempts = 0, due_at = :now, lease_until = NULL, last_error = NULL
         WHERE id = :id AND state = 'edit_due'
        """,
        {
            "id": delivery_id,
            "now": values.to_ms(now),
            "edits_max": EDITS_MAX,
            "source_edits_max": SOURCE_EDITS_MAX,
        },
    ).rowcount
    counts.add(connection, "edited", edited)


def leave_as_posted(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give up editing a post and those in the same message, now and for good."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', edits = MAX(edits, :edits_max), is_outdated = 0,
               source_edits = MAX(source_edits, :source_edits_max), lacks_sources = 0,
               lease_until = NULL, last_error = :reason
         WHERE (id = :id AND state = 'edit_due')
            OR (bundle_id = (SELECT bundle_id FROM deliveries WHERE id = :id)
                AND state IN ('sent', 'edit_due'))
        """,
        {
            "id": delivery_id,
            "edits_max": EDITS_MAX,
            "source_edits_max": SOURCE_EDITS_MAX,
            "reason": values.to_text(reason),
        },
    )


def retry_at(
    connection: sqlite3.Connection,
    delivery_id: DeliveryId,
    due_at: datetime,
    reason: str,
    *,
    may_be_there: bool,
) -> None:
    """Give a claimed delivery back, due later; an edit is dropped once its post is too old."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN state = 'edit_due' AND sent_at <= :editable_since THEN 'sent'
                            WHEN state = 'edit_due' OR :may_be_there THEN state
                            ELSE 'pending' END,
               tried_at = CASE WHEN state = 'edit_due' OR :may_be_there THEN tried_at END,
               due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE (id = :id OR bundle_id = :id) AND state IN ('sending', 'edit_due')
        """,
        {
            "id": delivery_id,
            "due_at": values.to_ms(due_at),
            "may_be_there": may_be_there,
            "editable_since": values.to_ms(due_at - EDITABLE_FOR),
            "reason": values.to_text(reason),
        },
    )


def hold(
    connection: sqlite3.Connection,
    delivery_id: DeliveryId,
    due_at: datetime,
    kind: HoldKind,
    reason: str,
    now: datetime,
    *,
    may_be_there: bool,
) -> None:
    """Hold a claimed delivery, and with it all that its channel is owed; tried again at *due_at*.

    An edit is tried again without more ado.
    """
    held = connection.execute(
        """
        UPDATE deliveries
           SET state = 'held', tried_at = CASE WHEN :may_be_there THEN tried_at END,
               due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE (id = :id OR bundle_id = :id) AND state = 'sending'
        RETURNING guild_id, channel_id
        """,
        {
            "id": delivery_id,
            "due_at": values.to_ms(due_at),
            "may_be_there": may_be_there,
            "reason": values.to_text(reason),
        },
    ).fetchall()
    if not held:
        retry_at(connection, delivery_id, due_at, reason, may_be_there=may_be_there)
        return
    place = (GuildId(held[0]["guild_id"]), ChannelId(held[0]["channel_id"]))
    if holds.begin(connection, place, kind, reason, now):
        counts.add(connection, "held")


def hold_channel(
    connection: sqlite3.Connection, channel_id: ChannelId, reason: str, now: datetime
) -> None:
    """Hold all that a channel that is gone is owed, until it is moved; give up its edits."""
    gone = {"channel_id": channel_id, "reason": values.to_text(reason)}
    held = connection.execute(
        """
        UPDATE deliveries SET state = 'held', last_error = :reason, lease_until = NULL
         WHERE channel_id = :channel_id AND state IN ('pending', 'sending', 'held')
           AND state <> 'held' AND roundup_id IS NULL
        """,
        gone,
    ).rowcount
    counts.add(connection, "held", held)
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', is_outdated = 0, lacks_sources = 0, last_error = :reason,
               lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'edit_due'
        """,
        gone,
    )
    row = connection.execute(
        """
        SELECT guild_id FROM subscriptions WHERE channel_id = :channel_id
        UNION ALL
        SELECT guild_id FROM deliveries WHERE channel_id = :channel_id
         LIMIT 1
        """,
        gone,
    ).fetchone()
    if row is not None:
        holds.begin(connection, (GuildId(row["guild_id"]), channel_id), "gone", reason, now)


def try_held(connection: sqlite3.Connection, guild_id: GuildId, now: datetime) -> int:
    """Make what a guild's channels are held for due at once; return how many channels that is.

    For when its permissions have changed.
    """
    return connection.execute(
        """
        UPDATE deliveries SET due_at = :now
         WHERE state IN ('pending', 'sending', 'held') AND state = 'held'
           AND channel_id IN (SELECT channel_id FROM holds
                               WHERE guild_id = :guild_id AND ended_at IS NULL AND kind <> 'gone')
        """,
        {"guild_id": guild_id, "now": values.to_ms(now)},
    ).rowcount


def abandon(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give a delivery up for good, with a roundup all that it would tell."""
    given_up = connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE (id = :id OR roundup_id = :id) AND state IN ('pending', 'sending', 'held')
        RETURNING id
        """,
        {"id": delivery_id, "reason": values.to_text(reason)},
    ).fetchall()
    counts.add(connection, "abandoned", sum(row["id"] == delivery_id for row in given_up))
