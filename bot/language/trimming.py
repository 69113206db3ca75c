"""Trim sentences of what cannot change their meaning: datelines, short asides, a leading "But".

What stays are the article's words in the article's order, and who said it.
"""

import re

_DASH = r"(?:--+|[-\u2013\u2014])"

# Lead-ins: (CNN), LONDON (Reuters) -, PARIS, May 3 (AFP) -, ROME -, Kyiv, Ukraine -
_AGENCY = (
    r"AP|Reuters|AFP|dpa|CNN|UPI|TASS|Xinhua|ANSA|EFE|Bloomberg|KNA|epd|SID|PTI|ANI|IANS|BBC|PA|AAP|"
    r"CP|Yonhap|Kyodo|Interfax|Ukrinform|AA|Anadolu|APA|sda|ATS|ANP|TT|NTB|Ritzau|PAP|MTI|Lusa|RFE/RL"
)
# wire, dispatch, report; Jiji, Kyodo, Reuters, news, agency
_WIRES = (
    "\u7535|\u96fb|\u8baf|\u8a0a|\u62a5\u9053|\u5831\u5c0e|\u5831\u9053|\u6642\u4e8b"
    "|\u5171\u540c|\u30ed\u30a4\u30bf\u30fc|\u6d88\u606f|\u901a\u4fe1"
)
_DATELINES = (
    re.compile(rf"\((?:[A-Z][\w.&/ -]{{1,30}}|{_AGENCY})\)\s*{_DASH}?\s*(?=\S)"),
    re.compile(
        rf"[^\W\d_a-z][^()\n]{{1,60}}\((?:{_AGENCY})[^()\n]{{0,20}}\)\.?\s*(?:{_DASH}|:)?\s*"
    ),
    re.compile(
        rf"[A-Z][A-Z.,'/ -]{{2,40}}"
        rf"(?:, [A-Z][a-z]{{2,8}}\.? ?\d{{0,2}}|, \d{{1,2}} [A-Z]{{3,9}})?\s*"
        rf"(?:\([\w.&/ -]{{2,30}}\)\s*)?(?:{_DASH}\s+|\s{_DASH}\s*)(?=[\"\u201c\u2018']?[A-Z0-9])"
    ),
    re.compile(
        r"By [A-Z][\w.'\u2019-]+(?: [A-Z][\w.'\u2019-]*){1,3}, ?[A-Z]{3}[A-Z .&]* (?=[A-Z][a-z])"
    ),
    re.compile(
        r"\d{1,2}/\d{1,2}/\d{2,4} (?:AT )?\d{1,2}:\d{2} ?[AP]\.?M\.?(?: [A-Z]{2,4})? (?=[A-Z])",
        re.IGNORECASE,
    ),
    re.compile(
        r"[A-Z][\w.'\u2019]+(?: [A-Z][\w.'\u2019]+){0,3}(?:, [A-Z][\w. ]{1,25}){0,2}"
        r"\s[\u2013\u2014]\s(?=[\"\u201c\u2018]?[A-Z])"
    ),
    # LOS ANGELES, May 3, 2026 /PRNewswire/ --
    re.compile(rf"[A-Z][^/\n]{{2,60}} /[A-Z][\w -]{{2,30}}/\s*{_DASH}\s*(?=[A-Z\"\u201c])"),
    # Cyrillic capitals, a day, an agency in brackets, slashes or after the dash
    re.compile(
        rf"[\u0400-\u042f\u0490][\u0400-\u042f\u0490 .-]{{2,30}}"
        rf"(?:, \d{{1,2}} [\u0430-\u045f]{{3,9}}\.?)?\s*(?:\([^()\n]{{2,20}}\)|/[^/\n]{{2,20}}/)?"
        rf"\s*{_DASH}\s+(?:[\u0400-\u042f]{{2,10}}(?: [\u0400-\u045f]{{2,12}})?\.\s+)?"
        rf"(?=[\u00ab\"\u0400-\u042f])"
    ),
    # Arabic: a place, a day, an agency in brackets
    re.compile(rf"[\u0600-\u06ff][^()\n]{{1,40}} \([\u0600-\u06ff .]{{2,20}}\)\s*{_DASH}\s*(?=\S)"),
    # Hindi: a place, a day, an agency in brackets
    re.compile(
        r"[\u0900-\u0963][\u0900-\u0963 ]{1,30}, \d{1,2} [\u0900-\u0963]{2,12}\.?"
        r"(?: \([\u0900-\u0963A-Z/. ]{2,30}\)[:\u0964.]?|:|\u0964|(?=\s[\u2013\u2014-]))"
        rf"\s*(?:{_DASH}\s*)?(?=\S)"
    ),
    # Chinese and Japanese: an agency and its "wire" or "report", bracketed or with a day
    re.compile(
        rf"[\uff08(\u3010\[][^\uff08\uff09()\u3010\u3011\[\]\n]{{0,40}}(?:{_WIRES})"
        rf"[\uff09)\u3011\]]\s*(?:{_DASH}\s*)?(?=\S)"
    ),
    re.compile(
        "[\u4e00-\u9fff]{2,12}(?:\\d{1,2}\u6708)?\\d{1,2}\u65e5[\u7535\u96fb\u8baf\u8a0a]"
        "\\s*(?:[\uff08(][^\uff08\uff09()\\n]{1,30}[\uff09)]\\s*)?(?=\\S)"
    ),
    # Korean: (place=agency) name, reporter =
    re.compile(
        r"\([\uac00-\ud7a3]{2,10}=[\uac00-\ud7a3]{2,10}\)\s*"
        r"(?:[\uac00-\ud7a3 \u00b7]{2,20} (?:\uae30\uc790|\ud2b9\ud30c\uc6d0)\s*=\s*)?(?=\S)"
    ),
)
_AGENCY_FIRST = re.compile(rf"\((?:{_AGENCY})\)\s*(?:{_DASH})?\s*(?=\S)")
_BULLET = re.compile("[-\u2013\u2014*\u2022\u2023\u25aa\u25cf\u25a0\u00b7]\\s+(?=\\S)")
_CONJUNCTION = re.compile(
    r"(?:(?:But|And)(?! (?:for|also|only|then|if|yet|not)\b),?|"
    r"(?:However|Meanwhile|Moreover|Nevertheless|Nonetheless|Furthermore|Still|Yet|In addition),) "
    r"(?=[\w\"\u201c\u2018'])"
)
_PARENTHESIS = re.compile(r" \(([^()]{1,60})\)(?=[\s.,;:!?\u2026\"'\u2019\u201d]|\Z)")
# What in a parenthesis bears on what the sentence claims.
_BEARING = re.compile(
    r"\b(?:not|no|never|nor|n't|except|excluding|unless|if|only|allegedly|reportedly|about|nearly)\b",
    re.IGNORECASE,
)


def without_dateline(one: str) -> str:
    """Return a sentence that may open an article without place, date and agency."""
    for _ in range(2):  # (ANSA) - ROMA, 3 MAG -
        one = _without_a_dateline(one)
    return one


def _without_a_dateline(one: str) -> str:
    for dateline in _DATELINES:
        found = dateline.match(one)
        if found and found.end() < len(one):
            rest = one[found.end() :]
            if re.search(rf"\s{_DASH}\s", rest) is None or "(" in found.group():
                return rest
    return one


def without_agency(one: str) -> str:
    """Return a sentence without the name of an agency before it: what precedes was no article."""
    return _AGENCY_FIRST.sub("", one, count=1) if _AGENCY_FIRST.match(one) else one


def compressed(one: str) -> str:
    """Return a sentence without bullet, leading conjunction and short parentheses."""
    bullet = _BULLET.match(one)
    if bullet:
        one = one[bullet.end() :]
    found = _CONJUNCTION.match(one)
    if found:
        one = one[found.end() :]
        capital = one[:1].upper()
        one = (capital if len(capital) == 1 else one[:1]) + one[1:]
    return _PARENTHESIS.sub(lambda m: m.group() if _BEARING.search(m.group(1)) else "", one)
