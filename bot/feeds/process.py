"""One worker process from the parent's side: start it, ask it, end it, learn what ended it.

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
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from bot.feeds.worker import REPLY_HEAD, unpacked

# Not -m: the module would be there twice, as __main__ and for those who import it.
_MAIN = "from bot.feeds.worker import main; main()"
_SENT_AT_ONCE = 256 * 1024  # bytes: what the transport cannot send at once it copies
_OUT_OF_CPU_TIME = frozenset({signal.SIGXCPU, signal.SIGVTALRM})

# What reading an answer raises where the worker is gone or no longer ours.
GONE = (asyncio.IncompleteReadError, ConnectionError, pickle.UnpicklingError)


class Worker:
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
        self._told_cpu_s = 0.0  # by its last answer
        self.tasks = 0
        self.task_cpu_s = 0.0  # spent on the last task, once that is over

    @classmethod
    async def start(cls, memory_bytes: int, niceness: int, imports: Sequence[str]) -> Self:
        """Start a process that shares nothing with ours but the import path. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(  # noqa: ASYNC220, S603  # vfork and exec: 0.3 ms
                [sys.executable, "-P", "-c", _MAIN, str(memory_bytes), str(niceness), *imports],
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
        """The process id."""
        return self._process.pid

    @property
    def is_out_of_cpu_time(self) -> bool:
        """Whether the kernel ended the process, as its task had no CPU time left."""
        code = self._process.returncode
        return code is not None and -code in _OUT_OF_CPU_TIME

    async def ask(self, request: Sequence[bytes]) -> tuple[str, object]:
        """Send a request and return the reply: its kind and what it says."""
        self.tasks += 1
        for piece in request:
            view = memoryview(piece)
            for at in range(0, len(view), _SENT_AT_ONCE):
                self._writer.write(view[at : at + _SENT_AT_ONCE])
                await self._writer.drain()
        return await self.answer()

    async def answer(self) -> tuple[str, object]:
        """Return the next reply."""
        (length,) = REPLY_HEAD.unpack(await self._reader.readexactly(REPLY_HEAD.size))
        match unpacked(await self._reader.readexactly(length)):
            case (str(kind), value, float(cpu_s)):
                self._spent(cpu_s)
                return kind, value
        return "fault", "the reader gave no sensible answer"

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        # Not by the methods of Popen, which would reap it without asking what it has used.
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._writer.close()
        await asyncio.shield(asyncio.to_thread(self._reap))
        with suppress(OSError):
            await self._writer.wait_closed()

    def _reap(self) -> None:
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._spent(used.ru_utime + used.ru_stime)

    def _spent(self, cpu_s: float) -> None:
        self.task_cpu_s = cpu_s - self._told_cpu_s
        self._told_cpu_s = cpu_s
