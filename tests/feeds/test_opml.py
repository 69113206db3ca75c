import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ParseFailed
from bot.feeds.opml import Outline, read_outlines, write_opml

OPML = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Mine</title></head><body>
<outline text="Sea"><outline title="Tide Table" text="tides" type="rss"
    xmlUrl="https://tide.example.org/rss" htmlUrl="https://tide.example.org/"/>
  <outline text="Ports"><outline text="Pier News" xmlurl="https://pier.example.org/feed.json"/></outline></outline>
<outline text="No title of its own" xmlUrl=" https://a.example.org/f?x=1&amp;y=2 "/>
<outline text="Again" xmlUrl="https://tide.example.org/rss"/>
<outline text="Not on the web" xmlUrl="javascript:alert(1)"/>
<outline text="A link" type="link" url="https://b.example.org/"/>
</body></opml>"""


def test_feeds_come_in_order_with_their_folders_repeated_ones_too() -> None:
    assert read_outlines(OPML) == (
        Outline(title="Tide Table", url="https://tide.example.org/rss", folder="Sea"),
        Outline(title="Pier News", url="https://pier.example.org/feed.json", folder="Sea / Ports"),
        Outline(title="No title of its own", url="https://a.example.org/f?x=1&y=2"),
        Outline(title="Again", url="https://tide.example.org/rss"),
        Outline(title="Not on the web", url="javascript:alert(1)"),
    )


def test_addresses_are_read_as_other_programs_write_them() -> None:
    lines = b"feed://a.example.org/f\nFEED:https://b.example.org/f\nc.example.org/f\n"
    addresses = ["http://a.example.org/f", "https://b.example.org/f", "https://c.example.org/f"]
    assert [outline.url for outline in read_outlines(lines)] == addresses
    outlines = b"".join(b'<outline xmlUrl="%s"/>' % line for line in lines.split())
    read = read_outlines(b"<opml><body>" + outlines + b"</body></opml>")
    assert [outline.url for outline in read] == addresses


def test_a_list_of_urls_is_read() -> None:
    body = b"\xef\xbb\xbf# mine\r\n\r\nhttps://a.example.org/f\r\n  https://b.example.org/f \n"
    assert [outline.url for outline in read_outlines(body)] == [
        "https://a.example.org/f",
        "https://b.example.org/f",
    ]


def test_a_broken_list_is_read_as_far_as_it_goes() -> None:
    broken = OPML.replace(b"</body></opml>", b"").replace(b'text="Again"', b'text="R & D"')
    assert len(read_outlines(broken)) == 5


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no feed"),
        (b"   \n# only a comment\n", "no feed"),
        (b"<opml><body/></opml>", "no feed"),
        (b"<html><body>@everyone</body></html>", "not OPML; it begins: <html>"),
        (b"<", "not OPML"),
        (b"https://a.example.org/f\nhello there\n", "line 2: hello there"),
        (b"PK\x03\x04\x00", "line 1"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(ParseFailed, match=words.replace("(", r"\(")):
        read_outlines(body)


def test_no_entity_is_resolved_and_no_file_is_read() -> None:
    body = b"""<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "lol">]>
    <opml><body><outline text="[&x;&y;]" xmlUrl="https://a.example.org/f"/></body></opml>"""
    try:
        (outline,) = read_outlines(body)
    except ParseFailed:
        return
    assert outline.title in ("[]", "[lol]")


def test_entities_do_not_grow() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    body = (
        f'<!DOCTYPE opml [<!ENTITY e0 "lol">{levels}]><opml><body>'
        '<outline text="&e9;" xmlUrl="https://a.example.org/f"/></body></opml>'
    )
    try:
        outlines = read_outlines(body.encode())
    except ParseFailed:
        return
    assert all(len(outline.title) < 1000 for outline in outlines)


def test_a_list_is_read_as_it_was_written() -> None:
    outlines = (
        Outline(title='A "B" & <C>', url="https://a.example.org/?x=1&y=2", folder="Sea"),
        Outline(title="Plain", url="https://b.example.org/"),
        Outline(title="D", url="https://d.example.org/", folder="Sea"),
    )
    body = write_opml(outlines, "Mine & yours")
    assert body.startswith(b"<?xml")
    assert set(read_outlines(body)) == set(outlines)


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_title_can_be_written(title: str, folder: str) -> None:
    body = write_opml([Outline(title=title, url="https://a.example.org/", folder=folder)], title)
    (outline,) = read_outlines(body)
    assert outline.url == "https://a.example.org/"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_refused(body: bytes) -> None:
    words = "a list"
    try:
        read_outlines(body)
    except ParseFailed as error:
        words = str(error)
    assert words


FEEDCORD = """\ufeff{
  // one instance a channel
  "Instances": [
    {
      "Id": "Harbour  news",
      "RssUrls": [ "", "https://gazette.example.org/rss?a=//b,]", "no address", 7, ],
      "YoutubeUrls": [
        "https://www.youtube.com/channel/UC0123456789012345678901",
        "https://www.youtube.com/@keeper", /* a handle, */
      ],
      "DiscordWebhookUrl": "https://discord.example.org/api/webhooks/1/secret",
      "Color": 8411391,
    },
    { "rssurls": ["https://log.example.org/atom.xml"] },
    "junk",
  ],
  "ConcurrentRequests": 40,
}
"""


def test_the_feeds_of_feedcords_settings_are_read_by_channel() -> None:
    outlines = read_outlines(FEEDCORD.encode())
    videos = "https://www.youtube.com/feeds/videos.xml?channel_id=UC0123456789012345678901"
    assert [(outline.folder, outline.url) for outline in outlines] == [
        ("Harbour news", "https://gazette.example.org/rss?a=//b,]"),
        ("Harbour news", videos),
        ("Harbour news", "https://www.youtube.com/@keeper"),
        (None, "https://log.example.org/atom.xml"),
    ]
    assert "secret" not in str(outlines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"Instances": []}', "holds no feed"),
        ('{"Instances": {"RssUrls": 3}}', "holds no feed"),
        ('{"Logging": {}}', "no “Instances”"),
        ('{"Instances": [', "broken JSON"),
        ("{" * 5000, "broken JSON"),
        ("{/*" + "/*" * 100_000, "broken JSON"),
    ],
)
def test_json_that_is_no_list_of_feedcord_is_refused(text: str, words: str) -> None:
    with pytest.raises(ParseFailed, match=words):
        read_outlines(text.encode())
