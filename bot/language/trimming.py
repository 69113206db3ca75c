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
_DATELINES = (
    re.compile(rf"\((?:[A-Z][\w.&/ -]{{1,30}}|{_AGENCY})\)\s*{_DASH}?\s*(?=\S)"),
    re.compile(rf"[^\W\d_a-z][^()\n]{{1,60}}\((?:{_AGENCY})[^()\n]{{0,20}}\)\s*(?:{_DASH}|:)?\s*"),
    re.compile(
        rf"[A-Z][A-Z.,'/ -]{{2,40}}(?:, [A-Z][a-z]{{2,8}}\.? ?\d{{0,2}})?\s*"
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
