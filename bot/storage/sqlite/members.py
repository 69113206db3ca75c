"""What is remembered about members, for themselves alone: what they searched for lately."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.news.models import QUERIES_FOR, QUERIES_MAX, AskedBefore, GuildId, UserId
from bot.storage.sqlite import values


def remember_query(
    connection: sqlite3.Connection, user_id: UserId, guild_id: GuildId, text: str, now: datetime
) -> None:
    """Note a search; of each member and server the latest QUERIES_MAX are kept."""
    whose = {"user_id": user_id, "guild_id": guild_id}
    connection.execute(
        """
        INSERT INTO recent_queries (user_id, guild_id, text, asked_at)
        VALUES (:user_id, :guild_id, :text, :now)
        ON CONFLICT (user_id, guild_id, text) DO UPDATE SET asked_at = excluded.asked_at
        """,
        {**whose, "text": values.to_text(text), "now": values.to_ms(now)},
    )
    connection.execute(
        """
        DELETE FROM recent_queries
         WHERE user_id = :user_id AND guild_id = :guild_id
           AND text NOT IN (SELECT text FROM recent_queries
                             WHERE user_id = :user_id AND guild_id = :guild_id
                             ORDER BY asked_at DESC, text LIMIT :most)
        """,
        {**whose, "most": QUERIES_MAX},
    )


RECENT_QUERIES = """
    SELECT guild_id, text, asked_at FROM recent_queries
     WHERE user_id = :user_id AND (:guild_id IS NULL OR guild_id = :guild_id)
     ORDER BY asked_at DESC, text
"""


def recent_queries(
    connection: sqlite3.Connection, user_id: UserId, guild_id: GuildId | None
) -> Sequence[AskedBefore]:
    """Return what a member searched for, in one server or in all, the latest first."""
    rows = connection.execute(RECENT_QUERIES, {"user_id": user_id, "guild_id": guild_id})
    return [
        AskedBefore(
            guild_id=GuildId(row["guild_id"]),
            text=row["text"],
            asked_at=values.from_ms(row["asked_at"]),
        )
        for row in rows
    ]


def forget_queries(connection: sqlite3.Connection, user_id: UserId) -> int:
    """Delete what a member searched for, in all servers; return how many searches."""
    return connection.execute(
        "DELETE FROM recent_queries WHERE user_id = :user_id", {"user_id": user_id}
    ).rowcount


def forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what was searched for longer than QUERIES_FOR ago."""
    connection.execute(
        "DELETE FROM recent_queries WHERE asked_at <= :since",
        {"since": values.to_ms(now - QUERIES_FOR)},
    )
