"""Send one POST request to a URL given by a user, without reaching into the internal network.

The host name is resolved once, all its addresses must be public, and the connection uses exactly
these addresses. There are no redirects, proxies or cookies; time and the amount read are limited.
"""

import asyncio
import atexit
import ipaddress
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from threading import Thread
from time import perf_counter

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from webhooks.url_validation import UrlNotAllowed, check_address, check_url, effective_port

MAX_EXCERPT_BYTES = 500
EXCERPT_TIMEOUT_SECONDS = 1.0
MAX_HEADER_LINE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class HttpResult:
    """The outcome of a request: the status and the beginning of the body, or an error.

    `status` is None if there was no response. `took_ms` is the duration in milliseconds.
    """

    status: int | None
    text: str
    error: str
    took_ms: int

    @property
    def is_success(self) -> bool:
        """Return whether the receiver answered with a 2xx status."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResult:
    """Send `body` to `url` once. Network and URL errors are returned in the result, not raised."""
    started = perf_counter()
    try:
        future = asyncio.run_coroutine_threadsafe(_post(url, headers, body), _event_loop())
        status, text = future.result()
    except UrlNotAllowed as refusal:
        return _failure(f"The address {refusal}.", started)
    except TimeoutError:
        return _failure(f"No answer within {settings.WEBHOOK_SECONDS:g} seconds.", started)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return _failure(f"{type(error).__name__}: {error}", started)
    return HttpResult(status, text, "", _elapsed_ms(started))


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """Start the event loop that all threads of this process share for sending.

    A loop for each thread does not work: a name look-up may outlive the thread that started it.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="webhook-http", daemon=True)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    atexit.register(stop)
    return loop


async def _post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    async with asyncio.timeout(settings.WEBHOOK_SECONDS):
        parts = check_url(url)
        addresses = await _resolve_public(str(parts.hostname), effective_port(parts))
        connector = aiohttp.TCPConnector(
            resolver=_FixedResolver(addresses), force_close=True, use_dns_cache=False
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=MAX_HEADER_LINE_BYTES,
                max_field_size=MAX_HEADER_LINE_BYTES,
                timeout=aiohttp.ClientTimeout(total=None),
            ) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            return response.status, await _read_excerpt(response)


async def _read_excerpt(response: aiohttp.ClientResponse) -> str:
    """Return the beginning of the body as printable text.

    The status has arrived already, so a slow or broken body does not make the delivery fail.
    """
    read = b""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(EXCERPT_TIMEOUT_SECONDS):
            while len(read) < MAX_EXCERPT_BYTES:
                chunk = await response.content.read(MAX_EXCERPT_BYTES - len(read))
                if not chunk:
                    break
                read += chunk
    return "".join(c if c.isprintable() else " " for c in read.decode("utf-8", "replace"))


async def _resolve_public(host: str, port: int) -> list[ResolveResult]:
    """Return the addresses of a host. Raises UrlNotAllowed if any of them is not public."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[ResolveResult] = []
    for family, _, proto, _, sockaddr in found:
        check_address(ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]))
        addresses.append(
            ResolveResult(
                hostname=host,
                host=str(sockaddr[0]),
                port=port,
                family=family,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        )
    return addresses


class _FixedResolver(AbstractResolver):
    """Resolves every host to the addresses that were checked, so DNS cannot change in between."""

    def __init__(self, addresses: list[ResolveResult]) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return self.addresses

    async def close(self) -> None:
        """Do nothing: this resolver holds no resources."""


def _failure(error: str, started: float) -> HttpResult:
    return HttpResult(None, "", error[:200], _elapsed_ms(started))


def _elapsed_ms(started: float) -> int:
    return round((perf_counter() - started) * 1000)
