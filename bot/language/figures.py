# ruff: noqa: RUF001  # words and digits of many languages look like others
"""Read the numbers of a text: figures and words, separators, scales, percentages, units.

"2.5 million", "2,500,000" and "2.5m" are one number; "1.234" may be two, and both are kept. What
matters is that a number in one text can be looked for in another, so doubtful readings are kept
apart rather than guessed at.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

BARE = ""  # the unit of a number that punctuation follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that a text names."""

    written: str
    values: frozenset[Decimal]  # every way to read it, at least one
    unit: str | None = None  # "%", "$", "km" …; BARE; None: something else follows
    # Where number and scale stand in `plain_digits` of the text; (0, 0) in Han, not looked for.
    span: tuple[int, int] = field(default=(0, 0), compare=False)


# --- Words for numbers ---

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
    " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ENGLISH = {word: number for number, word in enumerate(_SMALL.split())}
_ENGLISH |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
_ENGLISH_ORDINALS = {word: number for number, word in enumerate(_ORDINALS.split(), start=1)}
_ENGLISH_ORDINALS |= {
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "hundredth": 100,
    "thousandth": 1000,
}
_ENGLISH_SCALES = {
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
# Two to twelve, twenty and hundred; the rest of these languages is met in figures, nearly always.
_OTHERS = {
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig hundert",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze vingt cent",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce veinte cien",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici venti cento",
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze vinte cem",
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf twintig honderd",
    "sv": "två tre fyra fem sex sju åtta nio tio elva tolv tjugo hundra",
    "da": "to tre fire fem seks syv otte ni ti elleve tolv tyve hundrede",
    "no": "to tre fire fem seks sju åtte ni ti elleve tolv tjue hundre",
    "pl": (
        "dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście"
        " dwadzieścia sto"
    ),
    "ru": "два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать двадцать сто",
    "uk": "два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять двадцять сто",
    "tr": "iki üç dört beş altı yedi sekiz dokuz on onbir oniki yirmi yüz",
    "id": (
        "dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas dua-belas dua-puluh"
        " seratus"
    ),
}
_VALUES = (*range(2, 13), 20, 100)
_BY_LANGUAGE = {
    language: dict(zip(words.split(), _VALUES, strict=True)) for language, words in _OTHERS.items()
}

# --- What follows a number ---

_SCALES = (
    (r"hundred|hundert", 10**2),
    (
        r"thousand|tausend|mille|miles?\ de|mila?|duizend|tusen|tusind|тыс(?:\.|яч\w*)?|[кk]|千|천",
        10**3,
    ),
    (r"lakhs?|लाख", 10**5),
    (r"万|萬|만", 10**4),
    (
        (
            r"millions?|millionen|mio\.?|mill[oó]n(?:es)?|milion[ei]?\w{0,3}|milh(?:ão|ões)"
            r"|miljoe?n\w{0,2}|milyon|млн\.?|миллион\w*|мільйон\w*|mln\.?|m|مليون|ملايين|juta|triệu"
        ),
        10**6,
    ),
    (r"crores?|करोड़", 10**7),
    (r"亿|億|억", 10**8),
    (
        (
            r"billions?|milliarden?|mrd\.?|milliards?|mil\ millones|miliard[oi]?\w{0,3}"
            r"|bilh(?:ão|ões)|miljard\w{0,2}|milyar|млрд\.?|миллиард\w*|мільярд\w*|mld\.?|bn|b"
            r"|مليار\w*|miliar|tỷ"
        ),
        10**9,
    ),
    (r"trillions?|billionen|tn|兆|조", 10**12),
)
_UNITS = {
    "pp": (
        r"percentage\ points?|prozentpunkte?n?|points?\ de\ pourcentage|puntos?\ porcentual(?:es)?"
    ),
    "%": (
        r"%|٪|per\ ?cent|pct\.?|prozent|pour\ cent|por\ ciento|por\ cento|per\ cento|procent\w{0,2}"
        r"|процент\w*|відсот\w*|パーセント|퍼센트"
    ),
    "$": (
        r"(?:us\ |u\.s\.\ |canadian\ |australian\ )?(?:\$|dollars?|usd|d[oó]lares|доллар\w*"
        r"|долар\w*)|美元|ドル|달러"
    ),
    "€": r"€|euros?|eur|евро|євро|欧元|歐元|ユーロ|유로",
    "£": r"£|pounds?|gbp|pfund|英镑|ポンド",
    "¥": r"¥|yen|yuan|rmb|jpy|cny|元|円|人民币",
    "₹": r"₹|rupees?|inr|रुपये|रुपए",
    "₽": r"₽|rubles?|roubles?|rub|рубл\w*",
    "km": (
        r"km|kilomet(?:er|re)s?|kilometern?|kilomètres?|kil[oó]metros?|chilometri|километр\w*|公里"
    ),
    "mile": r"miles?|mi",
    "metre": r"met(?:er|re)s?|metern?|mètres?|metros|metri|метр\w*|米|メートル",
    "foot": r"feet|foot|ft",
    "kg": r"kg|kilos?|kilogram(?:me)?s?",
    "tonne": r"tonnes?|tons?|tonnen|toneladas|тонн\w*|吨|トン",
    "hectare": r"hectares?|ha|hektar",
    "acre": r"acres?",
    "°C": r"°\ ?c|degrees?\ c(?:elsius)?|grad\ celsius",
    "°F": r"°\ ?f|degrees?\ f(?:ahrenheit)?",
    "year": (
        r"years?|jahre?[ns]?|jährige\w?|ans|années?|años?|anni|anos?|jaar|år|лет|год[ау]?|роки|років"
    ),
    "month": r"months?|monate?n?|mois|mes(?:es)?|mesi|m[eê]s|maanden|månader|месяц\w*",
    "week": r"weeks?|wochen?|semaines?|semanas?|settimane|weken|veckor|недел\w*",
    "day": r"days?|tage?n?|jours?|d[ií]as?|giorni|dagen|dagar|дн(?:я|ей|и)|день",
    "hour": r"hours?|hrs?|stunden?|heures?|horas?|ore|uur|timmar|час\w{0,2}",
    "minute": r"minutes?|mins?|minuten|minutos?|minuti|минут\w?",
    "second": r"seconds?|secs?|sekunden?|secondes?|segundos?|secondi|секунд\w?",
}
_CURRENCIES = {"$": "$", "€": "€", "£": "£", "¥": "¥", "₹": "₹", "₽": "₽"}


def _end(pattern: str) -> str:
    """Let a pattern of letters end where the word does; the scripts without spaces have no ends."""
    return rf"(?:{pattern})(?![a-zà-ÿа-яё])"


_SCALE = re.compile(
    r"[\s-]{0,2}(?:a\ |de\ )?(?:" + "|".join(f"({_end(p)})" for p, _ in _SCALES) + ")",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[\s-]{0,2}(?:de\ |d')?(?:" + "|".join(f"({_end(p)})" for p in _UNITS.values()) + ")",
    re.IGNORECASE,
)
_UNIT_NAMES = tuple(_UNITS)
_ATTACHED = frozenset("kкmb")  # letters that scale only where they touch their number: 5k, 2.5m

_DIGITS = re.compile(
    r"(?<![0-9A-Za-z\u00c0-\u024f\u0370-\u052f])(?P<sign>(?<![\w.,)%])[-\u2212])?(?P<number>"
    r"\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,'\u2019]\d+)*)"
)
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_HAN_NUMBER = re.compile("[〇零一二三四五六七八九十百千万亿億兆两]{2,}")
_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_MAX_DIGITS = 24  # of a number; what is longer is an identifier


def figures(text: str, language: str | None = None) -> list[Figure]:
    """Return the numbers of *text* in figures and in the words of English and *language*.

    "one", "first" and articles are no numbers here: they count too rarely.
    """
    plain = plain_digits(text)
    return [
        *_in_digits(plain),
        *_in_english(plain),
        *_in_words(plain, _BY_LANGUAGE.get(language or "", {})),
        *_in_han(plain),
    ]


def is_number_word(word: str, language: str | None = None) -> bool:
    """Whether a word, case-folded, is a number, a scale or a unit and nothing beside."""
    return (
        word in _ENGLISH
        or word in _ENGLISH_ORDINALS
        or word in _BY_LANGUAGE.get(language or "", {})
        or (len(word) > 1 and bool(_SCALE.fullmatch(word) or _UNIT.fullmatch(word)))
    )


def plain_digits(text: str) -> str:
    """Return *text* with every digit of any script in ASCII and vulgar fractions as decimals."""
    if text.isascii():
        return text
    return "".join(map(_plain, text, " " + text))


# Arabic separators, full-width signs.
_OTHER_SIGNS = {
    "\u066b": ".",
    "\u066c": ",",
    "\uff05": "%",
    "\uff04": "$",
    "\uffe5": "¥",
    "\uff0e": ".",
}


def _plain(char: str, before: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in _OTHER_SIGNS:
        return _OTHER_SIGNS[char]
    if unicodedata.category(char) == "No" and 0 < (value := unicodedata.numeric(char)) < 1:
        decimals = f"{value:.4g}"
        return decimals[1:] if before.isdecimal() else decimals
    return char


# --- Figures ---


def _in_digits(text: str) -> Iterator[Figure]:
    for match in _DIGITS.finditer(text):
        written = match["number"]
        if len(written) > _MAX_DIGITS:
            yield Figure(
                written=written,
                values=frozenset({Decimal(0)}),
                unit="identifier",
                span=match.span("number"),
            )
            continue
        sign = -1 if match["sign"] or _is_minus(text, match.start()) else 1
        scale, end = _scale_at(text, match.end())
        unit = _unit_at(text, match.start("number"), end)
        for values in _readings(written):
            scaled = {sign * value * factor for value in values for factor in scale}
            yield Figure(
                written=written,
                values=frozenset(scaled),
                unit=unit,
                span=(match.start("number"), end),
            )


def _is_minus(text: str, at: int) -> bool:
    return text[max(0, at - 6) : at].casefold() == "minus "


def _readings(written: str) -> list[set[Decimal]]:
    """Return the numbers in a run of digits and separators, each with its possible values."""
    parts = re.split(r"[^\d]", written)
    marks = re.findall(r"[^\d]", written)
    if not marks:
        return [{Decimal(written)}]
    is_grouped = len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])  # noqa: PLR2004  # thousands
    if len(set(marks)) == 1:
        if is_grouped:
            values = {Decimal("".join(parts))}
            if len(parts) == 2 and marks[0] in ".,":  # noqa: PLR2004  # 1.234
                values.add(Decimal(".".join(parts)))
            return [values]
        if len(parts) == 2 and marks[0] in ".,":  # noqa: PLR2004  # 3.5
            return [{Decimal(".".join(parts))}]
    elif len(set(marks[:-1])) == 1 and marks[-1] in ".,":  # 1,234.5
        whole = parts[:-1]
        if len(whole[0]) <= 3 and all(len(part) == 3 for part in whole[1:]):  # noqa: PLR2004  # thousands
            return [{Decimal("".join(whole) + "." + parts[-1])}]
    return [{Decimal(part)} for part in parts if part]  # a date, a version, a list


def _scale_at(text: str, at: int) -> tuple[frozenset[int], int]:
    """Return what the word after a number multiplies it by, and where that word ends."""
    match = _SCALE.match(text, at)
    if match is None or match.lastindex is None:
        return frozenset({1}), at
    word = match.group(match.lastindex).casefold()
    factor = _SCALES[match.lastindex - 1][1]
    if word in _ATTACHED:
        if match.end() - at != 1:
            return frozenset({1}), at
        return frozenset({1, factor}), match.end()  # 100m may be metres
    if factor < 10**6:  # 250 thousand million
        more, end = _scale_at(text, match.end())
        return frozenset(factor * each for each in more), end
    return frozenset({factor}), match.end()


def _unit_at(text: str, start: int, end: int) -> str | None:
    if start and text[start - 1] in _CURRENCIES:
        return _CURRENCIES[text[start - 1]]
    if text[max(0, start - 3) : start] == "百分之":
        return "%"
    match = _UNIT.match(text, end)
    if match is not None and match.lastindex is not None:
        return _UNIT_NAMES[match.lastindex - 1]
    return BARE if text[end : end + 1] in set(",.;:)!?") or end >= len(text) else None


# --- Words ---


def _in_english(text: str) -> Iterator[Figure]:
    """Read runs of English number words: twenty-one, two thousand five hundred, half a million."""
    run: list[str] = []
    start = end = 0
    for match in _WORDS.finditer(text):
        word = match.group().casefold()
        is_near = bool(run) and match.start() - end <= 1
        if run and not (is_near and _goes_on(run, word)):
            yield from _english_run(run, text, start, end)
            run = []
        if not run:
            if word not in _OPENS_RUN:
                continue
            start = match.start()
        run.append(word)
        end = match.end()
    if run:
        yield from _english_run(run, text, start, end)


_OPENS_RUN = frozenset({*_ENGLISH, *_ENGLISH_ORDINALS, "a", "half", "dozen"})


def _goes_on(run: list[str], word: str) -> bool:
    if word == "and":
        return run[-1] in _ENGLISH_SCALES
    if word == "a":
        return run == ["half"]
    return (
        word in _ENGLISH or word in _ENGLISH_ORDINALS or word in _ENGLISH_SCALES or word == "dozen"
    )


def _english_run(run: list[str], text: str, start: int, end: int) -> Iterator[Figure]:
    if run[-1] == "and":
        run = run[:-1]
    is_half = run[0] == "half"
    words = [word for word in run if word not in {"a", "and", "half"}]
    if not words or words in (["one"], ["first"]):
        return
    total = group = Decimal(0)
    tens_open = False
    for word in words:
        small = _ENGLISH.get(word, _ENGLISH_ORDINALS.get(word))
        if small is not None and small < 100:  # noqa: PLR2004  # hundredth and thousandth scale
            if group % 100 and not (tens_open and 0 < small < 10):  # noqa: PLR2004  # decimal
                yield _worded(words, total + group, text, start, end)  # two numbers side by side
                total = group = Decimal(0)
            group += small
            tens_open = 20 <= small < 100 and small % 10 == 0  # noqa: PLR2004  # decimal
            continue
        factor = Decimal(12 if word == "dozen" else small or _ENGLISH_SCALES[word])
        tens_open = False
        if factor <= 100:  # noqa: PLR2004  # hundred
            group = (group or 1) * factor
        else:
            total += (group or 1) * factor
            group = Decimal(0)
    value = (total + group) / Decimal(2 if is_half else 1)
    yield _worded(words, value, text, start, end)


def _worded(words: list[str], value: Decimal, text: str, start: int, end: int) -> Figure:
    return Figure(
        written=" ".join(words),
        values=frozenset({value}),
        unit=_unit_at(text, start, end),
        span=(start, end),
    )


def _in_words(text: str, lexicon: dict[str, int]) -> Iterator[Figure]:
    if not lexicon:
        return
    for match in _WORDS.finditer(text):
        value = lexicon.get(match.group().casefold())
        if value is not None:
            scale, end = _scale_at(text, match.end())
            unit = _unit_at(text, match.start(), end)
            values = frozenset(Decimal(value * factor) for factor in scale)
            yield Figure(written=match.group(), values=values, unit=unit, span=(match.start(), end))


def _in_han(text: str) -> Iterator[Figure]:
    for match in _HAN_NUMBER.finditer(text):
        total, section, digit = 0, 0, 0
        for char in match.group():
            if char in _HAN_DIGITS:
                digit = digit * 10 + _HAN_DIGITS[char]
            elif (factor := _HAN_SCALES[char]) < 10**4:
                section += (digit or 1) * factor
                digit = 0
            else:
                total += (section + digit or 1) * factor
                section = digit = 0
        unit = _unit_at(text, match.start(), match.end())
        value = Decimal(total + section + digit)
        yield Figure(written=match.group(), values=frozenset({value}), unit=unit)
