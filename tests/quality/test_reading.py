"""Floors under what reading achieves on nine invented articles in five languages.

Small on purpose: it tells a broken rule, not a better one. What is measured on published data:
``python -m tests.quality reading --data DIR``.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.language.extractive import Extractive
from bot.language.words import tokenise

ARTICLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "articles.json").read_text(encoding="utf-8")
)


@pytest.fixture
def index() -> Iterator[sqlite3.Connection]:
    """Return a full-text index of the articles: terms of titles, terms of texts."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        """CREATE VIRTUAL TABLE f USING fts5 (title, body, tokenize = "ascii tokenchars '_'")"""
    )
    for number, article in enumerate(ARTICLES):
        row = (number, _terms(article["title"]), _terms(article["text"]))
        connection.execute("INSERT INTO f (rowid, title, body) VALUES (?, ?, ?)", row)
    yield connection
    connection.close()


def _terms(text: str) -> str:
    return " ".join(term for word in tokenise(text) for term in word.terms)


def _found(index: sqlite3.Connection, question: str) -> list[str]:
    match = " OR ".join(f'"{term}"' for term in _terms(question).split())
    rows = index.execute("SELECT rowid FROM f WHERE f MATCH ? ORDER BY bm25(f, 3, 1)", (match,))
    return [ARTICLES[row[0]]["id"] for row in rows]


def test_questions_find_their_article(index: sqlite3.Connection) -> None:
    """Stands at 27 of 27 first."""
    asked = [(article["id"], question) for article in ARTICLES for question in article["questions"]]
    missed = [question for id_, question in asked if _found(index, question)[:1] != [id_]]
    assert len(missed) <= 1, missed


def _overlap(summary: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall of words, like ROUGE-1."""
    ours, theirs = (Counter(word.terms[-1] for word in tokenise(t)) for t in (summary, reference))
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())


def test_summaries_say_what_a_person_would() -> None:
    """Stands at .60 on average; the lowest, harbour, at .46."""
    overlaps = {
        article["id"]: _overlap(
            Extractive().summarise(title=article["title"], text=article["text"], teaser="").text,
            article["summary"],
        )
        for article in ARTICLES
    }
    assert sum(overlaps.values()) / len(overlaps) >= 0.58, overlaps
    assert min(overlaps.values()) >= 0.43, overlaps


@pytest.mark.parametrize("article", ARTICLES, ids=[article["id"] for article in ARTICLES])
def test_summaries_hold_no_furniture(article: dict[str, Any]) -> None:
    told = Extractive().summarise(title=article["title"], text=article["text"], teaser="").text
    for furniture in ("READ MORE", "(AP)", "dpa", "Lesen Sie", "Scroll", "Sign up", "Follow us"):
        assert furniture not in told
    assert told
