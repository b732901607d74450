"""A real web server on the test database."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import psutil
from django.db import connection

from accounts.models import User
from accounts.tokens import issue_token
from tests.environment import ROOT
from tracetrack.server import supervisor


@dataclass(frozen=True)
class Server:
    """A running server and an HTTP client for it."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return [child.pid for child in psutil.Process(self.pid).children()]

    def get(self, path: str, token: str = "", *, timeout: float = 30) -> tuple[Any, Any]:
        """Send a GET; return the response and its body, parsed if it is JSON."""
        return self._request("GET", path, token, None, timeout)

    def post(
        self, path: str, token: str, body: Any, *, timeout: float = 30, **headers: str
    ) -> tuple[Any, Any]:
        """Send a POST of JSON. An underscore in a header name stands for a hyphen."""
        return self._request("POST", path, token, body, timeout, headers)

    def _request(
        self,
        method: str,
        path: str,
        token: str,
        body: Any,
        timeout: float,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            headers["Content-Type"] = "application/json"
        try:
            client.request(method, f"/api/v3/{path}", sent, headers)
            answer = client.getresponse()
            read = answer.read()
        finally:
            client.close()
        kind = answer.headers["Content-Type"]
        return answer, json.loads(read) if kind.endswith(("/json", "+json")) else read


@contextmanager
def run_server(**variables: str) -> Iterator[Server]:
    """Run gunicorn with one worker and these settings during a block."""
    port = int(variables.get("PORT", free_port()))
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "WORKERS": "1",
        "PORT": str(port),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "RATE_LIMITS": "off",
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py")]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        supervisor.wait_until_ready(process, "127.0.0.1", port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def create_token(user: User) -> str:
    """Return a new API token of the user."""
    return issue_token(user, "test")


def wait_until(true: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Call `true` until it returns True; return whether it did in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
    return False


def database_url(*, host: str = "") -> str:
    """Return the DATABASE_URL of the test database, optionally with another socket folder."""
    at = connection.settings_dict
    host = host or at["HOST"]
    user = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    if host.startswith("/"):
        return f"postgresql://{user}@/{at['NAME']}?host={quote(host, safe='/')}"
    return f"postgresql://{user}@{host}:{at['PORT'] or 5432}/{at['NAME']}"
