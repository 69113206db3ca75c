"""What is quoted: letter by letter, once, with who else says it and where figures differ."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.asking import read
from bot.language.kinds import Kind, kinds_of
from bot.language.quoter import QUOTES_MAX, TextQuoter
from bot.language.sentences import split
from bot.news.answers import Answer, Gathered
from bot.news.models import EntryId, FeedId, Hit
from tests.factories import NOW, entry


def hit(number: int, text: str, *, title: str = "News", feed: int = 1, days: int = 0) -> Hit:
    made = entry(
        entry_id=number,
        feed_id=feed,
        title=title,
        text=text,
        published_at=NOW - timedelta(days=days),
    )
    assert (made.id, made.feed_id) == (EntryId(number), FeedId(feed))
    return Hit(entry=made, feed_title=f"Paper {feed}", post=None, score=1 / number)


def answer(question: str, *hits: Hit) -> Answer:
    quoter = TextQuoter()
    asked = quoter.read(question, NOW)
    gathered = Gathered(hits=hits, searched=len(hits), newest_at=NOW, entries=5_000, frequencies={})
    return quoter.answer(asked, gathered, NOW)


WORDS = st.sampled_from(
    [
        "harbour",
        "bridge",
        "Brandt",
        "12",
        "million",
        "crowns",
        "the",
        "of",
        "reopened",
        "Tamsel",
        "“We”",
        "ok",
    ]
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words) + ". ")
TEXTS = st.one_of(
    st.lists(SENTENCES, max_size=8).map("".join),
    st.text(max_size=300),
    st.lists(st.one_of(SENTENCES, st.sampled_from(["\n\n", "\n", " ", "?!", "…", "。"]))).map(
        "".join
    ),
)


@settings(max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(["bridge", "crowns", "Tamsel ok"]))
def test_every_quote_stands_verbatim_in_its_entry(texts: list[str], about: str) -> None:
    hits = [hit(n, text, feed=n % 3 + 1, title=text[:30]) for n, text in enumerate(texts, 1)]
    told = answer(f"How much did the {about} cost in the harbour?", *hits)
    shown = told.quotes or told.closest
    assert len(shown) <= QUOTES_MAX
    for quote in shown:
        text = quote.hit.entry.text or quote.hit.entry.teaser
        assert quote.text in text
        start, end = quote.sentence
        at = text.index(quote.text)
        spans = split(text)
        assert any(text[a:b] == quote.text[start:end] for a, b in spans), "a whole sentence"
        assert any(a == at for a, _ in spans) or text.count(quote.text) > 1
        assert all(start < end <= len(quote.text) for start, end in quote.marks)
        flat = [edge for mark in quote.marks for edge in mark]
        assert flat == sorted(flat)


def test_the_sentence_that_answers_is_quoted_with_its_neighbours() -> None:
    text = (
        "The council met on Tuesday. The Tamsel bridge will reopen on 4 May. Buses will cross it "
        "first. " + "Nothing else was decided by the council, which met for seven hours. " * 6
    )
    told = answer("When does the Tamsel bridge reopen?", hit(1, text))
    quote = told.quotes[0]
    assert quote.text[slice(*quote.sentence)] == "The Tamsel bridge will reopen on 4 May."
    assert quote.text.startswith("The council met on Tuesday.")
    marked = {quote.text[start:end] for start, end in quote.marks}
    assert marked == {"Tamsel bridge", "reopen"}


def test_the_same_words_are_quoted_once_and_counted() -> None:
    text = "The Tamsel bridge will reopen for buses on 4 May, the mayor said."
    told = answer(
        "When does the Tamsel bridge reopen?",
        hit(1, text),
        hit(2, text, feed=2),
        hit(3, "The mayor said the Tamsel bridge will reopen for buses on 4 May.", feed=3),
        hit(4, text, feed=2),
    )
    assert len(told.quotes) == 1
    assert told.quotes[0].told_by == ("Paper 1", "Paper 2", "Paper 3")


def test_a_source_with_another_figure_does_not_state_the_same() -> None:
    told = answer(
        "How many passengers were rescued from the ferry at Lund?",
        hit(1, "All 140 passengers were rescued from the ferry at Lund on Monday night."),
        hit(2, "138 passengers rescued from the ferry at Lund on Monday night.", feed=2),
    )
    assert [quote.told_by for quote in told.quotes] == [("Paper 1",), ("Paper 2",)]
    assert [tuple(one) for one in told.disagreements] == [(0, 1, "140", "138")]


@pytest.mark.parametrize(
    ("second", "differ"),
    [
        ("Repairs of the bridge cost 14 million crowns.", True),
        ("Repairs of the bridge cost 12,000,000 crowns.", False),
        ("Repairs of the bridge took 14 weeks to make.", False),
        ("A bus cost 14 million crowns in Lund.", False),
    ],
)
def test_figures_for_one_thing_that_differ_are_said(second: str, *, differ: bool) -> None:
    first = hit(1, "The bridge repairs cost 12 million crowns.")
    told = answer("How much did the bridge repairs cost?", first, hit(2, second, feed=2))
    assert bool(told.disagreements) is differ


def test_what_is_about_something_else_is_no_answer() -> None:
    told = answer(
        "Which company bought the shipyard of Upper Harrow from Lena Voss?",
        hit(1, "The company said that its ferries ran late. A shipyard is to look at them."),
        hit(2, "Buses ran late, too.", feed=2),
    )
    assert not told.is_found
    assert told.confidence < 0.3
    assert told.quotes == ()
    assert [one.entry.id for one in told.nearest] == [1, 2]


def test_an_old_article_is_believed_less_unless_the_question_names_a_time() -> None:
    def sure(question: str, days: int) -> float:
        return answer(question, hit(1, "The bridge of Arden reopens at six.", days=days)).confidence

    of_late, of_may = "When does the bridge reopen?", "When did the bridge reopen in May?"
    assert sure(of_late, 0) > sure(of_late, 12) > sure(of_late, 120)
    assert sure(of_may, 12) == sure(of_may, 0)


def test_what_a_late_article_says_too_is_believed_more() -> None:
    question = "When does the bridge of Arden reopen?"
    old = hit(1, "The bridge of Arden reopens at six on the fourth of May.", days=30)
    late = hit(2, "Work on the bridge of Arden is done, and it may reopen soon.")
    other = hit(2, "The ferry has a new captain.")
    assert answer(question, old, late).confidence > answer(question, old, other).confidence


def test_nothing_gathered_is_nothing_found() -> None:
    told = answer("Who won?")
    assert (told.is_found, told.confidence, told.quotes, told.nearest) == (False, 0.0, (), ())


def test_an_article_of_any_length_is_read_in_part() -> None:
    long = "The mayor spoke of the harbour again. " * 5_000 + "The bridge opens on 4 May."
    told = answer("When does the bridge open?", hit(1, long), hit(2, "x" * 100_000, feed=2))
    assert all(quote.text in long for quote in told.quotes or told.closest)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who resigned?", Kind.PERSON),
        ("Which player scored?", Kind.PERSON),
        ("Where did it happen?", Kind.PLACE),
        ("In which city was it?", Kind.PLACE),
        ("When was it built?", Kind.DATE),
        ("How many girders were replaced?", Kind.NUMBER),
        ("How much did the repairs cost?", Kind.MONEY),
        ("How long did it last?", Kind.DURATION),
        ("Why was it closed?", Kind.CAUSE),
        ("Which bridge was closed?", Kind.NAME),
        ("Tell me about bridges", Kind.ANY),
        ("Wer ist der Kapitän?", Kind.PERSON),
        ("¿Dónde está el puerto?", Kind.PLACE),
        ("Когда откроют мост?", Kind.DATE),
        ("谁是船长?", Kind.PERSON),
        ("The bridge fell. Who built it?", Kind.PERSON),
    ],
)
def test_the_kind_of_answer_is_told_by_the_question(question: str, kind: Kind) -> None:
    assert kinds_of(question)[0] is kind


def test_words_of_asking_are_not_looked_for() -> None:
    words = [word.written for word in read("Which harbour did Ana Lund visit yesterday?").words]
    assert words == ["harbour", "Ana", "Lund", "visit"]
    assert [word.written for word in read("Who was it?").words] == ["Who", "was", "it"]
