"""What crosses from worker to parent, and how much of it at most.

The named tuples are built in the worker, sent as bare tuples (a pickle of plain values needs no
code to be loaded, see ``worker.py``), and named again in the parent.
"""

from typing import Any, Literal, NamedTuple

Tier = Literal["auto", "quick", "thorough"]  # to choose one is for tests and measurements

# Counts up when documents come to be read differently. It begins each body_hash, so that every
# feed is then read anew, once, though its server would say "not modified".
PARSER_VERSION = "2"

TITLE_MAX = 300  # characters
TEASER_MAX = 4_000
TEXT_MAX = 20_000  # about 3,500 words: whole articles, since search is better by full text
ENTRIES_MAX = 500
TAGS_MAX = 20
TAG_MAX = 60
AUTHOR_MAX = 120
GUID_MAX = 4_096
WHOLE_TEXT = 800  # characters; a feed that gives so many gives the article


class EntryValues(NamedTuple):
    """An entry; times in seconds since 1970."""

    guid: str | None
    url: str | None
    title: str
    teaser: str
    text: str
    author: str | None
    image_url: str | None
    published: float | None
    updated: float | None
    tags: tuple[str, ...]


class FeedValues(NamedTuple):
    """A feed. ``entries`` are EntryValues, bare once they crossed.

    ``listed``: the fields of a Listing but its date, for each entry that is worth keeping.
    """

    title: str
    site_url: str | None
    icon_url: str | None
    language: str | None
    kind: str
    entries: tuple[tuple[Any, ...], ...]
    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hub_url: str | None = None
    self_url: str | None = None
    listed: tuple[tuple[Any, ...], ...] | None = None


class PageValues(NamedTuple):
    """A web page, read for its article."""

    text: str
    image_url: str | None
    title: str = ""
    author: str | None = None
    published_on: str | None = None  # ISO 8601, the day; pages seldom agree on the hour
    language: str | None = None  # BCP 47, as the page says
    wall: str | None = None  # what it shows in place of an article, see walls.Wall


class LinksValues(NamedTuple):
    """A web page, read for its feeds: addresses, best first."""

    declared: tuple[str, ...]  # by <link rel="alternate">
    hinted: tuple[str, ...]  # by <a> whose address or words speak of a feed
