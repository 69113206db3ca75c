"""Decide which of a document's new entries are posted, rolled up, or only archived.

A post is owed to what is news; a channel is owed its peace. Nothing is lost to either: all entries
are stored, and what a channel is not shown one by one, it is told in a roundup.

================================================  ==========  =============
new entries                                       posted      the rest
================================================  ==========  =============
the first document of a feed                      none        held back
dated over NEWS_FOR ago, in an established feed   none        too old
dated over NEWS_FOR before its empty feed came    none        too old
the whole document, after SILENCE                 newest few  held back
over FLOOD_FROM, and FLOOD_TIMES the usual        newest few  rolled up
otherwise                                         newest ten  rolled up
================================================  ==========  =============

A channel may choose that nothing is too old for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.news.models import Fate, Feed, Known, ParsedEntry

NEWS_FOR = timedelta(days=7)  # older entries of an established feed are archived, not posted
POSTS_MAX = 10  # per poll and channel
FLOOD_FROM = 20  # more at once than a person reads one by one …
FLOOD_TIMES = 5  # … and that many times what the feed usually brings: not its ordinary batch
FLOOD_POSTS = 3
TOLD = frozenset({Fate.POSTED, Fate.ROLLED_UP})  # the fates that channels hear of
SILENCE = timedelta(days=30)  # a feed that comes back after that with all new names is the old one


def fates(
    entries: Sequence[ParsedEntry],
    feed: Feed,
    known: Known,
    now: datetime,
    *,
    is_all_new: bool,
    posts_old: bool = False,
) -> tuple[Fate, ...]:
    """Return the fate of each of a document's new *entries*, which come oldest first.

    ``is_all_new``: the document holds nothing else. *feed* is as it was before this poll.
    ``posts_old``: nothing is too old.
    """
    kept_back = [_kept_back(entry, feed, known, now) for entry in entries]
    if posts_old:
        kept_back = [None if fate is Fate.TOO_OLD else fate for fate in kept_back]
    news = [at for at, fate in enumerate(kept_back) if fate is None]
    is_return = is_all_new and feed.newest_at is not None and now - feed.newest_at > SILENCE
    is_flood = known.has_history and _is_flood(len(news), known)
    posted = set(news[-(FLOOD_POSTS if is_return or is_flood else POSTS_MAX) :])
    rest = Fate.HELD_BACK if is_return else Fate.ROLLED_UP
    return tuple(
        fate or (Fate.POSTED if at in posted else rest) for at, fate in enumerate(kept_back)
    )


def _kept_back(entry: ParsedEntry, feed: Feed, known: Known, now: datetime) -> Fate | None:
    """Return the fate of an entry that is no news, None for one that is."""
    dated_at = entry.published_at
    if known.has_history:
        return Fate.TOO_OLD if dated_at is not None and dated_at < now - NEWS_FOR else None
    if feed.succeeded_at is None:
        return Fate.HELD_BACK  # the first document is the backlog
    # The feed was empty so far: whoever added it waits for its first entry, and one that had been
    # out for a few days by then is that; an archive put back is not.
    is_news = dated_at is None or dated_at >= feed.created_at - NEWS_FOR
    return None if is_news else Fate.TOO_OLD


def _is_flood(count: int, known: Known) -> bool:
    return count > FLOOD_FROM and count > FLOOD_TIMES * usual_batch(known.batches)


def usual_batch(batches: Sequence[int]) -> int:
    """Return how many new entries a poll that brings any usually brings: the lower median, or 1."""
    return sorted(batches)[(len(batches) - 1) // 2] if batches else 1
