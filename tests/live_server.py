"""A real web server before the test's own database, for what only sockets show."""

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
    """Where it listens; how somebody asks it."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """The ids of the processes that answer now."""
        return [child.pid for child in psutil.Process(self.pid).children()]

    def get(self, path: str, token: str = "", *, timeout: float = 30) -> tuple[Any, Any]:
        """Status with headers, and the body: JSON where it is."""
        return self._ask("GET", path, token, None, timeout)

    def post(
        self, path: str, token: str, body: Any, *, timeout: float = 30, **headers: str
    ) -> tuple[Any, Any]:
        """The same for a POST of JSON; an underscore in the name of a header is a hyphen."""
        return self._ask("POST", path, token, body, timeout, headers)

    def _ask(
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
def running(**variables: str) -> Iterator[Server]:
    """One worker of gunicorn during a block, with these settings."""
    port = int(variables.get("PORT", free_port()))
    environment = os.environ | {
        "DATABASE_URL": address(),
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
    """A port that nobody listens on, for now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token_of(user: User) -> str:
    """A key to the API."""
    return issue_token(user, "test")


def until(true: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Whether it becomes true; asks without a pause, so it should take a moment itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
    return False


def address(*, host: str = "") -> str:
    """The test's own database as DATABASE_URL names one; behind another socket folder if told."""
    at = connection.settings_dict
    host = host or at["HOST"]
    user = quote(at["USER"]) + (f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else "")
    if host.startswith("/"):
        return f"postgresql://{user}@/{at['NAME']}?host={quote(host, safe='/')}"
    return f"postgresql://{user}@{host}:{at['PORT'] or 5432}/{at['NAME']}"
