"""The two sides of a poll: what is known before it is planned, and what it changes."""

import sqlite3
from collections.abc import Sequence

from bot.news.models import (
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    Known,
    KnownAlias,
    Recorded,
    Refresh,
)
from bot.storage.sqlite import deliveries, entries, feeds, values
from bot.storage.sqlite.index import SearchIndex

KNOWN_ALIASES = """
    SELECT a.alias, a.entry_id, COALESCE(e.published_at, e.updated_at) AS dated_at
      FROM json_each(:aliases) AS asked
      CROSS JOIN entry_aliases AS a ON a.feed_id = :feed_id AND a.alias = asked.value
      JOIN entries AS e ON e.id = a.entry_id
"""


def known(connection: sqlite3.Connection, feed_id: FeedId, aliases: Sequence[str]) -> Known:
    """Return what is stored of *aliases*, and who follows the feed."""
    stored = {values.to_text(alias): alias for alias in aliases}
    rows = connection.execute(
        KNOWN_ALIASES, {"feed_id": feed_id, "aliases": values.to_json(stored)}
    )
    found = {
        stored[row["alias"]]: KnownAlias(
            entry_id=EntryId(row["entry_id"]), dated_at=values.from_ms_or_none(row["dated_at"])
        )
        for row in rows
    }
    channels = connection.execute(
        """
        SELECT guild_id, channel_id FROM subscriptions
         WHERE feed_id = :feed_id AND removed_at IS NULL AND paused_at IS NULL
         ORDER BY id
        """,
        {"feed_id": feed_id},
    )
    return Known(
        aliases=found,
        channels=tuple(
            (GuildId(row["guild_id"]), ChannelId(row["channel_id"])) for row in channels
        ),
        has_history=connection.execute(
            "SELECT 1 FROM entries WHERE feed_id = :feed_id LIMIT 1", {"feed_id": feed_id}
        ).fetchone()
        is not None,
    )


def record(connection: sqlite3.Connection, index: SearchIndex, refresh: Refresh) -> Recorded:
    """Apply a poll. Applying it again changes nothing."""
    new_entries = queued = 0
    for new in refresh.new:
        story_id = entries.add(connection, index, refresh.feed_id, new, refresh.check.at)
        if story_id is None:
            continue
        new_entries += 1
        for place in new.deliver_to:
            queued += deliveries.queue(
                connection, story_id, refresh.feed_id, place, refresh.check.at
            )
    for seen in refresh.seen:
        entries.learn_aliases(
            connection, refresh.feed_id, seen.entry_id, seen.aliases, refresh.check.at
        )
        if seen.changed is not None:
            entries.edit(connection, index, seen.entry_id, seen.changed)
    feeds.apply_health(connection, refresh)
    return Recorded(new_entries=new_entries, deliveries=queued)
