"""What is done with a post once it is in its channel: published to followers, given a thread.

They are debts of their own, so that neither holds up the next post.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.news.models import ChannelId, DeliveryId, MessageId

# Of a channel. Discord does not document it; users of announcement channels meet it, and the 429
# that comes with it.
PUBLISHED_HOURLY_MAX = 10
ERRAND_MAX_AGE = timedelta(days=1)  # after that nobody needs it any more


class ErrandKind(StrEnum):
    """What is to be done."""

    PUBLISH = "publish"  # to the channels that follow an announcement channel
    THREAD = "thread"  # open one, to talk about the story


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing to be done with one post. ``attempts`` counts this one."""

    delivery_id: DeliveryId
    kind: ErrandKind
    channel_id: ChannelId
    message_id: MessageId
    title: str  # of the story
    attempts: int
