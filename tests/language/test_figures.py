from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.figures import BARE, Figure, figures

THOUSANDS = {"comma": ",", "point": ".", "apostrophe": "\u2019", "space": " ", "thin": "\u202f"}


def read(text: str, language: str | None = None) -> list[tuple[list[str], str | None]]:
    return [
        (sorted(f"{value.normalize():f}" for value in figure.values), figure.unit)
        for figure in figures(text, language)
    ]


def only(text: str, language: str | None = None) -> Figure:
    (figure,) = figures(text, language)
    return figure


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7 ships", ["7"]),
        ("007 ships", ["7"]),
        ("3.5 ships", ["3.5"]),
        ("3,5 Schiffe", ["3.5"]),
        ("12,345.67 crowns", ["12345.67"]),
        ("12.345,67 Kronen", ["12345.67"]),
        ("1,234,567 fish", ["1234567"]),
        ("1.234 ships", ["1.234", "1234"]),
        ("2\u00bd loaves", ["2.5"]),
        ("\u00bd loaf", ["0.5"]),
        ("\u0665\u0660\u0660 \u0633\u0641\u064a\u0646\u0629", ["500"]),
        ("\u096b\u0966 \u091c\u0939\u093e\u091c", ["50"]),
        ("\uff13\uff15 ships", ["35"]),
        ("minus 5 boats", ["-5"]),
        ("a low of -5 here", ["-5"]),
        ("the 14th ship", ["14"]),
        ("the 1990s here", ["1990"]),
        ("2.5 million fish", ["2500000"]),
        ("2,5 Mio. Fische", ["2500000"]),
        ("3 Milliarden Fische", ["3000000000"]),
        ("2,5 \u043c\u043b\u043d \u0440\u044b\u0431", ["2500000"]),
        ("5 mil millones de peces", ["5000000000"]),
        ("10 thousand million fish", ["10000000000"]),
        ("40k fish", ["40", "40000"]),
        ("3.5\u4e07\u6761\u9c7c", ["35000"]),
        ("\u4e09\u5341\u4e94\u4e07\u6761\u9c7c", ["350000"]),
        ("\u4e8c\u767e\u4e00\u5341\u6761", ["210"]),
        ("two fish", ["2"]),
        ("twenty-one fish", ["21"]),
        ("two hundred and twelve fish", ["212"]),
        ("two thousand five hundred fish", ["2500"]),
        ("three million fish", ["3000000"]),
        ("half a million fish", ["500000"]),
        ("a dozen fish", ["12"]),
        ("a hundred fish", ["100"]),
        ("the seventh fish", ["7"]),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, values: list[str]) -> None:
    assert read(text) == [(values, None)]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("rose 12% today", "%"),
        ("rose 12 per cent today", "%"),
        ("stieg um 12 Prozent an", "%"),
        ("a augment\u00e9 de 12 pour cent hier", "%"),
        ("\u767e\u5206\u4e4b\u5341\u4e8c\u7684\u4eba", "%"),
        ("by 12 percentage points in all", "pp"),
        ("$12 each", "$"),
        ("12 million dollars each", "$"),
        ("12 Euro pro Stück", "€"),
        ("\u00a312bn in all", "£"),
        ("12 km away", "km"),
        ("a 12-year-old boat", "year"),
        ("12 hours later", "hour"),
        ("Per Holm, 12, is here", BARE),
        ("12 fish", None),
    ],
)
def test_a_number_is_known_by_its_unit(text: str, unit: str | None) -> None:
    assert only(text).unit == unit


def test_dates_versions_and_times_are_numbers_side_by_side() -> None:
    assert [values for values, _ in read("on 14.03.2026 here")] == [["14"], ["3"], ["2026"]]
    assert [values for values, _ in read("from 9:30 on")] == [["9"], ["30"]]
    assert [values for values, _ in read("10-12 days")] == [["10"], ["12"]]


def test_words_for_numbers_are_those_of_the_language() -> None:
    assert read("drei Schiffe", "de") == [(["3"], None)]
    assert read("drei Schiffe", "en") == []
    assert read("zwei Millionen Euro", "de") == [(["2000000"], "€")]


def test_what_counts_nothing_is_no_number() -> None:
    assert figures("One of the first ships of the G7, an A380, once left.") == []


def test_an_endless_number_is_an_identifier() -> None:
    assert only("9" * 5000).unit == "identifier"


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 10**12), st.sampled_from(sorted(THOUSANDS)))
def test_separators_of_thousands_change_nothing(number: int, separator: str) -> None:
    written = f"{number:,}".replace(",", THOUSANDS[separator])
    assert Decimal(number) in only(f"about {written} fish").values


@settings(max_examples=1000, deadline=None)
@given(st.decimals(0, 10**6, places=2), st.sampled_from(["million", "billion", "thousand"]))
def test_a_scale_multiplies(number: Decimal, scale: str) -> None:
    factor = {"thousand": 10**3, "million": 10**6, "billion": 10**9}[scale]
    assert only(f"about {number:f} {scale} fish").values == {number * factor}


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error_and_twice_alike(text: str) -> None:
    assert figures(text, "de") == figures(text, "de")
    assert all(figure.values for figure in figures(text))
