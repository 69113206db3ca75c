"""Entries and their stories: storing them, and what is learnt of them later."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from bot.news.models import (
    Article,
    Entry,
    EntryId,
    FeedId,
    Length,
    NewEntry,
    ParsedEntry,
    StoryId,
    Summary,
)
from bot.news.posts import says_what_is_gone, shows_otherwise
from bot.storage.sqlite import bulk, values
from bot.storage.sqlite.index import SearchIndex, Texts

# Aliases are kept for months after they were last seen; to note that to the day spares a write for
# every entry of every document at every poll.
_SEEN_PRECISION = timedelta(days=1)

WHOLE_TEXT_MIN = 800  # characters from which a feed's text is an article, not the start of one


def load(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[EntryId, Entry]:
    """Return the entries with these ids, in the order of the ids; unknown ones are left out."""
    wanted = list(dict.fromkeys(ids))
    rows = connection.execute(
        """
        SELECT id, feed_id, story_id, url, title, teaser, text, text_method, author, image_url,
               published_at, first_seen_at, tags
          FROM entries WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        {"ids": values.to_json(wanted)},
    )
    found = {row["id"]: _entry(row) for row in rows}
    return {EntryId(id_): found[id_] for id_ in wanted if id_ in found}


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=EntryId(row["id"]),
        feed_id=FeedId(row["feed_id"]),
        story_id=StoryId(row["story_id"]),
        url=row["url"],
        title=row["title"],
        teaser=row["teaser"],
        text=row["text"],
        text_method=row["text_method"],
        author=row["author"],
        image_url=row["image_url"],
        published_at=values.from_ms_or_none(row["published_at"]),
        first_seen_at=values.from_ms(row["first_seen_at"]),
        tags=tuple(json.loads(row["tags"])),
    )


def newest_id(connection: sqlite3.Connection) -> int:
    """Return the highest id of all entries, 0 without any."""
    newest: int = connection.execute("SELECT COALESCE(MAX(id), 0) FROM entries").fetchone()[0]
    return newest


NEWEST_OF_FEED = """
    SELECT id FROM entries WHERE feed_id = :feed_id ORDER BY dated_at DESC, id DESC LIMIT :limit
"""


def newest(connection: sqlite3.Connection, feed_id: FeedId, limit: int) -> Sequence[Entry]:
    """Return the newest entries of a feed, newest first."""
    rows = connection.execute(NEWEST_OF_FEED, {"feed_id": feed_id, "limit": limit})
    return list(load(connection, [row["id"] for row in rows]).values())


def add_all(
    connection: sqlite3.Connection, feed_id: FeedId, new: Sequence[NewEntry], now: datetime
) -> list[tuple[EntryId, StoryId, NewEntry]]:
    """Store new entries as stories of their own, not indexed yet, in their order.

    One of whose aliases one is stored by now is left out.
    """
    taken: set[str] = set()
    if _has_aliases(connection, feed_id):  # a new feed has none
        taken = _stored_of(connection, feed_id, (alias for each in new for alias in each.aliases))
    now_ms = values.to_ms(now)
    entry_id, story_id = _last_id(connection, "entries"), _last_id(connection, "stories")
    stored: list[tuple[EntryId, StoryId, NewEntry]] = []
    rows: list[tuple[str | int | None, ...]] = []
    aliases: list[tuple[FeedId, str, int, int]] = []
    for each in new:
        own = [values.to_text(alias) for alias in each.aliases]
        if not taken.isdisjoint(own):
            continue
        taken.update(own)
        entry_id, story_id = entry_id + 1, story_id + 1
        columns = _columns(each.entry)
        published_at = columns["published_at"]
        dated_at = now_ms if published_at is None else published_at
        rows.append((entry_id, feed_id, story_id, now_ms, dated_at, *columns.values()))
        aliases += [(feed_id, alias, entry_id, now_ms) for alias in own]
        stored.append((EntryId(entry_id), StoryId(story_id), each))
    bulk.insert(
        connection,
        "INSERT INTO stories (id, created_at)",
        [(story_id, now_ms) for _, story_id, _ in stored],
    )
    bulk.insert(connection, _ADD, rows)
    bulk.insert(connection, _LEARN, aliases, then=_UNLESS_SEEN)
    return stored


def _last_id(connection: sqlite3.Connection, table: Literal["entries", "stories"]) -> int:
    """Return the highest id that was ever given in a table: AUTOINCREMENT gives none again."""
    row = connection.execute(
        f"""
        SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0),
                   COALESCE((SELECT MAX(id) FROM {table}), 0)) AS last
        """  # noqa: S608  # a name of ours
    ).fetchone()
    last: int = row["last"]
    return last


def _has_aliases(connection: sqlite3.Connection, feed_id: FeedId) -> bool:
    row = connection.execute(
        "SELECT 1 FROM entry_aliases WHERE feed_id = :feed_id LIMIT 1", {"feed_id": feed_id}
    ).fetchone()
    return row is not None


def _stored_of(connection: sqlite3.Connection, feed_id: FeedId, aliases: Iterable[str]) -> set[str]:
    """Return those of *aliases* that are stored."""
    rows = connection.execute(
        """
        SELECT alias FROM entry_aliases
         WHERE feed_id = :feed_id AND alias IN (SELECT value FROM json_each(:aliases))
        """,
        {"feed_id": feed_id, "aliases": values.to_json(map(values.to_text, aliases))},
    )
    return {row["alias"] for row in rows}


def _columns(entry: ParsedEntry) -> dict[str, str | int | None]:
    return {
        "published_at": values.to_ms_or_none(entry.published_at),
        "updated_at": values.to_ms_or_none(entry.updated_at),
        "guid": values.to_text_or_none(entry.guid),
        "url": values.to_text_or_none(entry.url),
        "title": values.to_text(entry.title),
        "author": values.to_text_or_none(entry.author),
        "image_url": values.to_text_or_none(entry.image_url),
        "tags": values.to_json(map(values.to_text, entry.tags)) if entry.tags else "[]",
        "teaser": values.to_text(entry.teaser),
        "text": values.to_text(entry.text),
    }


# The columns after dated_at are those of _columns, in its order.
_ADD = """
    INSERT INTO entries (id, feed_id, story_id, first_seen_at, dated_at,
                         published_at, updated_at, guid, url, title, author, image_url, tags,
                         teaser, text)
"""
_LEARN = "INSERT INTO entry_aliases (feed_id, alias, entry_id, last_seen_at)"
_UNLESS_SEEN = f"""
    ON CONFLICT (feed_id, alias) DO UPDATE SET last_seen_at = excluded.last_seen_at
     WHERE excluded.last_seen_at >= last_seen_at + {_SEEN_PRECISION // timedelta(milliseconds=1)}
"""


def learn_aliases(
    connection: sqlite3.Connection,
    feed_id: FeedId,
    entry_id: EntryId,
    aliases: Iterable[str],
    now: datetime,
) -> None:
    """Store the aliases that are new; an alias stays with the entry that had it first."""
    now_ms = values.to_ms(now)
    rows = [(feed_id, values.to_text(alias), entry_id, now_ms) for alias in aliases]
    bulk.insert(connection, _LEARN, rows, then=_UNLESS_SEEN)


def edit(
    connection: sqlite3.Connection, index: SearchIndex, entry_id: EntryId, changed: ParsedEntry
) -> bool:
    """Apply an edition of an entry; return whether its posts say what it does not say any more.

    That is another title, link or part of the summary: what is only added edits no post.

    A page's text stays unless the edition brings a whole one, and no page is asked for twice;
    dates, links, authors and pictures are not unlearnt.
    """
    old = connection.execute(
        """
        SELECT story_id, guid, url, title, teaser, text, author, image_url, published_at,
               updated_at, tags, text_method
          FROM entries WHERE id = :id
        """,
        {"id": entry_id},
    ).fetchone()
    if old is None:
        return False
    new = {**_columns(changed), "text_method": None}
    for column in ("guid", "url", "author", "image_url", "published_at", "updated_at"):
        new[column] = old[column] if new[column] is None else new[column]
    if old["text_method"] == "page" and len(changed.text) < WHOLE_TEXT_MIN:
        new["text"], new["text_method"] = old["text"], "page"
    elif new["text"] == old["text"] or (
        old["text_method"] == "teaser" and len(changed.text) < WHOLE_TEXT_MIN
    ):
        new["text_method"] = old["text_method"]
    if all(new[column] == old[column] for column in new):
        return False
    connection.execute(
        """
        UPDATE entries
           SET guid = :guid, url = :url, title = :title, teaser = :teaser, text = :text,
               author = :author, image_url = :image_url, published_at = :published_at,
               dated_at = COALESCE(:published_at, first_seen_at), updated_at = :updated_at,
               tags = :tags, text_method = :text_method
         WHERE id = :id
        """,
        {**new, "id": entry_id},
    )
    differing = {column for column in ("title", "teaser", "text") if new[column] != old[column]}
    is_said = True
    if differing - {"title"}:
        is_said = _forget_summary_if_wrong(connection, entry_id, old, new)
    if differing:
        texts = Texts(str(new["title"]), str(new["teaser"]), str(new["text"]))
        index.put(connection, entry_id, texts, instead_of=Texts.of(old))
    return not is_said or shows_otherwise(
        title=str(new["title"]),
        url=None if new["url"] is None else str(new["url"]),
        earlier_title=old["title"],
        earlier_url=old["url"],
    )


def _forget_summary_if_wrong(
    connection: sqlite3.Connection,
    entry_id: EntryId,
    old: sqlite3.Row,
    new: Mapping[str, str | int | None],
) -> bool:
    """Return whether an entry's summary still says what the entry does; forget it where not."""
    stored = (summaries(connection, [entry_id], length).get(entry_id) for length in Length)
    if not any(
        says_what_is_gone(
            summary,
            text=f"{new['teaser']}\n{new['text']}",
            earlier_text=f"{old['teaser']}\n{old['text']}",
        )
        for summary in stored
        if summary is not None
    ):
        return True
    connection.execute("DELETE FROM summaries WHERE entry_id = :id", {"id": entry_id})
    return False


def store_article(
    connection: sqlite3.Connection, index: SearchIndex, entry_id: EntryId, article: Article
) -> None:
    """Keep an entry's article and index its text. A mere teaser leaves the feed's text in place."""
    before = connection.execute(
        "SELECT title, teaser, text FROM entries WHERE id = :id", {"id": entry_id}
    ).fetchone()
    if before is None:
        return
    row = connection.execute(
        """
        UPDATE entries
           SET text_method = :method, article_note = :note,
               text = CASE WHEN :method = 'teaser' THEN text ELSE :text END,
               image_url = COALESCE(image_url, :image_url), author = COALESCE(author, :author)
         WHERE id = :id
        RETURNING title, teaser, text
        """,
        {
            "id": entry_id,
            "method": article.method,
            "note": values.to_text_or_none(article.note),
            "text": values.to_text(article.text),
            "image_url": values.to_text_or_none(article.image_url),
            "author": values.to_text_or_none(article.author),
        },
    ).fetchone()
    if row["text"] != before["text"]:
        index.put(connection, entry_id, Texts.of(row), instead_of=Texts.of(before))


def store_summary(
    connection: sqlite3.Connection, entry: Entry, summary: Summary, length: Length
) -> Summary:
    """Keep the summary of an entry unless it has one, or was edited; return the one that stands.

    It has one of each *length*. *entry*: as it was claimed. Its article may have been stored since.
    """
    connection.execute(
        """
        INSERT INTO summaries (entry_id, length, text, method)
        SELECT id, :length, :text, :method FROM entries
         WHERE id = :id AND teaser = :teaser
           AND (text = :claimed_text OR (:is_unread AND text_method IS NOT NULL))
        ON CONFLICT (entry_id, length) DO NOTHING
        """,
        {
            "id": entry.id,
            "teaser": values.to_text(entry.teaser),
            "claimed_text": values.to_text(entry.text),
            "is_unread": entry.text_method is None,
            "text": values.to_text(summary.text),
            "method": values.to_text(summary.method),
            "length": length,
        },
    )
    return summaries(connection, [entry.id], length).get(entry.id, summary)


def summaries(
    connection: sqlite3.Connection, ids: Iterable[EntryId], length: Length = Length.NORMAL
) -> dict[EntryId, Summary]:
    """Return the stored summaries of these entries, of one length."""
    rows = connection.execute(
        """
        SELECT entry_id, text, method FROM summaries
         WHERE entry_id IN (SELECT value FROM json_each(:ids)) AND length = :length
        """,
        {"ids": values.to_json(ids), "length": length},
    )
    return {
        EntryId(row["entry_id"]): Summary(text=row["text"], method=row["method"]) for row in rows
    }
