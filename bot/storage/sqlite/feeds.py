"""Feeds, their health, and when they are due."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.news.identity import feed_key
from bot.news.models import (
    Check,
    Feed,
    FeedId,
    FeedOverview,
    FeedState,
    ParsedFeed,
    Refresh,
    Validators,
)
from bot.news.states import PROBED_FOR
from bot.storage.sqlite import values, wishes

CHECKS_KEPT_FOR = timedelta(days=30)
_MS = timedelta(milliseconds=1)


def load(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[FeedId, Feed]:
    """Return the feeds with these ids, in the order of the ids; unknown ones are left out."""
    wanted = list(dict.fromkeys(ids))
    rows = connection.execute(
        """
        SELECT id, url, title, site_url, icon_url, language, hub_url, host_group, ttl_s, skip_hours,
               skip_days, etag, last_modified, body_hash, usual_gap_s, newest_at,
               state, failures, last_error, failing_since, failing_told_at, gone_since, moved_to,
               moved_since, moved_times, is_kept, created_at, polled_at, succeeded_at, next_poll_at,
               next_poll_reason, not_before, fresh_until, restless_polls
          FROM feeds WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(wanted)},
    )
    found = {row["id"]: _feed(row) for row in rows}
    return {FeedId(id_): found[id_] for id_ in wanted if id_ in found}


def _feed(row: sqlite3.Row) -> Feed:
    return Feed(
        id=FeedId(row["id"]),
        url=row["url"],
        title=row["title"],
        site_url=row["site_url"],
        icon_url=row["icon_url"],
        language=row["language"],
        validators=Validators(etag=row["etag"], last_modified=row["last_modified"]),
        body_hash=row["body_hash"],
        state=FeedState(row["state"]),
        failures=row["failures"],
        last_error=row["last_error"],
        is_kept=bool(row["is_kept"]),
        created_at=values.from_ms(row["created_at"]),
        polled_at=values.from_ms_or_none(row["polled_at"]),
        succeeded_at=values.from_ms_or_none(row["succeeded_at"]),
        next_poll_at=values.from_ms(row["next_poll_at"]),
        next_poll_reason=row["next_poll_reason"],
        ttl_s=row["ttl_s"],
        skip_hours=values.from_json(row["skip_hours"]),
        skip_days=values.from_json(row["skip_days"]),
        hub_url=row["hub_url"],
        host_group=row["host_group"],
        not_before=values.from_ms_or_none(row["not_before"]),
        fresh_until=values.from_ms_or_none(row["fresh_until"]),
        restless_polls=row["restless_polls"],
        usual_gap_s=row["usual_gap_s"],
        newest_at=values.from_ms_or_none(row["newest_at"]),
        failing_since=values.from_ms_or_none(row["failing_since"]),
        failing_told_at=values.from_ms_or_none(row["failing_told_at"]),
        gone_since=values.from_ms_or_none(row["gone_since"]),
        moved_to=row["moved_to"],
        moved_since=values.from_ms_or_none(row["moved_since"]),
        moved_times=row["moved_times"],
    )


def titles(connection: sqlite3.Connection, ids: Iterable[FeedId]) -> dict[FeedId, str]:
    """Return the titles of these feeds."""
    rows = connection.execute(
        "SELECT id, title FROM feeds WHERE id IN (SELECT value FROM json_each(:ids))",
        {"ids": values.to_json(ids)},
    )
    return {FeedId(row["id"]): row["title"] for row in rows}


def ensure(connection: sqlite3.Connection, url: str, parsed: ParsedFeed, now: datetime) -> Feed:
    """Return the feed stored under *url*, made from *parsed* if there was none."""
    connection.execute(
        """
        INSERT INTO feeds (url, canonical_url, title, site_url, icon_url, language, ttl_s,
                           created_at, next_poll_at, next_poll_reason)
        VALUES (:url, :canonical_url, :title, :site_url, :icon_url, :language, :ttl_s,
                :now, :now, 'new')
        ON CONFLICT (canonical_url) DO NOTHING
        """,
        {
            "url": values.to_text(url),
            "canonical_url": values.to_text(feed_key(url)),
            "title": values.to_text(parsed.title.strip() or urlsplit(url).hostname or url),
            "site_url": values.to_text_or_none(parsed.site_url),
            "icon_url": values.to_text_or_none(parsed.icon_url),
            "language": values.to_text_or_none(parsed.language),
            "ttl_s": parsed.ttl_s,
            "now": values.to_ms(now),
        },
    )
    feed = by_url(connection, url)
    assert feed is not None  # noqa: S101  # inserted above, if it was not there before
    return feed


def by_url(connection: sqlite3.Connection, url: str) -> Feed | None:
    """Return the feed stored under *url*, compared in canonical form."""
    row = connection.execute(
        "SELECT id FROM feeds WHERE canonical_url = :canonical_url",
        {"canonical_url": values.to_text(feed_key(url))},
    ).fetchone()
    return None if row is None else load(connection, [row["id"]])[row["id"]]


def overviews(connection: sqlite3.Connection) -> Sequence[FeedOverview]:
    """Return every feed with its counts, by title."""
    rows = connection.execute(
        """
        SELECT feeds.id AS feed_id,
               (SELECT COUNT(*) FROM entries WHERE feed_id = feeds.id) AS entries,
               (SELECT MAX(dated_at) FROM entries WHERE feed_id = feeds.id) AS last_entry_at,
               (SELECT COUNT(*) FROM subscriptions
                 WHERE feed_id = feeds.id AND removed_at IS NULL) AS subscriptions
          FROM feeds
        """
    ).fetchall()
    feeds = load(connection, [row["feed_id"] for row in rows])
    wished = wishes.of_feeds(connection, feeds)
    found = [
        FeedOverview(
            feed=feeds[row["feed_id"]],
            wishes=wished[row["feed_id"]],
            entries=row["entries"],
            subscriptions=row["subscriptions"],
            last_entry_at=values.from_ms_or_none(row["last_entry_at"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda overview: (overview.feed.title.casefold(), overview.feed.id))


# A feed is polled while a channel follows it (paused or not) in a server that Herald is in, or it
# is kept, unless it is gone, or
# its failures are so old that it is not even probed any more.
POLLED = f"""
    state <> 'gone'
    AND (state <> 'paused' OR next_poll_at < failing_told_at + {PROBED_FOR // _MS})
    AND (is_kept = 1 OR EXISTS (SELECT 1 FROM subscriptions AS s
                                 WHERE s.feed_id = feeds.id AND s.removed_at IS NULL
                                   AND NOT EXISTS (SELECT 1 FROM guilds AS g
                                                    WHERE g.guild_id = s.guild_id
                                                      AND g.left_at IS NOT NULL)))
"""  # noqa: S608  # nothing of it comes from outside

DUE = f"""
    SELECT id FROM feeds
     WHERE next_poll_at <= :now AND COALESCE(lease_until, 0) <= :now AND {POLLED}
     ORDER BY next_poll_at, id
     LIMIT :limit
"""  # noqa: S608  # likewise


def due(connection: sqlite3.Connection, now: datetime, limit: int) -> Sequence[Feed]:
    """Return feeds to poll at *now*, longest overdue first."""
    rows = connection.execute(DUE, {"now": values.to_ms(now), "limit": limit})
    return list(load(connection, [row["id"] for row in rows]).values())


def next_due_at(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next feed is due, or None where nothing is polled."""
    row = connection.execute(
        f"SELECT next_poll_at FROM feeds WHERE {POLLED} ORDER BY next_poll_at LIMIT 1"  # noqa: S608  # likewise
    ).fetchone()
    return None if row is None else values.from_ms(row["next_poll_at"])


def apply_health(connection: sqlite3.Connection, refresh: Refresh) -> None:
    """Apply what a poll says of the feed itself, end its lease, and remember the check.

    The check's time is its identity: the same poll applied again adds no second one.
    """
    validators = refresh.validators
    document = refresh.document
    move = refresh.move
    connection.execute(
        _HEALTH,
        {
            "feed_id": refresh.feed_id,
            "checked_at": values.to_ms(refresh.check.at),
            "next_poll_at": values.to_ms(refresh.next_poll_at),
            "next_poll_reason": values.to_text(refresh.next_poll_reason),
            "not_before": refresh.hold and values.to_ms(refresh.hold.until),
            "failures": refresh.failures,
            "state": refresh.state.value,
            "last_error": values.to_text_or_none(refresh.last_error),
            "failing_since": values.to_ms_or_none(refresh.failing_since),
            "failing_told_at": values.to_ms_or_none(refresh.failing_told_at),
            "gone_since": values.to_ms_or_none(refresh.gone_since),
            "moved_to": move and values.to_text(move.to),
            "moved_since": move and values.to_ms(move.since),
            "moved_times": move.times if move else 0,
            "has_validators": validators is not None,
            "etag": validators and values.to_text_or_none(validators.etag),
            "last_modified": validators and values.to_text_or_none(validators.last_modified),
            "body_hash": refresh.body_hash,
            "title": values.to_text_or_none(refresh.title),
            "site_url": values.to_text_or_none(refresh.site_url),
            "icon_url": values.to_text_or_none(refresh.icon_url),
            "language": values.to_text_or_none(refresh.language),
            "host_group": values.to_text_or_none(refresh.host_group),
            "usual_gap_s": refresh.usual_gap_s and round(refresh.usual_gap_s),
            "newest_at": values.to_ms_or_none(refresh.newest_at),
            "fresh_until": values.to_ms_or_none(refresh.fresh_until),
            "restless_polls": refresh.restless_polls,
            "has_document": document is not None,
            "ttl_s": document and document.ttl_s,
            "skip_hours": values.to_json(document.skip_hours if document else ()),
            "skip_days": values.to_json(document.skip_days if document else ()),
            "hub_url": document and values.to_text_or_none(document.hub_url),
        },
    )
    _remember(connection, refresh.feed_id, refresh.check)


_HEALTH = """
    UPDATE feeds
       SET polled_at = :checked_at,
           succeeded_at = CASE WHEN :failures = 0 THEN :checked_at ELSE succeeded_at END,
           -- Its host group may have been held while this poll was under way.
           next_poll_at = MAX(:next_poll_at, COALESCE(not_before, 0)),
           next_poll_reason = CASE WHEN not_before > :next_poll_at THEN next_poll_reason
                                   ELSE :next_poll_reason END,
           not_before = CASE WHEN not_before > :checked_at
                             THEN MAX(not_before, COALESCE(:not_before, 0))
                             ELSE :not_before END,
           lease_until = NULL, lease_by = NULL,
           failures = :failures, state = :state, last_error = :last_error,
           failing_since = :failing_since, failing_told_at = :failing_told_at,
           gone_since = :gone_since,
           moved_to = :moved_to, moved_since = :moved_since, moved_times = :moved_times,
           etag = CASE WHEN :has_validators THEN :etag ELSE etag END,
           last_modified = CASE WHEN :has_validators THEN :last_modified ELSE last_modified END,
           body_hash = COALESCE(:body_hash, body_hash),
           title = COALESCE(NULLIF(:title, ''), title),
           site_url = COALESCE(:site_url, site_url),
           icon_url = COALESCE(:icon_url, icon_url),
           language = COALESCE(:language, language),
           host_group = COALESCE(:host_group, host_group),
           usual_gap_s = COALESCE(:usual_gap_s, usual_gap_s),
           newest_at = COALESCE(:newest_at, newest_at),
           fresh_until = :fresh_until, restless_polls = :restless_polls,
           ttl_s = CASE WHEN :has_document THEN :ttl_s ELSE ttl_s END,
           skip_hours = CASE WHEN :has_document THEN :skip_hours ELSE skip_hours END,
           skip_days = CASE WHEN :has_document THEN :skip_days ELSE skip_days END,
           hub_url = CASE WHEN :has_document THEN :hub_url ELSE hub_url END
     WHERE id = :feed_id
"""


def _remember(connection: sqlite3.Connection, feed_id: FeedId, check: Check) -> None:
    connection.execute(
        """
        INSERT INTO checks (feed_id, checked_at, status, took_ms, size, new_entries, error)
        VALUES (:feed_id, :checked_at, :status, :took_ms, :size, :new_entries, :error)
        ON CONFLICT (feed_id, checked_at) DO NOTHING
        """,
        {
            "feed_id": feed_id,
            "checked_at": values.to_ms(check.at),
            "status": check.status,
            "took_ms": check.took_ms,
            "size": check.size,
            "new_entries": check.new_entries,
            "error": values.to_text_or_none(check.error),
        },
    )


def checks(connection: sqlite3.Connection, feed_id: FeedId, limit: int) -> Sequence[Check]:
    """Return the last polls of a feed, newest first."""
    rows = connection.execute(
        """
        SELECT checked_at, status, took_ms, size, new_entries, error
          FROM checks WHERE feed_id = :feed_id
         ORDER BY checked_at DESC
         LIMIT :limit
        """,
        {"feed_id": feed_id, "limit": limit},
    )
    return [
        Check(
            at=values.from_ms(row["checked_at"]),
            status=row["status"],
            took_ms=row["took_ms"],
            size=row["size"],
            new_entries=row["new_entries"],
            error=row["error"],
        )
        for row in rows
    ]


def forgive(
    connection: sqlite3.Connection, feeds: Iterable[Feed], at: datetime, reason: str
) -> int:
    """Take back the failures since *feeds* were as they are given; return of how many feeds.

    They become due at *at*. What was to be told of it is not.
    """
    forgiven = 0
    for was in feeds:
        row = {
            "id": was.id,
            "state": was.state.value,
            "failures": was.failures,
            "last_error": values.to_text_or_none(was.last_error),
            "failing_since": values.to_ms_or_none(was.failing_since),
            "failing_told_at": values.to_ms_or_none(was.failing_told_at),
            "at": values.to_ms(at),
            "reason": values.to_text(reason),
        }
        is_forgiven = connection.execute(
            """
            UPDATE feeds
               SET state = :state, failures = :failures, last_error = :last_error,
                   failing_since = :failing_since, failing_told_at = :failing_told_at,
                   next_poll_at = MAX(:at, COALESCE(not_before, 0)), next_poll_reason = :reason
             WHERE id = :id AND failures > :failures AND state <> 'gone'
            """,
            row,
        ).rowcount
        if is_forgiven:
            forgiven += 1
            connection.execute(
                """
                DELETE FROM notices
                 WHERE feed_id = :id AND bulletin_id IS NULL AND kind IN ('failing', 'paused')
                   AND (:failing_told_at IS NULL OR created_at > :failing_told_at)
                """,
                row,
            )
    return forgiven


def poll_soon(connection: sqlite3.Connection, feed_id: FeedId, at: datetime) -> None:
    """Make a feed due at *at*."""
    connection.execute(
        """
        UPDATE feeds SET next_poll_at = :at, next_poll_reason = 'asked for' WHERE id = :feed_id
        """,
        {"at": values.to_ms(at), "feed_id": feed_id},
    )


def replan(connection: sqlite3.Connection, feed_id: FeedId, at: datetime, reason: str) -> None:
    """Make a feed due at *at* for *reason*, unless it is being polled: that plans anew."""
    connection.execute(
        """
        UPDATE feeds SET next_poll_at = :at, next_poll_reason = :reason
         WHERE id = :feed_id AND lease_until IS NULL
        """,
        {"at": values.to_ms(at), "reason": values.to_text(reason), "feed_id": feed_id},
    )


def keep(connection: sqlite3.Connection, feed_id: FeedId, *, is_kept: bool) -> None:
    """Poll a feed even if no channel follows it, or no longer."""
    connection.execute(
        "UPDATE feeds SET is_kept = :is_kept WHERE id = :feed_id",
        {"is_kept": is_kept, "feed_id": feed_id},
    )


def remove(connection: sqlite3.Connection, feed_id: FeedId, now: datetime) -> None:
    """Stop keeping a feed and remove its subscriptions."""
    keep(connection, feed_id, is_kept=False)
    connection.execute(
        """
        UPDATE subscriptions SET removed_at = :now WHERE feed_id = :feed_id AND removed_at IS NULL
        """,
        {"now": values.to_ms(now), "feed_id": feed_id},
    )


def forget_old_checks(connection: sqlite3.Connection, now: datetime) -> None:
    """Delete checks older than CHECKS_KEPT_FOR."""
    connection.execute(
        "DELETE FROM checks WHERE checked_at < :oldest",
        {"oldest": values.to_ms(now - CHECKS_KEPT_FOR)},
    )
