"""The bot's own share of Discord: how many requests it makes in a second, whatever is due.

Discord counts 50 requests a second for all that a bot asks ("Rate Limits", Global Rate Limit),
answers the 51st with 429 and counts that towards the ban for 10,000 invalid requests. discord.py
keeps the limits of each route and learns of the bot's only by running into it.
"""

import asyncio
from collections import deque

PER_S = 49  # one less than Discord allows: for requests that overtake each other on their way
WINDOW_S = 1.0
SLOWER_S = 0.01  # longer is the window after each 429 all the same: the line jitters more
SLOWER_MAX_S = 0.25
FORGIVEN_AFTER = 300  # turns is a SLOWER_S
STEP_S = 0.01  # between two requests, so that commands are answered between them


class Turns:
    """Lets requests through, first come, first served: *per_s* in any window. Counts ``taken``."""

    def __init__(
        self, per_s: int = PER_S, *, window_s: float = WINDOW_S, step_s: float = STEP_S
    ) -> None:
        self._window_s = window_s
        self._step_s = step_s
        self._began: deque[float] = deque(maxlen=per_s)
        self._slower_s = 0.0
        self.taken = 0
        self._queue = asyncio.Lock()

    def slow_down(self) -> None:
        """Take note that there were too many all the same."""
        self._slower_s = min(self._slower_s + SLOWER_S, SLOWER_MAX_S)

    async def take(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        async with self._queue:
            at = self._next_at()
            if (wait_s := at - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            self._began.append(loop.time())
            self._slower_s = max(self._slower_s - SLOWER_S / FORGIVEN_AFTER, 0.0)
            self.taken += 1

    def _next_at(self) -> float:
        if not self._began:
            return 0.0
        at = self._began[-1] + self._step_s
        if len(self._began) == self._began.maxlen:
            at = max(at, self._began[0] + self._window_s + self._slower_s)
        return at
