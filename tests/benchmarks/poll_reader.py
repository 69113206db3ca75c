"""The poll benchmark's other contestant: the package ``reader``, with its search index.

``python -m tests.benchmarks.poll_reader '{"port": …, "feeds": …, "entries": …, "sweeps": …,
"folder": …}'`` prints its figures as JSON.
"""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from reader import make_reader

from tests.benchmarks.poll_measure import cpu_s, memory_mb
from tests.benchmarks.poll_server import url

WORKERS = 10


def measure(port: int, feeds: int, entries: int, sweeps: int, folder: str) -> dict[str, Any]:
    """Poll everything once, index it, then sweep while nothing changes."""
    with make_reader(str(Path(folder) / "reader.db"), search_enabled=True) as reader:
        for index in range(feeds):
            reader.add_feed(url(port, index))
        before_cpu, began = cpu_s(), time.perf_counter()
        reader.update_feeds(workers=WORKERS)
        polled_s = time.perf_counter() - began
        reader.update_search()
        first_s, first_cpu_s = time.perf_counter() - began, cpu_s() - before_cpu
        stored = reader.get_entry_counts().total
        found = reader.search_entry_counts("harbour").total
        if stored != feeds * entries or not found:
            raise SystemExit(f"reader stored {stored} of {feeds * entries} entries, found {found}")
        took: list[float] = []
        before_cpu = cpu_s()
        for _ in range(sweeps):
            began = time.perf_counter()
            reader.update_feeds(workers=WORKERS, scheduled=False)
            took.append(time.perf_counter() - began)
        return {
            "first_s": first_s,
            "first_unindexed_s": polled_s,
            "first_cpu_s": first_cpu_s,
            "sweep_s": statistics.median(took),
            "sweep_cpu_s": (cpu_s() - before_cpu) / sweeps,
            "main_peak_mb": memory_mb()[1],
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(**json.loads(sys.argv[1]))) + "\n")
