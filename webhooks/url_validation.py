"""Validation of webhook URLs: syntax, and the network addresses that they lead to.

This module does not import the HTTP client, which web processes need not load.
"""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

# Networks that `ipaddress` reports as global but that reach other addresses: translation (NAT64,
# 6to4, Teredo), relays and IPv4-compatible addresses.
INDIRECT_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16",
        "3fff::/20", "5f00::/16", "fec0::/10",
    )
]  # fmt: skip
# Deliberately narrow, so that every URL parser finds the same host.
HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?", re.ASCII)

# The limits of DNS (RFC 1035).
MAX_LABEL_CHARS, MAX_NAME_CHARS = 63, 253

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UrlNotAllowed(Exception):
    """Raised if nothing may be sent to a URL or address. The message is a predicate: "has …"."""


def check_url(url: str) -> SplitResult:
    """Validate a webhook URL without resolving its host; return its parts.

    Raises UrlNotAllowed if the URL is not allowed.
    """
    try:
        parts = urlsplit(url)
        port = effective_port(parts)
    except ValueError:
        raise UrlNotAllowed("is not a valid URL") from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UrlNotAllowed("contains invalid characters")
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_HTTP):
        raise UrlNotAllowed("must begin with https://")
    if not parts.hostname:
        raise UrlNotAllowed("has no host")
    if not _is_host_name(parts.hostname) and not _is_ipv6(parts.hostname):
        raise UrlNotAllowed("has an invalid host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlNotAllowed("must not contain a user name, a password or a fragment")
    if str(port) not in settings.WEBHOOK_PORTS:
        raise UrlNotAllowed(f"must use one of the ports {', '.join(settings.WEBHOOK_PORTS)}")
    with suppress(ValueError):
        check_address(ipaddress.ip_address(parts.hostname))
    return parts


def effective_port(parts: SplitResult) -> int:
    """Return the port of the URL or the default port of its scheme; raise ValueError if invalid."""
    return parts.port if parts.port is not None else {"http": 80}.get(parts.scheme, 443)


def check_address(address: Address) -> None:
    """Raises UrlNotAllowed for an address that is not public and not in WEBHOOK_NETWORKS."""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    allowed = settings.WEBHOOK_NETWORKS
    if any(network == "*" or address in ipaddress.ip_network(network) for network in allowed):
        return
    if (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or any(address in network for network in INDIRECT_NETWORKS)
    ):
        raise UrlNotAllowed("leads to an address that is not public")


def _is_host_name(host: str) -> bool:
    name = host.removesuffix(".")
    labels = name.split(".")
    has_valid_labels = all(0 < len(label) <= MAX_LABEL_CHARS for label in labels)
    return len(name) <= MAX_NAME_CHARS and has_valid_labels and bool(HOST.fullmatch(host))


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
