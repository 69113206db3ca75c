"""Who follows what."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.errors import AlreadyFollowed
from bot.news.models import (
    UNDO_WINDOW,
    ChannelId,
    FeedId,
    Followed,
    Following,
    GuildId,
    Mode,
    NewSubscription,
    Ping,
    Refresh,
    Resumed,
    Subscription,
    SubscriptionId,
    UserId,
)
from bot.storage.sqlite import feeds, owing, pings, polls, values, wishes
from bot.storage.sqlite.index import SearchIndex

_DAY = timedelta(days=1)


def follow(
    connection: sqlite3.Connection,
    index: SearchIndex,
    refresh: Refresh,
    wish: NewSubscription,
    now: datetime,
) -> Followed:
    """Apply *refresh*, then make or revive the subscription and queue its backfill.

    Raises AlreadyFollowed.
    """
    place = {"channel_id": wish.channel_id, "feed_id": refresh.feed_id}
    row = connection.execute(
        """
        SELECT id, name, removed_at FROM subscriptions
         WHERE channel_id = :channel_id AND feed_id = :feed_id
        """,
        place,
    ).fetchone()
    if row is not None and row["removed_at"] is None:
        raise AlreadyFollowed(
            f"<#{wish.channel_id}> follows this feed already, as “{row['name']}”."
            " Remove it there first if you want to add it anew.",
            url=feeds.load(connection, [refresh.feed_id])[refresh.feed_id].url,
            channel_id=wish.channel_id,
        )
    # Adding anew is not undoing: what a removed subscription still owed is not sent.
    owing.forget_unsent(connection, refresh.feed_id, wish.channel_id)
    polls.record(connection, index, refresh)
    subscription_id: int = connection.execute(
        """
        INSERT INTO subscriptions (feed_id, guild_id, channel_id, name, added_by, added_at, every_s,
                                   posts_old, mode, tags, ping_role_id, ping_filter, ping_rest_s)
        VALUES (:feed_id, :guild_id, :channel_id, :name, :added_by, :now, :every_s, :posts_old,
                :mode, :tags, :ping_role_id, :ping_filter, :ping_rest_s)
        ON CONFLICT (channel_id, feed_id) DO UPDATE
           SET guild_id = excluded.guild_id, name = excluded.name, added_by = excluded.added_by,
               added_at = excluded.added_at, every_s = excluded.every_s,
               posts_old = excluded.posts_old, mode = excluded.mode, tags = excluded.tags,
               ping_role_id = excluded.ping_role_id, ping_filter = excluded.ping_filter,
               ping_rest_s = excluded.ping_rest_s, paused_at = NULL,
               paused_until = NULL, catches_up = 0, removed_at = NULL
        RETURNING id
        """,
        {
            **place,
            "guild_id": wish.guild_id,
            "name": values.to_text(wish.name),
            "added_by": wish.added_by,
            "mode": wish.mode,
            "now": values.to_ms(now),
            "every_s": wish.every_s,
            "posts_old": wish.posts_old,
            **posting_columns(wish.tags, wish.ping),
        },
    ).fetchone()["id"]
    queued = owing.queue_newest(
        connection, index, refresh.feed_id, (wish.guild_id, wish.channel_id), wish.backfill, now
    )
    stored: int = connection.execute(
        "SELECT COUNT(*) FROM entries WHERE feed_id = :feed_id", {"feed_id": refresh.feed_id}
    ).fetchone()[0]
    (made,) = _followings(connection, [subscription_id], now)
    return Followed(following=made, seen=stored - queued, queued=queued)


def queue_newest(
    connection: sqlite3.Connection,
    index: SearchIndex,
    subscription_id: SubscriptionId,
    limit: int,
    now: datetime,
) -> int:
    """Owe a channel the newest stories of the feed it follows; return how many were not yet."""
    row = connection.execute(
        """
        SELECT feed_id, guild_id, channel_id FROM subscriptions
         WHERE id = :id AND removed_at IS NULL
        """,
        {"id": subscription_id},
    ).fetchone()
    if row is None:
        return 0
    place = (GuildId(row["guild_id"]), ChannelId(row["channel_id"]))
    return owing.queue_newest(
        connection, index, FeedId(row["feed_id"]), place, limit, now, as_posts=True
    )


def of_guild(
    connection: sqlite3.Connection, guild_id: GuildId, now: datetime, channel_id: ChannelId | None
) -> Sequence[Following]:
    """Return what a guild (or one channel) follows, by name."""
    rows = connection.execute(
        """
        SELECT id FROM subscriptions
         WHERE guild_id = :guild_id AND removed_at IS NULL
           AND (:channel_id IS NULL OR channel_id = :channel_id)
        """,
        {"guild_id": guild_id, "channel_id": channel_id},
    )
    found = _followings(connection, [row["id"] for row in rows], now)
    return sorted(found, key=lambda f: (f.subscription.name.casefold(), f.subscription.id))


def one(
    connection: sqlite3.Connection, subscription_id: SubscriptionId, now: datetime
) -> Following | None:
    """Return one subscription, removed ones included while they can be brought back."""
    return next(iter(_followings(connection, [subscription_id], now)), None)


def _followings(
    connection: sqlite3.Connection, ids: Iterable[int], now: datetime
) -> Sequence[Following]:
    rows = connection.execute(
        """
        SELECT s.id, s.feed_id, s.guild_id, s.channel_id, s.name, s.added_by, s.added_at,
               s.paused_at, s.paused_until, s.catches_up, s.every_s, s.posts_old, s.removed_at,
               s.mode, s.suppress_same_link, s.tags, s.ping_role_id, s.ping_filter, s.ping_rest_s,
               (SELECT MAX(dated_at) FROM entries WHERE feed_id = s.feed_id) AS last_entry_at,
               (SELECT COUNT(*) FROM entries
                 WHERE feed_id = s.feed_id AND dated_at > :yesterday) AS entries_24h
          FROM subscriptions AS s
         WHERE s.id IN (SELECT value FROM json_each(:ids))
           AND (s.removed_at IS NULL OR s.removed_at > :undoable_since)
        """,
        {
            "ids": values.to_json(ids),
            "yesterday": values.to_ms(now - _DAY),
            "undoable_since": values.to_ms(now - UNDO_WINDOW),
        },
    ).fetchall()
    found = feeds.load(connection, [row["feed_id"] for row in rows])
    wished = wishes.of_feeds(connection, found)
    return [
        Following(
            subscription=_subscription(row),
            wishes=wished[row["feed_id"]],
            feed=found[row["feed_id"]],
            last_entry_at=values.from_ms_or_none(row["last_entry_at"]),
            entries_24h=row["entries_24h"],
            is_removed=row["removed_at"] is not None,
        )
        for row in rows
    ]


def of_feed(connection: sqlite3.Connection, feed_id: FeedId, now: datetime) -> Sequence[Following]:
    """Return who follows a feed, in the order they came."""
    rows = connection.execute(
        "SELECT id FROM subscriptions WHERE feed_id = :feed_id AND removed_at IS NULL ORDER BY id",
        {"feed_id": feed_id},
    )
    found = _followings(connection, [row["id"] for row in rows], now)
    return sorted(found, key=lambda f: f.subscription.id)


def _subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        id=SubscriptionId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        name=row["name"],
        added_by=None if row["added_by"] is None else UserId(row["added_by"]),
        added_at=values.from_ms(row["added_at"]),
        paused_at=values.from_ms_or_none(row["paused_at"]),
        paused_until=values.from_ms_or_none(row["paused_until"]),
        catches_up=bool(row["catches_up"]),
        every_s=row["every_s"],
        posts_old=bool(row["posts_old"]),
        mode=Mode(row["mode"]),
        suppress_same_link=bool(row["suppress_same_link"]),
        tags=tuple(json.loads(row["tags"])),
        ping=pings.ping_of(row),
    )


def posting_columns(tags: Sequence[str], ping: Ping | None) -> dict[str, str | int | None]:
    """Return how a subscription's posts are made, as columns of ``subscriptions``."""
    return {
        "tags": values.to_json(values.to_text(tag) for tag in tags),
        "ping_role_id": ping.role_id if ping else None,
        "ping_filter": values.to_text(ping.query) if ping else "",
        "ping_rest_s": ping.rest_s if ping else 0,
    }


def set_mode(
    connection: sqlite3.Connection,
    subscription_id: SubscriptionId,
    mode: Mode,
    *,
    suppress_same_link: bool,
) -> None:
    """Choose how the channel is told of what comes from now on. Unknown ids are ignored."""
    connection.execute(
        """
        UPDATE subscriptions SET mode = :mode, suppress_same_link = :suppress WHERE id = :id
        """,
        {"mode": mode, "suppress": suppress_same_link, "id": subscription_id},
    )


def pause(
    connection: sqlite3.Connection,
    subscription_id: SubscriptionId,
    now: datetime,
    until: datetime | None,
    *,
    catches_up: bool,
) -> None:
    """Keep new stories from the channel. Already paused: stays paused since then."""
    connection.execute(
        """
        UPDATE subscriptions
           SET paused_at = COALESCE(paused_at, :now), paused_until = :until,
               catches_up = :catches_up
         WHERE id = :id
        """,
        {
            "now": values.to_ms(now),
            "until": values.to_ms_or_none(until),
            "catches_up": catches_up,
            "id": subscription_id,
        },
    )


def pause_channel(connection: sqlite3.Connection, channel_id: ChannelId, now: datetime) -> None:
    """Pause every subscription of a channel until somebody resumes it."""
    connection.execute(
        """
        UPDATE subscriptions
           SET paused_at = COALESCE(paused_at, :now), paused_until = NULL, catches_up = 0
         WHERE channel_id = :channel_id
        """,
        {"now": values.to_ms(now), "channel_id": channel_id},
    )


def resume(
    connection: sqlite3.Connection,
    index: SearchIndex,
    subscription_id: SubscriptionId,
    now: datetime,
) -> Resumed | None:
    """Let new stories through again, and owe what the pause kept back where that was wanted.

    None: there is no such subscription. One that is not paused stays as it is.
    """
    row = connection.execute(
        """
        SELECT feed_id, guild_id, channel_id, paused_at, catches_up, posts_old FROM subscriptions
         WHERE id = :id
        """,
        {"id": subscription_id},
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        """
        UPDATE subscriptions SET paused_at = NULL, paused_until = NULL, catches_up = 0
         WHERE id = :id
        """,
        {"id": subscription_id},
    )
    place = (GuildId(row["guild_id"]), ChannelId(row["channel_id"]))
    posted, rolled_up = 0, 0
    if row["paused_at"] is not None and row["catches_up"]:
        posted, rolled_up = owing.catch_up(
            connection,
            index,
            FeedId(row["feed_id"]),
            place,
            values.from_ms(row["paused_at"]),
            now,
            posts_old=bool(row["posts_old"]),
        )
    return Resumed(
        subscription_id=subscription_id,
        guild_id=place[0],
        channel_id=place[1],
        posted=posted,
        rolled_up=rolled_up,
    )


def is_any_to_resume(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether a pause is over; asked often, and nearly always False."""
    row = connection.execute(TO_RESUME, {"now": values.to_ms(now)}).fetchone()
    return row is not None


TO_RESUME = """
    SELECT id FROM subscriptions WHERE paused_until <= :now AND removed_at IS NULL
     ORDER BY paused_until, id
"""


def resume_due(
    connection: sqlite3.Connection, index: SearchIndex, now: datetime
) -> Sequence[Resumed]:
    """Resume the subscriptions whose pause is over."""
    rows = connection.execute(TO_RESUME, {"now": values.to_ms(now)}).fetchall()
    resumed = [resume(connection, index, SubscriptionId(row["id"]), now) for row in rows]
    return [each for each in resumed if each is not None]


def remove(connection: sqlite3.Connection, subscription_id: SubscriptionId, now: datetime) -> None:
    """Mark as removed. Already removed: stays removed since then."""
    connection.execute(
        "UPDATE subscriptions SET removed_at = COALESCE(removed_at, :now) WHERE id = :id",
        {"now": values.to_ms(now), "id": subscription_id},
    )


def restore(connection: sqlite3.Connection, subscription_id: SubscriptionId) -> None:
    """Bring back a removed subscription."""
    connection.execute(
        "UPDATE subscriptions SET removed_at = NULL WHERE id = :id", {"id": subscription_id}
    )


def purge_removed(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete subscriptions removed longer than UNDO_WINDOW ago, and what they still owed."""
    gone = connection.execute(
        """
        SELECT id, feed_id, channel_id FROM subscriptions WHERE removed_at <= :undoable_since
        """,
        {"undoable_since": values.to_ms(now - UNDO_WINDOW)},
    ).fetchall()
    for row in gone:
        owing.forget_unsent(connection, row["feed_id"], row["channel_id"])
        connection.execute("DELETE FROM subscriptions WHERE id = :id", {"id": row["id"]})
