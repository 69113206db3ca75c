"""Read and write OPML 2.0 (http://opml.org/spec2.opml): how feed readers exchange lists.

Read too: plain lists of URLs, and FeedCord's appsettings.json
(https://github.com/Qolors/FeedCord, docs/reference.md).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from lxml import etree

from bot.errors import InvalidUrl, ParseFailed
from bot.feeds.encodings import decoded
from bot.feeds.sites import site_feeds
from bot.feeds.urls import typed_url, web_url
from bot.feeds.wording import excerpt

_WHERE: Final = "OPML"
_MAX_BYTES = 5 * 1024 * 1024
_OUTLINES_MAX = 10_000
_T = TypeVar("_T", list[object], str)
# What .NET lets pass in JSON, and json does not. Strings are matched to be kept; no pattern goes
# back over what it has seen.
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*+")|//[^\n]*+|/\*.*?(?:\*/|\Z)', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*+[]}])', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list; ``folder`` names its folders, outermost first: "News / Sea"."""

    title: str
    url: str
    folder: str | None = None


def read_outlines(body: bytes) -> tuple[Outline, ...]:
    """Return the feeds of OPML, of plain text with a URL a line, or of FeedCord's settings.

    They come in the list's order.
    A feed that the list names twice is there twice: whoever imports it says so. In plain text,
    blank lines and lines that begin with # do not count. Raises ParseFailed.
    """
    if len(body) > _MAX_BYTES:
        raise ParseFailed(f"The list is larger than {_MAX_BYTES // 2**20} MiB.", url=_WHERE)
    is_xml = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or body[:2] in {
        b"\xff\xfe",
        b"\xfe\xff",
    }
    if is_xml:
        outlines = _from_opml(body)
    else:
        text = decoded(body, None)
        outlines = _from_feedcord(text) if text.lstrip()[:1] == "{" else _from_lines(text)
    if not outlines:
        raise ParseFailed("The list holds no feed.", url=_WHERE)
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
        written = _attribute(node, "xmlUrl") if node.tag == "outline" else ""
        # What is no web address stays in the list, so that whoever imports it is told.
        if url := _address(written) or written:
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
        url = None if any(c.isspace() for c in address) else _address(address)
        if url is None:
            raise ParseFailed(
                f"The list is neither OPML nor one URL a line; line {number}: {excerpt(address)}",
                url=_WHERE,
            )
        found.append(Outline(title=url, url=url))
    return found


def _from_feedcord(text: str) -> list[Outline]:
    """Return the feeds of an appsettings.json; its instances, a channel each, become folders.

    The webhooks in it are not looked at. .NET takes comments and trailing commas in such files.
    """
    try:
        document = json.loads(_LAST_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except (ValueError, RecursionError) as error:
        raise ParseFailed(f"The list is broken JSON: {excerpt(str(error))}.", url=_WHERE) from error
    found: list[Outline] = []
    for instance in _of_type(list, _member(document, "instances")):
        folder = " ".join(_of_type(str, _member(instance, "id")).split()) or None
        for key in ("rssurls", "youtubeurls"):
            for address in _of_type(list, _member(instance, key)):
                # The sample that FeedCord comes with has an empty address.
                url = web_url(address) if isinstance(address, str) else None
                if url is not None:
                    url = next(iter(site_feeds(url)), url) if key == "youtubeurls" else url
                    found.append(Outline(title=url, url=url, folder=folder))
    if not found and _member(document, "instances") is None:
        raise ParseFailed(
            "The list is JSON, but not FeedCord's: it has no “Instances”.", url=_WHERE
        )
    return found


def _address(written: str) -> str | None:
    """Return the URL of a feed as lists have it: as feed://, which is http, or without a scheme."""
    if written[:7].lower() == "feed://":
        written = f"http://{written[7:]}"
    if url := web_url(written):
        return url
    try:
        return typed_url(written)[0]
    except InvalidUrl:
        return None


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""


def _member(thing: object, name: str) -> object:
    """Return a member of a JSON object; its name in any case, as .NET reads it."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if str(key).lower() == name:
                return value
    return None


def _of_type(kind: type[_T], value: object) -> _T:
    """Return *value*, or an empty one where it is of another type."""
    return value if isinstance(value, kind) else kind()


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
