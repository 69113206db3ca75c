"""Kill -9 at the steps of the life of a delivery, over and over: see kills.py."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.e2e import kills
from tests.e2e.kills_lives import FAULTS, MISHAPS, PLACES
from tests.e2e.kills_report import Report
from tests.servers.discord_objects import Message
from tests.servers.discord_state import Channel, Thread
from tests.servers.discord_wire import MessageFlag

# More by `uv run python -m tests.e2e.kills --kills 2000`, or with these two in the environment.
KILLS = int(os.environ.get("KILLS", "10"))  # noqa: TID251  # a test's own option
SEED = int(os.environ.get("KILLS_SEED", "15"))  # noqa: TID251  # likewise
ENOUGH = 300  # to come to every step and every fault


async def killed(folder: Path, number: int, seed: int) -> Report:
    """Kill so many times, print the report and return it."""
    async with kills.opened(folder, kills=number, seed=seed) as run:
        report = await run.run(lambda _: None)
    print("\n".join(report.lines()))  # noqa: T201  # the seed, where it fails
    return report


async def test_kills_at_any_step_with_discord_at_its_worst_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    report = await killed(tmp_path, KILLS, SEED)
    assert report.is_clean, "\n".join(report.lines())
    assert report.kills == KILLS
    assert report.owed > KILLS
    if KILLS >= ENOUGH:
        assert set(report.places) == {place.name for place in PLACES}, "killed at every step"
        assert {*FAULTS, *MISHAPS} <= set(+report.faults), "everything has gone wrong"


async def test_a_bot_that_doubles_loses_or_confuses_would_be_found_out(tmp_path: Path) -> None:
    async with kills.opened(tmp_path, kills=2, seed=SEED) as run:
        report = await run.run(lambda _: None)
        assert report.is_clean, "\n".join(report.lines())
        for name in ("five", "voices"):
            channel = run.town.channels[name]
            for wanted, spoil in SPOILT.items():
                kept = channel.messages[:]
                spoil(channel)
                found = run.town.judge()
                assert getattr(found, wanted), wanted
                channel.messages[:] = kept
        threads = run.town.guild.threads
        for name in ("forum", "stage"):
            for wanted, spoil_post in SPOILT_IN_FORUMS.items():
                kept_threads = dict(threads)
                thread = next(t for t in run.town.channels[name].threads if _told_in(t))
                kept_name = thread.name
                spoil_post(thread)
                assert getattr(run.town.judge(), wanted), wanted
                thread.name = kept_name
                threads.clear()
                threads.update(kept_threads)
        assert run.town.judge().is_clean
        for message in run.town.channels["bulletins"].messages:
            message.flags &= ~MessageFlag.CROSSPOSTED
        assert list(run.town.unfinished([]))


def _told_in(channel: Channel) -> list[Message]:
    """Return the bot's posts; members write too."""
    return [message for message in channel.messages if message.author.is_bot and message.embeds]


def _double(channel: Channel) -> None:
    last = _told_in(channel)[-1]
    channel.messages.append(replace(last, id=channel.messages[-1].id + 1))


def _lose(channel: Channel) -> None:
    channel.messages.remove(_told_in(channel)[-1])


def _swap(channel: Channel) -> None:
    """Put what was told last where the first was, several in one message too."""
    told = _told_in(channel)
    channel.messages[:] = [
        replace(message, id=place.id, embeds=message.embeds[::-1])
        for place, message in zip(told, reversed(told), strict=True)
    ]


def _confuse(channel: Channel) -> None:
    message = _told_in(channel)[0]
    renamed = [{**message.embeds[0], "title": "Something else"}, *message.embeds[1:]]
    channel.messages[channel.messages.index(message)] = replace(message, embeds=renamed)


def _double_post(thread: Thread) -> None:
    copied = replace(thread, id=thread.id + 1)
    copied.messages = [
        replace(message, id=message.id + 1, channel=copied) for message in thread.messages
    ]
    thread.guild.threads[copied.id] = copied


def _lose_post(thread: Thread) -> None:
    del thread.guild.threads[thread.id]


def _rename_post(thread: Thread) -> None:
    thread.name = "Something else"


SPOILT_IN_FORUMS: dict[str, Callable[[Thread], None]] = {
    "doubled": _double_post,
    "lost": _lose_post,
    "wrong": _rename_post,
}
SPOILT: dict[str, Callable[[Channel], None]] = {
    "doubled": _double,
    "lost": _lose,
    "disordered": _swap,
    "wrong": _confuse,
}
