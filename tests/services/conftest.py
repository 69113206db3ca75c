"""The use cases on a real database, with fakes for the web, Discord and time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.language.extractive import Extractive
from bot.language.words import VERSION, tokenise
from bot.news.cadence import Pace
from bot.news.models import ParsedEntry
from bot.news.ports import Articles, Model, Publisher, Source, Storage
from bot.services.abridge import LATE_MAX_S
from bot.services.calls import Calls
from bot.services.deliver import ARTICLE_MAX_S, Deliverer
from bot.services.follow import Follower
from bot.services.look import Looker
from bot.services.poll import Poller
from bot.services.search import Searcher
from bot.services.transfer import Transfer
from bot.storage import open_storage
from tests.factories import FEED_URL, parsed_feed
from tests.fakes import FakeClock, FakePublisher, FakeSource

PACE = Pace(interval_s=900, is_fixed=False)


@dataclass
class Desk:
    """Everything that a use case needs, and the use cases."""

    storage: Storage
    clock: FakeClock = field(default_factory=FakeClock)
    source: FakeSource = field(default_factory=FakeSource)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    pokes: list[str] = field(default_factory=list)

    def poller(self, storage: Storage | None = None, source: Source | None = None) -> Poller:
        """Make a poller, as after a start."""
        return Poller(
            storage or self.storage,
            source or self.source,
            self.clock,
            pace=PACE,
            random=lambda: 0.0,
            on_recorded=lambda: self.pokes.append("deliver"),
        )

    def deliverer(
        self,
        storage: Storage | None = None,
        publisher: Publisher | None = None,
        articles: Articles | None = None,
        article_max_s: float = ARTICLE_MAX_S,
        model: Model | None = None,
        model_max_s: float = LATE_MAX_S,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Deliverer:
        """Make a deliverer, as after a start."""
        return Deliverer(
            storage or self.storage,
            articles or self.source,
            Extractive(),
            publisher or self.publisher,
            self.clock,
            calls=Calls(storage or self.storage, self.clock, tokenise),
            article_max_s=article_max_s,
            model=model,
            model_max_s=model_max_s,
            sleep=sleep,
        )

    @property
    def follower(self) -> Follower:
        """Make the use cases of following."""
        looker = Looker(self.source, self.source, Extractive(), self.clock)
        return Follower(
            self.storage, looker, self.poller(), self.clock, pace=PACE, random=lambda: 0.0
        )

    @property
    def searcher(self) -> Searcher:
        """Make the use cases of searching."""
        return Searcher(self.storage, self.clock, tokenise)

    @property
    def transfer(self) -> Transfer:
        """Make the use cases of moving feeds."""
        return Transfer(self.storage, self.source, self.follower)

    def serve(self, *entries: ParsedEntry, url: str = FEED_URL, title: str = "Courier") -> str:
        """Put a feed on the fake web, newest entry first."""
        return self.source.publish(url, parsed_feed(*entries, title=title))

    def titles(self) -> list[str]:
        """Return what was posted, in order."""
        return [post.title for _, post in self.publisher.posts]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "herald.db"
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        yield Desk(storage=storage)
