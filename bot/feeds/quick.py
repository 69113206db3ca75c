"""Read the entries of a plain document off its tree, to what feedparser would make of them.

The names below are feedparser's (``prefix_local``), and so are the rules: which of two summaries
wins, when a guid is a link, what a media:title may replace. An element that feedparser has a rule
for and this module does not sends the document to feedparser. Runs in the worker.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urljoin
from xml.sax.saxutils import escape

import feedparser.api
from lxml import etree

from bot.feeds.dates import seconds_of
from bot.feeds.gate import RDF, NotPlain

# What feedparser goes by; read from it so that an update cannot part the tiers unnoticed.
_FEEDPARSER: Final = feedparser.api.StrictFeedParser
_PREFIXES: Final[dict[str, str]] = {
    uri.lower(): prefix.lower() for uri, prefix in _FEEDPARSER.namespaces.items()
}
_RULED: Final = frozenset(
    name.lower().removeprefix(start)
    for name in dir(_FEEDPARSER)
    for start in ("_start_", "_end_")
    if name.startswith(start)
)
# Ruled by feedparser, but nothing of an entry that Herald keeps depends on it.
_IDLE_NAMES = """media_credit media_rating media_restriction media_license media_player cc_license
    creativecommons_license georss_box georss_line georss_point georss_polygon georss_where
    georssgeom geom where gml_exterior gml_linearring gml_linestring gml_point gml_polygon gml_pos
    gml_poslist itunes_explicit itunes_block expirationdate generator dc_publisher webmaster
    dcterms_valid psc_chapter psc_chapters cloud dc_language language"""
_IDLE = frozenset(_IDLE_NAMES.split())
# The same, if it is text.
_OPAQUE = frozenset({"subtitle", "itunes_subtitle", "tagline", "rights", "dc_rights", "copyright"})
# Names that feedparser would write over what it has gathered itself.
_TAKEN_NAMES = """links authors title_detail summary_detail guidislink published_parsed
    updated_parsed created_parsed"""
_TAKEN = frozenset(_TAKEN_NAMES.split())
_SOURCE_NAMES = "title id link updated published category rights subtitle generator icon logo"
_SOURCE_PARTS = frozenset(_SOURCE_NAMES.split())
_XHTML = "{http://www.w3.org/1999/xhtml}"
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "html": "text/html",
    "xhtml": "application/xhtml+xml",
}
_KNOWN_TYPES = frozenset(_TYPES.values())
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")  # as feedparser mends them
_SEMICOLON = re.compile(r"&([A-Za-z0-9_]+);")
_CP1252 = {
    chr(byte): bytes([byte]).decode("windows-1252")
    for byte in range(0x80, 0xA0)
    if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}  # not assigned
}

Names = dict[str, str]


def names_of(root: etree._Element) -> Names:
    """Return an empty table of names for a document. Raises NotPlain where prefixes mislead."""
    standard = set(_PREFIXES.values())
    for prefix, uri in root.nsmap.items():
        if prefix and prefix.lower() in standard and _prefix_of(uri, "") != prefix.lower():
            raise NotPlain(f"the prefix {prefix!r} for {uri}")
    return {}


def entry_of(item: etree._Element, names: Names, *, kind: str, base: str = "") -> dict[str, Any]:
    """Return an entry as feedparser's dictionaries have it; times in seconds. Raises NotPlain.

    *base*: what its links are relative to, "" where the document does not say.
    """
    about = item.get(f"{{{RDF}}}about")
    if any(name in item.attrib for name in ("href", "lastmod", "type")):
        raise NotPlain("an entry with attributes")
    said = _Said(names, is_atom=kind.startswith("atom"), base=base)
    if about:
        said.entry["id"] = about
    said.take(item, depth=1)
    return said.entry


class _Said:
    """Gathers what an entry says, element after element."""

    def __init__(self, names: Names, *, is_atom: bool, base: str) -> None:
        self.entry: dict[str, Any] = {}
        self._names = names
        self._is_atom = is_atom
        self._base = base
        self._depths: dict[str, int] = {}  # how deep the element lay that gave a value
        self._has_content = False
        self._title_depth = -1
        self._tagged: set[tuple[str | None, ...]] = set()

    def take(self, parent: etree._Element, *, depth: int) -> None:
        """Take the children of *parent* in their order."""
        for node in parent:
            name = self._names.get(node.tag) or self._name(node)
            rule = _RULES.get(name)
            if rule is not None:
                rule(self, node, name, depth)
            elif name in _OPAQUE:
                _leaf(node)
            elif name in _RULED or name in _TAKEN:
                if name not in _IDLE:
                    raise NotPlain(f"element {name}")
                self._pass(node)
            else:
                self._pass(node)

    def _name(self, node: etree._Element) -> str:
        if not isinstance(node.tag, str):
            raise NotPlain("an entity")
        uri, _, local = node.tag.rpartition("}")
        prefix = _prefix_of(uri[1:], node.prefix or "")
        name = f"{prefix}_{local.lower()}" if prefix else local.lower()
        self._names[node.tag] = name
        return name

    def _pass(self, node: etree._Element) -> None:
        """Pass over an element, unless something inside of it would count."""
        for inside in node.iterdescendants():
            name = self._names.get(inside.tag) or self._name(inside)
            if name in _TAKEN or (name in _RULED and name not in _IDLE):
                raise NotPlain(f"element {name} in another")

    def _put(self, key: str, value: str, depth: int) -> None:
        """Store a value unless one was given further out."""
        if depth <= self._depths.get(key, depth):
            self._depths[key] = depth
            self.entry[key] = value

    # One rule per element; the third argument is its name.

    def title(self, node: etree._Element, name: str, depth: int) -> None:
        value, detail = self._text(node, "text/plain")
        is_settled = -1 < self._title_depth <= depth
        if not is_settled:
            self._put("title", value, depth)
            self.entry["title_detail"] = detail
        if value and name == "title":
            self._title_depth = depth

    def description(self, node: etree._Element, name: str, depth: int) -> None:
        is_again = "summary" in self.entry and not self._has_content
        is_html = name in {"description", "media_description"} and not is_again
        value, detail = self._text(node, "text/html" if is_html else "text/plain")
        if is_again:
            self._has_content = True
            self.entry.setdefault("content", []).append(detail)
        else:
            self._put("summary", value, depth)
            self.entry["summary_detail"] = detail

    def content(self, node: etree._Element, name: str, _depth: int) -> None:
        if node.get("src") is not None:
            raise NotPlain("content elsewhere")
        self._has_content = True
        is_html = name == "content_encoded"
        value, detail = self._text(node, "text/html" if is_html else "text/plain")
        self.entry.setdefault("content", []).append(detail)
        self.entry.setdefault("summary", value)

    def link(self, node: etree._Element, _name: str, _depth: int) -> None:
        attributes = _attributes(node)
        relation = attributes.setdefault("rel", "alternate")
        feed_type = "application/atom+xml" if relation == "self" else "text/html"
        attributes.setdefault("type", feed_type)
        attributes = _with_href(attributes, self._base)
        self.entry.setdefault("links", []).append(attributes)
        if "href" in attributes:
            self._pass(node)
            if relation == "alternate" and _type(attributes["type"]) in _HTML_TYPES:
                self.entry["link"] = attributes["href"]
            return
        value = _mended(_resolved(_leaf(node), self._base))
        value = _SEMICOLON.sub(r"&\1", value.replace("&amp;", "&"))
        self.entry["link"] = value
        if value:
            attributes["href"] = value

    def guid(self, node: etree._Element, _name: str, depth: int) -> None:
        is_link = _attributes(node).get("ispermalink", "true") == "true"
        value = _leaf(node)
        value = _mended(_resolved(value, self._base) if is_link else value)
        self._put("id", value, depth)
        if is_link:
            self.entry.setdefault("link", value)

    def author(self, node: etree._Element, name: str, depth: int) -> None:
        if not len(node):
            self._put("author", _mended(_leaf(node)), depth)
            return
        parts: dict[str, str] = {}
        for child in node:
            part = self._names.get(child.tag) or self._name(child)
            if name != "author" or part not in {"name", "email", "uri"} or part in parts:
                raise NotPlain(f"element {part} of {name}")
            parts[part] = _leaf(child)
        if not parts.get("name") or ("email" in parts and "author" in self.entry):
            raise NotPlain("an odd author")
        email = parts.get("email")
        self.entry["author"] = f"{parts['name']} ({email})" if email else parts["name"]
        self._depths["author"] = depth

    def category(self, node: etree._Element, name: str, _depth: int) -> None:
        attributes = _attributes(node)
        scheme = attributes.get("scheme", attributes.get("domain"))
        if name == "media_category":
            scheme = scheme or "http://search.yahoo.com/mrss/category_schema"
        tags = self.entry.setdefault("tags", [])
        self._tag(attributes.get("term"), scheme, attributes.get("label"))
        value = _mended(_leaf(node))
        if value and tags and not tags[-1]["term"]:
            self._tagged.discard(_key_of(tags[-1]))
            tags[-1]["term"] = value
            self._tagged.add(_key_of(tags[-1]))
        elif value:
            self._tag(value, None, None)

    def keywords(self, node: etree._Element, name: str, _depth: int) -> None:
        if node.attrib:
            raise NotPlain(f"{name} with attributes")
        scheme = "http://www.itunes.com/" if name == "itunes_keywords" else None
        for term in _mended(_leaf(node)).split(","):
            if term.strip():
                self._tag(term.strip(), scheme, None)

    def _tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self.entry.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if (term or scheme or label) and _key_of(tag) not in self._tagged:
            self._tagged.add(_key_of(tag))
            tags.append(tag)

    def published(self, node: etree._Element, _name: str, _depth: int) -> None:
        self.entry["published_parsed"] = seconds_of(_leaf(node))

    def updated(self, node: etree._Element, _name: str, _depth: int) -> None:
        self.entry["updated_parsed"] = seconds_of(_leaf(node))

    def created(self, node: etree._Element, _name: str, _depth: int) -> None:
        self.entry["created_parsed"] = seconds_of(_leaf(node))

    def enclosure(self, node: etree._Element, _name: str, _depth: int) -> None:
        self._pass(node)
        links = self.entry.setdefault("links", [])
        links.append({**_with_href(_attributes(node), self._base), "rel": "enclosure"})

    def media(self, node: etree._Element, name: str, depth: int) -> None:
        attributes = _attributes(node)
        if name == "media_thumbnail":
            attributes.setdefault("url", _mended(_leaf(node)))
        self.entry.setdefault(name, []).append(attributes)
        self.take(node, depth=depth + 1)

    def group(self, node: etree._Element, _name: str, depth: int) -> None:
        self.take(node, depth=depth + 1)

    def picture(self, node: etree._Element, _name: str, _depth: int) -> None:
        attributes = _attributes(node)
        self._pass(node)
        if address := attributes.get("href") or attributes.get("url"):
            self.entry["image"] = {"href": address}

    def source(self, node: etree._Element, _name: str, depth: int) -> None:
        """Pass over where an entry came from, which is not what it says."""
        self._title_depth = -1
        for child in node:
            part = self._names.get(child.tag) or self._name(child)
            if part not in _SOURCE_PARTS and part in _RULED:
                raise NotPlain(f"element {part} of a source")
            if part == "title" and (child.text or "").strip():
                self._title_depth = depth + 1

    def original(self, node: etree._Element, name: str, depth: int) -> None:
        if not node.attrib:
            self._put(name, _mended(_leaf(node)), depth)

    def _text(self, node: etree._Element, default: str) -> tuple[str, dict[str, str]]:
        """Return a text that may be markup, and its details."""
        stated = _type(node.get("type", ""))
        if stated and (not self._is_atom or stated not in _KNOWN_TYPES or "mode" in node.attrib):
            raise NotPlain(f"text of type {stated}")
        kind = stated or default
        is_nested = kind == "application/xhtml+xml"
        value = _mended(_inner(node) if is_nested else _leaf(node))
        return value, {"type": kind, "value": value}


# A quoted type: the name of lxml's element is private.
_RULES: Final[Mapping[str, "Callable[[_Said, etree._Element, str, int], None]"]] = {
    "title": _Said.title,
    "media_title": _Said.title,
    "description": _Said.description,
    "media_description": _Said.description,
    "summary": _Said.description,
    "itunes_summary": _Said.description,
    "content": _Said.content,
    "content_encoded": _Said.content,
    "link": _Said.link,
    "guid": _Said.guid,
    "id": _Said.guid,
    "author": _Said.author,
    "dc_creator": _Said.author,
    "dc_author": _Said.author,
    "itunes_author": _Said.author,
    "category": _Said.category,
    "dc_subject": _Said.category,
    "media_category": _Said.category,
    "media_keywords": _Said.keywords,
    "itunes_keywords": _Said.keywords,
    "pubdate": _Said.published,
    "published": _Said.published,
    "issued": _Said.published,
    "dcterms_issued": _Said.published,
    "updated": _Said.updated,
    "modified": _Said.updated,
    "lastbuilddate": _Said.updated,
    "dc_date": _Said.updated,
    "dcterms_modified": _Said.updated,
    "created": _Said.created,
    "dcterms_created": _Said.created,
    "enclosure": _Said.enclosure,
    "media_content": _Said.media,
    "media_thumbnail": _Said.media,
    "media_group": _Said.group,
    "itunes_image": _Said.picture,
    "source": _Said.source,
    "feedburner_origlink": _Said.original,
}


def _prefix_of(uri: str, given: str) -> str:
    lower = uri.lower()
    if "backend.userland.com/rss" in lower:
        return ""
    return _PREFIXES.get(lower, given.lower())


def _attributes(node: etree._Element) -> dict[str, str]:
    """Return the attributes without a namespace, as feedparser spells them."""
    return {
        (lower := str(key).lower()): str(value).lower() if lower in {"rel", "type"} else str(value)
        for key, value in node.attrib.items()
        if "}" not in str(key)
    }


def _with_href(attributes: dict[str, str], base: str) -> dict[str, str]:
    """Return the attributes with "url" or "uri" under the name of "href"."""
    href = attributes.get("url", attributes.get("uri", attributes.get("href")))
    if not href:
        return attributes
    kept = {key: value for key, value in attributes.items() if key not in {"url", "uri"}}
    return kept | {"href": _resolved(href, base)}


def _resolved(address: str, base: str) -> str:
    """Return an address as feedparser has it within *base*; "" stays for the place itself."""
    mended = _SLASHES.sub(r"\1", address)
    if not base or not mended:
        return mended
    try:
        return urljoin(base, mended)
    except ValueError:
        return ""


def _key_of(tag: dict[str, str | None]) -> tuple[str | None, ...]:
    return tuple(tag.values())


def _type(kind: str) -> str:
    lower = kind.lower()
    return _TYPES.get(lower, lower)


def _leaf(node: etree._Element) -> str:
    """Return the text of an element that holds nothing else. Raises NotPlain."""
    if len(node):
        raise NotPlain(f"elements inside of {etree.QName(node).localname}")
    return (node.text or "").strip()


def _inner(node: etree._Element) -> str:
    """Return the markup inside of an element, without the <div> that Atom wraps it in."""
    children: Iterable[etree._Element] = node
    text = node.text or ""
    if len(node) == 1 and not text.strip() and not (node[0].tail or "").strip():
        wrapper = node[0]
        if etree.QName(wrapper).localname == "div":
            children, text = wrapper, wrapper.text or ""
    if any(not child.tag.startswith(_XHTML) or child.prefix for child in node.iterdescendants()):
        raise NotPlain("markup that is not XHTML")
    pieces = (etree.tostring(child, encoding="unicode", method="html") for child in children)
    return (escape(text) + "".join(pieces)).strip()


def _mended(text: str) -> str:
    """Return a text without the faults that feedparser mends: UTF-8 read as Latin-1, Windows."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode()
    for wrong, right in _CP1252.items():  # ``translate`` takes many times as long
        text = text.replace(wrong, right)
    return text
