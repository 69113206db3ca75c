"""Choose from the opening of an article the sentences that tell it.

::

    sentences ── furniture, headings, questions, the title again, quotations without a speaker out
              ── datelines, short asides, leading conjunctions off
              ── the first five that are left; of these the first, and up to two more

The two are chosen for the words that they add which the opening comes back to, and the earlier the
better. A sentence that leans on the one before it comes with it or not at all.

Measured on 127 news articles with reference summaries (the mean of ROUGE-1, -2 and -L): see
tests/quality/summaries.py. Position is most of it: on news, graph, centroid and neural choices of
sentences all lost to the first three. Who said it stays.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, pairwise

from bot.language.furniture import is_furniture
from bot.language.sentences import sentences, split
from bot.language.speech import closes, is_without_speaker, leans, leaves_open, names_nobody
from bot.language.trimming import compressed, without_agency, without_dateline
from bot.language.words import tokenise

MAX_SENTENCES = 3
SUMMARY_CHARS_MAX = 1_000  # a quarter of an embed's description, whatever counts as a word
_SINGLE_WORDS_MAX = 120  # of a sentence that stands alone because none within the length is there
_MIN_WORDS = 5  # of a sentence; shorter ones are headings, bylines and labels

# What is looked at: no opening lies deeper, and whatever a feed holds takes milliseconds.
_SENTENCES_MAX = 150
_SENTENCE_MAX = 2_000  # characters; more than any summary takes
_QUOTATION_MAX = 4  # sentences
_CHOSEN_FROM = 5  # sentences that tell something
_TELLING_MAX = 10  # of them: what the opening comes back to is counted in these

# What the words that a sentence adds weigh against its place: all the words of the five weigh as
# much as this many places of the first sentence. From 3 to 4 it makes no difference.
_WORDS_WEIGH = 3.5
_PLACE_STEP = 1 / 6  # what a sentence is worth less than the one before it
_LENGTH_COSTS = 0.5  # what a summary of full length is worth less than one of no length
_SCALE = 1 << 20
_SAME = 0.8  # share of a sentence's words that another holds too

_QUOTES_CLOSING = "\"'\u2018\u2019\u201c\u201d\u00bb\u203a)\\]\u300d\u300f\uff09"
_ENDS_WHOLE = re.compile(
    rf"[.!?\u2026\u061f\u06d4;\u0589\u3002\uff01\uff1f\uff61\u0964\u0965\u104b\u17d4]"
    rf"\s?[{_QUOTES_CLOSING}]*\Z"
)
_IS_QUESTION = re.compile(rf"[?\u061f\uff1f\u037e]\s?[{_QUOTES_CLOSING}]*\Z")

_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WIDE_ENDS = frozenset("\u3002\uff01\uff1f\uff61\u300d\u300f\uff09")  # take no space after them
_LOOSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# A word in small letters begins the rest of a sentence, not one; iPhone and eBay may.
_FRAGMENT = re.compile(r"[a-z\u00df-\u00ff]+(?![\w'\u2019])")
_LONG = 30  # letters of a word that reads as more than one
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"\n\s*\n")

# English words that tell nothing of what an article is about; others are told by their length.
_EMPTY = frozenset(
    (
        *("the", "and", "for", "was", "with", "that", "from", "are", "were", "has", "have", "had"),
        *("she", "his", "her", "their", "this", "will", "said", "not", "but", "who", "which"),
        *("would", "been", "after", "also", "you", "its", "they"),
    )
)
_EMPTY_MAX = 2  # letters of a word of an alphabet that tells nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of the opening, trimmed."""

    at: int  # its number in the text
    text: str
    words: float
    terms: frozenset[str]
    leans: bool


def opening(text: str, title: frozenset[str], max_words: int) -> str:
    """Return one to three sentences from the opening of *text*, "" where nothing is told.

    *title*: its `terms`. A sentence longer than *max_words* is shown, alone, only where no other is
    found.
    """
    for accepts in (_is_telling, _is_whole, _is_something):
        found = list(islice(_telling(text, title, accepts), _TELLING_MAX))
        # Lists and labels have no better and worse lines.
        choose = _chosen if accepts is _is_telling else _first
        if kept := choose(found, max_words):
            return join(one.text for one in kept)
    return ""


def terms(text: str) -> frozenset[str]:
    """Return the stems of the words of *text*, those out that tell nothing."""
    words = (word.terms for word in tokenise(text[:_SENTENCE_MAX]))
    # Three terms are those of an ASCII word: as written, stem, prefix.
    return frozenset(
        known[1] if len(known) > 2 else known[0]  # noqa: PLR2004  # see above
        for known in words
        if _tells(known[0])
    )


def repeats(one: str, title: frozenset[str]) -> bool:
    """Whether a sentence says no more than the title."""
    return _is_said(terms(one), title)


def _is_said(said: frozenset[str], title: frozenset[str]) -> bool:
    """Whether the terms of a sentence say no more than those of the title."""
    if not said or not title:
        return not said
    return len(said & title) >= _SAME * len(said | title) or said <= title


def is_whole(one: str) -> bool:
    """Whether a sentence ends as sentences do."""
    return _ENDS_WHOLE.search(one) is not None


def is_question(one: str) -> bool:
    """Whether a sentence asks."""
    return _IS_QUESTION.search(one) is not None


def length(text: str) -> float:
    """Return how long *text* reads, in words.

    Two characters of Chinese or Japanese, or five of Thai, Lao, Khmer or Burmese, count as one; a
    word of thirty letters as two.
    """
    dense = loose = 0
    if not text.isascii():
        text, dense = _DENSE.subn(" ", text)
        text, loose = _LOOSE.subn(" ", text)
    written = [
        word for word in text.split() if word[0].isalnum() or any(map(str.isalnum, word[1:40]))
    ]
    words = len(written) + sum(len(word) // _LONG for word in written if len(word) >= _LONG)
    return words + dense / 2 + loose / 5


def flat(text: str) -> str:
    """Return *text* on one line."""
    return _SPACE.sub(" ", text).strip()


def join(kept: Iterable[str]) -> str:
    """Put sentences side by side; no space after the full stop of a script that has none."""
    joined = ""
    for one in kept:
        is_after = not (joined[-1:].isascii() or joined[-1:].isalnum())
        is_solid = (_DENSE.match(one) and is_after) or joined[-1:] in _WIDE_ENDS
        joined += one if is_solid or not joined else " " + one
    return joined


def _telling(
    text: str, title: frozenset[str], accepts: Callable[[str], bool]
) -> Iterator[_Sentence]:
    """Yield the sentences of *text* that may be in a summary, in order."""
    is_first = True
    for at, (one, is_inside) in enumerate(_marked(text)):
        told = without_dateline(one) if is_first else without_agency(one)
        if not told or is_furniture(told) or not accepts(told):
            continue
        if accepts is _is_telling and is_without_speaker(told, is_inside=is_inside):
            continue
        said = terms(told)
        if _is_said(said, title):
            continue
        is_first = False
        if (shorter := _trimmed(told)) != told:
            told, said = shorter, terms(shorter)
        yield _Sentence(at=at, text=told, words=length(told), terms=said, leans=leans(told))


def _trimmed(one: str) -> str:
    """Return a sentence compressed, or as it is where it would fall into two."""
    told = compressed(one)
    return told if told == one or len(split(told)) == 1 else one


def _marked(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the sentences of *text*, each on one line, and whether it begins within a quotation.

    That is one which an earlier sentence of the paragraph opened and a later one closes, a few
    sentences on at most: a mark that was left out must not swallow the article.
    """
    ahead: deque[tuple[str, int]] = deque()
    numbered = _with_paragraphs(text)
    inside = 0  # sentences yet to come that belong to a quotation
    while True:
        ahead.extend(islice(numbered, _QUOTATION_MAX + 1 - len(ahead)))
        if not ahead:
            return
        one, paragraph = ahead.popleft()
        yield one, inside > 0
        inside -= 1
        if inside <= 0 and leaves_open(one, is_inside=inside == 0):
            inside = _closed_after(other for other, place in ahead if place == paragraph)


def _closed_after(rest: Iterable[str]) -> int:
    """Return how many sentences on an open quotation ends, 0 where it does not."""
    return next((number for number, other in enumerate(rest, 1) if closes(other)), 0)


def _with_paragraphs(text: str) -> Iterator[tuple[str, int]]:
    """Yield the sentences of *text* with the numbers of their paragraphs; an endless one is ""."""
    end = paragraph = 0
    for start, stop in islice(sentences(text), _SENTENCES_MAX):
        paragraph += _BREAK.search(text, end, start) is not None
        end = stop
        yield (flat(text[start:stop]) if stop - start <= _SENTENCE_MAX else ""), paragraph


def _is_telling(one: str) -> bool:
    """Whether a sentence is long enough, whole, and states something."""
    is_thai = _LOOSE.match(one) is not None  # it writes no full stops
    is_all = (is_whole(one) or is_thai) and _FRAGMENT.match(one) is None
    return is_all and not is_question(one) and length(one) >= _MIN_WORDS


def _is_whole(one: str) -> bool:
    return is_whole(one) or length(one) > _MIN_WORDS


def _is_something(one: str) -> bool:
    return any(map(str.isalnum, one))


def _chosen(found: Sequence[_Sentence], max_words: int) -> Sequence[_Sentence]:
    """Return what is shown of *found*, in their order."""
    fitting = [one for one in found if _fits([one], max_words)]
    if not fitting:
        shortest = min(found, key=lambda one: one.words, default=None)
        return [shortest] if shortest and _fits([shortest], _SINGLE_WORDS_MAX) else []
    candidates = _without_orphan(_without_echoes(fitting))[:_CHOSEN_FROM]
    counts = Counter(term for one in found for term in one.terms)
    # Whole numbers: a set's order differs between two runs, and so would the sum of fractions.
    weights = {term: round(_SCALE * math.log(count)) for term, count in counts.items()}
    said = frozenset[str]().union(*(one.terms for one in candidates))
    whole = sum(map(weights.__getitem__, said)) or 1

    def worth(numbers: Sequence[int]) -> float:
        added = frozenset[str]().union(*(candidates[number].terms for number in numbers))
        places = sum(1 - number * _PLACE_STEP for number in numbers)
        cost = _LENGTH_COSTS * sum(candidates[number].words for number in numbers) / max_words
        return places - cost + _WORDS_WEIGH * sum(map(weights.__getitem__, added)) / whole

    choices = [
        (0, *others)
        for size in range(MAX_SENTENCES)
        for others in combinations(range(1, len(candidates)), size)
        if _stands([candidates[number] for number in (0, *others)])
        and _fits([candidates[number] for number in (0, *others)], max_words)
    ]
    return [candidates[number] for number in max(choices, key=worth)]


def _first(found: Sequence[_Sentence], max_words: int) -> Sequence[_Sentence]:
    """Return as many as are shown, from the first on."""
    kept: list[_Sentence] = []
    for one in found[:MAX_SENTENCES]:
        if not _fits([*kept, one], max_words):
            break
        kept.append(one)
    return kept


def _fits(kept: Sequence[_Sentence], max_words: float) -> bool:
    characters = sum(len(one.text) + 1 for one in kept)
    return sum(one.words for one in kept) <= max_words and characters <= SUMMARY_CHARS_MAX


def _stands(kept: Sequence[_Sentence]) -> bool:
    """Whether each sentence that leans on the one before it has it beside it."""
    return all(not one.leans or before.at == one.at - 1 for before, one in pairwise(kept))


def _without_orphan(found: Sequence[_Sentence]) -> Sequence[_Sentence]:
    """Return *found* without a beginning that means somebody not named yet."""
    for number, one in enumerate(found[:MAX_SENTENCES]):
        if not names_nobody(one.text):
            return found[number:]
    return found


def _without_echoes(found: Sequence[_Sentence]) -> Sequence[_Sentence]:
    """Return *found* without those that say little that one before them did not."""
    kept: list[_Sentence] = []
    for one in found:
        if all(len(one.terms & other.terms) < _SAME * len(one.terms) for other in kept):
            kept.append(one)
    return kept or found


def _tells(term: str) -> bool:
    """Whether a word may tell what an article is about."""
    if len(term) <= _EMPTY_MAX:
        return term.isdigit() or not term.isascii()
    return term not in _EMPTY
