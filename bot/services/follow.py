"""Follow feeds: what admins do with /feed and operators with `herald feeds`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.errors import NotFollowed
from bot.news.cadence import Pace
from bot.news.models import (
    UNDO_WINDOW,
    ChannelId,
    Check,
    Entry,
    EntryId,
    Feed,
    FeedId,
    Fetched,
    Followed,
    Following,
    GuildId,
    NewSubscription,
    ParsedEntry,
    Post,
    Refresh,
    StoryId,
    SubscriptionId,
)
from bot.news.ports import Articles, Clock, Source, Storage, Summariser
from bot.news.posts import compose
from bot.news.refresh import aliases_of, plan_refresh
from bot.services.poll import FeedPoll, Poller


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A feed found behind a URL, before anybody follows it.

    ``others`` are further feeds of the same site. ``post`` is the newest entry exactly as it would
    be posted; None where the feed has no entries.
    """

    found: Fetched
    others: tuple[Fetched, ...]
    post: Post | None
    newest_at: datetime | None
    per_day: float | None  # entries a day over the document, None where dates do not tell

    @property
    def name(self) -> str:
        """What the feed calls itself."""
        return self.found.feed.title or self.found.url


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedCard:
    """All that /feed show tells."""

    following: Following
    checks: tuple[Check, ...]


class Follower:
    """The use cases of following."""

    def __init__(
        self,
        storage: Storage,
        source: Source,
        articles: Articles,
        summariser: Summariser,
        poller: Poller,
        clock: Clock,
        *,
        pace: Pace,
        random: Callable[[], float],
        on_recorded: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._source = source
        self._articles = articles
        self._summariser = summariser
        self._poller = poller
        self._clock = clock
        self._pace = pace
        self._random = random
        self._on_recorded = on_recorded

    async def look(self, url: str, *, name: str | None = None) -> Proposal:
        """Find the feed behind *url* and compose its newest entry as it would be posted.

        Raises InvalidUrl, NotAFeed or the FeedError that kept the address from being read.
        """
        discovery = await self._source.discover(url)
        return await self.propose(discovery.feeds[0], others=discovery.feeds[1:], name=name)

    async def propose(
        self, found: Fetched, *, others: tuple[Fetched, ...] = (), name: str | None = None
    ) -> Proposal:
        """Compose the newest entry of a document as it would be posted."""
        newest = _newest(found.feed.entries)
        post = None
        if newest is not None:
            feed = _unsaved_feed(found, self._clock.now())
            post = await self.post_of(
                _unsaved_entry(newest, self._clock.now()), feed, name or feed.title
            )
        dates = sorted(e.published_at for e in found.feed.entries if e.published_at)
        return Proposal(
            found=found,
            others=others,
            post=post,
            newest_at=dates[-1] if dates else None,
            per_day=_per_day(dates),
        )

    async def post_of(self, entry: Entry, feed: Feed, source_name: str) -> Post:
        """Compose the post of an entry, reading its article where that is needed."""
        article = await self._articles.article(entry)
        summary = self._summariser.summarise(
            title=entry.title, text=article.text, teaser=entry.teaser
        )
        read = replace(entry, image_url=entry.image_url or article.image_url)
        return compose(read, feed, source_name, summary)

    async def add(self, proposal: Proposal, wish: NewSubscription) -> Followed:
        """Follow a proposed feed: all its entries are marked seen, the newest ``backfill`` queued.

        Raises AlreadyFollowed.
        """
        return await self.follow(proposal.found, wish)

    async def follow(self, found: Fetched, wish: NewSubscription) -> Followed:
        """Follow a document's feed, as `add` does."""
        followed = await self._storage.follow(
            await self._first_refresh(found), wish, self._clock.now()
        )
        self._on_recorded()
        return followed

    async def keep(self, found: Fetched) -> FeedId:
        """Poll a document's feed for the archive, without a channel."""
        refresh = await self._first_refresh(found)
        await self._storage.record(refresh)
        await self._storage.keep_feed(refresh.feed_id, is_kept=True)
        return refresh.feed_id

    async def _first_refresh(self, found: Fetched) -> Refresh:
        now = self._clock.now()
        feed = await self._storage.ensure_feed(found.url, found.feed, now)
        known = await self._storage.known(feed.id, aliases_of(found, feed.url))
        return plan_refresh(feed, found, known, now, pace=self._pace, jitter=self._random())

    async def followings(
        self, guild_id: GuildId, channel_id: ChannelId | None = None
    ) -> Sequence[Following]:
        """Return what a guild, or one of its channels, follows."""
        return await self._storage.followings(guild_id, self._clock.now(), channel_id)

    async def find(
        self, guild_id: GuildId, wanted: str, *, nearest_to: ChannelId | None = None
    ) -> Following:
        """Return the following that *wanted* means: a subscription id, a name, or a URL.

        Where several channels follow it under that name, the one in *nearest_to* wins. Raises
        NotFollowed.
        """
        rows = await self.followings(guild_id)
        text = wanted.strip()
        for matches in (
            [r for r in rows if str(r.subscription.id) == text],
            [r for r in rows if r.subscription.name.casefold() == text.casefold()],
            [r for r in rows if text in {r.feed.url, r.feed.site_url}],
            [r for r in rows if text and text.casefold() in r.subscription.name.casefold()],
        ):
            here = [r for r in matches if r.subscription.channel_id == nearest_to]
            if here or matches:
                return (here or matches)[0]
        raise NotFollowed(
            f"No feed here goes by “{text[:80]}”. Pick one from the list that appears while "
            "you type, or see /feed list.",
            wanted=text,
        )

    async def following(self, subscription_id: SubscriptionId) -> Following | None:
        """Return a subscription, removed ones included while they can be brought back."""
        return await self._storage.following(subscription_id, self._clock.now())

    async def card(self, following: Following, checks: int = 5) -> FeedCard:
        """Return all there is to tell of a subscription."""
        last = await self._storage.checks(following.feed.id, checks)
        return FeedCard(following=following, checks=tuple(last))

    async def sample(self, following: Following, count: int = 1) -> Sequence[Post]:
        """Compose the newest entries of a followed feed exactly as they would be posted."""
        entries = await self._storage.entries(following.feed.id, count)
        name = following.subscription.name
        return [await self.post_of(entry, following.feed, name) for entry in entries]

    async def check(self, following: Following) -> FeedPoll:
        """Poll the feed now."""
        return await self._poller.poll_feed(following.feed)

    async def pause(self, following: Following) -> None:
        """Keep new stories from the channel."""
        await self._storage.pause(following.subscription.id, self._clock.now())

    async def resume(self, following: Following) -> None:
        """Let new stories through again."""
        await self._storage.resume(following.subscription.id)
        self._on_recorded()

    async def remove(self, following: Following) -> datetime:
        """Take a subscription away; return until when it can be brought back."""
        now = self._clock.now()
        await self._storage.remove(following.subscription.id, now)
        return now + UNDO_WINDOW

    async def restore(self, subscription_id: SubscriptionId) -> Following:
        """Bring a removed subscription back. Raises NotFollowed when the time for that is over."""
        found = await self.following(subscription_id)
        if found is None:
            raise NotFollowed(
                "It was removed more than 15 minutes ago and can no longer be brought back. "
                "Use /feed add to follow it again.",
                wanted=str(subscription_id),
            )
        await self._storage.restore(subscription_id)
        self._on_recorded()
        return replace(found, is_removed=False)


def _newest(entries: Sequence[ParsedEntry]) -> ParsedEntry | None:
    """Return the entry with the latest date; without dates, the document's first."""
    floor = datetime.min.replace(tzinfo=UTC)
    return max(entries, key=lambda e: e.published_at or e.updated_at or floor, default=None)


def _per_day(dates: Sequence[datetime]) -> float | None:
    """Return entries a day over the span of *dates* (ascending)."""
    if len(dates) < 2:  # noqa: PLR2004  # a span needs two ends
        return None
    span = max(dates[-1] - dates[0], timedelta(hours=1))
    return (len(dates) - 1) / (span / timedelta(days=1))


def _unsaved_feed(found: Fetched, now: datetime) -> Feed:
    return Feed(
        id=FeedId(0),
        url=found.url,
        title=found.feed.title or found.url,
        site_url=found.feed.site_url,
        icon_url=found.feed.icon_url,
        language=found.feed.language,
        created_at=now,
        next_poll_at=now,
    )


def _unsaved_entry(parsed: ParsedEntry, now: datetime) -> Entry:
    return Entry(
        id=EntryId(0),
        feed_id=FeedId(0),
        story_id=StoryId(0),
        url=parsed.url,
        title=parsed.title,
        teaser=parsed.teaser,
        text=parsed.text,
        text_method=None,
        author=parsed.author,
        image_url=parsed.image_url,
        published_at=parsed.published_at or parsed.updated_at,
        first_seen_at=now,
    )
