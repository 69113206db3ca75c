"""`herald preview`, and how posts and snippets look on a terminal."""

import argparse
import dataclasses
import json
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.errors import InvalidUrl, NotAFeed, ParseFailed
from bot.frontend.listings import count
from bot.news.models import Fetched, Post, Snippet, without_credentials
from bot.services.look import Proposal
from bot.settings import Settings

WIDTH = 88


async def preview(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show what a feed's newest entry would become."""
    target: str = arguments.target
    async with app.open_reader(settings, asks_model=True) as reader:
        path = Path(target)
        if "://" not in target and path.is_file():
            proposal = await _of_file(reader, path)
        elif "://" not in target and path.suffix in {".xml", ".rss", ".atom", ".json"}:
            raise InvalidUrl(f"There is no file {target}.", url=target)
        else:
            proposal = await _of_url(reader, target)
    if arguments.json:
        print(json.dumps(_as_json(proposal), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_as_text(proposal)))
    return 0


async def _of_file(reader: app.Reader, path: Path) -> Proposal:
    """Return what a feed or page in a file would become. Raises ParseFailed or NotAFeed."""
    body = path.read_bytes()
    url = path.resolve().as_uri()
    try:
        feed = await reader.web.read(body, None, url)
    except (ParseFailed, NotAFeed):
        article = await reader.web.page(body, url)
        if article is None or (told := await reader.looker.look_at_page(url, article)) is None:
            raise
        return told
    return await reader.looker.propose(Fetched(url=url, feed=feed, size=len(body)))


async def _of_url(reader: app.Reader, url: str) -> Proposal:
    """Return what a feed's newest entry would become, or a page that no feed is found for."""
    try:
        return await reader.looker.look(url)
    except NotAFeed:
        if (told := await reader.looker.look_at_page(url)) is None:
            raise
        return told


def _as_json(proposal: Proposal) -> dict[str, Any]:
    found, reading = proposal.found, proposal.reading
    return {
        "url": found.url,
        "feed": {
            "title": found.feed.title,
            "site_url": found.feed.site_url,
            "kind": found.feed.kind,
            "language": found.feed.language,
            "entries": len(found.feed.entries),
            "per_day": proposal.per_day,
            "newest_at": proposal.newest_at and proposal.newest_at.isoformat(),
        },
        "others": [other.url for other in proposal.others],
        "article": reading
        and {
            "method": reading.article.method,
            "characters": len(reading.article.text),
            "note": reading.article.note,
            "title": reading.article.title,
            "author": reading.article.author,
            "published_on": reading.article.published_on
            and reading.article.published_on.isoformat(),
            "language": reading.article.language,
            "image_url": reading.article.image_url,
        },
        "summary": reading and dataclasses.asdict(reading.summary),
        "post": proposal.post and post_as_json(proposal.post),
    }


def _as_text(proposal: Proposal) -> list[str]:
    found = proposal.found
    is_page = found.feed.kind == "page"
    lines = [
        "feed      none: this is a web page" if is_page else f"feed      {proposal.name}",
        f"address   {without_credentials(found.url)}",
        f"format    {found.feed.kind or 'unknown'}, {count(len(found.feed.entries), 'entry')}"
        + (f", about {proposal.per_day:.1f} a day" if proposal.per_day else ""),
    ]
    lines += [
        f"also      {without_credentials(other.url)}  {other.feed.title}"
        for other in proposal.others
    ]
    if proposal.reading is not None:
        article = proposal.reading.article
        how = {"feed": "from the feed", "page": "from its page", "teaser": "only the feed's teaser"}
        note = f" ({article.note})" if article.note else ""
        lines.append(f"article   {len(article.text)} characters, {how[article.method]}{note}")
        lines.append(f"summary   {proposal.reading.summary.method}")
    if proposal.post is None:
        return [*lines, "", "The feed has no entries yet, so there is nothing to show."]
    return [*lines, "", *post_as_text(proposal.post)]


def post_as_json(post: Post) -> dict[str, Any]:
    """Return a post as JSON values."""
    values = dataclasses.asdict(post)
    values["published_at"] = post.published_at and post.published_at.isoformat()
    return values


def post_as_text(post: Post) -> list[str]:
    """Return the lines of a post in a frame."""
    inner = [post.source, *textwrap.wrap(post.title, WIDTH - 4), post.url or "", ""]
    inner += textwrap.wrap(post.body, WIDTH - 4)
    if post.image_url:
        inner += ["", f"[image] {post.image_url}"]
    foot = " · ".join(part for part in (post.footer, _stamp(post.published_at)) if part)
    inner += ["", foot] if foot else []
    return [
        "┌" + "─" * (WIDTH - 2),
        *(f"│ {line}".rstrip() for line in inner),
        "└" + "─" * (WIDTH - 2),
    ]


def marked(snippet: Snippet) -> str:
    """Return a snippet with its marks: bold on a terminal, asterisks elsewhere."""
    on, off = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("*", "*")
    out, end = [], 0
    for start, stop in snippet.marks:
        out += [snippet.text[end:start], on, snippet.text[start:stop], off]
        end = stop
    return "".join(out) + snippet.text[end:]


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
