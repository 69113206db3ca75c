"""`herald poll` and `herald search`."""

import argparse
import json
import sys
import textwrap
import time
from datetime import datetime
from typing import Any

from bot import app
from bot.cli.asking import parse_now
from bot.cli.show import WIDTH, marked
from bot.errors import BadQuery
from bot.frontend.listings import count
from bot.news.models import Failed, Fetched, NotModified, Sort
from bot.services.poll import FeedPoll, PollReport
from bot.services.search import Found, Results, Searcher
from bot.settings import Settings


async def poll(arguments: argparse.Namespace, settings: Settings) -> int:
    """Poll what is due and report."""
    began = time.monotonic()
    async with app.open_core(settings) as core:
        report = await core.poller.poll_due()
        feeds = len(await core.storage.feeds())
    took_ms = round((time.monotonic() - began) * 1000)
    if arguments.json:
        print(json.dumps(_report_as_json(report, took_ms), ensure_ascii=False, indent=2))
        return 0
    for line in report.polls:
        print(f"{_outcome(line):<44} {line.outcome.took_ms:>6} ms  {line.feed.public_url}")
    if not feeds:
        print("There are no feeds yet. Add one: herald feeds add URL")
        return 0
    print(
        f"{len(report.polls)} of {count(feeds, 'feed')} due: {report.count(Fetched)} fetched, "
        f"{report.count(NotModified)} unchanged, {report.count(Failed)} failed; "
        f"{report.new_entries} new, {count(report.deliveries, 'post')} queued; {took_ms} ms"
    )
    return 0


def _outcome(line: FeedPoll) -> str:
    match line.outcome:
        case Fetched():
            return f"{line.outcome.status}, {line.new_entries} new, {line.deliveries} queued"
        case NotModified():
            return f"{line.outcome.status}, nothing new"
        case Failed(reason=reason):
            return f"failed: {reason}"


def _report_as_json(report: PollReport, took_ms: int) -> dict[str, Any]:
    return {
        "polled": len(report.polls),
        "fetched": report.count(Fetched),
        "not_modified": report.count(NotModified),
        "failed": report.count(Failed),
        "new_entries": report.new_entries,
        "queued": report.deliveries,
        "took_ms": took_ms,
        "feeds": [
            {
                "url": line.feed.public_url,
                "status": line.outcome.status,
                "took_ms": line.outcome.took_ms,
                "new_entries": line.new_entries,
                "queued": line.deliveries,
                "next_poll_at": line.next_poll_at.isoformat(),
                "error": line.outcome.reason if isinstance(line.outcome, Failed) else None,
            }
            for line in report.polls
        ],
    }


async def search(arguments: argparse.Namespace, settings: Settings) -> int:
    """Search once, or once for each line of stdin."""
    sort = Sort.NEWEST if arguments.newest else Sort.BEST
    now = parse_now(arguments.now) if arguments.now else None
    async with app.open_core(settings) as core:
        # The operator sees every article: stories are for those who are told of them.
        searcher = Searcher(
            core.storage,
            core.clock,
            core.tokenise,
            page_size=max(1, arguments.limit),
            merges_stories=False,
        )
        if arguments.query == "-":
            for number, line in enumerate(sys.stdin, 1):
                answer = await _answer(searcher, line.strip(), sort, now)
                if "error" in answer:
                    answer["line"] = number
                print(json.dumps(answer, ensure_ascii=False), flush=True)
            return 0
        results = await searcher.search(arguments.query, channels=None, sort=sort, now=now)
    if arguments.json:
        print(json.dumps(_results_as_json(results), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_results_as_text(results)))
    return 0


async def _answer(
    searcher: Searcher, text: str, sort: Sort, now: datetime | None
) -> dict[str, Any]:
    try:
        return _results_as_json(await searcher.search(text, channels=None, sort=sort, now=now))
    except BadQuery as error:
        return {"query": text, "error": str(error), "total": 0, "hits": []}


def _results_as_json(results: Results) -> dict[str, Any]:
    return {
        "query": results.query.text,
        "total": results.total,
        "searched": results.searched,
        "hits": [_hit_as_json(found) for found in results.found],
        "repairs": list(results.query.repairs),
        "suggestion": results.suggestion,
    }


def _hit_as_json(found: Found) -> dict[str, Any]:
    entry = found.hit.entry
    return {
        "id": entry.id,
        "title": entry.title,
        "url": entry.url,
        "source": found.hit.feed_title,
        "published_at": entry.dated_at.isoformat(),
        "score": round(found.hit.score, 4),
        "snippet": found.snippet.text,
        "marks": [list(mark) for mark in found.snippet.marks],
    }


def _results_as_text(results: Results) -> list[str]:
    repairs = list(results.query.repairs)
    if not results.found:
        nothing = f"Nothing in {results.searched:,} articles matches “{results.query.text}”."
        meant = [f"Did you mean “{results.suggestion}”?"] if results.suggestion else []
        return [nothing, *repairs, *meant]
    matching = f"{results.total:,} of {results.searched:,} articles match “{results.query.text}”."
    lines = [matching, *repairs]
    for number, found in enumerate(results.found, 1):
        entry = found.hit.entry
        lines += ["", f"{number}. {marked(found.title)}"]
        lines.append(
            f"   {found.hit.feed_title} · {entry.dated_at:%Y-%m-%d %H:%M} · {entry.url or ''}"
        )
        lines += [f"   {line}" for line in textwrap.wrap(marked(found.snippet), WIDTH - 3)]
    return lines
