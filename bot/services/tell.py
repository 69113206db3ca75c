"""Tell admins how their feeds fare: take the bulletins owed, post them, mark them.

::

    claim_bulletins ─► announce(nonce) ─► mark_told
                          └► retell_at | drop_bulletin | forget_log_channel

A crash after ``announce`` posts again with the same nonce, as with posts.
"""

from datetime import timedelta

import structlog

from bot.errors import ChannelGone, ConfigError, Forbidden, PublishError, RateLimited, StorageError
from bot.news.models import Bulletin
from bot.news.ports import Announcer, Bulletins, Clock
from bot.services.deliver import BROKEN_ATTEMPTS_MAX, FORBIDDEN_RETRY, LEASE, backoff

log = structlog.get_logger()


class Teller:
    """Sends what the log channels are owed. One instance, one process."""

    def __init__(self, storage: Bulletins, announcer: Announcer, clock: Clock) -> None:
        self._storage = storage
        self._announcer = announcer
        self._clock = clock

    async def tell_due(self) -> int:
        """Send all that is due now; return how many bulletins were sent."""
        sent = 0
        while bulletins := await self._storage.claim_bulletins(self._clock.now(), LEASE):
            for bulletin in bulletins:
                sent += await self._tell(bulletin)
        return sent

    async def _tell(self, bulletin: Bulletin) -> bool:
        line = log.bind(bulletin=bulletin.id, guild=bulletin.guild_id, channel=bulletin.channel_id)
        try:
            message_id = await self._announcer.announce(bulletin)
        except PublishError as error:
            await self._hold(bulletin, error)
            line.warning("bulletin.held", reason=str(error), kind=type(error).__name__)
            return False
        except (StorageError, ConfigError):
            raise  # the loop's affair: nothing can be written down, or sent, now
        except Exception:
            # A bug of ours on this bulletin must not hold up the other guilds' for ever.
            log.exception("bulletin.broken", bulletin=bulletin.id)
            await self._set_aside(bulletin, "an error in Herald, see the log")
            return False
        await self._storage.mark_told(bulletin.id, message_id)
        line.info("bulletin.sent", message=message_id, notices=len(bulletin.notices))
        return True

    async def _hold(self, bulletin: Bulletin, error: PublishError) -> None:
        now = self._clock.now()
        match error:
            case ChannelGone():
                await self._storage.forget_log_channel(bulletin.channel_id)
                await self._storage.drop_bulletin(bulletin.id, str(error))
            case Forbidden():
                await self._storage.retell_at(bulletin.id, now + FORBIDDEN_RETRY, str(error))
            case RateLimited(retry_after_s=seconds):
                due_at = now + timedelta(seconds=seconds)
                await self._storage.retell_at(bulletin.id, due_at, str(error))
            case _:
                await self._storage.retell_at(
                    bulletin.id, now + backoff(bulletin.attempts), str(error)
                )

    async def _set_aside(self, bulletin: Bulletin, reason: str) -> None:
        if bulletin.attempts >= BROKEN_ATTEMPTS_MAX:
            await self._storage.drop_bulletin(bulletin.id, reason)
        else:
            due_at = self._clock.now() + backoff(bulletin.attempts)
            await self._storage.retell_at(bulletin.id, due_at, reason)
