"""Know furniture: what stands on a page or in a teaser and is no part of the article.

The first line of defence is the extraction (bot.feeds); this is the second, by what furniture
says, and a summary is read by people who see only three sentences.
"""

import re

from bot.news.invitations import POST_FOOTER, READ_ON
from bot.news.text import UNSPACED

_FURNITURE = re.compile(
    r"""
    (?:\d\.\ )?(?:
      (?:read\ more|related|see\ also|watch|listen|more|video|photos?|images?|pictures?|credits?|
         sources?|file\ photo|caption|live|updated?|published|posted|last\ updated|advertisement|
         share|tags?|topics?|read|editor['\u2019]?s?\ note|correction|highlights?|(?:read|up)\ next)
      \s*[:|\u2014]
    | (?:image|photo|picture|video|getty)\ (?:caption|credit|source|images|courtesy)\b
    | (?:updated|published|last\ updated|first\ published)\b.{0,12}\d
    | \d{1,2}[/.]\d{1,2}[/.]\d{2,4}\ at\ \d
    | scroll\ down\ (?:for|to)\b | editor['\u2019]?s\ note\b | story\ highlights\b
    | media\ playback\b
    | sign\ up\b | subscribe\b | log\ in\b | click\ (?:here|on\ the)\b
    | register\ (?:now|here|for\ free)\b | follow\ (?:us|@|our|the\ latest)
    | follow\ .{1,40}\ on\ (?:twitter|facebook|instagram|linkedin|x)\b
    | (?:you\ can\ )?(?:read|listen\ to|watch|download)\ (?:more|our|the\ full|this)\b
    | (?:continue|keep)\ reading\b | skip\ (?:to|past)\b | back\ to\ top\b | jump\ to\b
    | please\ (?:enable|turn\ on|sign\ (?:in|up)|subscribe|wait|note\ that\ this\ article)\b
    | (?:we|this\ (?:web)?site)\ uses?\ cookies\b | accept\ (?:all\ )?cookies\b
    | by\ continuing\ to\ (?:use|browse)\b | (?:copyright|\u00a9|\(c\))\  | all\ rights\ reserved\b
    | this\ (?:article|story|post|piece)\ (?:\w+\ ){0,3}
      (?:published|updated|appeared|corrected|produced)
    | the\ post\ .{1,300}\ (?:first\ )?appeared\ (?:first\ )?on\b
    | got\ a\ (?:story|tip)\b | have\ (?:your\ say|a\ story)\b
    | contact\ (?:us|the\ (?:author|reporter|newsroom))\b | join\ (?:us|our|the\ conversation)\b
    | share\ (?:this|on)\b | for\ more\ (?:on|news|information)\b
    | get\ (?:the\ (?:latest|day|best)|our|all\ the)\b | support\ (?:us|our|independent)\b
    | loading\b | comments?\Z | submitted\ by\ /?u/ | article\ url: | https?://\S+\Z
    | lesen\ sie\  | mehr\ zum\ thema\b | lire\ aussi\b | \u00e0\ lire\b | lea?\ tambi\u00e9n\b
    | leer\ tambi\u00e9n\b | leggi\ anche\b | lees\ ook\b | leia\ (?:tamb\u00e9m|mais)\b
    | \u0447\u0438\u0442\u0430\u0439\u0442\u0435\  | \u9605\u8bfb\u66f4\u591a
    | \u76f8\u5173\u9605\u8bfb
    | a\ version\ of\ this\ (?:article|story)\b | the\ (?:opinions|views)\ expressed\b
    | pictured\s*[:,(] | (?:this|the)\ (?:article|post|page|site)\ (?:may\ )?contains?\ affiliate\b
    | we\ (?:may\ )?(?:earn|receive)\ (?:a\ |an\ )?(?:\w+\ )?commissions?\b | disclosure\ ?[:\u2014]
    | \[?\(?via\  .{1,60}[\])]\Z | (?:our|the)\ (?:newsroom|editors?)\ (?:is|are)\ independent\b
    | how\ relevant\ is\ this\ ad\b | video\ (?:player\ was|content\ (?:never|did))\b
    | to\ (?:get|receive)\ .{1,60}\ sign\ up\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)

# "Friday, 3 May 2024 at 9:15": a clock and a year in a short line that ends no sentence.
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_STAMP_MAX = 80  # characters
_ENDS = ".!?\u3002\u2026"

# Words that lost the space between them, as where a page hangs links on a name.
_GLUED = re.compile(r"\b([A-Z][a-z]{2,})[A-Z][a-z]{2,}")

# What feeds hang on to the end of a teaser, after its last sentence …
_TEASER_TAIL = re.compile(
    rf"(?:\A|\n(?!\s)|(?<=[.!?\u2026\u3002\])\"\u201d\u00bb]))\s*+(?:{POST_FOOTER}"
    rf"|[^\w.\u2026]{{0,12}}(?:{READ_ON}|read (?:more|on|the full \w+|full \w+)\b[^.!?]{{0,80}})"
    r"\W{0,12}"
    r"|\d* ?comments?)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
# … and in the midst of one that breaks off.
_BREAKING_TAIL = re.compile(
    rf"(?<!\s)\s*+[(\[]\W{{0,6}}(?:{READ_ON}|\+?[\d,. ]+ (?:more )?(?:chars|words))\W{{0,6}}[)\]]"
    r"\W{0,3}\Z"
    r"|(?:(?<=\u2026)|(?<=\.\.)|(?<=\]))\s*+(?:continue|keep on) reading\b[^\n]{0,160}\Z"
    r"|(?<!\s)\s++(?-i:(?:Continue|Keep) [Rr]eading|R(?:ead|EAD) (?:[Mm]ore|MORE)|Weiter ?lesen"
    r"|Mehr lesen|Lire la suite|Leer m\u00e1s)\W{0,6}\Z",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"(?<!\s)\s*+(?:\[\s*(?:\u2026|\.\.\.)\s*\]|\(\s*(?:\u2026|\.\.\.)\s*\)|\u2026|\.\.+"
    r"|\.(?: \.){2,})\s*\Z"
)
_STUMP = re.compile(
    f"(?:(?<=\\s)|\\A)[^\\s{UNSPACED}]+\\Z"
)  # where words have no spaces, none is cut
_TAIL_MAX = 600  # characters in which a tail is looked for


def is_furniture(one: str) -> bool:
    """Whether a sentence or line, on one line, is no part of the article."""
    if _FURNITURE.match(one):
        return True
    if len(one) <= _STAMP_MAX and one[-1:] not in _ENDS and _CLOCK.search(one):
        return _YEAR.search(one) is not None
    glued = [found[1] for found in _GLUED.finditer(one)]
    return len(glued) > len(set(glued))


def without_tail(teaser: str) -> tuple[str, bool]:
    """Return *teaser* without its invitation to read on, and whether it breaks off.

    A word that the break may have cut goes too.
    """
    body, is_cut = teaser.strip(), False
    for _ in range(3):  # "… [...] Read more" followed by "The post … appeared first on …"
        head, tail = body[:-_TAIL_MAX], body[-_TAIL_MAX:]
        for pattern in (_TEASER_TAIL, _BREAKING_TAIL, _CUT):
            found = pattern.search(tail)
            if found is None:
                continue
            is_cut = is_cut or pattern is not _TEASER_TAIL
            tail = tail[: found.start()]
            if pattern is _CUT:
                tail = _without_stump(tail, found.group())
        if head + tail == body:
            break
        body = head + tail
    return body, is_cut


def _without_stump(text: str, mark: str) -> str:
    """Return *text* without its last word where the *mark* of a break hangs on to it."""
    if mark[0].isspace() or text[-1:] in _ENDS:
        return text
    return _STUMP.sub("", text)
