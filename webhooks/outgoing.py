"""post(): one request to an address that somebody typed in, which must not reach into our own net.

The name is resolved once; every address behind it must be public; the connection goes to what was
checked. No redirects, no proxies, no cookies, bounded in time and in what is read.
"""

import asyncio
import atexit
import ipaddress
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Thread
from time import perf_counter
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
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
EXCERPT_BYTES = 500
EXCERPT_SECONDS = 1.0
LINE_BYTES = 4096

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Exception):
    """Nothing may be sent there; the message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status with the beginning of the body, or why there is none."""

    status: int | None
    text: str
    error: str
    took_ms: int

    @property
    def good(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300


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
    if not HOST.fullmatch(parts.hostname) and not _is_ipv6(parts.hostname):
        raise NotAllowed("names a host that cannot be")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("must have neither a name, a password nor a fragment")
    if str(port) not in settings.WEBHOOK_PORTS:
        raise NotAllowed(f"must use one of the ports {', '.join(settings.WEBHOOK_PORTS)}")
    with suppress(ValueError):
        check_address(ipaddress.ip_address(parts.hostname))
    return parts


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


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send `body` there, once. Never raises: what went wrong is in the answer."""
    began = perf_counter()
    try:
        sending = asyncio.run_coroutine_threadsafe(_post(url, headers, body), _loop())
        status, text = sending.result()
    except NotAllowed as refusal:
        return _failed(f"The address {refusal}.", began)
    except TimeoutError:
        return _failed(f"No answer within {settings.WEBHOOK_SECONDS:g} seconds.", began)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _failed(f"{type(error).__name__}: {error}", began)
    return Answer(status, text, "", _since(began))


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The one loop in which all threads of this process send; looking a name up may outlive one."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="sending", daemon=True)
    thread.start()

    def end() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    atexit.register(end)
    return loop


async def _post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    async with asyncio.timeout(settings.WEBHOOK_SECONDS):
        parts = check_url(url)
        addresses = await _resolved(str(parts.hostname), port_of(parts))
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(addresses), force_close=True, use_dns_cache=False
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=LINE_BYTES,
                max_field_size=LINE_BYTES,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await _excerpt(response)


async def _excerpt(response: aiohttp.ClientResponse) -> str:
    """The beginning of the body. The receiver has answered already: a slow body spoils nothing."""
    read = b""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(EXCERPT_SECONDS):
            while len(read) < EXCERPT_BYTES:
                some = await response.content.read(EXCERPT_BYTES - len(read))
                if not some:
                    break
                read += some
    return "".join(c if c.isprintable() else " " for c in read.decode("utf-8", "replace"))


async def _resolved(host: str, port: int) -> list[ResolveResult]:
    """The addresses behind a name; raises NotAllowed where one of them is not public."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[ResolveResult] = []
    for family, _, proto, _, place in found:
        check_address(ipaddress.ip_address(str(place[0]).partition("%")[0]))
        addresses.append(
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        )
    return addresses


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, whatever the name would lead to by now."""

    def __init__(self, addresses: list[ResolveResult]) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return self.addresses

    async def close(self) -> None:
        """Nothing is held."""


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


def _failed(error: str, began: float) -> Answer:
    return Answer(None, "", error[:200], _since(began))


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
