"""How often those who follow feeds want them polled, for lists; `polls.known` asks for one."""

import sqlite3
from collections.abc import Iterable

from bot.news.models import FeedId, Wishes
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
