import sqlite3
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.language.words import tokenise
from bot.news.models import Word


def exact(text: str) -> list[str]:
    return [word.terms[0] for word in tokenise(text)]


def terms(text: str) -> set[str]:
    return {term for word in tokenise(text) for term in word.terms}


def pieces(text: str) -> list[str]:
    return [text[word.start : word.end] for word in tokenise(text)]


def test_english_gives_the_exact_form_first_then_stem_and_beginning() -> None:
    assert tokenise("Rates rising") == [
        Word(0, 5, ("rates", "rate", "_rates")),
        Word(6, 12, ("rising", "rise", "_risin")),
    ]


def test_a_word_without_five_letters_says_its_exact_form_again_instead_of_its_beginning() -> None:
    assert [word.terms for word in tokenise("dogs né Дом 1234")] == [
        ("dogs", "dog", "_dogs_"),
        ("ne", "_ne_"),
        ("дом", "_дом"),  # its first term is a stem: the beginning says more
        ("1234",),
    ]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("a C++ compiler", "C++"),
        ("written in C#", "c#"),
        ("the F# team", "F#"),
        ("the .NET runtime", ".net"),
        ("the .NET runtime", "NET"),  # a query loses its leading dot
        ("ASP.NET apps", ".NET"),
        ("it's over", "it\u2019s"),
        ("the U.S. said", "US"),
        ("the U.S. said", "U.S"),  # a query loses its last dot
        ("the USA said", "U.S.A."),
        ("up 3.5 percent", "3.5"),
        ("10,000 people", "10000"),
        ("10.000 Menschen", "10,000"),
        ("on 24.02.2022", "2022"),
        ("AT&T cut jobs", "at&t"),
        ("S&P 500 fell", "S&P"),
        ("covid-19 wave", "COVID"),
        ("Covid\u201119 wave", "covid-19"),
        ("the O'Brien report", "o\u2019brien"),
        ("Marsh's boat", "marsh"),
        ("chef de l'État", "état"),
        ("nell'arte", "arte"),
        ("Café São Müller Łódź Øre", "cafe sao muller lodz ore"),
        ("cafe\u0301 closed", "café"),
        ("\uff21\uff22\uff23 ニュース", "abc"),
        ("6½ sacks", "6"),
        ("won 🏆 today", "🏆"),
        ("team 🇩🇪 wins", "🇩🇪"),
        ("👩\u200d🚀 lands", "🚀"),
        ("#NightTrain", "nighttrain"),
        ("snow_storm", "storm"),
        ("Ёлка упала", "елка"),
        ("верховного суда", "верховный суд"),
        ("للانتخابات", "الانتخابات"),
        ("मुंबई में बारिश", "बारिश"),
        ("٢٠٢٢", "2022"),
        ("東京タワーが", "タワー"),
        ("家に猫がいる", "猫"),
        ("한국어로", "한국어"),
        ("ข่าวประเทศไทยวันนี้", "ประเทศไทย"),
        ("soft\u00adware", "software"),
    ],
)
def test_what_is_written_is_found_as_it_is_asked(written: str, asked: str) -> None:
    for word in tokenise(asked):
        assert set(word.terms) & terms(written), word


@pytest.mark.parametrize(
    ("one", "other"),
    [("C++", "C#"), ("AT&T", "at t"), ("3.5", "35"), ("🇩🇪", "🇫🇷"), ("हिन्दी", "हद"), ("й", "и")],
)
def test_different_things_stay_apart(one: str, other: str) -> None:
    assert exact(one) != exact(other)


def test_words_are_where_the_text_has_them() -> None:
    assert pieces("L\u2019État (2.5 %) — it's 🚀!") == ["L", "État", "2.5", "it's", "🚀"]


def test_chinese_is_cut_into_overlapping_pairs() -> None:
    assert pieces("世界杯 2026年") == ["世界", "界杯", "2026", "年"]


def test_a_word_of_endless_length_is_one_short_term() -> None:
    (word,) = tokenise("x" * 20_000)
    assert (word.start, word.end) == (0, 20_000)
    assert max(map(len, word.terms)) <= 64


@pytest.mark.parametrize(
    "piece", [".", "A.", "a'", "1.", "1,", "&", "C+", "ก", "世", "é\u0301", "\u200d"]
)
def test_repetition_is_read_once(piece: str) -> None:
    """Quadratic time would take minutes here."""
    assert len(tokenise(piece * 200_000)) <= 200_000


@given(st.text())
@example("\ud800\x00")
@example("\u19b0\u1cf2x")
def test_words_ascend_and_their_terms_are_letters_digits_and_underscores(text: str) -> None:
    words = tokenise(text)
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert [word.start for word in words] == sorted({word.start for word in words})
    for word in words:
        assert word.terms
        assert len(set(word.terms)) == len(word.terms)
        for term in word.terms:
            assert term.replace("_", "a").isalnum(), term


@pytest.mark.parametrize("tokenizer", ["ascii", "unicode61 remove_diacritics 0"])
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
@example(text="Ёлка straße ǅ हिन्दी C++ Ⅻ ﬁ İstanbul 한국어 ᲀ \u13a0 \u19b0\u1cf2x")
def test_fts5_keeps_every_term_as_it_is(tokenizer: str, text: str) -> None:
    wanted = sorted(terms(text))
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(
            f"""CREATE VIRTUAL TABLE f USING fts5 (x, tokenize = "{tokenizer} tokenchars '_'")"""
        )
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (f, 'row')")
        connection.execute("INSERT INTO f (x) VALUES (?)", (" ".join(wanted),))
        stored = sorted(row[0] for row in connection.execute("SELECT term FROM v"))
    finally:
        connection.close()
    assert stored == wanted


@given(st.text(), st.text())
def test_a_word_has_the_same_terms_wherever_it_stands(before: str, after: str) -> None:
    around = f"{before} harbours {after}"
    at = len(before) + 1
    assert Word(at, at + 8, ("harbours", "harbour", "_harbo")) in tokenise(around)


@given(st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=1))
def test_case_and_composition_do_not_matter(text: str) -> None:
    assert exact(text.upper().lower()) == exact(unicodedata.normalize("NFD", text.upper().lower()))


_awkward = st.sampled_from(
    [*"aé.'\u2019&+#\u20dd", "C++", "l'état", "U.S", ".NET", "10,", "世界", "🇩🇪", "\u200d"]
)
_spaces = st.text(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u3000", min_size=1)


@given(st.lists(st.one_of(_awkward, _spaces, st.text())).map("".join))
@example("the U. S. said 10, 000 l' état")
def test_white_space_parts_words_from_all_that_stands_beyond(text: str) -> None:
    """The index cuts a text piece by piece, between white space."""
    apart = [word.terms for piece in text.split() for word in tokenise(piece)]
    assert apart == [word.terms for word in tokenise(text)]
