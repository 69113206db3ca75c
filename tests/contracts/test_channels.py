"""What every adapter of the ``Storage`` port promises of channels' options."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.news.channels import ChannelEditId, ChannelOptions
from bot.news.models import UNDO_WINDOW, DeliveryId, Feed, GuildId, MessageId
from bot.news.ports import Storage
from tests.factories import (
    CHANNEL,
    FEED_URL,
    GUILD,
    NOW,
    OTHER_CHANNEL,
    new_entry,
    parsed_entry,
    parsed_feed,
    refresh,
    wish,
)

LEASE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
NIGHT = ChannelOptions(time_zone="Europe/Berlin", quiet_from_min=22 * 60, quiet_until_min=420)
EVENING = datetime(2026, 3, 14, 21, 30, tzinfo=UTC)  # 22:30 in Berlin
MORNING = datetime(2026, 3, 15, 6, 0, tzinfo=UTC)


@pytest.fixture
async def feed(storage: Storage) -> Feed:
    made = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.follow(refresh(made.id), wish(), NOW)
    return made


async def owe(storage: Storage, feed: Feed, *titles: str, at: datetime) -> None:
    new = [new_entry(parsed_entry(title), deliver_to=[CHANNEL]) for title in titles]
    await storage.record(refresh(feed.id, *new, at=at))


async def sent(storage: Storage, at: datetime) -> list[str]:
    """Send all that can be claimed; return the titles."""
    titles = []
    await storage.group_entries(at)
    while claims := await storage.claim_deliveries(at, LEASE, 10):
        for claim in claims:
            titles.append(claim.entry.title)
            await storage.mark_sent(claim.delivery.id, MessageId(10_000 + claim.delivery.id), at)
    return titles


async def test_a_channel_nobody_touched_has_the_usual_options(storage: Storage) -> None:
    assert await storage.channel_options(CHANNEL) == ChannelOptions()


async def test_what_is_chosen_for_a_channel_is_kept_and_can_be_undone(storage: Storage) -> None:
    chosen = await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW)
    assert chosen is not None
    assert (chosen.before, chosen.after) == (ChannelOptions(), NIGHT)
    assert await storage.channel_options(CHANNEL) == NIGHT
    assert await storage.channel_options(OTHER_CHANNEL) == ChannelOptions()
    assert await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW) is None

    undone = await storage.undo_channel_edit(chosen.id, GUILD, NOW + UNDO_WINDOW / 2)
    assert undone == chosen
    assert await storage.channel_options(CHANNEL) == ChannelOptions()
    assert await storage.undo_channel_edit(chosen.id, GUILD, NOW) is None, "undone already"


async def test_a_choice_is_undone_by_its_guild_in_time_and_unless_it_was_changed_again(
    storage: Storage,
) -> None:
    first = await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW)
    assert first is not None
    assert await storage.undo_channel_edit(first.id, GuildId(5), NOW) is None
    assert await storage.undo_channel_edit(first.id, GUILD, NOW + UNDO_WINDOW) is None
    assert await storage.undo_channel_edit(ChannelEditId(99), GUILD, NOW) is None
    await storage.choose_for_channel(GUILD, CHANNEL, replace(NIGHT, hourly_max=3), NOW)
    assert await storage.undo_channel_edit(first.id, GUILD, NOW) is None
    await storage.tidy(NOW + UNDO_WINDOW)
    assert await storage.channel_options(CHANNEL) == replace(NIGHT, hourly_max=3)


async def test_in_quiet_hours_a_channel_gets_nothing_and_loses_nothing(
    storage: Storage, feed: Feed
) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW)
    await owe(storage, feed, "By night", at=EVENING)
    assert await sent(storage, EVENING) == []
    assert await sent(storage, MORNING - timedelta(seconds=1)) == []
    assert await sent(storage, MORNING) == ["By night"]


async def test_in_quiet_hours_posts_are_still_corrected(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, "By day", at=NOW)
    await storage.group_entries(NOW)
    (claim,) = await storage.claim_deliveries(NOW, LEASE, 1)
    await storage.mark_sent(claim.delivery.id, MessageId(1), NOW)
    await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW)
    await owe(storage, feed, "By night", at=EVENING)
    other = await storage.ensure_feed("https://wire.example.org/", parsed_feed(title="Wire"), NOW)
    await storage.follow(refresh(other.id), wish(), NOW)
    told = new_entry(parsed_entry("By day", url=claim.entry.url), deliver_to=[CHANNEL])
    await storage.record(refresh(other.id, told, at=EVENING))
    await storage.group_entries(EVENING)
    (edit,) = await storage.claim_deliveries(EVENING, LEASE, 1)
    assert edit.message_id == MessageId(1)


async def test_a_channel_gets_no_more_messages_in_an_hour_than_it_chose(
    storage: Storage, feed: Feed
) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, ChannelOptions(hourly_max=2), NOW)
    await owe(storage, feed, "One", at=NOW)
    assert await sent(storage, NOW) == ["One"]
    await owe(storage, feed, "Two", at=NOW)
    assert await sent(storage, NOW) == ["Two"]
    await owe(storage, feed, "Three", at=NOW)
    assert await sent(storage, NOW) == []
    assert await sent(storage, NOW.replace(minute=59, second=59)) == []
    assert await sent(storage, NOW.replace(minute=0) + HOUR) == ["Three"]


async def test_marking_what_is_sent_already_counts_once(storage: Storage, feed: Feed) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, ChannelOptions(hourly_max=2), NOW)
    await owe(storage, feed, "One", at=NOW)
    await storage.group_entries(NOW)
    (claim,) = await storage.claim_deliveries(NOW, LEASE, 1)
    for _ in range(3):
        await storage.mark_sent(claim.delivery.id, MessageId(1), NOW)
    await storage.mark_sent(DeliveryId(999), MessageId(2), NOW)
    await owe(storage, feed, "Two", at=NOW)
    assert await sent(storage, NOW) == ["Two"]
