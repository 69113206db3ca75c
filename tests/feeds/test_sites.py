import pytest

from bot.feeds.pages import read_links
from bot.feeds.sites import page_feeds, site_feeds, spelled_out

CHANNEL = "UC" + "x1-_" * 5 + "ab"
VIDEOS = "https://www.youtube.com/feeds/videos.xml"
REPO = "https://github.com/quay-works/ferry.js"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("r/harbour", "https://www.reddit.com/r/harbour/"),
        (" /r/harbour/ ", "https://www.reddit.com/r/harbour/"),
        ("u/keeper_7", "https://www.reddit.com/user/keeper_7/"),
        ("@ada@Harbour.example.org", "https://harbour.example.org/@ada"),
        ("ada@harbour.example.org", None),
        ("r/", None),
        ("r/har bour", None),
        ("harbour.example.org/r/x", None),
        ("@ada", None),
    ],
)
def test_short_names_are_spelled_out(typed: str, url: str | None) -> None:
    assert spelled_out(typed) == url


@pytest.mark.parametrize(
    ("url", "feeds"),
    [
        (f"https://www.youtube.com/channel/{CHANNEL}", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        (f"https://m.youtube.com/channel/{CHANNEL}/videos", [f"{VIDEOS}?channel_id={CHANNEL}"]),
        ("https://youtube.com/playlist?list=PLabc_-1&si=x", [f"{VIDEOS}?playlist_id=PLabc_-1"]),
        ("https://www.youtube.com/@keeper", []),
        ("https://www.youtube.com/watch?v=abc&list=PLabc", []),
        (f"{VIDEOS}?channel_id={CHANNEL}", []),
        ("https://youtu.be/abc", []),
        ("https://www.reddit.com/r/harbour", ["https://www.reddit.com/r/harbour/.rss"]),
        ("https://old.reddit.com/r/a+b/new/?t=day", ["https://www.reddit.com/r/a+b/new/.rss"]),
        (
            "https://www.reddit.com/r/harbour/top/?sort=top&t=week",
            ["https://www.reddit.com/r/harbour/top/.rss?t=week"],
        ),
        ("https://www.reddit.com/r/harbour/about", ["https://www.reddit.com/r/harbour/.rss"]),
        ("https://reddit.com/u/keeper", ["https://www.reddit.com/user/keeper/.rss"]),
        (
            "https://www.reddit.com/r/harbour/comments/1abc/the_title/",
            ["https://www.reddit.com/r/harbour/comments/1abc/.rss"],
        ),
        ("https://www.reddit.com/r/harbour/.rss", []),
        ("https://www.reddit.com/", ["https://www.reddit.com/.rss"]),
        ("https://www.reddit.com/login", []),
        (REPO, [f"{REPO}/releases.atom", f"{REPO}/tags.atom", f"{REPO}/commits.atom"]),
        (
            f"{REPO}.git",
            [f"{REPO}/releases.atom", f"{REPO}/tags.atom", f"{REPO}/commits.atom"],
        ),
        (
            f"{REPO}/tags?after=1",
            [f"{REPO}/tags.atom", f"{REPO}/releases.atom", f"{REPO}/commits.atom"],
        ),
        (f"{REPO}/commits/main/docs", [f"{REPO}/commits/main/docs.atom"]),
        (f"{REPO}/releases.atom", []),
        ("https://github.com/quay-works", ["https://github.com/quay-works.atom"]),
        ("https://github.com/features/actions", []),
        ("https://github.com/", []),
        ("https://gist.github.com/quay-works", []),
        ("https://harbour.example.org/@ada", ["https://harbour.example.org/@ada.rss"]),
        ("https://harbour.example.org/users/ada/", ["https://harbour.example.org/@ada.rss"]),
        ("https://harbour.example.org/web/@ada", ["https://harbour.example.org/@ada.rss"]),
        ("https://harbour.example.org/@ada@sea.example.net", ["https://sea.example.net/@ada.rss"]),
        ("https://harbour.example.org/@ada/1234", []),
        ("https://harbour.example.org/@ada.rss", []),
        ("https://medium.com/@ada/a-story-1", ["https://medium.com/feed/@ada"]),
        ("https://medium.com/feed/@ada", []),
        ("https://www.tiktok.com/@ada", []),
        ("https://gazette.example.org/r/harbour", []),
        ("ftp://harbour.example.org/@ada", []),
    ],
)
def test_a_known_site_tells_its_feeds_by_its_address(url: str, feeds: list[str]) -> None:
    assert list(site_feeds(url)) == feeds


def test_a_channel_is_found_on_the_pages_of_its_handle_and_videos() -> None:
    feed = f"{VIDEOS}?channel_id={CHANNEL}"
    canonical = f"https://www.youtube.com/channel/{CHANNEL}"
    inside = f'<script>var a = {{"externalId":"{CHANNEL}"}}</script>'

    assert page_feeds("https://www.youtube.com/@keeper", "", canonical) == (feed,)
    assert page_feeds("https://youtu.be/abc", inside, "https://www.youtube.com/watch?v=abc") == (
        feed,
    )
    assert page_feeds("https://gazette.example.org/", inside, canonical) == ()
    assert page_feeds("https://www.youtube.com/@keeper", "nothing", None) == ()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            f'<link rel="alternate" type="text/xml" href="{VIDEOS}?channel_id={CHANNEL}">',
            "",
        ),
        (f'<link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}">', ""),
        ("", f'<script>{{"channelId":"{CHANNEL}"}}</script>'),
    ],
)
def test_a_page_of_youtube_declares_its_channels_feed(head: str, body: str) -> None:
    html = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()
    links = read_links(html, None, "https://www.youtube.com/@keeper")
    assert links[0] == (f"{VIDEOS}?channel_id={CHANNEL}",)
