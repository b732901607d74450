"""Where a request comes from, behind proxies of ours and not behind anybody else's word."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.conf import settings
from django.http import HttpRequest

Network = IPv4Network | IPv6Network
ANY_PROXY = "*"
UNREADABLE = "unreadable"


def client_network(request: HttpRequest) -> str:
    """The network that limits count by: an IPv4 address alone, an IPv6 address with its /64.

    That of the nearest hop that is no proxy of FORWARDED_ALLOW_IPS. What stands further left in
    X-Forwarded-For was there when the request came in: anybody may have written it.
    """
    return _network(_nearest(request))


def client_address(request: HttpRequest) -> str:
    """The address that client_network() names the network of."""
    return str(_read(_nearest(request)) or UNREADABLE)


def is_from_networks(request: HttpRequest, networks: Iterable[str]) -> bool:
    """Whether a request comes from one of these networks."""
    return _is_among(_nearest(request), [ip_network(network) for network in networks])


def _nearest(request: HttpRequest) -> str:
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    trusted, anybody = _proxies(tuple(settings.FORWARDED_ALLOW_IPS))
    if anybody:
        # Whoever connects is a proxy of ours; who connected to it is not.
        return hops[-1].strip() or nearest
    while hops and _is_among(nearest, trusted):
        nearest = hops.pop().strip() or nearest
    return nearest


@lru_cache(maxsize=16)
def _proxies(listed: tuple[str, ...]) -> tuple[list[Network], bool]:
    networks = [ip_network(item) for item in listed if item != ANY_PROXY]
    return networks, ANY_PROXY in listed


def _is_among(text: str, networks: list[Network]) -> bool:
    address = _read(text)
    return address is not None and any(address in network for network in networks)


def _network(text: str) -> str:
    address = _read(text)
    if address is None:
        return UNREADABLE
    return str(ip_network((address, 64 if address.version == 6 else 32), strict=False))


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
