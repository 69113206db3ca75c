import asyncio
from itertools import pairwise

import aiohttp
from aiohttp import web

from bot.frontend.gate import Gate
from bot.frontend.turns import PER_S, SLOWER_S, Turns

SOON = 1e-6  # by which a timer may be early


async def test_no_window_has_more_turns_than_allowed_and_they_come_in_order() -> None:
    turns = Turns(per_s=5, window_s=0.05, step_s=0.001)
    loop = asyncio.get_running_loop()
    took: list[tuple[int, float]] = []

    async def take(number: int) -> None:
        await turns.take()
        took.append((number, loop.time()))

    await asyncio.gather(*(take(number) for number in range(23)))
    assert [number for number, _ in took] == list(range(23))
    at = [time for _, time in took]
    assert all(later - earlier >= 0.05 - SOON for earlier, later in zip(at, at[5:], strict=False))
    assert all(later - earlier >= 0.001 - SOON for earlier, later in pairwise(at))


async def test_one_that_gives_up_waiting_takes_nobodys_turn() -> None:
    turns = Turns(per_s=1, window_s=0.05, step_s=0)
    await turns.take()
    gave_up = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(turns.take())
    gave_up.cancel()
    await waiting
    assert gave_up.cancelled()


async def test_after_a_429_all_the_same_turns_come_slower() -> None:
    turns = Turns(per_s=1, window_s=0.01, step_s=0)
    loop = asyncio.get_running_loop()
    turns.slow_down()
    turns.slow_down()
    await turns.take()
    began = loop.time()
    await turns.take()
    assert loop.time() - began > 0.01 + SLOWER_S


async def test_answers_to_commands_wait_for_no_turn() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
        gate = Gate()
        async with aiohttp.ClientSession(trace_configs=[gate.trace()]) as session:
            for _ in range(PER_S):
                await gate.turns.take()
            before = gate.turns.taken
            for path in ("/interactions/1/token/callback", "/webhooks/1/token/messages/@original"):
                async with session.post(base + path) as response:
                    assert response.status == 200
            assert gate.turns.taken == before
            async with session.post(f"{base}/channels/1/messages") as response:
                assert response.status == 200
            assert gate.turns.taken == before + 1
    finally:
        await runner.cleanup()
