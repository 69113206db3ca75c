"""/digest and mode digest, on Discord."""

import pytest

from bot.errors import UserError
from bot.frontend.hours import day_choices, days_told, parse_days, parse_time, time_choices
from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId
from bot.services.digest import Digester
from tests.frontend.house import COURIER, House, buttons, message, text

TITLES = ("Ferry resumes", "Bridge closes", "Mill reopens")


async def followed(house: House, **options: object) -> str:
    """Follow a feed in mode digest, which then brings three entries; return what was said."""
    house.publish(COURIER, "Old news")
    shown = await house.admin.slash(
        house.news, "feed add", url=COURIER, backfill=0, mode="digest", **options
    )
    preview = text(shown)
    added = await house.admin.click(message(shown), label="Add")
    house.publish(COURIER, *TITLES, "Old news")
    await house.env.advance_time(3600)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    return preview + text(added)


async def chosen(house: House) -> ChannelOptions:
    return await house.storage.channel_options(ChannelId(house.news.id))


async def test_a_feed_in_mode_digest_says_when_it_is_told_and_posts_nothing_before(
    house: House,
) -> None:
    said = await followed(house)
    assert "a line for each story" in said
    assert "daily at 08:00 (UTC, as nobody chose), up to 10 stories" in said
    await house.deliver()
    assert house.posts() == []
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "in the channel's digest; 3 entries there wait until <t:1767254400:f>" in card

    health = text(await house.admin.slash(house.news, "health"))
    assert f"For digests: <#{house.news.id}>: 3 entries until <t:1767254400:f>" in health

    await house.env.advance_time(8 * 3600)
    assert await Digester(house.storage, house.clock).make_due() == 1
    await house.deliver()
    (post,) = house.posts()
    (embed,) = post.embeds
    assert embed.title == "3 stories"
    lines = (embed.description or "").splitlines()
    assert len(lines) == 3
    assert all(line.startswith("• [") and line.endswith(" · The Courier") for line in lines)
    why = text(await house.member.context_menu(house.news, "Why this?", post))
    assert "A digest of 3 entries" in why
    found = await house.member.slash(house.news, "news search", query="mill")
    assert post.jump_url in text(found)


async def test_a_digest_is_set_told_and_undone(house: House) -> None:
    await followed(house)
    asked = {"when": "7.30", "days": "mon-fri", "timezone": "Berlin", "top": 5}
    said = await house.admin.slash(house.news, "digest set", **asked)
    assert "Mon to Fri at 07:30 (Europe/Berlin), up to 5 stories" in text(said)
    assert "1 feed, 3 entries so far" in text(said)
    assert await chosen(house) == ChannelOptions(
        time_zone="Europe/Berlin", digest_at_min=450, digest_days=(0, 1, 2, 3, 4), digest_top=5
    )
    again = await house.admin.slash(house.news, "digest set", **asked)
    assert buttons(message(again)) == {}
    card = text(await house.admin.slash(house.news, "settings channel"))
    assert "Digest: Mon to Fri at 07:30 (Europe/Berlin), up to 5 stories" in card
    await house.restart()
    await house.admin.click(message(said), label="Undo")
    assert await chosen(house) == ChannelOptions()


async def test_a_digest_without_a_feed_says_how_to_put_one_in(house: House) -> None:
    said = text(await house.admin.slash(house.news, "digest set", when="08:00"))
    assert "No feed of the channel is told in it yet" in said
    nothing = text(await house.admin.slash(house.news, "digest now"))
    assert "Nothing waits for the digest" in nothing
    off = text(await house.admin.slash(house.news, "digest off"))
    assert "has no digest" in off


async def test_what_waits_is_shown_to_the_asker_and_posted_on_a_click(house: House) -> None:
    await followed(house)
    shown = await house.admin.slash(house.news, "digest now")
    assert message(shown).ephemeral
    (preview,) = message(shown).embeds
    assert preview.title == "3 stories"
    await house.deliver()
    assert house.posts() == []
    await house.admin.click(message(shown), label="Post here")
    await house.deliver()
    (post,) = house.posts()
    assert post.embeds[0].to_dict() == preview.to_dict()
    assert "Nothing waits" in text(await house.admin.slash(house.news, "digest now"))


async def test_no_digest_any_more_posts_what_waits_and_then_each_story(house: House) -> None:
    await followed(house)
    off = text(await house.admin.slash(house.news, "digest off"))
    assert "1 feed there: a post for each story from now on" in off
    assert "one last digest now" in off
    await house.deliver()
    assert [post.embeds[0].title for post in house.posts()] == ["3 stories"]
    house.publish(COURIER, "Fog ahead", *TITLES)
    await house.env.advance_time(3600)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    await house.deliver()
    assert house.posts()[-1].embeds[0].title == "Fog ahead"


async def test_the_mode_is_changed_with_a_word_on_what_waits(house: House) -> None:
    house.publish(COURIER, "Old news")
    await house.follow()
    into = text(await house.admin.slash(house.news, "feed edit", feed="The Courier", mode="digest"))
    assert "Posts: one for each story → told in the channel's digest" in into
    assert "What it brings is told in the digest of" in into
    out = text(await house.admin.slash(house.news, "feed edit", feed="The Courier", mode="each"))
    assert "What waits for the digest is still told in it." in out


async def test_the_newest_can_be_posted_at_once_all_the_same(house: House) -> None:
    house.publish(COURIER, "Old news")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, mode="digest")
    added = await house.admin.click(message(shown), label="Add")
    assert "1 queued for the digest" in text(added)
    await house.admin.click(message(added), label="Post latest now")
    await house.deliver()
    assert [post.embeds[0].title for post in house.posts()] == ["Old news"]


async def test_quiet_hours_keep_posts_back_and_tell_them_in_one_message(house: House) -> None:
    house.publish(COURIER, "Old news")
    await house.follow()
    await house.admin.slash(house.news, "settings channel", quiet="00:30-07:00")
    house.publish(COURIER, *TITLES, "Old news")
    await house.env.advance_time(3600)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    assert await house.deliver() == 0
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "Quiet hours: What it brings waits until <t:1767250800:t>" in card
    await house.env.advance_time(6 * 3600)
    await house.deliver()
    (post,) = house.posts()
    assert post.embeds[0].title == "3 stories"


async def test_what_is_over_the_hours_budget_comes_in_one_message_when_there_is_room(
    house: House,
) -> None:
    house.publish(COURIER, "Old news")
    await house.follow()
    await house.admin.slash(house.news, "settings channel", hourly=1, bursts="apart")
    house.publish(COURIER, *TITLES, "Old news")
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    assert await house.deliver() == 1
    (first,) = house.posts()
    assert first.embeds[0].title == TITLES[-1], "the oldest"
    await house.env.advance_time(3600)
    await house.deliver()
    _, digest = house.posts()
    assert digest.embeds[0].title == f"{len(TITLES) - 1} stories"
    told = digest.embeds[0].description or ""
    assert all(title in told for title in TITLES[:-1])
    await house.env.advance_time(3600)
    assert await house.deliver() == 0


async def test_only_managers_may(house: House) -> None:
    digest = next(c for c in await house.client.tree.fetch_commands() if c.name == "digest")
    house.guild.set_command_permissions(digest, {house.member: True})
    refused = await house.member.slash(house.news, "digest set", when="08:00")
    assert "Manage Server" in text(refused)
    house.forbid(house.other, embed_links=True)
    unwritable = await house.admin.slash(
        house.news, "digest set", when="08:00", channel=house.other
    )
    assert "lacks Embed Links" in text(unwritable)


async def test_times_days_and_zones_are_offered_while_typing(house: House) -> None:
    for option, typed, first in (
        ("when", "7", "07:00"),
        ("days", "mon-", "mon-"),
        ("timezone", "lisb", "Europe/Lisbon"),
    ):
        offered = await house.admin.autocomplete(house.news, "digest set", option, typed)
        assert first in [choice["value"] for choice in offered] or option == "days"


@pytest.mark.parametrize(
    ("typed", "days", "told"),
    [
        ("daily", (0, 1, 2, 3, 4, 5, 6), "daily"),
        ("weekdays", (0, 1, 2, 3, 4), "Mon to Fri"),
        ("Mon-Fri", (0, 1, 2, 3, 4), "Mon to Fri"),
        ("sat-mon", (0, 5, 6), "Mon, Sat and Sun"),
        ("mon, wed, fri", (0, 2, 4), "Mon, Wed and Fri"),
        ("tuesday and thursday", (1, 3), "Tue and Thu"),
        ("su", (6,), "Sun"),
        ("fri–sun", (4, 5, 6), "Fri to Sun"),  # noqa: RUF001  # as phones write it
        ("mon-sun", (0, 1, 2, 3, 4, 5, 6), "daily"),
    ],
)
def test_days_are_read_as_people_write_them(typed: str, days: tuple[int, ...], told: str) -> None:
    assert parse_days(typed) == days
    assert days_told(days) == told
    assert parse_days(days_told(days).replace(" to ", "-")) == days


@pytest.mark.parametrize("typed", ["", "t", "someday", "mon-", "mon-fri-sun", "1"])
def test_what_are_no_days_is_said(typed: str) -> None:
    with pytest.raises(UserError, match="no days that I understand"):
        parse_days(typed)


@pytest.mark.parametrize(
    ("typed", "minute"),
    [
        *(("7", 420), ("07:30", 450), ("7.30", 450), ("19h05", 1145), ("7:30 pm", 1170)),
        *(("12am", 0), ("12 PM", 720), ("24:00", 0), ("23:59", 1439)),
    ],
)
def test_times_are_read_as_people_write_them(typed: str, minute: int) -> None:
    assert parse_time(typed) == minute


@pytest.mark.parametrize("typed", ["", "25", "7:60", "24:30", "13 pm", "0am", "noon", "-1"])
def test_what_is_no_time_is_said(typed: str) -> None:
    with pytest.raises(UserError, match="no time of day"):
        parse_time(typed)


def test_what_was_typed_is_offered_first() -> None:
    assert [choice.value for choice in time_choices("6:15")] == ["06:15"]
    assert time_choices("")[0].value == "07:00"
    assert (day_choices("tue,thu")[0].name, day_choices("tue,thu")[0].value) == (
        *("Tue and Thu", "tue,thu"),
    )
    assert [choice.value for choice in day_choices("week")] == ["weekends"]
