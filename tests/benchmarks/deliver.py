"""How fast Herald delivers, beside what Discord's rate limits allow, and how it answers meanwhile.

``uv run python -m tests.benchmarks deliver [--quick] [--json FILE]``. On loopback::

    stand-in for Discord, limits enforced ◄── herald run, which owes all posts when it starts
            └── a member runs slash commands, two a second

The limits are those of tests/servers/discord_buckets.py: five messages in five seconds and channel,
50 requests in any second for the bot. What they allow is counted from the first message on; the
share is that time over the time that it took. A command is acknowledged when its first answer has
come to the stand-in; that does not count against the limits, at Discord either.
"""

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from bot.language.words import VERSION, tokenise
from bot.news.channels import ChannelOptions
from bot.news.models import (
    ChannelId,
    GuildId,
    Mode,
    NewEntry,
    NewSubscription,
    ParsedEntry,
    ParsedFeed,
    UserId,
)
from bot.storage import open_storage
from tests.benchmarks.poll import machine
from tests.benchmarks.poll_measure import memory_mb, process_cpu_s
from tests.benchmarks.poll_world import ARTICLE_SENTENCES, Newsroom, feed_title
from tests.e2e.herald_process import HeraldProcess
from tests.factories import refresh
from tests.servers.discord_buckets import GLOBAL_PER_S, ROUTE_MAX, ROUTE_S, Buckets
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Member
from tests.servers.discord_wire import Permission
from tests.servers.steps import Step

Figures = dict[str, Any]

SHARE, ACK_P99_MS = 0.95, 500  # wanted
_CHANNELS_A_GUILD = 50
_PATIENCE = 4  # times what the limits allow, and a minute
_FAR = timedelta(days=30)
_APART = ChannelOptions(is_bundled=False)
_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("news latest", {}),
    ("news search", {"query": "harbour"}),
    ("feed list", {}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is owed: each of *channels* follows *follows* feeds, which bring *entries* each."""

    channels: int = 200
    follows: int = 5
    entries: int = 10
    commands_per_s: float = 2.0

    @property
    def posts(self) -> int:
        """How many posts are owed."""
        return self.channels * self.follows * self.entries

    @property
    def least_s(self) -> float:
        """How long the limits make it take, from the first post to the last."""
        of_channel = (self.follows * self.entries - 1) // ROUTE_MAX * ROUTE_S
        return max(of_channel, (self.posts - GLOBAL_PER_S) / GLOBAL_PER_S)


QUICK = Plan(channels=20, follows=2, entries=4)


# --- What is owed ---


async def owe(database: Path, plan: Plan, channels: Sequence[Channel]) -> None:
    """Fill a new database with feeds, subscriptions and owed posts, as polls leave them.

    Ten channels follow a feed; its entries are owed to them one entry after the other.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    each = 10
    async with open_storage(database, tokenise=tokenise, tokeniser_version=VERSION) as storage:
        for index in range(len(channels) * plan.follows // each):
            first = index * each % len(channels)
            places = [
                (GuildId(channel.guild.id), ChannelId(channel.id))
                for channel in channels[first : first + each]
            ]
            # Never polled here; nobody listens there.
            feed = await storage.ensure_feed(
                f"http://127.0.0.1:9/{index}.xml", ParsedFeed(title=feed_title(index)), now
            )
            for guild_id, channel_id in places:
                wish = NewSubscription(
                    guild_id=guild_id,
                    channel_id=channel_id,
                    name=feed_title(index),
                    added_by=UserId(1),
                    mode=Mode.EACH,
                )
                await storage.follow(refresh(feed.id, at=now, next_poll_at=now + _FAR), wish, now)
            for guild_id, channel_id in places:
                # One message a post: what the limits are about. Usually five go into one.
                await storage.choose_for_channel(guild_id, channel_id, _APART, now)
            new = [
                NewEntry(entry=entry, aliases=(f"g:{entry.guid}",), deliver_to=tuple(places))
                for entry in _entries(index, plan.entries, now)
            ]
            await storage.record(refresh(feed.id, *new, at=now, next_poll_at=now + _FAR))
        owed = (await storage.health()).pending_deliveries
        assert owed == plan.posts, f"{owed} are owed and not {plan.posts}"


def _entries(index: int, number: int, now: datetime) -> list[ParsedEntry]:
    newsroom = Newsroom(index)
    return [
        ParsedEntry(
            guid=f"{index}-{at}",
            url=f"https://paper-{index}.example.org/{at}",
            title=newsroom.headline(),
            teaser=newsroom.paragraph(2),
            text=newsroom.paragraph(ARTICLE_SENTENCES),
            author=None,
            image_url=None,
            published_at=now - timedelta(minutes=number - at),
            updated_at=None,
            tags=(),
        )
        for at in range(number)
    ]


# --- The run ---


class Watch:
    """Notes when posts took effect, at the stand-in."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self.at: list[float] = []
        self.done = asyncio.Event()

    def on_step(self, step: Step, method: str, path: str) -> bool:
        """Count a post: fits `DiscordServer.on_step`."""
        is_post = method == "POST" and path.startswith("/channels/")
        if step is Step.TAKEN and is_post and path.endswith("/messages"):
            self.at.append(time.monotonic())
            if len(self.at) >= self._wanted:
                self.done.set()
        return False


async def measure(plan: Plan, folder: Path) -> Figures:
    """Return the figures of one run."""
    async with DiscordServer.start() as server:
        guilds = [
            server.add_guild(f"Guild {n}") for n in range(-(-plan.channels // _CHANNELS_A_GUILD))
        ]
        channels = [
            guilds[n // _CHANNELS_A_GUILD].add_channel(f"news-{n}") for n in range(plan.channels)
        ]
        member = guilds[0].add_member("ada", Permission.MANAGE_GUILD)
        herald = HeraldProcess(folder, server)
        _say(f"owing {plan.posts} posts")
        await owe(herald.database, plan, channels)
        server.buckets = Buckets()
        watch = Watch(plan.posts)
        server.on_step = watch.on_step
        _say(f"delivering them, which takes at least {plan.least_s:.0f} s")
        # The stand-in keeps all to the end, so a collection finds nothing, stops it for longer each
        # time, and what queued up meanwhile comes to its limits all at once.
        gc.disable()
        try:
            await herald.start(HERALD_POLL_INTERVAL_S="604800")
            return await _watched(plan, server, herald, watch, member, channels)
        finally:
            gc.enable()
            await herald.kill()


async def _watched(
    plan: Plan,
    server: DiscordServer,
    herald: HeraldProcess,
    watch: Watch,
    member: Member,
    channels: Sequence[Channel],
) -> Figures:
    await server.wait_until_ready()
    asking = asyncio.create_task(_ask(plan, member, channels[0]))
    began_cpu_s = process_cpu_s(herald.pid)
    try:
        async with asyncio.timeout(60 + _PATIENCE * plan.least_s):
            await watch.done.wait()
    except TimeoutError:
        sys.exit(f"After {_PATIENCE} times that, {len(watch.at)} posts are there.")
    finally:
        asking.cancel()
        failed = await asyncio.gather(asking, return_exceptions=True)
    assert isinstance(failed[0], asyncio.CancelledError), failed
    took_s = watch.at[-1] - watch.at[0]
    cpu_s = process_cpu_s(herald.pid) - began_cpu_s
    _, peak_mb = memory_mb(herald.pid)
    assert await herald.stop() == 0
    _verify(plan, channels)
    assert server.violations == []
    assert server.buckets is not None
    return {
        "machine": machine(),
        "plan": asdict(plan),
        "posts": plan.posts,
        "channels": plan.channels,
        "took_s": took_s,
        "least_s": plan.least_s,
        "share": plan.least_s / took_s,
        "posts_per_s": (plan.posts - 1) / took_s,
        "refused": server.buckets.refused,
        "cpu_s": cpu_s,
        "peak_mb": peak_mb,
        "commands": _acknowledged(server),
    }


async def _ask(plan: Plan, member: Member, channel: Channel) -> None:
    """Run slash commands at a steady rate, whether or not the last was answered."""
    async with asyncio.TaskGroup() as group:
        for command, options in cycle(_COMMANDS):
            group.create_task(member.slash(channel, command, **options))
            await asyncio.sleep(1 / plan.commands_per_s)


def _acknowledged(server: DiscordServer) -> Figures:
    """Return how long commands waited for the first sign; one that got none is an error."""
    took_ms = sorted(
        (each.answered_at - each.created_at) / timedelta(milliseconds=1)
        for each in server.interactions.all
        if each.answered_at is not None
    )
    if not took_ms:
        return {"asked": len(server.interactions.all), "acknowledged": 0}
    return {
        "asked": len(server.interactions.all),
        "acknowledged": len(took_ms),
        "p50_ms": took_ms[len(took_ms) // 2],
        "p99_ms": took_ms[len(took_ms) * 99 // 100],
        "max_ms": took_ms[-1],
    }


def _verify(plan: Plan, channels: Sequence[Channel]) -> None:
    """Fail where a channel did not get each of its posts once: no figure is worth anything then."""
    for channel in channels:
        links = [embed["url"] for message in channel.messages for embed in message.embeds]
        wanted = plan.follows * plan.entries
        assert len(links) == len(set(links)) == wanted, f"#{channel.name} has {len(links)}"


# --- The table ---


def table(figures: Figures) -> str:
    """Return the figures for people."""
    told, commands, refused = figures["machine"], figures["commands"], figures["refused"]
    posts = figures["posts"]
    lines = [
        f"{told['cores']} cores of {told['cpu']}, {told['system']}",
        f"Python {told['python']}, load {told['load']:.2f} at the end",
        "",
        f"{posts:,} posts to {figures['channels']} channels in {figures['took_s']:.1f} s",
        f"{figures['posts_per_s']:.1f} a second, where the limits allow {figures['least_s']:.1f} s",
        f"share {100 * figures['share']:.1f} % (wanted: {100 * SHARE:.0f})",
        f"429: {refused['route']} of a channel, {refused['global']} of the bot",
        f"CPU {figures['cpu_s']:.1f} s, {1000 * figures['cpu_s'] / posts:.1f} ms a post",
        f"peak {figures['peak_mb']:.0f} MB",
        f"commands: {commands['acknowledged']} of {commands['asked']} acknowledged",
    ]
    if commands["acknowledged"]:
        lines.append(
            f"ms: p50 {commands['p50_ms']:.0f}, p99 {commands['p99_ms']:.0f} "
            f"(wanted: {ACK_P99_MS}), worst {commands['max_ms']:.0f}"
        )
    return "\n".join(lines) + "\n"


def _say(what: str) -> None:
    sys.stderr.write(what + " …\n")


def main(arguments: Sequence[str]) -> None:
    """Measure, print the table and, where asked to, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks deliver")
    parser.add_argument("--quick", action="store_true", help="160 posts: does the benchmark work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write every figure")
    parser.add_argument("--folder", type=Path, help="where the database and the log go")
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = told.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        figures = asyncio.run(measure(QUICK if told.quick else Plan(), folder))
    sys.stdout.write(table(figures))
    if told.json:
        told.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
