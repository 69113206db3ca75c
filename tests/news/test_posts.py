"""What a post says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.models import Entry, EntryId, Feed, FeedId, Headline, StoryId, Summary
from bot.news.posts import (
    PALETTE,
    UNTITLED,
    colour_of,
    compose,
    compose_roundup,
    says_what_is_gone,
    shows_otherwise,
)
from tests.factories import NOW
from tests.news.archive import Archive
from tests.strategies import awkward_text, odd_instants, urls

FEED: Feed = replace(
    Archive().feed,
    site_url="https://courier.example.org/",
    icon_url="https://courier.example.org/icon.png",
)


def entry(**changes: object) -> Entry:
    made = Entry(
        id=EntryId(1),
        feed_id=FeedId(1),
        story_id=StoryId(1),
        url="https://courier.example.org/wall",
        title="Harbour wall gives way",
        teaser="",
        text="The wall gave way at noon. Nobody was hurt.",
        text_method="feed",
        author=None,
        image_url="https://courier.example.org/wall.jpg",
        published_at=NOW - timedelta(hours=1),
        first_seen_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of the caller


def summary(text: str) -> Summary:
    return Summary(text=text, method="extractive")


def test_a_post_says_who_reports_what_and_when() -> None:
    post = compose(entry(), FEED, "Courier", summary("The wall gave way at noon."))
    assert post.title == "Harbour wall gives way"
    assert post.url == "https://courier.example.org/wall"
    assert post.body == "The wall gave way at noon."
    assert post.source == "Courier"
    assert post.source_url == "https://courier.example.org/"
    assert post.icon_url == "https://courier.example.org/icon.png"
    assert post.image_url == "https://courier.example.org/wall.jpg"
    assert post.published_at == NOW - timedelta(hours=1)


def test_a_models_words_are_marked_as_such() -> None:
    made = Summary(text="Nobody was hurt.", method="llm:small")
    assert compose(entry(), FEED, "Gazette", made).footer == "AI summary"
    assert compose(entry(), FEED, "Gazette", summary("Nobody was hurt.")).footer is None


def test_without_a_summary_there_is_no_body() -> None:
    assert compose(entry(), FEED, "Courier", None).body == ""


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ("Harbour wall gives way!", ""),
        ("Harbour wall gives way. It was noon.", "It was noon."),
        ("Harbour wall gives way\n\nIt was noon.", "It was noon."),
        ("Harbour wall gives way again.", "Harbour wall gives way again."),
        ("Harbour wall gives ways to walk", "Harbour wall gives ways to walk"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_body_does_not_repeat_the_title(said: str, body: str) -> None:
    assert compose(entry(), FEED, "Courier", summary(said)).body == body


def test_an_untitled_entry_is_called_by_its_first_words() -> None:
    assert compose(entry(title=" "), FEED, "C", None).title == (
        "The wall gave way at noon. Nobody was hurt."
    )
    long = compose(entry(title="", text="word " * 100), FEED, "C", None).title
    assert long.endswith("word…")
    assert len(long) <= 80
    assert (
        compose(entry(title="", text="", teaser="Only this"), FEED, "C", None).title == "Only this"
    )
    assert compose(entry(title="", text=""), FEED, "C", None).title == UNTITLED


def test_the_first_words_of_an_untitled_entry_are_not_its_body_too() -> None:
    said = "The wall gave way at noon. Nobody was hurt."
    assert compose(entry(title=""), FEED, "C", summary(said)).body == ""


def test_only_web_addresses_become_links_and_images() -> None:
    post = compose(
        entry(url="javascript:alert(1)", image_url="data:image/png;base64,x"),
        replace(FEED, site_url="tag:x", icon_url=None),
        "Courier",
        None,
    )
    assert (post.url, post.image_url, post.source_url, post.icon_url) == (None,) * 4


def test_nothing_is_published_after_it_was_seen() -> None:
    assert compose(entry(published_at=NOW + timedelta(days=1)), FEED, "C", None).published_at == NOW
    assert compose(entry(published_at=None), FEED, "C", None).published_at is None


def test_a_source_without_a_name_goes_by_the_feeds() -> None:
    assert compose(entry(), FEED, " ", None).source == FEED.title
    assert compose(entry(), replace(FEED, title=""), "", None).source == FEED.url


def test_a_feed_keeps_its_colour_when_it_moves_to_https() -> None:
    assert colour_of("http://courier.example.org/feed/") == colour_of(
        "https://www.courier.example.org/feed"
    )
    assert len({colour_of(f"https://{n}.example.org/") for n in range(200)}) == len(PALETTE)


@given(
    title=awkward_text,
    text=awkward_text,
    said=awkward_text,
    name=awkward_text,
    url=st.one_of(st.none(), urls),
    published_at=st.one_of(st.none(), odd_instants),
)
def test_any_entry_makes_a_post_with_a_title_and_a_source(
    title: str, text: str, said: str, name: str, url: str | None, published_at: object
) -> None:
    made = entry(title=title, text=text, url=url, image_url=url, published_at=published_at)
    post = compose(made, FEED, name, summary(said))
    assert post.title.strip()
    assert "\n" not in post.title
    assert post.source.strip()
    assert post.colour in PALETTE
    assert post.url is None or post.url.startswith(("http://", "https://"))


def test_a_roundup_counts_and_lists_its_entries_in_their_order() -> None:
    post = compose_roundup(
        [entry(title="One"), entry(title=" ", text="Words.", url="javascript:x")], FEED, "Courier"
    )
    assert (post.title, post.source, post.body) == ("2 more from Courier", "Courier", "")
    assert post.url == FEED.site_url
    assert post.headlines == (
        Headline(title="One", url="https://courier.example.org/wall"),
        Headline(title="Words.", url=None),
    )


@pytest.mark.parametrize(
    ("title", "url", "is_otherwise"),
    [
        ("Harbour wall gives way", "https://courier.example.org/wall", False),
        ("Harbour  wall gives way ", "https://courier.example.org/wall?utm_source=feed", False),
        ("Harbour wall holds", "https://courier.example.org/wall", True),
        ("Harbour Wall gives way", "https://courier.example.org/wall", True),
        ("Harbour wall gives way", "https://courier.example.org/wall-2", True),
        ("Harbour wall gives way", None, True),
    ],
)
def test_a_post_is_out_of_date_when_its_title_or_target_is(
    title: str, url: str | None, *, is_otherwise: bool
) -> None:
    earlier = entry()
    assert is_otherwise is shows_otherwise(
        title=title, url=url, earlier_title=earlier.title, earlier_url=earlier.url
    )


@pytest.mark.parametrize(
    ("text", "is_gone"),
    [
        ("A barge sank at noon (see map). Four men were saved.", False),
        ("Update. A barge sank at noon (see map). FOUR men were saved! Divers came.", False),
        ("A barge sank at noon (see map). Five men were saved.", True),
        ("A barge sank at noon.", True),
        ("", True),
    ],
)
def test_a_summary_is_out_of_date_when_its_article_no_longer_says_so(
    text: str, *, is_gone: bool
) -> None:
    # Without what stood in parentheses.
    summary = Summary(text="A barge sank at noon. Four men were saved.", method="extractive")
    earlier = "A barge sank at noon (see map). Four men were saved."
    assert says_what_is_gone(summary, text=text, earlier_text=earlier) is is_gone


@pytest.mark.parametrize(
    ("text", "is_gone"), [("A barge sank. Divers came.", False), ("No barge sank.", True)]
)
def test_a_models_summary_is_out_of_date_when_anything_was_taken_back(
    text: str, *, is_gone: bool
) -> None:
    summary = Summary(text="One boat went down.", method="llm:small")
    assert says_what_is_gone(summary, text=text, earlier_text="A barge sank.") is is_gone


@given(awkward_text, awkward_text, st.sampled_from(["feed", "extractive", "llm:small"]))
def test_what_an_article_still_says_is_never_out_of_date(
    text: str, added: str, method: str
) -> None:
    summary = Summary(text=text, method=method)
    assert not says_what_is_gone(summary, text=f"{text}\n{added}", earlier_text=text)


@pytest.mark.parametrize(
    ("others", "footer"),
    [
        (0, None),
        (1, "also: Gazette 1 · 2 sources"),
        (3, "also: Gazette 1, Gazette 2, Gazette 3 · 4 sources"),
        (
            8,
            "also: Gazette 1, Gazette 2, Gazette 3, Gazette 4, Gazette 5, Gazette 6, … · 9 sources",
        ),
    ],
)
def test_the_other_sources_of_a_story_are_named_and_all_are_counted(
    others: int, footer: str | None
) -> None:
    names = [f"Gazette {number}" for number in range(1, others + 1)]
    assert compose(entry(), FEED, "Courier", None, names).footer == footer
