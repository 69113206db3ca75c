"""A model's server: OpenAI's chat completions, as anybody who speaks the protocol means them.

What a server does not know is found out once and then left out: a 400 makes the next request ask
for less, and what was answered is remembered while the process lives. Answers are read as plain
bytes up to a cap and checked here; what leaves this machine is what `_Outgoing` lists.
"""

import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError, ModelFailed
from bot.news.text import one_line, truncate

if TYPE_CHECKING:
    import httpx2
    import openai

ANSWER_MAX = 256 * 1024  # bytes of a response; three sentences and their envelope take 2 KB
_SAID_MAX = 160  # characters of a server's own words in a message
_CONNECTIONS = 2
_PASSING = frozenset({408, 409, 425, 429})
_HEADERS_SENT = frozenset(
    {"host", "accept", "connection", "content-type", "content-length", "user-agent"}
    # By which the client itself knows, when the answer is there, that its bytes were asked for.
    | {"x-stainless-raw-response"}
)
_SCHEMA = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "string"}}},
    "required": ["sentences"],
    "additionalProperties": False,
}


class Form(Enum):
    """How an answer in JSON is asked for, the strictest first."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PLAIN = "plain"


class Cap(StrEnum):
    """What the limit of an answer is called."""

    OLD = "max_tokens"
    NEW = "max_completion_tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a server understands."""

    form: Form = Form.SCHEMA
    cap: Cap = Cap.OLD
    is_cool: bool = True  # takes a temperature

    def without(self, refusal: str) -> "Dialect | None":
        """Return what to try after a 400 that says *refusal*; None: there is nothing left."""
        if self.cap is Cap.OLD and "max_completion_tokens" in refusal:
            return replace(self, cap=Cap.NEW)
        if self.is_cool and "temperature" in refusal:
            return replace(self, is_cool=False)
        match self.form:
            case Form.SCHEMA:
                return replace(self, form=Form.OBJECT)
            case Form.OBJECT:
                return replace(self, form=Form.PLAIN)
            case Form.PLAIN:
                return None

    def options(self, answer_tokens: int) -> dict[str, Any]:
        """Return what a request says in this dialect."""
        out: dict[str, Any] = {self.cap.value: answer_tokens}
        if self.is_cool:
            out["temperature"] = 0
        if self.form is Form.SCHEMA:
            schema = {"name": "summary", "strict": True, "schema": _SCHEMA}
            out["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.form is Form.OBJECT:
            out["response_format"] = {"type": "json_object"}
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model said, not believed yet. Tokens are None where the server does not count."""

    text: str
    prompt_tokens: int | None
    answer_tokens: int | None


class Endpoint:
    """One model on one server. Made by `open_endpoint`."""

    def __init__(self, client: "openai.AsyncOpenAI", model: str) -> None:
        self._client = client
        self._model = model
        self._dialect = Dialect()

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._model

    @property
    def dialect(self) -> Dialect:
        """What the server is known to understand, for the next first try."""
        return self._dialect

    def settle_on(self, dialect: Dialect) -> None:
        """Begin with *dialect* from now on: it was answered."""
        self._dialect = dialect

    async def ask(self, *, system: str, user: str, answer_tokens: int, dialect: Dialect) -> Reply:
        """Ask once. Raises ModelFailed; a refusal of the dialect has status 400 or 422."""
        import openai  # noqa: PLC0415  # an extra, loaded where a model is set

        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=self._model,
                messages=[
                    {"role": "system", "content": system},
                    {"role": "user", "content": user},
                ],
                n=1,
                stream=False,
                **dialect.options(answer_tokens),
            )
        except openai.APIStatusError as error:
            raise _refused(error.status_code, error.response.headers, _said(error.body)) from error
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise ModelFailed(
                f"The model's server could not be reached ({_worded(str(cause)) or 'no answer'}).",
                is_passing=True,
            ) from error
        return _reply(raw.content)


@asynccontextmanager
async def open_endpoint(
    *, url: str, model: str, key: str | None, user_agent: str
) -> AsyncIterator[Endpoint]:
    """Open connections to a model's server at *url*. Raises ConfigError without the extra llm."""
    try:
        import httpx2  # noqa: PLC0415  # an extra, loaded where a model is set
        import openai  # noqa: PLC0415  # likewise
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"HERALD_LLM_URL needs the package {error.name}, which is not installed. "
            'Run: pip install "herald-newsbot[llm]"',
            setting="HERALD_LLM_URL",
        ) from error
    http = httpx2.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,  # no proxy, no .netrc: what is sent goes where the setting says
        follow_redirects=False,
        timeout=None,  # the caller's, over all tries together
        limits=httpx2.Limits(max_connections=_CONNECTIONS),
        event_hooks={"request": [_Outgoing(key, user_agent)], "response": [_cap]},
    )
    async with (
        http,
        openai.AsyncOpenAI(
            base_url=url, api_key=key or "none", max_retries=0, http_client=http
        ) as client,
    ):
        yield Endpoint(client, model)


class _Outgoing:
    """Keeps requests to the headers they need.

    The client would add what OPENAI_ORG_ID, OPENAI_CUSTOM_HEADERS and the like hold for another
    server, and the make of this machine.
    """

    def __init__(self, key: str | None, user_agent: str) -> None:
        self._key = key
        self._user_agent = user_agent

    async def __call__(self, request: "httpx2.Request") -> None:
        for name in list(request.headers):
            if name.lower() not in _HEADERS_SENT:
                del request.headers[name]
        request.headers["User-Agent"] = self._user_agent
        request.headers["Accept-Encoding"] = "identity"
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key}"


async def _cap(response: "httpx2.Response") -> None:
    """Let no more than ANSWER_MAX of a response be read, whatever its status."""
    import httpx2  # noqa: PLC0415  # loaded by now

    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        await response.aclose()
        raise httpx2.DecodingError("its answer is packed, though that was not asked for")
    inner = response.stream

    class Capped(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in inner:  # type: ignore[union-attr]  # an async client's stream
                size += len(chunk)
                if size > ANSWER_MAX:
                    raise httpx2.DecodingError(f"its answer is over {ANSWER_MAX} bytes")
                yield chunk

        async def aclose(self) -> None:
            await inner.aclose()  # type: ignore[union-attr]  # likewise

    response.stream = Capped()


def _refused(status: int, headers: Mapping[str, str], said: str) -> ModelFailed:
    words = _worded(said)
    match status:
        case 401 | 403:
            advice = " Look at HERALD_LLM_KEY."
        case 404:
            advice = " Look at HERALD_LLM_MODEL, and at HERALD_LLM_URL: most end in /v1."
        case _ if 300 <= status < 400:  # noqa: PLR2004  # HTTP
            advice = " Herald does not follow a model's server elsewhere: set HERALD_LLM_URL to it."
        case _:
            advice = ""
    return ModelFailed(
        f"The model's server answered {status}{f' ({words})' if words else ''}.{advice}",
        status=status,
        said=said,
        is_passing=status in _PASSING or status >= 500,  # noqa: PLR2004  # HTTP
        retry_after_s=_retry_after_s(headers),
        is_final=bool(advice),
    )


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return what Retry-After (RFC 9110 §10.2.3) asks for, at most a day; None: nothing."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        seconds = float(value)
    else:
        try:  # a date counts by the server's own clock
            until, said_at = (parsedate_to_datetime(d) for d in (value, headers.get("Date", "")))
            seconds = (until - said_at).total_seconds()
        except (ValueError, TypeError):  # TypeError: one of them without a zone
            return None
    return min(max(seconds, 0.0), 86_400.0)


def _said(body: object) -> str:
    """Return what a refusal says; OpenAI and most others put it into error.message."""
    inner = _at(body, "error")
    said = _at(body, "message") or (inner if isinstance(inner, str) else _at(inner, "message"))
    return said if isinstance(said, str) else ""


def _worded(said: str) -> str:
    return truncate(one_line(said), _SAID_MAX)


def _reply(body: bytes) -> Reply:
    """Read the envelope of an answer. Raises ModelFailed."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ModelFailed("The model's server answered with something that is not JSON.") from error
    choices = _at(envelope, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    content = _at(_at(choice, "message"), "content")
    if _at(choice, "finish_reason") == "length":
        raise ModelFailed(
            "The model's answer was cut off at its limit; a model that thinks before it answers "
            "needs a larger HERALD_LLM_CONTEXT_TOKENS."
        )
    if not isinstance(content, str) or not content.strip():
        raise ModelFailed("The model's server answered without an answer.")
    usage = _at(envelope, "usage")
    return Reply(
        text=content,
        prompt_tokens=_count(_at(usage, "prompt_tokens")),
        answer_tokens=_count(_at(usage, "completion_tokens")),
    )


def _at(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31
    return value if is_count and isinstance(value, int) else None
