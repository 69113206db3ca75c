"""`herald run` as a process, the way an operator's machine runs it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.herald_nursery import Child, Nursery
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_wire import PATIENCE_S

_LATER = Path(__file__).with_name("herald_later.py")
STOP_WITHIN_S = 10.0  # what issue 2 promises for SIGTERM and SIGINT


class HeraldProcess:
    """Starts the bot in *folder*, again and again over the same database.

    What each start says goes to ``herald-1.log``, ``herald-2.log``, … there. Where there is a
    *nursery*, it is forked unless ``starts_from_scratch``.
    """

    def __init__(self, folder: Path, server: DiscordServer, nursery: Nursery | None = None) -> None:
        self._folder = folder
        self._nursery = nursery
        self.database = folder / "data" / "herald.db"
        self._settings = {
            "HERALD_TOKEN": server.token,
            "HERALD_DATA_DIR": str(folder / "data"),
            "HERALD_DISCORD_API_BASE": server.api_base,
            "HERALD_DISCORD_GATEWAY": server.gateway_url,
            "HERALD_ALLOWED_NETWORKS": "127.0.0.0/8",
            "HERALD_POLL_INTERVAL_S": "1",
            "HERALD_LOG_FORMAT": "json",
        }
        self._pulse = server.world.pulse
        self.starts_from_scratch = False
        self._is_struck = False
        self.disk_size: str | None = None  # of a disk of its own for its data, such as "24m"
        self.ahead_s = 0.0  # by how much the clock of the bot's machine is ahead of ours
        self._process: asyncio.subprocess.Process | Child | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.logs: list[Path] = []

    async def start(self, **settings: str) -> None:
        """Start the bot; *settings* come on top of those that point it at the stand-ins."""
        assert self._process is None, "it runs already"
        self._is_struck = False
        self.logs.append(self._folder / f"herald-{len(self.logs) + 1}.log")
        env = {**_inherited(), **self._settings, **settings}
        if self._nursery is None or self.starts_from_scratch or self.disk_size:
            self._process = await self._started(env, self.logs[-1])
        else:
            self._process = await self._nursery.bear(
                self._folder, env, self.logs[-1], ahead_s=self.ahead_s
            )
        self._watcher = asyncio.create_task(self._watch(self._process))

    async def _started(self, env: Mapping[str, str], log: Path) -> asyncio.subprocess.Process:
        with log.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *self._mounting(),
                sys.executable,
                *(str(_LATER), str(self.ahead_s)) if self.ahead_s else ("-m", "bot"),
                "run",
                cwd=self._folder,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )

    def _mounting(self) -> tuple[str, ...]:
        """Return what a command begins with to have a disk of its own; nothing where it has not."""
        if self.disk_size is None:
            return ()
        self.database.parent.mkdir(exist_ok=True)
        script = 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"'
        return ("unshare", "-rm", "sh", "-c", script, self.disk_size, str(self.database.parent))

    @property
    def disk(self) -> Path:
        """Return where the disk of the running process is seen from here."""
        assert self._process, "it does not run"
        return Path(f"/proc/{self._process.pid}/root{self.database.parent}")

    async def _watch(self, process: asyncio.subprocess.Process | Child) -> None:
        """Let no test wait for a process that is gone."""
        self._pulse.fail(f"herald ended with {await process.wait()}")

    async def _forget(self) -> None:
        """Drop the process, which has ended."""
        self._process = None
        if self._watcher is not None:
            await self._watcher
            self._watcher = None
        self._pulse.fail(None)

    async def wait(self, within_s: float = PATIENCE_S) -> int:
        """Wait for the process to end by itself; return its exit code."""
        assert self._process, "it does not run"
        async with asyncio.timeout(within_s):
            code = await self._process.wait()
        await self._forget()
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process, "it does not run"
        self._process.send_signal(number)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end; return its exit code."""
        self.send(number)
        return await self.wait(STOP_WITHIN_S)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process, "it does not run"
        return self._process.pid

    def strike(self) -> None:
        """End the process as `kill` does, at once and without waiting for its end."""
        # Twice would reap it behind the back of whoever waits for it: Popen looks first.
        if self._process is not None and self.is_alive and not self._is_struck:
            self._is_struck = True
            self._process.kill()

    async def kill(self) -> None:
        """End the process as a power cut would."""
        if self._process is not None:
            self.strike()
            await self._process.wait()
            await self._forget()

    @property
    def output(self) -> str:
        """What the last start has said."""
        return self.logs[-1].read_text()

    def events(self, name: str) -> list[Mapping[str, object]]:
        """Return the log lines of the last start whose event is *name*."""
        lines = [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]


def _inherited() -> dict[str, str]:
    """Return this process's environment without what would set Herald up."""
    ours = os.environ  # noqa: TID251  # a child needs PATH and the like
    return {
        name: value
        for name, value in ours.items()
        if not name.startswith("HERALD_") and name != "DISCORD_TOKEN"
    }
