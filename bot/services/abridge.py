"""Make the summary of a story: without a model, then by one where there is one and time for it."""

from collections import deque
from datetime import datetime, timedelta

import structlog

from bot.errors import SummaryError
from bot.news.models import ChannelId, Claim, Delivery, Entry, Length, Summary
from bot.news.ports import Clock, Model, Summariser

log = structlog.get_logger()

LATE_MAX_S = 10.0  # that a post may be late because of the model
_WORTH_S = 2.0  # less time is not worth asking for, unless LATE_MAX_S is less
_LONGER = 1.2  # times its summary, from which on a text is worth a model's
_REMEMBERED = timedelta(hours=1)


class Abridger:
    """Makes summaries.

    ``late_max_s``: how long a post may be late because of the model. A channel's posts go out one
    after the other, so that each is late by what was waited for those before it, too: the time is
    counted for the channel since the story was owed to it.
    """

    def __init__(
        self,
        summariser: Summariser,
        model: Model | None,
        clock: Clock,
        *,
        late_max_s: float = LATE_MAX_S,
    ) -> None:
        self._summariser = summariser
        self._model = model
        self._clock = clock
        self._late_max_s = late_max_s
        self._waits: dict[ChannelId, deque[tuple[datetime, float]]] = {}

    async def summary(
        self, entry: Entry, claim: Claim | None = None, *, length: Length = Length.NORMAL
    ) -> Summary:
        """Return the summary of *entry*, whose text is its article's, for *claim* or a preview.

        *length*: of a preview's; a claim says its own.

        A correction goes out at once and without the model: a post never changes its words because
        a model that failed works again.
        """
        max_words = (claim.length if claim is not None else length).words
        ready = self._without_model(entry, max_words)
        is_correction = claim is not None and claim.message_id is not None
        is_short = len(entry.text) <= _LONGER * len(ready.text)
        if self._model is None or is_correction or is_short:
            return ready
        within_s = self._late_max_s - (self._late_s(claim.delivery) if claim else 0)
        if within_s < min(_WORTH_S, self._late_max_s):
            log.info("summary.hurried", story=entry.story_id)
            return ready
        began = self._clock.now()
        try:
            return await self._model.summarise(
                title=entry.title, text=entry.text, within_s=within_s, max_words=max_words
            )
        except SummaryError as error:
            log.warning(
                "summary.fell_back",
                story=entry.story_id,
                method=ready.method,
                reason=str(error),
                kind=type(error).__name__,
            )
            return ready
        finally:
            if claim is not None:
                self._note(claim.delivery.channel_id, began)

    def _without_model(self, entry: Entry, max_words: int) -> Summary:
        try:
            return self._summariser.summarise(
                title=entry.title, text=entry.text, teaser=entry.teaser, max_words=max_words
            )
        except SummaryError as error:
            log.warning("summary.failed", story=entry.story_id, reason=str(error))
            return Summary(text=entry.teaser, method="feed")

    def _late_s(self, delivery: Delivery) -> float:
        """Return how long its channel has waited for the model since *delivery* was owed."""
        waits = self._waits.get(delivery.channel_id, ())
        return sum(seconds for ended_at, seconds in waits if ended_at > delivery.created_at)

    def _note(self, channel: ChannelId, began: datetime) -> None:
        now = self._clock.now()
        waits = self._waits.setdefault(channel, deque())
        waits.append((now, max((now - began).total_seconds(), 0.0)))
        while waits and now - waits[0][0] > _REMEMBERED:
            waits.popleft()
