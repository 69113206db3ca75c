"""Between Python values and column values, in both directions; the only place that does so."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return Unix milliseconds; what is below a millisecond is cut off."""
    return (moment - _EPOCH) // _MS


def to_ms_or_none(moment: datetime | None) -> int | None:
    """Return Unix milliseconds, None for None."""
    return None if moment is None else to_ms(moment)


def from_ms(value: int) -> datetime:
    """Return the aware UTC time of Unix milliseconds."""
    return _EPOCH + value * _MS


def from_ms_or_none(value: int | None) -> datetime | None:
    """Return the aware UTC time of Unix milliseconds, None for None."""
    return None if value is None else from_ms(value)


def to_text(text: str) -> str:
    r"""Return *text* as SQLite can store it.

    A lone surrogate (a feed's ``&#xD800;``) has no UTF-8 form and becomes U+FFFD; a NUL, at which
    some SQL functions stop reading, becomes a space.
    """
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text.replace("\0", " ")


def to_text_or_none(text: str | None) -> str | None:
    """Return *text* as SQLite can store it, None for None."""
    return None if text is None else to_text(text)


def to_json(values: Iterable[int] | Iterable[str]) -> str:
    """Return a JSON array, for columns and for ``json_each`` parameters."""
    return json.dumps(list(values), ensure_ascii=False)


def from_json(text: str) -> tuple[int, ...]:
    """Return the integers of a JSON array."""
    return tuple(json.loads(text))
