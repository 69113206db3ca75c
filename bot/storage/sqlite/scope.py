"""Who may find what.

A member finds an entry that was posted to a channel they may look into, or is named there as a
source; other channels may have other entries of its story. An archive has a million entries, and a
member may see ten of them or nearly all: few are listed before the search, many are asked about one
by one after it, so that neither costs by the size of the archive.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.news.fields import speaks
from bot.news.models import ChannelId, FeedId
from bot.storage.sqlite import values

LISTED_MAX = 20_000  # entries that are listed before a search; it takes some 10 ms
COUNTED_MAX = 20_000  # of the whole archive; a count reads each

FAR = 1 << 62  # ms: later than anything is dated

Parameters = dict[str, str | int | None]

_SEEN = """
      SELECT entry_id FROM deliveries
       WHERE channel_id IN (SELECT value FROM json_each(:channels))
         AND state IN ('sent', 'edit_due')
"""

# What members may see, as far as it is to be listed.
VISIBLE = f"SELECT DISTINCT entry_id AS id FROM ({_SEEN}) LIMIT :limit"  # noqa: S608  # ours

# Whether that is more than is listed: a channel has an entry once.
POSTED = f"SELECT COUNT(*) FROM (SELECT 1 FROM ({_SEEN}) LIMIT :limit)"  # noqa: S608  # ours

# Of what {matches} finds, what was posted in *channels*, in the same order: a subquery with a LIMIT
# is gone through as it comes. To hand 6,000 matches out and ask about them again took up to three
# times as long (measured).
POSTED_AMONG = """
    SELECT found.id, found.relevance FROM ({matches}) AS found
     WHERE EXISTS (
             SELECT 1 FROM deliveries AS d
              WHERE d.entry_id = found.id
                AND d.channel_id IN (SELECT value FROM json_each(:channels))
                AND d.state IN ('sent', 'edit_due'))
"""

OF_FEEDS = """
    SELECT id FROM entries WHERE feed_id IN (SELECT value FROM json_each(:feeds)) LIMIT :limit
"""

NEW_SINCE = "SELECT id FROM entries WHERE dated_at >= :since LIMIT :limit"

COUNT = "SELECT COUNT(*) FROM (SELECT 1 FROM entries WHERE dated_at <= :until LIMIT :limit)"

COUNT_OF = """
    SELECT COUNT(*) FROM entries
     WHERE id IN (SELECT value FROM json_each(:ids)) AND dated_at <= :until
"""

# Of these entries those that may be seen, with what they are filtered and merged by.
FACTS = """
    SELECT e.id, e.feed_id, e.story_id, e.dated_at
      FROM entries AS e INDEXED BY entries_by_id
     WHERE e.id IN (SELECT value FROM json_each(:ids))
       AND (:channels IS NULL OR EXISTS (
             SELECT 1 FROM deliveries AS d
              WHERE d.entry_id = e.id AND d.channel_id IN (SELECT value FROM json_each(:channels))
                AND d.state IN ('sent', 'edit_due')))
"""

# Newest first: of few that are listed, or of all, each asked about.
NEWEST_OF = """
    SELECT id, dated_at FROM entries
     WHERE id IN (SELECT value FROM json_each(:ids)) AND dated_at < :before
       AND (:channels IS NULL OR EXISTS (
             SELECT 1 FROM deliveries AS d
              WHERE d.entry_id = entries.id
                AND d.channel_id IN (SELECT value FROM json_each(:channels))
                AND d.state IN ('sent', 'edit_due')))
     ORDER BY dated_at DESC, id DESC LIMIT :limit
"""
NEWEST = """
    SELECT e.id, e.dated_at
      FROM entries AS e
     WHERE e.dated_at < :before
       AND (:channels IS NULL OR EXISTS (
             SELECT 1 FROM deliveries AS d
              WHERE d.entry_id = e.id AND d.channel_id IN (SELECT value FROM json_each(:channels))
                AND d.state IN ('sent', 'edit_due')))
       AND (:feeds IS NULL OR e.feed_id IN (SELECT value FROM json_each(:feeds)))
     ORDER BY e.dated_at DESC, e.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may be found of an archive.

    ``ids``: all that may, where that is little; what is not in it need not be asked about. What is
    in it may be of a feed or a time only: whether it may be seen is asked unless ``is_seen``.
    """

    channels: frozenset[ChannelId] | None
    ids: frozenset[int] | None
    is_seen: bool  # whether all of ids may be seen
    newest_id: int
    visible: int  # entries that may be seen, whatever is asked; at most as many as are counted
    has_more: bool  # than those

    @property
    def first_id(self) -> int:
        """The lowest id that may be found."""
        return min(self.ids, default=1) if self.ids is not None else 1

    @property
    def last_id(self) -> int:
        """The highest."""
        return max(self.ids, default=0) if self.ids is not None else self.newest_id


def open_scope(
    connection: sqlite3.Connection,
    channels: frozenset[ChannelId] | None,
    feeds: frozenset[FeedId] | None,
    since: datetime | None,
    until: datetime | None = None,
) -> Scope:
    """Return what *channels* hold (None: the whole archive), of *feeds* and *since* then.

    What is dated later than *until* is not counted.
    """
    until_ms = _until(connection, until)
    newest_id: int = connection.execute("SELECT COALESCE(MAX(id), 0) FROM entries").fetchone()[0]
    visible: frozenset[int] | None = None
    if channels is None:
        most = COUNTED_MAX
        counted: Parameters = {"until": until_ms, "limit": most + 1}
        count: int = connection.execute(COUNT, counted).fetchone()[0]
    else:
        most = LISTED_MAX
        if _is_much(connection, channels) and until_ms == FAR:
            count = most + 1
        else:
            visible = _ids(connection, VISIBLE, {"channels": as_parameter(channels)})
            count = len(visible) if until_ms == FAR else _not_later(connection, visible, until_ms)
    listed = [visible] if visible is not None else []
    if feeds is not None:
        listed.append(_ids(connection, OF_FEEDS, {"feeds": as_parameter(feeds)}))
    if since is not None:
        listed.append(_ids(connection, NEW_SINCE, {"since": values.to_ms(since)}))
    few = [ids for ids in listed if len(ids) <= LISTED_MAX]
    return Scope(
        channels=channels,
        ids=frozenset.intersection(*few) if few else None,
        is_seen=visible is not None and len(visible) <= LISTED_MAX,
        newest_id=newest_id,
        visible=min(count, most),
        has_more=count > most or (visible is not None and len(visible) > most),
    )


def _is_much(connection: sqlite3.Connection, channels: frozenset[ChannelId]) -> bool:
    """Whether channels hold so many entries that it is not worth listing them."""
    most = LISTED_MAX * len(channels)
    posted: int = connection.execute(
        POSTED, {"channels": as_parameter(channels), "limit": most + 1}
    ).fetchone()[0]
    return posted > most


def _until(connection: sqlite3.Connection, until: datetime | None) -> int:
    """Return *until* in milliseconds, FAR where nothing is later."""
    newest = connection.execute("SELECT MAX(dated_at) AS at FROM entries").fetchone()["at"]
    return (
        FAR
        if until is None or newest is None or newest <= values.to_ms(until)
        else values.to_ms(until)
    )


def _not_later(connection: sqlite3.Connection, ids: frozenset[int], until_ms: int) -> int:
    count: int = connection.execute(
        COUNT_OF, {"ids": as_parameter(ids), "until": until_ms}
    ).fetchone()[0]
    return count


def _ids(connection: sqlite3.Connection, sql: str, parameters: Parameters) -> frozenset[int]:
    rows = connection.execute(sql, {**parameters, "limit": LISTED_MAX + 1})
    return frozenset(row["id"] for row in rows)


def as_parameter(ids: Iterable[int] | None) -> str | None:
    """Return ids as the statements take them."""
    return None if ids is None else values.to_json(sorted(ids))


def newest(
    connection: sqlite3.Connection,
    scope: Scope,
    feeds: frozenset[FeedId] | None,
    before: int,
    limit: int,
) -> Iterable[sqlite3.Row]:
    """Return what may be seen of *feeds*, newest first; of few that are listed, all filters aside.

    *before*: in milliseconds.
    """
    if scope.ids is not None:
        asked = None if scope.is_seen else scope.channels
        listed: Parameters = {
            "ids": as_parameter(scope.ids),
            "channels": as_parameter(asked),
            "before": before,
            "limit": limit,
        }
        return connection.execute(NEWEST_OF, listed)
    return connection.execute(
        NEWEST,
        {
            "channels": as_parameter(scope.channels),
            "feeds": as_parameter(feeds),
            "before": before,
            "limit": limit,
        },
    )


# --- Feeds by what they are called, and by language ---


def feeds_called(
    connection: sqlite3.Connection, name: str, channels: frozenset[ChannelId] | None
) -> frozenset[FeedId]:
    """Return the feeds whose name holds *name*: to a member, what the channels call them.

    One that none of the channels follows any more goes by its own title, as in results.
    """
    rows = connection.execute(
        """
        SELECT f.id, f.title, s.name
          FROM feeds AS f
          LEFT JOIN subscriptions AS s
            ON s.feed_id = f.id AND s.channel_id IN (SELECT value FROM json_each(:channels))
        """,
        {"channels": as_parameter(channels) or "[]"},
    )
    wanted = name.casefold()
    return frozenset(
        FeedId(row["id"]) for row in rows if wanted in (row["name"] or row["title"]).casefold()
    )


def feeds_speaking(connection: sqlite3.Connection, code: str) -> frozenset[FeedId]:
    """Return the feeds that say they are in a language."""
    rows = connection.execute("SELECT id, language FROM feeds WHERE language IS NOT NULL")
    return frozenset(FeedId(row["id"]) for row in rows if speaks(row["language"], code))
