"""The wire stand-in, driven by unmodified discord.py over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.servers.discord_server import DiscordServer
from tests.servers.discord_wire import PATIENCE_S, Permission


@pytest.fixture
def _discord_py_elsewhere() -> Iterator[None]:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture
async def server(_discord_py_elsewhere: None) -> AsyncIterator[DiscordServer]:
    async with DiscordServer.start() as server:
        Route.BASE = server.api_base
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
        yield server
        assert server.violations == []


class Bot(discord.Client):
    """A small bot with a little of everything."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none()
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(Feed())
        self.resumed = asyncio.Event()

    async def setup_hook(self) -> None:
        """Upload the commands."""
        await self.tree.sync()

    async def on_resumed(self) -> None:
        """Note that a session was taken up again."""
        self.resumed.set()


class Confirm(discord.ui.View):
    """Two buttons."""

    @discord.ui.button(label="Add", style=discord.ButtonStyle.success)
    async def add(
        self, interaction: discord.Interaction[Bot], _: discord.ui.Button["Confirm"]
    ) -> None:
        """Change the message."""
        await interaction.response.edit_message(content="added", view=None)

    @discord.ui.button(label="Cancel")
    async def cancel(
        self, interaction: discord.Interaction[Bot], _: discord.ui.Button["Confirm"]
    ) -> None:
        """Acknowledge first, change the message later."""
        await interaction.response.defer()
        await interaction.edit_original_response(content="cancelled", view=None)


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Feed(app_commands.Group):
    """A group of subcommands."""

    def __init__(self) -> None:
        super().__init__(name="feed", description="Feeds of this server")

    @app_commands.command(description="Follow a feed")
    async def add(
        self,
        interaction: discord.Interaction[Bot],
        url: str,
        channel: discord.TextChannel | None = None,
    ) -> None:
        """Defer, then answer with buttons."""
        await interaction.response.defer(ephemeral=True)
        target = channel.name if channel else "here"
        await interaction.followup.send(f"preview of {url} for {target}", view=Confirm())


@asynccontextmanager
async def running(bot: Bot, server: DiscordServer) -> AsyncIterator[Bot]:
    """Log *bot* in and keep it connected until the block ends."""
    task = asyncio.create_task(bot.start(server.token))
    try:
        await server.wait_until_ready()
        yield bot
    finally:
        await bot.close()
        await task


async def test_a_client_logs_in_uploads_commands_and_says_goodbye(server: DiscordServer) -> None:
    server.add_guild("Tidewater").add_channel("news")
    bot = Bot()
    async with running(bot, server):
        assert [command["name"] for command in server.commands] == ["feed"]
        async with asyncio.timeout(PATIENCE_S):
            await bot.wait_until_ready()
        assert [channel.name for channel in bot.get_all_channels()] == ["news"]
    # discord.py 2.7.1 on aiohttp 3.14: its reader may close with 4000 before close(1000) does.
    assert await server.gateway.wait_until_gone() in (1000, 4000)


async def test_a_slash_command_with_a_deferral_and_buttons(server: DiscordServer) -> None:
    guild = server.add_guild("Tidewater")
    channel, target = guild.add_channel("general"), guild.add_channel("news")
    ada = guild.add_member("ada", Permission.MANAGE_GUILD)
    async with running(Bot(), server):
        reply = await ada.slash(channel, "feed add", url="https://example.org/", channel=target)
        assert reply.content == "preview of https://example.org/ for news"
        assert reply.is_ephemeral
        assert reply.buttons == ["Add", "Cancel"]
        assert channel.messages == []
        cancelled = await reply.click("Cancel")
        assert cancelled.content == "cancelled"
        reply = await ada.slash(channel, "feed add", url="https://example.org/")
        added = await reply.click("Add")
        assert (added.content, added.buttons) == ("added", [])


async def test_an_enforced_nonce_brings_the_first_message_back(server: DiscordServer) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        place = bot.get_partial_messageable(channel.id)
        first = await place.send("one", nonce="d1")
        assert (await place.send("one", nonce="d1")).id == first.id
        assert len(channel.messages) == 1
        server.clock.advance(server.world.nonce_window)
        assert (await place.send("one", nonce="d1")).id != first.id
        assert len(channel.messages) == 2


@pytest.mark.usefixtures("server")
async def test_a_wrong_token_is_refused_with_401() -> None:
    async with Bot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_json_comes_with_the_exact_content_type(server: DiscordServer) -> None:
    headers = {"Authorization": f"Bot {server.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.api_base}/users/@me", headers=headers) as response,
    ):
        assert response.headers["Content-Type"] == "application/json"
