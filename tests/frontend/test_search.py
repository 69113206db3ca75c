"""/news search: what it says of a search, and the buttons under its results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.frontend.commands.options import query_choices
from bot.frontend.limits import CHOICE_NAME_MAX, CHOICES_MAX
from bot.news.models import AskedBefore, GuildId
from tests.frontend.house import COURIER, EPOCH, House, buttons, message, text
from tests.frontend.newspapers import (
    BUDGET,
    FERRY_POST,
    FERRY_WIRE,
    POST,
    TIMES,
    WIRE,
    close,
    follow,
    said,
    show,
    tell,
    tell_ferry,
)
from tests.frontend.strategies import hostile_text
from tests.frontend.test_story import options


async def test_a_story_is_one_result_with_its_sources_counted(house: House) -> None:
    post = await tell_ferry(house)
    shown = text(await house.member.slash(house.news, "news search", query="ferry Solveig"))
    assert "1 story found in 2 articles" in shown
    assert " · 2 sources" in shown
    assert f"[post]({post.jump_url})" in shown


async def test_the_story_of_a_result_opens_beside_it(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "news search", query="ferry Solveig")
    [value] = options(shown).values()
    story = said(await house.member.select(message(shown), [value]))
    assert "2 sources · 2 reports" in story
    assert "**Timeline**" in story
    assert "1 story found" in text(shown)


async def test_an_admin_splits_from_there_too_while_the_buttons_last(house: House) -> None:
    await tell_ferry(house)
    shown = await house.admin.slash(house.news, "news search", query="ferry Solveig")
    opened = await house.admin.select(message(shown), [*options(shown).values()])
    [told] = opened.followups
    assert buttons(told) == {"Split…": True, "Merge…": True}
    await house.env.advance_time(14 * 60 + 1)
    assert buttons(told) == {"Split…": False, "Merge…": False}


@pytest.mark.parametrize("query", ['ferry "reef', "(ferry", "ferry OR", "since:soon ferry"])
async def test_what_was_mended_is_said(house: House, query: str) -> None:
    await tell_ferry(house)
    shown = text(await house.member.slash(house.news, "news search", query=query))
    assert "-# " in shown
    assert "1 story found" in shown


async def test_the_nearest_spelling_is_a_button(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "news search", query="Solvieg")
    assert "Nothing found for: Solvieg" in text(shown)
    assert "Did you mean **" in text(shown)
    [label] = buttons(message(shown))
    assert label.startswith("Search: ")
    await house.member.click(message(shown), label=label)
    assert "1 story found" in text(shown)
    assert buttons(message(shown)) == {"Share": True}


async def test_pages_stay_while_articles_arrive(house: House) -> None:
    titles = [f"Ferry number {n}" for n in range(7)]
    house.publish(COURIER, *titles)
    await house.follow(backfill=5)
    [row] = await house.follower.followings(GuildId(house.guild.id))
    await house.follower.post_newest(row, 7)
    for _ in range(3):
        await house.deliver()
    shown = await house.member.slash(house.news, "news search", query="ferry", sort="newest")
    first = text(shown)
    house.publish(COURIER, "Ferry that just came", *titles)
    await house.env.advance_time(120)
    await house.poller.poll_feed(row.feed)
    await house.deliver()
    await house.member.click(message(shown), label="▶")
    second = text(shown)
    for number in range(7):
        assert (f"number {number}" in first) is not (f"number {number}" in second)
    assert "just came" not in second


# --- Sharing ---


async def test_share_posts_the_page_once(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "news search", query="ferry Solveig")
    before = len(house.posts())
    await house.member.click(message(shown), label="Share")
    [shared] = house.posts()[before:]
    assert "searched:" in shared.content
    assert shared.embeds[0].title == "Search: ferry Solveig"
    assert buttons(message(shown)) == {"Share": False}


async def test_only_what_everybody_here_may_see_is_shared_and_counted(house: House) -> None:
    await follow(house, WIRE)
    await follow(house, POST, TIMES, channel=house.other)
    await tell(house, WIRE, FERRY_WIRE)
    await tell(house, POST, FERRY_POST)
    await tell(house, TIMES, BUDGET)
    close(house, house.other)
    show(house, house.other, house.member)
    shown = await house.member.slash(house.news, "news search", query="ferry Solveig", share=True)
    assert "2 sources" in text(shown)
    assert "in 3 articles" in text(shown)
    shared = house.posts()[-1]
    assert shared.embeds[0].footer.text == "Page 1 of 1 · 1 story found in 1 article"
    told = shared.embeds[0].description or ""
    assert FERRY_WIRE.url is not None
    assert FERRY_WIRE.url in told
    assert "2 sources" not in told
    assert "ferrypost" not in told
    elsewhere = await house.member.slash(house.news, "news search", query="budget Tamsel")
    refused = said(await house.member.click(message(elsewhere), label="Share"))
    assert "Not shared" in refused
    assert house.posts()[-1].id == shared.id


async def test_who_may_not_write_here_may_not_share(house: House) -> None:
    await tell_ferry(house)
    house.forbid(house.news, house.member, send_messages=True)
    shown = await house.member.slash(house.news, "news search", query="ferry")
    refused = said(await house.member.click(message(shown), label="Share"))
    assert "only in channels that you may write in" in refused
    assert len(house.posts()) == 1


# --- What is offered ---


async def test_operators_are_offered_for_the_word_that_is_typed(house: House) -> None:
    offered = await house.member.autocomplete(house.news, "news search", "query", "ferry ti")
    assert [choice["value"] for choice in offered] == ["ferry title:"]
    everything = await house.member.autocomplete(house.news, "news search", "query", "ferry ")
    assert "ferry sort:newest" in [choice["value"] for choice in everything]


@given(st.lists(hostile_text, max_size=30), hostile_text)
def test_whatever_was_searched_for_discord_takes_what_is_offered(
    queries: list[str], typed: str
) -> None:
    asked = [
        AskedBefore(guild_id=GuildId(1), text=query[:CHOICE_NAME_MAX], asked_at=EPOCH)
        for query in queries
    ]
    offered = query_choices(asked, typed)
    assert len(offered) <= CHOICES_MAX
    for choice in offered:
        assert 1 <= len(choice.name) <= CHOICE_NAME_MAX
        assert 1 <= len(str(choice.value)) <= CHOICE_NAME_MAX
