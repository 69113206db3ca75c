from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.demo.content import load_outlets
from bot.demo.newsroom import PACE_S, Newsroom

START = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
OUTLETS = load_outlets()
LIVE = sum(piece.live is not None for outlet in OUTLETS for piece in outlet.pieces)
ALL = sum(len(outlet.pieces) for outlet in OUTLETS)


def count_out(newsroom: Newsroom, now: datetime) -> int:
    return sum(len(newsroom.published(outlet, now)) for outlet in newsroom.outlets)


def test_part_is_out_at_the_start_and_all_in_the_end() -> None:
    newsroom = Newsroom(OUTLETS, START)
    assert count_out(newsroom, START) == ALL - LIVE
    assert count_out(newsroom, START + timedelta(hours=1)) == ALL
    assert newsroom.next_at(START + timedelta(hours=1)) is None


def test_live_pieces_come_one_by_one_quickly_at_first_then_slower() -> None:
    newsroom = Newsroom(OUTLETS, START)
    moments = []
    now = START
    while (at := newsroom.next_at(now)) is not None:
        moments.append(at)
        assert count_out(newsroom, at) == ALL - LIVE + len(moments)
        assert count_out(newsroom, at - timedelta(seconds=1)) == ALL - LIVE + len(moments) - 1
        now = at
    gaps = [(b - a).total_seconds() for a, b in pairwise(moments)]
    assert gaps == sorted(gaps)
    assert all(3 <= gap <= 6 for gap in gaps[:4])
    assert len(moments) == LIVE


def test_news_is_of_today_and_newest_first() -> None:
    newsroom = Newsroom(OUTLETS, START)
    for outlet in OUTLETS:
        dates = [each.published_at for each in newsroom.published(outlet, START)]
        assert dates == sorted(dates, reverse=True)
        assert all(START - timedelta(hours=12) <= date <= START for date in dates)
        assert all(date.microsecond == 0 for date in dates)


def test_asking_twice_gives_the_same() -> None:
    first, second = Newsroom(OUTLETS, START), Newsroom(OUTLETS, START)
    later = START + timedelta(seconds=sum(PACE_S[:5]))
    for outlet in OUTLETS:
        assert first.published(outlet, later) == second.published(outlet, later)
