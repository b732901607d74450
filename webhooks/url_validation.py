"""Which addresses may be told: by their look, and by where they lead.

Apart from what sends, which a web server need not load.
"""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

# What the standard library takes for public, and what leads elsewhere all the same: addresses
# that are translated or tunnelled to others, and relays.
LEADS_ELSEWHERE = [
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16",
        "3fff::/20", "5f00::/16", "fec0::/10",
    )
]  # fmt: skip
# So plain that every reader of addresses finds the same host in it.
HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?", re.ASCII)

# As DNS has it: of a part of a name, and of a name.
LONGEST_LABEL, LONGEST_NAME = 63, 253

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Exception):
    """Nothing may be sent there; the message says why."""


def check_url(url: str) -> SplitResult:
    """The parts of an address that may be told, as far as can be said without resolving it.

    Raises NotAllowed.
    """
    try:
        parts = urlsplit(url)
        port = port_of(parts)
    except ValueError:
        raise NotAllowed("is not an address") from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise NotAllowed("has characters that do not belong into an address")
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_HTTP):
        raise NotAllowed("must begin with https://")
    if not parts.hostname:
        raise NotAllowed("names no host")
    if not _is_name(parts.hostname) and not _is_ipv6(parts.hostname):
        raise NotAllowed("names a host that cannot be")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("must have neither a name, a password nor a fragment")
    if str(port) not in settings.WEBHOOK_PORTS:
        raise NotAllowed(f"must use one of the ports {', '.join(settings.WEBHOOK_PORTS)}")
    with suppress(ValueError):
        check_address(ipaddress.ip_address(parts.hostname))
    return parts


def _is_name(host: str) -> bool:
    name = host.removesuffix(".")
    labels = name.split(".")
    short = len(name) <= LONGEST_NAME and all(0 < len(label) <= LONGEST_LABEL for label in labels)
    return short and bool(HOST.fullmatch(host))


def port_of(parts: SplitResult) -> int:
    """The port, said or usual; raises ValueError where it is none."""
    return parts.port if parts.port is not None else {"http": 80}.get(parts.scheme, 443)


def check_address(address: Address) -> None:
    """Raises NotAllowed for an address within our own net, or one that leads there."""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if any(network == "*" or address in _network(network) for network in settings.WEBHOOK_NETWORKS):
        return
    if (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or any(address in network for network in LEADS_ELSEWHERE)
    ):
        raise NotAllowed("leads to an address that is not public")


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)
