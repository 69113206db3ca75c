"""Answer questions in quotes: sentences that stand in articles, letter by letter."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.errors import BadQuery
from bot.language import asking
from bot.language.agreement import disagreements, is_repetition, says_the_same
from bot.language.believing import coefficients, confidence, evidence
from bot.language.quoting import Candidate, Lens, candidates, papers
from bot.language.words import tokenise
from bot.news.answers import Answer, Asked, Gathered, Quote
from bot.news.models import Query
from bot.news.text import one_line
from bot.news.times import window_of

QUESTION_MAX = 500  # characters
QUOTES_MAX = 4
NEAREST = 3
_QUOTE_MAX = 560  # characters of a sentence and its neighbours together
_LEAST = 0.55  # of the best sentence's score: what is worth quoting beside it
_SAME_ENTRY_MAX = 2  # quotes of one article


class Thought(NamedTuple):
    """An answer, and what spoke for it."""

    answer: Answer
    evidence: Mapping[str, float]  # none where there is no sentence at all


class TextQuoter:
    """The reader of questions and articles; a `bot.news.ports.Quoter`."""

    def read(self, question: str, now: datetime) -> Asked:
        """Return *question*, read. Raises BadQuery."""
        text = one_line(question)
        if len(text) > QUESTION_MAX:
            raise BadQuery(
                f"That is {len(text):,} characters; a question can have {QUESTION_MAX}. "
                "Ask for one thing at a time.",
                query=text[:QUESTION_MAX],
            )
        words = asking.read(text).words
        if not words:
            raise BadQuery(
                "There is no word in that to look for. Ask as you would ask a person: "
                "When does the harbour bridge reopen?",
                query=text,
            )
        return Asked(
            text=text,
            query=Query(text=text, words=tuple(word.written for word in words)),
            terms=tuple(dict.fromkeys(word.key for word in words)),
            window=window_of(text, now),
        )

    def answer(self, asked: Asked, gathered: Gathered, now: datetime) -> Answer:
        """Return the answer that stands in what was gathered."""
        return self.think(asked, gathered, now).answer

    def think(self, asked: Asked, gathered: Gathered, now: datetime) -> Thought:
        """Return the answer that stands in what was gathered, and what spoke for it."""
        question = asking.read(asked.text)
        lens = Lens(question, gathered.frequencies, gathered.entries)
        read = papers(lens, gathered, asked.window, now)
        model = coefficients()
        ranked = candidates(lens, read, model.sentence)
        told = evidence(lens, read, ranked, gathered.newest_at, asked.window)
        sure = confidence(told)
        chosen = list(_chosen(ranked))
        quotes = tuple(_quote(lens, one, ranked) for one in chosen)
        is_found = bool(quotes) and sure >= model.threshold
        answer = Answer(
            asked=asked,
            is_found=is_found,
            confidence=sure,
            quotes=quotes if is_found else (),
            closest=() if is_found else quotes,
            disagreements=disagreements(question, quotes) if is_found else (),
            nearest=() if is_found else gathered.hits[:NEAREST],
            searched=gathered.searched,
            has_more_than_searched=gathered.has_more_than_searched,
            newest_at=gathered.newest_at,
        )
        return Thought(answer, told)


def _chosen(ranked: Sequence[Candidate]) -> Iterator[Candidate]:
    """Yield the sentences to quote: no two that say the same, few of one article."""
    chosen: list[Candidate] = []
    for one in ranked:
        if len(chosen) == QUOTES_MAX or (chosen and one.score < _LEAST * chosen[0].score):
            return
        same_entry = [c for c in chosen if c.paper is one.paper]
        if len(same_entry) >= _SAME_ENTRY_MAX:
            continue
        if any(_holds(c, one) for c in same_entry):
            continue  # it is quoted with its neighbour
        if any(is_repetition(c.text, one.text) for c in chosen):
            continue
        chosen.append(one)
        yield one


def _quote(lens: Lens, one: Candidate, ranked: Sequence[Candidate]) -> Quote:
    start, end = _with_neighbours(one)
    text = one.paper.text[start:end]
    first, last = one.paper.spans[one.number]
    return Quote(
        text=text,
        sentence=(first - start, last - start),
        marks=_marks(lens, text),
        hit=one.paper.hit,
        score=one.score,
        told_by=_told_by(one, ranked),
    )


def _marks(lens: Lens, text: str) -> tuple[tuple[int, int], ...]:
    """Return where the question's words stand, those with only a space between as one."""
    marks: list[tuple[int, int]] = []
    for word in tokenise(text):
        if not lens.knows(word.terms):
            continue
        if marks and not text[marks[-1][1] : word.start].strip():
            marks[-1] = (marks[-1][0], max(marks[-1][1], word.end))
        else:
            marks.append((word.start, word.end))
    return tuple(marks)


def _holds(one: Candidate, other: Candidate) -> bool:
    """Whether the quote of *one* holds the sentence *other*, of the same article."""
    start, end = _with_neighbours(one)
    first, last = one.paper.spans[other.number]
    return start <= first and last <= end


def _with_neighbours(one: Candidate) -> tuple[int, int]:
    """Return where the quote begins and ends: the sentence with what context there is room for."""
    spans = one.paper.spans
    start, end = spans[one.number]
    if one.number > 0 and end - spans[one.number - 1][0] <= _QUOTE_MAX:
        start = spans[one.number - 1][0]
    if one.number + 1 < len(spans) and spans[one.number + 1][1] - start <= _QUOTE_MAX:
        end = spans[one.number + 1][1]
    return start, end


def _told_by(one: Candidate, ranked: Sequence[Candidate]) -> tuple[str, ...]:
    """Return the names of the feeds that say what *one* says, its own first."""
    names = {one.paper.hit.entry.feed_id: one.paper.hit.feed_title}
    for other in ranked:
        feed = other.paper.hit.entry.feed_id
        if feed not in names and says_the_same(one.text, other.text):
            names[feed] = other.paper.hit.feed_title
    return tuple(names.values())
