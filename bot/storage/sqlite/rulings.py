"""What admins decide about stories: split, merged, and what of it is posted.

::

    split ─► two stories ─► in the admin's server, posts that name what they no longer tell are
                            edited; what no post tells any more is posted only if somebody asks
    merge ─► one story   ─► posts stay; what a split had taken out of one is named there again

Stories are one for all servers; posts of other servers stay as they are.
"""

import sqlite3
from datetime import datetime

from bot.news.models import (
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    MessageId,
    Parted,
    PostRef,
    Split,
    StoryId,
    UserId,
)
from bot.news.posts import EDITABLE_FOR, SOURCE_EDITS_MAX
from bot.storage.sqlite import owing, values
from bot.storage.sqlite.stories import move

_TAKEN_OUT = "an admin took it out of the story whose post named it"


def split(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    guild_id: GuildId | None,
    ruled_by: UserId | None,
    now: datetime,
) -> Split | None:
    """Make an entry a story of its own, for good. None: it is not there, or alone already."""
    row = connection.execute(
        """
        SELECT story_id FROM entries AS e
         WHERE id = :id
           AND EXISTS (SELECT 1 FROM entries WHERE story_id = e.story_id AND id <> e.id)
        """,
        {"id": entry_id},
    ).fetchone()
    if row is None:
        return None
    made = connection.execute(
        "INSERT INTO stories (created_at) VALUES (:now)", {"now": values.to_ms(now)}
    ).lastrowid
    story_id, left = StoryId(made or 0), StoryId(row["story_id"])
    move(connection, [entry_id], left, story_id)
    _rule(connection, story_id, ruled_by, now)
    _rule(connection, left, ruled_by, now)
    if guild_id is None:
        return Split(story_id=story_id)
    return Split(story_id=story_id, parted=_part(connection, (story_id, left), guild_id, now))


def merge(
    connection: sqlite3.Connection,
    source: StoryId,
    target: StoryId,
    ruled_by: UserId | None,
    now: datetime,
) -> bool:
    """Put all entries of *source* into *target*, for good; return whether both are there."""
    found = connection.execute(
        "SELECT COUNT(*) FROM stories WHERE id IN (:source, :target)",
        {"source": source, "target": target},
    ).fetchone()[0]
    if source == target or found != len((source, target)):
        return False
    rows = connection.execute("SELECT id FROM entries WHERE story_id = :id", {"id": source})
    move(connection, [EntryId(row["id"]) for row in rows], source, target)
    _rule(connection, target, ruled_by, now)
    _put_back(connection, target, now)
    return True


def _rule(
    connection: sqlite3.Connection, story_id: StoryId, ruled_by: UserId | None, now: datetime
) -> None:
    """Note that the entries of a story are where an admin wants them: no grouping moves them."""
    connection.execute(
        """
        INSERT INTO story_rulings (entry_id, ruled_by, ruled_at)
        SELECT id, :ruled_by, :now FROM entries WHERE story_id = :story_id
        ON CONFLICT (entry_id) DO UPDATE
           SET ruled_by = excluded.ruled_by, ruled_at = excluded.ruled_at
        """,
        {"story_id": story_id, "ruled_by": ruled_by, "now": values.to_ms(now)},
    )


# Sources of another story than the post that names them, which can still be edited or is not sent.
ASTRAY = """
    SELECT source.id, source.entry_id, source.story_id, source.guild_id, source.channel_id,
           source.message_id, source.feed_id <> post.feed_id AS is_named, post.id AS post_id,
           (SELECT title FROM entries WHERE id = source.entry_id) AS title
      FROM deliveries AS source
      JOIN deliveries AS post ON post.id = source.roundup_id
     WHERE source.story_id IN (SELECT value FROM json_each(:stories))
       AND source.guild_id = :guild_id AND source.story_id <> post.story_id
       AND post.kind = 'story' AND source.state <> 'abandoned'
       AND (post.state IN ('pending', 'sending', 'held')
            OR (post.state IN ('sent', 'edit_due') AND post.sent_at > :editable_since
                AND post.source_edits < :edits_max))
     ORDER BY source.channel_id, source.id
"""


def _part(
    connection: sqlite3.Connection, stories: tuple[StoryId, ...], guild_id: GuildId, now: datetime
) -> tuple[Parted, ...]:
    """Take sources out of posts of other stories; return what no post tells any more.

    Nothing is owed in their place. Where a post is older, it goes on naming them.
    """
    rows = connection.execute(
        ASTRAY,
        {
            "stories": values.to_json(stories),
            "guild_id": guild_id,
            "editable_since": values.to_ms(now - EDITABLE_FOR),
            "edits_max": SOURCE_EDITS_MAX,
        },
    ).fetchall()
    parted: dict[tuple[int, int], Parted] = {}
    for row in rows:
        connection.execute(
            """
            UPDATE deliveries
               SET state = 'abandoned', roundup_id = NULL, message_id = NULL, sent_at = NULL,
                   lease_until = NULL, last_error = :reason
             WHERE id = :id
            """,
            {"id": row["id"], "reason": _TAKEN_OUT},
        )
        if row["is_named"]:
            owing.lack_sources(connection, row["post_id"], now)
        parted.setdefault((row["channel_id"], row["story_id"]), _parted(row))
    return tuple(parted.values())


def _parted(row: sqlite3.Row) -> Parted:
    post = None
    if row["message_id"] is not None:
        post = PostRef(
            guild_id=GuildId(row["guild_id"]),
            channel_id=ChannelId(row["channel_id"]),
            message_id=MessageId(row["message_id"]),
        )
    return Parted(
        story_id=StoryId(row["story_id"]),
        entry_id=EntryId(row["entry_id"]),
        title=row["title"],
        channel_id=ChannelId(row["channel_id"]),
        post=post,
    )


def _put_back(connection: sqlite3.Connection, story_id: StoryId, now: datetime) -> None:
    """Let posts of a story name again what a split had taken out of one."""
    rows = connection.execute(
        """
        SELECT id, entry_id, feed_id, guild_id, channel_id FROM deliveries
         WHERE story_id = :story_id AND state = 'abandoned' AND last_error = :reason
         ORDER BY id
        """,
        {"story_id": story_id, "reason": _TAKEN_OUT},
    ).fetchall()
    for row in rows:
        owing.name_in_post(
            connection,
            EntryId(row["entry_id"]),
            FeedId(row["feed_id"]),
            (GuildId(row["guild_id"]), ChannelId(row["channel_id"])),
            now,
        )


def post_alone(
    connection: sqlite3.Connection, story_id: StoryId, channel_id: ChannelId, now: datetime
) -> bool:
    """Owe a channel the post of a story that a split left without one; return whether it was.

    False where the channel has been told of the story, or is owed it.
    """
    rows = connection.execute(
        """
        SELECT id, entry_id, feed_id, guild_id, state FROM deliveries
         WHERE story_id = :story_id AND channel_id = :channel_id ORDER BY entry_id
        """,
        {"story_id": story_id, "channel_id": channel_id},
    ).fetchall()
    if not rows or any(row["state"] != "abandoned" for row in rows):
        return False
    connection.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": values.to_json(row["id"] for row in rows)},
    )
    post_id: int | None = None
    for row in rows:
        added = owing.add(
            connection,
            EntryId(row["entry_id"]),
            FeedId(row["feed_id"]),
            (GuildId(row["guild_id"]), channel_id),
            now,
            roundup_id=post_id,
        )
        post_id = post_id or added
    return True
