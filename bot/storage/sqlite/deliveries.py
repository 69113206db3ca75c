"""The outbox: which story is owed to which channel, and which post is to be edited.

::

    pending ─► sent ⇄ edit_due          pending ─► abandoned

A post tells one entry, or more: a roundup lists others below it, and the post of a story names the
other sources that have it. What it tells beside its own entry has rows of its own that name it as
their ``roundup_id``, go along with it, and are never claimed.

In mode "story" an entry joins the post that its channel has of its story, as long as that can still
be edited; what comes later, or in mode "each", is a post of its own.
"""

import base64
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

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
    Mode,
    NewEntry,
    Recorded,
    StoryId,
)
from bot.news.posts import EDITABLE_FOR, EDITS_MAX, SOURCE_EDITS_MAX
from bot.news.stories import WINDOW
from bot.storage.sqlite import entries, feeds, stories, values
from bot.storage.sqlite.index import SearchIndex

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
    stored: Sequence[tuple[NewEntry, EntryId]],
    now: datetime,
) -> Recorded:
    """Owe channels what a poll brought: posts in its order, then each one roundup of the rest."""
    queued = 0
    roundups: dict[Place, list[EntryId]] = {}
    for new, entry_id in stored:
        owed = [(place, new.fate) for place in new.deliver_to]
        for place, fate in (*owed, *new.otherwise):
            if fate is Fate.ROLLED_UP:
                roundups.setdefault(place, []).append(entry_id)
            elif fate is Fate.POSTED:
                queued += queue(connection, entry_id, feed_id, place, now)
    for place, listed in roundups.items():
        queued += _queue_roundup(connection, listed, feed_id, place, now)
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
    connection: sqlite3.Connection, entry_id: EntryId, feed_id: FeedId, place: Place, now: datetime
) -> int:
    """Owe an entry to a channel, due at once: as a post, or as a source of one that is there.

    Return 0 where it was owed or sent before, or its link was told there lately.
    """
    match _mode(connection, feed_id, place[1]):
        case Mode.STORY:
            post = connection.execute(
                POST_OF_STORY,
                {
                    "entry_id": entry_id,
                    "channel_id": place[1],
                    "editable_since": values.to_ms(now - EDITABLE_FOR),
                },
            ).fetchone()
            if post is not None:
                return _join(connection, post, entry_id, feed_id, place, now)
        case Mode.EACH:
            if _is_link_told(connection, entry_id, feed_id, place[1], now):
                return 0
        case _ as unreachable:
            assert_never(unreachable)
    return 0 if _add(connection, entry_id, feed_id, place, now) is None else 1


def _mode(connection: sqlite3.Connection, feed_id: FeedId, channel_id: ChannelId) -> Mode:
    row = connection.execute(
        "SELECT mode FROM subscriptions WHERE channel_id = :channel_id AND feed_id = :feed_id",
        {"channel_id": channel_id, "feed_id": feed_id},
    ).fetchone()
    return Mode.STORY if row is None else Mode(row["mode"])


# The channel's post of an entry's story that it can join: unsent, or still to be edited.
POST_OF_STORY = """
    SELECT d.id, d.feed_id, d.state, d.message_id, d.sent_at
      FROM entries AS e
      JOIN deliveries AS d ON d.story_id = e.story_id AND d.channel_id = :channel_id
     WHERE e.id = :entry_id AND d.entry_id <> e.id AND d.kind = 'story' AND d.roundup_id IS NULL
       AND (d.state = 'pending'
            OR (d.state IN ('sent', 'edit_due') AND d.sent_at > :editable_since))
     ORDER BY d.id LIMIT 1
"""


def _join(
    connection: sqlite3.Connection,
    post: sqlite3.Row,
    entry_id: EntryId,
    feed_id: FeedId,
    place: Place,
    now: datetime,
) -> int:
    """Let a post name an entry's feed among its sources; where it is sent, owe it an edit."""
    added = _add(connection, entry_id, feed_id, place, now, roundup_id=post["id"])
    if added is None:
        return 0
    if post["message_id"] is not None:
        connection.execute(
            """
            UPDATE deliveries SET state = 'sent', message_id = :message_id, sent_at = :sent_at
             WHERE id = :id
            """,
            {"id": added, "message_id": post["message_id"], "sent_at": post["sent_at"]},
        )
    if feed_id != post["feed_id"]:
        _lack_sources(connection, post["id"], now)
    return 1


def _lack_sources(connection: sqlite3.Connection, post_id: int, now: datetime) -> None:
    """Owe a post an edit for its sources, unless it had enough of those or may not be edited.

    One that is on its way may have been composed without: whether will be known when it is marked.
    """
    connection.execute(
        """
        UPDATE deliveries
           SET attempts = CASE state WHEN 'sent' THEN 0 ELSE attempts END,
               due_at = CASE state WHEN 'sent' THEN :now ELSE due_at END,
               state = CASE state WHEN 'sent' THEN 'edit_due' ELSE state END,
               lacks_sources = 1
         WHERE id = :id AND (state = 'edit_due'
                OR (state = 'pending' AND attempts > 0)
                OR (state = 'sent' AND sent_at > :since AND source_edits < :edits_max))
        """,
        {
            "id": post_id,
            "now": values.to_ms(now),
            "since": values.to_ms(now - EDITABLE_FOR),
            "edits_max": SOURCE_EDITS_MAX,
        },
    )


# The entries that link where another does, told in a channel lately.
LINK_TOLD = """
    SELECT 1
      FROM entry_links AS own
      JOIN entry_links AS other ON other.link_key = own.link_key AND other.entry_id <> own.entry_id
      JOIN deliveries AS d ON d.entry_id = other.entry_id AND d.channel_id = :channel_id
      JOIN subscriptions AS s ON s.channel_id = d.channel_id AND s.feed_id = :feed_id
     WHERE own.entry_id = :entry_id AND s.suppress_same_link
       AND d.state <> 'abandoned' AND d.created_at > :since
     LIMIT 1
"""


def _is_link_told(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    feed_id: FeedId,
    channel_id: ChannelId,
    now: datetime,
) -> bool:
    row = connection.execute(
        LINK_TOLD,
        {
            "entry_id": entry_id,
            "feed_id": feed_id,
            "channel_id": channel_id,
            "since": values.to_ms(now - WINDOW),
        },
    ).fetchone()
    return row is not None


def _queue_roundup(
    connection: sqlite3.Connection,
    entries_: Sequence[EntryId],
    feed_id: FeedId,
    place: Place,
    now: datetime,
) -> int:
    """Owe entries to a channel in one message; return 0 where each was owed or sent before."""
    roundup_id: int | None = None
    for entry_id in entries_:
        if roundup_id is None:
            roundup_id = _add(connection, entry_id, feed_id, place, now, kind="roundup")
        else:
            _add(connection, entry_id, feed_id, place, now, roundup_id=roundup_id)
    return 0 if roundup_id is None else 1


def _add(
    connection: sqlite3.Connection,
    entry_id: EntryId,
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
        INSERT INTO deliveries (story_id, entry_id, feed_id, guild_id, channel_id, created_at,
                                due_at, kind, roundup_id)
        SELECT story_id, id, :feed_id, :guild_id, :channel_id, :now, :now, :kind, :roundup_id
          FROM entries WHERE id = :entry_id
        ON CONFLICT (entry_id, channel_id) DO NOTHING
        RETURNING id
        """,
        {
            "entry_id": entry_id,
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
    index: SearchIndex,
    feed_id: FeedId,
    place: Place,
    limit: int,
    now: datetime,
) -> int:
    """Owe a channel the newest entries of a feed, oldest first; return how many posts they make.

    What was told already makes none, nor does what a post of the same story will name.
    """
    if limit <= 0:
        return 0
    rows = connection.execute(
        entries.NEWEST_OF_FEED, {"feed_id": feed_id, "limit": limit}
    ).fetchall()
    newest = [EntryId(row["id"]) for row in reversed(rows)]
    stories.group(connection, index, newest)
    _forget_abandoned(connection, place[1], newest)
    owed = [id_ for id_ in newest if queue(connection, id_, feed_id, place, now)]
    posts: int = connection.execute(
        """
        SELECT COUNT(*) FROM deliveries
         WHERE channel_id = :channel_id AND entry_id IN (SELECT value FROM json_each(:ids))
           AND state = 'pending' AND roundup_id IS NULL
        """,
        {"channel_id": place[1], "ids": values.to_json(owed)},
    ).fetchone()[0]
    return posts


def catch_up(
    connection: sqlite3.Connection,
    index: SearchIndex,
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
        SELECT id FROM entries
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
    ids = [EntryId(row["id"]) for row in rows]
    rest, newest = ids[:-CATCH_UP_MAX], ids[-CATCH_UP_MAX:]
    stories.group(connection, index, newest)
    posted = sum(queue(connection, entry_id, feed_id, place, now) for entry_id in newest)
    told = _queue_roundup(connection, rest, feed_id, place, now)
    return posted, len(rest) if told else 0


def _forget_abandoned(
    connection: sqlite3.Connection, channel_id: ChannelId, ids: Iterable[EntryId]
) -> None:
    """Let what was given up for a channel be owed to it again, under a new id and place in line."""
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE channel_id = :channel_id AND state = 'abandoned'
           AND entry_id IN (SELECT value FROM json_each(:ids))
        """,
        {"channel_id": channel_id, "ids": values.to_json(ids)},
    )


def forget_unsent(connection: sqlite3.Connection, feed_id: FeedId, channel_id: ChannelId) -> None:
    """Delete what a feed still owes a channel. Of a story that others have too, they are left."""
    unsent = {"feed_id": feed_id, "channel_id": channel_id}
    for row in connection.execute(LEFT_BEHIND, unsent).fetchall():
        # The first of the other sources takes the place in line.
        for statement in (
            "UPDATE deliveries SET roundup_id = NULL WHERE id = :heir",
            "UPDATE deliveries SET roundup_id = :heir WHERE roundup_id = :post AND id <> :heir",
        ):
            connection.execute(statement, dict(row))
    connection.execute(
        """
        DELETE FROM deliveries
         WHERE state = 'pending' AND channel_id = :channel_id AND feed_id = :feed_id
        """,
        unsent,
    )


# Unsent posts of a feed that name other sources, with the first of those.
LEFT_BEHIND = """
    SELECT post.id AS post, MIN(source.id) AS heir
      FROM deliveries AS post
      JOIN deliveries AS source ON source.roundup_id = post.id AND source.feed_id <> post.feed_id
     WHERE post.state = 'pending' AND post.channel_id = :channel_id AND post.feed_id = :feed_id
       AND post.kind = 'story'
     GROUP BY post.id
"""


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
               is_outdated = 1
         WHERE id IN (SELECT COALESCE(post.id, told.id)
                        FROM deliveries AS told
                        LEFT JOIN deliveries AS post ON post.id = told.roundup_id
                       WHERE told.entry_id = :entry_id
                         -- A post names its sources, and does not tell what they say.
                         AND (post.id IS NULL OR post.kind = 'roundup'))
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
               is_outdated = CASE WHEN is_outdated AND state = 'edit_due' THEN 2
                                  ELSE is_outdated END,
               lacks_sources = CASE WHEN lacks_sources AND state = 'edit_due' THEN 2
                                    ELSE lacks_sources END
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
               d.entry_id,
               (SELECT MIN(id) FROM entries WHERE story_id = d.story_id) AS leader_id,
               (SELECT s.name FROM subscriptions AS s
                 WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id) AS name,
               (SELECT value FROM meta WHERE key = 'installation_id') AS installation_id
          FROM deliveries AS d WHERE d.id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids)},
    ).fetchall()
    led_by = entries.load(connection, [row["entry_id"] for row in rows])
    of = feeds.load(connection, [row["feed_id"] for row in rows])
    # A story's summary says what its first entry does, which need not be what this channel got.
    summaries = entries.summaries(
        connection,
        [StoryId(row["story_id"]) for row in rows if row["leader_id"] == row["entry_id"]],
    )
    named = _named_in(connection, [row["id"] for row in rows if row["kind"] == "story"])
    told = _told_in(connection, [row["id"] for row in rows if row["kind"] == "roundup"])
    claims = {
        row["id"]: Claim(
            delivery=_delivery(row),
            entry=led_by[EntryId(row["entry_id"])],
            feed=of[FeedId(row["feed_id"])],
            source_name=row["name"] or of[FeedId(row["feed_id"])].title,
            summary=summaries.get(StoryId(row["story_id"])),
            leads_story=row["leader_id"] == row["entry_id"],
            also=named.get(row["id"], ()),
            roundup=told.get(row["id"], ()),
            message_id=_message_id(row["message_id"]),
            newest_message_id=_message_id(row["newest_message_id"]),
        )
        for row in rows
    }
    return [claims[id_] for id_ in ids]


def _named_in(connection: sqlite3.Connection, posts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return what a channel calls the other sources of each post, in the order they came."""
    rows = connection.execute(
        """
        SELECT post.id AS post_id, COALESCE(s.name, f.title) AS name
          FROM json_each(:ids) AS asked
          JOIN deliveries AS post ON post.id = asked.value
          JOIN deliveries AS source ON source.roundup_id = post.id
           AND source.feed_id <> post.feed_id
          JOIN feeds AS f ON f.id = source.feed_id
          LEFT JOIN subscriptions AS s
            ON s.channel_id = source.channel_id AND s.feed_id = source.feed_id
         GROUP BY post.id, source.feed_id ORDER BY MIN(source.id)
        """,
        {"ids": values.to_json(posts)},
    )
    named: dict[int, tuple[str, ...]] = {}
    for row in rows:
        named[row["post_id"]] = (*named.get(row["post_id"], ()), row["name"])
    return named


def _told_in(
    connection: sqlite3.Connection, roundups: Sequence[int]
) -> dict[int, tuple[Entry, ...]]:
    """Return the entries that each roundup tells, newest first."""
    if not roundups:
        return {}
    rows = connection.execute(
        """
        SELECT roundup.value AS roundup_id,
               d.entry_id
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
           SET state = CASE WHEN (is_outdated OR lacks_sources) AND state = 'pending'
                            THEN 'edit_due' ELSE 'sent' END,
               attempts = CASE WHEN is_outdated OR lacks_sources THEN 0 ELSE attempts END,
               due_at = CASE WHEN is_outdated OR lacks_sources THEN :now ELSE due_at END,
               message_id = :message_id, sent_at = :now, lease_until = NULL, last_error = NULL
         WHERE (id = :id OR roundup_id = :id) AND state IN ('pending', 'abandoned')
        """,
        {"id": delivery_id, "message_id": message_id, "now": values.to_ms(now)},
    )


def mark_edited(connection: sqlite3.Connection, delivery_id: DeliveryId, now: datetime) -> None:
    """Record that the message says what its entry says, unless that changed once more."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE WHEN (is_outdated = 1 AND edits + 1 < :edits_max)
                              OR (lacks_sources = 1 AND source_edits + 1 < :source_edits_max)
                            THEN 'edit_due' ELSE 'sent' END,
               edits = edits + (is_outdated > 0),
               source_edits = source_edits + (lacks_sources > 0),
               is_outdated = (is_outdated = 1), lacks_sources = (lacks_sources = 1),
               attempts = 0, due_at = :now, lease_until = NULL, last_error = NULL
         WHERE id = :id AND state = 'edit_due'
        """,
        {
            "id": delivery_id,
            "now": values.to_ms(now),
            "edits_max": EDITS_MAX,
            "source_edits_max": SOURCE_EDITS_MAX,
        },
    )


def leave_as_posted(connection: sqlite3.Connection, delivery_id: DeliveryId, reason: str) -> None:
    """Give up editing a post, now and for good."""
    connection.execute(
        """
        UPDATE deliveries
           SET state = 'sent', edits = MAX(edits, :edits_max), is_outdated = 0,
               source_edits = MAX(source_edits, :source_edits_max), lacks_sources = 0,
               lease_until = NULL, last_error = :reason
         WHERE id = :id AND state = 'edit_due'
        """,
        {
            "id": delivery_id,
            "edits_max": EDITS_MAX,
            "source_edits_max": SOURCE_EDITS_MAX,
            "reason": values.to_text(reason),
        },
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
           SET state = 'sent', is_outdated = 0, lacks_sources = 0, last_error = :reason,
               lease_until = NULL
         WHERE channel_id = :channel_id AND state = 'edit_due'
        """,
        given_up,
    )
