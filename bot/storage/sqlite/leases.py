"""Who polls what: feeds taken for polling, given back, and spread over time."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.news.models import Feed, FeedId
from bot.storage.sqlite import feeds, values

_CLOCK_SLACK = timedelta(minutes=1)  # a poll further ahead than this was made by a wrong clock

CLAIM = f"""
    UPDATE feeds SET lease_until = :lease_until, lease_by = :holder
     WHERE id IN ({feeds.DUE})
    RETURNING id, next_poll_at
"""  # noqa: S608  # nothing of it comes from outside


def claim(
    connection: sqlite3.Connection, now: datetime, lease: timedelta, limit: int, holder: str
) -> Sequence[Feed]:
    """Take feeds that are due, longest overdue first."""
    rows = connection.execute(
        CLAIM,
        {
            "now": values.to_ms(now),
            "lease_until": values.to_ms(now + lease),
            "limit": limit,
            "holder": holder,
        },
    ).fetchall()
    # RETURNING has an order of its own (https://www.sqlite.org/lang_returning.html, section 3).
    ids = [row["id"] for row in sorted(rows, key=lambda row: (row["next_poll_at"], row["id"]))]
    return list(feeds.load(connection, ids).values())


def claim_one(
    connection: sqlite3.Connection, feed_id: FeedId, now: datetime, lease: timedelta, holder: str
) -> Feed | None:
    """Take one feed, due or not; None where somebody else has it, or it is not there."""
    row = connection.execute(
        """
        UPDATE feeds SET lease_until = :lease_until, lease_by = :holder
         WHERE id = :feed_id AND COALESCE(lease_until, 0) <= :now
        RETURNING id
        """,
        {
            "feed_id": feed_id,
            "now": values.to_ms(now),
            "lease_until": values.to_ms(now + lease),
            "holder": holder,
        },
    ).fetchone()
    return None if row is None else feeds.load(connection, [feed_id])[feed_id]


def release(connection: sqlite3.Connection, feed_id: FeedId, at: datetime, reason: str) -> None:
    """Give a feed back unpolled, due at *at*."""
    connection.execute(
        """
        UPDATE feeds
           SET lease_until = NULL, lease_by = NULL, next_poll_at = :at, next_poll_reason = :reason
         WHERE id = :feed_id
        """,
        {"feed_id": feed_id, "at": values.to_ms(at), "reason": values.to_text(reason)},
    )


def release_all(connection: sqlite3.Connection, holder: str) -> int:
    """End every lease of *holder*; return how many there were."""
    return connection.execute(
        "UPDATE feeds SET lease_until = NULL, lease_by = NULL WHERE lease_by = :holder",
        {"holder": holder},
    ).rowcount


def hold_group(connection: sqlite3.Connection, group: str, until: datetime, reason: str) -> None:
    """Let no feed of a host group be polled before *until*."""
    connection.execute(
        """
        UPDATE feeds
           SET not_before = MAX(COALESCE(not_before, 0), :until),
               next_poll_reason = CASE WHEN next_poll_at < :until THEN :reason
                                       ELSE next_poll_reason END,
               next_poll_at = MAX(next_poll_at, :until)
         WHERE host_group = :group
        """,
        {"group": group, "until": values.to_ms(until), "reason": values.to_text(reason)},
    )


def spread(connection: sqlite3.Connection, now: datetime, window: timedelta, per_s: float) -> int:
    """Spread what is due over *window*, or as long as *per_s* a second needs; return how many."""
    moment = values.to_ms(now)
    moved = connection.execute(
        """
        UPDATE feeds
           SET next_poll_at = :now + MAX(next_poll_at - polled_at, 0),
               not_before = :now + (not_before - polled_at),
               polled_at = :now
         WHERE polled_at > :latest
        """,
        {"now": moment, "latest": values.to_ms(now + _CLOCK_SLACK)},
    ).rowcount
    ids = [row["id"] for row in connection.execute(feeds.DUE, {"now": moment, "limit": -1})]
    step_ms = max(window.total_seconds() / max(len(ids), 1), 1 / per_s) * 1000
    connection.executemany(
        "UPDATE feeds SET next_poll_at = :at WHERE id = :id",
        [{"id": id_, "at": moment + int(place * step_ms)} for place, id_ in enumerate(ids)],
    )
    return moved + max(len(ids) - 1, 0)


def learn_groups(connection: sqlite3.Connection, group_of: Callable[[str], str | None]) -> None:
    """Note the host group of every feed."""
    rows = connection.execute("SELECT id, url, host_group FROM feeds").fetchall()
    connection.executemany(
        "UPDATE feeds SET host_group = :group WHERE id = :id",
        [
            {"id": row["id"], "group": group}
            for row in rows
            if (group := group_of(row["url"])) != row["host_group"]
        ],
    )
