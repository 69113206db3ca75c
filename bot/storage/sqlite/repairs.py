"""What is done about feeds in trouble: look for another, tell silences, move a guild over."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.news.models import (
    STALE_GAPS,
    STALE_MIN,
    UNDO_WINDOW,
    ChannelId,
    Feed,
    FeedId,
    GuildId,
    Refresh,
    Remedy,
    Repairs,
    Switched,
    SwitchId,
)
from bot.storage.sqlite import feeds, notices, polls, values
from bot.storage.sqlite.index import SearchIndex

MEND_AFTER = 3  # failures in a row
REMEDY_TOLD = "Its address gives no feed any more."  # its offer is told beside

_FOLLOWED = """
    EXISTS (SELECT 1 FROM subscriptions AS s WHERE s.feed_id = f.id AND s.removed_at IS NULL)
"""


def to_mend(connection: sqlite3.Connection, looked_before: datetime, limit: int) -> Sequence[Feed]:
    """Return followed feeds whose address gives no feed any more, looked after long ago."""
    rows = connection.execute(
        f"""
        SELECT f.id
          FROM feeds AS f LEFT JOIN repairs AS r ON r.feed_id = f.id
         WHERE f.state <> 'ok' AND (f.failures >= {MEND_AFTER} OR f.state = 'gone')
           AND (r.looked_at IS NULL OR r.looked_at <= :looked_before)
           AND (SELECT c.status FROM checks AS c
                 WHERE c.feed_id = f.id ORDER BY c.checked_at DESC LIMIT 1) IN (200, 404, 410)
           AND {_FOLLOWED}
         ORDER BY r.looked_at, f.id LIMIT :limit
        """,  # noqa: S608  # nothing of it comes from outside
        {"looked_before": values.to_ms(looked_before), "limit": limit},
    )
    return list(feeds.load(connection, [row["id"] for row in rows]).values())


def store_remedy(
    connection: sqlite3.Connection, feed_id: FeedId, remedy: Remedy | None, now: datetime
) -> None:
    """Keep what a look at the feed's site found; tell those who were told of the trouble before."""
    had = connection.execute(
        "SELECT url FROM repairs WHERE feed_id = :feed_id", {"feed_id": feed_id}
    ).fetchone()
    connection.execute(
        """
        INSERT INTO repairs (feed_id, looked_at, url, title)
        SELECT id, :now, :url, :title FROM feeds WHERE id = :feed_id
        ON CONFLICT (feed_id) DO UPDATE
           SET looked_at = excluded.looked_at, url = excluded.url, title = excluded.title
        """,
        {
            "feed_id": feed_id,
            "now": values.to_ms(now),
            "url": remedy and values.to_text(remedy.url),
            "title": remedy and values.to_text(remedy.title),
        },
    )
    if remedy is not None and (had is None or had["url"] != remedy.url):
        notices.queue_remedy(connection, feed_id, REMEDY_TOLD, now)


def load(connection: sqlite3.Connection, ids: Iterable[FeedId]) -> dict[FeedId, Repairs]:
    """Return what was done about these feeds; a remedy only where the feed is not well again."""
    rows = connection.execute(
        """
        SELECT r.feed_id, r.url, r.title, r.moved_from, r.moved_at, f.state
          FROM repairs AS r JOIN feeds AS f ON f.id = r.feed_id
         WHERE r.feed_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids)},
    )
    return {
        FeedId(row["feed_id"]): Repairs(
            remedy=Remedy(url=row["url"], title=row["title"])
            if row["url"] is not None and row["state"] != "ok"
            else None,
            moved_from=row["moved_from"],
            moved_at=values.from_ms_or_none(row["moved_at"]),
        )
        for row in rows
    }


def silent(connection: sqlite3.Connection, now: datetime) -> Sequence[Feed]:
    """Return followed, well feeds past `Feed.silent_from` whose silence was not told yet."""
    rows = connection.execute(
        f"""
        SELECT f.id
          FROM feeds AS f LEFT JOIN repairs AS r ON r.feed_id = f.id
         WHERE f.state = 'ok' AND f.newest_at IS NOT NULL AND f.usual_gap_s IS NOT NULL
           AND f.newest_at + MAX({STALE_GAPS} * 1000 * f.usual_gap_s, :stale_min) <= :now
           AND (r.stale_told_at IS NULL OR r.stale_told_at < f.newest_at)
           AND {_FOLLOWED}
        """,  # noqa: S608  # nothing of it comes from outside
        {"now": values.to_ms(now), "stale_min": int(STALE_MIN.total_seconds() * 1000)},
    )
    return list(feeds.load(connection, [row["id"] for row in rows]).values())


def tell_silence(connection: sqlite3.Connection, feed_id: FeedId, text: str, now: datetime) -> None:
    """Owe the notice of a silence, once for each."""
    told = connection.execute(
        """
        INSERT INTO repairs (feed_id, stale_told_at)
        SELECT id, :now FROM feeds WHERE id = :feed_id
        ON CONFLICT (feed_id) DO UPDATE SET stale_told_at = excluded.stale_told_at
         WHERE stale_told_at IS NULL
            OR stale_told_at < (SELECT newest_at FROM feeds WHERE id = :feed_id)
        """,
        {"feed_id": feed_id, "now": values.to_ms(now)},
    ).rowcount
    if told:
        notices.queue(connection, feed_id, "stale", text, now)


def switch(  # what to record, and from where to where
    connection: sqlite3.Connection,
    index: SearchIndex,
    refresh: Refresh,
    old_id: FeedId,
    guild_id: GuildId,
    now: datetime,
) -> Switched | None:
    """Apply the new feed's *refresh* and move a guild's subscriptions to it."""
    rows = connection.execute(
        """
        SELECT id, channel_id FROM subscriptions
         WHERE feed_id = :old_id AND guild_id = :guild_id AND removed_at IS NULL ORDER BY id
        """,
        {"old_id": old_id, "guild_id": guild_id},
    ).fetchall()
    if not rows or refresh.feed_id == old_id:
        return None
    new_id = refresh.feed_id
    _share_aliases(connection, old_id, new_id)
    polls.record(connection, index, refresh)
    channels = {row["id"]: ChannelId(row["channel_id"]) for row in rows}
    dropped = [id_ for id_, channel in channels.items() if _follows(connection, channel, new_id)]
    moved = [id_ for id_ in channels if id_ not in dropped]
    _set_removed(connection, dropped, now)
    _move(connection, [(id_, channels[id_]) for id_ in moved], old_id, new_id)
    row = connection.execute(
        """
        INSERT INTO switches (guild_id, old_feed_id, new_feed_id, moved, dropped, switched_at)
        VALUES (:guild_id, :old_id, :new_id, :moved, :dropped, :now)
        RETURNING id
        """,
        {
            "guild_id": guild_id,
            "old_id": old_id,
            "new_id": new_id,
            "moved": values.to_json(moved),
            "dropped": values.to_json(dropped),
            "now": values.to_ms(now),
        },
    ).fetchone()
    return _switched(connection, row["id"], old_id, new_id, channels.values())


def switch_back(
    connection: sqlite3.Connection, switch_id: SwitchId, guild_id: GuildId, now: datetime
) -> Switched | None:
    """Undo a switch that is not UNDO_WINDOW old, for what still stands as it left it."""
    row = connection.execute(
        """
        DELETE FROM switches
         WHERE id = :id AND guild_id = :guild_id AND switched_at > :undoable_since
        RETURNING old_feed_id, new_feed_id, moved, dropped
        """,
        {
            "id": switch_id,
            "guild_id": guild_id,
            "undoable_since": values.to_ms(now - UNDO_WINDOW),
        },
    ).fetchone()
    if row is None:
        return None
    old_id, new_id = FeedId(row["old_feed_id"]), FeedId(row["new_feed_id"])
    _share_aliases(connection, new_id, old_id)
    wanted = [*json.loads(row["moved"]), *json.loads(row["dropped"])]
    standing = connection.execute(
        """
        SELECT id, channel_id, feed_id FROM subscriptions
         WHERE id IN (SELECT value FROM json_each(:ids)) AND feed_id IN (:old_id, :new_id)
        """,
        {"ids": values.to_json(wanted), "old_id": old_id, "new_id": new_id},
    ).fetchall()
    back = [
        (r["id"], ChannelId(r["channel_id"]))
        for r in standing
        if r["feed_id"] == new_id and not _follows(connection, r["channel_id"], old_id)
    ]
    _move(connection, back, new_id, old_id)
    restored = [r["id"] for r in standing if r["id"] in json.loads(row["dropped"])]
    _set_removed(connection, restored, None)
    channels = [channel for _, channel in back]
    channels += [ChannelId(r["channel_id"]) for r in standing if r["id"] in restored]
    # Nobody followed it meanwhile, perhaps: look soon.
    feeds.poll_soon(connection, old_id, now)
    return _switched(connection, switch_id, old_id, new_id, channels)


def _share_aliases(connection: sqlite3.Connection, giver: FeedId, taker: FeedId) -> None:
    """Let *taker* recognise every entry of *giver*."""
    connection.execute(
        """
        INSERT INTO entry_aliases (feed_id, alias, entry_id, last_seen_at)
        SELECT :taker, alias, entry_id, last_seen_at FROM entry_aliases WHERE feed_id = :giver
        ON CONFLICT (feed_id, alias) DO NOTHING
        """,
        {"giver": giver, "taker": taker},
    )


def _follows(connection: sqlite3.Connection, channel_id: ChannelId, feed_id: FeedId) -> bool:
    row = connection.execute(
        """
        SELECT 1 FROM subscriptions
         WHERE channel_id = :channel_id AND feed_id = :feed_id AND removed_at IS NULL
        """,
        {"channel_id": channel_id, "feed_id": feed_id},
    ).fetchone()
    return row is not None


def _move(
    connection: sqlite3.Connection,
    subscriptions: Iterable[tuple[int, ChannelId]],
    old_id: FeedId,
    new_id: FeedId,
) -> None:
    """Let subscriptions follow another feed, with what they still owe their channels."""
    for id_, channel_id in subscriptions:
        place = {"id": id_, "channel_id": channel_id, "old_id": old_id, "new_id": new_id}
        # A removed one, which could still be brought back, gives way.
        connection.execute(
            """
            DELETE FROM subscriptions
             WHERE channel_id = :channel_id AND feed_id = :new_id AND removed_at IS NOT NULL
            """,
            place,
        )
        connection.execute("UPDATE subscriptions SET feed_id = :new_id WHERE id = :id", place)
        connection.execute(
            """
            UPDATE deliveries SET feed_id = :new_id
             WHERE state IN ('pending', 'sending', 'held')
               AND channel_id = :channel_id AND feed_id = :old_id
            """,
            place,
        )


def _set_removed(connection: sqlite3.Connection, ids: Sequence[int], at: datetime | None) -> None:
    connection.execute(
        """
        UPDATE subscriptions SET removed_at = :at
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids), "at": values.to_ms_or_none(at)},
    )


def _switched(
    connection: sqlite3.Connection,
    switch_id: int,
    old_id: FeedId,
    new_id: FeedId,
    channels: Iterable[ChannelId],
) -> Switched:
    found = feeds.load(connection, [old_id, new_id])
    return Switched(
        id=SwitchId(switch_id),
        old=found[old_id],
        new=found[new_id],
        channels=tuple(sorted(channels)),
    )


def forget_switches(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what can no longer be undone."""
    connection.execute(
        "DELETE FROM switches WHERE switched_at <= :undoable_since",
        {"undoable_since": values.to_ms(now - UNDO_WINDOW)},
    )
