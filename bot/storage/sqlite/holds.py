"""Channels that nothing is sent to for now, and why: one open hold a channel at most.

A hold is told to the log channel once; it ends with the next post that gets through, or, where the
channel is gone, when its subscriptions are moved to another. Beside it a channel may be held for
what Herald may not do with its posts, which come all the same; that ends once it is done.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.news.errands import ErrandKind
from bot.news.models import ChannelId, GuildId, HeldChannel, HoldKind
from bot.storage.sqlite import values

KEPT_FOR = timedelta(days=90)
OF_ERRANDS: Mapping[ErrandKind, HoldKind] = {
    ErrandKind.PUBLISH: "unpublished",
    ErrandKind.THREAD: "threadless",
}


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
        """
        SELECT id FROM holds
         WHERE channel_id = :channel_id AND kind = :kind AND ended_at IS NULL
        """,
        {"channel_id": channel_id, "kind": kind},
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE holds SET reason = :reason WHERE id = :id AND told_at IS NULL",
            {"id": row["id"], "reason": values.to_text(reason)},
        )
        return False
    if kind not in OF_ERRANDS.values():
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
        """
        UPDATE holds SET ended_at = :now
         WHERE channel_id = :channel_id AND ended_at IS NULL
           AND kind NOT IN ('unpublished', 'threadless')
        """,
        {"channel_id": channel_id, "now": values.to_ms(now)},
    )


def end_of_errand(
    connection: sqlite3.Connection, channel_id: ChannelId, kind: ErrandKind, now: datetime
) -> None:
    """Note that what was refused in a channel was done."""
    connection.execute(
        """
        UPDATE holds SET ended_at = :now
         WHERE channel_id = :channel_id AND kind = :kind AND ended_at IS NULL
        """,
        {"channel_id": channel_id, "kind": OF_ERRANDS[kind], "now": values.to_ms(now)},
    )


def end_idle_errands(connection: sqlite3.Connection, now: datetime) -> None:
    """End what errands were refused for where none waits any more."""
    for errand, kind in OF_ERRANDS.items():
        connection.execute(
            """
            UPDATE holds SET ended_at = :now
             WHERE kind = :kind AND ended_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM errands AS e
                                WHERE e.kind = :errand AND e.channel_id = holds.channel_id
                                  AND e.state = 'pending')
            """,
            {"errand": errand, "kind": kind, "now": values.to_ms(now)},
        )


def is_any(connection: sqlite3.Connection, guild_id: GuildId) -> bool:
    """Whether a channel of the guild waits for permissions."""
    row = connection.execute(
        """
        SELECT 1 FROM holds
         WHERE guild_id = :guild_id AND ended_at IS NULL AND kind <> 'gone' LIMIT 1
        """,
        {"guild_id": guild_id},
    ).fetchone()
    return row is not None


def untold(
    connection: sqlite3.Connection, settled_before: datetime, told_since: datetime
) -> Mapping[GuildId, Sequence[int]]:
    """Return the open holds that no log channel was told of, by guild, once one has settled.

    One for the same as the last of its channel, told since then, waits.
    """
    rows = connection.execute(
        """
        SELECT h.id, h.guild_id, MIN(h.since) OVER (PARTITION BY h.guild_id) AS first_at
          FROM holds AS h
          JOIN guilds AS g ON g.guild_id = h.guild_id AND g.log_channel_id IS NOT NULL
                          AND g.left_at IS NULL
         WHERE h.told_at IS NULL AND h.ended_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM holds AS told
                            WHERE told.channel_id = h.channel_id AND told.kind = h.kind
                              AND told.guild_id = h.guild_id AND told.told_at > :told_since)
         ORDER BY h.id
        """,
        {"told_since": values.to_ms(told_since)},
    ).fetchall()
    found: dict[GuildId, list[int]] = {}
    for row in rows:
        if row["first_at"] <= values.to_ms(settled_before):
            found.setdefault(GuildId(row["guild_id"]), []).append(row["id"])
    return found


def tell(
    connection: sqlite3.Connection, ids: Iterable[int], bulletin_id: int, now: datetime
) -> None:
    """Put holds into a bulletin."""
    connection.execute(
        """
        UPDATE holds SET bulletin_id = :bulletin_id, told_at = :now
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"bulletin_id": bulletin_id, "now": values.to_ms(now), "ids": values.to_json(ids)},
    )


def untell(connection: sqlite3.Connection) -> None:
    """Owe anew what bulletins told that were given up."""
    connection.execute(
        """
        UPDATE holds SET told_at = NULL, bulletin_id = NULL
         WHERE ended_at IS NULL
           AND bulletin_id IN (SELECT id FROM bulletins WHERE state = 'abandoned')
        """
    )


def told_in(connection: sqlite3.Connection, bulletin_id: int) -> Iterable[HeldChannel]:
    """Return the holds that a bulletin tells, with what the channels follow."""
    rows = connection.execute(
        "SELECT channel_id, kind, reason, since FROM holds WHERE bulletin_id = :id ORDER BY id",
        {"id": bulletin_id},
    ).fetchall()
    return [_held(connection, row) for row in rows]


def of_guild(connection: sqlite3.Connection, guild_id: GuildId) -> Iterable[HeldChannel]:
    """Return what a guild's channels are held for now, the first first."""
    rows = connection.execute(
        """
        SELECT channel_id, kind, reason, since FROM holds
         WHERE guild_id = :guild_id AND ended_at IS NULL ORDER BY since, id
        """,
        {"guild_id": guild_id},
    ).fetchall()
    return [_held(connection, row) for row in rows]


def _held(connection: sqlite3.Connection, row: sqlite3.Row) -> HeldChannel:
    names = connection.execute(
        """
        SELECT name FROM subscriptions
         WHERE channel_id = :channel_id AND removed_at IS NULL ORDER BY name, id
        """,
        {"channel_id": row["channel_id"]},
    )
    return HeldChannel(
        channel_id=ChannelId(row["channel_id"]),
        kind=row["kind"],
        reason=row["reason"],
        since=values.from_ms(row["since"]),
        follows=tuple(each["name"] for each in names),
    )


def forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what has ended long ago."""
    connection.execute(
        "DELETE FROM holds WHERE ended_at <= :oldest", {"oldest": values.to_ms(now - KEPT_FOR)}
    )
