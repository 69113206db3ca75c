# ruff: noqa: RUF001  # full stops of many scripts
"""Read a web page for its article. Runs in the worker.

::

    page ─ tree ─┬ what it says of itself: title, author, day, language, picture
                 ├ signs of a wall
                 └ furniture out ─ trafilatura ─ gaps filled ─ noise out ─ the text, or a wall
"""

import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura.metadata import extract_metadata

from bot.feeds.encodings import decoded
from bot.feeds.furniture import cleared, joined
from bot.feeds.markup import cut, page_tree, plain_title, read_fragment
from bot.feeds.noise import article_lines, is_noise, without_noise
from bot.feeds.urls import web_url
from bot.feeds.values import AUTHOR_MAX, TEXT_MAX, TITLE_MAX, PageValues
from bot.feeds.walls import Signs
from bot.feeds.worker import Unreadable

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_SHORT = 250  # characters; below that it is rarely the article
_GAP_MIN = 40  # characters of a paragraph that fills a gap
_PROBE = 30  # characters by which a paragraph is found again in the text
_ENDS = (".", "!", "?", "…", "”", '"', "»", "。", "！", "？", "」", "』")
_TITLE_METAS = frozenset({"og:title", "twitter:title", "headline"})
_AUTHORS_MAX = 4
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")

# A paragraph's looks: its own class, and element and class of what holds it, two levels up.
_Looks: TypeAlias = tuple[str | None, ...]


def read_article(body: bytes, content_type: str | None, url: str) -> tuple[object, ...]:
    """Return the PageValues of a page, bare."""
    html = decoded(body, content_type)
    tree = page_tree(html)
    if tree is None:
        raise Unreadable("its page is empty")
    signs = Signs(tree, url)
    etree.strip_elements(tree, "style", "svg", "template", "iframe", with_tail=False)
    facts = extract_metadata(tree, url, extensive=False)
    authors = _authors(facts.author, facts.sitename)
    headlines = _headlines(tree)
    told = _told(tree)
    joined(tree)
    cleared(tree)
    text = _article(tree, headlines, authors, precisely=True)
    wall = signs.wall(text)
    if wall is None and len(text) < _SHORT:
        whole = page_tree(html)  # a body that is named like furniture is in this one
        text = max(
            text,
            _article(tree, headlines, authors, precisely=False),
            "" if whole is None else _article(whole, headlines, authors, precisely=True),
            "\n\n".join(article_lines(told, headlines, authors)),
            key=len,
        )
        wall = signs.wall(text)
    return tuple(
        PageValues(
            text=cut(text, TEXT_MAX),
            image_url=web_url(facts.image, url),
            title=cut(plain_title(facts.title or "", is_markup=True), TITLE_MAX),
            author=cut(", ".join(authors), AUTHOR_MAX) or None,
            published_on=facts.date,
            language=_language(tree, facts.language),
            wall=wall,
        )
    )


def read_lines(body: bytes, _content_type: str | None, _url: str, title: str) -> tuple[object, ...]:
    """Return the text of a feed's entry, bare, without what is no part of its article."""
    return (without_noise(body.decode(), title),)


def _article(
    tree: HtmlElement, headlines: Sequence[str], authors: Sequence[str], *, precisely: bool
) -> str:
    """Return the article in a tree without furniture, its paragraphs parted by a blank line."""
    text = trafilatura.extract(
        tree,
        favor_precision=precisely,
        favor_recall=not precisely,
        include_comments=False,
        include_formatting=False,
        with_metadata=False,
    )
    lines = [line for part in (text or "").split("\n") if (line := part.strip())]
    return "\n\n".join(article_lines(_filled(lines, tree), headlines, authors))


def _filled(lines: Sequence[str], tree: HtmlElement) -> list[str]:
    """Return *lines* with the paragraphs between two of them that were left out.

    trafilatura takes a paragraph out for its links; where those before and after it look the same
    and stayed, it is the article's.
    """
    said = "".join("".join(line.split()) for line in lines)
    places = {"".join(line.split()): at for at, line in enumerate(lines)}
    missing: dict[int, list[str]] = defaultdict(list)
    last: dict[_Looks, int] = {}
    waiting: dict[_Looks, list[str]] = {}
    for node in tree.iter("p"):
        flat, looks = " ".join(node.text_content().split()), _looks(node)
        at = places.get("".join(flat.split()))
        if at is not None:
            if looks in last:
                missing[last[looks]] += waiting[looks]
            last[looks], waiting[looks] = at, []
        elif looks in last and _fills(flat, said):
            waiting[looks].append(flat)
    return [one for at, line in enumerate(lines) for one in (line, *missing.get(at, ()))]


def _fills(paragraph: str, said: str) -> bool:
    """Whether a paragraph is prose that was not said yet; *said* has no spaces."""
    if len(paragraph) < _GAP_MIN or not paragraph.endswith(_ENDS) or is_noise(paragraph):
        return False
    bare = "".join(paragraph.split())
    middle = len(bare) // 2
    return not any(
        probe in said for probe in (bare[:_PROBE], bare[-_PROBE:], bare[middle : middle + _PROBE])
    )


def _looks(node: HtmlElement) -> _Looks:
    outer = node.getparent()
    above = None if outer is None else outer.getparent()
    return (
        node.get("class"),
        *((None, None) if outer is None else (outer.tag, outer.get("class"))),
        *((None, None) if above is None else (above.tag, above.get("class"))),
    )


def _headlines(tree: HtmlElement) -> list[str]:
    """Return what a page is called, in its headline and for others."""
    named = [node.text_content() for name in ("h1", "title") for node in tree.iter(name)]
    named += [
        node.get("content") or ""
        for node in tree.iter("meta")
        if (node.get("property") or node.get("name")) in _TITLE_METAS
    ]
    return list(dict.fromkeys(flat for name in named if (flat := " ".join(name.split()))))


def _authors(named: str | None, site: str | None) -> list[str]:
    """Return the people among those that trafilatura names as authors."""
    parts = [" ".join(part.split()) for part in (named or "").split(";")]
    ours = (site or "").casefold()
    return [part for part in parts if part and part.casefold() != ours and "://" not in part][
        :_AUTHORS_MAX
    ]


def _language(tree: HtmlElement, told: str | None) -> str | None:
    for language in (tree.get("lang"), told):
        if language and _LANGUAGE.fullmatch(language.strip()):
            return language.strip()
    return None


def _told(tree: HtmlElement) -> list[str]:
    """Return the paragraphs of the article that a page holds as data (schema.org articleBody)."""
    bodies: list[str] = []
    for script in tree.iter("script"):
        if script.get("type") == "application/ld+json" and "articleBody" in (script.text or ""):
            try:
                bodies += _bodies(json.loads(script.text or ""))
            except (ValueError, RecursionError):
                continue  # no JSON: nothing is told
    text, _ = read_fragment(max(bodies, key=len, default=""), None)
    return [line for part in text.split("\n") if (line := part.strip())]


def _bodies(data: Any) -> Iterator[str]:  # noqa: ANN401  # whatever JSON holds
    if isinstance(data, dict):
        body = data.get("articleBody")
        if isinstance(body, str):
            yield body
        data = list(data.values())
    if isinstance(data, list):
        for value in data:
            yield from _bodies(value)
