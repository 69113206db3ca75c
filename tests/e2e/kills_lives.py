"""The lives of the bot in the kill test: what goes wrong in each, and where it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from random import Random
from typing import TypeAlias

from tests.servers.discord_faults import Drop, Effect, Fault, Status
from tests.servers.steps import Step

AFTER_ANSWER_S = 0.04  # within which the bot reads an answer and writes down what came of it
NONCES_FOR = timedelta(minutes=3)  # Discord's "few minutes", in the stand-in's own time


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A step of the life of a delivery, as a stand-in sees it. Without *method*: at any moment."""

    name: str
    method: str = ""
    path: str = ""
    step: Step = Step.ARRIVED

    def fits(self, step: Step, method: str, path: str) -> bool:
        """Whether a request is here now."""
        return (step, method) == (self.step, self.method) and fnmatchcase(path, self.path)


def _requests(name: str, method: str, path: str, *steps: Step) -> list[Place]:
    return [Place(name=f"{name} {step}", method=method, path=path, step=step) for step in steps]


STARTING = Place(name="start: at a random moment")
CONNECTED = Place(name="at a random moment")
PLACES = [
    STARTING,
    CONNECTED,
    *_requests("start: log-in", "GET", "/users/@me", Step.ARRIVED, Step.ANSWERED),
    *_requests("start: gateway", "GATEWAY", "/identify", Step.ARRIVED, Step.ANSWERED),
    *_requests("feed", "GET", "/*.xml", Step.ARRIVED, Step.ANSWERED),
    *_requests("page", "GET", "/pages/*", Step.ARRIVED, Step.ANSWERED),
    *_requests("post", "POST", "/channels/*/messages", *Step),
    *_requests("edit", "PATCH", "/channels/*/messages/*", *Step),
    *_requests("look-back", "GET", "/channels/*/messages", Step.TAKEN, Step.ANSWERED),
]
_WEIGHTS = {"at": 16, "post": 12, "edit": 4, "feed": 5, "page": 3, "look-back": 40, "start:": 1}


@dataclass(slots=True, kw_only=True)
class Trap:
    """Where a life ends: the *nth* time that a request comes to *place*, or *delay_s* after."""

    place: Place
    nth: int = 1
    delay_s: float = 0.0

    def springs(self, step: Step, method: str, path: str) -> bool:
        """Count a step of a request; return whether it is the one."""
        if self.nth and self.place.fits(step, method, path):
            self.nth -= 1
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
_METHODS = (("POST", "/channels/*/messages"), ("PATCH", "/channels/*/messages/*"))


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


def draw(random: Random, *, left_unmarked: bool) -> Life:
    """Draw a life. *left_unmarked*: the last one ended with a post on its way."""
    away_s = _away_s(random, left_unmarked=left_unmarked)
    looks_back = left_unmarked and away_s > NONCES_FOR.total_seconds()
    return Life(
        trap=_trap(random, looks_back=looks_back),
        patience_s=random.uniform(5, 8),
        away_s=away_s,
        faults=tuple(
            (random.choice(list(FAULTS)), *random.choices(_METHODS, (5, 1))[0])
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


def _trap(random: Random, *, looks_back: bool) -> Trap:
    places = [place for place in PLACES if looks_back or not place.name.startswith("look-back")]
    place = random.choices(places, [_WEIGHTS[place.name.split()[0]] for place in places])[0]
    if place is STARTING:
        return Trap(place=place, nth=0, delay_s=random.uniform(0.05, 1))
    if place is CONNECTED:
        return Trap(place=place, nth=0, delay_s=random.uniform(0, 3))
    is_told = place.step is Step.ANSWERED
    return Trap(
        place=place,
        nth=random.randint(1, 4) if place.name.startswith(("post", "feed")) else 1,
        delay_s=random.uniform(0, AFTER_ANSWER_S) if is_told else 0.0,
    )
