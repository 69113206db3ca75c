"""How good summaries are: ROUGE beside Lead-3, noise on real pages, what articles do not say.

Where DIR holds ``summaries.jsonl.gz`` (id, set, text, ref an object a line): the mean of ROUGE-1,
-2 and -L (rouge-score's, stemming, R-Lsum on sentence lines, times 100) of Herald's summary less
that of the first three sentences of the same text, and how many words fewer it has. Where it holds
``extraction/``: the sentences of summaries of those pages, as Herald reads them, that are not in
the pages' true texts; see `saying.is_noise`. ± is the standard error of the mean.
"""

import gzip
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import lxml.html

from bot.feeds.extract import read_article
from bot.language.extractive import Extractive
from bot.language.sentences import split
from tests.quality.saying import is_noise, is_told_by

Row = tuple[str, float, float | None]

GAIN_MIN = 0.4  # ROUGE points over Lead-3
SUMMARY_MS_MAX = 5.0  # CPU, of one article
_TAKES = 3  # other work on the machine shows in processor time too
_LEAD = 3  # sentences
_MEASURES = ("rouge1", "rouge2", "rougeLsum")


def rows(data: Path) -> list[Row]:
    """Return the figures of summaries as (figure, value, floor).

    A figure that ends in ", at most" has a ceiling for a floor. Noise and what an article does not
    say are printed to stderr, sentence by sentence.
    """
    clock = _Clock()
    return [*_gains(data, clock), *_noise(data, clock), *clock.rows()]


class _Clock:
    """Summarises and notes the processor time of each summary: the least of a few takes."""

    def __init__(self) -> None:
        self._summariser = Extractive()
        self.took_ms: list[float] = []
        self.foreign = 0  # summaries that say what their article does not

    def summarise(self, title: str, text: str) -> str:
        told, took_s = "", math.inf
        for _ in range(_TAKES):
            began = time.process_time()
            told = self._summariser.summarise(title=title, text=text, teaser="").text
            took_s = min(took_s, time.process_time() - began)
        self.took_ms.append(1000 * took_s)
        if not is_told_by(text, told):
            self.foreign += 1
            sys.stderr.write(f"not in the article: {told}\n")
        return told

    def rows(self) -> Iterator[Row]:
        if self.took_ms:
            yield "summaries: not in the article, at most", self.foreign, 0.0
        if len(self.took_ms) > 1:
            p99 = statistics.quantiles(self.took_ms, n=100)[-1]
            yield "summaries: ms CPU, mean, at most", statistics.fmean(self.took_ms), SUMMARY_MS_MAX
            yield "summaries: ms CPU, p99, at most", p99, SUMMARY_MS_MAX


def lines(text: str) -> list[str]:
    """Return the sentences of *text*."""
    return [text[start:end] for start, end in split(text)]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5


@lru_cache(maxsize=1)
def _scorer() -> Callable[[str, Sequence[str]], float]:
    """Return what scores the sentences of a summary against a reference."""
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415  # of the quality group only

    scorer: Any = RougeScorer(_MEASURES, use_stemmer=True)

    def score(reference: str, told: Sequence[str]) -> float:
        scored = scorer.score("\n".join(lines(reference)), "\n".join(told))
        return 100 * statistics.fmean(scored[measure].fmeasure for measure in _MEASURES)

    return score


def _gains(data: Path, clock: _Clock) -> Iterator[Row]:
    path = data / "summaries.jsonl.gz"
    if not path.is_file():
        return
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    gains: dict[str, list[float]] = {}
    spared: dict[str, list[float]] = {}
    for article in articles:
        told = lines(clock.summarise("", article["text"]))
        lead = lines(article["text"])[:_LEAD]
        gain = _scorer()(article["ref"], told) - _scorer()(article["ref"], lead)
        words = len(" ".join(lead).split()) - len(" ".join(told).split())
        for name in (article["set"], "all"):
            gains.setdefault(name, []).append(gain)
            spared.setdefault(name, []).append(words)
    for name in sorted(gains, key=lambda name: (name == "all", name)):
        gain, error = mean_and_error(gains[name])
        floor = GAIN_MIN if name == "all" else None
        yield f"summaries: ROUGE over Lead-3, {name} (± {error:.2f})", gain, floor
    yield "summaries: words fewer than Lead-3", statistics.fmean(spared["all"]), 0.0


def _noise(data: Path, clock: _Clock) -> Iterator[Row]:
    folder = data / "extraction"
    if not folder.is_dir():
        return
    truths = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    noise = empty = 0
    for name, truth in truths.items():
        body = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        text = str(read_article(body, "text/html", truth["url"])[0])
        told = clock.summarise(_title(body), text)
        empty += not told
        for sentence in lines(told):
            if is_noise(sentence, truth["articleBody"]):
                noise += 1
                sys.stderr.write(f"noise: {truth['url']}: {sentence}\n")
    yield "summaries: noise lines, at most", noise, 0.0
    yield "summaries: pages without a summary, at most", empty, 0.0


def _title(body: bytes) -> str:
    """Return what a page calls itself for others: what its feed would say."""
    tree = lxml.html.document_fromstring(body)
    names = (
        node.get("content") for node in tree.iter("meta") if node.get("property") == "og:title"
    )
    return next(names, None) or tree.findtext(".//title") or ""
