"""post(): one request to an address that somebody typed in, which must not reach into our own net.

The name is resolved once; every address behind it must be public; the connection goes to what was
checked. No redirects, no proxies, no cookies, bounded in time and in what is read.
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

from webhooks.url_validation import NotAllowed, check_address, check_url, port_of

EXCERPT_BYTES = 500
EXCERPT_SECONDS = 1.0
LINE_BYTES = 4096


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


def _failed(error: str, began: float) -> Answer:
    return Answer(None, "", error[:200], _since(began))


def _since(began: float) -> int:
    return round((perf_counter() - began) * 1000)
