"""How fast Herald polls, beside the package ``reader``, and how smoothly.

``uv run --group bench python -m tests.benchmarks poll [--quick] [--json FILE] …``. One run on
loopback::

    server process ◄── Herald, reader, Herald, reader …      150 and 500 feeds of 50 entries
                   ◄── Herald at 50 polls a second           10,000 feeds of 5 entries
                   ◄── the same with hostile feeds mixed in
    control process: the same probe of an idle event loop at the same time

Each contestant is a fresh process on an empty database. A first poll stores every entry and indexes
it for search; Herald also writes aliases, checks and what is owed to channels, and its rows are
counted afterwards. reader keeps entries' HTML as it is, Herald at most 20,000 characters of text.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks.poll_server import World, running

Figures = dict[str, Any]

FIRST_RATIO, SWEEP_RATIO = 10, 7  # times reader, at least
LAG_P99_MS, LAG_MAX_MS, HOSTILE_P99_MS = 15, 100, 25  # at most, on an idle machine
MAIN_MB, WORKER_MB = 140, 100  # at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure. ``ratios``: (feeds, runs) of the contest."""

    ratios: tuple[tuple[int, int], ...] = ((150, 3), (500, 1))
    entries: int = 50
    sweeps: int = 5
    paced_feeds: int = 10_000
    paced_entries: int = 5
    rate: int = 50
    mixes: tuple[int, ...] = (0, 21)  # hostile feeds among them; 0 first, and then unchanged too
    idle_s: float = 3.0
    trace_ms: float = 0.0


QUICK = Plan(
    ratios=((20, 1),),
    entries=5,
    sweeps=1,
    paced_feeds=20,
    paced_entries=2,
    rate=40,
    mixes=(0, 1),
    idle_s=0.1,
)


def run(plan: Plan, folder: Path) -> Figures:
    """Measure all of *plan*; databases go into *folder*."""
    figures: Figures = {"machine": machine(), "contest": [], "paced": []}
    for feeds, runs in plan.ratios:
        if runs:
            figures["contest"].append(_contest(plan, feeds, runs, folder))
    if plan.paced_feeds:
        for hostile in plan.mixes:
            figures["paced"].append(_paced(plan, hostile, folder))
    return figures


def machine() -> Figures:
    """Return what the figures were measured on."""
    packages = {}
    for name in ("reader", "feedparser", "fastfeedparser", "aiohttp", "lxml", "discord.py"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "load": os.getloadavg()[0],
        "packages": packages,
    }


# --- Herald and reader in turns ---


def _contest(plan: Plan, feeds: int, runs: int, folder: Path) -> Figures:
    """Let Herald and reader poll the same feeds, in turns."""
    told: dict[str, list[Figures]] = {"herald": [], "reader": []}
    world = World(feeds=feeds, entries=plan.entries, at=datetime.now(UTC).isoformat())
    with running(world) as server:
        job = {"port": server.port, "feeds": feeds, "entries": plan.entries, "sweeps": plan.sweeps}
        for _ in range(runs):
            for name, results in told.items():
                if name == "reader" and find_spec("reader") is None:
                    continue
                _say(f"{name}: {feeds} feeds of {plan.entries} entries")
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    results.append(_measured(name, {**job, "folder": place}))
                    results[-1]["answers"] = server.counts()
    rows = {name: _medians(results) for name, results in told.items() if results}
    pairs = list(zip(told["herald"], told["reader"], strict=False))
    ratios = {
        f"{phase}_ratio": statistics.median(
            theirs[f"{phase}_s"] / ours[f"{phase}_s"] for ours, theirs in pairs
        )
        for phase in ("first", "sweep")
        if pairs
    }
    return {"feeds": feeds, "entries": plan.entries, **rows, **ratios, "runs": told}


def _medians(results: Sequence[Figures]) -> dict[str, float]:
    numbers = [name for name, value in results[0].items() if isinstance(value, float)]
    return {name: statistics.median(result[name] for result in results) for name in numbers}


def _command(name: str, job: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmarks.poll_{name}", json.dumps(job)]


def _measured(name: str, job: Mapping[str, object]) -> Figures:
    done = subprocess.run(_command(name, job), check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


# --- Herald at a steady rate ---


def _paced(plan: Plan, hostile: int, folder: Path) -> Figures:
    """Let Herald poll at a steady rate while two probes run: one in its loop, one beside it."""
    world = World(
        feeds=plan.paced_feeds,
        entries=plan.paced_entries,
        hostile=hostile,
        at=datetime.now(UTC).isoformat(),
    )
    _say(f"herald: {world.feeds} feeds and {hostile} hostile ones, {plan.rate} polls a second")
    with running(world) as server, tempfile.TemporaryDirectory(dir=folder) as place:
        job = {
            "port": server.port,
            "feeds": world.feeds,
            "entries": world.entries,
            "hostile": hostile,
            "rate": plan.rate,
            "idle_s": plan.idle_s,
            "trace_ms": plan.trace_ms,
            "folder": place,
        }
        with _control() as control:
            command = _command("herald", job)
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
                assert process.stdout
                controls, lines = [], []
                for line in process.stdout:
                    lines.append(line)
                    match line.strip():
                        case "begin":
                            _lag_of(control)
                        case "end":
                            controls.append(_lag_of(control))
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, command)
        figures: Figures = json.loads(lines[-1])
        for phase, idle in zip(figures["phases"].values(), controls, strict=True):
            phase["control_lag"] = idle
        counted = server.counts()
    return {
        "feeds": world.feeds,
        "entries": world.entries,
        "hostile": hostile,
        "rate": plan.rate,
        **figures,
        "answers": counted,
    }


@contextmanager
def _control() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.benchmarks.poll_measure"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603  # our own
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()


def _lag_of(control: "subprocess.Popen[str]") -> Figures:
    """Return what the control saw since the last call."""
    assert control.stdin
    assert control.stdout
    control.stdin.write("\n")
    control.stdin.flush()
    answer: Figures = json.loads(control.stdout.readline())
    return answer


# --- The table ---


def table(figures: Figures) -> str:
    """Return the figures for people."""
    machine = figures["machine"]
    lines = [
        f"{machine['cores']} cores of {machine['cpu']}, {machine['system']}",
        f"Python {machine['python']}, load {machine['load']:.2f} at the start",
        ", ".join(f"{name} {number}" for name, number in machine["packages"].items()),
    ]
    for contest in figures["contest"]:
        lines += ["", *_contest_lines(contest)]
    for paced in figures["paced"]:
        lines += ["", *_paced_lines(paced)]
    return "\n".join(lines) + "\n"


def _contest_lines(contest: Figures) -> Iterator[str]:
    feeds = contest["feeds"]
    runs = len(contest["runs"]["herald"])
    yield f"{feeds} feeds of {contest['entries']} entries, medians of {runs}"
    yield f"{'':10}{'first poll':>22}{'unchanged':>22}{'CPU ms/feed':>18}{'peak MB':>16}"
    yield f"{'':10}{'s':>10}{'feeds/min':>12}{'s':>10}{'feeds/min':>12}{'first':>9}{'again':>9}"
    for name in ("herald", "reader"):
        row = contest.get(name)
        if row is None:
            yield f"{name:10}not installed: uv run --group bench …"
            continue
        yield (
            f"{name:10}{row['first_s']:10.2f}{60 * feeds / row['first_s']:12,.0f}"
            f"{row['sweep_s']:10.2f}{60 * feeds / row['sweep_s']:12,.0f}"
            f"{1000 * row['first_cpu_s'] / feeds:9.1f}{1000 * row['sweep_cpu_s'] / feeds:9.2f}"
            f"{row['main_peak_mb']:10.0f}"
            + (f" + {row['worker_peak_mb']:.0f}" if "worker_peak_mb" in row else "")
        )
    if "herald" in contest:
        stories = contest["runs"]["herald"][-1]["first_stories"]
        yield (
            f"and after the first poll {stories['decided']:,.0f} stories decided in"
            f" {stories['stories_s']:.1f} s ({1000 * stories['stories_cpu_s'] / feeds:.1f} ms of"
            " CPU a feed)"
        )
    if "first_ratio" in contest:
        yield (
            f"Herald is {contest['first_ratio']:.1f} times as fast at first (wanted: {FIRST_RATIO})"
            f" and {contest['sweep_ratio']:.1f} times again (wanted: {SWEEP_RATIO})"
        )


def _paced_lines(paced: Figures) -> Iterator[str]:
    hostile = f" and {paced['hostile']} hostile ones" if paced["hostile"] else ""
    yield (
        f"{paced['feeds']:,} feeds of {paced['entries']} entries{hostile}, {paced['rate']} polls a "
        "second"
    )
    yield (
        f"{'':12}{'loop lag ms':>27}{'control ms':>27}{'late s':>16}{'CPU %':>8}{'main MB':>9}"
        f"{'failed':>8}{'undecided':>11}"
    )
    yield f"{'':12}{'p50':>9}{'p99':>9}{'max':>9}{'p50':>9}{'p99':>9}{'max':>9}{'p99':>8}{'max':>8}"
    yield f"{'idle':12}{_lag(paced['idle_lag'])}"
    for name, phase in paced["phases"].items():
        yield (
            f"{name:12}{_lag(phase['lag'])}{_lag(phase['control_lag'])}{phase['late_p99_s']:8.1f}"
            f"{phase['late_max_s']:8.1f}{100 * phase['cpu_s'] / phase['took_s']:8.0f}"
            f"{phase['main_mb']:9.0f}{phase['failed']:8}{phase['undecided']:11}"
        )
        for what, slow in list(phase["slow"].items())[:8]:
            yield (
                f"    up to {slow['worst_ms']:.1f} ms and {slow['own_ms']:.1f} of CPU, "
                f"{slow['times']} times: {what}"
            )
    p99 = HOSTILE_P99_MS if paced["hostile"] else LAG_P99_MS
    yield (
        f"peak MB: main {paced['main_peak_mb']:.0f}, worker {paced['worker_peak_mb']:.0f}; wanted: "
        f"lag p99 {p99}, worst {LAG_MAX_MS}; main {MAIN_MB}, worker {WORKER_MB}"
    )


def _lag(lag: Figures) -> str:
    return f"{lag['p50_ms']:9.2f}{lag['p99_ms']:9.2f}{lag['max_ms']:9.2f}"


def _say(what: str) -> None:
    sys.stderr.write(what + " …\n")


def main(arguments: Sequence[str]) -> None:
    """Measure, print the table and, where asked to, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks poll")
    parser.add_argument("--quick", action="store_true", help="20 feeds: does the benchmark work?")
    parser.add_argument(
        "--only",
        choices=("contest", "paced", "calm", "hostile"),
        help="a part: calm and hostile are the halves of paced",
    )
    parser.add_argument("--runs", type=int, help="runs of each contest")
    parser.add_argument("--feeds", type=int, action="append", help="sizes of the contest")
    parser.add_argument("--paced-feeds", type=int, help="feeds polled at a steady rate")
    parser.add_argument(
        "--trace",
        type=float,
        default=0.0,
        metavar="MS",
        help="name what holds the loop for so long",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write every figure")
    parser.add_argument("--folder", type=Path, help="where databases go; on a real disk, best")
    told = parser.parse_args(arguments)
    plan = _plan(told)
    if not told.quick and plan.ratios and find_spec("reader") is None:
        parser.error(
            "reader is not installed: uv run --group bench python -m tests.benchmarks poll"
        )
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        figures = run(plan, Path(folder))
    sys.stdout.write(table(figures))
    if told.json:
        told.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _plan(told: argparse.Namespace) -> Plan:
    plan = QUICK if told.quick else Plan()
    ratios = plan.ratios
    if told.feeds:
        ratios = tuple((feeds, dict(ratios).get(feeds, 1)) for feeds in told.feeds)
    if told.runs:
        ratios = tuple((feeds, told.runs) for feeds, _ in ratios)
    paced = plan.paced_feeds if told.paced_feeds is None else told.paced_feeds
    mixes = {"calm": plan.mixes[:1], "hostile": plan.mixes[1:]}
    return replace(
        plan,
        ratios=ratios if told.only in {None, "contest"} else (),
        paced_feeds=0 if told.only == "contest" else paced,
        mixes=mixes.get(told.only, plan.mixes),
        trace_ms=told.trace,
    )
