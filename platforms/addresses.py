"""Which network addresses we may talk to: site addresses come from users (docs/bad-inputs.md)."""

import ipaddress
import socket
from collections.abc import Iterator

from platforms.lookups import look_up

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class AddressRefused(Exception):
    """The host resolves to no public address."""


def is_public(address: str) -> bool:
    """Whether ``address`` is an ordinary address of the public internet.

    Addresses that wrap another (IPv4-mapped, IPv4-compatible, 6to4, NAT64) count as what they wrap.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = _wrapped(ip)
        if wrapped is not None:
            return is_public(str(wrapped))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _wrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    nat64 = ip in ipaddress.ip_network("64:ff9b::/96")
    compatible = int(ip) >> 32 == 0 and int(ip) > 1
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if nat64 or compatible else None


def is_private_literal(host: str) -> bool:
    """Whether ``host`` is this machine or a private address by its very spelling: no look-up.

    `127.1`, `2130706433` and `0x7f000001` are addresses to the resolver, and so they are here.
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        found = socket.getaddrinfo(name.replace("%25", "%"), None, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return False
    return not all(is_public(str(address[0])) for *_, address in found)


def resolve(host: str, port: int, allowed_hosts: frozenset[str]) -> Iterator[Address]:
    """Yield the addresses of ``host`` that we may connect to; resolved once, connected as checked.

    Raises:
        AddressRefused: none of them is public and the host is not in ``allowed_hosts``.
        OSError: the name does not resolve, or not in time.
    """
    refused: list[str] = []
    found = False
    for family, _, _, _, address in look_up(host, port):
        if host.lower() in allowed_hosts or is_public(str(address[0])):
            found = True
            yield family, address
        else:
            refused.append(str(address[0]))
    if not found:
        raise AddressRefused(
            f"{host} is at {', '.join(refused)}, which is not a public address; a private site "
            "must be named in IGNY8_ALLOWED_PRIVATE_HOSTS"
        )
