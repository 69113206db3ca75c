"""How well a search finds the article that holds the answer, in Herald's own archive.

``uv run python -m tests.benchmarks.retrieval DIR [SET …]``, where DIR holds archives and questions:
squad_docs.jsonl.gz + squad_questions.jsonl, news_articles.jsonl.gz + news_questions.jsonl, and any
number of xquad_*.jsonl.gz with both. A document has id, title, text and perhaps date; a question q,
rel (ids that answer it) and perhaps the date it was asked. Dated questions are asked in order,
each of an archive that holds what was published until three days later, as far as labels reach.
"""

import asyncio
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.errors import BadQuery
from bot.language.words import VERSION, tokenise
from bot.news.models import (
    Check,
    Feed,
    FeedState,
    NewEntry,
    ParsedEntry,
    ParsedFeed,
    Refresh,
    SearchRequest,
)
from bot.news.ports import Storage, Tokeniser
from bot.news.query import parse_query
from bot.storage import open_storage

Row = dict[str, Any]

_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
_LABELS_REACH = timedelta(days=3)
_BATCH = 250  # entries a transaction


def _day(row: Row) -> datetime:
    date = row.get("date")
    return datetime.fromisoformat(date[:10]).replace(tzinfo=UTC) if date else _UNDATED


async def _publish(storage: Storage, feed: Feed, docs: Sequence[Row]) -> None:
    """Put documents in the archive, in their order."""
    for start in range(0, len(docs), _BATCH):
        batch = docs[start : start + _BATCH]
        at = _day(batch[-1])
        await storage.record(
            Refresh(
                feed_id=feed.id,
                check=Check(at=at, status=200, took_ms=0, size=0, new_entries=len(batch)),
                next_poll_at=at,
                next_poll_reason="",
                failures=0,
                state=FeedState.OK,
                new=tuple(
                    NewEntry(
                        entry=ParsedEntry(
                            guid=doc["id"],
                            url=f"https://example.org/{doc['id']}",
                            title=doc["title"],
                            text=doc["text"],
                            published_at=_day(doc),
                        ),
                        aliases=(f"guid:{doc['id']}",),
                    )
                    for doc in batch
                ),
            )
        )


async def _ask(storage: Storage, question: Row) -> list[str]:
    """Return the ids of the ten best documents."""
    try:
        query = parse_query(question["q"])
    except BadQuery:
        return []
    request = SearchRequest(query=query, channels=None, limit=10)
    page = await storage.search(request, _day(question))
    return [str(hit.entry.url).rsplit("/", 1)[-1] for hit in page.hits]


async def measure(
    docs: Iterable[Row], questions: Iterable[Row], cut: Tokeniser = tokenise
) -> dict[str, float]:
    """Return MRR@10, recall at 1, 5 and 10 (any of rel), and the milliseconds a question took."""
    ranks: list[int | None] = []
    took_s = 0.0
    waiting = sorted(docs, key=_day)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "herald.db"
        async with open_storage(path, tokenise=cut, tokeniser_version=VERSION) as storage:
            url = "https://example.org/feed"
            feed = await storage.ensure_feed(url, ParsedFeed(title="Archive"), _UNDATED)
            for question in sorted(questions, key=_day):
                until = _day(question) + _LABELS_REACH
                there = [doc for doc in waiting if _day(doc) <= until]
                await _publish(storage, feed, there)
                waiting = waiting[len(there) :]
                began = time.perf_counter()
                found = await _ask(storage, question)
                took_s += time.perf_counter() - began
                wanted = set(question["rel"])
                ranks.append(next((n for n, id_ in enumerate(found, 1) if id_ in wanted), None))
    return {
        "MRR@10": sum(1 / rank for rank in ranks if rank) / len(ranks),
        "R@1": sum(rank == 1 for rank in ranks) / len(ranks),
        "R@5": sum(rank is not None and rank <= 5 for rank in ranks) / len(ranks),
        "R@10": sum(rank is not None for rank in ranks) / len(ranks),
        "ms": 1000 * took_s / len(ranks),
    }


def read(path: Path) -> Iterator[Row]:
    """Yield the objects of a JSON lines file, packed or not."""
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        yield json.loads(line)


def sets(folder: Path) -> Iterator[tuple[str, list[Row], list[Row]]]:
    """Yield name, documents and questions of every set in *folder*."""
    for name, archive, asked in (
        ("squad", "squad_docs.jsonl.gz", "squad_questions.jsonl"),
        ("news", "news_articles.jsonl.gz", "news_questions.jsonl"),
    ):
        yield name, list(read(folder / archive)), list(read(folder / asked))
    for path in sorted(folder.glob("xquad_*.jsonl.gz")):
        rows = list(read(path))
        docs = [row for row in rows if row["kind"] == "doc"]
        yield path.name.split(".")[0], docs, [row for row in rows if row["kind"] == "q"]


def main(folder: Path, wanted: Iterable[str] = ()) -> None:
    """Print a row for each set."""
    names = set(wanted)
    say = sys.stdout.write
    say(f"{'':10}{'docs':>7}{'asked':>7}{'MRR@10':>8}{'R@1':>7}{'R@5':>7}{'R@10':>7}{'ms':>7}\n")
    for name, docs, questions in sets(folder):
        if names and name not in names:
            continue
        found = asyncio.run(measure(docs, questions))
        figures = "".join(f"{found[key]:7.3f}" for key in ("R@1", "R@5", "R@10"))
        say(f"{name:10}{len(docs):7}{len(questions):7}{found['MRR@10']:8.3f}{figures}")
        say(f"{found['ms']:7.1f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
