# ruff: noqa: RUF001  # phrases in many scripts, as they are written
"""Lines that say who wrote an article and when, in the languages that news is mostly read in.

Runs in the worker.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.feeds.phrases import any_of

_BYLINE_MAX: Final = 250  # characters

_NAME = r"[A-ZÀ-ÖØ-ÞŠŽ][\w'’.-]+"
_BYLINE = re.compile(
    r"(?:[Bb]y|BY|Von|VON|Par|PAR|Por|POR|Di|DI|Door|Av|Af|"
    rf"(?:Words|Story|Written|Posted|Published) by|Author|Text|Autor(?:in)?)\s*(?::\s*|\s){_NAME}"
    rf"(?:,?\s(?:(?:de|van|von|der|la|le|bin|al|and|und|et|y|e|&)\s)?{_NAME}){{0,8}}"
    r"(?:\s?[,|/·•–—-]\s?[\w\s.'’|/·•:–—-]{0,60})?"
)
_NAMES = re.compile(
    r"(?<![\w-])(?!(?:Words|Story|Written|Posted|Published|Author|Text|Von|Par|Por|By)\b)"
    rf"{_NAME}(?: {_NAME}){{1,3}}"
)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|fév|avr|juin|août|déc|ene|abr|"
    r"ago|dic|gen|mag|giu|lug|set|ott|out|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[^\W\d]*\.?"
)
_DAY = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|\.|º)?(?: de| of)? {_MONTH}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?)"
)
_CLOCK = r"\d{1,2}[:.h]\d{2}(?::\d{2})?"
_DATE = re.compile(
    rf"{_DAY},?(?: de)? \d{{4}}|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{2,4}}|"
    r"\d{4}年\d{1,2}月\d{1,2}日",
    re.IGNORECASE,
)
_DATE_MAX = 80  # characters of a line that gives no more than a date
# What may stand beside a date in its line: a weekday, an hour, a zone.
_BESIDE_DATE = re.compile(
    r"\b[ap]\.?m\b|\b(?:at|um|à|às|alle|uhr|updated|et|[a-z]{2,4}t|gmt|utc)\b|"
    r"\b[^\W\d_]{2,9}(?:day|tag|dì|-feira)\b|[\W\d_]+|時|分|时",
    re.IGNORECASE,
)
_STAMP = re.compile(
    r"\W*"
    + any_of(rf"""
    (?:(?:first |last )?(?:published|updated|posted|modified)|date)\b.?.{{0,14}}\d.{{0,60}}
    (?:veröffentlicht|aktualisiert|stand|publié|mis à jour)\W.{{0,16}}\d.{{0,40}}
    (?:publicado|actualizado|pubblicato|aggiornato|atualizado|опубликовано|обновлено)\W.{{0,16}}\d.{{0,40}}
    (?:发布|更新|發布|公開|配信|입력|수정).{{0,12}}\d.{{0,30}}
    {_CLOCK} ?(?:[ap]\.?m\.?|uhr|h)?(?: [a-z]{{2,5}})?
    (?:\d+|an?) (?:min(?:ute)?|hour|day|week|month|year|h|m|d)s? ago | vor \d+ \w+
    (?:estimated )?(?:read(?:ing)? time|lesezeit|lesedauer|ti?empo de le(?:itura|ctura))\b.{{0,40}}
    (?:temps de lecture|tempo di lettura)\b.{{0,40}} | \d+[- ]min(?:ute)?s? read | il y a \d+ \w+
    """)
    + r"\W*",
    re.IGNORECASE,
)

_PARTED = re.compile(r"\s*[·|•∙]\s*")


def bylined(lines: Iterable[str]) -> Iterator[str]:
    """Yield the names in the bylines among *lines*."""
    for line in lines:
        if len(line) <= _BYLINE_MAX and _BYLINE.fullmatch(line):
            yield from _NAMES.findall(_PARTED.split(line)[0])


def is_stamp(line: str) -> bool:
    """Whether a line gives times and names, and nothing beside: "3 hours ago · 4 min read"."""
    return _is_one(line) or all(map(_is_one, _PARTED.split(line)))


def _is_one(part: str) -> bool:
    return (
        _STAMP.fullmatch(part) is not None or _is_date(part) or _BYLINE.fullmatch(part) is not None
    )


def _is_date(line: str) -> bool:
    """Whether a line gives a date, an hour perhaps, and nothing beside."""
    if len(line) > _DATE_MAX or _DATE.search(line) is None:
        return False
    return not _BESIDE_DATE.sub("", _DATE.sub("", line))
