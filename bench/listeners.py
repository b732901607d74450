"""python -m bench.listeners: open dashboards, and people who scan meanwhile, in one process.

Reads what to do as JSON: port, sessions, token, codes, scans, every. Tells as JSON when each
dashboard heard of each scan. One process, so that one clock measures both ends.
"""

import asyncio
import base64
import json
import re
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle
from typing import Any, cast

from bench.people import LENGTH, scan

LATEST = re.compile(rb'"recent_activity":\[([^\]]*)\]')
ID = re.compile(rb'"id":(\d+)')
TEXT, CLOSE = 1, 8
AT_ONCE = 50
OPEN_SECONDS, LATE_SECONDS = 60.0, 3.0


class Dashboard(asyncio.Protocol):
    """One that is open. It reads no more of a message than the newest scan in it."""

    def __init__(self, port: int, session: str, told: "Told") -> None:
        self._port, self._session, self._told = port, session, told
        self._came = b""
        self._open = False
        self.greeted = asyncio.get_running_loop().create_future()
        self.heard: list[tuple[float, frozenset[int]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open: ask for a socket."""
        host = f"127.0.0.1:{self._port}"
        cast(asyncio.Transport, transport).write(
            f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
            f"Cookie: sessionid={self._session}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """A piece of what the server says."""
        self._came += data
        if not self._open:
            head, end, rest = self._came.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._told.failed(head.partition(b"\r\n")[0].decode())
                return
            self._open, self._came = True, rest
        while (found := _frame(self._came)) is not None:
            kind, content, self._came = found
            if kind == CLOSE:
                self._told.failed(f"closed with {int.from_bytes(content[:2])}")
            elif kind == TEXT:
                self._hear(content)

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody hangs up before the end."""
        self._told.failed("connection lost")

    def _hear(self, content: bytes) -> None:
        self.heard.append((time.perf_counter(), latest(content)))
        if not self.greeted.done():
            self.greeted.set_result(None)


class Told:
    """When which scan was recorded, how long that took, and what must not happen meanwhile."""

    def __init__(self) -> None:
        self.recorded: dict[int, float] = {}
        self.posts: list[float] = []
        self.errors: dict[str, int] = {}
        self.ended = False

    def failed(self, what: str) -> None:
        """Count it, unless all is over."""
        if not self.ended:
            self.errors[what] = self.errors.get(what, 0) + 1

    def delays(self, one: Dashboard) -> Iterator[float]:
        """How many milliseconds after its answer it heard of each scan of which it did hear."""
        waiting = dict(self.recorded)
        for at, ids in one.heard:
            # What was merged with ten newer ones is counted in the numbers, though not listed.
            for scan_id in [i for i in waiting if i in ids or i < min(ids, default=0)]:
                yield max(0.0, (at - waiting.pop(scan_id)) * 1000)


@lru_cache(maxsize=100)
def latest(content: bytes) -> frozenset[int]:
    """The ids of the scans that a message lists; most dashboards get the same message."""
    found = LATEST.search(content)
    return frozenset(map(int, ID.findall(found[1]))) if found else frozenset()


def _frame(came: bytes) -> tuple[int, bytes, bytes] | None:
    """What kind the first whole frame is, what is in it, and what comes after it."""
    if len(came) < 2:
        return None
    size, start = came[1] & 127, 2
    if size > 125:
        start = 4 if size == 126 else 10
        size = int.from_bytes(came[2:start])
    if len(came) < start + size:
        return None
    return came[0] & 15, came[start : start + size], came[start + size :]


async def scanning(asked: dict[str, Any], told: Told) -> None:
    """One scan after another at a steady pace, however long each takes."""
    codes = cycle(asked["codes"])
    begun = time.perf_counter()
    sending = []
    for number in range(asked["scans"]):
        await asyncio.sleep(begun + number * asked["every"] - time.perf_counter())
        sending.append(asyncio.create_task(_post(asked, next(codes), told)))
    await asyncio.gather(*sending)


async def _post(asked: dict[str, Any], code: str, told: Told) -> None:
    body = scan(code)
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", asked["port"])
    writer.write(
        f"POST /api/v3/scans HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {asked['token']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    answer = json.loads(await reader.readexactly(int(length[1]) if length else 0))
    told.posts.append((time.perf_counter() - started) * 1000)
    writer.close()
    if head[9:12] in (b"200", b"201"):
        told.recorded[answer["scan"]["id"]] = time.perf_counter()
    else:
        told.failed(f"{head[9:12].decode()} for a scan")


async def listening(asked: dict[str, Any]) -> dict[str, Any]:
    """Open all dashboards, scan, wait for who is late, and tell."""
    told, loop = Told(), asyncio.get_running_loop()
    room = asyncio.Semaphore(AT_ONCE)

    async def opened(session: str) -> Dashboard:
        one = Dashboard(asked["port"], session, told)
        async with room:
            await loop.create_connection(lambda: one, "127.0.0.1", asked["port"])
            await asyncio.wait_for(one.greeted, OPEN_SECONDS)
        return one

    started = time.perf_counter()
    dashboards = await asyncio.gather(*map(opened, asked["sessions"]))
    took = time.perf_counter() - started
    sys.stdout.write("open\n")
    sys.stdout.flush()
    begun = time.perf_counter()
    await scanning(asked, told)
    end = time.perf_counter()
    await asyncio.sleep(LATE_SECONDS)
    told.ended = True
    messages = [sum(begun <= at <= end for at, _ in one.heard) for one in dashboards]
    delays = sorted(delay for one in dashboards for delay in told.delays(one))
    return {
        "opened_in": took,
        "seconds": end - begun,
        "p50": delays[len(delays) // 2] if delays else 0,
        "p99": delays[int(len(delays) * 0.99)] if delays else 0,
        "worst": delays[-1] if delays else 0,
        "post_p99": sorted(told.posts)[int(len(told.posts) * 0.99)],
        "missed": len(told.recorded) * len(dashboards) - len(delays),
        "messages": sum(messages) / len(messages) / (end - begun),
        "errors": told.errors,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(listening(json.loads(sys.stdin.readline())))))
