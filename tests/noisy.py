"""Pages of ours with the noise that real ones have, and what is right for each."""

import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data" / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisyPage:
    """A page: its article, what must never be shown of it, and two words to search for."""

    name: str
    title: str
    teaser: str  # what a feed would give
    paragraphs: tuple[str, ...]  # none where the page is a wall
    noise: tuple[str, ...]
    word: str  # of the article, and of no other page
    noise_word: str
    wall: str | None = None  # of the note, where it is a wall

    @property
    def body(self) -> bytes:
        """The page as a server would send it."""
        return (DATA / f"{self.name}.html").read_bytes()

    @property
    def cut_teaser(self) -> str:
        """The teaser, broken off."""
        return f"{self.teaser[:-1]}…"

    def noise_in(self, text: str) -> list[str]:
        """Return what of the noise stands in *text*."""
        return [noise for noise in self.noise if noise in text]


def noisy_pages() -> list[NoisyPage]:
    """Return the pages."""
    right = json.loads((DATA / "right.json").read_text(encoding="utf-8"))
    return [
        NoisyPage(
            name=name,
            title=told["title"],
            teaser=told["teaser"],
            paragraphs=tuple(told["paragraphs"]),
            noise=tuple(told["noise"]),
            word=told["word"],
            noise_word=told["noise_word"],
            wall=told.get("wall"),
        )
        for name, told in right.items()
    ]
