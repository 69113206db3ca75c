"""The outbox, as what is owed: which story goes to which channel, and which post is to be edited.

::

    pending ⇄ sending ─► sent ⇄ edit_due     owed · Discord asked · in the channel, message known
        └───► held ◄┘                          waits for what somebody has to do, and says what
    pending, sending, held ─► abandoned

A post tells one entry, or more: a roundup lists others below it, and the post of a story names the
other sources that have it. What it tells beside its own entry has rows of its own that name it as
their ``roundup_id``, go along with it, and are never claimed.

A digest is a roundup of many feeds. In mode "digest" an entry is `waiting` until the channel's
digest is made (`digests`): nobody's turn before that.

In mode "story" an entry joins the post that its channel has of its story, as long as that can still
be edited; what comes later, or in mode "each", is a post of its own. What a poll brings is owed as
posts, which `join_story` makes sources where its story turns out to have one (`grouping`).
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from bot.news.floods import NEWS_FOR
from bot.news.models import (
    CATCH_UP_MAX,
    ChannelId,
    EntryId,
    Fate,
    FeedId,
    GuildId,
    Mode,
    NewEntry,
    Recorded,
)
from bot.news.posts import EDITABLE_FOR, EDITS_MAX, SOURCE_EDITS_MAX
from bot.news.stories import WINDOW
from bot.storage.sqlite import counts, entries, stories, values
from bot.storage.sqlite.index import SearchIndex

Place: TypeAlias = tuple[GuildId, ChannelId]


def owe(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    stored: Sequence[tuple[NewEntry, EntryId]],
    now: datetime,
) -> Recorded:
    """Owe channels what a poll brought: posts in its order, then each one roundup of the rest."""
    posts: list[tuple[EntryId, Place]] = []
    roundups: dict[Place, list[EntryId]] = {}
    modes: dict[Place, Mode] = {}
    for new, entry_id in stored:
        owed = [(place, new.fate) for place in new.deliver_to]
        for place, fate in (*owed, *new.otherwise):
            if place not in modes:
                modes[place] = _mode(connection, feed_id, place[1])
            if fate is Fate.ROLLED_UP and modes[place] is not Mode.DIGEST:
                roundups.setdefault(place, []).append(entry_id)
            elif fate in {Fate.POSTED, Fate.ROLLED_UP}:
                posts.append((entry_id, place))
    queued = _queue_all(connection, posts, modes, feed_id, now)
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


def _queue_all(
    connection: sqlite3.Connection,
    posts: Sequence[tuple[EntryId, Place]],
    modes: Mapping[Place, Mode],
    feed_id: FeedId,
    now: datetime,
) -> int:
    """Owe each entry to a channel of that mode, as `queue` does, in their order."""
    if Mode.EACH in modes.values():  # one may link where the one before it does
        return sum(
            queue(connection, id_, feed_id, place, now, mode=modes[place]) for id_, place in posts
        )
    lines = [post for post in posts if modes[post[1]] is Mode.DIGEST]
    others = [post for post in posts if modes[post[1]] is not Mode.DIGEST]
    return _add(connection, others, feed_id, now) + _add(
        connection, lines, feed_id, now, state="waiting"
    )


def queue(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    feed_id: FeedId,
    place: Place,
    now: datetime,
    *,
    mode: Mode | None = None,
    as_post: bool = False,
) -> int:
    """Owe an entry to a channel: as a post, due at once, or for its digest; see `join_story`.

    Return 0 where it was owed or sent before, or, in mode "each", its link was told there lately.
    *as_post*: also where the channel has it in mode "digest". *mode*: the channel's, if known.
    """
    mode = mode or _mode(connection, feed_id, place[1])
    match mode:
        case Mode.STORY | Mode.DIGEST:
            pass
        case Mode.EACH:
            if _is_link_told(connection, entry_id, feed_id, place[1], now):
                return 0
        case _ as unreachable:
            assert_never(unreachable)
    state = "waiting" if mode is Mode.DIGEST and not as_post else "pending"
    added = add(connection, entry_id, feed_id, place, now, state=state)
    return 0 if added is None else 1


def name_in_post(
    connection: sqlite3.Connection, entry_id: EntryId, feed_id: FeedId, place: Place, now: datetime
) -> None:
    """Let the channel's post of an entry's story name it, where there is one that can be edited.

    For an entry that the channel has been told of before, or was to be.
    """
    post = _post_of_story(connection, entry_id, place[1], now)
    if post is not None:
        _forget_abandoned(connection, place[1], [entry_id])
        added = add(connection, entry_id, feed_id, place, now, roundup_id=post["id"])
        if added is not None:
            _join(connection, added, feed_id, post, now)


def _take_in_lines(connection: sqlite3.Connection, post_id: int) -> None:
    """Let a post name what its channel's digest was to tell of the same story."""
    connection.execute(
        """
        UPDATE deliveries SET roundup_id = :id, state = 'pending'
         WHERE state = 'waiting'
           AND channel_id = (SELECT channel_id FROM deliveries WHERE id = :id)
           AND story_id = (SELECT story_id FROM deliveries WHERE id = :id)
        """,
        {"id": post_id},
    )


def _mode(connection: sqlite3.Connection, feed_id: FeedId, channel_id: ChannelId) -> Mode:
    row = connection.execute(
        "SELECT mode FROM subscriptions WHERE channel_id = :channel_id AND feed_id = :feed_id",
        {"channel_id": channel_id, "feed_id": feed_id},
    ).fetchone()
    return Mode.STORY if row is None else Mode(row["mode"])


# The channel's post of an entry's story that it can join: unsent, or still to be edited; where that
# is in a digest, the digest. is_line: what waits for one, too.
POST_OF_STORY = """
    SELECT COALESCE(digest.id, d.id) AS id, COALESCE(digest.feed_id, d.feed_id) AS feed_id,
           COALESCE(digest.kind, d.kind) AS kind, d.state, d.message_id, d.sent_at
      FROM entries AS e
      JOIN deliveries AS d ON d.story_id = e.story_id AND d.channel_id = :channel_id
      LEFT JOIN deliveries AS digest ON digest.id = d.roundup_id AND digest.kind = 'digest'
     WHERE e.id = :entry_id AND d.entry_id <> e.id
       AND (digest.id IS NOT NULL OR (d.roundup_id IS NULL AND d.kind IN ('story', 'digest')))
       AND (d.state IN ('pending', 'sending', 'held')
            OR (d.state = 'waiting' AND :is_line)
            OR (d.state IN ('sent', 'edit_due') AND d.sent_at > :editable_since))
     ORDER BY d.id LIMIT 1
"""


def _post_of_story(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    channel_id: ChannelId,
    now: datetime,
    *,
    is_line: bool = False,
) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        POST_OF_STORY,
        {
            "entry_id": entry_id,
            "channel_id": channel_id,
            "editable_since": values.to_ms(now - EDITABLE_FOR),
            "is_line": is_line,
        },
    ).fetchone()
    return row


# What channels that want stories are owed of an entry and nobody has tried to send.
JOINING = """
    SELECT d.id, d.feed_id, d.channel_id, d.state = 'waiting' AS is_line
      FROM deliveries AS d
     WHERE d.entry_id = :entry_id AND d.state IN ('pending', 'held', 'waiting')
       AND d.tried_at IS NULL
       AND d.kind = 'story' AND d.roundup_id IS NULL AND d.bundle_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                        WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                          AND s.mode NOT IN ('story', 'digest'))
     ORDER BY d.id
"""


def join_story(connection: sqlite3.Connection, entry_id: EntryId, now: datetime) -> None:
    """Let what is owed of an entry go along, as a source, with the post that is there of its story.

    Done again it changes nothing.
    """
    for owed in connection.execute(JOINING, {"entry_id": entry_id}).fetchall():
        is_line = bool(owed["is_line"])
        post = _post_of_story(connection, entry_id, owed["channel_id"], now, is_line=is_line)
        if post is not None:
            counts.add(connection, "owed", 0 if is_line else -1)
            _join(connection, owed["id"], owed["feed_id"], post, now)
        elif not is_line:
            _take_in_lines(connection, owed["id"])


def _join(
    connection: sqlite3.Connection, owed: int, feed_id: FeedId, post: sqlite3.Row, now: datetime
) -> None:
    """Make what is owed, with its own sources, a source of a post; if sent, owe that an edit."""
    connection.execute(
        """
        UPDATE deliveries
           SET roundup_id = :post_id, message_id = :message_id, sent_at = :sent_at,
               state = CASE WHEN :message_id IS NOT NULL THEN 'sent'
                            WHEN :state = 'waiting' THEN 'waiting' ELSE 'pending' END
         WHERE id = :id OR roundup_id = :id
        """,
        {
            "id": owed,
            "post_id": post["id"],
            "message_id": post["message_id"],
            "state": post["state"],
            "sent_at": post["sent_at"],
        },
    )
    if feed_id != post["feed_id"] or post["kind"] == "digest":
        lack_sources(connection, post["id"], now)


def lack_sources(connection: sqlite3.Connection, post_id: int, now: datetime) -> None:
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
                OR (state IN ('sending', 'held') AND tried_at IS NOT NULL)
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
    for at, entry_id in enumerate(entries_, 1):
        roundup_id = add(connection, entry_id, feed_id, place, now, kind="roundup")
        if roundup_id is not None:
            others = [(each, place) for each in entries_[at:]]
            _add(connection, others, feed_id, now, roundup_id=roundup_id)
            return 1
    return 0


def add(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    feed_id: FeedId,
    place: Place,
    now: datetime,
    *,
    kind: str = "story",
    state: str = "pending",
    roundup_id: int | None = None,
) -> int | None:
    """Owe an entry to a channel, in a row of its own; None where there is one already."""
    is_owed = _add(
        connection, [(entry_id, place)], feed_id, now, kind=kind, state=state, roundup_id=roundup_id
    )
    if not is_owed:
        return None
    id_: int = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
    return id_


def _add(
    connection: sqlite3.Connection,
    owed: Sequence[tuple[EntryId, Place]],
    feed_id: FeedId,
    now: datetime,
    *,
    kind: str = "story",
    state: str = "pending",
    roundup_id: int | None = None,
) -> int:
    """Owe entries to channels, in their order; return how many there were no rows of already."""
    if not owed:
        return 0
    added = connection.execute(  # RETURNING takes twice as long (measured)
        """
        INSERT INTO deliveries (story_id, entry_id, feed_id, guild_id, channel_id, created_at,
                                due_at, kind, state, roundup_id)
        SELECT e.story_id, e.id, :feed_id, json_extract(owed.value, '$[1]'),
               json_extract(owed.value, '$[2]'), :now, :now, :kind, :state, :roundup_id
          FROM json_each(:owed) AS owed
         CROSS JOIN entries AS e ON e.id = json_extract(owed.value, '$[0]')
         WHERE true
        ON CONFLICT (entry_id, channel_id) DO NOTHING
        """,
        {
            "owed": json.dumps([(entry_id, *place) for entry_id, place in owed]),
            "feed_id": feed_id,
            "now": values.to_ms(now),
            "kind": kind,
            "state": state,
            "roundup_id": roundup_id,
        },
    )
    if roundup_id is None and state == "pending":
        counts.add(connection, "owed", added.rowcount)
    return added.rowcount


def queue_newest(
    connection: sqlite3.Connection,
    index: SearchIndex,
    feed_id: FeedId,
    place: Place,
    limit: int,
    now: datetime,
    *,
    as_posts: bool = False,
) -> int:
    """Owe a channel the newest entries of a feed, oldest first; return how many posts they make.

    What was told already makes none, nor does what a post of the same story will name. *as_posts*:
    what waits for the channel's digest, or would wait, is posted too; else that counts as a post.
    """
    if limit <= 0:
        return 0
    rows = connection.execute(
        entries.NEWEST_OF_FEED, {"feed_id": feed_id, "limit": limit}
    ).fetchall()
    newest = [EntryId(row["id"]) for row in reversed(rows)]
    stories.group(connection, index, newest)
    _forget_abandoned(connection, place[1], newest)
    promoted = _promote(connection, place[1], newest, now) if as_posts else []
    owed = promoted + [
        id_
        for id_ in newest
        if _queue_grouped(connection, id_, feed_id, place, now, as_post=as_posts)
    ]
    posts: int = connection.execute(
        """
        SELECT COUNT(*) FROM deliveries
         WHERE channel_id = :channel_id AND entry_id IN (SELECT value FROM json_each(:ids))
           AND state IN ('pending', 'sending', 'held', 'waiting') AND roundup_id IS NULL
        """,
        {"channel_id": place[1], "ids": values.to_json(owed)},
    ).fetchone()[0]
    return posts


def _promote(
    connection: sqlite3.Connection, channel_id: ChannelId, ids: Iterable[EntryId], now: datetime
) -> list[EntryId]:
    """Make posts of what waits for a channel's digest, of these entries; return of which."""
    rows = connection.execute(
        """
        UPDATE deliveries SET state = 'pending', due_at = :now
         WHERE state = 'waiting' AND channel_id = :channel_id AND roundup_id IS NULL
           AND entry_id IN (SELECT value FROM json_each(:ids))
        RETURNING id, entry_id
        """,
        {"channel_id": channel_id, "ids": values.to_json(ids), "now": values.to_ms(now)},
    ).fetchall()
    connection.execute(
        """
        UPDATE deliveries SET state = 'pending'
         WHERE state = 'waiting' AND roundup_id IN (SELECT value FROM json_each(:posts))
        """,
        {"posts": values.to_json(row["id"] for row in rows)},
    )
    counts.add(connection, "owed", len(rows))
    return [EntryId(row["entry_id"]) for row in rows]


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

    The newest CATCH_UP_MAX one by one, oldest of them first, then the rest in one message; in mode
    "digest" all for that.
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
    if _mode(connection, feed_id, place[1]) is Mode.DIGEST:
        rest, newest = [], ids
    stories.group(connection, index, newest)
    posted = sum(_queue_grouped(connection, id_, feed_id, place, now) for id_ in newest)
    told = _queue_roundup(connection, rest, feed_id, place, now)
    return posted, len(rest) if told else 0


def _queue_grouped(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    feed_id: FeedId,
    place: Place,
    now: datetime,
    *,
    as_post: bool = False,
) -> int:
    """Owe an entry whose story is decided, as `queue` does, and let it join that."""
    queued = queue(connection, entry_id, feed_id, place, now, as_post=as_post)
    if queued:
        join_story(connection, entry_id, now)
    return queued


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
    for states in UNSENT_STATES:
        for row in connection.execute(LEFT_BEHIND.format(states=states), unsent).fetchall():
            # The first of the other sources takes the place in line.
            for statement in (
                "UPDATE deliveries SET roundup_id = NULL, kind = :kind WHERE id = :heir",
                "UPDATE deliveries SET roundup_id = :heir WHERE roundup_id = :post AND id <> :heir",
            ):
                connection.execute(statement, dict(row))
        connection.execute(FORGET.format(states=states), unsent)


# One by one: each has an index of its own.
UNSENT_STATES = ("IN ('pending', 'sending', 'held')", "= 'waiting'")

FORGET = """
    DELETE FROM deliveries
     WHERE state {states} AND channel_id = :channel_id AND feed_id = :feed_id
       -- What a settled bundle holds may be in the channel already.
       AND NOT EXISTS (SELECT 1 FROM deliveries AS first
                        WHERE first.id = deliveries.bundle_id AND first.bundle_id = first.id)
"""

# Unsent posts of a feed that name other sources, with the first of those.
LEFT_BEHIND = """
    SELECT post.id AS post, MIN(source.id) AS heir, post.kind
      FROM deliveries AS post
      JOIN deliveries AS source ON source.roundup_id = post.id AND source.feed_id <> post.feed_id
     WHERE post.state {states}
       AND post.channel_id = :channel_id AND post.feed_id = :feed_id
       AND post.kind IN ('story', 'digest')
       AND NOT EXISTS (SELECT 1 FROM deliveries AS first
                        WHERE first.id = post.bundle_id AND first.bundle_id = first.id)
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
                         AND (post.id IS NULL OR post.kind IN ('roundup', 'digest')))
           AND ((state = 'sent' AND sent_at > :since AND edits < :edits_max)
                OR state = 'edit_due'
                OR (state IN ('sending', 'held') AND tried_at IS NOT NULL))
        """,
        {
            "entry_id": entry_id,
            "now": values.to_ms(now),
            "since": values.to_ms(now - EDITABLE_FOR),
            "edits_max": EDITS_MAX,
        },
    )
