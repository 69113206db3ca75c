"""What channels chose, and its undoing."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime

from bot.news.channels import ChannelEdited, ChannelEditId, ChannelOptions
from bot.news.models import UNDO_WINDOW, ChannelId, DeliveryId, GuildId, Length
from bot.news.pace import hour_of, opens_at
from bot.storage.sqlite import values


def options(connection: sqlite3.Connection, channel_id: ChannelId) -> ChannelOptions:
    """Return what a channel chose."""
    return options_of(connection, [channel_id]).get(channel_id, ChannelOptions())


def options_of(
    connection: sqlite3.Connection, channel_ids: Iterable[ChannelId]
) -> dict[ChannelId, ChannelOptions]:
    """Return what channels chose, of those that chose anything."""
    rows = connection.execute(
        """
        SELECT channel_id, time_zone, quiet_from_min, quiet_until_min, hourly_max, is_bundled,
               digest_at_min, digest_days, digest_top, is_published, is_silent, is_by_source,
               has_threads, length, tags
          FROM channels WHERE channel_id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(channel_ids)},
    )
    return {
        ChannelId(row["channel_id"]): replace(
            of_row(row),
            is_published=bool(row["is_published"]),
            is_silent=bool(row["is_silent"]),
            is_by_source=bool(row["is_by_source"]),
            has_threads=bool(row["has_threads"]),
            length=Length(row["length"]),
            tags=tuple(json.loads(row["tags"]).items()),
        )
        for row in rows
    }


def of_row(row: sqlite3.Row) -> ChannelOptions:
    """Return the options in a row of ``channels`` that say when, not how."""
    return ChannelOptions(
        time_zone=row["time_zone"],
        quiet_from_min=row["quiet_from_min"],
        quiet_until_min=row["quiet_until_min"],
        hourly_max=row["hourly_max"],
        is_bundled=bool(row["is_bundled"]),
        digest_at_min=row["digest_at_min"],
        digest_days=values.from_json(row["digest_days"]),
        digest_top=row["digest_top"],
    )


def choose(
    connection: sqlite3.Connection,
    guild_id: GuildId,
    channel_id: ChannelId,
    wanted: ChannelOptions,
    now: datetime,
) -> ChannelEdited | None:
    """Give a channel *wanted*; None where it has that already."""
    before = options(connection, channel_id)
    if before == wanted:
        return None
    _apply(connection, guild_id, channel_id, wanted)
    row = connection.execute(
        """
        INSERT INTO channel_edits (channel_id, before, after, edited_at)
        VALUES (:channel_id, :before, :after, :now)
        RETURNING id
        """,
        {
            "channel_id": channel_id,
            "before": _to_json(before),
            "after": _to_json(wanted),
            "now": values.to_ms(now),
        },
    ).fetchone()
    return ChannelEdited(
        id=ChannelEditId(row["id"]), channel_id=channel_id, before=before, after=wanted
    )


def undo(
    connection: sqlite3.Connection, edit_id: ChannelEditId, guild_id: GuildId, now: datetime
) -> ChannelEdited | None:
    """Undo a choice, ``before`` and ``after`` named as there.

    None where it is longer ago than UNDO_WINDOW, another guild's, or was changed again.
    """
    row = connection.execute(
        """
        SELECT e.channel_id, e.before, e.after
          FROM channel_edits AS e JOIN channels AS c ON c.channel_id = e.channel_id
         WHERE e.id = :id AND c.guild_id = :guild_id AND e.edited_at > :undoable_since
        """,
        {"id": edit_id, "guild_id": guild_id, "undoable_since": values.to_ms(now - UNDO_WINDOW)},
    ).fetchone()
    if row is None:
        return None
    channel_id = ChannelId(row["channel_id"])
    before, after = _from_json(row["before"]), _from_json(row["after"])
    if options(connection, channel_id) != after:
        return None
    _apply(connection, guild_id, channel_id, before)
    connection.execute("DELETE FROM channel_edits WHERE id = :id", {"id": edit_id})
    return ChannelEdited(id=edit_id, channel_id=channel_id, before=before, after=after)


def _apply(
    connection: sqlite3.Connection,
    guild_id: GuildId,
    channel_id: ChannelId,
    wanted: ChannelOptions,
) -> None:
    connection.execute(
        """
        INSERT INTO channels (channel_id, guild_id, time_zone, quiet_from_min, quiet_until_min,
                              hourly_max, is_bundled, digest_at_min, digest_days, digest_top,
                              is_published, is_silent, is_by_source, has_threads, length, tags)
        VALUES (:channel_id, :guild_id, :time_zone, :quiet_from_min, :quiet_until_min,
                :hourly_max, :is_bundled, :digest_at_min, :digest_days, :digest_top,
                :is_published, :is_silent, :is_by_source, :has_threads, :length, :tags)
        ON CONFLICT (channel_id) DO UPDATE
           SET guild_id = excluded.guild_id, time_zone = excluded.time_zone,
               quiet_from_min = excluded.quiet_from_min,
               quiet_until_min = excluded.quiet_until_min, hourly_max = excluded.hourly_max,
               is_bundled = excluded.is_bundled, digest_at_min = excluded.digest_at_min,
               digest_days = excluded.digest_days, digest_top = excluded.digest_top,
               is_published = excluded.is_published, is_silent = excluded.is_silent,
               is_by_source = excluded.is_by_source, has_threads = excluded.has_threads,
               length = excluded.length, tags = excluded.tags
        """,
        {
            **asdict(wanted),
            "digest_days": values.to_json(wanted.digest_days),
            "tags": json.dumps(dict(wanted.tags)),
            "channel_id": channel_id,
            "guild_id": guild_id,
        },
    )


def _to_json(chosen: ChannelOptions) -> str:
    return json.dumps(asdict(chosen), ensure_ascii=False)


def _from_json(text: str) -> ChannelOptions:
    """Return options; what an older Herald did not know is as nobody touched it."""
    said = json.loads(text)
    said["digest_days"] = tuple(said.get("digest_days", ChannelOptions().digest_days))
    said["length"] = Length(said.get("length", Length.NORMAL))
    said["tags"] = tuple((category, tag) for category, tag in said.get("tags", ()))
    return ChannelOptions(**said)


def closed(connection: sqlite3.Connection, channel_ids: Iterable[int], now: datetime) -> set[int]:
    """Return those of the channels that are not to be written to now."""
    rows = connection.execute(
        """
        SELECT channel_id, time_zone, quiet_from_min, quiet_until_min, hourly_max, is_bundled,
               digest_at_min, digest_days, digest_top,
               CASE WHEN hour_at = :hour_at THEN hour_sent ELSE 0 END AS hour_sent
          FROM channels
         WHERE channel_id IN (SELECT value FROM json_each(:ids))
           AND (quiet_from_min IS NOT NULL OR hourly_max IS NOT NULL)
        """,
        {"ids": values.to_json(channel_ids), "hour_at": values.to_ms(hour_of(now))},
    )
    return {
        row["channel_id"]
        for row in rows
        if opens_at(of_row(row), row["hour_sent"], now) is not None
    }


def count_message(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Count a message of Herald's in the channel of a delivery, where anybody chose anything."""
    connection.execute(
        """
        UPDATE channels
           SET hour_sent = CASE WHEN hour_at = :hour_at THEN hour_sent + 1 ELSE 1 END,
               hour_at = :hour_at
         WHERE channel_id = (SELECT channel_id FROM deliveries WHERE id = :id)
        """,
        {"id": delivery_id, "hour_at": values.to_ms(hour_of(now))},
    )


def forget_old_edits(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete what can no longer be undone."""
    connection.execute(
        "DELETE FROM channel_edits WHERE edited_at <= :undoable_since",
        {"undoable_since": values.to_ms(now - UNDO_WINDOW)},
    )
