"""How many posts were ever owed, sent, edited, held, abandoned and found again."""

import sqlite3
from typing import Literal, TypeAlias

from bot.news.models import Counts

Counted: TypeAlias = Literal["owed", "sent", "edited", "held", "abandoned", "found"]


def add(connection: sqlite3.Connection, what: Counted, number: int = 1) -> None:
    """Count, in the transaction that makes it true."""
    if number:
        connection.execute(
            "UPDATE counts SET count = count + :number WHERE what = :what",
            {"what": what, "number": number},
        )


def load(connection: sqlite3.Connection) -> Counts:
    """Return all of them."""
    return Counts(
        **{
            row["what"]: row["count"]
            for row in connection.execute("SELECT what, count FROM counts")
        }
    )
