"""Decide which story an entry belongs to: the entries, of one feed or several, on one event.

::

    title, lead ─► sketch ─► candidates (storage) ─► choose ─► Match | None: a story of its own

Entries are compared by their words, weighed by how few of the archive have them (tf-idf, cosine
with the story's centroid, a title counting twice). A story must not make its own words common: they
are weighed by how many entries *outside of it* have them. Measured on 3,522 headlines of 47 events,
that alone took B-cubed F from .75 to .79, and made it hardly depend on the threshold.

To join two events is worse than to miss one. Headlines, which have few words, need less likeness
than leads; a small archive, which knows little of what is common, asks for more of them; and what
one feed says twice is two stories, unless it is nearly the same text: an outlet's next report on an
event is news.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, log10, sqrt
from typing import Literal

from bot.news.days import DAYS
from bot.news.identity import canonical_url
from bot.news.models import EntryId, FeedId, StoryId
from bot.news.ports import Tokeniser
from bot.news.query import STOP_WORDS

WINDOW = timedelta(hours=72)  # between an entry and the story's nearest
LEAD = 600  # characters of a text that are compared
MEMBERS = 30  # of a story that are looked at: its first and its latest

_TITLE_WEIGHT = 2
_HEADLINE_TERMS = 15  # different words up to which a text is a headline …
_LEAD_TERMS = 45  # … and from which it is one with a lead
_LIKE_HEADLINE = 0.08
_LIKE_LEAD = 0.29
_LIKE_NEW_ARCHIVE = 0.13  # more of headlines, where the archive is small …
_ARCHIVE_MIN, _ARCHIVE_MAX = 100, 3_000  # … from all of it to none
_LIKE_PER_DAY = 0.1  # share by which a day between them asks for more
_LED_TERMS = 4  # different words of a lead from which on it is one
_COPY = 0.7  # of which two texts are one, edited
_SERIAL = 0.75  # words in common of titles that differ in their numbers: "Part 3", "Part 4"
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Sketch:
    """The words of an entry that stories are compared by.

    ``terms``: each with its weight before it is known how common it is; ``numbers`` and ``days``,
    which are of the week or months, are those of the title.
    """

    terms: Mapping[str, float]
    title: frozenset[str]
    numbers: frozenset[str]
    days: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An entry as `choose` sees it. ``at``: when it was published, as far as we know."""

    id: EntryId
    feed_id: FeedId
    at: datetime
    sketch: Sketch
    link: str | None = None  # as `link_of` gives it


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A story that an entry may belong to: ``size`` entries, at most MEMBERS of them given."""

    id: StoryId
    members: tuple[Arrival, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """How many of ``size`` entries have each word; one that is missing is in none."""

    size: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The story that an entry belongs to, and by what."""

    story_id: StoryId
    by: Literal["link", "copy", "likeness"]
    likeness: float


def sketch(words: Callable[[str], Sequence[str]], title: str, lead: str) -> Sketch:
    """Return the words of a title and of what follows it; *lead* is cut to LEAD characters.

    *words* gives those of a text, as `words_of` does.
    """
    in_title = words(title)
    counts = Counter(words(lead[:LEAD]))
    for term in in_title:
        counts[term] += _TITLE_WEIGHT
    return Sketch(
        terms={term: 1 + log(count) for term, count in counts.items()},
        title=frozenset(in_title),
        numbers=frozenset(filter(_has_digit, in_title)),
        days=_days(words, title),
    )


def _days(words: Callable[[str], Sequence[str]], title: str) -> frozenset[str]:
    named = [word for word in _WORD.findall(title.lower()) if word in DAYS]
    return frozenset(words(" ".join(named))) if named else frozenset()


def words_of(tokenise: Tokeniser, text: str) -> list[str]:
    """Return the form of each word that its inflections share: the loosest, unless of a number.

    Without stop words. What stands beyond a white space makes no difference to a word.
    """
    lower = text.lower() if text.isascii() else None
    found = []
    for start, end, terms in tokenise(text):
        written = lower[start:end] if lower is not None else text[start:end].lower()
        if not terms or written in STOP_WORDS:
            continue
        exact, loosest = terms[0], terms[-1]
        found.append(loosest if loosest[0] == "_" and exact.isalpha() else exact)
    return found


def _has_digit(term: str) -> bool:
    return any(map(str.isdigit, term))


def link_of(url: str | None) -> str | None:
    """Return the canonical form of a link that names an article; None where it names a site."""
    place = canonical_url(url or "")
    return place if place.rstrip("/?#").find("/") > 0 or "?" in place else None


def choose(
    entry: Arrival,
    candidates: Sequence[Candidate],
    archive: Archive,
    *,
    is_strict_within_feed: bool = True,
) -> Match | None:
    """Return the story that *entry* belongs to, or None where it begins one of its own.

    The same link decides before likeness; the order of *candidates* does not matter.
    *is_strict_within_feed*: no story in which its own feed has said something takes it.
    """
    size = archive.size + 1
    usual = {
        term: max(log(size / (1 + archive.counts.get(term, 0))), 0.0) for term in entry.sketch.terms
    }
    matches = [
        match
        for candidate in candidates
        if (match := _match(entry, candidate, archive, usual, is_strict=is_strict_within_feed))
    ]
    return max(
        matches,
        # Rounded: sums of fractions differ in their last digits by the order they are added in.
        key=lambda match: (match.by == "link", round(match.likeness, 9), -match.story_id),
        default=None,
    )


def _match(
    entry: Arrival,
    story: Candidate,
    archive: Archive,
    usual: Mapping[str, float],
    *,
    is_strict: bool,
) -> Match | None:
    days = min(abs(entry.at - member.at) for member in story.members) / timedelta(days=1)
    own = [member.sketch for member in story.members if member.feed_id == entry.feed_id]
    if (own and is_strict) or days > WINDOW / timedelta(days=1):
        return None
    if any(_is_serial(entry.sketch, said) for said in own):
        return None
    is_linked = entry.link is not None and any(entry.link == one.link for one in story.members)
    if not is_linked and any(_is_of_another_day(entry.sketch, one.sketch) for one in story.members):
        return None
    likeness = _likeness(entry.sketch, story, archive, usual)
    by: Literal["link", "copy", "likeness"] | None = None
    if is_linked:
        by = "link"
    elif likeness >= _COPY:
        by = "copy"
    elif (
        (likeness >= _needed(entry.sketch, story, archive) * (1 + _LIKE_PER_DAY * days))
        and _is_headed_alike(entry.sketch, story)
        and _is_led_alike(entry.sketch, story)
    ):
        by = "likeness"
    return None if by is None else Match(story_id=story.id, by=by, likeness=likeness)


def _needed(sketch: Sketch, story: Candidate, archive: Archive) -> float:
    """Return the likeness that makes one story, by how much there is to compare."""
    theirs = sum(len(member.sketch.terms) for member in story.members) / len(story.members)
    length = min(len(sketch.terms), theirs)
    lead = _between((length - _HEADLINE_TERMS) / (_LEAD_TERMS - _HEADLINE_TERMS))
    young = _between(
        log10(_ARCHIVE_MAX / max(archive.size, 1)) / log10(_ARCHIVE_MAX / _ARCHIVE_MIN)
    )
    headline = _LIKE_HEADLINE + _LIKE_NEW_ARCHIVE * young
    return headline + (_LIKE_LEAD - headline) * lead


def _between(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _is_serial(one: Sketch, other: Sketch) -> bool:
    """Whether two titles of a feed differ in their numbers and in hardly anything else."""
    return _differ_in(one.numbers, other.numbers, one, other)


def _is_of_another_day(one: Sketch, other: Sketch) -> bool:
    """Whether two titles, of whatever feeds, differ in the days that they name and in hardly more.

    Numbers may be two counts of one event; a forecast for Tuesday is none for Monday.
    """
    return _differ_in(one.days, other.days, one, other)


def _differ_in(marks: frozenset[str], others: frozenset[str], one: Sketch, other: Sketch) -> bool:
    if marks <= others or others <= marks:
        return False
    words, said = one.title - marks, other.title - others
    return bool(words) and len(words & said) >= _SERIAL * len(words | said)


def _likeness(
    entry: Sketch, story: Candidate, archive: Archive, usual: Mapping[str, float]
) -> float:
    """Return the cosine of an entry with the story's centroid.

    A word is weighed by what the archive outside of the story holds of it. *usual*: how telling
    each of the entry's words is otherwise.
    """
    sums, having = _sums(story.members)
    share = story.size / len(story.members)
    size, counts, own = archive.size + 1, archive.counts, entry.terms
    telling = log(size)
    product = theirs = 0.0
    ours = sum([(weight * usual[term]) ** 2 for term, weight in own.items()])
    for term, weight in sums.items():  # in one go: it is asked a thousand times a poll
        outside = counts.get(term, 0) - having[term] * share
        idf = max(log(size / (1 + outside)), 0.0) if outside > 0 else telling
        square = idf * idf
        theirs += weight * weight * square
        if term in own:
            mine = own[term]
            product += mine * weight * square
            ours += mine * mine * (square - usual[term] ** 2)
    return product / sqrt(ours * theirs) if product > 0 else 0.0


def _sums(members: Sequence[Arrival]) -> tuple[Mapping[str, float], Mapping[str, int]]:
    """Return the weights of the members' words, added up, and how many of them have each."""
    if len(members) == 1:
        terms = members[0].sketch.terms
        return terms, dict.fromkeys(terms, 1)
    sums: dict[str, float] = {}
    having: dict[str, int] = {}
    for member in members:
        for term, weight in member.sketch.terms.items():
            sums[term] = sums.get(term, 0.0) + weight
            having[term] = having.get(term, 0) + 1
    return sums, having


def _is_headed_alike(entry: Sketch, story: Candidate) -> bool:
    """Whether a word that an entry shares with the story stands in a title of either."""
    titles = [member.sketch.title for member in story.members]
    if not entry.title or not all(titles):
        return True
    theirs = frozenset[str]().union(*(member.sketch.terms for member in story.members))
    shared = entry.terms.keys() & theirs
    return not shared.isdisjoint(frozenset().union(*titles, entry.title))


def _is_led_alike(entry: Sketch, story: Candidate) -> bool:
    """Whether an entry shares a word with the story that is not only in titles of both.

    Titles made after one pattern ("Police arrest …") are alike whatever happened; of one event the
    leads have words in common too. Where either has hardly a lead nothing is asked for.
    """
    titles = frozenset[str]().union(*(member.sketch.title for member in story.members))
    theirs = frozenset[str]().union(*(member.sketch.terms for member in story.members))
    if min(len(entry.terms.keys() - entry.title), len(theirs - titles)) < _LED_TERMS:
        return True
    return not (entry.terms.keys() & theirs) <= (entry.title & titles)
