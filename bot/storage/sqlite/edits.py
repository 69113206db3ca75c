"""What admins change of subscriptions, and its undoing."""

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime

from bot.errors import AlreadyFollowed
from bot.news.models import (
    UNDO_WINDOW,
    ChannelId,
    Choices,
    Edited,
    EditId,
    GuildId,
    Mode,
    Ping,
    SubscriptionId,
)
from bot.storage.sqlite import pings, subscriptions, values


def edit(
    connection: sqlite3.Connection,
    subscription_id: SubscriptionId,
    wanted: Choices,
    now: datetime,
) -> Edited | None:
    """Change what was chosen of a subscription; None where it is not there, or nothing changes.

    Raises AlreadyFollowed where the channel to move to follows the feed already.
    """
    before = _choices(connection, subscription_id)
    if before is None or before == wanted:
        return None
    _apply(connection, subscription_id, wanted)
    row = connection.execute(
        """
        INSERT INTO edits (subscription_id, before, after, edited_at)
        VALUES (:id, :before, :after, :now)
        RETURNING id
        """,
        {
            "id": subscription_id,
            "before": _to_json(before),
            "after": _to_json(wanted),
            "now": values.to_ms(now),
        },
    ).fetchone()
    return Edited(
        id=EditId(row["id"]), subscription_id=subscription_id, before=before, after=wanted
    )


def undo(
    connection: sqlite3.Connection, edit_id: EditId, guild_id: GuildId, now: datetime
) -> Edited | None:
    """Undo an edit, ``before`` and ``after`` named as there.

    None where it is longer ago than UNDO_WINDOW, another guild's, or the subscription is not as the
    edit left it. Raises AlreadyFollowed as `edit` does.
    """
    row = connection.execute(
        """
        SELECT e.subscription_id, e.before, e.after
          FROM edits AS e JOIN subscriptions AS s ON s.id = e.subscription_id
         WHERE e.id = :id AND s.guild_id = :guild_id AND e.edited_at > :undoable_since
        """,
        {
            "id": edit_id,
            "guild_id": guild_id,
            "undoable_since": values.to_ms(now - UNDO_WINDOW),
        },
    ).fetchone()
    if row is None:
        return None
    subscription_id = SubscriptionId(row["subscription_id"])
    before, after = _from_json(row["before"]), _from_json(row["after"])
    if _choices(connection, subscription_id) != after:
        return None
    _apply(connection, subscription_id, before)
    connection.execute("DELETE FROM edits WHERE id = :id", {"id": edit_id})
    return Edited(id=edit_id, subscription_id=subscription_id, before=before, after=after)


def _choices(connection: sqlite3.Connection, subscription_id: SubscriptionId) -> Choices | None:
    row = connection.execute(
        """
        SELECT name, channel_id, every_s, posts_old, mode, tags, ping_role_id, ping_filter,
               ping_rest_s
          FROM subscriptions
         WHERE id = :id AND removed_at IS NULL
        """,
        {"id": subscription_id},
    ).fetchone()
    if row is None:
        return None
    return Choices(
        name=row["name"],
        channel_id=ChannelId(row["channel_id"]),
        every_s=row["every_s"],
        posts_old=bool(row["posts_old"]),
        mode=Mode(row["mode"]),
        tags=tuple(json.loads(row["tags"])),
        ping=pings.ping_of(row),
    )


def _apply(
    connection: sqlite3.Connection, subscription_id: SubscriptionId, wanted: Choices
) -> None:
    """Give a subscription *wanted*. What it owes already stays with the channel it is owed to."""
    place = {"id": subscription_id, "channel_id": wanted.channel_id}
    there = connection.execute(
        """
        SELECT other.id, other.name, other.removed_at, feeds.url
          FROM subscriptions AS mine
          JOIN subscriptions AS other
            ON other.feed_id = mine.feed_id AND other.channel_id = :channel_id
           AND other.id <> mine.id
          JOIN feeds ON feeds.id = mine.feed_id
         WHERE mine.id = :id
        """,
        place,
    ).fetchone()
    if there is not None and there["removed_at"] is None:
        raise AlreadyFollowed(
            f"<#{wanted.channel_id}> follows this feed already, as “{there['name']}”."
            " Remove it there first, or leave this one where it is.",
            url=there["url"],
            channel_id=wanted.channel_id,
        )
    if there is not None:  # removed, and could still be brought back: it gives way
        connection.execute("DELETE FROM subscriptions WHERE id = :id", {"id": there["id"]})
    connection.execute(
        """
        UPDATE subscriptions
           SET name = :name, channel_id = :channel_id, every_s = :every_s, posts_old = :posts_old,
               mode = :mode, tags = :tags, ping_role_id = :ping_role_id,
               ping_filter = :ping_filter, ping_rest_s = :ping_rest_s
         WHERE id = :id
        """,
        {
            **place,
            "name": values.to_text(wanted.name),
            "every_s": wanted.every_s,
            "posts_old": wanted.posts_old,
            "mode": wanted.mode,
            **subscriptions.posting_columns(wanted.tags, wanted.ping),
        },
    )


def _to_json(choices: Choices) -> str:
    return json.dumps(asdict(choices), ensure_ascii=False)


def _from_json(text: str) -> Choices:
    said = json.loads(text)
    ping = said.get("ping")
    return Choices(
        **{
            **said,
            "mode": Mode(said.get("mode", Mode.STORY)),
            "tags": tuple(said.get("tags", ())),
            "ping": Ping(**ping) if ping else None,
        }
    )


def forget_old(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what can no longer be undone."""
    connection.execute(
        "DELETE FROM edits WHERE edited_at <= :undoable_since",
        {"undoable_since": values.to_ms(now - UNDO_WINDOW)},
    )
