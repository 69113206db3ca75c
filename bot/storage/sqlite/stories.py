"""Stories of several entries: finding the one that an entry belongs to, in the writer's turn.

::

    entry ─► its most telling words ─► the newest entries that have them (full-text index)
          ─► their stories, with members ─► news.stories.choose ─► joined, or left by itself

Decided one after another, in the order of their ids: two polls cannot both begin the story that
they bring. All that stands before an entry is in the index by then, and so is the entry itself.

No vectors are stored: an entry is compared by its words, which its text gives in a tenth of a
millisecond. With 100,000 entries a decision reads some dozen short lists of the index and some
dozen rows.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from heapq import nlargest
from math import log

from bot.news.models import EntryId, FeedId, StoryEntries, StoryEntry, StoryId
from bot.news.stories import LEAD, MEMBERS, Archive, Arrival, Candidate, Sketch, choose, link_of
from bot.storage.sqlite import bulk, values
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.matching import sought

_QUERY_TERMS = 12  # words of an entry that others are found by
_SAME_TERM_MAX = 60  # of the newest entries that have one of them
_CANDIDATES = 6  # entries whose stories are compared, at most …
_CANDIDATE_SHARE = 0.5  # … of those that share so much of what the best of them does
_CANDIDATE_MIN = 0.16  # and of the most telling words of the entry itself
_REACH = 100_000  # entries back; most that come in three days

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

SIZE_OF = """
    SELECT MIN(id) AS first, COUNT(*) AS size FROM entries
     WHERE story_id = :story_id AND id < :before
"""
LATEST_OF = """
    SELECT id FROM entries WHERE story_id = :story_id AND id < :before
     ORDER BY id DESC LIMIT :limit
"""


def group(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry_ids: Iterable[EntryId],
    *,
    is_strict_within_feed: bool = True,
) -> None:
    """Put entries into the stories that they belong to, as `group_each` does."""
    for _ in group_each(connection, index, entry_ids, is_strict_within_feed=is_strict_within_feed):
        pass


def group_each(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry_ids: Iterable[EntryId],
    *,
    is_strict_within_feed: bool = True,
) -> Iterator[EntryId]:
    """Put entries into the stories that they belong to, in the order of their ids; yield each.

    Those that join none stay stories of their own. Only what was stored before an entry is looked
    at; of that, what still waits to be put into a story (`grouping`) is first. Entries in a story
    with others, or that an admin has ruled on, stay. All are in the index.
    *is_strict_within_feed*: what a feed says twice is two stories, as in its polls; an archive that
    was put together from many may name them all one feed.
    """
    ids = sorted(entry_ids)
    # What several tell at once is not common because of that: those to come are not counted yet.
    to_come = Counter[str]()
    for row in connection.execute(_ARRIVALS, {"ids": values.to_json(ids), "lead": LEAD}):
        to_come.update(_sketch(index, row).terms.keys())
    for id_ in ids:
        ((entry, own_story),) = _arrivals(connection, index, [id_])
        to_come.subtract(entry.sketch.terms.keys())
        if _alone(connection, [id_]):
            _decide(connection, index, entry, own_story, to_come, is_strict=is_strict_within_feed)
        yield id_


def _alone(connection: sqlite3.Connection, ids: Iterable[int]) -> list[EntryId]:
    return [EntryId(row["id"]) for row in connection.execute(_ALONE, {"ids": values.to_json(ids)})]


def _decide(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry: Arrival,
    own_story: StoryId,
    to_come: Mapping[str, int],
    *,
    is_strict: bool,
    asks_earlier: bool = True,
) -> None:
    """Put an entry into the story that it belongs to, if there is one.

    *to_come*: in how many entries that do not count yet each word is.
    """
    size: int = connection.execute("SELECT COALESCE(MAX(id), 0) FROM entries").fetchone()[0]
    index.sketches.start(size)
    counts = _counts(connection, index, entry.sketch.terms, to_come, own=1)
    found = _alike(connection, entry, counts, size) + _linked(connection, entry)
    if asks_earlier:
        # Only where an entry is decided out of turn; and no further back than what it resembles.
        waiting = _alone(connection, _waiting_among(connection, found))
        for earlier, story_id in _arrivals(connection, index, waiting):
            _decide(connection, index, earlier, story_id, {}, is_strict=True, asks_earlier=False)
    candidates = _candidates(connection, index, entry, found, is_strict=is_strict)
    theirs = {term for each in candidates for one in each.members for term in one.sketch.terms}
    counts |= _counts(connection, index, theirs - counts.keys(), to_come)
    note_links(connection, [(entry.id, entry.link)])
    archive = Archive(size=size, counts=counts)
    match = choose(entry, candidates, archive, is_strict_within_feed=is_strict)
    if match is not None:
        move(connection, [entry.id], own_story, match.story_id)


def _counts(
    connection: sqlite3.Connection,
    index: SearchIndex,
    terms: Iterable[str],
    to_come: Mapping[str, int],
    *,
    own: int = 0,
) -> dict[str, int]:
    """Return in how many entries each word is, but for *own* and those *to_come*."""
    having = index.sketches.counts(connection, terms, is_fresh=bool(own))
    return {term: max(count - own - to_come.get(term, 0), 0) for term, count in having.items()}


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
                sketch=_sketch(index, row),
                link=link_of(row["url"]),
            ),
            StoryId(row["story_id"]),
        )
        for row in rows
    ]


def _sketch(index: SearchIndex, row: sqlite3.Row) -> Sketch:
    """Return the words of an entry's title and beginning, by the rule that the index follows."""
    teaser, text = row["teaser"], row["text"]
    lead = text if teaser in text else f"{teaser}\n\n{text}"
    return index.sketches.of(row["title"], lead)


def _candidates(
    connection: sqlite3.Connection,
    index: SearchIndex,
    entry: Arrival,
    found: Iterable[int],
    *,
    is_strict: bool,
) -> list[Candidate]:
    """Return the stories of the entries *found*."""
    stories = _members(connection, index, entry, found, is_strict_within_feed=is_strict)
    return [
        Candidate(id=id_, members=tuple(members), size=size_)
        for id_, (members, size_) in stories.items()
    ]


def _alike(
    connection: sqlite3.Connection, entry: Arrival, counts: Mapping[str, int], size: int
) -> list[int]:
    """Return the entries that share most of the most telling words of *entry*."""
    telling = {
        term: weight * log(max(size, 1) / counts[term] + 1)
        for term, weight in entry.sketch.terms.items()
        if counts[term]
    }
    terms = sorted(telling, key=lambda term: (-telling[term], term))[:_QUERY_TERMS]
    score: dict[int, float] = defaultdict(float)
    for term in terms:
        weight = telling[term]
        rows = connection.execute(
            HAVING,
            {
                "match": sought(term),
                "first": entry.id - _REACH,
                "before": entry.id,
                "limit": _SAME_TERM_MAX,
            },
        )
        for (id_,) in rows:
            score[id_] += weight
    enough = max(
        _CANDIDATE_SHARE * max(score.values(), default=0.0),
        _CANDIDATE_MIN * sum(telling[term] for term in terms),
    )
    alike = [id_ for id_ in score if score[id_] >= enough]
    return nlargest(_CANDIDATES, alike, key=lambda id_: (score[id_], id_))


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
    found: dict[StoryId, tuple[list[Arrival], int]] = {}
    wanted: set[int] = set()
    for row in stories:
        story = {"story_id": row["story_id"], "before": entry.id, "limit": MEMBERS - 1}
        size = connection.execute(SIZE_OF, story).fetchone()
        if size["size"]:  # a story may be of what came later alone
            found[StoryId(row["story_id"])] = [], size["size"]
            wanted.add(size["first"])
            wanted.update(latest["id"] for latest in connection.execute(LATEST_OF, story))
    for arrival, story_id in _arrivals(connection, index, wanted):
        found[story_id][0].append(arrival)
    return found


# --- Links ---


def link_key(link: str) -> int:
    """Return what a canonical link is found by: 63 bits of its hash."""
    digest = blake2b(link.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def note_links(connection: sqlite3.Connection, links: Iterable[tuple[EntryId, str | None]]) -> None:
    """Note where entries link to, as `link_of` gives it."""
    bulk.insert(
        connection,
        "INSERT OR IGNORE INTO entry_links (link_key, entry_id)",
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
