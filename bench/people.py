"""python -m bench.people: a crowd of clients in a process of its own; tells as JSON what it saw.

Reads what to do as JSON: port, tokens, codes, clients, seconds, think, together.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

LIMIT = 30.0


@dataclass(slots=True)
class Seen:
    """What all of them saw: milliseconds of each answer, and what went wrong."""

    taken: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def failed(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


class Client:
    """One person with one connection, opened again where the server has closed it."""

    def __init__(self, port: int, token: str, seen: Seen) -> None:
        self._port, self._token, self._seen = port, token, seen
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> None:
        """Send one request and note how long its answer took."""
        started = time.perf_counter()
        try:
            status = await asyncio.wait_for(self._sent(method, path, body), LIMIT)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self._streams = None
            self._seen.failed(type(error).__name__)
            return
        self._seen.taken.append((time.perf_counter() - started) * 1000)
        if status >= 400:
            self._seen.failed(f"{status} {path.split('?')[0][:24]}")

    async def _sent(self, method: str, path: str, body: bytes) -> int:
        kept = self._streams is not None
        try:
            return await self._once(method, path, body)
        except (OSError, EOFError):
            # A kept connection that the server ended while we thought is no error of anybody's.
            if not kept:
                raise
        self._streams = None
        return await self._once(method, path, body)

    async def _once(self, method: str, path: str, body: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            writer.close()
            self._streams = None
        return int(lines[0].split()[1])


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
