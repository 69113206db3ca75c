"""What subscriptions want of their posts, and whom these call."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.news.models import DeliveryId, Ping, RoleId
from bot.storage.sqlite import values


class PostWish(NamedTuple):
    """What a subscription wants of the posts that it makes."""

    tags: tuple[str, ...]
    ping: Ping | None


def ping_of(row: sqlite3.Row) -> Ping | None:
    """Return whom a subscription's posts call, from a row of ``subscriptions``."""
    if row["ping_role_id"] is None:
        return None
    return Ping(
        role_id=RoleId(row["ping_role_id"]), query=row["ping_filter"], rest_s=row["ping_rest_s"]
    )


def wishes_of(
    connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]
) -> dict[tuple[int, int], PostWish]:
    """Return what is wanted of the posts in *rows*, by channel and feed."""
    found = connection.execute(
        """
        SELECT s.channel_id, s.feed_id, s.tags, s.ping_role_id, s.ping_filter, s.ping_rest_s
          FROM json_each(:places) AS place
          JOIN subscriptions AS s ON s.channel_id = json_extract(place.value, '$[0]')
                                 AND s.feed_id = json_extract(place.value, '$[1]')
        """,
        {"places": json.dumps([(row["channel_id"], row["feed_id"]) for row in rows])},
    )
    return {
        (row["channel_id"], row["feed_id"]): PostWish(
            tags=tuple(json.loads(row["tags"])), ping=ping_of(row)
        )
        for row in found
    }


def is_open(row: sqlite3.Row) -> bool:
    """Whether it is yet to be decided whom the post of a delivery calls."""
    is_post = row["kind"] == "story" and row["message_id"] is None
    return is_post and row["called"] is None


# Other posts of the channel that have called the role since, or are about to.
OTHERS = """
    SELECT id FROM deliveries
     WHERE channel_id = :channel_id AND ping_role_id = :role AND ping_role_id > 0 AND id <> :id
       AND (sent_at > :rested_since OR state IN ('pending', 'sending', 'held'))
     LIMIT 1
"""


def decide(
    connection: sqlite3.Connection, delivery_id: DeliveryId, ping: Ping | None, now: datetime
) -> RoleId | None:
    """Keep whom a post calls, unless that was decided; return what stands.

    Nobody is called where *ping* is None, or its role has not rested yet.
    """
    row = connection.execute(
        "SELECT channel_id, ping_role_id FROM deliveries WHERE id = :id", {"id": delivery_id}
    ).fetchone()
    if row is None:
        return None
    decided: int | None = row["ping_role_id"]
    if decided is None:
        decided = 0 if ping is None else ping.role_id
        if ping is not None and ping.rest_s:
            asked = {
                "channel_id": row["channel_id"],
                "id": delivery_id,
                "role": ping.role_id,
                "rested_since": values.to_ms(now - timedelta(seconds=ping.rest_s)),
            }
            decided = 0 if connection.execute(OTHERS, asked).fetchone() else decided
        connection.execute(
            "UPDATE deliveries SET ping_role_id = :role WHERE id = :id",
            {"role": decided, "id": delivery_id},
        )
    return RoleId(decided) if decided else None
