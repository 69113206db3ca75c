"""How often, what, and where: /feed add every: old:, and /feed edit with its Undo."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.frontend.commands.options import every_choices, parse_every, parse_pause, pause_choices
from bot.news.models import CacheHints, ChannelId, Following, GuildId, Mode
from tests.factories import parsed_entry
from tests.frontend.house import ADMIN, COURIER, EPOCH, House, buttons, message, text

MINUTE = timedelta(minutes=1)


async def the_row(house: House, channel_id: int | None = None) -> Following:
    rows = await house.follower.followings(GuildId(house.guild.id))
    [row] = [r for r in rows if channel_id in {None, r.subscription.channel_id}]
    return row


async def next_in(house: House) -> timedelta:
    """Return how long it is to the next check of the only feed."""
    return (await the_row(house)).feed.next_poll_at - house.env.now()


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("auto", None),
        (" AUTO ", None),
        ("5m", 300),
        ("20m", 1200),
        ("20 min", 1200),
        ("2 h", 7200),
        ("1h30m", 5400),
        ("1 hour and 30 minutes", 5400),
        ("1.5 hours", 5400),
        ("1,5h", 5400),
        ("every 10 minutes", 600),
        ("hourly", 3600),
        ("every hour", 3600),
        ("24h", 86400),
        ("1 Day", 86400),
        ("300 s", 300),
    ],
)
def test_an_interval_is_understood_as_people_write_it(typed: str, seconds: int | None) -> None:
    assert parse_every(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("20", "“20” what? Write 20m for minutes or 20h for hours."),
        ("soon", "“soon” is no length of time that I understand. Write 20m, 2h, 1h30m or 3d."),
        ("", "no length of time"),
        ("5 m 3", "no length of time"),
        ("2m", "“2m” is too often: every 5 minutes is the most"),
        ("0h", "too often"),
        ("999999w " * 999, "too seldom"),
        ("3d", "“3d” is too seldom: once a day is the least."),
    ],
)
def test_an_interval_that_is_none_is_refused_with_what_to_write(typed: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_every(typed)
    assert said in str(refused.value)


@pytest.mark.parametrize(("typed", "days"), [("6h", 0.25), ("3d", 3), ("2 weeks", 14)])
def test_a_pause_has_a_length(typed: str, days: float) -> None:
    assert parse_pause(typed) == timedelta(days=days)


@pytest.mark.parametrize(("typed", "said"), [("1s", "too short"), ("500d", "too long")])
def test_a_pause_of_no_sensible_length_is_refused(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_pause(typed)


@given(st.text(max_size=40))
def test_whatever_is_typed_gives_a_length_or_a_word(typed: str) -> None:
    for parse in (parse_every, parse_pause):
        try:
            parse(typed)
        except UserError as error:
            assert "Write" in str(error) or "Leave out" in str(error)  # noqa: PT017  # either is fine


def test_intervals_are_offered_while_typing_what_was_typed_first() -> None:
    assert [choice.value for choice in every_choices("")][:3] == ["auto", "5m", "10m"]
    typed = every_choices("20m")
    assert [(choice.name, choice.value) for choice in typed] == [("every 20 minutes", "20m")]
    assert [choice.value for choice in every_choices("1")] == ["10m", "15m", "1h", "12h"]
    assert every_choices("2m") == []
    assert [choice.value for choice in every_choices("a")] == ["auto"]
    assert ("for 3 days", "3d") in [(c.name, c.value) for c in pause_choices("3")]


async def test_discord_offers_intervals(house: House) -> None:
    offered = await house.admin.autocomplete(house.news, "feed add", "every", "45 m")
    assert [choice["name"] for choice in offered] == ["every 45 minutes"]


async def test_a_feed_is_checked_as_often_as_was_chosen_and_says_so(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.follow(every="20m")
    assert ": every 20 minutes, as chosen." in text(shown)
    assert 20 * MINUTE <= await next_in(house) <= 22 * MINUTE
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "every 20 minutes, as chosen" in card
    assert "Checked: every 20 minutes" in card
    assert "· every 20 minutes ·" in text(await house.admin.slash(house.news, "feed list"))


async def test_what_is_no_interval_is_refused_before_anything_is_fetched(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER, every="2m")
    assert "“2m” is too often" in text(shown)
    assert buttons(message(shown)) == {}


async def test_a_server_that_cannot_say_what_changed_keeps_its_hour_and_the_reply_says_why(
    house: House,
) -> None:
    house.source.unvalidated.add(COURIER)
    house.publish(COURIER, "Ferry resumes")
    shown = await house.follow(every="5m")
    assert (
        "every hour: its server cannot say whether it has changed (chosen: every 5 minutes)"
        in text(shown)
    )
    assert await next_in(house) >= 60 * MINUTE


async def test_a_servers_word_goes_before_what_was_chosen(house: House) -> None:
    house.source.hints[COURIER] = CacheHints(fresh_for_s=3 * 3600.0)
    house.publish(COURIER, "Ferry resumes")
    shown = await house.follow(every="5m")
    assert "the server says it stays as it is until 2026-01-01 03:00 UTC (chosen: every 5" in text(
        shown
    )
    changed = await house.admin.slash(
        house.news, "feed edit", feed="The Courier", every="10 minutes"
    )
    assert "until 2026-01-01 03:00 UTC (chosen: every 10 minutes)" in text(changed)
    assert await next_in(house) >= 179 * MINUTE


async def test_the_shortest_wish_of_all_channels_counts_and_both_are_told(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(every="10m", channel=house.other)
    shown = await house.follow(every="2h", channel=house.news)
    assert (
        "every 10 minutes, as chosen. Every 2 hours was chosen here; elsewhere every 10 minutes, "
        "and the shortest counts" in text(shown)
    )
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "every 2 hours was chosen here; elsewhere every 10 minutes" in card
    await house.admin.slash(house.other, "feed pause", feed="The Courier")
    after = await house.admin.slash(house.news, "feed edit", feed="The Courier", every="3h")
    assert "every 3 hours, as chosen" in text(after)


async def test_nobody_waits_for_somebody_elses_longer_wish(house: House) -> None:
    busy = [
        parsed_entry(f"News {n}", published_at=EPOCH - timedelta(hours=n), guid=f"n{n}")
        for n in range(12)
    ]
    house.publish(COURIER, *busy)
    await house.follow(every="12h", channel=house.other)
    shown = await house.follow(channel=house.news)
    assert "Added" in text(shown)
    row = await the_row(house, house.news.id)
    assert row.feed.next_poll_reason == "every 15 minutes: it publishes about every hour"
    card = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "in the feed's own rhythm, and at least every 12 hours" in card


async def test_edit_tells_before_and_after_and_can_be_undone_after_a_restart(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    shown = await house.admin.slash(
        house.news,
        "feed edit",
        feed="The Courier",
        name="Coast *news*",
        every="30m",
        old="post",
        channel=house.other,
    )
    lines = text(shown).splitlines()
    assert lines[:5] == [
        f"Changed **The Courier** in {house.news.mention}:",
        "Name: **The Courier** → **Coast \\*news\\***",
        f"Channel: {house.news.mention} → {house.other.mention}",
        "Checked: in the feed's own rhythm → every 30 minutes",
        "Over a week old when it appears: kept for search only → posted too",
    ]
    assert "every 30 minutes, as chosen" in lines[5]
    assert "still comes there" in lines[6]
    row = await the_row(house)
    assert row.subscription.channel_id == ChannelId(house.other.id)
    assert (row.subscription.every_s, row.subscription.posts_old) == (1800, True)

    await house.restart()
    await house.admin.click(message(shown), label="Undo")
    assert text(shown).splitlines()[0] == "Set back:"
    assert "Checked: every 30 minutes → in the feed's own rhythm" in text(shown)
    row = await the_row(house)
    assert row.subscription.name == "The Courier"
    assert row.subscription.channel_id == ChannelId(house.news.id)
    assert row.subscription.every_s is None
    assert row.feed.next_poll_reason.endswith("until its rhythm is known")


async def test_an_edit_cannot_be_undone_late_or_once_it_was_changed_again(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    first = await house.admin.slash(house.news, "feed edit", feed="The Courier", every="30m")
    second = await house.admin.slash(house.news, "feed edit", feed="The Courier", every="1h")
    refused = await house.admin.click(message(first), label="Undo")
    assert "changed again since" in refused.followups[0].content
    await house.env.advance_time(15 * 60 + 1)
    late = await house.admin.click(message(second), label="Undo")
    assert "more than 15 minutes ago" in late.followups[0].content
    assert (await the_row(house)).subscription.every_s == 3600


async def test_undo_of_an_edit_is_for_managers(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    shown = await house.admin.slash(house.news, "feed edit", feed="The Courier", every="30m")
    row = await the_row(house)
    assert row.subscription.every_s == 1800
    assert buttons(message(shown)) == {"Undo": True}
    guild = house.env.backend.get_guild(house.guild.id)
    for role_id in guild.members[house.admin.id].role_ids:
        guild.roles[role_id].permissions &= ~ADMIN.value
    refused = await house.admin.click(message(shown), label="Undo")
    assert "Manage Server" in text(refused)
    assert (await the_row(house)).subscription.every_s == 1800


async def test_clear_sets_back_what_is_usual(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(name="Coast", every="30m", old="post")
    one = await house.admin.slash(house.news, "feed edit", feed="Coast", clear="every")
    assert "Checked: every 30 minutes → in the feed's own rhythm" in text(one)
    assert "Name" not in text(one)
    all_ = await house.admin.slash(house.news, "feed edit", feed="Coast", clear="all")
    assert "Name: **Coast** → **The Courier**" in text(all_)
    assert "posted too → kept for search only" in text(all_)
    both = await house.admin.slash(
        house.news, "feed edit", feed="The Courier", clear="every", every="1h"
    )
    assert "“clear: every” sets back what “every” sets" in text(both)


async def test_the_mode_of_a_feed_is_changed_told_undone_and_cleared(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    shown = await house.admin.slash(house.news, "feed edit", feed="The Courier", mode="each")
    assert "Posts: one for each story → one for each entry" in text(shown)
    assert (await the_row(house)).subscription.mode is Mode.EACH
    card = await house.admin.slash(house.news, "feed show", feed="The Courier")
    assert "one for each entry" in text(card)
    await house.admin.click(message(shown), label="Undo")
    assert (await the_row(house)).subscription.mode is Mode.STORY
    await house.admin.slash(house.news, "feed edit", feed="The Courier", mode="each")
    cleared = await house.admin.slash(house.news, "feed edit", feed="The Courier", clear="mode")
    assert "Posts: one for each entry → one for each story" in text(cleared)


async def test_an_edit_that_changes_nothing_says_how_it_is(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(every="30m")
    shown = await house.admin.slash(house.news, "feed edit", feed="The Courier", every="30 min")
    assert text(shown).startswith("Nothing was changed. **The Courier** in")
    assert "Checked: every 30 minutes" in text(shown)
    assert buttons(message(shown)) == {}


async def test_a_feed_does_not_move_to_a_channel_that_follows_it_or_may_not_be_written(
    house: House,
) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=house.news)
    await house.follow(channel=house.other)
    there = await house.admin.slash(
        house.news, "feed edit", feed="The Courier", channel=house.other
    )
    assert "follows this feed already, as “The Courier”" in text(there)
    house.forbid(house.other, send_messages=True)
    silent = await house.admin.slash(
        house.news, "feed edit", feed="The Courier", channel=house.other
    )
    assert "it lacks Send Messages" in text(silent)


async def test_what_a_moved_feed_owes_comes_where_it_was_owed(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(backfill=1)
    await house.admin.slash(house.news, "feed edit", feed="The Courier", channel=house.other)
    house.publish(COURIER, "Cup final", "Ferry resumes")
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    assert await house.deliver() == 2
    assert [post.embeds[0].title for post in house.posts(house.news)] == ["Ferry resumes"]
    assert [post.embeds[0].title for post in house.posts(house.other)] == ["Cup final"]


async def test_what_is_old_when_it_appears_is_posted_where_that_was_chosen(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=house.news, old="post")
    await house.follow(channel=house.other)
    old = parsed_entry("From the archive", published_at=EPOCH - timedelta(days=30))
    house.publish(COURIER, old, "Ferry resumes")
    await house.env.advance_time(60)
    told = text(await house.admin.slash(house.news, "feed check", feed="The Courier"))
    assert told.startswith("1 new, 1 queued for posting.")
    assert await house.deliver() == 1
    assert [post.embeds[0].title for post in house.posts(house.news)] == ["From the archive"]
    assert house.posts(house.other) == []
    assert "posted too" in text(
        await house.admin.slash(house.news, "feed show", feed="The Courier")
    )


async def test_adding_posts_the_newest_entry_unless_backfill_says_otherwise(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    assert "Once you add it, its newest entry is posted" in text(shown)
    await house.admin.click(message(shown), label="Add")
    assert "1 older entry marked as seen, 1 queued for posting." in text(shown)
    again = await house.admin.slash(
        house.other, "feed add", url=COURIER, channel=house.other, backfill=0
    )
    assert "Nothing that it holds now is posted, only what comes." in text(again)
    await house.admin.click(message(again), label="Add")
    assert await house.deliver() == 1
    assert house.posts(house.other) == []
