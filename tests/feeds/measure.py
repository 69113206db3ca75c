"""Measure the tiers on documents made here: ``uv run --group bench python -m tests.feeds.measure``.

CPU time, the best of several runs that take turns, since other work on the machine slows each
alike.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from functools import partial

import fastfeedparser

from bot.feeds.gate import admitted
from bot.feeds.parse import read_feed
from tests.servers.feed_server import FeedItem, rss

URL = "https://gazette.example.org/feed.xml"
WORDS = "harbour ferry council vote tide market crane pilot storm ledger bridge lantern".split()  # noqa: SIM905  # words
ROUNDS = 12


def documents() -> dict[str, bytes]:
    """Return feeds of several builds: short teasers, whole articles, video descriptions."""
    chance = random.Random(3)  # noqa: S311  # prose, no secret

    def prose(words: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(words))

    def paragraph() -> str:
        return f"<p>{prose(80)} <a href='https://gazette.example.org/x'>more</a> &amp; more</p>"

    def items(count: int, description: Callable[[], str], content: Callable[[], str]) -> bytes:
        return rss(
            *(
                FeedItem(
                    title=f"Story {n}: {prose(6)}",
                    link=f"https://gazette.example.org/{n}",
                    description=description(),
                    content=content(),
                )
                for n in range(count)
            )
        )

    return {
        "teasers, 20 entries": items(20, lambda: prose(25), str),
        "teasers, 100 entries": items(100, lambda: prose(25), str),
        "articles, 20 entries": items(20, lambda: prose(25), lambda: paragraph() * 6),
        "articles, 100 entries": items(100, paragraph, lambda: paragraph() * 6),
    }


def main() -> None:
    """Print a table, and the same as JSON."""
    rows = []
    for name, body in documents().items():
        tasks: dict[str, Callable[[], object]] = {
            "thorough": partial(read_feed, body, None, URL, "thorough"),
            "two tiers": partial(read_feed, body, None, URL),
            "gate": partial(admitted, body),
            "fastfeedparser": partial(fastfeedparser.parse, body),
        }
        best = dict.fromkeys(tasks, float("inf"))
        for _ in range(ROUNDS):
            for task, run in tasks.items():
                started = time.process_time()
                run()
                best[task] = min(best[task], (time.process_time() - started) * 1000)
        row = {"feed": name, "kib": len(body) // 1024}
        row |= {f"{task}_ms": round(ms, 2) for task, ms in best.items()}
        rows.append(row | {"ratio": round(best["thorough"] / best["two tiers"], 1)})
    for row in rows:
        sys.stdout.write("  ".join(f"{key} {value}" for key, value in row.items()) + "\n")
    sys.stdout.write(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main()
