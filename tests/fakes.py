"""Fakes at the ports: they record what they were asked and answer what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import NotAFeed, PublishError
from bot.news.models import (
    Article,
    ChannelId,
    Discovery,
    Entry,
    Failed,
    Fetched,
    MessageId,
    NotModified,
    Outcome,
    ParsedFeed,
    Post,
    Validators,
)
from tests.factories import NOW


class FakeClock:
    """Stands still until told."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the present of the test."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


class FakeMemory:
    """Small facts, for as long as the test."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        return self.facts.get(key)

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact."""
        self.facts[key] = value


@dataclass
class FakePublisher:
    """Keeps posts; a nonce that it has seen gets the first message again, as Discord does.

    ``failures``: raised by the next calls, in order, instead of posting.
    """

    posts: list[tuple[ChannelId, Post]] = field(default_factory=list)
    failures: list[PublishError] = field(default_factory=list)
    _by_nonce: dict[str, MessageId] = field(default_factory=dict)

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Keep the post."""
        if self.failures:
            raise self.failures.pop(0)
        if nonce not in self._by_nonce:
            self.posts.append((channel_id, post))
            self._by_nonce[nonce] = MessageId(900_000_000_000_000_000 + len(self.posts))
        return self._by_nonce[nonce]


@dataclass
class FakeSource:
    """A web of feeds given as values; also reads articles, from what the feed itself says.

    ``sites`` lists the feeds that a page links to; ``errors`` is raised for a URL by discover and
    told as a failure by fetch.
    """

    feeds: dict[str, ParsedFeed] = field(default_factory=dict)
    sites: dict[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def publish(self, url: str, feed: ParsedFeed) -> str:
        """Serve *feed* at *url*."""
        self.feeds[url] = feed
        return url

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        """Return the feed at *url*: unchanged where it was served with these validators before."""
        self.fetched.append(url)
        if url in self.errors:
            return Failed(url=url, reason=str(self.errors[url]), kind="network")
        if url not in self.feeds:
            return Failed(url=url, reason=f"{url} answered 404.", kind="http", status=404)
        found = self._document(url)
        if validators == found.validators or (body_hash and body_hash == found.body_hash):
            return NotModified(url=url, validators=validators, took_ms=3)
        return found

    async def discover(self, url: str) -> Discovery:
        """Return the feed at *url*, or those that its page links to."""
        if url in self.errors:
            raise self.errors[url]
        urls = [url] if url in self.feeds else self.sites.get(url, ())
        if not urls:
            raise NotAFeed(f"{url} answered 200 but offers no feed.", url=url)
        return Discovery(asked_url=url, feeds=tuple(self._document(each) for each in urls))

    async def article(self, entry: Entry) -> Article:
        """Return the entry's own text, or its teaser."""
        if entry.text:
            return Article(text=entry.text, method="feed")
        return Article(text=entry.teaser, method="teaser", note="pages are not read here")

    def _document(self, url: str) -> Fetched:
        feed = self.feeds[url]
        version = str(abs(hash(feed)))
        return Fetched(
            url=url,
            feed=feed,
            validators=Validators(etag=f'"{version}"'),
            body_hash=version,
            size=2048,
            took_ms=12,
        )
