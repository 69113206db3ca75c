"""HTML as feeds and pages hold it: to plain text, to images, to links. Runs in the worker."""

import re
from html import unescape
from typing import Final

import lxml.html
from lxml import etree

from bot.feeds.urls import web_url

_PARAGRAPH: Final = "\x1e"  # marks in the flow of text; no document can hold them, see _SPACE
_LINE: Final = "\x1f"

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
_SPACE = re.compile(r"[\s\x00-\x20\x7f\x85\xa0\u2028\u2029]+")
_TAG = re.compile(r"<[a-zA-Z/!?]")
_TITLE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|em|font|h[1-6]|i|img|mark|p|q|s|small|span|strike|strong|sub|"
    r"sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
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
    return _SPACE.sub(" ", text).strip()


def plain_text(text: str) -> str:
    """Return text without markup as paragraphs parted by a blank line."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(flat for p in paragraphs if (flat := _SPACE.sub(" ", p).strip()))


def read_fragment(html: str, base: str | None) -> tuple[str, str | None]:
    """Return the text of an HTML fragment and its first real picture."""
    if not _TAG.search(html):
        return plain_text(unescape(html)), None
    root = _fragment(html)
    if root is None:
        return plain_text(unescape(html)), None
    return _text_of(root), _first_image(root, base)


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


def _fragment(html: str) -> lxml.html.HtmlElement | None:
    return page_tree(f"<html><body>{html}</body></html>")


def _text_of(root: lxml.html.HtmlElement) -> str:
    """Return the text below *root* as a reader would see it."""
    pieces: list[str] = []
    _walk(root, pieces, keeps_lines=False)
    paragraphs = []
    for paragraph in "".join(pieces).split(_PARAGRAPH):
        lines = (_SPACE.sub(" ", line).strip() for line in paragraph.split(_LINE))
        if kept := "\n".join(line for line in lines if line):
            paragraphs.append(kept)
    return "\n\n".join(paragraphs)


def _walk(node: lxml.html.HtmlElement, pieces: list[str], *, keeps_lines: bool) -> None:
    """Append the text of *node* and below, with marks. libxml2 bounds the depth (256)."""
    tag = node.tag
    if not isinstance(tag, str) or tag in _DROPPED:
        return
    mark = (
        _PARAGRAPH if tag in _BLOCKS else _LINE if tag in _LINES else " " if tag in _CELLS else ""
    )
    keeps_lines = keeps_lines or tag == "pre"
    pieces.append(mark)
    if node.text:
        pieces.append(_flow(node.text, keeps_lines=keeps_lines))
    for child in node:
        _walk(child, pieces, keeps_lines=keeps_lines)
        if child.tail:
            pieces.append(_flow(child.tail, keeps_lines=keeps_lines))
    pieces.append(mark)


def _flow(text: str, *, keeps_lines: bool) -> str:
    """Return text with blanks collapsed, so that it holds no marks of its own."""
    if keeps_lines:
        return _LINE.join(_SPACE.sub(" ", line) for line in text.split("\n"))
    return _SPACE.sub(" ", text)


def _first_image(root: lxml.html.HtmlElement, base: str | None) -> str | None:
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
    found = re.match(r"\s*(\d{1,5})\s*(?:px)?\s*$", value or "")
    return int(found[1]) if found else None
