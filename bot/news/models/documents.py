"""What a fetch gave, and what a feed's document says."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]*@")


def without_credentials(url: str) -> str:
    """Return *url* without user name and password."""
    return _CREDENTIALS.sub("//", url, count=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEntry:
    """One entry (RFC 4287 §4.1.2, RSS ``<item>``) as its document gives it, text made plain."""

    guid: str | None = None  # Atom id, RSS guid; stripped, otherwise verbatim
    url: str | None = None  # absolute link to the article
    title: str = ""
    teaser: str = ""  # the feed's own summary or description
    text: str = ""  # the feed's full content, "" where it has none beside the teaser
    author: str | None = None
    image_url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document, read. ``entries`` keep the document's order (usually newest first)."""

    title: str = ""
    site_url: str | None = None
    icon_url: str | None = None
    language: str | None = None  # BCP 47, as the feed says
    kind: str = ""  # "rss20", "atom10", "json11", …
    ttl_s: int | None = None  # RSS <ttl> or sy:updatePeriod/Frequency, in seconds
    skip_hours: tuple[int, ...] = ()  # RSS <skipHours>: hours of the day in GMT, 0 to 23, ascending
    skip_days: tuple[int, ...] = ()  # RSS <skipDays>: weekdays in GMT, 0 is Monday, ascending
    hub_url: str | None = None  # WebSub hub; noted, not used
    self_url: str | None = None  # what the document calls its own address
    entries: tuple[ParsedEntry, ...] = ()
    listed: "Listed | None" = None  # worked out by who read it, to spare others the work


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one entry of a document goes by: aliases, see `identity`.

    ``first`` is the index of the entry that it repeats, its own where it repeats none.
    """

    first: int
    asked: tuple[str, ...]  # to look up
    stored: tuple[str, ...]  # to store
    has_guid: bool  # one that tells it from the others
    is_nameless: bool  # neither guid nor link
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The listings of the entries that are worth keeping, found in a document at ``url``."""

    url: str
    entries: tuple[Listing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified (RFC 9110 §8.8), opaque: sent back byte for byte."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHints:
    """What a response said of when to come back. Seconds from the time of the response."""

    fresh_for_s: float | None = None  # max-age less Age, or Expires less Date (RFC 9111 §4.2)
    retry_after_s: float | None = None  # RFC 9110 §10.2.3, clamped to a minute … seven days


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed document arrived and was read."""

    url: str  # where it was found, after redirects
    feed: ParsedFeed
    status: int = 200
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    # Opaque, to be stored and given back. It names the parser too: given the hash of another one,
    # the source asks unconditionally and reads the body again.
    body_hash: str | None = None
    size: int = 0  # bytes, decoded
    took_ms: int = 0
    # Where the first redirects led that were 301 or 308, up to one down to http; None: nowhere.
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The document has not changed: 304, or a 200 whose body has the stored hash."""

    url: str
    status: int = 304
    validators: Validators = field(default_factory=Validators)
    hints: CacheHints = field(default_factory=CacheHints)
    size: int = 0
    took_ms: int = 0
    permanent_url: str | None = None  # as in Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No document. A value, not an exception, so that a failing feed cannot cancel its siblings."""

    url: str
    reason: str  # one sentence for the admin: what happened, to which address, what to do
    # "busy": Herald's own affair, to be tried again soon and nobody's failure.
    kind: Literal["network", "http", "forbidden", "too_large", "not_a_feed", "parse", "busy"]
    status: int | None = None
    hints: CacheHints = field(default_factory=CacheHints)
    took_ms: int = 0
    # Of a document that is not to be read again, both: the source knows it by them the next time.
    validators: Validators | None = None
    body_hash: str | None = None
    # How far a "come back later" reaches: this feed (503), or its host group (429).
    hold: Literal["feed", "group"] | None = None
    group: str | None = None  # the host group that held us; None: it has none, so this feed only


Outcome = Fetched | NotModified | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a URL that somebody typed led to.

    ``feeds`` holds the documents that were found and read, best first, never empty: where nothing
    was found
    the source raises NotAFeed with what it tried.
    """

    asked_url: str
    feeds: tuple[Fetched, ...]
    tried: tuple[str, ...] = ()
