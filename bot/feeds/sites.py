"""Where well-known sites keep their feeds, told from an address alone. Pure: fetches nothing.

YouTube is the exception: a handle or a video names no channel, its page does (``page_feeds``).
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from bot.feeds.groups import group_of

Rule = Callable[[str], tuple[str, ...]]
"""Returns the feeds that belong to a page's address, best first; () where the rule knows none."""

_FEED_PATH = re.compile(r"\.(?:rss|atom|xml|json|rdf)$|^/feeds?(?:/|$)", re.IGNORECASE)
_SUBREDDIT = re.compile(r"^/?(r|u|user)/([A-Za-z0-9_+-]{2,100})/?$")
_REDDIT = re.compile(
    r"^/(r|u|user)/([A-Za-z0-9_+-]{2,100})"
    r"(/comments/\w+|/(?:new|top|rising|controversial)(?=/|$))?"
)
_ACCOUNT = re.compile(r"^@?([A-Za-z0-9_.-]{1,64})@((?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63})$")
_NAME: Final = r"[A-Za-z0-9_.-]{1,100}"
_GITHUB_PAGES = frozenset(  # first parts of a path on github.com that name no account
    {"about", "apps", "collections", "contact", "customer-stories", "enterprise", "events"}
    | {"explore", "features", "issues", "join", "login", "marketplace", "new", "notifications"}
    | {"orgs", "pricing", "pulls", "search", "security", "settings", "site", "sponsors", "team"}
    | {"topics", "trending"}
)
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")
_CHANNEL_IN_PAGE = re.compile(r'"(?:channelId|externalId|externalChannelId)":\s*"(UC[\w-]{22})"')
_YOUTUBE_FEED: Final = "https://www.youtube.com/feeds/videos.xml"


def spelled_out(typed: str) -> str | None:
    """Return the address behind r/name, u/name or @user@host; None for anything else."""
    text = typed.strip()
    if found := _SUBREDDIT.match(text):
        kind = "r" if found[1] == "r" else "user"
        return f"https://www.reddit.com/{kind}/{found[2]}/"
    # With the first @, lest an e-mail address be taken for an account.
    if text.startswith("@") and (found := _ACCOUNT.match(text)):
        return f"https://{found[2].lower()}/@{found[1]}"
    return None


def site_feeds(url: str) -> tuple[str, ...]:
    """Return the feeds that a page of a known site has: the rule for all sites."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or _FEED_PATH.search(parts.path):
        return ()
    rule = _RULES.get(group_of(url) or "", _mastodon)
    return rule(url)


def page_feeds(url: str, html: str, canonical: str | None) -> tuple[str, ...]:
    """Return the feeds that only the page at *url* can tell of: its YouTube channel's."""
    if group_of(url) not in {"youtube.com", "youtu.be"}:
        return ()
    feeds = _youtube(canonical) if canonical else ()
    if feeds:
        return feeds
    found = _CHANNEL_IN_PAGE.search(html)
    return (f"{_YOUTUBE_FEED}?channel_id={found[1]}",) if found else ()


def _youtube(url: str) -> tuple[str, ...]:
    """Know channels and playlists by their ids; handles, names and videos only their pages know."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    if len(steps) > 1 and steps[0] == "channel" and _CHANNEL.fullmatch(steps[1]):
        return (f"{_YOUTUBE_FEED}?channel_id={steps[1]}",)
    lists = parse_qs(parts.query).get("list", [])
    if steps == ["playlist"] and lists and re.fullmatch(r"[\w-]{2,100}", lists[0]):
        return (f"{_YOUTUBE_FEED}?playlist_id={lists[0]}",)
    return ()


def _reddit(url: str) -> tuple[str, ...]:
    """Know subreddits, in the order that was looked at, users and threads; one host serves all."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path:
        return ("https://www.reddit.com/.rss",)
    found = _REDDIT.match(path)
    if found is None:
        return ()
    kind = "r" if found[1] == "r" else "user"
    span = re.search(r"(?:^|&)(t=[a-z]+)(?:&|$)", parts.query)
    chosen = f"?{span[1]}" if span and found[3] in {"/top", "/controversial"} else ""
    return (f"https://www.reddit.com/{kind}/{found[2]}{found[3] or ''}/.rss{chosen}",)


def _github(url: str) -> tuple[str, ...]:
    """Know repositories: releases, then tags, then commits; and accounts."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    is_site = (parts.hostname or "").lower().removeprefix("www.") == "github.com"
    if not is_site or not steps or steps[0].lower() in _GITHUB_PAGES:
        return ()
    if not all(re.fullmatch(_NAME, step) for step in steps[:2]):
        return ()
    if len(steps) == 1:
        return (f"https://github.com/{steps[0]}.atom",)
    home = f"https://github.com/{steps[0]}/{steps[1].removesuffix('.git')}"
    if steps[2:3] == ["commits"] and len(steps) > 3:  # noqa: PLR2004  # owner, name, commits, branch
        return (f"{home}/commits/{quote('/'.join(steps[3:]))}.atom",)
    order = ["releases", "tags", "commits"]
    if steps[2:3] and steps[2] in order:
        order.insert(0, order.pop(order.index(steps[2])))
    return tuple(f"{home}/{kind}.atom" for kind in order)


def _medium(url: str) -> tuple[str, ...]:
    """Know accounts and publications: their feeds lie beside them, below /feed."""
    parts = urlsplit(url)
    steps = [step for step in parts.path.split("/") if step]
    if (parts.hostname or "").lower() not in {"medium.com", "www.medium.com"} or not steps:
        return ()
    return (f"https://medium.com/feed/{quote(steps[0], safe='@.-_')}",)


def _mastodon(url: str) -> tuple[str, ...]:
    """Know profiles on any host; /@user@elsewhere is a profile of elsewhere."""
    parts = urlsplit(url)
    found = re.fullmatch(
        r"/(?:web/)?(?:@|users/)([A-Za-z0-9_.-]{1,64})(?:@([A-Za-z0-9.-]{3,253}))?/?", parts.path
    )
    if found is None:
        return ()
    origin = f"https://{found[2]}" if found[2] else f"{parts.scheme}://{parts.netloc}"
    return (f"{origin}/@{found[1]}.rss",)


def _none(_url: str) -> tuple[str, ...]:
    return ()


_RULES: Final[dict[str, Rule]] = {
    "youtube.com": _youtube,
    "youtu.be": _none,
    "reddit.com": _reddit,
    "github.com": _github,
    "medium.com": _medium,
    # Their /@name is not Mastodon's.
    "tiktok.com": _none,
    "threads.net": _none,
    "threads.com": _none,
    "flipboard.com": _none,
    "substack.com": _none,
}
