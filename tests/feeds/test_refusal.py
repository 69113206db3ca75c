"""Documents that stop the reader, seen from polling: each is read once, and then left alone."""

import dataclasses
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.feeds.source import Web, open_web
from bot.feeds.values import PARSER_VERSION
from bot.news.models import Failed, Fetched, Validators
from tests.feeds.conftest import LIMITS, LOOPBACK, USER_AGENT
from tests.servers.feed_server import FeedItem, FeedServer, rss

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTHING = Validators()
# feedparser looks for an address in the author by a pattern that takes quadratic time; the bare
# ampersand keeps the document from the quick tier.
CRAWLS = rss().replace(
    b"</channel>",
    b"<item><title>a & b</title><author>" + b"a" * 40_000 + b"</author></item></channel>",
)
HASTY = dataclasses.replace(LIMITS, slice_s=0.1, reading_s=0.2, reading_kill_s=60.0)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hasty() -> AsyncIterator[Web]:
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=HASTY) as opened:
        yield opened


async def refused(web: Web, url: str, known: Failed | None = None) -> Failed:
    validators = known.validators if known else None
    outcome = await web.fetch(url, validators or NOTHING, known.body_hash if known else None)
    assert isinstance(outcome, Failed)
    return outcome


async def test_a_document_that_stopped_the_reader_is_asked_for_conditionally_and_left_alone(
    hasty: Web, server: FeedServer
) -> None:
    url = server.put("/crawls.xml", CRAWLS, headers={"ETag": '"evil"'})
    first = await refused(hasty, url)
    assert "took longer than" in first.reason
    assert first.validators == Validators(etag='"evil"')

    async with open_web(
        user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=HASTY
    ) as restarted:
        again = await refused(restarted, url, first)

    assert server.last("/crawls.xml").headers["If-None-Match"] == '"evil"'
    assert again.status == 304
    assert "stopped the reader before" in again.reason
    assert (again.validators, again.body_hash) == (first.validators, first.body_hash)


async def test_a_server_without_validators_sends_it_again_but_it_is_not_read(
    server: FeedServer,
) -> None:
    url = server.put("/rude.xml", CRAWLS, is_conditional=False)
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=HASTY) as web:
        first = await refused(web, url)
    patient = dataclasses.replace(HASTY, worker_memory_bytes=0)  # no worker can start with that
    async with open_web(user_agent=USER_AGENT, allowed_networks=LOOPBACK, limits=patient) as web:
        again = await refused(web, url, first)
    assert "stopped the reader before" in again.reason
    assert (again.status, again.body_hash) == (200, first.body_hash)


async def test_a_mended_document_is_read(hasty: Web, server: FeedServer) -> None:
    url = server.put("/mended.xml", CRAWLS)
    first = await refused(hasty, url)
    server.feed("/mended.xml", FeedItem(title="Ferry resumes"))
    assert first.validators is not None
    outcome = await hasty.fetch(url, first.validators, first.body_hash)
    assert isinstance(outcome, Fetched)
    assert outcome.body_hash != first.body_hash


async def test_another_parser_reads_what_stopped_the_one_before(
    hasty: Web, server: FeedServer
) -> None:
    url = server.put("/upgraded.xml", CRAWLS)
    first = await refused(hasty, url)
    assert first.body_hash is not None
    older = dataclasses.replace(
        first, body_hash=first.body_hash.replace(PARSER_VERSION, "another", 1)
    )
    again = await refused(hasty, url, older)
    assert again.status == 200
    assert "If-None-Match" not in server.last("/upgraded.xml").headers


async def test_a_document_that_is_merely_no_feed_is_not_marked(
    hasty: Web, server: FeedServer
) -> None:
    outcome = await refused(hasty, server.put("/words.txt", b"Words.", content_type="text/plain"))
    assert (outcome.validators, outcome.body_hash) == (None, None)
