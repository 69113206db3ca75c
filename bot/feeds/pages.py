"""Read web pages: for their article (trafilatura), for their feeds. Runs in the worker."""

import logging
import re
from urllib.parse import urlsplit

import lxml.html
import trafilatura

from bot.feeds.encodings import decoded
from bot.feeds.markup import cut, page_tree
from bot.feeds.sites import page_feeds
from bot.feeds.urls import web_url
from bot.feeds.values import TEXT_MAX, LinksValues, PageValues
from bot.feeds.worker import Unreadable

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_SHORT = 250  # characters; below that it is rarely the article
_LINKS_MAX = 8
# With "x-" and "x." as some have it, and with "text/" for "application/".
_FEED_TYPE = re.compile(
    r"(?:application|text)/(?:x[-.])?(?:(?:rss|atom|rdf)(?:\+xml)?|feed\+json|xml)"
)
_FEED_WORD = re.compile(
    r"(?:^|[\W_])(?:rss|atom|feeds?)(?:$|[\W_])|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
_NOT_A_FEED = re.compile(r"\.(?:html?|css|js|png|jpe?g|svg|gif|pdf)$", re.IGNORECASE)


def read_article(body: bytes, content_type: str | None, url: str) -> tuple[object, ...]:
    """Return the PageValues of a page, bare: its article's paragraphs and its og:image."""
    tree = page_tree(decoded(body, content_type))
    if tree is None:
        raise Unreadable("its page is empty")
    image_url = _meta_image(tree, url)
    text = _extracted(tree, precisely=True)
    if len(text) < _SHORT:
        again = page_tree(decoded(body, content_type))
        text = max(text, _extracted(again, precisely=False), key=len) if again is not None else text
    return tuple(PageValues(text=cut(text, TEXT_MAX), image_url=image_url))


def read_links(body: bytes, content_type: str | None, url: str) -> tuple[object, ...]:
    """Return the LinksValues of a page, bare."""
    html = decoded(body, content_type)
    tree = page_tree(html)
    if tree is None:
        return tuple(LinksValues(declared=(), hinted=()))
    base = next((web_url(node.get("href"), url) for node in tree.iter("base")), None) or url
    declared: list[str] = []
    comments: list[str] = []  # a blog's comments are seldom what is meant
    canonical: str | None = None
    for node in tree.iter("link"):
        if "canonical" in (node.get("rel") or "").lower().split():
            canonical = canonical or web_url(node.get("href"), base)
        address = _declared_feed(node, base)
        if address is not None:
            about = f"{node.get('title') or ''} {address}".lower()
            (comments if "comment" in about else declared).append(address)
    hinted = [address for node in tree.iter("a") if (address := _hinted_feed(node, base))]
    of_site = page_feeds(url, html, canonical)
    found = tuple(dict.fromkeys([*declared, *of_site, *comments]))[:_LINKS_MAX]
    return tuple(
        LinksValues(
            declared=found,
            hinted=tuple(link for link in dict.fromkeys(hinted) if link not in found)[:_LINKS_MAX],
        )
    )


def _extracted(tree: lxml.html.HtmlElement, *, precisely: bool) -> str:
    """Return the main text of a page, paragraphs parted by a blank line; "" where none is found."""
    text = trafilatura.extract(
        tree,
        favor_precision=precisely,
        favor_recall=not precisely,
        include_comments=False,
        include_formatting=False,
        with_metadata=False,
    )
    return "\n\n".join(line for part in (text or "").split("\n") if (line := part.strip()))


def _meta_image(tree: lxml.html.HtmlElement, url: str) -> str | None:
    """Return the picture a page offers for previews (ogp.me, Twitter cards)."""
    metas = {
        (node.get("property") or node.get("name") or "").lower(): node.get("content") or ""
        for node in reversed(list(tree.iter("meta")))
    }
    for name in ("og:image:secure_url", "og:image:url", "og:image", "twitter:image"):
        if image_url := web_url(metas.get(name), url):
            return image_url
    return None


def _declared_feed(node: lxml.html.HtmlElement, base: str) -> str | None:
    """Return the address of a feed that a <link> declares."""
    relations = (node.get("rel") or "").lower().split()
    address = web_url(node.get("href"), base)
    if address is None or not {"alternate", "feed"} & set(relations):
        return None
    kind = (node.get("type") or "").lower().partition(";")[0].strip()
    is_feed = _FEED_TYPE.fullmatch(kind) is not None or "feed" in relations
    # Plain application/json is mostly WordPress's interface for programs.
    return address if is_feed or (kind == "application/json" and "feed" in address) else None


def _hinted_feed(node: lxml.html.HtmlElement, base: str) -> str | None:
    """Return the address of a link of the same site that looks like one to a feed."""
    address = web_url(node.get("href"), base)
    if address is None:
        return None
    here, there = urlsplit(base), urlsplit(address)
    if not f".{there.hostname or ''}".endswith(f".{(here.hostname or '').removeprefix('www.')}"):
        return None
    if _NOT_A_FEED.search(there.path) or not _FEED_WORD.search(f"{there.path}?{there.query}"):
        return None
    return address.partition("#")[0]
