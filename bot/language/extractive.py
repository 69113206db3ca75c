"""Summarise without a model: the feed's own abstract, else the first telling sentences.

::

    teaser: furniture off ── whole sentences, not the title again? ── yes ──> "feed"
       │ no
    text: sentences ── furniture, headings, questions, the title again out
                    ── dateline, short parentheses, leading conjunction off
                    ── the first three, up to 80 words ──> "extractive"

On news the opening beat every graph, centroid and neural choice that was measured. Only
what cannot change the meaning is trimmed, and who said it stays. Words and order are the article's.
"""

import re
from itertools import islice

from bot.language.sentences import sentences, split
from bot.language.words import tokenise
from bot.news.models import Summary

MAX_SENTENCES = 3
MAX_WORDS = 80  # of a summary
_MAX_WORDS_SINGLE = 120  # of a summary that is one long sentence, before it is cut
_SUMMARY_MAX = 1_000  # characters, where there are no words to count
_MIN_WORDS = 6  # of a sentence; shorter ones are headings, bylines and labels
_MIN_TEASER_WORDS = 8

# What is looked at: no opening lies deeper, and whatever a feed holds takes milliseconds.
_TEXT_MAX = 20_000  # characters of a text
_SENTENCES_MAX = 150
_SENTENCE_MAX = 2_000  # characters; more than any summary takes
_ABSTRACT_MAX = 1_500  # characters of a teaser; more is a text

_DASH = r"(?:--+|[-\u2013\u2014])"
_QUOTES_CLOSING = "\"'\u2019\u201d\u00bb\u203a)\\]\u300d\u300f\uff09"
_ENDS_WHOLE = re.compile(
    rf"[.!?\u061f\u06d4;\u0589\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4][{_QUOTES_CLOSING}]*\Z"
)
_IS_QUESTION = re.compile(rf"[?\u061f\uff1f\u037e][{_QUOTES_CLOSING}]*\Z")

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
        r"[A-Z][\w.'\u2019]+(?: [A-Z][\w.'\u2019]+){0,3}(?:, [A-Z][\w. ]{1,25}){0,2}"
        r"\s[\u2013\u2014]\s(?=[\"\u201c\u2018]?[A-Z])"
    ),
)
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
    | how\ relevant\ is\ this\ ad\b | video\ (?:player\ was|content\ (?:never|did))\b
    | to\ (?:get|receive)\ .{1,60}\ sign\ up\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)

# What feeds hang on to the end of a teaser, after its last sentence.
_TEASER_TAIL = re.compile(
    r"(?:\A|\n|(?<=[.!?\u2026\])\"\u201d\u00bb]))\s*(?:"
    r"the post .{1,300} (?:first )?appeared (?:first )?on .{1,200}"
    r"|(?:(?:continue|keep) reading|read (?:more|on|the full \w+|full \w+)|learn more)\b"
    r"[^.!?]{0,80}\W?"
    r"|(?:click here|more|weiterlesen|mehr|lire la suite|leer m\u00e1s|leggi tutto)\W{0,6}"
    r"|\d* ?comments?)\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_CUT = re.compile(r"\s*(?:\[\s*(?:\u2026|\.\.\.)\s*\]|\u2026|\.\.\.+)\s*\Z")
_TAIL_MAX = 600  # characters in which a tail is looked for

_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LOOSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_PAUSES = ",;:\u2013\u2014\u3001\uff0c\uff1b\uff1a\u060c\u061b"
# A comma within a number is no end of a clause.
_CLAUSE = re.compile(r".+?(?:[,;:\u2013\u2014](?=\s)|[\u3001\uff0c\uff1b\uff1a\u060c\u061b]|\Z)")
_SPACE = re.compile(r"\s+")


class Extractive:
    """The Summariser that needs no model. Stateless; a millisecond or two for a long article."""

    def summarise(self, *, title: str, text: str, teaser: str) -> Summary:
        """Return one to three sentences, or nothing where the title says it all. Never raises."""
        named = _terms(title)
        article = text[:_TEXT_MAX].strip()
        if abstract := _abstract(teaser[:_TEXT_MAX], named, article):
            return Summary(text=abstract, method="feed")
        if lead := _lead(article, named):
            return Summary(text=lead, method="extractive")
        if article and (abstract := _abstract(teaser[:_TEXT_MAX], named, "")):
            return Summary(text=abstract, method="feed")
        return Summary(text=_lead(teaser[:_TEXT_MAX], named), method="extractive")


def length(text: str) -> float:
    """Return how long *text* reads, in words.

    Two characters of Chinese or Japanese, or five of Thai, Lao, Khmer or Burmese, count as one.
    """
    rest, dense = _DENSE.subn(" ", text)
    rest, loose = _LOOSE.subn(" ", rest)
    words = sum(1 + len(word) // 30 for word in rest.split() if any(map(str.isalnum, word[:40])))
    return words + dense / 2 + loose / 5


def _abstract(teaser: str, title: frozenset[str], article: str) -> str:
    """Return the feed's own abstract, or "" where the article's opening serves better."""
    body, is_cut = _without_tail(teaser)
    if len(body) > _ABSTRACT_MAX:
        return ""
    flat = (_flat(body[start:end]) for start, end in split(body))
    kept = [one for one in flat if not _FURNITURE.match(one)]
    if kept and _repeats(kept[0], title):
        del kept[0]
    if not kept:
        return ""
    if is_cut and _ENDS_WHOLE.search(kept[-1]) is None:
        if article:
            return ""
        kept = kept[:-1] or [kept[0] + "\u2026"]
    kept[0] = _without_dateline(kept[0])
    abstract = _join(kept)
    words = length(abstract)
    if len(kept) > MAX_SENTENCES or words > MAX_WORDS:
        return ""
    if article:
        is_opening_cut_short = _ENDS_WHOLE.search(abstract) is None and _flat(article).startswith(
            abstract[:-1]
        )
        if words < _MIN_TEASER_WORDS or is_opening_cut_short or _IS_QUESTION.search(abstract):
            return ""
    return abstract


def _without_tail(teaser: str) -> tuple[str, bool]:
    """Return *teaser* without its invitation to read on, and whether it breaks off."""
    body, is_cut = teaser.strip(), False
    for _ in range(3):  # "… [...] Read more" followed by "The post … appeared first on …"
        head, tail = body[:-_TAIL_MAX], body[-_TAIL_MAX:]
        for pattern in (_TEASER_TAIL, _CUT):
            found = pattern.search(tail)
            if found:
                is_cut |= pattern is _CUT
                tail = tail[: found.start()]
        if head + tail == body:
            break
        body = head + tail
    return body, is_cut


def _lead(text: str, title: frozenset[str]) -> str:
    """Return the opening of *text*, cleaned and lightly compressed."""
    for accepts, reach in ((_is_telling, _TEXT_MAX), (_is_something, 2 * _SENTENCE_MAX)):
        kept: list[str] = []
        words = 0.0
        is_first = True
        for start, end in islice(sentences(text[:reach]), _SENTENCES_MAX):
            one = _flat(text[start : min(end, start + _SENTENCE_MAX)])
            if is_first:
                one = _without_dateline(one)
            if _FURNITURE.match(one) or not accepts(one):
                continue
            if is_first and _repeats(one, title):
                continue
            is_first = False
            one = _compressed(one)
            size = length(one)
            if kept and words + size > MAX_WORDS:
                break
            kept.append(one)
            words += size
            if len(kept) == MAX_SENTENCES:
                break
        if kept:
            is_endless = words > _MAX_WORDS_SINGLE or len(kept[0]) > _SUMMARY_MAX
            return _cut_at_clause(kept[0]) if is_endless else _join(kept)
    return ""


def _is_telling(one: str) -> bool:
    """Whether a sentence is long enough, whole, and states something."""
    is_whole = _ENDS_WHOLE.search(one) is not None or _LOOSE.match(one) is not None
    return is_whole and _IS_QUESTION.search(one) is None and length(one) >= _MIN_WORDS


def _is_something(one: str) -> bool:
    return any(map(str.isalnum, one))


def _without_dateline(one: str) -> str:
    for dateline in _DATELINES:
        found = dateline.match(one)
        if found and found.end() < len(one):
            rest = one[found.end() :]
            if re.search(rf"\s{_DASH}\s", rest) is None or "(" in found.group():
                return rest
    return one


def _compressed(one: str) -> str:
    """Trim what cannot change the meaning: a leading conjunction, short parentheses."""
    found = _CONJUNCTION.match(one)
    if found:
        one = one[found.end() :]
        capital = one[:1].upper()
        one = (capital if len(capital) == 1 else one[:1]) + one[1:]
    return _PARENTHESIS.sub(lambda m: m.group() if _BEARING.search(m.group(1)) else "", one)


def _cut_at_clause(one: str) -> str:
    """Cut a sentence too long to show at the end of a clause, or of a word where it has none."""
    end, words = 0, 0.0
    for clause in _CLAUSE.finditer(one):
        words += length(clause.group())
        if words > MAX_WORDS or clause.end() > _SUMMARY_MAX:
            break
        end = clause.end()
    if not end:
        for word in re.finditer(r"\S{1,30}\s*", one):
            words = length(word.group()) + (words if end else 0)
            if words > MAX_WORDS or word.end() > _SUMMARY_MAX:
                break
            end = word.end()
    return one[:end].rstrip(" " + _PAUSES) + "\u2026"


def _repeats(one: str, title: frozenset[str]) -> bool:
    """Whether a sentence says no more than the title."""
    terms = _terms(one)
    if not terms or not title:
        return not terms
    return len(terms & title) >= 0.8 * len(terms | title) or terms <= title


def _terms(text: str) -> frozenset[str]:
    return frozenset(word.terms[0] for word in tokenise(text[:1000]))


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _join(kept: list[str]) -> str:
    """Put sentences side by side; no space after the full stop of a script that has none."""
    joined = kept[0]
    for one in kept[1:]:
        is_solid = _DENSE.match(one) and not (joined[-1].isascii() or joined[-1].isalnum())
        joined += one if is_solid else " " + one
    return joined
