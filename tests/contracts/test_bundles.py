"""What every adapter of the ``Storage`` port promises of several posts in one message."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.news.channels import ChannelOptions
from bot.news.models import (
    Claim,
    DeliveryId,
    EntryId,
    Fate,
    Feed,
    MessageId,
    SeenEntry,
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
    search_request,
    wish,
)

LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)
MESSAGE = MessageId(77)


@pytest.fixture
async def feed(storage: Storage) -> Feed:
    made = await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)
    await storage.follow(refresh(made.id), wish(), NOW)
    return made


async def owe(storage: Storage, feed: Feed, count: int, at: datetime = NOW) -> None:
    new = [new_entry(f"News {n}", deliver_to=[CHANNEL]) for n in range(count)]
    await storage.record(refresh(feed.id, *new, at=at))


async def claimed(storage: Storage, at: datetime = NOW) -> Claim:
    await storage.group_entries(at)
    (claim,) = await storage.claim_deliveries(at, LEASE, 100)
    return claim


def titles(claim: Claim) -> list[str]:
    return [each.entry.title for each in claim.bundle] or [claim.entry.title]


def news(*numbers: int) -> list[str]:
    return [f"News {n}" for n in numbers]


async def sent_bundle(storage: Storage, feed: Feed, count: int = 3) -> Claim:
    """Owe posts and send them in one message."""
    await owe(storage, feed, count)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, count)
    await storage.mark_sent(claim.delivery.id, MESSAGE, NOW)
    return claim


@pytest.mark.parametrize(
    ("owed", "messages"),
    [
        (1, [[0]]),
        (2, [[0], [1]]),
        (3, [[0, 1, 2]]),
        (7, [[0, 1, 2, 3, 4], [5], [6]]),
        (8, [[0, 1, 2, 3, 4], [5, 6, 7]]),
    ],
)
async def test_three_to_five_posts_due_at_once_go_into_one_message(
    storage: Storage, feed: Feed, owed: int, messages: list[list[int]]
) -> None:
    await owe(storage, feed, owed)
    seen = []
    for number, _ in enumerate(messages):
        claim = await claimed(storage)
        seen.append(titles(claim))
        await storage.settle_bundle(claim.delivery.id, max(len(claim.bundle), 1))
        await storage.mark_sent(claim.delivery.id, MessageId(number + 1), NOW)
    assert seen == [news(*numbers) for numbers in messages]
    assert await storage.next_delivery_at() is None
    counts = (await storage.health()).counts
    assert (counts.owed, counts.sent) == (owed, owed)


async def test_a_channel_can_have_them_apart(storage: Storage, feed: Feed) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, ChannelOptions(is_bundled=False), NOW)
    await owe(storage, feed, 5)
    assert titles(await claimed(storage)) == news(0)


async def test_a_roundup_goes_alone_and_in_its_turn(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, 2)
    rolled_up = [
        replace(new_entry(f"Rolled {n}", deliver_to=[CHANNEL]), fate=Fate.ROLLED_UP)
        for n in range(3)
    ]
    await storage.record(refresh(feed.id, *rolled_up))
    await owe_more(storage, feed, "Later 0", "Later 1", "Later 2")
    seen = []
    await storage.group_entries(NOW)
    while claims := await storage.claim_deliveries(NOW, LEASE, 100):
        (claim,) = claims
        seen.append("roundup" if claim.roundup else titles(claim))
        await storage.settle_bundle(claim.delivery.id, max(len(claim.bundle), 1))
        await storage.mark_sent(claim.delivery.id, MessageId(len(seen)), NOW)
    assert seen == [news(0), news(1), "roundup", ["Later 0", "Later 1", "Later 2"]]


async def owe_more(storage: Storage, feed: Feed, *titles: str) -> None:
    new = [new_entry(title, deliver_to=[CHANNEL]) for title in titles]
    await storage.record(refresh(feed.id, *new))


async def test_each_post_of_a_message_is_found_with_its_link(storage: Storage, feed: Feed) -> None:
    await sent_bundle(storage, feed)
    request = search_request("news", channels=frozenset({CHANNEL}))
    hits = (await storage.search(request, NOW)).hits
    assert {hit.entry.title for hit in hits} == set(news(0, 1, 2))
    assert [hit.post and hit.post.message_id for hit in hits] == [MESSAGE] * 3
    why = await storage.why(CHANNEL, MESSAGE)
    assert why is not None
    assert [origin.entry.title for origin in why.origins] == news(0, 1, 2)
    assert why.kind == "bundle"


async def test_a_settled_bundle_is_the_same_whenever_it_is_claimed(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, 3)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 3)
    await storage.retry_at(claim.delivery.id, NOW + SECOND, "hiccup")
    await owe_more(storage, feed, "Later 0", "Later 1")
    again = await claimed(storage, NOW + SECOND)
    assert titles(again) == news(0, 1, 2)
    assert again.is_settled
    assert again.delivery.nonce == claim.delivery.nonce
    assert again.delivery.tried_at == NOW
    await storage.release_leases()
    assert titles(await claimed(storage, NOW + SECOND)) == news(0, 1, 2)


async def test_what_does_not_fit_goes_with_the_next_message(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, 5)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 2)
    await storage.mark_sent(claim.delivery.id, MESSAGE, NOW)
    assert titles(await claimed(storage)) == news(2, 3, 4)


async def test_one_that_fits_alone_is_no_bundle(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, 3)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 1)
    await storage.retry_at(claim.delivery.id, NOW + SECOND, "hiccup")
    again = await claimed(storage, NOW + SECOND)
    assert titles(again) == news(0)
    await storage.mark_sent(again.delivery.id, MESSAGE, NOW + SECOND)
    why = await storage.why(CHANNEL, MESSAGE)
    assert why is not None
    assert len(why.origins) == 1


async def test_what_was_never_settled_was_never_sent_and_is_decided_anew(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, 4)
    first = await claimed(storage)
    assert titles(first) == news(0, 1, 2, 3)
    await storage.release_leases()  # the process died before it settled anything
    again = await claimed(storage)
    assert titles(again) == news(0), "by itself, in case it was the one that broke something"
    assert again.delivery.tried_at is None or again.delivery.tried_at == NOW
    await storage.mark_sent(again.delivery.id, MESSAGE, NOW)
    rest = await claimed(storage)
    assert titles(rest) == news(1, 2, 3)
    assert [each.delivery.tried_at for each in rest.bundle] == [None] * 3


async def test_a_dissolved_bundle_goes_one_by_one(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, 3)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 3)
    await storage.dissolve_bundle(claim.delivery.id, NOW, "malformed", may_be_there=False)
    for number in range(3):
        each = await claimed(storage)
        assert titles(each) == news(number)
        assert each.delivery.tried_at is None
        await storage.mark_sent(each.delivery.id, MessageId(number + 1), NOW)


async def test_an_edit_shows_all_posts_of_its_message(storage: Storage, feed: Feed) -> None:
    claim = await sent_bundle(storage, feed)
    second = claim.bundle[1].entry
    changed = SeenEntry(
        entry_id=second.id, aliases=(), changed=parsed_entry("News 1, corrected", url=second.url)
    )
    await storage.record(refresh(feed.id, seen=[changed], at=NOW + SECOND))
    edit = await claimed(storage, NOW + SECOND)
    assert edit.message_id == MESSAGE
    assert edit.entry.id == second.id
    assert titles(edit) == ["News 0", "News 1, corrected", "News 2"]
    await storage.mark_edited(edit.delivery.id, NOW + SECOND)
    assert await storage.next_delivery_at() is None


async def test_a_message_that_a_moderator_deleted_is_never_edited_again(
    storage: Storage, feed: Feed
) -> None:
    claim = await sent_bundle(storage, feed)
    for moment, each in enumerate(claim.bundle):
        changed = parsed_entry(f"{each.entry.title}, corrected", url=each.entry.url)
        seen = SeenEntry(entry_id=each.entry.id, aliases=(), changed=changed)
        at = NOW + (moment + 1) * SECOND
        await storage.record(refresh(feed.id, seen=[seen], at=at))
        await storage.group_entries(at)
        for edit in await storage.claim_deliveries(at, LEASE, 100):
            assert moment == 0
            await storage.leave_as_posted(edit.delivery.id, "deleted")
    assert await storage.next_delivery_at() is None


async def test_a_change_while_a_bundle_is_on_its_way_is_an_edit_later(
    storage: Storage, feed: Feed
) -> None:
    await owe(storage, feed, 3)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 3)
    last = claim.bundle[2].entry
    changed = SeenEntry(
        entry_id=last.id, aliases=(), changed=parsed_entry("News 2, corrected", url=last.url)
    )
    await storage.record(refresh(feed.id, seen=[changed], at=NOW + SECOND))
    await storage.mark_sent(claim.delivery.id, MESSAGE, NOW + SECOND)
    edit = await claimed(storage, NOW + SECOND)
    assert (edit.message_id, edit.entry.id) == (MESSAGE, last.id)


async def test_held_together_and_sent_together(storage: Storage, feed: Feed) -> None:
    await owe(storage, feed, 3)
    claim = await claimed(storage)
    await storage.settle_bundle(claim.delivery.id, 3)
    await storage.hold(claim.delivery.id, NOW + SECOND, "forbidden", "no", NOW, may_be_there=False)
    health = await storage.health()
    assert (health.held_deliveries, health.counts.held) == (3, 1)
    again = await claimed(storage, NOW + SECOND)
    assert titles(again) == news(0, 1, 2)
    await storage.mark_sent(again.delivery.id, MESSAGE, NOW, was_found=True)
    assert (await storage.health()).counts.found == 3


async def test_removing_a_feed_takes_its_posts_out_unless_they_may_be_there(
    storage: Storage, feed: Feed
) -> None:
    other = await storage.ensure_feed("https://wire.example.org/", parsed_feed(title="Wire"), NOW)
    followed = await storage.follow(refresh(other.id), wish(name="Wire"), NOW)
    (row,) = await storage.followers(feed.id, NOW)
    first_follower = row.subscription.id
    await owe_more(storage, other, "Whales off Lund island")
    await owe(storage, feed, 4)
    claim = await claimed(storage)
    assert len(claim.bundle) == 5
    await storage.remove(followed.following.subscription.id, NOW)
    await storage.release_leases()
    alone = await claimed(storage)
    assert titles(alone) == news(0), "the leader's feed is gone, nothing was settled"

    await storage.restore(followed.following.subscription.id)
    await storage.mark_sent(alone.delivery.id, MESSAGE, NOW)
    first = await claimed(storage)
    await storage.mark_sent(first.delivery.id, MessageId(78), NOW)
    rest = await claimed(storage)
    assert titles(rest) == news(1, 2, 3)
    await storage.settle_bundle(rest.delivery.id, 3)
    await storage.remove(first_follower, NOW)
    await storage.release_leases()
    assert titles(await claimed(storage)) == news(1, 2, 3), "settled: it may be in the channel"


async def test_channels_are_bundled_each_for_itself(storage: Storage, feed: Feed) -> None:
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    new = [new_entry(f"News {n}", deliver_to=[CHANNEL, OTHER_CHANNEL]) for n in range(3)]
    await storage.record(refresh(feed.id, *new))
    await storage.group_entries(NOW)
    claims = await storage.claim_deliveries(NOW, LEASE, 100)
    assert {claim.delivery.channel_id for claim in claims} == {CHANNEL, OTHER_CHANNEL}
    assert [titles(claim) for claim in claims] == [news(0, 1, 2)] * 2
    assert len({each.delivery.id for claim in claims for each in claim.bundle}) == 6
    assert DeliveryId(1) in {claim.delivery.id for claim in claims}
    assert EntryId(1) in {claim.entry.id for claim in claims}
