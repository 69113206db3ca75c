"""The outlets' feeds as documents: RSS 2.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1."""

import html
import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import assert_never

from lxml import etree

from bot.demo.content import Outlet
from bot.demo.newsroom import Printed

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"


def feed_document(
    outlet: Outlet, printed: Sequence[Printed], base_url: str
) -> tuple[bytes, str, datetime | None]:
    """Return the feed's bytes, its content type and when it last changed.

    *printed* comes newest first, as feeds have it. *base_url* is the server's, without a slash.
    """
    changed_at = printed[0].published_at if printed else None
    match outlet.format:
        case "rss":
            return _rss(outlet, printed, base_url), "application/rss+xml", changed_at
        case "atom":
            return _atom(outlet, printed, base_url), "application/atom+xml", changed_at
        case "json":
            return _json(outlet, printed, base_url), "application/feed+json", changed_at
        case _:
            assert_never(outlet.format)


def page_url(printed: Printed, base_url: str) -> str:
    """Return the address of a piece's page."""
    return f"{base_url}/{printed.outlet.slug}/{printed.piece.slug}"


def picture_url(printed: Printed, base_url: str) -> str:
    """Return the address of a piece's picture."""
    return f"{base_url}/{printed.outlet.slug}/pictures/{printed.piece.slug}.png"


def icon_url(outlet: Outlet, base_url: str) -> str:
    """Return the address of an outlet's icon."""
    return f"{base_url}/{outlet.slug}/icon.png"


def body_html(printed: Printed) -> str:
    """Return a piece's text as paragraphs."""
    return "\n".join(
        f"<p>{html.escape(each, quote=False)}</p>" for each in printed.piece.paragraphs
    )


def _rss(outlet: Outlet, printed: Sequence[Printed], base_url: str) -> bytes:
    root = etree.Element(
        "rss", nsmap={"content": _CONTENT, "dc": _DC, "media": _MEDIA}, version="2.0"
    )
    channel = etree.SubElement(root, "channel")
    _text(channel, "title", outlet.name)
    _text(channel, "link", f"{base_url}/{outlet.slug}/")
    _text(channel, "description", outlet.tagline)
    _text(channel, "language", outlet.language)
    image = etree.SubElement(channel, "image")
    _text(image, "url", icon_url(outlet, base_url))
    _text(image, "title", outlet.name)
    _text(image, "link", f"{base_url}/{outlet.slug}/")
    if printed:
        _text(channel, "lastBuildDate", format_datetime(printed[0].published_at))
    for each in printed:
        item = etree.SubElement(channel, "item")
        _text(item, "title", each.piece.title)
        _text(item, "link", page_url(each, base_url))
        guid = _text(item, "guid", f"{outlet.slug}:{each.piece.slug}")
        guid.set("isPermaLink", "false")
        _text(item, "pubDate", format_datetime(each.published_at))
        _text(item, f"{{{_DC}}}creator", each.piece.author)
        _text(item, "category", each.piece.section)
        _text(item, "description", each.piece.teaser)
        if outlet.is_full:
            _text(item, f"{{{_CONTENT}}}encoded", etree.CDATA(body_html(each)))
        picture = etree.SubElement(item, f"{{{_MEDIA}}}content")
        picture.set("url", picture_url(each, base_url))
        picture.set("medium", "image")
        picture.set("type", "image/png")
    return _xml(root)


def _atom(outlet: Outlet, printed: Sequence[Printed], base_url: str) -> bytes:
    names = {None: _ATOM}
    root = etree.Element("feed", nsmap=names)  # type: ignore[arg-type]  # stubs know no default
    root.set("{http://www.w3.org/XML/1998/namespace}lang", outlet.language)
    site_url = f"{base_url}/{outlet.slug}/"
    _text(root, "id", f"tag:{outlet.slug}.example.org,2026:news")
    _text(root, "title", outlet.name)
    _text(root, "subtitle", outlet.tagline)
    _text(root, "icon", icon_url(outlet, base_url))
    _link(root, "alternate", site_url, "text/html")
    _link(root, "self", base_url + outlet.feed_path, "application/atom+xml")
    if printed:
        _text(root, "updated", printed[0].published_at.isoformat())
    for each in printed:
        entry = etree.SubElement(root, "entry")
        _text(entry, "id", f"tag:{outlet.slug}.example.org,2026:{each.piece.slug}")
        _text(entry, "title", each.piece.title)
        _link(entry, "alternate", page_url(each, base_url), "text/html")
        _link(entry, "enclosure", picture_url(each, base_url), "image/png")
        _text(entry, "published", each.published_at.isoformat())
        _text(entry, "updated", each.published_at.isoformat())
        _text(etree.SubElement(entry, "author"), "name", each.piece.author)
        etree.SubElement(entry, "category", term=each.piece.section)
        _text(entry, "summary", each.piece.teaser)
        if outlet.is_full:
            _text(entry, "content", body_html(each)).set("type", "html")
    return _xml(root)


def _json(outlet: Outlet, printed: Sequence[Printed], base_url: str) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.tagline,
        "language": outlet.language,
        "home_page_url": f"{base_url}/{outlet.slug}/",
        "feed_url": base_url + outlet.feed_path,
        "icon": icon_url(outlet, base_url),
        "items": [
            {
                "id": f"{outlet.slug}-{each.piece.slug}",
                "url": page_url(each, base_url),
                "title": each.piece.title,
                "summary": each.piece.teaser,
                **({"content_html": body_html(each)} if outlet.is_full else {}),
                "image": picture_url(each, base_url),
                "date_published": each.published_at.isoformat(),
                "authors": [{"name": each.piece.author}],
                "tags": [each.piece.section],
            }
            for each in printed
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _text(parent: etree._Element, tag: str, text: str | etree.CDATA) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = text
    return element


def _link(parent: etree._Element, rel: str, href: str, kind: str) -> None:
    etree.SubElement(parent, "link", rel=rel, href=href, type=kind)


def _xml(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
