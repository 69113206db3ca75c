"""Three newspapers on one event, one of them on another too."""

from datetime import timedelta

import discord
from simcord.actors import MemberActor
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle
from simcord.enums import OverwriteType
from simcord.results import InteractionResult

from bot.news.models import ParsedEntry
from tests.factories import parsed_entry
from tests.frontend.house import EPOCH, House

WIRE, POST, TIMES = (
    f"https://{name}.example.org/feed.xml" for name in ("wire", "ferrypost", "times")
)
NAMES = {WIRE: "Wire", POST: "Ferry Post", TIMES: "Harbour Times"}

FERRY_WIRE = parsed_entry(
    "Ferry runs aground off Lund island, 140 passengers rescued",
    url="https://wire.example.org/solveig",
    text="The ferry Solveig ran aground on a reef off Lund island on Friday night. Lifeboats took "
    "all 140 passengers to the harbour of Karsby, the coast guard said. Nobody was hurt when the "
    "ferry hit the reef, and the crew stayed on board.",
    published_at=EPOCH - timedelta(hours=3),
)
FERRY_POST = parsed_entry(
    "All 138 passengers rescued as ferry Solveig hits reef near Lund",
    url="https://ferrypost.example.org/reef",
    text="Lifeboats rescued 138 passengers from the ferry Solveig, which hit a reef off Lund "
    "island late on Friday, according to the coast guard in Karsby. Divers will look at the hull "
    "of the ferry on Sunday, said its owner Ole Brand.",
    published_at=EPOCH - timedelta(hours=2),
)
FERRY_TIMES = parsed_entry(
    "Solveig ferry aground: passengers taken off by lifeboats",
    url="https://times.example.org/aground",
    text="Passengers of the ferry Solveig spent the night in Karsby after lifeboats took them off "
    "the reef near Lund island on which it had run aground on Friday.",
    published_at=EPOCH - timedelta(hours=1),
)
BUDGET = parsed_entry(
    "Council of Tamsel passes its budget after a night of talks",
    url="https://times.example.org/budget",
    text="The council of Tamsel agreed on a budget of 40 million crowns early on Saturday. Schools "
    "get more, and the swimming bath stays shut for another year.",
    published_at=EPOCH - timedelta(hours=1),
)


async def follow(house: House, *urls: str, channel: ChannelHandle | None = None) -> None:
    """Follow feeds that have told nothing yet."""
    for url in urls:
        house.publish(url, title=NAMES[url])
        await house.follow(url, channel=channel)


async def tell(house: House, url: str, *entries: ParsedEntry) -> None:
    """Let a feed show entries, newest first, poll it and deliver."""
    house.publish(url, *entries, title=NAMES[url])
    feed = await house.storage.feed_by_url(url)
    assert feed is not None
    await house.env.advance_time(120)
    await house.poller.poll_feed(feed)
    await house.deliver()


async def tell_ferry(house: House) -> discord.Message:
    """Let two papers tell of the ferry in the news channel; return the one post."""
    await follow(house, WIRE, POST)
    await tell(house, WIRE, FERRY_WIRE)
    await tell(house, POST, FERRY_POST)
    [post] = house.posts()
    return post


def footers(house: House, channel: ChannelHandle | None = None) -> list[str | None]:
    return [post.embeds[0].footer.text for post in house.posts(channel)]


def close(house: House, channel: ChannelHandle) -> None:
    """Keep everybody without a role out of a channel."""
    denied = Overwrite(
        target_id=house.guild.id,
        type=OverwriteType.ROLE,
        allow=0,
        deny=discord.Permissions(view_channel=True).value,
    )
    house.env.backend.set_overwrite(channel.id, denied)


def show(house: House, channel: ChannelHandle, whom: MemberActor) -> None:
    """Let somebody into a closed channel."""
    allowed = Overwrite(
        target_id=whom.id,
        type=OverwriteType.MEMBER,
        allow=discord.Permissions(view_channel=True, read_message_history=True).value,
        deny=0,
    )
    house.env.backend.set_overwrite(channel.id, allowed)


def said(pressed: InteractionResult) -> str:
    """Return what was said to the one who pressed, beside the message of the button."""
    [told] = pressed.followups
    assert told.ephemeral
    return "\n".join([told.content, *(embed.description or "" for embed in told.embeds)])
