"""Words, summaries, quotes, and a language model where one is set."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.news.answers import Answer, Asked, Gathered
from bot.news.models import SUMMARY_WORDS, Comparison, ModelState, Report, Summary, Word

TellModel = Callable[[], ModelState]
"""Tells how the language model fares."""


Tokeniser = Callable[[str], list[Word]]
"""Splits a text into its words, in order. The same function indexes, queries and highlights.

A word has no white space in it, and what stands beyond a white space makes no difference to it.
"""


class Summariser(Protocol):
    """Makes summaries. CPU-bound and quick; called off the event loop where long."""

    def summarise(
        self, *, title: str, text: str, teaser: str, max_words: int = SUMMARY_WORDS
    ) -> Summary:
        """Return one to three whole sentences out of *text*, or of *teaser* where there is no text.

        *max_words*: how long the channel wants it; one sentence that is longer may stand where
        there is no shorter one. May return an empty text where there is nothing to say beside
        the title. Raises SummaryError.
        """
        ...


class Comparer(Protocol):
    """Reads several reports of one event beside each other. CPU-bound; called off the loop."""

    def compare(self, reports: Sequence[Report]) -> Comparison:
        """Return telling sentences, each as it stands in its report, and figures that differ.

        Never raises.
        """
        ...


class Quoter(Protocol):
    """Answers questions with sentences that stand in articles, letter by letter."""

    def read(self, question: str, now: datetime) -> Asked:
        """Return *question*, read. Quick. Raises BadQuery where nothing can be looked for."""
        ...

    def answer(self, asked: Asked, gathered: Gathered, now: datetime) -> Answer:
        """Return the answer that stands in what was gathered.

        CPU-bound, some ten milliseconds; called off the event loop.
        """
        ...


class Model(Protocol):
    """A language model that may be asked for a summary, and may not answer."""

    async def summarise(
        self, *, title: str, text: str, within_s: float, max_words: int = SUMMARY_WORDS
    ) -> Summary:
        """Return one to three sentences that say nothing but what *text* says.

        Takes no longer than *within_s*. Raises SummaryError, often: where the server fails, rests
        or is slow, and where nothing of its answer stands.
        """
        ...


class Phraser(Protocol):
    """A language model that may put an answer into one sentence."""

    async def phrase(self, *, question: str, passages: Sequence[str], within_s: float) -> Summary:
        """Return one sentence that answers *question* and says nothing that *passages* do not.

        Takes no longer than *within_s*. Raises SummaryError, often; see `Model.summarise`.
        """
        ...
