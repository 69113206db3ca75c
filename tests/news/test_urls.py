"""URLs as identity."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.identity import canonical_url
from tests.strategies import urls


@pytest.mark.parametrize(
    "spelling",
    [
        "https://courier.example.org/a/b",
        "http://courier.example.org/a/b",
        "//courier.example.org/a/b",
        "courier.example.org/a/b",
        "  HTTPS://WWW.Courier.Example.ORG./a/b/ ",
        "https://reader:secret@courier.example.org:443/a/b",
        "http://courier.example.org:80/a/b",
        "https://courier.example.org/a/%62?",
        "https://courier.example.org/a/b?utm_source=rss&fbclid=1&at_medium=x&mtm_kwd=2#utm_1",
        "https://courier.example.org/a/b?UTM_Source=rss&ref=courier.example.org",
        "https://courier.example.org/a/b?ref=www.courier.example.org#xtor=RSS-3",
        "https://courier.example.org/a/b;jsessionid=0A1B?jsessionid=2&PHPSESSID=3",
        "https://courier.example.org/a/b#:~:text=wall",
        "https://courier.example.org/a/b#comments",
        "https://courier.example.org/a/b#respond",
    ],
)
def test_spellings_of_one_address_are_equal(spelling: str) -> None:
    assert canonical_url(spelling) == "courier.example.org/a/b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x?id=1", "https://a.example/x?id=2"),
        ("https://a.example/x#1.0", "https://a.example/x#1.1"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "https://a.example/X"),
        ("https://a.example/x", "https://a.example:8080/x"),
        ("https://a.example/x?ref=front", "https://a.example/x"),
        ("https://a.example/a%2Fb", "https://a.example/a/b"),
        ("https://a.example/x?v=1&v=2", "https://a.example/x?v=1"),
        ("https://www.example/", "https://example/"),
        ("https://a.example/x#comments-12", "https://a.example/x"),
    ],
)
def test_different_addresses_stay_apart(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_the_order_of_the_query_does_not_count() -> None:
    assert canonical_url("https://a.example/?b=2&a=1") == "a.example?a=1&b=2"


def test_escapes_and_international_hosts_have_one_spelling() -> None:
    assert canonical_url("https://münchen.example/ä b%c3%a4%7E") == canonical_url(
        "https://xn--mnchen-3ya.example/%C3%A4%20b%C3%A4~"
    )


@pytest.mark.parametrize(
    ("odd", "same"),
    [
        ("", ""),
        (" tag:courier.example.org,2026:1 ", "tag:courier.example.org,2026:1"),
        ("mailto:desk@example.org", "mailto:desk@example.org"),
        ("http://[::1", "http://[::1"),
        ("https://", "https://"),
        ("https://example.org:ten/", "https://example.org:ten/"),
        ("no url at all", "no url at all"),
        ("https://[2001:DB8::1]/x/", "[2001:db8::1]/x"),
        ("https://a..example/", "a..example"),
    ],
)
def test_odd_input_comes_back(odd: str, same: str) -> None:
    assert canonical_url(odd) == same


@settings(max_examples=1000)
@given(url=urls)
def test_no_input_raises_and_the_form_is_final(url: str) -> None:
    form = canonical_url(url)
    assert canonical_url(form) == form


@given(url=urls)
def test_the_scheme_never_counts(url: str) -> None:
    rest = url.strip().partition("://")[2]
    if rest:
        assert (
            canonical_url(f"http://{rest}").replace("http:", "")
            == (canonical_url(f"https://{rest}").replace("https:", ""))
            or ":80" in rest
        )


_labels = st.text("abcz019-", min_size=1, max_size=5) | st.sampled_from(["www", "x" * 63, "x" * 64])


@given(
    hosts=st.lists(_labels, min_size=1, max_size=11).map(".".join),
    path=st.text("/aZ0._~-%+;", max_size=12),
    scheme=st.sampled_from(["http", "https"]),
)
def test_a_plain_url_takes_the_short_way_to_the_same_form(
    hosts: str, path: str, scheme: str
) -> None:
    url = f"{scheme}://{hosts}/{path}"
    assert canonical_url(url) == canonical_url(f"{url}#utm_source=desk")  # which goes the long way
    assert canonical_url(f"{scheme}://{hosts}") == canonical_url(f"{scheme}://{hosts}#at_medium=x")
