"""Keep feeds from reaching into private networks: judge every address at the moment of connecting.

A name is judged by what it resolves to at that moment, so neither a redirect, an IP literal in any
notation, nor a DNS answer that changes between a check and the connect gets past. The tables are
written out because ``ipaddress.is_global`` of Python 3.11 calls NAT64, 6to4, site-local and
IPv4-compatible addresses global.
"""

import socket
from collections.abc import Sequence
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohappyeyeballs import AddrInfoType

Network = IPv4Network | IPv6Network

PORTS = (80, 443, 8080, 8443)

# IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771) and the former class E.
_FORBIDDEN_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Global unicast (RFC 4291 §2.4) without what the IANA IPv6 Special-Purpose Address Registry takes
# out of it.
_GLOBAL_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class Refused(OSError):
    """Herald does not connect there. An OSError, so that aiohttp tries a host's next address."""

    def __init__(self, address: IPv4Address | IPv6Address, port: int, *, is_port: bool) -> None:
        super().__init__(f"refused to connect to {address} port {port}")
        self.address = address
        self.port = port
        self.is_port = is_port  # the address is public, the port is not a web server's


class Guard:
    """Makes the sockets of the HTTP client, or refuses to."""

    def __init__(self, allowed_networks: Sequence[Network]) -> None:
        self._allowed = tuple(allowed_networks)
        self._refusals: ContextVar[list[Refused]] = ContextVar("refusals")

    def watch(self) -> list[Refused]:
        """Return a list that will hold the refusals met by the present task from now on.

        Connecting to one host may try several addresses and report one joined error; the list keeps
        them apart.
        """
        refusals: list[Refused] = []
        self._refusals.set(refusals)
        return refusals

    def socket(self, addr_info: AddrInfoType) -> socket.socket:
        """Return a socket for *addr_info*, or raise Refused. Connects to nothing."""
        family, kind, protocol, _, sockaddr = addr_info
        try:
            self.judge(str(sockaddr[0]), int(sockaddr[1]))
        except Refused as refusal:
            self._refusals.get([]).append(refusal)
            raise
        return socket.socket(family=family, type=kind, proto=protocol)

    def judge(self, host: str, port: int) -> None:
        """Raise Refused unless *host*, a numeric address, may be reached at *port*."""
        address = _unwrapped(ip_address(host.partition("%")[0]))
        if any(address in network for network in self._allowed):
            return
        if not is_public(address):
            raise Refused(address, port, is_port=False)
        if port not in PORTS:
            raise Refused(address, port, is_port=True)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether *address* belongs to a host on the public internet."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _FORBIDDEN_V6)


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address inside an IPv4-mapped or NAT64 one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
