"""`herald feeds`: list, add, remove, import, export."""

import argparse
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.errors import NotFollowed, UserError
from bot.feeds.opml import Outline, read_outlines, write_opml
from bot.frontend.listings import count
from bot.frontend.panels.importing import wanted_of
from bot.news import health
from bot.news.models import (
    ChannelId,
    FeedId,
    FeedOverview,
    GuildId,
    NewSubscription,
    Repairs,
)
from bot.services.transfer import Added, Fate, Place
from bot.settings import Settings

CHANNEL_LINK = re.compile(r"(?:https://(?:\w+\.)?discord(?:app)?\.com/channels/)?(\d+)/(\d+)/?$")


async def show_all(arguments: argparse.Namespace, settings: Settings) -> int:
    """List every feed with its health."""
    async with app.open_core(settings) as core:
        rows = await core.storage.feeds()
        repairs = await core.storage.repairs([row.feed.id for row in rows])
        now = core.clock.now()
    listed = [(row, repairs.get(row.feed.id, Repairs())) for row in rows]
    if arguments.json:
        told = [_row_as_json(row, done, now) for row, done in listed]
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif not rows:
        print("There are no feeds yet. Add one: herald feeds add URL")
    else:
        print("\n".join(line for row, done in listed for line in _row_as_text(row, done, now)))
    return 0


async def add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add a feed."""
    place = _place(arguments.channel)
    async with app.open_core(settings) as core:
        proposal = await core.follower.look(arguments.url)
        if place is None:
            await core.follower.keep(proposal.found)
            where = (
                "for the archive; no channel follows it yet (--channel, or /feed add in Discord)"
            )
        else:
            wish = NewSubscription(
                guild_id=place.guild_id,
                channel_id=place.channel_id,
                name=arguments.name or proposal.name,
                added_by=None,
            )
            await core.follower.follow(proposal.found, wish)
            where = f"in channel {place.channel_id}"
    print(f"Added “{arguments.name or proposal.name}” ({proposal.found.url}) {where}.")
    held = count(len(proposal.found.feed.entries), "entry")
    print(f"{held} that it holds now will not be posted.")
    return 0


async def remove(arguments: argparse.Namespace, settings: Settings) -> int:
    """Stop polling a feed."""
    async with app.open_core(settings) as core:
        wanted: str = arguments.feed
        if wanted.isdecimal():
            feed = await core.storage.feed(FeedId(int(wanted)))
        else:
            feed = await core.storage.feed_by_url(wanted)
        if feed is None:
            raise NotFollowed(
                f"There is no feed {wanted}. See `herald feeds list` for ids and URLs.",
                wanted=wanted,
            )
        await core.storage.remove_feed(feed.id, core.clock.now())
    print(f"Removed “{feed.title}” ({feed.public_url}). Its articles stay in the archive.")
    return 0


async def read_file(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add the feeds of a file."""
    outlines = read_outlines(_read(arguments.file))
    place = _place(arguments.channel)
    async with app.open_core(settings) as core:
        act = core.transfer.rehearse if arguments.dry_run else core.transfer.add_all
        rows = await act(wanted_of(outlines), place)
    if arguments.json:
        print(json.dumps([_added_as_json(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        detail = row.reason or (count(row.entries, "entry") if row.entries else "")
        print(f"{row.fate.value:<13} {row.wanted.url}  {detail}".rstrip())
    counts = {fate: sum(row.fate is fate for row in rows) for fate in Fate}
    told = ", ".join(f"{count} {fate.value}" for fate, count in counts.items() if count)
    print(
        f"{count(len(rows), 'feed')}: {told or 'none'}."
        + (" Nothing stored." if arguments.dry_run else "")
    )
    return 0


async def write_file(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write every feed as OPML."""
    async with app.open_core(settings) as core:
        stored = await core.storage.feeds()
    rows = [row for row in stored if row.subscriptions or row.feed.is_kept]
    body = write_opml(
        [Outline(title=row.feed.title, url=row.feed.url, folder=None) for row in rows],
        title="Feeds of Herald",
    )
    if arguments.file == "-":
        sys.stdout.write(body.decode())
    else:
        try:
            Path(arguments.file).write_bytes(body)
        except OSError as error:
            raise UserError(f"{arguments.file} cannot be written: {error.strerror}.") from error
        print(f"{count(len(rows), 'feed')} written to {arguments.file}.")
    return 0


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}.") from error


def _place(link: str | None) -> Place | None:
    if link is None:
        return None
    found = CHANNEL_LINK.fullmatch(link.strip())
    if found is None:
        raise UserError(
            f"“{link}” is no link of a channel. In Discord, right-click the channel, Copy Link; "
            "it looks like https://discord.com/channels/123/456."
        )
    return Place(guild_id=GuildId(int(found[1])), channel_id=ChannelId(int(found[2])))


def _row_as_text(row: FeedOverview, repairs: Repairs, now: datetime) -> list[str]:
    feed = row.feed
    if row.subscriptions:
        followed = count(row.subscriptions, "channel")
    else:
        followed = "for the archive only" if feed.is_kept else "not polled"
    due = f"next check {feed.next_poll_at:%Y-%m-%d %H:%M} UTC ({feed.next_poll_reason})"
    is_polled = (row.subscriptions or feed.is_kept) and not health.is_given_up(feed)
    lines = [
        f"{feed.id:>4}  {feed.state.value:<8} {feed.title}",
        f"      {feed.public_url}",
        (
            f"      {count(row.entries, 'article')}, last {_ago(row.last_entry_at)}; {followed}"
            + (f"; {due}" if is_polled else "")
        ),
    ]
    words = health.state(feed, now)
    if words != health.WELL:
        lines += [f"      {line}" for line in words.splitlines()]
    if feed.last_error:
        lines.append(f"      {feed.last_error}")
    if repairs.moved_from:
        lines.append(f"      moved from {repairs.moved_from} for good, {_ago(repairs.moved_at)}")
    if repairs.remedy:
        lines.append(f"      its site offers {repairs.remedy.url} instead")
    return lines


def _row_as_json(row: FeedOverview, repairs: Repairs, now: datetime) -> dict[str, Any]:
    feed = row.feed
    return {
        "id": feed.id,
        "title": feed.title,
        "url": feed.public_url,
        "state": feed.state.value,
        "state_in_words": health.state(feed, now),
        "failures": feed.failures,
        "last_error": feed.last_error,
        "next_poll_at": feed.next_poll_at.isoformat(),
        "next_poll_reason": feed.next_poll_reason,
        "moved_from": repairs.moved_from,
        "offered_instead": repairs.remedy and repairs.remedy.url,
        "entries": row.entries,
        "subscriptions": row.subscriptions,
        "last_entry_at": row.last_entry_at and row.last_entry_at.isoformat(),
    }


def _added_as_json(row: Added) -> dict[str, Any]:
    return {
        "url": row.wanted.url,
        "title": row.wanted.title,
        "fate": row.fate.value,
        "entries": row.entries,
        "reason": row.reason or None,
    }


def _ago(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
