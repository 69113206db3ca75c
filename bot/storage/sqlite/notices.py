"""What admins are owed to be told of their feeds, and the messages that tell it.

::

    queue ─► notices ─┬► bulletins (one guild's, at most one a day of a feed) ─► claim ─► mark_told
                      └ replaced by what comes later, while in no bulletin yet
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.news.models import (
    Bulletin,
    BulletinId,
    ChannelId,
    DeliveryId,
    FeedId,
    GuildId,
    MessageId,
    Notice,
    NoticeKind,
    Remedy,
)
from bot.storage.sqlite import claims, feeds, holds, values

SETTLING = timedelta(minutes=2)  # what fails together is told together
ONCE_IN = timedelta(days=1)  # a bulletin of the same feed to the same guild
KEPT_FOR = timedelta(days=90)

_TROUBLE = ("failing", "paused", "gone")
_HEALTH = (*_TROUBLE, "recovered")


def queue(
    connection: sqlite3.Connection, feed_id: FeedId, kind: NoticeKind, text: str, now: datetime
) -> int:
    """Owe a notice to each guild that follows the feed and has a log channel; return how many.

    It takes the place of older ones that are in no message yet. Where a guild was told the same
    last, or nothing that this could end, it is owed nothing.
    """
    rows = connection.execute(
        """
        SELECT DISTINCT s.guild_id
          FROM subscriptions AS s JOIN guilds AS g ON g.guild_id = s.guild_id
         WHERE s.feed_id = :feed_id AND s.removed_at IS NULL AND g.log_channel_id IS NOT NULL
        """,
        {"feed_id": feed_id},
    ).fetchall()
    return sum(_queue(connection, row["guild_id"], feed_id, kind, text, now) for row in rows)


def _queue(  # the columns of a row
    connection: sqlite3.Connection,
    guild_id: int,
    feed_id: FeedId,
    kind: NoticeKind,
    text: str,
    now: datetime,
) -> int:
    place = {"guild_id": guild_id, "feed_id": feed_id}
    if kind in _HEALTH:
        connection.execute(
            """
            DELETE FROM notices
             WHERE guild_id = :guild_id AND feed_id = :feed_id AND bulletin_id IS NULL
               AND kind <> 'moved'
            """,
            place,
        )
        told = connection.execute(
            """
            SELECT kind FROM notices
             WHERE guild_id = :guild_id AND feed_id = :feed_id
               AND kind IN ('failing', 'paused', 'gone', 'recovered')
             ORDER BY id DESC LIMIT 1
            """,
            place,
        ).fetchone()
        last = told["kind"] if told else "recovered"  # nothing told: all well as far as they know
        if last == kind:
            return 0
    return connection.execute(
        """
        INSERT INTO notices (guild_id, feed_id, kind, text, created_at)
        VALUES (:guild_id, :feed_id, :kind, :text, :now)
        """,
        {**place, "kind": kind, "text": values.to_text(text), "now": values.to_ms(now)},
    ).rowcount


def queue_remedy(connection: sqlite3.Connection, feed_id: FeedId, text: str, now: datetime) -> int:
    """Owe the notice of a remedy to the guilds whose bulletin of the trouble went out without it.

    Once for each trouble; a bulletin that is still to be sent tells the remedy itself. Return how
    many.
    """
    return connection.execute(
        """
        INSERT INTO notices (guild_id, feed_id, kind, text, created_at)
        SELECT told.guild_id, told.feed_id, 'remedy', :text, :now
          FROM notices AS told JOIN bulletins AS b ON b.id = told.bulletin_id
         WHERE told.feed_id = :feed_id AND told.kind IN ('failing', 'paused', 'gone')
           AND b.attempts > 0 AND b.state <> 'abandoned'
           AND NOT EXISTS (SELECT 1 FROM notices AS later
                            WHERE later.guild_id = told.guild_id AND later.feed_id = told.feed_id
                              AND later.id > told.id AND later.kind <> 'moved')
           AND EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.guild_id = told.guild_id AND s.feed_id = told.feed_id
                          AND s.removed_at IS NULL)
           AND EXISTS (SELECT 1 FROM guilds AS g
                        WHERE g.guild_id = told.guild_id AND g.log_channel_id IS NOT NULL)
        """,
        {"feed_id": feed_id, "text": values.to_text(text), "now": values.to_ms(now)},
    ).rowcount


def is_any_due(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether anything waits that might be claimed; asked often, and nearly always False."""
    row = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM notices WHERE bulletin_id IS NULL)
            OR EXISTS (SELECT 1 FROM holds AS h JOIN guilds AS g ON g.guild_id = h.guild_id
                        WHERE h.told_at IS NULL AND h.ended_at IS NULL
                          AND g.log_channel_id IS NOT NULL)
            OR EXISTS (SELECT 1 FROM bulletins WHERE state = 'pending' AND due_at <= :now) AS is_any
        """,
        {"now": values.to_ms(now)},
    ).fetchone()
    return bool(row["is_any"])


def claim(connection: sqlite3.Connection, now: datetime, lease: timedelta) -> Sequence[Bulletin]:
    """Make bulletins of what has settled, and take those that are due, each guild's oldest."""
    _bundle(connection, now)
    moment = values.to_ms(now)
    rows = connection.execute(
        """
        SELECT MIN(id) AS id FROM bulletins
         WHERE state = 'pending' AND due_at <= :now AND COALESCE(lease_until, 0) <= :now
           AND guild_id NOT IN (SELECT guild_id FROM guilds WHERE left_at IS NOT NULL)
         GROUP BY guild_id ORDER BY id
        """,
        {"now": moment},
    ).fetchall()
    ids = [row["id"] for row in rows]
    connection.execute(
        """
        UPDATE bulletins SET lease_until = :lease_until, attempts = attempts + 1
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"lease_until": values.to_ms(now + lease), "ids": values.to_json(ids)},
    )
    return [_load(connection, id_) for id_ in ids]


def _bundle(connection: sqlite3.Connection, now: datetime) -> None:
    """Put each guild's untold notices and holds into one bulletin, once the first has settled.

    A feed or a channel that the guild was told of less than ONCE_IN ago waits.
    """
    for guild_id, told in holds.untold(connection, now - SETTLING, now - ONCE_IN).items():
        bulletin_id = _make(connection, guild_id, now)
        holds.tell(connection, told, bulletin_id, now)
    rows = connection.execute(
        """
        SELECT n.guild_id, g.log_channel_id, json_group_array(n.id) AS ids
          FROM notices AS n JOIN guilds AS g ON g.guild_id = n.guild_id
         WHERE n.bulletin_id IS NULL AND g.log_channel_id IS NOT NULL
           AND NOT EXISTS (
             SELECT 1 FROM notices AS told JOIN bulletins AS b ON b.id = told.bulletin_id
              WHERE told.guild_id = n.guild_id AND told.feed_id = n.feed_id
                AND b.state <> 'abandoned' AND b.created_at > :told_since)
         GROUP BY n.guild_id
        HAVING MIN(n.created_at) <= :settled_before
        """,
        {
            "told_since": values.to_ms(now - ONCE_IN),
            "settled_before": values.to_ms(now - SETTLING),
        },
    ).fetchall()
    for row in rows:
        bulletin_id = _make(connection, row["guild_id"], now)
        connection.execute(
            """
            UPDATE notices SET bulletin_id = :bulletin_id
             WHERE id IN (SELECT value FROM json_each(:ids))
            """,
            {"bulletin_id": bulletin_id, "ids": row["ids"]},
        )


def _make(connection: sqlite3.Connection, guild_id: int, now: datetime) -> int:
    """Make a bulletin for the log channel of a guild, which has one; return its id."""
    made: int = connection.execute(
        """
        INSERT INTO bulletins (guild_id, channel_id, created_at, due_at)
        SELECT guild_id, log_channel_id, :now, :now FROM guilds WHERE guild_id = :guild_id
        RETURNING id
        """,
        {"guild_id": guild_id, "now": values.to_ms(now)},
    ).fetchone()["id"]
    return made


def _load(connection: sqlite3.Connection, bulletin_id: int) -> Bulletin:
    row = connection.execute(
        """
        SELECT b.guild_id, b.channel_id, b.attempts,
               (SELECT value FROM meta WHERE key = 'installation_id') AS installation_id
          FROM bulletins AS b WHERE b.id = :id
        """,
        {"id": bulletin_id},
    ).fetchone()
    return Bulletin(
        id=BulletinId(bulletin_id),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        # Of another name than the delivery with this number.
        nonce=claims.nonce(f"bulletin:{row['installation_id']}", DeliveryId(bulletin_id)),
        attempts=row["attempts"],
        notices=tuple(_notices(connection, bulletin_id)),
        holds=tuple(holds.told_in(connection, bulletin_id)),
    )


def _notices(connection: sqlite3.Connection, bulletin_id: int) -> list[Notice]:
    rows = connection.execute(
        """
        SELECT n.feed_id, n.kind, n.text, n.created_at, r.url, r.title,
               (SELECT s.name FROM subscriptions AS s
                 WHERE s.guild_id = n.guild_id AND s.feed_id = n.feed_id AND s.removed_at IS NULL
                 ORDER BY s.id LIMIT 1) AS name
          FROM notices AS n LEFT JOIN repairs AS r ON r.feed_id = n.feed_id
         WHERE n.bulletin_id = :bulletin_id ORDER BY n.id
        """,
        {"bulletin_id": bulletin_id},
    ).fetchall()
    found = feeds.load(connection, [row["feed_id"] for row in rows])
    return [
        Notice(
            feed=found[FeedId(row["feed_id"])],
            name=row["name"] or found[FeedId(row["feed_id"])].title,
            kind=row["kind"],
            text=row["text"],
            at=values.from_ms(row["created_at"]),
            remedy=Remedy(url=row["url"], title=row["title"]) if row["url"] else None,
        )
        for row in rows
    ]


def mark_told(
    connection: sqlite3.Connection, bulletin_id: BulletinId, message_id: MessageId
) -> None:
    """Record that a bulletin is in its channel."""
    connection.execute(
        """
        UPDATE bulletins SET state = 'sent', message_id = :message_id, lease_until = NULL,
               last_error = NULL
         WHERE id = :id AND state <> 'sent'
        """,
        {"id": bulletin_id, "message_id": message_id},
    )


def retell_at(
    connection: sqlite3.Connection, bulletin_id: BulletinId, due_at: datetime, reason: str
) -> None:
    """Give a claimed bulletin back, due later."""
    connection.execute(
        """
        UPDATE bulletins SET due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE id = :id AND state = 'pending'
        """,
        {"id": bulletin_id, "due_at": values.to_ms(due_at), "reason": values.to_text(reason)},
    )


def abandon(connection: sqlite3.Connection, bulletin_id: BulletinId, reason: str) -> None:
    """Give a bulletin up for good."""
    connection.execute(
        """
        UPDATE bulletins SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE id = :id AND state = 'pending'
        """,
        {"id": bulletin_id, "reason": values.to_text(reason)},
    )
    holds.untell(connection)


def release_leases(connection: sqlite3.Connection) -> None:
    """Make every claimed bulletin due again."""
    connection.execute(
        "UPDATE bulletins SET lease_until = NULL WHERE state = 'pending' AND lease_until > 0"
    )


def forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete bulletins, with what they told, once nobody asks any more what was told last."""
    connection.execute(
        "DELETE FROM bulletins WHERE state <> 'pending' AND created_at < :oldest",
        {"oldest": values.to_ms(now - KEPT_FOR)},
    )
