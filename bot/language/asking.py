# ruff: noqa: RUF001  # quotation marks look like others
"""What a question asks: its telling words, and what kind of thing would answer it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.language.kinds import Kind, kinds_of
from bot.language.words import tokenise
from bot.news.query import STOP_WORDS
from bot.news.times import without_times

WORDS_MAX = 32  # telling words that are looked at

# Words of questions that no answer need have.
_ASKING_WORDS = """
according approximately describe did does exactly explain following give happen happened happens
kind list many mean most much name named often reportedly say tell type used whether want know
latest news please recent recently roughly which whose after among before between both during each
into more only other over some such than there through under until upon via within without being
been having also very just even
welche welcher welches wieviel viele quel quelle combien cuántos cuántas сколько какой
"""
_ASKING = frozenset(_ASKING_WORDS.split())
_POSSESSIVE = re.compile(r"['’]s$")
_OPENING = " \"'“”‘’(¿¡"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A telling word of a question."""

    written: str
    terms: tuple[str, ...]
    follows: bool = False  # whether the one before stands right before it
    is_name: bool = False  # written with a capital, not at the beginning
    is_number: bool = False

    @property
    def key(self) -> str:
        """The term whose frequency says how telling the word is: its stem, where it has one."""
        return self.terms[-2] if len(self.terms) > 2 else self.terms[0]  # noqa: PLR2004  # with a prefix


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart."""

    words: tuple[Telling, ...]
    kinds: tuple[Kind, ...]  # likeliest first

    def places(self) -> Mapping[str, int]:
        """Return which word each exact term belongs to, by its place."""
        return {
            term: number
            for number, word in reversed(list(enumerate(self.words)))
            for term in word.terms
            if term[0] != "_"
        }

    def loose_places(self) -> Mapping[str, int]:
        """Return which word the first letters of a word belong to."""
        return {
            term: number
            for number, word in reversed(list(enumerate(self.words)))
            for term in word.terms
            if term[0] == "_"
        }


@lru_cache(maxsize=64)
def read(question: str) -> Question:
    """Return *question* taken apart. It has no words where nothing in it can be looked for."""
    text = without_times(question)
    words = tokenise(text)
    telling: list[Telling] = []
    seen: set[tuple[str, ...]] = set()
    last_end = -1  # of the word before, where that is telling
    for word in words:
        written = text[word.start : word.end]
        if not _is_telling(written):
            last_end = -1
            continue
        if word.terms not in seen and len(telling) < WORDS_MAX:
            seen.add(word.terms)
            before = text[: word.start].rstrip(_OPENING)
            telling.append(
                Telling(
                    written=written,
                    terms=word.terms,
                    follows=last_end >= 0 and word.start - last_end <= 2,  # noqa: PLR2004  # ", "
                    is_name=written[:1].isupper() and before[-1:] not in {"", ".", "?", "!", ":"},
                    is_number=written[:1].isdigit(),
                )
            )
        last_end = word.end
    if not telling:
        telling = [
            Telling(written=text[word.start : word.end], terms=word.terms)
            for word in words[:WORDS_MAX]
        ]
    return Question(tuple(telling), kinds_of(question))


def _is_telling(written: str) -> bool:
    bare = _POSSESSIVE.sub("", written.casefold())
    return bare not in STOP_WORDS and bare not in _ASKING
