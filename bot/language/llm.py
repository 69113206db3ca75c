"""Summaries by a language model, none of whose facts is taken on trust.

::

    cached? ── paused? ── budget ── prompt ── endpoint (once more on 429, 5xx) ── answer ── check
       │          └──────────┴─────────── SummaryError ─────┴──────────┴──────────┘       │
       └────────────────────────────────── Summary("llm:<model>") <───────────────────────┘

Whoever asks says how long; the queue, all tries and all waits are within that. What is asked twice
at once is asked once, and an answer is kept, so that two channels get the same words.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import structlog

from bot.errors import ModelFailed, ModelResting, SummaryError
from bot.language import answer, passages, prompt
from bot.language.allowance import Breaker, Budget
from bot.language.endpoint import Dialect, Endpoint, Reply
from bot.language.opening import MAX_SENTENCES
from bot.news.models import SUMMARY_WORDS, ModelState, Summary
from bot.news.ports import Clock
from bot.news.text import one_line

log = structlog.get_logger()

CONCURRENCY = 2  # requests at once; a model on one's own machine answers one after the other
PASSAGES_MAX = 6  # that a question is answered from
ANSWER_WORDS = 45  # of the one sentence
_CACHED = 256  # answers
_RETRY_S = 0.5  # before the second try, where the server does not say
_WORTH_S = 0.5  # a second try that has less time left would not come back
_PATIENT = 0.7  # of the patience: a server that had so much time and did not answer has failed
_REFUSES_DIALECT = frozenset({400, 422})


_Ask = Callable[[asyncio.Timeout], Awaitable[tuple[Reply, answer.Checked]]]


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of asking a model about an article made for that."""

    model: str
    took_s: float
    form: str  # how an answer in JSON is asked for: "json_schema", "json_object", "plain"
    summary: str  # "": nothing of its answer could have been posted
    dropped: tuple[str, ...]


_TRIAL_TITLE = "Saltmarsh library to open on Sundays"
_TRIAL = (
    "The library of Saltmarsh will open on Sundays from 4 October, the council said on Tuesday. "
    "It is to stay open for six hours. Librarian Ada Quill said that 1,200 readers had asked for "
    "it. The council will pay for two more librarians. The reading room gets 40 new lamps before "
    "the first Sunday."
)


class _Size(NamedTuple):
    """How long a summary may be."""

    sentences: int
    words: int


_USUAL = _Size(MAX_SENTENCES, SUMMARY_WORDS)


class LanguageModel:
    """The Model that an OpenAI-compatible server runs.

    ``patience_s``: the time after which a server that does not answer has failed; who waits less
    long than that learns nothing about it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        budget: Budget,
        clock: Clock,
        *,
        context_tokens: int,
        patience_s: float,
    ) -> None:
        self._endpoint = endpoint
        self._budget = budget
        self._clock = clock
        self._context_tokens = context_tokens
        self._patience_s = patience_s
        self._breaker = Breaker()
        self._turns = asyncio.Semaphore(CONCURRENCY)
        self._made: OrderedDict[str, Summary] = OrderedDict()
        self._asking: dict[str, asyncio.Future[Summary]] = {}
        self._asked = self._answered = self._dropped = 0

    def state(self) -> ModelState:
        """Return how the model fares."""
        requests_left, tokens_left = self._budget.left
        return ModelState(
            name=self._endpoint.model,
            asked=self._asked,
            answered=self._answered,
            dropped=self._dropped,
            requests_left=requests_left,
            tokens_left=tokens_left,
            rests_until=self._breaker.rests_until,
        )

    async def summarise(
        self,
        *,
        title: str,
        text: str,
        within_s: float,
        max_sentences: int = MAX_SENTENCES,
        max_words: int = SUMMARY_WORDS,
    ) -> Summary:
        """Return a summary of *text* that says nothing *text* does not. Raises SummaryError."""
        size = _Size(max_sentences, max_words)
        key = self._key(title, text, repr(size))
        ask = partial(self._ask, title, text, size)
        return await self._once(key, ask, within_s)

    async def phrase(self, *, question: str, passages: Sequence[str], within_s: float) -> Summary:
        """Return one sentence that answers *question* and says nothing that *passages* do not.

        Raises SummaryError.
        """
        key = self._key(question, *passages[:PASSAGES_MAX])
        ask = partial(self._ask_from, question, passages[:PASSAGES_MAX])
        return await self._once(key, ask, within_s)

    async def _once(self, key: str, ask: _Ask, within_s: float) -> Summary:
        """Return what was made before, is being made, or is made now."""
        if (made := self._made.get(key)) is not None:
            self._made.move_to_end(key)
            return made
        try:
            async with asyncio.timeout(within_s) as limit:
                if (asking := self._asking.get(key)) is not None:
                    return await asyncio.shield(asking)
                return await self._make(key, ask, limit)
        except TimeoutError as error:
            raise ModelResting(f"The model had no answer within {within_s:g} s.") from error

    async def try_out(self, *, within_s: float) -> Trial:
        """Ask about an article made for that. Raises SummaryError where there is no answer."""
        began = _now()
        try:
            async with asyncio.timeout(within_s) as limit:
                _, checked = await self._ask(_TRIAL_TITLE, _TRIAL, _USUAL, limit)
        except TimeoutError as error:
            raise ModelResting(f"The model had no answer within {within_s:g} s.") from error
        return Trial(
            model=self._endpoint.model,
            took_s=_now() - began,
            form=self._endpoint.dialect.form.value,
            summary=answer.joined(checked.kept) if checked.kept else "",
            dropped=checked.dropped,
        )

    def _key(self, *parts: str) -> str:
        joined = "\0".join((prompt.VERSION, self._endpoint.model, *parts)).encode(
            "utf-8", "surrogatepass"
        )
        return hashlib.blake2b(joined, digest_size=16).hexdigest()

    async def _make(self, key: str, ask: _Ask, limit: asyncio.Timeout) -> Summary:
        """Ask, for everybody who wants to know the same meanwhile."""
        future: asyncio.Future[Summary] = asyncio.get_running_loop().create_future()
        self._asking[key] = future
        began = _now()
        self._asked += 1
        try:
            reply, checked = await ask(limit)
            self._dropped += len(checked.dropped)
            summary = self._told(checked)
        except SummaryError as error:
            future.set_exception(error)
            raise
        except asyncio.CancelledError:
            future.set_exception(ModelResting("The model had no answer in time."))
            raise
        except BaseException as error:
            future.set_exception(SummaryError(f"a bug of Herald's: {error!r}"))
            raise
        else:
            summary = Summary(
                text=answer.joined(checked.kept), method=f"llm:{self._endpoint.model}"
            )
            self._answered += 1
            self._remember(key, summary)
            future.set_result(summary)
        finally:
            del self._asking[key]
            if future.done() and not future.cancelled():
                future.exception()  # nobody else may have asked
        requests_left, tokens_left = self._budget.left
        log.info(
            "model.answered",
            model=self._endpoint.model,
            took_ms=round(1000 * (_now() - began)),
            tokens=(reply.prompt_tokens or 0) + (reply.answer_tokens or 0),
            dropped=len(checked.dropped),
            why=list(checked.dropped),
            requests_left=requests_left,
            tokens_left=tokens_left,
        )
        return summary

    def _told(self, checked: answer.Checked) -> Summary:
        if not checked.kept:
            why = "; ".join(checked.dropped)
            raise SummaryError(f"Nothing of the model's answer stands: {why}.")
        return Summary(text=answer.joined(checked.kept), method=f"llm:{self._endpoint.model}")

    def _remember(self, key: str, summary: Summary) -> None:
        self._made[key] = summary
        while len(self._made) > _CACHED:
            self._made.popitem(last=False)

    async def _ask(
        self, title: str, text: str, size: _Size, limit: asyncio.Timeout
    ) -> tuple[Reply, answer.Checked]:
        sentences, withheld = await asyncio.to_thread(passages.readable, text)
        heading, _ = passages.readable(title)
        if withheld:
            log.warning("passage.withheld", sentences=withheld)
        question = prompt.build(
            " ".join(heading),
            sentences,
            fence=secrets.token_hex(8),
            max_sentences=size.sentences,
            max_words=size.words,
            context_tokens=self._context_tokens,
        )
        reply, told = await self._put(question, limit)
        checked = await asyncio.to_thread(  # some ten milliseconds
            answer.check,
            told,
            "\n".join(sentences),
            title=" ".join(heading),
            max_sentences=size.sentences,
            max_words=size.words,
        )
        return reply, checked

    async def _ask_from(
        self, question: str, told: Sequence[str], limit: asyncio.Timeout
    ) -> tuple[Reply, answer.Checked]:
        read = [passages.readable(passage) for passage in told]
        if withheld := sum(count for _, count in read):
            log.warning("passage.withheld", sentences=withheld)
        asked = prompt.build_question(
            one_line(question),
            [sentences for sentences, _ in read],
            fence=secrets.token_hex(8),
            max_words=ANSWER_WORDS,
            context_tokens=self._context_tokens,
        )
        reply, said = await self._put(asked, limit)
        checked = await asyncio.to_thread(
            answer.check,
            said,
            "\n\n".join(asked.shown),
            title="",
            max_sentences=1,
            max_words=ANSWER_WORDS,
        )
        return reply, checked

    async def _put(
        self, question: prompt.Prompt, limit: asyncio.Timeout
    ) -> tuple[Reply, tuple[str, ...]]:
        """Ask when it is this question's turn."""
        if not question.shown:
            raise ModelResting("The article has no text that a model may be shown.")
        self._breaker.check(self._clock.now())
        async with self._turns:
            self._breaker.check(self._clock.now())
            return await self._converse(question, limit)

    async def _converse(
        self, question: prompt.Prompt, limit: asyncio.Timeout
    ) -> tuple[Reply, tuple[str, ...]]:
        """Ask until there is an answer that can be read. Raises ModelFailed or ModelResting."""
        self._breaker.begin()
        began = _now()
        try:
            reply = await self._persist(question, limit)
            told = answer.read(reply.text)
        except ModelFailed as error:
            self._breaker.fail(error, self._clock.now())
            raise
        except asyncio.CancelledError:
            if _now() - began < _PATIENT * self._patience_s:
                self._breaker.abandon()
            else:
                late = ModelFailed(f"The model had no answer within {self._patience_s:g} s.")
                self._breaker.fail(late, self._clock.now())
            raise
        except BaseException:
            self._breaker.abandon()
            raise
        self._breaker.succeed()
        return reply, told

    async def _persist(self, question: prompt.Prompt, limit: asyncio.Timeout) -> Reply:
        """Ask, once more where that may help, and for less where the server refuses so much."""
        dialect = self._endpoint.dialect
        is_retried = False
        while True:
            try:
                reply = await self._ask_once(question, dialect)
            except ModelFailed as error:
                plainer = dialect.without(error.said) if error.status in _REFUSES_DIALECT else None
                if plainer is not None:
                    dialect = plainer
                    continue
                wait_s = _RETRY_S if error.retry_after_s is None else error.retry_after_s
                left_s = (limit.when() or 0) - _now()
                if is_retried or not error.is_passing or wait_s + _WORTH_S > left_s:
                    raise
                is_retried = True
                await asyncio.sleep(wait_s)
                continue
            self._endpoint.settle_on(dialect)
            if reply.prompt_tokens is not None and reply.prompt_tokens < question.least_tokens:
                raise ModelFailed(
                    f"The model's server read {reply.prompt_tokens} tokens of at least "
                    f"{question.least_tokens}: it cut the article. Lower "
                    "HERALD_LLM_CONTEXT_TOKENS, or raise the server's own limit."
                )
            return reply

    async def _ask_once(self, question: prompt.Prompt, dialect: Dialect) -> Reply:
        most = question.most_tokens
        await self._budget.reserve(most, self._clock.now())
        try:
            reply = await self._endpoint.ask(
                system=question.system,
                user=question.user,
                answer_tokens=question.answer_tokens,
                dialect=dialect,
            )
        except ModelFailed as error:
            if error.status is not None:  # refused, not answered: it cost nothing
                await self._budget.settle(most, 0, self._clock.now())
            raise
        if reply.prompt_tokens is not None and reply.answer_tokens is not None:
            used = reply.prompt_tokens + reply.answer_tokens
            await self._budget.settle(most, used, self._clock.now())
        return reply
