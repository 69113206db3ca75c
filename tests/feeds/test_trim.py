import pytest

from bot.feeds.named import parsed_feed
from bot.feeds.parse import read_feed
from bot.feeds.trim import trimmed
from bot.feeds.values import Tier
from tests.servers.feed_server import FeedItem, rss

URL = "https://archive.example.org/feed"


def archive(entries: int) -> bytes:
    return rss(*(FeedItem(title=f"Entry {n}", link=f"{URL}/{n}") for n in range(entries)))


def test_a_feed_of_ordinary_length_stays_as_it_is() -> None:
    body = archive(2000)
    assert trimmed(body) is body


@pytest.mark.parametrize("tier", ["auto", "thorough"])
def test_of_a_whole_archive_the_ends_are_read(tier: Tier) -> None:
    body = archive(2500)
    kept = trimmed(body)
    assert kept.count(b"<item>") == kept.count(b"</item>") == 2000
    assert b"Entry 999<" in kept
    assert b"Entry 1000<" not in kept
    assert b"Entry 1500<" in kept
    entries = parsed_feed(read_feed(body, None, URL, tier), URL).entries
    assert [entry.title for entry in entries[:2]] == ["Entry 0", "Entry 1"]
    assert len(entries) == 500


def test_an_archive_that_begins_with_its_oldest_entries_keeps_its_newest() -> None:
    dated = "".join(
        f"<item><title>Entry {n}</title><pubDate>Mon, 05 Jan 2026 {n // 3600:02}:{n // 60 % 60:02}:"
        f"{n % 60:02} GMT</pubDate></item>"
        for n in range(3000)
    )
    body = rss().replace(b"</channel>", f"{dated}</channel>".encode())
    titles = {entry.title for entry in parsed_feed(read_feed(body, None, URL), URL).entries}
    assert titles == {f"Entry {n}" for n in range(2500, 3000)}


def test_words_that_merely_begin_like_an_entry_do_not_count() -> None:
    body = archive(1) + b"<items><itemize>" * 3000
    assert trimmed(body) is body
