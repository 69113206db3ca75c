"""A database that cannot be written to: nothing is lost, nothing doubled, and all goes on."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigError, StorageError
from bot.language.words import VERSION, tokenise
from bot.news.models import ChannelId, Counts, MessageId, Post
from bot.services.deliver import LEASE
from bot.services.poll import LEASE as POLL_LEASE
from bot.storage import open_storage
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import CHANNEL, FEED_URL, OTHER_CHANNEL, parsed_entry, wish
from tests.fakes import FakePublisher
from tests.services.conftest import Desk

HOUR = timedelta(hours=1)


@dataclass
class Full:
    """A desk on a database that can be filled up and locked."""

    desk: Desk
    storage: SqliteStorage
    path: Path

    async def fill(self) -> None:
        """Let the database grow no further: SQLITE_FULL, as on a full disk."""
        await self.storage._writer.pragma("PRAGMA max_page_count = 1")  # the connection's own limit

    async def make_room(self) -> None:
        """Let it grow again."""
        await self.storage._writer.pragma("PRAGMA max_page_count = 1000000")  # likewise


@pytest.fixture
async def full(tmp_path: Path) -> AsyncIterator[Full]:
    path = tmp_path / "herald.db"
    async with open_storage(
        path, tokenise=tokenise, tokeniser_version=VERSION, busy_timeout_ms=1
    ) as storage:
        yield Full(desk=Desk(storage=storage), storage=storage, path=path)


async def follow(desk: Desk, *channels: ChannelId) -> None:
    desk.serve()
    for channel in channels:
        await desk.follower.add(await desk.follower.look(FEED_URL), wish(channel))
    desk.clock.advance(HOUR)
    desk.serve(parsed_entry("News", published_at=desk.clock.now()))


async def test_news_that_finds_the_disk_full_is_posted_when_there_is_room(full: Full) -> None:
    desk = full.desk
    await follow(desk, CHANNEL)
    long = " ".join(f"word{n}" for n in range(20_000))
    desk.serve(parsed_entry("Long read", text=long, published_at=desk.clock.now()))
    await full.fill()
    with pytest.raises(ExceptionGroup) as caught:
        await desk.poller().poll_due()
    (fault,) = caught.value.exceptions
    assert isinstance(fault, StorageError)
    assert "Is the disk full" in str(fault)
    await desk.deliverer().deliver_due()
    assert desk.titles() == []
    await full.make_room()
    desk.clock.advance(POLL_LEASE)
    await desk.poller().poll_due()
    await desk.deliverer().deliver_due()
    assert desk.titles() == ["Long read"]


class Locking(FakePublisher):
    """A Discord in whose answering time another program locks the database."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.other = sqlite3.connect(path, isolation_level=None)

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        message_id = await super().publish(channel_id, post, nonce)
        if not self.other.in_transaction:
            self.other.execute("BEGIN IMMEDIATE")
        return message_id


async def test_a_post_that_landed_while_the_database_was_locked_is_marked_later(
    full: Full,
) -> None:
    desk = full.desk
    await follow(desk, CHANNEL)
    await desk.poller().poll_due()
    waited: list[float] = []
    publisher = Locking(full.path)
    with closing(publisher.other):

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                publisher.other.execute("COMMIT")

        assert await desk.deliverer(publisher=publisher, sleep=sleep).deliver_due() == 1
        assert [post.title for _, post in publisher.posts] == ["News"]
        assert waited == [0.5, 1.0, 1.5]
        desk.clock.advance(LEASE)
        assert await desk.deliverer(publisher=publisher).deliver_due() == 0
    assert (await desk.storage.health()).counts == Counts(owed=1, sent=1)


async def test_a_locked_database_cuts_no_other_post_off(full: Full) -> None:
    desk = full.desk
    await follow(desk, CHANNEL, OTHER_CHANNEL)
    await desk.poller().poll_due()
    publisher = Locking(full.path)
    with closing(publisher.other):

        async def sleep(_seconds: float) -> None:
            if len(publisher.posts) == 2 and publisher.other.in_transaction:
                publisher.other.execute("COMMIT")

        await desk.deliverer(publisher=publisher, sleep=sleep).deliver_due()
        assert {channel for channel, _ in publisher.posts} == {CHANNEL, OTHER_CHANNEL}
    assert (await desk.storage.health()).counts == Counts(owed=2, sent=2)


async def test_a_token_that_is_refused_leaves_the_post_owed(full: Full) -> None:
    desk = full.desk
    await follow(desk, CHANNEL)
    await desk.poller().poll_due()

    class Stranger(FakePublisher):
        async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
            del channel_id, post, nonce
            raise ConfigError("Discord does not accept the token.", setting="HERALD_TOKEN")

    with pytest.raises(ConfigError, match="token"):
        await desk.deliverer(publisher=Stranger()).deliver_due()
    assert await desk.deliverer().deliver_due() == 1
    assert (desk.titles(), desk.publisher.finds) == (["News"], 0)
