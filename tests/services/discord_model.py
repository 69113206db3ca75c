"""A model of Discord at the publisher's port, for tests that live through much of it.

It keeps to Discord's rules where they bear on losing and doubling: a nonce is known for a few
minutes, an answer can be lost after the message was made, permissions come and go, a moderator
deletes. Unlike `FakePublisher` it remembers all that was ever posted, deleted or not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.errors import (
    ChannelGone,
    DiscordUnavailable,
    Forbidden,
    HistoryHidden,
    MessageGone,
    PublishError,
    RateLimited,
)
from bot.news.models import ChannelId, MessageId, Post

NONCES_FOR = timedelta(minutes=3)
LOOK_BACK = 50


class Mood(Enum):
    """What becomes of one request."""

    FAILS = auto()  # a 5xx, nothing was done
    FAILS_AFTER_EFFECT = auto()  # a 5xx, or an answer that never came: it was done
    LIMITS = auto()  # a 429
    FORBIDS = auto()  # a 403 out of the blue


@dataclass(slots=True, kw_only=True, eq=False)
class Sent:
    """A message of Herald's, as it reads now or read when it was deleted."""

    id: MessageId
    channel_id: ChannelId
    post: Post
    nonce: str
    at: datetime
    is_deleted: bool = False


@dataclass
class DiscordModel:
    """What Discord is to Herald's outbox. ``moods`` befall the next requests, in order."""

    now: Callable[[], datetime]
    moods: list[Mood] = field(default_factory=list)
    denied: set[ChannelId] = field(default_factory=set)
    gone: set[ChannelId] = field(default_factory=set)
    hidden: set[ChannelId] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)

    def in_channel(self, channel_id: ChannelId) -> list[Sent]:
        """Return all that was ever posted there, oldest first."""
        return [each for each in self.sent if each.channel_id == channel_id]

    async def publish(self, channel_id: ChannelId, post: Post, nonce: str) -> MessageId:
        """Post, unless the nonce was used lately."""
        self._let_in(channel_id)
        mood = self._mood(channel_id)
        since = self.now() - NONCES_FOR
        for each in self.in_channel(channel_id):
            if each.nonce == nonce and each.at > since and not each.is_deleted:
                made = each
                break
        else:
            made = Sent(
                id=MessageId(9_000_000 + len(self.sent)),
                channel_id=channel_id,
                post=post,
                nonce=nonce,
                at=self.now(),
            )
            self.sent.append(made)
        self._lose(mood, channel_id)
        return made.id

    async def find(
        self, channel_id: ChannelId, post: Post, after: MessageId | None
    ) -> MessageId | None:
        """Return the newest message later than *after* with the post's link or title."""
        self._let_in(channel_id)
        self._lose(self._mood(channel_id), channel_id)
        if channel_id in self.hidden:
            raise HistoryHidden("Nobody may look.", channel_id=channel_id)
        here = [each for each in self.in_channel(channel_id) if not each.is_deleted]
        for each in reversed(here[-LOOK_BACK:]):
            if after is not None and each.id <= after:
                return None
            same_link = post.url is not None and each.post.url == post.url
            if same_link or each.post.title == post.title:
                return each.id
        return None

    async def takes_nonce(self, channel_id: ChannelId) -> bool:  # noqa: ARG002  # the port's
        """Return True: these are text channels."""
        return True

    async def fitting(self, channel_id: ChannelId, post: Post) -> int:
        """Return that all of a bundle fit."""
        self._let_in(channel_id)
        return 1 + len(post.bundled)

    async def edit(self, channel_id: ChannelId, message_id: MessageId, post: Post) -> None:
        """Change a message, unless it was deleted."""
        self._let_in(channel_id)
        mood = self._mood(channel_id)
        for each in self.sent:
            if each.id == message_id and not each.is_deleted:
                each.post = post
                self._lose(mood, channel_id)
                return
        raise MessageGone("The message no longer exists.", channel_id=channel_id)

    def _let_in(self, channel_id: ChannelId) -> None:
        if channel_id in self.gone:
            raise ChannelGone("The channel no longer exists.", channel_id=channel_id)
        if channel_id in self.denied:
            raise Forbidden(
                "Herald lacks Send Messages.", channel_id=channel_id, may_have_landed=False
            )

    def _mood(self, channel_id: ChannelId) -> Mood | None:
        """Return how this request goes; raise where nothing is done about it."""
        match mood := self.moods.pop(0) if self.moods else None:
            case Mood.FAILS:
                raise DiscordUnavailable("Discord answered 500.", channel_id=channel_id)
            case Mood.LIMITS:
                raise RateLimited("Too fast.", channel_id=channel_id, retry_after_s=40)
            case Mood.FORBIDS:
                raise Forbidden("Discord refuses.", channel_id=channel_id)
            case _:
                return mood

    @staticmethod
    def _lose(mood: Mood | None, channel_id: ChannelId) -> None:
        if mood is Mood.FAILS_AFTER_EFFECT:
            error: PublishError = DiscordUnavailable("No answer came.", channel_id=channel_id)
            raise error
