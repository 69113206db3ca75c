import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.extractive import MAX_SENTENCES, MAX_WORDS, Extractive, length
from bot.language.sentences import split
from bot.language.words import tokenise
from bot.news.models import Summary

FIRST = "The harbour at Port Arden will stay closed until Monday, the council said."
SECOND = "Two ferries were moved to Lund after the storm broke a pier on Friday night."
THIRD = "Engineers expect the repair to cost about 3.5 million crowns."
FOURTH = "The last such closure was in 1987."
TEXT = f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\n{FOURTH}"


def summary(text: str = "", *, teaser: str = "", title: str = "") -> Summary:
    return Extractive().summarise(title=title, text=text, teaser=teaser)


def lead(text: str, *, title: str = "") -> str:
    found = summary(text, title=title)
    assert found.method == "extractive"
    return found.text


# --- The feed's own abstract ---


def test_a_feeds_own_abstract_comes_first() -> None:
    abstract = "Storm damage keeps the harbour shut for days, and the ferries sail from Lund."
    assert summary(TEXT, teaser=abstract) == Summary(text=abstract, method="feed")


@pytest.mark.parametrize(
    "tail",
    [
        " The post Harbour shut appeared first on The Arden Echo.",
        "\nRead more",
        " Continue reading…",
        " Read the full story here.",
        "\n\n12 comments",
    ],
)
def test_an_invitation_to_read_on_is_taken_off_an_abstract(tail: str) -> None:
    assert summary(TEXT, teaser=SECOND + tail) == Summary(text=SECOND, method="feed")


@pytest.mark.parametrize(
    "teaser",
    [
        "",
        "Comments",
        "Storm damage keeps the harbour shut for days while engineers […]",
        "Storm damage keeps the harbour shut for days while engineers...",
        FIRST[:60],  # cut without a sign of it
        "Harbour stays shut",
        "Why does the harbour at Port Arden stay closed until Monday?",
        "submitted by /u/somebody [link] [comments]",
        "https://example.org/harbour",
        " ".join(itertools.repeat(SECOND, 9)),  # more than an abstract
    ],
)
def test_a_poor_teaser_gives_way_to_the_article(teaser: str) -> None:
    assert summary(TEXT, teaser=teaser, title="Harbour stays shut") == Summary(
        text=f"{FIRST} {SECOND} {THIRD}", method="extractive"
    )


def test_a_cut_teaser_is_better_than_nothing() -> None:
    assert summary(teaser=f"{FIRST} Storm damage keeps […]").text == FIRST
    assert summary(teaser="Storm damage keeps the […] Read more").text == "Storm damage keeps the…"
    assert summary("Sign up for our newsletter.", teaser="Harbour shut until…").text == (
        "Harbour shut until…"
    )


def test_there_is_nothing_to_say_beside_the_title() -> None:
    title = "Harbour stays shut until Monday"
    assert summary(title=title).text == ""
    assert summary(title=title, teaser=title).text == ""
    assert summary(f"{title}\n\nSign up for our newsletter.", title=title).text == ""


# --- The opening of the text ---


def test_the_first_three_sentences_tell_the_story() -> None:
    assert lead(TEXT) == f"{FIRST} {SECOND} {THIRD}"


@pytest.mark.parametrize(
    "furniture",
    [
        "Sign up for our newsletter and never miss a story.",
        "Scroll down for video of the broken pier and the waves.",
        "Editor's note: This story has been changed since it was first published.",
        "READ MORE: Ten piers that were broken by storms last year.",
        "Image caption The pier after the storm on Saturday morning.",
        "This article was originally published by The Arden Echo on Sunday.",
        "© 2026 The Arden Echo and its partners, all rights reserved.",
        "Harbour news",
        "A heading that nobody closed with a full stop",
        "But who pays for it all in the end?",
        "Lesen Sie auch: Zehn Hafenmauern, die der Sturm zerbrach.",
    ],
)
def test_furniture_headings_and_questions_are_left_out(furniture: str) -> None:
    assert lead(f"{furniture}\n\n{TEXT}") == f"{FIRST} {SECOND} {THIRD}"


def test_the_title_is_not_said_again() -> None:
    assert lead(TEXT, title=FIRST.upper()).startswith(SECOND)


@pytest.mark.parametrize(
    "dateline",
    [
        "(CNN) ",
        "(CNN) — ",
        "PORT ARDEN (Reuters) - ",
        "PORT ARDEN, May 3 (AFP) — ",
        "Port Arden (dpa) \u2013 ",
        "PORT ARDEN — ",
        "Port Arden, Norland — ",
    ],
)
def test_the_dateline_is_taken_off(dateline: str) -> None:
    assert lead(dateline + TEXT).startswith(FIRST)


@pytest.mark.parametrize(
    "sentence",
    [
        "The World Port Union (WPU) - the largest of its kind - said on Monday that it would wait.",
        "NATO — the alliance of thirty states — said on Monday that it would wait.",
        "But for the rain the pier would have stood, an engineer said.",
        "The pier will open (but only if the weather holds) on Monday morning.",
        "The mayor said the pier was safe, the harbour master said it was not.",
        "The list f(x) of (deliberately) long asides has (a first)part that stays.",
    ],
)
def test_what_bears_on_the_meaning_stays(sentence: str) -> None:
    kept = sentence.replace(" (WPU)", "").replace(" (deliberately)", "")
    assert lead(sentence) == kept


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("But the pier was old, the mayor said.", "The pier was old, the mayor said."),
        ("However, the pier was very old.", "The pier was very old."),
        ("The pier (built in 1903) was very old.", "The pier was very old."),
    ],
)
def test_what_cannot_change_the_meaning_is_trimmed(written: str, told: str) -> None:
    assert lead(written) == told


def test_a_summary_has_at_most_eighty_words() -> None:
    long = "The harbour " + "and the quay " * 20 + "stay closed."
    assert lead(f"{long}\n\n{long}x") == long


def test_one_long_sentence_is_kept_whole_and_an_endless_one_cut_at_a_clause() -> None:
    hundred = "The mayor said, " + "as ever, " * 48 + "nothing."
    assert lead(f"{hundred}\n\n{SECOND}") == hundred
    told = lead("The mayor said, " + "as always before, " * 100 + "nothing.")
    assert told.endswith("as always before…")
    assert length(told) <= MAX_WORDS
    assert lead("It lost 10,000 " * 200).endswith(("10,000…", "lost…", "It…"))


def test_chinese_and_thai_are_measured_in_characters() -> None:
    sentence = "港口因风暴损坏将关闭到星期一\uff0c市议会周五晚间表示。"
    assert lead(sentence * 9) == sentence * 3
    thai = "ท่าเรือจะปิดถึงวันจันทร์ " * 60
    assert 60 < length(lead(thai)) <= MAX_WORDS


def test_a_text_of_questions_still_says_something() -> None:
    assert lead("Who broke the pier? Nobody knows it.") == "Who broke the pier? Nobody knows it."


_NONSENSE = (
    *(".", "(", "A.", "A. ", "\n ", '")', "a", "!? ", " \n\n", ". (", "But ", "(a) ", "the post "),
    *("read more. ", "Word ", "LONDON ", "A, ", "世", "世。", "ก", "— ", "x (y ", "Follow x "),
)


@pytest.mark.parametrize("piece", _NONSENSE)
def test_nonsense_ends_soon_and_short(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    for found in (summary(text), summary(teaser=text), summary(text, teaser=text, title=text)):
        assert len(found.text) <= 1_001


# --- For any text ---

_SENTENCES = st.lists(
    st.sampled_from(["But ", "(CNN) ", "ROME — ", "Meanwhile, ", ""]).flatmap(
        lambda start: st.lists(
            st.sampled_from(["pier", "10,000", "(in 1903)", "said,", "Arden", "it's", "(not)"]),
            min_size=1,
            max_size=150,
        ).map(lambda words: start + " ".join(words) + ".")
    ),
    max_size=8,
).map("\n\n".join)


def _is_within(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(term in rest for term in part)


def _exact(text: str) -> list[str]:
    return [word.terms[0] for word in tokenise(text)]


@given(title=st.text(max_size=40), text=_SENTENCES | st.text(max_size=500), teaser=_SENTENCES)
def test_a_summary_is_made_of_the_articles_words_in_their_order(
    title: str, text: str, teaser: str
) -> None:
    found = summary(text, teaser=teaser, title=title)
    assert _is_within(_exact(found.text), _exact(text)) or _is_within(
        _exact(found.text), _exact(teaser)
    )
    assert length(found.text) <= 120
    assert found.text == found.text.strip()


@given(text=_SENTENCES)
def test_a_summary_has_at_most_three_sentences(text: str) -> None:
    assert len(split(summary(text).text)) <= MAX_SENTENCES
