import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidUrl
from bot.feeds.urls import typed_url, web_url
from bot.feeds.wording import excerpt, shown


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.org/feed.xml", "https://example.org/feed.xml"),
        (" example.org ", "https://example.org"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("example.org:8080/feed", "https://example.org:8080/feed"),
        ("localhost:8000/x", "https://localhost:8000/x"),
        ("feed://example.org/rss", "https://example.org/rss"),
        ("feed:https://example.org/rss", "https://example.org/rss"),
        ("HTTP://EXAMPLE.ORG/Feed", "http://example.org/Feed"),
        ("//example.org/a", "https://example.org/a"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("https://example.org/?u=http://x.example/", "https://example.org/?u=http://x.example/"),
        ("example.org/?u=http://x.example/", "https://example.org/?u=http://x.example/"),
        ("bücher.example/neu", "https://xn--bcher-kva.example/neu"),
        ("https://example.org/été", "https://example.org/%C3%A9t%C3%A9"),
        ("http://[2606:4700::1]/f", "http://[2606:4700::1]/f"),
    ],
)
def test_what_people_type_becomes_a_url(typed: str, url: str) -> None:
    assert typed_url(typed)[0] == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "news",
        "the latest news",
        "javascript:alert(1)",
        "data:text/html,hi",
        "file:///etc/passwd",
        "ftp://example.org/feed",
        "mailto:editor@example.org",
        "https://",
        "https:///feed",
        "http://exa mple.org/",
        "https://example.org:99999/",
        "@everyone",
        "😀",
        "x" * 6000,
    ],
)
def test_what_is_no_url_is_refused_with_a_sentence_that_says_what_to_type(typed: str) -> None:
    with pytest.raises(InvalidUrl) as refusal:
        typed_url(typed)
    message = str(refusal.value)
    assert "https://example.org/" in message or "most Herald takes" in message
    assert len(message) < 500


@given(st.text(max_size=300))
def test_any_text_is_a_url_or_refused(typed: str) -> None:
    try:
        url, _ = typed_url(typed)
    except InvalidUrl:
        return
    assert url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "  ",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "mailto:a@b.example",
        "http://",
    ],
)
def test_links_that_lead_nowhere_are_dropped(link: str | None) -> None:
    assert web_url(link, "https://example.org/") is None


def test_links_are_resolved_and_otherwise_left_as_they_are() -> None:
    assert web_url("../b?c=%2f&d=+", "https://example.org/a/x") == "https://example.org/b?c=%2f&d=+"
    assert web_url("http://example.org/a b") == "http://example.org/a%20b"


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_link_is_resolved_to_a_web_address_or_dropped(link: str, base: str) -> None:
    url = web_url(link, base)
    assert url is None or url.lower().startswith(("http://", "https://"))


def test_a_password_is_never_shown() -> None:
    told = shown("https://reader:s3cret@example.org/feed")
    assert "s3cret" not in told
    assert "example.org/feed" in told


def test_an_excerpt_is_harmless() -> None:
    told = excerpt("@everyone `rm`\n\u202e\u200b<b>\x00" + "x" * 500)
    assert "@" not in told
    assert "`" not in told
    assert "\u202e" not in told
    assert "\n" not in told
    assert len(told) == 80
