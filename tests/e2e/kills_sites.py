"""The channels of the kill test's town: of every kind, and how what stands in each is read."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.kills_lives import FORUM_POST, TEXT_POST, WEBHOOK, WEBHOOK_POST
from tests.servers.discord_messages import delete
from tests.servers.discord_objects import Message
from tests.servers.discord_state import Channel, Guild, OptionValue, Thread
from tests.servers.discord_wire import ChannelType, MessageFlag


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A kind of channel, and which papers it follows.

    ``is_by_source``: posts come through a webhook. ``is_published``: to followers, with a thread
    under each.
    """

    follows: tuple[str, ...]
    type: ChannelType = ChannelType.TEXT
    is_by_source: bool = False
    is_published: bool = False

    @property
    def posted_by(self) -> str:
        """Which of POSTS brings a story here."""
        if self.is_by_source:
            return WEBHOOK_POST
        return FORUM_POST if self.type is ChannelType.FORUM else TEXT_POST

    @property
    def options(self) -> dict[str, OptionValue]:
        """What `/settings channel` is given for it."""
        options: dict[str, OptionValue] = {}
        if self.is_by_source:
            options["identity"] = "source"
        if self.is_published:
            options |= {"publish": "on", "threads": "on"}
        return options

    def meets(self, kind: str) -> bool:
        """Whether a delivery to it can come to a place of that kind."""
        wanted = {
            WEBHOOK: self.is_by_source,
            "webhook edit": self.is_by_source,
            "publishing": self.is_published,
            "thread opened": self.is_published,
            "page": "pages" in self.follows,
        }
        return wanted.get(kind, kind == self.posted_by or kind not in _SPECIAL)


_SPECIAL = frozenset({FORUM_POST, WEBHOOK_POST})

# Two of the text channels have no paper in common, the others do.
SITES = {
    "one": Site(follows=("gazette", "wire")),
    "two": Site(follows=("gazette", "herring")),
    "three": Site(follows=("wire", "herring", "pages")),
    "four": Site(follows=("pages",)),
    "five": Site(follows=("gazette", "wire", "herring", "pages")),
    "forum": Site(follows=("gazette", "pages"), type=ChannelType.FORUM),
    "voices": Site(follows=("wire", "herring"), is_by_source=True),
    "stage": Site(follows=("herring",), type=ChannelType.FORUM, is_by_source=True),
    "bulletins": Site(follows=("wire", "pages"), type=ChannelType.ANNOUNCEMENT, is_published=True),
}


def messages_in(channel: Channel) -> list[Message]:
    """Return what stands in a channel, in a forum in its posts, in the order it came."""
    if channel.type is not ChannelType.FORUM:
        return channel.messages
    said = [message for thread in channel.threads for message in thread.messages]
    return sorted(said, key=lambda message: message.id)


def take_away(message: Message, *, with_thread: bool) -> None:
    """Delete a message as a moderator does: of a forum's post that begins with it, or all of it."""
    delete(message.channel.world, message)
    if with_thread and isinstance(message.channel, Thread):
        message.channel.delete()


def let_sleep(channel: Channel) -> None:
    """Archive the posts of a forum, as Discord does in time."""
    for thread in channel.threads:
        if not thread.is_archived:
            thread.put_away()


def can_be_edited(message: Message) -> bool:
    """Whether anybody can: what a webhook said, nobody can once that is deleted."""
    if message.webhook_id is None:
        return True
    place = message.channel
    home = place.parent if isinstance(place, Thread) else place
    return message.webhook_id in {webhook.id for webhook in home.webhooks}


def names_of_posts(guild: Guild) -> Iterator[tuple[Thread, Message | None]]:
    """Yield the bot's posts in forums, with the message that each begins with, if it is there."""
    for thread in guild.threads.values():
        if thread.is_post and thread.owner.is_bot:
            yield thread, next((m for m in thread.messages if m.id == thread.id), None)


def is_published(message: Message) -> bool:
    """Whether a message was published to followers."""
    return MessageFlag.CROSSPOSTED in message.flags


def has_thread(message: Message) -> bool:
    """Whether a thread was opened under a message."""
    return message.id in message.channel.guild.threads
