"""The Discord client: made, logged in, kept connected."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.errors import ConfigError, DiscordUnavailable, StorageError
from bot.frontend.commands.ask import ask_command
from bot.frontend.commands.digest import DigestCommands
from bot.frontend.commands.feed import FeedCommands
from bot.frontend.commands.health import health_command
from bot.frontend.commands.news import NewsCommands
from bot.frontend.commands.privacy import PrivacyCommands
from bot.frontend.commands.settings import SettingsCommands
from bot.frontend.commands.story import story_command, story_menu
from bot.frontend.commands.why import why_menu
from bot.frontend.errors import answer_error
from bot.frontend.faults import REFUSED_LOGIN
from bot.frontend.gate import Gate
from bot.frontend.panels.channels import UndoChannelEdit
from bot.frontend.panels.edits import UndoEdit
from bot.frontend.panels.health import HEALTH_ITEMS
from bot.frontend.panels.moving import MoveChannel
from bot.frontend.panels.stories import STORY_ITEMS
from bot.frontend.panels.undo import FollowingClient, UndoRemoval
from bot.frontend.underway import finish_commands
from bot.news.models import ChannelId, GuildId
from bot.news.ports import Clock, Storage, TellModel
from bot.services.ask import Asker
from bot.services.channels import Steward
from bot.services.digest import Digester
from bot.services.follow import Follower
from bot.services.heal import Healer
from bot.services.narrate import Narrator
from bot.services.search import Searcher
from bot.services.transfer import Transfer
from bot.services.whereabouts import Whereabouts

log = structlog.get_logger()

RATELIMIT_MAX_S = 30.0  # wait in discord.py up to here (its minimum), in the outbox beyond
BACKOFF_MIN_S = 1.0
BACKOFF_MAX_S = 300.0
CLOSE_WITHIN_S = 3.0  # for the closing handshake with a gateway that may be dead

COMMANDS_KEY = (
    "discord.commands"  # what the storage keeps the digest of the uploaded commands under
)

_NOWHERE = ChannelId(0)

# Gateway close codes that no retry mends; Discord docs, "Gateway Close Event Codes".
_FATAL_CLOSES = {
    4004: REFUSED_LOGIN,
    4013: "Discord does not know the intents that Herald asked for. Update Herald.",
    4014: "Discord does not allow this bot the intents that Herald asked for. Update Herald.",
}


class HeraldTree(app_commands.CommandTree[discord.Client]):
    """The slash commands, with one answer to errors."""

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Note when the command came; let everybody through."""
        interaction.extras["began"] = time.monotonic()
        return True

    async def on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the caller what went wrong."""
        await answer_error(interaction, error)


class HeraldClient(FollowingClient):
    """A client with every slash command; asks Discord for no more than the list of servers.

    ``on_ready`` is told when posts can be sent, *gate* of every answer. Make a new one for each
    connection.
    """

    def __init__(
        self,
        *,
        follower: Follower,
        healer: Healer,
        transfer: Transfer,
        searcher: Searcher,
        narrator: Narrator,
        asker: Asker,
        storage: Storage,
        clock: Clock,
        tell_model: TellModel | None = None,
        proxy: str | None = None,
        on_ready: Callable[[], None] = lambda: None,
        gate: Gate | None = None,
    ) -> None:
        # Herald has no use for voice, so its libraries are not missed.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        _need_no_voice()
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=RATELIMIT_MAX_S,
            enable_debug_events=False,
            proxy=proxy,
            http_trace=(gate or Gate()).trace(),
        )
        self.follower = follower
        self.healer = healer
        self.narrator = narrator
        self.steward = Steward(storage, clock)
        self.digester = Digester(storage, clock)
        self.whereabouts = Whereabouts(storage, clock, on_ready)
        self.was_ready = False
        self.tree = HeraldTree(self)
        self.tree.add_command(FeedCommands(follower, healer, transfer, clock))
        self.tree.add_command(NewsCommands(follower, searcher, narrator, storage, clock))
        self.tree.add_command(SettingsCommands(storage, self.steward, clock))
        self.tree.add_command(DigestCommands(self.digester, self.steward, clock))
        self.tree.add_command(health_command(follower, storage, tell_model))
        self.tree.add_command(ask_command(follower, asker, clock))
        self.tree.add_command(story_command(follower, narrator))
        self.tree.add_command(PrivacyCommands(storage))
        self.tree.add_command(why_menu(storage))
        self.tree.add_command(story_menu(follower, narrator))
        self._memory = storage
        self._tell_ready = on_ready

    async def setup_hook(self) -> None:
        """Register what outlives a restart, and upload the commands where they changed."""
        self.add_dynamic_items(
            UndoRemoval, UndoEdit, UndoChannelEdit, MoveChannel, *HEALTH_ITEMS, *STORY_ITEMS
        )
        try:
            await self.upload_commands()
        except (app_commands.CommandSyncFailure, discord.RateLimited) as error:
            # Posting news must not wait for commands.
            log.exception("commands.refused", reason=str(error))

    async def upload_commands(self, *, force: bool = False) -> bool:
        """Upload the slash commands unless Discord has these already; return whether it was done.

        Discord allows 200 new commands a day, and an upload at every start is against its advice.
        """
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        facts = {"application": self.application_id, "commands": payload}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        if not force and await self._memory.recall(COMMANDS_KEY) == digest:
            return False
        await self.tree.sync()
        await self._memory.remember(COMMANDS_KEY, digest)
        log.info("commands.uploaded", commands=len(payload))
        return True

    async def on_ready(self) -> None:
        """Note that the cache is full. Fires again after each new session."""
        self.was_ready = True
        log.info("discord.ready", user=str(self.user), servers=len(self.guilds))
        # Servers with an outage are among them.
        here = [GuildId(guild.id) for guild in self.guilds]
        await _noted(self.whereabouts.present(here))
        self._tell_ready()

    async def on_app_command_completion(
        self,
        interaction: discord.Interaction,
        command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Log one line for each command that was answered."""
        took_s = time.monotonic() - interaction.extras["began"]
        log.info(
            "command.answered",
            name=command.qualified_name,
            guild=interaction.guild_id,
            took_ms=round(took_s * 1000),
        )

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Log the new server; say nothing there unasked."""
        log.info("guild.joined", guild=guild.id, name=guild.name)
        await _noted(self.whereabouts.joined(GuildId(guild.id)))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Log the server that put Herald out, and rest there."""
        log.info("guild.left", guild=guild.id, name=guild.name)
        await _noted(self.whereabouts.left(GuildId(guild.id)))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Keep what a deleted channel is owed."""
        await _noted(self.whereabouts.channel_deleted(ChannelId(channel.id)))

    async def on_raw_thread_delete(self, deleted: discord.RawThreadDeleteEvent) -> None:
        """Keep what a deleted thread is owed."""
        await _noted(self.whereabouts.channel_deleted(ChannelId(deleted.thread_id)))

    # Any of these may give Herald what a channel is held for. Of members Discord tells a bot
    # without the intent of their name about itself only (docs, "Gateway Intents", Caveats).

    async def on_guild_channel_update(
        self, _before: discord.abc.GuildChannel, channel: discord.abc.GuildChannel
    ) -> None:
        """Try what is held."""
        await self._try_held(channel.guild)

    async def on_thread_update(self, _before: discord.Thread, thread: discord.Thread) -> None:
        """Try what is held."""
        await self._try_held(thread.guild)

    async def on_guild_role_update(self, _before: discord.Role, role: discord.Role) -> None:
        """Try what is held."""
        await self._try_held(role.guild)

    async def on_member_update(self, _before: discord.Member, member: discord.Member) -> None:
        """Try what is held."""
        if member.id == member.guild.me.id:
            await self._try_held(member.guild)

    async def _try_held(self, guild: discord.Guild) -> None:
        await _noted(self.whereabouts.permissions_changed(GuildId(guild.id)))


async def _noted(note: Awaitable[None]) -> None:
    """Take note of an event, if the database lets us: a later one, or the next start, makes up."""
    try:
        await note
    except StorageError as error:
        log.warning("discord.unnoted", reason=str(error))


def point_at(api_base: str | None, gateway: str | None) -> None:
    """Make discord.py talk to other servers than Discord's: a reverse proxy, a stand-in.

    Class attributes of the library, so once per process and before a client is made; None leaves
    one as it is.
    """
    if api_base is not None:
        Route.BASE = api_base.rstrip("/")
    if gateway is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


async def log_in(client: discord.Client, token: str) -> None:
    """Log *client* in over HTTP, without a gateway.

    Raises ConfigError where Discord does not accept the token, DiscordUnavailable where it cannot
    be asked.
    """
    try:
        await client.login(token)
    except discord.LoginFailure as error:
        raise ConfigError(_FATAL_CLOSES[4004], setting="HERALD_TOKEN") from error
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        raise DiscordUnavailable(
            f"Discord could not be asked: {str(error) or type(error).__name__}.",
            channel_id=_NOWHERE,
        ) from error


async def identify(token: str, *, proxy: str | None = None) -> str:
    """Return who Discord says the token belongs to: name and id. Raises like `log_in`."""
    _need_no_voice()
    async with discord.Client(intents=discord.Intents.none(), proxy=proxy) as client:
        await log_in(client, token)
        return f"{client.user} ({client.application_id})"


async def stay_connected(
    make_client: Callable[[], HeraldClient],
    token: str,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    jitter: Callable[[], float] = random.random,
) -> None:
    """Keep a client connected until cancelled: a fresh one whenever connecting gives up.

    discord.py reconnects by itself where it can, but its first connect failing ends in an
    AttributeError (Rapptz/discord.py#10520), and a payload that it cannot read leaves ``connect``
    too. Raises ConfigError for what no retry mends: a wrong token, refused intents.
    """
    failures = 0
    while True:
        client = make_client()
        try:
            await client.start(token)
        except discord.LoginFailure as error:
            raise ConfigError(_FATAL_CLOSES[4004], setting="HERALD_TOKEN") from error
        except discord.PrivilegedIntentsRequired as error:
            raise ConfigError(_FATAL_CLOSES[4014]) from error
        except discord.ConnectionClosed as error:
            if error.code in _FATAL_CLOSES:
                setting = "HERALD_TOKEN" if error.code == 4004 else None  # noqa: PLR2004  # see above
                raise ConfigError(_FATAL_CLOSES[error.code], setting=setting) from error
            reason = f"the gateway closed with {error.code} {error.reason}".strip()
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        except Exception as error:
            # Whatever else leaves discord.py, the bot must come back.
            if isinstance(error, AttributeError) and not client.was_ready:
                reason = "the gateway could not be reached"
            else:
                reason = "an error in discord.py or Herald"
                log.exception("discord.broken")
        else:
            reason = "the connection was closed"
        finally:
            await _close(client)
        failures = 1 if client.was_ready else failures + 1
        pause_s = backoff_s(failures, jitter())
        log.warning("discord.lost", reason=reason, failures=failures, retry_in_s=round(pause_s, 1))
        await sleep(pause_s)


def backoff_s(failures: int, jitter: float) -> float:
    """Return how long to wait after the *failures*-th failure in a row.

    Doubling from 1 s to 5 min; *jitter*, in [0, 1), takes off up to half, so that many bots do not
    come back at the same moment.
    """
    ceiling = min(BACKOFF_MAX_S, BACKOFF_MIN_S * 2.0 ** min(failures - 1, 20))
    return ceiling * (1 - jitter / 2)


def _need_no_voice() -> None:
    """Keep discord.py from warning operators of voice libraries that Herald has no use for."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


async def _close(client: discord.Client) -> None:
    await finish_commands(0)
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await client.close()
    except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("discord.unclosed", reason=str(error) or type(error).__name__)
