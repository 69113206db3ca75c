import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.language.sentences import sentences, split


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. A. B. Lund met Mr. Osei in Port Arden, D.C. on Jan. 5 at 3 p.m. sharp.",
        "The U.S. Navy bought 3.5 million litres from Harlow Inc. Tuesday.",
        '"Why?" she asked, and left.',
        "Yahoo! said no to it.",
        "He waited … and went.",
        "See No. 7 of the list.",
        "Am 3. Oktober spielte er z. B. um den 5. Platz.",
        "Le 12 mai, M. Arnaud est parti.",
        "「行く。」と彼は述べた。",
        "Сделка стоит 3 млн. долларов.",
        "Prof. Dr. med. Lund sprach vom 2. Weltkrieg.",
        "Ils ont dit « Bonjour ! » et sont partis.",
        "Sales rose 3.4 percent to $1.2 bn. in spring.",
        "Tel. 555 ext. 5 is the desk.",
        "وقال د. أحمد يوسف إن الجسر آمن.",
        "EE. UU. aportó tres millones para las FF. AA. del norte.",
        "Thị trưởng TP. Hồ Chí Minh mở cầu.",
        "Řekl to Ing. Jan Novák, most stál 3,5 mil. Kč.",
        "The bridge cost Rs. 3.5 crore, said Yahoo! Inc. on Monday.",
        "L'ing. Verdi ha progettato il ponte.",
        "डॉ. शर्मा ने कहा।",
        "这是Lund Inc.的产品。",
        "สภาเมืองกล่าว ท่าเรือจะปิดถึงวันจันทร์",
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert pieces(sentence) == [sentence]


@pytest.mark.parametrize(
    "expected",
    [
        ["He lives in the U.S.", "The rest moved."],
        ["It closed at 5 p.m.", "Police came."],
        ['She said "Go."', "They went."],
        ["Stop!", "Who goes?", "Nobody..."],
        ["It rained in 2020.", "5 people stayed."],
        ["They said no.", "(It rained.)", "Then it stopped."],
        ["1. Take the boat.", "2. Row it."],
        ["He knows whose it's.", "Nobody else does."],
        ["هل هذا صحيح؟", "نعم.", "انتهى\u06d4"],
        ["Πού πας;", "Εδώ."],
        ["Estuvo en EE. UU.", "El presidente no."],
        ["Most stál 3,5 mil.", "Otevřel ho král."],
        ["Er kam.", "„Gut“, sagte sie."],
        ["El Sr. Osei llegó a las 5 p.m.", "¿Qué pasó?", "¡Nada!"],
        ["• First of all.", "• Then.", "1. One thing.", "2. Another."],
        ["'It rained. '", "He left."],
        ['He said: "It rained. "', 'She said: "It did. "'],
        ["\u2018 It rained. \u2019", "He left."],
        ["It's the '90s theme.", "' She said."],
        ["သူလာသည်။", "သူသွားသည်။"],
        ["គាត់មក។", "គាត់ទៅ។"],
    ],
)
def test_sentences_end_where_a_reader_would_pause(expected: list[str]) -> None:
    assert pieces(" ".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["北京下雨。", "他说\uff1a“好\uff01”", "然后走了\uff1f", "是的。"],
        ["東京です\uff01", "雨が降る。"],
        ["यह पहला है।", "यह दूसरा है।"],
    ],
)
def test_marks_that_end_nothing_but_sentences_need_no_space(expected: list[str]) -> None:
    assert pieces("".join(expected)) == expected


def test_a_space_ends_a_thai_sentence_some_way_on() -> None:
    phrase = "ท่าเรือจะปิดถึงวันจันทร์หน้าเนื่องจากพายุ"
    assert len(phrase) > 40
    assert pieces(" ".join([phrase] * 4)) == [f"{phrase} {phrase}"] * 2


def test_a_thai_sentence_goes_on_before_a_number_and_after_a_conjunction() -> None:
    phrase = "ท่าเรือจะปิดถึงวันจันทร์หน้าเนื่องจากพายุและเรือข้ามฟากสองลำถูกย้ายไปเมืองลุนด์เมื่อคืนนี้"
    assert len(phrase) > 80
    for rest in ("1,200 คนต้องรอ", "เพราะฝนตกหนัก", "และรถไฟหยุดวิ่ง"):
        assert pieces(f"{phrase} {rest}") == [f"{phrase} {rest}"]
    assert pieces(f"{phrase} นายกเทศมนตรีกล่าว") == [phrase, "นายกเทศมนตรีกล่าว"]
    assert len(pieces(" และ".join([phrase] * 5))) > 1


def test_a_blank_line_always_ends_a_sentence_and_a_line_break_does_not() -> None:
    assert pieces("A heading\n \nThe text\ngoes on.\n\n\n") == ["A heading", "The text\ngoes on."]


def test_the_first_sentences_can_be_had_without_reading_on() -> None:
    text = "One is first. " * 3
    found = sentences(text)
    assert next(found) == (0, 13)
    assert next(found) == (14, 27)


@given(st.text(st.sampled_from(' \n.!?…;"”)(。」A1bßあaz\u00a0')) | st.text())
@example("no. 5. A. ... \n\n .")
def test_sentences_ascend_are_disjoint_and_leave_only_space_out(text: str) -> None:
    spans = split(text)
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert text[at:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        at = end
    assert text[at:].strip() == ""


@pytest.mark.parametrize(
    "piece", [".", "(", "A.", "A. ", "\n ", '")', "!? ", " \n\n", ". (", "。", '."']
)
def test_repetition_is_read_once(piece: str) -> None:
    """Quadratic time would take minutes here."""
    text = piece * 100_000 + "x"
    assert split(text)[-1][1] == len(text)
