"""Digests: when a channel's comes, and which stories lead it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.news.channels import DIGEST_AT_MIN, EVERY_DAY, ChannelOptions
from bot.news.models import ChannelId, FeedId, GuildId
from bot.news.pace import instant, zone_of

_DAY = timedelta(days=1)
_AHEAD = 9  # days in which each day of the week comes, also where a zone leaves one out


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as a digest may list it. ``id``: of the delivery that stands for it."""

    id: int
    feed_id: FeedId
    sources: int
    dated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a channel's digest."""

    guild_id: GuildId
    channel_id: ChannelId
    entries: int
    oldest_at: datetime
    options: ChannelOptions

    def due_at(self, now: datetime) -> datetime:
        """Return when it is told; see `due_at`."""
        return due_at(self.options, self.oldest_at, now)


def ranked(stories: Iterable[Told]) -> list[Told]:
    """Return stories in the order that a digest lists them.

    What most sources tell comes first. Among equals the feeds take turns, each with its newest
    first, so that one that writes much does not crowd the others out.
    """
    newest_first = sorted(stories, key=lambda told: (told.dated_at, told.id), reverse=True)
    turns: dict[tuple[int, FeedId], int] = defaultdict(int)
    placed = []
    for place, told in enumerate(newest_first):
        turn = turns[told.sources, told.feed_id]
        turns[told.sources, told.feed_id] += 1
        placed.append((-told.sources, turn, place, told))
    return [told for *_, told in sorted(placed, key=lambda ranks: ranks[:3])]


def next_at(options: ChannelOptions, after: datetime) -> datetime:
    """Return when the first digest of a channel comes that is later than *after*.

    On a day when the clocks skip the time, it comes as they jump; when they show it twice, once.
    """
    zone = zone_of(options)
    minute = DIGEST_AT_MIN if options.digest_at_min is None else options.digest_at_min
    today = after.astimezone(zone).date()
    days = [today + ahead * _DAY for ahead in range(-1, _AHEAD)]
    chosen = options.digest_days or EVERY_DAY
    return min(
        at for day in days if day.weekday() in chosen and (at := instant(day, minute, zone)) > after
    )


def due_at(options: ChannelOptions, oldest: datetime, now: datetime) -> datetime:
    """Return when what a channel's digest is to tell is told; *oldest*: since when it waits.

    Decided from what waits and not from a plan: a time missed while Herald was down is made good
    once, and what was told is not told again, whatever clocks did meanwhile.
    """
    return next_at(options, min(oldest, now).astimezone(UTC))
