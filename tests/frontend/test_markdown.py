"""What is written is what is read: rendered here, read by simcord's page."""

from urllib.parse import unquote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Not public, but the only reader of Discord's markdown at hand that is not ours.
from simcord.preview._markdown import markdown_summary, markdown_tokens

from bot.frontend.markdown import block, defuse, inline, label, link, plain
from bot.news.text import clean
from tests.frontend.strategies import PIECES

texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
relaxed = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(rendered: str, place: str) -> str:
    """Return what a reader sees of *rendered*, without spaces: the summary drops some.

    Inside a URL, what could style is percent-encoded.
    """
    seen = markdown_summary(markdown_tokens(rendered, place), 100_000)
    return unquote("".join(seen.split()))


@relaxed
@given(texts)
def test_a_description_shows_what_was_written(text: str) -> None:
    written = defuse(clean(text))
    assert read(block(text), "embed_description") == "".join(written.split())


@relaxed
@given(texts)
def test_a_title_shows_what_was_written(text: str) -> None:
    short = plain(text, 120)
    assert read(inline(short), "embed_title") == "".join(short.split())


@relaxed
@given(texts)
def test_a_link_leads_where_it_should_whatever_its_label_says(text: str) -> None:
    shown = label(plain(text, 120)) or "x"
    tokens = markdown_tokens(link(shown, "https://example.org/a(b) c"), "embed_description")
    targets = _targets(tokens)
    assert set(targets) == {"https://example.org/a%28b%29%20c"}


def _targets(tokens: object) -> list[str]:
    match tokens:
        case {"type": "link_open" | "link", "href": str(href)}:
            return [href]
        case {"children": children}:
            return _targets(children)
        case list():
            return [target for token in tokens for target in _targets(token)]
        case _:
            return []
