"""What channels were told of stories, for those who may read these channels."""

import sqlite3
from collections.abc import Iterable, Sequence
from heapq import nlargest

from bot.news.models import (
    ChannelId,
    EntryId,
    FeedId,
    GuildId,
    MessageId,
    PostRef,
    StoryId,
    StoryLine,
    Telling,
    ToldStory,
)
from bot.storage.sqlite import entries, feeds, values

_NEWEST_OF_CHANNEL = 100  # entries that are looked at for the newest stories
_ENTRIES_MAX = 400  # of all channels together

NEWEST_TOLD = """
    SELECT entry_id FROM deliveries
     WHERE channel_id = :channel_id AND state IN ('sent', 'edit_due')
     ORDER BY entry_id DESC LIMIT :limit
"""

# The entries of stories that were posted in a channel or are named in a post there.
TOLD = """
    SELECT e.id, e.story_id, e.feed_id, d.guild_id, d.channel_id, d.message_id,
           (SELECT s.name FROM subscriptions AS s
             WHERE s.channel_id = d.channel_id AND s.feed_id = e.feed_id) AS name
      FROM entries AS e
      JOIN deliveries AS d ON d.entry_id = e.id AND d.state IN ('sent', 'edit_due')
     WHERE e.story_id IN (SELECT value FROM json_each(:ids))
       AND d.channel_id IN (SELECT value FROM json_each(:channels))
     ORDER BY e.id, d.message_id
"""


def recent(
    connection: sqlite3.Connection, channels: Iterable[ChannelId], limit: int
) -> Sequence[StoryLine]:
    """Return the stories of which channels were told last, the newest first."""
    newest = nlargest(
        _ENTRIES_MAX,
        {
            row["entry_id"]
            for channel_id in channels
            for row in connection.execute(
                NEWEST_TOLD, {"channel_id": channel_id, "limit": _NEWEST_OF_CHANNEL}
            )
        },
    )
    of = connection.execute(
        """
        SELECT story_id, MAX(id) AS newest FROM entries
         WHERE id IN (SELECT value FROM json_each(:ids))
         GROUP BY story_id ORDER BY newest DESC LIMIT :limit
        """,
        {"ids": values.to_json(newest), "limit": limit},
    ).fetchall()
    told: dict[int, list[sqlite3.Row]] = {row["story_id"]: [] for row in of}
    for row in _told(connection, told, channels):
        told[row["story_id"]].append(row)
    heads = entries.load(
        connection, [row["id"] for rows in told.values() for row in (rows[0], rows[-1])]
    )
    return [
        StoryLine(
            id=StoryId(story_id),
            title=heads[EntryId(rows[0]["id"])].title,
            sources=len({row["feed_id"] for row in rows}),
            told_at=heads[EntryId(rows[-1]["id"])].first_seen_at,
        )
        for story_id, rows in told.items()
    ]


def story(
    connection: sqlite3.Connection, story_id: StoryId, channels: Iterable[ChannelId]
) -> ToldStory | None:
    """Return what channels were told of a story; None where nothing."""
    rows = _told(connection, [story_id], channels)
    read = entries.load(connection, [row["id"] for row in rows])
    titles = feeds.titles(connection, {FeedId(row["feed_id"]) for row in rows})
    posts: dict[EntryId, list[sqlite3.Row]] = {}
    for row in rows:
        posts.setdefault(EntryId(row["id"]), []).append(row)
    tellings = tuple(
        Telling(
            entry=read[id_],
            source_name=of[0]["name"] or titles[FeedId(of[0]["feed_id"])],
            posts=tuple(_post(row) for row in of),
        )
        for id_, of in posts.items()
    )
    return ToldStory(id=story_id, tellings=tellings) if tellings else None


def of_message(
    connection: sqlite3.Connection, channel_id: ChannelId, message_id: MessageId
) -> Sequence[StoryId]:
    """Return the stories that a message tells: of a roundup several; none: it is no post."""
    rows = connection.execute(
        """
        SELECT d.story_id
          FROM deliveries AS d
          LEFT JOIN deliveries AS post ON post.id = d.roundup_id
         WHERE d.channel_id = :channel_id AND d.message_id = :message_id
           AND d.state IN ('sent', 'edit_due')
           -- What a post names beside its own entry is of its story, or was until a split.
           AND (post.id IS NULL OR post.kind = 'roundup')
         GROUP BY d.story_id ORDER BY MIN(d.id)
        """,
        {"channel_id": channel_id, "message_id": message_id},
    )
    return [StoryId(row["story_id"]) for row in rows]


def _told(
    connection: sqlite3.Connection, ids: Iterable[int], channels: Iterable[ChannelId]
) -> list[sqlite3.Row]:
    return connection.execute(
        TOLD, {"ids": values.to_json(ids), "channels": values.to_json(channels)}
    ).fetchall()


def _post(row: sqlite3.Row) -> PostRef:
    return PostRef(
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        message_id=MessageId(row["message_id"]),
    )
