"""Read JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/). Runs in the worker."""

import json
from datetime import UTC, datetime
from typing import Any

from bot.feeds.body import Body
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
from bot.feeds.wording import excerpt
from bot.feeds.worker import Unreadable

_VERSION = "jsonfeed.org/version/1"


def read_json(body: bytes, url: str) -> FeedValues:
    """Return a JSON feed. Raises Unreadable for other JSON and for what is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        begins = excerpt(body.decode("utf-8", "replace"))
        raise Unreadable(
            f"its JSON is broken ({excerpt(str(error))}); it begins: {begins}"
        ) from error
    if not isinstance(document, dict) or _VERSION not in str(document.get("version", "")):
        begins = excerpt(body.decode("utf-8", "replace"))
        raise Unreadable(f"it is JSON but not a JSON Feed; it begins: {begins}")
    site_url = web_url(_string(document.get("home_page_url")), url)
    items = [item for item in _list(document.get("items")) if isinstance(item, dict)]
    entries = (_entry(item, site_url or url, document) for item in newest(items))
    return FeedValues(
        title=cut(plain_title(_string(document.get("title")), is_markup=False), TITLE_MAX),
        site_url=site_url,
        icon_url=web_url(_string(document.get("icon")), url)
        or web_url(_string(document.get("favicon")), url),
        language=_string(document.get("language")) or None,
        kind="json11" if str(document["version"]).rstrip("/").endswith("1.1") else "json10",
        entries=tuple(tuple(entry) for entry in entries),
        hub_url=_hub(document, url),
        self_url=web_url(_string(document.get("feed_url")), url),
    )


def newest(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest items, in the document's order; the first ones unless all are dated."""
    if len(items) <= ENTRIES_MAX:
        return items
    dates = [_time(item.get("date_published")) for item in items]
    if any(date is None for date in dates):
        return items[:ENTRIES_MAX]
    kept = sorted(range(len(items)), key=lambda i: dates[i] or 0.0, reverse=True)[:ENTRIES_MAX]
    return [items[i] for i in sorted(kept)]


def _entry(item: dict[str, Any], base: str, document: dict[str, Any]) -> EntryValues:
    link = web_url(_string(item.get("url")), base) or web_url(
        _string(item.get("external_url")), base
    )
    body = Body(link or base)
    body.summary(_string(item.get("summary")), is_markup=False)
    if html := _string(item.get("content_html")):
        body.content(html, is_markup=True)
    if text := _string(item.get("content_text")):
        body.content(text, is_markup=False)
    teaser, text = body.split()
    image_url = web_url(_string(item.get("image")), base) or web_url(
        _string(item.get("banner_image")), base
    )
    tags = [tag for tag in map(_string, _list(item.get("tags"))) if tag]
    return EntryValues(
        guid=_string(item.get("id")).strip()[:GUID_MAX] or None,
        url=link,
        title=cut(plain_title(_string(item.get("title")), is_markup=False), TITLE_MAX),
        teaser=teaser,
        text=text,
        author=_author(item) or _author(document),
        image_url=image_url or body.image_url,
        published=_time(item.get("date_published")),
        updated=_time(item.get("date_modified")),
        tags=tuple(dict.fromkeys(cut(tag, TAG_MAX) for tag in tags[:TAGS_MAX])),
    )


def _hub(document: dict[str, Any], url: str) -> str | None:
    """Return the WebSub hub among "hubs"."""
    for hub in _list(document.get("hubs")):
        if isinstance(hub, dict) and _string(hub.get("type")).lower() == "websub":
            return web_url(_string(hub.get("url")), url)
    return None


def _author(thing: dict[str, Any]) -> str | None:
    """Return the names in "authors" (1.1) or "author" (1.0)."""
    people = _list(thing.get("authors")) or [thing.get("author")]
    names = [_string(person.get("name")) for person in people if isinstance(person, dict)]
    return cut(", ".join(name for name in names if name), AUTHOR_MAX) or None


def _time(value: object) -> float | None:
    """Return an RFC 3339 time in seconds since 1970; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _string(value: object) -> str:
    """Return a string; numbers as such, since some generators give numeric ids; "" for the rest."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
