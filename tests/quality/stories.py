"""How well stories are told apart: the product's own storage on published data.

``uv run python -m tests.quality.stories DIR`` prints it for

- stories_articles.jsonl.gz: triples of articles on one event among others without a label,
- stories_headlines.jsonl: headlines with the event they are about,
- near-duplicates: articles of the first as another outlet might have taken them over, edited here,
- what a decision costs among 100,000 entries.

B-cubed (Bagga and Baldwin 1998) over what is labelled; what has no label is another event, whatever
it is put together with. The files are read in their order, as a feed would bring them: what comes
later is never known.
"""

import asyncio
import gzip
import json
import sqlite3
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from bot.language.words import VERSION, tokenise
from bot.news.models import (
    Check,
    EntryId,
    FeedId,
    FeedState,
    Imported,
    NewEntry,
    ParsedEntry,
    ParsedFeed,
    Refresh,
    StoryId,
)
from bot.news.ports import Storage
from bot.storage import open_storage
from bot.storage.sqlite import stories
from bot.storage.sqlite.index import SearchIndex

Row = dict[str, Any]
Figure = tuple[str, float, float | None]

ARTICLES, HEADLINES = "stories_articles.jsonl.gz", "stories_headlines.jsonl"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 50  # entries a transaction
_COPIES = 1_500
_WINDOW = 100_000  # entries among which the cost is measured
_DECISIONS = 400


def read(path: Path) -> list[Row]:
    """Return the objects of a JSON lines file, packed or not."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    return [json.loads(line) for line in lines]


def b_cubed(labels: Sequence[str | None], groups: Sequence[Hashable]) -> tuple[float, float, float]:
    """Return precision, recall and their harmonic mean over what is labelled."""
    by_group: dict[Hashable, list[str | None]] = defaultdict(list)
    by_label: dict[str, int] = defaultdict(int)
    for label, group in zip(labels, groups, strict=True):
        by_group[group].append(label)
        if label is not None:
            by_label[label] += 1
    precisions, recalls = [], []
    for label, group in zip(labels, groups, strict=True):
        if label is not None:
            same = by_group[group].count(label)
            precisions.append(same / len(by_group[group]))
            recalls.append(same / by_label[label])
    precision, recall = statistics.fmean(precisions), statistics.fmean(recalls)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _refresh(feed_id: FeedId, entries: Sequence[ParsedEntry], at: datetime) -> Refresh:
    return Refresh(
        feed_id=feed_id,
        check=Check(at=at, status=200, took_ms=0, size=0, new_entries=len(entries)),
        next_poll_at=at,
        next_poll_reason="",
        failures=0,
        state=FeedState.OK,
        new=tuple(NewEntry(entry=entry, aliases=(f"g{entry.guid}",)) for entry in entries),
    )


def _entry(row: Row) -> ParsedEntry:
    date = row.get("date")
    return ParsedEntry(
        guid=row["id"],
        url=f"https://example.org/{row['id']}",
        title=row["title"],
        text=row["text"],
        published_at=datetime.fromtimestamp(int(date), UTC) if date else None,
    )


async def _publish(storage: Storage, entries: Sequence[ParsedEntry]) -> None:
    """Store entries and put them into stories, as an import does."""
    feed = await storage.ensure_feed("https://example.org/", ParsedFeed(title="All"), _START)
    for start in range(0, len(entries), _BATCH):
        batch = [
            Imported(entry=entry, keys=(f"g{entry.guid}",), aliases=())
            for entry in entries[start : start + _BATCH]
        ]
        await storage.import_entries(feed.id, batch, _START)


async def _stories(storage: Storage) -> dict[str, StoryId]:
    """Return the story of each entry, by the last part of its link."""
    found: dict[str, StoryId] = {}
    after = StoryId(0)
    while page := await storage.stories(after, 1_000):
        after = page[-1].id
        for story in page:
            found.update((str(entry.url).rsplit("/", 1)[-1], story.id) for entry in story.entries)
    return found


async def grouped(entries: Sequence[ParsedEntry]) -> dict[str, StoryId]:
    """Return the story of each entry, by its guid, after all have come in their order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "herald.db"
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            await _publish(storage, entries)
            return await _stories(storage)


def labelled(path: Path) -> tuple[float, float, float]:
    """Return precision, recall and F of a labelled file."""
    data = read(path)
    found = asyncio.run(grouped([_entry(row) for row in data]))
    return b_cubed([row["label"] for row in data], [found[row["id"]] for row in data])


# --- Near-duplicates ---

_HEADS = ("What we know: ", "Update: ", "Report: ", "Exclusive: ", "")
_BYLINES = ("By a staff writer", "From our correspondent", "Agencies", "The Courier desk")
_LEADINS = ("According to reports, ", "In brief: ", "It emerged that ", "Officials say ")


def copies(originals: Sequence[ParsedEntry], count: int, seed: int) -> Iterator[ParsedEntry]:
    """Yield articles as another outlet might run them, each with its original's guid and "+"."""
    dice = Random(seed)  # noqa: S311  # the same edits each time
    for original in dice.sample(originals, min(count, len(originals))):
        paragraphs = [part for part in original.text.split("\n") if part.strip()]
        kept = [part for part in paragraphs[1:] if dice.random() > 0.25]
        words = paragraphs[0].split() if paragraphs else []
        for _ in range(len(words) // 8):
            at = dice.randrange(len(words))
            words[at] = dice.choice(words)
        lead = " ".join(words)
        if dice.random() < 0.4:
            lead = dice.choice(_LEADINS) + lead
        told = [dice.choice(_BYLINES)] if dice.random() < 0.5 else []
        title = original.title.split()
        if dice.random() < 0.5:
            dice.shuffle(title)
        if len(title) > 5 and dice.random() < 0.6:
            title = title[:-2]
        yield replace(
            original,
            guid=f"{original.guid}+",
            url=f"{original.url}+",
            title=dice.choice(_HEADS) + " ".join(title),
            text="\n\n".join([*told, lead, *kept]),
        )


def near_duplicates(path: Path, count: int = _COPIES, seed: int = 4) -> tuple[float, float]:
    """Return precision and recall of finding the original of a copy, and it alone."""
    originals = [
        _entry(row) for row in read(path) if row["label"] is None and len(row["text"]) > 400
    ]
    edited = list(copies(originals, count, seed))
    found = asyncio.run(grouped([*originals, *edited]))
    of_originals = {found[str(entry.guid)] for entry in originals}
    joined = right = 0
    for copy in edited:
        story = found[str(copy.guid)]
        if story in of_originals:
            joined += 1
            right += found[str(copy.guid).removesuffix("+")] == story
    return right / joined, right / len(edited)


# --- Cost ---


async def _decisions(path: Path) -> tuple[list[float], float]:
    """Return the milliseconds of decisions among many entries, and what memory they took, in MB."""
    dice = Random(5)  # noqa: S311  # the same archive each time
    data = [_entry(row) for row in read(path)]
    words = [word for entry in data for word in entry.text.split()]
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "herald.db"
        async with open_storage(database, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            feed = await storage.ensure_feed(
                "https://example.org/", ParsedFeed(title="All"), _START
            )

            def made(number: int) -> ParsedEntry:
                at = dice.randrange(len(words) - 80)
                title = " ".join(words[at : at + 9])
                return ParsedEntry(
                    guid=str(number),
                    url=f"https://example.org/{number}",
                    title=title,
                    text=" ".join(words[at + 9 : at + 80]),
                    published_at=_START + timedelta(seconds=2 * number),
                )

            for start in range(0, _WINDOW, 500):
                batch = [made(number) for number in range(start, start + 500)]
                await storage.record(_refresh(feed.id, batch, _START))
            await storage.tidy(_START)  # as once a day
            index = SearchIndex(tokenise, VERSION)

            def one(connection: sqlite3.Connection, number: int) -> float:
                began = time.perf_counter()
                stories.group(connection, index, [EntryId(number)], is_strict_within_feed=False)
                return 1000 * (time.perf_counter() - began)

            async def decide(first: int) -> list[float]:
                return [
                    await storage._writer.run(partial(one, number=number))
                    for number in range(first, first + _DECISIONS)
                ]

            took = await decide(_WINDOW - _DECISIONS + 1)
            tracemalloc.start()
            await decide(_WINDOW - 3 * _DECISIONS)  # what is remembered is full, and traced
            before = tracemalloc.get_traced_memory()[0]
            await decide(_WINDOW - 5 * _DECISIONS)
            grown = (tracemalloc.get_traced_memory()[0] - before) / 2**20
            tracemalloc.stop()
    return took, grown


def rows(data: Path) -> list[Figure]:
    """Return what was reached on *data*: figure, value, and the floor it must not fall under."""
    figures: list[Figure] = []
    precision, recall, f = labelled(data / ARTICLES)
    figures += [
        ("stories: articles, B-cubed precision", precision, 0.93),
        ("stories: articles, B-cubed recall", recall, None),
        ("stories: articles, B-cubed F", f, 0.90),
    ]
    precision, recall, f = labelled(data / HEADLINES)
    figures += [
        ("stories: headlines, B-cubed precision", precision, None),
        ("stories: headlines, B-cubed recall", recall, None),
        ("stories: headlines, B-cubed F", f, 0.76),
    ]
    precision, recall = near_duplicates(data / ARTICLES)
    figures += [
        ("stories: near-duplicates, precision", precision, 0.95),
        ("stories: near-duplicates, recall", recall, 0.985),
    ]
    return figures


def cost(data: Path) -> list[Figure]:
    """Return what a decision costs among 100,000 entries; takes minutes to set up."""
    took, grown = asyncio.run(_decisions(data / ARTICLES))
    took.sort()
    return [
        ("stories: decision of 100,000, p50 ms", statistics.median(took), None),
        ("stories: decision of 100,000, p99 ms", took[int(0.99 * len(took))], None),
        ("stories: memory of 400 decisions more, MB", grown, None),
    ]


if __name__ == "__main__":
    _data = Path(sys.argv[1])
    for _name, _value, _floor in (cost if "--cost" in sys.argv else rows)(_data):
        _mark = "" if _floor is None else f"  (at least {_floor:g})"
        sys.stdout.write(f"{_name:<46}{_value:8.3f}{_mark}\n")
