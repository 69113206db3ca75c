"""`herald ask` as an operator meets it, on an archive of ours."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.test_cli import Herald, herald

__all__ = ["herald"]  # the fixture

ARTICLES = [
    {
        "url": "https://echo.example.org/bridge",
        "feed": "The Arden Echo",
        "title": "Tamsel bridge reopens after repairs",
        "published": "2026-06-14",
        "text": "The Tamsel bridge carried traffic again on Sunday after eight months of repairs. "
        "Engineers replaced 40 steel girders. Mayor Ilse Brandt said the work had cost 12 million "
        "crowns.",
    },
    {
        "url": "https://courier.example.org/bridge",
        "feed": "The Harbour Courier",
        "title": "Traffic back on Tamsel bridge",
        "published": "2026-06-15",
        "text": "Cars are crossing the Tamsel bridge again. The repairs of the bridge had cost 14 "
        "million crowns, the mayor Ilse Brandt said. Shops nearby hope for customers.",
    },
    {
        "url": "https://courier.example.org/ferry",
        "feed": "The Harbour Courier",
        "title": "Night ferry stays",
        "published": "2026-06-20",
        "text": "The old ferry Petrel will go on running at night, the harbour office said. Its "
        "captain is Jonas Lund.",
    },
]


@pytest.fixture
def archive(herald: Herald, tmp_path: Path) -> Herald:
    lines = "\n".join(json.dumps(article) for article in ARTICLES)
    (tmp_path / "articles.jsonl").write_text(lines, encoding="utf-8")
    herald("archive", "import", str(tmp_path / "articles.jsonl"))
    assert herald.code == 0
    return herald


def ask_lines(
    herald: Herald, monkeypatch: pytest.MonkeyPatch, lines: bytes, *arguments: str
) -> list[dict[str, object]]:
    stdin = io.TextIOWrapper(io.BytesIO(lines), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stdin)
    return [json.loads(line) for line in herald("ask", "-", *arguments).splitlines()]


def test_a_question_is_answered_in_quotes_with_their_articles(archive: Herald) -> None:
    told = archive.json("ask", "Who is the captain of the ferry Petrel?")
    assert told["found"] is True
    quote = told["quotes"][0]
    assert "Its captain is Jonas Lund." in quote["text"]
    assert quote["text"] in ARTICLES[2]["text"]
    assert quote["sentence"] in quote["text"]
    assert (quote["url"], quote["source"]) == (ARTICLES[2]["url"], "The Harbour Courier")
    assert (told["searched"], told["newest_at"][:10]) == (3, "2026-06-20")
    shown = archive("ask", "Who is the captain of the ferry Petrel?")
    assert "[1]" in shown
    assert "Jonas Lund" in shown
    assert "by one source: The Harbour Courier" in shown
    assert "3 articles, the newest of 2026-06-20" in shown


def test_what_the_archive_does_not_say_is_not_guessed(archive: Herald) -> None:
    told = archive.json("ask", "What is the boiling point of mercury under vacuum?")
    assert (told["found"], told["nearest"]) == (False, [])
    told = archive.json("ask", "Who sold the steel mills of Upper Harrow to the captain?")
    assert told["found"] is False
    assert told["nearest"]
    shown = archive("ask", "Who sold the steel mills of Upper Harrow to the captain?")
    assert "The archive does not say." in shown
    assert "The closest headlines:" in shown
    assert "[1]" not in shown


def test_figures_that_differ_are_said(archive: Herald) -> None:
    question = "How much did the repairs of the Tamsel bridge cost?"
    told = archive.json("ask", question)
    assert {quote["url"] for quote in told["quotes"][:2]} == {
        ARTICLES[0]["url"],
        ARTICLES[1]["url"],
    }
    (one,) = told["disagreements"]
    assert {figure.split()[0] for figure in one["figures"]} == {"12", "14"}
    assert "The figures differ: " in archive("ask", question)


def test_what_comes_after_the_present_is_not_there_yet(archive: Herald) -> None:
    question = "Who is the captain of the ferry Petrel?"
    told = archive.json("ask", question, "--now", "2026-06-15")
    assert told["found"] is False
    assert (told["searched"], told["newest_at"][:10]) == (2, "2026-06-15")
    assert archive.json("search", "captain", "--now", "2026-06-15")["total"] == 0
    assert archive.json("search", "captain", "--now", "2026-06-20")["total"] == 1
    told = archive.json("ask", question, "--since", "2026-06-21")
    assert (told["found"], told["quotes"], told["nearest"]) == (False, [], [])


def test_a_question_a_line_gets_an_object_a_line(
    archive: Herald, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        b"Who is the captain of the ferry Petrel?\n"
        b"\xff\xfe\n"
        b"\n"
        b'{"question": "Who is the captain of the ferry Petrel?", "now": "2026-06-15"}\n'
        b"{no JSON\n"
        b"How many girders did engineers replace on the Tamsel bridge?\n"
    )
    answers = ask_lines(archive, monkeypatch, lines)
    assert archive.code == 1
    assert [answer["found"] for answer in answers] == [True, False, False, False, False, True]
    assert [answer.get("line") for answer in answers] == [None, 2, 3, None, 5, None]
    assert all(isinstance(answer["confidence"], float) for answer in answers)
    assert len(archive.err.splitlines()) == 3


@pytest.mark.parametrize("now", ["whenever", "2026-13-01", "2026-06-15T25:00"])
def test_a_present_that_is_no_time_is_told(archive: Herald, now: str) -> None:
    archive("ask", "Who is the captain?", "--now", now)
    assert archive.code == 1
    assert archive.err.startswith("herald: “")


def test_an_empty_archive_says_so(herald: Herald) -> None:
    assert "The archive is empty." in herald("ask", "Who is the captain of the ferry?")
