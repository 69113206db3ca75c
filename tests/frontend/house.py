"""A server on simcord with the real bot inside; only the web is made up."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
from discord import app_commands
from simcord.actors import MemberActor
from simcord.backend.models import Message, Overwrite
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import ChannelType, OverwriteType
from simcord.env import Env
from simcord.results import InteractionResult, ResponseMessage, to_discord_message

from bot.errors import FeedError, UserError
from bot.feeds.source import Web
from bot.frontend.bulletins import DiscordAnnouncer
from bot.frontend.client import HeraldClient
from bot.frontend.gate import Gate
from bot.frontend.limits import broken_in_components, broken_limits
from bot.frontend.publisher import DiscordPublisher
from bot.language import words
from bot.language.comparing import Comparer
from bot.language.extractive import Extractive
from bot.language.quoter import TextQuoter
from bot.news.cadence import Pace
from bot.news.models import ParsedEntry
from bot.news.ports import Clock
from bot.services.ask import Asker
from bot.services.calls import Calls
from bot.services.deliver import Deliverer
from bot.services.follow import Follower
from bot.services.heal import Healer
from bot.services.look import Looker
from bot.services.narrate import Narrator
from bot.services.poll import Poller
from bot.services.search import Searcher
from bot.services.tell import Teller
from bot.services.transfer import Transfer
from bot.storage import open_storage
from bot.storage.sqlite.storage import SqliteStorage
from tests.factories import parsed_entry, parsed_feed
from tests.fakes import FakeSource

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # when simcord's clock starts
COURIER = "https://courier.example.org/feed.xml"

ADMIN = discord.Permissions(manage_guild=True)


class SimcordClock:
    """The clock of the simulated Discord."""

    env: Env | None = None

    def now(self) -> datetime:
        """Return the present there."""
        return self.env.now() if self.env else EPOCH


@dataclass
class House:
    """A guild with two channels, an admin and a member, and everything behind the bot."""

    env: Env
    client: HeraldClient
    make_client: Callable[[], HeraldClient]
    guild: GuildHandle
    news: ChannelHandle
    other: ChannelHandle
    admin: MemberActor
    member: MemberActor
    storage: SqliteStorage
    source: FakeSource
    follower: Follower
    deliverer: Deliverer
    publisher: DiscordPublisher
    clock: SimcordClock
    poller: Poller
    teller: Teller
    expected: set[type[Exception]] = field(default_factory=set)  # errors that the test provokes

    def publish(self, url: str, *entries: ParsedEntry | str, title: str = "The Courier") -> str:
        """Serve a feed with *entries*, the newest first; a title stands for an entry."""
        made = [
            entry
            if isinstance(entry, ParsedEntry)
            else parsed_entry(
                entry,
                guid=f"{url}#{entry}",
                text=f"{entry}. The town council met in the old mill and spoke about it for long. "
                "Nobody left before midnight, said the clerk Ana Brook.",
                published_at=EPOCH - timedelta(hours=index + 1),
            )
            for index, entry in enumerate(entries)
        ]
        return self.source.publish(url, parsed_feed(*made, title=title))

    async def follow(
        self, url: str = COURIER, *, channel: ChannelHandle | None = None, **options: object
    ) -> InteractionResult:
        """Add a feed as the admin does, preview and click; without backfill unless it is given."""
        asked = {"backfill": 0, **options}
        shown = await self.admin.slash(channel or self.news, "feed add", url=url, **asked)
        await self.admin.click(message(shown), label="Add")
        return shown

    async def deliver(self) -> int:
        """Send what is due."""
        return await self.deliverer.deliver_due()

    def posts(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """Return what everybody sees in a channel."""
        return [m for m in (channel or self.news).history() if not m.flags.ephemeral]

    def thread(self, name: str, *, is_private: bool = False) -> ChannelHandle:
        """Open a thread in the news channel, with the admin and the bot in it."""
        kind = ChannelType.PRIVATE_THREAD if is_private else ChannelType.PUBLIC_THREAD
        made = self.env.backend.create_thread(self.news.id, name, self.admin.id, type=kind)
        self.env.backend.add_thread_member(made.id, self.env.backend.bot_user.id)
        return ChannelHandle(self.env, self.guild, made)

    def forbid(
        self, channel: ChannelHandle, whom: MemberActor | None = None, **permissions: bool
    ) -> None:
        """Take permissions in a channel from *whom*, by default from the bot."""
        target_id = whom.id if whom else self.env.backend.bot_user.id
        denied = Overwrite(
            target_id=target_id,
            type=OverwriteType.MEMBER,
            allow=0,
            deny=discord.Permissions(**permissions).value,
        )
        self.env.backend.set_overwrite(channel.id, denied)

    async def restart(self) -> None:
        """Start the bot anew, as after a crash: a fresh client on the same database."""
        self.client = self.make_client()
        await self.env.restart_bot(self.client)


def open_archive(path: Path) -> AbstractAsyncContextManager[SqliteStorage]:
    """Open a database in the directory *path*."""
    return open_storage(
        path / "herald.db", tokenise=words.tokenise, tokeniser_version=words.VERSION
    )


PACE = Pace(interval_s=900, is_fixed=False)


def make_poller(storage: SqliteStorage, source: FakeSource | Web, clock: Clock) -> Poller:
    """Join the service that polls to what it needs."""
    return Poller(storage, source, clock, pace=PACE, random=lambda: 0.5)


def make_follower(storage: SqliteStorage, source: FakeSource | Web, clock: Clock) -> Follower:
    """Join the service that commands call to what it needs."""
    looker = Looker(source, source, Extractive(), clock)
    poller = make_poller(storage, source, clock)
    return Follower(storage, looker, poller, clock, pace=PACE, random=lambda: 0.5)


def make_client(
    storage: SqliteStorage,
    source: FakeSource | Web,
    clock: Clock,
    on_ready: Callable[[], None] = lambda: None,
    gate: Gate | None = None,
) -> HeraldClient:
    """Make the bot with every service that its commands call."""
    follower = make_follower(storage, source, clock)
    return HeraldClient(
        follower=follower,
        healer=Healer(storage, source, follower, clock, pace=PACE, random=lambda: 0.5),
        transfer=Transfer(storage, source, follower),
        searcher=Searcher(storage, clock, words.tokenise),
        narrator=Narrator(storage, Comparer(), clock),
        asker=Asker(storage, TextQuoter(), clock),
        storage=storage,
        clock=clock,
        on_ready=on_ready,
        gate=gate,
    )


@asynccontextmanager
async def open_house(path: Path, web: Web | None = None) -> AsyncIterator[House]:
    """Open the house, and check on the way out that nothing broke unseen.

    With *web* the bot reads from there, and ``source`` is not asked.
    """
    clock, fake, summariser = SimcordClock(), FakeSource(), Extractive()
    source = web or fake
    async with open_archive(path) as storage:

        def make() -> HeraldClient:
            return make_client(storage, source, clock)

        client = make()
        async with _simcord(client) as env:
            clock.env = env
            guild = env.create_guild("Harbour")
            house = House(
                env=env,
                client=client,
                make_client=make,
                guild=guild,
                news=guild.create_text_channel("news"),
                other=guild.create_text_channel("other"),
                admin=guild.add_member(
                    env.create_user("ada"), roles=[guild.create_role("Admins", permissions=ADMIN)]
                ),
                member=guild.add_member(env.create_user("max")),
                storage=storage,
                source=fake,
                follower=client.follower,
                deliverer=Deliverer(
                    storage,
                    source,
                    summariser,
                    publisher := _publisher(lambda: house, storage),
                    clock,
                    calls=Calls(storage, clock, words.tokenise),
                ),
                publisher=publisher,
                clock=clock,
                poller=make_poller(storage, source, clock),
                teller=Teller(storage, DiscordAnnouncer(publisher), clock),
            )
            await env.settle()
            yield house
            expected = (UserError, FeedError, *house.expected)
            unexpected = [e for e in env.errors if not isinstance(_cause(e), expected)]
            assert not unexpected, unexpected
            for stored in _stored_messages(env):
                sent = to_discord_message(env, stored)
                assert broken_limits(sent.content, sent.embeds) == [], sent
                assert broken_in_components(stored.components) == []


@asynccontextmanager
async def _simcord(client: HeraldClient) -> AsyncIterator[Env]:
    """Run *client* as simcord.run does, but fit for a fixture.

    The two halves of a fixture run in different contexts, which simcord.run cannot stand.
    UserErrors reach the command tree's handler on purpose, so errors are not checked here.
    """
    env = Env(client, check_errors=False)
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()


def message(result: InteractionResult) -> ResponseMessage:
    """Return the reply, which must be for the caller only."""
    assert result.response is not None
    assert result.response.ephemeral
    return result.response


def text(result: InteractionResult) -> str:
    """Return all that a reply says."""
    reply = message(result)
    parts = [reply.content]
    for embed in reply.embeds:
        parts += [embed.author.name or "", embed.title or "", embed.description or ""]
        parts += [f"{field.name}: {field.value}" for field in embed.fields]
        parts += [embed.footer.text or ""]
    return "\n".join(part for part in parts if part)


def buttons(reply: ResponseMessage) -> dict[str, bool]:
    """Return the buttons of a message, by label, and whether each can be pressed."""
    return {
        item["label"]: not item.get("disabled", False)
        for row in reply.components
        for item in row["components"]
        if item["type"] == 2  # a button; Discord docs, "Component Reference"
    }


def _stored_messages(env: Env) -> list[Message]:
    return [stored for messages in env.backend.messages.values() for stored in messages.values()]


def _publisher(house: Callable[[], House], storage: SqliteStorage) -> DiscordPublisher:
    return DiscordPublisher(lambda: house().client, storage)


def _cause(error: BaseException) -> BaseException:
    match error:
        case app_commands.CommandInvokeError(original=original):
            return original
        case app_commands.CheckFailure(__cause__=cause) if cause is not None:
            return cause
        case _:
            return error
