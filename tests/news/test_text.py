"""Plain text stays plain, whatever a feed puts in it."""

import unicodedata
from typing import Literal
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.news.text import ELLIPSIS, URL_MAX, clean, ends_cluster, http_url, one_line, truncate
from tests.strategies import awkward_text, urls

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("  two   words\t here ", "two words here"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("one \n \n\n two\u2029three", "one\n\ntwo\n\nthree"),
        ("pay\u200bload \u202eevil\u202c \u2066x\u2069", "payload evil x"),
        ("nul\x00 bell\x07 escape\x1b[0m", "nul bell escape[0m"),
        ("e\u0301tage", "étage"),
        ("a\u00adb\ufeffc\u2060d", "abcd"),
        ("half\ud800 pair", "half pair"),
        ("hidden\U000e0061\U000e0062 tags", "hidden tags"),
        ("no\u200dn\u200cjoiner", "nonjoiner"),
        ("tax" + "\u0301" * 40, "tax" + "\u0301" * 6),
        ("non\u00a0breaking", "non breaking"),
        ("\u2800\u3164", ""),
    ],
)
def test_what_is_invisible_or_harmful_goes(dirty: str, tidy: str) -> None:
    assert clean(dirty) == tidy


@pytest.mark.parametrize(
    "text", [FAMILY, FLAG, WALES, "می‌خواهم", "क्‍ष", "👍🏽", "1️⃣", "❤️‍🔥", "ünïcödé"]
)
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert clean(text) == text


def test_a_title_has_one_line() -> None:
    assert one_line(" Harbour\n\nwall\u2028 gives way ") == "Harbour wall gives way"


@settings(max_examples=1000)
@given(text=awkward_text)
def test_clean_text_is_final_and_safe(text: str) -> None:
    tidy = clean(text)
    assert clean(tidy) == tidy
    assert tidy == tidy.strip()
    assert "\n\n\n" not in tidy
    assert "  " not in tidy
    assert unicodedata.is_normalized("NFC", tidy)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in tidy if char != "\n")
    assert not any(unicodedata.bidirectional(char) in _REORDERING for char in tidy)
    tidy.encode()


_REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 5, "short"),
        ("hello wide world", 11, "hello wide…"),
        ("hello wide world", 15, "hello wide…"),
        ("hello wide world", 16, "hello wide world"),
        ("hello", 4, "hel…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("港口的防波堤受损", 5, "港口的防…"),
        (f"ab {FAMILY}{FAMILY}", 12, "ab…"),
        (FAMILY * 2, 9, f"{FAMILY}…"),
        (FAMILY * 2, 7, "…"),
        (FLAG * 3, 10, f"{FLAG * 2}…"),
        ("e\u0323\u0302" * 3, 5, "e\u0323\u0302…"),
        ("각각각각", 3, "각각…"),
        ("\u1112\u1161\u11ab" * 2, 5, "\u1112\u1161\u11ab…"),
    ],
)
def test_texts_are_cut_between_words_and_never_inside_a_character(
    text: str, limit: int, cut: str
) -> None:
    assert truncate(text, limit) == cut


def test_limits_count_utf16_unless_told_otherwise() -> None:
    assert truncate("🔥🔥🔥", 5) == "🔥🔥…"
    assert truncate("🔥🔥🔥", 3, unit="code points") == "🔥🔥🔥"
    assert truncate("🔥🔥🔥🔥", 3, unit="code points") == "🔥🔥…"


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("ab", True),
        ("\r\n", False),
        ("a\u200d", False),
        ("\u200d\U0001f467", False),
        ("\u200da", True),
        ("\u0915\u0937", True),
        ("\u094d\u0937", False),
        ("\u094d ", True),
        ("\u1100\u1100", False),
        ("\u1100\u1161", False),
        ("\u1100\uac00", False),
        ("\u1100a", True),
        ("\uac00\u1161", False),
        ("\uac00\u11a8", False),
        ("\uac00\uac00", True),
        ("\uac01\u11a8", False),
        ("\uac01\u1161", True),
        ("\u11a8\u11a8", False),
        ("\u11a8\u1161", True),
        ("\u1161\u11a8", False),
        (FLAG, False),
        ("\u0e01\u0e31", False),
    ],
)
def test_grapheme_clusters_hold_together(text: str, ends: bool) -> None:
    assert ends_cluster(text, 1) == ends


@settings(max_examples=2000)
@given(
    text=awkward_text,
    limit=st.integers(min_value=0, max_value=60),
    unit=st.sampled_from(["utf16", "code points"]),
)
def test_a_cut_text_fits_and_splits_nothing(
    text: str, limit: int, unit: Literal["utf16", "code points"]
) -> None:
    cut = truncate(text, limit, unit=unit)
    size = len(cut.encode("utf-16-le", "surrogatepass")) // 2 if unit == "utf16" else len(cut)
    assert size <= limit
    if cut == text or not cut:
        return
    kept = cut.removesuffix(ELLIPSIS)
    assert text.startswith(kept)
    assert not kept or ends_cluster(text, len(kept))
    # Next to a character of a script without spaces a cut is right.
    if kept and (kept[-1] + text[len(kept)]).isalnum() and text[: len(kept) + 1].isascii():
        assert len(kept.split()) == 1  # only a text's first word may be cut


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://courier.example.org/a?b=1#c", "https://courier.example.org/a?b=1#c"),
        (" http://courier.example.org ", "http://courier.example.org"),
        ("HTTPS://Courier.example.org/A", "https://courier.example.org/A"),
        ("https://münchen.example/ä b", "https://xn--mnchen-3ya.example/%C3%A4%20b"),
        ("https://courier.example.org:8443/", "https://courier.example.org:8443/"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ('https://a.example/"><b>`', "https://a.example/%22%3E%3Cb%3E%60"),
        ("https://a.example/50%25", "https://a.example/50%25"),
        ("http://reader:pw@a.example/", "http://reader:pw@a.example/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://a.example/", None),
        ("//a.example/", None),
        ("https://", None),
        ("https:///path", None),
        ("https://a.example:99999/", None),
        ("https://[::1/", None),
        ("https://a.example/\nb", None),
        ("https://a.example/\ud800", None),
        ("https://a b.example/", None),
        ("https://exa<mple.org/", None),
        ("https://" + "a" * 64 + ".example/", None),
        ("https://a.example/" + "x" * URL_MAX, None),
        ("", None),
    ],
)
def test_only_web_addresses_are_shown(url: str, shown: str | None) -> None:
    assert http_url(url) == shown


@settings(max_examples=2000)
@given(url=urls)
def test_a_shown_address_is_ascii_short_and_final(url: str) -> None:
    shown = http_url(url)
    if shown is not None:
        assert shown.isascii()
        assert shown.startswith(("http://", "https://"))
        assert not any(char.isspace() for char in shown)
        assert len(shown) <= URL_MAX
        assert urlsplit(shown).hostname
        assert http_url(shown) == shown
