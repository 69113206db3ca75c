"""When work happens: APScheduler jobs that only poke, and the loops that wait for pokes.

What is due is data in the database, not a job: jobs hold no state and may be missed or doubled at
no cost. They never do the work themselves, because `AsyncIOScheduler.shutdown(wait=True)` cancels
running coroutine jobs (tried on 3.11.3); the loops run in the app's TaskGroup, which drains.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger()

POLL_TICK_S = 1
DELIVER_TICK_S = 5  # besides a poke whenever something was queued
ERRANDS_TICK_S = 5
TELL_TICK_S = 15
RESUME_TICK_S = 10
MEND_TICK_S = 60
TIDY_TICK_S = 3600
BROKEN_PAUSE_S = 5.0  # after an error that a loop could not lay at one feed's or story's door


class Pulse:
    """A poke that is remembered until somebody waits for it. Many before a wait count once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def poke(self) -> None:
        """Let the waiting loop go round once."""
        self._event.set()

    async def wait(self) -> None:
        """Wait for a poke, and use it up."""
        await self._event.wait()
        self._event.clear()


class Schedule:
    """The pulses of the app, poked by APScheduler while the context is open."""

    def __init__(self) -> None:
        self.poll = Pulse()
        self.deliver = Pulse()
        self.errands = Pulse()
        self.tell = Pulse()
        self.resume = Pulse()
        self.mend = Pulse()
        self.tidy = Pulse()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for pulse, seconds in (
            (self.poll, POLL_TICK_S),
            (self.deliver, DELIVER_TICK_S),
            (self.errands, ERRANDS_TICK_S),
            (self.tell, TELL_TICK_S),
            (self.resume, RESUME_TICK_S),
            (self.mend, MEND_TICK_S),
            (self.tidy, TIDY_TICK_S),
        ):
            self._scheduler.add_job(
                _poke,
                "interval",
                args=[pulse],
                seconds=seconds,
                coalesce=True,
                misfire_grace_time=None,
            )

    @property
    def is_running(self) -> bool:
        """Whether APScheduler pokes."""
        return bool(self._scheduler.running)

    async def __aenter__(self) -> Self:
        self._scheduler.start()
        for pulse in (self.poll, self.deliver, self.tell, self.resume, self.mend, self.tidy):
            pulse.poke()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # APScheduler 3 shuts down on the loop's next turn


async def _poke(pulse: Pulse) -> None:
    """Poke from a job. A coroutine, because APScheduler runs plain functions in a thread."""
    pulse.poke()


class Loop:
    """Does *work* at each poke until told to stop.

    ``overlaps``: start the next round even if the last is not done, for work that guards itself.
    ``pause_s``: rest after an error.
    """

    def __init__(
        self,
        name: str,
        pulse: Pulse,
        work: Callable[[], Awaitable[object]],
        *,
        overlaps: bool = False,
        pause_s: float = BROKEN_PAUSE_S,
    ) -> None:
        self._name = name
        self._pulse = pulse
        self._work = work
        self._overlaps = overlaps
        self._pause_s = pause_s
        self._is_stopping = False
        self._is_resting = False  # after an error
        self.broken_rounds = 0

    def stop(self) -> None:
        """Take no more work; `run` returns when what is in hand is done."""
        self._is_stopping = True
        self._pulse.poke()

    async def run(self) -> None:
        """Wait and work. Returns after `stop`."""
        async with asyncio.TaskGroup() as rounds:
            while True:
                await self._pulse.wait()
                if self._is_stopping:
                    return
                if self._is_resting:
                    continue
                if self._overlaps:
                    rounds.create_task(self._round())
                else:
                    await self._round()

    async def _round(self) -> None:
        try:
            await self._work()
        except Exception:
            # Whatever it was (a full disk, a locked database, a bug): the bot goes on and says so.
            self.broken_rounds += 1
            log.exception("loop.broken", loop=self._name, times=self.broken_rounds)
            self._is_resting = True
            await asyncio.sleep(self._pause_s)
            self._is_resting = False
