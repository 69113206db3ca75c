"""What subscriptions want of their posts, and whom these call."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from bot.news.models import DeliveryId, Ping, RoleId
from bot.storage.sqlite import values
from bot.storage.sqlite.subscriptions import ping_of


class PostWish(NamedTuple):
    """What a subscription wants of the posts that it makes."""

    tags: tuple[str, ...]
    ping: Ping | None


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


def pinged_at(
    connection: sqlite3.Connection, row: sqlite3.Row, wish: PostWish | None
) -> datetime | None:
    """Return when posts of its channel called last whom an open one would; None: never."""
    if wish is None or wish.ping is None or not is_open(row):
        return None
    last = connection.execute(
        LAST_PING, {"channel_id": row["channel_id"], "role_id": wish.ping.role_id}
    ).fetchone()
    return values.from_ms_or_none(last["at"])


LAST_PING = """
    SELECT MAX(sent_at) AS at FROM deliveries
     WHERE channel_id = :channel_id AND ping_role_id = :role_id AND ping_role_id > 0
"""


def decide(
    connection: sqlite3.Connection, delivery_id: DeliveryId, role: RoleId | None
) -> RoleId | None:
    """Keep whom a post calls, unless that was decided; return what stands."""
    row = connection.execute(
        """
        UPDATE deliveries SET ping_role_id = COALESCE(ping_role_id, :role) WHERE id = :id
        RETURNING ping_role_id
        """,
        {"id": delivery_id, "role": role or 0},
    ).fetchone()
    return RoleId(row["ping_role_id"]) if row is not None and row["ping_role_id"] else None
