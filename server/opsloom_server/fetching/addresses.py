"""Which addresses may be fetched. Rules alone: nothing here asks a name server or opens a connection.

Whoever may add documents must not thereby read what only this machine or its network can: the cloud's metadata service,
a database's console, a neighbour's router. So a name counts for nothing; each IP address that it stands for is judged,
and the connection goes to that very address (``fetcher``), whatever the name stands for a moment later.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx2
from msgspec import Struct

__all__ = ["Address", "FetchRefused", "Networks", "Target", "judge", "target"]

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

LONGEST = 2_000
_NONE = "This is not an address. Write it as https://example.org/page."
_PORTS = {"http": 80, "https": 443}
# 127.1, 0x7f.0.0.1, 2130706433, 017700000001: what inet_aton reads as an address, and a person as something else.
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.I)
# Reserved in the books, and how the public IPv4 internet looks from a network that has IPv6 only.
_NAT64 = IPv6Network("64:ff9b::/96")
# Of no use outside one network, which not every Python 3.11 knows: protocol assignments, NAT64 and site-local.
_MORE_PRIVATE: Networks = (IPv4Network("192.0.0.0/24"), IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"))


class FetchRefused(Exception):
    """An address is not fetched, or what it answers is not taken. ``text`` says what to do, to whoever named it."""

    def __init__(self, code: str, text: str, *, sent: bool = False) -> None:
        """`sent`: the request may have been heard there."""
        super().__init__(text)
        self.code = code
        self.text = text
        self.sent = sent


class Target(Struct, frozen=True):
    """An address as it was named, taken apart. ``host`` is a name or an IP address without brackets."""

    url: httpx2.URL
    host: str
    port: int

    @property
    def literal(self) -> Address | None:
        """The IP address where the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def target(url: str) -> Target:
    """Take an address apart. Raises FetchRefused where it is none that could be fetched."""
    if len(url) > LONGEST:
        raise FetchRefused("address", f"This address is longer than {LONGEST:,} characters.")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").lower().strip("[]")
    except (httpx2.InvalidURL, ValueError):
        raise FetchRefused("address", _NONE) from None
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise FetchRefused("address", _NONE)
    if parsed.scheme not in _PORTS or not host:
        raise FetchRefused("address", "Only addresses that begin with http:// or https:// are fetched.")
    if parsed.userinfo:
        raise FetchRefused("address", "An address with a user or a password in it is not fetched. Leave them out.")
    found = Target(parsed.copy_with(fragment=None), host, parsed.port or _PORTS[parsed.scheme])
    if "%" in host or (found.literal is None and _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])):
        raise FetchRefused("address", "Write the host as a name, or as an IP address with all its parts.")
    return found


def judge(address: Address, port: int, also: Networks = ()) -> None:
    """Raise FetchRefused unless this may be connected to: a public address at port 80 or 443, or one in ``also``."""
    if _within(address, also):
        return
    if not all(_public(one) for one in (address, *_carried(address))):
        raise FetchRefused(
            "private",
            "This address leads into a private network, and only what everybody can reach is fetched. Download the "
            "page and add the file. Whoever runs the server can let a network in with OPSLOOM_FETCH_NETWORKS.",
        )
    if port not in _PORTS.values():
        raise FetchRefused("port", "Only the ports 80 and 443 are fetched from. Download the page and add the file.")


def _public(address: Address) -> bool:
    if _within(address, (_NAT64,)):
        return True  # judged by the address that it carries
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special and not _within(address, _MORE_PRIVATE)


def _within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _carried(address: Address) -> list[Address]:
    """The IPv4 addresses that a mapped, 6to4, Teredo or NAT64 address would be handed on to."""
    if not isinstance(address, IPv6Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]
