"""What a run of the kill test did, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.kills_lives import FORUM_POST, PLACES, POSTS, TEXT_POST, WEBHOOK_POST
from tests.e2e.kills_town import Verdict
from tests.servers.discord_server import Seen


@dataclass(kw_only=True)
class Report:
    """What was done, and what came of it."""

    seed: int
    kills: int = 0
    took_s: float = 0.0
    places: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    deleted: int = 0
    webhooks_deleted: int = 0
    corrected: int = 0
    away_s: float = 0.0
    pieces: int = 0
    owed: int = 0
    posts: Counter[str] = field(default_factory=Counter)  # that Discord was asked for, by kind
    edits: int = 0
    published: int = 0
    threads: int = 0
    looks: int = 0
    repeated: int = 0  # posts with a nonce that had been used
    states: Counter[str] = field(default_factory=Counter)
    verdict: Verdict | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict is not None and self.verdict.is_clean and set(self.states) <= {"sent"}

    def lines(self) -> list[str]:
        """Return the report for people."""
        verdict = self.verdict
        assert verdict is not None
        told = [
            f"{self.kills} kills, seed {self.seed}, {self.took_s:.0f} s",
            f"{self.pieces} pieces printed, {self.corrected} corrections, {self.owed} posts owed",
            f"asked of Discord: {self.posts[TEXT_POST]} posts with a nonce, {self.repeated} again,",
            f"{self.posts[FORUM_POST]} in forums and {self.posts[WEBHOOK_POST]} by webhooks,",
            f"{self.edits} edits, {self.looks} look-backs",
            f"moderators deleted {self.deleted} posts and {self.webhooks_deleted} webhooks",
            f"published: {self.published}, threads opened: {self.threads}",
            f"the bot was off for {self.away_s / 60:.0f} minutes of its time",
            "",
            "killed",
            *(f"  {times:5}  {place}" for place, times in sorted(self.places.items())),
            "what went wrong meanwhile",
            *(f"  {times:5}  {fault}" for fault, times in sorted(self.faults.items())),
            "",
            f"deliveries: {dict(self.states)}",
        ]
        for name, found in (
            ("lost", verdict.lost),
            ("doubled", verdict.doubled),
            ("out of order", verdict.disordered),
            ("wrong", verdict.wrong),
        ):
            told.append(f"{name}: {len(found)}")
            told += [f"  {each}" for each in found[:20]]
        return told


def post_of(seen: Seen) -> str | None:
    """Return which of POSTS a request was; None: another."""
    for place in PLACES:
        if place.kind in POSTS and place.fits(place.step, seen.method, seen.path):
            return place.kind
    return None
