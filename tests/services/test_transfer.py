import asyncio

import pytest

from bot.errors import Busy
from bot.news.models import Failed, FeedState, Outcome, Validators
from bot.services import transfer
from bot.services.transfer import Fate, Place, Wanted
from tests.factories import CHANNEL, FEED_URL, GUILD, parsed_entry
from tests.fakes import FakeSource
from tests.services.conftest import Desk

HERE = Place(guild_id=GUILD, channel_id=CHANNEL)
OTHER = "https://other.example.org/feed"


async def test_an_import_tells_new_known_double_and_dead_and_posts_nothing_old(desk: Desk) -> None:
    desk.serve(parsed_entry())
    desk.serve(parsed_entry(), parsed_entry(), url=OTHER)
    await desk.transfer.add_all([Wanted(url=FEED_URL)])
    wanted = [FEED_URL, OTHER, f"{OTHER}/", "https://gone.example.org/feed"]
    fates = [Fate.ALREADY, Fate.NEW, Fate.DUPLICATE, Fate.DEAD]
    rows = [Wanted(url=url) for url in wanted]
    rehearsal = await desk.transfer.rehearse(rows)
    assert [row.fate for row in rehearsal] == fates
    assert len(await desk.storage.feeds()) == 1
    assert [row.fate for row in await desk.transfer.add_all(rows)] == fates
    assert len(await desk.storage.feeds()) == 2
    assert await desk.deliverer().deliver_due() == 0


async def test_an_import_into_a_channel_subscribes_it_under_the_lists_title(desk: Desk) -> None:
    desk.serve(parsed_entry())
    for fate in (Fate.NEW, Fate.ALREADY):
        (row,) = await desk.transfer.add_all([Wanted(url=FEED_URL, title="Mine")], HERE)
        assert row.fate is fate
    (following,) = await desk.follower.followings(GUILD)
    assert following.subscription.name == "Mine"


async def test_a_sites_own_address_brings_the_feed_that_it_offers(desk: Desk) -> None:
    site, empty = "https://courier.example.org/", "https://empty.example.org/"
    desk.source.sites = {site: [desk.serve(parsed_entry())], empty: []}
    rows = await desk.transfer.add_all([Wanted(url=site), Wanted(url=empty)], HERE)
    assert [row.fate for row in rows] == [Fate.NEW, Fate.DEAD]
    assert "offers no feed" in rows[1].reason
    (following,) = await desk.follower.followings(GUILD)
    assert following.feed.url == FEED_URL


async def test_what_was_rehearsed_is_added_without_fetching_it_again(desk: Desk) -> None:
    desk.serve(parsed_entry())
    rows = await desk.transfer.rehearse([Wanted(url=FEED_URL)], HERE)
    done: list[int] = []
    (row,) = await desk.transfer.add_checked(rows, HERE, on_done=done.append)
    assert (row.fate, done) == (Fate.NEW, [1])
    assert desk.source.fetched == [FEED_URL]


async def test_a_document_too_large_to_hold_is_fetched_again(desk: Desk) -> None:
    desk.serve(parsed_entry())
    limit = transfer.HELD_MAX
    transfer.HELD_MAX = 1
    try:
        rows = await desk.transfer.rehearse([Wanted(url=FEED_URL)], HERE)
    finally:
        transfer.HELD_MAX = limit
    assert [row.fate for row in rows] == [Fate.NEW]
    await desk.transfer.add_checked(rows, HERE)
    assert desk.source.fetched == [FEED_URL, FEED_URL]
    assert len(await desk.follower.followings(GUILD)) == 1


async def test_adding_twice_from_one_rehearsal_tells_what_is_there_already(desk: Desk) -> None:
    desk.serve(parsed_entry())
    rows = await desk.transfer.rehearse([Wanted(url=FEED_URL)], HERE)
    fates = [(await desk.transfer.add_checked(rows, HERE))[0].fate for _ in range(2)]
    assert fates == [Fate.NEW, Fate.ALREADY]
    (row,) = await desk.storage.feeds()
    assert row.feed.state is FeedState.OK
    assert await desk.deliverer().deliver_due() == 0


class Slow(FakeSource):
    """A web where one host never answers."""

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        if "slow" in url:
            await asyncio.Event().wait()
        return await super().fetch(url, validators, body_hash)


async def test_what_is_not_fetched_in_time_is_told_and_added_later(desk: Desk) -> None:
    desk.source = Slow()
    desk.serve(parsed_entry())
    rows = await desk.transfer.rehearse(
        [Wanted(url="https://slow.example.org/feed"), Wanted(url=FEED_URL)], HERE, within_s=0.2
    )
    assert [row.fate for row in rows] == [Fate.LATE, Fate.NEW]
    desk.source = FakeSource()
    desk.serve(parsed_entry(), url="https://slow.example.org/feed")
    desk.serve(parsed_entry())
    assert [row.fate for row in await desk.transfer.add_checked(rows, HERE)] == [Fate.NEW] * 2


class Redirecting(FakeSource):
    """A web where /old leads to FEED_URL."""

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        if url.endswith("/old"):
            return await super().fetch(FEED_URL, validators, body_hash)
        return Failed(url=url, reason="down", kind="network")


async def test_two_addresses_of_one_feed_are_told_as_one(desk: Desk) -> None:
    desk.serve(parsed_entry())
    proposal = await desk.follower.look(FEED_URL)
    redirecting = Redirecting()
    redirecting.feeds = desk.source.feeds
    desk.source = redirecting
    rows = [Wanted(url="https://a.example.org/old"), Wanted(url="https://b.example.org/old")]
    fates = [row.fate for row in await desk.transfer.rehearse(rows, HERE)]
    assert fates == [Fate.NEW, Fate.DUPLICATE]
    await desk.follower.keep(proposal.found)
    again = await desk.transfer.rehearse(rows[:1], HERE)
    assert [row.fate for row in again] == [Fate.NEW]  # kept, but not in this channel
    archive = await desk.transfer.rehearse(rows[:1])
    assert [row.fate for row in archive] == [Fate.ALREADY]


class Locked(FakeSource):
    """A web where nothing can be written down."""

    async def fetch(self, *_asked: object) -> Outcome:
        raise Busy("The database is locked.", path="herald.db")


async def test_a_locked_database_is_told_as_such(desk: Desk) -> None:
    desk.source = Locked()
    with pytest.raises(Busy):
        await desk.transfer.rehearse([Wanted(url=FEED_URL), Wanted(url=OTHER)], HERE)
