"""Is it them, or is it us? Many hosts out of reach at once are our own connection."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.news.models import Feed, FeedId

WINDOW = 50  # polls
MEMORY = timedelta(minutes=30)  # older polls say nothing of the connection now
HOSTS_MIN = 5  # out of reach; fewer are their own fault
SHARE = 0.6  # of the polls


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    at: datetime
    host: str
    is_cut_off: bool
    feed: Feed | None  # as it was before


class OutageWatch:
    """Judges by the last polls of all feeds whether Herald itself is cut off."""

    def __init__(self) -> None:
        self._polls: deque[_Poll] = deque(maxlen=WINDOW)
        self.is_on = False

    def note(self, host: str, now: datetime, *, is_cut_off: bool, feed: Feed | None = None) -> None:
        """Note a poll; ``is_cut_off``: the host could not be reached. *feed* is as it was before.

        Any host that can be reached ends an outage, and what was seen before no longer counts.
        """
        if self.is_on and not is_cut_off:
            self._polls.clear()
            self.is_on = False
        self._polls.append(_Poll(at=now, host=host, is_cut_off=is_cut_off, feed=feed))
        while now - self._polls[0].at > MEMORY:
            self._polls.popleft()
        cut_off = [poll.host for poll in self._polls if poll.is_cut_off]
        if not self.is_on:
            is_most = len(cut_off) > SHARE * len(self._polls)
            self.is_on = is_most and len(set(cut_off)) >= HOSTS_MIN

    def blamed(self) -> tuple[Feed, ...]:
        """Return the feeds that were out of reach, each as it was before.

        What an outage did before it was noticed was counted as theirs.
        """
        first: dict[FeedId, Feed] = {}
        for poll in self._polls:
            if poll.is_cut_off and poll.feed is not None:
                first.setdefault(poll.feed.id, poll.feed)
        return tuple(first.values())
