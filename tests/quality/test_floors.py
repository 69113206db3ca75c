"""The floors, on published data where they lie beside the checkout."""

import gzip
import json
from pathlib import Path

import pytest

from tests.quality import reading
from tests.quality.__main__ import main
from tests.quality.reading import Figure
from tests.quality.saying import is_noise, is_told_by

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize("part", reading.PARTS)
def test_floors_hold_on_published_data(part: str) -> None:
    if not DATA.is_dir():
        pytest.skip(f"there are no published data in {DATA}")
    if not reading.is_there(part):
        pytest.skip(f"tests.quality.{part} is not there yet")
    pytest.importorskip("rouge_score", reason="of the dependency group quality")
    # How long it took depends on what else the machine does: judged by hand, not here.
    figures = [row for row in reading.measure(part, DATA) if " ms " not in f" {row.figure} "]
    assert figures
    assert not [row for row in figures if not row.is_ok]


@pytest.mark.parametrize(
    ("figure", "value", "floor", "is_ok"),
    [
        ("F1", 0.97, 0.964, True),
        ("F1", 0.96, 0.964, False),
        ("F1", float("nan"), 0.964, False),
        ("F1", 0.1, None, True),
        ("noise, at most", 0, 0, True),
        ("noise, at most", 1, 0, False),
    ],
)
def test_a_figure_is_held_against_its_floor_or_ceiling(
    figure: str, value: float, floor: float | None, *, is_ok: bool
) -> None:
    assert Figure(figure=figure, value=value, floor=floor).is_ok is is_ok


def test_the_table_names_what_missed_its_floor() -> None:
    figures = [
        Figure(figure="F1", value=0.9, floor=0.964),
        Figure(figure="recall", value=0.5, floor=None),
        Figure(figure="noise, at most", value=0, floor=0),
    ]
    told = [line.split() for line in reading.table(figures).splitlines()]
    assert told == [
        ["figure", "value", "floor", "ok"],
        ["F1", "0.900", "0.964", "NO"],
        ["recall", "0.500"],
        ["noise,", "at", "most", "0.000", "0.000", "yes"],
    ]
    assert [row["ok"] for row in json.loads(reading.as_json(figures))] == [False, True, True]


def test_data_that_are_not_there_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file = tmp_path / "figures.json"
    arguments = ["reading", "--data", str(tmp_path), "--only", "summaries", "--json"]
    assert main([*arguments, str(json_file)]) == 0
    assert f"{tmp_path} holds" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["reading", "--data", str(tmp_path / "nowhere")])


def test_a_missed_floor_shows_in_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page whose true text is another one: all of its summary is noise."""
    pages = tmp_path / "extraction"
    (pages / "html").mkdir(parents=True)
    truths = {"page": {"url": "https://example.org/pier", "articleBody": "Nothing of the kind."}}
    (pages / "ground-truth.json").write_text(json.dumps(truths), encoding="utf-8")
    paragraphs = "".join(f"<p>{TRUTH} It cost {number} crowns.</p>" for number in range(9))
    html = f"<html><title>Pier</title><body><article>{paragraphs}</article></body></html>"
    (pages / "html" / "page.html.gz").write_bytes(gzip.compress(html.encode()))
    assert main(["reading", "--data", str(tmp_path), "--only", "summaries"]) == 1
    told = capsys.readouterr()
    assert "NO" in told.out
    assert "noise: https://example.org/pier: The pier" in told.err


TRUTH = (
    "The pier (built in 1903) was old. It broke on Friday night. Nobody was near the water then."
)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It broke on Friday night.", False),
        ("The pier was old. It broke on Friday night.", False),
        ("Sign up for the newsletter of the Arden Echo.", True),
        ("It broke on Friday night. Read more about piers that broke.", True),
        ("港口将关闭。", True),
    ],
)
def test_noise_is_what_the_true_text_does_not_hold(sentence: str, *, expected: bool) -> None:
    assert is_noise(sentence, TRUTH + " 港口因风暴损坏。") is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("The pier was old. Nobody was near the water then.", True),
        ("The pier (built in 1903) was old.", True),
        ("", True),
        ("The pier is old.", False),
        ("The old pier broke.", False),
        ("Nobody was near. The pier was old.", False),
        ("The pier. It broke. Nobody. Water then.", False),
    ],
)
def test_what_is_told_by_an_article_is_told_from_what_is_not(told: str, *, expected: bool) -> None:
    assert is_told_by(TRUTH, told) is expected
