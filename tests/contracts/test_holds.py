"""What every adapter of the ``Storage`` port promises of held channels and of servers left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bot.news.channels import ChannelOptions
from bot.news.models import (
    Bulletin,
    ChannelId,
    Claim,
    Feed,
    GuildId,
    HoldKind,
    MessageId,
    Rehoused,
)
from bot.news.ports import Storage
from tests.factories import (
    CHANNEL,
    FEED_URL,
    GUILD,
    NOW,
    OTHER_CHANNEL,
    new_entry,
    parsed_feed,
    refresh,
    wish,
)

LEASE = timedelta(minutes=2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTLED = timedelta(minutes=2)
LOG = ChannelId(77)
NEW = ChannelId(78)
STRANGER = GuildId(GUILD + 1)


@pytest.fixture
async def feed(storage: Storage) -> Feed:
    feed = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.follow(refresh(feed.id), wish(), NOW)
    await storage.set_log_channel(GUILD, LOG)
    for channel in (CHANNEL, OTHER_CHANNEL, NEW):  # a message for each post
        await storage.choose_for_channel(GUILD, channel, ChannelOptions(is_bundled=False), NOW)
    return feed


async def owe(storage: Storage, feed: Feed, *titles: str, at: datetime = NOW) -> None:
    new = [new_entry(title, deliver_to=[CHANNEL]) for title in titles]
    await storage.record(refresh(feed.id, *new, at=at))
    await storage.group_entries(at)


async def claimed(storage: Storage, at: datetime) -> Sequence[Claim]:
    return await storage.claim_deliveries(at, LEASE, 100)


async def hold(storage: Storage, at: datetime = NOW, kind: HoldKind = "forbidden") -> None:
    """Claim what is due and have it held."""
    for claim in await claimed(storage, at):
        reason = "Herald lacks Embed Links in #news."
        await storage.hold(claim.delivery.id, at, kind, reason, at)


async def told(storage: Storage, at: datetime) -> list[Bulletin]:
    """Return the bulletins that are due, marked as told."""
    bulletins = await storage.claim_bulletins(at, LEASE)
    for bulletin in bulletins:
        await storage.mark_told(bulletin.id, MessageId(1))
    return list(bulletins)


async def post_all(storage: Storage, at: datetime) -> list[tuple[int, str, int]]:
    """Send all that is due; return where, what, and how many it tells."""
    posted: list[tuple[int, str, int]] = []
    while claims := await claimed(storage, at):
        for claim in claims:
            await storage.mark_sent(claim.delivery.id, MessageId(1000 + len(posted)), at)
            told = max(len(claim.roundup), 1)
            posted.append((claim.delivery.channel_id, claim.entry.title, told))
    return posted


# --- Telling ---


async def test_a_held_channel_is_told_once_however_often_it_is_tried(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, "News")
    await hold(storage)
    assert await told(storage, NOW + SETTLED / 2) == []
    (bulletin,) = await told(storage, NOW + SETTLED)
    (held,) = bulletin.holds
    assert (bulletin.channel_id, bulletin.notices) == (LOG, ())
    assert (held.channel_id, held.kind, held.since) == (CHANNEL, "forbidden", NOW)
    assert held.reason == "Herald lacks Embed Links in #news."
    assert held.follows == (wish().name,)
    for day in range(1, 4):
        await hold(storage, NOW + day * DAY)
        assert await told(storage, NOW + day * DAY + SETTLED) == []


async def test_what_is_over_before_it_settled_is_not_told(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, "News")
    await hold(storage)
    await post_all(storage, NOW)
    assert await told(storage, NOW + DAY) == []


async def test_a_channel_held_again_is_told_again_but_once_a_day(
    storage: Storage, feed: Feed
) -> None:
    counts = []
    for hour in (0, 1, 26):
        at = NOW + hour * HOUR
        await owe(storage, feed, f"News at {hour}", at=at)
        await hold(storage, at)
        counts.append(len(await told(storage, at + SETTLED)))
        await post_all(storage, at + SETTLED)
    assert counts == [1, 0, 1]


async def test_without_a_log_channel_it_is_told_once_there_is_one(
    storage: Storage, feed: Feed
) -> None:
    await storage.set_log_channel(GUILD, None)
    await owe(storage, feed, "News")
    await hold(storage)
    assert await told(storage, NOW + SETTLED) == []
    await storage.set_log_channel(GUILD, NEW)
    (bulletin,) = await told(storage, NOW + SETTLED)
    assert bulletin.channel_id == NEW


async def test_what_a_lost_log_channel_was_not_told_is_told_in_the_next(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, "News")
    await hold(storage)
    (bulletin,) = await storage.claim_bulletins(NOW + SETTLED, LEASE)
    await storage.forget_log_channel(LOG)
    await storage.drop_bulletin(bulletin.id, "gone")
    await storage.set_log_channel(GUILD, NEW)
    (again,) = await told(storage, NOW + SETTLED)
    assert (again.channel_id, again.holds) == (NEW, bulletin.holds)


# --- A channel that is gone ---


async def test_a_deleted_channel_is_told_and_moves_with_all_that_it_was_owed(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, "One", "Two", "Three")
    await claimed(storage, NOW)  # one is on its way
    await storage.hold_channel(CHANNEL, NOW + HOUR, "The channel was deleted.")
    (bulletin,) = await told(storage, NOW + HOUR + SETTLED)
    assert [held.kind for held in bulletin.holds] == ["gone"]
    at = NOW + 2 * HOUR
    assert await storage.move_channel(STRANGER, CHANNEL, NEW, at) is None
    assert await storage.move_channel(GUILD, CHANNEL, NEW, at) == Rehoused(feeds=1, posts=3)
    assert await storage.move_channel(GUILD, CHANNEL, NEW, at) is None
    assert await post_all(storage, at) == [(NEW, title, 1) for title in ("One", "Two", "Three")]
    (following,) = await storage.followings(GUILD, at)
    assert (following.subscription.channel_id, following.subscription.is_paused) == (NEW, False)
    assert (await storage.known(feed.id, [])).channels == ((GUILD, NEW),)


async def test_a_pause_of_ones_own_moves_along(storage: Storage, feed: Feed) -> None:
    (following,) = await storage.followings(GUILD, NOW)
    await storage.pause(following.subscription.id, NOW)
    await storage.hold_channel(CHANNEL, NOW + HOUR, "The channel was deleted.")
    await storage.move_channel(GUILD, CHANNEL, NEW, NOW + HOUR)
    (following,) = await storage.followings(GUILD, NOW)
    assert following.subscription.paused_at == NOW
    assert following.feed.id == feed.id


async def test_what_the_new_channel_follows_or_was_told_already_does_not_come_twice(
    storage: Storage, feed: Feed
) -> None:
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    both = [new_entry("Both", deliver_to=[CHANNEL, OTHER_CHANNEL])]
    await storage.record(refresh(feed.id, *both, new_entry("Mine", deliver_to=[CHANNEL])))
    await storage.group_entries(NOW)
    await storage.hold_channel(CHANNEL, NOW, "The channel was deleted.")
    moved = await storage.move_channel(GUILD, CHANNEL, OTHER_CHANNEL, NOW)
    assert moved == Rehoused(feeds=0, posts=1)
    assert await post_all(storage, NOW) == [
        (OTHER_CHANNEL, "Both", 1),
        (OTHER_CHANNEL, "Mine", 1),
    ]
    assert len(await storage.followings(GUILD, NOW)) == 1


async def test_a_message_of_several_posts_moves_as_posts_of_their_own(
    storage: Storage, feed: Feed
) -> None:
    for channel in (CHANNEL, NEW):
        await storage.choose_for_channel(GUILD, channel, ChannelOptions(), NOW)
    await owe(storage, feed, *(f"News {n}" for n in range(5)))
    (claim,) = await claimed(storage, NOW)
    assert len(claim.bundle) > 1
    await storage.settle_bundle(claim.delivery.id, len(claim.bundle))
    await storage.hold_channel(CHANNEL, NOW, "The channel was deleted.")
    assert await storage.move_channel(GUILD, CHANNEL, NEW, NOW) == Rehoused(feeds=1, posts=5)
    (again,) = await claimed(storage, NOW)
    assert [each.entry.title for each in again.bundle] == [f"News {n}" for n in range(5)]
    assert all(each.delivery.tried_at is None for each in again.bundle)


async def test_a_bundle_whose_lease_ran_out_is_claimed_again(storage: Storage, feed: Feed) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, ChannelOptions(), NOW)
    await owe(storage, feed, *(f"News {n}" for n in range(5)))
    (first,) = await claimed(storage, NOW)
    (again,) = await claimed(storage, NOW + LEASE)
    assert again.delivery.id == first.delivery.id


# --- Servers that come and go ---


async def test_a_server_that_put_herald_out_is_neither_polled_nor_sent_for(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, "News")
    await hold(storage)
    await storage.leave_guild(GUILD, NOW)
    at = NOW + DAY
    assert await claimed(storage, at) == []
    assert await storage.next_delivery_at() is None
    assert await storage.next_due_at() is None
    assert (await storage.known(feed.id, [])).channels == ()
    assert await told(storage, at) == []
    assert await storage.return_to_guild(GUILD, at)
    assert not await storage.return_to_guild(GUILD, at)
    assert await post_all(storage, at) == [(CHANNEL, "News", 1)]
    assert await storage.next_due_at() is not None


async def test_what_piled_up_comes_as_few_posts_in_order(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, *(f"News {n}" for n in range(9)))
    (first,) = await claimed(storage, NOW)  # may have landed: stays a post of its own
    await storage.leave_guild(GUILD, NOW)
    await storage.return_to_guild(GUILD, NOW + DAY)
    assert await post_all(storage, NOW + DAY) == [
        (CHANNEL, first.entry.title, 1),
        (CHANNEL, "News 1", 5),
        (CHANNEL, "News 6", 1),
        (CHANNEL, "News 7", 1),
        (CHANNEL, "News 8", 1),
    ]


async def test_a_servers_settings_are_kept_for_thirty_days_and_then_forgotten(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, "News")
    await storage.leave_guild(GUILD, NOW)
    await storage.tidy(NOW + 29 * DAY)
    assert len(await storage.followings(GUILD, NOW)) == 1
    assert await storage.log_channel(GUILD) == LOG
    await storage.tidy(NOW + 30 * DAY)
    assert await storage.followings(GUILD, NOW) == []
    assert await storage.log_channel(GUILD) is None
    assert (await storage.health()).pending_deliveries == 0
    assert not await storage.return_to_guild(GUILD, NOW + 31 * DAY)


async def test_servers_that_changed_while_herald_was_away_are_noted(
    storage: Storage, feed: Feed
) -> None:
    elsewhere = wish(OTHER_CHANNEL, guild_id=STRANGER)
    await storage.follow(refresh(feed.id), elsewhere, NOW)
    assert await storage.note_guilds([GUILD, STRANGER], NOW) == (0, 0)
    assert await storage.note_guilds([GUILD], NOW) == (1, 0)
    assert await storage.note_guilds([GUILD], NOW) == (0, 0)
    assert (await storage.known(feed.id, [])).channels == ((GUILD, CHANNEL),)
    assert await storage.note_guilds([STRANGER], NOW) == (1, 1)
    assert (await storage.known(feed.id, [])).channels == ((STRANGER, OTHER_CHANNEL),)
