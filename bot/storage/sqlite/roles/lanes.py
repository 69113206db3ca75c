"""What every role of the storage works with."""

from pathlib import Path

from bot.storage.sqlite.connection import Lane
from bot.storage.sqlite.index import SearchIndex


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
