"""Kill the process at every step of a news item's life; nothing is lost, nothing doubled.

A kill is an exception at the n-th call of any port, before or after the call took effect, for every
n until a run gets through untouched. After it everything is made anew on the same database, as a
restart would, and goes on until nothing is due.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.language.words import VERSION, tokenise
from bot.storage import open_storage
from tests.factories import CHANNEL, FEED_URL, OTHER_CHANNEL, parsed_entry, wish
from tests.services.conftest import Desk

Anything: TypeAlias = Any  # the fuse stands before every port, whatever its methods take

OLD = [parsed_entry(f"Old {n}") for n in range(2)]
NEWS = [parsed_entry(f"News {n}", teaser=f"It happened {n} times.") for n in range(3)]
CHANNELS = (CHANNEL, OTHER_CHANNEL)


class Killed(BaseException):
    """The process died."""


class Fuse:
    """Counts calls through any port and kills at one of them."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after

    def guard(self, port: Anything) -> Anything:
        """Return *port* with the fuse in front of each of its coroutine methods."""
        fuse = self

        class Guarded:
            def __getattr__(self, name: str) -> Anything:
                method: Callable[..., Awaitable[Any]] = getattr(port, name)
                if not iscoroutinefunction(method):
                    return method

                async def call(*args: Anything, **kwargs: Anything) -> Anything:
                    fuse.left -= 1
                    if fuse.left == 0 and not fuse.after:
                        raise Killed
                    result = await method(*args, **kwargs)
                    if fuse.left == 0:
                        raise Killed
                    return result

                return call

        return Guarded()

    @property
    def is_burnt(self) -> bool:
        """Whether it killed."""
        return self.left <= 0


async def prepare(desk: Desk) -> None:
    desk.serve(*OLD)
    for channel in CHANNELS:
        await desk.follower.add(await desk.follower.look(FEED_URL), wish(channel))
    desk.serve(*NEWS[::-1], *OLD)
    desk.clock.advance(timedelta(hours=1))


async def live(desk: Desk, fuse: Fuse) -> None:
    """Poll and deliver until nothing is due, through the fuse."""
    storage = fuse.guard(desk.storage)
    await storage.release_leases()
    poller = desk.poller(storage, fuse.guard(desk.source))
    await poller.resume()
    await poller.poll_due()
    await desk.deliverer(storage, fuse.guard(desk.publisher), fuse.guard(desk.source)).deliver_due()


def is_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(is_killed(each) for each in error.exceptions)
    return isinstance(error, Killed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_a_post(
    tmp_path: Path, *, after: bool
) -> None:
    kills, fuse = 0, Fuse(1, after=after)
    for at in range(1, 200):
        path = tmp_path / f"{at}.db"
        fuse = Fuse(at, after=after)
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            desk = Desk(storage=storage)
            await prepare(desk)
            try:
                await live(desk, fuse)
            except BaseException as error:
                if not is_killed(error):
                    raise
                kills += 1
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            desk.storage = storage
            await live(desk, Fuse(10_000, after=after))
        for channel in CHANNELS:
            posted = [post.title for where, post in desk.publisher.posts if where == channel]
            assert posted == ["News 0", "News 1", "News 2"], f"killed at call {at}"
        if not fuse.is_burnt:
            break
    assert kills > 20
    assert not fuse.is_burnt
