"""What people type into a search."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadQuery
from bot.news.models import Query
from bot.news.query import QUERY_MAX, parse_query
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


@settings(max_examples=1000)
@given(text=st.one_of(awkward_text, st.text()))
def test_any_text_parses_or_is_refused_with_advice(text: str) -> None:
    query: Query | None
    advice = ""
    try:
        query = parse_query(text)
    except BadQuery as error:
        advice = str(error)
        query = None
    if query is None:
        assert re.search(r"Type |Say what", advice)
    else:
        assert query.words or query.phrases
        assert query.text == text.strip()
        assert all(part.strip() for part in (*query.words, *query.phrases, *query.excluded))
