"""`herald demo`: the same bot on a simulated Discord, with invented news of today.

::

    newsroom ─► feed server ─► the app: poll, deliver, search ─► simcord's Discord ─► page, terminal

Whatever the demo touches is gone when it ends.
"""

import asyncio
import importlib.util
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import available_timezones

from bot.app import Core, build_client, loops, open_core, run_loops, stop_on_signals
from bot.demo.content import load_outlets
from bot.demo.newsroom import Newsroom
from bot.demo.page import PageServer
from bot.demo.server import FeedServer
from bot.demo.terminal import Terminal
from bot.demo.world import ADMIN, MEMBER, QUIET_CHANNEL, World, avatars, open_world
from bot.errors import HeraldError
from bot.frontend.bulletins import DiscordAnnouncer
from bot.frontend.client import HeraldClient
from bot.frontend.publisher import DiscordPublisher
from bot.news.models import ChannelId, Claim, GuildId, NewSubscription, Post, UserId
from bot.settings import Settings

LOOPBACK = ip_network("127.0.0.0/8")
BACKFILL = 3  # posts that a feed brings along when somebody watches; more come as they are printed
BACKFILL_ONCE = 25  # all there is
EXTRA_CHANNEL = "headlines"  # where feeds given on the command line are posted
POSTED_WITHIN_S = 60.0
QUERY = "bridge"

# What simcord's page needs beside simcord itself; its extra "preview" installs them.
_PAGE_NEEDS = ("markdown_it", "linkify_it", "regex", "PIL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that plays together."""

    core: Core
    client: HeraldClient
    newsroom: Newsroom
    server: FeedServer
    world: World


class Landed:
    """Prints posts as they land and lets somebody wait for a number of them."""

    def __init__(self, world: World, terminal: Terminal) -> None:
        self._world = world
        self._terminal = terminal
        self._one_more = asyncio.Event()
        self._count = 0

    def tell(self, claim: Claim, post: Post) -> None:
        """Note a post, and those in the same message."""
        for each in (post, *post.bundled):
            self._terminal.post(self._world.channel_name(claim.delivery.channel_id), each)
            self._count += 1
        self._one_more.set()

    async def wait_for(self, count: int) -> None:
        """Wait until *count* posts have landed."""
        while self._count < count:
            self._one_more.clear()
            await self._one_more.wait()


async def run_demo(*, once: bool, extra_feeds: Sequence[str] = ()) -> int:
    """Run the demo until Ctrl-C, or once through; return the exit code.

    Raises ModuleNotFoundError where the extra "demo" is not installed in full.
    """
    for name in _PAGE_NEEDS:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    # simcord tries discord.py out with clients of its own, about which discord.py warns.
    logging.getLogger("discord").setLevel(logging.ERROR)
    stopping = asyncio.Event()
    terminal = Terminal(sys.stdout, on_unread=stopping.set)
    with stop_on_signals(stopping):
        async with _open_stage() as stage:
            landed = Landed(stage.world, terminal)
            publisher = DiscordPublisher(lambda: stage.client, stage.core.storage)
            work = loops(
                stage.core,
                publisher,
                DiscordAnnouncer(publisher),
                publisher,
                is_ready=stage.client.is_ready,
                on_sent=landed.tell,
            )
            async with asyncio.TaskGroup() as group:
                bot = group.create_task(run_loops(stage.core, work, stopping))
                try:
                    if once:
                        code = await _play_once(stage, terminal, landed, stopping, extra_feeds)
                    else:
                        code = await _play(stage, terminal, stopping, extra_feeds)
                finally:
                    stopping.set()
                    await bot
    return code


@asynccontextmanager
async def _open_stage() -> AsyncIterator[Stage]:
    newsroom = Newsroom(load_outlets(), datetime.now(UTC))
    with TemporaryDirectory(prefix="herald-demo-") as folder:
        # Feeds keep their ordinary rhythm, so that one given with --feed is polled no more often
        # than by `herald run`. Ours are polled when something was printed; see _ring.
        settings = Settings(data_dir=Path(folder), allowed_networks=(LOOPBACK,))
        async with (
            FeedServer(newsroom, lambda: datetime.now(UTC)) as server,
            open_core(settings) as core,
        ):
            client = build_client(core)
            async with open_world(client) as world:
                yield Stage(core=core, client=client, newsroom=newsroom, server=server, world=world)


async def _play(
    stage: Stage, terminal: Terminal, stopping: asyncio.Event, extra_feeds: Sequence[str]
) -> int:
    """Show the page and let the news come in until told to stop."""
    world = stage.world
    quiet = next(outlet for outlet in stage.newsroom.outlets if outlet.channel is None)
    hints = [
        f"/news search query:{QUERY}",
        f"/feed add url:{stage.server.site_url(quiet)}",
        "/feed list",
    ]
    pictures = await asyncio.to_thread(stage.server.pictures) | avatars(world)
    # The page's own channel must be empty when it opens: then it always shows the newest posts.
    preview = world.env.preview(
        world.channels[QUIET_CHANNEL],
        viewers=list(world.members.values()),
        layout="channel",
        timezone=_local_zone(),
        assets={url: (url.rsplit("/", 1)[-1], body) for url, body in pictures.items()},
    )
    async with preview, PageServer(world, preview, hints) as page:
        terminal.heading(f"Herald demo: {page.url}")
        terminal.say(f"  As anybody, in any channel:  {hints[0]}")
        terminal.say(f"  As {ADMIN}, in #{QUIET_CHANNEL}:    {hints[1]}")
        terminal.say("  Ctrl-C ends it. Posts as they land:")
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(page.keep_fresh()),
                group.create_task(_ring(stage)),
                group.create_task(_follow_all(stage, terminal, extra_feeds, BACKFILL)),
            ]
            await stopping.wait()
            for task in tasks:
                task.cancel()
    terminal.say()
    terminal.say("The demo has ended; nothing of it is kept.")
    return 0


async def _play_once(
    stage: Stage,
    terminal: Terminal,
    landed: Landed,
    stopping: asyncio.Event,
    extra_feeds: Sequence[str],
) -> int:
    """Post what there is, search once as a member, and print both. Return 1 where that failed."""
    terminal.heading("Herald demo: every post as it lands in its channel")
    queued = await _follow_all(stage, terminal, extra_feeds, BACKFILL_ONCE)
    all_landed = asyncio.ensure_future(landed.wait_for(queued))
    stopped = asyncio.ensure_future(stopping.wait())
    done, pending = await asyncio.wait(
        (all_landed, stopped), timeout=POSTED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
    )
    for waiting in pending:
        waiting.cancel()
    if stopped in done:
        return 0
    if all_landed not in done:
        terminal.say(f"Not all of the {queued} posts landed within {POSTED_WITHIN_S:.0f} seconds.")
        return 1
    await stage.world.catch_up()
    terminal.say()
    terminal.heading(f"{MEMBER} asks in #headlines:  /news search query:{QUERY}")
    terminal.say()
    member, channel = stage.world.members[MEMBER], stage.world.channels["headlines"]
    result = await member.slash(channel, "news search", query=QUERY)
    if result.response is None:
        terminal.say("  No reply.")
        return 1
    for embed in result.response.embeds:
        terminal.reply(embed)
    return 0


async def _follow_all(
    stage: Stage, terminal: Terminal, extra_feeds: Sequence[str], backfill: int
) -> int:
    """Follow feeds as /feed add does; return how many posts are owed."""
    wanted = [
        (stage.server.site_url(outlet), outlet.channel)
        for outlet in stage.newsroom.outlets
        if outlet.channel is not None
    ]
    queued = 0
    for url, channel in [*wanted, *((url, EXTRA_CHANNEL) for url in extra_feeds)]:
        try:
            proposal = await stage.core.follower.look(url)
            followed = await stage.core.follower.add(
                proposal,
                NewSubscription(
                    guild_id=GuildId(stage.world.guild.id),
                    channel_id=ChannelId(stage.world.channels[channel].id),
                    name=proposal.name,
                    added_by=UserId(stage.world.members[ADMIN].id),
                    backfill=backfill,
                ),
            )
        except HeraldError as error:
            terminal.say(f"Not followed: {error}")
        else:
            queued += followed.queued
    return queued


async def _ring(stage: Stage) -> None:
    """Have the bot poll an outlet's feed, where somebody follows it, whenever it printed."""
    newsroom, storage = stage.newsroom, stage.core.storage
    known: dict[str, int] = {}
    while (at := newsroom.next_at(datetime.now(UTC))) is not None:
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
        now = datetime.now(UTC)
        for outlet in newsroom.outlets:
            count = len(newsroom.published(outlet, now))
            feed = await storage.feed_by_url(stage.server.feed_url(outlet))
            if feed is not None and known.get(outlet.slug) != count:
                await storage.poll_soon(feed.id, now)
            known[outlet.slug] = count
        stage.core.schedule.poll.poke()


def _local_zone() -> str:
    """Return this machine's time zone by its IANA name, or UTC where it does not say."""
    _, _, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name if name in available_timezones() else "UTC"
