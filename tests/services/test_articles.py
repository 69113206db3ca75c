"""What delivering asks of other people's pages: little, and each once."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.news.models import Article, Entry, FeedId, Hold, ParsedEntry, SeenEntry
from tests.factories import CHANNEL, FEED_URL, OTHER_CHANNEL, parsed_entry, refresh, wish
from tests.services.conftest import Desk

WHOLE = "\n\n".join(
    f"Pier {n} of the Lund ferry was opened by the harbour master on a rainy Monday, at last."
    for n in range(12)
)


@dataclass
class Pages:
    """The web's pages: what each entry was answered with, and how often it was asked for."""

    answer: Article
    asked: list[str] = field(default_factory=list)

    async def article(self, entry: Entry) -> Article:
        self.asked.append(entry.title)
        await asyncio.sleep(0)  # lets another channel ask meanwhile
        return self.answer


def page(**more: str) -> Pages:
    return Pages(Article(text=WHOLE, method="page", **more))  # type: ignore[arg-type]  # texts only


def wall() -> Pages:
    note = "https://courier.example.org/1 shows the whole article to subscribers only."
    return Pages(Article(text="Too little.", method="teaser", note=note))


async def owe(desk: Desk, *channels: int, url: str = "https://courier.example.org/1") -> None:
    entry = parsed_entry("Ferry", url=url, teaser="Too little.")
    desk.serve(entry)
    for channel in (CHANNEL, OTHER_CHANNEL)[: len(channels) or 1]:
        proposal = await desk.follower.look(FEED_URL)
        await desk.follower.add(proposal, wish(channel, backfill=1))


async def stored(desk: Desk) -> Entry:
    (feed,) = await desk.storage.feeds()
    (entry,) = await desk.storage.entries(feed.feed.id, 9)
    return entry


async def edit(desk: Desk, **changes: object) -> None:
    entry = await stored(desk)
    said = ParsedEntry(title=entry.title, url=entry.url, teaser=entry.teaser)
    changed = replace(said, **changes)  # type: ignore[arg-type]  # the fields of the caller
    seen = SeenEntry(entry_id=entry.id, aliases=(), changed=changed)
    desk.clock.advance(timedelta(seconds=1))
    await desk.storage.record(refresh(entry.feed_id, seen=[seen], at=desk.clock.now()))


async def test_two_channels_that_wait_for_an_article_ask_for_its_page_once(desk: Desk) -> None:
    await owe(desk, 1, 2)
    pages = page()
    assert await desk.deliverer(articles=pages).deliver_due() == 2
    assert pages.asked == ["Ferry"]
    assert desk.publisher.posts[0][1].body == desk.publisher.posts[1][1].body


async def test_deliverers_that_overlap_ask_for_a_page_once(desk: Desk) -> None:
    await owe(desk, 1, 2)
    pages = page()
    deliverer = desk.deliverer(articles=pages)
    await asyncio.gather(deliverer.deliver_due(), deliverer.deliver_due())
    assert len(desk.publisher.posts) == 2
    assert pages.asked == ["Ferry"]


async def test_a_page_that_gave_nothing_is_not_asked_again_after_a_restart_or_an_edit(
    desk: Desk,
) -> None:
    await owe(desk)
    pages = wall()
    await desk.deliverer(articles=pages).deliver_due()
    elsewhere = "https://courier.example.org/2"
    await edit(desk, title="Ferry, corrected", teaser="Still too little.", url=elsewhere)
    assert await desk.deliverer(articles=pages).deliver_due() == 1
    assert pages.asked == ["Ferry"]
    assert (await stored(desk)).text_method == "teaser"
    assert desk.titles() == ["Ferry, corrected"]


async def test_what_a_page_says_of_itself_fills_what_the_feed_left_out(desk: Desk) -> None:
    await owe(desk)
    pages = page(author="Ada Quill", image_url="https://courier.example.org/pier.jpg")
    await desk.deliverer(articles=pages).deliver_due()
    await edit(desk, title="Ferry again")
    entry = await stored(desk)
    assert (entry.author, entry.image_url) == (
        "Ada Quill",
        "https://courier.example.org/pier.jpg",
    )
    results = await desk.searcher.search("harbour master", channels=frozenset({CHANNEL}))
    assert len(results.found) == 1


async def test_a_server_that_wants_to_be_left_alone_is_not_asked_for_pages(desk: Desk) -> None:
    await owe(desk)
    until = desk.clock.now() + timedelta(hours=1)
    (row,) = await desk.storage.feeds()
    await desk.storage.learn_groups(lambda _url: "example.org")
    hold = Hold(until=until, group="example.org", reason="it said 429")
    told = replace(refresh(FeedId(row.feed.id), at=desk.clock.now()), hold=hold)
    await desk.storage.record(told)
    pages = page()
    await desk.deliverer(articles=pages).deliver_due()
    assert pages.asked == []
    assert (await stored(desk)).text_method == "teaser"
