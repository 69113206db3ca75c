"""A SAX driver for feedparser that hands over text in large pieces. Runs in the worker.

Expat reports each line and each entity of a text by a call of its own, and feedparser does much at
each call. With expat's own buffer on, feedparser reads a feed of 540 KB with escaped HTML in 50 ms
instead of 140 to 190 ms, to the same result.
"""

from typing import Any
from xml.sax import expatreader  # what feedparser uses anyway

_BUFFER = 64 * 1024  # bytes


class BufferedParser(expatreader.ExpatParser):
    """Expat with its text buffer on."""

    _parser: Any

    def reset(self) -> None:
        """Make a new expat parser, and set it up."""
        super().reset()
        self._parser.buffer_text = True
        self._parser.buffer_size = _BUFFER


def create_parser(*_: object) -> BufferedParser:
    """Return a parser: the function that xml.sax.make_parser asks a driver for."""
    return BufferedParser()
