"""What every adapter of the ``Storage`` port promises of imported articles and of reasons."""

from bot.news.models import ChannelId, Imported, MessageId, ParsedEntry, Summary
from bot.news.ports import Storage
from tests.contracts.test_storage import HOUR, a_feed, claimed, post_all
from tests.factories import (
    CHANNEL,
    NOW,
    new_entry,
    refresh,
    search_request,
    wish,
)


def imported(title: str, *keys: str, aliases: tuple[str, ...] = ()) -> Imported:
    entry = ParsedEntry(title=title, url=f"https://lund.example.org/{title}", text=f"A {title}.")
    return Imported(entry=entry, keys=keys, aliases=aliases or keys)


async def test_what_is_imported_is_found_and_owed_to_nobody(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(), NOW)
    before = await storage.feed(feed.id)
    articles = [imported("ferry", "u:1"), imported("pier", "u:2")]
    assert await storage.import_entries(feed.id, articles, NOW + HOUR) == 2
    page = await storage.search(search_request("ferry", channels=None), NOW)
    assert [hit.entry.title for hit in page.hits] == ["ferry"]
    assert await claimed(storage) == []
    assert await storage.feed(feed.id) == before, "no poll was made"
    assert len(await storage.checks(feed.id, 9)) == 1


async def test_members_do_not_find_what_was_only_imported(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.import_entries(feed.id, [imported("ferry", "u:1")], NOW)
    page = await storage.search(search_request("ferry", channels=[CHANNEL]), NOW)
    assert list(page.hits) == []


async def test_importing_again_changes_nothing(storage: Storage) -> None:
    feed = await a_feed(storage)
    await storage.import_entries(feed.id, [imported("ferry", "u:1")], NOW)
    again = [imported("ferry, rewritten", "u:1"), imported("pier", "u:2"), imported("x", "u:2")]
    assert await storage.import_entries(feed.id, again, NOW + HOUR) == 1
    assert [entry.title for entry in await storage.entries(feed.id, 9)] == ["pier", "ferry"]


async def test_only_keys_decide_and_every_alias_is_learnt(storage: Storage) -> None:
    feed = await a_feed(storage)
    first = imported("ferry", "u:1", aliases=("u:1", "t:same"))
    second = imported("pier", "u:2", aliases=("u:2", "t:same", "g:2"))
    assert await storage.import_entries(feed.id, [first, second], NOW) == 2
    known = await storage.known(feed.id, ["t:same", "g:2"])
    [newest, oldest] = await storage.entries(feed.id, 9)
    owners = {alias: owner.entry_id for alias, owner in known.aliases.items()}
    assert owners == {"t:same": oldest.id, "g:2": newest.id}


async def test_a_post_is_made_of_its_entry_its_feeds_name_and_its_summary(
    storage: Storage,
) -> None:
    feed = await a_feed(storage)
    await storage.follow(refresh(feed.id), wish(name="Town news"), NOW)
    await storage.record(refresh(feed.id, new_entry("Ferry", deliver_to=[CHANNEL])))
    [claim] = await claimed(storage)
    summary = Summary(text="It sails.", method="extractive")
    await storage.store_summary(claim.entry, summary)
    assert await storage.why(CHANNEL, MessageId(7)) is None, "not posted yet"
    await storage.mark_sent(claim.delivery.id, MessageId(7), NOW + HOUR)

    why = await storage.why(CHANNEL, MessageId(7))
    assert why is not None
    [origin] = why.origins
    assert (origin.entry, origin.source_name, origin.note) == (claim.entry, "Town news", None)
    assert (why.summary, why.sent_at, why.is_roundup) == (summary, NOW + HOUR, False)
    assert await storage.why(ChannelId(9), MessageId(7)) is None
    assert await storage.why(CHANNEL, MessageId(8)) is None


async def test_a_feed_that_the_channel_no_longer_follows_keeps_its_title(storage: Storage) -> None:
    feed = await a_feed(storage, title="The Harbour Courier")
    await storage.record(refresh(feed.id, new_entry("Ferry", deliver_to=[CHANNEL])))
    await post_all(storage)
    why = await storage.why(CHANNEL, MessageId(1_001))
    assert why is not None
    assert why.origins[0].source_name == "The Harbour Courier"
