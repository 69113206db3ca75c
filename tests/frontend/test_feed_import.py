"""/feed import and /feed export."""

import asyncio
import json
from collections.abc import Callable

from bot.errors import Busy
from bot.feeds.opml import Outline, read_outlines, write_opml
from bot.news.models import GuildId, Outcome, Validators
from bot.services import transfer
from tests.frontend.house import COURIER, House, buttons, message, text

OTHER = "https://other.example.org/feed"
DEAD = "https://dead.example.org/feed"


def lines(*urls: str) -> tuple[str, bytes]:
    return "feeds.txt", "\n".join(urls).encode()


async def names(house: House) -> list[str]:
    rows = await house.follower.followings(GuildId(house.guild.id))
    return [row.subscription.name for row in rows]


async def test_a_list_is_rehearsed_then_imported_and_nothing_old_is_posted(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    house.publish(OTHER, "Mill burns", title="The Other")
    await house.follow(COURIER)
    opml = write_opml(
        [
            Outline(title="Courier", url=COURIER),
            Outline(title="My *Other*", url=OTHER),
            Outline(title="Again", url=f"{OTHER}/"),
            Outline(title="Dead", url=DEAD),
        ],
        title="Mine",
    )
    shown = await house.admin.slash(house.news, "feed import", file=("feeds.opml", opml))
    table = text(shown)
    assert "Import to #news: 1 new, 1 already here, 1 duplicate, 1 dead" in table
    assert f"✕ dead · **Dead** {DEAD} · {DEAD} answered 404." in table
    assert f"＋ new · **My \\*Other\\*** {OTHER} · 1 entry" in table  # noqa: RUF001  # as shown
    assert buttons(message(shown)) == {"◀": False, "▶": False, "Import 1": True, "Cancel": True}
    assert await names(house) == ["The Courier"]

    pressed = await house.admin.click(message(shown), label="Import 1")
    assert "Imported 1 feed to" in pressed.followups[0].content
    assert pressed.followups[0].ephemeral
    assert await names(house) == ["My *Other*", "The Courier"]
    assert buttons(message(shown)) == {}
    assert await house.deliver() == 0
    again = await house.admin.slash(house.news, "feed import", file=("feeds.opml", opml))
    assert "2 already here, 1 duplicate, 1 dead" in text(again)
    assert "There is nothing to add." in text(again)
    assert buttons(message(again)) == {}


async def test_the_settings_of_feedcord_are_a_list_too(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    told = {"Instances": [{"Id": "Coast", "RssUrls": [COURIER], "Color": 1}]}
    file = ("appsettings.json", json.dumps(told).encode())
    shown = await house.admin.slash(house.news, "feed import", file=file)
    assert "Import to #news: 1 new" in text(shown)
    assert "The list has 1 group: “Coast”" in text(shown)
    await house.admin.click(message(shown), label="Import 1")
    assert await names(house) == ["The Courier"]


async def test_the_table_has_pages_of_ten(house: House) -> None:
    urls = [house.publish(f"https://p{n}.example.org/", "x", title=f"P{n}") for n in range(12)]
    shown = await house.admin.slash(house.news, "feed import", file=lines(*urls))
    assert "Page 1 of 2" in text(shown)
    assert "p9.example.org" in text(shown)
    assert "p10.example.org" not in text(shown)
    await house.admin.click(message(shown), label="▶")
    assert "p10.example.org" in text(shown)
    await house.admin.click(message(shown), label="Cancel")
    assert "Nothing was added" in text(shown)
    assert await names(house) == []


async def test_a_file_that_is_no_list_is_refused_in_words(house: House) -> None:
    shown = await house.admin.slash(house.news, "feed import", file=lines("no list at all"))
    assert "neither OPML" in text(shown) or "no list" in text(shown)
    large = await house.admin.slash(house.news, "feed import", file=("x.txt", b"#" * (2**20 + 1)))
    assert "larger than 1 MB" in text(large)
    many = lines(*(f"https://p{n}.example.org/" for n in range(501)))
    assert "at most 500" in text(await house.admin.slash(house.news, "feed import", file=many))


async def test_only_channels_that_can_be_written_take_an_import(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    house.forbid(house.other, send_messages=True)
    options = {"file": lines(COURIER), "channel": house.other}
    shown = await house.admin.slash(house.news, "feed import", **options)
    assert "lacks Send Messages" in text(shown)
    table = await house.admin.slash(house.news, "feed import", file=lines(COURIER))
    house.forbid(house.news, send_messages=True)
    pressed = await house.admin.click(message(table), label="Import 1")
    assert "lacks Send Messages" in pressed.followups[0].content
    assert await names(house) == []


async def test_a_locked_database_is_told_in_words(house: House) -> None:
    async def locked(*_asked: object) -> Outcome:
        raise Busy("The database is locked.", path="herald.db")

    house.source.fetch = locked  # type: ignore[method-assign,assignment]  # fails as the storage would
    house.expected.add(Busy)
    shown = await house.admin.slash(house.news, "feed import", file=lines(COURIER))
    assert "cannot use its database right now" in shown.followups[0].content


def hold_up(house: House) -> Callable[[], None]:
    """Let every second fetch of a feed wait until the returned function is called."""
    go = asyncio.Event()
    fetch = house.source.fetch

    async def slow(url: str, validators: Validators, body_hash: str | None) -> Outcome:
        if url in house.source.fetched:
            await house.env.external_wait(go.wait(), reason="a slow server")
        return await fetch(url, validators, body_hash)

    house.source.fetch = slow  # type: ignore[method-assign]  # a server that slows down
    return go.set


async def test_a_long_import_tells_its_progress_and_ends_in_the_channel(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    limit, transfer.HELD_MAX = transfer.HELD_MAX, 0
    try:
        shown = await house.admin.slash(house.news, "feed import", file=lines(COURIER))
    finally:
        transfer.HELD_MAX = limit
    go = hold_up(house)
    await house.admin.click(message(shown), label="Import 1")
    assert "Importing: 0 of 1 feed …" in text(shown)
    await house.env.advance_time(14 * 60 + 1)
    go()
    await house.env.settle()
    [told] = house.posts()
    assert told.content.startswith(f"Imported 1 feed to {house.news.mention}: 1 new.")
    assert await names(house) == ["The Courier"]


async def test_feeds_are_exported_as_opml_by_channel_or_as_addresses(house: House) -> None:
    empty = await house.admin.slash(house.news, "feed export")
    assert "No feed is followed here yet." in text(empty)
    house.publish(COURIER, "Ferry resumes")
    house.publish(OTHER, "Mill burns", title="The Other")
    await house.follow(COURIER)
    await house.follow(OTHER, channel=house.other)
    shown = await house.admin.slash(house.news, "feed export", format="opml")
    assert "2 feeds." in text(shown)
    [file] = message(shown).attachments
    assert file.filename == "feeds.opml"
    body = await house.client.http.get_from_cdn(file.url)
    assert read_outlines(body) == (
        Outline(title="The Courier", url=COURIER, folder="news"),
        Outline(title="The Other", url=OTHER, folder="other"),
    )
    plain = await house.admin.slash(house.news, "feed export", format="addresses")
    [file] = message(plain).attachments
    assert await house.client.http.get_from_cdn(file.url) == f"{COURIER}\n{OTHER}\n".encode()


# --- Groups: FeedCord's instances, the folders of OPML ---

SEA = "https://sea.example.org/feed"
FEEDCORD = {
    "Instances": [
        {"Id": "Harbour News", "RssUrls": [COURIER, OTHER]},
        {"Id": "#Other", "RssUrls": [OTHER, SEA]},
        {"Id": "Nowhere", "RssUrls": [DEAD, SEA]},
    ]
}


def feedcord() -> tuple[str, bytes]:
    return "appsettings.json", json.dumps(FEEDCORD).encode()


async def by_channel(house: House) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for row in await house.follower.followings(GuildId(house.guild.id)):
        found.setdefault(row.subscription.channel_id, set()).add(row.feed.url)
    return found


def publish_three(house: House) -> None:
    for url, title in ((COURIER, "The Courier"), (OTHER, "The Other"), (SEA, "The Sea")):
        house.publish(url, f"News of {title}", title=title)


async def test_groups_without_channels_of_their_names_all_go_to_one_and_the_table_says_so(
    house: House,
) -> None:
    publish_three(house)
    groups = {"Instances": [{"Id": "A", "RssUrls": [COURIER]}, {"Id": "B", "RssUrls": [SEA]}]}
    file = ("appsettings.json", json.dumps(groups).encode())
    shown = await house.admin.slash(house.news, "feed import", file=file)
    assert (
        "The list has 2 groups: “A”, “B”. No channel here goes by such a name, so all go to "
        f"{house.news.mention}." in text(shown)
    )
    assert "Each to its channel" not in buttons(message(shown))


async def test_groups_can_go_to_the_channels_of_their_names_and_back(house: House) -> None:
    publish_three(house)
    harbour = house.guild.create_text_channel("harbour-news")
    await house.follow(SEA, channel=house.other)
    shown = await house.admin.slash(house.news, "feed import", file=feedcord())
    table = text(shown)
    assert "Import to #news: 3 new, 2 duplicate, 1 dead" in table
    assert (
        "The list has 3 groups: “Harbour News”, “#Other”, “Nowhere”. All go to "
        f"{house.news.mention}. “Each to its channel” sends 2 to channels of the same name: "
        f"{harbour.mention}, {house.other.mention}." in table
    )
    fetched = len(house.source.fetched)
    await house.admin.click(message(shown), label="Each to its channel")
    table = text(shown)
    assert "Import to 3 channels: 4 new, 1 already here, 1 dead" in table
    assert f"{COURIER} · 1 entry → {harbour.mention}" in table
    assert f"{house.other.mention}; all else to {house.news.mention}." in table
    await house.admin.click(message(shown), label="All to one channel")
    assert "Import to #news: 3 new, 2 duplicate, 1 dead" in text(shown)
    await house.admin.click(message(shown), label="Each to its channel")
    assert len(house.source.fetched) == fetched
    pressed = await house.admin.click(message(shown), label="Import 4")
    assert "Imported 4 feeds to" in pressed.followups[0].content
    assert await by_channel(house) == {
        harbour.id: {COURIER, OTHER},
        house.other.id: {OTHER, SEA},
        house.news.id: {SEA},
    }
    assert await house.deliver() == 0


async def test_what_one_channel_follows_is_checked_when_it_is_added_to_another(
    house: House,
) -> None:
    publish_three(house)
    await house.follow(SEA, channel=house.news)
    groups = {"Instances": [{"Id": "other", "RssUrls": [SEA, DEAD, DEAD]}]}
    file = ("appsettings.json", json.dumps(groups).encode())
    shown = await house.admin.slash(house.news, "feed import", file=file)
    assert "Import to #news: 1 already here, 1 duplicate, 1 dead" in text(shown)
    assert buttons(message(shown))["Import 0"] is False
    await house.admin.click(message(shown), label="Each to its channel")
    assert "Import to #other: 1 duplicate, 1 dead, 1 not checked" in text(shown)
    await house.admin.click(message(shown), label="Import 1")
    assert await by_channel(house) == {house.news.id: {SEA}, house.other.id: {SEA}}


async def test_a_channel_that_cannot_be_written_takes_no_group(house: House) -> None:
    publish_three(house)
    house.forbid(house.other, send_messages=True)
    shown = await house.admin.slash(house.news, "feed import", file=feedcord())
    assert "No channel here goes by such a name" in text(shown)


async def test_an_export_of_two_channels_comes_back_to_both(house: House) -> None:
    publish_three(house)
    await house.follow(COURIER, channel=house.news, name="Our Courier")
    await house.follow(SEA, channel=house.other)
    exported = message(await house.admin.slash(house.news, "feed export"))
    [attachment] = exported.attachments
    body = await attachment.read()
    for row in await house.follower.followings(GuildId(house.guild.id)):
        await house.follower.remove(row)
    shown = await house.admin.slash(house.news, "feed import", file=("feeds.opml", body))
    await house.admin.click(message(shown), label="Each to its channel")
    await house.admin.click(message(shown), label="Import 2")
    assert await by_channel(house) == {house.news.id: {COURIER}, house.other.id: {SEA}}
    rows = await house.follower.followings(GuildId(house.guild.id))
    assert {row.subscription.name for row in rows} == {"Our Courier", "The Sea"}
