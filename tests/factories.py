"""Domain values with defaults, so that a test shows only what matters to it.

Each counts on its own where values must differ (``entry()`` twice gives two entries).
"""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.news.models import (
    ChannelId,
    Check,
    Claim,
    Delivery,
    DeliveryId,
    Entry,
    EntryId,
    Feed,
    FeedId,
    FeedState,
    GuildId,
    NewEntry,
    NewSubscription,
    ParsedEntry,
    ParsedFeed,
    Query,
    Refresh,
    SearchRequest,
    SeenEntry,
    Sort,
    StoryId,
    Summary,
    UserId,
    Validators,
)

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
GUILD = GuildId(100_000_000_000_000_001)
CHANNEL = ChannelId(200_000_000_000_000_001)
OTHER_CHANNEL = ChannelId(200_000_000_000_000_002)
ADMIN = UserId(300_000_000_000_000_001)
FEED_URL = "https://courier.example.org/feed.xml"

_numbers = itertools.count(1)


def parsed_entry(
    title: str | None = None,
    *,
    guid: str | None = None,
    url: str | None = None,
    teaser: str = "",
    text: str = "",
    author: str | None = None,
    image_url: str | None = None,
    published_at: datetime | None = NOW,
    updated_at: datetime | None = None,
    tags: tuple[str, ...] = (),
) -> ParsedEntry:
    """Return an entry as its document gives it; guid, link and title differ from call to call."""
    number = next(_numbers)
    return ParsedEntry(
        guid=guid or f"tag:courier.example.org,2026:{number}",
        url=url or f"https://courier.example.org/{number}",
        title=f"Report number {number}" if title is None else title,
        teaser=teaser,
        text=text,
        author=author,
        image_url=image_url,
        published_at=published_at,
        updated_at=updated_at,
        tags=tags,
    )


def parsed_feed(*entries: ParsedEntry, title: str = "The Harbour Courier") -> ParsedFeed:
    """Return a feed document with these entries."""
    return ParsedFeed(
        title=title, site_url="https://courier.example.org/", kind="rss20", entries=entries
    )


def new_entry(
    entry: ParsedEntry | str | None = None,
    *,
    aliases: Iterable[str] | None = None,
    deliver_to: Iterable[ChannelId] = (),
) -> NewEntry:
    """Return an entry to store; *entry* may be just its title, *deliver_to* channels of GUILD."""
    parsed = entry if isinstance(entry, ParsedEntry) else parsed_entry(entry)
    return NewEntry(
        entry=parsed,
        aliases=tuple(aliases) if aliases is not None else (f"g:{parsed.guid}", f"l:{parsed.url}"),
        deliver_to=tuple((GUILD, channel) for channel in deliver_to),
    )


def check(at: datetime = NOW, *, new_entries: int = 0, error: str | None = None) -> Check:
    """Return a poll as remembered."""
    return Check(
        at=at,
        status=None if error else 200,
        took_ms=80,
        size=4_096,
        new_entries=new_entries,
        error=error,
    )


def refresh(
    feed_id: FeedId,
    *new: NewEntry,
    seen: Iterable[SeenEntry] = (),
    at: datetime = NOW,
    next_poll_at: datetime | None = None,
    failures: int = 0,
    state: FeedState = FeedState.OK,
    last_error: str | None = None,
    validators: Validators | None = None,
    body_hash: str | None = None,
    title: str | None = None,
) -> Refresh:
    """Return what a poll changes; *new* is oldest first."""
    return Refresh(
        feed_id=feed_id,
        check=check(at, new_entries=len(new), error=last_error),
        next_poll_at=next_poll_at or at + timedelta(minutes=15),
        next_poll_reason="every 15 minutes",
        failures=failures,
        state=state,
        last_error=last_error,
        validators=validators,
        body_hash=body_hash,
        title=title,
        new=new,
        seen=tuple(seen),
    )


def wish(
    channel_id: ChannelId = CHANNEL,
    *,
    guild_id: GuildId = GUILD,
    name: str = "Courier",
    backfill: int = 0,
) -> NewSubscription:
    """Return a channel's wish to follow a feed."""
    return NewSubscription(
        guild_id=guild_id, channel_id=channel_id, name=name, added_by=ADMIN, backfill=backfill
    )


def search_request(
    text: str = "",
    *,
    words: Iterable[str] | None = None,
    phrases: Iterable[str] = (),
    excluded: Iterable[str] = (),
    channels: Iterable[ChannelId] | None = None,
    feed_id: FeedId | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sort: Sort = Sort.BEST,
    offset: int = 0,
    limit: int = 5,
) -> SearchRequest:
    """Return a search for the words of *text*, by default of the whole archive."""
    return SearchRequest(
        query=Query(
            text=text,
            words=tuple(text.split() if words is None else words),
            phrases=tuple(phrases),
            excluded=tuple(excluded),
        ),
        channels=None if channels is None else frozenset(channels),
        feed_id=feed_id,
        since=since,
        until=until,
        sort=sort,
        offset=offset,
        limit=limit,
    )


def feed(
    feed_id: int = 1,
    *,
    url: str = FEED_URL,
    title: str = "The Harbour Courier",
    state: FeedState = FeedState.OK,
    failures: int = 0,
    last_error: str | None = None,
    next_poll_at: datetime = NOW,
    validators: Validators | None = None,
    body_hash: str | None = None,
) -> Feed:
    """Return a feed as stored."""
    return Feed(
        id=FeedId(feed_id),
        url=url,
        title=title,
        site_url="https://courier.example.org/",
        validators=validators or Validators(),
        body_hash=body_hash,
        state=state,
        failures=failures,
        last_error=last_error,
        created_at=NOW,
        next_poll_at=next_poll_at,
    )


def entry(
    title: str | None = None,
    *,
    entry_id: int | None = None,
    feed_id: int = 1,
    url: str | None = None,
    teaser: str = "",
    text: str = "",
    published_at: datetime | None = NOW,
    first_seen_at: datetime = NOW,
) -> Entry:
    """Return an entry as stored, the only one of its story."""
    number = next(_numbers) if entry_id is None else entry_id
    return Entry(
        id=EntryId(number),
        feed_id=FeedId(feed_id),
        story_id=StoryId(number),
        url=url or f"https://courier.example.org/{number}",
        title=f"Report number {number}" if title is None else title,
        teaser=teaser,
        text=text,
        text_method=None,
        author=None,
        image_url=None,
        published_at=published_at,
        first_seen_at=first_seen_at,
    )


def claim(
    led_by: Entry | None = None,
    *,
    delivery_id: int = 1,
    channel_id: ChannelId = CHANNEL,
    attempts: int = 1,
    source_name: str = "Courier",
    summary: Summary | None = None,
) -> Claim:
    """Return a delivery taken for sending."""
    leading = led_by or entry()
    return Claim(
        delivery=Delivery(
            id=DeliveryId(delivery_id),
            story_id=leading.story_id,
            guild_id=GUILD,
            channel_id=channel_id,
            nonce=f"nonce-{delivery_id}",
            attempts=attempts,
            created_at=NOW,
        ),
        entry=leading,
        feed=feed(leading.feed_id),
        source_name=source_name,
        summary=summary,
    )
