"""Channels that nothing is sent to for now, and why: one open hold a channel at most.

A hold is told to the log channel once; it ends with the next post that gets through, or, where the
channel is gone, when its subscriptions are moved to another.
"""

import sqlite3
from datetime import datetime

from bot.news.models import ChannelId, GuildId, HoldKind
from bot.storage.sqlite import values


def begin(
    connection: sqlite3.Connection,
    place: tuple[GuildId, ChannelId],
    kind: HoldKind,
    reason: str,
    now: datetime,
) -> bool:
    """Hold a channel; return whether it was not held for the same already."""
    guild_id, channel_id = place
    row = connection.execute(
        "SELECT id, kind FROM holds WHERE channel_id = :channel_id AND ended_at IS NULL",
        {"channel_id": channel_id},
    ).fetchone()
    if row is not None and row["kind"] == kind:
        connection.execute(
            "UPDATE holds SET reason = :reason WHERE id = :id AND told_at IS NULL",
            {"id": row["id"], "reason": values.to_text(reason)},
        )
        return False
    end(connection, channel_id, now)
    connection.execute(
        """
        INSERT INTO holds (guild_id, channel_id, kind, reason, since)
        VALUES (:guild_id, :channel_id, :kind, :reason, :now)
        """,
        {
            "guild_id": guild_id,
            "channel_id": channel_id,
            "kind": kind,
            "reason": values.to_text(reason),
            "now": values.to_ms(now),
        },
    )
    return True


def end(connection: sqlite3.Connection, channel_id: ChannelId, now: datetime) -> None:
    """Hold a channel no longer."""
    connection.execute(
        "UPDATE holds SET ended_at = :now WHERE channel_id = :channel_id AND ended_at IS NULL",
        {"channel_id": channel_id, "now": values.to_ms(now)},
    )
