"""A model's server on loopback: OpenAI's chat completions, played well and in every bad way.

    async with OpenAIServer() as server:
        server.say("The ferry resumes on Monday.")      # from now on
        server.act(Fault.HANGS)                         # likewise
        server.act(Fault.ANSWERS_500, times=1)          # once, then as before

It imports nothing of Herald, keeps the requests that it got, and lists in ``violations`` what in
them the protocol does not allow.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from aiohttp import web

MODEL = "small-model"
KEY = "k-loopback-0123456789"
_SHUTDOWN_S = 0.1
_DRIP_S = 0.02


class Fault(StrEnum):
    """Ways to answer badly, beside saying the wrong thing."""

    HANGS = "accepts the request and never answers"
    DRIPS = "sends a byte of its answer now and then, for ever"
    ENDLESS = "sends rubbish as fast as it can, for ever"
    ENDLESS_500 = "the same with status 500"
    RUBBISH = "sends bytes that are no text, as a stream of events"
    PACKED = "packs its answer though it was asked not to"
    HANGS_UP = "closes the connection without a word"
    ANSWERS_500 = "answers 500"
    ANSWERS_503_HTML = "answers 503 with a page"
    ANSWERS_429 = "answers 429 and asks to wait for an hour"
    ANSWERS_429_NOW = "answers 429 and asks to come back at once"
    ANSWERS_401 = "answers 401"
    ANSWERS_404 = "answers 404, it has no such model"
    REDIRECTS = "redirects to another server"
    MALFORMED = "answers with a JSON envelope that breaks off"
    NO_CHOICES = "answers with no choices"
    NO_CONTENT = "answers with a message without content"
    ODD_TYPES = "answers with the right names and the wrong types"
    CUT_OFF = "answers with finish_reason length"
    CUT_PROMPT = "reads only the end of the question, and counts so"
    REFUSES_SCHEMA = "answers 400 to response_format json_schema"
    REFUSES_FORMATS = "answers 400 to any response_format"
    REFUSES_MAX_TOKENS = "answers 400 to max_tokens and names max_completion_tokens"
    REFUSES_TEMPERATURE = "answers 400 to a temperature"
    REFUSES_ALL = "answers 400 to everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that arrived."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All that its messages say."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])


@dataclass
class _Hold:
    """Questions that are kept waiting until told."""

    part: str
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)


Speech = Callable[[Asked], str]


class OpenAIServer:
    """Answers as told; a model that is not MODEL and a key that is not KEY are refused."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.violations: list[str] = []
        self.open_requests = 0
        self.most_open = 0
        self._speech: Speech = lambda _asked: as_json("Nothing was said.")
        self._acts: deque[Fault | None] = deque()
        self._usual: Fault | None = None
        self._holds: list[_Hold] = []
        self._port = 0
        self._closing = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN_S, handler_cancellation=True
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._port}/v1"

    def say(self, *sentences: str) -> None:
        """Answer with these sentences, as asked for."""
        self._speech = lambda _asked: as_json(*sentences)

    def say_raw(self, content: str) -> None:
        """Answer with just this content."""
        self._speech = lambda _asked: content

    def speak(self, speech: Speech) -> None:
        """Answer with what *speech* makes of each request."""
        self._speech = speech

    def act(self, *faults: Fault | None, times: int | None = None) -> None:
        """Answer badly: with each fault once, or with one *times* or for ever; None is well."""
        if times is None and len(faults) == 1:
            self._usual = faults[0]
        else:
            self._acts.extend(faults * (times or 1))

    def hold(self, part: str) -> "_Hold":
        """Keep questions that contain *part* waiting until ``go`` is set."""
        hold = _Hold(part)
        self._holds.append(hold)
        return hold

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        asked = Asked(path=request.path, headers=dict(request.headers), body=body)
        self.asked.append(asked)
        self.violations += _violations(asked)
        self.open_requests += 1
        self.most_open = max(self.most_open, self.open_requests)
        try:
            for hold in self._holds:
                if hold.part in asked.text:
                    hold.reached.set()
                    await hold.go.wait()
            if asked.headers.get("Authorization") not in {None, f"Bearer {KEY}"}:
                return _error(401, "Incorrect API key provided.", "invalid_api_key")
            if body.get("model") != MODEL:
                return _error(404, "The model does not exist.", "model_not_found")
            fault = self._acts.popleft() if self._acts else self._usual
            return await self._answer(request, asked, fault)
        finally:
            self.open_requests -= 1

    async def _answer(
        self, request: web.Request, asked: Asked, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is None:
            return web.json_response(self._completion(asked))
        if fault in _REFUSALS:
            refusal = _REFUSALS[fault](asked.body)
            return refusal or web.json_response(self._completion(asked))
        if fault in _STREAMS:
            status, chunk, pause_s = _STREAMS[fault]
            return await self._stream(request, status, chunk, pause_s)
        if fault is Fault.HANGS:
            await self._closing.wait()
        if fault is Fault.HANGS_UP and request.transport is not None:
            request.transport.close()
        return self._misshapen(asked, fault)

    def _misshapen(self, asked: Asked, fault: Fault) -> web.Response:
        """Return an answer that arrives whole and cannot be used."""
        match fault:
            case Fault.RUBBISH:
                return web.Response(body=bytes(range(256)), content_type="text/event-stream")
            case Fault.PACKED:
                response = web.json_response(self._completion(asked))
                response.enable_compression(web.ContentCoding.gzip)
                return response
            case Fault.MALFORMED:
                text = json.dumps(self._completion(asked))
                return web.Response(text=text[: len(text) // 2], content_type="application/json")
            case _:
                return web.json_response(self._bent(asked, fault))

    async def _stream(
        self, request: web.Request, status: int, chunk: bytes, pause_s: float
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while not self._closing.is_set():
            await response.write(chunk)
            await asyncio.sleep(pause_s)
        return response

    def _completion(self, asked: Asked) -> dict[str, Any]:
        content = self._speech(asked)
        prompt_tokens = len(asked.text) // 4
        return {
            "id": f"chatcmpl-{len(self.asked)}",
            "object": "chat.completion",
            "created": 1_770_000_000,
            "model": MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content},
                    "finish_reason": "stop",
                }
            ],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": 40,
                "total_tokens": prompt_tokens + 40,
            },
        }

    def _bent(self, asked: Asked, fault: Fault) -> dict[str, Any]:
        """Return an answer with one thing wrong in its envelope."""
        out = self._completion(asked)
        match fault:
            case Fault.NO_CHOICES:
                out["choices"] = []
            case Fault.NO_CONTENT:
                out["choices"][0]["message"] = {"role": "assistant", "refusal": "I will not."}
            case Fault.ODD_TYPES:
                out["choices"][0]["message"]["content"] = [{"type": "text", "text": {"a": 1}}]
                out["usage"] = {"prompt_tokens": "many", "completion_tokens": True}
            case Fault.CUT_OFF:
                out["choices"][0]["finish_reason"] = "length"
            case Fault.CUT_PROMPT:
                out["usage"]["prompt_tokens"] //= 4
            case _:
                pass  # nobody reads it
        return out


def as_json(*sentences: str) -> str:
    """Return an answer of the form that is asked for."""
    return json.dumps({"sentences": list(sentences)}, ensure_ascii=False)


def _error(
    status: int, message: str, code: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = {"error": {"message": message, "type": code, "param": None, "code": code}}
    return web.json_response(body, status=status, headers=headers)


Refusal = Callable[[Mapping[str, Any]], web.Response | None]


def _always(status: int, said: str, code: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return lambda _body: _error(status, said, code, headers)


def _where(is_refused: Callable[[Mapping[str, Any]], bool], said: str) -> Refusal:
    return lambda body: _error(400, said, "invalid_request_error") if is_refused(body) else None


def _form(body: Mapping[str, Any]) -> object:
    return body.get("response_format", {}).get("type")


_REFUSALS: Mapping[Fault, Refusal] = {
    Fault.ANSWERS_500: _always(500, "The server had an error.", "server_error"),
    Fault.ANSWERS_503_HTML: lambda _body: web.Response(
        status=503, text="<html>busy</html>", content_type="text/html"
    ),
    Fault.ANSWERS_429: _always(429, "Slow down.", "rate_limit_exceeded", {"Retry-After": "3600"}),
    Fault.ANSWERS_429_NOW: _always(429, "Slow down.", "rate_limit_exceeded", {"Retry-After": "0"}),
    Fault.ANSWERS_401: _always(401, "Incorrect API key provided.", "invalid_api_key"),
    Fault.ANSWERS_404: _always(404, "The model does not exist.", "model_not_found"),
    Fault.REDIRECTS: lambda _body: web.Response(
        status=307, headers={"Location": "http://127.0.0.1:9/v1"}
    ),
    Fault.REFUSES_SCHEMA: _where(
        lambda body: _form(body) == "json_schema", "json_schema is not supported."
    ),
    Fault.REFUSES_FORMATS: _where(
        lambda body: _form(body) is not None, "response_format is not supported."
    ),
    Fault.REFUSES_MAX_TOKENS: _where(
        lambda body: "max_tokens" in body,
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    ),
    Fault.REFUSES_TEMPERATURE: _where(
        lambda body: "temperature" in body, "Unsupported value: 'temperature'."
    ),
    Fault.REFUSES_ALL: _always(400, "This cannot be done.", "invalid_request_error"),
}
# Status, what is sent again and again, and the pause between.
_STREAMS: Mapping[Fault, tuple[int, bytes, float]] = {
    Fault.DRIPS: (200, b" ", _DRIP_S),
    Fault.ENDLESS: (200, b"\xff\x00 rubbish" * 8192, 0),
    Fault.ENDLESS_500: (500, b"\xff\x00 rubbish" * 8192, 0),
}


def _violations(asked: Asked) -> list[str]:
    """Return what in a request the protocol does not allow, or Herald promises not to do."""
    body = asked.body
    roles = [message.get("role") for message in body.get("messages", [])]
    faults = {
        "messages are not one of the system and one of the user": roles != ["system", "user"],
        "a stream is asked for": bool(body.get("stream")),
        "tools are offered": bool({"tools", "functions", "tool_choice"} & set(body)),
        "no limit for the answer": not {"max_tokens", "max_completion_tokens"} & set(body),
        "an unknown field": bool(set(body) - _FIELDS),
        "a packed answer is asked for": "gzip" in asked.headers.get("Accept-Encoding", ""),
        "the machine is told": any(
            name.lower().startswith("x-stainless") and name.lower() != "x-stainless-raw-response"
            for name in asked.headers
        ),
        "another server's headers": any(
            name.lower().startswith("openai-") for name in asked.headers
        ),
    }
    return [name for name, is_so in faults.items() if is_so]


_FIELDS = {"model", "messages", "n", "stream", "temperature", "response_format"} | {
    "max_tokens",
    "max_completion_tokens",
}
