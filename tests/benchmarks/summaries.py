"""ROUGE of Herald's summaries beside Lead-3.

``uv run --group bench python -m tests.benchmarks.summaries DIR``, where DIR holds
``summaries.jsonl.gz`` with an object a line: id, set, text, ref. Scores are rouge-score's with
stemming, R-Lsum on sentence lines, times 100; ± is the standard error of the mean.
"""

import gzip
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.language.extractive import Extractive
from bot.language.sentences import split

_MEASURES = ("rouge1", "rouge2", "rougeLsum")


def lines(text: str) -> list[str]:
    """Return the sentences of *text*."""
    return [text[start:end] for start, end in split(text)]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5


def _scores(scorer: Any, reference: str, summary: Sequence[str]) -> list[float]:  # noqa: ANN401  # untyped library
    target = "\n".join(lines(reference))
    scored = scorer.score(target, "\n".join(summary))
    return [100 * scored[measure].fmeasure for measure in _MEASURES]


def main(folder: Path) -> None:
    """Print a table for each set of articles."""
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415  # of the bench group only

    scorer = RougeScorer(_MEASURES, use_stemmer=True)
    with gzip.open(folder / "summaries.jsonl.gz", "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    summariser = Extractive()
    say = sys.stdout.write
    say(f"{'':24}{'R1':>14}{'R2':>14}{'RLsum':>14}{'words':>8}{'ms':>7}\n")
    for name in sorted({article["set"] for article in articles}):
        chosen = [article for article in articles if article["set"] == name]
        began = time.process_time()
        summaries = [
            summariser.summarise(title="", text=article["text"], teaser="").text
            for article in chosen
        ]
        took_ms = 1000 * (time.process_time() - began) / len(chosen)
        words = statistics.fmean(len(summary.split()) for summary in summaries)
        ours = [
            _scores(scorer, article["ref"], lines(summary))
            for article, summary in zip(chosen, summaries, strict=True)
        ]
        leads = [_scores(scorer, article["ref"], lines(article["text"])[:3]) for article in chosen]
        gains = [
            [a - b for a, b in zip(x, y, strict=True)] for x, y in zip(ours, leads, strict=True)
        ]
        say(f"{name} ({len(chosen)})\n{_row('Lead-3', leads)}\n")
        say(f"{_row('Herald', ours)}{words:8.1f}{took_ms:7.1f}\n")
        say(f"{_row('Herald - Lead-3', gains)}\n")


def _row(label: str, scores: Sequence[Sequence[float]]) -> str:
    cells = (mean_and_error(column) for column in zip(*scores, strict=True))
    return f"  {label:22}" + "".join(f"{mean:8.2f} ±{error:4.2f}" for mean, error in cells)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
