"""Memory for large bodies: so much for all that are on their way or wait to be read.

Small ones are free, as few of them are in flight at a time. A larger one takes a megabyte after the
other while it arrives, and gives all back when it was read. Where nothing is left it waits a
little, and is then given up, so that bodies which wait for each other cannot wait for ever.
"""

import asyncio
import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from bot.feeds import faults
from bot.feeds.limits import MIB, Limits

_MAPPED_BYTES = 256 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h of the GNU C library


def return_freed_bodies() -> None:
    """Have the C library give blocks as large as bodies back to the system when they are freed.

    glibc does so above 128 KiB at first, and raises that to the size of whatever large block was
    freed (mallopt(3), on the dynamic threshold): after one body of 10 MB all others lie in the
    heap, which small things behind them keep from shrinking. Naming a size ends that. C libraries
    without mallopt have no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


class Ration:
    """What large bodies may take in all."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.bodies_bytes
        self._more = asyncio.Event()

    @contextmanager
    def place(self, url: str) -> Iterator["Place"]:
        """Keep what the body at *url* takes until the block is over."""
        place = Place(self, url, self._limits.small_bytes)
        try:
            yield place
        finally:
            self._left += place.taken
            self._more.set()

    async def take(self, size: int) -> None:
        """Take so many bytes, waiting for them a little. Raises TimeoutError."""
        if size > self._left:
            async with asyncio.timeout(self._limits.bodies_wait_s):
                while size > self._left:
                    self._more.clear()
                    await self._more.wait()
        self._left -= size


class Place:
    """What one body takes."""

    def __init__(self, ration: Ration, url: str, free_bytes: int) -> None:
        self._ration = ration
        self._url = url
        self._enough_for = free_bytes
        self.taken = 0

    async def hold(self, size: int) -> None:
        """See to it that there is memory for a body of *size* bytes. Raises ReaderBusy."""
        while size > self._enough_for:
            try:
                await self._ration.take(MIB)
            except TimeoutError:
                why = "Herald has too many large documents in hand"
                raise faults.busy(self._url, why) from None
            self.taken += MIB
            self._enough_for += MIB
