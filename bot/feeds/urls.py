"""URLs as people type them, and as documents hold them."""

import re
from urllib.parse import urljoin

from yarl import URL

from bot.errors import InvalidUrl
from bot.feeds.wording import excerpt, shown

URL_MAX = 4096  # characters; longer ones are data in disguise
_TYPED_MAX = 2048
_ADVICE = "Type a web address, such as https://example.org/ or https://example.org/feed.xml."
_OTHER_SCHEME = re.compile(
    r"^(?:mailto|javascript|data|file|tel|about|ftp|blob|discord):", re.IGNORECASE
)
# Absolute, and nothing in it to mend: what most links are.
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9-]{1,63}\.){1,9}[a-z0-9-]{1,63}(?:/[\w.~/-]*(?:\?[\w.~/=&-]+)?)?",
    re.ASCII,
)
_NUMERIC_HOST = re.compile(r"^[0-9a-f:.]+$", re.IGNORECASE)


def typed_url(text: str) -> tuple[str, bool]:
    """Return the URL that somebody meant by *text*, and whether https:// was added to it.

    Raises InvalidUrl with a sentence that says what to type.
    """
    typed = text.strip().strip("<>\"'").strip()
    if not typed:
        raise InvalidUrl(f"No address was given. {_ADVICE}", url=text)
    if len(typed) > _TYPED_MAX:
        raise InvalidUrl(
            f"That address has {len(typed):,} characters; {_TYPED_MAX:,} is the most Herald takes.",
            url=shown(text),
        )
    if typed.lower().startswith("feed:"):
        typed = typed[5:].removeprefix("//")
    is_bare = "://" not in typed.partition("?")[0]
    wrong = InvalidUrl(f"“{excerpt(typed)}” is not a web address. {_ADVICE}", url=text)
    if is_bare and (_OTHER_SCHEME.match(typed) or not typed):
        raise wrong
    try:
        url = URL(f"https://{typed.lstrip('/')}" if is_bare else typed)
        host = url.host or ""
        has_port = url.port is not None
    except ValueError as error:
        raise wrong from error
    if url.scheme not in {"http", "https"} or not has_port or not _is_host(host):
        raise wrong
    return str(url.with_fragment(None)), is_bare


def web_url(link: str | None, base: str | None = None) -> str | None:
    """Return *link*, resolved against *base*, as an absolute http(s) URL; None for the rest."""
    if not link:
        return None
    link = link.strip()
    if not link or len(link) > URL_MAX:
        return None
    if _PLAIN.fullmatch(link):
        return link
    try:
        absolute = urljoin(base, link) if base else link
        url = URL(absolute)
        if url.scheme not in {"http", "https"} or not url.host:
            return None
    except ValueError:
        return None
    # Verbatim as far as possible (identity is made of it): only what cannot be sent is encoded.
    return absolute if absolute.isascii() and not re.search(r"[\x00-\x20]", absolute) else str(url)


def host_of(url: str) -> str:
    """Return the host of *url*, or "" where it has none."""
    try:
        return URL(url).host or ""
    except ValueError:
        return ""


def _is_host(host: str) -> bool:
    """Return whether *host* can name a server: dotted, numeric or localhost, without blanks."""
    if not host or re.search(r"[\s<>\"'`,;!]", host):
        return False
    return "." in host.strip(".") or host == "localhost" or bool(_NUMERIC_HOST.match(host))
