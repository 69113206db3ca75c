from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.times import window_of, without_times

NOW = datetime(2026, 6, 18, 15, 30, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        ("What happened yesterday?", "2026-06-17", "2026-06-18"),
        ("What did the mayor say today?", "2026-06-18", "2026-06-19"),
        ("What burnt the day before yesterday?", "2026-06-16", "2026-06-17"),
        ("Who won last night?", "2026-06-17", "2026-06-18"),
        ("Who resigned on Monday?", "2026-06-15", "2026-06-16"),
        ("Who resigned on Thursday?", "2026-06-18", "2026-06-19"),
        ("Who resigned last Thursday?", "2026-06-11", "2026-06-12"),
        ("What opened last week?", "2026-06-08", "2026-06-15"),
        ("What opened this week?", "2026-06-11", "2026-06-19"),
        ("What opened over the weekend?", "2026-06-12", "2026-06-16"),
        ("What closed last month?", "2026-05-01", "2026-06-01"),
        ("What closed this month?", "2026-06-01", "2026-06-19"),
        ("What closed last year?", "2025-01-01", "2026-01-01"),
        ("Which ferries sank in May?", "2026-05-01", "2026-06-01"),
        ("Which ferries sank in September?", "2025-09-01", "2025-10-01"),
        ("Which ferries sank since March?", "2026-03-01", "2026-06-19"),
        ("Which ferries sank in March 2025?", "2025-03-01", "2025-04-01"),
        ("What was signed on 3 June?", "2026-06-03", "2026-06-04"),
        ("What was signed on December 3rd?", "2025-12-03", "2025-12-04"),
        ("What was signed on June 3, 2024?", "2024-06-03", "2024-06-04"),
        ("What was signed on 2026-02-28?", "2026-02-28", "2026-03-01"),
        ("Who was elected in 2016?", "2016-01-01", "2017-01-01"),
        ("What broke two weeks ago?", "2026-06-04", "2026-06-05"),
        ("What broke in the last 24 hours?", "2026-06-17", "2026-06-19"),
        ("What broke in the past three days?", "2026-06-15", "2026-06-19"),
        ("Was geschah gestern in Tamsel?", "2026-06-17", "2026-06-18"),
        ("昨天发生了什么?", "2026-06-17", "2026-06-18"),
        ("Who said on Monday what he had said in May?", "2026-06-15", "2026-06-16"),
    ],
)
def test_a_time_in_a_question_is_a_window(question: str, start: str, end: str) -> None:
    window = window_of(question, NOW)
    assert window is not None
    assert (window.start.date().isoformat(), window.end.date().isoformat()) == (start, end)
    assert window.words in question


@pytest.mark.parametrize(
    "question",
    [
        "What may the council do?",
        "Who led the march to the harbour?",
        "Who counted 2000 gulls?",
        "What was signed on 31 June?",
        "What stood there before 2016?",
        "Who broke it a million years ago?",
        "Which Mondays are free?",
        "",
    ],
)
def test_what_only_looks_like_a_time_is_none(question: str) -> None:
    assert window_of(question, NOW) is None


def test_a_year_long_gone_says_when_it_was_not_when_it_was_told() -> None:
    long_ago, lately = window_of("in 2016", NOW), window_of("in 2025", NOW)
    assert long_ago is not None
    assert lately is not None
    assert (long_ago.is_when_told, lately.is_when_told) == (False, True)


def test_what_no_article_would_say_is_not_looked_for() -> None:
    assert without_times("What did the mayor say yesterday in Tamsel?").split() == (
        ["What", "did", "the", "mayor", "say", "in", "Tamsel?"]
    )
    assert without_times("Who won on 3 June?") == "Who won on 3 June?"


@given(st.text(), st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001  # bounds of Hypothesis are naive
def test_any_text_is_read(question: str, now: datetime) -> None:
    window = window_of(question, now.replace(tzinfo=UTC))
    assert window is None or window.start < window.end
