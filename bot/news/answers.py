"""What a question of a member becomes: what is looked for, and the answer that stands in quotes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.news.models import Hit, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time that a question names: from ``start`` up to before ``end``.

    ``is_when_told``: it says when an article came out ("yesterday"), not only when the event was
    ("in 2016", which an article of today may tell of).
    """

    start: datetime
    end: datetime
    words: str  # as the question has it
    is_when_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, read."""

    text: str  # as typed, trimmed
    query: Query  # its telling words
    terms: tuple[str, ...]  # the index terms whose frequency tells how much each word says
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the archive has for a question.

    ``frequencies``: in how many of ``entries`` each term occurs, whoever may see them.
    """

    hits: tuple[Hit, ...]  # best first
    searched: int  # entries that the caller could have found
    newest_at: datetime | None  # of these
    has_more_than_searched: bool = False  # counting stops where it would cost
    entries: int
    frequencies: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A piece of an entry, letter by letter: one to three whole sentences, or its title.

    ``sentence`` is where the one that answers stands in ``text``; the others are its neighbours.
    ``marks`` are the words of ``text`` that matter, (start, end), ascending and disjoint.
    ``told_by``: the names of the feeds that say the same, its own first.
    """

    text: str
    sentence: tuple[int, int]
    marks: tuple[tuple[int, int], ...]
    hit: Hit
    score: float
    told_by: tuple[str, ...]


class Disagreement(NamedTuple):
    """Two quotes, by their places from 0, that give another figure for what seems the same."""

    first: int
    second: int
    first_figure: str
    second_figure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to a question: quotes, best first, or the closest headlines.

    ``confidence`` is the estimated probability, 0 to 1, that the archive holds the answer;
    ``is_found``, whether that is enough to answer. Where it is not, there are no ``quotes``.
    """

    asked: Asked
    is_found: bool
    confidence: float
    quotes: tuple[Quote, ...]
    disagreements: tuple[Disagreement, ...] = ()
    nearest: tuple[Hit, ...] = ()  # where nothing was found
    closest: tuple[Quote, ...] = ()  # likewise: what would have been quoted, for measuring only
    searched: int
    newest_at: datetime | None
    has_more_than_searched: bool = False  # as in Gathered
    sentence: str | None = None  # by a language model; nothing in it that is not in the quotes
    method: str | None = None  # "llm:<model>", where there is such a sentence
