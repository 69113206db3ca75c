"""Whatever happens to Herald and to Discord, in whatever order: every story once, and in order.

Hypothesis draws what happens: papers print, report what another had, and correct; the process dies
before or after any call of any port; Discord fails before or after it did what it was asked for;
permissions come and go; moderators delete; admins pause, resume, remove and restore; minutes or
hours pass. Storage, poller and deliverer are the real ones, restarted on their file; Discord is
`DiscordModel`. For more lives than the usual dozen set MACHINE_LIVES in the environment.
"""

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.language.words import VERSION, tokenise
from bot.news.models import ChannelId, ParsedEntry, Post, SubscriptionId
from bot.storage import open_storage
from tests.factories import parsed_entry, wish
from tests.fakes import FakeClock
from tests.services.conftest import Desk
from tests.services.discord_model import DiscordModel, Mood, Sent
from tests.services.test_crashes import UNTOUCHED, Fuse, is_killed

FEEDS = {name: f"https://{name}.example.org/feed.xml" for name in ("courier", "wire", "herring")}
FOLLOWS = {
    ChannelId(11): ("courier", "wire"),
    ChannelId(12): ("wire", "herring"),
    ChannelId(13): ("courier", "wire", "herring"),
}
UNPOLLED_MAX = 8  # from eleven new entries on, a poll tells the oldest in a roundup
SHOWN = 30
RETRIED_AFTER = timedelta(minutes=20)  # longer than any hold or back-off
EDITED_WITHIN = timedelta(hours=40)  # an older post is not edited any more after 48
EDITS_MAX = 3
SETTLING = 40  # rounds in which all that is left must be told
LIVES, STEPS = int(os.environ.get("MACHINE_LIVES", "10")), 40  # noqa: TID251  # a test's option

# Which of the latest. Never drawn from what is there: threads make that differ from run to run.
LATE = st.integers(1, 8)
# A life takes long, so a failing one is not made smaller where more are asked for.
PHASES = tuple(set(Phase) - {Phase.explain, *([Phase.shrink] if LIVES > 10 else [])})


_LETTERS = ("bcdfghjklmnpqrstvwxz", "aeiouy")  # consonants and vowels, in turns


@dataclass(kw_only=True)
class Piece:
    """An entry, as it is and was called; those of one ``story`` report the same."""

    number: int
    feed: str
    story: int
    entry: ParsedEntry
    titles: list[str]
    is_polled: bool = False

    @property
    def url(self) -> str:
        """Its link, by which messages are told."""
        assert self.entry.url
        return self.entry.url


@dataclass
class Papers:
    """What the feeds show, and all that they ever showed."""

    pieces: list[Piece] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def of(self, feed: str) -> list[Piece]:
        """Return the pieces of a feed, oldest first."""
        return [piece for piece in self.pieces if piece.feed == feed]

    def unpolled(self, feed: str) -> int:
        """Return how many pieces no poll has seen."""
        return sum(not piece.is_polled for piece in self.of(feed))

    def write(self, feed: str, at: datetime, like: Piece | None = None) -> Piece:
        """Print something: of an event of its own, or what *like* reports, in nearly its words."""
        number = next(self._numbers)
        story = number if like is None else like.story
        words = _words(story)
        title = f"{words[0].title()} {words[1]} {words[2]} {words[3].title()} {words[4]}"
        teaser = f"The {' '.join(words[:8])} in {words[8].title()}. It {' '.join(words[9:])}."
        entry = parsed_entry(
            title,
            guid=f"{feed}-{number}",
            url=f"https://{feed}.example.org/{number}",
            teaser=teaser,
            published_at=at,
        )
        piece = Piece(number=number, feed=feed, story=story, entry=entry, titles=[title])
        self.pieces.append(piece)
        return piece


def _words(story: int) -> list[str]:
    """Return words that no other story has, nor any that begins with the same five letters."""
    return [_word(14 * story + at) for at in range(14)]


def _word(number: int) -> str:
    letters = []
    for at in range(5):
        number, digit = divmod(number, len(_LETTERS[at % 2]))
        letters.append(_LETTERS[at % 2][digit])
    return "".join(letters) + "ado"


class Outbox(RuleBasedStateMachine):
    """Herald between papers and a Discord, both moody."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.scratch = tempfile.TemporaryDirectory()
        self.path = Path(self.scratch.name) / "herald.db"
        self.clock = FakeClock()
        self.began = self.clock.now()
        self.papers = Papers()
        self.discord = DiscordModel(self.clock.now)
        self.touched: set[tuple[ChannelId, str]] = set()
        self.subscriptions: dict[tuple[ChannelId, str], SubscriptionId] = {}
        self.opened = AsyncExitStack()
        self.desk: Desk

    def do(self, work: Callable[[], Awaitable[object]]) -> None:
        """Run *work* in the machine's loop."""

        async def run() -> None:
            await work()

        self.runner.run(run())

    # The process

    async def start(self) -> None:
        """Open the database, as a start does."""
        storage = await self.opened.enter_async_context(
            open_storage(self.path, tokenise=tokenise, tokeniser_version=VERSION)
        )
        if hasattr(self, "desk"):
            self.desk.storage = storage
        else:
            self.desk = Desk(storage=storage, clock=self.clock)
        self.serve()
        await storage.release_leases()

    async def restart(self) -> None:
        """Let the process die, and start it again."""
        await self.opened.aclose()
        self.opened = AsyncExitStack()
        await self.start()
        await self.desk.poller().resume()

    async def work(self, fuse: Fuse) -> None:
        """Poll and deliver what is due, through *fuse*; after a kill start again."""
        seen = list(self.papers.pieces)
        for url in FEEDS.values():
            due = await self.desk.storage.feed_by_url(url)
            assert due
            await self.desk.storage.poll_soon(due.id, self.clock.now())
        storage = fuse.guard(self.desk.storage)
        poller = self.desk.poller(storage, fuse.guard(self.desk.source))
        deliverer = self.desk.deliverer(
            storage, fuse.guard(self.discord), fuse.guard(self.desk.source)
        )
        try:
            await poller.poll_due()
            await deliverer.deliver_due()
        except BaseException as error:
            if not is_killed(error):
                raise
            await self.restart()
        for feed, url in FEEDS.items():
            stored = await self.desk.storage.feed_by_url(url)
            assert stored
            known = {entry.title for entry in await self.desk.storage.entries(stored.id, SHOWN)}
            for piece in seen:
                if piece.feed == feed and known & set(piece.titles):
                    piece.is_polled = True

    def serve(self) -> None:
        """Put what the papers print on the web."""
        for feed, url in FEEDS.items():
            shown = [piece.entry for piece in self.papers.of(feed)[-SHOWN:]]
            self.desk.serve(*reversed(shown), url=url, title=feed.title())

    @initialize()
    def begin(self) -> None:
        """Let every channel follow its feeds."""

        async def follow() -> None:
            await self.start()
            for channel, feeds in FOLLOWS.items():
                for feed in feeds:
                    proposal = await self.desk.follower.look(FEEDS[feed])
                    followed = await self.desk.follower.add(
                        proposal, wish(channel, name=feed.title())
                    )
                    self.subscriptions[channel, feed] = followed.following.subscription.id

        self.do(follow)

    # What papers do

    @rule(feed=st.sampled_from(list(FEEDS)), number=st.integers(1, 3))
    def print_pieces(self, feed: str, number: int) -> None:
        """Let a paper print."""
        for _ in range(number):
            if self.papers.unpolled(feed) < UNPOLLED_MAX:
                self.clock.advance(timedelta(seconds=1))
                self.papers.write(feed, self.clock.now())
        self.serve()

    @rule(which=LATE, feed=st.sampled_from(list(FEEDS)))
    def report_too(self, which: int, feed: str) -> None:
        """Let another paper report what one has reported."""
        for piece in self.papers.pieces[-which:][:1]:
            has = {each.feed for each in self.papers.pieces if each.story == piece.story}
            if feed not in has and self.papers.unpolled(feed) < UNPOLLED_MAX:
                self.clock.advance(timedelta(seconds=1))
                self.papers.write(feed, self.clock.now(), like=piece)
        self.serve()

    @rule(which=LATE)
    def correct(self, which: int) -> None:
        """Let a paper give a piece another title."""
        for piece in self.papers.pieces[-which:][:1]:
            if len(piece.titles) >= EDITS_MAX:
                continue
            piece.titles.append(f"{piece.titles[0]} corrected{len(piece.titles)}")
            piece.entry = replace(piece.entry, title=piece.titles[-1])
        self.serve()

    # What Herald does

    @rule(at=st.integers(1, 25), after=st.booleans())
    def work_and_die(self, at: int, *, after: bool) -> None:
        """Let Herald work, and die at a call of a port, before or after it took effect."""
        self.do(lambda: self.work(Fuse(at, after=after)))

    @rule(at=st.integers(5, 60), after=st.booleans(), by=st.sampled_from((10, 170, 1_000)))
    def work_and_die_for_a_while(self, at: int, by: int, *, after: bool) -> None:
        """Let Herald work, die, and be off for a while."""
        self.do(lambda: self.work(Fuse(at, after=after)))
        self.clock.advance(timedelta(seconds=by))

    @rule()
    def work_undisturbed(self) -> None:
        """Let Herald work."""
        self.do(lambda: self.work(Fuse(UNTOUCHED, after=False)))

    @rule()
    def tidy(self) -> None:
        """Do what Herald does once an hour."""
        self.do(lambda: self.desk.storage.tidy(self.clock.now()))

    # What Discord and its people do

    @rule(moods=st.lists(st.sampled_from(list(Mood)), min_size=1, max_size=4))
    def be_moody(self, moods: list[Mood]) -> None:
        """Let the next requests go wrong."""
        self.discord.moods += moods

    @rule(channel=st.sampled_from(list(FOLLOWS)), what=st.integers(0, 9))
    def change_channel(self, channel: ChannelId, what: int) -> None:
        """Take a permission away or give it back; seldom, delete a channel."""
        match what:
            case 0 if not self.discord.gone:
                self.discord.gone.add(channel)
            case 1 | 2 | 3:  # reading what is there
                self.discord.hidden ^= {channel}
            case _:
                self.discord.denied ^= {channel}

    @rule(which=LATE)
    def moderate(self, which: int) -> None:
        """Delete a message that Herald knows of."""

        async def delete() -> None:
            for message in self.discord.sent[-which:][:1]:
                if await self.desk.storage.why(message.channel_id, message.id) is not None:
                    message.is_deleted = True

        self.do(delete)

    @rule(by=st.sampled_from((10, 60, 170, 1_000, 6 * 3600)))
    def pass_time(self, by: int) -> None:
        """Let seconds or hours pass; nobody hides for more than a day what Herald waits for."""
        if by > 1_000:
            self.discord.hidden.clear()
        self.clock.advance(timedelta(seconds=by))

    # What admins do

    @rule(
        what=st.sampled_from(("pause", "pause and catch up", "resume", "remove", "restore")),
        feed=st.sampled_from(list(FEEDS)),
    )
    def administer(self, what: str, feed: str) -> None:
        """Pause, resume, remove or restore a subscription, of one channel only."""
        place = ChannelId(13), feed
        subscription = self.subscriptions[place]
        self.touched.add(place)

        async def act() -> None:
            storage, now = self.desk.storage, self.clock.now()
            match what:
                case "pause" | "pause and catch up":
                    await storage.pause(subscription, now, catches_up="catch" in what)
                case "resume":
                    await storage.resume(subscription, now)
                case "remove":
                    await storage.remove(subscription, now)
                case _:
                    await storage.restore(subscription)

        self.do(act)

    # What must hold

    def stories_in(self, channel: ChannelId) -> list[tuple[Sent, Post, Piece]]:
        """Return what was ever told in a channel, in order, by the links of its messages."""
        by_url = {piece.url: piece for piece in self.papers.pieces}
        return [
            (message, post, by_url[url])
            for message in self.discord.in_channel(channel)
            for post in (message.post, *message.post.bundled)
            for url in _urls(post)
        ]

    @invariant()
    def nothing_is_doubled_confused_or_out_of_order(self) -> None:
        """Compare each channel with what was printed."""
        for channel, feeds in FOLLOWS.items():
            told = self.stories_in(channel)
            times = Counter(piece.story for _, _, piece in told)
            assert not {story for story, n in times.items() if n > 1}, f"#{channel}: {times}"
            last: dict[str, int] = {}
            for _, post, piece in told:
                assert piece.feed in feeds
                if post.headlines:
                    continue
                assert post.title in piece.titles
                assert last.get(piece.feed, -1) < piece.number
                last[piece.feed] = piece.number

    def teardown(self) -> None:
        """Let everything be well again, and see that all is told."""
        try:
            if hasattr(self, "desk"):
                self.do(self.settle)
                self.judge()
        finally:
            self.do(self.opened.aclose)
            self.runner.close()
            self.scratch.cleanup()

    async def settle(self) -> None:
        """Work until nothing is due any more."""
        self.discord.moods.clear()
        self.discord.denied.clear()
        self.discord.hidden.clear()
        at = None
        for _ in range(SETTLING):
            self.clock.advance(RETRIED_AFTER)
            await self.desk.storage.tidy(self.clock.now())
            await self.work(Fuse(UNTOUCHED, after=False))
            at = await self.desk.storage.next_delivery_at()
            is_all_polled = all(piece.is_polled for piece in self.papers.pieces)
            if is_all_polled and (at is None or self.discord.gone):
                return
        raise AssertionError(f"It never settles: the next delivery is at {at}")

    def judge(self) -> None:
        """Find every story that is owed in its channel."""
        self.nothing_is_doubled_confused_or_out_of_order()
        is_young = self.clock.now() - self.began < EDITED_WITHIN
        for channel, feeds in FOLLOWS.items():
            if channel in self.discord.gone:
                continue
            told = self.stories_in(channel)
            stories = {piece.story for _, _, piece in told}
            for piece in self.papers.pieces:
                if piece.feed in feeds and (channel, piece.feed) not in self.touched:
                    assert piece.story in stories, f"#{channel} was never told {piece.url}"
            for message, post, piece in told:
                is_plain = not (message.is_deleted or post.headlines)
                if is_young and is_plain and (channel, piece.feed) not in self.touched:
                    assert post.title == piece.titles[-1], f"#{channel}: {piece.url}"


def _urls(post: Post) -> list[str]:
    """Return the links of what a post tells."""
    if post.headlines:
        return [headline.url for headline in post.headlines if headline.url]
    return [post.url] if post.url else []


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=LIVES, stateful_step_count=STEPS, deadline=None, phases=PHASES
)
