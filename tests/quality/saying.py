"""Check a summary against its article, without the summariser's own means."""

import re
import unicodedata

_TOKEN = re.compile(r"\(([^()]{1,60})\)|(\w+)")
_PARENTHESIS = re.compile(r"\s?\([^()]{1,60}\)")
# A character of Chinese or Japanese is a word here.
_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff]|[^\\W\u3040-\u30ff\u3400-\u9fff]+")
_ROW = 3  # words
_FOREIGN_MAX = (
    0.1  # share of a sentence's shingles; a hyphen or a date may differ in two extractions
)
_RUNS_MAX = 3  # sentences of a summary


def is_told_by(text: str, told: str) -> bool:
    """Whether *told* is at most three runs of the words of *text* in order, parentheses apart.

    A run is what a sentence is made of: words side by side, from which short parentheses may be
    missing.
    """
    words: list[str] = []
    after: list[set[int]] = []  # where a run may go on from each word
    for token in _TOKEN.finditer(text.casefold()):
        inner = re.findall(r"\w+", token.group())
        for marks in after if token[1] else []:
            marks.update({len(words) + len(inner)} if len(words) in marks else ())
        after += [{len(words) + number + 1} for number in range(len(inner))]
        words += inner
    ends: list[set[int]] = [{-1}] + [set() for _ in range(_RUNS_MAX)]  # by the runs it took
    for wanted in re.findall(r"\w+", told.casefold()):
        starts = [number for number, word in enumerate(words) if word == wanted]
        found: list[set[int]] = [set()]
        for runs in range(1, _RUNS_MAX + 1):
            goes_on = {mark for at in ends[runs] for mark in after[at]}
            begins_after = min(ends[runs - 1], default=len(words))
            found.append({at for at in starts if at in goes_on or at > begins_after})
        ends = found
    return any(ends) or not told


def is_noise(sentence: str, truth: str) -> bool:
    """Whether a sentence is not in an article's true text.

    More than a tenth of its words stand in no row of three that is in the text, or in it without
    its short parentheses.
    """
    rows = _rows(_words(truth)) | _rows(_words(_PARENTHESIS.sub("", truth)))
    words = _words(sentence)
    known: set[int] = set()
    for at in range(max(1, len(words) - _ROW + 1)):
        if tuple(words[at : at + _ROW]) in rows:
            known.update(range(at, at + _ROW))
    return len(words) - len(known & set(range(len(words)))) > _FOREIGN_MAX * len(words)


def _rows(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + _ROW]) for at in range(max(1, len(words) - _ROW + 1))}


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
