"""What a search wants of an entry: a tree that says when one matches.

::

    Every ── all of its parts          Said ───── words, all of them or any, or a phrase; in a title
    Some ─── at least one              Tagged ─── tag:     Source ── from:    Language ── lang:
    Not ──── not this                  Since, Before ───── since:, before:

`bot.news.query` makes it of what people type and asks it of a text; a storage asks its index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias


class How(StrEnum):
    """How the words that something typed is cut into must stand in an entry."""

    ANY = "any"  # one of them is enough; their other forms count
    ALL = "all"  # each somewhere; their other forms count
    PHRASE = "phrase"  # as neighbours in this order, in the form typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of a title or a text."""

    text: str
    how: How = How.ANY
    in_title: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A tag that the feed gives the entry, whole or a word of it."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A part of what the feed is called, whatever its case."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language by its code; "pt" takes "pt-BR" in."""

    code: str  # lower-case BCP 47


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time as typed: so long ago, or the beginning (UTC) of a day."""

    ago: timedelta | None = None
    days_ago: int | None = None
    day: date | None = None

    def at(self, now: datetime) -> datetime:
        """Return the time that is meant, for somebody who says it at *now*."""
        try:
            if self.ago is not None:
                return now - self.ago
            day = self.day or now.astimezone(UTC).date() - timedelta(days=self.days_ago or 0)
        except OverflowError:  # longer ago than there are years
            day = date.min
        return datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Published then or later."""

    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Published earlier."""

    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """What must not be."""

    part: "Wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """All of the parts; of none, always."""

    parts: tuple["Wanted", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """At least one of the parts."""

    parts: tuple["Wanted", ...]


Fact: TypeAlias = Tagged | Source | Language | Since | Before
Wanted: TypeAlias = Said | Fact | Not | Every | Some


def said_in(wanted: Wanted, *, is_wanted: bool = True) -> Iterator[Said]:
    """Yield what must be said, in its order, or (*is_wanted* False) what must not."""
    match wanted:
        case Said() if is_wanted:
            yield wanted
        case Not(part=part):
            yield from said_in(part, is_wanted=not is_wanted)
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from said_in(part, is_wanted=is_wanted)
        case _:
            pass
