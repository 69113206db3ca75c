"""What the log channel is told of channels that cannot be posted to, and what helps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.backend.serializers import member_payload

from bot.frontend.commands.health import health_command
from bot.news.models import ModelState
from tests.frontend.house import COURIER, House, message, text


@pytest.fixture
async def watched(house: House) -> House:
    """Open a server that follows the Courier and has a log channel."""
    house.publish(COURIER, "Ferry resumes", "Mill burns")
    await house.follow()
    await house.admin.slash(house.news, "settings log", channel=house.other)
    return house


async def news(house: House, *titles: str) -> None:
    """Publish, poll and try to post."""
    await house.env.advance_time(3600)
    house.publish(COURIER, *titles, "Ferry resumes", "Mill burns")
    await house.poller.poll_due()
    await house.deliver()


async def told(house: House) -> discord.Message:
    """Let the settling time pass, and return the one bulletin."""
    await house.env.advance_time(130)
    await house.teller.tell_due()
    (bulletin,) = house.posts(house.other)
    return bulletin


def titles(house: House) -> list[str | None]:
    return [post.embeds[0].title for post in house.posts()]


async def test_a_permission_that_is_missing_is_told_once_and_missed_no_longer_than_it_is(
    watched: House,
) -> None:
    watched.forbid(watched.news, embed_links=True)
    await news(watched, "Harbour opens")
    (embed,) = (await told(watched)).embeds
    assert embed.title == "1 channel waiting for permissions"
    assert embed.description is not None
    assert f"<#{watched.news.id}>" in embed.description
    assert "lacks Embed Links in #news" in embed.description
    await news(watched, "Harbour closes", "Harbour opens")
    assert titles(watched) == []
    assert len(watched.posts(watched.other)) == 1
    watched.forbid(watched.news)
    await watched.env.settle()  # Discord tells of it, and what is held falls due at once
    await watched.deliver()
    assert titles(watched) == ["Harbour opens", "Harbour closes"]


async def test_a_role_that_gives_the_permission_lets_the_channel_go_on(watched: House) -> None:
    watched.forbid(watched.news, send_messages=True)
    await news(watched, "Harbour opens")
    role = watched.guild.create_role("Writers", permissions=discord.Permissions(administrator=True))
    backend = watched.env.backend
    backend.add_member_role(watched.guild.id, backend.bot_user.id, role.id)
    # Of itself a bot is told without the intent for members; simcord sends it with that only.
    guild = backend.get_guild(watched.guild.id)
    told = member_payload(backend, guild, guild.members[backend.bot_user.id], with_user=True)
    state = watched.client._connection  # where the gateway's events go
    update: Any = {**told, "guild_id": str(guild.id)}
    state.parse_guild_member_update(update)
    await watched.env.settle()
    await watched.deliver()
    assert titles(watched) == ["Harbour opens"]


async def test_a_deleted_channel_is_told_and_moved_with_what_it_was_owed(watched: House) -> None:
    watched.forbid(watched.news, embed_links=True)
    await news(watched, "Harbour opens")
    watched.env.backend.delete_channel(watched.news.id)
    await watched.env.settle()
    bulletin = await told(watched)
    (embed,) = bulletin.embeds
    assert embed.title == "1 channel deleted"
    assert embed.description is not None
    assert "The Courier" in embed.description
    await watched.restart()  # the menu outlives the process
    new = watched.guild.create_text_channel("new")
    shown = await watched.admin.select(bulletin, [new])
    assert f"<#{new.id}> follows 1 feed now, and gets the 1 that waited" in text(shown)
    await watched.deliver()
    assert [post.embeds[0].title for post in watched.posts(new)] == ["Harbour opens"]
    again = await watched.admin.select(bulletin, [new])
    assert "was moved already" in text(again)
    listed = await watched.admin.slash(new, "feed list")
    assert f"<#{new.id}>" in text(listed)


async def test_only_managers_move_and_only_to_where_herald_may_post(watched: House) -> None:
    watched.env.backend.delete_channel(watched.news.id)
    await watched.env.settle()
    bulletin = await told(watched)
    new = watched.guild.create_text_channel("new")
    refused = await watched.member.select(bulletin, [new])
    assert "Manage Server" in message(refused).content
    watched.forbid(new, send_messages=True)
    refused = await watched.admin.select(bulletin, [new])
    assert "lacks Send Messages" in message(refused).content


async def test_a_server_that_puts_herald_out_is_left_alone(watched: House) -> None:
    await news(watched, "Harbour opens")
    watched.env.backend.remove_guild(watched.guild.id)
    await watched.env.settle()
    assert await watched.storage.next_due_at() is None


async def test_a_server_that_was_left_while_herald_was_away_is_noticed(watched: House) -> None:
    (feed,) = await watched.storage.feeds()
    assert feed.subscriptions == 1
    await watched.client.whereabouts.present([])
    assert await watched.storage.next_due_at() is None
    await watched.restart()
    assert await watched.storage.next_due_at() is not None


async def test_health_tells_what_became_of_posts_and_what_is_held(watched: House) -> None:
    await news(watched, "Harbour opens")
    shown = text(await watched.admin.slash(watched.news, "health"))
    assert "1 owed, 1 sent (0 of them found by looking back)" in shown
    assert "Feeds here**: 1 ok" in shown
    watched.forbid(watched.news, embed_links=True)
    await news(watched, "Harbour closes", "Harbour opens")
    shown = text(await watched.admin.slash(watched.other, "health"))
    assert "2 owed, 1 sent" in shown
    assert "Waiting**: 1 post, 1 held" in shown
    assert "lacks Embed Links in #news" in shown


async def test_health_tells_how_the_model_fares_where_one_is_set(watched: House) -> None:
    assert "Language model" not in text(await watched.admin.slash(watched.news, "health"))
    state = ModelState(
        name="small-*model*",
        asked=12,
        answered=10,
        dropped=1,
        requests_left=88,
        tokens_left=12_000,
        rests_until=watched.clock.now() + timedelta(hours=1),
    )
    command = watched.client.tree.get_command("health")
    assert command is not None
    watched.client.tree.remove_command("health")
    watched.client.tree.add_command(
        health_command(watched.follower, watched.storage, lambda: state)
    )
    shown = text(await watched.admin.slash(watched.news, "health"))
    assert "Language model: small-\\*model\\*: asked 12 times, 10 answered" in shown
    assert "1 sentence dropped" in shown
    assert "88 requests and 12,000 tokens left of its day" in shown
    assert "Resting until <t:" in shown
    state = replace(state, rests_until=watched.clock.now() - timedelta(hours=1))
    assert "Resting" not in text(await watched.admin.slash(watched.news, "health"))
