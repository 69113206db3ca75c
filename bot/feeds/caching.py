"""Read from response headers when to come back, and what to send along (RFC 9110, RFC 9111)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.news.models import CacheHints, Validators

RETRY_AFTER_MIN_S = 60.0
RETRY_AFTER_MAX_S = 7 * 86_400.0  # a typo must not silence a feed for a year
_VALIDATOR_MAX = 1024  # characters; a longer ETag is a fault, and would be sent back at every poll


def validators_of(headers: Mapping[str, str]) -> Validators:
    """Return ETag and Last-Modified verbatim; what cannot be sent back as it is is left out."""
    return Validators(
        etag=_sendable(headers.get("ETag")), last_modified=_sendable(headers.get("Last-Modified"))
    )


def hints_of(headers: Mapping[str, str], now: datetime) -> CacheHints:
    """Return the hints of a response that arrived at *now*, which counts where it has no Date."""
    sent_at = _http_date(headers.get("Date")) or now
    return CacheHints(
        fresh_for_s=_fresh_for_s(headers, sent_at),
        retry_after_s=_retry_after_s(headers.get("Retry-After"), sent_at),
    )


def _fresh_for_s(headers: Mapping[str, str], sent_at: datetime) -> float | None:
    """Return max-age less Age, or Expires less Date, at least 0 (RFC 9111 §4.2)."""
    for directive in headers.get("Cache-Control", "").lower().split(","):
        name, _, value = directive.strip().partition("=")
        max_age = _seconds(value.strip(' "'))
        if name == "max-age" and max_age is not None:
            return max(0.0, max_age - (_seconds(headers.get("Age", "").strip()) or 0.0))
    expires_at = _http_date(headers.get("Expires"))
    if expires_at is None:
        return None
    return max(0.0, (expires_at - sent_at).total_seconds())


def _retry_after_s(value: str | None, sent_at: datetime) -> float | None:
    """Return the seconds of Retry-After, given as such or as a date (RFC 9110 §10.2.3), clamped."""
    if value is None:
        return None
    seconds = _seconds(value.strip())
    if seconds is None:
        at = _http_date(value)
        if at is None:
            return None
        seconds = (at - sent_at).total_seconds()
    return min(max(seconds, RETRY_AFTER_MIN_S), RETRY_AFTER_MAX_S)


def _seconds(value: str) -> float | None:
    """Return a delta-seconds (RFC 9111 §1.2.2), or None for anything else."""
    if not (value.isascii() and value.isdigit()):
        return None
    return float(min(int(value[:12]), 2**31))


def _http_date(value: str | None) -> datetime | None:
    """Return an HTTP date as aware UTC, or None where it is missing or wrong."""
    if value is None:
        return None
    try:
        at = parsedate_to_datetime(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _sendable(value: str | None) -> str | None:
    """Return *value*, or None where it is empty, huge or held bytes that are no UTF-8."""
    if not value or len(value) > _VALIDATOR_MAX or not value.isprintable():
        return None
    return value
