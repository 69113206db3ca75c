"""`herald feeds import` and `export`: lists of feeds, with a folder for each channel."""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import app
from bot.errors import UserError
from bot.feeds.opml import Outline, read_outlines, write_opml
from bot.frontend.listings import count
from bot.frontend.panels.importing import wanted_of
from bot.news.models import ChannelId, FeedOverview, GuildId, without_credentials
from bot.services.transfer import Added, Fate, Place, Wanted
from bot.settings import Settings

_CHANNEL_LINK = re.compile(r"(?:https://(?:\w+\.)?discord(?:app)?\.com/channels/)?(\d+)/(\d+)/?$")
_LINK = "https://discord.com/channels/{}/{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A feed of a list, and the channel that is to follow it; None: it is for the archive."""

    wanted: Wanted
    place: Place | None


async def read_file(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add the feeds of a file."""
    lines = _placed(
        wanted_of(read_outlines(_read(arguments.file))),
        place_of(arguments.channel),
        _folders_of(arguments.folder),
    )
    async with app.open_core(settings) as core:
        act = core.transfer.rehearse if arguments.dry_run else core.transfer.add_all
        rows: dict[int, Added] = {}
        for place, numbers in _by_server(lines):
            done = await act([lines[number].wanted for number in numbers], place)
            rows.update(zip(numbers, done, strict=True))
    told = [(lines[number], rows[number]) for number in range(len(lines))]
    if arguments.json:
        print(json.dumps([_as_json(*each) for each in told], ensure_ascii=False, indent=2))
        return 0
    for _, row in told:
        detail = row.reason or (count(row.entries, "entry") if row.entries else "")
        print(f"{row.fate.value:<13} {without_credentials(row.wanted.url)}  {detail}".rstrip())
    print("".join(f"{line}\n" for line in _folders_told(lines)), end="")
    counts = {fate: sum(row.fate is fate for _, row in told) for fate in Fate}
    sums = ", ".join(f"{number} {fate.value}" for fate, number in counts.items() if number)
    print(
        f"{count(len(told), 'feed')}: {sums or 'none'}."
        + (" Nothing stored." if arguments.dry_run else "")
    )
    return 0


async def write_file(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write every feed as OPML, in a folder for each channel that follows it."""
    async with app.open_core(settings) as core:
        stored = await core.storage.feeds()
        rows = [row for row in stored if row.subscriptions or row.feed.is_kept]
        outlines = [outline for row in rows for outline in await _outlines(core, row)]
    body = write_opml(outlines, title="Feeds of Herald")
    if arguments.file == "-":
        sys.stdout.write(body.decode())
    else:
        try:
            Path(arguments.file).write_bytes(body)
        except OSError as error:
            raise UserError(f"{arguments.file} cannot be written: {error.strerror}.") from error
        print(f"{count(len(rows), 'feed')} written to {arguments.file}.")
    return 0


def place_of(link: str | None) -> Place | None:
    """Return the channel that a link of Discord's names. Raises UserError."""
    if link is None:
        return None
    if (place := _linked(link)) is None:
        raise UserError(
            f"“{link}” is no link of a channel. In Discord, right-click the channel, Copy Link; "
            "it looks like https://discord.com/channels/123/456."
        )
    return place


def _linked(text: str) -> Place | None:
    found = _CHANNEL_LINK.fullmatch(text.strip())
    if found is None:
        return None
    return Place(guild_id=GuildId(int(found[1])), channel_id=ChannelId(int(found[2])))


def _folders_of(given: Sequence[str]) -> dict[str, Place]:
    """Return the channels of ``--folder NAME=LINK``. Raises UserError."""
    folders: dict[str, Place] = {}
    for each in given:
        name, sign, link = each.rpartition("=")
        place = _linked(link)
        if not sign or not name.strip() or place is None:
            raise UserError(
                f"“{each}” names no folder with its channel. Write it as"
                ' --folder "Sea news=https://discord.com/channels/123/456".'
            )
        folders[name.strip()] = place
    return folders


def _placed(
    wanted: Sequence[Wanted], default: Place | None, folders: Mapping[str, Place]
) -> list[_Line]:
    """Return where each feed of a list goes: as told of its folder, else as that is named.

    An export of ours names a folder after its channel. Raises UserError where a folder that was
    told of is not in the list.
    """
    lines: list[_Line] = []
    met: set[str] = set()
    for each in wanted:
        folder = each.folder or ""
        names = [name for name in (folder, folder.rpartition(" / ")[2]) if name in folders]
        met.update(names[:1])
        own = folders[names[0]] if names else _linked(folder)
        lines.append(_Line(wanted=each, place=own or default))
    if missing := [name for name in folders if name not in met]:
        there = sorted({each.folder for each in wanted if each.folder})
        raise UserError(
            f"The list has no folder “{missing[0]}”. "
            + (f"It has: {', '.join(there)}." if there else "It has none at all.")
        )
    return lines


def _by_server(lines: Sequence[_Line]) -> list[tuple[Place | None, list[int]]]:
    """Return the lines' numbers server by server, each with a place that knows its channels.

    Lines of one channel are told apart by it, whatever folder they are in.
    """
    groups: dict[GuildId | None, list[int]] = {}
    for number, line in enumerate(lines):
        guild_id = None if line.place is None else line.place.guild_id
        groups.setdefault(guild_id, []).append(number)
    return [
        (None if guild_id is None else _joined(lines, numbers), numbers)
        for guild_id, numbers in groups.items()
    ]


def _joined(lines: Sequence[_Line], numbers: Sequence[int]) -> Place | None:
    """Return one place for lines of one server: a folder's lines all go to the same channel."""
    folders: dict[str, ChannelId] = {}
    place: Place | None = None
    for line in (lines[number] for number in numbers):
        place = line.place
        if place is not None:
            folders[line.wanted.folder or ""] = place.channel_id
    return place and Place(guild_id=place.guild_id, channel_id=place.channel_id, folders=folders)


def _folders_told(lines: Sequence[_Line]) -> list[str]:
    """Return where the folders of a list go, where there is something to tell."""
    channels = {
        line.wanted.folder: line.place and line.place.channel_id
        for line in lines
        if line.wanted.folder
    }
    if len(channels) > 1 and len(set(channels.values())) == 1:
        (channel_id,) = set(channels.values())
        where = "the archive" if channel_id is None else f"channel {channel_id}"
        return [f"{count(len(channels), 'group')} of the list, all to {where}."]
    if len(set(channels.values())) < 2:  # noqa: PLR2004  # one place or none
        return []
    return [
        f"“{folder}” goes to " + ("the archive." if channel is None else f"channel {channel}.")
        for folder, channel in channels.items()
    ]


async def _outlines(core: app.Core, row: FeedOverview) -> list[Outline]:
    """Return a feed once for each channel that follows it, under the name that it has there."""
    feed = row.feed
    followers = await core.storage.followers(feed.id, core.clock.now()) if row.subscriptions else ()
    followed = [each.subscription for each in followers]
    if not followed:
        return [Outline(title=feed.title, url=feed.url)]
    return [
        Outline(title=each.name, url=feed.url, folder=_LINK.format(each.guild_id, each.channel_id))
        for each in followed
    ]


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}.") from error


def _as_json(line: _Line, row: Added) -> dict[str, Any]:
    return {
        "url": row.wanted.url,
        "title": row.wanted.title,
        "folder": row.wanted.folder,
        "channel": line.place and line.place.channel_id,
        "fate": row.fate.value,
        "entries": row.entries,
        "reason": row.reason or None,
    }
