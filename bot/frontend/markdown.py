r"""Plain text into what Discord shows unchanged, for each place that text can stand.

==============================  ==================================================  ===========
place                           Discord renders                                     use
==============================  ==================================================  ===========
embed author, footer; buttons,  nothing: a backslash would be seen                  `plain`
choices, select menus
embed title                     inline styles, custom emoji, times; no links, no    `inline`
                                blocks
masked link ``[label](url)``    inline styles; no brackets, and no link at all      `link`
                                where the label holds a URL
embed description, content      all: styles, blocks at line starts, masked links,   `block`
                                bare URLs, mentions
==============================  ==================================================  ===========

The places are those of Discord's help centre ("Markdown Text 101") and of simcord's page, on which
tests read what is rendered here. A backslash before ASCII punctuation shows that character.

Mentions are defused by ``AllowedMentions.none()`` where messages are sent. So that they do not
*look* like mentions either, and no later reader of the text can trip over them, the ``@`` of one
becomes the full-width one, U+FF20: not an invisible character, for the text to stay searchable.
"""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from bot.frontend import limits
from bot.news.text import clean, http_url, truncate

_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
_STYLE = re.compile(r"[\\*_~|`<\[\]]")
_BLOCK = re.compile(
    r"^([^\S\n]*)(#{1,3}(?=\s)|-#?(?=\s)|\+(?=\s)|>|\d{1,9}(?=[.)]\s))", re.MULTILINE
)
_BARE_URL = re.compile(r"https?://[^\s<>\[\]`\\]+", re.IGNORECASE)
_URL_STYLE = re.compile(r"[*|]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|~~")
_SCHEME = re.compile(r"\w+://")
_URL_UNSAFE = re.compile(r"[\s()<>\[\]\\\"|*`]")


def plain(text: str, limit: int | None = None) -> str:
    """Return *text* on one line for a place without markdown, cut to *limit* at whole words."""
    shown = defuse(" ".join(clean(text).split()))
    return shown if limit is None else truncate(shown, limit)


def inline(text: str, limit: int = limits.EMBED_TITLE_MAX) -> str:
    """Return *text* on one line for an embed's title."""
    return _fit(plain(text), limit, _escape_styles)


def block(text: str, limit: int = limits.EMBED_DESCRIPTION_MAX) -> str:
    """Return *text*, paragraphs kept, for a description or message content."""
    return _fit(defuse(clean(text)), limit, escape_block)


def link(label: str, url: str | None) -> str:
    """Return a masked link around *label* (escaped already, no brackets), or the bare label."""
    target = http_url(url) if url else None
    if target is None or not label.strip():
        return label
    return f"[{label}]({_URL_UNSAFE.sub(lambda found: quote(found[0], safe=''), target)})"


def label(text: str) -> str:
    """Return *text* for use inside a masked link: no brackets, no URL, styles escaped."""
    flat = _SCHEME.sub("", text).replace("[", "(").replace("]", ")")
    return _escape_styles(flat)


def when(at: datetime, style: str = "R") -> str:
    """Return a time that Discord shows in the reader's zone and language; "R": relative."""
    return f"<t:{int(at.timestamp())}:{style}>"


def escape_block(text: str) -> str:
    """Return *text* with styles and line starts escaped; bare URLs stay whole, to be clickable.

    Inside a URL a backslash would become part of it: what could style is percent-encoded there.
    """
    pieces: list[str] = []
    end = 0
    for found in _BARE_URL.finditer(text):
        url = _URL_STYLE.sub(lambda style: "".join(f"%{ord(c):02X}" for c in style[0]), found[0])
        pieces += [_escape_styles(text[end : found.start()]), url]
        end = found.end()
        if _STYLE.match(text, end):  # the backslash must not join the URL either
            pieces.append(" ")
    pieces.append(_escape_styles(text[end:]))
    return _BLOCK.sub(_escape_line_start, "".join(pieces))


def _escape_line_start(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def _escape_styles(text: str) -> str:
    return _STYLE.sub(lambda found: "\\" + found[0], text)


def defuse(text: str) -> str:
    """Return *text* without anything that reads as a mention of people or roles."""
    return _MENTION.sub("\uff20", text)


def _fit(text: str, limit: int, escape: Callable[[str], str]) -> str:
    """Return *text* escaped and within *limit*: cut before escaping, so that no escape is split."""
    room = limit
    while len(shown := escape(truncate(text, room))) > limit:
        room -= max(1, (len(shown) - limit) // 2)
    return shown
