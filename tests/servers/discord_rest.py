"""The REST side: what each route does, apart from how it travels."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.servers import discord_messages as messages
from tests.servers import discord_places as places
from tests.servers.discord_commands import check_commands
from tests.servers.discord_interactions import Callback, Interactions
from tests.servers.discord_state import Channel, Webhook, World
from tests.servers.discord_wire import (
    UNKNOWN_COMMAND,
    UNKNOWN_MEMBER,
    UNKNOWN_USER,
    ApiError,
    Form,
    Json,
    Permission,
)

HISTORY_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, taken apart. ``ids`` holds the parts of the path that its template names."""

    method: str
    path: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: object
    files: tuple[tuple[str, int], ...] = ()

    def id(self, name: str) -> int:
        """Return an id out of the path. Raises ApiError 50035 where it is no number."""
        return _snowflake(self.ids[name], name)

    @property
    def fields(self) -> Json:
        """The body, which has to be an object. Raises ApiError 50109."""
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        attachments = [
            {
                "id": str(index),
                "filename": name,
                "size": size,
                "url": f"https://cdn.invalid/{name}",
                "proxy_url": f"https://cdn.invalid/{name}",
            }
            for index, (name, size) in enumerate(self.files)
        ]
        return {**self.body, "attachments": attachments} if attachments else dict(self.body)


Answer = Json | list[Json] | None
"""A body for 200, or None for 204."""

Handler = Callable[[Call], Answer]


def _snowflake(text: str, name: str) -> int:
    if not text.isdigit():
        form = Form()
        form.wrong((name,), "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
        form.finish()
    return int(text)


class Rest:
    """The routes, over a world and its interactions."""

    def __init__(self, world: World, interactions: Interactions, gateway_url: str) -> None:
        self._world = world
        self._interactions = interactions
        self._gateway_url = gateway_url
        self.command_uploads: list[Json] = []
        application = "/applications/{application_id}"
        channel = "/channels/{channel_id}"
        message = channel + "/messages/{message_id}"
        webhook = "/webhooks/{application_id}/{token}"
        table: dict[str, Handler] = {
            "GET /users/@me": lambda _: self._me(),
            "GET /users/{user_id}": self._user,
            "GET /oauth2/applications/@me": lambda _: self._application(),
            "GET /applications/@me": lambda _: self._application(),
            "GET /gateway": lambda _: {"url": gateway_url},
            "GET /gateway/bot": lambda _: self._gateway_bot(),
            f"GET {application}/commands": self._commands,
            f"PUT {application}/commands": self._put_commands,
            f"POST {application}/commands": self._post_command,
            f"DELETE {application}/commands/{{command_id}}": self._delete_command,
            f"GET {application}/guilds/{{guild_id}}/commands": self._commands,
            f"PUT {application}/guilds/{{guild_id}}/commands": self._put_commands,
            "GET /guilds/{guild_id}": lambda c: self._world.guild(c.id("guild_id")).to_json(),
            "GET /guilds/{guild_id}/channels": self._channels,
            "GET /guilds/{guild_id}/roles": self._roles,
            "GET /guilds/{guild_id}/members/{user_id}": self._member,
            f"GET {channel}": lambda c: self._visible(c).to_json(),
            f"POST {channel}/typing": self._typing,
            f"GET {channel}/messages": self._history,
            f"POST {channel}/messages": self._create_message,
            f"GET {message}": self._message,
            f"PATCH {message}": self._edit_message,
            f"DELETE {message}": self._delete_message,
            f"POST {message}/crosspost": self._crosspost,
            f"PATCH {channel}": lambda c: places.change_thread(self._visible(c), c.fields),
            f"POST {channel}/threads": self._open_post,
            f"POST {message}/threads": self._open_thread,
            f"GET {channel}/threads/archived/public": self._archived_threads,
            "GET /guilds/{guild_id}/threads/active": self._active_threads,
            f"GET {channel}/webhooks": self._webhooks,
            f"POST {channel}/webhooks": self._make_webhook,
            "POST /interactions/{interaction_id}/{token}/callback": self._callback,
            f"POST {webhook}": self._follow_up,
            f"GET {webhook}/messages/{{message_id}}": self._webhook_message,
            f"PATCH {webhook}/messages/{{message_id}}": self._edit_webhook_message,
            f"DELETE {webhook}/messages/{{message_id}}": self._delete_webhook_message,
        }
        self._table = [(*_compiled(route), handler) for route, handler in table.items()]

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        """Return what serves a request and the ids in its path, or None."""
        for wanted, pattern, handler in self._table:
            if wanted == method and (match := pattern.fullmatch(path)):
                return handler, match.groupdict()
        return None

    # Who we are

    def _me(self) -> Json:
        return {**self._world.bot.to_json(), "mfa_enabled": False, "verified": True, "email": None}

    def _application(self) -> Json:
        return {
            "id": str(self._world.application_id),
            "name": "Herald",
            "description": "",
            "icon": None,
            "bot": self._world.bot.to_json(),
            "bot_public": False,
            "bot_require_code_grant": False,
            "owner": {
                "id": "1",
                "username": "owner",
                "discriminator": "0",
                "avatar": None,
                "global_name": None,
                "public_flags": 0,
                "flags": 0,
            },
            "team": None,
            "summary": "",
            "verify_key": "0" * 64,
            "flags": 0,
            "hook": True,
            "rpc_origins": [],
            "integration_types_config": {"0": {}},
            "interactions_endpoint_url": None,
        }

    def _gateway_bot(self) -> Json:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self._gateway_url, "shards": 1, "session_start_limit": limit}

    def _user(self, call: Call) -> Json:
        user_id = call.id("user_id")
        for guild in self._world.guilds.values():
            if user_id in guild.members:
                return guild.members[user_id].user.to_json()
        raise ApiError(*UNKNOWN_USER)

    # Guilds

    def _channels(self, call: Call) -> list[Json]:
        guild = self._world.guild(call.id("guild_id"))
        return [channel.to_json() for channel in guild.channels.values()]

    def _roles(self, call: Call) -> list[Json]:
        return [role.to_json() for role in self._world.guild(call.id("guild_id")).roles.values()]

    def _member(self, call: Call) -> Json:
        member = self._world.guild(call.id("guild_id")).members.get(call.id("user_id"))
        if member is None:
            raise ApiError(*UNKNOWN_MEMBER)
        return member.to_json()

    # Commands

    def _scope(self, call: Call) -> int | None:
        if call.id("application_id") != self._world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action.")
        return call.id("guild_id") if "guild_id" in call.ids else None

    def _commands(self, call: Call) -> list[Json]:
        return self._world.commands.get(self._scope(call), [])

    def _put_commands(self, call: Call) -> list[Json]:
        scope = self._scope(call)
        if not isinstance(call.body, list):
            raise ApiError(
                400,
                50035,
                "Invalid Form Body",
                {
                    "_errors": [
                        {"code": "LIST_TYPE_CONVERT", "message": "Only iterables may be used."}
                    ]
                },
            )
        check_commands(call.body)
        before = {(c["type"], c["name"]): c for c in self._world.commands.get(scope, [])}
        stored = [self._stored(command, scope, before) for command in call.body]
        self._world.commands[scope] = stored
        self.command_uploads.append({"guild_id": scope, "commands": call.body})
        self._world.pulse.beat()
        return stored

    def _post_command(self, call: Call) -> Json:
        scope = self._scope(call)
        key = (call.fields.get("type", 1), call.fields.get("name"))
        rest = [c for c in self._world.commands.get(scope, []) if (c["type"], c["name"]) != key]
        before = {(c["type"], c["name"]): c for c in self._world.commands.get(scope, [])}
        check_commands([*rest, call.fields])
        stored = self._stored(call.fields, scope, before)
        self._world.commands[scope] = [*rest, stored]
        self.command_uploads.append({"guild_id": scope, "commands": [call.fields]})
        self._world.pulse.beat()
        return stored

    def _delete_command(self, call: Call) -> None:
        scope = self._scope(call)
        rest = [c for c in self._world.commands[scope] if c["id"] != call.ids["command_id"]]
        if len(rest) == len(self._world.commands[scope]):
            raise ApiError(*UNKNOWN_COMMAND)
        self._world.commands[scope] = rest

    def _stored(
        self, command: Json, scope: int | None, before: Mapping[tuple[int, str], Json]
    ) -> Json:
        kind = command.get("type", 1)
        earlier = before.get((kind, command["name"]))
        stored: Json = {
            "description": "",
            "nsfw": False,
            "default_member_permissions": None,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            "options": [],
            **command,
            "type": kind,
            "id": earlier["id"] if earlier else str(self._world.ids.next()),
            "application_id": str(self._world.application_id),
            "version": str(self._world.ids.next()),
        }
        if scope is not None:
            stored["guild_id"] = str(scope)
        return stored

    # Messages

    def _visible(self, call: Call, permission: Permission = Permission.NONE) -> Channel:
        channel = self._world.channel(call.id("channel_id"))
        messages.require(channel.guild.me, channel, permission)
        return channel

    def _typing(self, call: Call) -> None:
        self._visible(call, Permission.SEND_MESSAGES)

    def _history(self, call: Call) -> list[Json]:
        channel = self._visible(call)
        limit = int(call.query.get("limit", "50"))
        if not 1 <= limit <= HISTORY_MAX:
            form = Form()
            form.wrong(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
            form.finish()
        if Permission.READ_MESSAGE_HISTORY not in channel.guild.me.permissions_in(channel):
            return []
        found = channel.messages
        if "after" in call.query:
            after = _snowflake(call.query["after"], "after")
            found = [message for message in found if message.id > after][:limit]
        elif "around" in call.query:
            around = _snowflake(call.query["around"], "around")
            older = [message for message in found if message.id < around]
            newer = [message for message in found if message.id >= around]
            half = limit // 2
            found = older[-half:] * bool(half) + newer[: limit - half]
        elif "before" in call.query:
            before = _snowflake(call.query["before"], "before")
            found = [message for message in found if message.id < before]
        return [message.to_json() for message in reversed(found[-limit:])]

    def _create_message(self, call: Call) -> Json:
        channel = self._world.channel(call.id("channel_id"))
        return messages.create(self._world, channel, call.fields).to_json()

    def _message(self, call: Call) -> Json:
        channel = self._visible(call, Permission.READ_MESSAGE_HISTORY)
        return channel.message(call.id("message_id")).to_json()

    def _edit_message(self, call: Call) -> Json:
        message = self._visible(call).message(call.id("message_id"))
        messages.edit(self._world, message, call.fields)
        return message.to_json()

    def _delete_message(self, call: Call) -> None:
        channel = self._visible(call)
        message = channel.message(call.id("message_id"))
        if message.author is not self._world.bot:
            messages.require(channel.guild.me, channel, Permission.MANAGE_MESSAGES)
        messages.delete(self._world, message)

    def _crosspost(self, call: Call) -> Json:
        channel = self._visible(call)
        return places.crosspost(self._world, channel, channel.message(call.id("message_id")))

    # Threads and webhooks

    def _open_post(self, call: Call) -> Json:
        return places.open_post(self._world, self._visible(call), call.fields)

    def _open_thread(self, call: Call) -> Json:
        channel = self._visible(call)
        return places.open_thread(channel, channel.message(call.id("message_id")), call.fields)

    def _archived_threads(self, call: Call) -> Json:
        channel = self._visible(call, Permission.READ_MESSAGE_HISTORY)
        asleep = [thread for thread in channel.threads if thread.is_archived]
        return places.threads_of(asleep[::-1])

    def _active_threads(self, call: Call) -> Json:
        threads = self._world.guild(call.id("guild_id")).threads.values()
        return places.threads_of([thread for thread in threads if not thread.is_archived])

    def _webhooks(self, call: Call) -> list[Json]:
        channel = self._visible(call, Permission.MANAGE_WEBHOOKS)
        return [webhook.to_json() for webhook in channel.webhooks]

    def _make_webhook(self, call: Call) -> Json:
        return places.make_webhook(self._world, self._visible(call), call.fields)

    def _webhook(self, call: Call) -> Webhook | None:
        """Return the channel's webhook that a request speaks for; None: an interaction's."""
        webhook_id = call.id("application_id")
        if webhook_id == self._world.application_id:
            return None
        return places.webhook(self._world, webhook_id, call.ids["token"])

    # Interactions

    def _callback(self, call: Call) -> Answer:
        body = call.fields
        interaction = self._interactions.answer(call.id("interaction_id"), call.ids["token"], body)
        if call.query.get("with_response", "").lower() not in ("1", "true"):
            return None
        answer: Json = {"interaction": {"id": str(interaction.id), "type": int(interaction.kind)}}
        if interaction.callback in (Callback.CHOICES, Callback.MODAL):
            return answer
        resource: Json = {"type": body["type"]}
        if original := interaction.original:
            answer["interaction"] |= {
                "response_message_id": str(original.id),
                "response_message_loading": original.is_loading,
                "response_message_ephemeral": original.is_ephemeral,
            }
            resource["message"] = original.to_json()
        return {**answer, "resource": resource}

    def _follow_up(self, call: Call) -> Json:
        if webhook := self._webhook(call):
            thread_id = _thread_id(call)
            return places.execute(self._world, webhook, call.fields, thread_id).to_json()
        message = self._interactions.follow_up(
            call.id("application_id"), call.ids["token"], call.fields
        )
        return message.to_json()

    def _webhook_message(self, call: Call) -> Json:
        if webhook := self._webhook(call):
            message_id = call.id("message_id")
            return places.webhook_message(
                self._world, webhook, message_id, _thread_id(call)
            ).to_json()
        return self._interactions.message(
            call.id("application_id"), call.ids["token"], call.ids["message_id"]
        ).to_json()

    def _edit_webhook_message(self, call: Call) -> Json:
        if webhook := self._webhook(call):
            said = places.webhook_message(
                self._world, webhook, call.id("message_id"), _thread_id(call)
            )
            messages.edit(self._world, said, call.fields, is_webhook=True)
            return said.to_json()
        message = self._interactions.message(
            call.id("application_id"), call.ids["token"], call.ids["message_id"]
        )
        messages.edit(self._world, message, call.fields)
        return message.to_json()

    def _delete_webhook_message(self, call: Call) -> None:
        message = self._interactions.message(
            call.id("application_id"), call.ids["token"], call.ids["message_id"]
        )
        messages.delete(self._world, message)


def _thread_id(call: Call) -> int | None:
    return _snowflake(call.query["thread_id"], "thread_id") if "thread_id" in call.query else None


def _compiled(route: str) -> tuple[str, re.Pattern[str]]:
    method, template = route.split(" ", 1)
    return method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def parse_json(text: str) -> object:
    """Return what *text* says. Raises ApiError 50109."""
    try:
        parsed: object = json.loads(text)
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None
    return parsed
