"""Put what polls brought into stories, before it is delivered.

::

    record ─► (poke) group_entries, some at a time ─► on_grouped ─► deliver
"""

from collections.abc import Callable

from bot.news.models import FeedId
from bot.news.ports import Clock, Storage


class Grouper:
    """Decides in its own turn, so that polls and commands are not kept waiting by it.

    ``on_grouped`` is told after each transaction: what is owed can be delivered.
    """

    def __init__(
        self, storage: Storage, clock: Clock, *, on_grouped: Callable[[], None] = lambda: None
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._on_grouped = on_grouped

    async def group_due(self) -> int:
        """Put all that waits into stories; return how many entries that were."""
        return await self._group(None)

    async def group_feed(self, feed_id: FeedId) -> int:
        """Put what waits of one feed into stories; return how many entries that were."""
        return await self._group(feed_id)

    async def _group(self, feed_id: FeedId | None) -> int:
        count = 0
        while some := await self._storage.group_entries(self._clock.now(), feed_id):
            count += some
            self._on_grouped()
        return count
