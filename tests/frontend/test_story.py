"""/story, "Show story", and what admins correct there."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simcord.results import InteractionResult

from bot.frontend.limits import broken_in_components, broken_limits
from bot.frontend.stories import entry_options, story_embed
from bot.news.models import (
    ChannelId,
    Comparison,
    Difference,
    GuildId,
    KeySentence,
    MessageId,
    PostRef,
    StoryId,
    Telling,
    ToldStory,
)
from bot.news.posts import EDITABLE_FOR
from bot.services.narrate import Narration
from tests.factories import entry as make_entry
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, House, buttons, message, text
from tests.frontend.newspapers import (
    BUDGET,
    FERRY_POST,
    FERRY_TIMES,
    FERRY_WIRE,
    POST,
    TIMES,
    WIRE,
    follow,
    footers,
    tell,
    tell_ferry,
)
from tests.frontend.strategies import entries, hostile_text

MENU = "Show story"
ALSO = "also: Ferry Post · 2 sources"


def options(shown: InteractionResult) -> dict[str, str]:
    """Return the options of the menu in a reply: label, value."""
    return {
        option["label"]: option["value"]
        for row in message(shown).components
        for item in row["components"]
        if item["type"] == 3  # a menu of strings; Discord docs, "Component Reference"
        for option in item["options"]
    }


async def split_off(house: House, post: discord.Message, title: str) -> InteractionResult:
    """Press what takes a report out of the story of a post; return the reply."""
    shown = await house.admin.context_menu(house.news, MENU, post)
    await house.admin.click(message(shown), label="Split…")
    [value] = [value for label, value in options(shown).items() if label.endswith(title)]
    await house.admin.select(message(shown), [value])
    await house.admin.click(message(shown), label="Make it a story of its own")
    return shown


# --- What is shown ---


async def test_a_story_tells_its_timeline_its_sources_and_its_posts(house: House) -> None:
    post = await tell_ferry(house)
    shown = await house.member.context_menu(house.news, MENU, post)
    [embed] = message(shown).embeds
    assert embed.title == FERRY_WIRE.title
    assert embed.url == FERRY_WIRE.url
    lines = (embed.description or "").splitlines()
    assert lines[0].startswith("2 sources · 2 reports · since <t:")
    assert lines[1] == f"In {house.news.mention} [post]({post.jump_url})"
    first, second = lines[lines.index("**Timeline**") + 1 :][:2]
    assert first.startswith(r"\[1\] <t:")
    assert first.endswith(f":R> · Wire · [{FERRY_WIRE.title}]({FERRY_WIRE.url}) · first")
    assert f":R> · Ferry Post · [{FERRY_POST.title}]({FERRY_POST.url})" in second
    assert buttons(message(shown)) == {}


async def test_sentences_of_different_sources_are_quoted_as_they_stand(house: House) -> None:
    post = await tell_ferry(house)
    shown = text(await house.member.context_menu(house.news, MENU, post))
    quoted = [line.removeprefix("> ") for line in shown.splitlines() if line.startswith("> ")]
    assert quoted
    texts = {1: FERRY_WIRE, 2: FERRY_POST}
    for line in quoted:
        sentence, number = line.rsplit(" [[", 1)[0], int(line.rsplit("[[", 1)[1][0])
        assert sentence in texts[number].text
        assert line.endswith(f"]({texts[number].url})")
    assert {line.rsplit("[[", 1)[1][0] for line in quoted} == {"1", "2"}


async def test_figures_that_differ_are_told_with_who_says_what(house: House) -> None:
    post = await tell_ferry(house)
    shown = text(await house.member.context_menu(house.news, MENU, post))
    assert r"passengers · Wire: 140 \[1\], Ferry Post: 138 \[2\]" in shown


async def test_a_story_of_one_report_is_told_too(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    await house.follow(backfill=1)
    await house.deliver()
    [post] = house.posts()
    shown = text(await house.member.context_menu(house.news, MENU, post))
    assert "1 source · 1 report" in shown
    assert "Figures that differ" not in shown


async def test_story_finds_by_what_was_picked_and_by_words_of_the_title(house: House) -> None:
    await tell_ferry(house)
    await follow(house, TIMES)
    await tell(house, TIMES, BUDGET)
    offered = await house.member.autocomplete(house.news, "story", "story", "")
    assert [choice["name"] for choice in offered] == [
        f"{BUDGET.title} — 1 source",
        f"{FERRY_WIRE.title} — 2 sources",
    ]
    [one] = await house.member.autocomplete(house.news, "story", "story", "lund FERRY")
    for wanted in (one["value"], "runs aground", FERRY_WIRE.title.upper()):
        shown = text(await house.member.slash(house.news, "story", story=wanted))
        assert FERRY_POST.title in shown
    unknown = text(await house.member.slash(house.news, "story", story="volcano"))
    assert "No recent story here is called “volcano”" in unknown
    assert "not here any more" in text(await house.member.slash(house.news, "story", story="999"))


async def test_what_is_no_post_of_heralds_has_no_story(house: House) -> None:
    await tell_ferry(house)
    said = await house.member.send(house.news, "What a ferry!")
    shown = text(await house.member.context_menu(house.news, MENU, said))
    assert "no news that Herald posted here" in shown


async def test_a_message_that_tells_many_says_to_pick_one(house: House) -> None:
    await follow(house, WIRE)
    await tell(house, WIRE, *(parsed_entry(f"Harbour notice {n}") for n in range(30)))
    roundup = house.posts()[-1]
    shown = text(await house.member.context_menu(house.news, MENU, roundup))
    assert "stories. Use /story and pick one" in shown


@st.composite
def narrations(draw: st.DrawFn) -> Narration:
    post = PostRef(guild_id=GuildId(2**63), channel_id=ChannelId(2**63), message_id=MessageId(9))
    made = draw(st.lists(st.tuples(entries, hostile_text), min_size=1, max_size=20))
    numbers = st.integers(0, len(made) - 1)
    return Narration(
        story=ToldStory(
            id=StoryId(1),
            tellings=tuple(
                Telling(
                    entry=entry,
                    source_name=name,
                    posts=tuple(
                        replace(post, message_id=MessageId(2**63 - number - copy))
                        for copy in range(3)
                    ),
                )
                for number, (entry, name) in enumerate(made)
            ),
        ),
        comparison=Comparison(
            sentences=draw(
                st.lists(st.builds(KeySentence, report=numbers, text=hostile_text), max_size=4).map(
                    tuple
                )
            ),
            differences=draw(
                st.lists(
                    st.builds(
                        Difference,
                        subject=hostile_text,
                        said=st.lists(st.tuples(numbers, hostile_text), max_size=6),
                    ),
                    max_size=4,
                ).map(tuple)
            ),
        ),
    )


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(narrations())
def test_whatever_a_story_holds_discord_takes_it(narration: Narration) -> None:
    embed = story_embed(narration)
    assert broken_limits(None, [embed]) == []
    assert "@everyone" not in (embed.description or "")
    menu = discord.ui.View(timeout=None)
    menu.add_item(discord.ui.Select(options=entry_options(narration.story)))
    assert broken_in_components(menu.to_components()) == []


def test_a_long_story_shows_its_first_and_its_latest_reports() -> None:
    tellings = tuple(
        Telling(entry=make_entry(title=f"Ferry {n}"), source_name="Wire", posts=())
        for n in range(30)
    )
    story = ToldStory(id=StoryId(1), tellings=tellings)
    shown = story_embed(Narration(story=story, comparison=Comparison())).description or ""
    assert "… 18 more …" in shown
    assert r"\[3\]" in shown
    assert r"\[4\]" not in shown
    assert "[Ferry 29](" in shown


# --- Who sees what ---


async def test_reports_told_elsewhere_neither_show_nor_count(house: House) -> None:
    house.forbid(house.other, house.member, view_channel=True)
    await follow(house, WIRE)
    await follow(house, POST, channel=house.other)
    await tell(house, WIRE, FERRY_WIRE)
    await tell(house, POST, FERRY_POST)
    [post] = house.posts()
    hidden = text(await house.member.context_menu(house.news, MENU, post))
    assert "1 source · 1 report" in hidden
    assert "Ferry Post" not in hidden
    assert "138" not in hidden
    [offered] = await house.member.autocomplete(house.news, "story", "story", "")
    assert offered["name"].endswith("— 1 source")
    seen = text(await house.admin.context_menu(house.news, MENU, post))
    assert "2 sources · 2 reports" in seen


async def test_stories_of_hidden_channels_are_not_there(house: House) -> None:
    house.forbid(house.other, house.member, view_channel=True)
    await follow(house, WIRE, channel=house.other)
    await tell(house, WIRE, FERRY_WIRE)
    assert await house.member.autocomplete(house.news, "story", "story", "") == []
    [offered] = await house.admin.autocomplete(house.news, "story", "story", "")
    by_id = text(await house.member.slash(house.news, "story", story=offered["value"]))
    by_title = text(await house.member.slash(house.news, "story", story=FERRY_WIRE.title))
    assert "not here any more" in by_id
    assert "No recent story here" in by_title
    house.forbid(house.news, house.admin, read_message_history=True)
    await follow(house, POST)
    await tell(house, POST, FERRY_POST)
    [told] = house.posts()
    refused = text(await house.admin.context_menu(house.news, MENU, told))
    assert "channels that you can read" in refused


# --- Splitting ---


async def test_a_split_edits_the_post_and_posts_nothing_by_itself(house: House) -> None:
    post = await tell_ferry(house)
    assert footers(house) == [ALSO]
    shown = await split_off(house, post, FERRY_POST.title)
    told = text(shown)
    assert "Split: two stories now" in told
    assert f"No longer named there: {house.news.mention} [post]({post.jump_url})" in told
    assert f"**{FERRY_POST.title}** has no post in {house.news.mention} now" in told
    await house.deliver()
    assert footers(house) == [None]
    assert len(house.posts()) == 1
    hidden = text(await house.member.context_menu(house.news, MENU, post))
    assert "1 source · 1 report" in hidden
    await tell(house, WIRE, FERRY_WIRE)
    assert len(house.posts()) == 1


async def test_what_was_split_off_is_posted_once_if_an_admin_asks(house: House) -> None:
    post = await tell_ferry(house)
    shown = await split_off(house, post, FERRY_POST.title)
    assert buttons(message(shown)) == {"Post it on its own": True}
    await house.restart()
    asked = await house.admin.click(message(shown), label="Post it on its own")
    assert f"On its way to {house.news.mention}" in text(asked)
    again = await house.admin.click(message(shown), label="Post it on its own")
    assert "has a post there already, or is on its way" in text(again)
    await house.deliver()
    assert [each.embeds[0].title for each in house.posts()] == [FERRY_WIRE.title, FERRY_POST.title]
    assert footers(house) == [None, None]
    late = await house.admin.click(message(shown), label="Post it on its own")
    assert "has a post there already" in text(late)
    await house.deliver()
    assert len(house.posts()) == 2


async def test_splitting_off_the_report_that_the_post_shows_leaves_the_others(house: House) -> None:
    post = await tell_ferry(house)
    await follow(house, TIMES)
    await tell(house, TIMES, FERRY_TIMES)
    assert footers(house) == ["also: Ferry Post, Harbour Times · 3 sources"]
    shown = await split_off(house, post, FERRY_WIRE.title)
    await house.deliver()
    assert footers(house) == [None]
    await house.admin.click(message(shown), label="Post it on its own")
    await house.deliver()
    assert [each.embeds[0].title for each in house.posts()] == [FERRY_WIRE.title, FERRY_POST.title]
    assert footers(house) == [None, "also: Harbour Times · 2 sources"]


async def test_a_post_that_is_too_old_to_edit_stays_as_it_is(house: House) -> None:
    post = await tell_ferry(house)
    await house.env.advance_time((EDITABLE_FOR + timedelta(minutes=1)).total_seconds())
    shown = await split_off(house, post, FERRY_POST.title)
    assert "No post had to change" in text(shown)
    await house.deliver()
    assert footers(house) == [ALSO]


async def test_a_single_report_cannot_be_split(house: House) -> None:
    await follow(house, WIRE)
    await tell(house, WIRE, FERRY_WIRE)
    [post] = house.posts()
    shown = await house.admin.context_menu(house.news, MENU, post)
    assert buttons(message(shown)) == {"Split…": False, "Merge…": True}
    await house.admin.click(message(shown), label="Merge…")
    assert "Split…" in buttons(message(shown))  # there is nothing to merge with


# --- Merging ---


async def test_merged_stories_stay_one_and_keep_their_posts(house: House) -> None:
    await follow(house, WIRE, POST, TIMES)
    await tell(house, WIRE, FERRY_WIRE)
    await tell(house, TIMES, BUDGET)
    ferry, budget = house.posts()
    shown = await house.admin.context_menu(house.news, MENU, ferry)
    await house.admin.click(message(shown), label="Merge…")
    assert list(options(shown)) == [BUDGET.title]
    await house.admin.select(message(shown), [options(shown)[BUDGET.title]])
    assert f"Make **{FERRY_WIRE.title}** and **{BUDGET.title}** one story" in text(shown)
    await house.admin.click(message(shown), label="Make them one story")
    told = text(shown)
    assert "one story of 2 reports" in told
    assert ferry.jump_url in told
    assert budget.jump_url in told
    await tell(house, POST, FERRY_POST)
    assert len(house.posts()) == 2
    assert footers(house) == ["also: Ferry Post · 2 sources", None]
    assert "3 reports" in text(await house.member.context_menu(house.news, MENU, budget))


async def test_merging_undoes_a_split(house: House) -> None:
    post = await tell_ferry(house)
    split = await split_off(house, post, FERRY_POST.title)
    await house.deliver()
    await house.admin.click(message(split), label="Post it on its own")
    await house.deliver()
    alone = house.posts()[-1]
    shown = await house.admin.context_menu(house.news, MENU, alone)
    await house.admin.click(message(shown), label="Merge…")
    await house.admin.select(message(shown), [options(shown)[FERRY_WIRE.title]])
    await house.admin.click(message(shown), label="Make them one story")
    assert "one story of 2 reports" in text(shown)
    assert len(house.posts()) == 2


# --- Who may ---


async def test_a_split_and_a_merge_can_be_called_off(house: House) -> None:
    post = await tell_ferry(house)
    for at in ("menu", "confirmation"):
        shown = await house.admin.context_menu(house.news, MENU, post)
        await house.admin.click(message(shown), label="Split…")
        if at == "confirmation":
            await house.admin.select(message(shown), [next(iter(options(shown).values()))])
        await house.admin.click(message(shown), label="Cancel")
        assert "Nothing was changed" in text(shown)
    await house.deliver()
    assert footers(house) == [ALSO]


@pytest.mark.parametrize("at", ["button", "menu", "confirmation", "post"])
async def test_manage_server_is_asked_for_at_each_press(house: House, at: str) -> None:
    post = await tell_ferry(house)
    shown = await house.admin.context_menu(house.news, MENU, post)
    steps: dict[str, Callable[[], Awaitable[InteractionResult]]] = {
        "button": lambda: house.admin.click(message(shown), label="Split…"),
        "menu": lambda: house.admin.select(
            message(shown), [next(v for k, v in options(shown).items() if FERRY_POST.title in k)]
        ),
        "confirmation": lambda: house.admin.click(
            message(shown), label="Make it a story of its own"
        ),
        "post": lambda: house.admin.click(message(shown), label="Post it on its own"),
    }
    for name, step in steps.items():
        if name == at:
            _demote(house)
        pressed = await step()
        if name == at:
            assert "Manage Server" in text(pressed)
            break
    await house.deliver()
    assert len(house.posts()) == 1
    assert footers(house) == [None if at == "post" else ALSO]


def _demote(house: House) -> None:
    member = house.env.backend.get_guild(house.guild.id).members[house.admin.id]
    member.role_ids.clear()


async def test_an_admin_posts_only_where_they_may_write(house: House) -> None:
    post = await tell_ferry(house)
    shown = await split_off(house, post, FERRY_POST.title)
    house.forbid(house.news, house.admin, send_messages=True)
    refused = text(await house.admin.click(message(shown), label="Post it on its own"))
    assert "channels you may write in" in refused
    await house.deliver()
    assert len(house.posts()) == 1


async def test_the_buttons_grey_out(house: House) -> None:
    post = await tell_ferry(house)
    shown = await house.admin.context_menu(house.news, MENU, post)
    assert buttons(message(shown)) == {"Split…": True, "Merge…": True}
    await house.env.advance_time(14 * 60 + 1)
    assert buttons(message(shown)) == {"Split…": False, "Merge…": False}
