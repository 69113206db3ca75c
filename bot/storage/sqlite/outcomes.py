"""The outbox, as it ends: what became of what was claimed."""

import sqlite3
from datetime import datetime

from bot.news.models import (
    ChannelId,
    DeliveryId,
    MessageId,
)
from bot.news.posts import EDITABLE_FOR, EDITS_MAX, SOURCE_EDITS_MAX
from bot.storage.sqlite import channels, values


def mark_sent(
    connection: sqlite3.Connection, delivery_id: DeliveryId, message_id: MessageId, now: datetime
) -> None:
    """Record that the story is in the channel, whatever was decided about it meanwhile.

    With a roundup, so is all that it tells. What is outdated already is to be edited.
    """
    marked = connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN (is_outdated OR lacks_sources) AND state = 'pending'
                            THEN 'edit_due' ELSE 'sent' END,
               attempts = CASE WHEN is_outdated OR lacks_sources THEN 0 ELSE attempts END,
               due_at = CASE WHEN is_outdated OR lacks_sources THEN :now ELSE due_at END,
               message_id = :message_id, sent_at = :now, lease_until = NULL, last_error = NULL
         WHERE (id = :id OR roundup_id = :id) AND state IN ('pending', 'abandoned')
        """,
        {"id": delivery_id, "message_id": message_id, "now": values.to_ms(now)},
    ).rowcount
    if marked:
        channels.count_message(connection, delivery_id, now)


def mark_edited(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Record that the message says what its entry says, unless that changed once more."""
    connection.execute(
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
    )


def leave_as_posted(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give up editing a post, now and for good."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', edits = MAX(edits, :edits_max), is_outdated = 0,
               source_edits = MAX(source_edits, :source_edits_max), lacks_sources = 0,
               lease_until = NULL, last_error = :reason
         WHERE id = :id AND state = 'edit_due'
        """,
        {
            "id": delivery_id,
            "edits_max": EDITS_MAX,
            "source_edits_max": SOURCE_EDITS_MAX,
            "reason": values.to_text(reason),
        },
    )


def retry_at(
    connection: sqlite3.Connection, delivery_id: DeliveryId, due_at: datetime, reason: str
) -> None:
    """Give a claimed delivery back, due later; an edit is dropped once its post is too old."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN state = 'edit_due' AND sent_at <= :editable_since THEN 'sent'
                            ELSE state END,
               due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE id = :id AND state IN ('pending', 'edit_due')
        """,
        {
            "id": delivery_id,
            "due_at": values.to_ms(due_at),
            "editable_since": values.to_ms(due_at - EDITABLE_FOR),
            "reason": values.to_text(reason),
        },
    )


def abandon(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give a delivery up for good, with a roundup all that it would tell."""
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE (id = :id OR roundup_id = :id) AND state = 'pending'
        """,
        {"id": delivery_id, "reason": values.to_text(reason)},
    )


def abandon_channel(connection: sqlite3.Connection, channel_id: ChannelId, reason: str) -> None:
    """Give up all that a channel is owed, posts and edits."""
    given_up = {"channel_id": channel_id, "reason": values.to_text(reason)}
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'pending'
        """,
        given_up,
    )
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', is_outdated = 0, lacks_sources = 0, last_error = :reason,
               lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'edit_due'
        """,
        given_up,
    )
