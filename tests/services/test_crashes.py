"""Kill the process at every step of a news item's life; nothing is lost, nothing doubled.

A kill is an exception at the n-th call of any port, before or after the call took effect, for every
n until a run gets through untouched. After it everything is made anew on the same database, as a
restart would, and goes on until nothing is due.
"""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.language.words import VERSION, tokenise
from bot.news.channels import ChannelOptions
from bot.news.models import Mode, ParsedEntry
from bot.services.digest import Digester
from bot.storage import open_storage
from tests.factories import CHANNEL, FEED_URL, GUILD, NOW, OTHER_CHANNEL, parsed_entry, wish
from tests.services.conftest import Desk

Anything: TypeAlias = Any  # the fuse stands before every port, whatever its methods take

HOUR = timedelta(hours=1)
AT_ONCE = timedelta(0)
LATE = timedelta(minutes=3)  # out of the nonces' window, and of every lease
NEXT_DAY = timedelta(days=1)  # after the feed has changed again


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


UNTOUCHED = 100_000  # more calls than any life has


async def live(desk: Desk, fuse: Fuse) -> None:
    """Poll and deliver until nothing is due, through the fuse."""
    storage = fuse.guard(desk.storage)
    await storage.release_leases()
    poller = desk.poller(storage, fuse.guard(desk.source))
    await poller.resume()
    await poller.poll_due()
    await Digester(storage, desk.clock).make_due()
    await desk.deliverer(storage, fuse.guard(desk.publisher), fuse.guard(desk.source)).deliver_due()


def is_killed(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(is_killed(each) for each in error.exceptions)
    return isinstance(error, Killed)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Desk]:
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        yield Desk(storage=storage)


class Story:
    """What a feed shows from hour to hour; the first edition is there before anybody follows it."""

    def __init__(self, *editions: Sequence[ParsedEntry], channels: Sequence[Anything]) -> None:
        self.editions = editions
        self.channels = channels

    async def begin(self, path: Path) -> None:
        """Follow the feed in a new database."""
        async with opened(path) as desk:
            desk.serve(*self.editions[0])
            for channel in self.channels:
                await desk.follower.add(await desk.follower.look(FEED_URL), wish(channel))

    def serve(self, desk: Desk, edition: Sequence[ParsedEntry]) -> None:
        """Put an edition on the web."""
        desk.serve(*edition)

    async def live(self, path: Path, fuse: Fuse, *, restarted_after: timedelta) -> Desk:
        """Live through all editions; after a kill go on from where it was, or with the next one."""
        ahead = list(self.editions[1:])
        async with opened(path) as desk:
            try:
                while ahead:
                    desk.clock.advance(HOUR)
                    self.serve(desk, ahead[0])
                    await live(desk, fuse)
                    ahead.pop(0)
            except BaseException as error:
                if not is_killed(error):
                    raise
        desk.clock.advance(restarted_after)
        desk.publisher.knows_nonces = restarted_after < LATE
        if restarted_after >= HOUR and len(ahead) > 1:
            ahead.pop(0)  # the feed has moved on meanwhile
        async with opened(path) as restarted:
            desk.storage = restarted.storage
            for edition in ahead:
                self.serve(desk, edition)
                await live(desk, Fuse(UNTOUCHED, after=False))
                desk.clock.advance(HOUR)
            assert await desk.storage.next_delivery_at() is None
        return desk


def news(title: str, at: int, **said: Anything) -> ParsedEntry:
    """Return an entry that is dated *at* minutes into the story."""
    return parsed_entry(title, published_at=NOW + timedelta(minutes=at), **said)


OLD = [news(f"Old {n}", n) for n in range(2)]
THREE = [news(f"News {n}", 5 + n, teaser=f"It happened {n} times.") for n in range(3)]
MANY = [news(f"Many {n}", 9 + n) for n in range(22)]
POSTED, ROLLED_UP = MANY[-3:], MANY[:-3]


def corrected(entry: ParsedEntry) -> ParsedEntry:
    return replace(entry, title=f"{entry.title}, corrected")


@pytest.mark.parametrize("restarted_after", [AT_ONCE, LATE], ids=["at once", "late"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_a_post(
    tmp_path: Path, *, after: bool, restarted_after: timedelta
) -> None:
    story = Story(OLD, [*THREE[::-1], *OLD], channels=(CHANNEL, OTHER_CHANNEL))
    async for desk, at in killed_everywhere(story, tmp_path, after, restarted_after, at_least=20):
        for channel in story.channels:
            posted = [post.title for where, post in desk.publisher.posts if where == channel]
            assert posted == ["News 0", "News 1", "News 2"], f"killed at call {at}"


@pytest.mark.parametrize(
    "restarted_after", [AT_ONCE, LATE, NEXT_DAY], ids=["at once", "late", "next day"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_an_edit_or_a_roundup(
    tmp_path: Path, *, after: bool, restarted_after: timedelta
) -> None:
    flood = [*MANY[::-1], *OLD]
    edited = [corrected(e) if e in (POSTED[1], ROLLED_UP[0]) else e for e in flood]
    story = Story(OLD, flood, edited, channels=(CHANNEL,))
    async for desk, at in killed_everywhere(story, tmp_path, after, restarted_after, at_least=25):
        titles = [POSTED[0].title, corrected(POSTED[1]).title, POSTED[2].title]
        assert desk.titles() == [*titles, "19 more from Courier"], f"killed at call {at}"
        told = {headline.title for headline in desk.publisher.posts[-1][1].headlines}
        assert told == {corrected(ROLLED_UP[0]).title, *(e.title for e in ROLLED_UP[1:])}


BURST = [news(f"Burst {n}", 5 + n, teaser=f"It burst {n} times.") for n in range(4)]


@pytest.mark.parametrize(
    "restarted_after", [AT_ONCE, LATE, NEXT_DAY], ids=["at once", "late", "next day"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_a_post_of_a_bundle(
    tmp_path: Path, *, after: bool, restarted_after: timedelta
) -> None:
    edited = [corrected(each) if each is BURST[2] else each for each in BURST]
    story = Story(OLD, [*BURST[::-1], *OLD], [*edited[::-1], *OLD], channels=(CHANNEL,))
    async for desk, at in killed_everywhere(story, tmp_path, after, restarted_after, at_least=25):
        assert desk.titles() == [each.title for each in edited], f"killed at call {at}"
        assert len(desk.publisher.messages) <= 2, "all four, or after a kill one and three"
        assert sum(message.edits for message in desk.publisher.messages) <= 2


class Overnight(Story):
    """A channel with quiet hours, which end while the feed tells its second edition."""

    mode = Mode.STORY

    async def begin(self, path: Path) -> None:
        await super().begin(path)
        async with opened(path) as desk:
            quiet = ChannelOptions(quiet_from_min=9 * 60, quiet_until_min=11 * 60)
            await desk.storage.choose_for_channel(GUILD, self.channels[0], quiet, NOW)
            (feed,) = await desk.storage.feeds()
            (row,) = await desk.storage.followers(feed.feed.id, NOW)
            await desk.storage.set_mode(row.subscription.id, self.mode)


class Daily(Overnight):
    """A feed in mode digest, whose time comes when the quiet hours end."""

    mode = Mode.DIGEST

    async def begin(self, path: Path) -> None:
        await super().begin(path)
        async with opened(path) as desk:
            daily = ChannelOptions(digest_at_min=11 * 60)
            await desk.storage.choose_for_channel(GUILD, self.channels[0], daily, NOW)


@pytest.mark.parametrize(
    "restarted_after", [AT_ONCE, LATE, NEXT_DAY], ids=["at once", "late", "next day"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", [Overnight, Daily])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_a_line_of_a_digest(
    tmp_path: Path, kind: type[Story], *, after: bool, restarted_after: timedelta
) -> None:
    shown = [*BURST[::-1], *OLD]
    story = kind(OLD, shown, shown, shown, channels=(CHANNEL,))
    async for desk, at in killed_everywhere(story, tmp_path, after, restarted_after, at_least=12):
        told = [
            title
            for _, post in desk.publisher.posts
            for title in ([line.title for line in post.headlines] or [post.title])
        ]
        assert sorted(told) == [each.title for each in BURST], f"killed at call {at}"
        assert len(desk.publisher.messages) == 1, f"killed at call {at}"


OTHER_URL = "https://wire.example.org/feed.xml"
AGROUND = news(
    "Ferry aground off Lund island, 140 passengers rescued",
    5,
    teaser="The ferry Solveig ran aground off Lund island. Lifeboats took 140 passengers off.",
)
AGROUND_TOO = news(
    "140 passengers rescued from ferry aground off Lund",
    6,
    teaser="Lifeboats took 140 passengers off the ferry Solveig, aground off Lund island.",
)


class TwoFeeds(Story):
    """Two feeds in one channel: what the second says of the same event comes a poll later."""

    async def begin(self, path: Path) -> None:
        async with opened(path) as desk:
            for url, name in ((FEED_URL, "Courier"), (OTHER_URL, "Wire")):
                desk.serve(*OLD, url=url, title=name)
                await desk.follower.add(
                    await desk.follower.look(url), wish(self.channels[0], name=name)
                )

    def serve(self, desk: Desk, edition: Sequence[ParsedEntry]) -> None:
        desk.serve(AGROUND, *OLD)
        desk.serve(*edition, *OLD, url=OTHER_URL, title="Wire")


@pytest.mark.parametrize(
    "restarted_after", [AT_ONCE, LATE, NEXT_DAY], ids=["at once", "late", "next day"]
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_kill_at_any_step_neither_loses_nor_doubles_a_source(
    tmp_path: Path, *, after: bool, restarted_after: timedelta
) -> None:
    # The last hour brings nothing new: what is overdue after a restart is polled one by one.
    story = TwoFeeds(OLD, (), (AGROUND_TOO,), (AGROUND_TOO,), channels=(CHANNEL,))
    async for desk, at in killed_everywhere(story, tmp_path, after, restarted_after, at_least=25):
        (only,) = desk.publisher.messages
        assert only.post.footer in SOURCES, f"killed at call {at}"
        assert only.edits <= 2


# Which comes first depends on which feed was polled first after the kill.
SOURCES = ("also: Wire · 2 sources", "also: Courier · 2 sources")


async def killed_everywhere(
    story: Story, directory: Path, after: bool, restarted_after: timedelta, *, at_least: int
) -> AsyncIterator[tuple[Desk, int]]:
    """Yield the desk after each life that was cut at another step, and at last an untouched one."""
    fresh = directory / "fresh.db"
    await story.begin(fresh)
    for at in range(1, UNTOUCHED):
        path = directory / f"{at}.db"
        shutil.copy(fresh, path)
        fuse = Fuse(at, after=after)
        yield await story.live(path, fuse, restarted_after=restarted_after), at
        if not fuse.is_burnt:
            assert at > at_least
            return
