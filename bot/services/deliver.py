"""Deliver stories: take what the outbox owes, compose it, post it, mark it; edit what changed.

::

    claim ─► article ─► summary ─► compose ─┬► settle_bundle? ─► publish(nonce) ─► mark_sent
                                            ├► edit ──────────► mark_edited | leave_as_posted
                                            └► retry_at | hold | abandon | hold_channel

A crash after ``publish`` and before ``mark_sent`` posts again with the same nonce, which Discord
answers with the first message for "a few minutes"; once that is not certain any more, or where no
nonce is taken, the channel is looked at before sending. An edit is the same however often it is
made.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlsplit

import structlog

from bot.errors import (
    ChannelGone,
    ConfigError,
    Forbidden,
    HistoryHidden,
    MessageGone,
    PostRefused,
    PublishError,
    RateLimited,
    StorageError,
)
from bot.news.models import Article, Claim, DeliveryId, Entry, Feed, HoldKind, MessageId, Post
from bot.news.ports import Articles, Clock, Model, Publisher, Storage, Summariser
from bot.news.posts import bundle, compose, compose_digest, compose_roundup
from bot.services.abridge import LATE_MAX_S, Abridger
from bot.services.calls import Calls

log = structlog.get_logger()

# Channels served at once. After five posts a channel waits for up to five seconds (Discord's
# limit), and 50 a second are allowed in all: with fewer than 50, time is lost by waiting.
BATCH = 128
CLAIMED_TOGETHER = 16  # while as many others are under way: a claim costs about what a mark does
LEASE = timedelta(minutes=2)  # longer than article, summary and Discord's own retries take together
FORBIDDEN_RETRY = timedelta(minutes=15)  # a held queue costs one check of permissions in this time
BACKOFF_MIN = timedelta(seconds=5)
BACKOFF_MAX = timedelta(minutes=10)
NONCE_TRUSTED_FOR = timedelta(minutes=2)  # Discord does not say how many minutes "a few" are
UNSURE_MAX = timedelta(days=1)  # that a post waits for somebody to let Herald look for it
REFUSED_ATTEMPTS_MAX = 5  # of a post that Discord finds malformed, over two and a half minutes
ARTICLE_MAX_S = 25.0  # for an article's page, the wait for its server's other pages included
READINGS_MAX = 2 * BATCH  # articles that are remembered for claims made before they were stored
UNWRITTEN_RETRY_S = 0.5  # after a mark that the database did not take; longer each time
UNWRITTEN_RETRY_MAX_S = 10.0
BROKEN_ATTEMPTS_MAX = 10  # of a story that our own code fails on, about an hour


@dataclass(slots=True)
class _Reading:
    """An article that somebody reads, or has read."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    article: Article | None = None


class Deliverer:
    """Sends what is due. One instance, one process.

    ``article_max_s``: how long an article is waited for; ``model_max_s``: how long a post may be
    late because of *model*; ``calls`` decides whom posts call, by default nobody; ``on_sent``
    is told of each post that landed.
    """

    def __init__(
        self,
        storage: Storage,
        articles: Articles,
        summariser: Summariser,
        publisher: Publisher,
        clock: Clock,
        *,
        calls: Calls | None = None,
        article_max_s: float = ARTICLE_MAX_S,
        model: Model | None = None,
        model_max_s: float = LATE_MAX_S,
        on_sent: Callable[[Claim, Post], None] = lambda _claim, _post: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._storage = storage
        self._articles = articles
        self._abridger = Abridger(summariser, model, clock, late_max_s=model_max_s)
        self._publisher = publisher
        self._calls = calls
        self._clock = clock
        self._article_max_s = article_max_s
        self._on_sent = on_sent
        self._sleep = sleep
        self._readings: OrderedDict[Entry, _Reading] = OrderedDict()

    async def deliver_due(self) -> int:
        """Send and edit all that is due now, each channel in order; return how many that were.

        A slow page or model holds up its own channel only: whenever a post is done, what is due by
        then is claimed. Calls may overlap; a channel whose oldest is being sent is passed over by
        its lease.

        Raises StorageError or ConfigError where nothing can go on, once what is under way is done:
        a post that is cut off may be there or not.
        """
        sent = 0
        going: set[asyncio.Task[int | StorageError | ConfigError]] = set()
        fault: StorageError | ConfigError | None = None
        async with asyncio.TaskGroup() as group:
            while True:
                room = BATCH - len(going)
                if fault is None and room >= CLAIMED_TOGETHER:
                    try:
                        now = self._clock.now()
                        claims = await self._storage.claim_deliveries(now, LEASE, room)
                    except StorageError as error:
                        fault = error
                    else:
                        going |= {group.create_task(self._attempt(claim)) for claim in claims}
                if not going:
                    break
                done, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    outcome = task.result()
                    if isinstance(outcome, int):
                        sent += outcome
                    else:
                        fault = outcome
        if fault is not None:
            raise fault
        return sent

    async def _attempt(self, claim: Claim) -> int | StorageError | ConfigError:
        """Return how many posts went; an error that keeps all from going on, as a value."""
        try:
            return await self._deliver(claim)
        except (StorageError, ConfigError) as error:
            return error

    async def _deliver(self, claim: Claim) -> int:
        """Send or edit the message of a claim; return how many posts that was."""
        delivery = claim.delivery
        line = log.bind(
            delivery=delivery.id,
            story=delivery.story_id,
            channel=delivery.channel_id,
            attempts=delivery.attempts,
        )
        try:
            post = await self._compose(claim)
            message_id, was_found = await self._take_to_channel(claim, post)
        except PublishError as error:
            await self._hold(claim, error)
            line.warning("delivery.held", reason=str(error), kind=type(error).__name__)
            return 0
        except StorageError:
            raise  # the loop's affair: nothing can be written down now
        except ConfigError as error:  # the token: the operator's affair, and certainly not sent
            await self._storage.retry_at(
                delivery.id,
                self._clock.now(),
                str(error),
                may_be_there=delivery.tried_at is not None,
            )
            raise
        except Exception:
            # A bug of ours on this story must not hold up other channels, nor this one for ever.
            log.exception("delivery.broken", delivery=delivery.id)
            await self._set_aside(claim)
            return 0
        if claim.message_id is not None:
            await self._write_down(
                delivery.id, lambda now: self._storage.mark_edited(delivery.id, now)
            )
            line.info("delivery.edited", message=message_id)
            return 1
        await self._write_down(
            delivery.id,
            lambda now: self._storage.mark_sent(delivery.id, message_id, now, was_found=was_found),
        )
        event = "delivery.found" if was_found else "delivery.sent"
        stories = claim.digest.stories if claim.digest else len(claim.roundup)
        line.info(event, message=message_id, told=max(stories, 1 + len(post.bundled)))
        self._on_sent(claim, post)
        return 1 + len(post.bundled)

    async def _write_down(
        self, delivery_id: DeliveryId, mark: Callable[[datetime], Awaitable[None]]
    ) -> None:
        """Write down what Discord has taken, as soon as the database takes it.

        Until then this process alone knows of the message.
        """
        for attempt in count(1):
            try:
                await mark(self._clock.now())
            except StorageError as error:
                if attempt == 1:
                    log.warning("delivery.unwritten", delivery=delivery_id, reason=str(error))
                await self._sleep(min(attempt * UNWRITTEN_RETRY_S, UNWRITTEN_RETRY_MAX_S))
            else:
                return

    async def _take_to_channel(self, claim: Claim, post: Post) -> tuple[MessageId, bool]:
        """Post or edit; return the message, and whether it was there already."""
        delivery = claim.delivery
        if claim.message_id is not None:
            await self._publisher.edit(delivery.channel_id, claim.message_id, post)
            return claim.message_id, False
        found = await self._look_back(claim, post)
        if found is not None:
            return found, True
        return await self._publisher.publish(delivery.channel_id, post, delivery.nonce), False

    async def _look_back(self, claim: Claim, post: Post) -> MessageId | None:
        """Return the message of an earlier attempt that its nonce no longer tells of.

        Counted from the first attempt that may have landed: later ones may have failed since. Where
        nobody may look, the post waits for that to change, and after UNSURE_MAX is sent: once more
        in the channel is better than never.
        """
        delivery = claim.delivery
        if delivery.tried_at is None:
            return None
        age = self._clock.now() - delivery.tried_at
        is_recent = timedelta(0) <= age < NONCE_TRUSTED_FOR  # a clock set back says nothing
        if is_recent and await self._publisher.takes_nonce(delivery.channel_id):
            return None
        try:
            return await self._publisher.find(delivery.channel_id, post, claim.newest_message_id)
        except HistoryHidden:
            if age < UNSURE_MAX:
                raise
            log.warning("delivery.repeated", delivery=delivery.id, channel=delivery.channel_id)
            return None

    async def _set_aside(self, claim: Claim) -> None:
        delivery, reason = claim.delivery, "an error in Herald, see the log"
        if delivery.attempts < BROKEN_ATTEMPTS_MAX:
            due_at = self._clock.now() + backoff(delivery.attempts)
            await self._storage.retry_at(delivery.id, due_at, reason, may_be_there=True)
        else:
            await self._give_up(claim, reason)

    async def _give_up(self, claim: Claim, reason: str, *, may_be_there: bool = True) -> None:
        delivery = claim.delivery
        if claim.is_settled and claim.message_id is None:
            # One of them is the reason, and the others must not fall with it.
            log.warning("bundle.dissolved", delivery=delivery.id, reason=reason)
            now = self._clock.now()
            await self._storage.dissolve_bundle(delivery.id, now, reason, may_be_there=may_be_there)
            return
        log.error("delivery.abandoned", delivery=delivery.id, reason=reason)
        if claim.message_id is not None:
            await self._storage.leave_as_posted(delivery.id, reason)
        else:
            await self._storage.abandon(delivery.id, reason)

    async def _compose(self, claim: Claim) -> Post:
        """Return the post of a claim, with those that are in its message; settle which these are.

        One that our own code fails on is left out of a bundle that is not settled yet.
        """
        if not claim.bundle:
            return await self._compose_one(claim)
        composed: list[asyncio.Task[Post | Exception]] = []
        async with asyncio.TaskGroup() as group:
            composed += [group.create_task(self._try_to_compose(each)) for each in claim.bundle]
        is_open = claim.message_id is None and not claim.is_settled
        posts: list[Post] = []
        for task in composed:
            match task.result():
                case Exception() as error if isinstance(error, StorageError | ConfigError) or not (
                    posts and is_open
                ):
                    raise error
                case Exception():
                    break
                case post:
                    posts.append(post)
        if is_open:
            channel_id = claim.delivery.channel_id
            posts = posts[: await self._publisher.fitting(channel_id, bundle(posts))]
            await self._storage.settle_bundle(claim.delivery.id, len(posts))
        return bundle(posts)

    async def _try_to_compose(self, claim: Claim) -> Post | Exception:
        try:
            return await self._compose_one(claim)
        except Exception as error:
            # Handed to the bundle, which tells what is to become of its other posts.
            log.exception("delivery.broken", delivery=claim.delivery.id)
            return error

    async def _compose_one(self, claim: Claim) -> Post:
        if claim.digest is not None:
            return replace(compose_digest(claim.digest), manner=claim.manner)
        if claim.roundup:
            post = compose_roundup(claim.roundup, claim.feed, claim.source_name)
            return replace(post, manner=claim.manner)
        entry = claim.entry
        if entry.text_method is None:
            article = await self._read(entry, claim.feed)
            entry = replace(
                entry, text=article.text, image_url=entry.image_url or article.image_url
            )
        summary = claim.summary
        if summary is None:
            summary = await self._abridger.summary(entry, claim)
            summary = await self._storage.store_summary(claim.entry, summary, claim.length)
        post = compose(entry, claim.feed, claim.source_name, summary, claim.also)
        manner = claim.manner
        if self._calls is not None:
            manner = replace(manner, ping=await self._calls.decide(claim, entry))
        return replace(post, manner=manner)

    async def _read(self, entry: Entry, feed: Feed) -> Article:
        """Read and store the article of *entry*, once for all channels that wait for it.

        Each claim holds the entry as it was when it was claimed, so what others read meanwhile is
        remembered for a while; an edition of it is another entry in this.
        """
        reading = self._readings.setdefault(entry, _Reading())
        self._readings.move_to_end(entry)
        while len(self._readings) > READINGS_MAX:
            self._readings.popitem(last=False)
        async with reading.lock:
            if reading.article is None:
                article = await self._article(entry, feed)
                await self._storage.store_article(entry.id, article)
                reading.article = article
        return reading.article

    async def _article(self, entry: Entry, feed: Feed) -> Article:
        own = max(entry.text, entry.teaser, key=len)
        if (note := _held(entry, feed, self._clock.now())) is not None:
            return Article(text=own, method="teaser", note=note)
        try:
            async with asyncio.timeout(self._article_max_s):
                return await self._articles.article(entry)
        except TimeoutError:
            note = f"Its page did not come within {self._article_max_s:g} s."
            return Article(text=own, method="teaser", note=note)

    async def _hold(self, claim: Claim, error: PublishError) -> None:
        delivery, now = claim.delivery, self._clock.now()
        may_be_there = error.may_have_landed or delivery.tried_at is not None
        match error:
            case ChannelGone():
                log.error("channel.gone", channel=delivery.channel_id, reason=str(error))
                await self._storage.hold_channel(delivery.channel_id, now, str(error))
            case MessageGone():  # a moderator's word: never posted again
                await self._storage.leave_as_posted(delivery.id, str(error))
            case Forbidden() | HistoryHidden():
                kind: HoldKind = "forbidden" if isinstance(error, Forbidden) else "unsure"
                due_at = now + FORBIDDEN_RETRY
                await self._storage.hold(
                    delivery.id, due_at, kind, str(error), now, may_be_there=may_be_there
                )
            case RateLimited(retry_after_s=seconds):
                due_at = now + timedelta(seconds=seconds)
                await self._storage.retry_at(
                    delivery.id, due_at, str(error), may_be_there=may_be_there
                )
            case PostRefused() if delivery.attempts >= REFUSED_ATTEMPTS_MAX:
                await self._give_up(claim, str(error), may_be_there=may_be_there)
            case _:  # unavailable: the channel waits, however long
                due_at = now + backoff(delivery.attempts)
                await self._storage.retry_at(
                    delivery.id, due_at, str(error), may_be_there=may_be_there
                )


def _held(entry: Entry, feed: Feed, now: datetime) -> str | None:
    """Return why the page of *entry* is not asked for now, or None where it may be.

    A feed that was told to stay away until some time speaks for all of its host group.
    """
    if feed.not_before is None or feed.not_before <= now or feed.host_group is None:
        return None
    host = urlsplit(entry.url or "").hostname or ""
    if host != feed.host_group and not host.endswith(f".{feed.host_group}"):
        return None
    until = f"{feed.not_before:%Y-%m-%d %H:%M} UTC"
    return f"{feed.host_group} said that Herald asks too often, and is left alone until {until}."


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after the *attempts*-th failure: doubling from 5 s to 10 min."""
    doublings: int = min(max(attempts - 1, 0), 20)
    return min(BACKOFF_MIN * (1 << doublings), BACKOFF_MAX)
