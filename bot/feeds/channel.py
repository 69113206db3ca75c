"""What a channel says of when to come back and of where it lives. Runs in the worker.

feedparser keeps one of several <hour>s and no hub, so both tiers take these facts from lxml.
"""

import re
from typing import Final, NamedTuple

from lxml import etree

from bot.feeds.gate import ATOM, LONG_TAG
from bot.feeds.urls import web_url

_SY: Final = "{http://purl.org/rss/1.0/modules/syndication/}"
_PERIODS_S = {  # RSS 1.0 "syndication" module, updatePeriod
    "hourly": 3600,
    "daily": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_TTL_MAX_S = 31_536_000
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ENTRY = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ENTRY_END = re.compile(rb"</(?:\w{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_HEAD_BYTES = 256 * 1024
_PLAIN_RSS = re.compile(r"^\{http://(?:purl\.org/rss/1\.0/|[^}]*/rss[0-9]?)\}")  # ways to say RSS


class Facts(NamedTuple):
    """The facts; hours and days in GMT, days counted from Monday, 0."""

    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub_url: str | None = None
    self_url: str | None = None


def facts_of(root: etree._Element, url: str) -> Facts:
    """Return the facts of a feed found at *url*, its entries in the tree or not."""
    channel = next(root.iterchildren("{*}channel"), root)
    texts: dict[str, str] = {}
    links: dict[str, str] = {}
    hours: set[int] = set()
    days: set[int] = set()
    for node in channel.iterchildren("*"):
        name = _PLAIN_RSS.sub("", node.tag.lower())
        if name == f"{{{ATOM}}}link".lower() or name == "link":
            links.setdefault((node.get("rel") or "").strip().lower(), node.get("href") or "")
        elif name == "skiphours":
            hours |= {hour % 24 for text in _inside(node) if (hour := _number(text)) is not None}
        elif name == "skipdays":
            days |= {_DAYS.index(day) for text in _inside(node) if (day := text.lower()) in _DAYS}
        else:
            texts.setdefault(name, (node.text or "").strip())
    return Facts(
        ttl_s=_ttl_s(texts),
        # A feed that may never be fetched does not mean it.
        skip_hours=tuple(sorted(hours)) if len(hours) < 24 else (),  # noqa: PLR2004  # of a day
        skip_days=tuple(sorted(days)) if len(days) < len(_DAYS) else (),
        hub_url=web_url(links.get("hub"), url),
        self_url=web_url(links.get("self"), url),
    )


def facts_of_broken(utf8: bytes, url: str) -> Facts:
    """Return the facts of a document that may be no XML: what can be read around its entries."""
    first = _ENTRY.search(utf8)
    last = None
    for last in _ENTRY_END.finditer(utf8):  # noqa: B007  # wanted is the last one
        pass
    head = utf8[: first.start() if first else None][:_HEAD_BYTES]
    tail = utf8[last.end() :][:_HEAD_BYTES] if first and last else b""
    if LONG_TAG.search(head) or LONG_TAG.search(tail):
        return Facts()
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    try:
        root = etree.fromstring((head + tail).lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return Facts()
    # With recover, lxml returns None for what is past recovery.
    return Facts() if root is None else facts_of(root, url)


def _ttl_s(texts: dict[str, str]) -> int | None:
    """Return <ttl> (minutes) or sy:updatePeriod over sy:updateFrequency in seconds."""
    minutes = _number(texts.get("ttl", ""))
    if minutes:
        return min(minutes * 60, _TTL_MAX_S)
    period_s = _PERIODS_S.get(texts.get(f"{_SY}updateperiod", "").lower())
    if period_s is None:
        return None
    return period_s // max(1, _number(texts.get(f"{_SY}updatefrequency", "")) or 1)


def _inside(node: etree._Element) -> list[str]:
    return [(child.text or "").strip() for child in node.iterchildren("*")]


def _number(text: str) -> int | None:
    return int(text[:9]) if text.isascii() and text.isdigit() else None
