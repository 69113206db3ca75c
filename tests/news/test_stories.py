from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.words import tokenise
from bot.news.models import EntryId, FeedId, StoryId
from bot.news.stories import (
    WINDOW,
    Archive,
    Arrival,
    Candidate,
    Match,
    choose,
    link_of,
    sketch,
    words_of,
)
from tests.factories import NOW

LEAD = (
    "The ferry Solveig ran aground on a reef off Lund island on Friday night. Lifeboats took all"
    " 140 passengers to the harbour of Karsby, where the coast guard is looking into the cause."
)
RETOLD = (
    "Lifeboats from Karsby rescued the 140 passengers of the ferry Solveig after it hit a reef off"
    " Lund island on Friday night, the coast guard said. Nobody was hurt."
)
BUDGET = (
    "The council of Tamsel agreed on a budget of 40 million crowns early on Saturday. Schools get"
    " more money, and the swimming bath stays shut for another year."
)


_words_of = partial(words_of, tokenise)


def arrival(
    title: str,
    lead: str = "",
    *,
    feed: int = 1,
    number: int = 1,
    url: str | None = None,
    age: timedelta = timedelta(0),
) -> Arrival:
    return Arrival(
        id=EntryId(number),
        feed_id=FeedId(feed),
        at=NOW - age,
        sketch=sketch(_words_of, title, lead),
        link=link_of(url),
    )


def story(number: int, *members: Arrival) -> Candidate:
    return Candidate(id=StoryId(number), members=members, size=len(members))


# A thousand entries, in which words like these are common.
COMMON = sketch(_words_of, "Council says newsletter sign up today free read more", "").terms
ARCHIVE = Archive(size=1_000, counts=dict.fromkeys(COMMON, 300))
FERRY = story(1, arrival("Ferry aground off Lund, 140 rescued", LEAD))


def test_another_outlet_on_the_same_event_joins_it() -> None:
    told = arrival("Solveig passengers saved after ferry hits reef", RETOLD, feed=2)
    match = choose(told, [story(2, arrival("Budget passed", BUDGET)), FERRY], ARCHIVE)
    assert match is not None
    assert (match.story_id, match.by) == (1, "likeness")


def test_another_event_begins_a_story() -> None:
    assert choose(arrival("Tamsel passes its budget", BUDGET, feed=2), [FERRY], ARCHIVE) is None


def test_the_same_link_is_the_same_story_whatever_the_words() -> None:
    url = "https://agency.example.org/2026/solveig"
    first = story(7, arrival("Ferry aground", LEAD, url=url))
    told = arrival("Overnight news", BUDGET, feed=2, url=f"{url}/?utm_source=feed")
    match = choose(told, [FERRY, first], ARCHIVE)
    assert match is not None
    assert (match.story_id, match.by) == (7, "link")


@pytest.mark.parametrize("url", [None, "", "https://example.org", "https://www.example.org/"])
def test_a_link_that_names_only_a_site_tells_nothing(url: str | None) -> None:
    assert link_of(url) is None


@pytest.mark.parametrize(
    ("feed", "is_strict", "joins"), [(1, True, False), (2, True, True), (1, False, True)]
)
def test_a_feed_s_next_report_is_another_story(feed: int, *, is_strict: bool, joins: bool) -> None:
    """Joined to its own post it would be news that nobody sees, be it word for word the same."""
    told = arrival("Solveig passengers saved after ferry hits reef", RETOLD, feed=feed)
    match = choose(told, [FERRY], ARCHIVE, is_strict_within_feed=is_strict)
    assert (match is not None) is joins
    copy = arrival("Ferry aground off Lund: 140 are rescued", LEAD, feed=feed)
    match = choose(copy, [FERRY], ARCHIVE, is_strict_within_feed=is_strict)
    assert (match is not None) is joins


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("Daily puzzle 1,234: hints and answer", "Daily puzzle 1,235: hints and answer"),
        ("Weather for 3 March", "Weather for 4 March"),
        ("Ringtal serial, part 3", "Ringtal serial, part 4"),
    ],
)
def test_the_parts_of_a_series_are_stories_of_their_own(earlier: str, later: str) -> None:
    lead = "Here is what you need to know about the one of this day, and how to go on with it."
    first = story(1, arrival(earlier, lead))
    assert choose(arrival(later, lead), [first], ARCHIVE, is_strict_within_feed=False) is None


@pytest.mark.parametrize("size", [100, 10_000])
@pytest.mark.parametrize(
    ("earlier", "later", "joins"),
    [
        ("Weather forecast for Monday", "Weather forecast for Tuesday", False),
        ("Die Wettervorhersage für Montag", "Die Wettervorhersage für Dienstag", False),
        ("Прогноз погоды на среду", "Прогноз погоды на пятницу", False),
        ("Consumer prices report: March", "Consumer prices report: April", False),
        ("Ferry Solveig runs aground off Lund", "Ferry Solveig aground off Lund on Friday", True),
        ("Ferry Solveig aground on Friday", "Ferry Solveig aground, council meets Monday", True),
    ],
)
def test_what_two_feeds_say_of_two_days_is_two_stories(
    size: int, earlier: str, later: str, *, joins: bool
) -> None:
    """Without leads there is nothing else to tell them by, least of all in a young archive."""
    first = story(1, arrival(earlier, feed=1))
    archive = Archive(size=size, counts={})
    match = choose(arrival(later, feed=2), [first], archive)
    assert (match is not None) is joins
    link = "https://weather.example.org/today"
    linked = story(1, arrival(earlier, feed=1, url=link))
    assert choose(arrival(later, feed=2, url=link), [linked], archive) is not None


def test_what_lies_too_far_apart_is_another_story() -> None:
    told = arrival("Ferry aground off Lund, 140 rescued", LEAD, feed=2, age=WINDOW * 1.01)
    assert choose(told, [FERRY], ARCHIVE) is None


def test_words_that_everybody_uses_join_nothing() -> None:
    """Two texts with nothing in common but what a third of the archive has."""
    shared = "Sign up for the free newsletter today. Read more. The council says so."
    told = arrival("Council says: ring road shut", f"Sewer works at Ostby begin. {shared}", feed=2)
    other = story(1, arrival("Council says: heron lands", f"Birds nest in Varla moor. {shared}"))
    assert choose(told, [other], ARCHIVE) is None


def test_common_words_of_a_language_join_nothing_in_an_empty_archive() -> None:
    told = arrival("What they have to say about it", "It is not the one that we had.", feed=2)
    other = story(1, arrival("Why there are so many of them", "They would be in it if you had."))
    assert choose(told, [other], Archive(size=1, counts={})) is None


WORDS = st.sampled_from(
    ["ferry", "reef", "lund", "solveig", "lifeboat", "budget", "crown", "school", "heron", "sewer"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)
ARRIVALS = st.builds(
    arrival, TEXTS, TEXTS, feed=st.integers(1, 3), number=st.integers(1, 9), url=st.none()
)


@given(
    entry=ARRIVALS,
    members=st.lists(st.lists(ARRIVALS, min_size=1, max_size=3), min_size=1, max_size=5),
    data=st.data(),
)
def test_the_order_of_candidates_and_of_their_members_does_not_matter(
    entry: Arrival, members: list[list[Arrival]], data: st.DataObject
) -> None:
    stories = [story(number, *each) for number, each in enumerate(members, 1)]
    turned = [
        story(candidate.id, *data.draw(st.permutations(candidate.members)))
        for candidate in data.draw(st.permutations(stories))
    ]
    one, other = (choose(entry, order, ARCHIVE) for order in (stories, turned))
    assert _essence(one) == _essence(other)


def _essence(match: Match | None) -> object:
    return None if match is None else (match.story_id, match.by, round(match.likeness, 9))


@given(entry=ARRIVALS, others=st.lists(ARRIVALS, min_size=1, max_size=4))
def test_an_entry_without_a_word_in_common_joins_nothing(
    entry: Arrival, others: list[Arrival]
) -> None:
    stranger = arrival("Quarry blast shakes Midfell", "Windows broke in nine houses.", feed=9)
    assert choose(stranger, [story(1, *others), story(2, entry)], ARCHIVE) is None


@given(entry=ARRIVALS)
def test_another_feed_s_word_for_word_copy_joins(entry: Arrival) -> None:
    copy = Arrival(id=EntryId(99), feed_id=FeedId(8), at=entry.at, sketch=entry.sketch)
    if len(entry.sketch.terms) > 1:
        assert choose(copy, [story(1, entry)], ARCHIVE) is not None
