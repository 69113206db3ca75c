"""Other people's strings, made fit for a sentence of ours."""

import re
import unicodedata

from yarl import URL

_SHOWN_MAX = 200
_EXCERPT = 80  # characters
_BREAKING = re.compile(r"[\s<>`]")


def shown(url: str) -> str:
    """Return *url* without password, invisible characters and what Discord takes for markup."""
    try:
        parsed = URL(url)
        if parsed.user is not None or parsed.password is not None:
            url = str(parsed.with_user(None))
    except ValueError:
        url = re.sub(r"//[^/@]*@", "//", url)
    url = _BREAKING.sub("", _visible(url[: _SHOWN_MAX * 2]))
    return url if len(url) <= _SHOWN_MAX else f"{url[: _SHOWN_MAX - 1]}…"


def excerpt(text: str) -> str:
    """Return the beginning of *text* on one line, visible, without a mention or a code fence."""
    flat = re.sub(r"\s+", " ", text[: _EXCERPT * 4]).strip()
    return _visible(flat).replace("@", "(at)").replace("`", "'")[:_EXCERPT]


def _visible(text: str) -> str:
    """Return *text* without control, format, surrogate and unassigned characters."""
    return "".join(c for c in text if not unicodedata.category(c).startswith("C"))
