"""Servers that put Herald out: nothing is polled or sent for them, and after a while all is gone.

::

    leave ─► back (within KEPT_FOR) ─► all goes on, what had piled up told in roundups
        └──► purge
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.news.models import GuildId
from bot.storage.sqlite import values

KEPT_FOR = timedelta(days=30)
PILED_UP_MAX = 3  # posts a channel is owed one by one after its server took Herald back


def leave(connection: sqlite3.Connection, guild_id: GuildId, now: datetime) -> None:
    """Note that Herald is not in a server any more."""
    connection.execute(
        """
        INSERT INTO guilds (guild_id, left_at) VALUES (:guild_id, :now)
        ON CONFLICT (guild_id) DO UPDATE SET left_at = COALESCE(left_at, excluded.left_at)
        """,
        {"guild_id": guild_id, "now": values.to_ms(now)},
    )


def back(connection: sqlite3.Connection, guild_id: GuildId, now: datetime) -> bool:
    """Note that Herald is in a server; return whether it had left it."""
    was_gone = connection.execute(
        "UPDATE guilds SET left_at = NULL WHERE guild_id = :guild_id AND left_at IS NOT NULL",
        {"guild_id": guild_id},
    ).rowcount
    if was_gone:
        _roll_up(connection, guild_id, now)
    return bool(was_gone)


def present(
    connection: sqlite3.Connection, guilds: Iterable[GuildId], now: datetime
) -> tuple[int, int]:
    """Note all servers that Herald is in; return how many it left, and how many it is back in."""
    here = set(guilds)
    rows = connection.execute(
        """
        SELECT guild_id FROM subscriptions UNION SELECT guild_id FROM guilds WHERE left_at > 0
        """
    )
    left = connection.execute("SELECT guild_id FROM guilds WHERE left_at IS NOT NULL")
    gone = {GuildId(row["guild_id"]) for row in left}
    known = {GuildId(row["guild_id"]) for row in rows}
    for guild_id in known - here - gone:
        leave(connection, guild_id, now)
    returned = [back(connection, guild_id, now) for guild_id in gone & here]
    return len(known - here - gone), sum(returned)


def _roll_up(connection: sqlite3.Connection, guild_id: GuildId, now: datetime) -> None:
    """Let each channel be told in one message a feed what piled up, but for the newest posts.

    What may have landed before Herald was put out stays a post of its own: it is looked for.
    """
    piled = connection.execute(
        """
        SELECT id, channel_id, feed_id,
               ROW_NUMBER() OVER (PARTITION BY channel_id ORDER BY id DESC) AS place
          FROM deliveries
         WHERE guild_id = :guild_id AND state IN ('pending', 'sending', 'held')
           AND roundup_id IS NULL AND tried_at IS NULL AND kind <> 'digest'
         ORDER BY id
        """,
        {"guild_id": guild_id},
    ).fetchall()
    roundups: dict[tuple[int, int], int] = {}
    for row in piled:
        if row["place"] <= PILED_UP_MAX:
            continue
        head = roundups.setdefault((row["channel_id"], row["feed_id"]), row["id"])
        told = {"head": head, "id": row["id"]}
        if head == row["id"]:
            connection.execute(
                "UPDATE deliveries SET kind = 'roundup', bundle_id = NULL WHERE id = :id", told
            )
            continue
        connection.execute(
            """
            UPDATE deliveries SET roundup_id = :head, bundle_id = NULL
             WHERE roundup_id = :id OR id = :id
            """,
            told,
        )
    connection.execute(
        """
        UPDATE deliveries SET due_at = :now
         WHERE guild_id = :guild_id AND state IN ('pending', 'sending', 'held')
        """,
        {"guild_id": guild_id, "now": values.to_ms(now)},
    )


def purge(connection: sqlite3.Connection, now: datetime) -> int:
    """Forget all about the servers that were left long ago; return how many."""
    rows = connection.execute(
        "SELECT guild_id FROM guilds WHERE left_at <= :oldest",
        {"oldest": values.to_ms(now - KEPT_FOR)},
    ).fetchall()
    for row in rows:
        for statement in (
            "DELETE FROM deliveries WHERE guild_id = :guild_id",
            "DELETE FROM subscriptions WHERE guild_id = :guild_id",
            "DELETE FROM notices WHERE guild_id = :guild_id",
            "DELETE FROM holds WHERE guild_id = :guild_id",
            "DELETE FROM bulletins WHERE guild_id = :guild_id",
            "DELETE FROM switches WHERE guild_id = :guild_id",
            "DELETE FROM channels WHERE guild_id = :guild_id",
            "DELETE FROM recent_queries WHERE guild_id = :guild_id",
            "DELETE FROM guilds WHERE guild_id = :guild_id",
        ):
            connection.execute(statement, dict(row))
    return len(rows)
