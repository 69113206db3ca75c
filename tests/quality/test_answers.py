"""Floors under search, on an archive of ours and on what is at hand."""

from pathlib import Path

import pytest

from bot.demo.content import load_outlets
from tests.quality.archives import Asked
from tests.quality.searching import measured, rows

DATA = Path(__file__).parents[3] / "shared" / "data"

QUESTIONS = ("about", "what happened with", "news of", "where is", "")


def test_pieces_of_our_outlets_are_found_by_words_of_their_teasers() -> None:
    """Stands at .97: three telling words of a teaser, between words of a question."""
    pieces = [
        (f"{outlet.slug}-{number}", piece)
        for outlet in load_outlets()
        for number, piece in enumerate(outlet.pieces)
    ]
    docs = [{"id": id_, "title": piece.title, "text": piece.teaser} for id_, piece in pieces]
    questions = []
    for number, (id_, piece) in enumerate(pieces):
        telling = sorted(set(piece.teaser.split()), key=lambda word: (-len(word), word))[:3]
        asked = f"{QUESTIONS[number % len(QUESTIONS)]} {' '.join(telling)}"
        questions.append({"q": asked, "rel": [id_]})
    mrr, recall, _ = measured(Asked(name="ours", docs=docs, questions=questions))
    assert mrr >= 0.9
    assert recall >= 0.95


@pytest.mark.slow
def test_published_questions_are_answered_among_the_first() -> None:
    if not DATA.is_dir():
        pytest.skip(f"there are no published data in {DATA}")
    missed = [row for row in rows(DATA) if row[2] is not None and row[1] < row[2]]
    assert missed == []
