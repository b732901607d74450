"""An HTTP server that receives deliveries, and the worker process that sends them."""

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

from tests.live_server import ROOT, database_url


@dataclass
class ReceivedRequest:
    """One request that the receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Stores requests and responds with `answer(request)`: a status, or (status, headers, body)."""

    port: int
    answer: Callable[[ReceivedRequest], Any] = lambda request: 200
    requests: list[ReceivedRequest] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, count: int, *, seconds: float = 30) -> list[ReceivedRequest]:
        """Wait until `count` requests have arrived; return all requests."""
        with self.arrived:
            has_arrived = self.arrived.wait_for(lambda: len(self.requests) >= count, seconds)
        assert has_arrived, f"{len(self.requests)} of {count} arrived"
        return list(self.requests)

    def kinds(self) -> list[str]:
        return [request.event["type"] for request in self.requests]


@contextmanager
def run_receiver(answer: Callable[[ReceivedRequest], Any] | None = None) -> Iterator[Receiver]:
    """Run a local receiver during a block, with settings that allow sending to it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = ReceivedRequest(self.path, dict(self.headers), body)
            answer = receiver.answer(request)
            with receiver.arrived:
                receiver.requests.append(request)
                receiver.arrived.notify_all()
            status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    if answer is not None:
        receiver.answer = answer
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with override_settings(**local_webhook_settings(receiver.port)):
            yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def local_webhook_settings(port: int) -> dict[str, Any]:
    """Return settings that allow sending to this port of the local machine."""
    return {
        "WEBHOOK_HTTP": True,
        "WEBHOOK_PORTS": [str(port)],
        "WEBHOOK_NETWORKS": ["127.0.0.0/8"],
    }


def start_worker(receiver: Receiver) -> subprocess.Popen[bytes]:
    """Start `manage.py webhook_worker` on the test database; the caller must stop it."""
    variables = {
        "DATABASE_URL": database_url(),
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
def run_worker(receiver: Receiver) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker process during a block."""
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
