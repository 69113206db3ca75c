from pathlib import Path

import pytest

from tests.quality import extraction

DATA = Path(__file__).parents[3] / "shared" / "data"


def test_the_score_of_a_text_with_itself_is_one() -> None:
    text = "The night ferry to Skarn runs again from Monday."
    assert extraction.overlap(text, text) == (1.0, 1.0)


def test_the_score_counts_runs_of_four_words_as_often_as_they_occur() -> None:
    precision, recall = extraction.overlap("a b c d e", "a b c d x a b c d")
    assert (precision, recall) == (1 / 6, 1 / 2)


def test_a_text_of_nothing_scores_nothing() -> None:
    assert extraction.overlap("a b c d", "") == (0.0, 0.0)
    assert extraction.scored([], lambda _case: "").f1 == 0.0


def test_our_pages_come_through_whole_and_alone() -> None:
    assert extraction.scored(extraction.ours(), extraction.herald).f1 == 1.0


def test_extraction_holds_its_quality_on_the_benchmark() -> None:
    cases = extraction.benchmark(DATA)
    if not cases:
        pytest.skip("needs the extraction benchmark in ../shared/data beside the checkout")
    score = extraction.scored(cases, extraction.herald)
    assert score.f1 >= extraction.F1_FLOOR
    assert score.precision >= extraction.PRECISION_FLOOR
    assert score.recall >= extraction.RECALL_FLOOR


def test_the_rows_of_the_table_keep_their_floors() -> None:
    for name, value, floor in extraction.rows(Path("nowhere")):
        assert floor is not None, name
        assert value >= floor, name
