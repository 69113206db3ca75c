"""HTML as feeds and pages hold it: to plain text, to images, to links. Runs in the worker."""

import re
from html import unescape

import lxml.html
from lxml import etree

from bot.feeds.flow import (
    BLOCKS,
    CELLS,
    LINE,
    LINES,
    PARAGRAPH,
    first_image,
    flat,
    paragraphs,
    repaired,
)
from bot.feeds.tags import read_tags

# The marks, which no document may bring along, spelled in any way.
_FOREIGN_MARK = re.compile(
    f"[{PARAGRAPH}{LINE}]|&#(?:x0{{0,8}}e00[01]|0{{0,8}}5734[45]);?", re.IGNORECASE
)
# What lxml does not take back into a tree.
_UNWANTED = str.maketrans(
    dict.fromkeys(
        ["\ufffe", "\uffff", *(c for c in map(chr, range(0x20)) if c not in "\t\n\r")], " "
    )
)
_PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
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
    for mark, names in ((PARAGRAPH, BLOCKS), (LINE, LINES), (" ", CELLS))
    for name in names
    for spelled in (name, name.upper(), name.title())
}
_TAG_START = re.compile(r"<(?=/?([A-Za-z][A-Za-z0-9]*)(?:[\s/>]|$))")
# What only HTML that was escaped once too often says in its text; an article that speaks of <b> or
# of <stdio.h> has neither.
_ESCAPED_TWICE = re.compile(r"</(?:p|div|a|ul|li|h[1-6])>|<br ?/?>|<img\s[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?]")
_TITLE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|em|font|h[1-6]|i|img|mark|p|q|s|small|span|strike|strong|sub|"
    r"sup|tt|u|var|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def plain_title(text: str, *, is_markup: bool) -> str:
    """Return a title as one line; where *is_markup*, known tags go and entities are decoded."""
    if is_markup:
        text = unescape(_TITLE_TAG.sub("", text))
    return flat(text)


def plain_text(text: str) -> str:
    """Return text without markup as paragraphs parted by a blank line."""
    lines = map(flat, re.split(r"\n\s*\n", text))
    return "\n\n".join(filter(None, lines))


def read_fragment(html: str, base: str | None) -> tuple[str, str | None]:
    """Return the text of an HTML fragment and its first real picture.

    Most fragments are so plain that no tree is needed, which takes half of the time (measured).
    """
    if not _TAG.search(html):
        said = unescape(html)
        if _ESCAPED_TWICE.search(said):
            return read_fragment(said, base)
        return plain_text(repaired(said)), None
    return read_tags(html, base) or read_tree(html, base)


def read_tree(html: str, base: str | None) -> tuple[str, str | None]:
    """Do the same to any fragment with tags.

    Marks are put into the source where an element breaks the flow of text, so that lxml's own walk
    gives text with the breaks in it: a walk in Python takes several times as long.
    """
    marked = html
    # Of these a foreign mark has one, and to look for them is quicker by far.
    if PARAGRAPH in html or LINE in html or "5734" in html or "e00" in html or "E00" in html:
        marked = _FOREIGN_MARK.sub(" ", html)
    first, *rest = _TAG_START.split(marked)
    names, texts = rest[::2], rest[1::2]
    pieces = (f"{_MARKED.get(name, '<')}{text}" for name, text in zip(names, texts, strict=True))
    root = _fragment(first + "".join(pieces))
    if root is None:
        return plain_text(unescape(html)), None
    met = {name.lower() for name in set(names)}
    image_url = first_image(root.iter("img"), base) if "img" in met else None
    if not met.isdisjoint(_DROPPED):
        for node in root.iter(*_DROPPED):
            node.text = None
            del node[:]
    if "pre" in met:
        _keep_lines(root)
    said = str(etree.tostring(root, method="text", encoding="unicode"))
    return paragraphs(repaired(said)), image_url


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
            inside.text = _clean(inside.text).replace("\n", LINE)
            if inside is not node:
                inside.tail = _clean(inside.tail).replace("\n", LINE)


def _clean(text: str | None) -> str:
    """Return *text* as lxml takes it back: a reference such as &#1; brings in what it refuses."""
    return text.translate(_UNWANTED) if text else ""
