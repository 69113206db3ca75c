"""From bytes to text: UTF-8 where that is valid, whatever is said, then what is declared."""

import codecs
import re

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_DECLARED = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"'][^>]*\?>", re.IGNORECASE
)
_WIDE = {  # how text begins that has two bytes a character, with and without a byte order mark
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
# Control characters that XML 1.0 §2.2 forbids, and that real feeds hold all the same.
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
# Supersets that are meant where a part of them is declared (WHATWG Encoding, "Names and labels").
_WIDER = {"gb2312": "gb18030", "iso-8859-1": "windows-1252", "latin1": "windows-1252"}
_UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_META_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
# Possessive and atomic throughout: a body of many comments must not make it backtrack.
_HTML_START = re.compile(
    rb"(?>(?:<!--(?>.*?-->)|<\?xml[^>]*+>|\s++)*+)<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED_ROOT = re.compile(rb"<(?:\w{1,20}:)?(?:rss|feed|rdf|channel|item|entry)\b", re.IGNORECASE)
_SNIFFED = 4096  # bytes


def is_page(body: bytes, content_type: str | None = None) -> bool:
    """Return whether *body* begins as a web page does, or is called one and has no feed's root."""
    head = body[:_SNIFFED]
    if wide := _WIDE.get(head[:2]):
        head = head.decode(wide, "ignore").encode().removeprefix(codecs.BOM_UTF8)
    head = head.removeprefix(codecs.BOM_UTF8)
    if _HTML_START.match(head):
        return True
    is_called_one = (content_type or "").lower().startswith(("text/html", "application/xhtml"))
    return is_called_one and head.lstrip()[:1] == b"<" and not _FEED_ROOT.search(head)


def decoded(body: bytes, content_type: str | None) -> str:
    """Return a document as text.

    Valid UTF-8 is taken for it whatever is declared, since text in another encoding hardly ever
    looks so; then the encoding of the header counts, then that of the page.
    """
    if wide := _WIDE.get(body[:2]):
        return body.decode(wide, "replace").removeprefix("\ufeff")
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    for name in (_named_in(content_type), _declared_in(_META_CHARSET, body)):
        text = _text(body, name)
        if text is not None:
            return text
    return body.decode("windows-1252", "replace")


def settled(body: bytes, content_type: str | None) -> bytes:
    """Return a feed as UTF-8, without the control characters that XML forbids.

    Bytes that are valid UTF-8 are UTF-8, whatever header or document declare. Where UTF-8 (or
    nothing) is declared and only a few bytes are wrong, these are replaced rather than the whole
    taken for Latin-1.
    """
    if wide := _WIDE.get(body[:2]):
        body = body.decode(wide, "replace").encode("utf-8", "replace")
    body = body.lstrip().removeprefix(codecs.BOM_UTF8).lstrip()
    named = (_named_in(content_type), _declared_in(_DECLARED, body))
    return _as_utf8(body, [name for name in named if name]).translate(None, _CONTROLS)


def _as_utf8(body: bytes, named: list[str]) -> bytes:
    for name in named:
        if name.startswith("iso-2022") and body.isascii():  # escapes to other alphabets
            return (_text(body, name) or "").encode() or body
    try:
        body.decode()
    except UnicodeDecodeError:
        pass
    else:
        return body
    for name in named:
        text = None if name in _UTF8_NAMES else _text(body, name)
        if text is not None:
            return text.encode("utf-8", "replace")
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    if sum(not c.isascii() for c in text) > 2 * wrong:  # more right than wrong
        return text.encode()
    return body.decode("windows-1252", "replace").encode()


def _text(body: bytes, name: str | None) -> str | None:
    """Return *body* decoded by a codec, or None where that is none, or none for text."""
    if name is None:
        return None
    try:
        return body.decode(_WIDER.get(name, name), "replace")
    except (LookupError, UnicodeError):
        return None


def _named_in(content_type: str | None) -> str | None:
    """Return the charset of a Content-Type header."""
    found = _CHARSET.search(content_type or "")
    return found[1].lower() if found else None


def _declared_in(pattern: re.Pattern[bytes], body: bytes) -> str | None:
    """Return the encoding that a document declares in its first bytes."""
    found = pattern.search(body[:_SNIFFED])
    return found[1].decode("ascii", "ignore").lower() if found else None
