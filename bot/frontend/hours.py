"""Times of day, quiet hours and time zones, as members type them."""

import asyncio
import re
from functools import cache
from zoneinfo import available_timezones

from discord import app_commands

from bot.errors import UserError
from bot.frontend import limits
from bot.frontend.markdown import plain
from bot.news.channels import EVERY_DAY

OFF = "off"

_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", re.IGNORECASE)
_UNTIL = re.compile(r"\s*(?:[-\u2013\u2014]|to|until)\s*", re.IGNORECASE)
_USUAL_QUIET = ("22:00-07:00", "23:00-08:00", "00:00-06:00", "18:00-09:00", OFF)
_USUAL_TIMES = ("07:00", "07:30", "08:00", "12:00", "17:00", "18:00", "20:00")
# What people who have not chosen yet are offered first.
_USUAL_ZONES = (
    *("UTC", "Europe/London", "Europe/Berlin", "Europe/Kyiv", "America/New_York"),
    *("America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Africa/Lagos"),
    *("Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"),
)


def parse_time(text: str) -> int:
    """Return the minutes after midnight that *text* means: 7, 07:30, 7.30, 19h30, 7:30 pm.

    Raises UserError.
    """
    found = _TIME.fullmatch(text.strip())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if found and found[3]:
        hour = hour % 12 + 12 * (found[3].lower() == "pm") if 1 <= hour <= 12 else 99  # noqa: PLR2004  # a clock's face
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:  # noqa: PLR2004  # a clock's
        raise UserError(
            f"“{plain(text, 40)}” is no time of day that I understand. Write 07:30 or 19:00."
        )
    return hour * 60 + minute


def parse_quiet(text: str) -> tuple[int, int] | None:
    """Return from when to when it is to be quiet, in minutes after midnight; None for "off".

    Raises UserError.
    """
    if text.strip().casefold() in {OFF, "none", "no"}:
        return None
    halves = _UNTIL.split(text.strip(), maxsplit=1)
    if len(halves) != 2:  # noqa: PLR2004  # from and until
        raise UserError(
            f"“{plain(text, 40)}” are no quiet hours that I understand. Write from when to when, "
            "such as 22:00-07:00, or off."
        )
    start, end = parse_time(halves[0]), parse_time(halves[1])
    if start == end:
        raise UserError(
            "Quiet hours that end when they begin would last for ever. To hold everything back, "
            "use /feed pause."
        )
    return start, end


def parse_days(text: str) -> tuple[int, ...]:
    """Return the days of the week that *text* means, 0 for Monday, ascending. Raises UserError.

    Daily, weekdays, weekends; mon-fri, sat-mon; mon, wed, fri; in full or by three letters.
    """
    typed = " ".join(text.casefold().replace(" and ", ",").split())
    if typed in _DAYS_NAMED:
        return _DAYS_NAMED[typed]
    chosen: set[int] = set()
    for part in re.split(r"[,;]\s*", typed):
        first, *last = [_day(name, text) for name in _UNTIL.split(part.strip(), maxsplit=1)]
        end = last[0] if last else first
        chosen |= {day % 7 for day in range(first, end + 1 if end >= first else end + 8)}
    return tuple(sorted(chosen))


def _day(name: str, text: str) -> int:
    begun = name.strip()
    days = [day for day, called in enumerate(_DAYS) if len(begun) > 1 and called.startswith(begun)]
    if len(days) != 1:
        raise UserError(
            f"“{plain(text, 40)}” are no days that I understand. Write daily, mon-fri, weekends, "
            "or days such as mon, wed, fri."
        )
    return days[0]


def days_told(days: tuple[int, ...]) -> str:
    """Return days of the week in words: daily, Mon to Fri, Mon, Wed and Fri."""
    if days == EVERY_DAY:
        return "daily"
    names = [_DAYS[day][:3].capitalize() for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:  # noqa: PLR2004  # a span
        return f"{names[0]} to {names[-1]}"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS_NAMED = {
    "daily": EVERY_DAY,
    "every day": EVERY_DAY,
    "weekdays": EVERY_DAY[:5],
    "weekends": EVERY_DAY[5:],
}


def clock(minute: int) -> str:
    """Return a time of day as a clock shows it: 07:30."""
    return f"{minute // 60:02}:{minute % 60:02}"


async def parse_zone(text: str) -> str:
    """Return the IANA name of the time zone that *text* means. Raises UserError."""
    typed = text.strip().replace(" ", "_").casefold()
    zones = await asyncio.to_thread(_zones)
    named = [zone for zone in zones if zone.casefold() == typed]
    named = named or [zone for zone in zones if zone.casefold().endswith(f"/{typed}")]
    if len(named) != 1:
        raise UserError(
            f"“{plain(text, 40)}” is no time zone that I know. Begin to type a large city near you "
            "and pick from the list: Europe/Berlin, America/New_York, UTC."
        )
    return named[0]


async def zone_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return time zones to choose from: those whose city begins with, or else hold, *typed*."""
    begun = typed.strip().replace(" ", "_").casefold()
    zones = await asyncio.to_thread(_zones) if begun else _USUAL_ZONES
    ranked = sorted(
        (not zone.rpartition("/")[2].casefold().startswith(begun), zone)
        for zone in zones
        if begun in zone.casefold()
    )
    found = [zone for _, zone in ranked[: limits.CHOICES_MAX]] if begun else list(_USUAL_ZONES)
    return [app_commands.Choice(name=zone.replace("_", " "), value=zone) for zone in found]


@cache
def _zones() -> tuple[str, ...]:
    """Return the names of all time zones; slow the first time, as each file is looked into."""
    return tuple(sorted(available_timezones()))


def quiet_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return quiet hours to choose from: what was typed, where it is any, then usual ones."""
    begun = typed.strip().casefold()
    offered = [text for text in _USUAL_QUIET if text.startswith(begun)]
    try:
        span = parse_quiet(begun) if begun else None
    except UserError:
        span = None
    own = f"{clock(span[0])}-{clock(span[1])}" if span else None
    if own and own not in offered:
        offered.insert(0, own)
    return [
        app_commands.Choice(name="off: at any time" if text == OFF else text, value=text)
        for text in offered
    ]


def time_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return times of day to choose from: what was typed, where it is one, then usual ones."""
    begun = typed.strip()
    offered = [text for text in _USUAL_TIMES if text.startswith(begun)]
    try:
        own = clock(parse_time(begun)) if begun else ""
    except UserError:
        own = ""
    offered = [own, *(text for text in offered if text != own)] if own else offered
    return [app_commands.Choice(name=text, value=text) for text in offered]


def day_choices(typed: str) -> list[app_commands.Choice[str]]:
    """Return days of the week to choose from: what was typed, where it is any, then usual ones."""
    begun = typed.strip().casefold()
    offered = {text: text for text in ("daily", "mon-fri", "weekends", "monday", "friday")}
    offered = {text: name for text, name in offered.items() if text.startswith(begun)}
    try:
        own = days_told(parse_days(begun)) if begun else ""
    except UserError:
        own = ""
    if own and begun not in offered:
        offered = {begun: own, **offered}
    return [app_commands.Choice(name=name, value=text) for text, name in offered.items()]
