"""`herald summarise`: summaries of articles that come as JSON Lines."""

import argparse
import json
import sys
from typing import Any

from bot import app
from bot.cli import jsonl
from bot.errors import SummaryError
from bot.feeds.noise import without_noise
from bot.news.ports import Summariser
from bot.news.text import one_line
from bot.settings import Settings


async def summarise(arguments: argparse.Namespace, settings: Settings) -> int:
    """Summarise each line of a file; write a line for each, in the characters that came."""
    code = 0
    async with app.open_reader(settings) as reader:
        with jsonl.opened(arguments.file) as stream:
            for line in jsonl.read(stream):
                answer = _answer(reader.summariser, line, arguments.words)
                if "error" in answer:
                    code = 1
                    print(f"herald: line {line.number}: {answer['error']}", file=sys.stderr)
                print(json.dumps(answer, ensure_ascii=False), flush=True)
    return code


def _answer(summariser: Summariser, line: jsonl.Line, max_words: int) -> dict[str, Any]:
    try:
        record = line.object()
        title, text, teaser = (jsonl.text_of(record, f) for f in ("title", "text", "teaser"))
        named = one_line(title)
        made = summariser.summarise(
            title=named, text=without_noise(text, named), teaser=teaser, max_words=max_words
        )
    except (jsonl.BadLine, SummaryError) as error:
        return {"summary": None, "error": str(error)}
    return {"summary": made.text, "method": made.method}
