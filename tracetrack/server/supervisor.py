"""What `make run` takes: a free port, gunicorn in front, and an orderly end."""

import errno
import hashlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Self

import django
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

ANSWER_SECONDS = 60.0
# gunicorn gives its requests 30 seconds; then it is hanging.
LEAVE_SECONDS = 45.0
LOOK_SECONDS = 2.0


class ServingError(Exception):
    """The server cannot run; the message says why and what to do."""


class Interrupted(BaseException):
    """Somebody asked us to end. No Exception, so that no handler on the way swallows it."""


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody else has, or an address that is not this machine's."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As gunicorn does; otherwise connections that just ended would count as somebody.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        raise ServingError(f"Port {port} is reserved for root. Try PORT=8001 make run.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise ServingError(
                f"HOST is {host}, which is no address of this machine. "
                "Try HOST=127.0.0.1, or HOST=0.0.0.0 for all that it has."
            ) from None
        raise ServingError(
            f"Port {port} on {host} cannot be used: {error.strerror}. Try PORT={port + 1} make run."
        ) from None


def collect_static(root: Path) -> None:
    """Collect, hash and compress the static files, which takes seconds, if any of them changed."""
    note = root / ".collected"
    now = _fingerprint()
    if note.exists() and note.read_text(encoding="utf-8") == now:
        return
    note.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    note.write_text(now, encoding="utf-8")


def _fingerprint() -> str:
    digest = hashlib.sha256(django.__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def interruptible() -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and a closed terminal raise Interrupted, once, during a block."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A second Ctrl-C would interrupt the orderly end, which takes a moment.
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise Interrupted

    before = {one: signal.signal(one, interrupt) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def gunicorn(base: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn during a block, and let it finish its requests at the end."""
    config = str(base / "gunicorn.conf.py")
    process = _begin(base, "-m", "gunicorn", "-c", config)
    try:
        yield process
    finally:
        _end(process)


class WebhookWorker:
    """The process that tells other systems, during a block. Dies it, another takes its place."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def __enter__(self) -> Self:
        self.process = _begin(self.base, "manage.py", "webhook_worker")
        return self

    def __exit__(self, *error: object) -> None:
        _end(self.process)

    def revive(self) -> None:
        """Start it again where it has ended."""
        if self.process.poll() is not None:
            self.process = _begin(self.base, "manage.py", "webhook_worker")


def watch(server: subprocess.Popen[bytes], worker: WebhookWorker) -> None:
    """Look after the worker until the web server ends."""
    while True:
        try:
            server.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            worker.revive()
        else:
            return


def _begin(base: Path, *command: str) -> subprocess.Popen[bytes]:
    # Ctrl-C goes to the whole terminal; we pass it on, once, in our own time.
    return subprocess.Popen([sys.executable, *command], cwd=base, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def await_answer(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Wait until the server answers, whatever it says; notice when it died instead."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while not _answers(host, port):
        if process.poll() is not None:
            raise ServingError("The web server ended by itself; its last words stand above.")
        if time.monotonic() > deadline:
            raise ServingError(f"The web server does not answer on port {port}.")
        time.sleep(0.1)


def _answers(host: str, port: int) -> bool:
    # A server on all addresses is also on this one.
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(reachable, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": "localhost"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
