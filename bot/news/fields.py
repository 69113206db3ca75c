"""What stands behind from:, tag:, lang:, since: and before:."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from bot.news.wanted import Before, Fact, Language, Moment, Since, Source, Tagged

FIELDS = ("from", "tag", "lang", "since", "before")

_SPAN = re.compile(
    r"(?P<count>\d{1,5})\s*(?P<unit>m|min|minutes?|h|hours?|d|days?|w|weeks?|y|years?)",
    re.IGNORECASE,
)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}
_DAYS = {"today": 0, "yesterday": 1}
_CODE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.IGNORECASE)
_CODES = {
    "arabic": "ar",
    "chinese": "zh",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
    "thai": "th",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}


class Misread(NamedTuple):
    """A field that says nothing, and a sentence that says why."""

    why: str


def read_field(name: str, value: str) -> Fact | Misread:
    """Return what *name* (one of FIELDS) asks for with *value*."""
    said = value.strip()
    if not any(char.isalnum() for char in said):
        return Misread(f"“{name}:” has nothing behind it; I left it out.")
    match name:
        case "from":
            return Source(name=said)
        case "tag":
            return Tagged(name=said.removeprefix("#"))
        case "lang":
            return _language(said)
        case _:
            return _time(name, said)


def _language(said: str) -> Fact | Misread:
    code = _CODES.get(said.casefold(), said.replace("_", "-"))
    if _CODE.fullmatch(code):
        return Language(code=code.casefold())
    return Misread(f"“lang:{said}” is no language code such as en or pt-BR; I left it out.")


def _time(name: str, said: str) -> Fact | Misread:
    moment = read_moment(said)
    if moment is None:
        return Misread(
            f"“{name}:{said}” is no time that I know, such as 24h, 7d, 2026-11-02 or yesterday; "
            "I left it out."
        )
    return Since(moment=moment) if name == "since" else Before(moment=moment)


def read_moment(said: str) -> Moment | None:
    """Return the time that *said* means: 24h, 7d, 2w, 2026-11-02, 2026-11, 2026, yesterday."""
    if (span := _SPAN.fullmatch(said)) is not None:
        return Moment(ago=int(span["count"]) * _UNITS[span["unit"][0].casefold()])
    if (days := _DAYS.get(said.casefold())) is not None:
        return Moment(days_ago=days)
    parts = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", said, re.ASCII)
    if parts is None:
        return None
    try:
        return Moment(day=date(*(int(part or 1) for part in parts.groups())))
    except ValueError:
        return None


def speaks(language: str | None, code: str) -> bool:
    """Whether a language is *code* or a kind of it; en-GB is en."""
    folded = (language or "").replace("_", "-").casefold()
    return folded == code or folded.startswith(f"{code}-")
