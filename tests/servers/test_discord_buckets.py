import pytest

from tests.servers.discord_buckets import Buckets

_POST = ("POST", "/channels/7/messages")


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def test_a_channel_takes_five_messages_in_five_seconds_and_its_headers_say_so() -> None:
    hands = Hands()
    buckets = Buckets(clock=hands)
    left = [buckets.take(*_POST).headers["X-RateLimit-Remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    hands.s += 2
    refused = buckets.take(*_POST)
    assert refused.retry_after_s == pytest.approx(3)
    assert not refused.is_global
    assert buckets.take("POST", "/channels/8/messages").retry_after_s is None
    assert buckets.take("PATCH", "/channels/7/messages/1").retry_after_s is None
    hands.s += 3
    assert buckets.take(*_POST).retry_after_s is None
    assert buckets.refused == {"route": 1, "global": 0}


def test_a_bot_has_fifty_requests_in_any_second_and_interactions_are_not_counted() -> None:
    hands = Hands()
    buckets = Buckets(clock=hands)
    for number in range(50):
        assert buckets.take("POST", f"/channels/{number}/messages").retry_after_s is None
        hands.s += 0.01
    refused = buckets.take("GET", "/users/@me")
    assert refused.is_global
    assert refused.retry_after_s == pytest.approx(0.5)
    assert buckets.take("POST", "/interactions/1/x/callback").retry_after_s is None
    hands.s += 0.5
    assert buckets.take("GET", "/users/@me").retry_after_s is None
