"""What every adapter of the ``Storage`` port promises of edits, roundups and states."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.news.models import (
    Claim,
    Counts,
    DeliveryId,
    Entry,
    EntryId,
    Fate,
    Feed,
    HoldKind,
    MessageId,
    NewEntry,
    ParsedEntry,
    SeenEntry,
    Summary,
)
from bot.news.ports import Storage
from bot.news.posts import EDITABLE_FOR, EDITS_MAX
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
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def feed(storage: Storage) -> Feed:
    return await storage.ensure_feed(FEED_URL, parsed_feed(), NOW)


async def claimed(storage: Storage, at: datetime = NOW) -> list[Claim]:
    await storage.group_entries(at)
    return list(await storage.claim_deliveries(at, LEASE, 100))


async def one(storage: Storage, at: datetime = NOW) -> Claim:
    (claim,) = await claimed(storage, at)
    return claim


async def record(
    storage: Storage, feed: Feed, *new: NewEntry, at: datetime = NOW, **seen: SeenEntry
) -> None:
    await storage.record(refresh(feed.id, *new, seen=seen.values(), at=at))


async def post(storage: Storage, feed: Feed, title: str, message: int = 1) -> Claim:
    """Owe CHANNEL a post and send it."""
    return await post_of(storage, feed, parsed_entry(title), message)


async def post_of(storage: Storage, feed: Feed, parsed: ParsedEntry, message: int = 1) -> Claim:
    await record(storage, feed, new_entry(parsed, deliver_to=[CHANNEL]))
    claim = await one(storage)
    await storage.mark_sent(claim.delivery.id, MessageId(message), NOW)
    return claim


def edition(entry: Entry, **changes: object) -> SeenEntry:
    said = ParsedEntry(url=entry.url, title=entry.title, teaser=entry.teaser, text=entry.text)
    changed = replace(said, **changes)  # type: ignore[arg-type]  # the fields of the caller
    return SeenEntry(entry_id=entry.id, aliases=(), changed=changed)


async def edit(
    storage: Storage, feed: Feed, entry: Entry, at: datetime = NOW + HOUR, **changes: object
) -> None:
    """Let the feed show another edition of an entry, by default with another title."""
    seen = edition(entry, **(changes or {"title": f"Edition of {at}"}))
    await record(storage, feed, at=at, seen=seen)


def rolled_up(title: str, *channels: int) -> NewEntry:
    made = new_entry(title, deliver_to=channels or [CHANNEL])  # type: ignore[arg-type]  # ids
    return replace(made, fate=Fate.ROLLED_UP)


# --- Edits ---


async def test_a_sent_post_is_edited_when_its_title_changes(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "Brigde opens", message=7)
    assert await storage.next_delivery_at() is None
    await edit(storage, feed, sent.entry, title="Bridge opens")
    assert await storage.next_delivery_at() == NOW + HOUR
    claim = await one(storage, NOW + HOUR)
    assert (claim.entry.title, claim.message_id) == ("Bridge opens", 7)
    assert (claim.delivery.id, claim.delivery.attempts) == (sent.delivery.id, 1)
    assert await claimed(storage, NOW + HOUR) == []
    await storage.mark_edited(claim.delivery.id, NOW + HOUR)
    assert await storage.next_delivery_at() is None


@pytest.mark.parametrize(
    ("changes", "is_edited"),
    [
        ({"title": "Another title"}, True),
        ({"url": "https://courier.example.org/elsewhere"}, True),
        ({"title": "News "}, False),
        ({"text": "Another text."}, False),
        ({"teaser": "Another teaser."}, False),
        ({"image_url": "https://courier.example.org/i.png"}, False),
        ({"url": None}, False),  # a link is not unlearnt
    ],
)
async def test_where_nothing_was_summed_up_another_title_or_link_is_worth_an_edit(
    storage: Storage, feed: Feed, changes: dict[str, object], *, is_edited: bool
) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry, NOW + HOUR, **changes)
    assert bool(await claimed(storage, NOW + HOUR)) is is_edited


async def test_a_tracking_parameter_in_the_link_is_no_edit(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry, url=f"{sent.entry.url}?utm_source=feed")
    assert await claimed(storage, NOW + HOUR) == []


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({"title": "Another"}, True),
        ({"teaser": "A barge has sunk. The lock is shut."}, True),
        ({"text": "A barge has sunk at noon. Nobody was hurt. Then came divers."}, True),
        ({"text": "A barge has sunk at one. Nobody was hurt."}, False),
        ({"text": ""}, False),
    ],
)
async def test_a_summary_is_kept_while_its_entry_says_so(
    storage: Storage, feed: Feed, changes: dict[str, object], *, is_kept: bool
) -> None:
    told = "A barge has sunk at noon. Nobody was hurt."
    sent = await post_of(storage, feed, parsed_entry("News", teaser="A barge has sunk.", text=told))
    summary = Summary(text=told, method="extractive")
    assert await storage.store_summary(sent.entry, summary) == summary
    await edit(storage, feed, sent.entry, NOW + HOUR, **changes)
    assert bool(await claimed(storage, NOW + HOUR)) is ("title" in changes or not is_kept)
    await storage.release_leases()
    await edit(storage, feed, sent.entry, NOW + 2 * HOUR, title="Yet another")
    assert (await one(storage, NOW + 2 * HOUR)).summary == (summary if is_kept else None)


async def test_a_summary_of_what_an_entry_no_longer_says_is_not_kept(
    storage: Storage, feed: Feed
) -> None:
    sent = await post_of(storage, feed, parsed_entry("News", text="A barge has sunk at noon."))
    await edit(storage, feed, sent.entry, NOW + HOUR, title="No", text="No barge has sunk.")
    late = Summary(text="A barge has sunk at noon.", method="extractive")
    assert await storage.store_summary(sent.entry, late) == late
    assert (await one(storage, NOW + HOUR)).summary is None


async def test_every_channel_is_edited_each_with_its_own_message(
    storage: Storage, feed: Feed
) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL, OTHER_CHANNEL]))
    claims = await claimed(storage)
    for number, claim in enumerate(claims):
        await storage.mark_sent(claim.delivery.id, MessageId(number), NOW)
    await edit(storage, feed, claims[0].entry)
    edits = await claimed(storage, NOW + HOUR)
    assert [(claim.delivery.channel_id, claim.message_id) for claim in edits] == [
        (CHANNEL, 0),
        (OTHER_CHANNEL, 1),
    ]


async def test_what_is_unsent_goes_before_what_is_to_be_edited_and_edits_in_order(
    storage: Storage, feed: Feed
) -> None:
    first = await post(storage, feed, "First", message=1)
    second = await post(storage, feed, "Second", message=2)
    await record(storage, feed, new_entry("Third", deliver_to=[CHANNEL]))
    await edit(storage, feed, second.entry, at=NOW + HOUR)
    await edit(storage, feed, first.entry, at=NOW + 2 * HOUR)
    later = NOW + 3 * HOUR
    third = await one(storage, later)
    assert (third.entry.title, third.message_id) == ("Third", None)
    await storage.retry_at(third.delivery.id, later + HOUR, "Discord was not there")
    assert await claimed(storage, later) == []
    third = await one(storage, later + HOUR)
    await storage.mark_sent(third.delivery.id, MessageId(3), later)
    for message in (1, 2):
        claim = await one(storage, later + HOUR)
        assert claim.message_id == message
        await storage.mark_edited(claim.delivery.id, later)


@pytest.mark.parametrize("kind", ["forbidden", "unsure"])
async def test_edits_do_not_wait_for_a_post_that_is_held(
    storage: Storage, feed: Feed, kind: HoldKind
) -> None:
    sent = await post(storage, feed, "First", message=1)
    await record(storage, feed, new_entry("Second", deliver_to=[CHANNEL]))
    held = await one(storage)
    await storage.hold(held.delivery.id, NOW + 2 * HOUR, kind, "no Embed Links", NOW)
    await edit(storage, feed, sent.entry, at=NOW)
    edited = await one(storage, NOW + HOUR)
    assert (edited.message_id, edited.entry.title) == (1, f"Edition of {NOW}")
    await storage.mark_edited(edited.delivery.id, NOW + HOUR)
    assert await claimed(storage, NOW + HOUR) == []
    assert (await one(storage, NOW + 2 * HOUR)).entry.title == "Second"


async def test_edits_do_not_wait_for_a_post_whose_story_is_undecided(
    storage: Storage, feed: Feed
) -> None:
    sent = await post(storage, feed, "First", message=1)
    await edit(storage, feed, sent.entry, at=NOW)
    await record(storage, feed, new_entry("Second", deliver_to=[CHANNEL]))
    (edited,) = await storage.claim_deliveries(NOW + HOUR, LEASE, 100)
    assert (edited.message_id, edited.entry.title) == (1, f"Edition of {NOW}")
    await storage.mark_edited(edited.delivery.id, NOW + HOUR)
    assert await storage.claim_deliveries(NOW + HOUR, LEASE, 100) == []
    assert (await one(storage, NOW + HOUR)).entry.title == "Second"


async def test_an_old_post_is_left_as_it_is(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry, at=NOW + EDITABLE_FOR)
    assert await claimed(storage, NOW + EDITABLE_FOR) == []
    entries = await storage.entries(feed.id, 1)
    assert entries[0].title.startswith("Edition")


async def test_a_post_is_edited_a_few_times_only(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    for number in range(1, EDITS_MAX + 1):
        await edit(storage, feed, sent.entry, at=NOW + number * HOUR)
        claim = await one(storage, NOW + number * HOUR)
        await storage.mark_edited(claim.delivery.id, NOW + number * HOUR)
    await edit(storage, feed, sent.entry, at=NOW + 20 * HOUR)
    assert await claimed(storage, NOW + 20 * HOUR) == []


async def test_an_edit_that_fails_is_tried_again_and_dropped_when_the_post_is_old(
    storage: Storage, feed: Feed
) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry)
    claim = await one(storage, NOW + HOUR)
    await storage.retry_at(claim.delivery.id, NOW + 2 * HOUR, "Discord was not there")
    assert await storage.next_delivery_at() == NOW + 2 * HOUR
    claim = await one(storage, NOW + 2 * HOUR)
    assert claim.delivery.attempts == 2
    await storage.retry_at(claim.delivery.id, NOW + EDITABLE_FOR, "Discord was not there")
    assert await storage.next_delivery_at() is None


async def test_a_post_left_as_it_is_is_not_edited_again(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News", message=7)
    await edit(storage, feed, sent.entry)
    claim = await one(storage, NOW + HOUR)
    await storage.leave_as_posted(claim.delivery.id, "the message was deleted")
    await edit(storage, feed, sent.entry, at=NOW + 2 * HOUR)
    assert await claimed(storage, NOW + 2 * HOUR) == []
    (hit,) = await storage.latest(frozenset([CHANNEL]), None, 9)
    assert hit.post is not None
    assert hit.post.message_id == 7


async def test_a_lease_on_an_edit_ends_or_is_released(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry)
    at = NOW + HOUR
    await one(storage, at)
    assert await storage.next_delivery_at() == at + LEASE
    assert await claimed(storage, at + LEASE / 2) == []
    await one(storage, at + LEASE)
    assert await storage.release_leases() == 1
    assert (await one(storage, at)).delivery.attempts == 3


async def test_a_change_during_an_edit_is_edited_too(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry, title="Newer")
    claim = await one(storage, NOW + HOUR)
    await edit(storage, feed, claim.entry, at=NOW + 2 * HOUR, title="Newest")
    assert await claimed(storage, NOW + HOUR) == []
    await storage.mark_edited(claim.delivery.id, NOW + HOUR)
    claim = await one(storage, NOW + 2 * HOUR)
    assert claim.entry.title == "Newest"
    await storage.mark_edited(claim.delivery.id, NOW + HOUR)
    assert await claimed(storage, NOW + 2 * HOUR) == []


async def test_a_change_before_the_first_claim_needs_no_edit(storage: Storage, feed: Feed) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL]))
    (entry,) = await storage.entries(feed.id, 1)
    await edit(storage, feed, entry, title="Newer")
    claim = await one(storage, NOW + HOUR)
    assert claim.entry.title == "Newer"
    await storage.mark_sent(claim.delivery.id, MessageId(1), NOW + HOUR)
    assert await claimed(storage, NOW + HOUR) == []


async def test_a_change_while_a_post_is_on_its_way_is_edited_after_it(
    storage: Storage, feed: Feed
) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL]))
    claim = await one(storage)
    await edit(storage, feed, claim.entry, title="Newer")
    await storage.release_leases()  # it may have landed before a crash, with the title of then
    again = await one(storage, NOW + HOUR)
    await storage.mark_sent(again.delivery.id, MessageId(5), NOW + HOUR)
    claim = await one(storage, NOW + HOUR)
    assert (claim.entry.title, claim.message_id, claim.delivery.attempts) == ("Newer", 5, 1)


async def test_a_channel_that_is_gone_is_owed_no_edits(storage: Storage, feed: Feed) -> None:
    sent = await post(storage, feed, "News")
    await edit(storage, feed, sent.entry)
    await storage.hold_channel(CHANNEL, NOW, "the channel was deleted")
    assert await storage.next_delivery_at() is None


async def test_unknown_posts_are_not_edited(storage: Storage, feed: Feed) -> None:
    seen = SeenEntry(entry_id=EntryId(99), aliases=(), changed=parsed_entry("Ghost"))
    await record(storage, feed, seen=seen)
    await storage.mark_edited(DeliveryId(99), NOW)
    await storage.leave_as_posted(DeliveryId(99), "")
    sent = await post(storage, feed, "News")
    await storage.mark_edited(sent.delivery.id, NOW)
    assert await storage.next_delivery_at() is None


# --- Roundups ---


async def test_a_roundup_is_one_delivery_after_the_posts_and_tells_the_newest_first(
    storage: Storage, feed: Feed
) -> None:
    old = replace(rolled_up("Old"), entry=parsed_entry("Old", published_at=NOW - 9 * HOUR))
    poll = refresh(
        feed.id,
        old,
        rolled_up("Newer", CHANNEL, OTHER_CHANNEL),
        new_entry("Newest", deliver_to=[CHANNEL]),
        replace(new_entry("Ancient"), fate=Fate.TOO_OLD),
        replace(new_entry("Backlog"), fate=Fate.HELD_BACK),
    )
    done = await storage.record(poll)
    assert (done.new_entries, done.deliveries) == (5, 3)
    assert (done.posted, done.rolled_up, done.too_old, done.held_back) == (1, 2, 1, 1)
    first, other = await claimed(storage)
    assert (first.entry.title, first.roundup) == ("Newest", ())
    assert [entry.title for entry in other.roundup] == ["Newer"]
    await storage.mark_sent(first.delivery.id, MessageId(1), NOW)
    roundup = await one(storage)
    assert [entry.title for entry in roundup.roundup] == ["Newer", "Old"]
    await storage.mark_sent(roundup.delivery.id, MessageId(2), NOW)
    await storage.mark_sent(other.delivery.id, MessageId(3), NOW)
    assert await storage.next_delivery_at() is None
    again = await storage.record(poll)
    assert (again.new_entries, again.deliveries, again.posted, again.rolled_up) == (0, 0, 0, 0)


async def test_what_a_roundup_told_is_found_where_it_was_told_and_not_posted_again(
    storage: Storage, feed: Feed
) -> None:
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    await record(storage, feed, rolled_up("Harbour one"), rolled_up("Harbour two"), at=NOW + HOUR)
    asked = search_request("harbour", channels=[CHANNEL])
    assert (await storage.search(asked, NOW)).total == 0
    subscription = made.following.subscription.id
    assert await storage.queue_newest(subscription, 5, NOW) == 0
    roundup = await one(storage, NOW + HOUR)
    await storage.mark_sent(roundup.delivery.id, MessageId(4), NOW)
    page = await storage.search(asked, NOW)
    assert {hit.post.message_id for hit in page.hits if hit.post} == {4}
    assert page.total == 2
    assert await storage.queue_newest(subscription, 5, NOW) == 0


async def test_a_change_of_what_a_roundup_tells_edits_the_roundup(
    storage: Storage, feed: Feed
) -> None:
    await record(storage, feed, rolled_up("One"), rolled_up("Two"))
    roundup = await one(storage)
    await storage.mark_sent(roundup.delivery.id, MessageId(4), NOW)
    for entry, title in zip(roundup.roundup, ("Deux", "Un"), strict=True):
        await edit(storage, feed, entry, title=title, at=NOW + HOUR)
        claim = await one(storage, NOW + HOUR)
        assert (claim.message_id, title in {e.title for e in claim.roundup}) == (4, True)
        await storage.mark_edited(claim.delivery.id, NOW + HOUR)


async def test_a_roundup_given_up_gives_up_all_that_it_would_tell(
    storage: Storage, feed: Feed
) -> None:
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    await record(storage, feed, rolled_up("One"), rolled_up("Two"), at=NOW + HOUR)
    roundup = await one(storage, NOW + HOUR)
    await storage.abandon(roundup.delivery.id, "Discord refused it")
    assert await storage.next_delivery_at() is None
    assert await storage.queue_newest(made.following.subscription.id, 5, NOW) == 2


async def test_a_removed_subscription_owes_no_roundup_until_it_is_brought_back(
    storage: Storage, feed: Feed
) -> None:
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    await record(storage, feed, rolled_up("One"), rolled_up("Two"), at=NOW + HOUR)
    subscription = made.following.subscription.id
    await storage.remove(subscription, NOW + HOUR)
    assert await claimed(storage, NOW + HOUR) == []
    await storage.restore(subscription)
    assert len((await one(storage, NOW + HOUR)).roundup) == 2


async def test_a_roundup_of_what_is_owed_already_tells_the_others_only(
    storage: Storage, feed: Feed
) -> None:
    elsewhere = await storage.ensure_feed("https://hill.example.org/", parsed_feed(), NOW)
    await record(storage, elsewhere, rolled_up("One"), rolled_up("Two"))
    await record(storage, feed, rolled_up("Three"))
    titles = []
    for message in (1, 2):
        claim = await one(storage)
        titles.append([entry.title for entry in claim.roundup])
        await storage.mark_sent(claim.delivery.id, MessageId(message), NOW)
    assert sorted(map(sorted, titles)) == [["One", "Two"], ["Three"]]


# --- Attempts whose end nobody knows ---


async def test_a_later_attempt_says_when_the_first_was_and_what_is_known_to_be_there(
    storage: Storage, feed: Feed
) -> None:
    await post(storage, feed, "First", message=41)
    await record(storage, feed, new_entry("Second", deliver_to=[CHANNEL]), at=NOW + SECOND)
    claim = await one(storage, NOW + SECOND)
    assert (claim.delivery.tried_at, claim.newest_message_id) == (None, None)
    for number in range(2, 4):
        await storage.retry_at(claim.delivery.id, NOW + number * HOUR, "no answer")
        claim = await one(storage, NOW + number * HOUR)
        assert (claim.delivery.tried_at, claim.newest_message_id) == (NOW + SECOND, 41)


async def test_the_usual_number_of_new_entries_is_known_without_the_first_document(
    storage: Storage, feed: Feed
) -> None:
    for hour, count in enumerate([50, 0, 2, 3, 0, 1]):
        new = [new_entry() for _ in range(count)]
        await record(storage, feed, *new, at=NOW + hour * HOUR)
    assert (await storage.known(feed.id, ["g:1"])).batches == (1, 3, 2)


# --- States ---


async def state_of(storage: Storage) -> tuple[int, int]:
    """Return how many deliveries are unsent, and how many of them held."""
    health = await storage.health()
    return health.pending_deliveries, health.held_deliveries


async def test_a_claim_that_nobody_ends_may_be_there_since_the_first(
    storage: Storage, feed: Feed
) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL]))
    assert (await one(storage)).delivery.tried_at is None
    for number in range(1, 3):  # a lease that ran out, a restart
        again = await one(storage, NOW + number * LEASE)
        assert again.delivery.tried_at == NOW
    await storage.release_leases()
    again = await one(storage, NOW + 2 * LEASE)
    assert (again.delivery.tried_at, again.delivery.attempts) == (NOW, 4)


async def test_what_is_certainly_not_there_is_pending_again(storage: Storage, feed: Feed) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL]))
    first = await one(storage)
    await storage.retry_at(first.delivery.id, NOW + HOUR, "not connected", may_be_there=False)
    assert await claimed(storage, NOW) == []
    again = await one(storage, NOW + HOUR)
    assert (again.delivery.tried_at, again.delivery.attempts) == (None, 2)
    await storage.retry_at(again.delivery.id, NOW + HOUR, "no answer", may_be_there=True)
    assert (await one(storage, NOW + 2 * HOUR)).delivery.tried_at == NOW + HOUR


@pytest.mark.parametrize("kind", ["forbidden", "unsure"])
async def test_a_held_post_holds_its_channel_and_goes_on_when_it_may(
    storage: Storage, feed: Feed, kind: HoldKind
) -> None:
    titles = ["First", "Second"]
    await record(storage, feed, *(new_entry(t, deliver_to=[CHANNEL]) for t in titles))
    for number in range(3):
        claim = await one(storage, NOW + number * HOUR)
        due_at = NOW + (number + 1) * HOUR
        await storage.hold(claim.delivery.id, due_at, kind, "no Embed Links", NOW)
        assert await state_of(storage) == (2, 1)
        assert await claimed(storage, due_at - SECOND) == []
    assert await storage.next_delivery_at() == NOW + 3 * HOUR
    assert await storage.try_held(GUILD, NOW + SECOND) == 1
    for title, message in zip(titles, (1, 2), strict=True):
        claim = await one(storage, NOW + SECOND)
        assert claim.entry.title == title
        await storage.mark_sent(claim.delivery.id, MessageId(message), NOW + SECOND)
    assert await state_of(storage) == (0, 0)
    assert await storage.try_held(GUILD, NOW + SECOND) == 0
    assert (await storage.health()).counts == Counts(owed=2, sent=2, held=1)


async def test_a_held_post_keeps_its_doubt(storage: Storage, feed: Feed) -> None:
    await record(storage, feed, new_entry("News", deliver_to=[CHANNEL]))
    for may_be_there, tried_at in ((True, NOW), (False, None)):
        claim = await one(storage, NOW)
        await storage.hold(
            claim.delivery.id, NOW, "forbidden", "no", NOW, may_be_there=may_be_there
        )
        claim = await one(storage, NOW)
        assert claim.delivery.tried_at == tried_at
        await storage.retry_at(claim.delivery.id, NOW, "again", may_be_there=False)


async def test_a_held_post_can_be_given_up_or_forgotten(storage: Storage, feed: Feed) -> None:
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    await record(
        storage, feed, *(new_entry(t, deliver_to=[CHANNEL]) for t in ("One", "Two")), at=NOW + HOUR
    )
    claim = await one(storage, NOW + HOUR)
    await storage.hold(claim.delivery.id, NOW, "forbidden", "no", NOW)
    await storage.abandon(claim.delivery.id, "enough")
    claim = await one(storage, NOW + HOUR)
    await storage.hold(claim.delivery.id, NOW, "forbidden", "no", NOW)
    await storage.remove(made.following.subscription.id, NOW + HOUR)
    await storage.tidy(NOW + 2 * HOUR)
    assert await state_of(storage) == (0, 0)
    assert (await storage.health()).counts == Counts(owed=2, held=1, abandoned=1)


async def test_a_source_joins_a_post_that_is_held(storage: Storage, feed: Feed) -> None:
    await record(storage, feed, new_entry("Held", deliver_to=[CHANNEL]))
    claim = await one(storage)
    await storage.hold(claim.delivery.id, NOW, "forbidden", "no", NOW)
    await edit(storage, feed, claim.entry, title="Held and corrected")
    again = await one(storage, NOW + HOUR)
    assert again.entry.title == "Held and corrected"
    await storage.mark_sent(again.delivery.id, MessageId(1), NOW + HOUR)
    # It may have landed at the first attempt, with the title of then.
    assert (await one(storage, NOW + HOUR)).message_id == 1


async def test_what_a_channel_that_is_gone_was_owed_is_held_and_not_tried(
    storage: Storage, feed: Feed
) -> None:
    await record(
        storage, feed, *(new_entry(t, deliver_to=[CHANNEL]) for t in ("One", "Two", "Three"))
    )
    await one(storage)
    await storage.hold_channel(CHANNEL, NOW, "the channel was deleted")
    await storage.hold_channel(CHANNEL, NOW + HOUR, "the channel was deleted")
    assert await state_of(storage) == (3, 3)
    assert await storage.try_held(GUILD, NOW) == 0
    assert await claimed(storage, NOW + 9 * HOUR) == []
    assert await storage.next_delivery_at() is None
    assert (await storage.health()).counts == Counts(owed=3, held=3)


async def test_everything_is_counted_once(storage: Storage, feed: Feed) -> None:
    await record(storage, feed, rolled_up("One"), rolled_up("Two"), new_entry(deliver_to=[CHANNEL]))
    first = await one(storage)
    for _ in range(2):
        await storage.mark_sent(first.delivery.id, MessageId(1), NOW, was_found=True)
    await edit(storage, feed, first.entry)
    claim = await one(storage, NOW + HOUR)  # the roundup goes first
    await storage.mark_sent(claim.delivery.id, MessageId(2), NOW + HOUR)
    changed = await one(storage, NOW + HOUR)
    for _ in range(2):
        await storage.mark_edited(changed.delivery.id, NOW + HOUR)
    assert (await storage.health()).counts == Counts(owed=2, sent=2, edited=1, found=1)
