"""/feed pause for a while, catching up, and the buttons of cards."""

from datetime import timedelta

from bot.news.models import Following, GuildId
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, House, buttons, message, text


async def rows(house: House) -> dict[int, Following]:
    """Return the subscriptions by their channels."""
    found = await house.follower.followings(GuildId(house.guild.id))
    return {row.subscription.channel_id: row for row in found}


async def publish_and_check(house: House, *titles: str) -> None:
    now = house.env.now()
    entries = [
        parsed_entry(title, guid=f"{COURIER}#{title}", published_at=now - timedelta(hours=n))
        for n, title in enumerate(titles)
    ]
    house.publish(COURIER, *entries)
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="The Courier")


async def test_a_pause_ends_by_itself_and_says_when(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    paused = await house.admin.slash(house.news, "feed pause", feed="The Courier", **{"for": "6h"})
    assert "until <t:1767247200:f>, <t:1767247200:R>." in text(paused)
    assert "goes into the archive and is not posted" in text(paused)
    listed = text(await house.admin.slash(house.news, "feed list"))
    assert "paused until <t:1767247200:f>" in listed
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "Paused: until <t:1767247200:f>\nWhat comes out meanwhile is kept" in card

    await publish_and_check(house, "Storm", "Ferry resumes")
    await house.env.advance_time(6 * 3600 - 120)
    assert await house.follower.resume_due() == 0
    await house.env.advance_time(120)
    assert await house.follower.resume_due() == 1
    assert await house.deliver() == 0
    await publish_and_check(house, "Cup final", "Storm", "Ferry resumes")
    assert await house.deliver() == 1
    assert house.posts()[0].embeds[0].title == "Cup final"


async def test_a_pause_can_catch_up_the_newest_ten_one_by_one_the_rest_in_one(
    house: House,
) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    paused = await house.admin.slash(
        house.news, "feed pause", feed="The Courier", meanwhile="catch up", **{"for": "1d"}
    )
    assert "posted after the pause: the newest 10 one by one, the rest in one message" in text(
        paused
    )
    await publish_and_check(house, *(f"Storm {n}" for n in range(12)), "Ferry resumes")
    assert await house.deliver() == 0
    await house.env.advance_time(24 * 3600)
    assert await house.follower.resume_due() == 1
    assert await house.deliver() == 11
    titles = [embed.title for post in house.posts() for embed in post.embeds]
    assert titles[:10] == [f"Storm {n}" for n in range(9, -1, -1)]
    roundup = house.posts()[-1].embeds[0].description or ""
    assert "Storm 10" in roundup
    assert "Storm 11" in roundup


async def test_resuming_by_hand_catches_up_too_and_says_how_much(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    await house.admin.slash(house.news, "feed pause", feed="The Courier", meanwhile="catch up")
    await publish_and_check(house, *(f"Storm {n}" for n in range(12)), "Ferry resumes")
    resumed = text(await house.admin.slash(house.news, "feed resume", feed="The Courier"))
    assert "10 posts of what came out during the pause on the way, and 2 older ones" in resumed
    await house.admin.slash(house.news, "feed pause", feed="The Courier", meanwhile="catch up")
    nothing = text(await house.admin.slash(house.news, "feed resume", feed="The Courier"))
    assert "nothing came out during the pause" in nothing


async def test_a_pause_can_be_given_another_end(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    await house.admin.slash(house.news, "feed pause", feed="The Courier")
    again = await house.admin.slash(house.news, "feed pause", feed="The Courier", **{"for": "1h"})
    assert "Paused **The Courier**" in text(again)
    told = await house.admin.slash(house.news, "feed pause", feed="The Courier")
    assert text(told) == "**The Courier** is paused already until <t:1767229200:f>."


async def test_a_pause_of_no_length_is_refused(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    refused = await house.admin.slash(
        house.news, "feed pause", feed="The Courier", **{"for": "a while"}
    )
    assert "“a while” is no length of time" in text(refused)
    offered = await house.admin.autocomplete(house.news, "feed pause", "for", "3")
    assert ("for 3 days", "3d") in [(choice["name"], choice["value"]) for choice in offered]


async def test_a_card_pauses_and_resumes_in_its_own_channel_only(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=house.news)
    await house.follow(channel=house.other)
    card = await house.admin.slash(house.other, "feed show", feed="The Courier")
    assert buttons(message(card)) == {"Check now": True, "Pause": True}
    paused = await house.admin.click(message(card), label="Pause")
    assert f"Paused **The Courier** in {house.other.mention}." in text(paused)
    by_channel = await rows(house)
    assert by_channel[house.other.id].subscription.is_paused
    assert not by_channel[house.news.id].subscription.is_paused
    again = await house.admin.click(message(card), label="Pause")
    assert text(again) == "**The Courier** is paused already."

    card = await house.admin.slash(house.other, "feed show", feed="The Courier")
    assert buttons(message(card)) == {"Check now": True, "Resume": True}
    await house.restart()
    resumed = await house.admin.click(message(card), label="Resume")
    assert f"Resumed **The Courier** in {house.other.mention}." in text(resumed)
    assert not (await rows(house))[house.other.id].subscription.is_paused
    again = await house.admin.click(message(card), label="Resume")
    assert text(again) == "**The Courier** is not paused."


async def test_a_cards_button_of_a_feed_that_was_removed_says_so(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    card = await house.admin.slash(house.news, "feed show", feed="The Courier")
    await house.follower.remove((await rows(house))[house.news.id])
    gone = await house.admin.click(message(card), label="Pause")
    assert "does not follow that feed any more" in text(gone)
