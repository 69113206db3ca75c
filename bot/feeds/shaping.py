"""From feedparser's dictionaries, or the quick tier's which look the same, to plain values.

Runs in the worker.
"""

import calendar
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bot.feeds.body import Body
from bot.feeds.channel import Facts
from bot.feeds.dates import ZONES_S
from bot.feeds.markup import cut, plain_title
from bot.feeds.urls import web_url
from bot.feeds.values import (
    AUTHOR_MAX,
    ENTRIES_MAX,
    GUID_MAX,
    TAG_MAX,
    TAGS_MAX,
    TITLE_MAX,
    EntryValues,
    FeedValues,
)

Parsed = Mapping[str, Any]  # feedparser's dictionaries, untyped

# Names of zones that feedparser takes for UTC.
_UNKNOWN_ZONES_S = {name: east_s for name, east_s in ZONES_S.items() if east_s > 0}
_ZONE = re.compile(r"\d:\d\d\s+([a-z]{3,4})$", re.IGNORECASE)  # after a time, without an offset
_SMALL = 100  # pixels
_IMAGE_NAME = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.IGNORECASE)


def feed_values(
    channel: Parsed, entries: Sequence[Parsed], facts: Facts, *, kind: str, url: str
) -> FeedValues:
    """Return the values of a feed found at *url*; *entries* without name, link or title go."""
    site_url = web_url(_str(channel, "link"), url)
    # RFC 4287 §2: relative to the document. RSS says nothing; there, people mean the site.
    base = url if kind.startswith("atom") else site_url or url
    image = channel.get("image")
    logo = _str(image, "href") if isinstance(image, dict) else ""
    icons = (_str(channel, "icon"), logo, _str(channel, "logo"))
    return FeedValues(
        title=_title(channel, kind),
        site_url=site_url,
        icon_url=next((icon for link in icons if (icon := web_url(link, base))), None),
        language=_language(channel),
        kind=kind,
        entries=tuple(tuple(_entry(entry, base, kind)) for entry in _newest(usable(entries))),
        **facts._asdict(),
    )


def _entry(entry: Parsed, base: str, kind: str) -> EntryValues:
    url = _link(entry, base)
    body = Body(url or base)
    contents = [part for part in entry.get("content", ()) if isinstance(part, dict)]
    summary = _str(entry, "summary")
    # feedparser repeats the content as summary where the feed has none.
    if all(_str(part, "value") != summary for part in contents):
        body.summary(summary, is_markup=_is_markup(entry.get("summary_detail"), kind))
    for part in contents:
        body.content(_str(part, "value"), is_markup=_is_markup(part, kind))
    teaser, text = body.split()
    return EntryValues(
        guid=_str(entry, "id")[:GUID_MAX] or None,
        url=url,
        title=_title(entry, kind),
        teaser=teaser,
        text=text,
        author=cut(plain_title(_str(entry, "author"), is_markup=True), AUTHOR_MAX) or None,
        image_url=_image(entry, base) or body.image_url,
        published=_time(entry, "published_parsed") or _time(entry, "created_parsed"),
        updated=_time(entry, "updated_parsed"),
        tags=_tags(entry),
    )


def usable(entries: Sequence[Parsed]) -> list[Parsed]:
    """Return the entries that have anything to tell them by."""
    return [entry for entry in entries if "id" in entry or "link" in entry or "title" in entry]


def _newest(entries: list[Parsed]) -> list[Parsed]:
    """Return the newest entries, in the document's order; the first ones unless all are dated."""
    if len(entries) <= ENTRIES_MAX:
        return entries
    dates = [_time(e, "published_parsed") or _time(e, "updated_parsed") for e in entries]
    if any(date is None for date in dates):
        return entries[:ENTRIES_MAX]
    kept = sorted(range(len(entries)), key=lambda i: dates[i] or 0.0, reverse=True)[:ENTRIES_MAX]
    return [entries[i] for i in sorted(kept)]


def _link(entry: Parsed, base: str) -> str | None:
    """Return the address of the article: the link (without FeedBurner's), the guid or a file."""
    if original := web_url(_str(entry, "feedburner_origlink")):
        return original
    link, guid = _str(entry, "link"), _str(entry, "id")
    # A bare guid ("12345") that poses as permalink would make a link to nowhere.
    if link and (link != guid or web_url(link)):
        return web_url(link, base)
    links = [part for part in entry.get("links", ()) if isinstance(part, dict)]
    for relation in ("alternate", "enclosure"):
        for part in links:
            if part.get("rel") == relation and (href := _str(part, "href")) and href != guid:
                return web_url(href, base)
    return web_url(guid)


def _image(entry: Parsed, base: str) -> str | None:
    """Return the picture that a feed gives for an entry, the widest of several sizes."""
    media = [part for part in entry.get("media_content", ()) if _is_picture(part)]
    media += [part for part in entry.get("media_thumbnail", ()) if not _is_small(part)]
    for part in sorted(media, key=lambda part: _pixels(part, "width") or 0, reverse=True):
        if url := web_url(_str(part, "url"), base):
            return url
    for part in entry.get("links", ()):
        is_enclosed = part.get("rel") == "enclosure" and _is_picture(part)
        if is_enclosed and (url := web_url(_str(part, "href"), base)):
            return url
    image = entry.get("image")
    return web_url(_str(image, "href"), base) if isinstance(image, dict) else None


def _is_picture(part: Parsed) -> bool:
    """Return whether a media:content or an enclosure is a picture of a useful size."""
    kind = _str(part, "medium") or _str(part, "type")
    address = _str(part, "url") or _str(part, "href")
    return (kind.startswith("image") or bool(not kind and _IMAGE_NAME.search(address))) and (
        not _is_small(part)
    )


def _is_small(part: Parsed) -> bool:
    return any((_pixels(part, side) or _SMALL) < _SMALL for side in ("width", "height"))


def _pixels(part: Parsed, side: str) -> int | None:
    value = _str(part, side)
    return int(value[:6]) if value.isascii() and value.isdigit() else None


def _title(thing: Parsed, kind: str) -> str:
    detail = thing.get("title_detail")
    text = plain_title(
        _str(thing, "title"), is_markup=_is_markup(detail, kind) or not _is_atom(kind)
    )
    return cut(text, TITLE_MAX)


def _is_atom(kind: str) -> bool:
    return kind.startswith("atom")


def _is_markup(detail: Parsed | None, kind: str) -> bool:
    """Return whether a text is HTML. Atom says so; RSS does not, there everything may hold some."""
    return not _is_atom(kind) or _str(detail or {}, "type") != "text/plain"


def _language(channel: Parsed) -> str | None:
    language = _str(channel, "language") or _str(channel.get("title_detail") or {}, "language")
    return language if re.fullmatch(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*", language) else None


def _tags(entry: Parsed) -> tuple[str, ...]:
    terms = (_str(tag, "label") or _str(tag, "term") for tag in entry.get("tags", ()))
    plain = (cut(plain_title(term, is_markup=True), TAG_MAX) for term in terms if term)
    return tuple(dict.fromkeys(term for term in plain if term))[:TAGS_MAX]


def _time(entry: Parsed, key: str) -> float | None:
    """Return a time that was read, in seconds since 1970; None where none was."""
    # "in" first: feedparser's get takes the published date for a missing updated one.
    parsed = entry.get(key) if key in entry else None
    if isinstance(parsed, float):  # the quick tier's
        return parsed
    if not isinstance(parsed, time.struct_time):
        return None
    named = _ZONE.search(_str(entry, key.removesuffix("_parsed")))
    zone = named[1].upper() if named else ""
    try:
        return float(calendar.timegm(parsed) - _UNKNOWN_ZONES_S.get(zone, 0))
    except (ValueError, OverflowError):
        return None


def _str(thing: Parsed, key: str) -> str:
    """Return a string of a feedparser dictionary, stripped; "" where there is none."""
    value = thing.get(key)
    return value.strip() if isinstance(value, str) else ""
