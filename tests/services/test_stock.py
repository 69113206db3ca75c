from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.news.identity import asked_aliases, listings, recognise
from bot.news.models import ParsedEntry
from bot.news.ports import Storage
from bot.services.stock import Stocked, Stocker
from tests.factories import FEED_URL, NOW, parsed_entry, parsed_feed
from tests.fakes import FakeClock
from tests.frontend.house import open_archive


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_archive(tmp_path) as storage:
        yield storage


def article(url: str | None, title: str = "Ferry resumes") -> ParsedEntry:
    return ParsedEntry(url=url, title=title, text="The ferry sails again.", published_at=NOW)


async def test_an_article_goes_to_the_feed_that_it_names(storage: Storage) -> None:
    stocker = Stocker(storage, FakeClock())
    url = "https://lund.example.org/1"
    articles = [(name, article(url)) for name in ("Lund Echo", "", FEED_URL, FEED_URL)]
    assert await stocker.put(articles) == Stocked(added=3, known=1)
    feeds = {row.feed.url: (row.feed.title, row.entries) for row in await storage.feeds()}
    assert feeds == {
        "archive:Lund Echo": ("Lund Echo", 1),
        "archive:imported": ("imported", 1),
        FEED_URL: ("courier.example.org", 1),
    }
    assert await storage.feeds_due(NOW, 9) == []


async def test_an_article_without_an_address_is_known_by_all_that_it_says(storage: Storage) -> None:
    stocker = Stocker(storage, FakeClock())
    for feed in ("Lund Echo", FEED_URL):
        put = [(feed, article(None)), (feed, article(None, "Another")), (feed, article(None))]
        assert await stocker.put(put) == Stocked(added=2, known=1)


async def test_a_poll_knows_what_was_imported_and_an_import_what_was_polled(
    storage: Storage,
) -> None:
    stocker = Stocker(storage, FakeClock())
    polled = parsed_entry("Ferry resumes", url="https://courier.example.org/1", text="It sails.")
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    bare = ParsedEntry(
        url=polled.url, title=polled.title, text=polled.text, published_at=polled.published_at
    )
    assert (await stocker.put([(FEED_URL, bare)])).added == 1
    known = await storage.known(feed.id, asked_aliases(listings([polled], FEED_URL)))
    [verdict] = recognise(listings([polled], FEED_URL), known).verdicts
    assert verdict.entry_id is not None
    assert (await stocker.put([(FEED_URL, bare)])).known == 1
