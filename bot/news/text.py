"""Plain-text hygiene: what feeds say is made harmless and readable before anything looks at it."""

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Literal
from urllib.parse import quote, urlsplit

URL_MAX = 2048  # characters; what Discord takes as an embed's URL

ELLIPSIS = "…"

# Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han, full-width forms.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff01-\uff9f"
    "\U00020000-\U0003ffff"
)

_MARKS_MAX = 6  # combining marks in a row that a script may need; more is ornament that overprints

# What is never shown: bidirectional controls (they reorder what surrounds them), zero-width and
# other invisible characters (they split words for search and hide text), interlinear annotation,
# noncharacters and lone surrogates. ZWJ, ZWNJ and tags are judged by their neighbours further down.
_NEVER = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)
_JOINER = re.compile("[\u200c\u200d]")
_TAGGED_FLAG = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f)|[\U000e0000-\U000e0fff]"
)
_LINE_BREAK = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028]")
_PARAGRAPH_BREAK = re.compile(r"\n[ \n]*\n")
_SPACES = re.compile(r"[^\S\n]+")

_UNSPACED = re.compile(f"[{UNSPACED}]")

_REGIONAL = range(0x1F1E6, 0x1F200)
_HANGUL_L, _HANGUL_V, _HANGUL_T = (
    range(0x1100, 0x1160),
    range(0x1160, 0x11A8),
    range(0x11A8, 0x1200),
)
_SYLLABLES = range(0xAC00, 0xD7A4)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_VIRAMAS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")  # UAX #29, rule GB9c


def clean(text: str) -> str:
    """Return *text* as harmless plain text in NFC.

    Invisible and reordering characters go; runs of spaces become one; line breaks stay; two or
    more of them become one blank line. ZWJ and ZWNJ stay where they join letters or emoji, which
    Persian, the Indic scripts and family emoji need. Cleaning twice changes nothing.
    """
    text = _LINE_BREAK.sub("\n", text).replace("\u2029", "\n\n")
    if not text.isascii():
        text = _NEVER.sub("", text)
        text = _TAGGED_FLAG.sub(lambda match: match[1] or "", text)
        text = _thin_marks(unicodedata.normalize("NFC", text))
        text = _JOINER.sub(lambda match: match[0] if _joins(match) else "", text)
        text = unicodedata.normalize("NFC", text)
    else:
        text = _NEVER.sub("", text)
    text = _SPACES.sub(" ", text)
    text = text.replace(" \n", "\n").replace("\n ", "\n")
    return _PARAGRAPH_BREAK.sub("\n\n", text).strip()


def one_line(text: str) -> str:
    """Return *text* cleaned and on one line, for titles and names."""
    return " ".join(clean(text).split())


def truncate(text: str, limit: int, *, unit: Literal["utf16", "code points"] = "utf16") -> str:
    """Return *text*, cut to *limit* units at the end of a word and with "…" where it was longer.

    Discord's API counts code points (its staff in discord/discord-api-docs#1315), its clients
    count UTF-16 code units; the default is never more than either. A word is cut only where the
    text has no earlier end of a word, a grapheme cluster (UAX #29) never; the result may be empty.
    """
    size = _utf16_length if unit == "utf16" else len
    if size(text) <= limit:
        return text
    if limit < 1:
        return ""
    room = _fitting(text, limit - 1, unit)
    end = room
    while end > 0 and not _ends_word(text, end):
        end -= 1
    kept = text[:end].rstrip()
    if not kept:
        end = room
        while end > 0 and not ends_cluster(text, end):
            end -= 1
        kept = text[:end].rstrip()
    return kept + ELLIPSIS


def http_url(url: str) -> str | None:
    """Return *url* in ASCII if it is an http(s) URL with a host that may be shown, else None.

    Spaces and characters that RFC 3986 does not allow come percent-encoded, the host in IDNA.
    """
    text = url.strip()
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        return None
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
        port = parts.port
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in {"http", "https"} or not host or not _HOST.fullmatch(host):
        return None
    userinfo = (
        f"{quote(parts.netloc.rpartition('@')[0], safe=_SAFE)}@" if "@" in parts.netloc else ""
    )
    shown = f"[{host}]" if ":" in host else host
    rest = quote(text[text.index("//") + 2 + len(parts.netloc) :], safe=_SAFE + "#")
    full = f"{parts.scheme}://{userinfo}{shown}{'' if port is None else f':{port}'}{rest}"
    return full if len(full) <= URL_MAX else None


# RFC 3986 §2.2 and §2.3, and "%" because what is encoded already stays as it is.
_SAFE = "-._~:/?[]@!$&'()*+,;=%"
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")


# No mark that combines comes before U+0300: curly quotes and accented letters are passed over fast.
_MAY_STACK = re.compile(rf"[\u0300-\U0010ffff]{{{_MARKS_MAX + 1},}}")


def _thin_marks(text: str) -> str:
    """Drop combining marks beyond what any script stacks on one letter."""
    return _MAY_STACK.sub(_thinned, text)


def _thinned(match: re.Match[str]) -> str:
    kept: list[str] = []
    run = 0
    for char in match[0]:
        run = run + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        if run <= _MARKS_MAX:
            kept.append(char)
    return "".join(kept)


def _joins(match: re.Match[str]) -> bool:
    """Whether a ZWJ or ZWNJ stands between letters, marks or emoji."""
    text, at = match.string, match.start()
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return bool(before and after) and all(
        (unicodedata.category(char)[0] in "LM" and not char.isascii())
        or unicodedata.category(char) in {"So", "Sk"}
        for char in (before, after)
    )


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def _fitting(text: str, limit: int, unit: Literal["utf16", "code points"]) -> int:
    """Return the length of the longest prefix of *text* that has at most *limit* units."""
    if unit == "code points":
        return min(limit, len(text))
    sizes = (2 if char > "\uffff" else 1 for char in text[: limit + 1])
    return bisect_right(list(accumulate(sizes)), limit)


def _ends_word(text: str, at: int) -> bool:
    """Whether a word ends before ``text[at]``: at a space, or in a script that has none."""
    before, after = text[at - 1], text[at]
    if before.isspace() or after.isspace():
        return True
    return bool(_UNSPACED.match(before) or _UNSPACED.match(after)) and ends_cluster(text, at)


def ends_cluster(text: str, at: int) -> bool:
    """Whether a grapheme cluster ends before ``text[at]``, by the rules of UAX #29 that matter."""
    before, after = text[at - 1], text[at]
    if _extends(after) or _ties_hangul(ord(before), ord(after)):
        return False
    if before == "\u200d":
        return unicodedata.category(after) != "So"
    if before in _VIRAMAS:
        return not unicodedata.category(after).startswith("L")
    if ord(before) in _REGIONAL and ord(after) in _REGIONAL:
        run = 0
        while at - run > 0 and ord(text[at - run - 1]) in _REGIONAL:
            run += 1
        return run % 2 == 0
    return not (before == "\r" and after == "\n")


def _extends(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or char in "\u200c\u200d\uff9e\uff9f"
        or code in _SKIN_TONES
        or code in _TAGS
    )


def _ties_hangul(before: int, after: int) -> bool:
    opens = before in _HANGUL_L
    if opens:
        return after in _HANGUL_L or after in _HANGUL_V or after in _SYLLABLES
    open_syllable = before in _SYLLABLES and (before - _SYLLABLES.start) % 28 == 0
    if before in _HANGUL_V or open_syllable:
        return after in _HANGUL_V or after in _HANGUL_T
    return (before in _SYLLABLES or before in _HANGUL_T) and after in _HANGUL_T
