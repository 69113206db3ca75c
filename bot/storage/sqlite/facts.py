"""Facts: those that callers want remembered, and those about the database itself."""

import sqlite3
from pathlib import Path

from bot.news.models import StorageHealth
from bot.storage.sqlite import counts, values

_REMEMBERED = "remembered/"  # keeps callers' keys apart from the database's own


def recall(connection: sqlite3.Connection, key: str) -> str | None:
    """Return a remembered fact."""
    row = connection.execute(
        "SELECT value FROM meta WHERE key = :key", {"key": _REMEMBERED + key}
    ).fetchone()
    return None if row is None else str(row["value"])


def remember(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Remember a fact, in place of what was remembered under the same key."""
    connection.execute(
        """
        INSERT INTO meta (key, value) VALUES (:key, :value)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """,
        {"key": _REMEMBERED + key, "value": values.to_text(value)},
    )


def health(connection: sqlite3.Connection, path: Path) -> StorageHealth:
    """Return facts about the database. The size includes what has not left the write-ahead log."""
    row = connection.execute(
        """
        SELECT (SELECT COUNT(*) FROM feeds) AS feeds,
               (SELECT COUNT(*) FROM entries) AS entries,
               (SELECT COUNT(*) FROM subscriptions WHERE removed_at IS NULL) AS subscriptions,
               (SELECT COUNT(*) FROM deliveries
                 WHERE state IN ('pending', 'sending', 'held')) AS pending,
               (SELECT MIN(created_at) FROM deliveries
                 WHERE state IN ('pending', 'sending', 'held')) AS oldest_pending_at,
               (SELECT COUNT(*) FROM deliveries
                 WHERE state IN ('pending', 'sending', 'held') AND state = 'held') AS held
        """
    ).fetchone()
    files = (path, path.with_name(path.name + "-wal"))
    return StorageHealth(
        path=str(path),
        schema_version=connection.execute("PRAGMA user_version").fetchone()[0],
        size_bytes=sum(file.stat().st_size for file in files if file.exists()),
        feeds=row["feeds"],
        entries=row["entries"],
        subscriptions=row["subscriptions"],
        pending_deliveries=row["pending"],
        held_deliveries=row["held"],
        counts=counts.load(connection),
        oldest_pending_at=values.from_ms_or_none(row["oldest_pending_at"]),
    )
