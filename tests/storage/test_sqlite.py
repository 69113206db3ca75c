"""What the SQLite adapter promises beyond the port."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.errors import Busy, Corrupt
from bot.language.words import VERSION, tokenise
from bot.news.channels import ChannelEditId, ChannelOptions
from bot.news.errands import Errand, ErrandKind
from bot.news.models import (
    Article,
    BulletinId,
    Choices,
    DeliveryId,
    EditId,
    EntryId,
    FeedId,
    GuildId,
    MessageId,
    Mode,
    SeenEntry,
    Sort,
    StoryId,
    SubscriptionId,
    Summary,
    SwitchId,
    Word,
)
from bot.storage import open_storage
from bot.storage.sqlite import (
    bundles,
    claims,
    digests,
    entries,
    feeds,
    finding,
    frequencies,
    grouping,
    leases,
    members,
    owing,
    polls,
    rulings,
    scope,
    search,
    spelling,
    subscriptions,
    tellings,
    wishes,
)
from bot.storage.sqlite.connection import connect
from bot.storage.sqlite.index import SearchIndex
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import (
    ADMIN,
    CHANNEL,
    FEED_URL,
    GUILD,
    NOW,
    OTHER_CHANNEL,
    entry,
    new_entry,
    parsed_entry,
    parsed_feed,
    refresh,
    search_request,
    wish,
)
from tests.storage.conftest import Opener

LEASE = timedelta(minutes=2)


def dump(path: Path) -> list[str]:
    """Return all that the database holds, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


# --- One method, one transaction ---


async def test_applying_a_poll_twice_changes_nothing(storage: SqliteStorage, path: Path) -> None:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.record(refresh(feed.id, new_entry("Old", aliases=["g:1"])))
    seen = SeenEntry(
        entry_id=EntryId(1), aliases=("g:1", "g:x"), changed=parsed_entry("Edited", text="All new")
    )
    poll = refresh(
        feed.id,
        new_entry("A", deliver_to=[CHANNEL]),
        new_entry("B", deliver_to=[CHANNEL, OTHER_CHANNEL]),
        seen=[seen],
        at=NOW + timedelta(days=2),
        title="Another title",
    )
    done = await storage.record(poll)
    assert (done.new_entries, done.deliveries) == (2, 3)
    before = dump(path)
    again = await storage.record(poll)
    assert (again.new_entries, again.deliveries) == (0, 0)
    assert dump(path) == before


async def test_a_cancelled_call_leaves_nothing(storage: SqliteStorage, path: Path) -> None:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    before = dump(path)
    with closing(connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")  # the call waits in the middle: for the lock
        call = asyncio.ensure_future(storage.record(refresh(feed.id, new_entry())))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        other.execute("ROLLBACK")
    await storage.release_leases()  # behind the cancelled call in the writer's queue
    assert dump(path) == before
    assert (await storage.record(refresh(feed.id, new_entry()))).new_entries == 1


async def test_an_error_in_the_middle_leaves_nothing(
    storage: SqliteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    before = dump(path)

    def fail(*_: object) -> None:
        raise RuntimeError("in the last statement")

    monkeypatch.setattr(feeds, "apply_health", fail)
    with pytest.raises(RuntimeError):
        await storage.record(refresh(feed.id, new_entry(deliver_to=[CHANNEL])))
    assert dump(path) == before


async def test_two_claimers_never_get_the_same_delivery(opened: Opener) -> None:
    async with opened() as one, opened() as two:
        feed = await one.ensure_feed(FEED_URL, parsed_feed(), NOW)
        channels = [CHANNEL, OTHER_CHANNEL]
        await one.record(refresh(feed.id, *(new_entry(deliver_to=channels) for _ in range(10))))
        await one.group_entries(NOW)
        taken: list[DeliveryId] = []
        while True:
            rounds = await asyncio.gather(
                *(s.claim_deliveries(NOW, LEASE, 1) for s in (one, two, one, two))
            )
            claims = [claim for claims in rounds for claim in claims]
            if not claims:
                break
            taken += [each.delivery.id for claim in claims for each in claim.bundle or (claim,)]
            for claim in claims:
                await two.mark_sent(claim.delivery.id, MessageId(claim.delivery.id), NOW)
        assert len(taken) == len(set(taken)) == 20


async def test_deciding_stories_gives_way_to_who_waits_for_the_writer(
    storage: SqliteStorage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    new = [new_entry(f"News {n}", deliver_to=[CHANNEL]) for n in range(3)]
    await storage.record(refresh(feed.id, *new))
    monkeypatch.setattr(grouping, "_SLICE_S", 0.0)
    with closing(connect(path)) as connection:
        index = SearchIndex(tokenise, VERSION)

        def some(*, is_wanted: bool) -> int:
            return grouping.group_some(connection, index, NOW, None, lambda: is_wanted)

        assert some(is_wanted=True) == 1
        assert some(is_wanted=False) == 2
        assert some(is_wanted=True) == 0


async def test_ids_of_deleted_deliveries_are_not_given_again(storage: SqliteStorage) -> None:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    made = await storage.follow(refresh(feed.id, new_entry()), wish(backfill=1), NOW)
    (first,) = await storage.claim_deliveries(NOW, LEASE, 1)
    await storage.remove(made.following.subscription.id, NOW)
    await storage.follow(refresh(feed.id), wish(backfill=1), NOW)
    (second,) = await storage.claim_deliveries(NOW, LEASE, 1)
    assert second.delivery.id != first.delivery.id
    assert second.delivery.nonce != first.delivery.nonce


async def test_another_database_makes_other_nonces(tmp_path: Path) -> None:
    nonces = set()
    for name in ("one", "two"):
        async with open_storage(
            tmp_path / name, tokenise=tokenise, tokeniser_version=VERSION
        ) as storage:
            feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
            await storage.record(refresh(feed.id, new_entry(deliver_to=[CHANNEL])))
            await storage.group_entries(NOW)
            (claim,) = await storage.claim_deliveries(NOW, LEASE, 1)
            nonces.add((claim.delivery.id, claim.delivery.nonce))
    assert len({delivery_id for delivery_id, _ in nonces}) == 1
    assert len(nonces) == 2


async def test_no_thread_outlives_the_storage_however_it_ends(opened: Opener) -> None:
    before = set(threading.enumerate())
    for error in (None, RuntimeError, asyncio.CancelledError):
        try:
            async with opened() as storage:
                await storage.health()
                if error is not None:
                    raise error
        except (RuntimeError, asyncio.CancelledError):
            pass
        for thread in set(threading.enumerate()) - before:
            if "_connection_worker_thread" in thread.name:
                # Its last act is to answer close(): it may be there for a moment after that.
                await asyncio.to_thread(thread.join, 60)
                assert not thread.is_alive()


async def test_a_damaged_database_is_told_from_a_busy_one(opened: Opener, path: Path) -> None:
    async with opened() as storage:
        feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
        await storage.record(refresh(feed.id, *(new_entry() for _ in range(50))))
    with closing(sqlite3.connect(path)) as connection:
        (root, size) = connection.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema"
            " WHERE name = 'entries'"
        ).fetchone()
    with path.open("r+b") as file:  # a few bytes
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(Corrupt, match="put a backup in its place"):
        async with opened() as storage:
            await storage.entries(feed.id, 9)


# --- A locked database ---

FEED, ENTRY, STORY = FeedId(1), EntryId(1), StoryId(1)
SUBSCRIPTION, DELIVERY, BULLETIN = SubscriptionId(1), DeliveryId(1), BulletinId(1)
ERRAND = Errand(
    delivery_id=DELIVERY,
    kind=ErrandKind.THREAD,
    channel_id=CHANNEL,
    message_id=MessageId(1),
    title="",
    attempts=1,
)
Call = Callable[[SqliteStorage], Coroutine[object, object, object]]

WRITES: dict[str, Call] = {
    "ensure_feed": lambda s: s.ensure_feed("https://n.example.org/", parsed_feed(), NOW),
    "claim_feeds": lambda s: s.claim_feeds(NOW, LEASE, 1, "run"),
    "claim_feed": lambda s: s.claim_feed(FEED, NOW, LEASE, "run"),
    "release_feed": lambda s: s.release_feed(FEED, NOW, ""),
    "release_feeds": lambda s: s.release_feeds("run"),
    "spread_feeds": lambda s: s.spread_feeds(NOW, window=LEASE, per_s=20),
    "learn_groups": lambda s: s.learn_groups(lambda _url: None),
    "record": lambda s: s.record(refresh(FEED)),
    "settle": lambda s: s.settle(FEED, lambda _: refresh(FEED)),
    "import_entries": lambda s: s.import_entries(FEED, [], NOW),
    "poll_soon": lambda s: s.poll_soon(FEED, NOW),
    "keep_feed": lambda s: s.keep_feed(FEED, is_kept=True),
    "remove_feed": lambda s: s.remove_feed(FEED, NOW),
    "follow": lambda s: s.follow(refresh(FEED), wish(), NOW),
    "pause": lambda s: s.pause(SUBSCRIPTION, NOW),
    "resume": lambda s: s.resume(SUBSCRIPTION, NOW),
    "edit": lambda s: s.edit(SUBSCRIPTION, Choices(name="", channel_id=CHANNEL), NOW),
    "undo_edit": lambda s: s.undo_edit(EditId(1), GUILD, NOW),
    "replan": lambda s: s.replan(FEED, NOW, ""),
    "forgive": lambda s: s.forgive([], NOW, ""),
    "remove": lambda s: s.remove(SUBSCRIPTION, NOW),
    "queue_newest": lambda s: s.queue_newest(SUBSCRIPTION, 1, NOW),
    "restore": lambda s: s.restore(SUBSCRIPTION),
    "claim_deliveries": lambda s: s.claim_deliveries(NOW, LEASE, 1),
    "release_leases": lambda s: s.release_leases(),
    "store_article": lambda s: s.store_article(ENTRY, Article(text="", method="page")),
    "store_summary": lambda s: s.store_summary(
        entry(entry_id=ENTRY), Summary(text="", method="feed")
    ),
    "mark_sent": lambda s: s.mark_sent(DELIVERY, MessageId(1), NOW),
    "decide_ping": lambda s: s.decide_ping(DELIVERY, None, NOW),
    "claim_errands": lambda s: s.claim_errands(NOW, 1),
    "finish_errand": lambda s: s.finish_errand(ERRAND, NOW),
    "put_off_errand": lambda s: s.put_off_errand(ERRAND, NOW, ""),
    "refuse_errand": lambda s: s.refuse_errand(ERRAND, NOW, "", NOW),
    "drop_errand": lambda s: s.drop_errand(ERRAND, ""),
    "mark_edited": lambda s: s.mark_edited(DELIVERY, NOW),
    "leave_as_posted": lambda s: s.leave_as_posted(DELIVERY, ""),
    "retry_at": lambda s: s.retry_at(DELIVERY, NOW, ""),
    "make_digest": lambda s: s.make_digest(CHANNEL, NOW),
    "date_waiting": lambda s: s.date_waiting(CHANNEL, NOW),
    "stop_digest": lambda s: s.stop_digest(CHANNEL, NOW),
    "settle_bundle": lambda s: s.settle_bundle(DeliveryId(1), 2),
    "dissolve_bundle": lambda s: s.dissolve_bundle(DeliveryId(1), NOW, ""),
    "abandon": lambda s: s.abandon(DELIVERY, ""),
    "hold": lambda s: s.hold(DELIVERY, NOW, "forbidden", "", NOW),
    "move_channel": lambda s: s.move_channel(GUILD, CHANNEL, OTHER_CHANNEL, NOW),
    "leave_guild": lambda s: s.leave_guild(GUILD, NOW),
    "return_to_guild": lambda s: s.return_to_guild(GUILD, NOW),
    "note_guilds": lambda s: s.note_guilds([GUILD], NOW),
    "hold_channel": lambda s: s.hold_channel(CHANNEL, NOW, ""),
    "set_log_channel": lambda s: s.set_log_channel(GUILD, CHANNEL),
    "forget_log_channel": lambda s: s.forget_log_channel(CHANNEL),
    "mark_told": lambda s: s.mark_told(BULLETIN, MessageId(1)),
    "retell_at": lambda s: s.retell_at(BULLETIN, NOW, ""),
    "drop_bulletin": lambda s: s.drop_bulletin(BULLETIN, ""),
    "tell_silence": lambda s: s.tell_silence(FEED, "Silent.", NOW),
    "store_remedy": lambda s: s.store_remedy(FEED, None, NOW),
    "switch": lambda s: s.switch(refresh(FEED), FEED, GUILD, NOW),
    "switch_back": lambda s: s.switch_back(SwitchId(1), GUILD, NOW),
    "split_story": lambda s: s.split_story(EntryId(1), None, NOW),
    "merge_stories": lambda s: s.merge_stories(StoryId(1), StoryId(2), None, NOW),
    "remember_query": lambda s: s.remember_query(ADMIN, GUILD, "ferry", NOW),
    "forget_queries": lambda s: s.forget_queries(ADMIN),
    "post_story": lambda s: s.post_story(StoryId(1), CHANNEL, NOW),
    "set_mode": lambda s: s.set_mode(SUBSCRIPTION, Mode.EACH),
    "choose_for_channel": lambda s: s.choose_for_channel(
        GUILD, CHANNEL, ChannelOptions(hourly_max=1), NOW
    ),
    "undo_channel_edit": lambda s: s.undo_channel_edit(ChannelEditId(1), GUILD, NOW),
    "remember": lambda s: s.remember("key", "value"),
    "tidy": lambda s: s.tidy(NOW),
}
READS: dict[str, Call] = {
    "feed": lambda s: s.feed(FEED),
    "feed_by_url": lambda s: s.feed_by_url(FEED_URL),
    "feeds": lambda s: s.feeds(),
    "feeds_due": lambda s: s.feeds_due(NOW, 1),
    "next_due_at": lambda s: s.next_due_at(),
    "known": lambda s: s.known(FEED, ["g:1"]),
    "group_entries": lambda s: s.group_entries(NOW),  # writes where any waits
    "checks": lambda s: s.checks(FEED, 1),
    "followers": lambda s: s.followers(FEED, NOW),
    "resume_due": lambda s: s.resume_due(NOW),  # writes where there are any
    "followings": lambda s: s.followings(GuildId(1), NOW),
    "following": lambda s: s.following(SUBSCRIPTION, NOW),
    "entries": lambda s: s.entries(FEED, 1),
    "next_delivery_at": lambda s: s.next_delivery_at(),
    "search": lambda s: s.search(search_request("harbour"), NOW),
    "gather": lambda s: s.gather(search_request("harbour"), ["harbour"], NOW),
    "latest": lambda s: s.latest(None, None, 1),
    "why": lambda s: s.why(CHANNEL, MessageId(1)),
    "held_channels": lambda s: s.held_channels(GUILD),
    "try_held": lambda s: s.try_held(GUILD, NOW),  # writes where there are any
    "claim_bulletins": lambda s: s.claim_bulletins(NOW, LEASE),  # writes where there are any
    "log_channel": lambda s: s.log_channel(GUILD),
    "waiting_for_digests": lambda s: s.waiting_for_digests(),
    "preview_digest": lambda s: s.preview_digest(CHANNEL),
    "channel_options": lambda s: s.channel_options(CHANNEL),
    "feeds_to_mend": lambda s: s.feeds_to_mend(NOW, 1),
    "silent_feeds": lambda s: s.silent_feeds(NOW),
    "repairs": lambda s: s.repairs([FEED]),
    "recent_queries": lambda s: s.recent_queries(ADMIN, GUILD),
    "recent_stories": lambda s: s.recent_stories(frozenset({CHANNEL}), 1),
    "told_story": lambda s: s.told_story(StoryId(1), frozenset({CHANNEL})),
    "stories_in": lambda s: s.stories_in(CHANNEL, MessageId(1)),
    "stories": lambda s: s.stories(StoryId(0), 1),
    "recall": lambda s: s.recall("key"),
    "health": lambda s: s.health(),
}


@pytest.fixture
async def locked(opened: Opener, path: Path) -> AsyncIterator[SqliteStorage]:
    """Open a database in which another program is writing."""
    async with opened(busy_timeout_ms=1) as storage:
        await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
        with closing(connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield storage


def test_every_method_is_a_read_or_a_write() -> None:
    methods = {name for name in dir(SqliteStorage) if not name.startswith("_")}
    assert methods - {"rebuild_index_if_stale"} == WRITES.keys() | READS.keys()


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_to_a_locked_database_is_busy(locked: SqliteStorage, method: str) -> None:
    with pytest.raises(Busy, match="locked by another program") as caught:
        await WRITES[method](locked)
    assert caught.value.path.endswith("herald.db")


@pytest.mark.parametrize("method", READS)
async def test_a_read_does_not_wait_for_a_writer(locked: SqliteStorage, method: str) -> None:
    await READS[method](locked)


async def test_opening_while_the_schema_is_made_elsewhere_waits_for_it(opened: Opener) -> None:
    async with opened() as one, opened() as two:
        await one.remember("key", "value")
        assert await two.recall("key") == "value"

    async def open_close() -> None:
        async with opened():
            pass

    await asyncio.gather(*(open_close() for _ in range(4)))


# --- Searching ---


async def test_an_index_of_another_tokeniser_is_built_anew(opened: Opener, path: Path) -> None:
    def letters(text: str) -> list[Word]:
        return [Word(n, n + 1, (c.lower(),)) for n, c in enumerate(text) if c.isalnum()]

    async with opened() as storage:
        feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
        await storage.record(refresh(feed.id, *(new_entry("Harbour") for _ in range(600))))
    async with open_storage(path, tokenise=letters, tokeniser_version="letters") as storage:
        assert (await storage.search(search_request("u"), NOW)).total == 600
    with capture_logs() as lines:
        async with opened() as storage:
            assert (await storage.search(search_request("u"), NOW)).total == 0
    told = [(line["event"], line["entries"]) for line in lines if line["event"].startswith("index")]
    assert told == [("index.rebuilding", 600), ("index.rebuilt", 600)]
    async with opened() as storage:
        assert (await storage.search(search_request("harbour"), NOW)).total == 600


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with a few entries, for tests that only read."""
    path = tmp_path_factory.mktemp("archive") / "herald.db"

    async def fill() -> None:
        async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
            feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
            titles = ["C++ and NOT OR", "it's NEAR", "東京の天気", "near(a b, 3) * ^x {title}"]
            await storage.record(refresh(feed.id, *(new_entry(title) for title in titles)))

    asyncio.run(fill())
    return path


def _as_they_come(text: str) -> list[Word]:
    return [Word(0, len(part), (part, part[:2])) for part in text.split(" ")]


PARTS = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["it's", "C++", '"', '""', "-a", "*", "^", "NEAR(", "AND", "OR NOT", "{title}:", "\0"]
        ),
    ),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=PARTS, phrases=PARTS, excluded=PARTS, sort=st.sampled_from(Sort), raw=st.booleans())
def test_whatever_is_asked_ends_in_a_page(
    archive: Path,
    words: list[str],
    phrases: list[str],
    excluded: list[str],
    sort: Sort,
    raw: bool,
) -> None:
    # Even a tokeniser that lets everything through must not reach FTS5's own syntax.
    request = search_request(words=words, phrases=phrases, excluded=excluded, sort=sort)
    version = "raw" if raw else VERSION
    with closing(connect(archive)) as connection:
        index = SearchIndex(_as_they_come if raw else tokenise, version)
        page = search.search(connection, index, request, NOW)
    assert len(page.hits) <= request.limit
    assert page.total >= len(page.hits)


# --- Query plans ---

PLANS: dict[str, tuple[str, dict[str, object]]] = {
    "feeds_due": (feeds.DUE, {"now": 0, "limit": 1}),
    "claim_feeds": (leases.CLAIM, {"now": 0, "limit": 1, "lease_until": 1, "holder": "run"}),
    "resume_due": (subscriptions.TO_RESUME, {"now": 0}),
    "followers": (polls.FOLLOWERS, {"feed_id": 1}),
    "wishes": (wishes.WISHES, {"ids": "[1]"}),
    "newest seen": (polls.NEWEST_SEEN, {"feed_id": 1, "limit": 1}),
    "claim_deliveries": (claims.HEADS, {}),
    "claim_deliveries, bundles": (bundles.LINE, {"head": 1, "limit": 5}),
    "claim_deliveries, digests": (digests.OVERFLOW, {"channel_id": 1, "before": 0}),
    "remove": (
        owing.FORGET.format(states=owing.UNSENT_STATES[0]),
        {"channel_id": 1, "feed_id": 1},
    ),
    "remove, waiting": (
        owing.FORGET.format(states=owing.UNSENT_STATES[1]),
        {"channel_id": 1, "feed_id": 1},
    ),
    "claim_deliveries, edits": (claims.EDIT_HEADS, {}),
    "batches": (polls.BATCHES, {"feed_id": 1, "limit": 1}),
    "known": (polls.KNOWN_ALIASES, {"feed_id": 1, "aliases": "[]"}),
    "entries": (entries.NEWEST_OF_FEED, {"feed_id": 1, "limit": 1}),
    "group_entries of a feed": (grouping.NEXT_OF_FEED, {"feed_id": 1, "limit": 1}),
    "joining": (owing.JOINING, {"entry_id": 1}),
    "latest": (scope.NEWEST, {"channels": "[1]", "feeds": None, "before": 1, "limit": 1}),
    "latest of few": (
        scope.NEWEST_OF,
        {"ids": "[1]", "channels": "[1]", "before": 1, "limit": 1},
    ),
    "search": (finding.BEST, {"match": "a", "first": 1, "last": 9}),
    "search, newest": (
        finding.NEWEST_MATCHES,
        {"match": "a", "first": 1, "last": 9, "limit": 1},
    ),
    "search, of one": (finding.IS_MATCH, {"match": "a", "id": 1}),
    "texts": (finding.TEXTS, {"ids": "[1]"}),
    "tags": (finding.TAGS, {"id": 1}),
    "facts": (scope.FACTS, {"ids": "[1]", "channels": "[1]"}),
    "sources": (search.SOURCES, {"stories": "[1]", "channels": "[1]"}),
    "posts": (search.POSTS, {"ids": "[1]", "channels": "[1]"}),
    "visible": (scope.VISIBLE, {"channels": "[1]", "limit": 1}),
    "search, of members": (
        finding.BEST_POSTED,
        {"match": "a", "first": 1, "last": 9, "limit": 1, "channels": "[1]"},
    ),
    "newest matches, of members": (
        finding.NEWEST_POSTED,
        {"match": "a", "first": 1, "last": 9, "limit": 1, "channels": "[1]"},
    ),
    "posted": (scope.POSTED, {"channels": "[1]", "limit": 1}),
    "of feeds": (scope.OF_FEEDS, {"feeds": "[1]", "limit": 1}),
    "since": (scope.NEW_SINCE, {"since": 1, "limit": 1}),
    "archive's size": (scope.COUNT, {"until": 1, "limit": 1}),
    "not later": (scope.COUNT_OF, {"ids": "[1]", "until": 1}),
    "how common a term is": (frequencies.COUNT_SOME, {"match": "a", "limit": 1}),
    "how common between": (frequencies.COUNT_BETWEEN, {"match": "a", "first": 1, "before": 2}),
    "spelling": (spelling.EXISTS, {"match": "a"}),
    "recent queries": (members.RECENT_QUERIES, {"user_id": 1, "guild_id": 1}),
    "newest told": (tellings.NEWEST_TOLD, {"channel_id": 1, "limit": 1}),
    "told story": (tellings.TOLD, {"ids": "[1]", "channels": "[1]"}),
    "split": (
        rulings.ASTRAY,
        {"stories": "[1]", "guild_id": 1, "editable_since": 0, "edits_max": 1},
    ),
}


@pytest.mark.parametrize("name", PLANS)
async def test_a_hot_query_reads_indexes_and_never_a_whole_table(
    storage: SqliteStorage, path: Path, name: str
) -> None:
    await storage.tidy(NOW)
    sql, parameters = PLANS[name]
    with closing(connect(path)) as connection:
        plan = [
            row["detail"] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, parameters)
        ]
    tables = (
        "entries",
        "deliveries",
        "feeds",
        "subscriptions",
        "entry_aliases",
        "e",
        "d",
        "s",
        "a",
    )
    scans = [step for step in plan if step.startswith("SCAN ") and step.split()[1] in tables]
    assert all(" INDEX " in step for step in scans), plan
    # feeds_due and claim_feeds read the row of each feed that is due, and those they return.
    if name not in {"feeds_due", "claim_feeds"}:
        assert all("COVERING INDEX" in step for step in scans), plan


@pytest.mark.parametrize("name", ["search, of members", "newest matches, of members"])
async def test_what_members_find_is_asked_about_in_the_order_it_was_found(
    storage: SqliteStorage, path: Path, name: str
) -> None:
    """The first 600 are taken as they come: sorted again, all would be asked about."""
    await storage.tidy(NOW)
    sql, parameters = PLANS[name]
    with closing(connect(path)) as connection:
        rows = connection.execute("EXPLAIN QUERY PLAN " + sql, parameters)
        plan = [row["detail"] for row in rows]
    assert plan[0] == "CO-ROUTINE found"
    assert "SCAN found" in plan
    sorts = [at for at, step in enumerate(plan) if "TEMP B-TREE" in step]
    assert all(at < plan.index("SCAN found") for at in sorts), plan
    assert any("SEARCH d USING COVERING INDEX deliveries_posted" in step for step in plan)


async def test_what_matches_are_filtered_by_is_read_from_an_index(
    storage: SqliteStorage, path: Path
) -> None:
    """The rows are long: of a large archive each match would be a page from the disk."""
    await storage.tidy(NOW)
    facts = {"ids": "[1]", "channels": None}
    with closing(connect(path)) as connection:
        rows = connection.execute("EXPLAIN QUERY PLAN " + scope.FACTS, facts)
        plan = [row["detail"] for row in rows]
    assert "SEARCH e USING COVERING INDEX entries_by_id (id=?)" in plan
