"""What a server of Discord's chose."""

import sqlite3

from bot.news.models import ChannelId, GuildId
from bot.storage.sqlite import holds


def log_channel(connection: sqlite3.Connection, guild_id: GuildId) -> ChannelId | None:
    """Return where a guild wants to be told of its feeds' health; None: nowhere."""
    row = connection.execute(
        "SELECT log_channel_id FROM guilds WHERE guild_id = :guild_id", {"guild_id": guild_id}
    ).fetchone()
    if row is None or row["log_channel_id"] is None:
        return None
    return ChannelId(row["log_channel_id"])


def set_log_channel(
    connection: sqlite3.Connection, guild_id: GuildId, channel_id: ChannelId | None
) -> None:
    """Choose where a guild is told of its feeds' health.

    What waits to be told goes to the new channel, or nowhere.
    """
    connection.execute(
        """
        INSERT INTO guilds (guild_id, log_channel_id) VALUES (:guild_id, :channel_id)
        ON CONFLICT (guild_id) DO UPDATE SET log_channel_id = excluded.log_channel_id
        """,
        {"guild_id": guild_id, "channel_id": channel_id},
    )
    if channel_id is not None:
        connection.execute(
            """
            UPDATE bulletins SET channel_id = :channel_id, due_at = created_at
             WHERE guild_id = :guild_id AND state = 'pending'
            """,
            {"guild_id": guild_id, "channel_id": channel_id},
        )
    else:
        connection.execute(
            "DELETE FROM notices WHERE guild_id = :guild_id AND bulletin_id IS NULL",
            {"guild_id": guild_id},
        )
        connection.execute(
            """
            UPDATE bulletins SET state = 'abandoned', lease_until = NULL,
                   last_error = 'the log channel was unset'
             WHERE guild_id = :guild_id AND state = 'pending'
            """,
            {"guild_id": guild_id},
        )
        holds.untell(connection)


def forget_log_channel(connection: sqlite3.Connection, channel_id: ChannelId) -> None:
    """Unset a channel that is gone wherever it is the log channel."""
    rows = connection.execute(
        "SELECT guild_id FROM guilds WHERE log_channel_id = :channel_id",
        {"channel_id": channel_id},
    ).fetchall()
    for row in rows:
        set_log_channel(connection, GuildId(row["guild_id"]), None)
