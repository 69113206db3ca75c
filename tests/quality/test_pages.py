"""Noisy pages, from the web to the archive: every paragraph comes through, no noise does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.feeds.source import Web, open_web
from bot.language.extractive import Extractive
from bot.language.words import VERSION, tokenise
from bot.services.deliver import Deliverer
from bot.services.follow import Follower
from bot.services.look import Looker
from bot.services.poll import Poller
from bot.services.search import Results, Searcher
from bot.storage import open_storage
from tests.factories import CHANNEL, wish
from tests.fakes import FakeClock, FakePublisher
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.feeds.test_article import entry
from tests.noisy import NoisyPage, noisy_pages
from tests.servers.feed_server import FeedItem, FeedServer
from tests.services.conftest import PACE

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = noisy_pages()
ARTICLES = [page for page in PAGES if page.wall is None]


def each(pages: list[NoisyPage]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.name)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        for page in PAGES:
            running.put(f"/{page.name}", page.body)
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web() -> AsyncIterator[Web]:
    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=LIMITS, keepalive_s=1.0
    ) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def archive(
    server: FeedServer, web: Web, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Searcher, FakePublisher]]:
    """Follow a feed of all the pages and let everything be posted."""
    path: Path = tmp_path_factory.mktemp("archive") / "herald.db"
    items = [
        FeedItem(title=page.title, link=server.url(f"/{page.name}"), description=page.cut_teaser)
        for page in PAGES
    ]
    url = server.feed("/all.xml", *items)
    clock, publisher = FakeClock(), FakePublisher()
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        looker = Looker(web, web, Extractive(), clock)
        poller = Poller(storage, web, clock, pace=PACE, random=lambda: 0.0)
        follower = Follower(storage, looker, poller, clock, pace=PACE, random=lambda: 0.0)
        await follower.add(await follower.look(url), wish(CHANNEL, backfill=len(PAGES)))
        await Deliverer(storage, web, Extractive(), publisher, clock).deliver_due()
        yield Searcher(storage, clock, tokenise), publisher


def of(server: FeedServer, page: NoisyPage) -> str:
    return server.url(f"/{page.name}")


@each(ARTICLES)
async def test_the_text_has_every_paragraph_and_nothing_else(
    web: Web, server: FeedServer, page: NoisyPage
) -> None:
    article = await web.article(entry(of(server, page), teaser=page.cut_teaser))
    assert (article.method, article.note) == ("page", None)
    assert article.text.split("\n\n") == list(page.paragraphs)
    assert page.noise_in(article.text) == []
    assert article.title == page.title


@each([page for page in PAGES if page.wall is not None])
async def test_a_wall_is_no_article(web: Web, server: FeedServer, page: NoisyPage) -> None:
    article = await web.article(entry(of(server, page), teaser=page.teaser * 8))
    assert (article.method, article.text) == ("teaser", page.teaser * 8)
    assert article.note is not None
    assert page.wall is not None
    assert page.wall in article.note


async def test_a_page_tells_of_itself(web: Web, server: FeedServer) -> None:
    article = await web.article(entry(server.url("/trust")))
    told = (article.author, str(article.published_on), article.language, article.image_url)
    assert told == ("Orla Finch", "2026-09-14", "en", server.url("/pictures/kiosk.jpg"))


async def test_posts_hold_no_noise(archive: tuple[Searcher, FakePublisher]) -> None:
    _, publisher = archive
    posts = {post.title: post for _, post in publisher.posts}
    assert len(posts) == len(PAGES)
    for page in PAGES:
        assert page.noise_in(posts[page.title].body) == [] or page.wall
        assert posts[page.title].body


@each(ARTICLES)
async def test_a_search_finds_the_page_with_a_clean_snippet(
    archive: tuple[Searcher, FakePublisher], page: NoisyPage
) -> None:
    results = await searched(archive, page.word)
    assert [found.hit.entry.title for found in results.found] == [page.title]
    (found,) = results.found
    assert found.snippet.marks
    assert page.noise_in(found.snippet.text) == []


@each(PAGES)
async def test_a_search_for_noise_finds_nothing(
    archive: tuple[Searcher, FakePublisher], page: NoisyPage
) -> None:
    assert (await searched(archive, page.noise_word)).found == ()


async def searched(archive: tuple[Searcher, FakePublisher], words: str) -> Results:
    searcher, _ = archive
    return await searcher.search(words, channels=frozenset({CHANNEL}))
