"""How well questions are answered: the product's own storage and quoter on published data.

``uv run python -m tests.quality.asking DIR`` prints it for

- SQuAD's paragraphs as an archive with its questions,
- dated news with questions asked at the end of their day: a quote may hold its neighbours,
- honesty: the same questions asked 45 days too early, when nothing can answer them yet, and SQuAD's
  questions asked of the news and the other way round.

An answer counts as held where its words stand in a quote in their order, capitals, punctuation and
articles aside.
"""

import asyncio
import gzip
import json
import re
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.language.quoter import TextQuoter, Thought
from bot.language.words import VERSION, tokenise
from bot.news.answers import Answer, Quote
from bot.news.models import Imported, ParsedEntry, ParsedFeed
from bot.news.ports import Storage
from bot.news.text import clean
from bot.services.ask import Asker
from bot.storage import open_storage

Row = dict[str, Any]
Figure = tuple[str, float, float | None]

SQUAD = ("squad_docs.jsonl.gz", "squad_questions.jsonl")
NEWS = ("news_articles.jsonl.gz", "news_questions.jsonl")
TOO_EARLY = timedelta(days=45)
SQUAD_DAY = datetime(2025, 1, 1, 12, tzinfo=UTC)  # of every paragraph
_BATCH = 100
_OFF_TOPIC = 500  # questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question, when it is asked, and what would answer it."""

    question: str
    now: datetime
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a question."""

    asking: Asking
    thought: Thought
    cpu_ms: float

    @property
    def answer(self) -> Answer:
        """The answer."""
        return self.thought.answer

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """What was quoted, or would have been."""
        return self.answer.quotes or self.answer.closest


def read(path: Path) -> list[Row]:
    """Return the objects of a JSON lines file, packed or not."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    return [json.loads(line) for line in lines]


def day_of(text: str) -> datetime:
    """Return the last moment of a day."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1, microseconds=-1)


@asynccontextmanager
async def archive(path: Path) -> AsyncIterator[Storage]:
    """Open an archive made of a file of articles."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "herald.db"
        async with open_storage(database, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            by_host: dict[str, list[Row]] = {}
            for row in read(path):
                by_host.setdefault(urlsplit(row["url"]).hostname or "", []).append(row)
            for host, rows in by_host.items():
                now = SQUAD_DAY
                feed = await storage.ensure_feed(f"https://{host}/", ParsedFeed(title=host), now)
                for start in range(0, len(rows), _BATCH):
                    batch = [_imported(row) for row in rows[start : start + _BATCH]]
                    await storage.import_entries(feed.id, batch, now)
            yield storage


def _imported(row: Row) -> Imported:
    entry = ParsedEntry(
        guid=row["id"],
        url=row["url"],
        title=clean(row["title"]),
        text=clean(row["text"]),
        published_at=datetime.fromisoformat(row["date"]).replace(tzinfo=UTC),
    )
    return Imported(entry=entry, keys=(f"g{row['id']}",), aliases=())


class _Stopped:
    """A clock that stands still: every question says its own present."""

    def now(self) -> datetime:
        return SQUAD_DAY


async def ask_all(storage: Storage, askings: Sequence[Asking]) -> list[Reply]:
    """Ask every question and return what became of it."""
    quoter = TextQuoter()
    asker = Asker(storage, quoter, _Stopped())
    replies = []
    for asking in askings:
        asked, gathered = await asker.gather(asking.question, channels=None, now=asking.now)
        began = time.process_time()
        thought = quoter.think(asked, gathered, asking.now)
        took_ms = 1000 * (time.process_time() - began)
        replies.append(Reply(asking=asking, thought=thought, cpu_ms=took_ms))
    return replies


async def _replies(data: Path) -> dict[str, list[Reply]]:
    squad = [
        Asking(question=row["q"], now=SQUAD_DAY, answers=tuple(row["answers"]))
        for row in read(data / SQUAD[1])
    ]
    news = [
        Asking(question=row["q"], now=day_of(row["date"]), answers=tuple(row["answers"]))
        for row in read(data / NEWS[1])
    ]
    early = [Asking(question=one.question, now=one.now - TOO_EARLY, answers=()) for one in news]
    foreign = [
        Asking(question=one.question, now=news[number % len(news)].now, answers=())
        for number, one in enumerate(squad[:_OFF_TOPIC])
    ]
    out: dict[str, list[Reply]] = {}
    async with archive(data / SQUAD[0]) as storage:
        out["squad"] = await ask_all(storage, squad)
        off = [Asking(question=one.question, now=SQUAD_DAY, answers=()) for one in news]
        out["off squad"] = await ask_all(storage, off[:_OFF_TOPIC])
    async with archive(data / NEWS[0]) as storage:
        out["news"] = await ask_all(storage, news)
        out["early"] = await ask_all(storage, early)
        out["off news"] = await ask_all(storage, foreign)
    return out


def replies(data: Path) -> dict[str, list[Reply]]:
    """Return what becomes of every question: squad, off squad, news, early, off news."""
    return asyncio.run(_replies(data))


# --- Scores ---

_WORD = re.compile(r"[\w$%£€]+(?:[.,]\d+)*")
_ARTICLES = {"a", "an", "the"}


def _words(text: str) -> str:
    plain = text.casefold().replace("\u2019s", "").replace("'s", "")
    return " ".join(["", *(w for w in _WORD.findall(plain) if w not in _ARTICLES), ""])


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers stands in *text*."""
    told = _words(text)
    return any(len(wanted := _words(answer)) > 1 and wanted in told for answer in answers)


def share_held(found: Sequence[Reply], first: int, *, whole_quotes: bool = True) -> float:
    """Return the share of questions one of whose *first* quotes holds an answer.

    Of the quotes only the sentence that answers, unless *whole_quotes*.
    """
    held = 0
    for reply in found:
        shown = [
            quote.text if whole_quotes else quote.text[slice(*quote.sentence)]
            for quote in reply.quotes[:first]
        ]
        held += any(holds(text, reply.asking.answers) for text in shown)
    return held / len(found)


def not_verbatim(found: Sequence[Reply]) -> int:
    """Return how many quotes do not stand in their article."""
    return sum(
        quote.text not in quote.hit.entry.text and quote.text != quote.hit.entry.title
        for reply in found
        for quote in reply.quotes
    )


def area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the area under the curve: how often one that is answerable is believed more."""
    ordered = sorted(negative)
    below = sum((bisect_left(ordered, one) + bisect_right(ordered, one)) / 2 for one in positive)
    return below / (len(positive) * len(ordered))


def _sure(found: Sequence[Reply]) -> list[float]:
    return [reply.answer.confidence for reply in found]


def _answered(found: Sequence[Reply]) -> float:
    return sum(reply.answer.is_found for reply in found) / len(found)


def rows(data: Path) -> list[Figure]:
    """Return what was reached on *data*: figure, value, and the floor it must not fall under."""
    got = replies(data)
    squad, news = got["squad"], got["news"]
    cpu = sorted(reply.cpu_ms for reply in news)
    return [
        ("ask: SQuAD, first quote holds the answer", share_held(squad, 1), 0.80),
        ("ask: SQuAD, one of the first three", share_held(squad, 3), 0.905),
        ("ask: SQuAD, its sentence alone", share_held(squad, 1, whole_quotes=False), 0.73),
        ("ask: SQuAD, one of three alone", share_held(squad, 3, whole_quotes=False), None),
        ("ask: news, first quote holds the answer", share_held(news, 1), 0.575),
        ("ask: news, one of the first three", share_held(news, 3), 0.76),
        ("ask: news, its sentence alone", share_held(news, 1, whole_quotes=False), None),
        ("ask: quotes not verbatim, at most", float(sum(map(not_verbatim, got.values()))), 0.0),
        ("ask: area, news against too early", area(_sure(news), _sure(got["early"])), 0.895),
        ("ask: area, news against SQuAD's", area(_sure(news), _sure(got["off news"])), 0.98),
        ("ask: area, SQuAD against news'", area(_sure(squad), _sure(got["off squad"])), 0.98),
        ("ask: answered of news", _answered(news), 0.80),
        ("ask: answered of SQuAD", _answered(squad), 0.80),
        ("ask: answered too early, at most", _answered(got["early"]), 0.20),
        ("ask: answered off topic, of the news, at most", _answered(got["off news"]), 0.02),
        ("ask: answered off topic, of SQuAD, at most", _answered(got["off squad"]), 0.02),
        ("ask: ms CPU of an answer, p50", cpu[len(cpu) // 2], None),
        ("ask: ms CPU of an answer, p99", cpu[int(0.99 * len(cpu))], None),
    ]


if __name__ == "__main__":
    for _name, _value, _floor in rows(Path(sys.argv[1])):
        _bound = "at most" if _name.endswith("at most") else "at least"
        _mark = "" if _floor is None else f"  ({_bound} {_floor:g})"
        sys.stdout.write(f"{_name:<50}{_value:8.3f}{_mark}\n")
