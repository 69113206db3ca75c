import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.schedule import Loop, Pulse, Schedule


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
