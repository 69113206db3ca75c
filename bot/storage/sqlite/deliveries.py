"""The outbox: which story is owed to which channel, and which post is to be edited.

::

    pending ─► sent ⇄ edit_due          pending ─► abandoned

A roundup is a delivery like any other; the stories that it tells beside its own have rows of their
own that name it, go along with it, and are never claimed.
"""

import base64
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.news.floods import NEWS_FOR
from bot.news.models import (
    CATCH_UP_MAX,
    ChannelId,
    Claim,
    Delivery,
    DeliveryId,
    Entry,
    EntryId,
    Fate,
    FeedId,
    GuildId,
    MessageId,
    NewEntry,
    Recorded,
    StoryId,
)
from bot.news.posts import EDITABLE_FOR, EDITS_MAX
from bot.storage.sqlite import entries, feeds, values

NONCE_MAX = 25  # characters; Discord docs, "Create Message", nonce


def nonce(installation_id: str, delivery_id: DeliveryId) -> str:
    """Return what makes every attempt at a delivery the same message to Discord.

    Derived, not drawn: after a crash between publishing and marking, the next process must send
    the same one. The installation's own random id is part of it because the ids of a database made
    anew begin at 1 again, and Discord, within the nonce's window, would answer with the old
    database's post instead of taking the new one.
    """
    digest = hashlib.sha256(f"{installation_id}:{delivery_id}".encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:NONCE_MAX]


# --- Owing ---

Place: TypeAlias = tuple[GuildId, ChannelId]


def owe(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    stored: Sequence[tuple[NewEntry, StoryId]],
    now: datetime,
) -> Recorded:
    """Owe channels what a poll brought: posts in its order, then each one roundup of the rest."""
    queued = 0
    roundups: dict[Place, list[StoryId]] = {}
    for new, story_id in stored:
        owed = [(place, new.fate) for place in new.deliver_to]
        for place, fate in (*owed, *new.otherwise):
            if fate is Fate.ROLLED_UP:
                roundups.setdefault(place, []).append(story_id)
            elif fate is Fate.POSTED:
                queued += queue(connection, story_id, feed_id, place, now)
    for place, stories in roundups.items():
        queued += _queue_roundup(connection, stories, feed_id, place, now)
    told = Counter(_told(new) for new, _ in stored)
    kept = Counter(new.fate for new, _ in stored if _told(new) is None)
    return Recorded(
        new_entries=len(stored),
        deliveries=queued,
        posted=told[Fate.POSTED],
        rolled_up=told[Fate.ROLLED_UP],
        too_old=kept[Fate.TOO_OLD],
        held_back=kept[Fate.HELD_BACK],
    )


def _told(new: NewEntry) -> Fate | None:
    """Return the best that becomes of an entry in any channel; None where none hears of it."""
    fates = {new.fate} if new.deliver_to else set()
    fates |= {fate for _, fate in new.otherwise}
    return next((fate for fate in (Fate.POSTED, Fate.ROLLED_UP) if fate in fates), None)


def queue(
    connection: sqlite3.Connection, story_id: StoryId, feed_id: FeedId, place: Place, now: datetime
) -> int:
    """Owe a story to a channel, due at once; return 0 where it was owed or sent before."""
    return 0 if _add(connection, story_id, feed_id, place, now) is None else 1


def _queue_roundup(
    connection: sqlite3.Connection,
    stories: Sequence[StoryId],
    feed_id: FeedId,
    place: Place,
    now: datetime,
) -> int:
    """Owe stories to a channel in one message; return 0 where each was owed or sent before."""
    roundup_id: int | None = None
    for story_id in stories:
        if roundup_id is None:
            roundup_id = _add(connection, story_id, feed_id, place, now, kind="roundup")
        else:
            _add(connection, story_id, feed_id, place, now, roundup_id=roundup_id)
    return 0 if roundup_id is None else 1


def _add(
    connection: sqlite3.Connection,
    story_id: StoryId,
    feed_id: FeedId,
    place: Place,
    now: datetime,
    *,
    kind: str = "story",
    roundup_id: int | None = None,
) -> int | None:
    guild_id, channel_id = place
    row = connection.execute(
        """
        INSERT INTO deliveries (story_id, feed_id, guild_id, channel_id, created_at, due_at, kind,
                                roundup_id)
        VALUES (:story_id, :feed_id, :guild_id, :channel_id, :now, :now, :kind, :roundup_id)
        ON CONFLICT (story_id, channel_id) DO NOTHING
        RETURNING id
        """,
        {
            "story_id": story_id,
            "feed_id": feed_id,
            "guild_id": guild_id,
            "channel_id": channel_id,
            "now": values.to_ms(now),
            "kind": kind,
            "roundup_id": roundup_id,
        },
    ).fetchone()
    return None if row is None else int(row["id"])


def queue_newest(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    place: Place,
    limit: int,
    now: datetime,
) -> int:
    """Owe a channel the newest stories of a feed, oldest first; return how many were not yet."""
    if limit <= 0:
        return 0
    rows = connection.execute(
        entries.NEWEST_OF_FEED, {"feed_id": feed_id, "limit": limit}
    ).fetchall()
    newest = entries.load(connection, [row["id"] for row in reversed(rows)]).values()
    _forget_abandoned(connection, place[1], (entry.story_id for entry in newest))
    return sum(queue(connection, entry.story_id, feed_id, place, now) for entry in newest)


def catch_up(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    place: Place,
    since: datetime,
    now: datetime,
    *,
    posts_old: bool,
) -> tuple[int, int]:
    """Owe a channel what a feed brought since *since*; return how many posts, and in the roundup.

    The newest CATCH_UP_MAX one by one, oldest of them first, then the rest in one message.
    """
    rows = connection.execute(
        """
        SELECT story_id FROM entries
         WHERE feed_id = :feed_id AND first_seen_at > :since
           AND (:posts_old OR dated_at >= first_seen_at - :news_for)
         ORDER BY dated_at, id
        """,
        {
            "feed_id": feed_id,
            "since": values.to_ms(since),
            "posts_old": posts_old,
            "news_for": NEWS_FOR // timedelta(milliseconds=1),
        },
    ).fetchall()
    stories = [StoryId(row["story_id"]) for row in rows]
    rest = stories[:-CATCH_UP_MAX]
    posted = sum(
        queue(connection, story_id, feed_id, place, now) for story_id in stories[-CATCH_UP_MAX:]
    )
    told = _queue_roundup(connection, rest, feed_id, place, now)
    return posted, len(rest) if told else 0


def _forget_abandoned(
    connection: sqlite3.Connection, channel_id: ChannelId, stories: Iterable[StoryId]
) -> None:
    """Let what was given up for a channel be owed to it again, under a new id and place in line."""
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE channel_id = :channel_id AND state = 'abandoned'
           AND story_id IN (SELECT value FROM json_each(:stories))
        """,
        {"channel_id": channel_id, "stories": values.to_json(stories)},
    )


def forget_unsent(connection: sqlite3.Connection, feed_id: FeedId, channel_id: ChannelId) -> None:
    """Delete what a feed still owes a channel."""
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE state = 'pending' AND channel_id = :channel_id AND feed_id = :feed_id
        """,
        {"feed_id": feed_id, "channel_id": channel_id},
    )


def owe_edit(connection: sqlite3.Connection, entry_id: EntryId, now: datetime) -> None:
    """Owe the posts that show an entry an edit, unless they are too old or edited too often.

    A post that may be on its way, claimed but not marked, is noted to be outdated: whether it says
    the old or the new will only be known when it is marked.
    """
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE state WHEN 'sent' THEN 'edit_due' ELSE state END,
               attempts = CASE state WHEN 'sent' THEN 0 ELSE attempts END,
               due_at = CASE state WHEN 'sent' THEN :now ELSE due_at END,
               is_outdated = (state <> 'sent')
         WHERE id IN (SELECT COALESCE(told.roundup_id, told.id)
                        FROM entries AS e JOIN deliveries AS told ON told.story_id = e.story_id
                       WHERE e.id = :entry_id
                         AND e.id = (SELECT MIN(id) FROM entries WHERE story_id = e.story_id))
           AND ((state = 'sent' AND sent_at > :since AND edits < :edits_max)
                OR state = 'edit_due'
                OR (state = 'pending' AND attempts > 0))
        """,
        {
            "entry_id": entry_id,
            "now": values.to_ms(now),
            "since": values.to_ms(now - EDITABLE_FOR),
            "edits_max": EDITS_MAX,
        },
    )


# --- Claiming ---

# The first unsent delivery of each channel that has one. The channels are found by stepping from
# one to the next in the index, so that the cost grows with the channels and not with their
# backlog. What a removed subscription owes is passed over: it waits for restore or tidy.
HEADS = """
    WITH RECURSIVE waiting (channel_id) AS (
      SELECT MIN(channel_id) FROM deliveries WHERE state = 'pending'
      UNION ALL
      SELECT (SELECT MIN(channel_id) FROM deliveries
               WHERE state = 'pending' AND channel_id > waiting.channel_id)
        FROM waiting WHERE waiting.channel_id IS NOT NULL
    )
    SELECT head.id, head.channel_id, head.due_at, head.lease_until
      FROM waiting
      JOIN deliveries AS head ON head.id = (
        SELECT d.id FROM deliveries AS d
         WHERE d.state = 'pending' AND d.channel_id = waiting.channel_id AND d.roundup_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                            WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                              AND s.removed_at IS NOT NULL)
         ORDER BY d.id LIMIT 1)
"""


# The oldest post to edit of each channel that has one.
EDIT_HEADS = """
    WITH RECURSIVE editing (channel_id) AS (
      SELECT MIN(channel_id) FROM deliveries WHERE state = 'edit_due'
      UNION ALL
      SELECT (SELECT MIN(channel_id) FROM deliveries
               WHERE state = 'edit_due' AND channel_id > editing.channel_id)
        FROM editing WHERE editing.channel_id IS NOT NULL
    )
    SELECT head.id, head.channel_id, head.due_at, head.lease_until
      FROM editing
      JOIN deliveries AS head ON head.id = (
        SELECT d.id FROM deliveries AS d
         WHERE d.state = 'edit_due' AND d.channel_id = editing.channel_id
         ORDER BY d.id LIMIT 1)
"""


def _heads(connection: sqlite3.Connection) -> Iterable[sqlite3.Row]:
    """Return what each channel is served next: what is unsent before what is to be edited."""
    heads = {row["channel_id"]: row for row in connection.execute(EDIT_HEADS)}
    heads.update((row["channel_id"], row) for row in connection.execute(HEADS))
    return heads.values()


def claim(
    connection: sqlite3.Connection, now: datetime, lease: timedelta, limit: int
) -> Sequence[Claim]:
    """Take due deliveries for sending: of each channel at most one, its oldest unsent."""
    moment = values.to_ms(now)
    due = sorted(
        (row["due_at"], row["id"])
        for row in _heads(connection)
        if row["due_at"] <= moment and (row["lease_until"] or 0) <= moment
    )
    ids = [id_ for _, id_ in due[:limit]]
    connection.execute(
        """
        UPDATE deliveries
           SET lease_until = :lease_until, attempts = attempts + 1,
               tried_at = COALESCE(tried_at, :now),
               is_outdated = (is_outdated AND state = 'pending')
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {
            "lease_until": values.to_ms(now + lease),
            "now": moment,
            "ids": values.to_json(ids),
        },
    )
    return _claims(connection, ids)


def _claims(connection: sqlite3.Connection, ids: Sequence[int]) -> Sequence[Claim]:
    rows = connection.execute(
        """
        SELECT d.id, d.story_id, d.feed_id, d.guild_id, d.channel_id, d.attempts, d.created_at,
               d.tried_at, d.kind, d.message_id,
               CASE WHEN d.attempts > 1 AND d.state = 'pending' THEN (
                 SELECT MAX(p.message_id) FROM deliveries AS p
                  WHERE p.channel_id = d.channel_id AND p.state IN ('sent', 'edit_due'))
               END AS newest_message_id,
               (SELECT MIN(id) FROM entries WHERE story_id = d.story_id) AS entry_id,
               (SELECT s.name FROM subscriptions AS s
                 WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id) AS name,
               (SELECT value FROM meta WHERE key = 'installation_id') AS installation_id
          FROM deliveries AS d WHERE d.id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids)},
    ).fetchall()
    led_by = entries.load(connection, [row["entry_id"] for row in rows])
    of = feeds.load(connection, [row["feed_id"] for row in rows])
    summaries = entries.summaries(connection, [StoryId(row["story_id"]) for row in rows])
    told = _told_in(connection, [row["id"] for row in rows if row["kind"] == "roundup"])
    claims = {
        row["id"]: Claim(
            delivery=_delivery(row),
            entry=led_by[EntryId(row["entry_id"])],
            feed=of[FeedId(row["feed_id"])],
            source_name=row["name"] or of[FeedId(row["feed_id"])].title,
            summary=summaries.get(StoryId(row["story_id"])),
            roundup=told.get(row["id"], ()),
            message_id=_message_id(row["message_id"]),
            newest_message_id=_message_id(row["newest_message_id"]),
        )
        for row in rows
    }
    return [claims[id_] for id_ in ids]


def _told_in(
    connection: sqlite3.Connection, roundups: Sequence[int]
) -> dict[int, tuple[Entry, ...]]:
    """Return the entries that each roundup tells, newest first."""
    if not roundups:
        return {}
    rows = connection.execute(
        """
        SELECT roundup.value AS roundup_id,
               (SELECT MIN(id) FROM entries WHERE story_id = d.story_id) AS entry_id
          FROM json_each(:ids) AS roundup
          JOIN deliveries AS d ON d.id = roundup.value OR d.roundup_id = roundup.value
        """,
        {"ids": values.to_json(roundups)},
    ).fetchall()
    of = entries.load(connection, [row["entry_id"] for row in rows])
    told: dict[int, list[Entry]] = {id_: [] for id_ in roundups}
    for row in rows:
        told[row["roundup_id"]].append(of[EntryId(row["entry_id"])])
    return {
        id_: tuple(sorted(each, key=lambda entry: (entry.dated_at, entry.id), reverse=True))
        for id_, each in told.items()
    }


def _message_id(value: int | None) -> MessageId | None:
    return None if value is None else MessageId(value)


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=DeliveryId(row["id"]),
        story_id=StoryId(row["story_id"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        nonce=nonce(row["installation_id"], row["id"]),
        attempts=row["attempts"],
        created_at=values.from_ms(row["created_at"]),
        tried_at=values.from_ms(row["tried_at"]) if row["attempts"] > 1 else None,
    )


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next delivery can be claimed, or None where nothing waits."""
    times = [max(row["due_at"], row["lease_until"] or row["due_at"]) for row in _heads(connection)]
    return values.from_ms(min(times)) if times else None


def release_leases(connection: sqlite3.Connection) -> int:
    """Make every claimed delivery due again; return how many."""
    return sum(
        connection.execute(f"{free} AND lease_until IS NOT NULL").rowcount
        for free in (
            # One statement each: neither index would serve both.
            "UPDATE deliveries SET lease_until = NULL WHERE state = 'pending'",
            "UPDATE deliveries SET lease_until = NULL WHERE state = 'edit_due'",
        )
    )


# --- Marking ---


def mark_sent(
    connection: sqlite3.Connection, delivery_id: DeliveryId, message_id: MessageId, now: datetime
) -> None:
    """Record that the story is in the channel, whatever was decided about it meanwhile.

    With a roundup, so is all that it tells. What is outdated already is to be edited.
    """
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN is_outdated AND state = 'pending' THEN 'edit_due' ELSE 'sent' END,
               attempts = CASE WHEN is_outdated THEN 0 ELSE attempts END,
               due_at = CASE WHEN is_outdated THEN :now ELSE due_at END,
               message_id = :message_id, sent_at = :now, is_outdated = 0, lease_until = NULL,
               last_error = NULL
         WHERE (id = :id OR roundup_id = :id) AND state IN ('pending', 'abandoned')
        """,
        {"id": delivery_id, "message_id": message_id, "now": values.to_ms(now)},
    )


def mark_edited(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Record that the message says what its entry says, unless that changed once more."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN is_outdated AND edits + 1 < :edits_max THEN 'edit_due'
                            ELSE 'sent' END,
               edits = edits + 1, attempts = 0, due_at = :now, is_outdated = 0, lease_until = NULL,
               last_error = NULL
         WHERE id = :id AND state = 'edit_due'
        """,
        {"id": delivery_id, "now": values.to_ms(now), "edits_max": EDITS_MAX},
    )


def leave_as_posted(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give up editing a post, now and for good."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', edits = MAX(edits, :edits_max), is_outdated = 0, lease_until = NULL,
               last_error = :reason
         WHERE id = :id AND state = 'edit_due'
        """,
        {"id": delivery_id, "edits_max": EDITS_MAX, "reason": values.to_text(reason)},
    )


def retry_at(
    connection: sqlite3.Connection, delivery_id: DeliveryId, due_at: datetime, reason: str
) -> None:
    """Give a claimed delivery back, due later; an edit is dropped once its post is too old."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN state = 'edit_due' AND sent_at <= :editable_since THEN 'sent'
                            ELSE state END,
               due_at = :due_at, last_error = :reason, lease_until = NULL
         WHERE id = :id AND state IN ('pending', 'edit_due')
        """,
        {
            "id": delivery_id,
            "due_at": values.to_ms(due_at),
            "editable_since": values.to_ms(due_at - EDITABLE_FOR),
            "reason": values.to_text(reason),
        },
    )


def abandon(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give a delivery up for good, with a roundup all that it would tell."""
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE (id = :id OR roundup_id = :id) AND state = 'pending'
        """,
        {"id": delivery_id, "reason": values.to_text(reason)},
    )


def abandon_channel(connection: sqlite3.Connection, channel_id: ChannelId, reason: str) -> None:
    """Give up all that a channel is owed, posts and edits."""
    given_up = {"channel_id": channel_id, "reason": values.to_text(reason)}
    connection.execute(
        """
        UPDATE deliveries SET state = 'abandoned', last_error = :reason, lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'pending'
        """,
        given_up,
    )
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', is_outdated = 0, last_error = :reason, lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'edit_due'
        """,
        given_up,
    )
