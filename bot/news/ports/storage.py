"""All of the storage. Each method is one transaction; raises StorageError."""

from datetime import datetime
from typing import Protocol

from bot.news.models import StorageHealth
from bot.news.ports.following import Subscriptions
from bot.news.ports.outbox import Digests, Outbox
from bot.news.ports.places import Bulletins, Channels, Guilds
from bot.news.ports.polling import Feeds, Mending
from bot.news.ports.reading import Archive, Members, Stories


class Housekeeping(Protocol):
    """What the database needs and tells."""

    async def recall(self, key: str) -> str | None:
        """Return a remembered fact."""
        ...

    async def remember(self, key: str, value: str) -> None:
        """Remember a fact, such as the digest of the uploaded slash commands."""
        ...

    async def tidy(self, now: datetime) -> None:
        """Forget what is of no more use.

        Checks over 30 days old, subscriptions removed longer than UNDO_WINDOW ago, and aliases not
        seen in the 180 days before the last document of their feed was read.
        """
        ...

    async def health(self) -> StorageHealth:
        """Return facts about the database."""
        ...


class Storage(
    Feeds,
    Subscriptions,
    Outbox,
    Digests,
    Channels,
    Guilds,
    Bulletins,
    Mending,
    Archive,
    Stories,
    Members,
    Housekeeping,
    Protocol,
):
    """The archive and the outbox: all of the above, in one database."""
