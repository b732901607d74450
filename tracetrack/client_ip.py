"""The client's IP address, determined with trusted proxies only."""

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
# The value of FORWARDED_ALLOW_IPS that trusts each peer as a proxy.
ANY_PROXY = "*"
UNKNOWN_ADDRESS = "unreadable"


def client_network(request: HttpRequest) -> str:
    """Return the network that rate limits count by: an IPv4 address, or the /64 of an IPv6 address.

    The client is the nearest hop that is not a proxy of FORWARDED_ALLOW_IPS. Entries further left
    in X-Forwarded-For were sent by the client, which may have made them up.
    """
    return _network_of(_client_hop(request))


def client_address(request: HttpRequest) -> str:
    """Return the client's address, as client_network() determines it."""
    return str(_parse_address(_client_hop(request)) or UNKNOWN_ADDRESS)


def is_from_networks(request: HttpRequest, networks: Iterable[str]) -> bool:
    """Return whether the client's address is in one of the networks (CIDR)."""
    return _is_in(_client_hop(request), [ip_network(network) for network in networks])


def _client_hop(request: HttpRequest) -> str:
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    trusted, trusts_any = _parse_proxies(tuple(settings.FORWARDED_ALLOW_IPS))
    if trusts_any:
        # The peer is a trusted proxy; the hop that it added is not.
        return hops[-1].strip() or nearest
    while hops and _is_in(nearest, trusted):
        nearest = hops.pop().strip() or nearest
    return nearest


@lru_cache(maxsize=16)
def _parse_proxies(proxies: tuple[str, ...]) -> tuple[list[Network], bool]:
    networks = [ip_network(proxy) for proxy in proxies if proxy != ANY_PROXY]
    return networks, ANY_PROXY in proxies


def _is_in(text: str, networks: list[Network]) -> bool:
    address = _parse_address(text)
    return address is not None and any(address in network for network in networks)


def _network_of(text: str) -> str:
    address = _parse_address(text)
    if address is None:
        return UNKNOWN_ADDRESS
    return str(ip_network((address, 64 if address.version == 6 else 32), strict=False))


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
