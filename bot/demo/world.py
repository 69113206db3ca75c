"""The demo's Discord: simcord's, with one server of ours, kept on this machine's time.

simcord does one thing at a time and refuses what overlaps: a member's action that meets a refresh
is answered with an error, and its page then takes no further action. Therefore everything that
touches it takes `World.turn` first.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord
import simcord
import structlog
from simcord.actors import MemberActor
from simcord.backend.cdn import CDN_BASE

from bot.demo.pictures import draw_avatar, draw_face

log = structlog.get_logger()

SERVER = "Arle Valley"
CHANNELS = {  # name: topic, in the order of the list
    "headlines": "The Velmara Courier and Arlewire, as they come in",
    "science": "Fathomline, the weekly",
    "deutsch": "Der Orfeltaler Bote",
    "northmark": "Quiet so far: nobody follows a feed here. Try /feed add",
}
QUIET_CHANNEL = "northmark"
ADMIN, MEMBER = "Mira", "Jonas"  # Mira has Manage Server

AVATAR = "portrait"  # the hash in everybody's avatar address
_FACES = {ADMIN: (180, 96, 60), MEMBER: (52, 120, 110)}

SETTLE_S = 15.0  # how long an action may take until its page calls it timed out; /feed add fetches


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The simulated Discord and what is in it. Members by name, channels by name."""

    env: simcord.Env
    guild: simcord.GuildHandle
    channels: Mapping[str, simcord.ChannelHandle]
    members: Mapping[str, MemberActor]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def channel_name(self, channel_id: int) -> str:
        """Return the name of one of our channels."""
        return next(name for name, each in self.channels.items() if each.id == channel_id)

    async def catch_up(self) -> None:
        """Move simcord's clock, which only moves when told, to the present. Needs the turn.

        Raises TimeoutError where the bot is at something for longer than SETTLE_S.
        """
        behind = (datetime.now(UTC) - self.env.now()).total_seconds()
        if behind > 0:
            await self.env.advance_time(behind)


@asynccontextmanager
async def open_world(client: discord.Client) -> AsyncIterator[World]:
    """Log *client* in to a fresh simulated Discord with our server."""
    # What the bot logs and how it answers is the demo; simcord need not raise it again at the end.
    async with simcord.run(client, check_errors=False, settle_timeout=SETTLE_S) as env:
        behind = (datetime.now(UTC) - env.now()).total_seconds()
        await env.advance_time(behind)
        if client.user is not None:
            await client.user.edit(username="Herald")
        env.backend.bot_user.avatar = AVATAR  # not offered by its API, which models no uploads
        guild = env.create_guild(SERVER)
        channels = {
            name: guild.create_text_channel(name, topic=topic) for name, topic in CHANNELS.items()
        }
        editors = guild.create_role(
            "Editors", permissions=discord.Permissions(manage_guild=True), color=0xE0A43A
        )
        members = {
            name: guild.add_member(
                env.create_user(name.lower(), global_name=name, avatar=AVATAR),
                roles=[editors] if name == ADMIN else [],
            )
            for name in (ADMIN, MEMBER)
        }
        await env.settle()
        yield World(env=env, guild=guild, channels=channels, members=members)


def avatars(world: World) -> dict[str, bytes]:
    """Return everybody's picture by the address that simcord's page looks for it under."""
    drawn = {world.env.backend.bot_user.id: draw_avatar()}
    drawn |= {member.id: draw_face(_FACES[name]) for name, member in world.members.items()}
    return {f"{CDN_BASE}/avatars/{id_}/{AVATAR}.png": body for id_, body in drawn.items()}
