"""What those who follow a feed want of how it is polled and posted."""

import sqlite3
from collections.abc import Iterable

from bot.news.models import ChannelId, FeedId, Wishes
from bot.storage.sqlite import values

# Who has paused a feed wants nothing of it. The archive leaves it to the feed's rhythm.
WISHES = """
    SELECT feed.value AS feed_id,
           (SELECT MIN(every_s) FROM subscriptions
             WHERE feed_id = feed.value AND removed_at IS NULL AND paused_at IS NULL) AS shortest_s,
           EXISTS (SELECT 1 FROM subscriptions
                    WHERE feed_id = feed.value AND removed_at IS NULL AND paused_at IS NULL
                      AND every_s IS NULL)
           OR (SELECT is_kept FROM feeds WHERE id = feed.value) AS is_auto_too
      FROM json_each(:ids) AS feed
"""


def of_feeds(connection: sqlite3.Connection, ids: Iterable[FeedId]) -> dict[FeedId, Wishes]:
    """Return how often those who follow these feeds want them polled."""
    rows = connection.execute(WISHES, {"ids": values.to_json(ids)})
    return {
        FeedId(row["feed_id"]): Wishes(
            shortest_s=row["shortest_s"],
            is_auto_too=row["shortest_s"] is None or bool(row["is_auto_too"]),
        )
        for row in rows
    }


def old_too(connection: sqlite3.Connection, feed_id: FeedId) -> frozenset[ChannelId]:
    """Return the channels that want entries posted that are old when they appear."""
    rows = connection.execute(
        """
        SELECT channel_id FROM subscriptions
         WHERE feed_id = :feed_id AND removed_at IS NULL AND paused_at IS NULL AND posts_old
        """,
        {"feed_id": feed_id},
    )
    return frozenset(ChannelId(row["channel_id"]) for row in rows)
