"""Find what a text quotes."""

import re
import unicodedata
from dataclasses import dataclass

_PAIRS = {
    "\u201c": "\u201d",
    "\u201e": '\u201c\u201d"',
    "\u201f": "\u201d",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab\u00bb",
    "\u300c": "\u300d",
    "\u300e": "\u300f",
    "\u300a": "\u300b",
    "\u2018": "\u2019",
    "\u201a": "\u2018\u2019",
    "\u2039": "\u203a",
    "\u201d": "\u201d",
    '"': '"',
}
_OPENS = re.compile(f"[{''.join(_PAIRS)}]|(?<![^\\W_])'(?=[^\\W_])")
_SAME = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-"}
    | {"\u2014": "-", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2026": "..."}
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Quote:
    """What stands between quotation marks; *start* and *end* are those of the words."""

    text: str
    start: int
    end: int
    is_closed: bool


def quotes(text: str) -> tuple[Quote, ...]:
    """Return the quotations of *text* in order; one that is not closed ends with its paragraph."""
    out: list[Quote] = []
    at = 0
    while opening := _OPENS.search(text, at):
        start = opening.end()
        limit = text.find("\n", start)
        limit = len(text) if limit < 0 else limit
        end = _closing(text, opening.group(), start, limit)
        if end is None and opening.group() in {"'", "\u2018"}:
            at = start  # an apostrophe
            continue
        stop = limit if end is None else end
        out.append(Quote(text[start:stop], start, stop, end is not None))
        at = stop + 1
    return tuple(out)


def _closing(text: str, mark: str, start: int, limit: int) -> int | None:
    """Return where the quotation opened by *mark* closes; None: it does not."""
    closers = _PAIRS.get(mark, "'")
    for at in range(start, limit):
        if text[at] in closers:
            is_apostrophe = (
                text[at] in "'\u2019" and text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()
            )
            if not is_apostrophe:
                return at
    return None


def normal(text: str) -> str:
    """Return *text* as quotations are compared: shapes of marks, spaces and capitals aside."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text).translate(_SAME)).strip().casefold()
