"""Feeds that heal themselves: what is looked for, what is offered, what a switch keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotFollowed, ParseFailed, UserError
from bot.news.models import Feed, FeedState, MessageId, Remedy, StateChange
from bot.services.heal import Healer, Offer
from tests.factories import (
    CHANNEL,
    FEED_URL,
    GUILD,
    OTHER_CHANNEL,
    parsed_entry,
    parsed_feed,
    refresh,
    wish,
)
from tests.services.conftest import PACE, Desk

NEW = "https://courier.example.org/new.xml"
SITE = "https://courier.example.org/"
OLD_ENTRIES = [parsed_entry(f"Old report number {n} of the harbour") for n in range(4)]


def healer(desk: Desk) -> Healer:
    return Healer(
        desk.storage, desk.source, desk.follower, desk.clock, pace=PACE, random=lambda: 0.0
    )


async def follow(desk: Desk, url: str = FEED_URL, channel_id: int = CHANNEL) -> Feed:
    proposal = await desk.follower.look(url)
    followed = await desk.follower.add(
        proposal, wish(CHANNEL if channel_id == CHANNEL else OTHER_CHANNEL)
    )
    return followed.following.feed


async def fail(desk: Desk, feed: Feed, *, times: int = 3, status: int | None = 404) -> None:
    """Record a failed poll, the *times*-th in a row."""
    desk.clock.advance(timedelta(hours=1))
    poll = refresh(
        feed.id,
        at=desk.clock.now(),
        failures=times,
        state=FeedState.FAILING,
        last_error="It broke.",
    )
    await desk.storage.record(replace(poll, check=replace(poll.check, status=status)))


async def remedy_of(desk: Desk, feed: Feed) -> Remedy | None:
    return (await healer(desk).repairs(feed.id)).remedy


async def offer(desk: Desk) -> Offer:
    """Let the followed feed die and its site offer another that knows most of its entries."""
    desk.serve(*OLD_ENTRIES)
    feed = await follow(desk)
    fresh = parsed_entry("Fresh", published_at=desk.clock.now())
    desk.serve(fresh, *OLD_ENTRIES, url=NEW, title="New address")
    desk.source.sites[SITE] = [NEW]
    await fail(desk, feed)
    assert await healer(desk).mend_due() == 1
    return await healer(desk).offer(GUILD, feed.id)


@pytest.mark.parametrize(
    ("times", "status", "is_looked_after"),
    [
        (2, 404, False),
        (3, 404, True),
        (3, 410, True),
        (3, 200, True),
        (9, 503, False),
        (9, None, False),
    ],
)
async def test_a_site_is_searched_when_its_feed_is_dead_thrice_and_not_when_the_server_is_down(
    desk: Desk, times: int, status: int | None, is_looked_after: bool
) -> None:
    desk.serve(parsed_entry())
    feed = await follow(desk)
    desk.serve(parsed_entry(), url=NEW, title="New address")
    desk.source.sites[SITE] = [NEW]
    await fail(desk, feed, times=times, status=status)
    assert await healer(desk).mend_due() == is_looked_after
    expected = Remedy(url=NEW, title="New address") if is_looked_after else None
    assert await remedy_of(desk, feed) == expected


async def test_a_site_is_searched_once_a_day_and_only_while_somebody_follows(desk: Desk) -> None:
    desk.serve(parsed_entry())
    feed = await follow(desk)
    await fail(desk, feed)
    assert await healer(desk).mend_due() == 0  # the site offers nothing
    desk.serve(parsed_entry(), url=NEW)
    desk.source.sites[SITE] = [NEW]
    assert await healer(desk).mend_due() == 0  # and is not asked again at once
    desk.clock.advance(timedelta(days=1))
    (row,) = await desk.follower.followings(GUILD)
    await desk.follower.remove(row)
    assert await healer(desk).mend_due() == 0
    await desk.follower.restore(row.subscription.id)
    assert await healer(desk).mend_due() == 1


async def test_the_front_of_the_host_is_asked_where_the_site_fails_and_the_dead_feed_never_offered(
    desk: Desk,
) -> None:
    feed_url = "https://blogs.example.org/ana/feed"
    desk.serve(parsed_entry(), url=feed_url)
    feed = await follow(desk, feed_url)
    desk.source.errors[SITE] = ParseFailed("odd", url=SITE)
    desk.source.sites["https://blogs.example.org/"] = [f"{feed_url}/"]
    desk.source.feeds[f"{feed_url}/"] = parsed_feed(parsed_entry())
    await fail(desk, feed)
    assert await healer(desk).mend_due() == 0
    desk.source.sites["https://blogs.example.org/"] = [f"{feed_url}/", NEW]
    desk.serve(parsed_entry(), url=NEW)
    desk.clock.advance(timedelta(days=1))
    assert await healer(desk).mend_due() == 1
    assert (await remedy_of(desk, feed) or Remedy(url="", title="")).url == NEW


async def test_of_several_feeds_the_one_that_knows_the_old_entries_is_offered(desk: Desk) -> None:
    desk.serve(*OLD_ENTRIES)
    feed = await follow(desk)
    comments = "https://courier.example.org/comments.xml"
    desk.serve(parsed_entry("A comment"), url=comments, title="Comments")
    desk.serve(*OLD_ENTRIES[1:], url=NEW, title="Whole")
    desk.source.sites[SITE] = [comments, NEW]
    await fail(desk, feed)
    await healer(desk).mend_due()
    assert await remedy_of(desk, feed) == Remedy(url=NEW, title="Whole")


async def test_a_switch_posts_nothing_old_and_everything_new_once(desk: Desk) -> None:
    offered = await offer(desk)
    switched = await healer(desk).switch(GUILD, offered)
    assert (switched.old.url, switched.new.url) == (FEED_URL, NEW)
    assert switched.channels == (CHANNEL,)
    assert await desk.deliverer().deliver_due() == 0

    desk.clock.advance(timedelta(hours=2))
    brand_new = parsed_entry("Brand new", published_at=desk.clock.now())
    desk.serve(brand_new, *OLD_ENTRIES, url=NEW)
    await desk.poller().poll_due()
    await desk.deliverer().deliver_due()
    assert desk.titles() == ["Brand new"]
    assert FEED_URL not in desk.source.fetched[1:]  # nobody follows the old address any more


async def test_an_entry_that_only_the_old_feed_knew_is_recognised_later(desk: Desk) -> None:
    desk.serve(*OLD_ENTRIES)
    feed = await follow(desk)
    desk.serve(OLD_ENTRIES[0], url=NEW)
    desk.source.sites[SITE] = [NEW]
    await fail(desk, feed)
    await healer(desk).mend_due()
    await healer(desk).switch(GUILD, await healer(desk).offer(GUILD, feed.id))
    desk.clock.advance(timedelta(hours=2))
    desk.serve(*OLD_ENTRIES, url=NEW)
    await desk.poller().poll_due()
    assert await desk.deliverer().deliver_due() == 0


async def test_undoing_a_switch_moves_back_and_reposts_nothing_either(desk: Desk) -> None:
    offered = await offer(desk)
    switched = await healer(desk).switch(GUILD, offered)
    desk.clock.advance(timedelta(minutes=2))
    brand_new = parsed_entry("Brand new", published_at=desk.clock.now())
    desk.serve(brand_new, *OLD_ENTRIES, url=NEW)
    (row,) = await desk.follower.followings(GUILD)
    await desk.follower.check(row)
    await desk.deliverer().deliver_due()
    back = await healer(desk).switch_back(GUILD, switched.id)
    assert back.channels == (CHANNEL,)
    (row,) = await desk.follower.followings(GUILD)
    assert row.feed.url == FEED_URL
    desk.serve(brand_new, *OLD_ENTRIES)
    desk.clock.advance(timedelta(minutes=2))
    await desk.poller().poll_due()
    await desk.deliverer().deliver_due()
    assert desk.titles() == ["Brand new"]
    with pytest.raises(UserError):
        await healer(desk).switch_back(GUILD, switched.id)


async def test_a_channel_that_follows_the_new_feed_already_keeps_it_once(desk: Desk) -> None:
    offered = await offer(desk)
    await follow(desk, NEW)
    switched = await healer(desk).switch(GUILD, offered)
    (row,) = await desk.follower.followings(GUILD)
    assert row.feed.url == NEW
    await healer(desk).switch_back(GUILD, switched.id)
    assert {r.feed.url for r in await desk.follower.followings(GUILD)} == {FEED_URL, NEW}


async def test_every_channel_of_the_guild_moves_and_other_guilds_stay(desk: Desk) -> None:
    desk.serve(*OLD_ENTRIES)
    feed = await follow(desk)
    await follow(desk, channel_id=OTHER_CHANNEL)
    elsewhere = type(GUILD)(GUILD + 5)
    place = wish(type(CHANNEL)(CHANNEL + 5), guild_id=elsewhere)
    await desk.follower.add(await desk.follower.look(FEED_URL), place)
    desk.serve(*OLD_ENTRIES, url=NEW)
    desk.source.sites[SITE] = [NEW]
    await fail(desk, feed)
    await healer(desk).mend_due()
    switched = await healer(desk).switch(GUILD, await healer(desk).offer(GUILD, feed.id))
    assert set(switched.channels) == {CHANNEL, OTHER_CHANNEL}
    (theirs,) = await desk.follower.followings(elsewhere)
    assert theirs.feed.url == FEED_URL
    with pytest.raises(UserError):
        await healer(desk).switch_back(elsewhere, switched.id)


async def test_a_feed_that_is_well_again_has_nothing_to_switch_to(desk: Desk) -> None:
    offered = await offer(desk)
    await desk.storage.record(refresh(offered.old.id, at=desk.clock.now()))
    with pytest.raises(UserError, match="nothing to switch to"):
        await healer(desk).offer(GUILD, offered.old.id)
    (row,) = await desk.follower.followings(GUILD)
    await desk.follower.remove(row)
    with pytest.raises(NotFollowed):
        await healer(desk).offer(GUILD, offered.old.id)
    with pytest.raises(NotFollowed):
        await healer(desk).switch(GUILD, offered)


async def notices(desk: Desk) -> list[tuple[str, str]]:
    """Return what is told by now, by kind and text."""
    desk.clock.advance(timedelta(minutes=3))
    claimed = await desk.storage.claim_bulletins(desk.clock.now(), timedelta(minutes=2))
    for bulletin in claimed:
        await desk.storage.mark_told(bulletin.id, MessageId(1))
    return [(n.kind, n.text) for bulletin in claimed for n in bulletin.notices]


async def test_a_silence_against_the_feeds_rhythm_is_told_once(desk: Desk) -> None:
    desk.serve(parsed_entry())
    feed = await follow(desk)
    await desk.storage.set_log_channel(GUILD, OTHER_CHANNEL)
    newest_at = desk.clock.now()
    poll = replace(refresh(feed.id, at=newest_at), usual_gap_s=4 * 3600.0, newest_at=newest_at)
    await desk.storage.record(poll)
    assert await healer(desk).mend_due() == 0
    assert await notices(desk) == []
    desk.clock.advance(timedelta(days=4))
    for _ in range(2):
        await healer(desk).mend_due()
    told = await notices(desk)
    assert told == [("stale", "It is quiet: usually 6 a day, silent for 4 days.")]
    desk.clock.advance(timedelta(days=2))
    await healer(desk).mend_due()
    assert await notices(desk) == []


async def change(desk: Desk, feed: Feed, kind: str) -> None:
    now = desk.clock.now()
    state = {"recovered": FeedState.OK, "gone": FeedState.GONE}.get(kind, FeedState.FAILING)
    told = StateChange(kind=kind, reason=f"It is {kind}.", since=now)  # type: ignore[arg-type]  # as SQL checks
    await desk.storage.record(replace(refresh(feed.id, at=now, state=state), change=told))
    desk.clock.advance(timedelta(seconds=1))


async def test_what_is_over_before_it_was_told_is_not_told(desk: Desk) -> None:
    desk.serve(parsed_entry())
    feed = await follow(desk)
    await desk.storage.set_log_channel(GUILD, OTHER_CHANNEL)
    for kind in ("failing", "recovered", "failing", "gone"):
        await change(desk, feed, kind)
    assert await notices(desk) == [("gone", "It is gone.")]
    await change(desk, feed, "gone")
    await change(desk, feed, "recovered")
    assert await notices(desk) == []  # once a day
    desk.clock.advance(timedelta(days=1))
    assert await notices(desk) == [("recovered", "It is recovered.")]


async def test_an_adopted_move_is_told_and_remembered_but_not_http_made_https(desk: Desk) -> None:
    desk.serve(parsed_entry())
    feed = await follow(desk)
    await desk.storage.set_log_channel(GUILD, OTHER_CHANNEL)
    moved_at = desk.clock.now()
    secure = FEED_URL.replace("//", "//www.")
    await desk.storage.record(replace(refresh(feed.id, at=moved_at), new_url=secure))
    assert await notices(desk) == []
    assert (await healer(desk).repairs(feed.id)).moved_from is None
    await desk.storage.record(replace(refresh(feed.id, at=moved_at), new_url=NEW))
    ((kind, told),) = await notices(desk)
    assert (kind, told[: len("It moved from ") + len(secure)]) == (
        "moved",
        f"It moved from {secure}",
    )
    repairs = await healer(desk).repairs(feed.id)
    assert (repairs.moved_from, repairs.moved_at) == (secure, moved_at)
