"""What the demo prints."""

import re
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

import discord

from bot.news.models import Post

WIDTH = 96

_LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\(<?([^)>]*)>?\)")
_TIME = re.compile(r"<t:(\d+)(?::\w)?>")
_ESCAPED = re.compile(r"\\([\\`*_~|>\[\]()#+.!<@:-])")


class Terminal:
    """Writes posts and replies as readable text; bold and colour only on a terminal.

    ``on_unread`` is told once when nobody reads any more, as after ``| head``.
    """

    def __init__(self, out: TextIO, *, on_unread: Callable[[], object] = lambda: None) -> None:
        self._out = out
        self._has_style = out.isatty()
        self._on_unread = on_unread
        self._is_read = True

    def say(self, text: str = "") -> None:
        """Print a line."""
        if not self._is_read:
            return
        try:
            print(text, file=self._out, flush=True)
        except BrokenPipeError:
            self._is_read = False
            self._on_unread()

    def heading(self, text: str) -> None:
        """Print a line that starts something."""
        self.say(self._styled(text, "1"))

    def post(self, channel: str, post: Post) -> None:
        """Print a post that landed: channel, source, title, summary."""
        time = f"{post.published_at.astimezone():%H:%M}" if post.published_at else ""
        self.say()
        self.say(f"{self._styled(f'#{channel}', '36')}  {post.source}  {self._styled(time, '2')}")
        self._wrapped(post.title, style="1")
        self._wrapped(post.body)

    def reply(self, embed: discord.Embed) -> None:
        """Print a reply's embed, its Markdown made plain."""
        if embed.title:
            self._wrapped(_plain(embed.title), style="1")
        for line in _plain(embed.description or "").splitlines():
            self._wrapped(line)
        if embed.footer.text:
            self._wrapped(embed.footer.text, style="2")

    def _wrapped(self, text: str, *, style: str = "") -> None:
        for line in textwrap.wrap(text, WIDTH - 2) or [""]:
            self.say(f"  {self._styled(line, style)}")

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._has_style and style and text else text


def _clock(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC).astimezone():%H:%M}"


def _plain(markdown: str) -> str:
    """Return what a reader of Discord's Markdown sees; marked words keep their asterisks."""
    text = _LINK.sub(lambda match: match[1], markdown)
    text = _TIME.sub(lambda match: _clock(int(match[1])), text)
    text = text.replace("**", "*")
    return _ESCAPED.sub(r"\1", text)
