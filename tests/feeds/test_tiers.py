"""Both tiers read a feed to the same values, or the quick one leaves it alone.

Beside each document in tests/data/feeds lies what is right for it: whether the quick tier may read
it (null: it is none of the tiers'), and what of the feed and of each entry counts.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.feeds.named import parsed_feed
from bot.feeds.parse import read_feed
from bot.feeds.values import Tier
from bot.feeds.worker import Unreadable
from bot.news.identity import document_aliases, listings, worth_keeping
from bot.news.models import ParsedFeed

URL = "https://gazette.example.org/feeds/all.xml"
FILES = Path(__file__).parents[1] / "data" / "feeds"
CASES = sorted(path for path in FILES.iterdir() if path.suffix in {".xml", ".feed"})
BESIDE = frozenset({"why", "quick", "content_type", "entries", "refused"})


def read(body: bytes, content_type: str | None = None, tier: Tier = "auto") -> ParsedFeed:
    return parsed_feed(read_feed(body, content_type, URL, tier), URL)


def rights(case: Path) -> dict[str, Any]:
    """Return what is right for a document."""
    wanted: dict[str, Any] = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    return wanted


def plain(value: object) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def said(thing: object, wanted: dict[str, Any]) -> dict[str, object]:
    return {name: plain(getattr(thing, name)) for name in wanted}


def test_there_are_enough_broken_feeds() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    ("case", "tier"),
    [
        (case, tier)
        for case in CASES
        for tier in ("auto", "thorough", "quick")
        if tier != "quick" or rights(case)["quick"] is not None
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else value,
)
def test_a_feed_is_read_as_is_right(case: Path, tier: Tier) -> None:
    wanted = rights(case)
    body, content_type = case.read_bytes(), wanted.get("content_type")
    if "refused" in wanted or (tier == "quick" and wanted["quick"] is False):
        words = "not plain" if tier == "quick" else wanted["refused"]
        with pytest.raises(Unreadable, match=words):
            read(body, content_type, tier)
        return
    feed = read(body, content_type, tier)
    about = {name: value for name, value in wanted.items() if name not in BESIDE}
    assert said(feed, about) == about
    assert len(feed.entries) == len(wanted["entries"])
    for entry, right in zip(feed.entries, wanted["entries"], strict=True):
        assert said(entry, right) == right


@pytest.mark.parametrize(
    "case", [c for c in CASES if rights(c)["quick"]], ids=lambda path: path.stem
)
def test_an_entry_keeps_its_identity_when_its_feed_changes_tiers(case: Path) -> None:
    body, content_type = case.read_bytes(), rights(case).get("content_type")
    quick, thorough = (read(body, content_type, tier) for tier in ("quick", "thorough"))
    assert quick == thorough
    assert document_aliases(quick.entries, URL) == document_aliases(thorough.entries, URL)


def same_in_both_tiers(body: bytes) -> bool:
    """Return whether the quick tier read *body*; what it read has to be right."""
    try:
        quick = read(body, tier="quick")
    except Unreadable:
        return False
    try:
        thorough = read(body, tier="thorough")
    except KeyError:  # feedparser's own, at a link that holds an element: nothing to compare with
        return False
    assert quick == thorough
    return True


@settings(deadline=None)  # the machine may be busy
@given(case=st.sampled_from(CASES), data=st.data())
def test_a_damaged_feed_is_read_the_same_in_both_tiers(case: Path, data: st.DataObject) -> None:
    body = case.read_bytes()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 40)))
    patch = data.draw(st.sampled_from([b"", b"&", b"<", b">", b"]]>", b" ", b"\xe4", b"</item>"]))
    same_in_both_tiers(body[:start] + patch + body[end:])


_WORDS = """|  |tug &amp; barge|f\u00e4hre|&lt;p&gt;rope&lt;/p&gt;|<![CDATA[<b>sail</b> & co]]>|77
    |/relative|sub/../up.html?|#part|http:////odd.example.org/x|//[host/1
    |https://gazette.example.org/1?a=1&amp;b=2|<i>bare</i>|\u00c3\u00a4|soon|1, 2,,3
    |Mon, 05 Oct 2026 10:00:00 GMT|2026-10-05T10:00:00Z"""
WORDS = st.sampled_from(_WORDS.split("|"))
RSS_NAMES = """title link guid description summary content author category pubDate updated source
    enclosure comments content:encoded media:title media:description media:content media:thumbnail
    media:group media:keywords media:category media:credit dc:creator dc:date dc:subject dc:title
    itunes:author itunes:summary itunes:image itunes:keywords itunes:subtitle itunes:duration
    atom:link atom:updated atom:author atom:id own:thing own:title thing name image"""
CHANNEL_NAMES = """title link language description image url icon logo author managingEditor
    ttl category own:thing thing name email textInput itunes:image itunes:owner itunes:author
    dc:language dc:title dc:creator atom:link atom:icon atom:author media:thumbnail generator"""
ATOM_NAMES = """title link id summary content author name email published updated category source
    rights media:title media:description media:group media:thumbnail dc:creator own:thing thing"""
_ATTRIBUTES = """|rel="self"|rel="alternate"|href="https://gazette.example.org/2"|url="/3.jpg"|type="html"
    |isPermaLink="false"|type="xhtml"|type="text"|type="image/jpeg"|term="tug"|label="Tug"
    |domain="x"|width="640"|medium="image"|src="/4" """
ATTRIBUTES = st.sampled_from(_ATTRIBUTES.split("|"))


def elements(names: str) -> st.SearchStrategy[str]:
    """Return elements of those names, in one another, with odd attributes and texts."""

    def build(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda name, attribute, text: f"<{name} {attribute}>{text}</{name}>",
            st.sampled_from(names.split()),
            ATTRIBUTES,
            inside,
        )

    return st.lists(build(WORDS | build(WORDS)), max_size=7).map("".join)


SPACES = "".join(
    f' xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "content": "http://purl.org/rss/1.0/modules/content/",
        "media": "http://search.yahoo.com/mrss/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "own": "https://own.example.org/ns",
    }.items()
)
ATOM_NS = "http://www.w3.org/2005/Atom"
BASES = st.sampled_from(
    [
        "",
        ' xml:base="https://base.example.org/log/"',
        ' xml:base="http://base.example.org:8080/log"',
        ' xml:base="https://base.example.org/log/../x?y=1"',
        ' xml:base="/elsewhere/"',
    ]
)


@settings(deadline=None)  # the machine may be busy
@given(items=st.lists(elements(RSS_NAMES), min_size=1, max_size=3), base=BASES)
def test_any_rss_is_read_the_same_in_both_tiers(items: list[str], base: str) -> None:
    inside = "".join(f"<item>{item}</item>" for item in items)
    same_in_both_tiers(
        f'<rss version="2.0" xmlns:atom="{ATOM_NS}"{SPACES}{base}><channel><title>Gazette</title>'
        f"<link>https://gazette.example.org/</link>{inside}</channel></rss>".encode()
    )


@settings(deadline=None)  # the machine may be busy
@given(items=st.lists(elements(RSS_NAMES), min_size=1, max_size=3))
@example(items=["<media:thumbnail>Ã¤</media:thumbnail>"])
def test_any_rdf_is_read_the_same_in_both_tiers(items: list[str]) -> None:
    inside = "".join(
        f'<item rdf:about="https://gazette.example.org/{number}">{item}</item>'
        for number, item in enumerate(items)
    )
    spaces = SPACES + f' xmlns:atom="{ATOM_NS.lower()}/ext"'
    same_in_both_tiers(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/"{spaces}><channel><title>Gazette</title>'
        f"<link>https://gazette.example.org/</link></channel>{inside}</rdf:RDF>".encode()
    )


@settings(deadline=None)  # the machine may be busy
@given(channel=elements(CHANNEL_NAMES), base=BASES)
def test_any_channel_is_read_the_same_in_both_tiers(channel: str, base: str) -> None:
    same_in_both_tiers(
        f'<rss version="2.0" xmlns:atom="{ATOM_NS}"{SPACES}{base}><channel>{channel}'
        f"<item><title>t</title><link>/1</link></item></channel></rss>".encode()
    )


@settings(deadline=None)  # the machine may be busy
@given(entries=st.lists(elements(ATOM_NAMES), min_size=1, max_size=3), base=BASES)
def test_any_atom_is_read_the_same_in_both_tiers(entries: list[str], base: str) -> None:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    same_in_both_tiers(
        f'<feed xmlns="{ATOM_NS}"{SPACES}{base}><title>Log</title><id>urn:x</id>{inside}'
        "</feed>".encode()
    )


ZONES = ["GMT", "UT", "UTC", "Z", "+0200", "-0330", "EST", "PDT", "CET", "CEST", "JST", "XYZ"]


@settings(deadline=None)  # the machine may be busy
@given(
    at=st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001  # a zone is added
    zone=st.sampled_from(ZONES),
    style=st.sampled_from(["%a, %d %b %Y %H:%M:%S {}", "%d %b %Y %H:%M {}", "%Y-%m-%dT%H:%M:%S{}"]),
)
def test_a_date_is_the_same_in_both_tiers(at: datetime, zone: str, style: str) -> None:
    if "T" in style:
        zone = {"GMT": "Z", "UT": "+05:30", "EST": "-11:00"}.get(zone, zone)
    same_in_both_tiers(
        b'<rss version="2.0"><channel><item><title>t</title><pubDate>'
        + at.strftime(style).format(zone).encode()
        + b"</pubDate></item></channel></rss>"
    )


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<enclosure " + " ".join(f'a{n}="1"' for n in range(5_000)) + "/>", "endless tag"),
        ("<a>" * 2_000 + "</a>" * 2_000, "not well-formed"),
        ("<description>" + "x" * 11_000_000 + "</description>", "not well-formed"),
    ],
    ids=["attributes", "depth", "length"],
)
def test_what_would_keep_libxml2_busy_is_not_for_the_quick_tier(inside: str, reason: str) -> None:
    document = f"<rss version='2.0'><channel><item>{inside}</item></channel></rss>"
    with pytest.raises(Unreadable, match=reason):
        read(document.encode(), tier="quick")


def test_a_document_of_many_parts_is_read_within_limits() -> None:
    tags = "".join(f"<category>c{n}</category>" for n in range(5_000))
    item = f"<item><title>t</title><link>https://gazette.example.org/1</link>{tags}</item>"
    channel = "<thing/>" * 5_000 + "<managingEditor>" + "a" * 40_000 + "</managingEditor>"
    document = f"<rss version='2.0'><channel>{channel}{item * 3}</channel></rss>"
    feed = read(document.encode(), tier="quick")
    assert [len(entry.tags) for entry in feed.entries] == [20, 20, 20]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_worker_lists_entries_as_the_parent_would(case: Path) -> None:
    wanted = rights(case)
    if "refused" in wanted:
        return
    feed = read(case.read_bytes(), wanted.get("content_type"))
    assert feed.listed is not None
    assert feed.listed.url == URL
    assert feed.listed.entries == listings(worth_keeping(feed.entries), URL)
