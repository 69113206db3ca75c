"""What the demo's invented newspapers print, read from ``content/*.toml``.

One file per outlet, written by us: outlets, places, people and firms exist nowhere else. Dates are
offsets from the start of the demo, so that the news is always of today.
"""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

Format = Literal["rss", "atom", "json"]
Rgb = tuple[int, int, int]

OUTLETS = ("courier", "wire", "packet", "fathomline", "bote")  # the files, in a reader's order

_SUFFIXES: dict[Format, str] = {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One article as its outlet prints it.

    Exactly one of ``minutes_ago`` (already out when the demo starts) and ``live`` (its turn, over
    all outlets, in what comes out while somebody watches) is given. ``event`` is the same for the
    pieces, of one or several outlets, that report one event.
    """

    slug: str
    title: str
    teaser: str
    paragraphs: tuple[str, ...]
    section: str
    author: str
    picture: str  # a motif of bot.demo.pictures
    event: str | None = None
    minutes_ago: int | None = None
    live: int | None = None
    is_noisy: bool = False  # its page has all that stands around an article on real sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented newspaper: its feed's format, its look and its pieces.

    ``channel`` names the channel that follows it from the start; None: nobody does.
    """

    slug: str
    name: str
    tagline: str
    language: str  # BCP 47
    format: Format
    is_full: bool  # the feed carries the whole text, not only a teaser
    channel: str | None
    palette: tuple[Rgb, Rgb, Rgb]  # dark, light, accent
    pieces: tuple[Piece, ...]

    @property
    def feed_path(self) -> str:
        """Where its feed is served, from the root of the feed server."""
        return f"/{self.slug}/{_SUFFIXES[self.format]}"


def load_outlets() -> tuple[Outlet, ...]:
    """Read every outlet. Raises KeyError or ValueError where a file is not as it should be."""
    folder = resources.files("bot.demo") / "content"
    return tuple(
        _outlet(slug, tomllib.loads((folder / f"{slug}.toml").read_text(encoding="utf-8")))
        for slug in OUTLETS
    )


def _outlet(slug: str, data: dict[str, Any]) -> Outlet:
    dark, light, accent = (_rgb(value) for value in data["palette"])
    return Outlet(
        slug=slug,
        name=data["name"],
        tagline=data["tagline"],
        language=data["language"],
        format=data["format"],
        is_full=data["is_full"],
        channel=data.get("channel"),
        palette=(dark, light, accent),
        pieces=tuple(_piece(entry) for entry in data["entry"]),
    )


def _piece(data: dict[str, Any]) -> Piece:
    if ("minutes_ago" in data) == ("live" in data):
        message = f"{data['slug']}: give one of minutes_ago and live"
        raise ValueError(message)
    fields = {key: value for key, value in data.items() if key != "text"}
    return Piece(**fields, paragraphs=tuple(data["text"].strip().split("\n\n")))


def _rgb(value: str) -> Rgb:
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)
