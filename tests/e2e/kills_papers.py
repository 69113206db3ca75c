"""The newspapers of the kill test's town, and what they print."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TypeAlias

from tests.servers.discord_state import Channel

_LETTERS = ("bcdfghjklmnpqrstvwxz", "aeiouy")  # consonants and vowels, in turns
_ENDINGS = ("ado", "emi", "iba", "oku", "una")

Story: TypeAlias = int


@dataclass(kw_only=True)
class Piece:
    """What a paper printed. ``titles``: as it was called, the last one now."""

    number: int  # counts all pieces, in the order they were printed
    paper: "Paper"
    story: Story
    link: str
    titles: list[str]
    body: str
    printed_at: datetime

    @property
    def title(self) -> str:
        """What it is called now."""
        return self.titles[-1]


@dataclass(kw_only=True)
class Paper:
    """A newspaper, its channels, and all that it printed, oldest first."""

    name: str
    channels: list[Channel] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    has_pages: bool = False

    @property
    def path(self) -> str:
        """Where its feed is served."""
        return f"/{self.name}.xml"


def invented(random: Random) -> Iterator[str]:
    """Yield words that no language has, none with the first five letters of another.

    Herald takes those for forms of one word, and two stories that share a rare one for the same.
    """
    seen: set[str] = set()
    while True:
        root = "".join(random.choice(_LETTERS[at % 2]) for at in range(5))
        if root not in seen:
            seen.add(root)
            yield root + random.choice(_ENDINGS)


def page(piece: Piece) -> str:
    """Return the page of a piece."""
    return (
        f"<html><head><title>{piece.titles[0]}</title></head><body><article>"
        f"<h1>{piece.titles[0]}</h1><p>{piece.body}</p><p>{piece.body[::-1]}</p>"
        "</article></body></html>"
    )
