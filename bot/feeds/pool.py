"""The worker processes: who reads next, for how long, and who has to wait.

::

    run ─► quick lane: a slice of CPU time ─► a value
             └ over the slice, or crashed ─┐
    large, or slow the last time ──────────┴► slow lane: one at a time, all 8 s ─► a value
                                                └ over that, or crashed again: refused

So a document that takes long holds up others that do, and nobody else.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal, Self

import structlog

from bot.feeds.limits import Limits
from bot.feeds.process import GONE, Worker
from bot.feeds.worker import packed

_log = structlog.get_logger()

_START_S = 30.0  # a cold disk under load; otherwise half a second
_NICE, _NICER = 5, 10  # quick documents before slow ones, and the bot before either: nice(1)
_SLOW_MAX = 1000  # names that are known to be slow

TaskFault = Literal[
    "unreadable",  # the document makes no sense: its own message
    "time",
    "memory",
    "crash",
    "fault",  # an error in a library or in ours
    "starved",  # no time either, but it was the machine that had none
    "busy",  # turned away from the slow lane
    "unavailable",  # no worker could be started
]


class TaskFailed(Exception):
    """A task gave no value. ``fault`` says in what way; the message fits "…, but <message>."."""

    def __init__(self, message: str, *, fault: TaskFault, took_s: float = 0.0) -> None:
        super().__init__(message)
        self.fault = fault
        self.took_s = took_s  # by the clock, in a worker

    @property
    def is_dangerous(self) -> bool:
        """Whether the same task should not be tried again."""
        return self.fault in {"time", "memory", "crash"}


class WorkerPool:
    """Runs tasks in worker processes, started when first needed and replaced when they fall."""

    def __init__(self, *, size: int, limits: Limits, imports: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._quick = _Lane(
            limits,
            imports,
            size=size,
            budget_s=min(limits.slice_s, limits.reading_s),
            limit_s=min(limits.slice_kill_s, limits.reading_kill_s),
            niceness=_NICE,
        )
        self._slow = _Lane(
            limits,
            imports,
            size=1,
            budget_s=limits.reading_s,
            limit_s=limits.reading_kill_s,
            niceness=_NICER,
            is_fresh=True,
        )
        self._known_slow: OrderedDict[str, None] = OrderedDict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._quick.close()
        await self._slow.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that live, those of the quick lane first."""
        return (*self._quick.pids, *self._slow.pids)

    async def room(self) -> None:
        """Wait while two tasks more than there are workers have or want one of the quick lane.

        For callers that could fetch the next body later: each that waits is held in memory.
        """
        await self._quick.room.wait()

    async def run(self, task: str, *args: object, name: str | None = None) -> object:
        """Return what *task* ("module:function") makes of *args*. Raises TaskFailed.

        *name* stands for where the document comes from: what took long goes to the slow lane at
        once the next time. A worker that dies is tried once more with a fresh one, as something
        else may have killed it.
        """
        size = sum(len(arg) for arg in args if isinstance(arg, bytes))
        left_s, tries = self._limits.reading_deadline_s, 2
        if size < self._limits.slow_bytes and name not in self._known_slow:
            try:
                with self._quick.place(size):
                    value, _ = await self._quick.run(task, args, self._limits.slice_deadline_s)
            except TaskFailed as stopped:
                if stopped.fault not in {"time", "starved", "crash"}:
                    raise
                _log.info("document.set_aside", task=task, name=name, fault=stopped.fault)
                if stopped.fault == "crash":
                    tries = 1
                else:
                    left_s -= stopped.took_s
                    self._remember(name)
            else:
                return value
        if self._slow.is_full_for(size):
            raise TaskFailed(
                "Herald is still busy with other documents that are large or slow", fault="busy"
            )
        with self._slow.place(size):
            return await self._run_slowly(task, args, name, left_s=left_s, tries=tries)

    async def _run_slowly(
        self, task: str, args: tuple[object, ...], name: str | None, *, left_s: float, tries: int
    ) -> object:
        try:
            value, cpu_s = await self._slow.run(task, args, left_s)
        except TaskFailed as failure:
            if failure.fault != "crash" or tries == 1:
                raise
            return await self._run_slowly(task, args, name, left_s=left_s, tries=1)
        if name is not None and cpu_s < self._limits.slice_s:
            self._known_slow.pop(name, None)  # it is quick now
        return value

    def _remember(self, name: str | None) -> None:
        if name is None:
            return
        self._known_slow[name] = None
        self._known_slow.move_to_end(name)
        if len(self._known_slow) > _SLOW_MAX:
            self._known_slow.popitem(last=False)


class _Lane:
    """So many workers, with so much CPU time for a task: Python code *budget_s*, C code *limit_s*.

    Where *is_fresh*, each task has a process of its own, which takes its memory along.
    """

    def __init__(
        self,
        limits: Limits,
        imports: tuple[str, ...],
        *,
        size: int,
        budget_s: float,
        limit_s: float,
        niceness: int,
        is_fresh: bool = False,
    ) -> None:
        self._limits = limits
        self._imports = imports
        self._budget_s = budget_s
        self._limit_s = limit_s
        self._niceness = niceness
        self._is_fresh = is_fresh
        # Last in, first out: while there is little to do, one warm worker does it all.
        self._idle: asyncio.LifoQueue[Worker | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._all: set[Worker] = set()
        self._size = size
        self._sizes: list[int] = []  # of the documents that have a worker or want one
        self.room = asyncio.Event()
        self.room.set()

    async def close(self) -> None:
        """End all workers."""
        for worker in tuple(self._all):
            await self._end(worker)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that live."""
        return tuple(worker.pid for worker in self._all)

    def is_full_for(self, size: int) -> bool:
        """Return whether a document of so many bytes would be one too many, or too much."""
        if not self._sizes:
            return False
        return (
            len(self._sizes) >= self._size + self._limits.slow_waiting
            or sum(self._sizes) + size > self._limits.slow_waiting_bytes
        )

    @contextmanager
    def place(self, size: int) -> Iterator[None]:
        """Count a document of so many bytes while the block runs."""
        self._sizes.append(size)
        self._update_room()
        try:
            yield
        finally:
            self._sizes.remove(size)
            self._update_room()

    def _update_room(self) -> None:
        if len(self._sizes) < self._size + 2:
            self.room.set()
        else:
            self.room.clear()

    async def run(
        self, task: str, args: tuple[object, ...], deadline_s: float
    ) -> tuple[object, float]:
        """Return the value of a task, and the seconds of CPU time it took. Raises TaskFailed."""
        async with self._worker() as worker:
            request = packed(task, args, budget_s=self._budget_s, limit_s=self._limit_s)
            clock = asyncio.get_running_loop().time
            began = clock()
            try:
                async with asyncio.timeout(deadline_s):
                    kind, value = await worker.ask(request)
            except TimeoutError:
                took_s = clock() - began
                await self._end(worker)
                raise self._too_late(worker, took_s) from None
            except GONE as error:
                await self._end(worker)
                if worker.is_out_of_cpu_time:
                    raise TaskFailed(
                        f"reading it took more than {self._limit_s:g} s of CPU time",
                        fault="time",
                        took_s=clock() - began,
                    ) from error
                _log.warning("worker.crashed", task=task)
                raise TaskFailed("reading it crashed the reader", fault="crash") from error
            except asyncio.CancelledError:
                await self._end(worker)  # its answer would be taken for the next task's
                raise
        match kind:
            case "ok":
                return value, worker.task_cpu_s
            case "unreadable" | "time" | "memory" | "fault":
                raise TaskFailed(str(value), fault=kind, took_s=clock() - began)
        raise TaskFailed("the reader gave no sensible answer", fault="fault")

    def _too_late(self, worker: Worker, took_s: float) -> TaskFailed:
        """Return the error for a task whose worker was ended by the clock."""
        if worker.task_cpu_s < self._limits.starved_s:
            return TaskFailed(
                f"the machine was too busy to read it within {took_s:.1f} s",
                fault="starved",
                took_s=took_s,
            )
        return TaskFailed(
            f"reading it took longer than {took_s:.1f} s", fault="time", took_s=took_s
        )

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        """Lend a worker to the block, starting one where needed; an ended one is not lent again."""
        worker = await self._idle.get()
        try:
            if worker is not None and worker.tasks >= self._limits.worker_tasks:
                await self._end(worker)
                worker = None
            if worker is None:
                worker = await self._start()
            yield worker
            if self._is_fresh:
                await self._end(worker)
        finally:
            self._idle.put_nowait(worker if worker in self._all else None)

    async def _start(self) -> Worker:
        try:
            worker = await Worker.start(
                self._limits.worker_memory_bytes, self._niceness, self._imports
            )
        except OSError as error:
            _log.exception("worker.start_failed")
            raise TaskFailed(
                f"no reader could be started ({error})", fault="unavailable"
            ) from error
        self._all.add(worker)
        try:
            async with asyncio.timeout(_START_S):
                await worker.answer()
        except (TimeoutError, *GONE) as error:
            await self._end(worker)
            _log.exception("worker.start_failed")
            raise TaskFailed("no reader could be started", fault="unavailable") from error
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: Worker) -> None:
        self._all.discard(worker)
        await worker.end()
