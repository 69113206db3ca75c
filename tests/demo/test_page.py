import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from yarl import URL

from bot.demo import page as page_module
from bot.demo.page import PageServer
from bot.demo.pictures import png_size
from bot.demo.world import ADMIN, MEMBER, QUIET_CHANNEL, World, avatars, open_world

CAPABILITY = "X-Simcord-Capability"
CONTEXT = "X-Simcord-Context"


@app_commands.command(description="Say it again")
async def say(interaction: discord.Interaction, text: str) -> None:
    await interaction.response.defer(ephemeral=True)
    await asyncio.sleep(0.02)
    await interaction.edit_original_response(content=text)


class Parrot(discord.Client):
    """A bot with one command, which takes a moment."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(say)

    async def setup_hook(self) -> None:
        """Upload the command."""
        await self.tree.sync()


class Visitor:
    """A browser tab on one channel as one member, as far as the page's requests go."""

    def __init__(self, server: PageServer, web: aiohttp.ClientSession, place: str) -> None:
        self._web = web
        self._origin = URL(server.url).origin()
        self._headers = {CAPABILITY: URL(server.url).fragment, "X-Herald-Place": place}
        self._sequence = 0
        self.state: dict[str, Any] = {}

    async def open(self) -> None:
        """Open the page."""
        url = self._origin / "api/pages"
        async with self._web.post(url, headers=self._headers, json={}) as answer:
            assert answer.status == 200
            self.state = await answer.json()
        self._headers[CONTEXT] = self.state["context"]["id"]

    async def look(self) -> list[dict[str, Any]]:
        """Read the page again; return its messages, oldest first."""
        async with self._web.get(self._origin / "api/state", headers=self._headers) as answer:
            self.state = await answer.json()
        return [self.state["messages"][each] for each in self.state["timeline"]]

    async def say(self, text: str, *, revision: int) -> dict[str, Any]:
        """Run /say from a page that shows *revision*; return the receipt."""
        async with self._web.get(self._origin / "api/commands", headers=self._headers) as answer:
            [command] = (await answer.json())["entries"]
        self._sequence += 1
        action = {
            "protocol_version": 3,
            "kind": "run_command",
            "sequence": self._sequence,
            "request_id": f"request-{self._sequence}",
            "generation": self.state["context"]["generation"],
            "bot_generation": self.state["botGeneration"],
            "published_revision": revision,
            "command_id": command["commandId"],
            "path": command["path"],
            "schema_fingerprint": command["schemaFingerprint"],
            "options": {"text": text},
        }
        url = self._origin / "api/action"
        async with self._web.post(url, headers=self._headers, json=action) as answer:
            assert answer.status == 200, await answer.text()
            receipt: dict[str, Any] = await answer.json()
            return receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A page that is served, and all that it needs."""

    client: Parrot
    world: World
    server: PageServer
    web: aiohttp.ClientSession

    async def visit(self, place: str) -> Visitor:
        """Open a tab."""
        visitor = Visitor(self.server, self.web, place)
        await visitor.open()
        return visitor

    async def post(self, channel: str, text: str) -> None:
        """Post as the bot does: from outside of any command."""
        target = self.client.get_channel(self.world.channels[channel].id)
        assert isinstance(target, discord.TextChannel)
        await target.send(text)

    def url(self, path: str) -> URL:
        """Return an address on the page's server."""
        return URL(self.server.url).origin().with_path(path)

    @property
    def capability(self) -> dict[str, str]:
        """The header that shows one has the address."""
        return {CAPABILITY: URL(self.server.url).fragment}


@asynccontextmanager
async def open_stage() -> AsyncIterator[Stage]:
    """Serve a page. No fixture: simcord must be left in the context that it was entered in."""
    client = Parrot()
    async with open_world(client) as world, aiohttp.ClientSession() as web:
        pictures = {url: (url.rsplit("/", 1)[-1], body) for url, body in avatars(world).items()}
        preview = world.env.preview(
            world.channels[QUIET_CHANNEL],
            viewers=list(world.members.values()),
            layout="channel",
            assets=pictures,
        )
        async with preview, PageServer(world, preview, ["/say text:hello"]) as server:
            yield Stage(client=client, world=world, server=server, web=web)


async def test_each_address_shows_its_channel_to_its_member() -> None:
    async with open_stage() as stage:
        await stage.post("science", "seals")
        await stage.post("headlines", "bridge")
        science, headlines = await stage.visit("science/jonas"), await stage.visit("headlines/mira")
        assert [each["content"] for each in await science.look()] == ["seals"]
        assert [each["content"] for each in await headlines.look()] == ["bridge"]
        assert science.state["viewerId"] == str(stage.world.members[MEMBER].id)


async def test_a_command_answers_in_the_channel_of_its_page_and_to_its_member_only() -> None:
    async with open_stage() as stage:
        mine, other = await stage.visit("science/jonas"), await stage.visit("science/mira")
        receipt = await mine.say("hello", revision=mine.state["publishedRevision"])
        assert (receipt["settlement"], receipt["diagnostics"]) == ("settled", [])
        assert [each["content"] for each in await mine.look()] == ["hello"]
        assert await other.look() == []


async def test_no_action_is_refused_while_posts_land_and_pages_are_refreshed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each visitor acts from what they saw first, which every refresh makes older."""
    monkeypatch.setattr(page_module, "TICK_S", 0.001)
    async with open_stage() as stage:
        visitors = [await stage.visit("headlines/jonas"), await stage.visit("headlines/mira")]
        revisions = [visitor.state["publishedRevision"] for visitor in visitors]

        async def land() -> None:
            for count in range(1000):
                await stage.post("headlines", f"news {count}")
                await asyncio.sleep(0.03)

        async with asyncio.TaskGroup() as group:
            noise = [group.create_task(stage.server.keep_fresh()), group.create_task(land())]
            receipts = []
            for round_ in range(3):
                receipts += await asyncio.gather(
                    *(
                        visitor.say(f"answer {round_}", revision=revision)
                        for visitor, revision in zip(visitors, revisions, strict=True)
                    )
                )
            for task in noise:
                task.cancel()
        assert [each["settlement"] for each in receipts] == ["settled"] * 6
        assert not any(each["rejected"] or each["uncertain"] for each in receipts)
        answers = [each["content"] for each in await visitors[0].look()]
        assert [each for each in answers if each.startswith("answer")][-1] == "answer 2"


async def test_an_open_page_sees_what_lands_without_asking_for_a_refresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "TICK_S", 0.001)
    async with open_stage() as stage:
        visitor = await stage.visit("deutsch/jonas")
        await stage.post("deutsch", "Weinlese")
        assert await visitor.look() == []
        async with asyncio.TaskGroup() as group:
            fresh = group.create_task(stage.server.keep_fresh())
            async with asyncio.timeout(10):
                messages = await visitor.look()
                while not messages:
                    messages = await visitor.look()
            fresh.cancel()
        assert [each["content"] for each in messages] == ["Weinlese"]


async def test_our_pictures_arrive_as_they_are() -> None:
    async with open_stage() as stage:
        await stage.post("science", "seals")
        visitor = await stage.visit("science/jonas")
        drawn = avatars(stage.world).values()
        shown = [key for key, each in visitor.state["assets"].items() if each["available"]]
        assert shown
        for asset in shown:
            headers = {**stage.capability, CONTEXT: visitor.state["context"]["id"]}
            async with stage.web.get(stage.url(f"/api/assets/{asset}"), headers=headers) as answer:
                body = await answer.read()
                assert body in drawn
                assert "Content-Disposition" not in answer.headers
                size = (answer.headers["X-Display-Width"], answer.headers["X-Display-Height"])
                assert png_size(body) == tuple(map(int, size))


async def test_the_index_is_simcords_with_our_parts() -> None:
    async with open_stage() as stage:
        async with stage.web.get(stage.server.url) as answer:
            html = await answer.text()
            assert "/herald/page.js" in html
            assert "channel-composer" in html
        for path in ("/herald/page.js", "/herald/page.css", "/herald/icon.png", "/app.js"):
            async with stage.web.get(stage.url(path)) as answer:
                assert answer.status == 200
        for path in ("/herald/other.js", "/elsewhere", "/nowhere/mira"):
            async with stage.web.get(stage.url(path)) as answer:
                assert answer.status == 404
        async with stage.web.get(stage.url("/")) as answer:
            assert answer.url.path == "/headlines/mira"


async def test_places_are_told_to_who_has_the_address_only() -> None:
    async with open_stage() as stage:
        await stage.post("science", "seals")
        async with stage.web.get(stage.url("/herald/places")) as answer:
            assert answer.status == 401
        url = stage.url("/herald/places")
        async with stage.web.get(url, headers=stage.capability) as answer:
            places = await answer.json()
    posts = {each["name"]: each["posts"] for each in places["channels"]}
    assert posts == {"headlines": 0, "science": 1, "deutsch": 0, "northmark": 0}
    assert places["members"] == [ADMIN, MEMBER]


async def test_other_sites_and_other_names_are_refused() -> None:
    async with open_stage() as stage:
        for headers in (
            {"Host": "rebound.example.org"},
            {"Origin": "http://elsewhere.example.org"},
        ):
            async with stage.web.get(stage.server.url, headers=headers) as answer:
                assert answer.status == 403


async def test_a_page_needs_a_channel_and_a_member_that_exist() -> None:
    async with open_stage() as stage:
        for place in ("", "nowhere/mira", "science/nobody", "science"):
            headers = {**stage.capability, "X-Herald-Place": place}
            async with stage.web.post(stage.url("/api/pages"), headers=headers, json={}) as answer:
                assert answer.status == 400
