"""What a search finds, for whom, and how it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadQuery
from bot.language.words import VERSION, tokenise
from bot.news.matching import Told, matches
from bot.news.models import (
    ChannelId,
    Hit,
    MessageId,
    SearchPage,
    SearchRequest,
    Sort,
)
from bot.news.query import parse_query
from bot.services.search import Searcher
from bot.storage import open_storage
from bot.storage.sqlite import search
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import CHANNEL, NOW, OTHER_CHANNEL, new_entry, parsed_entry, parsed_feed
from tests.factories import refresh as a_refresh
from tests.fakes import FakeClock
from tests.strategies import awkward_text

DAY = timedelta(days=1)
LEASE = timedelta(minutes=2)
THIRD = ChannelId(77)
CHANNELS = (CHANNEL, OTHER_CHANNEL, THIRD)

# Of each entry: title, text, feed, age in days, channels.
ENTRIES = (
    ("Ferry sinks off Arden", "The old ferry sank at night. Nobody was hurt.", 0, 1, (0,)),
    ("Boat race on the Velm", "Forty boats, one winner: the harbour club.", 0, 3, (0, 1)),
    ("Harbour budget passed", "The council voted late; the ferry gets a pier.", 1, 9, (1,)),
    ("Night train returns", "It runs from Arden to Lund, every night.", 1, 40, (2,)),
    ("Train at night: cancelled", "The night express rests until May.", 0, 90, (0, 2)),
    ("Zeppelin over the pier", "A zeppelin was seen, said the harbour master.", 1, 2, (2,)),
    ("Brücke gesperrt", "Die alte Brücke am Hafen bleibt gesperrt.", 2, 5, (1, 2)),
    ("港口罢工", "港口工人周一开始罢工。", 2, 6, (0,)),
)
TAGS = dict.fromkeys((title for title, *_ in ENTRIES), ()) | {
    "Boat race on the Velm": ("Water sport", "Racing")
}
FEEDS = (("The Harbour Courier", "en"), ("Arden Echo", "en-GB"), ("Hafenblatt", "de"))
WORDS = [
    "ferry",
    "boat",
    "harbour",
    "night",
    "train",
    "pier",
    "zeppelin",
    "arden",
    "council",
    "brücke",
    "hafen",
    "港口",
    "the",
    "was",
    "sank",
    '"night',
    'train"',
    '"the',
    'ferry"',
    "-ferry",
    '-"night',
    'train"',
    "OR",
    "AND",
    "NOT",
    "(",
    ")",
    "title:ferry",
    "title:night",
    "from:courier",
    "from:echo",
    "lang:en",
    "lang:de",
    "since:7d",
    "before:5d",
    "since:yesterday",
    "title:",
    "nobody",
    "tag:sport",
    "tag:racing",
    "-tag:water",
    "ferrry",
    "zepelin",
    "harbuor",
]
QUERIES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
SEES = st.none() | st.frozensets(st.sampled_from(CHANNELS))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with a few entries in three channels, for tests that only read."""
    path = tmp_path_factory.mktemp("searched") / "herald.db"

    async def fill() -> None:
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            feeds = [
                await storage.ensure_feed(
                    f"https://paper{number}.example.org/",
                    replace(parsed_feed(title=title), language=language),
                    NOW,
                )
                for number, (title, language) in enumerate(FEEDS)
            ]
            for title, text, feed, age, channels in ENTRIES:
                entry = replace(
                    parsed_entry(title, text=text, published_at=NOW - age * DAY), tags=TAGS[title]
                )
                new = new_entry(entry, deliver_to=[CHANNELS[number] for number in channels])
                await storage.record(a_refresh(feeds[feed].id, new))
            await post_all(storage)

    asyncio.run(fill())
    return path


async def post_all(storage: SqliteStorage) -> None:
    while await storage.group_entries(NOW):
        pass
    while claims := await storage.claim_deliveries(NOW, LEASE, 50):
        for claim in claims:
            await storage.mark_sent(claim.delivery.id, MessageId(claim.delivery.id), NOW)


def visible(channels: frozenset[ChannelId] | None) -> set[str]:
    return {
        title
        for title, _, _, _, where in ENTRIES
        if channels is None or not channels.isdisjoint(CHANNELS[number] for number in where)
    }


def searched(archive: Path, text: str, sees: frozenset[ChannelId] | None, sort: Sort) -> SearchPage:
    request = SearchRequest(query=parse_query(text), channels=sees, sort=sort, limit=50)
    with closing(connect(archive)) as connection:
        return search.search(connection, SearchIndex(tokenise, VERSION), request, NOW)


relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


@relaxed
@given(text=QUERIES, sees=SEES, sort=st.sampled_from(Sort))
def test_nobody_is_told_of_what_they_may_not_see(
    archive: Path, text: str, sees: frozenset[ChannelId] | None, sort: Sort
) -> None:
    try:
        page = searched(archive, text, sees, sort)
    except BadQuery:
        return
    may_see = visible(sees)
    assert {hit.entry.title for hit in page.hits} <= may_see
    assert page.total == len(page.hits) == len(page.ranking)
    assert page.searched == len(may_see)
    words = {
        word.terms[0]
        for title, body, *_ in ENTRIES
        if title in may_see
        for word in tokenise(f"{title} {body}")
    }
    for correction in page.corrections:
        assert {word.terms[0] for word in tokenise(correction.nearest)} <= words


@settings(relaxed, max_examples=300)
@given(text=st.one_of(awkward_text, st.text(), QUERIES), sort=st.sampled_from(Sort))
def test_any_text_is_searched_for_or_refused_with_the_place(
    archive: Path, text: str, sort: Sort
) -> None:
    page: SearchPage | None = None
    position = -1
    try:
        page = searched(archive, text, frozenset(CHANNELS), sort)
    except BadQuery as error:
        position = error.position
    if page is None:
        assert 0 <= position <= len(text)
    else:
        assert len(page.hits) == page.total <= len(ENTRIES)


@relaxed
@given(text=QUERIES)
def test_a_filter_takes_what_a_search_finds(archive: Path, text: str) -> None:
    try:
        query = parse_query(text)
    except BadQuery:
        return
    told = {
        title: Told(
            title=title,
            text=body,
            at=NOW - age * DAY,
            sources=[FEEDS[feed][0]],
            language=FEEDS[feed][1],
            tags=TAGS[title],
        )
        for title, body, feed, age, _ in ENTRIES
    }
    wanted = {title for title, each in told.items() if matches(query, each, tokenise, NOW)}
    page = searched(archive, text, None, Sort.RELEVANCE)
    assert {hit.entry.title for hit in page.hits} == wanted


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("zeppelin OR title:ferry", {"Ferry sinks off Arden", "Zeppelin over the pier"}),
        ("from:echo OR ferry boat", set()),
        ("tag:sport", {"Boat race on the Velm"}),
        ("tag:water harbour", {"Boat race on the Velm"}),
        ("tag:water-sport OR title:ferry", {"Boat race on the Velm", "Ferry sinks off Arden"}),
        ("ferry AND pier", {"Harbour budget passed"}),
        ("title:ferry", {"Ferry sinks off Arden"}),
        ("from:echo harbour", {"Harbour budget passed", "Zeppelin over the pier"}),
        ("lang:de", {"Brücke gesperrt", "港口罢工"}),
        ("since:2d -boat", {"Ferry sinks off Arden", "Zeppelin over the pier"}),
        ('"night train" OR title:cancelled', {"Night train returns", "Train at night: cancelled"}),
        ("before:30d -(cancelled OR zeppelin)", {"Night train returns"}),
        ("lang:de OR title:race", {"Brücke gesperrt", "港口罢工", "Boat race on the Velm"}),
    ],
)  # fmt: skip
def test_filters_find_what_they_say(archive: Path, text: str, titles: set[str]) -> None:
    for sort in Sort:
        page = searched(archive, text, None, sort)
        assert {hit.entry.title for hit in page.hits} == titles


@pytest.mark.parametrize(
    ("text", "sees", "nearest"),
    [
        ("zepelin", None, ["Zeppelin"]),
        ("zepelin", frozenset([THIRD]), ["Zeppelin"]),
        ("zepelin", frozenset([CHANNEL]), []),
        ("brükce", None, ["Brücke"]),
        ("xqzt", None, []),
    ],
)
def test_the_nearest_word_that_the_caller_may_see_is_offered(
    archive: Path, text: str, sees: frozenset[ChannelId] | None, nearest: list[str]
) -> None:
    page = searched(archive, text, sees, Sort.BEST)
    assert [each.nearest for each in page.corrections] == nearest


# --- Pages, stories ---


@pytest.fixture
async def stored(path: Path) -> AsyncIterator[SqliteStorage]:
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        yield storage


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=8
)
@given(arriving=st.lists(st.integers(0, 4), min_size=3, max_size=8), sort=st.sampled_from(Sort))
async def test_every_hit_comes_once_while_entries_arrive(
    tmp_path_factory: pytest.TempPathFactory, arriving: list[int], sort: Sort
) -> None:
    path = tmp_path_factory.mktemp("pages") / "herald.db"
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        feed = await storage.ensure_feed("https://paper.example.org/", parsed_feed(), NOW)
        for number in range(17):
            entry = parsed_entry(f"Harbour report {number}", published_at=NOW - number * DAY)
            await storage.record(a_refresh(feed.id, new_entry(entry, deliver_to=[CHANNEL])))
        await post_all(storage)
        searcher = Searcher(storage, FakeClock(), tokenise, page_size=3)
        sees = frozenset([CHANNEL])
        first = await searcher.search("harbour", channels=sees, sort=sort)
        shown = [found.hit.entry.id for found in first.found]
        for page in range(1, first.pages):
            for _ in range(arriving[page % len(arriving)]):
                await storage.record(
                    a_refresh(feed.id, new_entry("Harbour, harbour!", deliver_to=[CHANNEL]))
                )
            await post_all(storage)
            results = await searcher.search(
                "harbour", channels=sees, sort=sort, page=page, ranking=first.ranking
            )
            assert (results.total, results.pages) == (first.total, first.pages)
            shown += [found.hit.entry.id for found in results.found]
        assert sorted(shown) == list(range(1, 18))


async def test_a_page_leaves_out_what_may_no_longer_be_seen(stored: SqliteStorage) -> None:
    feed = await stored.ensure_feed("https://paper.example.org/", parsed_feed(), NOW)
    for channel in (CHANNEL, OTHER_CHANNEL):
        await stored.record(a_refresh(feed.id, new_entry("Harbour", deliver_to=[channel])))
    await post_all(stored)
    searcher = Searcher(stored, FakeClock(), tokenise)
    both = await searcher.search("harbour", channels=frozenset([CHANNEL, OTHER_CHANNEL]))
    again = await searcher.search("harbour", channels=frozenset([CHANNEL]), ranking=both.ranking)
    assert (len(both.found), len(again.found)) == (2, 1)


async def test_a_story_is_one_hit_with_the_sources_that_the_caller_may_see(
    stored: SqliteStorage,
) -> None:
    told = "The ferry Mirabel sank off Arden on Friday with forty passengers aboard, all rescued."
    feeds = [
        await stored.ensure_feed(f"https://paper{n}.example.org/", parsed_feed(), NOW)
        for n in range(3)
    ]
    for feed, channels in zip(feeds, ([CHANNEL], [CHANNEL], [OTHER_CHANNEL]), strict=True):
        entry = parsed_entry("Ferry Mirabel sinks off Arden", text=told)
        await stored.record(a_refresh(feed.id, new_entry(entry, deliver_to=channels)))
    await post_all(stored)

    async def hits(sees: frozenset[ChannelId] | None, *, merges: bool = True) -> list[Hit]:
        asked = SearchRequest(query=parse_query("mirabel"), channels=sees, merges_stories=merges)
        return list((await stored.search(asked, NOW)).hits)

    assert [hit.sources for hit in await hits(None)] == [3]
    assert [hit.sources for hit in await hits(frozenset([CHANNEL]))] == [2]
    assert [hit.sources for hit in await hits(frozenset([OTHER_CHANNEL]))] == [1]
    assert len(await hits(None, merges=False)) == 3


async def test_a_suggestion_is_the_search_with_its_words_corrected(stored: SqliteStorage) -> None:
    feed = await stored.ensure_feed("https://paper.example.org/", parsed_feed(), NOW)
    await stored.record(a_refresh(feed.id, new_entry("Zeppelin over the pier")))
    searcher = Searcher(stored, FakeClock(), tokenise)
    results = await searcher.search("zepelin", channels=None)
    assert (results.total, results.suggestion) == (0, "Zeppelin")
    assert (await searcher.search(results.suggestion or "", channels=None)).total == 1


async def test_a_grown_index_is_merged_and_finds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "herald.db"

    def pieces() -> int:
        with closing(connect(path)) as connection:
            counted: int = connection.execute(
                "SELECT COUNT(DISTINCT segid) FROM entry_index_idx"
            ).fetchone()[0]
        return counted

    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        feed = await storage.ensure_feed("https://example.org/feed", parsed_feed(), NOW)
        for first in range(0, 1_100, 100):
            new = [
                new_entry(parsed_entry(guid=f"n{n}", title=f"Ferry {n}", text=f"Pier {n * 7}"))
                for n in range(first, first + 100)
            ]
            await storage.record(a_refresh(feed.id, *new))
        asked = SearchRequest(query=parse_query("pier 77"), channels=None)
        before = await storage.search(asked, NOW)
        assert pieces() > 1
        await storage.tidy(NOW)
        assert pieces() == 1
        assert (await storage.search(asked, NOW)).ranking == before.ranking
    async with open_storage(path, tokenise=tokenise, tokeniser_version="anew") as storage:
        assert pieces() > 1  # as it is made by several transactions
        await storage.tidy(NOW)
        assert pieces() == 1
        assert (await storage.search(asked, NOW)).ranking == before.ranking
        await storage.record(a_refresh(feed.id, new_entry(parsed_entry(guid="late"))))
        await storage.tidy(NOW)
        assert pieces() == 2, "one entry more is not worth merging"
