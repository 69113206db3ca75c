import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord.builders import ChannelHandle

from bot.errors import UserError
from bot.frontend.commands.options import parse_since, since_choices
from bot.news.models import GuildId
from tests.factories import parsed_entry
from tests.frontend.house import COURIER, EPOCH, House, buttons, message, text

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def _posted(house: House, *titles: str, channel: ChannelHandle | None = None) -> None:
    house.publish(COURIER, *titles)
    await house.follow(channel=channel, backfill=0)
    [row] = await house.follower.followings(GuildId(house.guild.id))
    await house.follower.post_newest(row, len(titles))
    await house.deliver()


async def test_search_shows_title_source_time_snippet_and_both_links(house: House) -> None:
    await _posted(house, "Ferry resumes after the storm", "Mill burns")
    shown = await house.member.slash(house.news, "news search", query="ferry storm")
    [embed] = message(shown).embeds
    [post] = [p for p in house.posts() if "Ferry" in (p.embeds[0].title or "")]
    assert embed.title == "Search: ferry storm"
    assert embed.description is not None
    headline, meta, snippet = embed.description.splitlines()
    assert headline.startswith(
        "[**Ferry** resumes after the **storm**](https://courier.example.org/"
    )
    assert meta.startswith(
        "The Courier · <t:1767222000:R> · [article](https://courier.example.org/"
    )
    assert meta.endswith(f"[post]({post.jump_url})")
    assert snippet.startswith("> **Ferry** resumes after the **storm**. The town council")
    assert embed.footer.text == "Page 1 of 1 · 1 story found in 2 articles"
    assert buttons(message(shown)) == {"Share": True}


async def test_results_turn_in_pages_of_five_for_the_one_who_asked(house: House) -> None:
    await _posted(house, *(f"Ferry number {n}" for n in range(7)))
    shown = await house.member.slash(house.news, "news search", query="ferry", sort="newest")
    assert "Page 1 of 2 · 7 stories found in 7 articles" in text(shown)
    assert buttons(message(shown)) == {"◀": False, "▶": True, "Share": True}
    ids = [item["custom_id"] for row in message(shown).components for item in row["components"]]
    assert not any("ferry" in each for each in ids)
    await house.member.click(message(shown), label="▶")
    assert "Page 2 of 2" in text(shown)
    assert "number 6" in text(shown)
    assert buttons(message(shown)) == {"◀": True, "▶": False, "Share": True}


async def test_the_page_buttons_grey_out(house: House) -> None:
    await _posted(house, *(f"Ferry number {n}" for n in range(7)))
    shown = await house.member.slash(house.news, "news search", query="ferry")
    await house.env.advance_time(14 * 60 + 1)
    assert buttons(message(shown)) == {"◀": False, "▶": False, "Share": False}


async def test_a_member_finds_only_what_was_posted_where_they_may_look(house: House) -> None:
    house.forbid(house.other, house.member, view_channel=True)
    await _posted(house, "Ferry resumes", channel=house.other)
    hidden = text(await house.member.slash(house.news, "news search", query="ferry"))
    assert "nothing to search yet" in hidden
    assert "**Ferry** resumes" in text(
        await house.admin.slash(house.news, "news search", query="ferry")
    )
    assert "Nothing was posted yet" in text(await house.member.slash(house.news, "news latest"))


async def test_reading_the_history_is_needed_too(house: House) -> None:
    house.forbid(house.other, house.member, read_message_history=True)
    await _posted(house, "Ferry resumes", channel=house.other)
    shown = text(await house.member.slash(house.news, "news search", query="ferry"))
    assert "nothing to search yet" in shown


async def test_feeds_of_hidden_channels_are_neither_offered_nor_known(house: House) -> None:
    house.forbid(house.other, house.member, view_channel=True)
    await _posted(house, "Ferry resumes", channel=house.other)
    assert await house.member.autocomplete(house.news, "news search", "from", "", query="x") == []
    assert (
        len(await house.admin.autocomplete(house.news, "news search", "from", "", query="x")) == 1
    )
    shown = text(
        await house.member.slash(
            house.news, "news search", query="ferry", **{"from": "The Courier"}
        )
    )
    assert "No feed here goes by “The Courier”" in shown


@pytest.mark.parametrize(
    ("is_private", "joins", "finds"),
    [
        (False, False, True),
        (True, False, False),
        (True, True, True),
    ],
)
async def test_threads_are_as_readable_as_their_parent_and_private_ones_for_those_in_them(
    house: House, *, is_private: bool, joins: bool, finds: bool
) -> None:
    thread = house.thread("harbour", is_private=is_private)
    if joins:
        house.env.backend.add_thread_member(thread.id, house.member.id)
    await _posted(house, "Ferry resumes", channel=thread)
    shown = text(await house.member.slash(house.news, "news search", query="ferry"))
    assert ("**Ferry** resumes" in shown) is finds


async def test_search_can_be_narrowed_to_a_feed_and_a_time(house: House) -> None:
    await _posted(house, "Ferry one", "Ferry two", "Ferry three")
    other = house.publish("https://hill.example.org/f", "Ferry four", title="The Hill")
    await house.follow(other, backfill=1)
    await house.deliver()
    from_hill = text(
        await house.member.slash(house.news, "news search", query="ferry", **{"from": "The Hill"})
    )
    assert "1 story found" in from_hill
    assert "**Ferry** four" in from_hill
    recent = text(await house.member.slash(house.news, "news search", query="ferry", since="2h"))
    assert "Ferry** three" not in recent
    none = text(await house.member.slash(house.news, "news search", query="volcano", since="2h"))
    assert "no `from` and no `since`" in none


async def test_a_search_without_hits_says_how_much_was_searched(house: House) -> None:
    await _posted(house, "Ferry resumes", "Mill burns")
    shown = text(await house.member.slash(house.news, "news search", query="volcano"))
    assert "Nothing found for: volcano" in shown
    assert "I searched 2 articles that you can read" in shown


@pytest.mark.parametrize(
    "query",
    [
        "it's",
        "C++",
        '"unbalanced',
        "🚢",
        "x" * 6000,
        "ferry " * 1000,
        '""',
        "@everyone",
        "NEAR(a b)",
        "a AND",
        "title:ferry",
        "*",
        "()",
    ],
)
async def test_any_typed_query_gets_an_answer(house: House, query: str) -> None:
    await _posted(house, "It's the ferry in C++")
    assert text(await house.member.slash(house.news, "news search", query=query))


@pytest.mark.parametrize("query", [" ", "-a", "!!!"])
async def test_a_query_without_words_is_refused_with_a_reason(house: House, query: str) -> None:
    shown = await house.member.slash(house.news, "news search", query=query)
    assert message(shown).embeds == []
    assert len(text(shown)) > 20


async def test_latest_lists_the_newest_first(house: House) -> None:
    await _posted(house, "Ferry resumes", "Mill burns", "Cup final")
    shown = await house.member.slash(house.news, "news latest", count=2)
    described = message(shown).embeds[0].description or ""
    assert described.index("Ferry resumes") < described.index("Mill burns")
    assert "Cup final" not in described
    named = await house.member.slash(house.news, "news latest", **{"from": "The Courier"})
    assert message(named).embeds[0].title == "Latest from The Courier"


async def test_hostile_entries_come_out_harmless_everywhere(house: House) -> None:
    entry = parsed_entry(
        "@everyone [ferry](https://evil.example.org) \u202e**x** " + "ferry " * 1600,
        url="javascript:alert(1)",
        text="# ferry\n> @here <@1> ferry\u200b " * 200,
        published_at=EPOCH,
    )
    house.publish(COURIER, entry, title="<@&1> @everyone")
    await house.follow(backfill=1)
    await house.deliver()
    shown = text(await house.member.slash(house.news, "news search", query="ferry"))
    latest = text(await house.member.slash(house.news, "news latest"))
    listed = text(await house.admin.slash(house.news, "feed list"))
    for everything in (shown, latest, listed):
        assert "@everyone" not in everything
        assert "javascript:" not in everything
        assert "\u202e" not in everything
    [post] = house.posts()
    assert post.mentions == []
    assert not post.mention_everyone
    assert post.embeds[0].url is None


@pytest.mark.parametrize(
    ("typed", "since"),
    [
        ("24h", datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        (" 7D ", datetime(2026, 11, 15, 8, 0, tzinfo=UTC)),
        ("12w", datetime(2026, 8, 30, 8, 0, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
    ],
)
def test_since_takes_spans_and_dates(typed: str, since: datetime) -> None:
    assert parse_since(typed, NOW) == since


@pytest.mark.parametrize(
    "typed", ["yesterday", "7", "d", "2026-13-01", "0h", "2027-01-01", "²d", "9999y"]
)
def test_since_refuses_what_it_does_not_understand(typed: str) -> None:
    with pytest.raises(UserError, match=r"2026-11-02|not in the past"):
        parse_since(typed, NOW)


@given(st.text(max_size=20))
def test_since_never_breaks(typed: str) -> None:
    with contextlib.suppress(UserError):
        assert parse_since(typed, NOW) < NOW


async def test_a_wrong_since_is_told_to_the_member(house: House) -> None:
    shown = await house.member.slash(house.news, "news search", query="x", since="yesterday")
    assert "Use 24h, 7d, 12w, or a date" in text(shown)


async def test_since_offers_the_usual_spans(house: House) -> None:
    offered = await house.member.autocomplete(house.news, "news search", "since", "7", query="x")
    assert [choice["value"] for choice in offered] == ["7d"]
    assert len(since_choices("")) == 5
