"""Places where Discord takes no nonce: what landed unseen is found, and nothing is doubled.

The deliverer and the publisher, on a database, over real sockets against the stand-in.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.frontend.publisher import DiscordPublisher
from bot.language.extractive import Extractive
from bot.news.channels import ChannelOptions
from bot.news.models import ChannelId, GuildId, NewSubscription
from bot.services.deliver import BACKOFF_MAX, NONCE_TRUSTED_FOR, Deliverer
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import FEED_URL, new_entry, parsed_entry, parsed_feed, refresh
from tests.fakes import FakeClock, FakeSource
from tests.frontend.house import open_archive
from tests.frontend.wire import Bot
from tests.servers.discord_faults import Drop, Effect, Fault, Status
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel, Guild
from tests.servers.discord_wire import ChannelType, Permission

LOST = [Drop(effect=Effect.TAKEN), Status(status=502, effect=Effect.TAKEN)]
NOT_TAKEN = [Drop(), Status(status=503)]


@dataclass(kw_only=True)
class Desk:
    """A channel that is owed stories, and who brings them."""

    server: DiscordServer
    bot: Bot
    guild: Guild
    channel: Channel
    storage: SqliteStorage
    clock: FakeClock

    async def owe(self, *titles: str, is_by_source: bool) -> None:
        place, at = ChannelId(self.channel.id), self.clock.now()
        guild = GuildId(self.guild.id)
        chosen = ChannelOptions(is_by_source=is_by_source, is_bundled=False)
        await self.storage.choose_for_channel(guild, place, chosen, at)
        feed = await self.storage.ensure_feed(FEED_URL, parsed_feed(), at)
        wish = NewSubscription(guild_id=guild, channel_id=place, name="Courier", added_by=None)
        await self.storage.follow(refresh(feed.id), wish, at)
        owed = [
            replace(
                new_entry(parsed_entry(title, url=f"https://courier.example.org/{title}")),
                deliver_to=((guild, place),),
            )
            for title in titles
        ]
        await self.storage.record(refresh(feed.id, *owed, at=at))
        await self.storage.group_entries(at)

    async def deliver(self) -> int:
        """Deliver what is due, as after a start: nothing is remembered but what is stored."""
        await self.storage.release_leases()
        publisher = DiscordPublisher(self.bot.current, self.storage, self.bot.gate)
        deliverer = Deliverer(self.storage, FakeSource(), Extractive(), publisher, self.clock)
        return await deliverer.deliver_due()

    def titles(self) -> list[str]:
        """Return what was posted, oldest first."""
        places = [self.channel, *self.channel.threads]
        messages = sorted((m for place in places for m in place.messages), key=lambda m: m.id)
        return [message.embeds[0]["title"] for message in messages]


@pytest.fixture
async def desk(server: DiscordServer, bot: Bot, tmp_path: Path) -> AsyncIterator[Desk]:
    bot.ready_after_s = 0.0
    async with bot.connected(), open_archive(tmp_path / "desk") as storage:
        guild = server.add_guild("Harbour", bot=Permission.MANAGE_WEBHOOKS)
        channel = guild.add_channel("news")
        await server.world.catch_up()
        yield Desk(
            server=server,
            bot=bot,
            guild=guild,
            channel=channel,
            storage=storage,
            clock=FakeClock(),
        )


PLACES = [
    pytest.param(ChannelType.FORUM, False, "/channels/*/threads", id="forum"),
    pytest.param(ChannelType.MEDIA, False, "/channels/*/threads", id="media"),
    pytest.param(ChannelType.TEXT, True, "/webhooks/*/*", id="webhook"),
    pytest.param(ChannelType.FORUM, True, "/webhooks/*/*", id="webhook in a forum"),
]


@pytest.mark.parametrize("wait", [BACKOFF_MAX, NONCE_TRUSTED_FOR], ids=["soon", "later"])
@pytest.mark.parametrize(("kind", "is_by_source", "path"), PLACES)
@pytest.mark.parametrize(
    "fault", [*LOST, *NOT_TAKEN], ids=["drop after", "502 after", "drop", "503"]
)
async def test_each_story_is_there_once_whatever_became_of_the_answer(
    desk: Desk, kind: ChannelType, fault: Fault, wait: timedelta, path: str, *, is_by_source: bool
) -> None:
    desk.channel = desk.guild.add_channel("place", type=kind)
    await desk.server.world.catch_up()
    await desk.owe("Ferry", "Mill", "Bridge", is_by_source=is_by_source)
    desk.server.faults.order("POST", path, fault)
    assert await desk.deliver() == 0
    desk.clock.advance(wait)
    assert await desk.deliver() == 3
    assert desk.titles() == ["Ferry", "Mill", "Bridge"]


async def test_a_webhook_that_is_not_wanted_any_more_leaves_no_second_post_behind(
    desk: Desk,
) -> None:
    await desk.owe("Ferry", is_by_source=True)
    desk.server.faults.order("POST", "/webhooks/*/*", Drop(effect=Effect.TAKEN))
    assert await desk.deliver() == 0
    await desk.storage.choose_for_channel(
        GuildId(desk.guild.id), ChannelId(desk.channel.id), ChannelOptions(), desk.clock.now()
    )
    desk.clock.advance(BACKOFF_MAX)
    assert await desk.deliver() == 1
    assert desk.titles() == ["Ferry"]
