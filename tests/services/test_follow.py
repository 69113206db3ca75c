from datetime import timedelta

import pytest

from bot.errors import AlreadyFollowed, BadQuery, NotFollowed
from bot.news.models import UNDO_WINDOW, Sort
from tests.factories import CHANNEL, FEED_URL, GUILD, OTHER_CHANNEL, parsed_entry, wish
from tests.services.conftest import Desk

SITE = "https://courier.example.org/"


async def test_a_proposal_shows_the_newest_entry_as_it_will_be_posted(desk: Desk) -> None:
    now = desk.clock.now()
    newest = parsed_entry("Newest", teaser="The harbour froze for the first time in nine years.")
    older = parsed_entry("Older", published_at=now - timedelta(days=2))
    desk.source.sites[SITE] = [desk.serve(older, newest)]
    proposal = await desk.follower.look(SITE, name="My Courier")
    assert proposal.post is not None
    assert (proposal.post.title, proposal.post.source) == ("Newest", "My Courier")
    followed = await desk.follower.add(proposal, wish(name="My Courier", backfill=1))
    assert (followed.queued, followed.seen) == (1, 1)
    await desk.deliverer().deliver_due()
    ((_, posted),) = desk.publisher.posts
    assert (posted.title, posted.body) == (proposal.post.title, proposal.post.body)
    assert (posted.source, posted.url) == (proposal.post.source, proposal.post.url)


async def test_a_feed_without_entries_can_be_followed(desk: Desk) -> None:
    desk.serve()
    proposal = await desk.follower.look(FEED_URL)
    assert proposal.post is None
    assert (await desk.follower.add(proposal, wish(backfill=3))).queued == 0


async def test_the_rate_of_a_feed_is_told_where_its_dates_tell_it(desk: Desk) -> None:
    now = desk.clock.now()
    desk.serve(*(parsed_entry(published_at=now - timedelta(hours=6 * n)) for n in range(9)))
    assert (await desk.follower.look(FEED_URL)).per_day == pytest.approx(4.0)
    desk.serve(parsed_entry(published_at=None))
    assert (await desk.follower.look(FEED_URL)).per_day is None


async def test_following_a_feed_twice_in_a_channel_is_refused_by_name(desk: Desk) -> None:
    desk.serve(parsed_entry())
    proposal = await desk.follower.look(FEED_URL)
    await desk.follower.add(proposal, wish(name="Courier"))
    with pytest.raises(AlreadyFollowed, match="Courier"):
        await desk.follower.add(proposal, wish())
    await desk.follower.add(proposal, wish(OTHER_CHANNEL))


async def test_a_feed_is_found_by_id_name_url_or_part_of_its_name(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await desk.follower.add(await desk.follower.look(FEED_URL), wish(name="Harbour Courier"))
    (row,) = await desk.follower.followings(GUILD)
    for wanted in (str(row.subscription.id), "harbour courier", FEED_URL, SITE, "courier"):
        found = await desk.follower.find(GUILD, wanted)
        assert found.subscription.id == row.subscription.id
    with pytest.raises(NotFollowed, match="No feed here goes by “Gazette”"):
        await desk.follower.find(GUILD, "Gazette")
    with pytest.raises(NotFollowed):
        await desk.follower.find(GUILD, "")


async def test_of_two_with_one_name_the_one_in_this_channel_is_meant(desk: Desk) -> None:
    desk.serve(parsed_entry())
    proposal = await desk.follower.look(FEED_URL)
    for channel in (CHANNEL, OTHER_CHANNEL):
        await desk.follower.add(proposal, wish(channel))
    for channel in (CHANNEL, OTHER_CHANNEL):
        found = await desk.follower.find(GUILD, "Courier", nearest_to=channel)
        assert found.subscription.channel_id == channel


async def poll_one_more(desk: Desk, title: str) -> None:
    desk.clock.advance(timedelta(hours=2))
    held = desk.source.feeds[FEED_URL].entries
    desk.serve(parsed_entry(title, published_at=desk.clock.now()), *held)
    await desk.poller().poll_due()
    await desk.deliverer().deliver_due()


async def test_what_is_published_during_a_pause_is_kept_but_never_posted(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await desk.follower.add(await desk.follower.look(FEED_URL), wish())
    (row,) = await desk.follower.followings(GUILD)
    await desk.follower.pause(row)
    await poll_one_more(desk, "During the pause")
    await desk.follower.resume(row)
    await poll_one_more(desk, "After the pause")
    assert desk.titles() == ["After the pause"]
    results = await desk.searcher.search("pause", channels=None)
    assert results.total == 2


async def test_a_removed_feed_can_be_brought_back_for_a_while(desk: Desk) -> None:
    desk.serve(parsed_entry())
    await desk.follower.add(await desk.follower.look(FEED_URL), wish())
    (row,) = await desk.follower.followings(GUILD)
    until = await desk.follower.remove(row)
    assert until == desk.clock.now() + UNDO_WINDOW
    assert await desk.follower.followings(GUILD) == []
    back = await desk.follower.restore(row.subscription.id)
    assert back.subscription.id == row.subscription.id
    assert len(await desk.follower.followings(GUILD)) == 1
    await desk.follower.remove(row)
    desk.clock.advance(UNDO_WINDOW + timedelta(seconds=1))
    with pytest.raises(NotFollowed, match="more than 15 minutes ago"):
        await desk.follower.restore(row.subscription.id)


async def test_a_sample_is_what_would_be_posted(desk: Desk) -> None:
    now = desk.clock.now()
    desk.serve(*(parsed_entry(f"No {n}", published_at=now - timedelta(hours=n)) for n in range(4)))
    await desk.follower.add(await desk.follower.look(FEED_URL), wish())
    (row,) = await desk.follower.followings(GUILD)
    assert [post.title for post in await desk.follower.sample(row, 2)] == ["No 0", "No 1"]
    assert desk.titles() == []


async def test_members_find_only_what_was_posted_where_they_may_look(desk: Desk) -> None:
    desk.serve(parsed_entry("Bridge reopens"), parsed_entry("Bridge closes"))
    proposal = await desk.follower.look(FEED_URL)
    await desk.follower.add(proposal, wish(CHANNEL, backfill=1))
    await desk.follower.add(proposal, wish(OTHER_CHANNEL, backfill=0))
    assert (await desk.searcher.search("bridge", channels=frozenset({CHANNEL}))).total == 0
    await desk.deliverer().deliver_due()
    seen = await desk.searcher.search("bridge", channels=frozenset({CHANNEL}))
    assert (seen.total, seen.searched) == (1, 1)
    assert seen.found[0].hit.post is not None
    assert (await desk.searcher.search("bridge", channels=frozenset({OTHER_CHANNEL}))).total == 0
    assert (await desk.searcher.search("bridge", channels=frozenset())).total == 0
    assert (await desk.searcher.search("bridge", channels=None)).total == 2
    latest = await desk.searcher.latest(channels=frozenset({CHANNEL}), count=5)
    assert len(latest) == 1


async def test_search_pages_and_highlights(desk: Desk) -> None:
    now = desk.clock.now()
    desk.serve(
        *(
            parsed_entry(f"Storm {n}", teaser="Storms hit.", published_at=now - timedelta(days=n))
            for n in range(12)
        )
    )
    await desk.follower.add(await desk.follower.look(FEED_URL), wish())
    pages = [
        await desk.searcher.search("storms", channels=None, sort=Sort.NEWEST, page=page)
        for page in range(3)
    ]
    assert [len(page.found) for page in pages] == [5, 5, 2]
    assert (pages[0].pages, pages[0].total) == (3, 12)
    titles = [found.hit.entry.title for page in pages for found in page.found]
    assert titles == [f"Storm {n}" for n in range(12)]
    first = pages[0].found[0]
    assert [first.title.text[a:b] for a, b in first.title.marks] == ["Storm"]
    assert [first.snippet.text[a:b] for a, b in first.snippet.marks] == ["Storms"]


@pytest.mark.parametrize(
    "text", ["it's", "C++", '"unbalanced', "🌊", "a" * 300, "x:y", "NEAR(a b)"]
)
async def test_any_query_that_has_something_to_look_for_is_answered(desk: Desk, text: str) -> None:
    assert (await desk.searcher.search(text, channels=None)).total == 0


@pytest.mark.parametrize("text", ["", "   ", "-a", "a" * 6000])
async def test_a_query_without_anything_to_look_for_is_refused_in_words(
    desk: Desk, text: str
) -> None:
    with pytest.raises(BadQuery):
        await desk.searcher.search(text, channels=None)
