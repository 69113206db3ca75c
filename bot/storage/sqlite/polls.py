"""The two sides of a poll: what is known before it is planned, and what it changes."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.news.cadence import RHYTHM_ENTRIES
from bot.news.identity import feed_key
from bot.news.models import (
    ChannelId,
    EntryId,
    Fate,
    FeedId,
    GuildId,
    Known,
    KnownAlias,
    NewEntry,
    ParsedEntry,
    Recorded,
    Refresh,
)
from bot.storage.sqlite import deliveries, entries, feeds, leases, moves, notices, stories, values
from bot.storage.sqlite.index import SearchIndex

# After they were last seen, which is noted to the day.
ALIASES_KEPT_FOR = timedelta(days=181)

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
        seen=_seen(connection, feed_id, is_asked=bool(aliases)),
        batches=_batches(connection, feed_id) if aliases else (),
    )


NEWEST_SEEN = """
    SELECT first_seen_at, published_at FROM entries
     WHERE feed_id = :feed_id ORDER BY dated_at DESC LIMIT :limit
"""


def _seen(
    connection: sqlite3.Connection, feed_id: FeedId, *, is_asked: bool
) -> tuple[tuple[datetime, datetime | None], ...]:
    """Return when the newest entries came; without a document only where that is not noted yet."""
    if not is_asked:
        row = connection.execute(
            "SELECT newest_at FROM feeds WHERE id = :feed_id", {"feed_id": feed_id}
        ).fetchone()
        if row is None or row["newest_at"] is not None:
            return ()
    rows = connection.execute(NEWEST_SEEN, {"feed_id": feed_id, "limit": RHYTHM_ENTRIES})
    return tuple(
        (values.from_ms(row["first_seen_at"]), values.from_ms_or_none(row["published_at"]))
        for row in rows
    )


BATCHES = """
    SELECT new_entries FROM checks WHERE feed_id = :feed_id AND new_entries > 0
     ORDER BY checked_at DESC LIMIT :limit
"""
_BATCHES = 20  # polls that tell what is usual


def _batches(connection: sqlite3.Connection, feed_id: FeedId) -> tuple[int, ...]:
    rows = connection.execute(BATCHES, {"feed_id": feed_id, "limit": _BATCHES + 1}).fetchall()
    # The oldest that is remembered may be the first document.
    return tuple(row["new_entries"] for row in rows[:-1])


def record(connection: sqlite3.Connection, index: SearchIndex, refresh: Refresh) -> Recorded:
    """Apply a poll. Applying it again changes nothing, nor does one of a feed that is not there."""
    feed = {"feed_id": refresh.feed_id}
    if connection.execute("SELECT 1 FROM feeds WHERE id = :feed_id", feed).fetchone() is None:
        return Recorded(new_entries=0, deliveries=0)  # merged or switched away during the poll
    stored: list[tuple[NewEntry, EntryId]] = []
    unindexed: list[tuple[EntryId, ParsedEntry]] = []
    for new in refresh.new:
        if added := entries.add(connection, refresh.feed_id, new, refresh.check.at):
            entry_id, _ = added
            stored.append((new, entry_id))
            unindexed.append((entry_id, new.entry))
    stories.group(
        connection,
        index,
        [entry_id for new, entry_id in stored if refresh.is_archive or _is_posted(new)],
        is_strict_within_feed=not refresh.is_archive,
    )
    recorded = deliveries.owe(connection, refresh.feed_id, stored, refresh.check.at)
    for seen in refresh.seen:
        entries.learn_aliases(
            connection, refresh.feed_id, seen.entry_id, seen.aliases, refresh.check.at
        )
        if seen.changed is not None and entries.edit(
            connection, index, seen.entry_id, seen.changed
        ):
            deliveries.owe_edit(connection, seen.entry_id, refresh.check.at)
    feeds.apply_health(connection, refresh)
    if refresh.hold is not None and refresh.hold.group is not None:
        leases.hold_group(connection, refresh.hold.group, refresh.hold.until, refresh.hold.reason)
    if (change := refresh.change) is not None:
        notices.queue(connection, refresh.feed_id, change.kind, change.reason, refresh.check.at)
    for entry_id, entry in unindexed:  # in a row: see SearchIndex.add
        index.add(connection, entry_id, entry.title, entry.teaser, entry.text)
    merged_into = None
    if refresh.new_url is not None:
        merged_into = _adopt(connection, refresh, refresh.new_url)
    return replace(recorded, merged_into=merged_into)


def _is_posted(new: NewEntry) -> bool:
    """Whether a channel gets an entry as a post: only then its story matters."""
    return bool(new.deliver_to) and new.fate is Fate.POSTED


def _adopt(connection: sqlite3.Connection, refresh: Refresh, url: str) -> FeedId | None:
    """Give the feed its new address, and tell where that is more than http made https."""
    was = feeds.load(connection, [refresh.feed_id]).get(refresh.feed_id)
    merged_into = moves.adopt(connection, refresh.feed_id, url)
    if was is not None and feed_key(was.url) != feed_key(url):
        told = f"It moved from {was.url} to {url} for good. Herald reads it there from now on."
        notices.queue(connection, merged_into or was.id, "moved", told, refresh.check.at)
        connection.execute(
            """
            INSERT INTO repairs (feed_id, moved_from, moved_at) VALUES (:id, :url, :now)
            ON CONFLICT (feed_id) DO UPDATE
               SET moved_from = excluded.moved_from, moved_at = excluded.moved_at
            """,
            {
                "id": merged_into or was.id,
                "url": values.to_text(was.url),
                "now": values.to_ms(refresh.check.at),
            },
        )
    return merged_into


def forget_old_aliases(connection: sqlite3.Connection, after: int, limit: int) -> int | None:
    """Forget the old aliases of *limit* feeds from the one after *after*; return the last, or None.

    Old are those not seen for ALIASES_KEPT_FOR when a document of the feed was last read: what is
    in that document is kept, however long it has not changed since.
    """
    ids = [
        row["id"]
        for row in connection.execute(
            "SELECT id FROM feeds WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        )
    ]
    connection.executemany(
        """
        DELETE FROM entry_aliases
         WHERE feed_id = :feed_id
           AND last_seen_at + :kept_ms <
               (SELECT MAX(last_seen_at) FROM entry_aliases WHERE feed_id = :feed_id)
        """,
        [{"feed_id": id_, "kept_ms": ALIASES_KEPT_FOR // timedelta(milliseconds=1)} for id_ in ids],
    )
    return ids[-1] if ids else None
