"""Read JSON Lines: an object a line, each faulty line told by its number."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import UserError

_SHOWN_MAX = 40  # characters of a wrong value in a message


class BadLine(UserError):
    """A line that is no object, or whose fields are not what they should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that is not blank: an object, or what is wrong with it."""

    number: int  # the first is 1
    record: dict[str, Any] | None
    fault: str = ""

    def object(self) -> dict[str, Any]:
        """Return the object. Raises BadLine."""
        if self.record is None:
            raise BadLine(self.fault)
        return self.record


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open a file by name, "-" for stdin. Raises UserError where it cannot be read."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}.") from error


def read(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of *stream* that are not blank."""
    for number, raw in enumerate(stream, 1):
        if not raw.strip():
            continue
        try:
            record = json.loads(raw.removeprefix(b"\xef\xbb\xbf"))
        except UnicodeDecodeError:
            yield Line(number=number, record=None, fault="It is not UTF-8.")
        except (ValueError, RecursionError) as error:
            yield Line(number=number, record=None, fault=f"It is no JSON: {error}.")
        else:
            if isinstance(record, dict):
                yield Line(number=number, record=record)
            else:
                fault = f"It must be an object, such as {{…}}, and is {_shown(record)}."
                yield Line(number=number, record=None, fault=fault)


def text_of(record: dict[str, Any], field: str) -> str:
    """Return a field's text as it is; "" where it is missing or null. Raises BadLine."""
    value = record.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(f"Its “{field}” must be a string, and is {_shown(value)}.")
    return value


def _shown(value: object) -> str:
    told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= _SHOWN_MAX else f"{told[: _SHOWN_MAX - 1]}…"
