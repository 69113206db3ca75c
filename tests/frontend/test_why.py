import pytest

from bot.frontend.reasons import method_in_words, why_embed
from bot.news.models import Origin, Summary, Why
from tests.factories import entry as make_entry
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, EPOCH, House, text

MENU = "Why this?"


async def _posted(house: House, *titles: str) -> None:
    house.publish(COURIER, *titles)
    await house.follow(backfill=5, name="Town news")
    await house.deliver()


async def test_a_post_tells_its_feed_its_times_its_summary_and_its_link(house: House) -> None:
    await _posted(house, "Ferry resumes")
    [post] = house.posts()
    shown = text(await house.member.context_menu(house.news, MENU, post))
    assert "From **Town news**: seen <t:" in shown
    assert f"published <t:{int(EPOCH.timestamp()) - 3600}:R>" in shown
    assert "[Ferry resumes](https://courier.example.org/" in shown
    assert "The feed holds the whole article." in shown
    assert "Sentences of the article's opening" in shown
    assert "Posted: <t:" in shown


async def test_a_teaser_tells_why_there_is_no_more(house: House) -> None:
    teased = parsed_entry("Ferry resumes", teaser="The ferry sails again from Monday on, they say.")
    house.publish(COURIER, teased)
    await house.follow(backfill=1)
    await house.deliver()
    [post] = house.posts()
    shown = text(await house.member.context_menu(house.news, MENU, post))
    assert "Only the feed's teaser could be read. pages are not read here" in shown
    assert "The feed's own words." in shown


async def test_what_is_no_news_of_heralds_has_no_reason(house: House) -> None:
    await _posted(house, "Ferry resumes")
    said = await house.member.send(house.news, "What a ferry!")
    shown = text(await house.member.context_menu(house.news, MENU, said))
    assert "no news that Herald posted here" in shown


async def test_only_who_may_read_the_channel_is_told(house: House) -> None:
    await _posted(house, "Ferry resumes")
    [post] = house.posts()
    house.forbid(house.news, house.member, read_message_history=True)
    shown = text(await house.member.context_menu(house.news, MENU, post))
    assert "channels that you can read" in shown
    assert "Town news" not in shown


def test_a_roundup_tells_all_that_it_holds() -> None:
    origins = tuple(
        Origin(entry=make_entry(title=f"Ferry *{n}*"), source_name="The Courier") for n in range(11)
    )
    embed = why_embed(Why(origins=origins, summary=None, sent_at=None, kind="roundup"))
    assert embed.description is not None
    assert embed.description.startswith("One message for 11 entries")
    assert embed.description.endswith("… and 3 more.")
    assert "Ferry \\*7\\*" in embed.description
    assert not embed.fields


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("feed", "The feed's own words."),
        ("extractive", "Sentences of the article's opening"),
        ("llm:small-model_1", "Written by small-model\\_1 from the article"),
        ("llm", "Written by a language model"),
        ("by *hand*", "by \\*hand\\*"),
    ],
)
def test_every_method_is_told_in_words(method: str, told: str) -> None:
    assert method_in_words(Summary(text="Ferries sail.", method=method)).startswith(told)


def test_no_summary_is_told_too() -> None:
    assert method_in_words(None).startswith("None")
    assert method_in_words(Summary(text="", method="extractive")).startswith("None")
