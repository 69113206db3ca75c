"""Bulletins in the log channel, their buttons, and moving to another feed."""

from dataclasses import replace

import discord
import pytest

from bot.errors import FetchFailed
from bot.frontend.bulletins import DiscordAnnouncer
from bot.news.models import Bulletin, Feed, FeedState, GuildId, MessageId, Remedy, StateChange
from bot.services.tell import Teller
from tests.factories import refresh
from tests.frontend.house import COURIER, House, buttons, message, text

NEW = "https://courier.example.org/new.xml"
SITE = "https://courier.example.org/"
REASON = "https://courier.example.org/feed.xml answered 404 eight times. *Herald* goes on trying."


async def stored(house: House, url: str = COURIER) -> Feed:
    feed = await house.storage.feed_by_url(url)
    assert feed is not None
    return feed


async def tell(house: House, kind: str = "failing", url: str = COURIER) -> None:
    """Record a poll that changes a feed's state for the admins."""
    feed = await stored(house, url)
    now = house.env.now()
    is_well = kind == "recovered"
    poll = refresh(
        feed.id,
        at=now,
        failures=0 if is_well else 8,
        state=FeedState.OK if is_well else FeedState.FAILING,
        last_error=None if is_well else REASON,
    )
    change = StateChange(kind=kind, reason=REASON, since=now)  # type: ignore[arg-type]  # checked by SQL
    status = 200 if is_well else 404
    await house.storage.record(
        replace(poll, change=change, check=replace(poll.check, status=status))
    )


async def bulletins(house: House) -> list[discord.Message]:
    """Let the settling time pass, send, and return what the log channel shows."""
    await house.env.advance_time(130)
    await house.teller.tell_due()
    return house.posts(house.other)


@pytest.fixture
async def watched(house: House) -> House:
    """Open a server that follows the Courier and has a log channel."""
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    await house.follow()
    await house.admin.slash(house.news, "settings log", channel=house.other)
    return house


async def test_a_failing_feed_is_told_with_reason_last_success_and_buttons(watched: House) -> None:
    await tell(watched)
    [told] = await bulletins(watched)
    embed = told.embeds[0]
    assert embed.title == "The Courier is failing"
    assert embed.description is not None
    assert "\\*Herald\\* goes on trying" in embed.description
    assert "Last success <t:" in embed.description
    [row] = told.components
    assert isinstance(row, discord.ActionRow)
    assert [getattr(item, "label", "") for item in row.children] == [
        "Check now",
        "Pause everywhere",
    ]
    assert await watched.teller.tell_due() == 0


async def test_without_a_log_channel_nothing_is_sent(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    await tell(house)
    assert await bulletins(house) == []
    await house.admin.slash(house.news, "settings log", channel=house.other)
    assert await bulletins(house) == []  # what happened before is not told afterwards


async def test_buttons_of_a_bulletin_work_after_a_restart(watched: House) -> None:
    await tell(watched)
    [told] = await bulletins(watched)
    await watched.restart()
    checked = await watched.admin.click(told, label="Check now")
    assert "**The Courier**: 304, nothing new." in text(checked)
    paused = await watched.admin.click(told, label="Pause everywhere")
    assert f"Paused **The Courier** in {watched.news.mention}" in text(paused)
    [row] = await watched.follower.followings(GuildId(watched.guild.id))
    assert row.subscription.is_paused


async def test_buttons_of_a_bulletin_are_for_managers(watched: House) -> None:
    await tell(watched)
    [told] = await bulletins(watched)
    refused = await watched.member.click(told, label="Pause everywhere")
    assert "Manage Server" in text(refused)
    [row] = await watched.follower.followings(GuildId(watched.guild.id))
    assert not row.subscription.is_paused
    await watched.admin.slash(watched.news, "settings log")
    removed = await watched.admin.slash(watched.news, "feed remove", feed="The Courier")
    await watched.admin.click(message(removed), label="Remove The Courier")
    gone = await watched.admin.click(told, label="Check now")
    assert "does not follow that feed any more" in text(gone)


async def test_many_changes_are_one_message_with_a_menu(watched: House) -> None:
    urls = [f"https://paper{n}.example.org/feed" for n in range(30)]
    for number, url in enumerate(urls):
        watched.publish(url, "News", title=f"Paper {number}")
        await watched.follow(url)
        await tell(watched, url=url)
    [told] = await bulletins(watched)
    assert told.embeds[0].title == "30 feeds failing. Is the network down?"
    assert "… and 10 more." in (told.embeds[0].description or "")
    [row] = told.components
    assert isinstance(row, discord.ActionRow)
    [menu] = row.children
    assert isinstance(menu, discord.SelectMenu)
    assert len(menu.options) == 25
    await watched.restart()
    chosen = await watched.admin.select(told, [menu.options[0].value])
    assert "▲ failing" in text(chosen)
    assert buttons(message(chosen)) == {"Check now": True, "Pause everywhere": True}


async def test_a_recovery_is_told_a_day_later_at_the_soonest_and_has_no_buttons(
    watched: House,
) -> None:
    await tell(watched)
    await bulletins(watched)
    await tell(watched, "recovered")
    assert len(await bulletins(watched)) == 1
    await watched.env.advance_time(24 * 3600)
    _, told = await bulletins(watched)
    assert told.embeds[0].title == "The Courier works again"
    assert told.components == []


async def test_a_log_channel_that_is_gone_is_forgotten(watched: House) -> None:
    await tell(watched)
    watched.env.backend.delete_channel(watched.other.id)
    await watched.env.advance_time(130)
    assert await watched.teller.tell_due() == 0
    assert await watched.storage.log_channel(GuildId(watched.guild.id)) is None


async def test_a_bulletin_waits_for_permissions(watched: House) -> None:
    await tell(watched)
    watched.forbid(watched.other, send_messages=True)
    assert await bulletins(watched) == []
    watched.forbid(watched.other)
    await watched.env.advance_time(15 * 60)
    assert len(await bulletins(watched)) == 1


@pytest.mark.parametrize("later_s", [30, 3600])
async def test_a_crash_between_telling_and_noting_it_tells_nothing_twice(
    watched: House, later_s: int
) -> None:
    class Crashing(DiscordAnnouncer):
        async def announce(self, bulletin: Bulletin) -> MessageId:
            await super().announce(bulletin)
            raise KeyboardInterrupt

    await tell(watched)
    await watched.env.advance_time(130)
    with pytest.raises(KeyboardInterrupt):
        await Teller(watched.storage, Crashing(watched.publisher), watched.clock).tell_due()
    await watched.restart()
    await watched.storage.release_leases()
    await watched.env.advance_time(later_s)
    assert await watched.teller.tell_due() == 1
    assert len(watched.posts(watched.other)) == 1


async def dead(house: House) -> None:
    """Let the Courier's address fail for long, and its site offer another feed."""
    del house.source.feeds[COURIER]
    house.publish(NEW, "Fresh ferry", "Ferry resumes", "Mill burns", title="Courier, new")
    house.source.sites[SITE] = [NEW]
    await tell(house)
    assert await house.client.healer.mend_due() == 1


async def test_a_dead_feed_is_switched_after_a_preview_and_reposts_nothing(watched: House) -> None:
    await dead(watched)
    [told] = await bulletins(watched)
    assert "Its site offers another feed: “Courier, new”" in (told.embeds[0].description or "")
    await watched.restart()
    shown = await watched.admin.click(told, label="Switch to …")
    preview = message(shown).embeds[0]
    assert preview.title == "Fresh ferry"
    assert preview.author.name == "The Courier"
    assert buttons(message(shown)) == {"Switch to Courier, new": True, "Cancel": True}
    await watched.admin.click(message(shown), label="Switch to Courier, new")
    assert f"now comes from {NEW}" in text(shown)
    [row] = await watched.follower.followings(GuildId(watched.guild.id))
    assert (row.subscription.name, row.feed.url) == ("The Courier", NEW)
    assert await watched.deliver() == 0

    watched.publish(NEW, "Brand new", "Fresh ferry", "Ferry resumes", "Mill burns")
    await watched.env.advance_time(90)
    await watched.follower.check(row)
    await watched.deliver()
    [post] = watched.posts()
    assert post.embeds[0].title == "Brand new"

    await watched.restart()
    await watched.admin.click(message(shown), label="Undo")
    assert f"Back to {COURIER}" in text(shown)
    [row] = await watched.follower.followings(GuildId(watched.guild.id))
    assert row.feed.url == COURIER


async def test_undoing_a_switch_late_is_refused(watched: House) -> None:
    await dead(watched)
    card = await watched.admin.slash(watched.news, "feed show", feed="The Courier")
    assert "Its site offers: **Courier, new**" in text(card)
    shown = await watched.admin.click(message(card), label="Switch to …")
    await watched.admin.click(message(shown), label="Switch to Courier, new")
    undo = message(shown)
    await watched.env.advance_time(16 * 60)
    late = await watched.admin.click(undo, label="Undo")
    assert "more than 15 minutes ago" in late.followups[0].content
    [row] = await watched.follower.followings(GuildId(watched.guild.id))
    assert row.feed.url == NEW


async def test_what_fails_by_the_time_of_the_click_is_said(watched: House) -> None:
    await dead(watched)
    card = await watched.admin.slash(watched.news, "feed show", feed="The Courier")
    watched.source.errors[NEW] = FetchFailed("It answered 503.", url=NEW)
    shown = await watched.admin.click(message(card), label="Switch to …")
    assert "It answered 503." in text(shown) + "".join(f.content for f in shown.followups)
    del watched.source.errors[NEW]
    await tell(watched, "recovered")
    well = await watched.admin.click(message(card), label="Switch to …")
    assert "nothing to switch to" in text(well) + "".join(f.content for f in well.followups)


async def test_a_card_says_whom_a_switch_moves(watched: House) -> None:
    await watched.follow(channel=watched.other)
    await dead(watched)
    card = await watched.admin.slash(watched.news, "feed show", feed="The Courier")
    both = f"{watched.news.mention}, {watched.other.mention}"
    assert f"Switching moves all its channels here: {both}" in text(card)


async def test_a_way_out_found_after_the_bulletin_is_told_once_by_itself(watched: House) -> None:
    await tell(watched)
    [told] = await bulletins(watched)
    assert "Its site offers" not in (told.embeds[0].description or "")
    feed = await stored(watched)
    for url in (NEW, NEW, "https://courier.example.org/other.xml"):
        offer = Remedy(url=url, title="Courier, new")
        await watched.storage.store_remedy(feed.id, offer, watched.env.now())
    assert await bulletins(watched) == [told]  # at most one message a day of each feed
    await watched.env.advance_time(24 * 3600)
    _, offered = await bulletins(watched)
    embed = offered.embeds[0]
    assert embed.title == "The Courier may have a new address"
    assert "offers another feed: “Courier, new”" in (embed.description or "")
    assert [
        getattr(item, "label", "")
        for row in offered.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
    ] == ["Check now", "Pause everywhere", "Switch to …"]
    await watched.env.advance_time(24 * 3600)
    assert len(await bulletins(watched)) == 2


async def test_a_way_out_found_in_time_is_told_with_the_trouble(watched: House) -> None:
    await tell(watched)
    feed = await stored(watched)
    offer = Remedy(url=NEW, title="Courier, new")
    await watched.storage.store_remedy(feed.id, offer, watched.env.now())
    [told] = await bulletins(watched)
    assert "offers another feed: “Courier, new”" in (told.embeds[0].description or "")
    await watched.env.advance_time(24 * 3600)
    assert await bulletins(watched) == [told]
