"""The sentences for what goes wrong on the web: what happened, to which address, what to do."""

import os
import ssl
from collections.abc import Mapping

import aiohttp

from bot.errors import AddressForbidden, FetchFailed, NotAFeed, ParseFailed, ReaderBusy, TooLarge
from bot.feeds.groups import group_of
from bot.feeds.guard import PORTS, Refused
from bot.feeds.limits import MIB
from bot.feeds.pool import TaskFailed
from bot.feeds.wording import excerpt, shown

# Hosts that say 403 where they mean 429.
_FORBIDS_THE_HASTY = frozenset({"reddit.com", "tumblr.com"})
_TRANSIENT = frozenset({408, 421, 423, 425, 429})
_STATUS_WORDS = {
    204: "has nothing to give (204)",
    400: "calls the request wrong (400)",
    401: "asks for a login (401)",
    402: "asks for payment (402)",
    403: "refuses access (403)",
    404: "does not exist (404)",
    406: "has no version for a feed reader (406)",
    410: "is gone for good (410)",
    451: "is blocked for legal reasons (451)",
    500: "has an error of its own (500)",
    502: "has an error behind its gateway (502)",
    503: "is overloaded or under maintenance (503)",
    504: "got no answer behind its gateway (504)",
}


def refused(url: str, refusal: Refused) -> AddressForbidden:
    """Return the error for an address that the guard did not let through."""
    address = refusal.address
    allow = f"Whoever runs Herald can allow it with HERALD_ALLOWED_NETWORKS={address}."
    if refusal.is_port:
        ports = f"{', '.join(map(str, PORTS[:-1]))} and {PORTS[-1]}"
        return AddressForbidden(
            f"{shown(url)} leads to port {refusal.port} of {address}; Herald fetches from "
            f"the ports {ports} only. {allow}",
            url=url,
        )
    return AddressForbidden(
        f"{shown(url)} leads to {address}, which is not on the public internet; refused. {allow}",
        url=url,
    )


def too_slow(url: str, error: TimeoutError, allowed_s: float) -> FetchFailed:
    """Return the error for an address that took too long."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        message = f"{shown(url)} could not be connected to in time; its server may be down."
    elif isinstance(error, aiohttp.SocketTimeoutError):
        message = f"{shown(url)} sent nothing for too long; its server may be overloaded."
    else:
        message = f"{shown(url)} took longer than {allowed_s:g} s to answer."
    return FetchFailed(message, url=url)


def unreachable(url: str, error: Exception) -> FetchFailed:
    """Return the error for an address that gave no HTTP answer."""
    at = shown(url)
    match error:
        case aiohttp.ClientConnectorDNSError():
            message = f"{at} cannot be reached: no server goes by the name {error.host}."
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "not valid"
            message = f"{at} cannot be trusted: its certificate is wrong ({reason})."
        case aiohttp.ClientSSLError():
            message = f"{at} cannot be reached: it does not speak proper TLS (https)."
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number and number > 0 else "no connection"
            message = f"{at} cannot be reached: {reason}."
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError() | ValueError():
            return FetchFailed(f"{at} is not a web address.", url=url, transient=False)
        case aiohttp.ClientPayloadError():
            message = f"{at} broke off in the middle of its answer."
        case aiohttp.ClientResponseError():
            message = f"{at} answers with something that is not HTTP."
        case aiohttp.ServerDisconnectedError() | ssl.SSLError() | OSError():
            message = f"{at} hung up without an answer."
        case _:
            message = f"{at} cannot be read ({type(error).__name__})."
    return FetchFailed(message, url=url)


def answered(
    url: str, status: int, headers: Mapping[str, str], retry_after_s: float | None
) -> FetchFailed:
    """Return the error for an answer without a document."""
    at = shown(url)
    is_hasty = is_too_often(url, status)
    if headers.get("cf-mitigated", "").lower() == "challenge":
        message = (
            f"{at} refuses bots: {status} from Cloudflare, which wants a browser. Herald does not "
            "pretend to be one; ask the site to let feed readers through."
        )
    elif is_hasty:
        message = f"{at} says that Herald asks too often ({status})."
    else:
        words = _STATUS_WORDS.get(status)
        message = f"{at} {words}." if words else f"{at} answers with status {status}."
    if retry_after_s:
        message += f" It asks to come back in {_duration(retry_after_s)}."
    return FetchFailed(
        message,
        url=url,
        status=status,
        transient=is_hasty or status >= 500 or status in _TRANSIENT,  # noqa: PLR2004  # RFC 9110 §15.6
        retry_after_s=retry_after_s,
    )


def is_too_often(url: str, status: int) -> bool:
    """Return whether a host says by *status* that it is asked too often."""
    if status == 403:  # noqa: PLR2004  # Forbidden
        return group_of(url) in _FORBIDS_THE_HASTY
    return status == 429  # noqa: PLR2004  # Too Many Requests


def too_large(url: str, max_bytes: int) -> TooLarge:
    """Return the error for a body over the cap."""
    return TooLarge(f"{shown(url)} is larger than {max_bytes / MIB:g} MiB; not read.", url=url)


def other_type(url: str, status: int, content_type: str) -> FetchFailed:
    """Return the error for a page of another kind than HTML."""
    return FetchFailed(
        f"{shown(url)} is no web page but {_plain(content_type)}.",
        url=url,
        status=status,
        transient=False,
    )


def not_allowed(url: str) -> FetchFailed:
    """Return the error for a page that the site's robots.txt keeps programs from."""
    return FetchFailed(
        f"{shown(url)} is not read: its site's robots.txt does not let Herald, or cannot be had.",
        url=url,
        transient=False,
    )


def web_page(url: str) -> NotAFeed:
    """Return the error for HTML where a feed should be."""
    return NotAFeed(
        f"{shown(url)} is a web page, not a feed. If the site has a feed, add it by the site's "
        "address and Herald looks for it.",
        url=url,
    )


def not_a_document(where: str) -> ParseFailed:
    """Return the error for a file of HTML where a feed should be."""
    return ParseFailed(f"{shown(where)} holds a web page, not a feed.", url=where)


def unreadable(url: str, failure: TaskFailed) -> ParseFailed | ReaderBusy:
    """Return the error for a document that the worker gave no value for."""
    if failure.fault == "busy":
        return busy(url, str(failure))
    return ParseFailed(
        f"{shown(url)} answers, but {failure}.", url=url, is_dangerous=failure.is_dangerous
    )


def stopped_before(url: str, how: str = "") -> ParseFailed:
    """Return the error for a document that stopped the reader before; *how*, where known."""
    return ParseFailed(
        f"{shown(url)} still has the document that stopped the reader before"
        f"{f' ({how})' if how else ''}; it is read again once it changes.",
        url=url,
        is_dangerous=True,
    )


def busy(url: str, why: str) -> ReaderBusy:
    """Return the error for a document that nobody has the time or the memory for just now."""
    return ReaderBusy(f"{shown(url)} was not read: {why}. Try again in a few minutes.", url=url)


def _plain(words: str) -> str:
    return excerpt(words).rstrip(".")


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    if minutes < 120:  # noqa: PLR2004  # two hours
        return f"{minutes} min"
    return f"{round(minutes / 60)} h"
