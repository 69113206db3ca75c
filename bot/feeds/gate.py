"""The gate to the quick tier: which documents are so plain that they can be read only one way.

What passes is well-formed, has no DTD, a root that is known, and all its entries where they belong.
Anything else is feedparser's: it is slower by far, and forgives everything.
"""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

ATOM: Final = "http://www.w3.org/2005/Atom"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1: Final = "http://purl.org/rss/1.0/"

_ROOT_ATTRIBUTES_MAX = 64
# libxml2 takes quadratic time for the attributes of one element: 23 s for 50,000. Four kilobytes
# hold some hundred.
LONG_TAG = re.compile(rb"<[^<>]{4096}")
# What feedparser has to see of a channel: all that is kept of it, and whatever holds others.
_KEPT = frozenset({"title", "link", "language", "image", "icon", "logo", "textinput"})
_PEOPLE = frozenset({"author", "contributor", "owner"})
_PARTS = frozenset({"name", "email", "uri", "url"})  # of people
_START_TAG = re.compile(rb"<[A-Za-z_][^<>]*>")
# A base changes what links mean: one for the whole document may pass, any other is feedparser's.
_BASE = re.compile(rb"""base\s*=\s*["']""")
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
# Joined with itself it stays as it is, which feedparser does at each element.
_PLAIN_BASE = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/(?:[A-Za-z0-9_~-]+/)*[A-Za-z0-9_~-]*"
)
_RSS_KINDS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
# Namespaces by which feedparser tells the kind of a feed, wherever they are declared.
_TELLING = frozenset({RSS1, ATOM.lower(), "http://my.netscape.com/rdf/simple/0.9/"})


class NotPlain(Exception):
    """The document is for feedparser; the message says why, for tests and for the curious."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A document that passed."""

    kind: str  # as feedparser calls it: "rss20", "atom10", "rss10" …
    root: etree._Element
    items: list[etree._Element]
    base: str = ""  # the root's xml:base

    def header(self) -> bytes:
        """Take the entries out of the tree and return the rest as a document of its own.

        Without people, too: feedparser looks for addresses by a pattern that can take minutes.
        """
        for item in self.items:
            _remove(item)
        for node in [*next(self.root.iterchildren("{*}channel"), self.root)]:
            parts = {_local(child) for child in node.iterdescendants()}
            if (
                parts <= (_PARTS if _local(node) in _PEOPLE else set())
                and _local(node) not in _KEPT
            ):
                _remove(node)
        return etree.tostring(self.root, encoding="utf-8", xml_declaration=True)


def _local(node: etree._Element) -> str:
    return etree.QName(node).localname.lower()


def _remove(node: etree._Element) -> None:
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def admitted(utf8: bytes) -> Gated:
    """Return the tree of a plain feed. Raises NotPlain."""
    start = _START_TAG.search(utf8)
    if start is None:
        raise NotPlain("no element")
    if start[0].count(b"=") > _ROOT_ATTRIBUTES_MAX:
        raise NotPlain("attributes without end")
    if LONG_TAG.search(utf8):
        raise NotPlain("an endless tag")
    bases = len(_BASE.findall(utf8))
    if bases > 1:
        raise NotPlain("several base addresses")
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says: the text was decoded before
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(utf8.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotPlain(f"not well-formed: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:  # there for any <!DOCTYPE>
        raise NotPlain("a document type")
    base = root.get(_XML_BASE, "") if bases else ""
    if bases and not _PLAIN_BASE.fullmatch(base):
        raise NotPlain("an odd base address")
    kind, parent, item = _anatomy(root)
    items = parent.findall(item)
    # Entries elsewhere, or of another spelling, would be missed.
    if sum(1 for _ in root.iter("{*}item", "{*}entry", "{*}Item", "{*}ITEM")) != len(items):
        raise NotPlain("entries in odd places")
    return Gated(kind=kind, root=root, items=items, base=base)


def _anatomy(root: etree._Element) -> tuple[str, etree._Element, str]:
    """Return the kind of a feed, the element that holds its entries, and their tag."""
    declared = {(uri or "").lower() for uri in root.nsmap.values()} & _TELLING
    if root.tag == "rss" and declared <= {ATOM.lower()}:
        channels = root.findall("channel")
        if len(channels) != 1 or len(root) != 1 or channels[0].attrib:
            raise NotPlain("not one channel")
        version = root.get("version", "")
        kind = "rss20" if version.startswith("2.") else _RSS_KINDS.get(version, "rss")
        return kind, channels[0], "item"
    if root.tag == f"{{{ATOM}}}feed" and declared == {ATOM.lower()}:
        return "atom10", root, f"{{{ATOM}}}entry"
    if root.tag == f"{{{RDF}}}RDF" and declared == {RSS1}:
        return "rss10", root, f"{{{RSS1}}}item"
    raise NotPlain(f"root {root.tag}")
