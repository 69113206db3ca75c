import asyncio
import dataclasses
import hashlib
import os
import pickle
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import ParseFailed
from bot.feeds.limits import Limits
from bot.feeds.pool import TaskFailed, WorkerPool
from bot.feeds.reading import Reader
from bot.feeds.worker import unpacked
from tests.servers.feed_server import FeedItem, rss

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY = b"body"
# Short, and whoever runs into the deadline is to blame, however little CPU time the test got.
LIMITS = Limits(
    slice_s=0.1,
    slice_kill_s=60.0,
    slice_deadline_s=1.0,
    reading_s=0.2,
    reading_kill_s=60.0,
    reading_deadline_s=2.0,
    starved_s=0.0,
)
PATIENT = Limits(slice_s=60.0, slice_kill_s=60.0, slice_deadline_s=60.0, reading_deadline_s=60.0)
# feedparser looks for an address in the author by a pattern that takes quadratic time; the bare
# ampersand keeps the document from the quick tier.
AUTHOR = rss().replace(
    b"</channel>",
    b"<item><title>a & b</title><author>" + b"a" * 40_000 + b"</author></item></channel>",
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pool() -> AsyncIterator[WorkerPool]:
    async with WorkerPool(size=1, limits=LIMITS, imports=("bot.feeds.parse",)) as opened:
        yield opened


@pytest.fixture
def patient(pool: WorkerPool) -> Reader:
    return Reader(pool)


async def failed(pool: WorkerPool, task: str, argument: object = BODY) -> TaskFailed:
    with pytest.raises(TaskFailed) as failure:
        await pool.run(f"tests.feeds.hostile:{task}", argument)
    return failure.value


async def still_works(reader: Reader) -> bool:
    feed = await reader.feed(rss(FeedItem(title="Fine")), None, "https://a.example.org/")
    return feed.entries[0].title == "Fine"


async def test_a_body_that_makes_feedparser_crawl_is_stopped_and_not_read_again(
    pool: WorkerPool,
) -> None:
    reader = Reader(pool)
    with pytest.raises(ParseFailed, match="took longer than"):
        await reader.feed(AUTHOR, None, "https://slow.example.org/")
    with pytest.raises(ParseFailed, match="stopped the reader before"):
        await reader.feed(AUTHOR, None, "https://slow.example.org/")
    assert await still_works(reader)


async def test_a_task_stuck_in_c_is_killed_by_the_deadline(
    pool: WorkerPool, patient: Reader
) -> None:
    assert await still_works(patient)
    (pid,) = pool.pids
    failure = await failed(pool, "hang_in_c")
    assert (failure.fault, failure.is_dangerous) == ("time", True)
    assert pid not in pool.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert await still_works(patient)


async def test_the_kernel_ends_c_code_that_used_up_its_cpu_time() -> None:
    limits = dataclasses.replace(PATIENT, slice_kill_s=0.2, reading_kill_s=0.5)
    async with WorkerPool(size=1, limits=limits) as strict:
        failure = await failed(strict, "hang_in_c")
        assert (failure.fault, failure.is_dangerous) == ("time", True)
        assert "0.5 s of CPU time" in str(failure)
        assert await strict.run("tests.feeds.hostile:chatter", BODY) == "said"


async def test_time_that_a_task_only_waits_is_not_counted() -> None:
    limits = dataclasses.replace(PATIENT, slice_s=0.1, reading_s=0.1)
    async with WorkerPool(size=1, limits=limits) as busy:
        assert await busy.run("tests.feeds.hostile:wait", 0.5) == "waited"


async def test_there_is_room_until_two_more_tasks_wait_than_there_are_workers() -> None:
    async with WorkerPool(size=1, limits=LIMITS) as narrow:
        await narrow.room()
        tasks = [
            asyncio.create_task(narrow.run("tests.feeds.hostile:wait", 0.05)) for _ in range(3)
        ]
        await asyncio.sleep(0)
        room = asyncio.create_task(narrow.room())
        await asyncio.sleep(0)
        assert not room.done()
        await asyncio.gather(*tasks)
        await room


async def test_an_alarm_that_is_swallowed_rings_again(pool: WorkerPool) -> None:
    assert (await failed(pool, "swallow")).fault == "time"


async def test_a_worker_that_dies_costs_only_the_body_that_killed_it(
    pool: WorkerPool, patient: Reader
) -> None:
    failure = await failed(pool, "die")
    assert (failure.fault, failure.is_dangerous) == ("crash", True)
    assert await still_works(patient)


async def test_a_body_whose_worker_somebody_else_killed_is_read_again(
    pool: WorkerPool, tmp_path: Path
) -> None:
    marker = str(tmp_path / "died")
    assert await pool.run("tests.feeds.hostile:die_once", marker) == "survived"


async def test_a_worker_that_was_killed_while_idle_is_replaced(
    pool: WorkerPool, patient: Reader
) -> None:
    assert await still_works(patient)
    (pid,) = pool.pids
    os.kill(pid, 9)
    assert await still_works(patient)
    assert pid not in pool.pids


async def test_a_task_that_needs_too_much_memory_is_refused() -> None:
    limits = dataclasses.replace(LIMITS, worker_memory_bytes=256 << 20)
    async with WorkerPool(size=1, limits=limits) as small:
        failure = await failed(small, "eat")
    assert (failure.fault, failure.is_dangerous) == ("memory", True)


async def test_a_cancelled_reading_leaves_no_answer_to_the_next(
    pool: WorkerPool, patient: Reader
) -> None:
    assert await still_works(patient)
    (pid,) = pool.pids
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await pool.run("tests.feeds.hostile:hang_in_c", BODY)
    assert pid not in pool.pids
    assert await still_works(patient)


async def test_no_document_has_more_than_eight_seconds_in_both_lanes_together(
    tmp_path: Path,
) -> None:
    limits = Limits()
    assert limits.slice_deadline_s < limits.reading_deadline_s == 8.0
    used_up = dataclasses.replace(
        PATIENT, slice_deadline_s=0.3, reading_deadline_s=0.3, starved_s=0.0
    )
    async with WorkerPool(size=1, limits=used_up) as strict:
        # It would be done at once the second time, but the first left nothing of the time.
        failure = await failed(strict, "spin_in_c_once", str(tmp_path / "marker"))
    assert failure.fault == "time"


async def test_a_document_is_not_blamed_for_a_machine_that_has_no_time() -> None:
    limits = dataclasses.replace(LIMITS, starved_s=3600.0)
    async with WorkerPool(size=1, limits=limits) as starving:
        failure = await failed(starving, "hang_in_c")
    assert (failure.fault, failure.is_dangerous) == ("starved", False)
    assert "too busy" in str(failure)


async def test_others_are_read_while_a_large_document_is(tmp_path: Path) -> None:
    limits = dataclasses.replace(PATIENT, slow_bytes=1000)
    large, marker = b"x" * 1000, tmp_path / "may go on"
    async with WorkerPool(size=1, limits=limits) as lanes, asyncio.TaskGroup() as group:
        slow = group.create_task(lanes.run("tests.feeds.hostile:wait_for", large, str(marker)))
        for _ in range(5):
            await lanes.room()
            assert await lanes.run("tests.feeds.hostile:chatter", BODY) == "said"
        assert not slow.done()
        marker.touch()
        assert await slow == "waited"


async def test_what_takes_longer_than_a_slice_is_read_in_a_process_of_its_own(
    tmp_path: Path,
) -> None:
    limits = dataclasses.replace(PATIENT, slice_s=0.1, slice_kill_s=0.2)
    async with WorkerPool(size=1, limits=limits) as lanes:

        async def pid_of(task: str, argument: object) -> object:
            return await lanes.run(f"tests.feeds.hostile:{task}", argument, name="a")

        quick = await pid_of("pid", BODY)
        assert (quick,) == lanes.pids
        for task in ("spin_once", "spin_in_c_once"):
            slow = await pid_of(task, str(tmp_path / task))
            assert slow not in lanes.pids
            assert len(lanes.pids) <= 1  # and that process has ended
        # It was quick in the end, and so it is read with the others again.
        assert (await pid_of("pid", BODY),) == lanes.pids


async def test_what_was_slow_is_read_in_the_slow_lane_at_once_the_next_time() -> None:
    limits = dataclasses.replace(PATIENT, slice_s=0.1, reading_s=0.3)
    async with WorkerPool(size=1, limits=limits) as lanes:
        with pytest.raises(TaskFailed):
            await lanes.run("tests.feeds.hostile:spin", BODY, name="slow")
        (quick,) = lanes.pids
        assert await lanes.run("tests.feeds.hostile:pid", BODY, name="other") == quick
        assert await lanes.run("tests.feeds.hostile:pid", BODY, name="slow") != quick
        assert await lanes.run("tests.feeds.hostile:pid", BODY, name="slow") == quick


@pytest.mark.parametrize("bound", [{"slow_waiting": 1}, {"slow_waiting_bytes": 2500}])
async def test_the_slow_lane_turns_away_what_would_be_too_much(
    bound: dict[str, int], tmp_path: Path
) -> None:
    limits = dataclasses.replace(PATIENT, slow_bytes=1000, **bound)
    large, marker = b"x" * 1000, tmp_path / "may go on"
    async with WorkerPool(size=1, limits=limits) as lanes, asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(lanes.run("tests.feeds.hostile:wait_for", large, str(marker)))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(TaskFailed, match="still busy") as failure:
            await lanes.run("tests.feeds.hostile:wait_for", large, str(marker))
        assert (failure.value.fault, failure.value.is_dangerous) == ("busy", False)
        marker.touch()
        assert await asyncio.gather(*waiting) == ["waited", "waited"]


async def test_a_large_document_arrives_as_it_was_sent() -> None:
    body = bytes(range(256)) * 4096
    async with WorkerPool(size=1, limits=PATIENT) as lanes:
        told = await lanes.run("tests.feeds.hostile:digest", "a", body, 3)
    assert told == ("a", hashlib.sha256(body).hexdigest(), 3)


async def test_a_worker_inherits_neither_environment_nor_the_bots_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HERALD_TOKEN", "secret")
    async with WorkerPool(size=1, limits=LIMITS, imports=("bot.feeds.parse",)) as fresh:
        told = await fresh.run("tests.feeds.hostile:environment", BODY)
    assert isinstance(told, tuple)
    assert "HERALD_TOKEN" not in told
    assert not {"discord", "aiohttp", "bot.app", "bot.settings"} & set(told)
    assert "feedparser" in told


async def test_a_worker_gives_way_to_the_bot_and_a_slow_one_to_a_quick_one(
    pool: WorkerPool,
) -> None:
    quick = await pool.run("tests.feeds.hostile:priority", BODY)
    slow = await pool.run("tests.feeds.hostile:priority", b"x" * LIMITS.slow_bytes)
    assert (quick, slow) == (min(19, os.nice(0) + 5), min(19, os.nice(0) + 10))


async def test_what_a_library_prints_does_not_meet_the_answer(pool: WorkerPool) -> None:
    assert await pool.run("tests.feeds.hostile:chatter", BODY) == "said"


async def test_a_worker_cannot_make_its_parent_load_an_object(pool: WorkerPool) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no plain value"):
        unpacked(pickle.dumps(Path("/")))
    assert (await failed(pool, "objects")).fault == "crash"


async def test_workers_are_replaced_after_their_term() -> None:
    limits = dataclasses.replace(LIMITS, worker_tasks=2)
    async with WorkerPool(size=1, limits=limits) as short:
        pids: list[int] = []
        for _ in range(3):
            await short.run("tests.feeds.hostile:priority", BODY)
            pids += short.pids
    assert pids[0] == pids[1] != pids[2]


async def test_no_worker_outlives_the_pool() -> None:
    async with WorkerPool(size=2, limits=LIMITS) as brief:
        await asyncio.gather(*(brief.run("tests.feeds.hostile:priority", BODY) for _ in range(4)))
        pids = brief.pids
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_an_oversized_answer_of_many_entries_crosses_whole(patient: Reader) -> None:
    items = [
        FeedItem(title=f"Entry {n}", link=f"https://a.example.org/{n}", description="word " * 50)
        for n in range(120)
    ]
    feed = await patient.feed(rss(*items), None, "https://a.example.org/")
    assert [entry.title for entry in feed.entries] == [item.title for item in items]
