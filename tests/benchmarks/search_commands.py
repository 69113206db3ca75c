"""How soon slash commands over a large archive are acknowledged, and answered.

``python -m tests.benchmarks search --folder DIR --sizes N --commands``: `herald run`, a process
with the real discord.py, on the database that the search benchmark made, and a member of the
stand-in for Discord who reads all of its channels. A command is acknowledged when its first answer
has reached the stand-in, and answered when its embeds have.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tests.e2e.herald_process import HeraldProcess
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel
from tests.servers.discord_wire import ChannelType

ACKNOWLEDGED_MS = 500  # at most, at p99

_COMMANDS = ("news search", "ask")


async def measure(
    folder: Path, channel_ids: Sequence[int], questions: Sequence[str]
) -> dict[str, list[float]]:
    """Ask *questions* by `/news search` and `/ask` in turns; return seconds.

    *folder* holds ``data/herald.db``, in which entries are posted to *channel_ids*.
    """
    async with DiscordServer.start() as server:
        guild = server.add_guild("Saltmarsh")
        for place, id_ in enumerate(channel_ids):
            guild.channels[id_] = Channel(
                id=id_, name=f"news-{id_}", guild=guild, type=ChannelType.TEXT, position=place
            )
        member = guild.add_member("jonas")
        here = guild.channels[channel_ids[0]]
        herald = HeraldProcess(folder, server)
        took: list[tuple[str, float]] = []
        try:
            await herald.start()
            await server.wait_until_ready()
            for number, question in enumerate(questions):
                command = _COMMANDS[number % len(_COMMANDS)]
                began = time.perf_counter()
                if command == "ask":
                    reply = await member.slash(here, command, question=question)
                else:
                    reply = await member.slash(here, command, query=question)
                took.append((command, time.perf_counter() - began))
                assert reply.embeds, f"/{command} {question}: {reply.content}"
            assert await herald.stop() == 0
        finally:
            await herald.kill()
        acknowledged = [
            (each.answered_at - each.created_at) / timedelta(seconds=1)
            for each in server.interactions.all
            if each.answered_at is not None
        ]
    assert len(acknowledged) == len(questions)
    return {
        "acknowledged": acknowledged,
        **{
            f"/{name}": [seconds for command, seconds in took if command == name]
            for name in _COMMANDS
        },
    }
