"""Tasks for a worker that end it, as a fault in a C library would. Only ever run in a worker."""

import hashlib
import os
import select
import sqlite3
import sys
from pathlib import Path


def die(_body: bytes) -> None:
    """End the process without a word."""
    os._exit(3)


def die_once(marker: str) -> str:
    """End the first process that gets here, as somebody else's kill would."""
    if not Path(marker).exists():
        Path(marker).touch()
        os._exit(3)
    return "survived"


def hang_in_c(_body: bytes) -> None:
    """Stay in C code, where no signal handler of Python runs."""
    sqlite3.connect(":memory:").execute(
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    ).fetchone()


def eat(_body: bytes) -> int:
    """Ask for more memory than a worker gets."""
    return len(b"x" * (1 << 30))


def swallow(_body: bytes) -> None:
    """Swallow the first alarm, as a bare except in a library would, and go on."""
    try:
        _spin()
    except BaseException:  # noqa: BLE001  # the fault this stands for
        _spin()


def _spin() -> None:
    while True:
        pass


def wait(seconds: float) -> str:
    """Do nothing for a while, as on a machine that has other things to do."""
    select.select([], [], [], seconds)
    return "waited"


def spin(_body: bytes) -> None:
    """Never come to an end."""
    _spin()


def pid(_body: bytes) -> int:
    """Return which process this is."""
    return os.getpid()


def spin_once(marker: str) -> int:
    """Never come to an end, but for the second time."""
    if not Path(marker).exists():
        Path(marker).touch()
        _spin()
    return os.getpid()


def spin_in_c_once(marker: str) -> int:
    """Stay in C code, but for the second time."""
    if not Path(marker).exists():
        Path(marker).touch()
        hang_in_c(b"")
    return os.getpid()


def wait_for(_body: bytes, marker: str) -> str:
    """Wait until somebody makes a file."""
    while not Path(marker).exists():
        select.select([], [], [], 0.01)
    return "waited"


def digest(before: str, body: bytes, after: int) -> tuple[str, str, int]:
    """Return what has arrived."""
    return before, hashlib.sha256(body).hexdigest(), after


def environment(_body: bytes) -> tuple[str, ...]:
    """Return the names of what the process was told, and of what it imported."""
    return (*sorted(os.environ), *sorted(sys.modules))  # noqa: TID251  # the thing under test


def priority(_body: bytes) -> int:
    """Return the niceness of the process."""
    return os.nice(0)


def chatter(_body: bytes) -> str:
    """Print, as libraries do."""
    print("this must not meet the frames")  # noqa: T201  # the fault this stands for
    os.write(1, b"nor this")
    return "said"


def objects(_body: bytes) -> object:
    """Return what is no plain value."""
    return Path("/")
