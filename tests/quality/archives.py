"""Archives with questions: documents put into Herald's own storage, as a feed brings them.

A document has id, title, text and perhaps date; a question q, rel (ids of documents that answer it)
and perhaps the date it was asked. Dated questions are asked in order, each of an archive that holds
what was published until three days later, as far as labels reach.
"""

import gzip
import json
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.language.words import VERSION, tokenise
from bot.news.models import (
    Check,
    Feed,
    FeedState,
    NewEntry,
    ParsedEntry,
    ParsedFeed,
    Refresh,
)
from bot.news.ports import Storage
from bot.storage import open_storage

Row = dict[str, Any]

LABELS_REACH = timedelta(days=3)
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 250  # entries a transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An archive and what it is asked."""

    name: str
    docs: Sequence[Row]
    questions: Sequence[Row]


def day_of(row: Row) -> datetime:
    """Return the day of a document or a question, the same for all that have none."""
    date = row.get("date")
    return datetime.fromisoformat(date[:10]).replace(tzinfo=UTC) if date else _UNDATED


def read(path: Path) -> list[Row]:
    """Return the objects of a JSON lines file, packed or not."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    return [json.loads(line) for line in lines]


def archives(data: Path) -> Iterator[Asked]:
    """Yield what there is in *data*."""
    for name in ("squad", "news"):
        docs = data / f"{name}_{'docs' if name == 'squad' else 'articles'}.jsonl.gz"
        questions = data / f"{name}_questions.jsonl"
        if docs.exists() and questions.exists():
            yield Asked(name=name, docs=read(docs), questions=read(questions))
    for path in sorted(data.glob("xquad_*.jsonl.gz")):
        rows = read(path)
        yield Asked(
            name=path.name.split(".")[0],
            docs=[row for row in rows if row["kind"] == "doc"],
            questions=[row for row in rows if row["kind"] == "q"],
        )


@asynccontextmanager
async def empty_archive() -> AsyncIterator[tuple[Storage, Feed]]:
    """Open a database of its own, with a feed to publish in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "herald.db"
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            url = "https://example.org/feed"
            yield storage, await storage.ensure_feed(url, ParsedFeed(title="Archive"), _UNDATED)


async def publish(storage: Storage, feed: Feed, docs: Sequence[Row]) -> None:
    """Put documents in the archive, in their order."""
    for start in range(0, len(docs), _BATCH):
        batch = docs[start : start + _BATCH]
        at = day_of(batch[-1])
        await storage.record(
            Refresh(
                feed_id=feed.id,
                check=Check(at=at, status=200, took_ms=0, size=0, new_entries=len(batch)),
                next_poll_at=at,
                next_poll_reason="",
                failures=0,
                state=FeedState.OK,
                new=tuple(map(_new_entry, batch)),
            )
        )


def _new_entry(doc: Row) -> NewEntry:
    entry = ParsedEntry(
        guid=doc["id"],
        url=f"https://example.org/{doc['id']}",
        title=doc["title"],
        text=doc["text"],
        published_at=day_of(doc),
    )
    return NewEntry(entry=entry, aliases=(f"guid:{doc['id']}",))


async def in_turn(
    storage: Storage, feed: Feed, docs: Iterable[Row], questions: Iterable[Row]
) -> AsyncIterator[Row]:
    """Yield the questions in their order, each when what it may be answered by is published."""
    waiting = sorted(docs, key=day_of)
    for question in sorted(questions, key=day_of):
        until = day_of(question) + LABELS_REACH
        there = [doc for doc in waiting if day_of(doc) <= until]
        await publish(storage, feed, there)
        waiting = waiting[len(there) :]
        yield question
