"""Servers that asked to be left alone, kept in memory: a feed's word binds pages, too."""

import asyncio
from collections import OrderedDict

from yarl import URL

from bot.errors import FeedError, FetchFailed
from bot.feeds import faults
from bot.feeds.groups import group_of
from bot.feeds.wording import shown

_USUAL_S = 900.0  # where a server does not say for how long
_HELD_MAX = 1_000


class Holds:
    """Until when which servers are not asked for pages, by host group."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()  # on the loop's clock

    def note(self, error: FeedError) -> None:
        """Remember a server that says by *error* that it is asked too often, or when to return."""
        if not isinstance(error, FetchFailed) or error.status is None:
            return
        if faults.is_too_often(error.url, error.status) or error.retry_after_s is not None:
            until = asyncio.get_running_loop().time() + (error.retry_after_s or _USUAL_S)
            server = server_of(error.url)
            self._until[server] = max(until, self._until.get(server, 0.0))
            self._until.move_to_end(server)
            while len(self._until) > _HELD_MAX:
                self._until.popitem(last=False)

    def check(self, url: str) -> None:
        """Raise FetchFailed where the server of *url* is to be left alone."""
        server = server_of(url)
        left_s = self._until.get(server, 0.0) - asyncio.get_running_loop().time()
        if left_s > 0:
            raise FetchFailed(
                f"{shown(url)} is not read: {server} said that Herald asks too often.", url=url
            )
        self._until.pop(server, None)


def server_of(url: str) -> str:
    """Return the host group of *url*, or host and port where it stands for itself."""
    return group_of(url) or URL(url).authority
