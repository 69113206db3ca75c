"""`herald stories`."""

import argparse
import json
from collections.abc import AsyncIterator
from typing import Any

from bot import app
from bot.frontend.listings import count
from bot.news.models import StoryEntries, StoryEntry, StoryId
from bot.news.ports import Storage
from bot.settings import Settings

_PAGE = 1_000  # stories read at a time


async def show(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the archive's stories, oldest first: as JSON Lines all, else those of several."""
    total = several = 0
    async with app.open_core(settings) as core:
        async for story in _all(core.storage):
            total += 1
            several += len(story.entries) > 1
            if arguments.json:
                print(json.dumps(_as_json(story), ensure_ascii=False), flush=True)
            elif len(story.entries) > 1:
                print("\n".join(_as_text(story)))
    if not arguments.json:
        print(f"{count(total, 'story')}, {several:,} of them told more than once.")
    return 0


async def _all(storage: Storage) -> AsyncIterator[StoryEntries]:
    after = StoryId(0)
    while page := await storage.stories(after, _PAGE):
        for story in page:
            yield story
        after = page[-1].id


def _as_json(story: StoryEntries) -> dict[str, Any]:
    return {
        "id": story.id,
        "title": story.entries[0].title,
        "urls": [entry.url for entry in story.entries if entry.url],
        "entries": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "source": entry.feed_title,
                "published_at": entry.dated_at.isoformat(),
            }
            for entry in story.entries
        ],
    }


def _as_text(story: StoryEntries) -> list[str]:
    first, *others = story.entries
    lines = [_named(first), f"   {first.feed_title} · {first.dated_at:%Y-%m-%d %H:%M}"]
    lines += [
        f"   {entry.feed_title} · {entry.dated_at:%Y-%m-%d %H:%M} · {_named(entry)}"
        for entry in others
    ]
    return [*lines, ""]


def _named(entry: StoryEntry) -> str:
    return entry.title or entry.url or "(no title)"
