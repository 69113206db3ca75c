"""When a channel may be written to: quiet hours and the noise budget, in its time zone.

Times of day are those of the wall clock. On the days when it jumps:

- a time that comes twice begins quiet hours the first time, and ends them the second;
- a time that is skipped counts as the moment of the jump.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.news.channels import ChannelOptions

HOUR = timedelta(hours=1)
BURST_MIN = 3  # posts due at once that are a burst
BUNDLE_MAX = 5  # posts in one message
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def zone_of(options: ChannelOptions) -> tzinfo:
    """Return the time zone of a channel; UTC also where this machine does not know its name."""
    if options.time_zone is None:
        return UTC
    try:
        return ZoneInfo(options.time_zone)
    except (KeyError, ValueError, OSError):  # tz data older than the choice; no file of that name
        return UTC


def instant(day: date, minute: int, zone: tzinfo, *, is_last: bool = False) -> datetime:
    """Return when the clocks of *zone* show *minute* on *day*, in UTC.

    Where they show it twice, the first time, or the last. Where they skip it, when they jump.
    """
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    found = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    shown = [at for at in found if at.astimezone(zone).replace(tzinfo=None) == wall]
    if shown:
        return max(shown) if is_last else min(shown)
    return _jump(min(found), max(found), zone)


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return when the offset of *zone* changes between two times, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def quiet_until(options: ChannelOptions, now: datetime) -> datetime | None:
    """Return when the quiet hours end that it is in; None outside of them."""
    around = _quiet_around(options, now)
    return next((end for start, end in around if start <= now < end), None)


def woke_at(options: ChannelOptions, now: datetime) -> datetime | None:
    """Return when the last quiet hours were over; None where there are none."""
    return max((end for _, end in _quiet_around(options, now) if end <= now), default=None)


def _quiet_around(options: ChannelOptions, now: datetime) -> list[tuple[datetime, datetime]]:
    """Return the quiet hours of the days around *now*, in their order and apart."""
    start, end = options.quiet_from_min, options.quiet_until_min
    if start is None or end is None:
        return []
    zone = zone_of(options)
    today = now.astimezone(zone).date()
    spans: list[tuple[datetime, datetime]] = []
    for days in (-2, -1, 0, 1):
        day = today + days * _DAY
        last = day if start < end else day + _DAY
        begun, over = instant(day, start, zone), instant(last, end, zone, is_last=True)
        if spans and begun <= spans[-1][1]:  # a zone has left out the day between
            spans[-1] = (spans[-1][0], max(over, spans[-1][1]))
        elif begun < over:
            spans.append((begun, over))
    return spans


def hour_of(now: datetime) -> datetime:
    """Return when the hour began that the noise budget is counted in."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def opens_at(options: ChannelOptions, sent_this_hour: int, now: datetime) -> datetime | None:
    """Return when a channel may be written to again; None: now.

    *sent_this_hour*: messages since `hour_of` *now*.
    """
    spent = options.hourly_max is not None and sent_this_hour >= options.hourly_max
    at = hour_of(now) + HOUR if spent else now
    while (end := quiet_until(options, at)) is not None:
        at = end
    return at if at > now else None


def rolled_before(options: ChannelOptions, now: datetime) -> datetime | None:
    """Return since before when a post has waited that is told in a digest now, if it is not alone.

    What quiet hours or an hour's budget kept back comes in one message when they are over.
    """
    over = [woke_at(options, now), hour_of(now) if options.hourly_max is not None else None]
    return max((at for at in over if at is not None), default=None)


def bundle_size(waiting: int) -> int:
    """Return how many of the posts that are due in a channel go into its next message."""
    return min(waiting, BUNDLE_MAX) if waiting >= BURST_MIN else 1
