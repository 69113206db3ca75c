import re

import discord
import pytest
from discord import app_commands
from structlog.testing import capture_logs

from bot.errors import Busy, ParseFailed
from tests.frontend.house import COURIER, House, message, text


class Broken(Exception):
    """A bug of ours."""


async def test_a_bug_is_told_with_a_reference_that_the_log_has_too(house: House) -> None:
    house.source.errors["x"] = Broken("the secret detail")
    with capture_logs() as logs:
        shown = text(await house.admin.slash(house.news, "feed add", url="x"))
    found = re.search(r"ref (E-[0-9A-F]{4})", shown)
    assert found
    assert "secret" not in shown
    [line] = [each for each in logs if each["event"] == "command.broken"]
    assert line["ref"] == found[1]
    assert isinstance(line["exc_info"], Broken)
    house.expected.add(Broken)


async def test_a_bug_behind_a_button_is_told_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise Broken("the secret detail")

    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    monkeypatch.setattr(house.follower, "add", broken)
    clicked = await house.admin.click(message(shown), label="Add")
    assert "Something broke (ref E-" in clicked.followups[0].content
    house.expected.add(Broken)


async def test_what_a_page_says_is_quoted_not_rendered(house: House) -> None:
    house.source.errors["x"] = ParseFailed(
        "<#12> got no feed; it begins “[free](https://evil.example.org/) @everyone **now**”.",
        url="x",
    )
    shown = text(await house.admin.slash(house.news, "feed add", url="x"))
    assert shown.startswith("<#12> got no feed; it begins “\\[free\\](https://evil")
    assert shown.endswith(" \uff20everyone \\*\\*now\\*\\*”.")


async def test_a_command_that_this_version_no_longer_has_says_to_reload(house: House) -> None:
    house.client.tree.remove_command("news")
    shown = text(await house.member.slash(house.news, "news latest"))
    assert "Reload Discord" in shown
    house.expected.add(app_commands.CommandNotFound)


async def test_a_channel_that_herald_cannot_see_is_told(house: House) -> None:
    guild = house.client.get_guild(house.guild.id)
    assert guild is not None
    guild._channels.pop(house.other.id)
    shown = await house.admin.slash(house.news, "feed add", url="x", channel=house.other)
    assert text(shown).startswith("Herald cannot see ")
    house.expected.add(app_commands.TransformerError)


async def test_an_answered_command_is_one_line_in_the_log(house: House) -> None:
    with capture_logs() as logs:
        await house.admin.slash(house.news, "feed list")
    [line] = [each for each in logs if each["event"] == "command.answered"]
    assert line["name"] == "feed list"
    assert line["guild"] == house.guild.id
    assert line["took_ms"] >= 0


@pytest.mark.parametrize(
    ("status", "code", "event"),
    [
        (404, 10062, "command.expired"),
        (404, 10015, "command.expired"),
        (400, 40060, "command.expired"),
        (503, 0, "command.unanswered"),
    ],
)
async def test_an_answer_that_discord_does_not_take_is_only_logged(
    house: House, status: int, code: int, event: str
) -> None:
    house.env.inject_error("POST", "/interactions/*/*/callback", status=status, code=code, times=2)
    with capture_logs() as logs:
        shown = await house.admin.slash(house.news, "feed list")
    assert shown.response is None
    assert {line["event"] for line in logs if line["log_level"] == "warning"} == {event}
    assert not [line for line in logs if line["log_level"] == "error"]
    house.expected.add(discord.HTTPException)


async def test_a_locked_database_is_told_without_its_path(house: House) -> None:
    house.source.errors["x"] = Busy("/home/ada/herald.db is locked", path="/home/ada/herald.db")
    shown = text(await house.admin.slash(house.news, "feed add", url="x"))
    assert shown == "Herald cannot use its database right now. Try again soon."
    house.expected.add(Busy)
