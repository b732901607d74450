"""python -m bench.dashboard_clients: open dashboards and scan concurrently, in one process.

Reads its options as JSON: port, sessions, token, codes, scans, every. Prints as JSON how long each
dashboard took to receive each scan. One process, so that one clock measures both ends.
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

from bench.clients import LENGTH, scan

LATEST = re.compile(rb'"recent_activity":\[([^\]]*)\]')
ID = re.compile(rb'"id":(\d+)')
TEXT, CLOSE = 1, 8
MAX_CONNECTING = 50
OPEN_SECONDS, LATE_SECONDS = 60.0, 3.0


class Dashboard(asyncio.Protocol):
    """An open dashboard. It parses only the latest scans of each message."""

    def __init__(self, port: int, session: str, recorder: "Recorder") -> None:
        self._port, self._session, self._recorder = port, session, recorder
        self._buffer = b""
        self._open = False
        self.received_first = asyncio.get_running_loop().create_future()
        self.messages: list[tuple[float, frozenset[int]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the WebSocket handshake."""
        host = f"127.0.0.1:{self._port}"
        cast(asyncio.Transport, transport).write(
            f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
            f"Cookie: sessionid={self._session}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Handle received bytes."""
        self._buffer += data
        if not self._open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._recorder.failed(head.partition(b"\r\n")[0].decode())
                return
            self._open, self._buffer = True, rest
        while (found := _frame(self._buffer)) is not None:
            kind, content, self._buffer = found
            if kind == CLOSE:
                self._recorder.failed(f"closed with {int.from_bytes(content[:2])}")
            elif kind == TEXT:
                self._receive(content)

    def connection_lost(self, error: Exception | None) -> None:
        """Count an early disconnect as an error."""
        self._recorder.failed("connection lost")

    def _receive(self, content: bytes) -> None:
        self.messages.append((time.perf_counter(), latest(content)))
        if not self.received_first.done():
            self.received_first.set_result(None)


class Recorder:
    """Times of recorded scans, durations of the requests, and errors."""

    def __init__(self) -> None:
        self.recorded: dict[int, float] = {}
        self.posts: list[float] = []
        self.errors: dict[str, int] = {}
        self.ended = False

    def failed(self, what: str) -> None:
        """Count an error, unless the measurement has ended."""
        if not self.ended:
            self.errors[what] = self.errors.get(what, 0) + 1

    def delays(self, one: Dashboard) -> Iterator[float]:
        """Yield the milliseconds from the response of each scan to its message on one dashboard."""
        waiting = dict(self.recorded)
        for at, ids in one.messages:
            # A scan that was merged with ten newer ones is counted, though not listed.
            for scan_id in [i for i in waiting if i in ids or i < min(ids, default=0)]:
                yield max(0.0, (at - waiting.pop(scan_id)) * 1000)


@lru_cache(maxsize=100)
def latest(content: bytes) -> frozenset[int]:
    """Return the ids of the scans in a message. Most dashboards get the same message."""
    found = LATEST.search(content)
    return frozenset(map(int, ID.findall(found[1]))) if found else frozenset()


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return opcode and payload of the first complete frame, and the remaining bytes."""
    if len(data) < 2:
        return None
    size, start = data[1] & 127, 2
    if size > 125:
        start = 4 if size == 126 else 10
        size = int.from_bytes(data[2:start])
    if len(data) < start + size:
        return None
    return data[0] & 15, data[start : start + size], data[start + size :]


async def send_scans(options: dict[str, Any], recorder: Recorder) -> None:
    """Send scans at a constant rate, independent of response times."""
    codes = cycle(options["codes"])
    begun = time.perf_counter()
    sending = []
    for number in range(options["scans"]):
        await asyncio.sleep(begun + number * options["every"] - time.perf_counter())
        sending.append(asyncio.create_task(_post(options, next(codes), recorder)))
    await asyncio.gather(*sending)


async def _post(options: dict[str, Any], code: str, recorder: Recorder) -> None:
    body = scan(code)
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", options["port"])
    writer.write(
        f"POST /api/v3/scans HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {options['token']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    answer = json.loads(await reader.readexactly(int(length[1]) if length else 0))
    recorder.posts.append((time.perf_counter() - started) * 1000)
    writer.close()
    if head[9:12] in (b"200", b"201"):
        recorder.recorded[answer["scan"]["id"]] = time.perf_counter()
    else:
        recorder.failed(f"{head[9:12].decode()} for a scan")


async def listen(options: dict[str, Any]) -> dict[str, Any]:
    """Open all dashboards, send scans, wait for late messages, and return the figures."""
    recorder, loop = Recorder(), asyncio.get_running_loop()
    limit = asyncio.Semaphore(MAX_CONNECTING)

    async def open_dashboard(session: str) -> Dashboard:
        one = Dashboard(options["port"], session, recorder)
        async with limit:
            await loop.create_connection(lambda: one, "127.0.0.1", options["port"])
            await asyncio.wait_for(one.received_first, OPEN_SECONDS)
        return one

    started = time.perf_counter()
    dashboards = await asyncio.gather(*map(open_dashboard, options["sessions"]))
    took = time.perf_counter() - started
    sys.stdout.write("open\n")
    sys.stdout.flush()
    begun = time.perf_counter()
    await send_scans(options, recorder)
    end = time.perf_counter()
    await asyncio.sleep(LATE_SECONDS)
    recorder.ended = True
    messages = [sum(begun <= at <= end for at, _ in one.messages) for one in dashboards]
    delays = sorted(delay for one in dashboards for delay in recorder.delays(one))
    return {
        "opened_in": took,
        "seconds": end - begun,
        "p50": delays[len(delays) // 2] if delays else 0,
        "p99": delays[int(len(delays) * 0.99)] if delays else 0,
        "worst": delays[-1] if delays else 0,
        "post_p99": sorted(recorder.posts)[int(len(recorder.posts) * 0.99)],
        "missed": len(recorder.recorded) * len(dashboards) - len(delays),
        "messages": sum(messages) / len(messages) / (end - begun),
        "errors": recorder.errors,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(listen(json.loads(sys.stdin.readline())))))
