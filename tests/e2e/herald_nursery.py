"""Starts of `herald` for a tenth of the price: a process that has everything imported, and forks.

What it forks is a process of its own, runs the same `main`, and dies by SIGKILL like any other;
only the two and a half seconds of imports are spared, and most of the two in which discord.py waits
for more servers. The nursery reads orders, a JSON object a
line, and tells the pid and the end of each child; it has one at a time.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

_ROOT = Path(__file__).parents[2]


class Child:
    """A process that the nursery forked; looks like asyncio's."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery = nursery
        self._ended = asyncio.ensure_future(self._end())
        self.pid = pid
        self.returncode: int | None = None

    async def _end(self) -> int:
        self.returncode = int((await self._nursery.hear())["ended"])
        self._nursery.say({"reap": True})
        return self.returncode

    async def wait(self) -> int:
        """Wait for its end; return its exit code, or the number of the signal, negative."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: int) -> None:
        """Send a signal. Until we have heard of its end, its pid is nobody else's."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks, from its parent's side."""

    def __init__(self, process: subprocess.Process) -> None:
        self._process = process

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Start it, and end it after the block."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.e2e.herald_nursery"),
            cwd=_ROOT,
            start_new_session=True,  # an interrupt from the keyboard is not for it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            yield cls(process)
        finally:
            process.kill()
            await process.wait()

    async def bear(
        self, folder: Path, env: Mapping[str, str], log: Path, *, ahead_s: float
    ) -> Child:
        """Fork `herald run` in *folder*; what it says goes to *log*."""
        self.say({"cwd": str(folder), "env": dict(env), "log": str(log), "ahead_s": ahead_s})
        return Child(self, int((await self.hear())["pid"]))

    def say(self, order: Mapping[str, object]) -> None:
        """Give an order."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def hear(self) -> Mapping[str, int]:
        """Wait for the next thing that it tells."""
        assert self._process.stdout
        told: Mapping[str, int] = json.loads(await self._process.stdout.readline())
        return told


def _serve() -> None:
    """Fork a child for each order, and tell of its end before it is reaped."""
    from bot.cli import main  # noqa: PLC0415  # in this process only
    from tests.e2e.herald_later import hurry, set_ahead  # noqa: PLC0415  # likewise

    hurry()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            set_ahead(float(order["ahead_s"]))
            _be_herald(order, main)
        _tell({"pid": pid})
        # Its pid stays its own until it is reaped, so a late signal hits nobody else.
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        died = ended.si_code in {os.CLD_KILLED, os.CLD_DUMPED}
        _tell({"ended": -ended.si_status if died else ended.si_status})
        sys.stdin.readline()
        os.waitpid(pid, 0)


def _be_herald(order: Mapping[str, Any], main: Callable[[Sequence[str]], int]) -> None:
    """Be the bot, from here to the end of this process."""
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(str(order["cwd"]))
    os.environ.clear()  # noqa: TID251  # a start has an environment of its own
    os.environ.update(order["env"])  # noqa: TID251  # likewise
    code = main(["run"])
    sys.stdout.flush()
    os._exit(code)


def _tell(what: Mapping[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()
