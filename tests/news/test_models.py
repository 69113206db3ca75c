"""The few things that values work out themselves."""

from dataclasses import replace
from datetime import timedelta

from bot.news.models import (
    ChannelId,
    Entry,
    EntryId,
    FeedId,
    GuildId,
    StoryId,
    Subscription,
    SubscriptionId,
)
from tests.factories import NOW


def test_a_subscription_is_paused_from_the_time_it_was() -> None:
    running = Subscription(
        id=SubscriptionId(1),
        feed_id=FeedId(1),
        guild_id=GuildId(1),
        channel_id=ChannelId(1),
        name="Courier",
        added_by=None,
        added_at=NOW,
    )
    assert not running.is_paused
    assert replace(running, paused_at=NOW).is_paused


def test_an_entry_without_a_date_is_as_old_as_its_first_sight() -> None:
    undated = Entry(
        id=EntryId(1),
        feed_id=FeedId(1),
        story_id=StoryId(1),
        url=None,
        title="Harbour wall gives way",
        teaser="",
        text="",
        text_method=None,
        author=None,
        image_url=None,
        published_at=None,
        first_seen_at=NOW,
    )
    assert undated.dated_at == NOW
    dated = replace(undated, published_at=NOW - timedelta(days=1))
    assert dated.dated_at == NOW - timedelta(days=1)
