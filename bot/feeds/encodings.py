"""From bytes to text: UTF-8 where that is valid, whatever is said, then what is declared."""

import codecs
import re

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_DECLARED = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"'][^>]*\?>", re.IGNORECASE
)
_UNICODE_BOMS = (
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
)  # UTF-32 little-endian begins like the first
_WIDE = (b"<\0", b"\0<", b"\0\0")  # UTF-16 and UTF-32 without a mark begin so
# Control characters that XML 1.0 §2.2 forbids, and that real feeds hold all the same.
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

_META_CHARSET = re.compile(
    rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_HTML_START = re.compile(
    rb"^(?:<!--.*?-->|<\?xml[^>]*>|\s)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_SNIFFED = 4096  # bytes


def is_html(body: bytes) -> bool:
    """Return whether *body* begins as a web page does."""
    head = body[:_SNIFFED]
    for bom, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(bom):
            head = head[2:].decode(encoding, "ignore").encode()
    return bool(_HTML_START.match(head.removeprefix(codecs.BOM_UTF8)))


def decoded(body: bytes, content_type: str | None) -> str:
    """Return an HTML page as text.

    Valid UTF-8 is taken for it whatever is declared, since text in another encoding hardly ever
    looks so; then the encoding of the header, then that of the page count.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    declared = [found[1] for found in [_CHARSET.search(content_type or "")] if found]
    declared += [found[1].decode() for found in [_META_CHARSET.search(body[:_SNIFFED])] if found]
    for name in declared:
        try:
            return body.decode(name, "replace")
        except LookupError:
            continue
    return body.decode("windows-1252", "replace")


def settled(body: bytes, content_type: str | None) -> tuple[bytes, str]:
    """Return a feed without forbidden characters, and a Content-Type with its true encoding.

    Bytes that are valid UTF-8 are UTF-8, whatever header or document declare: text in another
    encoding hardly ever looks so. Where UTF-8 (or nothing) is declared and only a few bytes are
    wrong, these are replaced rather than the whole taken for Latin-1.
    """
    utf8 = "application/xml; charset=utf-8"
    if body.startswith(_UNICODE_BOMS) or body[:2] in _WIDE:
        return body, "application/xml"
    body = body.lstrip().removeprefix(codecs.BOM_UTF8).lstrip()
    header, declared = _header_charset(content_type), _declared(body)
    for name in (header, declared):
        if name and name.startswith("iso-2022") and body.isascii():  # escapes to other alphabets
            return body, f"application/xml; charset={name}"
    body = body.translate(None, _CONTROLS)
    try:
        body.decode()
    except UnicodeDecodeError:
        pass
    else:
        return body, utf8
    name = header if header and header not in _UTF8_NAMES else declared
    if name and name not in _UTF8_NAMES and _is_codec(name):
        return body, f"application/xml; charset={name}"
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    if sum(not c.isascii() for c in text) > 2 * wrong:  # more right than wrong
        return text.encode(), utf8
    return body, "application/xml; charset=windows-1252"


def _header_charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1].lower() if found else None


def _declared(body: bytes) -> str | None:
    found = _DECLARED.match(body[:1024])
    return found[1].decode("ascii", "ignore").lower() if found else None


def _is_codec(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
