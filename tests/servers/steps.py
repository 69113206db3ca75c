"""The steps of a request at a stand-in, for tests that act between two of them."""

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Where a request is."""

    ARRIVED = "arrived"  # nothing was done about it yet
    TAKEN = "taken"  # its work is done, nobody was told
    ANSWERED = "answered"  # its answer is about to be written


OnStep = Callable[[Step, str, str], bool]
"""Is told the step, the method and the path. True: whoever asked is gone, so leave it at that."""


def unobserved(_step: Step, _method: str, _path: str) -> bool:
    """Let a request go on."""
    return False
