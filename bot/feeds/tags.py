"""HTML that is so plain that its text is just what stands between its tags. Runs in the worker.

Every tag is one that is known, has its quotes where they belong, and ends where the next ">" is;
then no tree is needed to know what is text (HTML Living Standard, section 13.2.5). What is not so
plain is for markup.py, which makes one: both come to the same text.
"""

import re
from collections.abc import Iterator
from html import unescape
from operator import add

from bot.feeds.flow import BLOCKS, CELLS, LINE, LINES, PARAGRAPH, first_image, paragraphs, repaired

_TAG = re.compile(
    r"""<(/?[A-Za-z][A-Za-z0-9]*)((?:[\s/]+[^\s<>"'=/]+(?:="[^"<>]*"|='[^'<>]*')?)*)[\s/]*>"""
)
_ATTRIBUTE = re.compile(r"""([^\s<>"'=/]+)(?:="([^"]*)"|='([^']*)')?""")
# References that mean the same to everybody: none of a control character, none without its ";".
_REFERENCE = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|[lr][sd]quo|[nm]dash|[lr]aquo|bull|middot|copy|reg|trade|euro"
    r"|pound|deg|[aeiouAEIOU](?:acute|grave|circ|uml)|[cC]cedil|[nN]tilde|szlig"
    r"|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3})"
    r"|#[xX](?:2[\dA-Fa-f]|20[\dA-Fa-f]{2}|[A-Fa-f][\dA-Fa-f]));|&(?=\s)"
)
_WORDS = """a abbr b bdi bdo big cite code del dfn em font i img ins kbd label mark q s samp small
    span strike strong sub sup time tt u var wbr caption col colgroup tbody tfoot thead picture
    source"""
_TREES = frozenset({"body", "pre"})  # blocks that mean more to a tree than a break


def _spelled(name: str) -> Iterator[str]:
    for start in ("", "/"):
        yield from (start + name, start + name.upper(), start + name.title())


# What a tag puts into the flow of text.
_MARKS = {
    spelled: mark
    for mark, names in (
        (PARAGRAPH, BLOCKS - _TREES),
        (LINE, LINES),
        (" ", CELLS),
        ("", _WORDS.split()),
    )
    for name in names
    for spelled in _spelled(name)
}
_IMAGES = frozenset({"img", "IMG", "Img"})


class _NotPlain(Exception):
    """A tree has to be made of it."""


def read_tags(html: str, base: str | None) -> tuple[str, str | None] | None:
    """Return the text of a plain fragment and its first real picture; None for any other."""
    if PARAGRAPH in html or LINE in html:
        return None
    first, *rest = _TAG.split(html)
    names, texts = rest[::3], rest[2::3]
    if len(names) != html.count("<"):  # a tag has no other
        return None
    try:
        if "&" in html:
            first, *texts = map(_decoded, [first, *texts])
        marked = first + "".join(map(add, [_MARKS[name] for name in names], texts))
        image_url = None
        if not _IMAGES.isdisjoint(names):
            pairs = zip(names, rest[1::3], strict=True)
            images = (_attributes(given) for name, given in pairs if name in _IMAGES)
            image_url = first_image(images, base)
    except (KeyError, _NotPlain):
        return None
    return paragraphs(repaired(marked)), image_url


def _decoded(text: str) -> str:
    """Return what a piece of text says. Raises _NotPlain where that is not plain."""
    if "&" not in text:
        return text
    if len(_REFERENCE.findall(text)) != text.count("&"):
        raise _NotPlain
    return unescape(text)


def _attributes(given: str) -> dict[str, str]:
    """Return the attributes of a tag, the first of each name. Raises _NotPlain."""
    found: dict[str, str] = {}
    for name, double, single in _ATTRIBUTE.findall(given):
        value = double or single
        if value.count("&") != value.count("&amp;") or not value.isprintable():
            raise _NotPlain
        found.setdefault(name.lower(), value.replace("&amp;", "&"))
    return found
