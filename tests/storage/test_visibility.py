"""Nobody is told of what was not posted where they may look, however much that is.

A member sees little, which is listed before a search, or much, of which each match is asked about:
both must find the same.
"""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadQuery
from bot.language.words import VERSION, tokenise
from bot.news.models import ChannelId, FeedId, SearchRequest, Sort
from bot.news.query import parse_query
from bot.storage import open_storage
from bot.storage.sqlite import scope, search
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.index import SearchIndex
from tests.factories import CHANNEL, NOW, OTHER_CHANNEL, new_entry, parsed_entry, parsed_feed
from tests.factories import refresh as a_refresh

DAY = timedelta(days=1)
CHANNELS = (CHANNEL, OTHER_CHANNEL, ChannelId(77))
POSTED = ("sent", "edit_due")
STATES = ("sent", "pending", "edit_due", "abandoned", "held", None)  # None: owed to nobody there
FEEDS = (("Harbour Courier", "en"), ("Arden Echo", "en-GB"), ("Hafenblatt", "de"))
THINGS = ("ferry", "pier", "zeppelin", "bridge", "tram", "council", "港口")
ENTRIES = 48


def state(number: int, channel: int) -> str | None:
    """Return what became of an entry in a channel: all combinations, twice in three channels."""
    return STATES[(number // 6 ** (channel % 2) + channel * (1 + number // 36)) % 6]


def title(number: int) -> str:
    return f"Report {number} {THINGS[number % 7]} {THINGS[number // 7]}"


def may_see(number: int, sees: frozenset[ChannelId]) -> bool:
    return any(
        state(number, at) in POSTED for at, channel in enumerate(CHANNELS) if channel in sees
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database whose posts are in all states, for tests that only read."""
    path = tmp_path_factory.mktemp("seen") / "herald.db"

    async def fill() -> None:
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            feeds = [
                await storage.ensure_feed(
                    f"https://paper{number}.example.org/",
                    replace(parsed_feed(title=name), language=language),
                    NOW,
                )
                for number, (name, language) in enumerate(FEEDS)
            ]
            for number in range(ENTRIES):
                entry = parsed_entry(
                    title(number),
                    text=f"Of the harbour and of word{number}.",
                    published_at=NOW - number * DAY,
                )
                owed = [channel for at, channel in enumerate(CHANNELS) if state(number, at)]
                await storage.record(
                    a_refresh(feeds[number % 3].id, new_entry(entry, deliver_to=owed))
                )

    asyncio.run(fill())
    with closing(connect(path)) as connection, connection:
        for number in range(ENTRIES):
            for at, channel in enumerate(CHANNELS):
                became = state(number, at)
                connection.execute(
                    """
                    UPDATE deliveries SET state = ?1, message_id = ?2, sent_at = ?3
                     WHERE channel_id = ?4
                       AND entry_id = (SELECT id FROM entries WHERE title = ?5)
                    """,
                    (
                        became,
                        number + 1 if became in POSTED else None,
                        1 if became in POSTED else None,
                        channel,
                        title(number),
                    ),
                )
    return path


WORDS = st.sampled_from(
    [
        *THINGS,
        *("harbour", "report", "the", "word7", "word20", "-ferry", "-pier", "OR", "(", ")"),
        *('"the harbour"', "title:ferry", "from:echo", "from:courier", "lang:en", "lang:de"),
        *("since:20d", "before:9d", "tag:sport", "zepelin", "brigde", "word9x"),
    ]
)
QUERIES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
SEES = st.frozensets(st.sampled_from(CHANNELS))
LISTED = st.sampled_from([0, 1, 5, 12, 30, 20_000])
FEED = st.none() | st.sampled_from([FeedId(1), FeedId(2), FeedId(3), FeedId(9)])
AGE = st.none() | st.integers(0, 50).map(lambda days: NOW - days * DAY)

relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)


@relaxed
@given(
    text=QUERIES,
    sees=SEES,
    sort=st.sampled_from(Sort),
    listed=LISTED,
    feed=FEED,
    since=AGE,
    until=AGE,
)
def test_a_search_finds_only_what_was_posted_where_one_may_look(
    archive: Path,
    text: str,
    sees: frozenset[ChannelId],
    sort: Sort,
    listed: int,
    feed: FeedId | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    try:
        query = parse_query(text)
    except BadQuery:
        return
    request = SearchRequest(
        query=query, channels=sees, sort=sort, feed_id=feed, since=since, until=until, limit=50
    )
    index = SearchIndex(tokenise, VERSION)
    with pytest.MonkeyPatch.context() as patch, closing(connect(archive)) as connection:
        whole = search.search(connection, index, request, NOW)
        patch.setattr(scope, "LISTED_MAX", listed)
        page = search.search(connection, index, request, NOW)
        again = search.search(connection, index, replace(request, ranking=page.ranking), NOW)
        newest = search.newest_at(connection, request)
    seen = {title(number): number for number in range(ENTRIES) if may_see(number, sees)}
    assert {hit.entry.title for hit in page.hits} <= seen.keys()
    assert all(hit.post is not None and hit.post.channel_id in sees for hit in page.hits)
    assert {one.id for one in page.ranking} == {one.id for one in whole.ranking}
    assert [hit.entry.id for hit in again.hits] == [one.id for one in page.ranking]
    counted = sum(until is None or NOW - number * DAY <= until for number in seen.values())
    assert page.searched <= len(seen)
    assert page.has_more_than_searched or page.searched == counted
    assert page.corrections == whole.corrections
    words = {term for each in seen for word in tokenise(f"{each} the") for term in word.terms}
    for correction in page.corrections:
        assert {word.terms[0] for word in tokenise(correction.nearest)} <= words
    dates = [
        NOW - number * DAY
        for number in seen.values()
        if feed in {None, FeedId(number % 3 + 1)}
        and (since is None or NOW - number * DAY >= since)
        and (until is None or NOW - number * DAY <= until)
    ]
    assert newest == max(dates, default=None)


@relaxed
@given(sees=SEES, listed=LISTED, feed=FEED, limit=st.integers(1, 60))
def test_the_latest_are_of_those_that_were_posted_where_one_may_look(
    archive: Path, sees: frozenset[ChannelId], listed: int, feed: FeedId | None, limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, closing(connect(archive)) as connection:
        patch.setattr(scope, "LISTED_MAX", listed)
        hits = search.latest(connection, sees, feed, limit)
    seen = [
        title(number)
        for number in range(ENTRIES)
        if may_see(number, sees) and feed in {None, FeedId(number % 3 + 1)}
    ]
    assert [hit.entry.title for hit in hits] == seen[:limit]
