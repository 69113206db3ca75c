"""Find where sentences begin and end, so that they can be quoted as they stand.

Rules, no model: a full stop ends a sentence unless what stands before it is an abbreviation, an
initial or an ordinal, or what follows goes on in lower case. Marks that end nothing but sentences,
such as the Chinese 。 and the danda, need no space after them. A blank line always ends a sentence,
and in Thai and Lao, which have no marks, so does a space some way on.
"""

import re
from collections.abc import Iterator

Span = tuple[int, int]

_CLOSERS = "\"'\u2018\u2019\u201c\u201d\u00bb\u203a)\\]}*_"
_WIDE_CLOSERS = "\u300d\u300f\u201d\u2019\uff09\u3011\u300b\u3009\"')"
_OPENERS = " \t\n\r\u00a0\"'\u2018\u201c\u201e\u00ab\u2039([{\u00bf\u00a1*_\u2013\u2014-\u2022"

_NARROW = ".!?\u2026\u203d\u061f\u06d4;\u0589\u1362\u1367"  # need a space after them
_WIDE = "\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4\u17d5"
# Thai and Lao write no full stops: a space ends a phrase, and now and then a sentence.
_NO_STOPS = "\u0e00-\u0eff"
_PHRASES_MIN = 80  # characters, some sixteen words; a space after them ends a sentence
_PHRASES_LONG = 240  # likewise, whatever word follows
# With these a Thai sentence goes on: and, but, or, because (3), which, that (2), by, so that, from,
# after, before, until, while, together with, making.
_THAI_GOES_ON = re.compile(
    "\u0e41\u0e25\u0e30|\u0e41\u0e15\u0e48|\u0e2b\u0e23\u0e37\u0e2d|\u0e40\u0e1e\u0e23\u0e32\u0e30"
    "|\u0e40\u0e19\u0e37\u0e48\u0e2d\u0e07|\u0e14\u0e49\u0e27\u0e22|\u0e0b\u0e36\u0e48\u0e07"
    "|\u0e17\u0e35\u0e48|\u0e27\u0e48\u0e32|\u0e42\u0e14\u0e22|\u0e40\u0e1e\u0e37\u0e48\u0e2d"
    "|\u0e08\u0e32\u0e01|\u0e2b\u0e25\u0e31\u0e07|\u0e01\u0e48\u0e2d\u0e19|\u0e08\u0e19"
    "|\u0e02\u0e13\u0e30|\u0e1e\u0e23\u0e49\u0e2d\u0e21|\u0e17\u0e33\u0e43\u0e2b\u0e49"
)
# A run of marks and what closes with it. Possessive, and from the start of a run only: a page of
# dots is read once.
_MARK = re.compile(
    rf"""
      (?P<narrow> (?<![{_NARROW}])[{_NARROW}]++ [{_CLOSERS}]*+
                  (?:[\ \u00a0\u202f]\u00bb)?+ (?=\s|\Z) )  # « Oui ! »
    | (?P<wide>   [{_WIDE}]++ [{_WIDE_CLOSERS}]*+ )
    | (?P<space>  (?<=[{_NO_STOPS}]) [^\S\n]++ (?=[{_NO_STOPS}"\u201c]) )
    | (?P<blank>  \n[^\S\n]*+\n\s*+ )
    """,
    re.VERBOSE,
)


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# Never the last word of a sentence.
_TITLES = _set(
    "mr mrs ms mx dr prof gen sen rep gov lt col cpl sgt capt cmdr adm maj rev hon supt insp",
    "mt ft vs eds al approx e.g i.e cf viz",
    # German, French, Spanish, Italian, Portuguese, Dutch
    "hr frl med bzw ca evtl ggf inkl z.b d.h u.a mio mrd mme mlle mgr sr sra srta dra dott",
    "sig mevr dhr drs ds avv geom d\u00f1a skt",
    # Czech, Slovak and Polish; Vietnamese: city, professor, doctor
    "ing mgr judr mudr phdr rndr nap\u0159 tzv sv ul im in\u017c \u015bw godz tp pgs gs ths ts",
    # Russian: year or city, street, named after, thousand, million, billion, i.e., saint, professor
    "\u0433 \u0443\u043b \u0438\u043c \u0442\u044b\u0441 \u043c\u043b\u043d",
    "\u043c\u043b\u0440\u0434 \u0442.\u0435 \u0441\u0432 \u043f\u0440\u043e\u0444",
    # and academician, general, region; Ukrainian: street, named after, thousand
    "\u0430\u043a\u0430\u0434 \u0433\u0435\u043d \u043e\u0431\u043b",
    "\u0432\u0443\u043b \u0456\u043c \u0442\u0438\u0441",
    # Hindi: doctor, Mr, professor
    "\u0921\u0949 \u0921\u093e \u0936\u094d\u0930\u0940 \u092a\u094d\u0930\u094b",
)
# Abbreviations before a number, words elsewhere.
_NUMBERED = _set("no nos nr vol fig pp p art str tel ext kb rs abs ziff kl sec")
# The last word of a sentence now and then: only if a new one plainly begins after it.
_MAYBE_LAST = _set("inc corp co ltd plc llc bros jr esq etc dept univ assn a.m p.m ph.d usw st")
# Thousands and millions, before a currency only.
_AMOUNTS = _set("mil mio mln mld tis milj")
_CURRENCY = re.compile("K\u010d|Euro|E[Uu][Rr]|[A-Z]{3}(?![A-Za-z])|z\u0142|Ft|[$\u20ac\u00a3]")
# EE. UU., RR. HH.: what is many is written twice.
_DOUBLED = re.compile(r"([A-Z])\1(?=\.)")
# Letters of scripts without capitals, of which one with a full stop is a title or an initial.
_UNCASED = re.compile("[\u05d0-\u05ea\u0621-\u064a\u0905-\u0939\u0985-\u09b9]")
_NAME_GOES_ON = re.compile(r"(?:Inc|Corp|Ltd|LLC)\b")  # Yahoo! Inc.
# Likewise, when written with a capital.
_MAYBE_LAST_NAMES = _set(
    "ave av sta sto blvd rd hwy apt jan feb mar apr jun jul aug sep sept oct nov dec",
    "mon tue tues wed thu thur thurs fri sat sun",
    "calif conn fla ga ill ind kan ky la md mass mich minn mo neb nev okla ore pa tenn tex",
    "va wash wis",
)
# Words that begin sentences and seldom names.
_STARTERS = _set(
    "the a an this that these those there it he she they we i you his her their our its my in on",
    "at for from by with as after before when while if but and or yet so however also meanwhile",
    "since although though despite what who why how where one two three some many most both all no",
    "not police officials according last earlier then now still instead other others each until",
    "during",
)
# After a day or a rank: am 3. Oktober, der 5. Platz.
_AFTER_ORDINAL = re.compile(
    "Jan|Feb|M\u00e4r|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahr|Klasse|Liga|Platz|Runde|Weltkrieg|Stock|Auflage"
)
_WORD_BEFORE = re.compile(r"[^\s\"'\u2018\u201c\u201e\u00ab(\[{/\u2013\u2014-]+\Z")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_APOSTROPHES = ("'", "\u2019")  # its last word is "it's"
_LETTERS_DOTTED = re.compile(r"[^\W\d_](?:\.[^\W\d_]){0,10}")
_NEXT_WORD = re.compile(r"[^\W\d_]+")
# A quotation mark that a space parts from both its neighbours.
_LOOSE_CLOSER = re.compile("[ \u00a0]([\"'\u2019\u201d])(?=\\s|\\Z)")
_PAIRS = {"\u2019": "\u2018", "\u201d": "\u201c"}
# No apostrophes: rock'n'roll, the '90s.
_MARKS_STANDING = {'"': re.compile('"'), "'": re.compile(r"(?<!\w)'(?!\d)|'(?!\w)")}
_QUOTE_LOOK_BACK = 2_000  # characters: a text without full stops is read once
_LOOK_BACK = 24  # characters; the longest abbreviation is far shorter


def split(text: str) -> list[Span]:
    """Return the sentences of *text* as (start, end), ascending and disjoint, trimmed of space.

    Every character beyond white space lies in one of them.
    """
    return list(sentences(text))


def sentences(text: str, start: int = 0) -> Iterator[Span]:
    """Yield the sentences from *start* on one by one, for those who need only the first few."""
    for match in _MARK.finditer(text, start):
        if match.start() < start:
            continue  # a quotation mark that the sentence before took along
        end = match.start() if match.lastgroup in {"blank", "space"} else match.end()
        if match.lastgroup == "blank" or _ends_sentence(text, start, match):
            if match.lastgroup == "narrow":
                end = _with_loose_closer(text, start, end)
            span = _trimmed(text, start, end)
            if span:
                yield span
            start = max(match.end(), end)
    span = _trimmed(text, start, len(text))
    if span:
        yield span


def _with_loose_closer(text: str, start: int, end: int) -> int:
    """Return where a sentence ends if its quotation ends after a space: "It rained. " he said."""
    loose = _LOOSE_CLOSER.match(text, end)
    if loose is None or end - start > _QUOTE_LOOK_BACK:
        return end
    mark = loose[1]
    if mark in _PAIRS:
        is_open = text.rfind(_PAIRS[mark], start, end) > text.rfind(mark, start, end)
    else:
        is_open = len(_MARKS_STANDING[mark].findall(text, start, end)) % 2 == 1
    return loose.end(1) if is_open else end


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    body = piece.strip()
    if not body:
        return None
    start += len(piece) - len(piece.lstrip())
    return start, start + len(body)


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Decide on a run of marks; *start* is where the sentence it may end begins."""
    marks, at, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "space":
            size = at - start
            goes_on = _THAI_GOES_ON.match(text, end) is not None
            return size >= (_PHRASES_LONG if goes_on else _PHRASES_MIN)
        case "wide":
            # 「行く。」と述べた: the quotation is part of a sentence that goes on in hiragana.
            goes_on = "\u3040" <= text[end : end + 1] <= "\u309f"
            return not (goes_on and marks[-1] in "\u300d\u300f\uff01\uff1f")
        case _ if text[end : end + 3].lstrip().startswith(("\u00bf", "\u00a1")):
            return True
    rest = text[end : end + _LOOK_BACK].lstrip(_OPENERS)
    if marks[0] == ";":
        # The Greek question mark is typed as a semicolon.
        return _GREEK.match(text[at - 1 : at]) is not None
    if rest[:1].islower() or (marks == "!" and _NAME_GOES_ON.match(rest)):
        return False
    is_plain_stop = marks[0] == "." and marks[1:2] != "."
    return not is_plain_stop or _full_stop_ends(text, start, at, rest, closed=len(marks) > 1)


def _full_stop_ends(text: str, start: int, at: int, rest: str, *, closed: bool) -> bool:
    """Decide on one full stop at *at*, followed by *rest*, which does not begin in lower case."""
    before = _WORD_BEFORE.search(text[max(start, at - _LOOK_BACK) : at])
    word = before.group() if before else ""
    if word.isdigit():
        is_list_number = text[start:at].strip() == word
        is_ordinal = len(word) <= 2 and _AFTER_ORDINAL.match(rest)  # noqa: PLR2004  # digits
        return not (is_list_number or is_ordinal)
    if closed or not rest:
        return True
    lower = word.casefold()
    is_letter = len(word) == 1 and word.islower() and text[at - 2 : at - 1] not in _APOSTROPHES
    if lower in _TITLES or is_letter or _belong(word, rest):
        return False
    if lower in _NUMBERED:
        return not rest[0].isdigit()
    is_initial = _LETTERS_DOTTED.fullmatch(word) and (word[0].isupper() or "." in word)
    if lower in _MAYBE_LAST or is_initial or (word[:1].isupper() and lower in _MAYBE_LAST_NAMES):
        following = _NEXT_WORD.match(rest)
        return following is not None and following.group().casefold() in _STARTERS
    return True


def _belong(word: str, rest: str) -> bool:
    """Whether a word with a full stop and what follows are one name or amount."""
    if _UNCASED.fullmatch(word) or (word.casefold() in _AMOUNTS and _CURRENCY.match(rest)):
        return True
    return _DOUBLED.match(f"{word}.") is not None and _DOUBLED.match(rest) is not None
