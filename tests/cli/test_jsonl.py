"""The commands that read JSON Lines."""

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.test_cli import Herald, herald

__all__ = ["herald"]  # the fixture

FERRY = {
    "url": "https://lund.example.org/ferry",
    "title": "Ferry resumes",
    "text": "The ferry sails again from Monday on. Nobody knows for how long, said Ana Brook.",
    "published": "2026-05-03T09:30:00+02:00",
    "feed": "Lund Echo",
}
PIER = {"url": "https://lund.example.org/pier", "title": "Pier broke", "text": "It was old."}


def lines(*records: object) -> str:
    return "".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in records)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "articles.jsonl"


# --- herald summarise ---


def test_each_article_gets_a_line_with_summary_and_method(herald: Herald, file: Path) -> None:
    teaser = "From Monday on the ferry sails again, and nobody knows for how long it will."
    file.write_text(lines(FERRY, "\n", {**FERRY, "teaser": teaser}), encoding="utf-8")
    told = [json.loads(line) for line in herald("summarise", str(file)).splitlines()]
    assert told == [
        {"summary": FERRY["text"], "method": "extractive"},
        {"summary": teaser, "method": "feed"},
    ]
    assert herald.code == 0
    assert not herald.data_dir.exists(), "nothing is stored"


def test_a_faulty_line_is_told_by_number_and_keeps_its_place(herald: Herald, file: Path) -> None:
    file.write_bytes(
        lines(FERRY, '{"text": \n', [1], {"text": 5}).encode()
        + b'{"text": "\xff"}\n'
        + lines({"title": "Ferry resumes"}, FERRY).encode()
    )
    told = [json.loads(line) for line in herald("summarise", str(file)).splitlines()]
    assert [row["summary"] is None for row in told] == [False, True, True, True, True, False, False]
    assert told[2]["error"] == "It must be an object, such as {…}, and is [1]."
    assert told[3]["error"] == "Its “text” must be a string, and is 5."
    assert told[4]["error"] == "It is not UTF-8."
    assert told[5] == {"summary": "", "method": "extractive"}
    assert herald.code == 1
    faults = [line.split(": ")[:2] for line in herald.err.splitlines()]
    assert faults == [["herald", f"line {number}"] for number in (2, 3, 4, 5)]


def test_a_summary_can_be_shorter_and_come_from_stdin(
    herald: Herald, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(lines(FERRY).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    told = json.loads(herald("summarise", "-", "--words", "8"))
    assert told["summary"] == "The ferry sails again from Monday on."


def test_a_page_as_it_was_scraped_is_summarised_without_its_noise(
    herald: Herald, file: Path
) -> None:
    scraped = [
        "Ferry resumes",
        "By Ann Ode",
        "Published 22 Aug 2026",
        "We value your privacy",
        "You may accept all cookies or manage your choices at any time.",
        "Why trust the Lund Echo",
        "We maintain a strict editorial policy dedicated to accuracy. Our editors review it.",
        "The ferry at the pier. Photo: Bo Leth",
        FERRY["text"],
        "[Via Harbour Weekly]",
    ]
    record = {"title": "Ferry resumes", "text": "\n\n".join(scraped)}
    file.write_text(lines(record), encoding="utf-8")
    assert json.loads(herald("summarise", str(file)))["summary"] == FERRY["text"]


def test_a_summary_has_the_characters_of_its_article(herald: Herald, file: Path) -> None:
    text = "The fer\u00adry sails\u00a0again from Monday on\u2060."
    file.write_text(lines({"text": text}), encoding="utf-8")
    assert json.loads(herald("summarise", str(file)))["summary"] == text.replace("\u00a0", " ")


def test_a_file_that_is_not_there_is_named(herald: Herald) -> None:
    for command in (["summarise"], ["archive", "import"]):
        assert herald(*command, "nowhere.jsonl") == ""
        assert herald.code == 1
        assert "nowhere.jsonl cannot be read: No such file" in herald.err


# --- herald archive import ---


def test_imported_articles_are_found_and_never_posted_or_polled(herald: Herald, file: Path) -> None:
    file.write_text(lines(FERRY, PIER), encoding="utf-8")
    assert herald("archive", "import", str(file)) == (
        "2 lines: 2 articles added, 0 known already. Nothing is posted.\n"
    )
    assert herald.code == 0
    [hit] = herald.json("search", "ferry")["hits"]
    assert hit["title"] == FERRY["title"]
    assert hit["url"] == FERRY["url"]
    assert hit["source"] == "Lund Echo"
    assert hit["published_at"] == "2026-05-03T07:30:00+00:00"
    shown = herald("feeds", "list")
    assert "Lund Echo" in shown
    assert "imported" in shown, "the feed of articles that name none"
    assert shown.count("not polled") == shown.count("  idle ") == 2
    assert [row["is_polled"] for row in herald.json("feeds", "list")] == [False, False]
    assert herald.json("poll", "--once")["polled"] == 0
    with closing(sqlite3.connect(herald.data_dir / "herald.db")) as database:
        for table in ("deliveries", "subscriptions", "checks"):
            assert database.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)  # noqa: S608  # literals


def test_importing_again_changes_nothing(herald: Herald, file: Path) -> None:
    file.write_text(lines(FERRY, {**FERRY, "feed": "Another"}, PIER), encoding="utf-8")
    herald("archive", "import", str(file))
    file.write_text(lines({**FERRY, "title": "Rewritten"}, PIER, PIER), encoding="utf-8")
    told = herald.json("archive", "import", str(file))
    assert told == {"lines": 3, "added": 0, "known": 3, "faulty": 0}
    hits = herald.json("search", "ferry")["hits"]
    assert [hit["title"] for hit in hits] == ["Ferry resumes", "Ferry resumes"]


def test_articles_that_differ_in_nothing_but_their_address_are_two(
    herald: Herald, file: Path
) -> None:
    copy = {**FERRY, "url": "https://other.example.org/ferry"}
    file.write_text(lines(FERRY, copy), encoding="utf-8")
    assert herald.json("archive", "import", str(file))["added"] == 2


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"url": "ftp://lund.example.org/"}, "Its “url” is no http(s) address: ftp://lund"),
        ({"published": "soon"}, 'Its “published” is no date: "soon".'),
        ({"published": [1]}, "Its “published” is no date: [1]."),
        ({"published": 1e30}, "Its “published” is no date: 1e+30."),
        ({"title": "", "text": None}, "It has neither “title” nor “text”."),
        ({"feed": 3}, "Its “feed” must be a string, and is 3."),
    ],
)
def test_a_faulty_article_is_left_out_and_told(
    herald: Herald, file: Path, fault: dict[str, object], told: str
) -> None:
    file.write_text(lines({**FERRY, **fault}, PIER), encoding="utf-8")
    out = herald("archive", "import", str(file))
    assert out == "2 lines: 1 article added, 0 known already, 1 line left out. Nothing is posted.\n"
    assert f"herald: line 1: {told}" in herald.err
    assert herald.code == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-05-03", "2026-05-03T00:00:00+00:00"),
        ("2026-05-03T09:30:00Z", "2026-05-03T09:30:00+00:00"),
        ("Sun, 03 May 2026 09:30:00 +0200", "2026-05-03T07:30:00+00:00"),
        (1_777_800_600, "2026-05-03T09:30:00+00:00"),
    ],
)
def test_dates_are_read_as_people_write_them(
    herald: Herald, file: Path, written: object, read: str
) -> None:
    file.write_text(lines({**FERRY, "published": written}), encoding="utf-8")
    herald("archive", "import", str(file))
    [hit] = herald.json("search", "ferry")["hits"]
    assert hit["published_at"] == read


def test_stories_of_articles_without_a_title_are_told_by_their_links(
    herald: Herald, file: Path
) -> None:
    text = "The ferry Solveig sails again from Monday, said Ana Brook of Lund."
    told = [
        {"url": f"https://{name}.example.org/ferry", "text": text, "feed": name}
        for name in ("echo", "wire")
    ]
    file.write_text(lines(*told), encoding="utf-8")
    herald("archive", "import", str(file))
    assert [line.split(" ·")[0] for line in herald("stories").splitlines()] == [
        "https://echo.example.org/ferry",
        "   echo",
        "   wire",
        "",
        "1 story, 1 of them told more than once.",
    ]
