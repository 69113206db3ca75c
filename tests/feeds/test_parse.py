# ruff: noqa: RUF001  # quotation marks as feeds write them
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.encodings import is_page
from bot.feeds.markup import cut, read_fragment
from bot.feeds.named import parsed_feed
from bot.feeds.parse import read_feed
from bot.feeds.worker import Unreadable
from bot.news.models import ParsedEntry, ParsedFeed
from tests.servers.feed_server import FeedItem, rss

URL = "https://gazette.example.org/feeds/all.xml"


def read(body: bytes | str, content_type: str | None = None, url: str = URL) -> ParsedFeed:
    """Read as a worker does, and take the answer as the parent does."""
    return parsed_feed(
        read_feed(body.encode() if isinstance(body, str) else body, content_type, url), url
    )


def item(inside: str, channel: str = "") -> ParsedEntry:
    """Read the one item of an RSS feed."""
    feed = read(
        f"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
        xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
        xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>
        <link>https://gazette.example.org/</link>{channel}<item>{inside}</item></channel></rss>"""
    )
    (entry,) = feed.entries
    return entry


RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel rdf:about="https://tide.example.org/"><title>Tide Table</title>
<link>https://tide.example.org/</link><sy:updatePeriod>daily</sy:updatePeriod>
<sy:updateFrequency>4</sy:updateFrequency><dc:language>en-GB</dc:language></channel>
<item rdf:about="https://tide.example.org/1"><title>Spring tide</title>
<link>https://tide.example.org/1</link><dc:date>2026-10-05T10:00:00+02:00</dc:date>
<dc:creator>Ada Quill</dc:creator><description>High water.</description></item></rdf:RDF>"""
ATOM10 = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Log</title>
<id>urn:x:feed</id><link rel="self" href="https://log.example.org/atom.xml"/>
<link href="https://log.example.org/"/><icon>/icon.png</icon>
<entry><id>urn:x:1</id><title type="text">1 &lt; 2 &amp;amp; 3</title>
<link rel="alternate" type="text/html" href="posts/1"/><published>2026-10-05T08:00:00Z</published>
<updated>2026-10-06T08:00:00.5Z</updated><author><name>Bo Reed</name></author>
<category term="sea" label="The Sea"/><summary>Short.</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>bold</b> word.</p>
<p>Two.</p></div></content></entry></feed>"""
ATOM03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old log</title>
<link rel="alternate" type="text/html" href="https://old.example.org/"/>
<entry><title>Entry</title><id>tag:old.example.org,2004:1</id>
<link rel="alternate" type="text/html" href="https://old.example.org/1"/>
<issued>2004-05-06T07:08:09Z</issued><modified>2004-05-07T07:08:09Z</modified>
<content type="text/html" mode="escaped">&lt;p&gt;Hi.&lt;/p&gt;</content></entry></feed>"""
RSS091 = """<rss version="0.91"><channel><title>Oldest</title><link>https://o.example.org/</link>
<language>en</language><item><title>A</title><link>https://o.example.org/a</link></item>
</channel></rss>"""
JSON11 = """{"version": "https://jsonfeed.org/version/1.1", "title": "Pier News",
"home_page_url": "https://pier.example.org/", "icon": "/icon.png", "language": "en",
"items": [{"id": 7, "url": "/7", "title": "Crane &amp; crew", "summary": "Short.",
"content_html": "<p>One.</p><p>Two, longer than the summary.</p>", "image": "/7.jpg",
"date_published": "2026-10-05T10:00:00+02:00", "authors": [{"name": "Cy Moss"}], "tags": ["port"]},
{"id": "8", "content_text": "Plain.\\n\\nText.", "date_modified": "nonsense"}, "junk"]}"""
JSON10 = """{"version": "https://jsonfeed.org/version/1", "title": "One",
"author": {"name": "Di Fenn"}, "items": [{"id": "a", "external_url": "https://e.example.org/a"}]}"""


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (RSS091, "rss091u"),
        (RSS091.replace("0.91", "0.92"), "rss092"),
        (RSS091.replace("0.91", "2.0"), "rss20"),
        (RDF, "rss10"),
        (ATOM03, "atom03"),
        (ATOM10, "atom10"),
        (JSON10, "json10"),
        (JSON11, "json11"),
    ],
)
def test_every_kind_of_feed_is_read(document: str, kind: str) -> None:
    feed = read(document)
    assert feed.kind == kind
    assert feed.title
    assert feed.entries


def test_atom_is_read_as_written() -> None:
    feed = read(ATOM10, url="https://log.example.org/atom.xml")
    assert (feed.site_url, feed.icon_url) == (
        "https://log.example.org/",
        "https://log.example.org/icon.png",
    )
    assert feed.language == "de"
    assert feed.entries == (
        ParsedEntry(
            guid="urn:x:1",
            url="https://log.example.org/posts/1",
            title="1 < 2 &amp; 3",
            teaser="Short.",
            text="One bold word.\n\nTwo.",
            author="Bo Reed",
            published_at=datetime(2026, 10, 5, 8, tzinfo=UTC),
            updated_at=datetime(2026, 10, 6, 8, tzinfo=UTC),
            tags=("The Sea",),
        ),
    )


def test_rdf_is_read_with_its_modules() -> None:
    feed = read(RDF)
    assert feed.ttl_s == 21_600
    assert feed.language == "en-GB"
    (entry,) = feed.entries
    assert entry.guid == "https://tide.example.org/1"
    assert entry.author == "Ada Quill"
    assert datetime(2026, 10, 5, 8, tzinfo=UTC) in (entry.published_at, entry.updated_at)


def test_json_feed_is_read() -> None:
    feed = read(JSON11, "application/feed+json", url="https://pier.example.org/feed.json")
    assert feed.icon_url == "https://pier.example.org/icon.png"
    first, second = feed.entries
    assert first == ParsedEntry(
        guid="7",
        url="https://pier.example.org/7",
        title="Crane &amp; crew",
        teaser="Short.",
        text="One.\n\nTwo, longer than the summary.",
        author="Cy Moss",
        image_url="https://pier.example.org/7.jpg",
        published_at=datetime(2026, 10, 5, 8, tzinfo=UTC),
        tags=("port",),
    )
    assert (second.guid, second.url, second.text) == ("8", None, "Plain.\n\nText.")
    assert read(JSON10).entries[0].author == "Di Fenn"


@pytest.mark.parametrize("body", ['{"a": 1}', "[]", "{", '{"version": "1"}', "[" * 100_000])
def test_json_that_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(Unreadable, match="begins: "):
        read(body)


@pytest.mark.parametrize(
    ("broken", "titles"),
    [
        ("<item><title>A & B</title><link>https://x.example/1</link></item>", ["A & B"]),
        (
            "<item><title>A</title><guid>1</guid></item><item><title>B</title><guid>2</gu",
            ["A", "B"],
        ),
        ("<item><title>A &nbsp;caf&eacute;</title><guid>1</guid></item>", ["A café"]),
        ("<item><title>A\x0bB</title><guid>1</guid></item>", ["AB"]),
        ("<item><title>A</title><x:y>1</x:y><guid>1</guid></item>", ["A"]),
        ("<item><title><![CDATA[A <b>B</b>]]></title><guid>1</guid></item>", ["A B"]),
    ],
)
def test_entries_of_broken_xml_are_kept(broken: str, titles: list[str]) -> None:
    feed = read(f'<rss version="2.0"><channel><title>T</title>{broken}</channel></rss>')
    assert [entry.title for entry in feed.entries] == titles


def test_a_feed_without_entries_is_a_feed() -> None:
    feed = read('<rss version="2.0"><channel><title>Quiet</title></channel></rss>')
    assert (feed.title, feed.entries) == ("Quiet", ())


def test_blanks_before_the_declaration_do_no_harm() -> None:
    assert read(b"\n\n \xef\xbb\xbf" + rss(FeedItem(title="A"))).entries


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", "iso-8859-1", None),
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-8", "", "text/xml"),
        ("utf-8", "utf-8", "text/html; charset=us-ascii"),
        ("utf-8", "martian", None),
        ("utf-8-sig", "utf-8", None),
        ("iso-8859-1", "iso-8859-1", None),
        ("iso-8859-1", "utf-8", "text/xml; charset=iso-8859-1"),
        ("iso-8859-1", "utf-8", None),
        ("iso-8859-1", "", None),
        ("windows-1252", "windows-1252", "application/xml; charset=martian"),
        ("utf-16", "utf-16", None),
        ("utf-16-le", "utf-16", None),
    ],
)
def test_text_survives_a_wrong_encoding_declaration(
    encoding: str, declared: str, content_type: str | None
) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    document = (
        f'{declaration}<rss version="2.0"><channel><item><title>Crème brûlée</title>'
        "<guid>1</guid></item></channel></rss>"
    )
    assert read(document.encode(encoding), content_type).entries[0].title == "Crème brûlée"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "港の朝"),
        ("koi8-r", "Новости порта"),
        ("gb2312", "海港新闻"),
        ("iso-2022-jp", "港"),
    ],
)
def test_other_alphabets_are_read_as_declared(encoding: str, text: str) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><item>'
        f"<title>{text}</title><guid>1</guid></item></channel></rss>"
    )
    assert read(document.encode(encoding)).entries[0].title == text


@pytest.mark.parametrize("name", ["idna", "zlib", "martian", "punycode", "rot13", "base64"])
def test_an_encoding_that_is_none_for_text_is_passed_over(name: str) -> None:
    document = rss(FeedItem(title="Café")).replace(b"UTF-8", name.encode())
    latin1 = document.decode().encode("iso-8859-1")
    assert read(document, f"text/xml; charset={name}").entries[0].title == "Café"
    assert read(latin1, f"text/xml; charset={name}").entries[0].title.startswith("Caf")


def test_a_wrong_byte_does_not_spoil_the_declared_encoding() -> None:
    document = rss(FeedItem(title="港の朝")).decode().replace("UTF-8", "shift_jis")
    body = document.encode("shift_jis").replace(b"News", b"N\x80\xffws")
    assert read(body).entries[0].title == "港の朝"


@pytest.mark.parametrize(
    ("body", "content_type", "is_one"),
    [
        (b"<!doctype html><html>", None, True),
        (b"\xef\xbb\xbf \n<HTML lang=en>", None, True),
        (b'<?xml version="1.0"?><!-- x --><!DOCTYPE html PUBLIC "x">', None, True),
        ("<html>".encode("utf-16"), None, True),
        (b"<head><title>x</title></head>", "text/html", True),
        (b"<head><title>x</title></head>", None, False),
        (rss(), "text/html; charset=utf-8", False),
        (b'{"version": "x"}', "text/html", False),
        (b"<!---->" * 2000, "application/xml", False),
        (b"<!--" * 2000, "application/xml", False),
    ],
)
def test_a_web_page_is_told_from_a_feed(
    body: bytes, content_type: str | None, is_one: bool
) -> None:
    assert is_page(body, content_type) is is_one


def test_a_few_wrong_bytes_do_not_turn_a_utf8_feed_into_gibberish() -> None:
    document = rss(FeedItem(title="Überfahrt für Gäste", link="https://a.example.org/"))
    assert "Überfahrt" in read(document.replace(b"News", b"N\xff\xfews")).entries[0].title


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("AT&amp;T", "AT&T"),
        ("AT&amp;amp;T", "AT&T"),
        ("1 &lt; 2", "1 < 2"),
        ("&lt;b&gt;Bold&lt;/b&gt; move", "Bold move"),
        ("<![CDATA[It&#8217;s here]]>", "It\u2019s here"),
        ("Use &lt;template&gt; well", "Use <template> well"),
        ("  Two\n   lines ", "Two lines"),
    ],
)
def test_titles_are_plain_text(title: str, text: str) -> None:
    assert item(f"<title>{title}</title><guid>1</guid>").title == text


def test_long_texts_are_cut_between_words() -> None:
    entry = item(
        f"<title>{'word ' * 2000}</title><guid>1</guid><description>{'tease ' * 130}</description>"
        f"<content:encoded>{'text ' * 9000}</content:encoded>"
    )
    assert len(entry.title) <= 300
    assert entry.title.endswith("word…")
    assert len(entry.teaser) < 800
    assert 19_000 < len(entry.text) <= 20_000
    assert entry.text.endswith("text…")


def test_paragraphs_are_kept_and_furniture_is_not() -> None:
    text, image = read_fragment(
        """<style>p{}</style><script>alert(1)</script><h2>Head&nbsp;line</h2>
        <p>One <i>two</i>,
           three.</p><p>Four<br>five</p><ul><li>a</li><li>b &amp; c</li></ul><p> </p>
        <img src="https://x.example/pixel.gif" width="1" height="1"><img src="a.jpg">
        <table><tr><td>x</td><td>y</td></tr></table>tail<!-- no -->""",
        "https://x.example/dir/",
    )
    assert text == ("Head line\n\nOne two, three.\n\nFour\nfive\n\na\nb & c\n\nx y\n\ntail")
    assert image == "https://x.example/dir/a.jpg"


@given(
    st.text(alphabet="<>&;/abprei \n\x01\x0b\x1e\ue000\ue001\uffff#0123x\"'=!-é漢😀", max_size=200)
)
def test_any_fragment_becomes_text_without_marks(html: str) -> None:
    text, _ = read_fragment(f"<p>{html}", None)
    assert not {"\ue000", "\ue001", "\x01", "\x0b"} & set(text)
    assert text == text.strip()


_LINES_OF_BLANKS = st.text(
    alphabet=" \n\t\xa0\u2003\x85\x0b\x1c\x01\x7f\xad\u200bab\u2019é", max_size=24
)


@given(st.lists(st.tuples(_LINES_OF_BLANKS, _LINES_OF_BLANKS), min_size=1, max_size=6))
def test_every_line_of_a_fragment_is_flat(paragraphs: list[tuple[str, str]]) -> None:
    """Whatever stands for a blank in it: white space of any script, and control characters."""

    def flat(line: str) -> str:
        return " ".join(re.sub("[\x00-\x08\x0e-\x1b\x7f]", " ", line).split())

    text, _ = read_fragment("".join(f"<p>{a}<br>{b}</p>" for a, b in paragraphs), None)
    wanted = ["\n".join(filter(None, map(flat, lines))) for lines in paragraphs]
    assert text == "\n\n".join(filter(None, wanted))


@pytest.mark.parametrize(
    "reference", ["&#1;", "&#x1e;", "&#57344;", "&#xffff;", "&#0;", "&#xd800;"]
)
def test_a_reference_to_a_forbidden_character_does_no_harm(reference: str) -> None:
    text, _ = read_fragment(f"<p>a{reference}b</p><pre>c{reference}\nd</pre>", None)
    assert text.startswith("a")
    assert text.endswith("d")


@given(st.text(max_size=80), st.integers(min_value=1, max_value=60))
def test_a_cut_text_is_within_its_limit(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit


@pytest.mark.parametrize(
    ("inside", "teaser", "text"),
    [
        ("<description>Short.</description>", "Short.", ""),
        ("<content:encoded>Whole.</content:encoded>", "", "Whole."),
        (
            "<description>Short.</description><content:encoded>Much longer.</content:encoded>",
            "Short.",
            "Much longer.",
        ),
        (
            "<description>The longer one.</description><content:encoded>x</content:encoded>",
            "The longer one.",
            "",
        ),
    ],
)
def test_teaser_and_text_are_told_apart(inside: str, teaser: str, text: str) -> None:
    entry = item(f"<title>t</title><guid>1</guid>{inside}")
    assert (entry.teaser, entry.text) == (teaser, text)


def test_a_description_as_long_as_an_article_is_the_text() -> None:
    entry = item(f"<title>t</title><description>{'Long enough. ' * 80}</description>")
    assert entry.teaser == ""
    assert len(entry.text) > 800


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("<link>https://a.example.org/1</link>", "https://a.example.org/1"),
        ("<link>/1</link>", "https://gazette.example.org/1"),
        ("<link>https://a.example.org/?a=1&amp;b=2</link>", "https://a.example.org/?a=1&b=2"),
        ("<guid>https://a.example.org/1</guid>", "https://a.example.org/1"),
        ("<guid>12345</guid>", None),
        ('<guid isPermaLink="false">https://a.example.org/1</guid>', "https://a.example.org/1"),
        ("<link>javascript:alert(1)</link><guid>1</guid>", None),
        ("<link></link><guid>1</guid>", None),
        (
            (
                '<guid isPermaLink="false">1</guid><enclosure type="audio/mpeg" length="1" '
                'url="https://a.example.org/1.mp3"/>'
            ),
            "https://a.example.org/1.mp3",
        ),
        (
            (
                "<link>https://proxy.example/~r/1</link>"
                "<feedburner:origLink>https://a.example.org/1</feedburner:origLink>"
            ),
            "https://a.example.org/1",
        ),
    ],
)
def test_an_entry_links_to_its_article(inside: str, url: str | None) -> None:
    assert item(f"<title>t</title>{inside}").url == url


def test_a_bare_guid_does_not_change_with_the_address_of_the_feed() -> None:
    document = rss(FeedItem(title="A", guid="12345"))
    feeds = [read(document, url=f"{scheme}://a.example.org/feed") for scheme in ("http", "https")]
    assert {feed.entries[0].guid for feed in feeds} == {"12345"}


@pytest.mark.parametrize(
    ("inside", "image"),
    [
        (
            '<media:content url="https://i.example/a.jpg" medium="image"/>',
            "https://i.example/a.jpg",
        ),
        ('<media:content url="https://i.example/a.mp4" type="video/mp4"/>', None),
        (
            (
                '<media:content url="https://i.example/s.jpg" type="image/jpeg" width="150"/>'
                '<media:content url="https://i.example/l.jpg" type="image/jpeg" width="900"/>'
            ),
            "https://i.example/l.jpg",
        ),
        ('<media:thumbnail url="/t.jpg" width="240"/>', "https://gazette.example.org/t.jpg"),
        ('<media:thumbnail url="/t.jpg" width="16" height="16"/>', None),
        ('<enclosure url="https://i.example/e.png" type="image/png"/>', "https://i.example/e.png"),
        ('<itunes:image href="https://i.example/i.jpg"/>', "https://i.example/i.jpg"),
        (
            '<description>&lt;img src="/d.jpg"&gt; x</description>',
            "https://gazette.example.org/d.jpg",
        ),
        ('<description>&lt;img src="data:image/gif;base64,R0"&gt;</description>', None),
        ('<description>&lt;img src="https://i.example/p.gif" width="1"&gt;</description>', None),
    ],
)
def test_a_picture_is_found_where_feeds_put_it(inside: str, image: str | None) -> None:
    assert item(f"<title>t</title><guid>1</guid>{inside}").image_url == image


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 05 Oct 2026 10:00:00 GMT", datetime(2026, 10, 5, 10, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 10:00:00 -0500", datetime(2026, 10, 5, 15, tzinfo=UTC)),
        ("5 Oct 2026 10:00 EST", datetime(2026, 10, 5, 15, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 10:00:00 CET", datetime(2026, 10, 5, 9, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 10:00:00 +0200 CEST", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 10:00:00 MEST", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("Mon, 05 Oct 2026 10:00:00 CEST", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("2026-10-05T10:00:00+02:00", datetime(2026, 10, 5, 8, tzinfo=UTC)),
        ("2026-10-05", datetime(2026, 10, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Mon, 05 Oct 9999 10:00:00 GMT", None),
        ("0000-00-00T00:00:00Z", None),
        ("0", None),
        ("1", None),
    ],
)
def test_dates_become_utc_and_nonsense_none(date: str, at: datetime | None) -> None:
    assert item(f"<title>t</title><guid>1</guid><pubDate>{date}</pubDate>").published_at == at


def test_of_a_huge_feed_the_newest_entries_are_kept_in_order() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = "".join(
        f"<item><guid>{n}</guid><title>t</title>"
        f"<pubDate>{format_datetime(start + timedelta(hours=n))}</pubDate></item>"
        for n in range(600)
    )
    feed = read(f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>')
    assert [entry.guid for entry in feed.entries] == [str(n) for n in range(100, 600)]


@pytest.mark.parametrize(
    ("inside", "ttl_s"),
    [
        ("<ttl>30</ttl>", 1800),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>99999999999</ttl>", 31_536_000),
        ("", None),
    ],
)
def test_the_ttl_is_read(inside: str, ttl_s: int | None) -> None:
    feed = read(f'<rss version="2.0"><channel><title>T</title>{inside}</channel></rss>')
    assert feed.ttl_s == ttl_s


def test_a_body_that_is_a_path_opens_no_file() -> None:
    with pytest.raises(Unreadable):
        read("/etc/hostname")


@pytest.mark.parametrize(
    "entity",
    [
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY x "&a;&a;&a;&a;&a;">]>',
    ],
)
def test_entities_of_a_document_reach_no_file_and_do_not_grow(entity: str) -> None:
    feed = read(
        f'{entity}<rss version="2.0"><channel><item><guid>1</guid><title>[&x;]</title>'
        "</item></channel></rss>"
    )
    assert len(feed.entries[0].title) < 20


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_refused_with_words(body: bytes) -> None:
    words = "a feed"
    try:
        read(body)
    except Unreadable as error:
        words = str(error)
    assert words


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (
            "<![CDATA[&lt;p&gt;Tide &amp;amp; wind&lt;/p&gt;&lt;p&gt;rose.&lt;/p&gt;]]>",
            "Tide & wind\n\nrose.",
        ),
        (
            "&amp;lt;p&amp;gt;It&amp;#8217;s high.&amp;lt;br&amp;gt;Water.&amp;lt;/p&amp;gt;",
            "It’s high. Water.",
        ),
        ("<![CDATA[AT&amp;#039;s &amp;quot;no&amp;quot; was loud.]]>", 'AT\'s "no" was loud.'),
        ("<![CDATA[<p>AT&amp;#8217;s tide&amp;hellip;</p>]]>", "AT’s tide…"),
        (
            "<![CDATA[Write a &lt; b and &lt;stdio.h&gt; or &lt;b&gt;bold&lt;/b&gt;.]]>",
            "Write a < b and <stdio.h> or <b>bold</b>.",
        ),
    ],
)
def test_what_was_escaped_twice_is_read_as_it_was_meant(description: str, told: str) -> None:
    read_as = item(f"<title>T</title><description>{description}</description>").teaser
    assert " ".join(read_as.split()) == " ".join(told.split())
