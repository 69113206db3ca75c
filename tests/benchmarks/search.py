"""How fast Herald searches as its archive grows, while a writer polls.

``uv run python -m tests.benchmarks search [--quick] [--folder DIR] [--json FILE]``. One database
grows to 10,000, 100,000 and 1,000,000 entries through the product's own storage (`search_world`);
at each size an operator and a member, who sees a tenth of it, ask questions while polls bring ten
new entries each, as fast as the disk takes them at ten a second. What was posted to whom is written
straight into the outbox: to post a million entries would take days. A folder that already holds a
database is grown on from there.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from bot.app import heap_at_rest
from bot.language.quoter import TextQuoter
from bot.language.words import VERSION, tokenise
from bot.news.models import ChannelId, Check, Feed, FeedState, ParsedFeed, Refresh
from bot.news.ports import Storage
from bot.services.ask import Asker
from bot.services.search import Searcher
from bot.storage import open_storage
from tests.benchmarks import search_commands
from tests.benchmarks.search_world import FEEDS, FIRST_AT, World, published_at
from tests.fakes import FakeClock

Figures = dict[str, Any]

MEMBER = ChannelId(10)  # a channel that gets every tenth entry
OTHERS = ChannelId(11)  # one that gets the rest
P99_MS = 100  # at most, at the last size
ASK_P99_MS = 250  # likewise
_BATCH = 1_000  # entries a transaction while the archive grows
_POLLED = 10  # entries a poll while it is asked
_COMMANDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    questions: int = 200
    commands: int = 0


QUICK = Plan(sizes=(200, 400), questions=10, commands=2)


async def run(plan: Plan, folder: Path) -> list[Figures]:
    """Grow the archive in *path* and measure it at each size."""
    world = World()
    figures = []
    path = folder / "data" / "herald.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    for size in plan.sizes:
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            feeds = [
                await storage.ensure_feed(
                    f"https://paper{number}.example.org/feed",
                    ParsedFeed(title=f"Paper {number}", language="en"),
                    FIRST_AT,
                )
                for number in range(FEEDS)
            ]
            began, before = time.perf_counter(), _count(path)
            await _grow(storage, world, feeds, before, size, plan.sizes[-1])
            grew_s = time.perf_counter() - began
            _post_to_channels(path)
            figures.append(
                {
                    "entries": size,
                    "insert_us": 1e6 * grew_s / (size - before) if size > before else None,
                    "bytes_an_entry": _size(path) / size,
                    **await _measured(plan, storage, world, feeds, size),
                }
            )
        if plan.commands:
            dice = Random(13)  # noqa: S311  # the same questions each time
            questions = [world.question(dice, size).text for _ in range(plan.commands)]
            took = await search_commands.measure(folder, (MEMBER, OTHERS), questions)
            figures[-1] |= {name: _percentiles(each) for name, each in took.items()}
        _say(figures[-1])
    return figures


async def _grow(
    storage: Storage, world: World, feeds: Sequence[Feed], before: int, size: int, of: int
) -> None:
    for first in range(before, size, _BATCH):
        numbers = range(first, min(first + _BATCH, size))
        at = published_at(first, of)
        await _record(storage, world, feeds[first // _BATCH % FEEDS], numbers, at, of)


async def _record(
    storage: Storage, world: World, feed: Feed, numbers: Sequence[int], at: datetime, of: int
) -> None:
    await storage.record(
        Refresh(
            feed_id=feed.id,
            check=Check(at=at, status=200, took_ms=0, size=0, new_entries=len(numbers)),
            next_poll_at=at,
            next_poll_reason="",
            failures=0,
            state=FeedState.OK,
            new=tuple(world.entry(number, published_at(number, of)) for number in numbers),
        )
    )


def _size(path: Path) -> int:
    return path.stat().st_size


def _count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
    return count


def _post_to_channels(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.execute(
            """
            INSERT OR IGNORE INTO deliveries
                   (story_id, entry_id, feed_id, guild_id, channel_id, state, created_at, due_at,
                    message_id, sent_at)
            SELECT story_id, id, feed_id, 1, CASE WHEN id % 10 = 0 THEN :member ELSE :others END,
                   'sent', first_seen_at, first_seen_at, id, first_seen_at
              FROM entries
             WHERE id > (SELECT COALESCE(MAX(entry_id), 0) FROM deliveries)
            """,
            {"member": MEMBER, "others": OTHERS},
        )


async def _measured(
    plan: Plan, storage: Storage, world: World, feeds: Sequence[Feed], size: int
) -> Figures:
    """Ask questions while a writer polls."""
    dice = Random(11)  # noqa: S311  # the same questions each time
    questions = [world.question(dice, size).text for _ in range(plan.questions)]
    others = [world.question(dice, size).text for _ in range(plan.questions)]
    clock = FakeClock(published_at(size, size))
    searcher = Searcher(storage, clock, tokenise)
    asker = Asker(storage, TextQuoter(), clock)
    stop = asyncio.Event()
    polls: list[float] = []

    async def poll() -> None:
        number = size + 10_000_000  # ids of no entry that is to come
        while not stop.is_set():
            began = time.perf_counter()
            numbers = range(number, number + _POLLED)
            await _record(storage, world, feeds[0], numbers, published_at(size, size), number)
            polls.append(time.perf_counter() - began)
            number += _POLLED
            await asyncio.sleep(0.1)

    async def asked(channels: frozenset[ChannelId] | None) -> list[float]:
        took = []
        for question in questions:
            began = time.perf_counter()
            await searcher.search(question, channels=channels)
            took.append(time.perf_counter() - began)
        return took

    with heap_at_rest():  # as `herald run` has it
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(poll())
            operator = await asked(None)
            member = await asked(frozenset([MEMBER]))
            answers = []
            for question in others:
                began = time.perf_counter()
                await asker.ask(question, channels=None)
                answers.append(time.perf_counter() - began)
            stop.set()
            await writer
    told = {"operator": operator, "member": member, "poll": polls, "ask": answers}
    return {name: _percentiles(took) for name, took in told.items() if took}


def _percentiles(took: Sequence[float]) -> Figures:
    ordered = sorted(took)
    return {
        f"p{share}_ms": 1000 * ordered[min(len(ordered) * share // 100, len(ordered) - 1)]
        for share in (50, 99)
    }


def _say(row: Figures) -> None:
    insert = "" if row["insert_us"] is None else f"  {row['insert_us']:5.0f} µs to store one"
    asked = "  ".join(
        f"{name} p50 {row[name]['p50_ms']:.1f} p99 {row[name]['p99_ms']:.1f} ms"
        for name in ("operator", "member", "ask", "poll", "acknowledged", "/news search", "/ask")
        if name in row
    )
    sys.stdout.write(
        f"{row['entries']:>9,} entries  {asked}{insert}  {row['bytes_an_entry']:,.0f} B each\n"
    )


def main(argv: Sequence[str]) -> None:
    """Measure and print; end with 1 where the last p99 is over its ceiling."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks search")
    parser.add_argument("--quick", action="store_true", help="some hundred entries: does it run?")
    parser.add_argument("--folder", type=Path, help="keep the database here, and grow it on")
    parser.add_argument("--sizes", help="such as 10000,100000")
    parser.add_argument(
        "--commands", action="store_true", help="ask by slash commands too, of `herald run`"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args(argv)
    plan = QUICK if arguments.quick else Plan()
    if arguments.sizes:
        plan = replace(plan, sizes=tuple(int(size) for size in arguments.sizes.split(",")))
    if arguments.commands:
        plan = replace(plan, commands=_COMMANDS)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(run(plan, arguments.folder or Path(folder)))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    slowest = max(figures[-1][who]["p99_ms"] for who in ("operator", "member"))
    if not arguments.quick and slowest > P99_MS:
        sys.exit(f"p99 is {slowest:.0f} ms; {P99_MS} ms is the ceiling")
    if not arguments.quick and (answer := figures[-1]["ask"]["p99_ms"]) > ASK_P99_MS:
        sys.exit(f"p99 of an answer is {answer:.0f} ms; {ASK_P99_MS} ms is the ceiling")
