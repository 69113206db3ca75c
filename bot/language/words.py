"""Cut text of any language into words and the terms they are found by.

One function indexes, queries and highlights. It needs no language: the script says enough.

- An ASCII word gives its lower-case form, its English stem and ``_`` + its first five letters, for
  the other languages written so; with accents, all but the stem. Accents are taken off. Where it
  has no five letters, the last of these is ``_`` + the word + ``_``: see `Word`.
- A word of a script with a stemmer of its own (Cyrillic, Greek, Arabic, Devanagari) gives its stem
  and the first five letters; the form as written misled more than it told there.
- A run of Han, kana or Hangul gives overlapping pairs of characters and the characters, a run of
  Thai, Lao, Khmer or Burmese overlapping triples: those scripts put no space between words.
- An emoji gives ``u`` + its code point in hexadecimal.

The first term of a word is its most exact form: an index that keeps those apart and in order can
match phrases.
"""

import re
import unicodedata
from functools import lru_cache, partial
from threading import Lock

import Stemmer

from bot.news.models import Word

VERSION = "2"  # of the terms: an index made under another version has to be built anew

_PREFIX_LENGTH = 5  # letters: the best one setting for the twelve languages of XQuAD
_WORD_MAX = 64  # characters of a word that count; what is longer is data, not language

# Scripts without spaces, their punctuation and digits left out.
_PAIRED = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005\u3007\u3040-\u30fa\u30fc-\u30ff\u3100-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_TRIPLED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
)
_FLAGS = "\U0001f1e6-\U0001f1ff"  # regional indicators: two make a flag
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_PICTURES = "\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
_JOINERS = "\u00ad\u200c\u200d"  # soft hyphen, zero width non-joiner and joiner

# Marks that readers may leave out: accents, Hebrew points, Arabic vowel signs and hamza. In other
# scripts, Indic ones above all, marks are the vowels and stay.
_OPTIONAL_MARK = re.compile(r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0640\u064b-\u065f\u0670]")
# In Cyrillic a breve makes another letter: only stress is optional, and e is often written for yo.
_CYRILLIC = re.compile("[\u0400-\u052f]")
_STRESS = re.compile("[\u0300\u0301]")

# Letters whose bar or ligature Unicode does not decompose, and Arabic endings written either way.
_PLAIN_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
    }
    | {"þ": "th", "\u0451": "\u0435", "\u0629": "\u0647", "\u0649": "\u064a"}
)
_ARABIC_ARTICLE = re.compile(r"و?(?:ال|بال|كال|فال|لل)(?=...)")  # Larkey et al. 2002, "light10"

# Letters to Python at which FTS5's unicode61 splits; every code point was tried on SQLite 3.40.
_UNKNOWN_TO_FTS = {*range(0x19B0, 0x19C1), 0x19C8, 0x19C9, 0x1CF2, 0x1CF3}

# French, Italian and Catalan words that lose their vowel before another: l'état, dell'arte.
_ELIDED = (
    "[ldjnscmt]|qu|jusqu|lorsqu|puisqu|quelqu|dell|nell|sull|dall|coll|all|un|quest|quell|sant"
)

_make_word = partial(tuple.__new__, Word)


def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name, 0)  # 0: it keeps no cache, ours is enough


_ENGLISH = _stemmer("english")
# First and last letter, stemmer, and whether the exact form is a term too. On XQuAD that form takes
# Russian from an MRR of .952 to .936, Spanish from .952 to .957.
_STEMMERS = (
    ("a", "z", _ENGLISH, True),
    ("\u0400", "\u04ff", _stemmer("russian"), False),
    ("\u0370", "\u03ff", _stemmer("greek"), False),
    ("\u0620", "\u06ff", _stemmer("arabic"), False),
    ("\u0900", "\u097f", _stemmer("hindi"), False),
)
_stemmer_lock = Lock()  # a stemmer is not safe to share between threads


def _marks() -> str:
    """Return the combining marks that belong to words, as ranges of a character class."""
    other = re.compile(f"[{_PAIRED}{_TRIPLED}{_SKIN_TONES}\ufe00-\ufe0f\u20d0-\u20ff]")
    ranges: list[list[int]] = []
    for point in range(0x300, 0x1F000):
        if unicodedata.category(chr(point))[0] != "M" or other.match(chr(point)):
            continue
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_LETTER = rf"[^\W_{_PAIRED}{_TRIPLED}]"
_TOKEN = re.compile(
    rf"""
    (?=[\w.{_PICTURES}])(?:  # skips space and most punctuation
    # Nine words in ten of English, hence first.
      (?P<plain>  [A-Za-z]{{2,}}+(?![\w'\u2019&{_marks()}{_JOINERS}]) )
    | (?P<sign>   (?<!\w)[A-Za-z](?:\+\+|\#(?!\w)) )                   # C++, C#
    | (?P<net>    (?:(?<!\w)\.(?i:net)|(?<=\w)\.NET)\b )               # .NET, ASP.NET
    | (?P<dotted> (?<!\w)(?:[^\W\d_]\.){{1,10}}[^\W\d_](?!\w)\.? )   # U.S., e.g
    | (?P<joined> (?<!\w)[A-Za-z]{{1,3}}&[A-Za-z]{{1,3}}(?!\w) )        # AT&T, R&D
    | (?P<number> \d+(?:[.,'\u2019]\d+)+ )                             # 3.5, 10,000
    | (?P<elided> (?<!\w)(?i:{_ELIDED})(?=['\u2019]{_LETTER}{{3}}) )    # l'état
    | (?P<word>   {_LETTER}+(?:(?:[{_marks()}{_JOINERS}]+|['\u2019](?={_LETTER})){_LETTER}*)* )
    | (?P<pairs>  [{_PAIRED}]+ )
    | (?P<triples>[{_TRIPLED}]+ )
    | (?P<flag>   [{_FLAGS}]{{2}} )
    | (?P<picture>[{_PICTURES}] )
    )
    """,
    re.VERBOSE,
)
_POSSESSIVE = re.compile(r"['\u2019][sS]$")
# Vulgar fractions would run into their number: 6½ is not 61/2.
_NOT_IN_TERM = re.compile(rf"['\u2019\u00bc-\u00be\u2150-\u215f{_JOINERS}]")
_THOUSANDS = re.compile(r"(?<=\d)[.,'\u2019](?=\d{3}(?!\d))")


def tokenise(text: str) -> list[Word]:
    """Return the words of *text* in order of their start.

    The pairs and triples of unspaced scripts overlap; all other words are disjoint. Each has at
    least one term.
    """
    words: list[Word] = []
    add = words.append
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        kind = match.lastgroup
        if kind in ("plain", "word"):
            terms = _word_terms(text[start : min(end, start + _WORD_MAX)])
            if terms:
                add(_make_word((start, end, terms)))
        elif kind == "pairs":
            words += _pairs(text, start, end)
        elif kind == "triples":
            words += _triples(text, start, end)
        elif kind == "number":
            words += _number(match.group(), start)
        else:
            add(Word(start, end, _special(match.group(), str(kind))))
    return words


@lru_cache(maxsize=1 << 15)
def _word_terms(written: str) -> tuple[str, ...]:
    """Return the terms of a word of a spaced script; none if only marks are left of it."""
    lower = _lower(_NOT_IN_TERM.sub("", _POSSESSIVE.sub("", written)))
    exact = _fold(lower)
    if not exact or exact.isdigit():
        return (exact,) if exact else ()
    prefix = "_" + _ARABIC_ARTICLE.sub("", exact, 1)[:_PREFIX_LENGTH]
    terms = [exact, prefix]
    for first, last, stemmer, keeps_exact in _STEMMERS:
        if first <= exact[0] <= last and (stemmer is not _ENGLISH or lower.isascii()):
            with _stemmer_lock:
                stem = stemmer.stemWord(exact)
            terms = [exact, stem, prefix] if keeps_exact else [stem, prefix]
    if exact.isascii() and len(exact) < _PREFIX_LENGTH:
        terms[-1] = f"_{exact}_"
    return tuple(dict.fromkeys(_safe(term) for term in terms if term))


def _lower(written: str) -> str:
    """Return the case-folded form in Unicode's compatibility composition."""
    if written.isascii():
        return written.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())


def _fold(lower: str) -> str:
    """Take off what readers may leave out, in a lower-cased word."""
    if lower.isascii():
        return lower
    if _CYRILLIC.match(lower):
        plain = _STRESS.sub("", lower)
    else:
        plain = _OPTIONAL_MARK.sub("", unicodedata.normalize("NFKD", lower))
    plain = unicodedata.normalize("NFKC", plain).translate(_PLAIN_LETTERS)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _safe(term: str) -> str:
    """Write as hexadecimal what FTS5 may split a term at: vowel signs of Indic scripts, mostly."""
    if term.isascii() or (term.isalnum() and _UNKNOWN_TO_FTS.isdisjoint(map(ord, term))):
        return term
    return "".join(
        c if (c.isalnum() or c == "_") and ord(c) not in _UNKNOWN_TO_FTS else f"u{ord(c):x}"
        for c in term
    )


@lru_cache(maxsize=1 << 15)
def _gram(written: str) -> str:
    return _safe(_lower(written))


def _pairs(text: str, start: int, end: int) -> list[Word]:
    """Return every two neighbours of a run, or the one character it is.

    Single characters are terms too, so that a query of one finds it (XQuAD zh: MRR .959, not .955).
    """
    if end - start == 1:
        return [Word(start, end, (_gram(text[start:end]),))]
    pairs = [
        Word(at, at + 2, (_gram(text[at : at + 2]), _gram(text[at])))
        for at in range(start, end - 2)
    ]
    last = text[end - 2 : end]
    return [*pairs, Word(end - 2, end, (_gram(last), _gram(last[0]), _gram(last[1])))]


def _triples(text: str, start: int, end: int) -> list[Word]:
    """Return every three neighbours of a run, or the whole of a shorter one."""
    last = max(start, end - 3)
    return [
        Word(at, min(at + 3, end), (_gram(text[at : min(at + 3, end)]),))
        for at in range(start, last + 1)
    ]


def _number(written: str, start: int) -> list[Word]:
    """Return a decimal number or one with thousands as one word, a date or version as several."""
    whole = _THOUSANDS.sub("", written)
    parts = list(re.finditer(r"\d+", whole))
    if len(parts) <= 2:  # noqa: PLR2004  # whole and fraction
        term = "_".join(_fold(part.group()) for part in parts)
        return [Word(start, start + len(written), (term,))]
    return [
        Word(start + part.start(), start + part.end(), (_fold(part.group()),))
        for part in re.finditer(r"\d+", written)
    ]


def _special(written: str, kind: str) -> tuple[str, ...]:
    """Return the terms of what is no ordinary word."""
    match kind:
        case "sign":
            return (written.lower().replace("+", "plus").replace("#", "sharp"),)
        case "net":
            return ("dotnet", "net")  # people leave the dot out
        case "joined":
            return (written.lower().replace("&", "_"),)
        case "flag" | "picture":
            return ("u" + "_".join(f"{ord(c):x}" for c in written),)
        case _:
            return (_gram(_fold(_lower(written.replace(".", "")))),)
