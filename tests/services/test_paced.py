"""Whatever a channel chose of hours, budget and digests: each entry once, none while it is shut."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.words import VERSION, tokenise
from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId, MessageId, Mode, ParsedEntry, Post
from bot.news.ports import Storage
from bot.services.digest import Digester
from bot.storage import open_storage
from tests.factories import GUILD, parsed_entry, wish
from tests.fakes import FakeClock
from tests.services.conftest import Desk

FEEDS = {name: f"https://{name}.example.org/feed.xml" for name in ("courier", "wire")}
CHANNELS = (ChannelId(11), ChannelId(12))
SHOWN = 30  # entries that a feed's document holds
OPEN_MIN = (
    240  # minutes of a day in which a channel may be written to; the rounds are that far apart
)
STARTS = (  # the day before clocks jump in Europe, back in Europe, in Lord Howe; one when none do
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2026, 10, 3, 5, tzinfo=UTC),
    datetime(2026, 6, 1, tzinfo=UTC),
)
ZONES = (None, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham")
MINUTE = st.integers(0, 24 * 60 - 1)
QUIET = st.tuples(MINUTE, MINUTE).filter(lambda span: (span[0] - span[1]) % 1440 > OPEN_MIN)
STEP = st.tuples(
    st.integers(1, 200),  # minutes that pass
    st.sampled_from((None, *FEEDS)),
    st.integers(1, 6),  # entries that it brings
    st.booleans(),  # whether the process dies then
)
Step = tuple[int, str | None, int, bool]
AFTERWARDS: list[Step] = [(200, None, 1, False)] * 24


@st.composite
def channel_options(draw: st.DrawFn) -> ChannelOptions:
    quiet = draw(st.none() | QUIET)
    return ChannelOptions(
        time_zone=draw(st.sampled_from(ZONES)),
        quiet_from_min=quiet[0] if quiet else None,
        quiet_until_min=quiet[1] if quiet else None,
        hourly_max=draw(st.none() | st.integers(1, 3)),
        is_bundled=draw(st.booleans()),
        digest_top=draw(st.integers(1, 10)),
    )


class Life:
    """Two channels that follow two feeds, each its way."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self.clock = FakeClock(start)
        self.numbers = count()
        self.shown = {name: [parsed_entry("Old", published_at=start)] for name in FEEDS}
        self.titles: list[str] = []
        self.sent_at: dict[MessageId, datetime] = {}
        self.desk: Desk

    async def begin(
        self, storage: Storage, options: Sequence[ChannelOptions], modes: Sequence[Mode]
    ) -> None:
        """Let each channel follow both feeds."""
        self.desk = Desk(storage=storage, clock=self.clock)
        self.serve()
        wanted = iter(modes)
        for channel, chosen in zip(CHANNELS, options, strict=True):
            for name, url in FEEDS.items():
                proposal = await self.desk.follower.look(url)
                followed = await self.desk.follower.add(proposal, wish(channel, name=name))
                await storage.set_mode(followed.following.subscription.id, next(wanted))
            await storage.choose_for_channel(GUILD, channel, chosen, self.clock.now())

    def serve(self) -> None:
        for name, url in FEEDS.items():
            self.desk.serve(*reversed(self.shown[name][-SHOWN:]), url=url, title=name)

    def write(self, feed: str) -> ParsedEntry:
        """Return an entry none of whose words is any other's."""
        number = next(self.numbers)
        words = (4 * number + at for at in range(4))
        self.titles.append(" ".join(f"{chr(97 + n // 26)}{chr(97 + n % 26)}lado" for n in words))
        return parsed_entry(
            self.titles[-1],
            url=f"https://{feed}.example.org/{number}",
            published_at=self.clock.now(),
        )

    async def live(self, steps: list[Step]) -> None:
        """Go through *steps* until the process dies; take those out that are done."""
        await self.desk.storage.release_leases()
        while steps:
            minutes, feed, entries, dies = steps.pop(0)
            self.clock.advance(timedelta(minutes=minutes))
            if feed is not None:
                self.shown[feed] += [self.write(feed) for _ in range(entries)]
                self.serve()
                stored = await self.desk.storage.feed_by_url(FEEDS[feed])
                assert stored is not None
                await self.desk.storage.poll_soon(stored.id, self.clock.now())
                await self.desk.poller().poll_due()
            await self.go_on()
            if dies:
                return

    async def go_on(self) -> None:
        """Do what the loops do."""
        before = len(self.desk.publisher.messages)
        sent = 1
        while sent:
            await self.desk.storage.group_entries(self.clock.now())
            await Digester(self.desk.storage, self.clock).make_due()
            sent = await self.desk.deliverer().deliver_due()
        for message in self.desk.publisher.messages[before:]:
            self.sent_at[message.id] = self.clock.now()

    def judge(self, channel: ChannelId, options: ChannelOptions) -> None:
        """Hold what a channel got against what it was owed and what it chose."""
        messages = [m for m in self.desk.publisher.messages if m.channel_id == channel]
        posts = [post for message in messages for post in (message.post, *message.post.bundled)]
        told = Counter(title for post in posts for title in titles_of(post))
        assert not [title for title, times in told.items() if times > 1]
        # A digest counts those that are too many to be listed.
        counted = sum(post.unlisted for post in posts)
        assert len(set(self.titles) - set(told)) == counted
        times = [self.sent_at[message.id] for message in messages]
        assert not [at for at in times if is_quiet(options, at)]
        if options.hourly_max is not None:
            hours = Counter(at.replace(minute=0) for at in times)
            assert max(hours.values(), default=0) <= options.hourly_max


def titles_of(post: Post) -> list[str]:
    return [line.title for line in post.headlines] or [post.title]


def is_quiet(options: ChannelOptions, at: datetime) -> bool:
    """Whether the wall clock shows quiet hours."""
    start, end = options.quiet_from_min, options.quiet_until_min
    if start is None or end is None:
        return False
    here = at.astimezone(ZoneInfo(options.time_zone or "UTC"))
    minute = here.hour * 60 + here.minute
    return start <= minute < end if start < end else minute >= start or minute < end


@settings(max_examples=6)
@given(
    st.sampled_from(STARTS),
    st.tuples(channel_options(), channel_options()),
    st.tuples(*[st.sampled_from(Mode)] * 4),
    st.lists(STEP, min_size=1, max_size=20),
)
def test_each_entry_is_told_once_and_never_while_its_channel_is_closed(
    start: datetime,
    options: tuple[ChannelOptions, ChannelOptions],
    modes: Sequence[Mode],
    steps: list[Step],
) -> None:
    async def whole(path: Path) -> None:
        life, left = Life(path, start), [*steps, *AFTERWARDS]
        is_begun = False
        while left:
            async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
                if not is_begun:
                    await life.begin(storage, options, modes)
                    is_begun = True
                life.desk.storage = storage
                await life.live(left)
        for channel, chosen in zip(CHANNELS, options, strict=True):
            life.judge(channel, chosen)

    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(whole(Path(scratch) / "herald.db"))
