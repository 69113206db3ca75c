# ruff: noqa: RUF001  # phrases in many scripts
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.noise import article_lines, is_noise

PROSE = "The council of Skarn opened the pier on a rainy Monday, and nobody brought an umbrella."


@pytest.mark.parametrize(
    "line",
    [
        "Read more: Pier sinks on opening day",
        "RELATED: Who pays for the pier?",
        "You may also like",
        "Sign up for our newsletter to get the tides in your inbox.",
        "Follow Ann Ode on Twitter @annode.",
        "Reporting by Ann Ode; Editing by Bo Leth",
        "Ann Ode contributed to this report.",
        "(Photo: Ann Ode/Gazette)",
        "[Via Harbour Weekly]",
        "© 2026 Harbour Gazette. All rights reserved.",
        "Disclosure",
        "Why trust us: the Gazette has tested ferries since 1950.",
        "Why you can trust the Gazette. We spend hours on every ferry that we test.",
        "Advertisement",
        "By Ann Ode and Bo Leth",
        "Published 22 Aug 2026",
        "June 3, 2026 at 7:15 a.m.",
        "5 min read",
        "2 hours ago",
        "We use cookies to improve your experience.",
        "We maintain a strict editorial policy dedicated to accuracy and fairness.",
        "When you buy through links on our site, we may earn a commission.",
        "Disclosure: this page may hold affiliate links.",
        "Lesen Sie auch: Mole versinkt bei Eröffnung",
        "À lire aussi : La jetée coule",
        "Te puede interesar: El muelle se hunde",
        "Leggi anche: Il molo affonda",
        "Читайте также: Пирс затонул",
        "相关阅读：码头沉没",
        "関連記事：桟橋が沈む",
        "관련 기사: 부두가 가라앉다",
        "Storm hits the pier [PICTURES]",
        "Copyright 2026 The Gazette",
        "3 hours ago · 4 min read",
        "We and our 846 partners store and access information on your device, such as cookies.",
        "We value your privacy",
        "A swimmer dives from the pier. (Ann Ode/The Gazette)",
        "The new pier at dusk. Photo: Bo Leth",
        "The pier under water. Bo Leth/Getty Images",
        "Die neue Mole am Sonntag. Foto: Ann Ode",
        "La jetée, le 13 novembre. © Ann Ode / La Gazette",
        "Have you swum there? Write to us at letters@gazette.example.org.",
        "Join our forums to keep talking about piers.",
        "Editor's note: an earlier version misstated the height of the pier.",
        "This live blog has now closed. You can read our full report here.",
        "list 1 of 3: Otters in the town hall",
        "end of list",
        "(With inputs from agencies)",
        "(Except for the headline, this story has not been edited by the Gazette's staff.)",
        "Sign up for the Pier Dispatch",
        "Partager cet article",
        "Empfohlener redaktioneller Inhalt",
        "Chaque jeudi, le meilleur de nos rives dans votre boîte mail.",
    ],
)
def test_what_is_no_part_of_an_article_is_told(line: str) -> None:
    assert is_noise(line)
    assert article_lines([PROSE, line, PROSE[::-1]], []) == [PROSE, PROSE[::-1]]


@pytest.mark.parametrize(
    "line",
    [
        PROSE,
        "“We use cookies as bribes,” the harbour master said.",
        "Follow the river on foot and you reach the pier within an hour.",
        "Via Appia was closed to cars for the whole of the summer.",
        "By Friday the ferry had carried nine thousand people across.",
        "Share prices of both ferry lines fell by a tenth on Monday.",
        "Sources close to the harbour master spoke of a quarrel.",
        "Photographs of the pier were shown at the town hall.",
        "Read more slowly, the teacher told the children of Skarn.",
        "Why trust in the harbour office fell is what the council asks now.",
        "Published accounts show that the pier cost nine million.",
        "Our editorial in the Gazette was wrong, the mayor said.",
        "The shooting is looked into by the Office of Border Inspection (OBI).",
        "Watch: she had said that word to the mayor twice before.",
        "- Sign up for the free account with the same address",
        "Category 5 hurricanes reach 157 mph or more.",
        "Related species nest in the dunes north of the pier.",
        "Subscribe, they said, and never look back.",
        "The ferry runs again from Monday. (dpa/rk)",
        "“We value your privacy,” the harbour master told the swimmers.",
        "The archive bought the image by Ann Ode for nine crowns.",
        "The two agencies competed with Getty Images for years.",
        "Join our walk and you see the pier, the guide says to whoever asks.",
        "Sign up for the army, the posters said, and three hundred did.",
    ],
)
def test_prose_is_left_alone(line: str) -> None:
    assert not is_noise(line)


def test_a_headline_goes_and_its_words_in_prose_stay() -> None:
    title = "Council of Skarn opens the pier"
    told = f"{title}, says the Gazette, and the mayor agrees with every word of it."
    assert article_lines([title, told, PROSE], [f"{title} | Gazette", title]) == [told, PROSE]


def test_titles_under_a_heading_go_until_prose_comes() -> None:
    lines = [PROSE, "Most read", "Pier sinks", "Ferry rises again", PROSE[:-1] + " at all."]
    assert article_lines(lines, []) == [lines[0], lines[-1]]


def test_what_a_box_of_trust_says_goes_with_its_heading() -> None:
    said = "The Gazette has tested piers for ninety years. Our ratings are never for sale."
    assert article_lines(["Why you can trust the Gazette", said, PROSE], []) == [PROSE]
    assert article_lines([PROSE, said], []) == [PROSE, said]


def test_a_question_about_cookies_goes_to_its_end() -> None:
    asked = "You may accept all or manage your choices at any time in our Privacy Centre."
    assert article_lines(["We value your privacy", asked, PROSE], []) == [PROSE]
    assert article_lines([asked, PROSE], []) == [asked, PROSE]


def test_a_byline_tells_who_is_introduced_at_the_end() -> None:
    bio = "Ann Ode is a reporter for the Gazette and writes about piers."
    assert article_lines(["By Ann Ode and Bo Leth", PROSE, bio, "Bo Leth"], []) == [PROSE]


def test_an_author_is_introduced_at_the_end_only() -> None:
    bio = "Ann Ode is a reporter for the Gazette and writes about piers."
    assert article_lines([PROSE, bio], [], ["Ann Ode"]) == [PROSE]
    assert article_lines([PROSE, bio], [], ["Bo Leth"]) == [PROSE, bio]
    head = [bio, *(f"{PROSE} {n}." for n in range(5))]
    assert article_lines(head, [], ["Ann Ode"]) == head


def test_a_paragraph_is_said_once_and_list_items_as_often_as_they_are() -> None:
    item = "- Nine million crowns for the pier of Skarn, said the mayor"
    assert article_lines([PROSE, item, PROSE, item], []) == [PROSE, item, item]


@given(st.lists(st.text(max_size=300), max_size=12))
def test_lines_are_left_out_and_never_changed(lines: list[str]) -> None:
    kept = article_lines(lines, ["A title"], ["Ann Ode"])
    assert set(kept) <= {line.strip() for line in lines}
    assert article_lines(kept, ["A title"], ["Ann Ode"]) == kept or len(kept) < len(lines)
