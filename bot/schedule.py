"""When work happens: APScheduler jobs that only poke, and the loops that wait for pokes.

What is due is data in the database, not a job: jobs hold no state and may be missed or doubled at
no cost. They never do the work themselves, because `AsyncIOScheduler.shutdown(wait=True)` cancels
running coroutine jobs (tried on 3.11.3); the loops run in the app's TaskGroup, which drains.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import ConfigError, StorageError

log = structlog.get_logger()

POLL_TICK_S = 1
GROUP_TICK_S = 5  # besides a poke whenever something was queued
DELIVER_TICK_S = 5  # likewise, and whenever something was put into a story
ERRANDS_TICK_S = 5
DIGEST_TICK_S = 5
TELL_TICK_S = 15
RESUME_TICK_S = 10
MEND_TICK_S = 60
TIDY_TICK_S = 3600
TROUBLE_TOLD_EVERY_S = 600.0
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
        self.group = Pulse()
        self.deliver = Pulse()
        self.errands = Pulse()
        self.digest = Pulse()
        self.tell = Pulse()
        self.resume = Pulse()
        self.mend = Pulse()
        self.tidy = Pulse()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        ticks = (
            (self.poll, POLL_TICK_S),
            (self.group, GROUP_TICK_S),
            (self.deliver, DELIVER_TICK_S),
            (self.errands, ERRANDS_TICK_S),
            (self.digest, DIGEST_TICK_S),
            (self.tell, TELL_TICK_S),
            (self.resume, RESUME_TICK_S),
            (self.mend, MEND_TICK_S),
            (self.tidy, TIDY_TICK_S),
        )
        self._pulses = [pulse for pulse, _ in ticks]
        for pulse, seconds in ticks:
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
        for pulse in self._pulses:
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


class Trouble:
    """Says once that the database does not serve, and once that it does again.

    A full disk lets some loops read while others cannot write: it is over when none fails any more.
    One that comes and goes is told again after a while only.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failing: set[str] = set()
        self._told_at: float | None = None
        self._is_told = False  # of the trouble that lasts

    def begin(self, loop: str, error: StorageError) -> None:
        """Note that a round of *loop* failed."""
        now = self._clock()
        if self._told_at is None or (
            not self._failing and now - self._told_at >= TROUBLE_TOLD_EVERY_S
        ):
            hint = "Nothing is lost: what cannot be written down now is done later."
            log.error("storage.failing", reason=str(error), hint=hint)
            self._told_at, self._is_told = now, True
        self._failing.add(loop)

    def end(self, loop: str) -> None:
        """Note that a round of *loop* went well."""
        if loop in self._failing:
            self._failing.discard(loop)
            if not self._failing and self._is_told:
                log.warning("storage.recovered")
                self._is_told = False


class Loop:
    """Does *work* at each poke until told to stop.

    ``overlaps``: start the next round even if the last is not done, for work that guards itself.
    ``pause_s``: rest after an error. ``trouble``, shared with the other loops of a database, tells
    of its faults. A ConfigError ends the loop: no later round can mend it.
    """

    def __init__(
        self,
        name: str,
        pulse: Pulse,
        work: Callable[[], Awaitable[object]],
        *,
        overlaps: bool = False,
        pause_s: float = BROKEN_PAUSE_S,
        trouble: Trouble | None = None,
    ) -> None:
        self._name = name
        self._pulse = pulse
        self._work = work
        self._overlaps = overlaps
        self._pause_s = pause_s
        self._trouble = trouble or Trouble()
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
        except Exception as error:
            # Whatever it was (a full disk, a locked database, a bug): the bot goes on and says so.
            causes = list(_causes(error))
            for cause in causes:
                if isinstance(cause, ConfigError):
                    raise cause from None
            self.broken_rounds += 1
            faults = [cause for cause in causes if isinstance(cause, StorageError)]
            if len(faults) == len(causes):
                self._trouble.begin(self._name, faults[0])
            else:
                log.exception("loop.broken", loop=self._name, times=self.broken_rounds)
            self._is_resting = True
            await asyncio.sleep(self._pause_s)
            self._is_resting = False
        else:
            self._trouble.end(self._name)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Return the errors of a group of groups one by one; of another error, itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    else:
        yield error
