"""How often a model may be asked: a budget for each day, and a pause after failures.

Both are facts about one server, kept by one process; the budget is remembered, so that a restart
does not give the day a second one.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.errors import ModelFailed, ModelResting

log = structlog.get_logger()

KEY = "llm/spent"  # under which the day's spending is remembered
FAILURES_MAX = 3  # in a row, before the model is left alone
PAUSE = timedelta(minutes=10)

Recall = Callable[[str], Awaitable[str | None]]
Remember = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a day has cost so far."""

    day: str  # ISO, UTC
    requests: int = 0
    tokens: int = 0


class Budget:
    """The requests and tokens of a day (UTC)."""

    def __init__(
        self, recall: Recall, remember: Remember, *, requests_per_day: int, tokens_per_day: int
    ) -> None:
        self._recall = recall
        self._remember = remember
        self._requests_per_day = requests_per_day
        self._tokens_per_day = tokens_per_day
        self._spent: Spent | None = None
        self._lock = asyncio.Lock()
        self._told_on = ""  # the day on which it was said that it is used up

    @property
    def left(self) -> tuple[int, int]:
        """The requests and tokens left of the day that was last spent on."""
        spent = self._spent or Spent(day="")
        return (
            max(self._requests_per_day - spent.requests, 0),
            max(self._tokens_per_day - spent.tokens, 0),
        )

    async def reserve(self, tokens: int, now: datetime) -> None:
        """Take a request of at most *tokens* from the day. Raises ModelResting where it is used up.

        Written down before the request is made, so that one that ends with the process counts too.
        """
        async with self._lock:
            spent = await self._today(now)
            requests_left, tokens_left = self.left
            if requests_left < 1 or tokens_left < tokens:
                if self._told_on != spent.day:
                    self._told_on = spent.day
                    log.warning(
                        "budget.spent", day=spent.day, requests=spent.requests, tokens=spent.tokens
                    )
                raise ModelResting("The day's budget for the model is spent.")
            await self._keep(
                replace(spent, requests=spent.requests + 1, tokens=spent.tokens + tokens)
            )

    async def settle(self, reserved: int, used: int, now: datetime) -> None:
        """Give back what a request did not use of the tokens reserved for it."""
        async with self._lock:
            spent = await self._today(now)
            await self._keep(replace(spent, tokens=max(spent.tokens - reserved + used, 0)))

    async def _today(self, now: datetime) -> Spent:
        day = now.date().isoformat()
        if self._spent is None:
            self._spent = _read(await self._recall(KEY))
        if self._spent is None or self._spent.day != day:
            self._spent = Spent(day=day)
        return self._spent

    async def _keep(self, spent: Spent) -> None:
        self._spent = spent
        await self._remember(KEY, json.dumps(asdict(spent)))


def _read(stored: str | None) -> Spent | None:
    try:
        value = json.loads(stored or "null")
        return Spent(
            day=str(value["day"]), requests=int(value["requests"]), tokens=int(value["tokens"])
        )
    except (ValueError, TypeError, KeyError):
        return None


class Breaker:
    """Leaves a failing server alone: after FAILURES_MAX in a row for PAUSE, then one try.

    What a server asks for with Retry-After is heeded, and what only an operator can mend pauses at
    once.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._paused_at: datetime | None = None
        self._until: datetime | None = None
        self._is_trying = False

    @property
    def rests_until(self) -> datetime | None:
        """When the server is tried again; None where it is not left alone."""
        return self._until

    def check(self, now: datetime) -> None:
        """Raise ModelResting while the server is left alone."""
        if self._paused_at is None or self._until is None:
            return
        # A clock set back would make the pause longer than it is.
        if self._paused_at <= now < self._until or self._is_trying:
            raise ModelResting("The model is left alone for a while after it failed.")

    def begin(self) -> None:
        """Note that a request is made: after a pause it is the only one."""
        self._is_trying = self._paused_at is not None

    def abandon(self) -> None:
        """Note that a request came to no end, which says nothing about the server."""
        self._is_trying = False

    def succeed(self) -> None:
        """Note that the server works."""
        if self._paused_at is not None:
            log.info("model.resumed")
        self._failures, self._is_trying = 0, False
        self._paused_at = self._until = None

    def fail(self, error: ModelFailed, now: datetime) -> None:
        """Note a failure."""
        self._failures += 1
        self._is_trying = False
        asked = timedelta(seconds=error.retry_after_s or 0)
        if self._paused_at is None and self._failures < FAILURES_MAX and not error.is_final:
            if not asked:
                return
            pause = asked
        else:
            pause = max(PAUSE, asked)
        self._paused_at, self._until = now, now + pause
        log.warning(
            "model.paused",
            reason=str(error),
            failures=self._failures,
            minutes=round(pause / timedelta(minutes=1), 1),
        )
