"""Read RSS, RDF and Atom into plain values, in two tiers. Runs in the worker, never elsewhere.

A plain document, as most are, is read off lxml's tree (gate.py, quick.py); everything else by
feedparser, which is the most tolerant reader there is and by far the slowest. Both come to the same
values, so an entry keeps its identity when its feed changes tiers.

A small document can keep feedparser busy for minutes
(https://github.com/kurtmckee/feedparser/issues/562). Given bytes it may open a local file of that
name, hence BytesIO; given a Content-Location it resolves bare guids against it, so that ids change
with the feed's address, hence none is given.
"""

import io

import feedparser
import feedparser.api

from bot.feeds import channel, gate, quick, shaping
from bot.feeds.encodings import decoded, settled
from bot.feeds.jsonfeed import read_json
from bot.feeds.named import with_listings
from bot.feeds.trim import trimmed
from bot.feeds.values import FeedValues, Tier
from bot.feeds.wording import excerpt
from bot.feeds.worker import Unreadable

feedparser.api.PREFERRED_XML_PARSERS = ["bot.feeds.sax"]  # else expat without its buffer


def read_feed(
    body: bytes, content_type: str | None, url: str, tier: Tier = "auto"
) -> tuple[object, ...]:
    """Return the FeedValues of a feed document of any kind, bare. Raises Unreadable."""
    return tuple(with_listings(_read(body, content_type, url, tier), url))


def _read(body: bytes, content_type: str | None, url: str, tier: Tier) -> FeedValues:
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["}:
        return read_json(body.removeprefix(b"\xef\xbb\xbf"), url)
    utf8 = settled(trimmed(body), content_type)
    if not utf8:
        raise Unreadable("its document is empty")
    if tier != "thorough":
        try:
            return _read_quickly(utf8, url)
        except gate.NotPlain as reason:
            if tier == "quick":
                raise Unreadable(f"it is not plain: {reason}") from reason
    values = _read_thoroughly(utf8, url)
    if values is None:
        begins = excerpt(decoded(body[:2000], content_type))
        raise Unreadable(f"its content is no feed; it begins: {begins}")
    return values


def _read_quickly(utf8: bytes, url: str) -> FeedValues:
    """Return a feed read off lxml's tree. Raises NotPlain."""
    gated = gate.admitted(utf8)
    names = quick.names_of(gated.root)
    entries = [
        quick.entry_of(item, names, kind=gated.kind, base=gated.base) for item in gated.items
    ]
    facts = channel.facts_of(gated.root, url)
    # The rest is small, and feedparser knows more about channels than is worth knowing twice.
    header = _parsed(gated.header())
    return shaping.feed_values(header["feed"], entries, facts, kind=gated.kind, url=url)


def _read_thoroughly(utf8: bytes, url: str) -> FeedValues | None:
    """Return a feed as feedparser reads it, or None where it sees none."""
    parsed = _parsed(utf8)
    kind = str(parsed["version"])
    entries = parsed["entries"]
    if not kind and not shaping.usable(entries):
        return None
    facts = channel.facts_of_broken(utf8, url)
    return shaping.feed_values(parsed["feed"], entries, facts, kind=kind, url=url)


def _parsed(utf8: bytes) -> shaping.Parsed:
    parsed: shaping.Parsed = feedparser.parse(
        io.BytesIO(utf8),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return parsed
