"""Time and the web."""

from datetime import datetime
from typing import Protocol

from bot.news.models import Article, Discovery, Entry, Outcome, Validators


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        ...


class Source(Protocol):
    """The web, as far as feeds go."""

    def group_of(self, url: str) -> str | None:
        """Return the host group of *url*, which shares a 429; None where the host stands alone.

        Private hosts and addresses in numbers stand alone.
        """
        ...

    async def fetch(self, url: str, validators: Validators, body_hash: str | None) -> Outcome:
        """Fetch and read the feed at *url*, conditionally.

        Never raises FeedError: failures are values.
        """
        ...

    async def discover(self, url: str) -> Discovery:
        """Find the feeds that *url* (a feed or a site) offers.

        Raises InvalidUrl, NotAFeed, or the FeedError that kept the page itself from being read.
        """
        ...


class Articles(Protocol):
    """The readable text behind an entry."""

    async def article(self, entry: Entry) -> Article:
        """Return the article of *entry*, from the feed where it is whole, else from its page.

        Never raises FeedError: a page that cannot be had gives the teaser, with a note that says
        why.
        """
        ...
