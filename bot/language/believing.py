"""Tell whether what was found is an answer, or only the closest there is.

A logistic model on few features of the best sentences and their articles. Its coefficients and the
threshold are data of the package, with the sentence weights; `python -m tests.quality.fit` made
them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files

from bot.language.quoting import Candidate, Found, Lens, Paper
from bot.news.answers import Window

_LOOKED_AT = 20  # sentences, the best ones
_LATE = timedelta(days=10)  # what is this much older than the newest is no late news
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """What was fitted."""

    sentence: Mapping[str, float]
    bias: float
    found: Mapping[str, float]
    threshold: float


@lru_cache(maxsize=1)
def coefficients() -> Coefficients:
    """Return the coefficients that ship with Herald."""
    told = json.loads(files("bot.language").joinpath("answers.json").read_text("utf-8"))
    return Coefficients(
        sentence=told["sentence"],
        bias=told["found"]["bias"],
        found=told["found"]["weights"],
        threshold=told["found"]["threshold"],
    )


EVIDENCE = ("amount", "missing", "score", "age", "both", "pairs")


def evidence(
    lens: Lens,
    read: Sequence[Paper],
    ranked: Sequence[Candidate],
    newest_at: datetime | None,
    window: Window | None,
) -> dict[str, float]:
    """Return what speaks for an answer and against one, by the names of EVIDENCE.

    *ranked*: the sentences of *read*, best first. Weights of words are told in words as rare as can
    be, so that they mean the same in archives of every size. "amount": the logarithm of what the
    best sentence and its surroundings have of the question; it counts up to twice as much the more
    of the question a late article has, for who asks about news asks about late news, unless the
    question names a time. "missing": what they have not. "age": that of the article beside the
    newest. "both": how much is missing of how old an article, for these two against an answer are
    less than their sum. "pairs": words that stand side by side in both are often one name, and no
    evidence each.
    """
    if not ranked:
        return {}
    best = ranked[0]
    reach = max(lens.cover(_surroundings(one)) for one in ranked[:_LOOKED_AT])
    missing = (1 - reach) * lens.amount

    def behind(paper: Paper) -> timedelta:
        """Return how much older an article is than the newest, as far as that counts."""
        if newest_at is None or window is not None:
            return timedelta()
        return max(newest_at - paper.hit.entry.dated_at, timedelta())

    late = max((paper.cover for paper in read if behind(paper) < _LATE), default=0.0)
    age = math.sqrt(min(math.log2(1 + behind(best.paper) / (15 * _DAY)), 4.0) / 4)
    return {
        "amount": math.log(0.3 + reach * lens.amount) * (1 + late) / 2,
        "missing": min(missing, 4.0) / 4,
        "score": best.score,
        "age": age,
        "both": age * missing,
        "pairs": min(lens.worth(_surroundings(best).pairs) * lens.amount, 3.0) / 3,
    }


def _surroundings(one: Candidate) -> Found:
    """Return which words of the question stand in a sentence, its neighbours and its title."""
    paper = one.paper
    near = paper.found[max(one.number - 1, 0) : one.number + 2]
    exact, loose, pairs = paper.title
    for found in near:
        exact, loose, pairs = exact | found.exact, loose | found.loose, pairs | found.pairs
    return Found(exact, loose & ~exact, pairs)


def confidence(told: Mapping[str, float]) -> float:
    """Return the probability, 0 to 1, that the archive holds the answer."""
    if not told:
        return 0.0
    model = coefficients()
    total = model.bias + sum(weight * told[name] for name, weight in model.found.items())
    return 1 / (1 + math.exp(-total))
