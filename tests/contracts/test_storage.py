"""What every adapter of the ``Storage`` port promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import AlreadyFollowed, StorageError
from bot.news.models import (
    UNDO_WINDOW,
    Article,
    ChannelId,
    Choices,
    Claim,
    DeliveryId,
    Fate,
    Feed,
    FeedId,
    FeedState,
    GuildId,
    MessageId,
    PostRef,
    SeenEntry,
    Sort,
    StateChange,
    SubscriptionId,
    Summary,
    Validators,
    Wishes,
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
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)


async def a_feed(storage: Storage, url: str = FEED_URL, title: str = "The Harbour Courier") -> Feed:
    return await storage.ensure_feed(url, parsed_feed(title=title), NOW)


async def claimed(storage: Storage, limit: int = 100, *, after: timedelta = HOUR) -> list[Claim]:
    await storage.group_entries(NOW + after)
    return list(await storage.claim_deliveries(NOW + after, LEASE, limit))


async def post_all(storage: Storage) -> list[str]:
    """Send what is owed; return the titles in the order of sending."""
    titles: list[str] = []
    message = 1_000
    while claims := await claimed(storage):
        for claim in claims:
            message += 1
            await storage.mark_sent(claim.delivery.id, MessageId(message), NOW)
            titles.append(claim.entry.title)
    return titles


async def post_all_after(storage: Storage, after: timedelta) -> list[str]:
    """Send what is owed *after* NOW; return the titles in the order of sending."""
    titles: list[str] = []
    while claims := await claimed(storage, after=after):
        for claim in claims:
            await storage.settle_bundle(claim.delivery.id, len(claim.bundle))
            await storage.mark_sent(claim.delivery.id, MessageId(2_000 + len(titles)), NOW)
            titles += [each.entry.title for each in claim.bundle or (claim,)]
    return titles


# --- Feeds and polling ---


async def test_a_feed_is_stored_once_however_its_url_is_written(storage: Storage) -> None:
    first = await a_feed(storage, "https://courier.example.org/feed.xml")
    again = await a_feed(storage, "http://www.courier.example.org/feed.xml?utm_source=x")
    assert again == first
    assert await storage.feed_by_url("HTTPS://courier.example.org/feed.xml") == first
    assert await storage.feed(first.id) == first
    assert await storage.feed_by_url("https://other.example.org/") is None
    assert await storage.feed(FeedId(99)) is None


async def test_a_feed_without_a_title_goes_by_its_host(storage: Storage) -> None:
    assert (await a_feed(storage, title=" ")).title == "courier.example.org"


async def test_only_feeds_that_somebody_wants_are_polled_longest_overdue_first(
    storage: Storage,
) -> None:
    unwanted = await a_feed(storage, "https://a.example.org/")
    kept = await a_feed(storage, "https://b.example.org/")
    followed = await a_feed(storage, "https://c.example.org/")
    gone = await a_feed(storage, "https://d.example.org/")
    assert await storage.next_due_at() is None
    await storage.keep_feed(kept.id, is_kept=True)
    await storage.keep_feed(gone.id, is_kept=True)
    await storage.record(refresh(gone.id, state=FeedState.GONE, failures=3))
    made = await storage.follow(refresh(followed.id), wish(), NOW)
    await storage.poll_soon(followed.id, NOW - HOUR)
    await storage.poll_soon(unwanted.id, NOW - DAY)
    await storage.pause(made.following.subscription.id, NOW)

    assert await storage.next_due_at() == NOW - HOUR
    assert [feed.id for feed in await storage.feeds_due(NOW, 9)] == [followed.id, kept.id]
    assert [feed.id for feed in await storage.feeds_due(NOW, 1)] == [followed.id]
    await storage.remove_feed(kept.id, NOW)
    await storage.remove(made.following.subscription.id, NOW)
    assert await storage.feeds_due(NOW, 9) == []
    assert await storage.next_due_at() is None


async def test_a_poll_updates_the_feed_and_leaves_what_it_does_not_mention(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    known = Validators(etag='"a"', last_modified="Sat, 14 Mar 2026 09:00:00 GMT")
    await storage.record(refresh(feed.id, validators=known, body_hash="h1", title="New name"))
    later = NOW + HOUR
    await storage.record(
        refresh(feed.id, at=later, failures=2, state=FeedState.FAILING, last_error="timed out")
    )
    stored = await storage.feed(feed.id)
    assert stored is not None
    assert (stored.title, stored.validators, stored.body_hash) == ("New name", known, "h1")
    assert (stored.state, stored.failures, stored.last_error) == ("failing", 2, "timed out")
    assert (stored.polled_at, stored.succeeded_at) == (later, NOW)
    assert stored.next_poll_at == later + timedelta(minutes=15)
    await storage.record(refresh(feed.id, at=later + HOUR, validators=Validators()))
    stored = await storage.feed(feed.id)
    assert stored is not None
    assert stored.validators == Validators()
    checks = await storage.checks(feed.id, 2)
    assert [(check.at, check.error) for check in checks] == [
        (later + HOUR, None),
        (later, "timed out"),
    ]


async def test_what_is_known_names_entry_date_and_the_channels_that_get_news(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    assert (await storage.known(feed.id, ["g:1"])).has_history is False
    dated, undated = NOW - DAY, parsed_entry("Undated", published_at=None)
    await storage.record(
        refresh(
            feed.id,
            new_entry(parsed_entry("Dated", published_at=dated), aliases=["g:1", "l:1"]),
            new_entry(undated, aliases=["g:2"]),
        )
    )
    await storage.follow(refresh(feed.id, at=NOW + HOUR), wish(CHANNEL), NOW)
    other = await storage.follow(refresh(feed.id, at=NOW + HOUR), wish(OTHER_CHANNEL), NOW)
    await storage.pause(other.following.subscription.id, NOW)
    elsewhere = await a_feed(storage, "https://other.example.org/")

    known = await storage.known(feed.id, ["g:1", "l:1", "g:2", "g:3", "it's", "\ud800", ""])
    assert set(known.aliases) == {"g:1", "l:1", "g:2"}
    assert known.aliases["g:1"] == known.aliases["l:1"]
    assert (known.aliases["g:1"].dated_at, known.aliases["g:2"].dated_at) == (dated, None)
    assert known.channels == ((GUILD, CHANNEL),)
    assert known.has_history
    assert (await storage.known(elsewhere.id, ["g:1"])).aliases == {}


async def test_a_new_entry_whose_alias_is_stored_by_now_is_skipped(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(refresh(feed.id, new_entry(aliases=["g:1", "l:1"])))
    done = await storage.record(
        refresh(
            feed.id,
            new_entry(aliases=["g:2", "l:1"], deliver_to=[CHANNEL]),
            new_entry("Fresh", aliases=["g:3"], deliver_to=[CHANNEL, OTHER_CHANNEL]),
            at=NOW + HOUR,
        )
    )
    assert (done.new_entries, done.deliveries) == (1, 2)
    assert [entry.title for entry in await storage.entries(feed.id, 1)] == ["Fresh"]


async def test_a_known_entry_learns_aliases_and_edits(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(refresh(feed.id, new_entry("Brigde opens", aliases=["g:1"])))
    (entry,) = await storage.entries(feed.id, 9)
    await storage.store_summary(entry, Summary(text="A brigde.", method="feed"))
    fixed = parsed_entry("Bridge opens", teaser="At last.", published_at=None)
    seen = SeenEntry(entry_id=entry.id, aliases=("g:1", "g:new"), changed=fixed)
    await storage.record(refresh(feed.id, seen=[seen], at=NOW + HOUR))

    known = await storage.known(feed.id, ["g:new"])
    assert known.aliases["g:new"].entry_id == entry.id
    (edited,) = await storage.entries(feed.id, 9)
    assert (edited.title, edited.teaser, edited.url) == ("Bridge opens", "At last.", fixed.url)
    assert edited.published_at == entry.published_at
    assert (await storage.search(search_request("brigde"), NOW)).total == 0
    assert (await storage.search(search_request("bridge"), NOW)).total == 1


async def test_an_edit_keeps_the_pages_text_unless_it_brings_a_whole_one(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(refresh(feed.id, new_entry("Ferry", aliases=["g:1"])))
    (entry,) = await storage.entries(feed.id, 9)
    await storage.store_article(entry.id, Article(text="The page's own text.", method="page"))
    for number, (text, kept, method) in enumerate(
        [("Short.", "The page's own text.", "page"), ("Whole. " * 200, "Whole. " * 200, None)], 1
    ):
        changed = parsed_entry("Ferry again", text=text)
        seen = SeenEntry(entry_id=entry.id, aliases=(), changed=changed)
        await storage.record(refresh(feed.id, seen=[seen], at=NOW + number * HOUR))
        (edited,) = await storage.entries(feed.id, 9)
        assert (edited.title, edited.text, edited.text_method) == ("Ferry again", kept, method)


async def test_text_that_no_database_takes_is_stored_readable(storage: Storage) -> None:
    feed = await a_feed(storage, title="Bad \ud800 title")
    entry = parsed_entry("A\0B \udfff", guid="g\ud800", text="x" * 100_000, tags=("\ud800",))
    await storage.record(refresh(feed.id, new_entry(entry, aliases=["\ud800"])))
    (stored,) = await storage.entries(feed.id, 9)
    assert stored.title == "A B \ufffd\ufffd\ufffd"
    assert set((await storage.known(feed.id, ["\ud800"])).aliases) == {"\ud800"}


async def test_a_poll_of_a_feed_that_is_not_stored_changes_nothing(storage: Storage) -> None:
    recorded = await storage.record(refresh(FeedId(99), new_entry()))
    assert (recorded.new_entries, recorded.deliveries) == (0, 0)
    assert (await storage.health()).entries == 0
    with pytest.raises(StorageError):
        await storage.follow(refresh(FeedId(99), new_entry()), wish(), NOW)


async def test_feeds_are_listed_by_title_with_their_counts(storage: Storage) -> None:
    late = await a_feed(storage, "https://z.example.org/", title="zebra")
    early = await a_feed(storage, "https://a.example.org/", title="Aardvark")
    published = NOW - 3 * DAY
    await storage.follow(
        refresh(late.id, new_entry(parsed_entry(published_at=published))), wish(), NOW
    )
    rows = await storage.feeds()
    assert [row.feed.id for row in rows] == [early.id, late.id]
    assert [(row.entries, row.subscriptions) for row in rows] == [(0, 0), (1, 1)]
    assert [row.last_entry_at for row in rows] == [None, published]


async def test_entries_come_newest_first_by_their_own_dates(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(
        refresh(
            feed.id,
            new_entry(parsed_entry("Newest", published_at=NOW + HOUR)),
            new_entry(parsed_entry("Oldest", published_at=NOW - DAY)),
            new_entry(parsed_entry("Undated", published_at=None)),
        )
    )
    assert [entry.title for entry in await storage.entries(feed.id, 9)] == [
        "Newest",
        "Undated",
        "Oldest",
    ]


# --- Subscriptions ---


async def test_following_posts_only_the_newest_oldest_of_them_first(storage: Storage) -> None:
    feed = await a_feed(storage)
    days = [3, 1, 2, 4]
    poll = refresh(
        feed.id,
        *(new_entry(parsed_entry(f"{n} days ago", published_at=NOW - n * DAY)) for n in days),
    )
    made = await storage.follow(poll, wish(name="Courier", backfill=2), NOW)
    assert (made.seen, made.queued) == (2, 2)
    assert made.following.feed.polled_at == NOW
    assert made.following.subscription.name == "Courier"
    assert await post_all(storage) == ["2 days ago", "1 days ago"]


async def test_following_tells_other_channels_of_what_the_poll_found(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    poll = refresh(feed.id, new_entry("News", deliver_to=[OTHER_CHANNEL]), at=NOW + HOUR)
    made = await storage.follow(poll, wish(CHANNEL), NOW)
    assert (made.seen, made.queued) == (1, 0)
    assert [claim.delivery.channel_id for claim in await claimed(storage)] == [OTHER_CHANNEL]


async def test_following_twice_is_refused_and_changes_nothing(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(name="Courier"), NOW)
    with pytest.raises(AlreadyFollowed, match=f"<#{CHANNEL}>.*“Courier”") as caught:
        await storage.follow(refresh(feed.id, new_entry(), at=NOW + HOUR), wish(backfill=1), NOW)
    assert (caught.value.url, caught.value.channel_id) == (FEED_URL, CHANNEL)
    assert (await storage.health()).entries == 0
    assert len(await storage.checks(feed.id, 9)) == 1


async def test_followings_are_by_name_with_how_lively_they_are(storage: Storage) -> None:
    lively = await a_feed(storage, "https://l.example.org/")
    quiet = await a_feed(storage, "https://q.example.org/")
    ages = [timedelta(hours=2), timedelta(hours=23), timedelta(hours=25)]
    poll = refresh(lively.id, *(new_entry(parsed_entry(published_at=NOW - age)) for age in ages))
    await storage.follow(poll, wish(CHANNEL, name="beta"), NOW)
    await storage.follow(refresh(quiet.id), wish(OTHER_CHANNEL, name="Alpha"), NOW)
    await storage.follow(refresh(quiet.id), wish(ChannelId(7), guild_id=GuildId(7)), NOW)

    alpha, beta = await storage.followings(GUILD, NOW)
    assert (alpha.subscription.name, alpha.entries_24h, alpha.last_entry_at) == ("Alpha", 0, None)
    assert (beta.entries_24h, beta.last_entry_at) == (2, NOW - ages[0])
    assert await storage.followings(GUILD, NOW, OTHER_CHANNEL) == [alpha]
    assert await storage.following(beta.subscription.id, NOW) == beta
    assert await storage.following(SubscriptionId(99), NOW) is None


async def test_a_paused_subscription_sends_what_was_queued_and_gets_nothing_new(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id, new_entry("Queued")), wish(backfill=1), NOW)
    subscription = made.following.subscription
    await storage.pause(subscription.id, NOW)
    await storage.pause(subscription.id, NOW + HOUR)
    following = await storage.following(subscription.id, NOW)
    assert following is not None
    assert following.subscription.paused_at == NOW
    assert (await storage.known(feed.id, [])).channels == ()
    assert await post_all(storage) == ["Queued"]
    await storage.resume(subscription.id, NOW + HOUR)
    assert (await storage.known(feed.id, [])).channels == ((GUILD, CHANNEL),)


async def test_a_pause_that_is_over_ends_once_and_brings_what_was_asked_for(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id, new_entry("Before")), wish(), NOW)
    skipping = await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    for followed, catches_up in ((made, True), (skipping, False)):
        await storage.pause(
            followed.following.subscription.id, NOW, until=NOW + DAY, catches_up=catches_up
        )
    later = NOW + HOUR
    news = [
        new_entry(parsed_entry(f"News {n}", published_at=later + timedelta(minutes=n)))
        for n in range(12)
    ]
    old = new_entry(parsed_entry("Old", published_at=NOW - 30 * DAY))
    await storage.record(refresh(feed.id, old, *news, at=later))
    assert await storage.resume_due(NOW + HOUR) == ()
    resumed = await storage.resume_due(NOW + DAY)
    told = {each.channel_id: (each.posted, each.rolled_up) for each in resumed}
    assert told == {CHANNEL: (10, 2), OTHER_CHANNEL: (0, 0)}
    assert await storage.resume_due(NOW + 2 * DAY) == ()
    assert len((await storage.known(feed.id, [])).channels) == 2
    titles = await post_all_after(storage, DAY)
    assert titles[:10] == [f"News {n}" for n in range(2, 12)]
    assert "Old" not in titles
    assert await storage.resume(SubscriptionId(99), NOW) is None


async def test_a_channel_that_is_gone_is_not_resumed_when_its_pause_is_over(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    await storage.pause(made.following.subscription.id, NOW, until=NOW + HOUR, catches_up=True)
    await storage.hold_channel(CHANNEL, NOW, "gone")
    assert await storage.resume_due(NOW + DAY) == ()


async def test_known_tells_the_wishes_of_those_who_let_news_through(storage: Storage) -> None:
    feed = await a_feed(storage)
    assert (await storage.known(feed.id, [])).wishes == Wishes()
    made = await storage.follow(refresh(feed.id), replace(wish(), every_s=600, posts_old=True), NOW)
    known = await storage.known(feed.id, ["g:1"])
    assert known.wishes == Wishes(shortest_s=600, is_auto_too=False)
    assert known.old_too == {CHANNEL}
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    both = Wishes(shortest_s=600, is_auto_too=True)
    assert (await storage.known(feed.id, [])).wishes == both
    [row] = [row for row in await storage.feeds() if row.feed.id == feed.id]
    assert row.wishes == both
    assert [each.wishes for each in await storage.followers(feed.id, NOW)] == [both, both]
    await storage.pause(made.following.subscription.id, NOW)
    known = await storage.known(feed.id, ["g:1"])
    assert (known.wishes, known.old_too) == (Wishes(), frozenset())


async def test_an_archive_that_keeps_a_feed_leaves_it_to_its_rhythm(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), replace(wish(), every_s=86400), NOW)
    await storage.keep_feed(feed.id, is_kept=True)
    assert (await storage.known(feed.id, [])).wishes.is_auto_too


async def test_an_entry_goes_otherwise_to_channels_that_chose_so(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(), NOW)
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL), NOW)
    places = {channel: (GUILD, channel) for channel in (CHANNEL, OTHER_CHANNEL)}
    old = replace(new_entry("Old"), fate=Fate.TOO_OLD, otherwise=((places[CHANNEL], Fate.POSTED),))
    older = replace(
        new_entry("Older"), fate=Fate.TOO_OLD, otherwise=((places[CHANNEL], Fate.ROLLED_UP),)
    )
    told = await storage.record(refresh(feed.id, older, old, new_entry("Oldest")))
    assert (told.new_entries, told.posted, told.rolled_up, told.too_old) == (3, 1, 1, 0)
    claims = await claimed(storage)
    assert {claim.delivery.channel_id for claim in claims} == {CHANNEL}


async def test_an_edit_is_undone_by_its_guild_in_time_and_as_it_was_left(storage: Storage) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id), wish(name="Courier"), NOW)
    id_ = made.following.subscription.id
    before = made.following.subscription.choices
    after = Choices(name="Coast", channel_id=OTHER_CHANNEL, every_s=600, posts_old=True)
    edited = await storage.edit(id_, after, NOW)
    assert edited is not None
    assert (edited.before, edited.after) == (before, after)
    assert await storage.edit(id_, after, NOW) is None
    assert await storage.edit(SubscriptionId(99), after, NOW) is None
    row = await storage.following(id_, NOW)
    assert row is not None
    assert row.subscription.choices == after
    assert await storage.undo_edit(edited.id, GuildId(7), NOW) is None
    assert await storage.undo_edit(edited.id, GUILD, NOW + UNDO_WINDOW) is None
    assert await storage.undo_edit(edited.id, GUILD, NOW + UNDO_WINDOW - MS) == edited
    assert await storage.undo_edit(edited.id, GUILD, NOW) is None
    row = await storage.following(id_, NOW)
    assert row is not None
    assert row.subscription.choices == before


async def test_an_edit_moves_to_where_a_removed_one_gives_way_and_a_living_one_does_not(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id), wish(), NOW)
    other = await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL, name="Other"), NOW)
    there = replace(made.following.subscription.choices, channel_id=OTHER_CHANNEL)
    with pytest.raises(AlreadyFollowed, match="as “Other”"):
        await storage.edit(made.following.subscription.id, there, NOW)
    await storage.remove(other.following.subscription.id, NOW)
    assert await storage.edit(made.following.subscription.id, there, NOW) is not None
    assert await storage.following(other.following.subscription.id, NOW) is None
    await storage.tidy(NOW + DAY)
    [row] = await storage.followings(GUILD, NOW)
    assert row.subscription.channel_id == OTHER_CHANNEL


async def test_a_new_plan_does_not_disturb_a_poll(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(), NOW)
    await storage.replan(feed.id, NOW + HOUR, "every hour, as chosen")
    planned = await storage.feed(feed.id)
    assert planned is not None
    assert (planned.next_poll_at, planned.next_poll_reason) == (
        NOW + HOUR,
        "every hour, as chosen",
    )
    assert await storage.claim_feed(feed.id, NOW, LEASE, "run") is not None
    await storage.replan(feed.id, NOW, "at once")
    assert await storage.feed(feed.id) == planned


async def test_failures_of_our_own_are_taken_back_with_what_was_to_be_told(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(), NOW)
    await storage.set_log_channel(GUILD, OTHER_CHANNEL)
    before = await storage.feed(feed.id)
    assert before is not None
    change = StateChange(kind="failing", reason="It failed.", since=NOW)
    failed = refresh(
        feed.id, at=NOW + HOUR, failures=8, state=FeedState.FAILING, last_error="It failed."
    )
    await storage.record(
        replace(failed, change=change, failing_since=NOW, failing_told_at=NOW + HOUR)
    )
    assert await storage.forgive([before], NOW + 2 * HOUR, "cut off") == 1
    after = await storage.feed(feed.id)
    assert after is not None
    assert (after.state, after.failures, after.last_error) == (FeedState.OK, 0, None)
    assert (after.failing_since, after.failing_told_at) == (None, None)
    assert (after.next_poll_at, after.next_poll_reason) == (NOW + 2 * HOUR, "cut off")
    assert await storage.claim_bulletins(NOW + DAY, LEASE) == ()
    assert await storage.forgive([before], NOW + 3 * HOUR, "cut off") == 0


async def test_a_removed_subscription_owes_nothing_until_it_is_brought_back(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id, new_entry("Owed")), wish(backfill=1), NOW)
    subscription_id = made.following.subscription.id
    await storage.remove(subscription_id, NOW)
    assert await storage.followings(GUILD, NOW) == []
    assert (await storage.known(feed.id, [])).channels == ()
    assert await storage.next_delivery_at() is None
    assert await claimed(storage) == []
    undoable = await storage.following(subscription_id, NOW + UNDO_WINDOW / 2)
    assert undoable is not None
    assert undoable.is_removed
    assert await storage.following(subscription_id, NOW + UNDO_WINDOW) is None

    await storage.tidy(NOW + UNDO_WINDOW / 2)
    await storage.restore(subscription_id)
    await storage.restore(SubscriptionId(99))
    assert len(await storage.followings(GUILD, NOW)) == 1
    assert await post_all(storage) == ["Owed"]


async def test_a_subscription_removed_for_long_is_forgotten_with_what_it_owed(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id, new_entry("Owed")), wish(backfill=1), NOW)
    await storage.remove(made.following.subscription.id, NOW)
    await storage.tidy(NOW + UNDO_WINDOW)
    await storage.restore(made.following.subscription.id)
    assert await storage.followings(GUILD, NOW) == []
    assert (await storage.health()).pending_deliveries == 0
    assert len(await storage.entries(feed.id, 9)) == 1


async def test_removing_one_feed_does_not_hold_up_the_channels_others(storage: Storage) -> None:
    first = await a_feed(storage, "https://a.example.org/")
    second = await a_feed(storage, "https://b.example.org/")
    made = await storage.follow(refresh(first.id, new_entry("Held")), wish(backfill=1), NOW)
    await storage.follow(refresh(second.id, new_entry("Sent")), wish(backfill=1), NOW)
    await storage.remove(made.following.subscription.id, NOW)
    assert await post_all(storage) == ["Sent"]


async def test_following_again_brings_back_the_subscription_not_what_it_owed(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, new_entry("First"), new_entry("Second"))
    made = await storage.follow(poll, wish(name="Old", backfill=2), NOW)
    (claim,) = await claimed(storage)
    await storage.mark_sent(claim.delivery.id, MessageId(1), NOW)
    await storage.pause(made.following.subscription.id, NOW)
    await storage.remove(made.following.subscription.id, NOW)

    again = await storage.follow(refresh(feed.id), wish(name="New", backfill=5), NOW + HOUR)
    assert again.following.subscription.id == made.following.subscription.id
    assert again.following.subscription.name == "New"
    assert not again.following.subscription.is_paused
    assert (again.seen, again.queued) == (1, 1)
    assert await post_all(storage) == ["Second"]


async def test_removing_a_feed_removes_its_subscriptions_and_keeps_its_entries(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    await storage.keep_feed(feed.id, is_kept=True)
    await storage.follow(refresh(feed.id, new_entry()), wish(), NOW)
    await storage.remove_feed(feed.id, NOW)
    assert await storage.followings(GUILD, NOW) == []
    assert await storage.feeds_due(NOW + DAY, 9) == []
    assert len(await storage.entries(feed.id, 9)) == 1


async def test_the_newest_can_be_posted_later_once(storage: Storage) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, new_entry("Old"), new_entry("New"))
    made = await storage.follow(poll, wish(), NOW)
    subscription_id = made.following.subscription.id
    assert await storage.queue_newest(subscription_id, 1, NOW) == 1
    assert await storage.queue_newest(subscription_id, 1, NOW) == 0
    assert await storage.queue_newest(SubscriptionId(99), 1, NOW) == 0
    assert await post_all(storage) == ["New"]
    assert await storage.queue_newest(subscription_id, 5, NOW) == 1


# --- The outbox ---


async def test_a_channel_gets_its_posts_one_at_a_time_in_order(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(
        refresh(
            feed.id,
            new_entry("One", deliver_to=[CHANNEL, OTHER_CHANNEL]),
            new_entry("Two", deliver_to=[CHANNEL]),
        )
    )
    assert await storage.next_delivery_at() == NOW
    first = await claimed(storage)
    assert [(claim.entry.title, claim.delivery.channel_id) for claim in first] == [
        ("One", CHANNEL),
        ("One", OTHER_CHANNEL),
    ]
    assert await claimed(storage) == []
    assert await storage.next_delivery_at() == NOW + HOUR + LEASE
    await storage.mark_sent(first[0].delivery.id, MessageId(1), NOW + HOUR)
    (second,) = await claimed(storage)
    assert second.entry.title == "Two"


async def test_a_later_delivery_never_overtakes_one_that_is_retried(storage: Storage) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, *(new_entry(t, deliver_to=[CHANNEL]) for t in ("One", "Two")))
    await storage.record(poll)
    (claim,) = await claimed(storage)
    later = NOW + 2 * HOUR
    await storage.retry_at(claim.delivery.id, later, "Discord was not there")
    assert await claimed(storage) == []
    assert await storage.next_delivery_at() == later
    (again,) = await claimed(storage, after=2 * HOUR)
    assert (again.entry.title, again.delivery.attempts) == ("One", 2)
    assert again.delivery.nonce == claim.delivery.nonce
    await storage.abandon(again.delivery.id, "Discord refused it")
    assert await post_all(storage) == ["Two"]


async def test_a_claim_is_free_again_when_its_lease_is_over_or_released(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(refresh(feed.id, new_entry(deliver_to=[CHANNEL])))
    (first,) = await claimed(storage)
    assert await claimed(storage, after=HOUR + LEASE / 2) == []
    (second,) = await claimed(storage, after=HOUR + LEASE)
    assert second.delivery.id == first.delivery.id
    assert await storage.release_leases() == 1
    assert await storage.release_leases() == 0
    (third,) = await claimed(storage)
    assert third.delivery.attempts == 3


async def test_a_claim_brings_all_that_a_post_needs(storage: Storage) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, new_entry("News", deliver_to=[OTHER_CHANNEL]))
    await storage.follow(poll, wish(CHANNEL, name="Courier, daily", backfill=1), NOW)
    (entry,) = await storage.entries(feed.id, 9)
    summary = Summary(text="News came.", method="extractive")
    assert await storage.store_summary(entry, summary) == summary
    late = Summary(text="Late.", method="llm:small")
    assert await storage.store_summary(entry, late) == summary
    by_channel = {claim.delivery.channel_id: claim for claim in await claimed(storage)}
    claim = by_channel[CHANNEL]
    assert (claim.entry, claim.feed, claim.summary) == (
        entry,
        await storage.feed(feed.id),
        summary,
    )
    assert claim.source_name == "Courier, daily"
    assert by_channel[OTHER_CHANNEL].source_name == feed.title
    assert claim.delivery.guild_id == GUILD
    assert claim.delivery.attempts == 1
    assert len(claim.delivery.nonce) == 25
    assert claim.delivery.nonce != by_channel[OTHER_CHANNEL].delivery.nonce


async def test_a_claim_takes_no_more_than_asked_for_longest_due_first(storage: Storage) -> None:
    feed = await a_feed(storage)
    for number in range(5):
        channel = ChannelId(50 - number)
        poll = refresh(feed.id, new_entry(deliver_to=[channel]), at=NOW + number * HOUR / 10)
        await storage.record(poll)
    claims = await claimed(storage, limit=2)
    assert [claim.delivery.channel_id for claim in claims] == [50, 49]


async def test_what_was_sent_is_not_sent_again_whatever_comes_late(storage: Storage) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, new_entry("News", aliases=["g:1"], deliver_to=[CHANNEL]))
    await storage.record(poll)
    (claim,) = await claimed(storage)
    await storage.mark_sent(claim.delivery.id, MessageId(5), NOW)
    await storage.retry_at(claim.delivery.id, NOW, "late")
    await storage.abandon(claim.delivery.id, "late")
    await storage.mark_sent(claim.delivery.id, MessageId(6), NOW)
    await storage.record(poll)
    assert await claimed(storage) == []
    (hit,) = await storage.latest(frozenset([CHANNEL]), None, 9)
    assert hit.post == PostRef(guild_id=GUILD, channel_id=CHANNEL, message_id=MessageId(5))


async def test_unknown_deliveries_are_ignored(storage: Storage) -> None:
    nobody = DeliveryId(99)
    await storage.mark_sent(nobody, MessageId(1), NOW)
    await storage.retry_at(nobody, NOW, "")
    await storage.abandon(nobody, "")
    assert await storage.next_delivery_at() is None


async def test_a_channel_that_is_gone_pauses_its_feeds_and_owes_nothing(storage: Storage) -> None:
    feed = await a_feed(storage)
    made = await storage.follow(refresh(feed.id, new_entry()), wish(CHANNEL, backfill=1), NOW)
    await storage.follow(refresh(feed.id), wish(OTHER_CHANNEL, backfill=1), NOW)
    await storage.hold_channel(CHANNEL, NOW, "the channel was deleted")
    following = await storage.following(made.following.subscription.id, NOW)
    assert following is not None
    assert following.subscription.is_paused
    assert [claim.delivery.channel_id for claim in await claimed(storage)] == [OTHER_CHANNEL]


# --- Reading ---


async def test_search_finds_titles_and_texts_and_tells_where_they_were_posted(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    poll = refresh(
        feed.id,
        new_entry(parsed_entry("Storm closes the harbour")),
        new_entry(parsed_entry("Council votes", text="The harbour budget was passed.")),
        new_entry(parsed_entry("Chess club wins", teaser="A quiet evening.")),
    )
    await storage.follow(poll, wish(backfill=3), NOW)
    await post_all(storage)
    page = await storage.search(search_request("harbours"), NOW)
    assert [hit.entry.title for hit in page.hits] == ["Storm closes the harbour", "Council votes"]
    assert (page.total, page.searched) == (2, 3)
    assert page.hits[0].score > page.hits[1].score
    assert page.hits[0].feed_title == feed.title
    assert page.hits[0].post is not None
    assert page.hits[0].post.channel_id == CHANNEL


async def test_a_member_finds_only_what_was_posted_where_they_may_look(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(
        refresh(
            feed.id,
            new_entry("Harbour one", deliver_to=[CHANNEL, OTHER_CHANNEL]),
            new_entry("Harbour two", deliver_to=[OTHER_CHANNEL]),
            new_entry("Harbour three"),
        )
    )
    await post_all(storage)
    await storage.record(
        refresh(feed.id, new_entry("Harbour four", deliver_to=[CHANNEL]), at=NOW + HOUR)
    )
    for sort in Sort:
        page = await storage.search(search_request("harbour", channels=[CHANNEL], sort=sort), NOW)
        assert [hit.entry.title for hit in page.hits] == ["Harbour one"]
        assert (page.total, page.searched) == (1, 1)
        assert page.hits[0].post is not None
        assert page.hits[0].post.channel_id == CHANNEL
        nothing = await storage.search(search_request("harbour", channels=[], sort=sort), NOW)
        assert (nothing.hits, nothing.total, nothing.searched) == ((), 0, 0)
    both = search_request("harbour", channels=[CHANNEL, OTHER_CHANNEL])
    page = await storage.search(both, NOW)
    assert (page.total, page.searched) == (2, 2)
    assert [h.entry.title for h in await storage.latest(frozenset([CHANNEL]), None, 9)] == [
        "Harbour one"
    ]
    assert await storage.latest(frozenset(), None, 9) == ()


async def test_search_honours_phrases_exclusions_feed_and_date(storage: Storage) -> None:
    ours = await a_feed(storage, "https://a.example.org/")
    theirs = await a_feed(storage, "https://b.example.org/")
    old = parsed_entry("Night train to Arden", published_at=NOW - 9 * DAY)
    await storage.record(refresh(ours.id, new_entry(old), new_entry("Train at night: cancelled")))
    await storage.record(refresh(theirs.id, new_entry("Night trains return")))

    async def found(**asked: object) -> set[str]:
        page = await storage.search(search_request(**asked), NOW)  # type: ignore[arg-type]  # a shorthand
        assert page.total == len(page.hits)
        return {hit.entry.title for hit in page.hits}

    everything = {old.title, "Train at night: cancelled", "Night trains return"}
    assert await found(words=["night", "train"]) == everything
    assert await found(phrases=["night train"]) == {old.title}
    assert await found(words=["arden", "nowhere"], phrases=["night"]) == everything
    assert await found(words=["night"], excluded=["cancelled"]) == everything - {
        "Train at night: cancelled"
    }
    assert await found(words=["night"], excluded=["night train"]) == everything - {old.title}
    assert await found(words=["night"], feed_id=theirs.id) == {"Night trains return"}
    assert await found(words=["night"], since=NOW - DAY) == everything - {old.title}
    assert await found(words=[], excluded=["night"]) == set()


async def test_search_ranks_title_above_text_and_new_above_old(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(
        refresh(
            feed.id,
            new_entry(parsed_entry("Ferry sinks", published_at=NOW - 300 * DAY)),
            new_entry(parsed_entry("Ferry sinks", published_at=NOW)),
            new_entry(parsed_entry("Weather", text="A ferry sinks in a film.", published_at=NOW)),
        )
    )
    page = await storage.search(search_request("ferry sinks"), NOW)
    dates_and_titles = [(hit.entry.title, hit.entry.published_at) for hit in page.hits]
    assert dates_and_titles[0] == ("Ferry sinks", NOW)
    assert [hit.score for hit in page.hits] == sorted((h.score for h in page.hits), reverse=True)


async def test_by_date_all_words_must_match_unless_none_has_them_all(storage: Storage) -> None:
    feed = await a_feed(storage)
    titles = ["Ferry sinks", "Ferry sails", "Stone sinks"]
    await storage.record(
        refresh(
            feed.id,
            *(
                new_entry(parsed_entry(title, published_at=NOW - n * DAY))
                for n, title in enumerate(titles)
            ),
        )
    )
    by_date = await storage.search(search_request("sinks ferry", sort=Sort.NEWEST), NOW)
    assert [hit.entry.title for hit in by_date.hits] == ["Ferry sinks"]
    any_word = await storage.search(search_request("ferry zeppelin", sort=Sort.NEWEST), NOW)
    assert [hit.entry.title for hit in any_word.hits] == ["Ferry sinks", "Ferry sails"]


@pytest.mark.parametrize("sort", list(Sort))
async def test_pages_of_a_search_neither_repeat_nor_leave_out(storage: Storage, sort: Sort) -> None:
    feed = await a_feed(storage)
    for n in range(450):
        entry = parsed_entry(f"Harbour {n} " + "and more " * (n % 7), published_at=NOW - n * HOUR)
        await storage.record(refresh(feed.id, new_entry(entry), at=NOW + n * HOUR))
    seen: list[str] = []
    for offset in range(0, 455, 45):
        asked = search_request("harbour", sort=sort, offset=offset, limit=45)
        page = await storage.search(asked, NOW)
        assert page.total == 450
        seen += [hit.entry.title for hit in page.hits]
    assert len(seen) == len(set(seen)) == 450


async def test_words_that_most_entries_have_do_not_decide(storage: Storage) -> None:
    feed = await a_feed(storage)
    others = [new_entry(f"Report of the day, number {n}") for n in range(230)]
    await storage.record(refresh(feed.id, *others, new_entry("Heron seen")))
    page = await storage.search(search_request("report heron"), NOW)
    assert [hit.entry.title for hit in page.hits] == ["Heron seen"]
    assert (await storage.search(search_request("report"), NOW)).total == 230


async def test_the_article_is_found_by_its_text(storage: Storage) -> None:
    feed = await a_feed(storage)
    entry = parsed_entry("Evening news", text="Only the start")
    await storage.record(refresh(feed.id, new_entry(entry)))
    (stored,) = await storage.entries(feed.id, 9)
    assert stored.text_method is None
    article = Article(text="Otters came back.", method="page", image_url="https://i.example.org/o")
    await storage.store_article(stored.id, article)
    (stored,) = await storage.entries(feed.id, 9)
    assert (stored.text, stored.text_method) == ("Otters came back.", "page")
    assert stored.image_url == "https://i.example.org/o"
    assert (await storage.search(search_request("otters"), NOW)).total == 1
    assert (await storage.search(search_request("start"), NOW)).total == 0


async def test_a_mere_teaser_leaves_the_feeds_text_in_place(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.record(refresh(feed.id, new_entry(parsed_entry(text="The feed's text"))))
    (entry,) = await storage.entries(feed.id, 9)
    await storage.store_article(entry.id, Article(text="Teaser", method="teaser", note="paywall"))
    (entry,) = await storage.entries(feed.id, 9)
    assert (entry.text, entry.text_method) == ("The feed's text", "teaser")


async def test_the_latest_of_all_and_of_one_feed(storage: Storage) -> None:
    first = await a_feed(storage, "https://a.example.org/")
    second = await a_feed(storage, "https://b.example.org/")
    for feed, title, age in ((first, "Older", 2), (second, "Newer", 1), (first, "Oldest", 3)):
        entry = parsed_entry(title, published_at=NOW - age * DAY)
        await storage.record(refresh(feed.id, new_entry(entry), at=NOW + age * HOUR))
    latest = await storage.latest(None, None, 2)
    assert [hit.entry.title for hit in latest] == ["Newer", "Older"]
    assert [hit.entry.title for hit in await storage.latest(None, first.id, 9)] == [
        "Older",
        "Oldest",
    ]


# --- Housekeeping ---


async def test_facts_are_remembered_apart_from_the_databases_own(storage: Storage) -> None:
    assert await storage.recall("installation_id") is None
    await storage.remember("commands", "abc")
    await storage.remember("commands", "def")
    assert await storage.recall("commands") == "def"


async def test_tidy_forgets_checks_of_over_thirty_days(storage: Storage) -> None:
    feed = await a_feed(storage)
    for age in (31, 29):
        await storage.record(refresh(feed.id, at=NOW - age * DAY))
    await storage.tidy(NOW)
    assert [check.at for check in await storage.checks(feed.id, 9)] == [NOW - 29 * DAY]


async def test_health_counts_what_is_there(storage: Storage) -> None:
    feed = await a_feed(storage)
    poll = refresh(feed.id, new_entry(), new_entry())
    await storage.follow(poll, wish(backfill=2), NOW)
    (claim,) = await claimed(storage)
    await storage.mark_sent(claim.delivery.id, MessageId(1), NOW)
    health = await storage.health()
    assert (health.feeds, health.entries, health.subscriptions) == (1, 2, 1)
    assert (health.pending_deliveries, health.oldest_pending_at) == (1, NOW)
    assert health.size_bytes > 0
