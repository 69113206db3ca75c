"""What publishers may count on: asked seldom, conditionally, never in a burst, never too soon."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import NotFollowed, TooSoon, UserError
from bot.language.words import VERSION, tokenise
from bot.news.models import (
    CacheHints,
    Failed,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    NotModified,
    Outcome,
    Validators,
)
from bot.services.poll import Pacer, Poller, PollReport
from bot.storage import open_storage
from tests.factories import CHANNEL, NOW, OTHER_CHANNEL, parsed_entry, parsed_feed, wish
from tests.fakes import FakeSource
from tests.services.conftest import PACE, Desk

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class Web(FakeSource):
    """Keeps what was asked and how; answers as told by host."""

    asked: list[tuple[str, Validators]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    is_down: bool = False

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        self.asked.append((url, validators))
        if self.is_down:
            return Failed(url=url, reason="No address found.", kind="network")
        return self.outcomes.get(url) or await super().fetch(url, validators, body_hash)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "herald.db"
    async with open_storage(path, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        yield Desk(storage=storage, source=Web())


def web(desk: Desk) -> Web:
    assert isinstance(desk.source, Web)
    return desk.source


def poller(desk: Desk, *, polls_per_s: float = 1e6, holder: str = "run") -> Poller:
    return Poller(
        desk.storage,
        desk.source,
        desk.clock,
        pace=PACE,
        random=lambda: 0.5,
        polls_per_s=polls_per_s,
        holder=holder,
    )


async def kept(desk: Desk, *urls: str) -> list[FeedId]:
    """Keep feeds with one entry each, polled once."""
    ids = []
    for url in urls:
        desk.source.publish(url, parsed_feed(parsed_entry(f"News of {url}")))
        ids.append(await desk.follower.keep((await desk.source.discover(url)).feeds[0]))
    web(desk).asked.clear()
    return ids


async def stored(desk: Desk, feed_id: FeedId) -> Feed:
    feed = await desk.storage.feed(feed_id)
    assert feed is not None
    return feed


async def until(desk: Desk, at: datetime) -> None:
    """Let time pass until *at*."""
    desk.clock.advance(at - desk.clock.now())


def hosts(count: int) -> list[str]:
    return [f"https://host{number}.example/feed" for number in range(count)]


# --- Unchanging feeds, restarts ---


async def test_a_hundred_polls_of_an_unchanging_feed_ask_unconditionally_once(desk: Desk) -> None:
    desk.source.publish("https://a.example/", parsed_feed(parsed_entry()))
    found = (await desk.source.discover("https://a.example/")).feeds[0]
    feed_id = await desk.follower.keep(found)  # the one without conditions
    web(desk).asked.clear()
    run = poller(desk)
    for _ in range(100):
        await until(desk, (await stored(desk, feed_id)).next_poll_at)
        assert (await run.poll_due()).count(NotModified) == 1
    assert len(web(desk).asked) == 100
    assert all(validators == found.validators for _, validators in web(desk).asked)


async def test_a_restart_polls_nothing_that_is_not_due(desk: Desk) -> None:
    await kept(desk, *hosts(5))
    for _ in range(3):
        run = poller(desk)
        await run.resume()
        await run.poll_due()
        desk.clock.advance(MINUTE)
    assert web(desk).asked == []


async def test_a_restart_in_the_middle_of_a_poll_polls_again_at_once(desk: Desk) -> None:
    (feed_id,) = await kept(desk, "https://a.example/")
    await until(desk, (await stored(desk, feed_id)).next_poll_at)
    assert await desk.storage.claim_feed(feed_id, desk.clock.now(), timedelta(minutes=2), "run")
    run = poller(desk)
    await run.poll_due()
    assert web(desk).asked == []
    await run.resume()
    await run.poll_due()
    assert len(web(desk).asked) == 1


async def test_polling_once_beside_the_bot_fetches_nothing_twice(desk: Desk) -> None:
    await kept(desk, *hosts(30))
    desk.clock.advance(DAY)
    await asyncio.gather(poller(desk).poll_due(), poller(desk, holder="once").poll_due())
    assert set(Counter(url for url, _ in web(desk).asked).values()) == {1}
    assert len(web(desk).asked) == 30


# --- Bursts ---


async def test_a_day_off_is_caught_up_with_over_a_minute(desk: Desk) -> None:
    await kept(desk, *hosts(30))
    desk.clock.advance(DAY)
    run = poller(desk)
    await run.resume()
    counts = []
    for _ in range(60):
        counts.append(len((await run.poll_due()).polls))
        desk.clock.advance(timedelta(seconds=1))
    assert sum(counts) == 30
    assert max(counts) == 1


async def test_a_clock_that_jumps_makes_no_burst_and_one_set_back_no_pause(desk: Desk) -> None:
    await kept(desk, *hosts(10))
    run = poller(desk)
    await run.resume()
    await run.poll_due()
    desk.clock.advance(5 * DAY)  # the machine slept
    assert len((await run.poll_due()).polls) == 1
    desk.clock.advance(MINUTE)
    assert len((await run.poll_due()).polls) == 9
    web(desk).asked.clear()
    desk.clock.advance(-30 * DAY)  # somebody mended the clock
    await run.poll_due()
    assert web(desk).asked == []
    for _ in range(26):  # the feed is silent since a month: every six hours at the most, or daily
        desk.clock.advance(HOUR)
        await run.poll_due()
        for _ in range(60):
            desk.clock.advance(timedelta(seconds=1))
            await run.poll_due()
    assert {url for url, _ in web(desk).asked} == set(hosts(10))


async def test_fetches_start_one_by_one() -> None:
    pacer = Pacer(50)
    loop = asyncio.get_running_loop()
    at: list[float] = []

    async def start() -> None:
        await pacer.turn()
        at.append(loop.time())

    await asyncio.gather(*(start() for _ in range(5)))
    assert all(at[n] - at[0] >= n / 50 - 0.005 for n in range(5))


# --- Holds ---


async def test_a_429_holds_every_feed_of_the_host_and_a_503_the_feed_alone(desk: Desk) -> None:
    hot, sibling, other = await kept(
        desk, "https://a.hot.example/", "https://b.hot.example/", "https://cool.example/"
    )
    run = poller(desk)
    desk.clock.advance(DAY)
    for status, is_shared in ((429, True), (503, False)):
        url = "https://a.hot.example/" if is_shared else "https://cool.example/"
        feed_id = hot if is_shared else other
        web(desk).outcomes[url] = Failed(
            url=url,
            reason=f"It answers {status}.",
            kind="http",
            status=status,
            hints=CacheHints(retry_after_s=3 * HOUR.total_seconds()),
        )
        await desk.storage.poll_soon(feed_id, desk.clock.now() - DAY)
        claimed = await stored(desk, feed_id)
        await run.poll_feed(claimed)
        held = (await stored(desk, sibling)).not_before
        assert held == NOW + DAY + 3 * HOUR
    web(desk).outcomes.clear()
    web(desk).asked.clear()
    for _ in range(2):
        await run.poll_due()
        desk.clock.advance(HOUR)
    assert web(desk).asked == []
    desk.clock.advance(2 * HOUR)
    await run.poll_due()
    assert len(web(desk).asked) >= 1


async def test_by_hand_too_the_servers_word_counts(desk: Desk) -> None:
    (feed_id,) = await kept(desk, "https://a.example/")
    run = poller(desk)
    desk.clock.advance(HOUR)
    web(desk).outcomes["https://a.example/"] = Failed(
        url="https://a.example/",
        reason="Too often.",
        kind="http",
        status=429,
        hints=CacheHints(retry_after_s=7200),
    )
    await run.poll_feed(await stored(desk, feed_id))
    desk.clock.advance(HOUR)
    with pytest.raises(TooSoon, match="asked not to be polled before 2026-03-14 12:30 UTC") as told:
        await run.poll_feed(await stored(desk, feed_id))
    assert told.value.until == NOW + 3 * HOUR
    web(desk).outcomes.clear()
    desk.clock.advance(HOUR)
    poll = await run.poll_feed(await stored(desk, feed_id))
    assert isinstance(poll.outcome, NotModified)


# --- By hand ---


async def test_by_hand_it_is_once_a_minute_and_conditional(desk: Desk) -> None:
    (feed_id,) = await kept(desk, "https://a.example/")
    run = poller(desk)
    with pytest.raises(TooSoon, match="Try again in 60 seconds"):
        await run.poll_feed(await stored(desk, feed_id))
    desk.clock.advance(MINUTE)
    poll = await run.poll_feed(await stored(desk, feed_id))
    assert isinstance(poll.outcome, NotModified)
    assert web(desk).asked[0][1] != Validators()
    with pytest.raises(TooSoon):
        await run.poll_feed(await stored(desk, feed_id))
    assert len(web(desk).asked) == 1


async def test_by_hand_nothing_is_fetched_that_is_being_fetched_gone_or_not_there(
    desk: Desk,
) -> None:
    (feed_id,) = await kept(desk, "https://a.example/")
    feed = await stored(desk, feed_id)
    run = poller(desk)
    desk.clock.advance(HOUR)
    await desk.storage.claim_feeds(desk.clock.now(), timedelta(minutes=2), 9, "once")
    with pytest.raises(TooSoon, match="at this moment"):
        await run.poll_feed(feed)
    with pytest.raises(NotFollowed):
        await run.poll_feed(replace(feed, id=FeedId(99)))
    desk.clock.advance(HOUR)
    gone = Failed(url=feed.url, reason="It answers 410.", kind="http", status=410)
    web(desk).outcomes[feed.url] = gone
    await run.poll_feed(feed)
    desk.clock.advance(DAY)
    await run.poll_feed(feed)
    assert (await stored(desk, feed_id)).state is FeedState.GONE
    web(desk).asked.clear()
    desk.clock.advance(DAY)
    with pytest.raises(UserError, match="is gone"):
        await run.poll_feed(feed)
    for _ in range(5):
        desk.clock.advance(30 * DAY)
        await run.poll_due()
    assert web(desk).asked == []


async def test_a_check_that_our_code_fails_on_leaves_the_feed_as_it_was(desk: Desk) -> None:
    class Broken(Web):
        async def fetch(self, *_asked: object) -> Outcome:
            raise ZeroDivisionError

    (feed_id,) = await kept(desk, "https://a.example/")
    desk.clock.advance(MINUTE)
    before = await stored(desk, feed_id)
    desk.source = Broken()
    with pytest.raises(ZeroDivisionError):
        await poller(desk).poll_feed(before)
    assert await stored(desk, feed_id) == before
    assert await desk.storage.claim_feed(feed_id, desk.clock.now(), MINUTE, "x") is not None


# --- Cut off ---


async def test_while_herald_is_cut_off_it_probes_once_a_minute_and_counts_nothing(
    desk: Desk,
) -> None:
    ids = await kept(desk, *hosts(20))
    desk.clock.advance(DAY)
    run = poller(desk)
    web(desk).is_down = True

    async def ticks(count: int) -> list[PollReport]:
        reports = []
        for _ in range(count):
            desk.clock.advance(timedelta(seconds=10))
            reports.append(await run.poll_due())
        return reports

    await ticks(6)
    web(desk).asked.clear()
    assert sum(len(report.polls) for report in await ticks(60)) == 10
    assert len(web(desk).asked) == 10
    states = [await stored(desk, feed_id) for feed_id in ids]
    assert [feed for feed in states if feed.failures or feed.failing_since] == []
    assert all(feed.state is FeedState.OK and feed.last_error is None for feed in states)
    assert any("cut off" in feed.next_poll_reason for feed in states)

    web(desk).is_down = False
    await ticks(20)
    states = [await stored(desk, feed_id) for feed_id in ids]
    assert all(feed.succeeded_at == feed.polled_at for feed in states)  # nobody had backed off
    desk.clock.advance(3 * HOUR)
    await ticks(20)
    states = [await stored(desk, feed_id) for feed_id in ids]
    assert {feed.state for feed in states} == {FeedState.OK}


# --- Redirects ---


async def test_a_feed_that_moved_is_asked_at_its_new_address_with_its_validators(
    desk: Desk,
) -> None:
    old, new = "https://old.example/feed", "https://new.example/feed"
    (feed_id,) = await kept(desk, old)
    desk.source.publish(new, desk.source.feeds[old])
    run = poller(desk)
    unchanged = NotModified(
        url=new, permanent_url=new, validators=(await stored(desk, feed_id)).validators
    )
    web(desk).outcomes[old] = unchanged
    for _ in range(4):
        desk.clock.advance(13 * HOUR)
        await run.poll_due()
    feed = await stored(desk, feed_id)
    assert (feed.url, feed.moved_to) == (new, None)
    assert feed.host_group == "new.example"
    web(desk).asked.clear()
    desk.clock.advance(DAY)
    await run.poll_due()
    assert web(desk).asked == [(new, feed.validators)]


async def test_a_feed_that_moved_onto_one_that_is_followed_too_is_one_with_it(desk: Desk) -> None:
    old, new = "http://site.example/feed", "https://site.example/rss"
    entry = parsed_entry("Ferry late")
    for url, channel in ((old, CHANNEL), (new, OTHER_CHANNEL)):
        desk.source.publish(url, parsed_feed(entry))
        proposal = await desk.follower.look(url)
        await desk.follower.add(proposal, wish(channel))
    run = poller(desk)
    fresh = parsed_entry("Wall mended", published_at=NOW + 20 * HOUR)
    document = desk.source.publish(new, parsed_feed(fresh, entry))
    found = (await desk.source.discover(document)).feeds[0]
    web(desk).outcomes[old] = Fetched(
        url=new, feed=found.feed, validators=found.validators, permanent_url=new
    )
    for _ in range(4):
        desk.clock.advance(13 * HOUR)
        await run.poll_due()
    (row,) = await desk.storage.feeds()
    assert (row.feed.url, row.subscriptions, row.entries) == (new, 2, 2)
    for _ in range(8):
        await desk.deliverer().deliver_due()
        desk.clock.advance(HOUR)
        await run.poll_due()
    assert sorted(desk.titles()) == ["Wall mended", "Wall mended"]


# --- Slots ---


async def test_more_feeds_than_slots_are_all_polled_in_one_round(desk: Desk) -> None:
    await kept(desk, *hosts(50))
    desk.clock.advance(DAY)
    few = Poller(
        desk.storage,
        desk.source,
        desk.clock,
        pace=PACE,
        random=lambda: 0.5,
        concurrency=4,
        polls_per_s=1e6,
    )
    assert len((await few.poll_due()).polls) == 50


async def test_a_server_that_keeps_others_waiting_loses_its_turn_not_its_health(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(Web):
        async def fetch(self, *_asked: object) -> Outcome:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr("bot.services.poll.POLL_MAX_S", 0.01)
    (feed_id,) = await kept(desk, "https://a.example/")
    desk.clock.advance(DAY)
    desk.source = Endless()
    assert (await poller(desk).poll_due()).polls == ()
    feed = await stored(desk, feed_id)
    assert (feed.state, feed.failures) == (FeedState.OK, 0)
    assert feed.next_poll_at == desk.clock.now() + timedelta(minutes=5)
    assert "keeps others waiting" in feed.next_poll_reason
