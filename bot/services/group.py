"""Put what polls brought into stories, before it is delivered.

::

    record ─► (poke) group_entries, some at a time ─► on_grouped ─► deliver
"""

import asyncio
from collections.abc import Callable

from bot.news.models import FeedId
from bot.news.ports import Clock, Feeds

REST_MAX_S = 1.0  # after some were decided, so that a busy writer does not keep posts waiting


class Grouper:
    """Decides in its own turn, so that polls and commands are not kept waiting by it.

    ``on_grouped`` is told after each transaction: what is owed can be delivered. One that
    ``gives_way`` rests after some decisions for as long as they took, waiting for the writer
    included: the polls that bring ten thousand feeds for the first time come first.
    """

    def __init__(
        self,
        storage: Feeds,
        clock: Clock,
        *,
        on_grouped: Callable[[], None] = lambda: None,
        gives_way: bool = False,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._on_grouped = on_grouped
        self._gives_way = gives_way

    async def group_due(self) -> int:
        """Put all that waits into stories; return how many entries that were."""
        return await self._group(None)

    async def group_feed(self, feed_id: FeedId) -> int:
        """Put what waits of one feed into stories; return how many entries that were."""
        return await self._group(feed_id)

    async def _group(self, feed_id: FeedId | None) -> int:
        count = 0
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        while some := await self._storage.group_entries(self._clock.now(), feed_id):
            count += some
            self._on_grouped()
            if self._gives_way:
                await asyncio.sleep(min(loop.time() - began_at, REST_MAX_S))
            began_at = loop.time()
        return count
