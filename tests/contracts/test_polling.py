"""What every adapter of the ``Storage`` port promises of polling: leases, holds, moves."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.language.words import VERSION, tokenise
from bot.news.models import (
    ChannelId,
    DocumentFacts,
    Feed,
    FeedId,
    FeedState,
    Hold,
    Known,
    MessageId,
    Move,
    Refresh,
    SeenEntry,
    Validators,
)
from bot.news.ports import Storage
from bot.storage import open_storage
from tests.factories import (
    CHANNEL,
    GUILD,
    NOW,
    OTHER_CHANNEL,
    new_entry,
    parsed_entry,
    parsed_feed,
    refresh,
    search_request,
    wish,
)

LEASE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
A, B, C = (f"https://{name}.example.org/feed" for name in "abc")


async def kept(storage: Storage, url: str, *, due: timedelta = timedelta(0)) -> FeedId:
    """Store a feed that is polled, due *due* after NOW."""
    feed = await storage.ensure_feed(url, parsed_feed(), NOW)
    await storage.keep_feed(feed.id, is_kept=True)
    await storage.poll_soon(feed.id, NOW + due)
    return feed.id


async def stored(storage: Storage, feed_id: FeedId) -> Feed:
    feed = await storage.feed(feed_id)
    assert feed is not None
    return feed


# --- Leases ---


async def test_what_is_claimed_is_nobody_elses_until_it_is_recorded_or_the_lease_is_over(
    storage: Storage,
) -> None:
    late, later = await kept(storage, A, due=-HOUR), await kept(storage, B, due=-MINUTE)
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 1, "run")] == [late]
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 9, "once")] == [later]
    assert await storage.claim_feeds(NOW, LEASE, 9, "run") == []
    assert await storage.feeds_due(NOW, 9) == []
    assert await storage.claim_feed(late, NOW, LEASE, "once") is None

    await storage.record(refresh(late, next_poll_at=NOW))
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 9, "run")] == [late]
    over = NOW + LEASE
    assert {f.id for f in await storage.claim_feeds(over, LEASE, 9, "run")} == {late, later}


async def test_a_poll_without_a_document_is_planned_and_recorded_in_one_step(
    storage: Storage,
) -> None:
    feed = await storage.ensure_feed(A, parsed_feed(), NOW)
    await storage.follow(refresh(feed.id), replace(wish(CHANNEL), every_s=600), NOW)
    assert await storage.claim_feed(feed.id, NOW, LEASE, "run") is not None
    told: list[Known] = []

    def plan(known: Known) -> Refresh:
        told.append(known)
        return refresh(feed.id, at=NOW + MINUTE, next_poll_at=NOW + HOUR)

    planned, recorded = await storage.settle(feed.id, plan)
    assert set(map(repr, told)) == {repr(await storage.known(feed.id, ()))}
    assert told[0].wishes.shortest_s == 600
    assert planned == plan(told[0])
    assert (recorded.new_entries, recorded.deliveries) == (0, 0)
    assert (await stored(storage, feed.id)).next_poll_at == NOW + HOUR
    assert [check.at for check in await storage.checks(feed.id, 1)] == [NOW + MINUTE]
    assert await storage.claim_feed(feed.id, NOW + MINUTE, LEASE, "once") is not None


async def test_claims_come_longest_overdue_first(storage: Storage) -> None:
    ids = [await kept(storage, url, due=-due) for url, due in ((A, MINUTE), (B, DAY), (C, HOUR))]
    claimed = await storage.claim_feeds(NOW, LEASE, 9, "run")
    assert [feed.id for feed in claimed] == [ids[1], ids[2], ids[0]]


async def test_two_processes_at_once_never_get_the_same_feed(
    storage: Storage, tmp_path: Path
) -> None:
    for number in range(20):
        await kept(storage, f"https://n{number}.example.org/")
    path = tmp_path / "herald.db"
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as other:
        got = await asyncio.gather(
            *(each.claim_feeds(NOW, LEASE, 3, "x") for each in (storage, other) * 4)
        )
    ids = [feed.id for feeds in got for feed in feeds]
    assert len(ids) == len(set(ids)) == 20


async def test_a_feed_is_claimed_by_hand_due_or_not_and_given_back(storage: Storage) -> None:
    feed_id = await kept(storage, A, due=DAY)
    claimed = await storage.claim_feed(feed_id, NOW, LEASE, "run")
    assert claimed is not None
    assert await storage.claim_feed(FeedId(99), NOW, LEASE, "run") is None
    await storage.release_feed(feed_id, NOW + HOUR, "its turn did not come")
    feed = await stored(storage, feed_id)
    assert (feed.next_poll_at, feed.next_poll_reason) == (NOW + HOUR, "its turn did not come")
    assert await storage.claim_feed(feed_id, NOW, LEASE, "run") is not None


async def test_a_process_that_starts_again_ends_its_own_leases_only(storage: Storage) -> None:
    mine, theirs = await kept(storage, A), await kept(storage, B)
    await storage.claim_feed(mine, NOW, LEASE, "run")
    await storage.claim_feed(theirs, NOW, LEASE, "once")
    assert await storage.release_feeds("run") == 1
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 9, "run")] == [mine]


async def test_gone_feeds_and_those_paused_for_long_are_not_polled(storage: Storage) -> None:
    gone, paused, stopped = [await kept(storage, url) for url in (A, B, C)]
    await storage.record(refresh(gone, state=FeedState.GONE, failures=2, next_poll_at=NOW))
    for feed_id, told in ((paused, NOW - DAY), (stopped, NOW - 14 * DAY)):
        health = refresh(feed_id, state=FeedState.PAUSED, failures=30, next_poll_at=NOW)
        await storage.record(replace(health, failing_told_at=told, failing_since=told - 14 * DAY))
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 9, "run")] == [paused]
    assert await storage.next_due_at() == NOW


# --- Spreading ---


async def test_a_backlog_is_spread_longest_overdue_first(storage: Storage) -> None:
    ids = [
        await kept(storage, f"https://n{n}.example.org/", due=-DAY - n * MINUTE) for n in range(4)
    ]
    later = await kept(storage, A, due=MINUTE)
    assert await storage.spread_feeds(NOW, window=MINUTE, per_s=20) == 3
    due = [(await stored(storage, feed_id)).next_poll_at - NOW for feed_id in ids]
    assert [round(each.total_seconds()) for each in due] == [45, 30, 15, 0]
    assert (await stored(storage, later)).next_poll_at == NOW + MINUTE


async def test_a_large_backlog_takes_as_long_as_its_pace_needs(storage: Storage) -> None:
    ids = [await kept(storage, f"https://n{n}.example.org/") for n in range(10)]
    await storage.spread_feeds(NOW, window=timedelta(seconds=1), per_s=2)
    due = [(await stored(storage, feed_id)).next_poll_at for feed_id in ids]
    assert max(due) - NOW == timedelta(seconds=4.5)


async def test_polls_that_a_wrong_clock_put_far_ahead_are_brought_back(storage: Storage) -> None:
    feed_id = await kept(storage, A)
    ahead = NOW + 30 * DAY
    hold = Hold(until=ahead + HOUR, group=None, reason="")
    await storage.record(
        replace(refresh(feed_id, at=ahead, next_poll_at=ahead + 2 * HOUR), hold=hold)
    )
    assert await storage.spread_feeds(NOW, window=MINUTE, per_s=20) == 1
    feed = await stored(storage, feed_id)
    assert (feed.next_poll_at, feed.not_before) == (NOW + 2 * HOUR, NOW + HOUR)
    assert feed.polled_at == NOW
    assert await storage.spread_feeds(NOW, window=MINUTE, per_s=20) == 0


# --- Holds ---


async def test_a_hold_reaches_the_host_group_and_nobody_else(storage: Storage) -> None:
    asked, sibling, stranger = [await kept(storage, url) for url in (A, B, C)]
    await storage.learn_groups(lambda url: None if "c." in url else "example.org")
    hold = Hold(until=NOW + HOUR, group="example.org", reason="example.org asked to wait")
    await storage.record(replace(refresh(asked, next_poll_at=NOW + HOUR), hold=hold))
    held = await stored(storage, sibling)
    assert (held.next_poll_at, held.not_before) == (NOW + HOUR, NOW + HOUR)
    assert held.next_poll_reason == "example.org asked to wait"
    assert (await stored(storage, stranger)).not_before is None
    assert [f.id for f in await storage.claim_feeds(NOW, LEASE, 9, "run")] == [stranger]


async def test_a_poll_under_way_does_not_undo_the_hold_of_its_group(storage: Storage) -> None:
    asked, sibling = await kept(storage, A), await kept(storage, B)
    await storage.learn_groups(lambda _url: "example.org")
    hold = Hold(until=NOW + HOUR, group="example.org", reason="wait")
    await storage.record(replace(refresh(asked, next_poll_at=NOW + HOUR), hold=hold))
    await storage.record(refresh(sibling, next_poll_at=NOW + 10 * MINUTE))
    held = await stored(storage, sibling)
    assert (held.next_poll_at, held.not_before) == (NOW + HOUR, NOW + HOUR)
    over = NOW + 2 * HOUR
    await storage.record(refresh(sibling, at=over, next_poll_at=over + HOUR))
    freed = await stored(storage, sibling)
    assert (freed.next_poll_at, freed.not_before) == (over + HOUR, None)


# --- What a poll says of its feed ---


async def test_what_a_poll_says_is_read_back(storage: Storage) -> None:
    feed_id = await kept(storage, A)
    told = replace(
        refresh(feed_id, failures=9, state=FeedState.FAILING, validators=Validators(etag='"x"')),
        document=DocumentFacts(
            ttl_s=60, skip_hours=(1, 2), skip_days=(6,), hub_url="https://hub.example.org/"
        ),
        usual_gap_s=90.4,
        newest_at=NOW - HOUR,
        host_group="example.org",
        failing_since=NOW - DAY,
        failing_told_at=NOW,
        gone_since=NOW - HOUR,
        move=Move(to=B, since=NOW, times=2),
    )
    await storage.record(told)
    feed = await stored(storage, feed_id)
    assert (feed.ttl_s, feed.skip_hours, feed.skip_days) == (60, (1, 2), (6,))
    assert feed.hub_url == "https://hub.example.org/"
    assert (feed.usual_gap_s, feed.newest_at, feed.host_group) == (90, NOW - HOUR, "example.org")
    assert feed.silent_from == NOW - HOUR + timedelta(days=3)
    assert (feed.failing_since, feed.failing_told_at) == (NOW - DAY, NOW)
    assert feed.gone_since == NOW - HOUR
    assert (feed.moved_to, feed.moved_since, feed.moved_times) == (B, NOW, 2)

    await storage.record(refresh(feed_id, at=NOW + HOUR))
    feed = await stored(storage, feed_id)
    assert (feed.ttl_s, feed.usual_gap_s, feed.host_group) == (60, 90, "example.org")
    assert (feed.failing_since, feed.failing_told_at, feed.gone_since) == (None, None, None)
    assert (feed.moved_to, feed.moved_since, feed.moved_times) == (None, None, 0)
    await storage.record(replace(refresh(feed_id, at=NOW + DAY), document=DocumentFacts()))
    feed = await stored(storage, feed_id)
    assert (feed.ttl_s, feed.skip_hours, feed.hub_url) == (None, (), None)


async def test_when_the_newest_entries_came_is_known(storage: Storage) -> None:
    feed_id = await kept(storage, A)
    dates = [NOW - n * HOUR for n in range(25)]
    entries = [new_entry(parsed_entry(published_at=date)) for date in dates]
    await storage.record(refresh(feed_id, *entries))
    seen = (await storage.known(feed_id, [])).seen  # the rhythm is not noted yet
    assert seen == tuple((NOW, date) for date in dates[:20])
    await storage.record(replace(refresh(feed_id, at=NOW + HOUR), newest_at=NOW))
    assert (await storage.known(feed_id, [])).seen == ()
    assert (await storage.known(feed_id, ["g:1"])).seen == seen


# --- Moves ---


async def test_an_address_is_adopted(storage: Storage) -> None:
    feed_id = await kept(storage, A)
    recorded = await storage.record(replace(refresh(feed_id), new_url=B))
    assert recorded.merged_into is None
    feed = await stored(storage, feed_id)
    assert feed.url == B
    assert await storage.feed_by_url(B) == feed
    assert await storage.feed_by_url(A) is None


async def test_a_feed_that_moved_onto_a_stored_one_is_taken_in(storage: Storage) -> None:
    third = ChannelId(200_000_000_000_000_003)
    old, new = await kept(storage, A), await storage.ensure_feed(B, parsed_feed(), NOW)
    await storage.follow(refresh(old), wish(CHANNEL, name="Old"), NOW)
    await storage.follow(refresh(old), wish(OTHER_CHANNEL, name="Old too"), NOW)
    both = await storage.follow(refresh(old), wish(third, name="Twice"), NOW)
    await storage.follow(refresh(new.id), wish(CHANNEL, name="New"), NOW)
    removed = await storage.follow(refresh(new.id), wish(third, name="Removed"), NOW)
    await storage.remove(removed.following.subscription.id, NOW)
    shared, only = parsed_entry("Harbour wall gives way"), parsed_entry("Ferry late")
    await storage.record(
        refresh(
            old,
            new_entry(shared, aliases=["g1", "t1"], deliver_to=[OTHER_CHANNEL]),
            new_entry(only, aliases=["g2"], deliver_to=[CHANNEL]),
        )
    )
    await storage.record(
        refresh(new.id, new_entry(shared, aliases=["g1", "l1"], deliver_to=[CHANNEL]))
    )
    messages = iter(range(100, 200))
    await storage.group_entries(NOW)
    while claims := await storage.claim_deliveries(NOW, LEASE, 9):
        for claim in claims:
            await storage.mark_sent(claim.delivery.id, MessageId(next(messages)), NOW)

    recorded = await storage.record(replace(refresh(old, at=NOW + HOUR), new_url=B))

    assert recorded.merged_into == new.id
    assert await storage.feed(old) is None
    names = {
        row.subscription.channel_id: row.subscription.name
        for row in await storage.followings(GUILD, NOW)
        if not row.is_removed
    }
    assert names == {CHANNEL: "New", OTHER_CHANNEL: "Old too", third: "Twice"}
    assert both.following.subscription.channel_id == third
    titles = sorted(entry.title for entry in await storage.entries(new.id, 9))
    assert titles == ["Ferry late", "Harbour wall gives way"]
    known = await storage.known(new.id, ["g1", "t1", "l1", "g2"])
    assert set(known.aliases) == {"g1", "t1", "l1", "g2"}
    assert len({known.aliases[alias].entry_id for alias in ("g1", "t1", "l1")}) == 1
    for channel, count in ((CHANNEL, 2), (OTHER_CHANNEL, 1)):
        page = await storage.search(search_request("harbour ferry", channels=[channel]), NOW + HOUR)
        assert page.total == count
    assert (await storage.search(search_request("harbour"), NOW)).total == 1
    rows = await storage.feeds()
    assert [(row.feed.id, row.feed.is_kept) for row in rows] == [(new.id, True)]


async def test_a_feed_thought_dead_lives_again_when_another_moves_onto_it(storage: Storage) -> None:
    old, dead = await kept(storage, A), await kept(storage, B)
    await storage.record(refresh(dead, state=FeedState.GONE, failures=2))
    await storage.record(
        replace(refresh(old, at=NOW + HOUR, next_poll_at=NOW + 2 * HOUR), new_url=B)
    )
    feed = await stored(storage, dead)
    assert (feed.state, feed.next_poll_at) == (FeedState.OK, NOW + 2 * HOUR)


# --- Retention ---


async def test_aliases_are_kept_while_in_the_document_or_half_a_year_after(
    storage: Storage,
) -> None:
    feed_id = await kept(storage, A)
    await storage.record(refresh(feed_id, new_entry(aliases=["here"]), new_entry(aliases=["left"])))
    entry_id = (await storage.known(feed_id, ["here"])).aliases["here"].entry_id

    async def after(days: int, *seen: str) -> set[str]:
        at = NOW + days * DAY
        if seen:
            await storage.record(
                refresh(feed_id, seen=[SeenEntry(entry_id=entry_id, aliases=seen)], at=at)
            )
        await storage.tidy(at)
        return set((await storage.known(feed_id, ["here", "left"])).aliases)

    assert await after(400) == {"here", "left"}  # no document was read since
    assert await after(401, "here") == {"here"}
    assert await after(900) == {"here"}


async def test_aliases_left_are_kept_for_half_a_year(storage: Storage) -> None:
    feed_id = await kept(storage, A)
    await storage.record(refresh(feed_id, new_entry(aliases=["here"]), new_entry(aliases=["left"])))
    entry_id = (await storage.known(feed_id, ["here"])).aliases["here"].entry_id
    at = NOW + 180 * DAY
    seen = [SeenEntry(entry_id=entry_id, aliases=("here",))]
    await storage.record(refresh(feed_id, seen=seen, at=at))
    await storage.tidy(at)
    assert set((await storage.known(feed_id, ["here", "left"])).aliases) == {"here", "left"}
