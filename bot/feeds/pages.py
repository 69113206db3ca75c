"""Read web pages for their feeds. Runs in the worker."""

import re
from urllib.parse import urlsplit

import lxml.html

from bot.feeds.encodings import decoded
from bot.feeds.markup import page_tree
from bot.feeds.sites import page_feeds
from bot.feeds.urls import web_url
from bot.feeds.values import LinksValues

_LINKS_MAX = 8
# With "x-" and "x." as some have it, and with "text/" for "application/".
_FEED_TYPE = re.compile(
    r"(?:application|text)/(?:x[-.])?(?:(?:rss|atom|rdf)(?:\+xml)?|feed\+json|xml)"
)
_FEED_WORD = re.compile(
    r"(?:^|[\W_])(?:rss|atom|feeds?)(?:$|[\W_])|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
_FEED_NAMED = re.compile(r"\b(?:rss|atom)\b", re.IGNORECASE)
_FEED_HOST = re.compile(r"(?:feeds?|rss)\.", re.IGNORECASE)
_LABEL_MAX = 60  # characters of a link's words that are its label
_NOT_A_FEED = re.compile(r"\.(?:html?|css|js|png|jpe?g|svg|gif|pdf)$", re.IGNORECASE)


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
    """Return the address of a link of the same site, or of a host of feeds, to what may be one."""
    address = web_url(node.get("href"), base)
    if address is None:
        return None
    here, there = urlsplit(base), urlsplit(address)
    host = there.hostname or ""
    is_near = f".{host}".endswith(f".{(here.hostname or '').removeprefix('www.')}")
    if _NOT_A_FEED.search(there.path) or not (is_near or _FEED_HOST.match(host)):
        return None
    is_named = _FEED_NAMED.search(_label(node)) is not None
    if not is_named and not _FEED_WORD.search(f"{there.path}?{there.query}"):
        return None
    return address.partition("#")[0]


def _label(node: lxml.html.HtmlElement) -> str:
    """Return the words of a link, for eyes and for ears; "" where they are more than a label."""
    words = str(node.text_content()).strip()
    said = [words, node.get("title") or "", node.get("aria-label") or ""]
    return " ".join(each for each in said if len(each) <= _LABEL_MAX)
