"""`herald archive import`: articles from a file into the archive."""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from bot import app
from bot.cli import jsonl
from bot.feeds.markup import cut
from bot.feeds.urls import web_url
from bot.feeds.values import TEXT_MAX, TITLE_MAX
from bot.frontend.listings import count
from bot.news.identity import sound_date
from bot.news.models import ParsedEntry
from bot.news.text import clean, one_line
from bot.services.stock import Stocker
from bot.settings import Settings

_BATCH = 250  # lines a transaction: some seconds of indexing at most
_TELL_EVERY_S = 2.0

_Article = tuple[str, ParsedEntry]  # and the name or address of its feed


async def import_articles(arguments: argparse.Namespace, settings: Settings) -> int:
    """Store the articles of a file."""
    added = known = 0
    tally = _Tally()
    async with app.open_core(settings) as core:
        stocker = Stocker(core.storage, core.clock)
        with jsonl.opened(arguments.file) as stream:
            articles = _articles(jsonl.read(stream), tally)
            while batch := list(islice(articles, _BATCH)):
                done = await stocker.put(batch)
                added, known = added + done.added, known + done.known
                tally.tell(added, known)
    if arguments.json:
        told = {"lines": tally.lines, "added": added, "known": known, "faulty": tally.faulty}
        print(json.dumps(told, indent=2))
    else:
        parts = [f"{count(added, 'article')} added", f"{known:,} known already"]
        parts += [f"{count(tally.faulty, 'line')} left out"] if tally.faulty else []
        print(f"{count(tally.lines, 'line')}: {', '.join(parts)}. Nothing is posted.")
    return 1 if tally.faulty else 0


class _Tally:
    """Counts lines, and tells now and then how far it is."""

    def __init__(self) -> None:
        self.lines = 0
        self.faulty = 0
        self._told_at = time.monotonic()

    def tell(self, added: int, known: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            told = f"{self.lines:,} lines read, {added:,} added, {known:,} known already"
            print(told, file=sys.stderr, flush=True)


def _articles(lines: Iterable[jsonl.Line], tally: _Tally) -> Iterator[_Article]:
    for line in lines:
        tally.lines += 1
        try:
            yield _article(line.object())
        except jsonl.BadLine as error:
            tally.faulty += 1
            print(f"herald: line {line.number}: {error}", file=sys.stderr)


def _article(record: dict[str, Any]) -> _Article:
    """Return the article of a line. Raises BadLine."""
    title = one_line(jsonl.text_of(record, "title"))
    text = clean(jsonl.text_of(record, "text"))
    if not (title or text):
        raise jsonl.BadLine("It has neither “title” nor “text”.")
    written = jsonl.text_of(record, "url")
    url = web_url(written)
    if written and url is None:
        raise jsonl.BadLine(f"Its “url” is no http(s) address: {cut(written, 80)}")
    entry = ParsedEntry(
        url=url,
        title=cut(title, TITLE_MAX),
        text=cut(text, TEXT_MAX),
        published_at=_published(record.get("published")),
    )
    return one_line(jsonl.text_of(record, "feed")), entry


def _published(value: object) -> datetime | None:
    """Return a date: ISO 8601, RFC 5322, or seconds since 1970; UTC where it names no zone."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            date = time_of(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            date = datetime.fromtimestamp(value, UTC)
        else:
            raise TypeError  # noqa: TRY301  # told below, as every other
    except (TypeError, ValueError, OverflowError, OSError):
        told = json.dumps(value, ensure_ascii=False)[:80]
        raise jsonl.BadLine(
            f"Its “published” is no date: {told}. Write it as 2026-11-02 or 2026-11-02T09:30:00Z."
        ) from None
    return sound_date(date)


def time_of(written: str) -> datetime:
    """Return the time that ISO 8601 or RFC 5322 writes, UTC where it names no zone.

    Raises ValueError or OverflowError.
    """
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        moment = parsedate_to_datetime(written.strip())
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
