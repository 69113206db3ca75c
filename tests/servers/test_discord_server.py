"""The wire stand-in, driven by unmodified discord.py over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.servers.discord_desk import CommandHidden
from tests.servers.discord_faults import Drop, Effect, Status
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_wire import PATIENCE_S, Permission


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


class Rename(discord.ui.Modal, title="Rename"):
    """One field."""

    name: discord.ui.Label["Rename"] = discord.ui.Label(
        text="New name", component=discord.ui.TextInput(custom_id="name")
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Change the message that the modal came from."""
        assert isinstance(self.name.component, discord.ui.TextInput)
        await interaction.response.edit_message(content=f"renamed to {self.name.component.value}")


class Panel(discord.ui.View):
    """A select menu and a button that opens a modal."""

    @discord.ui.select(
        options=[
            discord.SelectOption(label="First", value="a"),
            discord.SelectOption(label="Second", value="b"),
        ]
    )
    async def choose(
        self, interaction: discord.Interaction[Bot], select: discord.ui.Select["Panel"]
    ) -> None:
        """Show what was chosen."""
        await interaction.response.edit_message(content=f"chose {select.values[0]}")

    @discord.ui.button(label="Rename")
    async def rename(
        self, interaction: discord.Interaction[Bot], _: discord.ui.Button["Panel"]
    ) -> None:
        """Open the modal."""
        await interaction.response.send_modal(Rename())


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

    @app_commands.command(description="Show a feed")
    async def show(
        self,
        interaction: discord.Interaction[Bot],
        feed: str,
        count: app_commands.Range[int, 1, 5] = 1,
    ) -> None:
        """Answer at once."""
        await interaction.response.send_message(f"{feed} x {count}", view=Panel())

    @show.autocomplete("feed")
    async def _feeds(
        self, _: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name="Gazette", value="1")] if typed == "ga" else []


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


async def test_a_dropped_connection_is_resumed_and_misses_nothing(server: DiscordServer) -> None:
    guild = server.add_guild("Tidewater")
    async with running(Bot(), server) as bot:
        server.gateway.drop()
        await server.gateway.wait_until_gone()
        guild.add_channel("made-meanwhile")
        await server.gateway.wait_until_connected(2)
        async with asyncio.timeout(PATIENCE_S):
            await bot.resumed.wait()
        assert [channel.name for channel in bot.get_all_channels()] == ["made-meanwhile"]
        assert len(server.gateway.identifies) == 1


async def test_op_7_makes_the_client_resume(server: DiscordServer) -> None:
    server.add_guild("Tidewater")
    async with running(Bot(), server) as bot:
        server.gateway.reconnect()
        async with asyncio.timeout(PATIENCE_S):
            await bot.resumed.wait()
        assert (len(server.gateway.identifies), server.gateway.resumes) == (1, 1)


async def test_op_9_makes_the_client_identify_anew(server: DiscordServer) -> None:
    server.add_guild("Tidewater")
    async with running(Bot(), server):
        server.gateway.invalidate()
        await server.gateway.wait_until_connected(2)
        assert (len(server.gateway.identifies), server.gateway.resumes) == (2, 0)


async def test_a_privileged_intent_that_is_off_closes_with_4014(server: DiscordServer) -> None:
    bot = discord.Client(intents=discord.Intents(guilds=True, members=True))
    async with bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(server.token)


async def test_options_autocomplete_selects_and_modals(server: DiscordServer) -> None:
    guild = server.add_guild("Tidewater")
    channel = guild.add_channel("general")
    ada = guild.add_member("ada", Permission.MANAGE_GUILD)
    async with running(Bot(), server):
        choices = await ada.autocomplete(channel, "feed show", feed="ga")
        assert choices == [{"name": "Gazette", "value": "1"}]
        reply = await ada.slash(channel, "feed show", feed="1", count=3)
        assert (reply.content, reply.is_ephemeral) == ("1 x 3", False)
        assert channel.messages == [reply.message]
        chosen = await reply.select("Second")
        assert chosen.content == "chose b"
        opened = await chosen.click("Rename")
        assert opened.modal["title"] == "Rename"
        renamed = await opened.submit(name="The Gazette")
        assert renamed.content == "renamed to The Gazette"
        assert renamed.message is reply.message


async def test_the_client_hides_commands_and_refuses_options(server: DiscordServer) -> None:
    guild = server.add_guild("Tidewater")
    channel = guild.add_channel("general")
    bob, ada = guild.add_member("bob"), guild.add_member("ada", Permission.MANAGE_GUILD)
    hidden = guild.add_channel("staff", visible_to=(guild.me,))
    async with running(Bot(), server):
        with pytest.raises(CommandHidden):
            await bob.slash(channel, "feed show", feed="1")
        with pytest.raises(CommandHidden):
            await ada.slash(hidden, "feed show", feed="1")
        with pytest.raises(AssertionError, match="wants feed"):
            await ada.slash(channel, "feed show")
        with pytest.raises(AssertionError, match="takes 1 to 5"):
            await ada.slash(channel, "feed show", feed="1", count=6)
        with pytest.raises(AssertionError, match="no subcommand"):
            await ada.slash(channel, "feed forget", feed="1")
        reply = await bob.slash(channel, "feed show", feed="1", is_overridden=True)
        assert reply.content == "1 x 1"


@pytest.mark.parametrize("status", [500, 502])
async def test_a_server_error_before_the_effect_is_retried_once(
    server: DiscordServer, status: int
) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        server.faults.order("POST", "/channels/*/messages", Status(status=status))
        await bot.get_partial_messageable(channel.id).send("one")
        assert len(channel.messages) == 1
        assert [seen.status for seen in server.seen("POST", "/messages")] == [status, 200]


async def test_a_502_that_took_effect_is_absorbed_by_the_nonce(server: DiscordServer) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        fault = Status(status=502, effect=Effect.TAKEN)
        server.faults.order("POST", "/channels/*/messages", fault)
        await bot.get_partial_messageable(channel.id).send("one", nonce="d1")
        assert [message.content for message in channel.messages] == ["one"]
        assert [seen.status for seen in server.seen("POST", "/messages")] == [502, 200]


async def test_503_and_a_cut_connection_reach_the_caller(server: DiscordServer) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        place = bot.get_partial_messageable(channel.id)
        server.faults.order("POST", "/channels/*/messages", Status(status=503))
        with pytest.raises(discord.DiscordServerError):
            await place.send("one")
        server.faults.order("POST", "/channels/*/messages", Drop())
        with pytest.raises(aiohttp.ClientError):
            await place.send("one")
        assert channel.messages == []


async def test_429_is_waited_for_with_via_and_raised_without(server: DiscordServer) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        place = bot.get_partial_messageable(channel.id)
        server.faults.order("POST", "/channels/*/messages", Status(status=429, retry_after_s=0.01))
        await place.send("one")
        assert len(channel.messages) == 1
        fault = Status(status=429, has_via=False)
        server.faults.order("POST", "/channels/*/messages", fault)
        with pytest.raises(discord.HTTPException, match="429"):
            await place.send("two")


async def test_a_held_answer_waits_for_the_test(server: DiscordServer) -> None:
    channel = server.add_guild("Tidewater").add_channel("news")
    async with running(Bot(), server) as bot:
        hold = server.faults.hold("POST", "/channels/*/messages")
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(bot.get_partial_messageable(channel.id).send("one"))
            await hold.reached()
            assert len(channel.messages) == 1
            assert not sending.done()
            hold.release()
        assert sending.result().id == channel.messages[0].id
