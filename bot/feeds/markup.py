"""HTML as feeds and pages hold it: to plain text, to images, to links. Runs in the worker."""

import re
from html import unescape
from typing import Final

import lxml.html
from lxml import etree

from bot.feeds.urls import web_url

_PARAGRAPH: Final = "\ue000"  # marks in the flow of text, of the private use area
_LINE: Final = "\ue001"
# What lxml does not take back into a tree.
_UNWANTED = str.maketrans(
    dict.fromkeys(
        ["\ufffe", "\uffff", *(c for c in map(chr, range(0x20)) if c not in "\t\n\r")], " "
    )
)
# The marks, which no document may bring along, spelled in any way.
_FOREIGN_MARK = re.compile("[\ue000\ue001]|&#(?:x0{0,8}e00[01]|0{0,8}5734[45]);?", re.IGNORECASE)

_PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
_BLOCKS = frozenset(
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
_LINES = frozenset({"br", "li", "tr"})
_CELLS = frozenset({"td", "th"})
_DROPPED = frozenset(
    [
        "audio",
        "button",
        "canvas",
        "embed",
        "head",
        "iframe",
        "math",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "video",
    ]
)
# What stands for the "<" of a tag that breaks the flow.
_MARKED = {
    spelled: f"{mark}<"
    for mark, names in ((_PARAGRAPH, _BLOCKS), (_LINE, _LINES), (" ", _CELLS))
    for name in names
    for spelled in (name, name.upper(), name.title())
}
_TAG_START = re.compile(r"<(?=/?([A-Za-z][A-Za-z0-9]*)(?:[\s/>]|$))")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]+")
# What only HTML that was escaped once too often says in its text; an article that speaks of <b> or
# of <stdio.h> has neither.
_ESCAPED_TWICE = re.compile(r"</(?:p|div|a|ul|li|h[1-6])>|<br ?/?>|<img\s[^>]*>", re.IGNORECASE)
_LEFTOVER = re.compile(
    r"&(?:#\d{2,6}|#[xX][\dA-Fa-f]{2,5}|amp|quot|apos|nbsp|hellip|[lr][sd]quo|[nm]dash);"
)
_TAG = re.compile(r"<[a-zA-Z/!?]")
_TITLE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|em|font|h[1-6]|i|img|mark|p|q|s|small|span|strike|strong|sub|"
    r"sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_PIXELS = re.compile(r"\s*(\d{1,5})\s*(?:px)?\s*$")
_SMALL = 100  # pixels; a news picture is larger, a counter or an icon is not
_NOT_A_PICTURE = re.compile(
    r"(?:pixel|spacer|blank|tracker|tracking|counter|beacon|emoji|smil(?:ey|ies)|avatar|gravatar|badge|"
    r"feedburner\.com/~|feeds\.wordpress\.com|stats\.|doubleclick|/share[-_/])",
    re.IGNORECASE,
)


def plain_title(text: str, *, is_markup: bool) -> str:
    """Return a title as one line; where *is_markup*, known tags go and entities are decoded."""
    if is_markup:
        text = unescape(_TITLE_TAG.sub("", text))
    return _flat(text)


def plain_text(text: str) -> str:
    """Return text without markup as paragraphs parted by a blank line."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(flat for p in paragraphs if (flat := _flat(p)))


def read_fragment(html: str, base: str | None) -> tuple[str, str | None]:
    """Return the text of an HTML fragment and its first real picture.

    Marks are put into the source where an element breaks the flow of text, so that lxml's own walk
    gives text with the breaks in it: a walk in Python takes several times as long.
    """
    if not _TAG.search(html):
        said = unescape(html)
        if _ESCAPED_TWICE.search(said):
            return read_fragment(said, base)
        return plain_text(_LEFTOVER.sub(_unescaped, said)), None
    marked = html
    # Of these a foreign mark has one, and to look for them is quicker by far.
    if "\ue000" in html or "\ue001" in html or "5734" in html or "e00" in html or "E00" in html:
        marked = _FOREIGN_MARK.sub(" ", html)
    first, *rest = _TAG_START.split(marked)
    names, texts = rest[::2], rest[1::2]
    pieces = (f"{_MARKED.get(name, '<')}{text}" for name, text in zip(names, texts, strict=True))
    root = _fragment(first + "".join(pieces))
    if root is None:
        return plain_text(unescape(html)), None
    met = {name.lower() for name in set(names)}
    image_url = _first_image(root, base) if "img" in met else None
    if not met.isdisjoint(_DROPPED):
        for node in root.iter(*_DROPPED):
            node.text = None
            del node[:]
    if "pre" in met:
        _keep_lines(root)
    said = str(etree.tostring(root, method="text", encoding="unicode"))
    return _paragraphs(_LEFTOVER.sub(_unescaped, said) if "&" in said else said), image_url


def _unescaped(found: re.Match[str]) -> str:
    return unescape(found[0])


def _flat(text: str) -> str:
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
    if not line.replace(_PARAGRAPH, "").replace(_LINE, "").isprintable():
        return " ".join(_CONTROL.sub(" ", line).split())
    while "  " in line:  # of all blanks, only this one is printable
        line = line.replace("  ", " ")
    return line


def cut(text: str, limit: int) -> str:
    """Return *text* within *limit* characters, cut between words and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at = max(head.rfind(" "), head.rfind("\n"))
    return (head[:at] if at > limit // 2 else head).rstrip() + "…"


def page_tree(html: str) -> lxml.html.HtmlElement | None:
    """Return the tree of a whole page, or None where there is none to be had."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, no_network=True)
    try:
        # As bytes: lxml refuses text that declares an encoding.
        return lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return None


def _fragment(html: str) -> etree._Element | None:
    document = f"<html><body>{html}</body></html>".encode("utf-8", "replace")
    try:
        return etree.fromstring(document, _PARSER)
    except etree.XMLSyntaxError:
        return None


def _keep_lines(root: etree._Element) -> None:
    """Turn the line breaks inside of every <pre> into marks."""
    for node in root.iter("pre"):
        for inside in node.iter():
            inside.text = _clean(inside.text).replace("\n", _LINE)
            if inside is not node:
                inside.tail = _clean(inside.tail).replace("\n", _LINE)


def _paragraphs(marked: str) -> str:
    """Return a text with marks as paragraphs parted by a blank line."""
    paragraphs = []
    for paragraph in _flat_but_marks(marked).split(_PARAGRAPH):
        if _LINE not in paragraph:
            kept = paragraph.strip()
        else:
            kept = "\n".join([flat for line in paragraph.split(_LINE) if (flat := line.strip())])
        if kept:
            paragraphs.append(kept)
    return "\n\n".join(paragraphs)


def _clean(text: str | None) -> str:
    """Return *text* as lxml takes it back: a reference such as &#1; brings in what it refuses."""
    return text.translate(_UNWANTED) if text else ""


def _first_image(root: etree._Element, base: str | None) -> str | None:
    """Return the first picture that is no counter, icon or smiley."""
    for image in root.iter("img"):
        source = image.get("src") or image.get("data-src") or ""
        if _NOT_A_PICTURE.search(source):
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
