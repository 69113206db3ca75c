"""What the poll benchmark measures with: processes through /proc, and the event loop's lag.

``python -m tests.benchmarks.poll_measure`` probes an idle event loop until its standard input ends,
and answers each line with what it saw since the last: what a machine shared with others adds to
every figure.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROBE_S = 0.005
_WATCH_S = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def cpu_s() -> float:
    """Return the CPU seconds of this process and its children, living and dead."""
    own, dead = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    living = sum(process_cpu_s(pid) for pid in _children(os.getpid()))
    return own.ru_utime + own.ru_stime + dead.ru_utime + dead.ru_stime + living


def process_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a living process, without its children; 0 where it ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # utime, stime: proc(5)


def memory_mb(pid: int | str = "self") -> tuple[float, float]:
    """Return the resident memory of a process, now and at its peak, in MB; zeros where it ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    found = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "VmHWM")))
    if not found:
        return 0.0, 0.0
    now, peak = (int(found[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))
    return now, peak


def _worst_child() -> float:
    return max((memory_mb(pid)[1] for pid in _children(os.getpid())), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """By how much the event loop was late, in milliseconds."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    over_5_ms: int  # probes
    probes: int


class Probe:
    """Sleeps 5 ms over and over and notes by how much it overslept; watches the workers' memory."""

    def __init__(self) -> None:
        self._late = array("d")
        self.worker_peak_mb = 0.0

    def lag(self) -> Lag:
        """Return what was seen since the last call."""
        late, self._late = sorted(self._late), array("d")
        if not late:
            return Lag(p50_ms=0.0, p99_ms=0.0, max_ms=0.0, over_5_ms=0, probes=0)
        return Lag(
            p50_ms=1000 * late[len(late) // 2],
            p99_ms=1000 * late[len(late) * 99 // 100],
            max_ms=1000 * late[-1],
            over_5_ms=sum(each > PROBE_S for each in late),
            probes=len(late),
        )

    async def run(self) -> None:
        """Probe until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(PROBE_S)
            self._late.append(loop.time() - began - PROBE_S)

    async def watch_workers(self) -> None:
        """Note the peaks of this process's children until cancelled."""
        while True:
            # In a thread: the kernel makes a reader of /proc wait for a process that is busy.
            self.worker_peak_mb = max(self.worker_peak_mb, await asyncio.to_thread(_worst_child))
            await asyncio.sleep(_WATCH_S)


@asynccontextmanager
async def probing(*, with_lag: bool = True) -> AsyncIterator[Probe]:
    """Probe this loop while the block runs; without *with_lag* only watch the workers."""
    probe = Probe()
    tasks = [asyncio.ensure_future(probe.watch_workers())]
    if with_lag:
        tasks.append(asyncio.ensure_future(probe.run()))
    try:
        yield probe
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(slots=True)
class Slow:
    """What held the loop under one name: how often, and how long at worst.

    The loop's thread had so much CPU time at most; otherwise it waited for a core, for the
    interpreter's lock or for the kernel.
    """

    times: int = 0
    worst_ms: float = 0.0
    own_ms: float = 0.0


class Trace:
    """Notes every step of the event loop, and every garbage collection, that takes long."""

    def __init__(self, least_ms: float) -> None:
        self._least_s = least_ms / 1000
        self._slow: dict[str, Slow] = {}
        self._collecting_since = (0.0, 0.0)

    def told(self) -> dict[str, dict[str, Any]]:
        """Return what was noted since the last call, the worst first."""
        slow, self._slow = self._slow, {}
        ordered = sorted(slow.items(), key=lambda item: -item[1].worst_ms)
        return {name: asdict(noted) for name, noted in ordered[:20]}

    def note(self, name: str, took_s: float, own_s: float) -> None:
        """Note a step of the loop."""
        if took_s < self._least_s:
            return
        noted = self._slow.setdefault(name, Slow())
        noted.times += 1
        noted.worst_ms = max(noted.worst_ms, 1000 * took_s)
        noted.own_ms = max(noted.own_ms, 1000 * own_s)

    def on_collection(self, phase: str, info: Mapping[str, int]) -> None:
        """Note a collection: fits gc.callbacks."""
        if phase == "start":
            self._collecting_since = (time.perf_counter(), time.thread_time())
            return
        began, own = self._collecting_since
        name = f"garbage collection {info['generation']}, in any thread"
        self.note(name, time.perf_counter() - began, time.thread_time() - own)


@contextmanager
def tracing(least_ms: float) -> Iterator[Trace | None]:
    """Note what takes *least_ms* in this thread's loop; None and nothing for 0."""
    if not least_ms:
        yield None
        return
    trace = Trace(least_ms)
    handles: Any = asyncio.Handle  # asyncio has no hook for this
    run: Callable[[asyncio.Handle], None] = handles._run

    def timed(handle: asyncio.Handle) -> None:
        began, own = time.perf_counter(), time.thread_time()
        run(handle)
        took_s = time.perf_counter() - began
        if took_s >= trace._least_s:
            trace.note(_name_of(handle), took_s, time.thread_time() - own)

    handles._run = timed
    gc.callbacks.append(trace.on_collection)
    try:
        yield trace
    finally:
        gc.callbacks.remove(trace.on_collection)
        handles._run = run


def _name_of(handle: Any) -> str:  # noqa: ANN401  # what it does is private
    """Return what a step of the loop belongs to: its coroutine's innermost call, or a callback."""
    callback: Any = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    names = []
    awaited: Any = task.get_coro()
    while awaited is not None and hasattr(awaited, "cr_frame"):
        line = awaited.cr_frame.f_lineno if awaited.cr_frame else 0
        names.append(f"{awaited.__qualname__}:{line}")
        awaited = awaited.cr_await
    return " > ".join(names[:1] + names[-2:] if len(names) > 3 else names)


async def _control() -> None:
    async with probing() as probe:
        while await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(json.dumps(asdict(probe.lag())) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_control())
