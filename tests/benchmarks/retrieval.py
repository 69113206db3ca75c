"""How well a search finds the article that holds the answer, on Herald's own index.

``uv run python -m tests.benchmarks.retrieval DIR [SET …]``, where DIR holds archives and questions:
squad_docs.jsonl.gz + squad_questions.jsonl, news_articles.jsonl.gz + news_questions.jsonl, and any
number of xquad_*.jsonl.gz with both. A document has id, title, text and perhaps date; a question q,
rel (ids that answer it) and perhaps the date it was asked. Where there are dates, age counts.
"""

import gzip
import json
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from bot.language.words import VERSION, tokenise
from bot.news.models import EntryId
from bot.news.ports import Tokeniser
from bot.news.query import parse_query
from bot.storage.sqlite import search
from bot.storage.sqlite.index import SearchIndex

Row = dict[str, Any]

# A question's labels reach three days beyond its own; what came later was not there to be found.
_LATEST_DAYS = 3


class Archive:
    """Documents in an index made and asked as Herald's is, held in memory."""

    def __init__(self, docs: Sequence[Row], cut: Tokeniser = tokenise) -> None:
        self._tokenise = cut
        self._docs = docs
        self._connection = sqlite3.connect(":memory:")
        self._connection.row_factory = sqlite3.Row
        migrations = resources.files("bot.storage.sqlite") / "migrations"
        for script in sorted(migrations.iterdir(), key=lambda file: file.name):
            if script.name.endswith(".sql"):
                self._connection.executescript(script.read_text(encoding="utf-8"))
        index = SearchIndex(tokenise=cut, version=VERSION)
        for number, doc in enumerate(docs, 1):
            index.put(self._connection, EntryId(number), doc["title"], "", doc["text"])

    def ids(self, asked: str, on: date | None = None, limit: int = 10) -> list[str]:
        """Return the ids of the best documents for a question asked *on* a day."""
        terms = search._without_common(
            self._connection, search._terms(self._tokenise, parse_query(asked))
        )
        match = search._match(terms)
        if match is None:
            return []
        rows = self._connection.execute(
            """
            SELECT rowid, -bm25(entry_index, 3.0, 1.0, 3.0, 1.0) AS relevance FROM entry_index
             WHERE entry_index MATCH :match ORDER BY relevance DESC LIMIT :limit
            """,
            {"match": match, "limit": 10 * search.CANDIDATES},
        ).fetchall()
        found = [(row["relevance"], self._docs[row["rowid"] - 1]) for row in rows]
        if on is not None:
            days = [(on - date.fromisoformat(doc["date"][:10])).days for _, doc in found]
            there = [pair for pair in zip(found, days, strict=True) if pair[1] >= -_LATEST_DAYS]
            best = max((relevance for (relevance, _), _ in there), default=0.0)
            found = [
                (search.blend(relevance, best, age), doc)
                for (relevance, doc), age in there[: search.CANDIDATES]
            ]
            found.sort(key=lambda pair: -pair[0])
        return [doc["id"] for _, doc in found[:limit]]


def measure(archive: Archive, questions: Sequence[Row]) -> dict[str, float]:
    """Return MRR@10, recall at 1, 5 and 10 (any of rel), and the milliseconds a question took."""
    ranks: list[int | None] = []
    began = time.perf_counter()
    for question in questions:
        on = date.fromisoformat(question["date"][:10]) if "date" in question else None
        found = archive.ids(question["q"], on)
        wanted = set(question["rel"])
        ranks.append(next((n for n, id_ in enumerate(found, 1) if id_ in wanted), None))
    took_ms = 1000 * (time.perf_counter() - began)
    return {
        "MRR@10": sum(1 / rank for rank in ranks if rank) / len(ranks),
        "R@1": sum(rank == 1 for rank in ranks) / len(ranks),
        "R@5": sum(rank is not None and rank <= 5 for rank in ranks) / len(ranks),
        "R@10": sum(rank is not None for rank in ranks) / len(ranks),
        "ms": took_ms / len(ranks),
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
        found = measure(Archive(docs), questions)
        figures = "".join(f"{found[key]:7.3f}" for key in ("R@1", "R@5", "R@10"))
        say(f"{name:10}{len(docs):7}{len(questions):7}{found['MRR@10']:8.3f}{figures}")
        say(f"{found['ms']:7.1f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
