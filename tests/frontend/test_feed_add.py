from datetime import timedelta

import discord
import pytest

from bot.errors import AddressForbidden, FetchFailed, InvalidUrl, NotAFeed, ParseFailed
from bot.news.models import GuildId
from tests.factories import parsed_entry
from tests.frontend.house import ADMIN, COURIER, EPOCH, House, buttons, message, text

SITE = "https://courier.example.org/"


async def test_adding_shows_the_newest_entry_exactly_as_it_is_posted_later(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, backfill=1)
    preview = message(shown).embeds[0]
    assert preview.title == "Ferry resumes"
    assert buttons(message(shown)) == {"Add": True, "Cancel": True}

    await house.admin.click(message(shown), label="Add")
    assert "Added **The Courier**" in text(shown)
    assert "1 older entry marked as seen, 1 queued for posting." in text(shown)
    assert buttons(message(shown)) == {}
    assert await house.deliver() == 1
    [post] = house.posts()
    assert post.embeds[0].to_dict() == preview.to_dict()


async def test_the_preview_tells_the_facts_of_the_feed(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = text(await house.admin.slash(house.news, "feed add", url=COURIER))
    assert "**The Courier**: RSS, 2 entries, about 24 a day, newest <t:1767222000:R>" in shown
    assert house.news.mention in shown


@pytest.mark.parametrize(
    ("days_apart", "pace"),
    [
        (0.5, "about 2 a day"),
        (3, "about 2 a week"),
        (20, "about 2 a month"),
        (400, "about 1 a month"),
    ],
)
async def test_the_pace_is_told_in_the_unit_that_fits(
    house: House, days_apart: float, pace: str
) -> None:
    dates = [EPOCH - timedelta(days=days_apart * n) for n in range(3)]
    house.publish(COURIER, *(parsed_entry("News", published_at=date) for date in dates))
    assert pace in text(await house.admin.slash(house.news, "feed add", url=COURIER))


async def test_nothing_is_followed_before_the_click_on_add(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    await house.admin.click(message(shown), label="Cancel")
    assert "Nothing was added" in text(shown)
    assert "None yet" in text(await house.admin.slash(house.news, "feed list"))


async def test_the_newest_entry_can_be_posted_right_after_adding(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = await house.follow()
    assert buttons(message(shown)) == {"Post latest now": True}
    await house.admin.click(message(shown), label="Post latest now")
    assert "The newest entry is on its way." in text(shown)
    assert buttons(message(shown)) == {}
    assert await house.deliver() == 1
    assert house.posts()[0].embeds[0].title == "Ferry resumes"


async def test_without_backfill_everything_old_is_marked_as_seen(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = await house.follow()
    assert "2 older entries marked as seen." in text(shown)
    assert await house.deliver() == 0


async def test_the_buttons_grey_out_in_time_for_discord_to_take_the_edit(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    await house.env.advance_time(14 * 60 + 1)
    assert buttons(message(shown)) == {"Add": False, "Cancel": False}


async def test_a_feed_can_go_to_another_channel_under_another_name(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=house.news, name="Coast", backfill=1)
    shown = await house.admin.slash(
        house.news, "feed add", url=COURIER, channel=house.other, name="Hill @everyone", backfill=1
    )
    assert f"already posted in {house.news.mention}" in text(shown)
    await house.admin.click(message(shown), label="Add")
    assert await house.deliver() == 2
    assert house.posts(house.news)[0].embeds[0].author.name == "Coast"
    assert house.posts(house.other)[0].embeds[0].author.name == "Hill \uff20everyone"


async def test_a_feed_that_the_channel_follows_is_named_before_any_preview(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(name="Coast")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    assert text(shown).startswith(f"{house.news.mention} follows this feed already, as “Coast”.")
    assert buttons(message(shown)) == {}


async def test_two_admins_who_add_the_same_feed_at_once_end_with_one(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    first = await house.admin.slash(house.news, "feed add", url=COURIER)
    second = await house.admin.slash(house.news, "feed add", url=COURIER)
    await house.admin.click(message(first), label="Add")
    refused = await house.admin.click(message(second), label="Add")
    assert refused.followups[0].content.startswith(
        f"{house.news.mention} follows this feed already"
    )


async def test_a_site_with_several_feeds_asks_which(house: House) -> None:
    house.publish("https://courier.example.org/a.xml", "Ferry resumes", title="News *now*")
    said = ("Cup final", "Semi-final", "The draw", "Rain stops play")  # an hour apart
    house.publish("https://courier.example.org/b.xml", *said, title="Sport")
    house.source.sites[SITE] = [
        "https://courier.example.org/a.xml",
        "https://courier.example.org/b.xml",
    ]
    shown = await house.admin.slash(house.news, "feed add", url=SITE)
    assert "offers 2 feeds" in text(shown)
    [menu] = [item for row in message(shown).components for item in row["components"]][:1]
    assert [option["label"] for option in menu["options"]] == ["News *now*", "Sport"]
    assert menu["options"][0]["description"] == "1 entry · https://courier.example.org/a.xml"
    described = menu["options"][1]["description"]
    assert described == "4 entries, about 24 a day · https://courier.example.org/b.xml"

    await house.follow("https://courier.example.org/a.xml")
    assert buttons(message(shown)) == {"Cancel": True}
    refused = await house.admin.select(message(shown), ["0"])
    assert "follows this feed already" in refused.followups[0].content
    await house.admin.select(message(shown), ["1"])
    assert message(shown).embeds[0].title == "Cup final"
    await house.admin.click(message(shown), label="Add")
    assert "Added **Sport**" in text(shown)


async def test_thirty_feeds_with_endless_names_fit_the_menu(house: House) -> None:
    urls = [f"https://courier.example.org/{'x' * 120}{number}.xml" for number in range(30)]
    for url in urls:
        house.publish(url, "News", title="@everyone " * 90)
    house.source.sites[SITE] = urls
    shown = await house.admin.slash(house.news, "feed add", url=SITE)
    assert "offers 30 feeds; these are the first 25" in text(shown)
    await house.admin.select(message(shown), ["24"])
    await house.admin.click(message(shown), label="Add")
    listed = await house.admin.slash(house.news, "feed remove", feed=urls[24])
    assert len(buttons(message(listed))) == 2


async def test_a_feed_without_entries_can_be_followed(house: House) -> None:
    house.publish(COURIER)
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    assert "no entries yet" in text(shown)
    await house.admin.click(message(shown), label="Add")
    assert "Added **The Courier**" in text(shown)


@pytest.mark.parametrize(
    "error",
    [
        InvalidUrl("“ferry news” is no web address. Type one such as example.org.", url="x"),
        NotAFeed("x answered 200 but offers no feed; tried 6 usual addresses.", url="x"),
        ParseFailed("x is neither XML nor JSON; it begins: hello.", url="x"),
        FetchFailed("x did not answer within 15 s.", url="x"),
        AddressForbidden("x is in a private network; refused.", url="x"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_bad_address_is_answered_with_what_happened(house: House, error: Exception) -> None:
    house.source.errors["x"] = error
    assert text(await house.admin.slash(house.news, "feed add", url="x")) == str(error)


async def test_a_channel_that_herald_may_not_write_in_is_refused_by_name(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    closed = house.guild.create_text_channel("closed")
    house.forbid(closed, send_messages=True, embed_links=True)
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, channel=closed)
    assert f"may not post in {closed.mention}: it lacks Send Messages and Embed Links" in text(
        shown
    )
    assert house.source.fetched == []


async def test_permissions_are_checked_again_at_the_click(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    house.forbid(house.news, send_messages=True)
    refused = await house.admin.click(message(shown), label="Add")
    assert "it lacks Send Messages" in refused.followups[0].content


async def test_an_admin_cannot_send_news_where_they_may_not_write(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    rules = house.guild.create_text_channel(
        "rules",
        overwrites={house.admin: discord.PermissionOverwrite(send_messages=False)},
    )
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, channel=rules)
    assert f"{rules.mention} is not one" in text(shown)


async def test_a_member_without_manage_server_is_refused_even_if_the_server_lets_them_try(
    house: House,
) -> None:
    feed = next(c for c in await house.client.tree.fetch_commands() if c.name == "feed")
    house.guild.set_command_permissions(feed, {house.member: True})
    house.publish(COURIER, "Ferry resumes")
    shown = await house.member.slash(house.news, "feed add", url=COURIER)
    assert text(shown) == "You need the permission Manage Server to manage feeds here."


async def test_add_is_refused_to_one_who_lost_manage_server_meanwhile(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    guild = house.env.backend.get_guild(house.guild.id)
    for role_id in guild.members[house.admin.id].role_ids:
        guild.roles[role_id].permissions &= ~ADMIN.value
    refused = await house.admin.click(message(shown), label="Add")
    assert "Manage Server" in text(refused)
    assert await house.follower.followings(GuildId(house.guild.id)) == []
