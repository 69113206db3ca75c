"""Stories of several entries: finding the one that an entry belongs to, in the writer's turn.

::

    entry ─► its most telling words ─► the newest entries that have them (full-text index)
          ─► their stories, with members ─► news.stories.choose ─► joined, or left by itself

Decided one after another, in the order of their ids: two polls cannot both begin the story that
they bring. An import decides before it indexes, so what is not indexed yet is looked at too.

No vectors are stored: an entry is compared by its words, which its text gives in a tenth of a
millisecond. With 100,000 entries a decision reads some dozen short lists of the index and some
dozen rows.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from math import log

from bot.news.models import EntryId, FeedId, StoryEntries, StoryEntry, StoryId
from bot.news.stories import LEAD, MEMBERS, Archive, Arrival, Candidate, choose, link_of
from bot.storage.sqlite import values
from bot.storage.sqlite.index import SearchIndex

_QUERY_TERMS = 12  # words of an entry that others are found by
_SAME_TERM_MAX = 30  # of the newest entries that have one of them
_CANDIDATES = 6  # entries whose stories are compared, at most …
_CANDIDATE_SHARE = 0.5  # … of those that share so much of what the best of them does
_REACH = 100_000  # entries back; most that come in three days
UNINDEXED_MAX = 60  # entries that are looked at though they are not in the index yet

# Answered from the end of a word's list: it costs the same however long that is.
HAVING = """
    SELECT rowid FROM entry_index
     WHERE entry_index MATCH :match AND rowid >= :first AND rowid < :before
     ORDER BY rowid DESC LIMIT :limit
"""

_ARRIVALS = """
    SELECT id, feed_id, story_id, dated_at, url, title, substr(teaser, 1, :lead) AS teaser,
           substr(text, 1, :lead) AS text
      FROM entries WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY id
"""

# Entries that nobody has put into a story yet, man or machine.
_ALONE = """
    SELECT e.id FROM entries AS e
     WHERE e.id IN (SELECT value FROM json_each(:ids))
       AND NOT EXISTS (SELECT 1 FROM story_rulings AS r WHERE r.entry_id = e.id)
       AND NOT EXISTS (SELECT 1 FROM entries AS o WHERE o.story_id = e.story_id AND o.id <> e.id)
     ORDER BY e.id
"""

MEMBERS_OF = """
    SELECT story_id, id FROM entries
     WHERE story_id IN (SELECT value FROM json_each(:ids)) AND id < :before ORDER BY id
"""


def group(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry_ids: Iterable[EntryId],
    *,
    is_strict_within_feed: bool = True,
) -> dict[EntryId, StoryId]:
    """Put entries into the stories that they belong to, in the order of their ids.

    Return those that joined one; the others stay stories of their own. Only what was stored before
    an entry is looked at; of that, what still waits to be put into a story (`grouping`) is first.
    Entries in a story with others, or that an admin has ruled on, stay.
    *is_strict_within_feed*: what a feed says twice is two stories, as in its polls; an archive that
    was put together from many may name them all one feed.
    """
    joined = {
        id_: _decide(connection, index, id_, is_strict=is_strict_within_feed)
        for id_ in _alone(connection, entry_ids)
    }
    return {id_: story_id for id_, story_id in joined.items() if story_id is not None}


def _alone(connection: sqlite3.Connection, ids: Iterable[int]) -> list[EntryId]:
    return [EntryId(row["id"]) for row in connection.execute(_ALONE, {"ids": values.to_json(ids)})]


def _decide(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry_id: EntryId,
    *,
    is_strict: bool,
    asks_earlier: bool = True,
) -> StoryId | None:
    """Put an entry into the story that it belongs to; None where it begins one."""
    entry, own_story = _arrivals(connection, index, [entry_id])[0]
    found, known = _find(connection, index, entry, is_strict=is_strict)
    if asks_earlier:
        # Only where an entry is decided out of turn; and no further back than what it resembles.
        for earlier in _alone(connection, _waiting_among(connection, found)):
            _decide(connection, index, earlier, is_strict=True, asks_earlier=False)
    candidates, archive = _candidates(connection, index, entry, found, known, is_strict=is_strict)
    note_links(connection, [(entry.id, entry.link)])
    match = choose(entry, candidates, archive, is_strict_within_feed=is_strict)
    if match is None:
        return None
    move(connection, [entry.id], own_story, match.story_id)
    return match.story_id


def _waiting_among(connection: sqlite3.Connection, ids: Iterable[int]) -> list[int]:
    rows = connection.execute(
        "SELECT entry_id FROM ungrouped WHERE entry_id IN (SELECT value FROM json_each(:ids))",
        {"ids": values.to_json(ids)},
    )
    return [row["entry_id"] for row in rows]


def move(
    connection: sqlite3.Connection, entry_ids: Iterable[EntryId], source: StoryId, target: StoryId
) -> None:
    """Move entries with what is owed of them to another story; an empty one is removed."""
    moved = {"ids": values.to_json(entry_ids), "source": source, "target": target}
    for statement in (
        """
        UPDATE entries SET story_id = :target
         WHERE id IN (SELECT value FROM json_each(:ids))
        """,
        """
        UPDATE deliveries SET story_id = :target
         WHERE entry_id IN (SELECT value FROM json_each(:ids))
        """,
        """
        DELETE FROM stories
         WHERE id = :source AND NOT EXISTS (SELECT 1 FROM entries WHERE story_id = :source)
        """,
    ):
        connection.execute(statement, moved)


# --- Finding candidates ---


def _arrivals(
    connection: sqlite3.Connection, index: SearchIndex, ids: Iterable[int]
) -> list[tuple[Arrival, StoryId]]:
    """Return entries as they are compared, each with its story, in the order of their ids."""
    rows = connection.execute(_ARRIVALS, {"ids": values.to_json(ids), "lead": LEAD})
    return [
        (
            Arrival(
                id=EntryId(row["id"]),
                feed_id=FeedId(row["feed_id"]),
                at=values.from_ms(row["dated_at"]),
                sketch=index.sketches.of(row["title"], _lead(row["teaser"], row["text"])),
                link=link_of(row["url"]),
            ),
            StoryId(row["story_id"]),
        )
        for row in rows
    ]


def _lead(teaser: str, text: str) -> str:
    """Return the beginning of what an entry says, by the rule that the index follows."""
    return text if teaser in text else f"{teaser}\n\n{text}"


def _find(
    connection: sqlite3.Connection, index: SearchIndex, entry: Arrival, *, is_strict: bool
) -> tuple[list[int], Archive]:
    """Return the entries that *entry* may share a story with, and how common its words are."""
    size, indexed = _sizes(connection)
    index.sketches.start(indexed)
    counts = index.sketches.counts(connection, entry.sketch.terms, is_fresh=True)
    found = _alike(connection, entry, counts, indexed)
    found += _unindexed(connection, index, entry, indexed, other_feeds=is_strict)
    found += _linked(connection, entry)
    return found, Archive(size=size, counts=counts)


def _candidates(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry: Arrival,
    found: Iterable[int],
    known: Archive,
    *,
    is_strict: bool,
) -> tuple[list[Candidate], Archive]:
    """Return the stories of *found*, and how common their words are too."""
    stories = _members(connection, index, entry, found, is_strict_within_feed=is_strict)
    candidates = [
        Candidate(id=id_, members=tuple(members), size=size_)
        for id_, (members, size_) in stories.items()
    ]
    theirs = {
        term for each in candidates for member in each.members for term in member.sketch.terms
    }
    counts = {
        **known.counts,
        **index.sketches.counts(connection, theirs - known.counts.keys()),
    }
    return candidates, Archive(size=known.size, counts=counts)


def _sizes(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return how many entries there are, about, and the last that is in the index."""
    row = connection.execute(
        """
        SELECT COALESCE((SELECT MAX(id) FROM entries), 0) AS size,
               COALESCE((SELECT MAX(id) FROM entry_index_docsize), 0) AS indexed
        """
    ).fetchone()
    return row["size"], row["indexed"]


def _alike(
    connection: sqlite3.Connection, entry: Arrival, counts: Mapping[str, int], size: int
) -> list[int]:
    """Return the entries that share most of the most telling words of *entry*."""
    telling = {
        term: weight * log(max(size, 1) / counts[term] + 1)
        for term, weight in entry.sketch.terms.items()
        if counts[term]
    }
    score: dict[int, float] = defaultdict(float)
    for term in sorted(telling, key=lambda term: (-telling[term], term))[:_QUERY_TERMS]:
        rows = connection.execute(
            HAVING,
            {
                "match": f'"{term}"',
                "first": entry.id - _REACH,
                "before": entry.id,
                "limit": _SAME_TERM_MAX,
            },
        )
        for row in rows:
            score[row["rowid"]] += telling[term]
    best = sorted(score, key=lambda id_: (-score[id_], -id_))[:_CANDIDATES]
    return [id_ for id_ in best if score[id_] >= _CANDIDATE_SHARE * score[best[0]]]


def _unindexed(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry: Arrival,
    indexed: int,
    *,
    other_feeds: bool,
) -> list[int]:
    """Return those of the entries not indexed yet that share most words with *entry*."""
    rows = connection.execute(
        """
        SELECT id FROM entries
         WHERE id > :indexed AND id < :before AND (NOT :other_feeds OR feed_id <> :feed_id)
         ORDER BY id DESC LIMIT :limit
        """,
        {
            "indexed": indexed,
            "before": entry.id,
            "other_feeds": other_feeds,
            "feed_id": entry.feed_id,
            "limit": UNINDEXED_MAX,
        },
    )
    words = entry.sketch.terms.keys()
    shared = {
        other.id: len(words & other.sketch.terms.keys())
        for other, _ in _arrivals(connection, index, [row["id"] for row in rows])
    }
    best = sorted(filter(shared.__getitem__, shared), key=lambda id_: (-shared[id_], -id_))
    return list(best[:_CANDIDATES])


def _members(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry: Arrival,
    ids: Iterable[int],
    *,
    is_strict_within_feed: bool,
) -> dict[StoryId, tuple[list[Arrival], int]]:
    """Return the stories of these entries, with their first and latest members and their size.

    Without those that its own feed keeps *entry* out of: most of what a feed's news resembles is
    its own.
    """
    stories = connection.execute(
        """
        SELECT DISTINCT story_id FROM entries AS e
         WHERE id IN (SELECT value FROM json_each(:ids))
           AND NOT (:is_strict
                    AND EXISTS (SELECT 1 FROM entries AS own
                                 WHERE own.story_id = e.story_id AND own.feed_id = :feed_id
                                   AND own.id < :before))
        """,
        {
            "ids": values.to_json(set(ids)),
            "is_strict": is_strict_within_feed,
            "feed_id": entry.feed_id,
            "before": entry.id,
        },
    ).fetchall()
    all_of: dict[StoryId, list[int]] = defaultdict(list)
    for row in connection.execute(
        MEMBERS_OF,
        {"ids": values.to_json(row["story_id"] for row in stories), "before": entry.id},
    ):
        all_of[StoryId(row["story_id"])].append(row["id"])
    chosen = {id_: _first_and_latest(members) for id_, members in all_of.items()}
    found: dict[StoryId, tuple[list[Arrival], int]] = {
        id_: ([], len(members)) for id_, members in all_of.items()
    }
    wanted = [id_ for members in chosen.values() for id_ in members]
    for arrival, story_id in _arrivals(connection, index, wanted):
        found[story_id][0].append(arrival)
    return found


def _first_and_latest(members: Sequence[int]) -> Sequence[int]:
    return members if len(members) <= MEMBERS else [members[0], *members[1 - MEMBERS :]]


# --- Links ---


def link_key(link: str) -> int:
    """Return what a canonical link is found by: 63 bits of its hash."""
    digest = blake2b(link.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def note_links(connection: sqlite3.Connection, links: Iterable[tuple[EntryId, str | None]]) -> None:
    """Note where entries link to, as `link_of` gives it."""
    connection.executemany(
        "INSERT OR IGNORE INTO entry_links (link_key, entry_id) VALUES (?, ?)",
        [(link_key(link), id_) for id_, link in links if link is not None],
    )


SAME_LINK = """
    SELECT entry_id FROM entry_links WHERE link_key = :key AND entry_id < :before
     ORDER BY entry_id DESC LIMIT :limit
"""
_SAME_LINK_MAX = 5


def _linked(connection: sqlite3.Connection, entry: Arrival) -> list[int]:
    if entry.link is None:
        return []
    rows = connection.execute(
        SAME_LINK,
        {"key": link_key(entry.link), "before": entry.id, "limit": _SAME_LINK_MAX},
    )
    return [row["entry_id"] for row in rows]


# --- The archive's stories ---


def told(connection: sqlite3.Connection, after: StoryId, limit: int) -> list[StoryEntries]:
    """Return the *limit* stories from the one after *after*, with their entries as they came."""
    rows = connection.execute(
        """
        SELECT s.id AS story_id, e.id, e.url, e.title, e.dated_at, f.title AS feed_title
          FROM (SELECT id FROM stories WHERE id > :after ORDER BY id LIMIT :limit) AS s
          JOIN entries AS e ON e.story_id = s.id
          JOIN feeds AS f ON f.id = e.feed_id
         ORDER BY s.id, e.id
        """,
        {"after": after, "limit": limit},
    )
    of: dict[StoryId, list[StoryEntry]] = defaultdict(list)
    for row in rows:
        of[StoryId(row["story_id"])].append(
            StoryEntry(
                id=EntryId(row["id"]),
                title=row["title"],
                url=row["url"],
                feed_title=row["feed_title"],
                dated_at=values.from_ms(row["dated_at"]),
            )
        )
    return [StoryEntries(id=id_, entries=tuple(each)) for id_, each in of.items()]
