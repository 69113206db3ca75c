"""The measure of answers, on questions of ours."""

import gzip
import json
import math
from pathlib import Path

import pytest

from tests.quality.asking import NEWS, SQUAD, Row, area, holds, read, rows
from tests.quality.fit import Sample, cross_validated, fit, probability, threshold_of


@pytest.mark.parametrize(
    ("text", "answers", "held"),
    [
        ("The bridge opens on 4 May.", ["4 May"], True),
        ("The bridge\u2019s keeper is Jonas Lund.", ["jonas lund"], True),
        ("It cost $12 million.", ["$12 million"], True),
        ("It cost $12 million.", ["12 million"], False),
        ("They saw the “Night Ferry”", ["the Night Ferry"], True),
        ("Fourteen ferries", ["Four"], False),
        ("Anything", ["the", ""], False),
    ],
)
def test_an_answer_is_held_where_its_words_stand(
    text: str, answers: list[str], *, held: bool
) -> None:
    assert holds(text, answers) is held


def test_the_area_says_how_often_the_answerable_is_believed_more() -> None:
    assert area([0.9, 0.8], [0.1, 0.2]) == 1.0
    assert area([0.1, 0.9], [0.5, 0.5]) == 0.5
    assert area([0.5], [0.5]) == 0.5


def test_the_fit_finds_what_made_the_labels() -> None:
    told = [
        Sample((1.0, x / 50, (x * 7 % 50) / 50), float(x + (x * 7 % 50) / 5 > 30), 1.0, x % 5)
        for x in range(50)
    ]
    bias, first, second = fit(told)
    assert first > second > 0 > bias
    right = sum((probability((bias, first, second), one.values) > 0.5) == one.label for one in told)
    assert right >= 47
    sure = cross_validated({"all": [*told, None]})["all"]
    assert sure[-1] == 0.0
    assert all(0 <= one <= 1 and math.isfinite(one) for one in sure)
    assert threshold_of([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]) == 0.2


def test_files_are_measured_from_archive_to_figure(tmp_path: Path) -> None:
    """Two archives of ours, each with a question that it answers."""
    told: dict[str, list[Row]] = {
        SQUAD[0]: [
            {
                "id": f"s{number}",
                "title": f"Lighthouses {number}",
                "text": f"The lighthouse of {place} has {number + 20} steps. Its lamp is new.",
                "date": "2025-01-01",
                "url": f"https://example.org/{number}",
            }
            for number, place in enumerate(["Arden", "Tamsel", "Lund"])
        ],
        SQUAD[1]: [{"q": "How many steps has the lighthouse of Arden?", "answers": ["20 steps"]}],
        NEWS[0]: [
            {
                "id": "n1",
                "title": "Halcyon gets a captain",
                "text": "Marit Solberg will captain the ferry Halcyon. She is glad.",
                "date": "2022-06-15",
                "url": "https://echo.example.org/1",
            }
        ],
        NEWS[1]: [
            {
                "q": "Who will captain the ferry Halcyon?",
                "date": "2022-06-16",
                "answers": ["Marit Solberg"],
            }
        ],
    }
    for name, lines in told.items():
        body = "\n".join(json.dumps(line) for line in lines).encode()
        path = tmp_path / name.removesuffix(".gz")
        path.write_bytes(body)
        if name.endswith(".gz"):
            (tmp_path / name).write_bytes(gzip.compress(body))
    assert read(tmp_path / SQUAD[0])[0]["id"] == "s0"
    figures = {figure: value for figure, value, _ in rows(tmp_path)}
    assert figures["ask: SQuAD, first quote holds the answer"] == 1.0
    assert figures["ask: news, first quote holds the answer"] == 1.0
    assert figures["ask: quotes not verbatim, at most"] == 0.0
    assert figures["ask: answered too early, at most"] == 0.0
