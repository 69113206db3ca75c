"""Whom posts call: decided once for each, before it is first sent."""

from bot.errors import BadQuery
from bot.news.matching import Told, matches
from bot.news.models import Claim, Entry, RoleId
from bot.news.ports import Clock, Storage, Tokeniser
from bot.news.query import parse_query


class Calls:
    """Decides whom a post calls: a role that its subscription names, or nobody."""

    def __init__(self, storage: Storage, clock: Clock, tokenise: Tokeniser) -> None:
        self._storage = storage
        self._clock = clock
        self._tokenise = tokenise

    async def decide(self, claim: Claim, entry: Entry) -> RoleId | None:
        """Return whom the post of *claim* calls. *entry*: the claim's, with its article's text.

        What was decided at an earlier attempt stands: its message may be in the channel.
        """
        if claim.ping is None:
            return claim.manner.ping
        is_called = self._is_rested(claim) and self._is_wanted(claim, entry)
        role = claim.ping.role_id if is_called else None
        return await self._storage.decide_ping(claim.delivery.id, role)

    def _is_rested(self, claim: Claim) -> bool:
        if claim.ping is None or claim.pinged_at is None:
            return True
        return (self._clock.now() - claim.pinged_at).total_seconds() >= claim.ping.rest_s

    def _is_wanted(self, claim: Claim, entry: Entry) -> bool:
        if claim.ping is None or not claim.ping.query:
            return True
        try:
            query = parse_query(claim.ping.query)
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
