"""Many rows by one statement.

Python gives the interpreter's lock away for each statement and each row of ``executemany``, and has
to win it back from whatever thread computes meanwhile. The rows of a new feed of 50 entries, most
of them aliases, were some 500 such statements.
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache

_ROWS_MAX = 50  # in one statement: a thousand values at most, of the 32,766 that SQLite takes


def insert(
    connection: sqlite3.Connection,
    into: str,
    rows: Sequence[Sequence[str | int | None]],
    *,
    then: str = "",
) -> None:
    """Insert *rows*, of the same length, in their order.

    *into*: the statement before VALUES; *then*: what follows, such as ON CONFLICT.
    """
    for at in range(0, len(rows), _ROWS_MAX):
        some = rows[at : at + _ROWS_MAX]
        values = [value for row in some for value in row]
        connection.execute(_statement(into, len(some[0]), len(some), then), values)


@lru_cache(maxsize=256)  # the very same string, so that SQLite need not read it again
def _statement(into: str, columns: int, rows: int, then: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * rows)} {then}"
