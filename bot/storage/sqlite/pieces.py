"""What the pieces of texts give, remembered: pieces between white space come again and again."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PIECES_MAX = 16_384  # remembered; with a few hundred bytes each, some 5 MB
PIECE_MAX = 24  # characters of one that is: words come again, lines without a blank do not


class Pieces(dict[str, T]):
    """Works out what a piece gives when it is first asked for. For one thread at a time."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, piece: str) -> T:
        """Return what *piece* gives, and remember it if it is short."""
        given = self._work_out(piece)
        if len(piece) <= PIECE_MAX:
            if len(self) >= PIECES_MAX:
                self.clear()
            self[piece] = given
        return given
