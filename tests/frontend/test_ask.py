"""/ask: quotes from what the member can read, and what of it can be shared."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simcord.builders import ChannelHandle

from bot.frontend.answers import answer_embed, sources_embed
from bot.frontend.limits import broken_limits
from bot.news.answers import Answer, Asked, Disagreement, Quote, Window
from bot.news.models import Hit, Query
from tests.factories import entry as make_entry
from tests.frontend.house import House, buttons, message, text
from tests.frontend.newspapers import (
    BUDGET,
    FERRY_POST,
    FERRY_TIMES,
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
from tests.frontend.strategies import hits, hostile_text, snippets, times

QUESTION = "How many passengers did lifeboats rescue from the ferry Solveig?"


async def tell_all(house: House, channel: ChannelHandle | None = None) -> None:
    """Let three papers tell of the ferry, and one of the budget, in a channel."""
    await follow(house, WIRE, POST, TIMES, channel=channel)
    await tell(house, WIRE, FERRY_WIRE)
    await tell(house, POST, FERRY_POST)
    await tell(house, TIMES, BUDGET, FERRY_TIMES)


async def test_an_answer_quotes_sentences_with_source_date_and_links(house: House) -> None:
    post = await tell_ferry(house)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    [embed] = message(shown).embeds
    assert embed.title == QUESTION
    told = embed.description or ""
    quotes = [line for line in told.splitlines() if line.startswith("\\[")]
    assert quotes
    assert quotes[0].startswith(r"\[1\] ")
    texts = FERRY_WIRE.text + "\n" + FERRY_POST.text
    for line in quotes:
        if " is stated by " not in line:
            assert line.split(" ", 1)[1].replace("**", "") in texts
    assert "**passengers**" in quotes[0]
    metas = [line for line in told.splitlines() if line.startswith("-# ") and "[article](" in line]
    assert ":d>" in metas[0]
    assert f"[post]({post.jump_url})" in metas[0]
    assert "is stated by" in told
    assert "-# searched 2 articles, newest <t:" in told
    assert buttons(message(shown)) == {"Share": True, "Sources": True}


async def test_what_the_feeds_do_not_say_is_not_guessed(house: House) -> None:
    await tell_all(house)
    shown = text(await house.member.slash(house.news, "ask", question="Who won the chess cup?"))
    assert "Not in your feeds." in shown
    assert "searched 4 articles" in shown
    assert "• [" not in shown  # nothing of it is anywhere
    near = "Which chess champion won the winter cup in Karsby against Ostby?"
    told = text(await house.member.slash(house.news, "ask", question=near))
    assert "Not in your feeds." in told
    assert 1 <= told.count("• [") <= 3


async def test_an_empty_archive_says_so(house: House) -> None:
    shown = text(await house.member.slash(house.news, "ask", question=QUESTION))
    assert "nothing to ask yet" in shown


async def test_a_question_without_words_and_a_wrong_since_are_told(house: House) -> None:
    await tell_ferry(house)
    for asked in ({"question": "?!"}, {"question": QUESTION, "since": "yesterday"}):
        shown = await house.member.slash(house.news, "ask", **asked)
        assert message(shown).embeds == []
        assert len(text(shown)) > 20
    offered = await house.member.autocomplete(house.news, "ask", "since", "7", question="x")
    assert [choice["value"] for choice in offered] == ["7d"]


async def test_only_what_the_member_can_read_answers_or_counts(house: House) -> None:
    await tell_all(house, house.other)
    close(house, house.other)
    shown = text(await house.member.slash(house.news, "ask", question=QUESTION))
    assert "nothing to ask yet" in shown
    assert "Lifeboats" not in shown


async def test_sources_lists_the_articles(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    listed = said(await house.member.click(message(shown), label="Sources"))
    assert FERRY_POST.title in listed or FERRY_WIRE.title in listed


# --- Sharing ---


async def test_share_posts_the_answer_for_everybody_once(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    assert message(shown).ephemeral
    before = len(house.posts())
    await house.member.click(message(shown), label="Share")
    shared = house.posts()[before:]
    assert len(shared) == 1
    assert shared[0].embeds[0].title == QUESTION
    assert "asked:" in shared[0].content
    assert not shared[0].mentions or shared[0].mentions[0].id == house.member.id
    assert buttons(message(shown)) == {"Share": False, "Sources": True}


async def test_share_can_be_asked_for_at_once(house: House) -> None:
    await tell_ferry(house)
    before = len(house.posts())
    shown = await house.member.slash(house.news, "ask", question=QUESTION, share=True)
    assert message(shown).ephemeral
    assert [post.embeds[0].title for post in house.posts()[before:]] == [QUESTION]
    assert buttons(message(shown)) == {"Share": False, "Sources": True}


async def test_what_not_everybody_here_may_see_is_not_shared(house: House) -> None:
    await tell_all(house, house.other)
    close(house, house.other)
    show(house, house.other, house.member)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    assert "is stated by" in text(shown)
    refused = said(await house.member.click(message(shown), label="Share"))
    assert "Not shared" in refused
    assert house.posts() == []
    at_once = await house.member.slash(house.news, "ask", question=QUESTION, share=True)
    assert at_once.followups
    assert house.posts() == []


async def test_what_was_posted_here_is_shared_here_however_closed_it_is(house: House) -> None:
    await tell_all(house)
    close(house, house.news)
    show(house, house.news, house.admin)
    shown = await house.admin.slash(house.news, "ask", question=QUESTION)
    before = len(house.posts())
    await house.admin.click(message(shown), label="Share")
    assert len(house.posts()) == before + 1


async def test_a_channel_that_keeps_somebody_out_is_not_open(house: House) -> None:
    await tell_all(house, house.other)
    house.forbid(house.other, house.admin, view_channel=True)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    refused = said(await house.member.click(message(shown), label="Share"))
    assert "Not shared" in refused


async def test_who_may_not_write_may_not_share(house: House) -> None:
    await tell_ferry(house)
    house.forbid(house.news, house.member, send_messages=True)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    before = len(house.posts())
    refused = said(await house.member.click(message(shown), label="Share"))
    assert "only in channels that you may write in" in refused
    assert len(house.posts()) == before


async def test_the_buttons_of_an_answer_grey_out(house: House) -> None:
    await tell_ferry(house)
    shown = await house.member.slash(house.news, "ask", question=QUESTION)
    await house.env.advance_time(14 * 60 + 1)
    assert buttons(message(shown)) == {"Share": False, "Sources": False}


# --- Whatever is in it ---


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    def quote() -> Quote:
        said = draw(snippets(limit=300) | snippets())
        start = draw(st.integers(0, len(said.text)))
        return Quote(
            text=said.text,
            sentence=(start, draw(st.integers(start, len(said.text)))),
            marks=said.marks,
            hit=draw(hits),
            score=1.0,
            told_by=tuple(draw(st.lists(hostile_text, min_size=1, max_size=8))),
        )

    moment = draw(times)
    found = draw(st.booleans())
    window = Window(start=moment, end=moment + timedelta(days=1), words=draw(hostile_text))
    return Answer(
        asked=Asked(
            text=draw(hostile_text),
            query=Query(text="", words=("x",)),
            terms=(),
            window=draw(st.none() | st.just(window)),
        ),
        is_found=found,
        confidence=0.5,
        quotes=tuple(quote() for _ in range(draw(st.integers(1, 4)))) if found else (),
        disagreements=(Disagreement(0, 0, draw(hostile_text), draw(hostile_text)),) * 3,
        nearest=() if found else tuple(draw(st.lists(hits, max_size=3))),
        searched=draw(st.integers(0, 10**7)),
        newest_at=draw(st.none() | times),
        sentence=draw(st.none() | hostile_text),
        method=draw(st.none() | hostile_text.map(lambda name: f"llm:{name}")),
    )


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(answers())
def test_whatever_an_answer_holds_discord_takes_it(answer: Answer) -> None:
    embeds = [answer_embed(answer)]
    if answer.quotes:
        embeds.append(sources_embed(answer))
    for embed in embeds:
        assert broken_limits(None, [embed]) == []
        assert "@everyone" not in (embed.description or "")


def test_figures_that_differ_and_a_models_sentence_are_told() -> None:
    def quote(text_: str, *names: str) -> Quote:
        hit = Hit(entry=make_entry(), feed_title=names[0], post=None, score=1.0)
        return Quote(
            text=text_, sentence=(0, len(text_)), marks=(), hit=hit, score=1.0, told_by=names
        )

    first = quote("Lifeboats took 140 passengers.", "Wire", "Gazette")
    answer = Answer(
        asked=Asked(text="How many?", query=Query(text="", words=("x",)), terms=()),
        is_found=True,
        confidence=0.9,
        quotes=(first, quote("138 passengers were rescued.", "Ferry Post")),
        disagreements=(Disagreement(0, 1, "140 passengers", "138 passengers"),),
        searched=4213,
        newest_at=None,
        sentence="Lifeboats took 140 passengers.",
        method="llm:small-model",
    )
    told = answer_embed(answer).description or ""
    assert told.startswith("Lifeboats took 140 passengers.\n-# by small-model, from these quotes")
    assert r"\[1\] is stated by 2 sources: Wire, Gazette." in told
    assert r"The figures differ: 140 passengers in \[1\], 138 passengers in \[2\]." in told
    assert "searched 4,213 articles" in told
    one = answer_embed(replace(answer, quotes=answer.quotes[1:], disagreements=()))
    assert r"\[1\] is stated by one source: Ferry Post." in (one.description or "")
