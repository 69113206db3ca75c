"""Read and write OPML 2.0 (http://opml.org/spec2.opml): how feed readers exchange lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from bot.errors import ParseFailed
from bot.feeds.encodings import decoded
from bot.feeds.urls import web_url
from bot.feeds.wording import excerpt

_WHERE: Final = "OPML"
_MAX_BYTES = 5 * 1024 * 1024
_OUTLINES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list; ``folder`` names its folders, outermost first: "News / Sea"."""

    title: str
    url: str
    folder: str | None = None


def read_outlines(body: bytes) -> tuple[Outline, ...]:
    """Return the feeds of an OPML document, or of plain text with one URL a line, in its order.

    A feed that the list names twice is there twice: whoever imports it says so. In plain text,
    blank lines and lines that begin with # do not count. Raises ParseFailed.
    """
    if len(body) > _MAX_BYTES:
        raise ParseFailed(f"The list is larger than {_MAX_BYTES // 2**20} MiB.", url=_WHERE)
    is_xml = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or body[:2] in {
        b"\xff\xfe",
        b"\xfe\xff",
    }
    outlines = _from_opml(body) if is_xml else _from_lines(decoded(body, None))
    if not outlines:
        raise ParseFailed("The list holds no feed: no outline has an xmlUrl.", url=_WHERE)
    if len(outlines) > _OUTLINES_MAX:
        raise ParseFailed(f"The list holds more than {_OUTLINES_MAX:,} feeds.", url=_WHERE)
    return tuple(outlines)


def write_opml(outlines: Iterable[Outline], title: str) -> bytes:
    """Return an OPML 2.0 document; feeds of one folder lie together, in the order given."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _allowed(title)
    top = etree.SubElement(root, "body")
    folders: dict[str | None, etree._Element] = {None: top}
    for outline in outlines:
        if outline.folder not in folders:
            name = _allowed(outline.folder or "")
            folders[outline.folder] = etree.SubElement(top, "outline", text=name, title=name)
        name = _allowed(outline.title or outline.url)
        etree.SubElement(
            folders[outline.folder],
            "outline",
            type="rss",
            text=name,
            title=name,
            xmlUrl=_allowed(outline.url),
        )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _from_opml(body: bytes) -> list[Outline]:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseFailed(f"The list is not OPML: {excerpt(str(error))}.", url=_WHERE) from error
    # With recover, lxml returns None for what is past recovery.
    if root is None or etree.QName(root).localname.lower() != "opml":
        begins = excerpt(decoded(body[:1000], None))
        raise ParseFailed(f"The list is not OPML; it begins: {begins}", url=_WHERE)
    found: list[Outline] = []
    waiting: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, folders = waiting.pop()
        for child in reversed(node):
            inside = folders
            if node.tag == "outline" and not _attribute(node, "xmlUrl"):
                inside = (*folders, name) if (name := _name(node)) else folders
            waiting.append((child, inside))
        url = web_url(_attribute(node, "xmlUrl")) if node.tag == "outline" else None
        if url is not None:
            found.append(
                Outline(title=_name(node) or url, url=url, folder=" / ".join(folders) or None)
            )
    return found


def _from_lines(text: str) -> list[Outline]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        address = line.strip()
        if not address or address.startswith("#"):
            continue
        url = web_url(address)
        if url is None or any(c.isspace() for c in address):
            raise ParseFailed(
                f"The list is neither OPML nor one URL a line; line {number}: {excerpt(address)}",
                url=_WHERE,
            )
        found.append(Outline(title=url, url=url))
    return found


def _name(node: etree._Element) -> str:
    name = _attribute(node, "title") or _attribute(node, "text")
    return " ".join(name.split())


def _attribute(node: etree._Element, name: str) -> str:
    """Return an attribute; some programs write xmlurl or XMLURL for xmlUrl."""
    for key, value in node.attrib.items():
        if str(key).lower() == name.lower():
            return str(value).strip()
    return ""


def _allowed(text: str) -> str:
    """Return *text* without what XML 1.0 §2.2 cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
