"""What a test can order to go wrong with REST requests."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase

from tests.servers.discord_wire import PATIENCE_S


class Effect(Enum):
    """Whether a request that fails does its work all the same."""

    NONE = auto()
    TAKEN = auto()


@dataclass(slots=True, kw_only=True)
class Status:
    """Answer with an error status. 429 comes with Retry-After, and Via unless told otherwise."""

    status: int
    effect: Effect = Effect.NONE
    retry_after_s: float = 0.1
    has_via: bool = True
    is_global: bool = False
    scope: str = "user"  # of a 429; "global" where that is said


@dataclass(slots=True, kw_only=True)
class Drop:
    """Cut the connection instead of answering."""

    effect: Effect = Effect.NONE


class Hold:
    """Do the work, then keep the answer until ``release``; ``reached`` waits for the first."""

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._released = asyncio.Event()

    async def reached(self) -> None:
        """Wait until a request has taken effect and its answer is being held."""
        async with asyncio.timeout(PATIENCE_S):
            await self._reached.wait()

    def release(self) -> None:
        """Let the answer go."""
        self._released.set()

    async def keep(self) -> None:
        """Hold an answer."""
        self._reached.set()
        await self._released.wait()


Fault = Status | Drop | Hold


@dataclass(slots=True, kw_only=True)
class _Order:
    method: str
    path: str
    fault: Fault
    left: int


@dataclass(slots=True)
class Faults:
    """The orders that stand. A path is a pattern such as ``/channels/*/messages``."""

    _orders: list[_Order] = field(default_factory=list)
    _holds: list[Hold] = field(default_factory=list)

    def order(self, method: str, path: str, fault: Fault, *, times: int = 1) -> None:
        """Let *fault* befall the next *times* requests to *method* *path*."""
        self._orders.append(_Order(method=method, path=path, fault=fault, left=times))

    def hold(self, method: str, path: str, *, times: int = 1) -> Hold:
        """Hold the answers to the next *times* requests to *method* *path*."""
        hold = Hold()
        self._holds.append(hold)
        self.order(method, path, hold, times=times)
        return hold

    def clear(self) -> None:
        """Forget every order and release what is held."""
        self._orders.clear()
        for hold in self._holds:
            hold.release()

    def take(self, method: str, path: str) -> Fault | None:
        """Return what shall befall this request, counting it."""
        for order in self._orders:
            if order.left and order.method == method and fnmatchcase(path, order.path):
                order.left -= 1
                return order.fault
        return None
