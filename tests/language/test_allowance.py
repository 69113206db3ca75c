import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ModelFailed, ModelResting
from bot.language.allowance import FAILURES_MAX, KEY, PAUSE, Breaker, Budget

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


class Notebook:
    """What is remembered; each look-up lets others run meanwhile."""

    def __init__(self, kept: str | None = None) -> None:
        self.kept = kept

    async def recall(self, key: str) -> str | None:
        assert key == KEY
        await asyncio.sleep(0)
        return self.kept

    async def remember(self, key: str, value: str) -> None:
        assert key == KEY
        await asyncio.sleep(0)
        self.kept = value


def budget(notebook: Notebook, *, requests: int = 10, tokens: int = 1000) -> Budget:
    return Budget(
        notebook.recall, notebook.remember, requests_per_day=requests, tokens_per_day=tokens
    )


async def test_what_is_reserved_at_once_is_counted_once_each() -> None:
    notebook = Notebook()
    own = budget(notebook, requests=5)
    outcomes = await asyncio.gather(
        *(own.reserve(10, NOW) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(outcome, ModelResting) for outcome in outcomes) == 3
    assert own.left == (0, 950)
    with pytest.raises(ModelResting, match="budget"):
        await budget(notebook, requests=5).reserve(10, NOW)


async def test_what_was_not_used_is_given_back_even_after_midnight() -> None:
    own = budget(Notebook())
    await own.reserve(900, NOW)
    await own.settle(900, 300, NOW)
    assert own.left == (9, 700)
    await own.reserve(600, NOW)
    await own.settle(600, 100, NOW + timedelta(days=1))
    assert own.left == (10, 1000)


@pytest.mark.parametrize(
    "kept", ["", "null", "[]", "{", '{"day": 1}', '{"day": "x", "requests": "y"}']
)
async def test_a_note_that_cannot_be_read_is_a_new_day(kept: str) -> None:
    own = budget(Notebook(kept))
    await own.reserve(10, NOW)
    assert own.left == (9, 990)


def fail(breaker: Breaker, now: datetime = NOW, **how: float | bool) -> None:
    breaker.check(now)
    breaker.begin()
    breaker.fail(ModelFailed("It failed.", **how), now)  # type: ignore[arg-type]  # the test's


def is_open(breaker: Breaker, now: datetime) -> bool:
    try:
        breaker.check(now)
    except ModelResting:
        return False
    return True


def test_failures_in_between_are_forgotten() -> None:
    breaker = Breaker()
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            fail(breaker)
        breaker.begin()
        breaker.succeed()
    assert is_open(breaker, NOW)


def test_after_a_pause_one_try_decides() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_MAX):
        fail(breaker)
    assert not is_open(breaker, NOW + PAUSE - timedelta(seconds=1))
    later = NOW + PAUSE
    breaker.check(later)
    breaker.begin()
    assert not is_open(breaker, later), "one is trying already"
    breaker.abandon()
    fail(breaker, later)
    assert not is_open(breaker, later + PAUSE - timedelta(seconds=1))
    assert is_open(breaker, later + PAUSE)


def test_a_clock_set_back_does_not_make_a_pause_longer() -> None:
    breaker = Breaker()
    fail(breaker, is_final=True)
    assert is_open(breaker, NOW - timedelta(hours=5))


def test_what_a_server_asks_for_is_heeded() -> None:
    breaker = Breaker()
    fail(breaker, retry_after_s=90.0)
    assert not is_open(breaker, NOW + timedelta(seconds=89))
    assert is_open(breaker, NOW + timedelta(seconds=90))
