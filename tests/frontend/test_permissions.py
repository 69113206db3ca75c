"""Corners of who may do what where, beside those in the tests of commands."""

import discord
import pytest
from simcord.backend.errors import SetupError

from tests.frontend.house import COURIER, House, message, text


async def test_news_cannot_go_to_a_voice_channel_that_a_command_was_typed_in(
    house: House,
) -> None:
    talk = house.guild.create_voice_channel("talk")
    shown = await house.admin.slash(talk, "feed add", url=COURIER)
    assert "text channels, announcement channels, threads and forums" in text(shown)


async def test_a_thread_can_follow_a_feed_where_both_may_write_in_threads(house: House) -> None:
    thread = house.thread("harbour")
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=thread, backfill=1)
    assert await house.deliver() == 1
    assert house.posts(thread)[-1].embeds[0].title == "Ferry resumes"

    house.forbid(house.news, send_messages_in_threads=True)
    refused = await house.admin.slash(thread, "feed add", url=COURIER)
    assert "it lacks Send Messages in Threads" in text(refused)


async def test_those_who_manage_threads_read_private_ones(house: House) -> None:
    thread = house.thread("harbour", is_private=True)
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=thread, backfill=1)
    await house.deliver()
    moderator = house.guild.add_member(
        house.env.create_user("mo"),
        roles=[
            house.guild.create_role(
                "Moderators", permissions=discord.Permissions(manage_threads=True)
            )
        ],
    )
    shown = text(await moderator.slash(house.news, "news search", query="ferry"))
    assert "**Ferry** resumes" in shown


async def test_a_thread_of_a_hidden_channel_is_hidden(house: House) -> None:
    thread = house.thread("harbour")
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=thread, backfill=1)
    await house.deliver()
    house.forbid(house.news, house.member, view_channel=True)
    shown = text(await house.member.slash(house.other, "news search", query="ferry"))
    assert "nothing to search yet" in shown


async def test_membership_that_discord_will_not_tell_counts_as_none(house: House) -> None:
    thread = house.thread("harbour", is_private=True)
    house.env.backend.add_thread_member(thread.id, house.member.id)
    house.publish(COURIER, "Ferry resumes")
    await house.follow(channel=thread, backfill=1)
    await house.deliver()
    house.env.inject_error("GET", "/channels/*/thread-members/*", status=503, times=None)
    shown = text(await house.member.slash(house.news, "news search", query="ferry"))
    assert "nothing to search yet" in shown


async def test_nobody_else_can_press_an_ephemeral_panel(house: House) -> None:
    house.publish(COURIER, "Ferry resumes")
    shown = await house.admin.slash(house.news, "feed add", url=COURIER)
    with pytest.raises(SetupError, match="not visible"):
        await house.member.click(message(shown), label="Add")
