"""Plain values by their names again: what a worker read, as the rest of Herald knows it."""

from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from bot.feeds.values import EntryValues, FeedValues
from bot.news.identity import listings, stated_date, worth_keeping
from bot.news.models import Listed, Listing, ParsedEntry, ParsedFeed

_AT_ONCE = 50  # entries
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years a feed may speak of; the rest is a fault of its generator, or of feedparser.
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def parsed_feed(bare: Sequence[Any], url: str) -> ParsedFeed:
    """Return the feed, found at *url*, that a worker's FeedValues stand for."""
    steps = feed_in_steps(bare, url)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return cast(ParsedFeed, done.value)


def feed_in_steps(bare: Sequence[Any], url: str) -> Generator[None, None, ParsedFeed]:
    """Do the same in steps of a millisecond, for those who have something else to do meanwhile."""
    values = FeedValues(*bare)
    entries: list[ParsedEntry] = []
    for at in range(0, len(values.entries), _AT_ONCE):
        entries += (_entry(EntryValues(*each)) for each in values.entries[at : at + _AT_ONCE])
        yield
    listed = None
    if values.listed is not None:
        named: list[Listing] = []
        kept = worth_keeping(entries)
        for at in range(0, len(kept), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            named += _listings(values.listed[some], kept[some])
            yield
        listed = Listed(url=url, entries=tuple(named))
    return ParsedFeed(
        title=values.title,
        site_url=values.site_url,
        icon_url=values.icon_url,
        language=values.language,
        kind=values.kind,
        ttl_s=values.ttl_s,
        skip_hours=values.skip_hours,
        skip_days=values.skip_days,
        hub_url=values.hub_url,
        self_url=values.self_url,
        entries=tuple(entries),
        listed=listed,
    )


def with_listings(values: FeedValues, url: str) -> FeedValues:
    """Return *values* with what the entries go by: a costly part of a poll, hence the worker's."""
    entries = worth_keeping(_entry(EntryValues(*each)) for each in values.entries)
    return values._replace(
        listed=tuple(
            (each.first, each.asked, each.stored, each.has_guid, each.is_nameless)
            for each in listings(entries, url)
        )
    )


def _listings(
    bare: Sequence[tuple[Any, ...]], entries: Sequence[ParsedEntry]
) -> tuple[Listing, ...]:
    return tuple(
        Listing(
            first=first,
            asked=asked,
            stored=stored,
            has_guid=has_guid,
            is_nameless=is_nameless,
            date=stated_date(entry),
        )
        for (first, asked, stored, has_guid, is_nameless), entry in zip(bare, entries, strict=True)
    )


def _entry(values: EntryValues) -> ParsedEntry:
    return ParsedEntry(
        guid=values.guid,
        url=values.url,
        title=values.title,
        teaser=values.teaser,
        text=values.text,
        author=values.author,
        image_url=values.image_url,
        published_at=_at(values.published),
        updated_at=_at(values.updated),
        tags=values.tags,
    )


def _at(seconds: float | None) -> datetime | None:
    """Return a time as aware UTC; None for what no generator can mean."""
    if seconds is None:
        return None
    try:
        at = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return at if _EARLIEST <= at <= _LATEST else None
