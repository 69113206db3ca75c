"""Scores, and the piece of a text that is shown."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.models import Snippet, Word
from bot.news.ranking import blend, snippet
from tests.strategies import awkward_text


def words_of(text: str) -> list[Word]:
    """Return words of letters and digits, found by themselves in lower case."""
    return [Word(m.start(), m.end(), (m[0].lower(),)) for m in re.finditer(r"[^\W_]+", text)]


def cut(text: str, *wanted: str, width: int = 240) -> Snippet:
    return snippet(text, words_of(text), frozenset(wanted), width)


def marked(piece: Snippet) -> list[str]:
    return [piece.text[start:end] for start, end in piece.marks]


def test_a_new_story_of_the_best_match_scores_two() -> None:
    assert blend(7.5, 7.5, 0) == 2
    assert blend(7.5, 7.5, 30) == 1.5
    assert blend(0, 7.5, 60) == 0.25


def test_a_date_ahead_counts_as_now_and_no_match_as_none() -> None:
    assert blend(1, 2, -3) == 1.5
    assert blend(0, 0, 0) == 1
    assert blend(1, 1, 1e9) == 1


NEWS = (
    "The council met on Tuesday. It spoke of bridges, trams and the budget for an hour. "
    "Then the harbour wall came up. Engineers said the harbour wall will not hold another winter, "
    "and asked for money. The mayor promised an answer by Friday. Nobody spoke of the library."
)


def test_the_piece_with_most_wanted_words_is_shown_from_its_sentence_on() -> None:
    piece = cut(NEWS, "harbour", "wall", "winter", width=110)
    assert piece.text.startswith("Then the harbour wall came up. Engineers said")
    assert piece.text.endswith("…")
    assert marked(piece) == ["harbour wall", "harbour wall", "winter"]


def test_a_short_text_is_shown_whole() -> None:
    piece = cut("Harbour wall\n\ngives  way", "wall", "gives")
    assert piece == Snippet(text="Harbour wall gives way", marks=((8, 18),))


def test_without_a_match_the_beginning_is_shown() -> None:
    assert cut(NEWS, "volcano", width=40) == Snippet(
        text="The council met on Tuesday. It spoke of…"
    )
    assert cut("", "volcano") == Snippet(text="")


def test_a_match_deep_in_a_long_sentence_has_some_words_before_it() -> None:
    text = f"{'very ' * 100}large wave{' hit the coast' * 50}"
    piece = cut(text, "wave", width=60)
    assert piece.text.startswith("…very very")
    assert marked(piece) == ["wave"]


def test_the_end_of_the_text_has_no_ellipsis() -> None:
    piece = cut(NEWS, "library", width=60)
    assert piece.text == "Nobody spoke of the library."


def test_different_words_count_more_than_the_same_again() -> None:
    text = f"storm storm storm storm. {'calm ' * 40}. A storm broke the pier. {'calm ' * 40}"
    assert marked(cut(text, "storm", "pier", width=40)) == ["storm", "pier"]


def test_the_first_of_equals_is_shown() -> None:
    text = f"One storm came. {'calm ' * 40}. Another storm came. {'calm ' * 40}"
    assert cut(text, "storm", width=40).text.startswith("One storm came.")


def test_overlapping_words_merge_into_one_mark() -> None:
    text = "东京港口今天关闭"
    pairs = [Word(at, at + 2, (text[at : at + 2],)) for at in range(len(text) - 1)]
    piece = snippet(text, pairs, frozenset({"港口", "口今"}))
    assert marked(piece) == ["港口今"]


def test_a_word_longer_than_the_piece_is_cut() -> None:
    assert cut("a" * 500, "b", width=20).text == "a" * 19 + "…"
    assert marked(cut("a" * 500, "a" * 500, width=20)) == ["a" * 19]
    assert cut("\U0001f469\u200d\U0001f467" * 50, width=5).text == "\U0001f469\u200d\U0001f467…"


@pytest.mark.parametrize("width", [1, 2, 3])
def test_even_the_smallest_piece_fits(width: int) -> None:
    assert len(cut(NEWS, "harbour", width=width).text) <= max(width, 3)


def test_a_title_is_marked_whole() -> None:
    title = "Harbour wall gives way in Velm"
    piece = cut(title, "velm", width=len(title))
    assert piece.text == title
    assert marked(piece) == ["Velm"]


def _as_words(text: str, spans: Sequence[tuple[int, int]]) -> list[Word]:
    found = sorted({(min(a, b), max(a, b)) for a, b in spans if a != b and max(a, b) <= len(text)})
    return [Word(start, end, (str(start % 4), "_x")) for start, end in found]


@settings(max_examples=1000)
@given(
    text=st.one_of(awkward_text, awkward_text.map(lambda text: text * 20)),
    spans=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=12),
    width=st.integers(min_value=3, max_value=120),
)
def test_any_words_give_marks_within_a_piece_that_fits(
    text: str, spans: list[tuple[int, int]], width: int
) -> None:
    piece = snippet(text, _as_words(text, spans), frozenset({"1", "2"}), width)
    assert len(piece.text) <= width
    assert not any(char.isspace() and char != " " for char in piece.text)
    ends = [0, *(place for mark in piece.marks for place in mark), len(piece.text)]
    assert ends == sorted(ends)
    assert all(start < end for start, end in piece.marks)


@settings(max_examples=1000)
@given(text=st.text(alphabet="ab .\n", max_size=400), width=st.integers(10, 100))
def test_marks_cover_exactly_the_wanted_words(text: str, width: int) -> None:
    piece = cut(text, "ab", "ba", width=width)
    if any(word.end - word.start > width - 2 for word in words_of(text)):
        return
    shown = [word for word in words_of(piece.text) if set(word.terms) & {"ab", "ba"}]
    covered = {at for start, end in piece.marks for at in range(start, end)}
    assert {at for word in shown for at in range(word.start, word.end)} <= covered
    assert all(piece.text[at] in "ab " for at in covered)
    assert bool(shown) == any(set(word.terms) & {"ab", "ba"} for word in words_of(text))
