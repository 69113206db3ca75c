"""Commands under way, when the connection to Discord is about to be given up.

Without it nobody can be answered any more, so what is not done by then is broken off.
"""

import asyncio

import structlog

log = structlog.get_logger()

# discord.py (2.7.1) makes a task of each command, typing help, button, menu and modal, and keeps
# none of them: they are known by their names.
_NAMES = ("CommandTree-invoker", "discord-ui-")


async def finish_commands(within_s: float) -> None:
    """Let what members asked for be answered; break off what takes longer, with one line."""
    try:
        async with asyncio.timeout(within_s):
            while under_way := _under_way():
                await asyncio.wait(under_way)
    except TimeoutError:
        late = _under_way()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        log.warning("commands.cut_short", commands=len(late))


def _under_way() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task.get_name().startswith(_NAMES)}
