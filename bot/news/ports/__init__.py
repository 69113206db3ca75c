"""What the use cases need from the world, as protocols.

Adapters never inherit from these; that they fit is proved by mypy in ``app.py`` and by
``tests/contracts/``.
"""

from bot.news.ports.discord import Announcer, Finisher, Publisher
from bot.news.ports.following import Subscriptions
from bot.news.ports.language import (
    Comparer,
    Model,
    Phraser,
    Quoter,
    Summariser,
    TellModel,
    Tokeniser,
)
from bot.news.ports.outbox import Digests, Outbox
from bot.news.ports.places import Bulletins, Channels, Guilds
from bot.news.ports.polling import Feeds, Mending
from bot.news.ports.reading import Archive, Members, Stories
from bot.news.ports.storage import Housekeeping, Storage
from bot.news.ports.world import Articles, Clock, Source

__all__ = [
    "Announcer",
    "Archive",
    "Articles",
    "Bulletins",
    "Channels",
    "Clock",
    "Comparer",
    "Digests",
    "Feeds",
    "Finisher",
    "Guilds",
    "Housekeeping",
    "Members",
    "Mending",
    "Model",
    "Outbox",
    "Phraser",
    "Publisher",
    "Quoter",
    "Source",
    "Storage",
    "Stories",
    "Subscriptions",
    "Summariser",
    "TellModel",
    "Tokeniser",
]
