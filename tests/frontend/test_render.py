import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.frontend.limits import broken_limits, embed_length
from bot.frontend.render import fitting_in_one, post_embed, post_embeds
from bot.news.models import Headline, Post
from bot.news.posts import bundle
from tests.frontend.strategies import posts

PING = re.compile(r"@everyone|@here|<@[!&]?\d", re.IGNORECASE)
REFERENCE = re.compile(r"(?<!\\)<[@#:/ta]")  # to channels, commands, emoji, times
INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def post(title: str = "Ferry resumes", body: str = "", **facts: object) -> Post:
    made = {"url": "https://courier.example.org/1", "source": "The Courier", **facts}
    return Post(title=title, body=body, **made)  # type: ignore[arg-type]  # a test's shorthand


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(posts)
def test_any_post_is_within_limits_harmless_and_without_mention(any_post: Post) -> None:
    embed = post_embed(any_post)
    assert broken_limits(None, [embed]) == []
    rendered = f"{embed.title}\n{embed.description}"
    shown = f"{rendered}\n{embed.author.name}\n{embed.footer.text}"
    assert not PING.search(shown)
    assert not REFERENCE.search(rendered)
    assert not INVISIBLE.search(shown)
    assert embed.url is None or embed.url.startswith(("http://", "https://"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(posts, min_size=1, max_size=5))
def test_any_bundle_is_within_limits_with_every_post_in_its_order(some: list[Post]) -> None:
    embeds = post_embeds(bundle(some))
    assert broken_limits(None, embeds) == []
    assert [embed.title for embed in embeds] == [post_embed(each).title for each in some]
    fitting = fitting_in_one(bundle(some))
    assert 1 <= fitting <= len(some)
    alone = [post_embed(each).to_dict() for each in some[:fitting]]
    assert [embed.to_dict() for embed in post_embeds(bundle(some[:fitting]))] == alone
    if fitting < len(some):
        assert sum(embed_length(post_embed(each)) for each in some[: fitting + 1]) > 6000


def test_a_long_title_is_cut_at_a_whole_word() -> None:
    title = post_embed(post("harbour " * 2000)).title
    assert title is not None
    assert len(title) <= 256
    assert title.endswith("harbour…")


def test_escapes_are_never_split_by_the_cut() -> None:
    title = post_embed(post("*" * 10_000)).title
    assert title is not None
    assert re.fullmatch(r"(\\\*)+…", title)
    assert len(title) > 250


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("# not a heading", "\\# not a heading"),
        ("-# not small", "\\-# not small"),
        ("> not a quote", "\\> not a quote"),
        ("- not a point", "\\- not a point"),
        ("+ not a point", "\\+ not a point"),
        ("1. not a list", "1\\. not a list"),
        ("2) not a list", "2\\) not a list"),
        ("a *b* _c_ ~d~ |e| `f`", "a \\*b\\* \\_c\\_ \\~d\\~ \\|e\\| \\`f\\`"),
        ("[x](https://evil.example.org/)", "\\[x\\](https://evil.example.org/)"),
        ("see https://example.org/a_b*c now", "see https://example.org/a_b%2Ac now"),
        ("<@1> <t:0:R>", "\\<\uff201> \\<t:0:R>"),
        ("hi @everyone and @here", "hi \uff20everyone and \uff20here"),
        ("mail me@example.org, +1 -1 3.14 #1", "mail me@example.org, +1 -1 3.14 #1"),
        ("it's C++ - fine", "it's C++ - fine"),
    ],
)
def test_a_body_is_shown_as_it_was_written(typed: str, shown: str) -> None:
    assert post_embed(post(body=typed)).description == shown


def test_titles_need_no_escapes_for_what_only_starts_lines() -> None:
    assert post_embed(post("# 1. - > *x*")).title == "# 1. - > \\*x\\*"


def test_source_and_footer_are_not_escaped_because_discord_renders_no_markdown_there() -> None:
    embed = post_embed(post(source="The *Star*_Daily", footer="a_b"))
    assert embed.author.name == "The *Star*_Daily"
    assert embed.footer.text == "a_b"


def test_only_web_addresses_are_linked() -> None:
    embed = post_embed(
        post(
            url="javascript:alert(1)",
            source_url="data:text/html,x",
            icon_url="ftp://example.org/icon.png",
            image_url="file:///etc/passwd",
        )
    )
    assert (embed.url, embed.author.url, embed.author.icon_url, embed.image.url) == (None,) * 4


def test_right_to_left_marks_and_zero_width_characters_are_removed() -> None:
    embed = post_embed(post("pay\u202epal\u200b\u2066x", body="a\u200db\ufeff\u200ec"))
    assert (embed.title, embed.description) == ("paypalx", "abc")


def test_a_post_of_nothing_still_has_a_title() -> None:
    embed = post_embed(Post(title=" \u200b", url=None, body="", source=""))
    assert embed.to_dict()["title"] == "(untitled)"
    assert broken_limits(None, [embed]) == []


def test_a_date_before_1970_is_a_mistake_and_not_shown() -> None:
    assert post_embed(post(published_at=datetime(1, 1, 1, tzinfo=UTC))).timestamp is None


# --- Roundups ---


def lines_of(*headlines: Headline, body: str = "") -> list[str]:
    return (post_embed(post(body=body, headlines=headlines)).description or "").splitlines()


def test_headlines_are_lines_with_links() -> None:
    linked = Headline(title="Mill *burns* [live]", url="https://courier.example.org/(mill)")
    bare = Headline(title="# Not a heading", url=None)
    assert lines_of(linked, bare, body="Today:") == [
        "Today:",
        "",
        "• [Mill \\*burns\\* (live)](https://courier.example.org/%28mill%29)",
        "• \\# Not a heading",
    ]


@pytest.mark.parametrize("count", [1, 12, 40, 500])
def test_a_headline_is_shown_whole_or_counted(count: int) -> None:
    titles = [f"Report number {n} of what happened at the harbour" for n in range(count)]
    lines = lines_of(
        *(Headline(title=title, url="https://courier.example.org/" + "x" * 90) for title in titles)
    )
    shown = [line for line in lines if line.startswith("•")]
    assert [title in line for title, line in zip(titles, shown, strict=False)] == [True] * len(
        shown
    )
    assert shown == [line for line in shown if line.endswith("x)")]
    rest = count - len(shown)
    assert lines[len(shown) :] == ([f"… and {rest} more, with `/news latest`"] if rest else [])
    assert len("\n".join(lines)) <= 4096


def test_a_headline_far_too_long_leaves_room_for_the_others() -> None:
    lines = lines_of(Headline(title="word " * 2000, url=None), Headline(title="Short", url=None))
    assert lines == ["• Short", "… and 1 more, with `/news latest`"]


def test_a_headline_whose_link_discord_would_refuse_is_shown_without() -> None:
    too_long = "https://courier.example.org/" + "x" * 3000
    assert lines_of(Headline(title="Mill burns", url=too_long)) == ["• Mill burns"]
