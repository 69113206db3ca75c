"""Kill the bot over and over, at every step of a delivery's life: nothing lost, nothing doubled.

``uv run python -m tests.e2e.kills --kills 2000 --seed 7`` prints what was done and what came of it,
and exits with 1 if a story is not in every channel exactly once; Ctrl-C ends it early, with the
same report. The bot is `herald run`, a process
between the stand-in for Discord and newspapers on loopback; nine starts of ten are forked by a
process that has its modules loaded, one is ``python -m bot run`` from scratch. Each life is drawn
by the seed: what is printed, what goes wrong, how long the bot is off, and where SIGKILL hits. The
stand-ins strike in the very step: a request arrived, took effect, is being answered. What the seed
cannot fix is how fast a machine is, so two runs of a seed differ a little.

Time passes in two ways: as on any machine, and by the minutes for which the bot is off, which only
move the clocks of the bot's machine and of the stand-in forward. The stand-in knows a nonce for
three minutes of that time.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path
from random import Random, SystemRandom
from sqlite3 import connect
from typing import Any

from tests.e2e.herald_nursery import Nursery
from tests.e2e.herald_process import HeraldProcess
from tests.e2e.kills_lives import (
    CONNECTED,
    FAULTS,
    NONCES_FOR,
    STARTING,
    TEXT_POST,
    WEBHOOK,
    Life,
    Place,
    Unmarked,
    draw,
)
from tests.e2e.kills_papers import Paper
from tests.e2e.kills_report import Report, post_of
from tests.e2e.kills_sites import SITES
from tests.e2e.kills_town import Town
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel
from tests.servers.discord_wire import PATIENCE_S, Permission
from tests.servers.feed_server import FeedServer
from tests.servers.steps import Step

HELD_S = 1000.0  # longer than a channel without permission is left alone
COMMANDS_MAX = 12  # of a life
SETTLED_S = 60.0  # for the last life to tell what is left, several times if need be
ENDINGS = 4


class Run:
    """One town and one bot, killed *kills* times."""

    def __init__(
        self,
        server: DiscordServer,
        feeds: FeedServer,
        herald: HeraldProcess,
        *,
        kills: int,
        seed: int,
    ) -> None:
        self._server = server
        self._feeds = feeds
        self.herald = herald
        self._kills = kills
        self._random = Random(seed)  # noqa: S311  # a test's dice
        self.town = Town(server, feeds, self._random)
        self._report = Report(seed=seed)
        self._life: Life | None = None
        self._struck = asyncio.Event()
        self._is_enough = False
        self._denied: dict[str, int] = {}  # channels without permission, and for how many lives
        server.world.nonce_window = NONCES_FOR
        server.on_step = self._on_step
        server.gateway.on_step = self._on_step
        feeds.on_step = self._on_step

    async def run(self, told: Callable[[Report], None]) -> Report:
        """Live and die; *told* hears of each death."""
        began = time.monotonic()
        await self._begin()
        self.town.print_everywhere()
        unmarked: Unmarked | None = None
        for _ in range(self._kills):
            if self._is_enough:
                break
            life = draw(self._random, unmarked, self._report.places)
            place = await self._live(life)
            unmarked = self._left_by(life, place)
            self._report.kills += 1
            self._report.places[place.name] += 1
            self._report.took_s = time.monotonic() - began
            told(self._report)
        await self._end()
        self._report.took_s = time.monotonic() - began
        self._judge()
        return self._report

    def _left_by(self, life: Life, place: Place) -> Unmarked | None:
        if not place.leaves_unmarked:
            return None
        look = self.town.looked_for_as(life.trap.path)
        return Unmarked(takes_nonce=place.kind == TEXT_POST, look=look)

    def stop(self) -> None:
        """Kill no more; what is owed by then is told and judged as ever."""
        self._is_enough = True

    async def _begin(self) -> None:
        """Let the channels follow the papers, each as its kind does."""
        pairs = [
            (paper, channel) for paper in self.town.papers.values() for channel in paper.channels
        ]
        # discord.py answers a gateway some hundred times a minute, and the stand-in asks it six
        # times for each of these.
        for first in range(0, len(pairs), COMMANDS_MAX):
            async with self._quiet_life():
                for paper, channel in pairs[first : first + COMMANDS_MAX]:
                    await self._follow(paper, channel)
        async with self._quiet_life():
            for name, site in SITES.items():
                if site.options:
                    options: dict[str, Any] = {"channel": self.town.channels[name], **site.options}
                    await self.town.editor.slash(self._desk, "settings channel", **options)

    @asynccontextmanager
    async def _quiet_life(self) -> AsyncIterator[None]:
        """Have the bot at work for the block."""
        await self.herald.start()
        await self._server.wait_until_ready()
        yield
        await self.herald.kill()
        await self._server.gateway.wait_until_gone()

    @property
    def _desk(self) -> Channel:
        """Where the editor types."""
        return self.town.channels["one"]

    async def _follow(self, paper: Paper, channel: Channel) -> None:
        reply = await self.town.editor.slash(
            self._desk, "feed add", url=self._feeds.url(paper.path), channel=channel
        )
        await reply.click("Add")

    async def _live(self, life: Life) -> Place:
        """Live one life; return where it ended."""
        self._be_away(life.away_s)
        self._print(life)
        for name, method, path in life.faults:
            self._server.faults.order(method, path, FAULTS[name]())
        self._struck.clear()
        self._life = life
        self.herald.starts_from_scratch = life.is_from_scratch
        await self.herald.start()
        place = await self._outlived(life)
        self._life = None
        await self.herald.kill()
        await self._server.gateway.wait_until_gone()
        for name, method, path in life.faults:
            befell = self._server.faults.take(method, path) is None
            self._report.faults[name] += befell
        self._server.faults.clear()
        return place

    async def _outlived(self, life: Life) -> Place:
        """Wait for the trap, or until nothing is to be expected of it; return where that was."""
        place = life.trap.place
        if place is STARTING:
            await self._struck_within(life.trap.delay_s)
            return STARTING
        async with asyncio.timeout(PATIENCE_S):
            while not (self._struck.is_set() or self._server.gateway.is_connected):
                assert self.herald.is_alive, f"it ended by itself:\n{self.herald.output}"
                await asyncio.sleep(0.02)
        mishaps = asyncio.create_task(self._mishaps(life))
        waits = life.trap.delay_s if place is CONNECTED else life.patience_s
        is_struck = await self._struck_within(waits)
        mishaps.cancel()
        await asyncio.gather(mishaps, return_exceptions=True)
        return place if is_struck else CONNECTED

    async def _struck_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._struck.wait()
        return self._struck.is_set()

    def _be_away(self, seconds: float) -> None:
        """Let time pass while the bot is off."""
        self._report.away_s += seconds
        self.herald.ahead_s += seconds
        self._server.clock.advance(timedelta(seconds=seconds))

    def _print(self, life: Life) -> None:
        """Let the papers print, members write and moderators delete, between two lives."""
        kind = life.trap.place.kind
        self.town.print_some(life.prints, kind)
        if self._random.random() < 0.3 or kind.endswith("edit"):
            self._report.corrected += self.town.correct_one(kind)
        if self._random.random() < 0.1:
            self._report.deleted += self.town.delete_one()
        if self._random.random() < 0.2:
            self.town.chat()
        if self._random.random() < 0.3:
            self.town.let_sleep()
        if self._random.random() < 0.02 or kind == WEBHOOK:
            self._report.webhooks_deleted += self.town.delete_webhook()
        for name, lives in list(self._denied.items()):
            self._denied[name] = lives - 1
            if lives <= 0:
                self._allow(name)

    async def _mishaps(self, life: Life) -> None:
        """Let things go wrong while the bot is connected."""
        await asyncio.sleep(self._random.uniform(0, 0.6))
        self.town.print_some(life.prints_later)
        for mishap in life.mishaps:
            if self._mishap(mishap):
                self._report.faults[mishap] += 1

    def _mishap(self, mishap: str) -> bool:
        gateway = self._server.gateway
        if mishap.startswith("403"):
            name = self._random.choice(list(self.town.channels))
            if name in self._denied:
                return False
            self._denied[name] = self._random.randint(0, 2)
            me = self.town.guild.me
            self.town.channels[name].allow(me, deny=Permission.SEND_MESSAGES)
            return True
        if not gateway.is_connected:
            return False
        match mishap:
            case "gateway drop":
                gateway.drop()
            case "op 7":
                gateway.reconnect()
            case _:
                gateway.invalidate(is_resumable="resumable" in mishap)
        return True

    def _allow(self, name: str) -> None:
        del self._denied[name]
        self.town.channels[name].allow(self.town.guild.me)

    def _on_step(self, step: Step, method: str, path: str) -> bool:
        """Strike where the life is to end; return whether the bot is gone."""
        life = self._life
        if life is None or not life.trap.springs(step, method, path):
            return self._struck.is_set()
        if life.trap.delay_s:
            asyncio.get_running_loop().call_later(life.trap.delay_s, self._strike, life)
            return False
        self._strike(life)
        return True

    def _strike(self, life: Life) -> None:
        if self._life is life:
            self.herald.strike()
            self._struck.set()

    async def _end(self) -> None:
        """Let the bot tell what is left, undisturbed."""
        for name in list(self._denied):
            self._allow(name)
        self._server.faults.clear()
        self._struck.clear()
        for _ in range(ENDINGS):
            self._be_away(HELD_S)
            await self.herald.start()
            until = time.monotonic() + SETTLED_S
            # A look costs some milliseconds, so not at every beat of the stand-in.
            while not self._is_settled() and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            await asyncio.sleep(2)  # for what should not come
            self.herald.send(signal.SIGTERM)
            assert await self.herald.wait() == 0
            await self._server.gateway.wait_until_gone()
            if self._is_settled():
                return

    def _is_settled(self) -> bool:
        """Whether all is told, and marked as told: an edit may be due that changes no title."""
        return not self.town.missing() and set(self._states()) <= {"sent"}

    def _states(self) -> Counter[str]:
        """Return how many deliveries there are in each state."""
        with closing(connect(self.herald.database)) as database:
            return Counter(
                dict(database.execute("SELECT state, COUNT(*) FROM deliveries GROUP BY state"))
            )

    def _errands_that_wait(self) -> set[tuple[str, int]]:
        """Return the kinds and messages of what is still to be done with posts."""
        with closing(connect(self.herald.database)) as database:
            return set(
                database.execute(
                    "SELECT e.kind, d.message_id FROM errands AS e"
                    " JOIN deliveries AS d ON d.id = e.delivery_id WHERE e.state = 'pending'"
                )
            )

    def _judge(self) -> None:
        report, town = self._report, self.town
        report.verdict = town.judge()
        report.pieces = sum(len(paper.pieces) for paper in town.papers.values())
        report.owed = len(list(town.owed()))
        requests = [(seen, post_of(seen)) for seen in self._server.requests]
        report.posts = Counter(kind for _, kind in requests if kind is not None)
        nonces = Counter(
            str(seen.body["nonce"])
            for seen, kind in requests
            if kind == TEXT_POST and isinstance(seen.body, dict)
        )
        report.repeated = sum(times - 1 for times in nonces.values())
        report.edits = sum(seen.method == "PATCH" for seen, _ in requests)
        report.looks = sum(
            len(self._server.seen("GET", end)) for end in ("/messages", "/threads/active")
        )
        report.states = self._states()
        waiting = self._errands_that_wait()
        report.verdict.wrong.extend(self.town.unfinished(waiting))
        report.published, report.threads = self.town.finished()


@asynccontextmanager
async def opened(folder: Path, *, kills: int, seed: int) -> AsyncIterator[Run]:
    """Open the stand-ins for a run; at the end the bot is dead, and kept to Discord's rules."""
    async with (
        DiscordServer.start() as server,
        FeedServer() as feeds,
        Nursery.open() as nursery,
    ):
        herald = HeraldProcess(folder, server, nursery)
        run = Run(server, feeds, herald, kills=kills, seed=seed)
        try:
            yield run
        finally:
            await run.herald.kill()
        assert server.violations == []


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, print the report, and return 1 where it is not clean."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.kills")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="drawn and printed if not given")
    parser.add_argument("--folder", type=Path, help="where to keep the database and the logs")
    told = parser.parse_args(arguments)
    seed = SystemRandom().randrange(1_000_000) if told.seed is None else told.seed
    sys.stderr.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as scratch:
        folder = told.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(_whole(folder, told.kills, seed))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 0 if report.is_clean else 1


async def _whole(folder: Path, kills: int, seed: int) -> Report:
    async with opened(folder, kills=kills, seed=seed) as run:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, run.stop)
        return await run.run(_say_now_and_then)


def _say_now_and_then(report: Report) -> None:
    if report.kills % 25 == 0:
        sys.stderr.write(f"{report.kills} kills in {report.took_s:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
