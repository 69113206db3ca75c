"""/settings channel: shown, changed, undone; who may."""

from dataclasses import replace

import pytest

from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId
from tests.frontend.house import House, buttons, message, text

NIGHT = {"quiet": "22:00-07:00", "timezone": "Europe/Berlin"}


async def chosen(house: House) -> ChannelOptions:
    return await house.storage.channel_options(ChannelId(house.news.id))


async def test_without_options_a_card_shows_what_is_chosen_and_what_herald_may(
    house: House,
) -> None:
    shown = text(await house.admin.slash(house.news, "settings channel"))
    assert "Settings of #news" in shown
    assert "Quiet hours: none" in shown
    assert "Messages an hour: as many as come" in shown
    assert "✓ Herald may post here." in shown
    house.forbid(house.other, embed_links=True)
    there = text(await house.admin.slash(house.news, "settings channel", channel=house.other))
    assert "Settings of #other" in there
    assert "✗ Herald lacks Embed Links here" in there


async def test_quiet_hours_are_chosen_shown_and_undone(house: House) -> None:
    changed = await house.admin.slash(house.news, "settings channel", **NIGHT)
    assert "Quiet hours: none → 22:00 to 07:00" in text(changed)
    assert "Time zone: UTC (nobody chose) → Europe/Berlin" in text(changed)
    assert buttons(message(changed)) == {"Undo": True}
    night = ChannelOptions(
        time_zone="Europe/Berlin", quiet_from_min=22 * 60, quiet_until_min=7 * 60
    )
    assert await chosen(house) == night
    assert "already so" in text(await house.admin.slash(house.news, "settings channel", **NIGHT))

    await house.restart()
    await house.admin.click(message(changed), label="Undo")
    assert await chosen(house) == ChannelOptions()


async def test_quiet_hours_and_the_budget_are_switched_off(house: House) -> None:
    await house.admin.slash(house.news, "settings channel", quiet="23 to 6", hourly=4)
    assert await chosen(house) == ChannelOptions(
        quiet_from_min=23 * 60, quiet_until_min=6 * 60, hourly_max=4
    )
    off = text(await house.admin.slash(house.news, "settings channel", quiet="off", hourly=0))
    assert "Messages an hour: at most 4 → as many as come" in off
    assert await chosen(house) == ChannelOptions()


async def test_an_undo_that_comes_too_late_says_so(house: House) -> None:
    changed = await house.admin.slash(house.news, "settings channel", **NIGHT)
    await house.admin.slash(house.news, "settings channel", hourly=3)
    late = await house.admin.click(message(changed), label="Undo")
    assert "can no longer be undone" in late.followups[0].content
    assert replace(await chosen(house), hourly_max=None).quiet_from_min == 22 * 60


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"quiet": "at night"}, "no quiet hours that I understand"),
        ({"quiet": "25:00-07:00"}, "no time of day"),
        ({"quiet": "13 pm - 7"}, "no time of day"),
        ({"quiet": "07:00-7"}, "last for ever"),
        ({"timezone": "Middle Earth"}, "no time zone that I know"),
    ],
)
async def test_what_cannot_be_understood_is_said_and_changes_nothing(
    house: House, asked: dict[str, str], says: str
) -> None:
    assert says in text(await house.admin.slash(house.news, "settings channel", **asked))
    assert await chosen(house) == ChannelOptions()


async def test_a_city_stands_for_its_time_zone(house: House) -> None:
    await house.admin.slash(house.news, "settings channel", timezone="new york")
    assert (await chosen(house)).time_zone == "America/New_York"


async def test_time_zones_and_quiet_hours_are_offered_while_typing(house: House) -> None:
    offered = await house.admin.autocomplete(house.news, "settings channel", "timezone", "lisb")
    assert [choice["value"] for choice in offered] == ["Europe/Lisbon"]
    usual = await house.admin.autocomplete(house.news, "settings channel", "timezone", "")
    assert "Europe/Berlin" in [choice["value"] for choice in usual]
    hours = await house.admin.autocomplete(house.news, "settings channel", "quiet", "9pm-6")
    assert [choice["value"] for choice in hours] == ["21:00-06:00"]


async def test_only_managers_choose_and_only_where_they_may_write(house: House) -> None:
    settings = next(c for c in await house.client.tree.fetch_commands() if c.name == "settings")
    house.guild.set_command_permissions(settings, {house.member: True})
    refused = await house.member.slash(house.news, "settings channel", **NIGHT)
    assert "Manage Server" in text(refused)
    house.forbid(house.other, house.admin, send_messages=True)
    unwritable = await house.admin.slash(
        house.news, "settings channel", channel=house.other, **NIGHT
    )
    assert "channels you may write in" in text(unwritable)
    assert await house.storage.channel_options(ChannelId(house.other.id)) == ChannelOptions()


async def test_a_post_waits_in_quiet_hours_and_comes_after_them(house: House) -> None:
    # simcord's clock starts at midnight UTC.
    await house.admin.slash(house.news, "settings channel", quiet="22:00-07:00")
    house.publish("https://courier.example.org/feed.xml", "Harbour reopens")
    await house.follow(backfill=1)
    assert await house.deliver() == 0
    assert house.posts() == []
    await house.env.advance_time(7 * 3600)
    assert await house.deliver() == 1
    (post,) = house.posts()
    assert post.embeds[0].title == "Harbour reopens"
