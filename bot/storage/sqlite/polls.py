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
    Imported,
    Known,
    KnownAlias,
    NewEntry,
    Recorded,
    Refresh,
    StoryId,
    Wishes,
)
from bot.storage.sqlite import (
    entries,
    feeds,
    grouping,
    leases,
    moves,
    notices,
    owing,
    stories,
    values,
)
from bot.storage.sqlite.index import SearchIndex, Texts

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
    followers = connection.execute(FOLLOWERS, {"feed_id": feed_id}).fetchall()
    return Known(
        aliases=_stored(connection, feed_id, aliases) if aliases else {},
        channels=tuple(
            (GuildId(row["guild_id"]), ChannelId(row["channel_id"])) for row in followers
        ),
        has_history=connection.execute(
            "SELECT 1 FROM entries WHERE feed_id = :feed_id LIMIT 1", {"feed_id": feed_id}
        ).fetchone()
        is not None,
        seen=_seen(connection, feed_id, is_asked=bool(aliases)),
        batches=_batches(connection, feed_id) if aliases else (),
        wishes=_wishes(followers),
        old_too=frozenset(ChannelId(row["channel_id"]) for row in followers if row["posts_old"]),
    )


def _stored(
    connection: sqlite3.Connection, feed_id: FeedId, aliases: Sequence[str]
) -> dict[str, KnownAlias]:
    stored = {values.to_text(alias): alias for alias in aliases}
    rows = connection.execute(
        KNOWN_ALIASES, {"feed_id": feed_id, "aliases": values.to_json(stored)}
    )
    return {
        stored[row["alias"]]: KnownAlias(
            entry_id=EntryId(row["entry_id"]), dated_at=values.from_ms_or_none(row["dated_at"])
        )
        for row in rows
    }


# Those who have paused it, and servers that put Herald out, want nothing of it.
FOLLOWERS = """
    SELECT guild_id, channel_id, every_s, posts_old,
           (SELECT is_kept FROM feeds WHERE id = :feed_id) AS is_kept
      FROM subscriptions
     WHERE feed_id = :feed_id AND removed_at IS NULL AND paused_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM guilds AS g
                        WHERE g.guild_id = subscriptions.guild_id AND g.left_at IS NOT NULL)
     ORDER BY id
"""


def _wishes(followers: Sequence[sqlite3.Row]) -> Wishes:
    """Return how often *followers* want the feed; the archive leaves it to the feed's rhythm."""
    chosen = [row["every_s"] for row in followers if row["every_s"] is not None]
    if not chosen:
        return Wishes()
    is_auto_too = len(chosen) < len(followers) or bool(followers[0]["is_kept"])
    return Wishes(shortest_s=min(chosen), is_auto_too=is_auto_too)


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
    added: list[tuple[EntryId, StoryId, NewEntry]] = []
    recorded = Recorded(new_entries=0, deliveries=0)
    if refresh.new:  # mostly there is nothing
        added, recorded = _add(connection, refresh)
    for seen in refresh.seen:
        entries.learn_aliases(
            connection, refresh.feed_id, seen.entry_id, seen.aliases, refresh.check.at
        )
        if seen.changed is not None and entries.edit(
            connection, index, seen.entry_id, seen.changed
        ):
            owing.owe_edit(connection, seen.entry_id, refresh.check.at)
    feeds.apply_health(connection, refresh)
    if refresh.hold is not None and refresh.hold.group is not None:
        leases.hold_group(connection, refresh.hold.group, refresh.hold.until, refresh.hold.reason)
    if (change := refresh.change) is not None:
        notices.queue(connection, refresh.feed_id, change.kind, change.reason, refresh.check.at)
    _index(connection, index, added)
    merged_into = None
    if refresh.new_url is not None:
        merged_into = _adopt(connection, index, refresh, refresh.new_url)
    return replace(recorded, merged_into=merged_into)


def _add(
    connection: sqlite3.Connection, refresh: Refresh
) -> tuple[list[tuple[EntryId, StoryId, NewEntry]], Recorded]:
    """Store new entries, not indexed yet, with what is owed of them."""
    added = entries.add_all(connection, refresh.feed_id, refresh.new, refresh.check.at)
    grouping.await_story(connection, [(id_, new) for id_, _, new in added if _is_posted(new)])
    stored = [(new, entry_id) for entry_id, _, new in added]
    return added, owing.owe(connection, refresh.feed_id, stored, refresh.check.at)


def import_all(
    connection: sqlite3.Connection,
    index: SearchIndex,
    feed_id: FeedId,
    imported: Sequence[Imported],
    now: datetime,
) -> int:
    """Store entries that no poll brought, owed to nobody; return how many were new."""
    names = {(one.entry, one.keys): one.aliases for one in imported}
    new = [NewEntry(entry=one.entry, aliases=one.keys) for one in imported]
    added = entries.add_all(connection, feed_id, new, now)
    for entry_id, _, each in added:
        also = names[each.entry, each.aliases]
        entries.learn_aliases(connection, feed_id, entry_id, also, now)
    _index(connection, index, added)
    # What one feed says twice may be one story: an archive may name many sources one feed.
    ids = [entry_id for entry_id, _, _ in added]
    stories.group(connection, index, ids, is_strict_within_feed=False)
    return len(added)


def _is_posted(new: NewEntry) -> bool:
    """Whether a channel gets an entry as a post: only then its story matters."""
    owed = [new.fate] if new.deliver_to else []
    return Fate.POSTED in (*owed, *(fate for _, fate in new.otherwise))


def _index(
    connection: sqlite3.Connection,
    index: SearchIndex,
    added: Sequence[tuple[EntryId, StoryId, NewEntry]],
) -> None:
    index.add(
        connection,
        [
            (entry_id, Texts(new.entry.title, new.entry.teaser, new.entry.text))
            for entry_id, _, new in added
        ],
    )


def _adopt(
    connection: sqlite3.Connection, index: SearchIndex, refresh: Refresh, url: str
) -> FeedId | None:
    """Give the feed its new address, and tell where that is more than http made https."""
    was = feeds.load(connection, [refresh.feed_id]).get(refresh.feed_id)
    merged_into = moves.adopt(connection, index, refresh.feed_id, url)
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
