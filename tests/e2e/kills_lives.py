"""The lives of the bot in the kill test: what goes wrong in each, and where it ends."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from random import Random
from typing import TypeAlias

from tests.servers.discord_faults import Drop, Effect, Fault, Status
from tests.servers.steps import Step

AFTER_ANSWER_S = 0.04  # within which the bot reads an answer and writes down what came of it
UNKNOWN = 4  # times as likely is a place where no life has ended yet
NONCES_FOR = timedelta(minutes=3)  # Discord's "few minutes", in the stand-in's own time


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A step of the life of a delivery, as a stand-in sees it. Without *method*: at any moment.

    The parts of *path* are patterns. *weight*: how often lives end here, beside the others.
    """

    kind: str
    method: str = ""
    path: str = ""
    step: Step = Step.ARRIVED
    weight: float

    @property
    def name(self) -> str:
        """How the report calls it."""
        return f"{self.kind} {self.step}" if self.method else self.kind

    @property
    def leaves_unmarked(self) -> bool:
        """Whether a post may be in its channel, and the bot does not know, after an end here."""
        return self.kind in POSTS and self.step is not Step.ARRIVED

    def fits(self, step: Step, method: str, path: str) -> bool:
        """Whether a request is here now."""
        if (step, method) != (self.step, self.method):
            return False
        parts, wanted = path.split("/"), self.path.split("/")
        return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _requests(kind: str, method: str, path: str, weight: float, *steps: Step) -> list[Place]:
    return [Place(kind=kind, method=method, path=path, step=step, weight=weight) for step in steps]


TEXT_POST, FORUM_POST, WEBHOOK_POST = "post", "forum post", "webhook post"
WEBHOOK = "webhook made"
POSTS = (TEXT_POST, FORUM_POST, WEBHOOK_POST)
LOOK, FORUM_LOOK = "look-back", "forum look-back"
_TOLD = (Step.TAKEN, Step.ANSWERED)

STARTING = Place(kind="start: at a random moment", weight=1)
CONNECTED = Place(kind="at a random moment", weight=16)
PLACES = [
    STARTING,
    CONNECTED,
    *_requests("start: log-in", "GET", "/users/@me", 1, Step.ARRIVED, Step.ANSWERED),
    *_requests("start: gateway", "GATEWAY", "/identify", 1, Step.ARRIVED, Step.ANSWERED),
    *_requests("feed", "GET", "/*.xml", 4, Step.ARRIVED, Step.ANSWERED),
    *_requests("page", "GET", "/pages/*", 2, Step.ARRIVED, Step.ANSWERED),
    *_requests(TEXT_POST, "POST", "/channels/*/messages", 8, *Step),
    *_requests(FORUM_POST, "POST", "/channels/*/threads", 6, *Step),
    *_requests(WEBHOOK_POST, "POST", "/webhooks/*/*", 6, *Step),
    *_requests(WEBHOOK, "POST", "/channels/*/webhooks", 2, *Step),
    *_requests("edit", "PATCH", "/channels/*/messages/*", 3, *Step),
    *_requests("webhook edit", "PATCH", "/webhooks/*/*/messages/*", 2, *Step),
    *_requests("publishing", "POST", "/channels/*/messages/*/crosspost", 2, *_TOLD),
    *_requests("thread opened", "POST", "/channels/*/messages/*/threads", 2, *_TOLD),
    *_requests(LOOK, "GET", "/channels/*/messages", 40, *_TOLD),
    *_requests(FORUM_LOOK, "GET", "/guilds/*/threads/active", 25, *_TOLD),
    *_requests(FORUM_LOOK, "GET", "/channels/*/threads/archived/public", 15, Step.ANSWERED),
]


@dataclass(slots=True, kw_only=True)
class Trap:
    """Where a life ends: the *nth* time that a request comes to *place*, or *delay_s* after."""

    place: Place
    nth: int = 1
    delay_s: float = 0.0
    path: str = ""  # of the request that sprang it

    def springs(self, step: Step, method: str, path: str) -> bool:
        """Count a step of a request; return whether it is the one."""
        if self.nth and self.place.fits(step, method, path):
            self.nth -= 1
            self.path = path
            return self.nth == 0
        return False


Mishap: TypeAlias = str  # of the gateway, or with permissions

FAULTS: dict[str, Callable[[], Fault]] = {
    "502 after effect": lambda: Status(status=502, effect=Effect.TAKEN),
    "503 after effect": lambda: Status(status=503, effect=Effect.TAKEN),
    "500 without effect": lambda: Status(status=500),
    "drop after effect": lambda: Drop(effect=Effect.TAKEN),
    "drop before effect": Drop,
    "429 of the route": lambda: Status(status=429, retry_after_s=0.3),
    "429 global": lambda: Status(status=429, retry_after_s=0.3, is_global=True),
    "429 of Cloudflare": lambda: Status(status=429, retry_after_s=1, has_via=False),
    "403 once": lambda: Status(status=403),
}
MISHAPS: tuple[Mishap, ...] = (
    "gateway drop",
    "op 7",
    "op 9, resumable",
    "op 9",
    "403 until it is allowed again",
)
_NTH = {TEXT_POST: 4, FORUM_POST: 2, WEBHOOK_POST: 2, "feed": 4}  # of a life's, at most
_METHODS = (
    ("POST", "/channels/*/messages"),
    ("POST", "/channels/*/threads"),
    ("POST", "/webhooks/*/*"),
    ("PATCH", "/*/messages/*"),
    ("POST", "/channels/*/crosspost"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One start of the bot, to its death.

    ``away_s``: how long the bot is off before it. ``patience_s``: how long after it is connected
    the trap is waited for, before it dies anyway.
    """

    trap: Trap
    patience_s: float
    away_s: float
    faults: tuple[tuple[str, str, str], ...]  # name, method, path
    mishaps: tuple[Mishap, ...]
    prints: int
    prints_later: int
    is_from_scratch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmarked:
    """A post that was on its way when a life ended; ``look``: the kind of place to look for it."""

    takes_nonce: bool
    look: str


def draw(random: Random, unmarked: Unmarked | None, known: Container[str] = ()) -> Life:
    """Draw a life. *unmarked*: what the last one left, if it did.

    Of the places those that are not *known* yet are preferred.
    """
    away_s = _away_s(random, left_unmarked=unmarked is not None)
    is_late = away_s > NONCES_FOR.total_seconds()
    look = unmarked.look if unmarked and (is_late or not unmarked.takes_nonce) else None
    return Life(
        trap=_trap(random, look, known),
        patience_s=random.uniform(4, 6.5),
        away_s=away_s,
        faults=tuple(
            (random.choice(list(FAULTS)), *random.choices(_METHODS, (4, 3, 3, 2, 1))[0])
            for _ in range(random.choice((0, 0, 1, 1, 2)))
        ),
        mishaps=tuple(random.sample(MISHAPS, random.choice((0, 0, 1)))),
        prints=random.choice((1, 1, 2, 3)),
        prints_later=random.choice((0, 1)),
        is_from_scratch=random.random() < 0.1,
    )


def _away_s(random: Random, *, left_unmarked: bool) -> float:
    """Return seconds: mostly next to none, else within or beyond what a nonce is good for."""
    if left_unmarked and random.random() < 0.6:
        return random.uniform(130, 600)
    return random.choices(
        (0.0, random.uniform(30, 110), random.uniform(130, 500), random.uniform(900, 1000)),
        (10, 3, 3, 2),
    )[0]


def _trap(random: Random, look: str | None, known: Container[str]) -> Trap:
    """Draw where a life ends; *look*: how the bot will look for a post of its last one."""
    places = [place for place in PLACES if place.kind == look or "look-back" not in place.kind]
    weights = [place.weight * (1 if place.name in known else UNKNOWN) for place in places]
    place = random.choices(places, weights)[0]
    if place is STARTING:
        return Trap(place=place, nth=0, delay_s=random.uniform(0.05, 1))
    if place is CONNECTED:
        return Trap(place=place, nth=0, delay_s=random.uniform(0, 3))
    is_told = place.step is Step.ANSWERED
    return Trap(
        place=place,
        nth=random.randint(1, _NTH.get(place.kind, 1)),
        delay_s=random.uniform(0, AFTER_ANSWER_S) if is_told else 0.0,
    )
