"""The processes of `make run`: web server and webhook worker, from start to orderly shutdown."""

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

START_TIMEOUT_SECONDS = 60.0
# gunicorn gives its requests 30 seconds; after this it hangs.
STOP_TIMEOUT_SECONDS = 45.0
CHECK_INTERVAL_SECONDS = 2.0


class ServingError(Exception):
    """The server cannot run; the message says why and what to do."""


class Interrupted(BaseException):
    """A signal asks the process to end. A BaseException, so that no handler catches it."""


def check_port(host: str, port: int) -> None:
    """Raise ServingError if the port is taken or the address is not one of this machine."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As gunicorn does; without it, recently closed connections make the port seem taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except PermissionError:
        raise ServingError(f"Port {port} is reserved for root. Try PORT=8001 make run.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise ServingError(
                f"HOST is {host}, which is not an address of this machine. "
                "Try HOST=127.0.0.1, or HOST=0.0.0.0 for all addresses."
            ) from None
        raise ServingError(
            f"Port {port} on {host} cannot be used: {error.strerror}. Try PORT={port + 1} make run."
        ) from None


def collect_static(root: Path) -> None:
    """Run collectstatic if a static file has changed since the last time; it takes seconds."""
    stamp = root / ".collected"
    fingerprint = _static_fingerprint()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == fingerprint:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(fingerprint, encoding="utf-8")


def _static_fingerprint() -> str:
    digest = hashlib.sha256(django.__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted, once, if SIGINT, SIGTERM or SIGHUP arrives during a block."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A second Ctrl-C must not interrupt the shutdown.
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise Interrupted

    previous = {one: signal.signal(one, interrupt) for one in signals}
    try:
        yield
    finally:
        for one, handler in previous.items():
            signal.signal(one, handler)


@contextmanager
def gunicorn(base: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run gunicorn during a block; at the end let it finish its requests."""
    config = str(base / "gunicorn.conf.py")
    process = _start(base, "-m", "gunicorn", "-c", config)
    try:
        yield process
    finally:
        _stop(process)


class WebhookWorker:
    """Context manager that runs `manage.py webhook_worker`."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def __enter__(self) -> Self:
        self.process = _start(self.base, "manage.py", "webhook_worker")
        return self

    def __exit__(self, *error: object) -> None:
        _stop(self.process)

    def restart_if_ended(self) -> None:
        """Start the process again if it has ended."""
        if self.process.poll() is not None:
            self.process = _start(self.base, "manage.py", "webhook_worker")


def watch(server: subprocess.Popen[bytes], worker: WebhookWorker) -> None:
    """Keep the webhook worker running until the web server ends."""
    while True:
        try:
            server.wait(CHECK_INTERVAL_SECONDS)
        except subprocess.TimeoutExpired:
            worker.restart_if_ended()
        else:
            return


def _start(base: Path, *command: str) -> subprocess.Popen[bytes]:
    # In a new session, so that Ctrl-C in the terminal does not reach the child.
    return subprocess.Popen([sys.executable, *command], cwd=base, start_new_session=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Wait until the web server answers a request, with any status.

    Raises ServingError if its process ends first or START_TIMEOUT_SECONDS pass.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not _is_answering(host, port):
        if process.poll() is not None:
            raise ServingError("The web server ended by itself; see its messages above.")
        if time.monotonic() > deadline:
            raise ServingError(f"The web server does not answer on port {port}.")
        time.sleep(0.1)


def _is_answering(host: str, port: int) -> bool:
    # A server that listens on all addresses answers on the local one.
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
