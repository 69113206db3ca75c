"""One event, told by several outlets: one message in a channel, that names them all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import DiscordUnavailable
from bot.news.models import (
    ChannelId,
    GuildId,
    Imported,
    Mode,
    ParsedEntry,
    Split,
    StoryId,
    SubscriptionId,
)
from bot.news.posts import EDITABLE_FOR, compose
from bot.news.stories import MEMBERS, Archive, Arrival, Candidate, Match, choose
from bot.services.follow import Follower
from bot.services.group import Grouper
from bot.storage.sqlite import stories as storage_stories
from tests.factories import (
    ADMIN,
    CHANNEL,
    GUILD,
    OTHER_CHANNEL,
    parsed_entry,
    wish,
)
from tests.services.conftest import Desk

WIRE, HERALD, GAZETTE = (
    f"https://{name}.example.org/feed.xml" for name in ("wire", "northherald", "gazette")
)
NAMES = {WIRE: "Wire", HERALD: "North Herald", GAZETTE: "Gazette"}
HOUR = timedelta(hours=1)

# Three outlets on one event, and one on another.
FERRY_WIRE = parsed_entry(
    "Ferry runs aground off Lund island, 140 passengers rescued",
    teaser="The ferry Solveig ran aground on a reef off Lund island on Friday night. Lifeboats took"
    " all 140 passengers to the harbour of Karsby, the coast guard said.",
)
FERRY_HERALD = parsed_entry(
    "All 140 passengers rescued as ferry Solveig hits reef near Lund",
    teaser="Lifeboats rescued 140 passengers from the ferry Solveig, which hit a reef off Lund"
    " island late on Friday, according to the coast guard in Karsby.",
)
FERRY_GAZETTE = parsed_entry(
    "Solveig ferry aground: passengers taken off by lifeboats",
    teaser="Passengers of the ferry Solveig spent the night in Karsby after lifeboats took them off"
    " the reef near Lund island on which it had run aground on Friday.",
)
BUDGET = parsed_entry(
    "Council of Tamsel passes its budget after a night of talks",
    teaser="The council of Tamsel agreed on a budget of 40 million crowns early on Saturday."
    " Schools get more, and the swimming bath stays shut for another year.",
)


async def follow(
    desk: Desk, *urls: str, channel: ChannelId = CHANNEL, mode: Mode = Mode.STORY
) -> list[SubscriptionId]:
    """Follow feeds that have told nothing yet."""
    made = []
    for url in urls:
        desk.serve(url=url, title=NAMES[url])
        follower: Follower = desk.follower
        followed = await follower.add(await follower.look(url), wish(channel, name=NAMES[url]))
        subscription = followed.following.subscription
        await desk.storage.set_mode(subscription.id, mode)
        made.append(subscription.id)
    return made


async def tell(desk: Desk, url: str, *entries: ParsedEntry, delivers: bool = True) -> None:
    """Let a feed show entries, newest first, and poll it; then deliver, unless told not to."""
    desk.serve(*entries, url=url, title=NAMES[url])
    feed = await desk.storage.feed_by_url(url)
    assert feed is not None
    desk.clock.advance(timedelta(minutes=2))
    await desk.poller().poll_feed(feed)
    if delivers:
        await desk.deliverer().deliver_due()


def footers(desk: Desk, channel: ChannelId = CHANNEL) -> list[str | None]:
    return [post.footer for where, post in desk.publisher.posts if where == channel]


async def test_a_second_source_edits_the_post_and_a_third_is_named_beside_it(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD, GAZETTE)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    assert desk.titles() == [FERRY_WIRE.title]
    assert footers(desk) == ["also: North Herald · 2 sources"]
    await tell(desk, GAZETTE, FERRY_GAZETTE)
    assert footers(desk) == ["also: North Herald, Gazette · 3 sources"]
    assert desk.publisher.messages[0].edits == 2
    assert desk.publisher.posts[0][1].url == FERRY_WIRE.url


async def test_another_event_is_another_post(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, BUDGET)
    assert desk.titles() == [FERRY_WIRE.title, BUDGET.title]
    assert footers(desk) == [None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            parsed_entry(
                "Mayor of Karsby resigns over housing scandal",
                teaser="Ada Brink left office on Monday after nine council flats went to members"
                " of her family. The town votes in March.",
            ),
            parsed_entry(
                "Mayor of Tamsel resigns over tax scandal",
                teaser="Olof Hane stepped down on Tuesday; prosecutors look into duties that his"
                " inn did not pay for six years.",
            ),
        ),
        (
            parsed_entry(
                "Police arrest man after stabbing in Karsby",
                teaser="A fight outside a bar left two people in hospital, one of them the cook.",
            ),
            parsed_entry(
                "Police arrest woman after robbery in Karsby",
                teaser="Officers say that she held up the savings bank with a garden hose.",
            ),
        ),
    ],
)
async def test_titles_of_one_pattern_over_leads_without_a_common_word_are_two_events(
    desk: Desk, one: ParsedEntry, other: ParsedEntry
) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, one)
    await tell(desk, HERALD, other)
    assert desk.titles() == [one.title, other.title]
    assert footers(desk) == [None, None]


async def test_what_is_not_sent_yet_is_sent_with_all_its_sources(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE, delivers=False)
    await tell(desk, HERALD, FERRY_HERALD)
    assert footers(desk) == ["also: North Herald · 2 sources"]
    assert desk.publisher.messages[0].edits == 0


async def test_a_source_that_comes_while_the_post_is_on_its_way_edits_it_afterwards(
    desk: Desk,
) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE, delivers=False)
    desk.publisher.failures = [DiscordUnavailable("503", channel_id=CHANNEL)]
    await desk.deliverer().deliver_due()  # it may have landed
    await tell(desk, HERALD, FERRY_HERALD, delivers=False)
    desk.clock.advance(HOUR)
    await desk.deliverer().deliver_due()
    assert footers(desk) == ["also: North Herald · 2 sources"]
    assert await desk.storage.next_delivery_at() is None


async def test_in_mode_each_every_entry_is_a_post(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD, mode=Mode.EACH)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    assert desk.titles() == [FERRY_WIRE.title, FERRY_HERALD.title]
    assert footers(desk) == [None, None]


@pytest.mark.parametrize(
    ("suppresses", "after", "posts"),
    [(True, HOUR, 1), (False, HOUR, 2), (True, timedelta(hours=73), 2)],
    ids=["suppressed", "wanted", "later"],
)
async def test_in_mode_each_a_link_that_was_told_lately_is_told_once(
    desk: Desk, *, suppresses: bool, after: timedelta, posts: int
) -> None:
    first, second = await follow(desk, WIRE, HERALD, mode=Mode.EACH)
    for subscription in (first, second):
        await desk.storage.set_mode(subscription, Mode.EACH, suppress_same_link=suppresses)
    link = "https://agency.example.org/solveig"
    await tell(desk, WIRE, parsed_entry("Ferry aground", url=link, published_at=None))
    desk.clock.advance(after)
    again = parsed_entry("Rescue at Lund", url=f"{link}?utm_source=feed", published_at=None)
    await tell(desk, HERALD, again)
    assert len(desk.publisher.posts) == posts


async def test_a_channel_is_told_only_of_sources_that_it_follows(desk: Desk) -> None:
    await follow(desk, WIRE)
    await follow(desk, HERALD, channel=OTHER_CHANNEL)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    assert desk.publisher.posts[0][1].title == FERRY_WIRE.title
    assert desk.publisher.posts[1][0] == OTHER_CHANNEL
    assert desk.publisher.posts[1][1].title == FERRY_HERALD.title
    assert "Lifeboats rescued 140" in desk.publisher.posts[1][1].body
    assert footers(desk) == footers(desk, OTHER_CHANNEL) == [None]


async def test_a_member_finds_only_what_was_told_where_he_can_read(desk: Desk) -> None:
    await follow(desk, WIRE)
    await follow(desk, HERALD, channel=OTHER_CHANNEL)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    hits = await desk.storage.latest(frozenset({CHANNEL}), None, 10)
    assert [hit.entry.title for hit in hits] == [FERRY_WIRE.title]


async def test_one_feed_telling_more_of_an_event_is_another_post(desk: Desk) -> None:
    """Joined to its own post it would be news that nobody sees."""
    await follow(desk, WIRE)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, WIRE, FERRY_HERALD, FERRY_WIRE)
    assert desk.titles() == [FERRY_WIRE.title, FERRY_HERALD.title]


async def test_a_source_after_two_days_is_a_post_of_its_own(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    desk.clock.advance(EDITABLE_FOR)
    await tell(desk, HERALD, FERRY_HERALD)
    assert desk.titles() == [FERRY_WIRE.title, FERRY_HERALD.title]


async def test_a_post_that_a_moderator_deleted_is_not_told_again_by_another_source(
    desk: Desk,
) -> None:
    await follow(desk, WIRE, HERALD, GAZETTE)
    await tell(desk, WIRE, FERRY_WIRE)
    desk.publisher.delete(desk.publisher.messages[0].id)
    await tell(desk, HERALD, FERRY_HERALD)
    await tell(desk, GAZETTE, FERRY_GAZETTE)
    assert desk.publisher.posts == []
    assert await desk.storage.next_delivery_at() is None


async def test_the_other_source_is_posted_where_the_first_is_unfollowed_before_it_was_sent(
    desk: Desk,
) -> None:
    first, _ = await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE, delivers=False)
    await tell(desk, HERALD, FERRY_HERALD, delivers=False)
    await desk.storage.remove(first, desk.clock.now())
    desk.clock.advance(HOUR)
    await desk.storage.tidy(desk.clock.now())
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_HERALD.title]
    assert footers(desk) == [None]


async def test_texts_and_sources_have_edits_of_their_own(desk: Desk) -> None:
    """Five changes of a title do not keep a source from being named."""
    await follow(desk, WIRE, HERALD)
    title = FERRY_WIRE.title
    await tell(desk, WIRE, FERRY_WIRE)
    for number in range(7):
        changed = parsed_entry(
            f"{title} ({number})",
            guid=FERRY_WIRE.guid,
            url=FERRY_WIRE.url,
            teaser=FERRY_WIRE.teaser,
        )
        await tell(desk, WIRE, changed)
    assert desk.titles() == [f"{title} (4)"]
    await tell(desk, HERALD, FERRY_HERALD)
    assert footers(desk) == ["also: North Herald · 2 sources"]


async def test_the_archive_tells_a_story_with_its_entries(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    await tell(desk, WIRE, BUDGET, FERRY_WIRE)
    told = [
        [entry.title for entry in story.entries]
        for story in await desk.storage.stories(StoryId(0), 10)
    ]
    assert told == [[FERRY_WIRE.title, FERRY_HERALD.title], [BUDGET.title]]


async def told_stories(desk: Desk) -> list[list[str]]:
    return [
        [entry.title for entry in story.entries]
        for story in await desk.storage.stories(StoryId(0), 10)
    ]


async def test_a_split_sticks_and_posts_nothing(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD, GAZETTE)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    (story,) = await desk.storage.stories(StoryId(0), 10)
    made = await desk.storage.split_story(story.entries[1].id, ADMIN, desk.clock.now())
    assert made is not None
    assert await told_stories(desk) == [[FERRY_WIRE.title], [FERRY_HERALD.title]]
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_WIRE.title]
    # What comes later joins one of the two, and brings them not together.
    await tell(desk, GAZETTE, FERRY_GAZETTE)
    told = await told_stories(desk)
    assert sorted(map(len, told)) == [1, 2]
    assert not any({FERRY_WIRE.title, FERRY_HERALD.title} <= set(titles) for titles in told)


async def test_only_one_of_several_can_be_split_off(desk: Desk) -> None:
    await follow(desk, WIRE)
    await tell(desk, WIRE, FERRY_WIRE)
    (story,) = await desk.storage.stories(StoryId(0), 10)
    assert await desk.storage.split_story(story.entries[0].id, ADMIN, desk.clock.now()) is None


async def test_merged_stories_are_one_from_then_on(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, BUDGET)
    ferry, budget = await desk.storage.stories(StoryId(0), 10)
    assert await desk.storage.merge_stories(budget.id, ferry.id, ADMIN, desk.clock.now())
    assert await told_stories(desk) == [[FERRY_WIRE.title, BUDGET.title]]
    assert desk.titles() == [FERRY_WIRE.title, BUDGET.title]
    assert not await desk.storage.merge_stories(budget.id, ferry.id, ADMIN, desk.clock.now())


async def split_second(desk: Desk, guild_id: GuildId | None = GUILD) -> Split:
    """Split the second report off the first story."""
    story = (await desk.storage.stories(StoryId(0), 10))[0]
    second = story.entries[1].id
    split = await desk.storage.split_story(second, ADMIN, desk.clock.now(), guild_id=guild_id)
    assert split is not None
    return split


async def test_a_split_takes_a_source_out_of_the_posts_of_its_server_only(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    assert (await split_second(desk, GuildId(GUILD + 1))).parted == ()
    await desk.deliverer().deliver_due()
    assert footers(desk) == ["also: North Herald · 2 sources"]


async def test_what_a_split_leaves_without_a_post_is_owed_once_if_asked_for(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    split = await split_second(desk)
    [parted] = split.parted
    assert (parted.story_id, parted.channel_id) == (split.story_id, CHANNEL)
    assert parted.title == FERRY_HERALD.title
    assert not await desk.storage.post_story(split.story_id, OTHER_CHANNEL, desk.clock.now())
    assert await desk.storage.post_story(split.story_id, CHANNEL, desk.clock.now())
    assert not await desk.storage.post_story(split.story_id, CHANNEL, desk.clock.now())
    desk.publisher.failures = [DiscordUnavailable("503", channel_id=CHANNEL)] * 2
    for _ in range(4):  # as after crashes: the same nonce until it is marked
        await desk.deliverer().deliver_due()
        desk.clock.advance(HOUR)
    assert desk.titles() == [FERRY_WIRE.title, FERRY_HERALD.title]
    assert footers(desk) == [None, None]


async def test_a_source_split_off_before_the_post_is_sent_is_not_named(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE, delivers=False)
    await tell(desk, HERALD, FERRY_HERALD, delivers=False)
    [parted] = (await split_second(desk)).parted
    assert parted.post is None
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_WIRE.title]
    assert footers(desk) == [None]


async def test_a_post_on_its_way_when_a_source_is_split_off_is_edited_afterwards(
    desk: Desk,
) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE, delivers=False)
    await tell(desk, HERALD, FERRY_HERALD, delivers=False)
    [claim] = await desk.storage.claim_deliveries(desk.clock.now(), HOUR, 1)
    post = compose(claim.entry, claim.feed, claim.source_name, None, claim.also)
    sent = await desk.publisher.publish(CHANNEL, post, claim.delivery.nonce)
    assert footers(desk) == ["also: North Herald · 2 sources"]
    await split_second(desk)
    await desk.storage.mark_sent(claim.delivery.id, sent, desk.clock.now())
    await desk.deliverer().deliver_due()
    assert footers(desk) == [None]


async def test_merging_back_names_the_source_again(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await tell(desk, HERALD, FERRY_HERALD)
    split = await split_second(desk)
    await desk.deliverer().deliver_due()
    assert footers(desk) == [None]
    (ferry, _) = await desk.storage.stories(StoryId(0), 10)
    assert await desk.storage.merge_stories(split.story_id, ferry.id, ADMIN, desk.clock.now())
    await desk.deliverer().deliver_due()
    assert footers(desk) == ["also: North Herald · 2 sources"]
    assert len(desk.publisher.posts) == 1


async def test_an_archive_is_put_into_stories_whatever_feed_it_names(desk: Desk) -> None:
    """An import names one feed for many sources, and posts nothing."""
    await follow(desk, WIRE)
    feed = await desk.storage.feed_by_url(WIRE)
    assert feed is not None
    read_in = [
        Imported(entry=entry, keys=(f"u:{entry.url}",), aliases=())
        for entry in (FERRY_WIRE, BUDGET, FERRY_HERALD)
    ]
    assert await desk.storage.import_entries(feed.id, read_in, desk.clock.now()) == 3
    assert await told_stories(desk) == [[FERRY_WIRE.title, FERRY_HERALD.title], [BUDGET.title]]
    assert await desk.storage.next_delivery_at() is None


async def test_a_story_takes_no_more_to_compare_with_the_more_tell_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice that is told every hour for weeks is one story of thousands."""
    await follow(desk, WIRE)
    feed = await desk.storage.feed_by_url(WIRE)
    assert feed is not None
    compared: list[int] = []

    def watch(
        entry: Arrival, candidates: Sequence[Candidate], archive: Archive, **told: bool
    ) -> Match | None:
        compared.extend(len(each.members) for each in candidates)
        return choose(entry, candidates, archive, **told)

    monkeypatch.setattr(storage_stories, "choose", watch)
    again = [replace(FERRY_WIRE, url=f"{WIRE}/{number}") for number in range(3 * MEMBERS)]
    read_in = [Imported(entry=entry, keys=(f"u:{entry.url}",), aliases=()) for entry in again]
    await desk.storage.import_entries(feed.id, read_in, desk.clock.now())
    (story,) = await desk.storage.stories(StoryId(0), 10)
    assert len(story.entries) == 3 * MEMBERS
    assert compared == [min(before, MEMBERS) for before in range(1, 3 * MEMBERS)]


async def test_two_feeds_polled_at_once_tell_one_story(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    for url, entry in ((WIRE, FERRY_WIRE), (HERALD, FERRY_HERALD)):
        desk.serve(entry, url=url, title=NAMES[url])
    desk.clock.advance(HOUR)
    await desk.poller().poll_due()
    await desk.deliverer().deliver_due()
    (post,) = desk.publisher.posts
    assert str(post[1].footer).endswith("2 sources")


async def test_a_backfill_joins_what_the_channel_was_told(desk: Desk) -> None:
    await follow(desk, WIRE)
    await tell(desk, WIRE, FERRY_WIRE)
    desk.serve(BUDGET, FERRY_HERALD, url=HERALD, title=NAMES[HERALD])
    proposal = await desk.follower.look(HERALD)
    followed = await desk.follower.add(proposal, wish(name=NAMES[HERALD], backfill=2))
    assert followed.queued == 1
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_WIRE.title, BUDGET.title]
    assert footers(desk) == ["also: North Herald · 2 sources", None]


# --- Between a poll and the outbox ---


async def poll_round(desk: Desk, told: Mapping[str, Sequence[ParsedEntry]]) -> None:
    """Poll as the bot's loop does, which leaves stories to another."""
    for url, entries in told.items():
        desk.serve(*entries, url=url, title=NAMES[url])
    desk.clock.advance(HOUR)
    await desk.poller().poll_round()


async def test_nothing_is_sent_before_its_story_is_decided(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await poll_round(desk, {WIRE: [FERRY_WIRE], HERALD: [FERRY_HERALD]})
    assert await desk.deliverer().deliver_due() == 0
    assert await desk.storage.next_delivery_at() is not None
    grouped: list[str] = []
    grouper = Grouper(desk.storage, desk.clock, on_grouped=lambda: grouped.append("poke"))
    assert await grouper.group_due() == 2
    assert grouped == ["poke"]
    assert await grouper.group_due() == 0
    assert await desk.deliverer().deliver_due() == 1
    assert str(footers(desk)[0]).endswith("2 sources")
    assert desk.publisher.messages[0].edits == 0


async def test_deciding_that_gives_way_to_polls_decides_all_the_same(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await poll_round(desk, {WIRE: [BUDGET, FERRY_WIRE], HERALD: [FERRY_HERALD]})
    grouped: list[str] = []
    grouper = Grouper(
        desk.storage, desk.clock, on_grouped=lambda: grouped.append("poke"), gives_way=True
    )
    assert await grouper.group_due() == 3
    assert grouped
    await desk.deliverer().deliver_due()
    assert sorted(desk.titles()) == sorted([FERRY_WIRE.title, BUDGET.title])


async def test_in_mode_each_nothing_waits_for_its_story(desk: Desk) -> None:
    await follow(desk, WIRE, mode=Mode.EACH)
    await poll_round(desk, {WIRE: [FERRY_WIRE]})
    assert await desk.deliverer().deliver_due() == 1


async def test_what_waits_for_its_story_is_not_overtaken(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await poll_round(desk, {WIRE: [FERRY_WIRE]})
    (feed,) = [each.feed for each in await desk.storage.feeds() if each.feed.url == HERALD]
    desk.serve(BUDGET, url=HERALD, title=NAMES[HERALD])
    desk.clock.advance(timedelta(minutes=2))
    await desk.poller().poll_feed(feed)  # which decides for that feed at once
    assert await desk.deliverer().deliver_due() == 0
    await Grouper(desk.storage, desk.clock).group_due()
    assert await desk.deliverer().deliver_due() == 2
    assert desk.titles() == [FERRY_WIRE.title, BUDGET.title]


async def test_what_is_decided_out_of_turn_finds_what_still_waits(desk: Desk) -> None:
    await follow(desk, WIRE, HERALD)
    await tell(desk, WIRE, FERRY_WIRE)
    await poll_round(desk, {HERALD: [FERRY_HERALD]})
    desk.serve(FERRY_GAZETTE, url=GAZETTE, title=NAMES[GAZETTE])
    proposal = await desk.follower.look(GAZETTE)
    followed = await desk.follower.add(proposal, wish(name=NAMES[GAZETTE], backfill=1))
    assert followed.queued == 0
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_WIRE.title]  # the channel's next waits, edits do not
    await Grouper(desk.storage, desk.clock).group_due()
    await desk.deliverer().deliver_due()
    assert desk.titles() == [FERRY_WIRE.title]
    assert footers(desk) == ["also: North Herald, Gazette · 3 sources"]
    assert await told_stories(desk) == [
        [FERRY_WIRE.title, FERRY_HERALD.title, FERRY_GAZETTE.title],
    ]


async def test_a_source_that_has_sources_takes_them_along(desk: Desk) -> None:
    """An admin merges two stories while what is owed of the later one still waits."""
    await follow(desk, WIRE, HERALD, GAZETTE)
    await tell(desk, WIRE, BUDGET)
    await poll_round(desk, {HERALD: [FERRY_HERALD]})
    desk.serve(FERRY_GAZETTE, url=GAZETTE, title=NAMES[GAZETTE])
    gazette = await desk.storage.feed_by_url(GAZETTE)
    assert gazette is not None
    desk.clock.advance(timedelta(minutes=2))
    await desk.poller().poll_feed(gazette)
    budget, ferry = await desk.storage.stories(StoryId(0), 10)
    assert len(ferry.entries) == 2
    await desk.storage.merge_stories(ferry.id, budget.id, ADMIN, desk.clock.now())
    await Grouper(desk.storage, desk.clock).group_due()
    await desk.deliverer().deliver_due()
    assert desk.titles() == [BUDGET.title]
    assert footers(desk) == ["also: North Herald, Gazette · 3 sources"]


async def test_a_bug_in_deciding_posts_the_entry_by_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await follow(desk, WIRE, HERALD)
    await poll_round(desk, {WIRE: [FERRY_WIRE], HERALD: [FERRY_HERALD]})

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle of it")

    monkeypatch.setattr(storage_stories, "choose", fail)
    assert await Grouper(desk.storage, desk.clock).group_due() == 2
    await desk.deliverer().deliver_due()
    assert sorted(desk.titles()) == sorted([FERRY_WIRE.title, FERRY_HERALD.title])
