"""Read a robots.txt. Runs in the worker: other people's patterns can take their time."""

from protego import Protego


def read_leave(
    body: bytes, _content_type: str | None, url: str, product: str
) -> tuple[object, ...]:
    """Return whether *product* may read *url*, and the seconds to wait between two reads."""
    rules = Protego.parse(body.decode("utf-8-sig", "replace"))
    return rules.can_fetch(url, product), float(rules.crawl_delay(product) or 0.0)
