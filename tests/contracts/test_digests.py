"""What every adapter of the ``Storage`` port promises of digests."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.news.channels import ChannelOptions
from bot.news.models import (
    Claim,
    Feed,
    MessageId,
    Mode,
    SeenEntry,
    SubscriptionId,
)
from bot.news.ports import Storage
from tests.factories import (
    CHANNEL,
    GUILD,
    NOW,
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
NIGHT = ChannelOptions(quiet_from_min=22 * 60, quiet_until_min=7 * 60)
EVENING = datetime(2026, 3, 14, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 15, 7, 0, tzinfo=UTC)
STORIES = ("Whales off Lund island", "Mill burns down", "Cup final drawn", "Bridge closes")


class Press:
    """Feeds that a channel follows, each in its mode."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.feeds: dict[str, Feed] = {}
        self.subscriptions: dict[str, SubscriptionId] = {}

    async def follow(self, name: str, mode: Mode) -> None:
        """Let the channel follow a feed."""
        url = f"https://{name.casefold()}.example.org/feed.xml"
        feed = await self.storage.ensure_feed(url, parsed_feed(title=name), NOW)
        followed = await self.storage.follow(refresh(feed.id), wish(name=name), NOW)
        self.feeds[name] = feed
        self.subscriptions[name] = followed.following.subscription.id
        await self.storage.set_mode(self.subscriptions[name], mode)

    async def tell(self, name: str, *titles: str, at: datetime = NOW) -> None:
        """Let a feed bring entries."""
        new = [
            new_entry(
                parsed_entry(
                    title,
                    url=f"https://example.org/{title.replace(' ', '-')}",
                    published_at=at + n * SECOND,
                ),
                deliver_to=[CHANNEL],
            )
            for n, title in enumerate(titles)
        ]
        # The same link makes entries of two feeds one story.
        await self.storage.record(refresh(self.feeds[name].id, *new, at=at))
        await self.storage.group_entries(at)

    async def claim(self, at: datetime = NOW) -> Claim:
        """Claim the one message that is due."""
        (claim,) = await self.storage.claim_deliveries(at, LEASE, 10)
        return claim

    async def send(self, message: int, at: datetime = NOW) -> Claim:
        """Send the one message that is due."""
        claim = await self.claim(at)
        if claim.bundle:
            await self.storage.settle_bundle(claim.delivery.id, len(claim.bundle))
        await self.storage.mark_sent(claim.delivery.id, MessageId(message), at)
        return claim


@pytest.fixture
async def press(storage: Storage) -> Press:
    made = Press(storage)
    await made.follow("Courier", Mode.DIGEST)
    await made.follow("Wire", Mode.DIGEST)
    return made


def lines(claim: Claim) -> list[tuple[str, tuple[str, ...]]]:
    assert claim.digest is not None
    return [(line.entry.title, line.sources) for line in claim.digest.lines]


async def test_what_waits_for_a_digest_is_nobodys_turn_and_told_in_one_message(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:3])
    await press.tell("Wire", STORIES[1])
    assert await storage.claim_deliveries(NOW, LEASE, 10) == []
    assert await storage.next_delivery_at() is None
    (waiting,) = await storage.waiting_for_digests()
    assert (waiting.channel_id, waiting.entries, waiting.oldest_at) == (CHANNEL, 3, NOW)
    assert list(await storage.waiting_for_digests(CHANNEL)) == [waiting]

    shown = await storage.preview_digest(CHANNEL)
    made = await storage.make_digest(CHANNEL, NOW + HOUR)
    claim = await press.send(7, NOW + HOUR)
    assert claim.delivery.id == made
    assert claim.digest == shown
    assert lines(claim) == [
        (STORIES[1], ("Courier", "Wire")),
        (STORIES[2], ("Courier",)),
        (STORIES[0], ("Courier",)),
    ]
    assert claim.digest is not None
    assert (claim.digest.stories, claim.digest.feeds) == (3, 2)
    assert await storage.waiting_for_digests() == []
    assert await storage.preview_digest(CHANNEL) is None
    assert await storage.make_digest(CHANNEL, NOW + HOUR) is None
    assert await storage.next_delivery_at() is None
    counts = (await storage.health()).counts
    assert (counts.owed, counts.sent) == (1, 1)


async def test_each_story_of_a_digest_is_found_with_its_link(
    storage: Storage, press: Press
) -> None:
    options = ChannelOptions(digest_top=1)
    await storage.choose_for_channel(GUILD, CHANNEL, options, NOW)
    await press.tell("Courier", *STORIES)
    await storage.make_digest(CHANNEL, NOW)
    claim = await press.send(7)
    assert claim.digest is not None
    assert (len(claim.digest.lines), claim.digest.stories) == (1, 4)
    for title in STORIES:
        request = search_request(title, channels=frozenset({CHANNEL}))
        hits = (await storage.search(request, NOW)).hits
        found = [hit.post for hit in hits if hit.entry.title == title]
        assert [post and post.message_id for post in found] == [MessageId(7)]
    why = await storage.why(CHANNEL, MessageId(7))
    assert why is not None
    assert (why.kind, len(why.origins)) == ("digest", 4)


async def test_a_source_that_comes_after_a_digest_is_named_in_it(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:2])
    await storage.make_digest(CHANNEL, NOW)
    await press.send(7)
    await press.tell("Wire", STORIES[0], at=NOW + HOUR)
    assert await storage.waiting_for_digests() == []
    edit = await press.claim(NOW + HOUR)
    assert edit.message_id == MessageId(7)
    assert lines(edit)[0] == (STORIES[0], ("Courier", "Wire"))
    await storage.mark_edited(edit.delivery.id, NOW + HOUR)
    assert await storage.next_delivery_at() is None


async def test_a_title_that_changes_is_changed_in_the_digest(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:2])
    await storage.make_digest(CHANNEL, NOW)
    claim = await press.send(7)
    assert claim.digest is not None
    entry = claim.digest.lines[0].entry
    changed = SeenEntry(
        entry_id=entry.id, aliases=(), changed=parsed_entry("All new", url=entry.url)
    )
    feed = press.feeds["Courier"]
    await storage.record(refresh(feed.id, seen=[changed], at=NOW + SECOND))
    edit = await press.claim(NOW + SECOND)
    assert {title for title, _ in lines(edit)} == {"All new", STORIES[0]}


async def test_a_story_that_the_channel_has_a_post_of_is_named_there_and_in_no_digest(
    storage: Storage, press: Press
) -> None:
    await press.follow("Echo", Mode.STORY)
    await press.tell("Echo", STORIES[0])
    await press.tell("Courier", STORIES[0])
    assert await storage.waiting_for_digests() == []
    assert (await press.send(7)).also == ("Courier",)


async def test_a_post_takes_in_what_waited_to_tell_its_story(
    storage: Storage, press: Press
) -> None:
    await press.follow("Echo", Mode.STORY)
    await press.tell("Courier", *STORIES[:2])
    await press.tell("Wire", STORIES[0])
    await press.tell("Echo", STORIES[0])
    claim = await press.send(7)
    assert (claim.source_name, claim.also) == ("Echo", ("Courier", "Wire"))
    (waiting,) = await storage.waiting_for_digests()
    assert waiting.entries == 1


async def test_what_a_removed_feed_brought_waits_and_is_forgotten(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:2])
    await press.tell("Wire", STORIES[1], STORIES[2])
    await storage.remove(press.subscriptions["Courier"], NOW)
    (waiting,) = await storage.waiting_for_digests()
    assert waiting.entries == 1
    await storage.tidy(NOW + HOUR)
    await storage.make_digest(CHANNEL, NOW + HOUR)
    claim = await press.send(7, NOW + HOUR)
    assert set(lines(claim)) == {(STORIES[1], ("Wire",)), (STORIES[2], ("Wire",))}


async def test_removing_the_feed_that_leads_an_unsent_digest_leaves_the_others(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", STORIES[0])
    await press.tell("Wire", *STORIES[1:3])
    await storage.make_digest(CHANNEL, NOW)
    await storage.remove(press.subscriptions["Courier"], NOW)
    await storage.tidy(NOW + HOUR)
    claim = await press.send(7, NOW + HOUR)
    assert {title for title, _ in lines(claim)} == set(STORIES[1:3])


async def test_a_digest_that_cannot_be_sent_takes_in_the_next(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", STORIES[0])
    first = await storage.make_digest(CHANNEL, NOW)
    claim = await press.claim()
    await storage.hold(claim.delivery.id, NOW + HOUR, "forbidden", "no", NOW, may_be_there=False)
    await press.tell("Courier", STORIES[1], at=NOW + HOUR)
    assert await storage.make_digest(CHANNEL, NOW + HOUR) == first
    sent = await press.send(7, NOW + HOUR)
    assert {title for title, _ in lines(sent)} == set(STORIES[:2])
    assert await storage.next_delivery_at() is None


async def test_no_digest_any_more_tells_what_waits_in_a_last_one(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:2])
    assert await storage.stop_digest(CHANNEL, NOW) == (2, True)
    await press.send(7)
    await press.tell("Courier", STORIES[2])
    assert (await press.send(8)).digest is None
    assert await storage.stop_digest(CHANNEL, NOW) == (0, False)


async def test_the_newest_is_posted_at_once_where_that_is_asked_for(
    storage: Storage, press: Press
) -> None:
    await press.tell("Courier", *STORIES[:2])
    assert await storage.queue_newest(press.subscriptions["Courier"], 1, NOW) == 1
    assert (await press.send(7)).entry.title == STORIES[1]
    (waiting,) = await storage.waiting_for_digests()
    assert waiting.entries == 1


# --- What quiet hours and budgets keep back ---


@pytest.fixture
async def night(storage: Storage) -> Press:
    """Give a channel quiet hours and two feeds that it has posts of."""
    made = Press(storage)
    await made.follow("Courier", Mode.STORY)
    await made.follow("Wire", Mode.STORY)
    await storage.choose_for_channel(GUILD, CHANNEL, NIGHT, NOW)
    return made


async def test_what_came_by_night_is_told_in_one_digest_and_what_comes_then_by_itself(
    storage: Storage, night: Press
) -> None:
    await night.tell("Courier", *STORIES[:3], at=EVENING)
    await night.tell("Wire", STORIES[2], at=EVENING + HOUR)
    assert await storage.claim_deliveries(MORNING - SECOND, LEASE, 10) == []
    await night.tell("Wire", STORIES[3], at=MORNING)
    claim = await night.send(7, MORNING)
    assert lines(claim) == [
        (STORIES[2], ("Courier", "Wire")),
        (STORIES[1], ("Courier",)),
        (STORIES[0], ("Courier",)),
    ]
    after = await night.send(8, MORNING)
    assert (after.digest, after.entry.title) == (None, STORIES[3])
    assert await storage.next_delivery_at() is None
    counts = (await storage.health()).counts
    assert (counts.owed, counts.sent) == (2, 2)


async def test_one_post_that_came_by_night_stays_a_post(night: Press) -> None:
    await night.tell("Courier", STORIES[0], at=EVENING)
    claim = await night.send(7, MORNING)
    assert (claim.digest, claim.entry.title) == (None, STORIES[0])


async def test_a_digest_of_the_night_is_the_same_after_a_crash(
    storage: Storage, night: Press
) -> None:
    await night.tell("Courier", *STORIES[:3], at=EVENING)
    first = await night.claim(MORNING)
    await storage.release_leases()
    await night.tell("Courier", STORIES[3], at=MORNING)
    again = await night.claim(MORNING)
    assert again.digest == first.digest
    assert again.delivery.nonce == first.delivery.nonce


async def test_what_may_be_in_the_channel_is_settled_before_the_rest_is_rolled_up(
    storage: Storage, night: Press
) -> None:
    before = EVENING - 2 * HOUR
    await night.tell("Courier", STORIES[0], at=before)
    await night.claim(before)
    await storage.release_leases()  # it may be there
    await night.tell("Courier", *STORIES[1:], at=EVENING)
    first = await night.send(7, MORNING)
    assert (first.digest, first.entry.title) == (None, STORIES[0])
    assert len(lines(await night.send(8, MORNING))) == 3


async def test_what_is_over_an_hours_budget_comes_in_one_digest_with_the_next(
    storage: Storage, night: Press
) -> None:
    await storage.choose_for_channel(GUILD, CHANNEL, ChannelOptions(hourly_max=2), NOW)
    for number, title in enumerate(STORIES):
        await night.tell("Courier", title, at=NOW)
        if number < 2:
            await night.send(number + 1)
    assert await storage.claim_deliveries(NOW, LEASE, 10) == []
    next_hour = NOW.replace(minute=0) + HOUR
    assert {title for title, _ in lines(await night.send(7, next_hour))} == set(STORIES[2:])
    await night.tell("Wire", "Storm ahead", "Fog ahead", at=next_hour)
    assert (await night.send(8, next_hour)).entry.title == "Storm ahead"
    assert await storage.claim_deliveries(next_hour, LEASE, 10) == [], "the digest counts too"


async def test_a_digest_that_is_due_by_night_takes_in_what_the_night_kept_back(
    storage: Storage, night: Press
) -> None:
    await night.follow("Echo", Mode.DIGEST)
    await night.tell("Courier", STORIES[0], at=EVENING)
    await night.tell("Echo", STORIES[1], at=EVENING)
    await storage.make_digest(CHANNEL, MORNING - HOUR)
    assert await storage.claim_deliveries(MORNING - HOUR, LEASE, 10) == []
    claim = await night.send(7, MORNING)
    assert {title for title, _ in lines(claim)} == set(STORIES[:2])
    assert await storage.next_delivery_at() is None
