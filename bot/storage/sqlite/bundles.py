"""Several posts in one message: which go together, for as long as it takes.

::

    claim: leader and members ─► settle: what fits, final ─► sent, each with the message's id
             └► claimed again before that: freed, nobody published it

Each keeps a row of its own. The first one leads: it is claimed, and its nonce is the message's.
Members name it in ``bundle_id``; it names itself there once the bundle is settled, which is before
anything is published, so that every attempt publishes the same.
"""

import sqlite3
from datetime import datetime

from bot.news.models import DeliveryId
from bot.news.pace import BUNDLE_MAX, bundle_size
from bot.storage.sqlite import channels, values

# What follows a channel's oldest unsent post, as `claims.HEADS` has it.
LINE = """
    SELECT d.id, d.kind, d.attempts, d.due_at, d.bundle_id,
           EXISTS (SELECT 1 FROM ungrouped WHERE entry_id = d.entry_id)
             AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                              WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                                AND s.mode = 'each') AS is_ungrouped
      FROM deliveries AS d
     WHERE d.state IN ('pending', 'sending', 'held')
       AND d.channel_id = (SELECT channel_id FROM deliveries WHERE id = :head)
       AND d.id >= :head AND d.roundup_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                          AND s.removed_at IS NOT NULL)
     ORDER BY d.id LIMIT :limit
"""


def gather(connection: sqlite3.Connection, head: int, now: datetime) -> list[int]:
    """Return the posts that go into one message with *head*, an unsent post about to be claimed.

    It is the first of them, or alone. Nothing is final before `settle`; what was not settled when
    it was claimed last goes by itself, so that one post cannot spoil the others for ever.
    """
    row = connection.execute(
        "SELECT bundle_id, attempts, channel_id FROM deliveries WHERE id = :id", {"id": head}
    ).fetchone()
    if row["bundle_id"] == head:
        return members(connection, head)
    free(connection, head)
    if row["bundle_id"] is not None:  # its leader is not served, or was given up
        connection.execute("UPDATE deliveries SET bundle_id = NULL WHERE id = :id", {"id": head})
    chosen = channels.options(connection, row["channel_id"])
    # A message can have one thread, and each story is to have its own.
    if row["attempts"] or not chosen.is_bundled or chosen.has_threads:
        return [head]
    together = []
    for post in connection.execute(LINE, {"head": head, "limit": BUNDLE_MAX}):
        is_new = not post["attempts"] and post["due_at"] <= values.to_ms(now)
        if post["kind"] != "story" or not is_new or post["bundle_id"] is not None:
            break
        if post["is_ungrouped"]:  # it may turn out to be no post of its own
            break
        together.append(post["id"])
    together = together[: bundle_size(len(together))]
    if len(together) > 1:
        connection.execute(
            """
            UPDATE deliveries SET bundle_id = :head
             WHERE id IN (SELECT value FROM json_each(:ids)) AND id <> :head
            """,
            {"head": head, "ids": values.to_json(together)},
        )
    return together or [head]


def members(connection: sqlite3.Connection, leader: int) -> list[int]:
    """Return the posts of an unsent bundle, the leader first."""
    rows = connection.execute(
        """
        SELECT id FROM deliveries
         WHERE id = :id OR (bundle_id = :id AND state IN ('pending', 'sending', 'held'))
         ORDER BY id
        """,
        {"id": leader},
    )
    return [row["id"] for row in rows]


def shown_with(connection: sqlite3.Connection, post: int) -> list[int]:
    """Return the posts of the message that a sent post is in, in their order there."""
    rows = connection.execute(
        """
        SELECT id FROM deliveries
         WHERE bundle_id = (SELECT bundle_id FROM deliveries WHERE id = :id)
           AND state IN ('sent', 'edit_due')
         ORDER BY id
        """,
        {"id": post},
    )
    return [row["id"] for row in rows] or [post]


def free(connection: sqlite3.Connection, leader: int) -> None:
    """Take apart what a bundle holds that was never settled: it was not published."""
    freed = connection.execute(
        """
        UPDATE deliveries
           SET bundle_id = NULL, state = 'pending', attempts = 0, tried_at = NULL,
               lease_until = NULL, is_outdated = 0, lacks_sources = 0
         WHERE bundle_id = :leader AND id <> :leader
        """,
        {"leader": leader},
    ).rowcount
    if freed:
        connection.execute(
            """
            UPDATE deliveries SET tried_at = NULL, state = 'pending', lease_until = NULL
             WHERE id = :leader
            """,
            {"leader": leader},
        )


def settle(connection: sqlite3.Connection, leader: DeliveryId, size: int) -> None:
    """Make the first *size* posts of a claimed bundle final; the others take their turn later."""
    together = members(connection, leader)
    for statement, ids in (
        (
            """
            UPDATE deliveries
               SET bundle_id = NULL, state = 'pending', attempts = 0, tried_at = NULL,
                   lease_until = NULL, is_outdated = 0, lacks_sources = 0
             WHERE id IN (SELECT value FROM json_each(:ids))
            """,
            together[size:],
        ),
        (
            """
            UPDATE deliveries SET bundle_id = :leader
             WHERE id IN (SELECT value FROM json_each(:ids))
            """,
            together[:size] if size > 1 else [],
        ),
    ):
        connection.execute(statement, {"leader": leader, "ids": values.to_json(ids)})


def dissolve(
    connection: sqlite3.Connection,
    leader: DeliveryId,
    due_at: datetime,
    reason: str,
    *,
    may_be_there: bool,
) -> None:
    """Let the posts of an unsent bundle go one by one from now on, the leader first."""
    connection.execute(
        """
        UPDATE deliveries
           SET bundle_id = NULL, attempts = 1, due_at = :due_at, last_error = :reason,
               lease_until = NULL,
               state = CASE WHEN :may_be_there THEN 'sending' ELSE 'pending' END,
               tried_at = CASE WHEN :may_be_there THEN tried_at END
         WHERE (id = :leader OR bundle_id = :leader) AND state IN ('pending', 'sending', 'held')
        """,
        {
            "leader": leader,
            "due_at": values.to_ms(due_at),
            "reason": values.to_text(reason),
            "may_be_there": may_be_there,
        },
    )
