"""Names in scripts that have no capitals: what an article does not write is not believed.

No form tells a name there, so all words count. Han, kana and Hangul are compared by pairs of
characters, Thai and its like by triples, scripts with spaces by words: a character that no pair or
triple of the article covers is unknown. Where two phrases of the article were joined, the
characters at the joint are covered from within.
"""

import re
from dataclasses import dataclass

from bot.language.words import tokenise

# Particles, endings and the few words by which a sentence is told otherwise than in its article.
_FREE = frozenset(
    "的了在和是将將与與及等对對为為被也于於其并並已有这這那个個之而但或因从從到向把称稱说說表示后後前中上下"
    "のにをはがとでもへやかられたてしるすいうなどませ"
    "은는이가을를의에와과도로등한하해했고며다인될된들지기"
)
_PAIRED = re.compile(
    "[\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_TRIPLED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
# Hebrew, Arabic, Indic scripts, Sinhala, Tibetan, Georgian, Ethiopic …
_SPACED = re.compile("[\u0590-\u0dff\u0f00-\u0fff\u10d0-\u10ff\u1200-\u137f]{2,}")
_UNKNOWN_TRIPLED = 3  # characters in a row
_SHORT = 3  # letters; words of this length are particles, nearly all
_PREFIXES = re.compile("(?:[والبفكلםהבוכלמש]{1,3})(?=...)")


@dataclass(frozen=True, slots=True)
class Grams:
    """What an article is made of, in those scripts."""

    pairs: frozenset[str]
    triples: frozenset[str]
    terms: frozenset[str]


def grams(text: str) -> Grams:
    """Return the pairs, triples and words of *text*."""
    return Grams(
        pairs=frozenset(g for run in _PAIRED.findall(text) for g in _pieces(run, 2)),
        triples=frozenset(g for run in _TRIPLED.findall(text) for g in _pieces(run, 3)),
        terms=frozenset(t for word in _SPACED.findall(text) for t in _terms(word)),
    )


def unknown_runs(sentence: str, known: Grams) -> tuple[str, ...]:
    """Return what of *sentence* the article does not write."""
    out: list[str] = []
    for run in _PAIRED.findall(sentence):
        covered = _covered(run, 2, known.pairs)
        out += _gaps(run, [ok or char in _FREE for char, ok in zip(run, covered, strict=True)], 1)
    for run in _TRIPLED.findall(sentence):
        out += _gaps(run, _covered(run, 3, known.triples), _UNKNOWN_TRIPLED)
    for word in _SPACED.findall(sentence):
        if len(word) > _SHORT and known.terms.isdisjoint(_terms(word)):
            out.append(word)
    return tuple(out)


def _pieces(run: str, size: int) -> list[str]:
    return [run[at : at + size] for at in range(len(run) - size + 1)] or [run]


def _covered(run: str, size: int, known: frozenset[str]) -> list[bool]:
    covered = [False] * len(run)
    for at, piece in enumerate(_pieces(run, size)):
        if piece in known:
            covered[at : at + len(piece)] = [True] * len(piece)
    return covered


def _gaps(run: str, covered: list[bool], at_least: int) -> list[str]:
    out, start = [], None
    for at, is_covered in enumerate([*covered, True]):
        if not is_covered and start is None:
            start = at
        elif is_covered and start is not None:
            if at - start >= at_least:
                out.append(run[start:at])
            start = None
    return out


def _terms(word: str) -> set[str]:
    """Return the forms of a word: as written, its stem, without the particles written onto it."""
    terms = {word, _PREFIXES.sub("", word, count=1)}
    return terms | {term for each in tokenise(word) for term in each.terms if term[0] != "_"}
