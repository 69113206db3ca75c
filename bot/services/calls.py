"""Whom posts call: decided once for each, before it is first sent."""

from bot.errors import BadQuery
from bot.news.matching import Told, matches
from bot.news.models import Claim, Entry, Ping, RoleId
from bot.news.ports import Clock, Outbox, Tokeniser
from bot.news.query import parse_query


class Calls:
    """Decides whom a post calls: a role that its subscription names, or nobody."""

    def __init__(self, storage: Outbox, clock: Clock, tokenise: Tokeniser) -> None:
        self._storage = storage
        self._clock = clock
        self._tokenise = tokenise

    async def decide(self, claim: Claim, entry: Entry) -> RoleId | None:
        """Return whom the post of *claim* calls. *entry*: the claim's, with its article's text.

        What was decided at an earlier attempt stands: its message may be in the channel.
        """
        if claim.ping is None:
            return claim.manner.ping
        ping = claim.ping if self._is_wanted(claim.ping, entry, claim) else None
        return await self._storage.decide_ping(claim.delivery.id, ping, self._clock.now())

    def _is_wanted(self, ping: Ping, entry: Entry, claim: Claim) -> bool:
        if not ping.query:
            return True
        try:
            query = parse_query(ping.query)
        except BadQuery:  # what another version of Herald understood
            return False
        told = Told(
            title=entry.title,
            text=f"{entry.teaser}\n\n{entry.text}",
            at=entry.dated_at,
            tags=entry.tags,
            sources=(claim.source_name, claim.feed.title),
            language=claim.feed.language,
        )
        return matches(query, told, self._tokenise, self._clock.now())
