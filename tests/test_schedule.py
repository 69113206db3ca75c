import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from bot.errors import ConfigError, StorageError
from bot.schedule import TROUBLE_TOLD_EVERY_S, Loop, Pulse, Schedule, Trouble


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(loop.run())
        yield task
        loop.stop()


async def test_many_pokes_before_a_wait_count_once() -> None:
    pulse = Pulse()
    pulse.poke()
    pulse.poke()
    await pulse.wait()
    waiting = asyncio.ensure_future(pulse.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    pulse.poke()
    await waiting


async def test_apscheduler_pokes_every_pulse_and_stops_with_the_context() -> None:
    async with Schedule() as pulses:
        async with asyncio.timeout(30):
            for _ in range(2):  # once at the start, once by the scheduler
                await pulses.poll.wait()
            await pulses.deliver.wait()
            await pulses.tidy.wait()
    assert not pulses.is_running


async def test_a_loop_works_once_a_poke() -> None:
    pulse, done = Pulse(), asyncio.Queue[int]()

    async def work() -> None:
        await done.put(1)

    async with running(Loop("test", pulse, work)):
        for _ in range(3):
            pulse.poke()
            await done.get()
    assert done.empty()


async def test_a_loop_that_is_told_to_stop_finishes_what_is_in_hand() -> None:
    pulse, begun, go = Pulse(), asyncio.Event(), asyncio.Event()
    finished: list[str] = []

    async def work() -> None:
        begun.set()
        await go.wait()
        finished.append("work")

    loop = Loop("test", pulse, work)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(loop.run())
        pulse.poke()
        await begun.wait()
        loop.stop()
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
    assert finished == ["work"]


async def test_an_error_does_not_end_a_loop() -> None:
    pulse, tries = Pulse(), asyncio.Queue[int]()

    async def work() -> None:
        await tries.put(1)
        if not loop.broken_rounds:
            raise OSError("disk full")

    loop = Loop("test", pulse, work, pause_s=0)
    async with running(loop):
        pulse.poke()
        await tries.get()
        while tries.empty():  # a poke while the loop rests is for nobody
            pulse.poke()
            await asyncio.sleep(0)
    assert loop.broken_rounds == 1


async def test_an_overlapping_loop_starts_a_round_while_another_is_out() -> None:
    pulse, begun, go = Pulse(), asyncio.Queue[int](), asyncio.Event()

    async def work() -> None:
        await begun.put(1)
        await go.wait()

    async with running(Loop("test", pulse, work, overlaps=True)):
        pulse.poke()
        await begun.get()
        pulse.poke()
        await begun.get()
        go.set()


async def test_a_database_that_does_not_serve_is_told_once_and_its_end_too() -> None:
    trouble = Trouble()
    full = StorageError("The disk is full.", path="herald.db")
    is_full, rounds = True, 0

    async def write() -> None:
        nonlocal rounds
        rounds += 1
        if is_full:
            raise ExceptionGroup("several", [full, ExceptionGroup("deeper", [full])])

    pulses = [Pulse(), Pulse()]
    with capture_logs() as lines:
        async with AsyncExitStack() as stack:
            for name, pulse in zip("ab", pulses, strict=True):
                loop = Loop(name, pulse, write, pause_s=0, trouble=trouble)
                _ = await stack.enter_async_context(running(loop))

            async def go_round(times: int) -> None:
                until = rounds + times
                for _ in range(100_000):
                    if rounds >= until:
                        break
                    for pulse in pulses:
                        pulse.poke()
                    await asyncio.sleep(0)
                assert rounds >= until

            await go_round(6)
            is_full = False
            await go_round(6)
    assert [line["event"] for line in lines] == ["storage.failing", "storage.recovered"]
    assert lines[0]["reason"] == "The disk is full."


def test_trouble_that_comes_and_goes_is_told_again_after_a_while_only() -> None:
    now = 0.0
    trouble = Trouble(lambda: now)
    full = StorageError("The disk is full.", path="herald.db")
    with capture_logs() as lines:
        for now in (0.0, 1.0, TROUBLE_TOLD_EVERY_S - 1, TROUBLE_TOLD_EVERY_S):  # noqa: B007  # the clock
            trouble.begin("poll", full)
            trouble.end("poll")
    events = [line["event"] for line in lines]
    assert events == ["storage.failing", "storage.recovered"] * 2


async def test_a_setting_that_no_round_can_mend_ends_the_loop() -> None:
    pulse = Pulse()
    refused = ConfigError("Discord does not accept the token.", setting="HERALD_TOKEN")

    async def work() -> None:
        raise ExceptionGroup("posts", [ExceptionGroup("deeper", [refused])])

    loop = Loop("deliver", pulse, work, overlaps=True, pause_s=0)
    pulse.poke()
    with pytest.raises(ExceptionGroup) as caught:
        await loop.run()
    assert caught.value.exceptions == (refused,)
