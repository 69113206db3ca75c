"""The nearest word that can be found, where nothing was.

Words that differ by one letter are made and asked for, one by one: that costs the same however many
words an archive has. A correction is taken from an entry that the caller may see, as it is written
there; what stands in others only is never named.
"""

from collections.abc import Iterator

from bot.news.models import Correction
from bot.news.query import wanted
from bot.news.wanted import said_in
from bot.storage.sqlite import entries, values
from bot.storage.sqlite import scope as scopes
from bot.storage.sqlite.finding import NEWEST_MATCHES, Finding
from bot.storage.sqlite.matching import any_of, exactly

_LENGTH_MIN, _LENGTH_MAX = 4, 24  # letters; of shorter words nearly every neighbour is a word
_WORDS_MAX = 4  # of a query that are looked at
_PROBED_MAX = 8  # neighbours that exist, looked for where the caller may see them
_NEWEST_MAX = 500  # entries that have one, looked at until one of them may be seen

EXISTS = "SELECT 1 FROM entry_index WHERE entry_index MATCH :match LIMIT 1"

# The letters of scripts in which a slip of the finger makes another word.
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "".join(map(chr, range(0x0430, 0x0450))),  # Cyrillic
    "".join(map(chr, range(0x03B1, 0x03CA))),  # Greek
)


def corrections(finding: Finding) -> tuple[Correction, ...]:
    """Return the words of a search that nobody uses, each with the nearest one that somebody does.

    Only what the caller may see counts as used.
    """
    words = {
        said.text[word.start : word.end]: word.terms
        for said in said_in(wanted(finding.query))
        for word in finding.index.tokenise(said.text)
        if word.terms
    }
    found = []
    for typed, terms in list(words.items())[:_WORDS_MAX]:
        is_askable = _LENGTH_MIN <= len(terms[0]) <= _LENGTH_MAX
        if is_askable and _seen(finding, any_of(terms)) is None:
            nearest = _nearest(finding, terms[0])
            if nearest is not None and nearest.casefold() != typed.casefold():
                found.append(Correction(typed=typed, nearest=nearest))
    return tuple(found)


def _nearest(finding: Finding, term: str) -> str | None:
    there = [
        other
        for other in dict.fromkeys(_neighbours(term))
        if finding.connection.execute(EXISTS, {"match": exactly([other])}).fetchone()
    ]
    there.sort(key=lambda other: -finding.budget.frequency(other))
    for other in there[:_PROBED_MAX]:
        id_ = _seen(finding, exactly([other]))
        if id_ is not None:
            return _as_written(finding, id_, other)
    return None


def _neighbours(term: str) -> Iterator[str]:
    """Yield the words that one slip makes of *term*: two letters swapped, one lost, wrong or more.

    The first letter is seldom wrong, so what keeps it comes first.
    """
    letters = next((abc for abc in _ALPHABETS if set(term) <= set(abc)), "")
    if not letters:
        return
    for at in range(len(term), -1, -1):
        head, tail = term[:at], term[at:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail:
            yield head + tail[1:]
        for letter in letters:
            yield head + letter + tail
            if tail and tail[0] != letter:
                yield head + letter + tail[1:]


def _seen(finding: Finding, match: str) -> int | None:
    """Return an entry that matches and may be seen, one of the newest; None where there is none."""
    scope = finding.scope
    rows = finding.connection.execute(
        NEWEST_MATCHES,
        {"match": match, "first": 1, "last": scope.newest_id, "limit": _NEWEST_MAX},
    )
    ids = [row["id"] for row in rows]
    facts = finding.connection.execute(
        scopes.FACTS,
        {
            "ids": values.to_json(ids),
            "channels": scopes.as_parameter(scope.channels),
        },
    )
    return max((row["id"] for row in facts), default=None)


def _as_written(finding: Finding, id_: int, term: str) -> str | None:
    """Return the word of an entry that *term* stands for."""
    for entry in entries.load(finding.connection, [id_]).values():
        for text in (entry.title, entry.teaser, entry.text):
            for word in finding.index.tokenise(text):
                if word.terms and word.terms[0] == term:
                    return text[word.start : word.end]
    return None
