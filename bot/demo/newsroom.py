"""Who has printed what by a given moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.content import Outlet, Piece

# Seconds between one live piece and the next: quick while somebody makes up their mind whether this
# works, then the pace of an ordinary news day on fast-forward. The last one repeats.
PACE_S = (6, 4, 4, 4, 5, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A piece and when it came out."""

    outlet: Outlet
    piece: Piece
    published_at: datetime


class Newsroom:
    """The outlets' pieces on one time line that begins at ``started_at``.

    Asked with a moment, it answers from data alone: it has no clock and keeps no state.
    """

    def __init__(
        self, outlets: Sequence[Outlet], started_at: datetime, pace_s: Sequence[float] = PACE_S
    ) -> None:
        self.outlets = tuple(outlets)
        self.started_at = started_at.replace(microsecond=0)  # feeds give whole seconds
        printed = [
            Printed(outlet=outlet, piece=piece, published_at=self.started_at - _ago(piece))
            for outlet in outlets
            for piece in outlet.pieces
            if piece.live is None
        ]
        printed += self._live(pace_s)
        self._printed = sorted(printed, key=lambda each: each.published_at)

    def published(self, outlet: Outlet, now: datetime) -> tuple[Printed, ...]:
        """Return what *outlet* has out by *now*, newest first."""
        return tuple(
            printed
            for printed in reversed(self._printed)
            if printed.outlet.slug == outlet.slug and printed.published_at <= now
        )

    def next_at(self, now: datetime) -> datetime | None:
        """Return when the next piece comes out after *now*, or None where all are out."""
        return next((each.published_at for each in self._printed if each.published_at > now), None)

    def _live(self, pace_s: Sequence[float]) -> list[Printed]:
        turns = sorted(
            (
                (piece.live, outlet, piece)
                for outlet in self.outlets
                for piece in outlet.pieces
                if piece.live is not None
            ),
            key=lambda turn: turn[0],
        )
        at = self.started_at
        live = []
        for index, (_, outlet, piece) in enumerate(turns):
            at += timedelta(seconds=pace_s[min(index, len(pace_s) - 1)])
            live.append(Printed(outlet=outlet, piece=piece, published_at=at))
        return live


def _ago(piece: Piece) -> timedelta:
    return timedelta(minutes=piece.minutes_ago or 0)
