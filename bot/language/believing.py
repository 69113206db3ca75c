"""Tell whether what was found is an answer, or only the closest there is.

A logistic model on few features of the best sentences and their articles. Its coefficients and the
threshold are data of the package, with the sentence weights; `python -m tests.quality.fit` made
them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from bot.language.quoting import Candidate, Found, Lens, Paper, kind_match


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


def evidence(lens: Lens, read: Sequence[Paper], ranked: Sequence[Candidate]) -> dict[str, float]:
    """Return what speaks for an answer: the features of the model, by name."""
    if not ranked:
        return {}
    best = ranked[0]
    paper = best.paper
    near = Found()
    for number in range(best.number - 1, best.number + 2):
        if 0 <= number < len(paper.found):
            found = paper.found[number]
            near = Found(near.exact | found.exact, near.loose | found.loose)
    near = Found(near.exact | paper.title.exact, near.loose & ~near.exact)
    names = lens.bits_of(names=True)
    numbers = lens.bits_of(numbers=True)
    in_paper = paper.title.exact
    for found in paper.found:
        in_paper |= found.exact
    return {
        "cover": max(one.cover for one in ranked),
        "reach": lens.cover(near),
        "paper": max(one.cover for one in read),
        "kind": kind_match(lens, best.text),
        "names": _share(lens, in_paper & names, names),
        "numbers": _share(lens, in_paper & numbers, numbers),
    }


def _share(lens: Lens, found: int, wanted: int) -> float:
    whole = lens.worth(wanted)
    return lens.worth(found) / whole if whole else 0.5


def confidence(told: Mapping[str, float]) -> float:
    """Return the probability, 0 to 1, that the archive holds the answer."""
    if not told:
        return 0.0
    model = coefficients()
    total = model.bias + sum(weight * told[name] for name, weight in model.found.items())
    return 1 / (1 + math.exp(-total))
