"""Quiet hours and the noise budget, on the days when clocks jump too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.news.channels import ChannelOptions
from bot.news.pace import HOUR, hour_of, instant, opens_at, quiet_until, woke_at

# Half hours, both hemispheres, a jump of half an hour, one at midnight, a day that was left out.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns"),
)
MINUTE = timedelta(minutes=1)
zones = st.sampled_from(ZONES)
minutes = st.integers(0, 24 * 60 - 1)
# From 2010 to 2030: years whose rules tz data knows.
times = st.integers(1_262_304_000, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def quiet(start: int, end: int, zone: str = "UTC") -> ChannelOptions:
    return ChannelOptions(time_zone=zone, quiet_from_min=start, quiet_until_min=end)


def wall(at: datetime, zone: str) -> int:
    shown = at.astimezone(ZoneInfo(zone))
    return shown.hour * 60 + shown.minute


def offsets_near(at: datetime, zone: str) -> int:
    """Return how many offsets a zone has within a day and a half."""
    near = (at + timedelta(hours=hours) for hours in range(-36, 37))
    return len({when.astimezone(ZoneInfo(zone)).utcoffset() for when in near})


@given(times, minutes, minutes, zones)
def test_away_from_jumps_it_is_quiet_exactly_when_the_wall_clock_says_so(
    now: datetime, start: int, end: int, zone: str
) -> None:
    if start == end or offsets_near(now, zone) > 1:
        return
    shown = wall(now, zone)
    is_in = start <= shown < end if start < end else shown >= start or shown < end
    assert (quiet_until(quiet(start, end, zone), now) is not None) == is_in


@given(times, minutes, minutes, zones)
@example(datetime(2026, 3, 28, 23, tzinfo=UTC), 22 * 60, 150, "Europe/Berlin")
@example(datetime(2026, 10, 24, 23, tzinfo=UTC), 22 * 60, 150, "Europe/Berlin")
@example(datetime(2011, 12, 30, 9, tzinfo=UTC), 22 * 60, 420, "Pacific/Apia")
def test_quiet_hours_end_when_the_wall_clock_says_so_and_not_before_noon_of_another_day(
    now: datetime, start: int, end: int, zone: str
) -> None:
    if start == end:
        return
    options = quiet(start, end, zone)
    until = quiet_until(options, now)
    if until is None:
        return
    assert now < until <= now + timedelta(hours=26)
    assert quiet_until(options, until) is None
    assert quiet_until(options, until - timedelta(seconds=1)) == until
    assert woke_at(options, until) == until
    before = (until - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    is_jump = before.utcoffset() != until.astimezone(ZoneInfo(zone)).utcoffset()
    assert wall(until, zone) == end or is_jump


@given(times, minutes, minutes, zones)
def test_what_woke_a_channel_last_is_past_and_nothing_ended_since(
    now: datetime, start: int, end: int, zone: str
) -> None:
    if start == end:
        return
    options = quiet(start, end, zone)
    woken = woke_at(options, now)
    assert woken is not None
    assert woken <= now < woken + timedelta(hours=50)
    ends = {quiet_until(options, woken + minutes * MINUTE) for minutes in range(0, 3000, 45)}
    assert not {at for at in ends if at is not None and at <= now}


@given(
    day=st.dates(date(2010, 1, 1), date(2030, 1, 1)),
    minute=minutes,
    zone=zones,
    is_last=st.booleans(),
)
def test_a_time_of_day_is_when_the_clock_shows_it_or_jumps_over_it(
    day: date, minute: int, zone: str, *, is_last: bool
) -> None:
    at = instant(day, minute, ZoneInfo(zone), is_last=is_last)
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    midnight = datetime.combine(day, datetime.min.time())
    asked = midnight + timedelta(minutes=minute)
    before = (at - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == asked or before < asked < shown
    other = instant(day, minute, ZoneInfo(zone), is_last=not is_last)
    assert (at >= other) if is_last else (at <= other)


def test_a_night_is_an_hour_longer_or_shorter_when_the_clocks_change() -> None:
    night = quiet(22 * 60, 7 * 60, "Europe/Berlin")
    lengths = {
        (evening.month, evening.day): until - evening
        for evening in (
            datetime(2026, 3, 28, 21, tzinfo=UTC),
            datetime(2026, 10, 24, 20, tzinfo=UTC),
            datetime(2026, 7, 1, 20, tzinfo=UTC),
        )
        if (until := quiet_until(night, evening)) is not None
    }
    assert lengths == {(3, 28): 8 * HOUR, (10, 24): 10 * HOUR, (7, 1): 9 * HOUR}


def test_a_time_that_is_skipped_ends_quiet_hours_when_the_clocks_jump() -> None:
    asked = quiet(22 * 60, 150, "Europe/Berlin")  # 02:30, which 29 March does not have
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert quiet_until(asked, night) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_time_that_comes_twice_ends_quiet_hours_the_second_time() -> None:
    asked = quiet(22 * 60, 150, "Europe/Berlin")
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert quiet_until(asked, night) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(times, st.integers(1, 5), st.integers(0, 8))
def test_a_channel_whose_hour_is_used_up_opens_with_the_next(
    now: datetime, most: int, sent: int
) -> None:
    opens = opens_at(ChannelOptions(hourly_max=most), sent, now)
    assert opens == (hour_of(now) + HOUR if sent >= most else None)


@given(times, minutes, minutes, zones, st.integers(1, 3), st.integers(0, 4))
def test_a_channel_opens_when_neither_quiet_hours_nor_the_budget_close_it(
    now: datetime, start: int, end: int, zone: str, most: int, sent: int
) -> None:
    if start == end:
        return
    options = ChannelOptions(
        time_zone=zone, quiet_from_min=start, quiet_until_min=end, hourly_max=most
    )
    opens = opens_at(options, sent, now)
    if opens is None:
        assert sent < most
        assert quiet_until(options, now) is None
    else:
        assert opens > now
        assert opens_at(options, 0, opens) is None


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc", "Europe"])
def test_a_zone_that_this_machine_does_not_know_counts_as_utc(zone: str) -> None:
    now = datetime(2026, 3, 14, 23, tzinfo=UTC)
    assert quiet_until(quiet(22 * 60, 7 * 60, zone), now) == datetime(2026, 3, 15, 7, tzinfo=UTC)


def test_a_channel_nobody_touched_is_always_open() -> None:
    now = datetime(2026, 3, 14, 23, tzinfo=UTC)
    assert opens_at(ChannelOptions(), 1_000, now) is None
    assert woke_at(ChannelOptions(), now) is None
