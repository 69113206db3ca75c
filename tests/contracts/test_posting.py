"""What every adapter of the ``Storage`` port promises of how posts are made, and of errands."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.news.channels import ChannelOptions
from bot.news.errands import ERRAND_MAX_AGE, PUBLISHED_HOURLY_MAX, Errand, ErrandKind
from bot.news.models import (
    ChannelId,
    Claim,
    Feed,
    Length,
    Manner,
    MessageId,
    Ping,
    RoleId,
    Summary,
)
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
SAILORS, CREW = RoleId(501), RoleId(502)


@pytest.fixture
async def feed(storage: Storage) -> Feed:
    made = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.follow(refresh(made.id), wish(), NOW)
    return made


async def choose(storage: Storage, **chosen: object) -> None:
    """Give the channel these options, and others that are as they were."""
    options = replace(await storage.channel_options(CHANNEL), **chosen)  # type: ignore[arg-type]  # names and types are ChannelOptions'
    await storage.choose_for_channel(GUILD, CHANNEL, options, NOW)


async def post(
    storage: Storage, feed: Feed, *titles: str, tags: tuple[str, ...] = ()
) -> list[Claim]:
    """Send entries of these titles; return what was claimed for it."""
    new = [new_entry(parsed_entry(title, tags=tags), deliver_to=[CHANNEL]) for title in titles]
    await storage.record(refresh(feed.id, *new, at=NOW))
    await storage.group_entries(NOW)
    sent: list[Claim] = []
    while claims := await storage.claim_deliveries(NOW, LEASE, 10):
        for claim in claims:
            sent.append(claim)
            await storage.mark_sent(claim.delivery.id, MessageId(9_000 + claim.delivery.id), NOW)
    return sent


async def done(storage: Storage, errands: Sequence[Errand]) -> list[str]:
    """Record errands as done; return their titles."""
    for errand in errands:
        await storage.finish_errand(errand, NOW)
    return [errand.title for errand in errands]


async def test_a_post_is_made_as_its_channel_and_its_feed_want_it(
    storage: Storage, feed: Feed
) -> None:
    await choose(
        storage,
        is_silent=True,
        is_by_source=True,
        length=Length.SHORT,
        tags=(("politics", "World"), ("*", "News")),
    )
    (following,) = await storage.followings(GUILD, NOW)
    chosen = replace(following.subscription.choices, tags=("Harbour",))
    await storage.edit(following.subscription.id, chosen, NOW)
    [claim] = await post(storage, feed, "Ferry resumes", tags=("Politics", "Sea"))
    assert claim.length is Length.SHORT
    assert claim.manner == Manner(
        tags=("Harbour", "World", "Politics", "Sea"),
        other_tag="News",
        is_silent=True,
        is_by_source=True,
    )


async def test_options_of_posting_are_kept_and_undone(storage: Storage) -> None:
    wanted = ChannelOptions(
        is_published=True, has_threads=True, length=Length.LONG, tags=(("a", "B"), ("*", "C"))
    )
    edited = await storage.choose_for_channel(GUILD, CHANNEL, wanted, NOW)
    assert edited is not None
    assert await storage.channel_options(CHANNEL) == wanted
    assert await storage.undo_channel_edit(edited.id, GUILD, NOW) == edited
    assert await storage.channel_options(CHANNEL) == ChannelOptions()


async def test_tags_and_calls_of_a_subscription_are_kept_and_undone(
    storage: Storage, feed: Feed
) -> None:
    (row,) = await storage.followings(GUILD, NOW)
    before = row.subscription.choices
    assert (before.tags, before.ping) == ((), None)
    wanted = replace(
        before, tags=("Sea", "Ö"), ping=Ping(role_id=SAILORS, query="storm", rest_s=60)
    )
    edited = await storage.edit(row.subscription.id, wanted, NOW)
    assert edited is not None
    (now,) = await storage.followings(GUILD, NOW)
    assert now.subscription.choices == wanted
    assert now.feed.id == feed.id
    assert await storage.undo_edit(edited.id, GUILD, NOW) == edited
    (undone,) = await storage.followings(GUILD, NOW)
    assert undone.subscription.choices == before


async def test_a_subscription_begins_with_the_tags_and_calls_that_are_wished(
    storage: Storage,
) -> None:
    made = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    ping = Ping(role_id=SAILORS, query="storm", rest_s=60)
    wished = replace(wish(), tags=("Sea",), ping=ping)
    followed = await storage.follow(refresh(made.id), wished, NOW)
    assert followed.following.subscription.tags == ("Sea",)
    assert followed.following.subscription.ping == ping


# --- Lengths ---


async def test_a_summary_of_another_length_is_one_of_its_own(storage: Storage, feed: Feed) -> None:
    [claim] = await post(storage, feed, "Ferry resumes")
    usual = Summary(text="It sails, and all are glad.", method="extractive")
    short = Summary(text="It sails.", method="extractive")
    assert await storage.store_summary(claim.entry, usual) == usual
    assert await storage.store_summary(claim.entry, short, Length.SHORT) == short
    assert await storage.store_summary(claim.entry, short) == usual
    await choose(storage, length=Length.SHORT)
    await storage.queue_newest((await storage.followings(GUILD, NOW))[0].subscription.id, 1, NOW)
    why = await storage.why(CHANNEL, MessageId(9_000 + claim.delivery.id))
    assert why is not None
    assert why.summary == short


# --- Calls ---


async def subscribed(storage: Storage, ping: Ping) -> None:
    (row,) = await storage.followings(GUILD, NOW)
    await storage.edit(row.subscription.id, replace(row.subscription.choices, ping=ping), NOW)


async def test_whom_a_post_calls_is_decided_once(storage: Storage, feed: Feed) -> None:
    ping = Ping(role_id=SAILORS, rest_s=60)
    await subscribed(storage, ping)
    new = new_entry(parsed_entry("Storm"), deliver_to=[CHANNEL])
    await storage.record(refresh(feed.id, new, at=NOW))
    await storage.group_entries(NOW)
    [claim] = await storage.claim_deliveries(NOW, LEASE, 1)
    assert (claim.ping, claim.manner.ping) == (ping, None)
    assert await storage.decide_ping(claim.delivery.id, ping, NOW) == SAILORS
    assert await storage.decide_ping(claim.delivery.id, None, NOW) == SAILORS
    await storage.retry_at(claim.delivery.id, NOW, "502", may_be_there=True)
    [again] = await storage.claim_deliveries(NOW, LEASE, 1)
    assert (again.ping, again.manner.ping) == (None, SAILORS)


async def test_that_nobody_is_called_is_decided_once_too(storage: Storage, feed: Feed) -> None:
    ping = Ping(role_id=SAILORS)
    await subscribed(storage, ping)
    new = new_entry(parsed_entry("Storm"), deliver_to=[CHANNEL])
    await storage.record(refresh(feed.id, new, at=NOW))
    await storage.group_entries(NOW)
    [claim] = await storage.claim_deliveries(NOW, LEASE, 1)
    assert await storage.decide_ping(claim.delivery.id, None, NOW) is None
    assert await storage.decide_ping(claim.delivery.id, ping, NOW) is None
    await storage.retry_at(claim.delivery.id, NOW, "502", may_be_there=True)
    [again] = await storage.claim_deliveries(NOW, LEASE, 1)
    assert (again.ping, again.manner.ping) == (None, None)


async def test_a_role_rests_from_the_last_post_that_was_sent_or_is_about_to_be_with_it(
    storage: Storage, feed: Feed
) -> None:
    await choose(storage, is_bundled=False)
    new = [new_entry(parsed_entry(title), deliver_to=[CHANNEL]) for title in "ABCDE"]
    await storage.record(refresh(feed.id, *new, at=NOW))
    await storage.group_entries(NOW)
    sailors, crew = Ping(role_id=SAILORS, rest_s=3600), Ping(role_id=CREW, rest_s=3600)
    called = []
    for minutes, ping in ((0, sailors), (59, sailors), (59, crew), (60, sailors)):
        at = NOW + timedelta(minutes=minutes)
        [claim] = await storage.claim_deliveries(at, LEASE, 1)
        called.append(await storage.decide_ping(claim.delivery.id, ping, at))
        await storage.mark_sent(claim.delivery.id, MessageId(claim.delivery.id), at)
    assert called == [SAILORS, None, CREW, SAILORS]

    later = NOW + timedelta(days=1)
    await post(storage, feed)
    waiting = [new_entry(parsed_entry(title), deliver_to=[CHANNEL]) for title in "XY"]
    await storage.record(refresh(feed.id, *waiting, at=later))
    await storage.group_entries(later)
    [first] = await storage.claim_deliveries(later, LEASE, 1)
    assert await storage.decide_ping(first.delivery.id, sailors, later) == SAILORS
    await storage.hold(first.delivery.id, later, "forbidden", "403", later)
    other = type(first.delivery.id)(first.delivery.id + 1)
    assert await storage.decide_ping(other, sailors, later) is None
    assert await storage.decide_ping(other, crew, later) is None  # decided


# --- Errands ---


async def test_a_channel_that_wants_nothing_done_owes_nothing(storage: Storage, feed: Feed) -> None:
    await post(storage, feed, "Ferry resumes")
    assert await storage.claim_errands(NOW, 10) == []


async def test_each_post_is_published_once_and_gets_one_thread(
    storage: Storage, feed: Feed
) -> None:
    await choose(storage, is_published=True, has_threads=True)
    [claim] = await post(storage, feed, "Ferry resumes")
    errands = await storage.claim_errands(NOW, 10)
    assert {(e.kind, e.channel_id, e.message_id, e.title, e.attempts) for e in errands} == {
        (kind, CHANNEL, MessageId(9_000 + claim.delivery.id), "Ferry resumes", 1)
        for kind in ErrandKind
    }
    [*again] = await storage.claim_errands(NOW, 10)  # as after a crash
    assert [errand.attempts for errand in again] == [2, 2]
    await done(storage, again)
    await storage.mark_sent(claim.delivery.id, MessageId(9_000 + claim.delivery.id), NOW)
    assert await storage.claim_errands(NOW, 10) == []


async def test_what_most_sources_tell_is_published_first_and_then_the_newest(
    storage: Storage, feed: Feed
) -> None:
    other = await storage.ensure_feed("https://mill.example.org/feed.xml", parsed_feed(), NOW)
    await storage.follow(refresh(other.id), wish(CHANNEL), NOW)
    await choose(storage, is_published=True, is_bundled=False)
    link = "https://courier.example.org/ferry"
    first = new_entry(parsed_entry("Ferry resumes", url=link), deliver_to=[CHANNEL])
    await storage.record(refresh(feed.id, first, at=NOW))
    await storage.group_entries(NOW)
    same = new_entry(parsed_entry("Ferry resumes today", url=link), deliver_to=[CHANNEL])
    await storage.record(refresh(other.id, same, at=NOW))
    await storage.group_entries(NOW)
    await post(storage, feed, "Mill burns", "Bridge opens")
    order = []
    while errands := await storage.claim_errands(NOW, 10):
        order += await done(storage, errands)
    assert order == ["Ferry resumes", "Bridge opens", "Mill burns"]


async def test_the_hour_s_allowance_is_kept(storage: Storage, feed: Feed) -> None:
    await choose(storage, is_published=True, is_bundled=False)
    titles = [f"News {number}" for number in range(PUBLISHED_HOURLY_MAX + 2)]
    await post(storage, feed, *titles)
    published = []
    while errands := await storage.claim_errands(NOW, 10):
        published += await done(storage, errands)
    assert published == titles[::-1][:PUBLISHED_HOURLY_MAX]
    assert await storage.claim_errands(NOW + HOUR - timedelta(seconds=1), 10) == []
    assert len(await storage.claim_errands(NOW + HOUR, 10)) == 1


async def test_what_is_put_off_is_put_off_for_the_channel_and_for_posts_that_come_meanwhile(
    storage: Storage, feed: Feed
) -> None:
    await choose(storage, is_published=True, has_threads=True)
    await post(storage, feed, "Ferry resumes")
    publish = next(e for e in await storage.claim_errands(NOW, 10) if e.kind is ErrandKind.PUBLISH)
    await storage.put_off_errand(publish, NOW + HOUR, "429")
    await post(storage, feed, "Mill burns")
    assert {e.kind for e in await storage.claim_errands(NOW, 10)} == {ErrandKind.THREAD}
    later = await storage.claim_errands(NOW + HOUR, 10)
    assert [e.title for e in later if e.kind is ErrandKind.PUBLISH] == ["Mill burns"]


async def test_what_is_dropped_or_too_old_is_not_done(storage: Storage, feed: Feed) -> None:
    await choose(storage, is_published=True, has_threads=True)
    await post(storage, feed, "Ferry resumes")
    publish, thread = sorted(await storage.claim_errands(NOW, 10), key=lambda e: e.kind)
    await storage.drop_errand(publish, "gone")
    assert await storage.claim_errands(NOW, 10) == [replace(thread, attempts=2)]
    assert await storage.claim_errands(NOW + ERRAND_MAX_AGE, 10) == []


async def refused(storage: Storage, at: datetime) -> list[Errand]:
    """Have all that is due refused for want of a permission."""
    errands = list(await storage.claim_errands(at, 10))
    for errand in errands:
        await storage.refuse_errand(errand, at + HOUR, "Missing Permissions", at)
    return errands


async def told(storage: Storage, at: datetime) -> list[str]:
    """Return what log channels are told of channels now."""
    bulletins = await storage.claim_bulletins(at, LEASE)
    for bulletin in bulletins:
        await storage.mark_told(bulletin.id, MessageId(1))
    return [held.kind for bulletin in bulletins for held in bulletin.holds]


async def test_what_herald_may_not_do_with_posts_is_told_once_and_done_when_it_may(
    storage: Storage, feed: Feed
) -> None:
    await storage.set_log_channel(GUILD, ChannelId(77))
    await choose(storage, is_published=True, has_threads=True)
    await post(storage, feed, "Ferry resumes")
    assert len(await refused(storage, NOW)) == 2
    assert await storage.claim_errands(NOW, 10) == []
    assert sorted(await told(storage, NOW + LEASE)) == ["threadless", "unpublished"]
    await post(storage, feed, "Mill burns")
    assert len(await refused(storage, NOW + HOUR)) == 3, "posts come meanwhile"
    assert await told(storage, NOW + HOUR + LEASE) == []
    assert {held.kind for held in await storage.held_channels(GUILD)} == {
        "threadless",
        "unpublished",
    }
    await storage.try_held(GUILD, NOW + HOUR)
    while errands := await storage.claim_errands(NOW + HOUR, 10):
        await done(storage, errands)
    assert await storage.held_channels(GUILD) == ()


async def test_what_is_wanted_or_waited_for_no_longer_is_not_told_any_more(
    storage: Storage, feed: Feed
) -> None:
    await choose(storage, is_published=True)
    await post(storage, feed, "Ferry resumes")
    await refused(storage, NOW)
    assert await storage.claim_errands(NOW + ERRAND_MAX_AGE, 10) == []
    assert await storage.held_channels(GUILD) == ()


async def test_a_channel_that_is_held_for_posts_and_for_publishing_is_told_of_both(
    storage: Storage, feed: Feed
) -> None:
    await storage.set_log_channel(GUILD, ChannelId(77))
    await choose(storage, is_published=True)
    await post(storage, feed, "Ferry resumes")
    await refused(storage, NOW)
    await storage.record(refresh(feed.id, new_entry("Mill burns", deliver_to=[CHANNEL])))
    await storage.group_entries(NOW)
    (claim,) = await storage.claim_deliveries(NOW, LEASE, 10)
    await storage.hold(claim.delivery.id, NOW, "forbidden", "no Embed Links", NOW)
    assert sorted(await told(storage, NOW + LEASE)) == ["forbidden", "unpublished"]
    (claim,) = await storage.claim_deliveries(NOW, LEASE, 10)
    await storage.mark_sent(claim.delivery.id, MessageId(9), NOW)
    assert [held.kind for held in await storage.held_channels(GUILD)] == ["unpublished"]


async def test_what_was_done_long_ago_is_forgotten_and_not_done_again(
    storage: Storage, feed: Feed
) -> None:
    await choose(storage, is_published=True)
    await post(storage, feed, "Ferry resumes")
    await done(storage, await storage.claim_errands(NOW, 10))
    later = NOW + ERRAND_MAX_AGE + HOUR
    await storage.tidy(later)
    assert await storage.claim_errands(later, 10) == []


async def test_other_channels_are_asked_nothing(storage: Storage, feed: Feed) -> None:
    await storage.choose_for_channel(
        GUILD, OTHER_CHANNEL, ChannelOptions(is_published=True, has_threads=True), NOW
    )
    await post(storage, feed, "Ferry resumes")
    assert await storage.claim_errands(NOW, 10) == []
