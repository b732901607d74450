"""python -m bench.clients: concurrent HTTP clients in a separate process.

Reads its options as JSON: port, tokens, codes, clients, seconds, think, together. Prints figures as
JSON.
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

TIMEOUT_SECONDS = 30.0
LENGTH = re.compile(rb"^content-length: *(\d+)", re.I | re.M)
CLOSE = re.compile(rb"^connection: *close", re.I | re.M)


@dataclass(slots=True)
class Observations:
    """Response times in milliseconds, and errors by kind."""

    taken: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def failed(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


class Client(asyncio.Protocol):
    """A user with one connection, which is reopened if the server closed it.

    It parses only status and length of a response: CPU time of a thousand clients is taken from the
    server.
    """

    def __init__(self, port: int, token: str, observations: Observations) -> None:
        self._port, self._observations = port, observations
        self._fixed = (
            f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self._wire: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._buffer = b""

    async def request(self, method: str, path: str, body: bytes = b"") -> None:
        """Send one request and record its response time."""
        message = f"{method} {path}{self._fixed}{len(body)}\r\n\r\n".encode() + body
        started = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._send(message)
        except (OSError, TimeoutError, ValueError) as error:
            self._close()
            self._observations.failed(type(error).__name__)
            return
        self._observations.taken.append((time.perf_counter() - started) * 1000)
        if status >= 400:
            self._observations.failed(f"{status} {path.split('?')[0][:24]}")

    async def _send(self, request: bytes) -> int:
        if self._wire is not None:
            try:
                return await self._once(request, self._wire)
            except ConnectionError:
                # The server may close an idle keep-alive connection: that is no error.
                self._close()
        loop = asyncio.get_running_loop()
        wire, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        return await self._once(request, wire)

    async def _once(self, request: bytes, wire: asyncio.Transport) -> int:
        self._buffer = b""
        self._answer = asyncio.get_running_loop().create_future()
        wire.write(request)
        return await self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._wire = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Handle received bytes."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or self._answer is None or self._answer.done():
            return
        length = LENGTH.search(self._buffer, 0, head)
        if length is None:
            self._answer.set_exception(ValueError("The response has no Content-Length."))
        elif len(self._buffer) >= head + 4 + int(length[1]):
            if CLOSE.search(self._buffer, 0, head):
                self._close()
            self._answer.set_result(int(self._buffer[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the pending request, if there is one."""
        self._wire = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def _close(self) -> None:
        if self._wire is not None:
            self._wire.abort()
        self._wire = None


async def simulate_user(client: Client, options: dict[str, Any], end: float) -> None:
    """Read the dashboard, search, open a bag or scan, with pauses in between."""
    think = options["think"]
    await asyncio.sleep(random.uniform(0, think))
    while time.perf_counter() < end:
        code = random.choice(options["codes"])
        die = random.random()
        if die < 0.40:
            await client.request("GET", "/api/v3/dashboard/ultra")
        elif die < 0.60:
            await client.request("GET", f"/api/v3/search?q={code[-6:]}")
        elif die < 0.85:
            await client.request("GET", f"/api/v3/bags/{code}{random.choice(['', '/timeline'])}")
        else:
            await client.request("POST", "/api/v3/scans", scan(code))
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)


def scan(code: str) -> bytes:
    """Return the body of an inspect scan."""
    body = {"ref": str(uuid4()), "step": "inspect", "code": code, "area": "lucknow"}
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return json.dumps(body | {"scanned_at": now}).encode()


async def run_clients(options: dict[str, Any]) -> dict[str, Any]:
    """Run all clients for some seconds, or with `together` send one request each."""
    observations = Observations()
    clients = [
        Client(options["port"], random.choice(options["tokens"]), observations)
        for _ in range(options["clients"])
    ]
    started = time.perf_counter()
    if options["together"]:
        await asyncio.gather(*(one.request("GET", "/api/v3/dashboard/ultra") for one in clients))
    else:
        end = started + options["seconds"]
        await asyncio.gather(*(simulate_user(one, options, end) for one in clients))
    took = time.perf_counter() - started
    taken = sorted(observations.taken)
    return {
        "rate": len(taken) / took,
        "p50": taken[len(taken) // 2] if taken else 0,
        "p95": taken[int(len(taken) * 0.95)] if taken else 0,
        "worst": taken[-1] if taken else 0,
        "answers": len(taken),
        "errors": observations.errors,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run_clients(json.load(sys.stdin)))))
