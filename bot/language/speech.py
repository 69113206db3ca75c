"""Tell whether a sentence stands on its own: who speaks in it, whom its pronouns mean.

A quotation without its speaker, or "He denied it" without the one who did, misleads when it is
lifted out of the text. Quotation marks of all scripts are known, pronouns of the languages in which
feeds were met most.
"""

import re
from functools import lru_cache

# Told apart from apostrophes by what stands around them; « » are taken the French way, and „ “ the
# German.
_QUOTED = re.compile(
    r"""
      "[^"]*" | \u201c[^\u201c\u201d]*\u201d | \u201e[^\u201c\u201d"]*[\u201c\u201d"]
    | \u00ab[^\u00ab\u00bb]*\u00bb | \u300c[^\u300c\u300d]*\u300d | \u300e[^\u300e\u300f]*\u300f
    | (?<!\w)['\u2018]\ ?(?=\w)(?:[^'\u2018\u2019]|(?<=\w)['\u2019](?=\w))+['\u2019](?!\w)
    """,
    re.VERBOSE,
)
_OPENER = re.compile(
    "[\u201c\u201e\u00ab\u300c\u300e]|\"(?=\\w)|(?:(?<=[:,] )|\\A)['\u2018] ?(?=[A-Z])"
)
_CLOSER = re.compile("[\u201d\u00bb\u300d\u300f]|\"|(?<=[.!?,] )'(?= |\\Z)|(?<=[.!?,])['\u2019]")
# What may open or close a quotation: no apostrophe within a word.
_ANY_MARK = re.compile(
    "[\"\u2018\u201c\u201d\u201e\u00ab\u00bb\u300c-\u300f]|(?<!\\w)'|['\u2019](?!\\w)"
)
_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\\w+")
_SPEAKER_MIN = 2  # words: "she said"

_PERSONAL = (
    "he|she|they|his|her|their|hers|theirs"  # English
    "|er|ihm|ihnen"  # German; sie and ihr are polite forms and articles too
    "|elle|elles|ils|lui"  # French; il is also "there is"
    "|\u00e9l|ella|ellos|ellas|egli|lei|loro|ele|ela|eles|elas"  # Spanish, Italian, Portuguese
    "|hij|zij"  # Dutch
    "|\u043e\u043d|\u043e\u043d\u0430|\u043e\u043d\u0438"  # Russian
)
_POINTING = (
    "it|its|this|that|these|those|such"
    "|dies|diese|dieser|dieses|c'est|cela|esto|eso|\u044d\u0442\u043e"
)
_LEAD_IN = "[\"'\u2018\u201c\u201e\u00ab\\s\u2014\u2013-]*"
_STARTS_PERSONAL = re.compile(rf"{_LEAD_IN}(?:{_PERSONAL})\b(?!['\u2019]\w)", re.IGNORECASE)
_STARTS_POINTING = re.compile(rf"{_LEAD_IN}(?:{_PERSONAL}|{_POINTING})(?!\w)", re.IGNORECASE)
_PRONOUN_SPEAKS = re.compile(rf"\W*(?:{_PERSONAL})\b", re.IGNORECASE)


def is_without_speaker(one: str, *, is_inside: bool) -> bool:
    """Whether a sentence is someone's words and does not say whose.

    *is_inside*: a quotation was open where it begins.
    """
    outside = _outside(one, is_inside=is_inside)
    if outside is None:
        return False
    return len(_WORD.findall(outside)) < _SPEAKER_MIN


def leaves_open(one: str, *, is_inside: bool) -> bool:
    """Whether a quotation is open where the sentence ends."""
    if _ANY_MARK.search(one) is None:
        return is_inside
    rest = _unquoted(one)
    opener = _OPENER.search(rest)
    closer = _CLOSER.search(rest)
    if opener and (closer is None or opener.start() <= closer.start()):
        return True
    return is_inside and closer is None


def closes(one: str) -> bool:
    """Whether a quotation that was open where the sentence begins ends in it."""
    if _ANY_MARK.search(one) is None:
        return False
    rest = _unquoted(one)
    opener = _OPENER.search(rest)
    closer = _CLOSER.search(rest)
    return closer is not None and (opener is None or closer.start() < opener.start())


def leans(one: str) -> bool:
    """Whether a sentence means somebody or something that the one before it names."""
    if _STARTS_POINTING.match(one):
        return True
    outside = _outside(one, is_inside=False)
    return outside is not None and _PRONOUN_SPEAKS.match(outside) is not None


def names_nobody(one: str) -> bool:
    """Whether a sentence begins with a person of whom nothing was said yet."""
    return _STARTS_PERSONAL.match(one) is not None


@lru_cache(maxsize=64)  # a sentence is asked about some times in a row
def _unquoted(one: str) -> str:
    return _QUOTED.sub(" ", one)


def _outside(one: str, *, is_inside: bool) -> str | None:
    """Return what of a sentence is not quoted; None where it is no quotation at heart.

    That is one that neither begins nor breaks off within quotation marks: "It was 'a shock'."
    """
    if _ANY_MARK.search(one) is None:
        return "" if is_inside else None
    rest = _unquoted(one)
    if rest != one and rest[:1] == " ":
        return rest
    opener, closer = _OPENER.search(rest), _CLOSER.search(rest)
    if opener and (closer is None or opener.start() <= closer.start()):
        return rest[: opener.start()]
    if closer:
        return rest[closer.end() :]
    return "" if is_inside else None
