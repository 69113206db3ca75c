"""What the stand-in refuses and how, asked with nothing but HTTP."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from tests.servers.discord_interactions import Interaction, Kind
from tests.servers.discord_openapi import document_path, open_api
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Guild
from tests.servers.discord_wire import MEMBER_PERMISSIONS, ChannelType, Json, Permission

EMBED = {"title": "A title", "url": "https://example.org/1"}


class Caller:
    """Sends requests as the bot."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild: Guild = server.add_guild("Tidewater")
        self.channel: Channel = self.guild.add_channel("news")

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bot {self.server.token}"}
        self._session = aiohttp.ClientSession(headers=headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Json]:
        """Return the status and the body of the answer."""
        url = self.server.api_base + path
        async with self._session.request(method, url, json=body) as response:
            return response.status, {} if response.status == 204 else await response.json()

    async def send(self, body: Json) -> tuple[int, Json]:
        """Post a message to the channel."""
        return await self.call("POST", f"/channels/{self.channel.id}/messages", body)

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, int]:
        """Return the status and the error code of an answer that is one."""
        status, answer = await self.call(method, path, body)
        return status, answer["code"]

    def run_command(self) -> Interaction:
        """Let a member run a command."""
        ada = self.guild.add_member("ada")
        data: Json = {"id": "1", "name": "ping", "type": 1, "options": []}
        return self.server.interactions.start(Kind.COMMAND, ada, self.channel, data, what="/ping")


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    """Return somebody who talks to a stand-in of their own."""
    async with DiscordServer.start() as server, Caller(server) as caller:
        yield caller


def _row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def _button(custom_id: str = "a", **changes: object) -> Json:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom_id, **changes}


def _select(*values: str) -> Json:
    options = [{"label": value, "value": value} for value in values]
    return {"type": 3, "custom_id": "s", "options": options}


ACCEPTED: list[Json] = [
    {"content": "x" * 2000},
    {"embeds": [EMBED]},
    {"embeds": [{"description": "x" * 4096}, {"title": "x" * 256}]},
    {"content": "x", "components": [_row(_button("a"), _button("b"))]},
    {"content": "x", "components": [_row(_select("a", "b"))]},
    {"content": "x", "nonce": "n" * 25},
    {"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 4000}]},
]
REFUSED: list[tuple[Json, str]] = [
    ({"content": "x" * 2001}, "content"),
    ({"content": "x", "nonce": "n" * 26}, "nonce"),
    ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title"),
    ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description"),
    ({"embeds": [{"description": "x" * 3000}] * 3}, "embeds"),
    ({"embeds": [EMBED] * 11}, "embeds"),
    ({"embeds": [{"color": 3}]}, "embeds.0.description"),
    ({"embeds": [{**EMBED, "color": 0x1000000}]}, "embeds.0.color"),
    ({"embeds": [{**EMBED, "url": "javascript:alert(1)"}]}, "embeds.0.url"),
    ({"embeds": [{**EMBED, "url": "example.org"}]}, "embeds.0.url"),
    ({"embeds": [{**EMBED, "image": {"url": "data:image/png;x"}}]}, "embeds.0.image.url"),
    ({"embeds": [{**EMBED, "footer": {"text": " "}}]}, "embeds.0.footer.text"),
    ({"embeds": [{**EMBED, "author": {"name": "x" * 257}}]}, "embeds.0.author.name"),
    ({"embeds": [{**EMBED, "timestamp": "yesterday"}]}, "embeds.0.timestamp"),
    ({"embeds": [{"fields": [{"name": "", "value": "x"}]}]}, "embeds.0.fields.0.name"),
    ({"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]}, "embeds.0.fields.0.value"),
    ({"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]}, "embeds.0.fields"),
    ({"content": "x", "components": [_row(_button())] * 6}, "components"),
    ({"content": "x", "components": [_row(_button("a"), _button("a"))]}, "components"),
    ({"content": "x", "components": [_button()]}, "components.0.type"),
    ({"content": "x", "components": [_row(_button("x" * 101))]}, "components.0.components.0"),
    ({"content": "x", "components": [_row(_button(label="x" * 81))]}, "components.0.components.0"),
    ({"content": "x", "components": [_row(_button(label=""))]}, "components.0.components.0"),
    ({"content": "x", "components": [_row(_select())]}, "components.0.components.0.options"),
    ({"content": "x", "components": [_row(_select("a", "a"))]}, "components.0.components.0"),
    ({"content": "x", "components": [_row(_select("a"), _button())]}, "components.0.components"),
    ({"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "x"}]}, "content"),
    ({"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 4001}]}, "components"),
    (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
    ),
]


@pytest.mark.parametrize("body", ACCEPTED)
async def test_a_message_within_the_limits_is_taken(caller: Caller, body: Json) -> None:
    status, answer = await caller.send(body)
    assert status == 200, answer
    assert len(caller.channel.messages) == 1


@pytest.mark.parametrize(("body", "where"), REFUSED, ids=[where for _, where in REFUSED])
async def test_a_message_beyond_a_limit_is_refused_by_field(
    caller: Caller, body: Json, where: str
) -> None:
    status, answer = await caller.send(body)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    node = answer["errors"]
    for part in where.split("."):
        node = node[part]
    assert caller.channel.messages == []


async def test_an_empty_message_is_50006(caller: Caller) -> None:
    path = f"/channels/{caller.channel.id}/messages"
    assert await caller.refused("POST", path, {"content": " "}) == (400, 50006)


async def test_what_is_not_there_is_404(caller: Caller) -> None:
    news = f"/channels/{caller.channel.id}/messages"
    assert await caller.refused("POST", "/channels/1/messages", {"content": "x"}) == (404, 10003)
    assert await caller.refused("GET", f"{news}/1") == (404, 10008)
    assert await caller.refused("PATCH", f"{news}/1", {"content": "x"}) == (404, 10008)
    assert await caller.refused("GET", "/guilds/1") == (404, 10004)
    assert await caller.refused("POST", "/interactions/1/t/callback", {"type": 5}) == (404, 10062)


async def test_missing_permissions_are_50001_and_50013(caller: Caller) -> None:
    me = caller.guild.me
    hidden = caller.guild.add_channel("staff", visible_to=())
    body = {"content": "x"}
    assert await caller.refused("POST", f"/channels/{hidden.id}/messages", body) == (403, 50001)
    caller.channel.allow(me, deny=Permission.SEND_MESSAGES)
    news = f"/channels/{caller.channel.id}/messages"
    assert await caller.refused("POST", news, body) == (403, 50013)
    caller.channel.allow(me, deny=Permission.EMBED_LINKS)
    assert await caller.refused("POST", news, {"embeds": [EMBED]}) == (403, 50013)
    status, answer = await caller.send({"content": "x", "embeds": [EMBED]})
    assert (status, answer["embeds"]) == (200, [])


async def test_overwrites_follow_discords_hierarchy(caller: Caller) -> None:
    guild, channel = caller.guild, caller.channel
    role = guild.add_role("press")
    ada = guild.add_member("ada")
    ada.roles.append(role)
    assert ada.permissions_in(channel) == MEMBER_PERMISSIONS
    channel.allow(guild.everyone, deny=Permission.SEND_MESSAGES)
    assert Permission.SEND_MESSAGES not in ada.permissions_in(channel)
    channel.allow(role, allow=Permission.SEND_MESSAGES)
    assert Permission.SEND_MESSAGES in ada.permissions_in(channel)
    channel.allow(ada, deny=Permission.VIEW_CHANNEL)
    assert ada.permissions_in(channel) == Permission.NONE
    boss = guild.add_member("boss", Permission.ADMINISTRATOR)
    assert Permission.MANAGE_CHANNELS in boss.permissions_in(channel)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, {"@everyone", "user", "role"}),
        ({"parse": []}, set()),
        ({"parse": ["roles"]}, {"role"}),
        ({"parse": [], "users": ["USER"]}, {"user"}),
        ({"parse": ["everyone"]}, {"@everyone"}),
    ],
)
async def test_pings_follow_allowed_mentions(
    caller: Caller, allowed: Json | None, expected: set[str]
) -> None:
    guild = caller.guild
    guild.everyone.permissions |= Permission.MENTION_EVERYONE
    ada, role = guild.add_member("ada"), guild.add_role("press")
    if allowed and "users" in allowed:
        allowed["users"] = [str(ada.user.id)]
    body: Json = {"content": f"@everyone {ada.mention} <@&{role.id}> <@1>"}
    await caller.send(body if allowed is None else {**body, "allowed_mentions": allowed})
    assert {ping.partition(":")[0] for ping in caller.channel.messages[0].pings} == expected


async def test_without_mention_everyone_only_mentionable_roles_are_pinged(caller: Caller) -> None:
    quiet = caller.guild.add_role("quiet")
    loud = caller.guild.add_role("loud", is_mentionable=True)
    await caller.send({"content": f"@everyone @here <@&{quiet.id}> <@&{loud.id}>"})
    assert caller.channel.messages[0].pings == {f"role:{loud.id}"}


async def test_embeds_ping_nobody(caller: Caller) -> None:
    caller.guild.everyone.permissions |= Permission.MENTION_EVERYONE
    await caller.send({"embeds": [{"description": "@everyone"}]})
    assert caller.channel.messages[0].pings == frozenset()


async def test_a_nonce_that_is_not_enforced_dedupes_nothing(caller: Caller) -> None:
    await caller.send({"content": "x", "nonce": "n"})
    await caller.send({"content": "x", "nonce": "n"})
    assert len(caller.channel.messages) == 2


async def test_history_is_newest_first_and_paged(caller: Caller) -> None:
    sent = [(await caller.send({"content": str(number)}))[1]["id"] for number in range(5)]
    news = f"/channels/{caller.channel.id}/messages"

    async def contents(query: str) -> list[str]:
        _, answer = await caller.call("GET", f"{news}?{query}")
        page: list[Json] = list(answer)  # type: ignore[arg-type]  # this one answer is a list
        return [message["content"] for message in page]

    assert await contents("limit=2") == ["4", "3"]
    assert await contents(f"limit=2&before={sent[3]}") == ["2", "1"]
    assert await contents(f"limit=2&after={sent[1]}") == ["3", "2"]
    assert await contents(f"limit=3&around={sent[2]}") == ["3", "2", "1"]
    caller.channel.allow(caller.guild.me, deny=Permission.READ_MESSAGE_HISTORY)
    assert await contents("limit=2") == []


async def test_messages_are_edited_deleted_and_crossposted(caller: Caller) -> None:
    wire = caller.guild.add_channel("wire", type=ChannelType.ANNOUNCEMENT)
    _, answer = await caller.call("POST", f"/channels/{wire.id}/messages", {"content": "one"})
    path = f"/channels/{wire.id}/messages/{answer['id']}"
    status, edited = await caller.call("PATCH", path, {"content": "two"})
    assert (status, edited["content"]) == (200, "two")
    assert edited["edited_timestamp"]
    assert (await caller.call("POST", f"{path}/crosspost"))[0] == 200
    assert await caller.refused("POST", f"{path}/crosspost") == (400, 40033)
    assert (await caller.call("DELETE", path))[0] == 204
    assert wire.messages == []
    said = caller.guild.add_member("ada").say(wire, "mine")
    path = f"/channels/{wire.id}/messages/{said.id}"
    assert await caller.refused("PATCH", path, {"content": "x"}) == (403, 50005)
    assert await caller.refused("DELETE", path) == (403, 50013)


async def test_an_interaction_is_answered_once_and_in_time(caller: Caller) -> None:
    first, late = caller.run_command(), caller.run_command()
    path = f"/interactions/{first.id}/{first.token}/callback"
    webhook = f"/webhooks/{caller.server.world.application_id}/{first.token}"
    assert await caller.refused("POST", webhook, {"content": "early"}) == (404, 10015)
    assert await caller.refused("POST", path, {"type": 7, "data": {}}) == (400, 50035)
    assert (await caller.call("POST", path, {"type": 5, "data": {"flags": 64}}))[0] == 204
    assert await caller.refused("POST", path, {"type": 5}) == (400, 40060)
    late.is_expired = True
    path = f"/interactions/{late.id}/{late.token}/callback"
    assert await caller.refused("POST", path, {"type": 5}) == (404, 10062)


async def test_the_first_follow_up_fills_in_the_deferral_and_keeps_its_visibility(
    caller: Caller,
) -> None:
    interaction = caller.run_command()
    path = f"/interactions/{interaction.id}/{interaction.token}/callback?with_response=true"
    _, answer = await caller.call("POST", path, {"type": 5, "data": {"flags": 64}})
    assert answer["interaction"]["response_message_loading"] is True
    webhook = f"/webhooks/{caller.server.world.application_id}/{interaction.token}"
    _, first = await caller.call("POST", webhook, {"content": "one"})
    assert (first["id"], first["flags"]) == (answer["resource"]["message"]["id"], 64)
    _, second = await caller.call("POST", webhook, {"content": "two"})
    assert (second["id"] == first["id"], second["flags"]) == (False, 0)
    assert [message.content for message in caller.channel.messages] == ["two"]
    _, original = await caller.call("GET", f"{webhook}/messages/@original")
    assert original["content"] == "one"
    assert (await caller.call("DELETE", f"{webhook}/messages/@original"))[0] == 204
    assert await caller.refused("GET", f"{webhook}/messages/@original") == (404, 10008)
    interaction.is_token_expired = True
    assert await caller.refused("POST", webhook, {"content": "late"}) == (401, 50027)


def _command(**changes: object) -> Json:
    return {"name": "news", "description": "News", "type": 1, **changes}


def _option(**changes: object) -> Json:
    return {"name": "query", "description": "What", "type": 3, **changes}


_SUBCOMMAND: Json = {"name": "list", "description": "List", "type": 1}
BAD_COMMANDS: list[tuple[str, list[Json]]] = [
    ("upper case", [_command(name="News")]),
    ("a space", [_command(name="the news")]),
    ("33 characters", [_command(name="n" * 33)]),
    ("no description", [_command(description="")]),
    ("a long description", [_command(description="x" * 101)]),
    ("two of a name", [_command(), _command()]),
    ("26 options", [_command(options=[_option(name=f"o{n}") for n in range(26)])]),
    ("two options of a name", [_command(options=[_option(), _option()])]),
    ("required last", [_command(options=[_option(name="a"), _option(required=True)])]),
    ("26 choices", [_command(options=[_option(choices=[{"name": "a", "value": "a"}] * 26)])]),
    ("a choice of 101", [_command(options=[_option(choices=[{"name": "a", "value": "x" * 101}])])]),
    (
        "choices and autocomplete",
        [_command(options=[_option(autocomplete=True, choices=[{"name": "a", "value": "a"}])])],
    ),
    ("a bound on a string", [_command(options=[_option(min_value=1)])]),
    ("a length on a number", [_command(options=[_option(type=4, min_length=1)])]),
    ("options beside subcommands", [_command(options=[_SUBCOMMAND, _option()])]),
    (
        "a subcommand in a subcommand",
        [_command(options=[{**_SUBCOMMAND, "options": [_SUBCOMMAND]}])],
    ),
    ("a context that is none", [_command(contexts=[3])]),
    (
        "over 8000 characters",
        [
            _command(
                options=[
                    _option(
                        name=f"o{n}",
                        choices=[{"name": f"{k}" + "x" * 90, "value": f"{k}"} for k in range(25)],
                    )
                    for n in range(4)
                ]
            )
        ],
    ),
]


@pytest.mark.parametrize("commands", [c for _, c in BAD_COMMANDS], ids=[n for n, _ in BAD_COMMANDS])
async def test_commands_that_discord_refuses_are_refused(
    caller: Caller, commands: list[Json]
) -> None:
    path = f"/applications/{caller.server.world.application_id}/commands"
    assert await caller.refused("PUT", path, commands) == (400, 50035)
    assert caller.server.commands == []
    assert caller.server.command_uploads == []


async def test_a_command_keeps_its_id_over_uploads(caller: Caller) -> None:
    path = f"/applications/{caller.server.world.application_id}/commands"
    await caller.call("PUT", path, [_command()])
    first = caller.server.commands[0]["id"]
    await caller.call("PUT", path, [_command(description="Changed"), _command(name="other")])
    assert caller.server.commands[0]["id"] == first
    assert caller.server.commands[1]["id"] != first
    assert len(caller.server.command_uploads) == 2
    too_many = [_command(name=f"n{number}") for number in range(101)]
    assert await caller.refused("PUT", path, too_many) == (400, 30032)


async def test_files_come_with_their_names_and_sizes(caller: Caller) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "here"}')
    form.add_field("files[0]", b"<opml/>", filename="feeds.opml")
    headers = {"Authorization": f"Bot {caller.server.token}"}
    url = f"{caller.server.api_base}/channels/{caller.channel.id}/messages"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, data=form) as response,
    ):
        assert response.status == 200
    attachment = caller.channel.messages[0].attachments[0]
    assert (attachment["filename"], attachment["size"]) == ("feeds.opml", 7)


def test_the_stand_in_knows_neither_the_bot_nor_discord_py() -> None:
    for path in Path(__file__).parent.glob("discord_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            roots = {name.partition(".")[0] for name in names}
            assert not roots & {"bot", "discord", "simcord"}, path.name


@pytest.mark.skipif(document_path() is None, reason="Discord's OpenAPI document is not here")
async def test_requests_that_the_openapi_document_does_not_describe_are_noted(
    caller: Caller,
) -> None:
    await caller.send({"content": "x", "tts": "yes"})
    assert [violation.reason for violation in caller.server.violations] == [
        "$.tts: 'yes' is not of type 'boolean', 'null'"
    ]


@pytest.mark.skipif(document_path() is None, reason="Discord's OpenAPI document is not here")
def test_the_openapi_document_takes_snowflakes_as_integers() -> None:
    document = open_api()
    assert document
    body = {"content": "x", "message_reference": {"message_id": 1}}
    assert document.check("POST", "/channels/1/messages", body) is None
    assert document.check("GET", "/nowhere", None) == "no such operation"
