"""How well Herald reads: extraction, summaries and stories in one table, with their floors.

Each part is a module of this package with ``rows(data: Path)``, which gives (figure, value, floor)
and leaves out what needs data that are not there. A figure that ends in ", at most" has a ceiling
for a floor; one whose floor is None is told and not judged.
"""

import importlib
import importlib.util
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PARTS = ("extraction", "summaries", "stories")
CEILING = ", at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the table."""

    figure: str
    value: float
    floor: float | None

    @property
    def is_ok(self) -> bool:
        """Whether the floor is kept; a figure without one is."""
        if self.floor is None:
            return True
        if math.isnan(self.value):
            return False
        if self.figure.endswith(CEILING):
            return self.value <= self.floor
        return self.value >= self.floor


def is_there(part: str) -> bool:
    """Whether the module of a part exists."""
    return importlib.util.find_spec(f"tests.quality.{part}") is not None


def measure(part: str, data: Path) -> list[Figure]:
    """Return the figures of a part, none where its data are not in *data*."""
    module = importlib.import_module(f"tests.quality.{part}")
    return [
        Figure(figure=figure, value=float(value), floor=floor)
        for figure, value, floor in module.rows(data)
    ]


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a table."""
    width = max((len(row.figure) for row in figures), default=0)
    lines = [f"{'figure':{width}} {'value':>10} {'floor':>10}  ok"]
    for row in figures:
        floor = "" if row.floor is None else f"{row.floor:.3f}"
        verdict = "" if row.floor is None else "yes" if row.is_ok else "NO"
        lines.append(f"{row.figure:{width}} {row.value:>10.3f} {floor:>10}  {verdict}".rstrip())
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> str:
    """Return figures as a JSON array of figure, value, floor and ok."""
    told = [{**asdict(row), "ok": row.is_ok} for row in figures]
    return json.dumps(told, ensure_ascii=False, indent=2)


def run(data: Path, parts: Sequence[str], json_file: Path | None) -> tuple[str, bool]:
    """Measure *parts*; return what to print, and whether every floor is kept."""
    figures: list[Figure] = []
    notes: list[str] = []
    for part in parts:
        if not is_there(part):
            notes.append(f"{part}: there is no module tests.quality.{part} yet")
            continue
        try:
            found = measure(part, data)
        except FileNotFoundError as error:
            notes.append(f"{part}: {error.filename} is not there")
            continue
        figures += found
        if not found:
            notes.append(f"{part}: {data} holds nothing to measure it on")
    if json_file is not None:
        json_file.write_text(as_json(figures) + "\n", encoding="utf-8")
    return "\n".join([table(figures), *notes]), all(row.is_ok for row in figures)
