import re
from collections import defaultdict

import pytest

from bot.demo.content import Outlet, Piece, load_outlets
from bot.demo.pictures import MOTIFS

OUTLETS = load_outlets()
PIECES = [(outlet, piece) for outlet in OUTLETS for piece in outlet.pieces]


def test_there_is_enough_news_from_enough_outlets_in_every_format() -> None:
    assert len(OUTLETS) >= 4
    assert len(PIECES) >= 36
    assert {outlet.format for outlet in OUTLETS} == {"rss", "atom", "json"}
    assert {outlet.is_full for outlet in OUTLETS} == {True, False}
    assert {outlet.language for outlet in OUTLETS} >= {"en", "de"}


def test_one_outlet_is_left_for_the_visitor_to_add() -> None:
    assert [outlet.slug for outlet in OUTLETS if outlet.channel is None] == ["packet"]


def test_at_least_six_events_are_reported_by_two_or_more_outlets() -> None:
    reporters = defaultdict(set)
    for outlet, piece in PIECES:
        if piece.event:
            reporters[piece.event].add(outlet.slug)
    assert sum(len(each) >= 2 for each in reporters.values()) >= 6
    assert sum(len(each) >= 3 for each in reporters.values()) >= 3


def test_reports_of_one_event_share_no_sentence() -> None:
    """Different words for the same facts, as from different newsrooms."""
    sentences = defaultdict(list)
    for _, piece in PIECES:
        for sentence in re.split(r"(?<=[.?!])\s+", " ".join(piece.paragraphs)):
            if len(sentence.split()) > 6:
                sentences[sentence].append(piece.slug)
    assert {text: slugs for text, slugs in sentences.items() if len(slugs) > 1} == {}


def test_some_figures_differ_between_reports_of_one_event() -> None:
    by_slug = {piece.slug: " ".join(piece.paragraphs) for _, piece in PIECES}
    assert "31,000 vehicles" in by_slug["kestrelford-bridge-closed"]
    assert "29,000 vehicles" in by_slug["0411-arle-bridge-shut"]
    assert "34,000 vehicles" in by_slug["hauliers-long-way-round"]


@pytest.mark.parametrize(("outlet", "piece"), PIECES, ids=lambda each: each.slug)
def test_a_piece_reads_like_an_article(outlet: Outlet, piece: Piece) -> None:
    assert 4 <= len(piece.paragraphs) <= 9
    assert 20 <= len(piece.title) <= 120
    assert 60 <= len(piece.teaser) <= 240
    assert len(" ".join(piece.paragraphs).split()) >= 90
    assert all(paragraph.rstrip()[-1] in '.?!"“”' for paragraph in piece.paragraphs)
    assert re.fullmatch(r"[a-z0-9-]+", piece.slug)
    assert piece.picture in MOTIFS
    assert piece.author
    assert outlet.language


def test_titles_and_addresses_are_unique() -> None:
    titles = [piece.title for _, piece in PIECES]
    addresses = [(outlet.slug, piece.slug) for outlet, piece in PIECES]
    assert len(set(titles)) == len(titles)
    assert len(set(addresses)) == len(addresses)


def test_one_page_has_the_noise_of_real_sites() -> None:
    assert [piece.slug for _, piece in PIECES if piece.is_noisy] == ["kestrelford-bridge-closed"]
