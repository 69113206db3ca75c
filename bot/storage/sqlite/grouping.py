"""The entries that wait for their story to be decided, between a poll and the outbox.

::

    record ─► ungrouped ─► stories.group ─► owing.join_story ─► what the outbox sends

A decision takes milliseconds; a poll that waited for those of its entries, and all polls behind it,
would wait long. An entry is decided, and what is owed of it joins a post, in one transaction with
its removal from here: a crash leaves it here, or all done.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import structlog

from bot.news.models import EntryId, FeedId, NewEntry
from bot.news.stories import link_of
from bot.storage.sqlite import bulk, owing, stories
from bot.storage.sqlite.index import SearchIndex

_SOME = 48  # entries decided in one transaction, at most
_SLICE_S = 0.01  # that others wait for the writer because of them

_log = structlog.get_logger()


def await_story(connection: sqlite3.Connection, posted: Sequence[tuple[EntryId, NewEntry]]) -> None:
    """Have entries wait for their story; where they link to is noted at once."""
    bulk.insert(
        connection, "INSERT OR IGNORE INTO ungrouped (entry_id)", [(id_,) for id_, _ in posted]
    )
    stories.note_links(connection, [(id_, link_of(new.entry.url)) for id_, new in posted])


def is_any(connection: sqlite3.Connection) -> bool:
    """Whether an entry waits; asked often, and mostly False."""
    return connection.execute("SELECT 1 FROM ungrouped LIMIT 1").fetchone() is not None


NEXT = """
    SELECT entry_id FROM ungrouped ORDER BY entry_id LIMIT :limit
"""
NEXT_OF_FEED = """
    SELECT u.entry_id
      FROM entries AS e CROSS JOIN ungrouped AS u ON u.entry_id = e.id
     WHERE e.feed_id = :feed_id ORDER BY u.entry_id LIMIT :limit
"""


def group_some(
    connection: sqlite3.Connection,
    index: SearchIndex,
    now: datetime,
    feed_id: FeedId | None,
    is_wanted: Callable[[], bool],
) -> int:
    """Decide the stories of some of those that wait, of one feed or all, in their order.

    Return how many, 0 where none waits. *is_wanted*: whether somebody else waits for the writer;
    then it ends soon.
    """
    rows = connection.execute(
        NEXT if feed_id is None else NEXT_OF_FEED, {"feed_id": feed_id, "limit": _SOME}
    ).fetchall()
    until = time.monotonic() + _SLICE_S
    ids = [EntryId(row["entry_id"]) for row in rows]
    done = 0
    for id_ in _decided(connection, index, ids):
        owing.join_story(connection, id_, now)
        connection.execute("DELETE FROM ungrouped WHERE entry_id = :id", {"id": id_})
        done += 1
        if is_wanted() and time.monotonic() > until:
            break
    return done


def _decided(
    connection: sqlite3.Connection, index: SearchIndex, ids: Sequence[EntryId]
) -> Iterator[EntryId]:
    """Put entries into stories and yield each, of which there is a story or not."""
    deciding = stories.group_each(connection, index, ids)
    for id_ in ids:
        connection.execute("SAVEPOINT entry")
        try:
            next(deciding)
        except sqlite3.Error:
            raise  # the storage's affair
        except Exception:  # noqa: BLE001  # a bug of ours on one entry must not hold up its channel
            # It is posted by itself.
            connection.execute("ROLLBACK TO entry")
            connection.execute("RELEASE entry")
            _log.exception("entry.ungrouped", entry=id_)
            yield id_
            return  # the others next time
        connection.execute("RELEASE entry")
        yield id_
