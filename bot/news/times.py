# words of many languages look like others
"""Times that a question names: yesterday, last week, on Monday, in May, since March, in 2016.

Pure: the question and the present in, a window of time out. A window begins and ends at midnight
UTC. A month or a weekday without a year is the latest that has begun.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from bot.news.answers import Window

# Publishers date ahead, and time zones are mistaken for one another; what is dated later than this
# is not out yet at the time that counts as now.
AHEAD_MAX = timedelta(days=3)

_DAY = timedelta(days=1)
_LENGTHS = {
    "hour": timedelta(hours=1),
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
    "year": 365 * _DAY,
}
_MONTHS = "january february march april may june july august september october november december"
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS.split(), start=1)}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
_WEEKDAY_NUMBERS = {name: number for number, name in enumerate(_WEEKDAYS.split())}
_SMALL = "one two three four five six seven eight nine ten"
_NUMBERS = {word: number for number, word in enumerate(_SMALL.split(), start=1)}
_NUMBERS |= {"a": 1, "an": 1, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3}

_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?(?!\w))"
)
_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY_OF = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_HOW_MANY = rf"(?:\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_HEAD = (
    r"(?P<head>(?:since|after|before|until|till|in|on|during|from|of|by|as\ of)\ (?:the\ )?"
    r"(?:early\ |mid-?\ ?|late\ )?)?"
)
_UNIT = r"(?:hour|day|week|month|year)s?"
_TIME = re.compile(
    rf"""
    \b{_HEAD}(?:
      (?P<iso>    {_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) )
    | (?P<date>   (?:{_MONTH}\ {_DAY_OF}|{_DAY_OF}\ (?:of\ )?{_MONTH})(?:,?\ {_YEAR})? )
    | (?P<month>  (?:(?:this|last)\ )?{_MONTH}(?:\ (?:of\ )?{_YEAR})? )
    | (?P<past>   (?:(?:over|in|during|within)\ )?the\ (?:last|past)\ {_HOW_MANY}\ {_UNIT} )
    | (?P<ago>    {_HOW_MANY}\ {_UNIT}\ ago )
    | (?P<day>    the\ day\ before\ yesterday|yesterday|today|tonight|last\ night
        |this\ (?:morning|afternoon|evening) )
    | (?P<span>   (?:this|(?:the\ )?(?:last|past|previous))\ (?:weekend|week|month|year)
        |(?:at|on|over|during)\ the\ weekend )
    | (?P<recent> recently|lately|these\ days )
    | (?P<weekday>(?:(?:this|last|past)\ )?(?:mon|tues|wednes|thurs|fri|satur|sun)day(?!s) )
    | (?P<year>   {_YEAR} )
    )(?![\w-])
    """,
    re.VERBOSE | re.IGNORECASE,
)
# The commonest words elsewhere, by the English they stand for.
_ELSEWHERE_WORDS = {
    "today": "heute|aujourd'hui|aujourd\u2019hui|hoy|oggi|hoje|vandaag|idag|i dag|сегодня",
    "yesterday": "gestern|ayer|ieri|ontem|gisteren|igår|i går|вчера",
    "this week": (
        "diese woche|dieser woche|cette semaine|esta semana|questa settimana|deze week"
        "|на этой неделе"
    ),
    "last week": (
        "letzte woche|letzter woche|vergangene woche|la semaine dernière|la semana pasada"
        "|la settimana scorsa|semana passada|vorige week|на прошлой неделе"
    ),
}
_CHINESE_WORDS = {"今天": "today", "昨天": "yesterday", "本周": "this week", "上周": "last week"}
_ENGLISH = {
    word: english for english, words in _ELSEWHERE_WORDS.items() for word in words.split("|")
} | _CHINESE_WORDS
_ELSEWHERE = re.compile(
    rf"\b(?:{'|'.join(_ELSEWHERE_WORDS.values())})(?!\w)|{'|'.join(_CHINESE_WORDS)}", re.IGNORECASE
)
_RELATIVE = frozenset({"past", "ago", "day", "span", "recent", "iso"})
_ABSOLUTE = frozenset({"iso", "date", "month", "year"})
_TOLD_LATER = timedelta(days=400)  # an event so long ago is told of in articles of any time


def window_of(question: str, now: datetime) -> Window | None:
    """Return the stretch of time that *question* names, the narrowest where it names several."""
    found = [window for match in _TIME.finditer(question) if (window := _window(match, now))]
    for match in _ELSEWHERE.finditer(question):
        english = _ENGLISH[match.group().casefold()]
        start, end = _span(english, now) if "week" in english else _day(english, now)
        found.append(Window(start=start, end=end, words=match.group()))
    return min(found, key=lambda window: window.end - window.start, default=None)


def without_times(question: str) -> str:
    """Return *question* without the times that no article would say: yesterday, 2026-11-02."""
    for match in reversed(list(_TIME.finditer(question))):
        if match.lastgroup in _RELATIVE:
            question = f"{question[: match.start()]} {question[match.end() :]}"
    return _ELSEWHERE.sub(" ", question)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _window(match: re.Match[str], now: datetime) -> Window | None:
    head = (match["head"] or "").casefold().partition(" ")[0]
    kind = str(match.lastgroup)
    told = match.group(kind).casefold()
    # "May" and "march" are months with something that makes them so: in May, May 2016.
    needs_head = kind == "year" or told in {"may", "march"}
    if kind == "recent" or head in {"before", "until", "till"} or (needs_head and not head):
        return None
    try:
        start, end = _READERS[kind](told, now)
    except (ValueError, OverflowError):
        return None  # 31 June, a million years ago
    if head in {"since", "after"} and start < now:
        end = max(_midnight(now.date()) + _DAY, end)
    is_long_ago = kind in _ABSOLUTE and end < now - _TOLD_LATER
    return Window(start=start, end=end, words=match.group().strip(), is_when_told=not is_long_ago)


def _iso(told: str, _now: datetime) -> tuple[datetime, datetime]:
    start = _midnight(date.fromisoformat(told))
    return start, start + _DAY


def _year(told: str, _now: datetime) -> tuple[datetime, datetime]:
    return _midnight(date(int(told), 1, 1)), _midnight(date(int(told) + 1, 1, 1))


def _date(told: str, now: datetime) -> tuple[datetime, datetime]:
    month = _month_number(told)
    numbers = [int(number) for number in re.findall(r"\d+", told)]
    day = next(number for number in numbers if number <= 31)  # noqa: PLR2004  # days of a month
    year = next((number for number in numbers if number > 31), None)  # noqa: PLR2004  # likewise
    if year is None:
        year = now.year
        if date(year, month, day) > (now + AHEAD_MAX).date():
            year -= 1
    start = _midnight(date(year, month, day))
    return start, start + _DAY


def _month_number(told: str) -> int:
    names = re.findall(rf"(?<![a-z]){_MONTH}", told)
    return _MONTH_NUMBERS[names[0][:3]]


def _month(told: str, now: datetime) -> tuple[datetime, datetime]:
    month = _month_number(told)
    written = re.search(r"\d{4}", told)
    year = int(written.group()) if written else now.year
    if not written and month > now.month:
        year -= 1
    start = _midnight(date(year, month, 1))
    return start, start + monthrange(year, month)[1] * _DAY


def _distance(told: str, now: datetime) -> tuple[datetime, datetime]:
    [(many, unit)] = re.findall(rf"({_HOW_MANY}) (hour|day|week|month|year)", told)
    number = int(many) if many.isdecimal() else _NUMBERS[many]
    length = number * _LENGTHS[unit]
    tomorrow = _midnight(now.date()) + _DAY
    if not told.endswith("ago"):
        return _midnight((now - length).date()), tomorrow
    slack = length / 10 if unit in {"month", "year"} else timedelta(0)
    start = _midnight((now - length - slack).date())
    return start, min(_midnight((now - length + slack).date()) + _DAY, tomorrow)


def _day(told: str, now: datetime) -> tuple[datetime, datetime]:
    today = _midnight(now.date())
    if told == "the day before yesterday":
        return today - 2 * _DAY, today - _DAY
    if told in {"yesterday", "last night"}:
        return today - _DAY, today
    return today, today + _DAY


def _span(told: str, now: datetime) -> tuple[datetime, datetime]:
    """Return a weekend, a week, a month or a year.

    "This week" is also what people call the seven days that end today.
    """
    today = _midnight(now.date())
    monday, first = today - now.weekday() * _DAY, today.replace(day=1)
    new_year = first.replace(month=1)
    unit = told.rpartition(" ")[2]
    if unit == "weekend":
        saturday = today - ((now.weekday() - 5) % 7) * _DAY
        return saturday - _DAY, saturday + 3 * _DAY
    if "past" in told:
        return today - _LENGTHS[unit], today + _DAY
    if told.startswith("this"):
        begun = {"week": today - 7 * _DAY, "month": first, "year": new_year}[unit]
        return begun, today + _DAY
    begun = {
        "week": monday - 7 * _DAY,
        "month": (first - _DAY).replace(day=1),
        "year": new_year.replace(year=now.year - 1),
    }[unit]
    return begun, {"week": monday, "month": first, "year": new_year}[unit]


def _weekday(told: str, now: datetime) -> tuple[datetime, datetime]:
    today = _midnight(now.date())
    back = (now.weekday() - _WEEKDAY_NUMBERS[told.rpartition(" ")[2]]) % 7
    if back == 0 and told.startswith("last"):
        back = 7
    start = today - back * _DAY
    return start, start + _DAY


_READERS: dict[str, Callable[[str, datetime], tuple[datetime, datetime]]] = {
    "iso": _iso,
    "date": _date,
    "month": _month,
    "past": _distance,
    "ago": _distance,
    "day": _day,
    "span": _span,
    "weekday": _weekday,
    "year": _year,
}
