"""What every role of the storage works with."""

import asyncio
from pathlib import Path

from bot.storage.sqlite.connection import Lane
from bot.storage.sqlite.index import SearchIndex

_DRAFTS_MAX = 8  # polls that wait for the writer with all the terms of what is new


class Lanes:
    """A writer, a reader, and a reader for what may take long.

    Readers see the last commit and never wait for the writer.
    """

    def __init__(
        self, path: Path, *, index: SearchIndex, writer: Lane, reader: Lane, searcher: Lane
    ) -> None:
        self._path = path
        self._index = index
        self._writer = writer
        self._reader = reader
        self._searcher = searcher
        self._drafting = asyncio.Semaphore(_DRAFTS_MAX)
