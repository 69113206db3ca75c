"""The outbox, as it is emptied: what is sent or edited next, with all that composing needs."""

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.news.channels import ChannelOptions
from bot.news.models import (
    ChannelId,
    Claim,
    Delivery,
    DeliveryId,
    Digest,
    Entry,
    EntryId,
    FeedId,
    GuildId,
    Length,
    Manner,
    MessageId,
    RoleId,
    StoryId,
)
from bot.news.places import ANY_OTHER, wanted_tags
from bot.storage.sqlite import bundles, channels, digests, entries, feeds, pings, values

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


# The first unsent delivery of each channel that has one. The channels are found by stepping from
# one to the next in the index, so that the cost grows with the channels and not with their
# backlog. What a removed subscription owes is passed over: it waits for restore or tidy. So is a
# channel that is gone, until its subscriptions are moved, and a server that Herald was put out of.
# What is bundled with others goes with them, whoever is removed.
# What waits for its story to be decided keeps its channel waiting: it goes first, or joins a post;
# in mode "each" it is a post whatever is decided.
HEADS = """
    WITH RECURSIVE waiting (channel_id) AS (
      SELECT MIN(channel_id) FROM deliveries WHERE state IN ('pending', 'sending', 'held')
      UNION ALL
      SELECT (SELECT MIN(channel_id) FROM deliveries
               WHERE state IN ('pending', 'sending', 'held')
                 AND channel_id > waiting.channel_id)
        FROM waiting WHERE waiting.channel_id IS NOT NULL
    )
    SELECT head.id, head.channel_id, head.due_at, head.lease_until, head.state,
           EXISTS (SELECT 1 FROM ungrouped WHERE entry_id = head.entry_id)
             AND NOT EXISTS (SELECT 1 FROM subscriptions AS s
                              WHERE s.channel_id = head.channel_id AND s.feed_id = head.feed_id
                                AND s.mode = 'each') AS is_ungrouped
      FROM waiting
      JOIN deliveries AS head ON head.id = (
        SELECT d.id FROM deliveries AS d
         WHERE d.state IN ('pending', 'sending', 'held')
           AND d.channel_id = waiting.channel_id AND d.roundup_id IS NULL
           AND (d.bundle_id = d.id
                OR NOT EXISTS (SELECT 1 FROM subscriptions AS s
                                WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id
                                  AND s.removed_at IS NOT NULL))
         ORDER BY d.id LIMIT 1)
     WHERE NOT EXISTS (SELECT 1 FROM guilds AS g
                        WHERE g.guild_id = head.guild_id AND g.left_at IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM holds AS h
                        WHERE h.channel_id = waiting.channel_id AND h.ended_at IS NULL
                          AND h.kind = 'gone')
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
    SELECT head.id, head.channel_id, head.due_at, head.lease_until, head.state,
           0 AS is_ungrouped
      FROM editing
      JOIN deliveries AS head ON head.id = (
        SELECT d.id FROM deliveries AS d
         WHERE d.state = 'edit_due' AND d.channel_id = editing.channel_id
         ORDER BY d.id LIMIT 1)
     WHERE NOT EXISTS (SELECT 1 FROM guilds AS g
                        WHERE g.guild_id = head.guild_id AND g.left_at IS NOT NULL)
"""


def _heads(connection: sqlite3.Connection, now: datetime | None = None) -> Iterable[sqlite3.Row]:
    """Return what each channel is served next: what is unsent before what is to be edited.

    *now*: without what is unsent in channels that are not to be written to then, and without what
    waits for somebody to act or for its story: that may take long, and edits need not wait for it.
    """
    heads = {row["channel_id"]: row for row in connection.execute(EDIT_HEADS)}
    unsent = {row["channel_id"]: row for row in connection.execute(HEADS)}
    if now is not None:
        for channel_id in channels.closed(connection, unsent, now):
            del unsent[channel_id]
        moment = values.to_ms(now)
        unsent = {
            channel_id: row
            for channel_id, row in unsent.items()
            if not (row["is_ungrouped"] or (row["state"] == "held" and row["due_at"] > moment))
        }
    return (heads | unsent).values()


def claim(
    connection: sqlite3.Connection, now: datetime, lease: timedelta, limit: int
) -> Sequence[Claim]:
    """Take due deliveries for sending: of each channel at most one message, its oldest unsent.

    Unless that one's story is not decided yet. They are `sending` from here on, whatever becomes of
    this process.
    """
    moment = values.to_ms(now)
    due = sorted(
        (row["due_at"], row["id"], row["state"] == "edit_due")
        for row in _heads(connection, now)
        if row["due_at"] <= moment and (row["lease_until"] or 0) <= moment
    )[:limit]
    due = [
        (due_at, id_ if is_edit else digests.roll(connection, id_, now), is_edit)
        for due_at, id_, is_edit in due
    ]
    posts = {id_: bundles.gather(connection, id_, now) for _, id_, is_edit in due if not is_edit}
    edits = {id_: bundles.shown_with(connection, id_) for _, id_, is_edit in due if is_edit}
    messages = posts | edits
    tried = _tried(connection, [id_ for message in messages.values() for id_ in message])
    connection.execute(
        """
        UPDATE deliveries
           SET state = CASE state WHEN 'edit_due' THEN state ELSE 'sending' END,
               lease_until = :lease_until, attempts = attempts + 1,
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
            "ids": values.to_json([*edits, *(id_ for post in posts.values() for id_ in post)]),
        },
    )
    claims = _claims(connection, tried)
    return [_bundled(claims, id_, messages[id_]) for _, id_, _ in due]


def _tried(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, int | None]:
    """Return since when each delivery may be in its channel."""
    rows = connection.execute(
        "SELECT id, tried_at FROM deliveries WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": values.to_json(ids)},
    )
    return {row["id"]: row["tried_at"] for row in rows}


def _bundled(claims: Mapping[int, Claim], id_: int, message: Sequence[int]) -> Claim:
    """Return the claim of a delivery with all that its message holds."""
    if len(message) == 1:
        return claims[id_]
    return replace(claims[id_], bundle=tuple(claims[each] for each in message))


def _claims(connection: sqlite3.Connection, tried: Mapping[int, int | None]) -> dict[int, Claim]:
    """Return the claims of deliveries, each given with since when it may be in its channel."""
    ids = list(tried)
    rows = connection.execute(
        """
        SELECT d.id, d.story_id, d.feed_id, d.guild_id, d.channel_id, d.attempts, d.created_at,
               d.kind, d.message_id, d.bundle_id,
               CASE WHEN d.attempts > 1 AND d.state = 'sending' THEN (
                 SELECT MAX(p.message_id) FROM deliveries AS p
                  WHERE p.channel_id = d.channel_id AND p.state IN ('sent', 'edit_due'))
               END AS newest_message_id,
               d.entry_id,
               (SELECT s.name FROM subscriptions AS s
                 WHERE s.channel_id = d.channel_id AND s.feed_id = d.feed_id) AS name,
               d.ping_role_id AS called,
               (SELECT value FROM meta WHERE key = 'installation_id') AS installation_id
          FROM deliveries AS d WHERE d.id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(ids)},
    ).fetchall()
    led_by = entries.load(connection, [row["entry_id"] for row in rows])
    of = feeds.load(connection, [row["feed_id"] for row in rows])
    chosen = channels.options_of(connection, {ChannelId(row["channel_id"]) for row in rows})
    wishes = pings.wishes_of(connection, rows)
    summaries = {length: entries.summaries(connection, led_by, length) for length in Length}
    named = _named_in(connection, [row["id"] for row in rows if row["kind"] == "story"])
    told = _told_in(connection, [row["id"] for row in rows if row["kind"] == "roundup"])
    claims: dict[int, Claim] = {}
    for row in rows:
        wish = wishes.get((row["channel_id"], row["feed_id"]))
        options = chosen.get(ChannelId(row["channel_id"]), ChannelOptions())
        entry, feed = led_by[EntryId(row["entry_id"])], of[FeedId(row["feed_id"])]
        claims[row["id"]] = Claim(
            delivery=_delivery(row, tried[row["id"]]),
            entry=entry,
            feed=feed,
            source_name=row["name"] or feed.title,
            summary=summaries[options.length].get(entry.id),
            also=named.get(row["id"], ()),
            roundup=told.get(row["id"], ()),
            message_id=_message_id(row["message_id"]),
            newest_message_id=_message_id(row["newest_message_id"]),
            digest=_digest(connection, row),
            length=options.length,
            manner=_manner(row, options, wish, entry.tags if row["kind"] == "story" else ()),
            ping=wish.ping if wish is not None and pings.is_open(row) else None,
            is_settled=row["bundle_id"] == row["id"],
        )
    return claims


def _manner(
    row: sqlite3.Row,
    options: ChannelOptions,
    wish: pings.PostWish | None,
    categories: Sequence[str],
) -> Manner:
    mapped = dict(options.tags)
    return Manner(
        tags=wanted_tags(wish.tags if wish is not None else (), mapped, categories),
        ping=RoleId(row["called"]) if row["called"] else None,
        other_tag=mapped.get(ANY_OTHER),
        is_silent=options.is_silent,
        is_by_source=options.is_by_source,
    )


def _digest(connection: sqlite3.Connection, row: sqlite3.Row) -> Digest | None:
    if row["kind"] != "digest":
        return None
    options = channels.options(connection, ChannelId(row["channel_id"]))
    return digests.load(connection, options, row["id"])


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


def _delivery(row: sqlite3.Row, tried_at: int | None) -> Delivery:
    return Delivery(
        id=DeliveryId(row["id"]),
        story_id=StoryId(row["story_id"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        nonce=nonce(row["installation_id"], row["id"]),
        attempts=row["attempts"],
        created_at=values.from_ms(row["created_at"]),
        tried_at=values.from_ms_or_none(tried_at),
    )


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next can be claimed, the channels' hours apart; None: nothing waits."""
    times = [max(row["due_at"], row["lease_until"] or row["due_at"]) for row in _heads(connection)]
    return values.from_ms(min(times)) if times else None


def release_leases(connection: sqlite3.Connection) -> int:
    """Make every claimed delivery due again; return how many."""
    return sum(
        connection.execute(f"{free} AND lease_until IS NOT NULL").rowcount
        for free in (
            # One statement each: neither index would serve both.
            """
            UPDATE deliveries SET lease_until = NULL
             WHERE state IN ('pending', 'sending', 'held') AND state = 'sending'
            """,
            "UPDATE deliveries SET lease_until = NULL WHERE state = 'edit_due'",
        )
    )
