# ruff: noqa: RUF001  # quotes of many languages look like others
"""The search language.

::

    harbour flood                 any of the words; entries that have more of them come first
    "night train"                 these words, side by side
    ferry OR boat   ferry AND pier   -cancelled   NOT cancelled   (ferry OR boat) -"spring tide"
    title:ferry   from:courier   tag:sport   lang:de   since:7d   before:2026-11-02   sort:newest

OR binds closer than standing side by side. Any text is a query: what makes no sense as one is
mended, and `Query.repairs` says how. Words beside a phrase, a title: or an OR only rank.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.errors import BadQuery
from bot.news.fields import FIELDS, Misread, read_field
from bot.news.models import Query, Sort
from bot.news.stopwords import STOP_WORDS as STOP_WORDS  # noqa: PLC0414  # others know it from here
from bot.news.wanted import Every, How, Not, Said, Some, Wanted, said_in

QUERY_MAX = 300  # characters; nobody's question is longer, and every word costs a look-up
DEPTH_MAX = 5  # parentheses within parentheses

_QUOTES = '"“”„‟«»″「」『』'
_MINUS = "\N{MINUS SIGN}-"
_TOKEN = re.compile(
    rf"""
      (?P<minus> [{_MINUS}]+ (?= [^\s{_MINUS}] ) )
    | (?P<open>  \( )
    | (?P<close> \) )
    | (?P<or>    (?: OR | \|\|? ) (?= [\s()] | $ ) )
    | (?P<and>   (?: AND | && ) (?= [\s()] | $ ) )
    | (?P<not>   NOT (?= [\s()] | $ ) )
    | (?P<field> (?P<name> [A-Za-z]{{2,}} ) : (?! // ) (?= [^\s:)] ) )
    | (?P<empty> (?: {"|".join([*FIELDS, "title", "sort"])} ) : (?= [\s)] | $ ) )
    | [{_QUOTES}] (?P<phrase> [^{_QUOTES}]* ) (?P<closed> [{_QUOTES}] | $ )
    | (?P<word>  [^\s()]+ (?: \( [^\s()]* \) [^\s()]* )* )
    """,
    re.VERBOSE,
)
_EDGES = "?!.,;:…¿¡()[]{}、。？！，；：（）"
_EXAMPLE = 'Type a word or two, such as: harbour flood, or "night train" -cancelled'
_FILTERS = "title:, from:, tag:, lang:, since:, before: and sort:"


def parse_query(text: str) -> Query:
    """Return what *text* asks for.

    Words of a question are dropped unless nothing else is asked. Raises BadQuery, with a sentence
    that says what to type instead, where nothing is left to search.
    """
    asked = text.strip()
    if not asked:
        raise BadQuery(f"There is nothing to search for. {_EXAMPLE}", query=asked)
    if len(asked) > QUERY_MAX:
        raise BadQuery(
            f"That is {len(asked):,} characters; a search can have {QUERY_MAX}. "
            "Type the few words that matter most.",
            query=asked,
            position=QUERY_MAX,
        )
    reader = _Reader(asked)
    where = _whole(reader.items())
    if not _looks_for_something(where):
        raise BadQuery(
            _why_empty(asked, where), query=asked, position=_first_exclusion(asked, where)
        )
    said = list(said_in(where))
    return Query(
        text=asked,
        words=_each_once(one.text for one in said if one.how is not How.PHRASE),
        phrases=_each_once(one.text for one in said if one.how is How.PHRASE),
        excluded=_each_once(one.text for one in said_in(where, is_wanted=False)),
        where=where,
        sort=reader.sort,
        repairs=_each_once(reader.repairs),
    )


def wanted(query: Query) -> Wanted:
    """Return what an entry must be to match, of a query that was parsed or put together."""
    if query.where is not None:
        return query.where
    return _sequence(
        [
            *(_Item(Said(text=text)) for text in query.words),
            *(_Item(Said(text=text, how=How.PHRASE)) for text in query.phrases),
            *(_Item(Not(part=Said(text=text, how=How.PHRASE))) for text in query.excluded),
        ]
    )


# --- From tokens to a tree ---


class _Item(NamedTuple):
    """One thing typed, and whether somebody said that it must be (AND)."""

    what: Wanted
    is_required: bool = False


def _bare(item: _Item) -> tuple[Said, ...]:
    """Return the ordinary words that it is, of which any is enough; none where it is more."""
    match item.what:
        case _ if item.is_required:
            return ()
        case Said(how=How.ANY):
            return (item.what,)
        case Some(parts=parts):
            words = tuple(part for part in parts if isinstance(part, Said) and part.how is How.ANY)
            return words if len(words) == len(parts) else ()
        case _:
            return ()


def _sequence(items: Iterable[_Item]) -> Wanted:
    """Join what stands side by side: what is required, and any of the ordinary words."""
    told = list(items)
    bare = [word for item in told for word in _bare(item)]
    required = [_required(item.what) for item in told if not _bare(item)]
    if not bare:
        return _joined(required)
    if any(_must_be_said(part) for part in required):
        # The words only rank: of what has to match they say nothing more.
        return Every(parts=(*required, Some(parts=(*bare, Every(parts=())))))
    return _joined([*required, bare[0] if len(bare) == 1 else Some(parts=tuple(bare))])


def _joined(parts: list[Wanted]) -> Wanted:
    return parts[0] if len(parts) == 1 else Every(parts=tuple(parts))


def _required(part: Wanted) -> Wanted:
    """Return *part* where all of it must be: "well-known" is two words."""
    match part:
        case Said(how=How.ANY):
            return replace(part, how=How.ALL)
        case Some(parts=parts):
            return Some(parts=tuple(map(_required, parts)))
        case _:
            return part


def _must_be_said(part: Wanted) -> bool:
    """Whether nothing matches *part* but what has some word of it."""
    match part:
        case Said():
            return True
        case Every(parts=parts):
            return any(map(_must_be_said, parts))
        case Some(parts=parts):
            return all(map(_must_be_said, parts))
        case _:
            return False


def _whole(items: list[_Item]) -> Wanted:
    """Join all that was typed, without the words of a question if others are left."""
    telling = [
        item
        for each in items
        for item in ([_Item(word) for word in _bare(each)] or [each])
        if not (isinstance(item.what, Said) and _bare(item) and _asks(item.what.text))
    ]
    return _sequence(telling if any(_looks_for_something(item.what) for item in telling) else items)


def _asks(word: str) -> bool:
    return word.casefold() in STOP_WORDS


def _looks_for_something(part: Wanted) -> bool:
    """Whether there is more to it than what must not be."""
    match part:
        case Not():
            return False
        case Every(parts=parts) | Some(parts=parts):
            return any(map(_looks_for_something, parts))
        case _:
            return True


@dataclass(slots=True)
class _Level:
    """What is read of one parenthesis, or of the whole."""

    items: list[_Item]
    in_title: bool
    is_excluded: bool
    joiner: str = ""  # "OR" or "AND", read and not yet used


class _Reader:
    """Reads tokens into items and notes what it mended."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.finditer(text)
        self.repairs: list[str] = []
        self.sort: Sort | None = None
        self._excludes = False  # a minus was read and not yet used
        self._field = ""  # likewise a field
        self._levels = [_Level([], in_title=False, is_excluded=False)]

    def items(self) -> list[_Item]:
        """Return all that is asked."""
        for token in self._tokens:
            self._take(token)
        self._drop_minus()
        while len(self._levels) > 1:
            self.repairs.append("A parenthesis was never closed; I closed it at the end.")
            self._close()
        self._drop_joiner()
        return self._levels[0].items

    def _take(self, token: re.Match[str]) -> None:
        match token.lastgroup:
            case "minus" | "not":
                self._excludes = True
            case "open":
                self._open()
            case "close":
                self._drop_minus()
                if len(self._levels) > 1:
                    self._close()
                else:
                    self.repairs.append("I left out a closing parenthesis that closes nothing.")
            case "or" | "and":
                self._join("OR" if token.lastgroup == "or" else "AND")
            case "field":
                self._begin_field(token)
            case "empty":
                self._excludes = False
                self.repairs.append(f"“{token.group()}” has nothing behind it; I left it out.")
            case "closed":
                self._phrase(token)
            case _:
                self._word(token.group())

    def _phrase(self, token: re.Match[str]) -> None:
        said = " ".join(token["phrase"].split())
        if not token["closed"] and says_something(said):
            self.repairs.append(f"A quotation mark was never closed; I took “{said}” as a phrase.")
        self._value(said, is_phrase=True)

    def _word(self, written: str) -> None:
        if not written.strip(_MINUS):
            self.repairs.append("I left out a minus that stands before nothing.")
            return
        self._value(written.strip(_EDGES) if not self._field else written.strip(",;"))

    def _begin_field(self, token: re.Match[str]) -> None:
        name = token["name"].casefold()
        if name in {*FIELDS, "title", "sort"}:
            self._field = name
            return
        end = token.end()
        rest = re.match(r"[^\s()]+", self._text[end:])
        if rest is None or rest.group()[0] in _QUOTES:
            self._value(token["name"])
            return
        self.repairs.append(
            f"I know no filter “{name}:”, so I looked for its words. There are {_FILTERS}."
        )
        self._value(token["name"])

    def _value(self, said: str, *, is_phrase: bool = False) -> None:
        """Take a word, a phrase, or what stands behind a field."""
        field, self._field = self._field, ""
        if field == "sort":
            self._take_sort(said)
        elif field and field != "title":
            read = read_field(field, said)
            if isinstance(read, Misread):
                self._excludes = False
                self.repairs.append(read.why)
            else:
                self._add(read)
        elif says_something(said):
            in_title = field == "title" or self._levels[-1].in_title
            how = How.PHRASE if is_phrase else How.ALL if in_title else How.ANY
            self._add(Said(text=said, how=how, in_title=in_title))
        else:
            self._excludes = False

    def _take_sort(self, said: str) -> None:
        self._excludes = False
        try:
            self.sort = Sort(said.casefold())
        except ValueError:
            choices = ", ".join(Sort)
            self.repairs.append(f"“sort:{said}” is none of {choices}; I left it out.")

    def _add(self, what: Wanted) -> None:
        level = self._levels[-1]
        excludes, self._excludes = self._excludes, False
        if excludes:
            what = what.part if isinstance(what, Not) else Not(part=_excluding(what))
        joiner, level.joiner = level.joiner, ""
        match joiner:
            case "OR":
                before = level.items.pop()
                parts = before.what.parts if isinstance(before.what, Some) else (before.what,)
                either = Some(parts=(*map(_required, parts), _required(what)))
                level.items.append(_Item(either, before.is_required))
            case "AND":
                level.items[-1] = level.items[-1]._replace(is_required=True)
                level.items.append(_Item(what, is_required=True))
            case _:
                level.items.append(_Item(what))

    def _join(self, joiner: str) -> None:
        self._drop_minus()
        self._drop_joiner()
        if self._levels[-1].items:
            self._levels[-1].joiner = joiner
        else:
            self._say_dangling(joiner)

    def _drop_joiner(self) -> None:
        level = self._levels[-1]
        if level.joiner:
            self._say_dangling(level.joiner)
            level.joiner = ""

    def _say_dangling(self, joiner: str) -> None:
        self.repairs.append(f"I left out an {joiner} that does not stand between two things.")

    def _drop_minus(self) -> None:
        if self._excludes:
            self.repairs.append("I left out a minus that stands before nothing.")
            self._excludes = False

    def _open(self) -> None:
        in_title = self._field == "title" or self._levels[-1].in_title
        if self._field and self._field != "title":
            self.repairs.append(f"“{self._field}:” has nothing behind it; I left it out.")
        self._field = ""
        excludes, self._excludes = self._excludes, False
        self._levels.append(_Level([], in_title=in_title, is_excluded=excludes))
        if len(self._levels) > DEPTH_MAX + 1:
            self.repairs.append(
                f"Parentheses go {DEPTH_MAX} deep at most; I took out the inner ones."
            )
            inner = self._levels.pop()
            self._excludes = inner.is_excluded

    def _close(self) -> None:
        self._drop_joiner()
        level = self._levels.pop()
        self._excludes = level.is_excluded
        if not level.items:
            self._excludes = False
        else:
            self._add(_sequence(level.items))


def _excluding(what: Wanted) -> Wanted:
    """Return *what* as it is excluded: in the form typed, for "-trains" is not "-training"."""
    match what:
        case Said():
            return replace(what, how=How.PHRASE)
        case Some(parts=parts):
            return Some(parts=tuple(map(_excluding, parts)))
        case Every(parts=parts):
            return Every(parts=tuple(map(_excluding, parts)))
        case _:
            return what


# --- Saying things ---


def says_something(said: str) -> bool:
    """Whether there is a letter, a digit or a picture in it."""
    return any(
        unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in said
    )


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(text.casefold(), text)
    return tuple(first.values())


def _why_empty(asked: str, where: Wanted) -> str:
    if any(True for _ in _exclusions(where)):
        return (
            f"That only says what to leave out. Say what to look for too: flood {asked[:60]}, "
            "for example."
        )
    return f"There is no word in that to search for. {_EXAMPLE}"


def _exclusions(where: Wanted) -> Iterator[Not]:
    match where:
        case Not():
            yield where
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from _exclusions(part)
        case _:
            pass


def _first_exclusion(asked: str, where: Wanted) -> int:
    """Return where the first thing stands that is only left out; 0 without one."""
    for part in _exclusions(where):
        for said in said_in(part, is_wanted=False):
            return max(asked.find(said.text), 0)
    return 0
