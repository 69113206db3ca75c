"""What people type into a search."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadQuery
from bot.news.models import Query, Sort
from bot.news.query import QUERY_MAX, parse_query
from bot.news.wanted import (
    Before,
    Every,
    How,
    Language,
    Moment,
    Not,
    Said,
    Since,
    Some,
    Source,
    Tagged,
    Wanted,
)
from tests.strategies import awkward_text


@pytest.mark.parametrize(
    ("text", "words", "phrases", "excluded"),
    [
        ("harbour flood", ("harbour", "flood"), (), ()),
        ('"night train" -cancelled', (), ("night train",), ("cancelled",)),
        ('flood -"spring tide"', ("flood",), (), ("spring tide",)),
        ("“night train” „alte Mühle“", (), ("night train", "alte Mühle"), ()),
        ("«vieux port»", (), ("vieux port",), ()),
        ('ferry "late again', ("ferry",), ("late again",), ()),
        ('"unbalanced', (), ("unbalanced",), ()),
        ("it's", ("it's",), (), ()),
        ("C++", ("C++",), (), ()),
        ("#harbour", ("#harbour",), (), ()),
        ("🔥", ("🔥",), (), ()),
        ("港口 罢工", ("港口", "罢工"), (), ()),
        ("well-known", ("well-known",), (), ()),
        ("flood - harbour", ("flood", "harbour"), (), ()),
        ("Flood FLOOD flood", ("Flood",), (), ()),
        ('"" flood ""', ("flood",), (), ()),
        ("\N{MINUS SIGN}cancelled train", ("train",), (), ("cancelled",)),
        ("(harbour), flood?", ("harbour", "flood"), (), ()),
        ("tram AND bus", ("tram", "bus"), (), ()),
    ],
)  # fmt: skip
def test_words_phrases_and_exclusions(
    text: str, words: tuple[str, ...], phrases: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    query = parse_query(f"  {text} ")
    assert (query.words, query.phrases, query.excluded) == (words, phrases, excluded)
    assert query.text == text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What happened to the old lighthouse?", ("happened", "old", "lighthouse")),
        ("Wann öffnet die Brücke?", ("öffnet", "die", "Brücke")),
        ("¿Cuándo abre el puente?", ("abre", "puente")),
        ("Pourquoi le pont est fermé ?", ("pont", "fermé")),
        ("Когда откроют мост?", ("откроют", "мост")),
        ("war in Velm", ("war", "Velm")),
    ],
)
def test_words_of_a_question_are_dropped(question: str, words: tuple[str, ...]) -> None:
    assert parse_query(question).words == words


def test_words_of_a_question_stay_where_nothing_else_is_asked() -> None:
    assert parse_query("to be or not to be").words == ("to", "be", "or", "not")
    assert parse_query('the "old mill"').words == ()


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "Type a word or two"),
        ("   \n ", "Type a word or two"),
        ("-a", "what to look for too"),
        ('-"night train" -tram', "what to look for too"),
        ("?! … --", "Type a word or two"),
        ('""', "Type a word or two"),
        ("word " * 1200, "Type the few words that matter most"),
    ],
)
def test_a_search_that_cannot_be_run_says_what_to_type(text: str, advice: str) -> None:
    with pytest.raises(BadQuery, match=advice) as caught:
        parse_query(text)
    assert caught.value.query == text.strip()


def test_the_longest_search_is_taken() -> None:
    assert parse_query("x" * QUERY_MAX).words == ("x" * QUERY_MAX,)
    with pytest.raises(BadQuery, match="301 characters"):
        parse_query("x" * (QUERY_MAX + 1))


ANY, ALL, PHRASE = How


def word(text: str, how: How = ANY, *, in_title: bool = False) -> Said:
    return Said(text=text, how=how, in_title=in_title)


def every(*parts: Wanted) -> Every:
    return Every(parts=parts)


def some(*parts: Wanted) -> Some:
    return Some(parts=parts)


ALWAYS = every()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("ferry", word("ferry")),
        ("ferry pier", some(word("ferry"), word("pier"))),
        ("ferry OR boat", some(word("ferry", ALL), word("boat", ALL))),
        ("ferry | boat", some(word("ferry", ALL), word("boat", ALL))),
        ("ferry AND pier", every(word("ferry", ALL), word("pier", ALL))),
        (
            "ferry OR boat strike",
            every(
                some(word("ferry", ALL), word("boat", ALL)), some(word("strike"), ALWAYS)
            ),
        ),
        ("a1 OR b1 OR c1", some(word("a1", ALL), word("b1", ALL), word("c1", ALL))),
        ("NOT ferry pier", every(Not(part=word("ferry", PHRASE)), word("pier"))),
        (
            "pier -(ferry boat)",
            every(Not(part=some(word("ferry", PHRASE), word("boat", PHRASE))), word("pier")),
        ),
        ("pier (of wood)", some(word("pier"), word("wood"))),
        ("title:ferry", word("ferry", ALL, in_title=True)),
        ('title:"old pier"', word("old pier", PHRASE, in_title=True)),
        (
            "title:(ferry pier)",
            every(word("ferry", ALL, in_title=True), word("pier", ALL, in_title=True)),
        ),
        ('from:"Harbour Courier" pier', every(Source(name="Harbour Courier"), word("pier"))),
        ("tag:#sport", Tagged(name="sport")),
        ("LANG:pt_BR", Language(code="pt-br")),
        ("lang:german", Language(code="de")),
        ("since:7d", Since(moment=Moment(ago=timedelta(days=7)))),
        ("since:yesterday", Since(moment=Moment(days_ago=1))),
        ("before:2026-11-02", Before(moment=Moment(day=date(2026, 11, 2)))),
        ("before:2026", Before(moment=Moment(day=date(2026, 1, 1)))),
        ("-from:courier pier", every(Not(part=Source(name="courier")), word("pier"))),
        (
            "tag:sport OR ferry",
            some(Tagged(name="sport"), word("ferry", ALL)),
        ),
    ],
)  # fmt: skip
def test_operators_and_filters_make_a_tree(text: str, where: Wanted) -> None:
    query = parse_query(text)
    assert query.where == where
    assert query.repairs == ()


@pytest.mark.parametrize(
    ("text", "same_as", "told"),
    [
        ('ferry "late again', 'ferry "late again"', "quotation mark was never closed"),
        ("(ferry OR boat", "ferry OR boat", "parenthesis was never closed"),
        ("ferry) pier", "ferry pier", "closes nothing"),
        ("OR ferry", "ferry", "an OR that does not stand between"),
        ("ferry OR", "ferry", "an OR that does not stand between"),
        ("ferry OR OR boat", "ferry OR boat", "an OR that does not stand between"),
        ("ferry AND", "ferry", "an AND that does not stand between"),
        ("ferry title:", "ferry", "“title:” has nothing behind it"),
        ("ferry from:()", "ferry", "“from:” has nothing behind it"),
        ("ferry since:soon", "ferry", "no time that I know"),
        ("ferry before:2026-13-01", "ferry", "no time that I know"),
        ("ferry lang:klingonish", "ferry", "no language code"),
        ("ferry sort:best-of-all", "ferry", "is none of best, relevance, newest"),
        ("author:smith", "author smith", "no filter “author:”"),
        ("ferry - pier", "ferry pier", "a minus that stands before nothing"),
        ("ferry NOT", "ferry", "a minus that stands before nothing"),
        ("((((((ferry))))))", "ferry", "5 deep"),
        ("ferry () pier", "ferry pier", None),
        ("https://example.org/ferry", "https://example.org/ferry", None),
    ],
)
def test_what_makes_no_sense_is_mended_and_said(text: str, same_as: str, told: str | None) -> None:
    query = parse_query(text)
    assert query.where == parse_query(same_as).where
    assert told in query.repairs[0] if told is not None else query.repairs == ()


def test_an_order_can_be_typed() -> None:
    assert parse_query("ferry sort:newest").sort is Sort.NEWEST
    assert parse_query("ferry").sort is None


def test_a_search_that_only_excludes_is_refused_where_it_does() -> None:
    with pytest.raises(BadQuery) as caught:
        parse_query("-ferry")
    assert caught.value.position == 1


@pytest.mark.parametrize(
    ("moment", "at"),
    [
        (Moment(ago=timedelta(hours=24)), datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        (Moment(days_ago=1), datetime(2026, 3, 1, tzinfo=UTC)),
        (Moment(day=date(2025, 7, 1)), datetime(2025, 7, 1, tzinfo=UTC)),
        (Moment(ago=timedelta(days=365 * 99_999)), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_times_are_meant_by_the_clock_of_who_searches(moment: Moment, at: datetime) -> None:
    assert moment.at(datetime(2026, 3, 2, 12, 30, tzinfo=UTC)) == at


@settings(max_examples=300)
@given(text=st.one_of(awkward_text, st.text()))
def test_any_text_parses_or_is_refused_with_advice(text: str) -> None:
    query: Query | None
    advice, position = "", -1
    try:
        query = parse_query(text)
    except BadQuery as error:
        advice, position = str(error), error.position
        query = None
    if query is None:
        assert re.search(r"Type |Say what", advice)
        assert 0 <= position <= len(text.strip())
    else:
        assert query.words or query.phrases or query.where is not None
        assert query.text == text.strip()
        assert all(part.strip() for part in (*query.words, *query.phrases, *query.excluded))
