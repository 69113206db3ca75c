"""Commands under way when the connection is given up; with a real process: e2e/test_survival.py."""

import asyncio

import pytest
import structlog

from bot.frontend.underway import finish_commands

NAMES = ["CommandTree-invoker", "discord-ui-view-dispatch-7", "discord-ui-modal-dispatch-7"]


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_under_way_is_let_finish(name: str) -> None:
    steps = []

    async def ask() -> None:
        await asyncio.sleep(0)
        steps.append("answered")

    async def command() -> None:
        follow_up = asyncio.create_task(ask(), name=name)
        await asyncio.wait([follow_up])
        await asyncio.create_task(ask(), name=name)

    asked = asyncio.create_task(command(), name=name)
    with structlog.testing.capture_logs() as logs:
        await finish_commands(60)
    assert asked.done()
    assert steps == ["answered"] * 2
    assert logs == []


@pytest.mark.parametrize("name", NAMES)
async def test_what_takes_too_long_is_dropped_with_one_line_and_nothing_else_is(name: str) -> None:
    asked = [asyncio.create_task(asyncio.Event().wait(), name=name) for _ in range(3)]
    other = asyncio.create_task(asyncio.Event().wait(), name="poll")
    with structlog.testing.capture_logs() as logs:
        await finish_commands(0)
    assert all(task.cancelled() for task in asked)
    assert [(line["event"], line["commands"]) for line in logs] == [("commands.cut_short", 3)]
    assert not other.done()
    other.cancel()


async def test_with_nothing_under_way_nothing_is_waited_for_or_said() -> None:
    with structlog.testing.capture_logs() as logs:
        await finish_commands(0)
    assert logs == []
