"""/privacy: what is stored about a member, shown to and deleted by that member."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.frontend.commands.privacy import stored_told
from bot.frontend.limits import broken_limits
from bot.news.models import QUERIES_FOR, QUERIES_MAX, AskedBefore, GuildId, UserId
from tests.frontend.house import EPOCH, House, buttons, message, text
from tests.frontend.strategies import hostile_text


async def remember(house: House, *queries: str) -> None:
    """Let the member have searched, a minute between two."""
    for number, query in enumerate(queries):
        at = house.clock.now() + timedelta(minutes=number)
        await house.storage.remember_query(
            UserId(house.member.id), GuildId(house.guild.id), query, at
        )


async def kept(house: House) -> list[str]:
    queries = await house.storage.recent_queries(UserId(house.member.id))
    return [query.text for query in queries]


async def test_a_member_is_shown_their_own_searches(house: House) -> None:
    await remember(house, "ferry", "harbour *flood*")
    shown = text(await house.member.slash(house.news, "privacy show"))
    assert "2 searches of yours" in shown
    assert "- harbour \\*flood\\* · <t:" in shown
    assert shown.index("harbour") < shown.index("- ferry")
    other = text(await house.admin.slash(house.news, "privacy show"))
    assert "No search of yours is stored." in other


async def test_searches_are_offered_to_the_one_who_made_them(house: House) -> None:
    for query in ("ferry flood", "  Harbour\nferry ", "mill", "x" * 101, "!!!"):
        await house.member.slash(house.news, "news search", query=query)
        await house.env.advance_time(1)
    offered = await house.member.autocomplete(house.news, "news search", "query", "FERRY")
    assert [choice["value"] for choice in offered] == ["Harbour ferry", "ferry flood"]
    assert await kept(house) == ["mill", "Harbour ferry", "ferry flood"]
    others = await house.admin.autocomplete(house.news, "news search", "query", "")
    assert not {"mill", "Harbour ferry", "ferry flood"} & {choice["value"] for choice in others}


async def test_deleting_asks_first_and_deletes_only_the_callers(house: House) -> None:
    await remember(house, "ferry", "flood")
    await house.storage.remember_query(
        UserId(house.admin.id), GuildId(house.guild.id), "mill", EPOCH
    )
    asked = await house.member.slash(house.news, "privacy delete")
    assert buttons(message(asked)) == {"Delete 2 searches": True, "Cancel": True}
    assert await kept(house) == ["flood", "ferry"]
    await house.member.click(message(asked), label="Delete 2 searches")
    assert "Deleted 2 searches." in text(asked)
    assert await kept(house) == []
    assert len(await house.storage.recent_queries(UserId(house.admin.id))) == 1
    again = await house.member.slash(house.news, "privacy delete")
    assert buttons(message(again)) == {}
    assert "No search of yours is stored." in text(again)


async def test_the_latest_searches_are_kept_once_each_and_not_for_ever(house: House) -> None:
    await remember(house, *(f"ferry {n}" for n in range(QUERIES_MAX + 5)), "ferry 7")
    texts = await kept(house)
    assert len(texts) == QUERIES_MAX
    assert texts[0] == "ferry 7"
    assert "ferry 4" not in texts
    await house.storage.tidy(house.clock.now() + QUERIES_FOR + timedelta(days=1))
    assert await kept(house) == []


@given(st.lists(hostile_text, max_size=30))
def test_whatever_was_searched_for_discord_takes_the_list(queries: list[str]) -> None:
    told = stored_told(
        [AskedBefore(guild_id=GuildId(1), text=query, asked_at=EPOCH) for query in queries]
    )
    assert broken_limits(told, []) == []
    assert "@everyone" not in told
