"""/feed beside add: list, show, test, check, pause, resume, remove."""

from datetime import timedelta

import pytest

from bot.errors import FetchFailed
from bot.news.models import GuildId
from tests.frontend.house import COURIER, House, buttons, message, text

REMOVE = "Remove The Courier"


async def test_list_tells_state_channel_next_check_and_pace(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    await house.follow()
    shown = text(await house.admin.slash(house.news, "feed list"))
    assert f"● **The Courier** · {house.news.mention} · next check <t:" in shown
    assert "last entry <t:1767222000:R> · 2 in 24 h" in shown


async def test_list_has_pages_of_eight_that_turn_for_their_owner(house: House) -> None:
    for number in range(9):
        url = house.publish(f"https://x.example.org/{number}", "News", title=f"Feed {number}")
        await house.follow(url)
    shown = await house.admin.slash(house.news, "feed list")
    assert "Page 1 of 2 · 9 feeds" in text(shown)
    assert buttons(message(shown)) == {"◀": False, "▶": True}
    await house.admin.click(message(shown), label="▶")
    assert "**Feed 8**" in text(shown)
    assert "**Feed 7**" not in text(shown)
    assert buttons(message(shown)) == {"◀": True, "▶": False}
    await house.admin.click(message(shown), label="◀")
    assert "**Feed 7**" in text(shown)


async def test_a_page_that_is_gone_by_the_click_shows_the_last_there_is(house: House) -> None:
    for number in range(9):
        url = house.publish(f"https://x.example.org/{number}", "News", title=f"Feed {number}")
        await house.follow(url)
    shown = await house.admin.slash(house.news, "feed list")
    [row] = [
        r
        for r in await house.follower.followings(GuildId(house.guild.id))
        if r.subscription.name == "Feed 3"
    ]
    await house.follower.remove(row)
    await house.admin.click(message(shown), label="▶")
    assert "Page 1 of 1 · 8 feeds" in text(shown)
    assert buttons(message(shown)) == {"◀": False, "▶": False}


async def test_a_feed_of_the_list_opens_as_a_card(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", title="x *y* " * 60)
    await house.follow()
    shown = await house.admin.slash(house.news, "feed list")
    [menu] = [
        item for row in message(shown).components for item in row["components"] if item["type"] == 3
    ]
    [option] = menu["options"]
    assert option["label"].startswith("● x *y* x *y*")
    chosen = await house.admin.select(message(shown), [option["value"]])
    assert "Last checks" in [field.name for field in chosen.followups[0].embeds[0].fields]

    [row] = await house.follower.followings(GuildId(house.guild.id))
    await house.follower.remove(row)
    late = await house.admin.select(message(shown), [option["value"]])
    assert "No feed here goes by" in late.followups[0].content


async def test_list_can_be_narrowed_by_channel_and_state(house: House) -> None:
    one = house.publish("https://x.example.org/1", "News", title="One")
    two = house.publish("https://x.example.org/2", "News", title="Two")
    await house.follow(one, channel=house.news)
    await house.follow(two, channel=house.other)
    await house.admin.slash(house.news, "feed pause", feed="Two")
    here = text(await house.admin.slash(house.news, "feed list", channel=house.news))
    assert "**One**" in here
    assert "**Two**" not in here
    paused = text(await house.admin.slash(house.news, "feed list", state="paused"))
    assert "‖ **Two** · " in paused
    assert "**One**" not in paused
    well = text(await house.admin.slash(house.news, "feed list", state="ok"))
    assert "**One**" in well
    assert "**Two**" not in well
    assert "None is failing" in text(
        await house.admin.slash(house.news, "feed list", state="failing")
    )


async def test_show_tells_the_last_checks_and_the_error(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    await house.env.advance_time(60)
    house.source.errors[COURIER] = FetchFailed("It *broke* off.", url=COURIER)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    shown = text(await house.admin.slash(house.news, "feed show", feed="The Courier"))
    assert "▲ failing, once since" in shown
    assert "Last error: It \\*broke\\* off." in shown
    assert "no answer · " in shown
    assert "200 · 12 ms · 2 kB · 1 new" in shown


async def test_test_shows_entries_exactly_as_they_are_posted(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns", "Cup final")
    await house.follow(backfill=3)
    await house.deliver()
    shown = await house.admin.slash(house.news, "feed test", feed="The Courier", count=3)
    samples = [message(shown).embeds[0], *(each.embeds[0] for each in shown.followups)]
    posted = [embed.to_dict() for post in house.posts() for embed in post.embeds]
    assert [sample.to_dict() for sample in samples] == posted[::-1]
    assert all(each.ephemeral for each in shown.followups)


async def test_test_of_a_feed_without_entries_says_so(house: House) -> None:
    house.publish(COURIER)
    await house.follow()
    shown = await house.admin.slash(house.news, "feed test", feed="The Courier")
    assert text(shown) == "It has no entries yet."


async def test_check_says_why_not_all_that_is_new_is_posted(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    house.publish(COURIER, *(f"Storm, part {n}" for n in range(12)), "Ferry resumes")
    await house.env.advance_time(60)
    told = text(await house.admin.slash(house.news, "feed check", feed="The Courier"))
    assert told.startswith("12 new, 11 queued for posting. 2 of them in one message, so as not")


async def test_check_says_what_came_of_it(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()

    async def check() -> str:
        await house.env.advance_time(60)
        return text(await house.admin.slash(house.news, "feed check", feed="The Courier"))

    assert (await check()).startswith("304, nothing new. Next check <t:")
    house.publish(COURIER, "Cup final", "Ferry resumes")
    assert (await check()).startswith("1 new, 1 queued for posting. Next")
    await house.admin.slash(house.news, "feed pause", feed="The Courier")
    house.publish(COURIER, "Storm", "Cup final", "Ferry resumes")
    told = await check()
    assert told.startswith("1 new, none queued for posting.")
    assert "is paused in" in told
    house.source.errors[COURIER] = FetchFailed("It did not answer within 15 s.", url=COURIER)
    assert (await check()).startswith("It did not answer within 15 s. Next check <t:")


async def test_pause_keeps_news_in_the_archive_and_resume_does_not_bring_them(
    house: House,
) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    paused = text(await house.admin.slash(house.news, "feed pause", feed="The Courier"))
    assert "goes into the archive and is not posted" in paused
    house.publish(COURIER, "Storm", "Ferry resumes")
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    resumed = text(await house.admin.slash(house.news, "feed resume", feed="The Courier"))
    assert "New entries are posted from now on" in resumed
    assert await house.deliver() == 0
    house.publish(COURIER, "Cup final", "Storm", "Ferry resumes")
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="The Courier")
    assert await house.deliver() == 1
    assert house.posts()[0].embeds[0].title == "Cup final"


async def test_pausing_twice_and_resuming_what_runs_say_so(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    resumed = await house.admin.slash(house.news, "feed resume", feed="The Courier")
    assert text(resumed) == "**The Courier** is not paused."
    await house.admin.slash(house.news, "feed pause", feed="The Courier")
    paused = await house.admin.slash(house.news, "feed pause", feed="The Courier")
    assert text(paused) == "**The Courier** is paused already."


async def test_remove_asks_first(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    shown = await house.admin.slash(house.news, "feed remove", feed="The Courier")
    assert buttons(message(shown)) == {REMOVE: True, "Cancel": True}
    await house.admin.click(message(shown), label="Cancel")
    assert "Nothing was changed" in text(shown)
    assert "**The Courier**" in text(await house.admin.slash(house.news, "feed list"))


async def test_a_removal_can_be_undone_after_a_restart(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    await house.follow(backfill=2)
    shown = await house.admin.slash(house.news, "feed remove", feed="The Courier")
    await house.admin.click(message(shown), label=REMOVE)
    assert "Removed **The Courier**" in text(shown)
    assert "None yet" in text(await house.admin.slash(house.news, "feed list"))
    assert await house.deliver() == 0

    await house.restart()
    await house.admin.click(message(shown), label="Undo")
    assert "**The Courier** is back in" in text(shown)
    assert "**The Courier**" in text(await house.admin.slash(house.news, "feed list"))
    assert await house.deliver() == 2


async def test_undo_ends_after_fifteen_minutes_with_a_word(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    shown = await house.admin.slash(house.news, "feed remove", feed="The Courier")
    await house.admin.click(message(shown), label=REMOVE)
    await house.env.advance_time(15 * 60 + 1)
    late = await house.admin.click(message(shown), label="Undo")
    assert "can no longer be brought back" in late.followups[0].content


async def test_undo_still_works_after_another_undo_was_used(house: House) -> None:
    for number in (1, 2):
        url = house.publish(f"https://x.example.org/{number}", "News", title=f"Feed {number}")
        await house.follow(url)
    removed = []
    for number in (1, 2):
        shown = await house.admin.slash(house.news, "feed remove", feed=f"Feed {number}")
        await house.admin.click(message(shown), label=f"Remove Feed {number}")
        removed.append(shown)
    await house.env.advance_time(timedelta(minutes=14).total_seconds())
    for shown in removed:
        await house.admin.click(message(shown), label="Undo")
        assert "is back in" in text(shown)


@pytest.mark.parametrize(
    "wanted", ["The Courier", "courier", COURIER, "https://courier.example.org/"]
)
async def test_a_feed_can_be_named_in_any_sensible_way(house: House, wanted: str) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow()
    assert COURIER in text(await house.admin.slash(house.news, "feed show", feed=wanted))


async def test_an_unknown_feed_is_told_with_a_way_out(house: House) -> None:
    shown = text(await house.admin.slash(house.news, "feed show", feed="Nothing @everyone"))
    assert "No feed here goes by “Nothing \uff20everyone”" in shown
    assert "/feed list" in shown


async def test_autocompletion_offers_names_with_channel_and_pace(house: House) -> None:
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    await house.follow()
    [choice] = await house.admin.autocomplete(house.news, "feed show", "feed", "cour")
    assert choice["name"] == "● The Courier — #news — 2/day"
    shown = text(await house.admin.slash(house.news, "feed show", feed=choice["value"]))
    assert COURIER in shown


async def test_autocompletion_puts_failing_feeds_first_and_what_begins_so_before_the_rest(
    house: House,
) -> None:
    for name in ("Alpha", "Beta", "Gamma Beta"):
        url = house.publish(f"https://x.example.org/{name[:1]}", "News", title=name)
        await house.follow(url)
    house.source.errors["https://x.example.org/G"] = FetchFailed("Away.", url="x")
    await house.env.advance_time(60)
    await house.admin.slash(house.news, "feed check", feed="Gamma Beta")

    async def offered(typed: str) -> list[str]:
        choices = await house.admin.autocomplete(house.news, "feed show", "feed", typed)
        return [choice["name"].split(" — ")[0] for choice in choices]

    assert await offered("") == ["▲ Gamma Beta", "● Alpha", "● Beta"]
    assert await offered("beta") == ["● Beta", "▲ Gamma Beta"]


async def test_autocompletion_keeps_to_discords_limits(house: House) -> None:
    long = house.guild.create_text_channel("c" * 100)
    for number in range(26):
        url = house.publish(f"https://x.example.org/{number}", "News", title=f"{number} " * 90)
        await house.follow(url, channel=long)
    choices = await house.admin.autocomplete(house.news, "feed show", "feed", "")
    assert len(choices) == 25
    assert all(len(choice["name"]) <= 100 for choice in choices)
