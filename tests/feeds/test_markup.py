"""Plain HTML is read off its tags, and comes to what a tree makes of it, or is left to the tree."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.feeds.markup import read_fragment, read_tree
from bot.feeds.tags import read_tags

BASE = "https://gazette.example.org/log/"
_NAMES = """p P div br li ul td tr table tbody b i a img IMG span em hr h2 figure blockquote nav
    form pre body script style svg select option title unknown picture source center dl dt"""
NAMES = st.sampled_from(_NAMES.split())
_ATTRIBUTES = """|src="/p.jpg"|src='/q.png'|src=/r.gif|SRC="/up.jpg"|src = "/apart.jpg"|width="40"
    |width='640'|data-src="/d.jpg"|src="/s.jpg?a&b"|src="/t.jpg?a&amp;b"|alt="a > b"|title='"'|x="'"
    |checked|=|a=b="c"|"|'|/|a"b|src="/pixel.gif"|src=" /lead.jpg "|="|='x'|a='|b">"""
ATTRIBUTES = st.sampled_from([each.strip() for each in _ATTRIBUTES.split("|")])
_TEXTS = """word|two words|&amp;|&nbsp;|&#8217;|&#x2019;|&lt;b&gt;|&amp;amp;|&|&copy|&notit;|AT&T|<
    |>|"|'|=|\u201cq\u201d|\xe9|\u6c49\u5b57|a<b|&#150;|&#0;|&#57344;|\u2014|<!-- c -->
    |<![CDATA[x]]>|</|<a|&eacute;|&am|p;|1 < 2|\U0001f642"""
TEXTS = st.sampled_from([*(each.strip() for each in _TEXTS.split("|")), " ", "\n", "\t", "\xa0"])


def opening(name: str, attributes: list[str], end: str) -> str:
    return f"<{' '.join([name, *attributes])}{end}"


TAGS = st.one_of(
    st.builds(opening, NAMES, st.lists(ATTRIBUTES, max_size=3), st.sampled_from([">", "/>", " >"])),
    NAMES.map("</{}>".format),
)
FRAGMENTS = st.lists(st.one_of(TEXTS, TAGS), min_size=1, max_size=12).map("".join)


@settings(max_examples=1_000)
@given(html=FRAGMENTS)
@example('<p a"b>c"></p><p title="x>y">z</p>')
@example("&am<b>p;</b>")
@example("<p =\"a='b\">c</p>'>d")
def test_what_is_read_off_the_tags_is_what_a_tree_says(html: str) -> None:
    told = read_tags(html, BASE)
    assert told is None or told == read_tree(html, BASE)


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<p>One <b>tug</b>.</p>\n<p>Two<br>barges.</p>", ("One tug.\n\nTwo\nbarges.", None)),
        ("<P CLASS='lead'>Fish &amp; rope&nbsp;“cheap”</P>", ("Fish & rope “cheap”", None)),
        (
            '<img src="/pixel.gif" width="1"><img src="/tug.jpg?a=1&amp;b=2" alt="A tug"/>Tug',
            ("Tug", "https://gazette.example.org/tug.jpg?a=1&b=2"),
        ),
        ("<table><tr><td>North</td><td>4 m</td></tr></table>", ("North 4 m", None)),
    ],
)
def test_plain_html_needs_no_tree(html: str, told: tuple[str, str | None]) -> None:
    assert read_tags(html, BASE) == told == read_tree(html, BASE)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Quay</p><script>lost()</script>",
        "<pre>north\nsouth</pre>",
        "<p>Quay<!-- lost --></p>",
        "<p>a < b</p>",
        "<p title=quay>Quay</p>",
        '<p title="a > b">Quay</p>',
        "<p>&copy Quay</p>",
        "<p>\ue000</p>",
        "<x-quay>Quay</x-quay>",
    ],
)
def test_what_is_less_plain_is_left_to_the_tree(html: str) -> None:
    assert read_tags(html, BASE) is None
    assert read_fragment(html, BASE) == read_tree(html, BASE)


@pytest.mark.parametrize(
    "html",
    [
        "<a" + " " * 100_000,
        "<a" + ' x="y"' * 20_000,
        "<a" + ' x="' * 20_000,
        "<a " + "x" * 100_000,
        "<a" * 50_000,
        "<b>" + "&" * 100_000,
    ],
    ids=["blanks", "attributes", "quotes", "name", "tags", "references"],
)
def test_no_markup_keeps_the_tags_busy(html: str) -> None:
    """Where time grew with the square of the length, this would take minutes."""
    assert read_tags(html, BASE) is None
