"""Do what is owed to posts that are there: publish them to followers, open their threads.

::

    claim ─┬► crosspost ───► finish
           ├► open_thread ─► finish
           └► put_off | refuse | drop

Both may be done twice with no harm: Discord says that it was done already.
"""

from datetime import timedelta

import structlog

from bot.errors import (
    ChannelGone,
    Forbidden,
    MessageGone,
    PostRefused,
    PublishError,
    RateLimited,
)
from bot.news.errands import Errand, ErrandKind
from bot.news.ports import Clock, Finisher, Outbox
from bot.services.deliver import FORBIDDEN_RETRY, backoff

log = structlog.get_logger()

BATCH = 20  # at once, before what is due is asked anew


class Errands:
    """Does what is due. One instance, one process, one call at a time."""

    def __init__(self, storage: Outbox, finisher: Finisher, clock: Clock) -> None:
        self._storage = storage
        self._finisher = finisher
        self._clock = clock

    async def run_due(self) -> int:
        """Do all that is due now; return how much that was."""
        done = 0
        while errands := await self._storage.claim_errands(self._clock.now(), BATCH):
            for errand in errands:
                done += await self._run(errand)
        return done

    async def _run(self, errand: Errand) -> bool:
        line = log.bind(
            delivery=errand.delivery_id, channel=errand.channel_id, message=errand.message_id
        )
        try:
            match errand.kind:
                case ErrandKind.PUBLISH:
                    await self._finisher.crosspost(errand.channel_id, errand.message_id)
                case ErrandKind.THREAD:
                    await self._finisher.open_thread(
                        errand.channel_id, errand.message_id, errand.title
                    )
        except (ChannelGone, MessageGone, PostRefused) as error:
            await self._storage.drop_errand(errand, str(error))
            line.warning("errand.dropped", errand=errand.kind.value, reason=str(error))
            return False
        except Forbidden as error:
            now = self._clock.now()
            await self._storage.refuse_errand(errand, now + FORBIDDEN_RETRY, str(error), now)
            line.warning("errand.put_off", errand=errand.kind.value, reason=str(error))
            return False
        except PublishError as error:
            due_at = self._clock.now() + _wait(error, errand.attempts)
            await self._storage.put_off_errand(errand, due_at, str(error))
            line.warning("errand.put_off", errand=errand.kind.value, reason=str(error))
            return False
        await self._storage.finish_errand(errand, self._clock.now())
        line.info("errand.done", errand=errand.kind.value)
        return True


def _wait(error: PublishError, attempts: int) -> timedelta:
    match error:
        case RateLimited(retry_after_s=seconds):
            return timedelta(seconds=seconds)
        case _:
            return backoff(attempts)
