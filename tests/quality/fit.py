"""Fit what tells an answer from the closest: ``python -m tests.quality.fit DIR [--write]``.

A logistic regression, by Newton's method with a small ridge, on the evidence of questions that the
archive can answer and of those that it cannot (see `asking`). Prints what five-fold
cross-validation reaches, a question in one fold wherever it is asked; --write puts coefficients and
threshold into the package.
"""

import json
import math
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bot.language.believing import EVIDENCE, coefficients
from tests.quality.asking import Reply, area, replies

FILE = Path(__file__).parents[2] / "bot" / "language" / "answers.json"
# Whether the archive holds the answer, and what the set weighs.
SETS = {
    "squad": (1.0, 1.0),
    "news": (1.0, 2.0),
    "early": (0.0, 1.2),
    "off news": (0.0, 1.5),
    "off squad": (0.0, 1.0),
}
FOLDS = 5
RIDGE = 1.0
ANSWERED = 0.83  # of the news questions, at the threshold: three in a hundred above what is wanted


class Sample(NamedTuple):
    """One question: a one and its evidence, whether it can be answered, its weight and fold."""

    values: tuple[float, ...]
    label: float
    weight: float
    fold: int


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return x of matrix · x = right, by Gauss's elimination with pivoting."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for below in range(at + 1, size):
            factor = rows[below][at] / rows[at][at]
            rows[below] = [b - factor * a for a, b in zip(rows[at], rows[below], strict=True)]
    out = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][later] * out[later] for later in range(at + 1, size))
        out[at] = (rows[at][size] - known) / rows[at][at]
    return out


def probability(weights: Sequence[float], values: Sequence[float]) -> float:
    """Return the logistic of the weighted sum."""
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    return 1 / (1 + math.exp(-max(min(total, 500.0), -500.0)))


def fit(samples: Sequence[Sample]) -> list[float]:
    """Return the weights, the bias first."""
    size = len(samples[0].values)
    weights = [0.0] * size
    for _ in range(25):
        gradient = [0.0] + [RIDGE * weight for weight in weights[1:]]
        curve = [[RIDGE * (row == col > 0) for col in range(size)] for row in range(size)]
        for values, label, weight, _ in samples:
            sure = probability(weights, values)
            slope, bend = weight * (sure - label), weight * sure * (1 - sure)
            for row, value in enumerate(values):
                gradient[row] += slope * value
                line, scaled = curve[row], bend * value
                for col in range(row + 1):
                    line[col] += scaled * values[col]
        full = [[curve[max(r, c)][min(r, c)] for c in range(size)] for r in range(size)]
        step = solve(full, gradient)
        weights = [weight - change for weight, change in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-7:
            break
    return weights


def samples_of(name: str, told: Sequence[Reply]) -> list[Sample | None]:
    """Return the samples of a set; None where nothing was found, which needs no model."""
    label, weight = SETS[name]
    return [
        Sample(
            (1.0, *(one.thought.evidence[key] for key in EVIDENCE)),
            label,
            1000 * weight / len(told),
            zlib.crc32(one.asking.question.encode()) % FOLDS,
        )
        if one.thought.evidence
        else None
        for one in told
    ]


def cross_validated(sets: Mapping[str, list[Sample | None]]) -> dict[str, list[float]]:
    """Return how sure a model is of each question that was fitted without its fold."""
    sure: dict[str, list[float]] = {name: [0.0] * len(told) for name, told in sets.items()}
    for fold in range(FOLDS):
        others = [
            one for told in sets.values() for one in told if one is not None and one.fold != fold
        ]
        weights = fit(others)
        for name, told in sets.items():
            for number, one in enumerate(told):
                if one is not None and one.fold == fold:
                    sure[name][number] = probability(weights, one.values)
    return sure


def threshold_of(sure: Sequence[float]) -> float:
    """Return the threshold at which ANSWERED of *sure* are answered."""
    return sorted(sure)[int((1 - ANSWERED) * len(sure))]


def main(data: Path, *, writes: bool) -> None:
    """Fit, say how well, and write it down if that is wanted."""
    got = replies(data)
    sets = {name: samples_of(name, got[name]) for name in SETS}
    sure = cross_validated(sets)
    threshold = round(threshold_of(sure["news"]), 3)
    say = sys.stdout.write
    for positive, negative in (
        ("news", "early"),
        ("news", "off news"),
        ("squad", "off squad"),
        ("squad", "off news"),
    ):
        say(f"area {positive} / {negative}: {area(sure[positive], sure[negative]):.3f}\n")
    for name, told in sure.items():
        answered = sum(one >= threshold for one in told) / len(told)
        say(f"answered at {threshold}: {name} {answered:.3f}\n")
    weights = fit([one for told in sets.values() for one in told if one is not None])
    named = dict(zip(("bias", *EVIDENCE), (round(weight, 3) for weight in weights), strict=True))
    say(f"{named}\n")
    if writes:
        bias = named.pop("bias")
        shipped = {
            "sentence": dict(coefficients().sentence),
            "found": {"bias": bias, "weights": named, "threshold": threshold},
        }
        FILE.write_text(json.dumps(shipped, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), writes="--write" in sys.argv)
