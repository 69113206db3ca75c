import asyncio
import gc
from pathlib import Path

from bot.app import open_core, run_loops
from bot.schedule import Loop
from bot.settings import Settings


async def test_the_garbage_collector_leaves_alone_what_the_start_made(tmp_path: Path) -> None:
    stopping = asyncio.Event()
    left_alone: list[int] = []

    async def look() -> None:
        left_alone.append(gc.get_freeze_count())
        stopping.set()

    before = gc.get_freeze_count()
    async with open_core(Settings(data_dir=tmp_path, token=None)) as core:
        await run_loops(core, (Loop("look", core.schedule.poll, look),), stopping)
    assert left_alone[0] > before + 10_000
    assert gc.get_freeze_count() == 0
