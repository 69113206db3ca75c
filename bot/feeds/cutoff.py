# ruff: noqa: RUF001  # punctuation of many scripts, as it is written
"""Tell a text that breaks off from a whole one: "…", "[...]", "Continue reading"."""

import re

from bot.feeds.values import TEXT_MAX
from bot.news.invitations import POST_FOOTER, READ_ON

_TAIL = 400  # characters in which an ending is looked for
_OURS = 200  # characters that ``cut`` may leave out of a text that it had to cut itself

_POST_FOOTER = re.compile(rf"{POST_FOOTER}\Z", re.IGNORECASE | re.DOTALL)
_WORD_END = re.compile(r"[^\W_]")
_AFTER_ELLIPSIS = " \t\n[]()>»›→"
_INVITATION = re.compile(
    r"(?:\A|[\n.!?…»”\"\])>。！？]|\s{2})\W{0,12}" + READ_ON + r"\W{0,12}\Z",
    re.IGNORECASE,
)


def is_cut_off(text: str) -> bool:
    """Whether *text* says by its end that there is more to read elsewhere."""
    text = text.strip()
    if len(text) > TEXT_MAX - _OURS:
        return False  # that was us
    tail = _POST_FOOTER.sub("", text[-_TAIL:].replace("&hellip;", "…")).rstrip()
    return _trails_off(tail) or _INVITATION.search(tail) is not None


def _trails_off(tail: str) -> bool:
    """Whether what follows the last word is an ellipsis, bracketed or not; no quoted one."""
    at = len(tail)
    while at > 0 and _WORD_END.match(tail, at - 1) is None:
        at -= 1
    return tail[at:].rstrip(_AFTER_ELLIPSIS).endswith(("…", "..."))
