from ipaddress import ip_address, ip_network

import pytest

from bot.feeds.guard import Guard, Refused, is_public

PRIVATE = [
    "0.0.0.0",  # noqa: S104  # binds nothing: an address to refuse
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_hosts_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_the_guard_refuses_private_addresses_at_a_web_port(address: str) -> None:
    with pytest.raises(Refused):
        Guard([]).judge(address, 443)


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_the_guard_lets_web_ports_through(port: int) -> None:
    Guard([]).judge("1.1.1.1", port)


@pytest.mark.parametrize("port", [22, 25, 3306, 6379, 8081])
def test_the_guard_refuses_other_ports_of_public_hosts(port: int) -> None:
    with pytest.raises(Refused) as refusal:
        Guard([]).judge("1.1.1.1", port)
    assert refusal.value.is_port


def test_an_allowed_network_may_be_reached_on_any_port() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00::/8")])
    guard.judge("10.1.2.3", 1200)
    guard.judge("::ffff:10.1.2.3", 1200)
    guard.judge("fd00::5", 22)
    with pytest.raises(Refused):
        guard.judge("10.2.0.1", 80)


def test_a_scope_id_does_not_hide_a_link_local_address() -> None:
    with pytest.raises(Refused):
        Guard([]).judge("fe80::1%lo", 80)
