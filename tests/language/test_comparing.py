"""Reports of one event beside each other: key sentences, and figures that differ."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.comparing import Comparer
from bot.language.differing import differences
from bot.language.opening import flat
from bot.news.models import Report
from tests.strategies import awkward_text

WIRE = Report(
    source=1,
    title="Ferry runs aground off Lund island",
    text="The ferry Solveig ran aground on a reef off Lund island on Friday night. It was dark. "
    "Lifeboats took all 140 passengers to the harbour of Karsby, the coast guard said. What went "
    "wrong? Subscribe to our newsletter. The crew of twelve stayed on board of the ferry.",
)
POST = Report(
    source=2,
    title="Passengers rescued as ferry Solveig hits reef",
    text="Lifeboats rescued 138 passengers from the ferry Solveig, which hit a reef off Lund "
    "island late on Friday, the coast guard in Karsby said. Divers will look at the hull of the "
    "ferry on Sunday, its owner Ole Brand told us.",
)


def told(*texts: str, sources: tuple[int, ...] = ()) -> list[tuple[str, tuple[str, ...]]]:
    """Return the differences between reports, each of its own source unless *sources* are given."""
    numbers = sources or tuple(range(len(texts)))
    reports = [
        Report(source=source, title="", text=text)
        for source, text in zip(numbers, texts, strict=True)
    ]
    return [
        (each.subject, tuple(written for _, written in each.said)) for each in differences(reports)
    ]


# --- Key sentences ---


def test_sentences_come_from_different_sources_as_they_stand_in_order() -> None:
    found = Comparer().compare([WIRE, POST]).sentences
    assert {each.report for each in found} == {0, 1}
    assert [each.report for each in found] == sorted(each.report for each in found)
    for each in found:
        assert each.text in (WIRE, POST)[each.report].text


def test_what_cannot_stand_alone_is_not_quoted() -> None:
    quoted = " ".join(each.text for each in Comparer().compare([WIRE, POST]).sentences)
    for unwanted in ("It was dark", "What went wrong", "Subscribe"):
        assert unwanted not in quoted


def test_what_two_sources_say_alike_is_quoted_once() -> None:
    again = Report(source=3, title="Ferry", text=WIRE.text)
    quoted = [flat(each.text) for each in Comparer().compare([WIRE, again]).sentences]
    assert len(quoted) == len(set(quoted))


def test_one_report_has_key_sentences_too() -> None:
    found = Comparer().compare([WIRE]).sentences
    assert 1 <= len(found) <= 3
    assert all(each.report == 0 for each in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), awkward_text, awkward_text), max_size=4))
def test_whatever_is_compared_every_sentence_stands_in_its_report(
    made: list[tuple[int, str, str]],
) -> None:
    reports = [Report(source=source, title=title, text=text) for source, title, text in made]
    compared = Comparer().compare(reports)
    assert all(each.text in reports[each.report].text for each in compared.sentences)
    for difference in compared.differences:
        assert len({reports[number].source for number, _ in difference.said}) > 1


# --- Figures that differ ---


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        (
            "Lifeboats rescued 140 passengers.",
            "Rescued: 138 passengers, by lifeboats.",
            ("passengers", ("140", "138")),
        ),
        (
            "Twelve people were killed in the fire.",
            "14 people were killed in the mill fire.",
            ("people", ("Twelve", "14")),
        ),
        (
            "The mill fire killed at least 12 workers.",
            "The fire at the mill killed 15 workers.",
            ("workers", ("at least 12", "15")),
        ),
        (
            "Prices in Karsby rose by 3.2% in May.",
            "Prices in Karsby rose 3.6 percent in May.",
            ("%", ("3.2", "3.6")),
        ),
        (
            "The council of Tamsel voted for a budget of $40 million.",
            "A budget of $46m was voted for by the council of Tamsel.",
            ("$", ("$40 million", "$46m")),
        ),
    ],
)
def test_one_thing_counted_differently_is_a_difference(
    one: str, other: str, difference: tuple[str, tuple[str, str]]
) -> None:
    assert told(one, other) == [difference]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lifeboats rescued 140 passengers.", "They rescued one hundred and forty passengers."),
        ("The boat had 140 passengers.", "About 150 passengers were on the boat."),
        ("The council spent 1,400 crowns on it.", "The council spent 1,423 crowns on it."),
        ("14 people were killed in the fire.", "12 people were hurt at sea."),
        ("A fire killed 12 workers.", "A fire killed 14 workers, not 12 workers as was said."),
        ("It closed for 12 days.", "It closed for 14 days."),
        ("On 12 March the mill burnt.", "On 14 March the mill burnt."),
        ("In 2016 workers built it.", "In 2019 workers built it."),
        ("The 12-room inn at Lund burnt.", "The 14-room inn at Lund burnt."),
        ("Prices rose by 3 percent.", "The mayor got 4 percent of all votes."),
        ("The fire killed 12 workers.", "Of 400 workers, all were at home in the fire."),
        ("The fire killed 12 workers and hurt 40 workers.", "The fire killed 14 workers."),
    ],
    ids=[
        *("in words", "hedged", "rounded", "two facts", "both known", "days", "dates", "years"),
        *("adjective", "other percent", "far apart", "several"),
    ],
)
def test_what_may_well_agree_is_no_difference(one: str, other: str) -> None:
    assert told(one, other) == []


def test_a_source_that_corrects_itself_gives_its_latest_figure() -> None:
    early, late = "The fire killed 12 workers.", "The fire killed 14 workers."
    assert told(early, late, sources=(1, 1)) == []
    assert told(early, late, late, sources=(1, 1, 2)) == []
    assert told(early, late, "The fire killed 17 workers.", sources=(1, 1, 2)) == [
        ("workers", ("14", "17"))
    ]
