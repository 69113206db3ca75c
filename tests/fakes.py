"""Fakes at the ports: they record what they were asked and answer what they were told."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.errors import HistoryHidden, MessageGone, NotAFeed, PublishError
from bot.news.models import (
    Article,
    CacheHints,
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


@dataclass
class FakeMemory:
    """Remembers facts until the end of the test."""

    facts: dict[str, str] = field(default_factory=dict)

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        return self.facts.get(key)

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact."""
        self.facts[key] = value


@dataclass(kw_only=True)
class FakeMessage:
    """A message of Herald's in a channel."""

    id: MessageId
    channel_id: ChannelId
    post: Post
    edits: int = 0


@dataclass
class FakePublisher:
    """Keeps posts; a nonce that it has seen gets the first message again, as Discord does.

    ``failures``: raised by the next calls, in order, instead of doing anything. ``knows_nonces`` is
    false once the window of all nonces is over; ``may_read_history`` is what `find` needs.
    """

    messages: list[FakeMessage] = field(default_factory=list)
    failures: list[PublishError] = field(default_factory=list)
    knows_nonces: bool = True
    may_read_history: bool = True
    takes_nonces: bool = True
    finds: int = 0  # how often a channel was looked at
    room: int = 10  # posts that fit into one message
    _by_nonce: dict[str, MessageId] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(900_000_000_000_000_001))

    @property
    def posts(self) -> list[tuple[ChannelId, Post]]:
        """What is in the channels, in the order of posting, as it reads now; bundles one by one."""
        return [
            (message.channel_id, post)
            for message in self.messages
            for post in (replace(message.post, bundled=()), *message.post.bundled)
        ]

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Keep the post."""
        self._fail()
        if nonce not in self._by_nonce or not self.knows_nonces:
            made = FakeMessage(id=MessageId(next(self._ids)), channel_id=channel_id, post=post)
            self.messages.append(made)
            self._by_nonce[nonce] = made.id
        return self._by_nonce[nonce]

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the newest message after *after* with the link or title of *post*."""
        self._fail()
        self.finds += 1
        if not self.may_read_history:
            raise HistoryHidden("nobody may look", channel_id=channel_id)
        here = [message for message in self.messages if message.channel_id == channel_id]
        for message in reversed(here[-50:]):
            is_later = after is None or message.id > after
            is_same_link = post.url is not None and message.post.url == post.url
            if is_later and (is_same_link or message.post.title == post.title):
                return message.id
        return None

    async def takes_nonce(self, channel_id: ChannelId) -> bool:  # noqa: ARG002  # the port's
        """Whether this stand-in knows its messages by their nonces."""
        return self.takes_nonces

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:  # noqa: ARG002  # the port's
        """Return how many of a bundle's posts fit."""
        return min(self.room, 1 + len(post.bundled))

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        """Change the message."""
        self._fail()
        for message in self.messages:
            if (message.channel_id, message.id) == (channel_id, message_id):
                message.post = post
                message.edits += 1
                return
        raise MessageGone("The message no longer exists.", channel_id=channel_id)

    def delete(self, message_id: MessageId) -> None:
        """Take a message away, as a moderator may."""
        self.messages = [message for message in self.messages if message.id != message_id]

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class FakeSource:
    """A web of feeds given as values; also reads articles, from what the feed itself says.

    ``sites`` lists the feeds that a page links to; ``errors`` is raised for a URL by discover and
    told as a failure by fetch. ``unvalidated`` are served without validators, ``hints`` with these.
    """

    feeds: dict[str, ParsedFeed] = field(default_factory=dict)
    sites: dict[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    unvalidated: set[str] = field(default_factory=set)
    hints: dict[str, CacheHints] = field(default_factory=dict)

    def group_of(self, url: str) -> str | None:
        """Return the last two labels of the host."""
        return ".".join((urlsplit(url).hostname or "").split(".")[-2:]) or None

    def publish(self, url: str, feed: ParsedFeed) -> str:
        """Serve *feed* at *url*."""
        self.feeds[url] = feed
        return url

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        """Return the feed at *url*: unchanged where it was served with these validators before."""
        self.fetched.append(url)
        if url in self.errors:
            return Failed(url=url, reason=str(self.errors[url]), kind="network")
        if url in self.sites:
            return Failed(url=url, reason=f"{url} is a web page.", kind="not_a_feed", status=200)
        if url not in self.feeds:
            return Failed(url=url, reason=f"{url} answered 404.", kind="http", status=404)
        found = self._document(url)
        is_same = validators == found.validators and url not in self.unvalidated
        if is_same or (body_hash and body_hash == found.body_hash):
            status = 200 if url in self.unvalidated else 304
            return NotModified(
                url=url, status=status, validators=validators, hints=found.hints, took_ms=3
            )
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
            validators=Validators(etag=None if url in self.unvalidated else f'"{version}"'),
            hints=self.hints.get(url, CacheHints()),
            body_hash=version,
            size=2048,
            took_ms=12,
        )
