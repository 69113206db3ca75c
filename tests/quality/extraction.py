"""How much of articles is got out of pages, and how much beside.

The score is that of scrapinghub's article-extraction-benchmark: multisets of four words in a row of
truth and result; precision and recall of each page, averaged; F1 of the two averages.
"""

import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.feeds.extract import read_article
from tests.noisy import noisy_pages

SHINGLE = 4  # words
F1_FLOOR = 0.980  # stands at .984
PRECISION_FLOOR = 0.986  # stands at .991
RECALL_FLOOR = 0.972  # stands at .977


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A page and the text of its article."""

    name: str
    url: str
    body: bytes
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision and recall, averaged over pages, and the milliseconds of CPU a page took."""

    precision: float
    recall: float
    mean_ms: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two averages."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Return the multiset of runs of words of *text*; of a shorter text, all of it."""
    words = re.findall(r"\w+", text)
    last = max(1, len(words) - SHINGLE + 1)
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(last))


def overlap(truth: str, found: str) -> tuple[float, float]:
    """Return precision and recall of one page."""
    wanted, got = shingles(truth), shingles(found)
    common = (wanted & got).total()
    return common / max(1, got.total()), common / max(1, wanted.total())


def scored(cases: Iterable[Case], extract: Callable[[Case], str]) -> Score:
    """Return how well *extract* does on *cases*."""
    pairs, spent = [], 0.0
    for case in cases:
        began = time.process_time()
        text = extract(case)
        spent += time.process_time() - began
        pairs.append(overlap(case.truth, text))
    count = max(1, len(pairs))
    return Score(
        precision=sum(precision for precision, _ in pairs) / count,
        recall=sum(recall for _, recall in pairs) / count,
        mean_ms=1000 * spent / count,
    )


def herald(case: Case) -> str:
    """Return what Herald takes for the article, as its worker would."""
    return str(read_article(case.body, None, case.url)[0])


def benchmark(data: Path) -> list[Case]:
    """Return the cases under *data*; none where they are not there."""
    folder = data / "extraction"
    if not (folder / "ground-truth.json").is_file():
        return []
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    return [
        Case(
            name=name,
            url=page["url"],
            body=gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()),
            truth=page["articleBody"],
        )
        for name, page in truth.items()
    ]


def ours() -> list[Case]:
    """Return the noisy pages of ours that hold an article."""
    return [
        Case(
            name=page.name,
            url=f"https://example.org/{page.name}",
            body=page.body,
            truth="\n".join(page.paragraphs),
        )
        for page in noisy_pages()
        if page.wall is None
    ]


def rows(data: Path) -> list[tuple[str, float, float | None]]:
    """Return (figure, value, floor or None) of our pages and of the benchmark under *data*."""
    own = scored(ours(), herald)
    told: list[tuple[str, float, float | None]] = [("extraction, our pages: F1", own.f1, 1.0)]
    if cases := benchmark(data):
        score = scored(cases, herald)
        told += [
            (f"extraction, {len(cases)} pages: F1", score.f1, F1_FLOOR),
            ("extraction: precision", score.precision, PRECISION_FLOOR),
            ("extraction: recall", score.recall, RECALL_FLOOR),
            ("extraction: ms of CPU a page (at most 50)", score.mean_ms, None),
        ]
    return told
