"""What a post is made of, for those who ask why it is there."""

import sqlite3

from bot.news.models import ChannelId, EntryId, FeedId, MessageId, Origin, Why
from bot.storage.sqlite import channels, entries, feeds, values

# All that a message tells has a delivery of its own that names the message.
ORIGINS = """
    SELECT e.id, e.feed_id, e.article_note,
           (SELECT s.name FROM subscriptions AS s
             WHERE s.feed_id = e.feed_id AND s.channel_id = d.channel_id) AS name
      FROM deliveries AS d
      JOIN entries AS e ON e.id = d.entry_id
     WHERE d.channel_id = :channel_id AND d.message_id = :message_id
       AND d.state IN ('sent', 'edit_due')
     ORDER BY e.first_seen_at, e.id
"""


def why(connection: sqlite3.Connection, channel_id: ChannelId, message_id: MessageId) -> Why | None:
    """Return what a post is made of; None where it is none of ours, or not known any more."""
    post = {"channel_id": channel_id, "message_id": message_id}
    sent = connection.execute(
        """
        SELECT entry_id, sent_at,
               CASE WHEN bundle_id IS NOT NULL THEN 'bundle' ELSE kind END AS kind
          FROM deliveries
         WHERE channel_id = :channel_id AND message_id = :message_id
           AND state IN ('sent', 'edit_due')
         ORDER BY roundup_id IS NOT NULL, id LIMIT 1
        """,
        post,
    ).fetchone()
    if sent is None:
        return None
    rows = connection.execute(ORIGINS, post).fetchall()
    read = entries.load(connection, [row["id"] for row in rows])
    sources = feeds.load(connection, {row["feed_id"] for row in rows})
    told_of = EntryId(sent["entry_id"])
    length = channels.options(connection, channel_id).length
    summaries = entries.summaries(connection, [told_of, *read], length)
    return Why(
        origins=tuple(
            Origin(
                entry=read[row["id"]],
                source_name=row["name"] or sources[FeedId(row["feed_id"])].title,
                note=row["article_note"],
                summary=summaries.get(EntryId(row["id"])),
            )
            for row in rows
        ),
        summary=summaries.get(told_of),
        sent_at=values.from_ms_or_none(sent["sent_at"]),
        kind=sent["kind"],
    )
