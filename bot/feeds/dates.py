"""Dates as RSS and Atom prescribe them. Runs in the worker.

Whatever is written in another way is left to feedparser, which guesses: 02/10/2026 is February
to some and October to others.
"""

import calendar
import re

from bot.feeds.gate import NotPlain

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# RFC 822 §5 with the year of RFC 1123 §5.2.14.
_RFC822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun), )?(\d{1,2}) ([a-z]{3}) (\d{4})"
    r" (\d\d):(\d\d)(?::(\d\d))? ([a-z]{1,4}|[+-]\d{4})",
    re.IGNORECASE | re.ASCII,
)
# RFC 3339 §5.6; without the "T" or the zone, feedparser decides.
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-]\d\d):(\d\d))", re.ASCII
)
_HOUR_S = 3600
# Seconds east of Greenwich; the North American ones are RFC 822's own.
ZONES_S = {
    name: hours * _HOUR_S
    for hours, names in {
        0: "GMT UT UTC Z",
        -4: "EDT",
        -5: "EST CDT",
        -6: "CST MDT",
        -7: "MST PDT",
        -8: "PST",
        1: "CET MEZ BST WEST",
        2: "CEST MESZ EET SAST",
        3: "EEST MSK",
        8: "HKT SGT",
        9: "JST KST",
        10: "AEST",
        11: "AEDT",
        12: "NZST",
        13: "NZDT",
    }.items()
    for name in names.split()
}


def seconds_of(text: str) -> float | None:
    """Return a date in seconds since 1970, None for an empty one. Raises NotPlain for others."""
    if not text:
        return None
    if found := _RFC3339.fullmatch(text):
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        east_s = 0
        if found[7]:
            east_s = (abs(int(found[7])) * 60 + int(found[8])) * 60
            east_s = -east_s if found[7][0] == "-" else east_s
    elif found := _RFC822.fullmatch(text):
        day, hour, minute = int(found[1]), int(found[4]), int(found[5])
        month, year = _MONTHS.get(found[2].lower(), 0), int(found[3])
        second = int(found[6] or 0)
        east_s = _east_s(found[7])
    else:
        raise NotPlain(f"date {text!r}")
    if not (month and 1 <= day <= _DAYS[month % 13] and hour < 24 and minute < 60 and second < 60):  # noqa: PLR2004  # the clock's
        raise NotPlain(f"date {text!r}")
    if month == 2 and day == 29 and not calendar.isleap(year):  # noqa: PLR2004  # 29 February
        raise NotPlain(f"date {text!r}")
    return float(calendar.timegm((year, month, day, hour, minute, second)) - east_s)


def _east_s(zone: str) -> int:
    if zone[0] in "+-":
        seconds = (int(zone[1:3]) * 60 + int(zone[3:5])) * 60
        return -seconds if zone[0] == "-" else seconds
    try:
        return ZONES_S[zone.upper()]
    except KeyError:
        raise NotPlain(f"time zone {zone!r}") from None
