# ruff: noqa: RUF001  # words of many languages look like others
"""What a sentence may say of an article, by example and by the thousand."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.language.grounding import Source
from bot.language.lexicon import FUNCTION_WORDS

ARTICLE = """\
The ferry to Lund island will run every hour from Monday, the council of Saltmarsh said on Friday.

Mayor Ana Berg called it “a good day for the island”. The council paid 2.5 million crowns for \
a second ship, 12 percent more than planned. Mara Voss, the treasurer, had warned of that.

Islanders had asked for it for nine years. “We are happy,” said Per Holm, 45, who leads the \
harbour board. It was -7 degrees at the pier. Tickets will cost $40 until March 2027. About 1,200 \
people live on Lund, and half of them work in Saltmarsh."""

STANDS = [
    "From Monday the ferry to Lund island runs every hour.",
    "The council of Saltmarsh paid 2,500,000 crowns for a second ship.",
    "The ship cost 12% more than planned.",
    "Islanders waited 9 years.",
    "Mayor Ana Berg spoke of \u201ca good day\u201d.",
    "Mayor Ana Berg called it 'a good day for the island'.",
    "Per Holm, a 45-year-old who leads the harbour board, said \u201cWe are happy\u201d.",
    "Treasurer Mara Voss had warned of the price.",
    "Half of the 1200 people on Lund work in Saltmarsh.",
    "Residents of Lund pay $40 until March 2027.",
    "Berg and Holm are glad about the ferry.",
    "At the pier it was minus 7 degrees.",
]
FALLS = {
    "The council paid 3.5 million crowns.": "number: 3.5",
    "The council paid 2.5 billion crowns.": "number: 2.5",
    "The council paid 2.5 crowns.": "number: 2.5",
    "The ship cost 12 crowns more than planned and 40 percent in all.": "number: 40",
    "Tickets will cost 40 euros.": "number: 40",
    "Islanders had asked for it for 9 months.": "number: 9",
    "Islanders had asked for it for ten years.": "number: ten",
    "Thousands of islanders had asked for it.": "number: Thousands",
    "The council doubled the number of ships.": "number: doubled",
    "It was 7 degrees at the pier in 2028.": "number: 7",
    "Tickets will cost $40 until April.": "name: April",
    "About 40 people live on Lund.": "number: 40, of something else",
    "The council paid 1,200 crowns.": "number: 1,200, of something else",
    "From Tuesday the ferry runs every hour.": "name: Tuesday",
    "Mayor Anna Berg is glad.": "name: Anna",
    "Mayor Ana Holm is glad.": "name: Ana Holm",
    "Mayor Voss is glad.": "name: Mayor Voss",
    "Johnson resigned on Friday.": "name: Johnson",
    "The Lund Council paid for the ship.": "name: Lund Council",
    "The F35 will run every hour.": "name: F35",
    "Ana Berg called it \u201ca sad day\u201d.": "quotation: a sad day",
    "Ana Berg said: \u201cThe council paid.\u201d": "quotation: The council paid.",
    "\u201cWe are happy,\u201d said Ana Berg.": "quotation: its speaker: We are happy,",
    "Per Holm said \u201cWe are happy": "quotation: We are happy",
    "Astronomers measured water beneath a frozen moon.": "stray: Astronomers measured water",
}


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(ARTICLE)


@pytest.mark.parametrize("sentence", STANDS)
def test_what_the_article_says_in_other_words_stands(source: Source, sentence: str) -> None:
    assert source.faults(sentence) == ()


@pytest.mark.parametrize(("sentence", "reason"), FALLS.items(), ids=FALLS)
def test_what_the_article_does_not_say_falls(source: Source, sentence: str, reason: str) -> None:
    said = [f"{fault.kind}: {fault.what}" for fault in source.faults(sentence)]
    assert any(one.startswith(reason) for one in said), said


TONGUES = {
    "de": (
        (
            "Die Fähre zur Insel Lund fährt ab Montag stündlich, sagte Bürgermeisterin Ana "
            "Berg. Der Rat zahlte 2,5 Millionen Kronen für ein zweites Schiff. Die Leute "
            "hatten neun Jahre gewartet."
        ),
        "Ab Montag fährt die Fähre stündlich; der Rat zahlte 2,5 Mio. Kronen.",
        "Ab Montag fährt die Fähre stündlich; der Rat zahlte zehn Millionen Kronen.",
        "Das sagte Bürgermeisterin Mara Berg.",
    ),
    "fr": (
        (
            "Le ferry pour l'île de Lund partira toutes les heures dès lundi, a dit la maire "
            "Ana Berg. Le conseil a payé 2,5 millions de couronnes pour un deuxième navire, "
            "après neuf ans."
        ),
        "Dès lundi le ferry pour Lund partira toutes les heures, après 9 ans.",
        "Dès lundi le ferry pour Lund partira toutes les heures, après dix ans.",
        "Le ferry partira, a dit la maire Mara Berg.",
    ),
    "ru": (
        (
            "Паром на остров Лунд будет ходить каждый час с понедельника, сказал в Салтарске "
            "Сергей Бергов. Совет заплатил 2,5 млн крон за судно."
        ),
        "По словам Сергея Бергова, совет заплатил 2,5 миллиона крон.",
        "Совет заплатил 3,5 млн крон за судно.",
        "Паром будет ходить, сказал Сергей Петров.",
    ),
    "zh": (
        ("市议会周二批准了新的渡轮计划。市长林海表示，第二艘船花费三百五十万元。岛民已等待九年。"),
        "市议会批准了渡轮计划，第二艘船花费350万元。",
        "第二艘船花费三百六十万元。",
        "市长林涛表示，岛民已等待九年。",
    ),
    "ja": (
        (
            "市議会は火曜日、新しいフェリー計画を承認した。ベルク市長は2隻目に350万円を払"
            "うと述べた。"
        ),
        "市議会は新しいフェリー計画を承認した。",
        "ベルク市長は2隻目に450万円を払うと述べた。",
        "ホルム市長は述べた。",
    ),
    "ar": (
        "قالت رئيسة البلدية ليلى حداد إن العبارة ستعمل كل ساعة. دفع المجلس 500 ألف.",
        "قالت ليلى حداد إن العبارة ستعمل كل ساعة.",
        "دفع المجلس 700 ألف.",
        "قالت سعاد حداد إن العبارة ستعمل.",
    ),
    "th": (
        "สภาเมืองอนุมัติเรือข้ามฟากใหม่ นายกสมชายกล่าวว่าจ่าย 500 บาท",
        "สภาเมืองอนุมัติเรือข้ามฟากใหม่",
        "นายกสมชายกล่าวว่าจ่าย 700 บาท",
        "นายกประยุทธ์กล่าวว่าจ่าย 500 บาท",
    ),
}


@pytest.mark.parametrize("tongue", TONGUES)
def test_numbers_and_names_are_held_to_the_article_in_many_languages(tongue: str) -> None:
    article, true, other_number, other_name = TONGUES[tongue]
    source = Source(article)
    assert source.faults(true) == ()
    assert "number" in {fault.kind for fault in source.faults(other_number)}
    assert "name" in {fault.kind for fault in source.faults(other_name)}


# --- By the thousand ---

SYLLABLES = st.sampled_from(
    ["ba", "ke", "li", "mo", "nu", "ra", "se", "vo", "za", "dor", "fen", "gal", "hus", "jor", "kim"]
)
NAMES = (
    st.lists(SYLLABLES, min_size=2, max_size=4)
    .map(lambda parts: "".join(parts).capitalize())
    .filter(lambda name: name.lower() not in FUNCTION_WORDS)
)
NUMBERS = st.one_of(
    st.integers(2, 10**7).map(str),
    st.integers(1000, 10**7).map("{:,}".format),
    st.decimals(2, 900, places=1).map(str),
)
UNITS = st.sampled_from(["percent", "crowns", "ships", "people", "million crowns", "years", "km"])
QUOTED = st.lists(
    st.sampled_from(["we", "are", "all", "so", "glad", "that", "this", "harbour", "was", "saved"]),
    min_size=3,
    max_size=9,
).map(" ".join)


@st.composite
def facts(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """Draw a name of two words, a number, its unit, and a quotation."""
    first, last = draw(st.tuples(NAMES, NAMES).filter(lambda names: names[0] != names[1]))
    return f"{first} {last}", draw(NUMBERS), draw(UNITS), draw(QUOTED)


def told(who: str, number: str, unit: str, quoted: str) -> str:
    return (
        f"The council met on the pier. In the end {who} asked for {number} {unit} more. "
        f"\u201c{quoted.capitalize()},\u201d said {who}, who leads the board."
    )


@settings(max_examples=500, deadline=None)
@given(facts())
def test_true_sentences_stand(fact: tuple[str, str, str, str]) -> None:
    who, number, unit, quoted = fact
    source = Source(told(*fact))
    last = who.split()[1]
    for sentence in (
        f"On the pier {who} asked for {number} {unit} more.",
        f"{who} asked the council for {number.replace(',', '')} {unit}.",
        f"The board is led by {last}, who said \u201c{quoted}\u201d.",
    ):
        assert source.faults(sentence) == ()


@settings(max_examples=500, deadline=None)
@given(facts(), NUMBERS)
def test_another_number_falls(fact: tuple[str, str, str, str], other: str) -> None:
    who, number, unit, _ = fact
    assume(
        other.replace(",", "").strip("0").rstrip(".")
        != number.replace(",", "").strip("0").rstrip(".")
    )
    assume(float(other.replace(",", "")) != float(number.replace(",", "")))
    faults = Source(told(*fact)).faults(f"On the pier {who} asked for {other} {unit} more.")
    assert [fault.kind for fault in faults] == ["number"]


@settings(max_examples=500, deadline=None)
@given(facts(), NAMES, st.booleans())
def test_another_name_falls(fact: tuple[str, str, str, str], other: str, is_last: bool) -> None:
    who, number, unit, _ = fact
    first, last = who.split()
    assume(other not in {first, last})
    changed = f"{first} {other}" if is_last else f"{other} {last}"
    source = Source(told(*fact))
    for sentence in (
        f"On the pier {changed} asked for {number} {unit} more.",
        f"{changed} asked for {number} {unit} more.",
        f"On the pier {last} {first} asked for {number} {unit} more.",
    ):
        assert "name" in {fault.kind for fault in source.faults(sentence)}, sentence


@settings(max_examples=500, deadline=None)
@given(facts(), QUOTED)
def test_another_quotation_falls(fact: tuple[str, str, str, str], other: str) -> None:
    who, _, _, quoted = fact
    assume(f" {other} " not in f" {quoted} ")
    faults = Source(told(*fact)).faults(f"The board is led by {who}, who said \u201c{other}\u201d.")
    assert "quotation" in {fault.kind for fault in faults}


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=400), st.text(max_size=120))
def test_any_text_is_weighed_without_an_error(text: str, sentence: str) -> None:
    source = Source(text)
    assert source.faults(sentence) == source.faults(sentence)


PLAIN = st.text(
    st.characters(
        exclude_categories=["C"],
        exclude_characters="\"'\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300a\u300b\u300c\u300d\u300e\u300f",
    ),
    max_size=300,
)


@settings(max_examples=500, deadline=None)
@given(PLAIN)
def test_a_text_bears_itself_out(text: str) -> None:
    assert Source(text).faults(text) == ()
