"""When nothing may be sent, by a clock of our own."""

from collections.abc import Mapping

import pytest

from bot.frontend.gate import CLOUDFLARE_WAIT_S, REFUSALS_IN_S, REFUSALS_MAX, Gate

VIA = {"Via": "1.1 google"}


class Ticking:
    """Seconds that only grow."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def gate(clock: Ticking) -> Gate:
    return Gate(clock)


def test_the_ban_at_ten_thousand_refusals_can_never_be_reached(gate: Gate, clock: Ticking) -> None:
    asked = 0
    for _ in range(200_000):  # as fast as Discord's global limit lets anybody ask, for over an hour
        clock.now_s += 0.02
        if not gate.wait_s():
            asked += 1
            gate.note(403, VIA)
    in_ten_minutes = asked / (200_000 * 0.02 / REFUSALS_IN_S)
    assert asked > REFUSALS_MAX
    assert in_ten_minutes < 2 * REFUSALS_MAX < 10_000 / 5


@pytest.mark.parametrize("status", [401, 403, 429])
def test_refusals_close_until_half_of_them_have_lapsed(
    gate: Gate, clock: Ticking, status: int
) -> None:
    for _ in range(REFUSALS_MAX):
        assert gate.wait_s() == 0
        clock.now_s += 0.5
        gate.note(status, VIA)
    wait_s = gate.wait_s()
    assert 0 < wait_s <= REFUSALS_IN_S
    clock.now_s += wait_s - 0.1
    assert gate.wait_s() == pytest.approx(0.1)
    clock.now_s += 0.1
    assert gate.wait_s() == 0


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (404, {}), (502, {}), (429, {"X-RateLimit-Scope": "shared"})]
)
def test_what_is_no_fault_of_ours_is_not_counted(
    gate: Gate, status: int, headers: Mapping[str, str]
) -> None:
    for _ in range(2 * REFUSALS_MAX):
        gate.note(status, {**VIA, **headers})
    assert gate.wait_s() == 0


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({**VIA, "Retry-After": "7"}, 0),
        ({**VIA, "Retry-After": "7", "x-ratelimit-scope": "global"}, 7),
        ({**VIA, "Retry-After": "7", "X-RateLimit-Global": "true"}, 7),
        ({"Retry-After": "90"}, 90),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT"}, CLOUDFLARE_WAIT_S),
        ({"Retry-After": "-5"}, 0),
        ({}, CLOUDFLARE_WAIT_S),
    ],
)
def test_a_429_closes_for_all_where_it_is_meant_for_all(
    gate: Gate, headers: Mapping[str, str], wait_s: float
) -> None:
    gate.note(429, headers)
    assert gate.wait_s() == wait_s


def test_a_shorter_wait_ends_no_longer_one(gate: Gate, clock: Ticking) -> None:
    gate.note(429, {"Retry-After": "90"})
    gate.note(429, {"Retry-After": "7"})
    assert gate.wait_s() == 90
    clock.now_s += 90
    assert gate.wait_s() == 0
