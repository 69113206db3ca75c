"""A guild, an admin and a newspaper for the end-to-end tests."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.servers.discord_objects import Message
from tests.servers.discord_reply import Reply
from tests.servers.discord_server import DiscordServer
from tests.servers.discord_state import Channel
from tests.servers.discord_wire import PATIENCE_S, Permission
from tests.servers.feed_server import FeedItem, FeedServer

_BODY = (
    "<p>The council of Saltmarsh voted on Tuesday evening, after two hours of debate in a full "
    "hall. Supporters had collected four thousand signatures over the winter. The harbour master "
    "said that work could begin before the summer if the tender went well. Opponents asked for "
    "the cost to be published first. A second reading is planned for next month.</p>"
)


class Newsroom:
    """One newspaper, one channel that follows it, and somebody who may manage the server."""

    def __init__(self, server: DiscordServer, feeds: FeedServer) -> None:
        self._server = server
        self._feeds = feeds
        self._items: list[FeedItem] = []
        self._first_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        # The bot may ping everyone here, so that only its own care keeps it from doing so.
        self.guild = server.add_guild("Saltmarsh", bot=Permission.MENTION_EVERYONE)
        self.channel = self.guild.add_channel("news")
        self.admin = self.guild.add_member("ada", Permission.MANAGE_GUILD)
        self.url = feeds.url("/gazette.xml")

    def publish(self, *titles: str, body: str = _BODY) -> None:
        """Put articles into the newspaper's feed, newest on top; each is an hour younger."""
        for title in titles:
            number = len(self._items)
            item = FeedItem(
                title=title,
                link=f"https://gazette.example.org/{number}",
                description=body,
                content=body,
                published_at=self._first_at + timedelta(minutes=number),
                image_url=f"https://gazette.example.org/{number}.jpg",
            )
            self._items.insert(0, item)
        self._feeds.feed("/gazette.xml", *self._items, title="Saltmarsh Gazette")

    async def follow(self, *, channel: Channel | None = None, backfill: int = 0) -> Reply:
        """Follow the newspaper by slash command; return the answer to Add."""
        await self._server.wait_until_ready()
        target = channel or self.channel
        reply = await self.admin.slash(
            target, "feed add", url=self.url, channel=target, backfill=backfill
        )
        return await reply.click("Add")

    async def wait_until_polled(self) -> None:
        """Wait until the newspaper's feed is asked for once more."""
        before = self._feeds.hits("/gazette.xml")
        async with asyncio.timeout(PATIENCE_S):
            while self._feeds.hits("/gazette.xml") == before:  # noqa: ASYNC110  # it has no event
                await asyncio.sleep(0.02)

    async def post_of(self, title: str) -> Message:
        """Wait for the post of an article in the newspaper's channel and return it."""
        return await post_in(self.channel, title)

    @property
    def posted(self) -> list[str]:
        """The titles in the newspaper's channel, oldest first."""
        return posted_in(self.channel)


async def post_in(channel: Channel, title: str) -> Message:
    """Wait for the post of an article and return it."""
    return await channel.wait_for_message(lambda message: title in titles_of(message))


def posted_in(channel: Channel) -> list[str]:
    """Return the titles in a channel, oldest first."""
    return [title for message in channel.messages for title in titles_of(message)]


def titles_of(message: Message) -> list[str]:
    """Return the titles of a post's embeds."""
    return [embed.get("title", "") for embed in message.embeds]


def plain(reply: Reply) -> str:
    """Return what a reply says, without the marks that highlight what was searched for."""
    return reply.text.replace("**", "")
