"""Whom posts call: decided once for each, before it is first sent."""

from bot.errors import BadQuery
from bot.news.models import Claim, Entry, Ping, Query, RoleId
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
        ping = claim.ping if self._is_wanted(claim.ping, entry) else None
        return await self._storage.decide_ping(claim.delivery.id, ping, self._clock.now())

    def _is_wanted(self, ping: Ping, entry: Entry) -> bool:
        if not ping.query:
            return True
        try:
            query = parse_query(ping.query)
        except BadQuery:  # what another version of Herald understood
            return False
        texts = (entry.title, entry.teaser, entry.text)
        return _finds(query, [_terms(text, self._tokenise) for text in texts], self._tokenise)


def _terms(text: str, tokenise: Tokeniser) -> list[tuple[str, ...]]:
    return [word.terms for word in tokenise(text) if word.terms]


def _finds(query: Query, texts: list[list[tuple[str, ...]]], tokenise: Tokeniser) -> bool:
    """Whether a search would find *texts*: any word, each phrase, nothing that is excluded."""
    loose = {term for text in texts for terms in text for term in terms}

    def has(phrase: str) -> bool:
        wanted = [terms[0] for terms in _terms(phrase, tokenise)]
        return bool(wanted) and any(_has_run([t[0] for t in text], wanted) for text in texts)

    words = [terms for word in query.words for terms in _terms(word, tokenise)]
    if words and not any(loose.intersection(terms) for terms in words):
        return False
    return all(map(has, query.phrases)) and not any(map(has, query.excluded))


def _has_run(terms: list[str], wanted: list[str]) -> bool:
    ends = range(len(wanted), len(terms) + 1)
    return any(terms[end - len(wanted) : end] == wanted for end in ends)
