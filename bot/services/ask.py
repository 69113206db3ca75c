"""Answer questions from the archive, in quotes."""

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from bot.errors import SummaryError
from bot.news.answers import Answer, Asked, Gathered, Window
from bot.news.models import ChannelId, Hit, SearchRequest
from bot.news.ports import Archive, Clock, Phraser, Quoter
from bot.news.times import AHEAD_MAX

log = structlog.get_logger()

CANDIDATES = 20  # articles whose sentences may answer
_OF_WINDOW = 8  # articles more, of the time that the question names


class Asker:
    """The use case of /ask."""

    def __init__(self, storage: Archive, quoter: Quoter, clock: Clock) -> None:
        self._storage = storage
        self._quoter = quoter
        self._clock = clock
        self._phraser: Phraser | None = None
        self._phraser_max_s = 0.0

    def phrase_by(self, phraser: Phraser | None, *, within_s: float) -> None:
        """Let a model put answers into a sentence from now on, if it can in *within_s*."""
        self._phraser = phraser
        self._phraser_max_s = within_s

    async def ask(
        self,
        question: str,
        *,
        channels: frozenset[ChannelId] | None,
        since: datetime | None = None,
        now: datetime | None = None,
    ) -> Answer:
        """Return the answer to *question*, or the closest headlines. Raises BadQuery.

        *channels*: as in SearchRequest. *since*: what is older does not count. *now*: the present
        as the question sees it, the clock's if None; what came out later is not there yet.
        """
        now = now or self._clock.now()
        asked, gathered = await self.gather(question, channels=channels, since=since, now=now)
        answer = await asyncio.to_thread(self._quoter.answer, asked, gathered, now)
        return await self._phrased(answer)

    async def _phrased(self, answer: Answer) -> Answer:
        """Return *answer* with a sentence of the model's above its quotes, where there is one."""
        if self._phraser is None or not answer.is_found:
            return answer
        try:
            told = await self._phraser.phrase(
                question=answer.asked.text,
                passages=[quote.text for quote in answer.quotes],
                within_s=self._phraser_max_s,
            )
        except SummaryError as error:
            log.info("answer.not_phrased", reason=str(error), kind=type(error).__name__)
            return answer
        return replace(answer, sentence=told.text, method=told.method)

    async def gather(
        self,
        question: str,
        *,
        channels: frozenset[ChannelId] | None,
        since: datetime | None = None,
        now: datetime,
    ) -> tuple[Asked, Gathered]:
        """Return *question*, read, and what the archive has for it. Raises BadQuery."""
        asked = self._quoter.read(question, now)
        request = SearchRequest(
            query=asked.query,
            channels=channels,
            since=since,
            until=now + AHEAD_MAX,
            limit=CANDIDATES,
            merges_stories=False,  # that others say the same is to be told
        )
        gathered = await self._storage.gather(request, asked.terms, now)
        if (window := asked.window) is None or not _adds(window, gathered, since):
            return asked, gathered
        of_window = replace(
            request,
            since=max(window.start, since or window.start),
            until=min(window.end + AHEAD_MAX, now + AHEAD_MAX),
            limit=_OF_WINDOW,
        )
        more = await self._storage.gather(of_window, (), now)
        return asked, replace(gathered, hits=_joined(gathered.hits, more.hits))


def _adds(window: Window, gathered: Gathered, since: datetime | None) -> bool:
    """Whether to look through a window of time by itself."""
    is_asked = since is None or window.end > since
    return window.is_when_told and is_asked and bool(gathered.hits)


def _joined(hits: tuple[Hit, ...], more: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Return *hits* and those of *more* that are not among them, in the middle of the first."""
    known = {hit.entry.id for hit in hits}
    new = tuple(hit for hit in more if hit.entry.id not in known)
    half = CANDIDATES // 3
    return (*hits[:half], *new, *hits[half:])
