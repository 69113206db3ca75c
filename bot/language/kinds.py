# ruff: noqa: RUF001  # words of many languages look like others
"""What kind of thing a question asks for, and whether a text holds one."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What kind of thing would answer a question."""

    PERSON = "person"
    PLACE = "place"
    DATE = "date"
    MONEY = "money"
    DURATION = "duration"
    NUMBER = "number"
    CAUSE = "cause"
    NAME = "name"  # which, what: a name now and then
    ANY = "any"


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_PEOPLE = (
    "person|man|woman|player|actor|actress|singer|politician|president|leader|minister|star"
    "|celebrity|author|director|artist|athlete|coach|king|queen|candidate|musician|rapper|comedian"
    "|lawmaker|senator|governor|mogul|billionaire|scientist|driver|golfer|host"
)
_PLACES = (
    "country|city|state|town|place|nation|region|continent|county|island|area|river|location"
    "|village|province|capital"
)
_MEASURES = "many|much|far|tall|high|big|large|fast|deep|often|heavy|wide|hot|cold"
# In the order in which they are tried.
_ASKED = {
    Kind.MONEY: _pattern(
        r"\bhow much money\b",
        r"\bhow much .{0,80}\b(?:cost|paid|pay|worth|spen[dt]|price|fined?|raised?)\b",
        r"\bhow much .{0,80}\b(?:dollars|pounds|euros|sold|sell|bid|earn|donate)\b",
        r"\bwhat (?:price|sum|amount)\b",
    ),
    Kind.DURATION: _pattern(
        r"\bhow (?:long|old)\b",
        r"\bhow many (?:\w+ )?(?:years|months|weeks|days|hours|minutes|seconds)\b",
    ),
    Kind.NUMBER: _pattern(
        rf"\bhow (?:{_MEASURES})\b",
        r"\bwhat (?:\w+ )?(?:percentage|percent|number|proportion|share|score|fraction)\b",
        r"\bwhich (?:percentage|number)\b",
        r"\bwie ?viele?\b|\bcombien\b|\bcu[áa]nt[oa]s\b|\bсколько\b|多少|几",
    ),
    Kind.DATE: _pattern(
        r"\bwhen\b|\b(?:what|which) (?:year|month|day|date|century|decade|season)\b",
        r"\bwann\b|\bquand\b|\bcu[áa]ndo\b|\bquando\b|\bкогда\b|\bв каком году\b",
        r"什么时候|哪一?年|何时",
    ),
    Kind.PERSON: _pattern(
        rf"\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ ){{0,3}}(?:{_PEOPLE})\b",
        r"\bwe[rmn]\b|\bqui\b|\bqui[ée]n(?:es)?\b|\bchi\b|\bquem\b|\bкто\b|\bкого\b|谁",
    ),
    Kind.PLACE: _pattern(
        rf"\bwhere\b|\b(?:what|which) (?:\w+ ){{0,3}}(?:{_PLACES})\b",
        r"\bwo\b|\bwohin\b|\boù\b|\bd[óo]nde\b|\bdove\b|\bonde\b|\bгде\b|\bкуда\b",
        r"哪里|哪个国家|在哪",
    ),
    Kind.CAUSE: _pattern(
        r"\bwhy\b|\bwhat (?:was |is )?(?:the )?(?:cause|reason)\b",
        r"\bwarum\b|\bpourquoi\b|\bpor qu[ée]\b|\bпочему\b|\bperch[ée]\b|为什么",
    ),
    Kind.NAME: _pattern(r"\b(?:which|what)\b"),
}
_LAST_SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z])")
_KINDS_MAX = 2


def kinds_of(question: str) -> tuple[Kind, ...]:
    """Return the kinds of thing that a question's last sentence asks for, or else any of it."""
    asked = _LAST_SENTENCE.split(question.strip())[-1]
    for text in (asked, question):
        if kinds := tuple(kind for kind, pattern in _ASKED.items() if pattern.search(text)):
            return kinds[:_KINDS_MAX]
    return (Kind.ANY,)


CAPITAL = re.compile(r"(?<=[\w,;:)\"'“”’–—-] )[\"'“‘(]?[A-ZÀ-ÖØ-ÞА-Я][\w’'.-]*")
DIGIT = re.compile(r"\d")
NUMBER = _pattern(
    r"\d",
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty)\b",
    r"\b(?:fifty|hundred|thousand|million|billion|dozens?|half|third|quarter|once|twice)\b",
    r"\b(?:zwei|drei|deux|trois|dos|tres)\b",
)
_CURRENCIES = (
    "dollars?|euros?|pounds?|cents?|pence|yen|yuan|rupees?|rubles?|crowns?|francs?|pesos?|usd|eur"
    "|gbp"
)
MONEY = _pattern(
    r"[$€£¥₹₽]\s?\d",
    rf"\d[\d.,]*\s*(?:(?:million|billion|trillion|m|bn|k|thousand)\s+)?(?:{_CURRENCIES})\b",
)
DATE = _pattern(
    r"\b(?:1[0-9]|20)\d\d\b",
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november)\b",
    r"\b(?:december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    r"\b(?:yesterday|today|tomorrow|century|centuries)\b",
    r"\b(?:januar|februar|märz|mai|juni|juli|oktober|dezember)\b",
    r"\b(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre)\b",
    r"\b(?:diciembre|janvier|février|avril|juin|juillet|août|septembre|octobre|décembre)\b",
    r"\d{1,4}年|год[ау]?\b",
)
DURATION = _pattern(
    r"\b\w[\w.,]*[ -](?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|decades?|centuries)\b",
    r"\b\w+ (?:Jahre?n?|Monate?n?|ans|mois|años|meses|лет|месяц\w*)\b",
)
CAUSE = _pattern(
    r"\b(?:because|due to|since|so that|in order to|caused?|reason|thanks to|owing to)\b",
    r"\b(?:as a result|led to|over|amid|after)\b",
    r"\bto (?:avoid|prevent|protect|allow|make|help|reduce)\b",
    r"\b(?:weil|wegen|parce que|à cause|porque|debido|потому|из-за)\b|因为|由于",
)
