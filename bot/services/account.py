"""Tell the log how many posts were owed and what became of them: once a day, and at the end."""

import json
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog

from bot.news.models import Counts
from bot.news.ports import Clock, Storage

log = structlog.get_logger()

EVERY = timedelta(days=1)
TOLD_KEY = "outbox.counted"  # what the storage keeps the last day's counts under


class Accountant:
    """Keeps the accounts of the outbox. One instance, one process."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def tell_daily(self) -> bool:
        """Log the counts, and those since the last time, if that was a day ago; return whether."""
        now = self._clock.now()
        at, before = await self._last()
        if at is not None and now - at < EVERY:
            return False
        health = await self._storage.health()
        counts: dict[str, int] = asdict(health.counts)
        fresh = {f"new_{what}": count - before.get(what, 0) for what, count in counts.items()}
        # Without a first day there is nothing to compare with.
        log.info(
            "outbox.counted",
            **counts,
            **(fresh if at is not None else {}),
            waiting=health.pending_deliveries,
            waiting_held=health.held_deliveries,
        )
        await self._storage.remember(
            TOLD_KEY, json.dumps({"at": now.isoformat(), "counts": counts})
        )
        return True

    async def tell(self) -> Counts:
        """Log the counts as they stand."""
        health = await self._storage.health()
        log.info(
            "outbox.counted",
            **asdict(health.counts),
            waiting=health.pending_deliveries,
            waiting_held=health.held_deliveries,
        )
        return health.counts

    async def _last(self) -> tuple[datetime | None, dict[str, int]]:
        said = await self._storage.recall(TOLD_KEY)
        if said is None:
            return None, {}
        told = json.loads(said)
        return datetime.fromisoformat(told["at"]), dict(told["counts"])
