"""A real HTTP server that receives deliveries, and a real worker that sends them."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import override_settings

from tests.live_server import ROOT, address


@dataclass
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Keeps what arrives, and answers with what `answer` says: a status, or a whole answer."""

    port: int
    answer: Callable[[Received], Any] = lambda received: 200
    all: list[Received] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, count: int, *, seconds: float = 30) -> list[Received]:
        """What arrived, as soon as it is so much."""
        with self.arrived:
            enough = self.arrived.wait_for(lambda: len(self.all) >= count, seconds)
        assert enough, f"{len(self.all)} of {count} arrived"
        return list(self.all)

    def kinds(self) -> list[str]:
        return [received.event["type"] for received in self.all]


@contextmanager
def receiving(answer: Callable[[Received], Any] | None = None) -> Iterator[Receiver]:
    """A receiver on this machine during a block, and settings that allow to send to it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, dict(self.headers), body)
            told = receiver.answer(received)
            with receiver.arrived:
                receiver.all.append(received)
                receiver.arrived.notify_all()
            status, headers, content = told if isinstance(told, tuple) else (told, {}, b"")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nobody listens."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    if answer is not None:
        receiver.answer = answer
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with override_settings(**allowing(receiver.port)):
            yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def allowing(port: int) -> dict[str, Any]:
    """Settings that allow to send to this port of this machine."""
    return {
        "WEBHOOK_HTTP": True,
        "WEBHOOK_PORTS": [str(port)],
        "WEBHOOK_NETWORKS": ["127.0.0.0/8"],
    }


def start_worker(receiver: Receiver) -> subprocess.Popen[bytes]:
    """`manage.py webhook_worker` on the test's own database; whoever starts it ends it."""
    variables = {
        "DATABASE_URL": address(),
        "WEBHOOK_HTTP": "true",
        "WEBHOOK_PORTS": str(receiver.port),
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "webhook_worker"],
        cwd=ROOT,
        env=os.environ | variables,
        start_new_session=True,
    )


@contextmanager
def working(receiver: Receiver) -> Iterator[subprocess.Popen[bytes]]:
    """A worker during a block."""
    process = start_worker(receiver)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
