"""Worker processes from the parent's side: ask one, wait with a deadline, kill it, start another.

Why not ProcessPoolExecutor: its workers inherit the environment (the bot's token among it) and
import the main module (discord.py), one that hangs can be killed by private attributes only, and a
broken pool does not say which body broke it. Here each worker has one task at a time, so the guilty
one is always known.
"""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, Self

import structlog

from bot.feeds.limits import Limits
from bot.feeds.worker import frame_length, packed, unpacked

_log = structlog.get_logger()

# Not -m: the module would be there twice, as __main__ and for those who import it.
_MAIN = "from bot.feeds.worker import main; main()"
_START_S = 30.0  # a cold disk under load; otherwise half a second
_GONE = (asyncio.IncompleteReadError, ConnectionError, pickle.UnpicklingError)

TaskFault = Literal["unreadable", "time", "memory", "fault", "crash", "unavailable"]


class TaskFailed(Exception):
    """A task gave no value. ``fault`` says in what way; the message fits "…, but <message>."."""

    def __init__(self, message: str, *, fault: TaskFault) -> None:
        super().__init__(message)
        self.fault = fault

    @property
    def is_dangerous(self) -> bool:
        """Whether the same task should not be tried again."""
        return self.fault in {"time", "memory", "crash"}


class WorkerPool:
    """Runs tasks in worker processes, started when first needed and replaced when they fall."""

    def __init__(self, *, size: int, limits: Limits, imports: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._imports = imports
        # Last in, first out: while there is little to do, one warm worker does it all.
        self._idle: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)
        self._all: set[_Worker] = set()
        self._most_waiting = size + 2
        self._waiting = 0  # tasks that have a worker or want one
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in tuple(self._all):
            await self._end(worker)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that live."""
        return tuple(worker.pid for worker in self._all)

    async def room(self) -> None:
        """Wait while more than two tasks per pool wait for a worker.

        For callers that could fetch the next body later: each that waits is held in memory.
        """
        await self._has_room.wait()

    async def run(self, task: str, *args: object) -> object:
        """Return what *task* ("module:function") makes of *args*. Raises TaskFailed.

        A worker that dies is tried once more with a fresh one: something else may have killed it.
        """
        self._count(1)
        try:
            return await self._run_once(task, args)
        except TaskFailed as failure:
            if failure.fault != "crash":
                raise
            _log.warning("worker.crashed", task=task)
            return await self._run_once(task, args)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self._waiting += change
        if self._waiting < self._most_waiting:
            self._has_room.set()
        else:
            self._has_room.clear()

    async def _run_once(self, task: str, args: tuple[object, ...]) -> object:
        async with self._worker() as worker:
            request = packed((task, args, self._limits.reading_s, self._limits.reading_kill_s))
            try:
                async with asyncio.timeout(self._limits.reading_deadline_s):
                    reply = await worker.ask(request)
            except TimeoutError:
                await self._end(worker)
                raise TaskFailed(
                    f"reading it took longer than {self._limits.reading_deadline_s:g} s",
                    fault="time",
                ) from None
            except _GONE as error:
                await self._end(worker)
                if worker.ended_by == signal.SIGXCPU:
                    raise TaskFailed(
                        f"reading it took more than {self._limits.reading_kill_s:g} s of CPU time",
                        fault="time",
                    ) from error
                raise TaskFailed("reading it crashed the reader", fault="crash") from error
            except asyncio.CancelledError:
                await self._end(worker)  # its answer would be taken for the next task's
                raise
        match reply:
            case ("ok", value):
                return value
            case (("unreadable" | "time" | "memory" | "fault") as fault, str(message)):
                raise TaskFailed(message, fault=fault)
        raise TaskFailed("the reader gave no sensible answer", fault="fault")

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator["_Worker"]:
        """Lend a worker to the block, starting one where needed; an ended one is not lent again."""
        worker = await self._idle.get()
        try:
            if worker is not None and worker.tasks >= self._limits.worker_tasks:
                await self._end(worker)
                worker = None
            if worker is None:
                worker = await self._start()
            worker.tasks += 1
            yield worker
        finally:
            self._idle.put_nowait(worker if worker in self._all else None)

    async def _start(self) -> "_Worker":
        try:
            worker = await _Worker.start(self._limits.worker_memory_bytes, self._imports)
        except OSError as error:
            _log.exception("worker.start_failed")
            raise TaskFailed(
                f"no reader could be started ({error})", fault="unavailable"
            ) from error
        self._all.add(worker)
        try:
            async with asyncio.timeout(_START_S):
                await worker.answer()
        except (TimeoutError, *_GONE) as error:
            await self._end(worker)
            _log.exception("worker.start_failed")
            raise TaskFailed("no reader could be started", fault="unavailable") from error
        except BaseException:
            await self._end(worker)
            raise
        return worker

    async def _end(self, worker: "_Worker") -> None:
        self._all.discard(worker)
        await worker.end()


class _Worker:
    """One process, and the socket to it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.tasks = 0

    @classmethod
    async def start(cls, memory_bytes: int, imports: tuple[str, ...]) -> Self:
        """Start a process that shares nothing with ours but the import path."""
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(  # noqa: ASYNC220, S603  # a fork and an exec of our own
                [sys.executable, "-P", "-c", _MAIN, str(memory_bytes), *imports],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={
                    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                    "LC_ALL": "C.UTF-8",
                },
                process_group=0,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            process.kill()
            process.wait()
            ours.close()
            raise
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended_by(self) -> int | None:
        """The signal that ended the process, None where it lives or left by itself."""
        code = self._process.returncode
        return -code if code is not None and code < 0 else None

    async def ask(self, request: bytes) -> object:
        """Send a request and return the reply."""
        self._writer.write(request)
        await self._writer.drain()
        return await self.answer()

    async def answer(self) -> object:
        """Return the next reply."""
        length = frame_length(await self._reader.readexactly(4))
        return unpacked(await self._reader.readexactly(length))

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._process.poll()  # where it is gone already, remember by what
        self._process.kill()
        self._writer.close()
        await asyncio.shield(asyncio.to_thread(self._process.wait))
        with suppress(OSError):
            await self._writer.wait_closed()
