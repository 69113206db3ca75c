"""`herald ask`: questions, answered in quotes from the archive."""

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import app
from bot.cli import jsonl
from bot.cli.importing import time_of
from bot.cli.show import WIDTH, marked
from bot.errors import UserError
from bot.frontend.commands.options import parse_since
from bot.frontend.listings import count
from bot.news.answers import Answer, Quote
from bot.news.models import Hit, Snippet
from bot.news.text import one_line
from bot.services.ask import Asker
from bot.settings import Settings

_DAY = timedelta(days=1)


async def ask(arguments: argparse.Namespace, settings: Settings) -> int:
    """Answer one question, or one for each line of stdin."""
    async with app.open_core(settings) as core:
        now = parse_now(arguments.now) if arguments.now else core.clock.now()
        since = parse_since(arguments.since, now) if arguments.since else None
        if arguments.question == "-":
            return await _answer_lines(core.asker, since, now)
        async with app.open_model_once(settings, core.clock) as model:
            core.asker.phrase_by(model, within_s=settings.llm_timeout_s)
            answer = await core.asker.ask(arguments.question, channels=None, since=since, now=now)
    if arguments.json:
        print(json.dumps(answer_as_json(answer), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_as_text(answer)))
    return 0


def parse_now(text: str) -> datetime:
    """Return the time that counts as now: of a date alone, the last moment. Raises UserError."""
    typed = text.strip()
    try:
        moment = time_of(typed)
    except ValueError as error:
        raise UserError(
            f"“{one_line(typed)[:40]}” is no time that I understand. Write it as 2026-11-02 or "
            "2026-11-02T09:30:00Z."
        ) from error
    is_day = ":" not in typed and "T" not in typed.upper()[:11]
    return moment + _DAY - timedelta(microseconds=1) if is_day else moment


async def _answer_lines(asker: Asker, since: datetime | None, now: datetime) -> int:
    """Answer each line of stdin in a line; say which one could not be read."""
    code = 0
    for number, raw in enumerate(sys.stdin.buffer, 1):
        try:
            question, then = _read_line(raw, now)
            told = answer_as_json(await asker.ask(question, channels=None, since=since, now=then))
        except UserError as error:
            told = {"line": number, "error": str(error), "found": False, "confidence": 0.0}
            told["quotes"] = []
            code = 1
            print(f"herald: line {number}: {error}", file=sys.stderr)
        print(json.dumps(told, ensure_ascii=False), flush=True)
    return code


def _read_line(raw: bytes, now: datetime) -> tuple[str, datetime]:
    """Return the question of a line, and its present: an object may give its own "now"."""
    try:
        line = raw.removeprefix(b"\xef\xbb\xbf").decode().strip()
    except UnicodeDecodeError as error:
        raise UserError("It is not UTF-8.") from error
    if not line.startswith("{"):
        return line, now
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"It begins like JSON and is none: {error}.") from error
    then = jsonl.text_of(record, "now")
    return jsonl.text_of(record, "question"), parse_now(then) if then else now


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON values."""
    window = answer.asked.window
    return {
        "question": answer.asked.text,
        "found": answer.is_found,
        "confidence": round(answer.confidence, 4),
        "quotes": [_quote_as_json(quote) for quote in answer.quotes or answer.closest],
        "sentence": answer.sentence,
        "method": answer.method,
        "disagreements": [
            {"quotes": [one.first, one.second], "figures": [one.first_figure, one.second_figure]}
            for one in answer.disagreements
        ],
        "nearest": [_hit_as_json(hit) for hit in answer.nearest],
        "window": window
        and {
            "words": window.words,
            "start": window.start.isoformat(),
            "end": window.end.isoformat(),
        },
        "searched": answer.searched,
        "has_more_than_searched": answer.has_more_than_searched,
        "newest_at": answer.newest_at and answer.newest_at.isoformat(),
    }


def _quote_as_json(quote: Quote) -> dict[str, Any]:
    start, end = quote.sentence
    return {
        "text": quote.text,
        "sentence": quote.text[start:end],
        "marks": [list(mark) for mark in quote.marks],
        "score": round(quote.score, 4),
        **_hit_as_json(quote.hit),
        "told_by": list(quote.told_by),
    }


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.entry.id,
        "url": hit.entry.url,
        "title": hit.entry.title,
        "source": hit.feed_title,
        "published_at": hit.entry.dated_at.isoformat(),
    }


def _as_text(answer: Answer) -> list[str]:
    newest = f", the newest of {answer.newest_at:%Y-%m-%d %H:%M} UTC" if answer.newest_at else ""
    more = "more than " if answer.has_more_than_searched else ""
    searched = f"Looked through {more}{count(answer.searched, 'article')}{newest}."
    if not answer.is_found:
        lines = ["The archive does not say." if answer.searched else "The archive is empty."]
        if answer.nearest:
            lines += ["The closest headlines:", ""]
            lines += [f"  {_source(hit)}\n  {hit.entry.title}" for hit in answer.nearest]
        return [*lines, "", searched]
    lines = [answer.sentence, f"({answer.method}, from the quotes)", ""] if answer.sentence else []
    for number, quote in enumerate(answer.quotes, 1):
        shown = marked(Snippet(text=quote.text, marks=quote.marks))
        wrapped = [
            line
            for paragraph in shown.split("\n")
            if paragraph.strip()
            for line in textwrap.wrap(paragraph, WIDTH - 4)
        ]
        lines += [f"[{number}] {wrapped[0]}", *(f"    {line}" for line in wrapped[1:])]
        lines += [f"    {quote.hit.entry.title}", f"    {_source(quote.hit)}", ""]
    lines.append(_stated(answer.quotes))
    lines += [
        f"The figures differ: {one.first_figure} in [{one.first + 1}], "
        f"{one.second_figure} in [{one.second + 1}]."
        for one in answer.disagreements
    ]
    return [*lines, searched]


def _stated(quotes: Sequence[Quote]) -> str:
    names = quotes[0].told_by
    if len(names) == 1:
        return f"[1] is stated by one source: {names[0]}."
    return f"[1] is stated by {len(names)} sources: {', '.join(names)}."


def _source(hit: Hit) -> str:
    parts = (hit.feed_title, f"{hit.entry.dated_at:%Y-%m-%d}", hit.entry.url or "")
    return " · ".join(part for part in parts if part)
