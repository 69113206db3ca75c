"""The flow of text in HTML: where it breaks, and how it becomes paragraphs. Runs in the worker."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Final, Protocol

from bot.feeds.urls import web_url

PARAGRAPH: Final = "\ue000"  # marks in the flow of text, of the private use area
LINE: Final = "\ue001"
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
    ]
)
LINES = frozenset({"br", "li", "tr"})
CELLS = frozenset({"td", "th"})
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]+")
_LEFTOVER = re.compile(
    r"&(?:#\d{2,6}|#[xX][\dA-Fa-f]{2,5}|amp|quot|apos|nbsp|hellip|[lr][sd]quo|[nm]dash);"
)
_PIXELS = re.compile(r"\s*(\d{1,5})\s*(?:px)?\s*$")
_SMALL = 100  # pixels; a news picture is larger, a counter or an icon is not
_NOT_A_PICTURE = (
    "pixel",
    "spacer",
    "blank",
    "tracker",
    "tracking",
    "counter",
    "beacon",
    "emoji",
    "smiley",
    "smilies",
    "avatar",
    "badge",
    "feedburner.com/~",
    "feeds.wordpress.com",
    "stats.",
    "doubleclick",
    "/share-",
    "/share_",
    "/share/",
)


class Attributes(Protocol):
    """Those of an element."""

    def get(self, name: str, /) -> str | None:
        """Return the value of one, None where the element has none of that name."""


def repaired(text: str) -> str:
    """Return *text* with the references decoded that it has left, escaped once too often."""
    return _LEFTOVER.sub(lambda found: unescape(found[0]), text) if "&" in text else text


def flat(text: str) -> str:
    """Return *text* on one line, blanks collapsed and control characters taken for blanks.

    str.split does it quicker than a pattern, and one line without either is mostly printable.
    """
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_CONTROL.sub(" ", text).split())


def _flat_but_marks(marked: str) -> str:
    """Do the same to a text with marks, which are neither blank nor printable, but for its ends.

    All of it in one go takes a fifth of the time that its lines take one by one (measured).
    """
    line = marked.replace("\n", " ")
    if not line.replace(PARAGRAPH, "").replace(LINE, "").isprintable():
        return " ".join(_CONTROL.sub(" ", line).split())
    while "  " in line:  # of all blanks, only this one is printable
        line = line.replace("  ", " ")
    return line


def paragraphs(marked: str) -> str:
    """Return a text with marks as paragraphs parted by a blank line."""
    found = []
    for paragraph in _flat_but_marks(marked).split(PARAGRAPH):
        if LINE not in paragraph:
            kept = paragraph.strip()
        else:
            kept = "\n".join([said for line in paragraph.split(LINE) if (said := line.strip())])
        if kept:
            found.append(kept)
    return "\n\n".join(found)


def first_image(images: Iterable[Attributes], base: str | None) -> str | None:
    """Return the first picture that is no counter, icon or smiley."""
    for image in images:
        source = image.get("src") or image.get("data-src") or ""
        lower = source.lower()
        if any(word in lower for word in _NOT_A_PICTURE):
            continue
        sizes = (_pixels(image.get("width")), _pixels(image.get("height")))
        if any(size is not None and size < _SMALL for size in sizes):
            continue
        if url := web_url(source, base):
            return url
    return None


def _pixels(value: str | None) -> int | None:
    """Return an HTML width or height as a number of pixels; None for per cents and nonsense."""
    found = _PIXELS.match(value) if value else None
    return int(found[1]) if found else None
