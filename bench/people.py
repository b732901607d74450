"""python -m bench.people: a crowd of clients in a process of its own; tells as JSON what it saw.

Reads what to do as JSON: port, tokens, codes, clients, seconds, think, together.
"""

import asyncio
import json
import random
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

LIMIT = 30.0
LENGTH = re.compile(rb"^content-length: *(\d+)", re.I | re.M)
CLOSE = re.compile(rb"^connection: *close", re.I | re.M)


@dataclass(slots=True)
class Seen:
    """What all of them saw: milliseconds of each answer, and what went wrong."""

    taken: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def failed(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


class Client(asyncio.Protocol):
    """One person with one connection, opened again where the server has closed it.

    It reads no more of an answer than its status and its length: what a thousand people take of the
    machine is taken from the server.
    """

    def __init__(self, port: int, token: str, seen: Seen) -> None:
        self._port, self._seen = port, seen
        self._fixed = (
            f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self._wire: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._came = b""

    async def ask(self, method: str, path: str, body: bytes = b"") -> None:
        """Send one request and note how long its answer took."""
        request = f"{method} {path}{self._fixed}{len(body)}\r\n\r\n".encode() + body
        started = time.perf_counter()
        try:
            async with asyncio.timeout(LIMIT):
                status = await self._sent(request)
        except (OSError, TimeoutError, ValueError) as error:
            self._hang_up()
            self._seen.failed(type(error).__name__)
            return
        self._seen.taken.append((time.perf_counter() - started) * 1000)
        if status >= 400:
            self._seen.failed(f"{status} {path.split('?')[0][:24]}")

    async def _sent(self, request: bytes) -> int:
        if self._wire is not None:
            try:
                return await self._once(request, self._wire)
            except ConnectionError:
                # A kept connection that the server ended while we thought is no error of anybody's.
                self._hang_up()
        loop = asyncio.get_running_loop()
        wire, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        return await self._once(request, wire)

    async def _once(self, request: bytes, wire: asyncio.Transport) -> int:
        self._came = b""
        self._answer = asyncio.get_running_loop().create_future()
        wire.write(request)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""
        self._wire = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        self._came += data
        head = self._came.find(b"\r\n\r\n")
        if head < 0 or self._answer is None or self._answer.done():
            return
        length = LENGTH.search(self._came, 0, head)
        if length is None:
            self._answer.set_exception(ValueError("The answer does not say how long it is."))
        elif len(self._came) >= head + 4 + int(length[1]):
            if CLOSE.search(self._came, 0, head):
                self._hang_up()
            self._answer.set_result(int(self._came[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """The server has ended the connection, or we have."""
        self._wire = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.abort()
        self._wire = None


async def person(client: Client, told: dict[str, Any], end: float) -> None:
    """Look, search, open a bag, scan; think in between."""
    think = told["think"]
    await asyncio.sleep(random.uniform(0, think))
    while time.perf_counter() < end:
        code = random.choice(told["codes"])
        die = random.random()
        if die < 0.40:
            await client.ask("GET", "/api/v3/dashboard/ultra")
        elif die < 0.60:
            await client.ask("GET", f"/api/v3/search?q={code[-6:]}")
        elif die < 0.85:
            await client.ask("GET", f"/api/v3/bags/{code}{random.choice(['', '/timeline'])}")
        else:
            await client.ask("POST", "/api/v3/scans", scan(code))
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)


def scan(code: str) -> bytes:
    """Somebody looks at a bag."""
    said = {"ref": str(uuid4()), "step": "inspect", "code": code, "area": "lucknow"}
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return json.dumps(said | {"scanned_at": now}).encode()


async def crowd(told: dict[str, Any]) -> dict[str, Any]:
    """Everybody at once: for some seconds, or with `together` one request each."""
    seen = Seen()
    clients = [
        Client(told["port"], random.choice(told["tokens"]), seen) for _ in range(told["clients"])
    ]
    started = time.perf_counter()
    if told["together"]:
        await asyncio.gather(*(one.ask("GET", "/api/v3/dashboard/ultra") for one in clients))
    else:
        end = started + told["seconds"]
        await asyncio.gather(*(person(one, told, end) for one in clients))
    took = time.perf_counter() - started
    taken = sorted(seen.taken)
    return {
        "rate": len(taken) / took,
        "p50": taken[len(taken) // 2] if taken else 0,
        "p95": taken[int(len(taken) * 0.95)] if taken else 0,
        "worst": taken[-1] if taken else 0,
        "answers": len(taken),
        "errors": seen.errors,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(crowd(json.load(sys.stdin)))))
