"""Host groups: the feeds of one operator, which share a server's patience."""

from functools import cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

from bot.feeds.urls import host_of

_PRIVATE = (".home.arpa", ".internal", ".local", ".localhost", ".onion")


@cache
def group_of(url: str) -> str | None:
    """Return the registrable domain of a URL's host, such as "reddit.com" for old.reddit.com.

    None for IP addresses and for hosts that are no names of the public internet: there each feed
    stands for itself. Only ICANN's suffixes count, so that the blogs of one provider are one group.
    """
    host = host_of(url).rstrip(".").lower()
    if not host or host.endswith(_PRIVATE) or _is_address(host):
        return None
    domain: str | None = _suffixes().privatesuffix(host)
    return domain


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    """Return Mozilla's list as bundled, read at first use: it takes some milliseconds."""
    return PublicSuffixList(only_icann=True, accept_unknown=False)
