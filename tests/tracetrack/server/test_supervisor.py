"""`make run`: it starts everything, prints the address, and stops everything."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.environment import ROOT
from tests.live_server import free_port, wait_until
from tracetrack.db.embedded import cluster
from tracetrack.server import supervisor

# The first start creates a month of demo data, which takes long on a busy machine.
TIMEOUT_SECONDS = 240
pytestmark = pytest.mark.timeout(2 * TIMEOUT_SECONDS)


@pytest.fixture(scope="class")
def data() -> Iterator[Path]:
    """A data folder for the tests of a class. Its path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="tt-serve-") as name:
        yield Path(name)
        cluster.stop(Path(name) / "pg")


@contextmanager
def serve(data: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run `manage.py serve` during a block. If the block fails, kill all its processes."""
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "DATA": str(data),
            "STATIC_ROOT": str(data / "static"),
            "WORKERS": "1",
            **variables,
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Not interrupted by a Ctrl-C that ends the tests.
        start_new_session=True,
    )
    with server:
        try:
            yield server
        except BaseException:
            # The context manager of Popen would wait for the process and hide the failure.
            if server.poll() is None:
                for one in [*psutil.Process(server.pid).children(recursive=True), server]:
                    one.kill()
            raise


class TestServe:
    def test_starts_answers_and_stops(self, data: Path) -> None:
        port = free_port()
        with serve(data, PORT=str(port)) as server:
            assert server.stdout is not None
            output = ""
            for line in server.stdout:
                output += line
                if "TraceTrack is at" in line:
                    break
            assert f"TraceTrack is at http://127.0.0.1:{port}/" in output
            assert cluster.is_running(data / "pg")
            status, page = get(port, "/login")
            assert status == 200
            # A webhook worker that is killed is restarted.
            (worker,) = webhook_workers(server)
            worker.kill()
            worker.wait(10)
            assert wait_until(lambda: bool(webhook_workers(server)))
            (replacement,) = webhook_workers(server)
            # Static files exist under the hashed names that the page uses.
            linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
            assert linked
            for path in linked:
                assert get(port, path)[0] == 200
            server.send_signal(signal.SIGTERM)
            rest = server.stdout.read()
            assert server.wait(TIMEOUT_SECONDS) == 0, output + rest
        assert rest.rstrip().endswith("Stopped.")
        assert "Traceback" not in output + rest
        assert not cluster.is_running(data / "pg")
        assert not replacement.is_running()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    def test_reports_a_port_in_use_in_one_sentence(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with serve(tmp_path, PORT=str(port)) as server:
                output, _ = server.communicate(timeout=TIMEOUT_SECONDS)
        assert output == (
            f"CommandError: Port {port} on 127.0.0.1 cannot be used: Address already in use. "
            f"Try PORT={port + 1} make run.\n"
        )
        assert not (tmp_path / "pg").exists()

    def test_reports_a_web_server_that_ends(self, data: Path) -> None:
        # The system checks find contradictory settings earlier, but not bad options of gunicorn.
        with serve(data, PORT=str(free_port()), GUNICORN_CMD_ARGS="--no-such-option") as server:
            output, _ = server.communicate(timeout=TIMEOUT_SECONDS)
        assert server.returncode == 1
        assert "The web server ended by itself" in output
        assert not cluster.is_running(data / "pg")


def test_an_old_database_is_reported_in_one_sentence() -> None:
    """The tables of a version before the new migrations are recognized."""
    with tempfile.TemporaryDirectory(prefix="tt-serve-") as name:
        folder = Path(name) / "pg"
        with cluster.using(folder), psycopg.connect(cluster.url(folder)) as connection:
            connection.execute("CREATE TABLE tracetrack_user (id bigint)")
        with serve(Path(name), PORT=str(free_port())) as server:
            output, _ = server.communicate(timeout=TIMEOUT_SECONDS)

        assert server.returncode == 1
        assert not cluster.is_running(folder)
        assert output == (
            "Starting the database ...\n"
            f"CommandError: The database in {folder} was made by an older version of TraceTrack "
            "that cannot be upgraded; delete or rename that folder and run `make run` again.\n"
        )


class TestCheckPort:
    @pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "999.1.1.1"])
    def test_rejects_an_address_of_another_machine(self, host: str) -> None:
        with pytest.raises(supervisor.ServingError, match=f"^HOST is {host}, which is not"):
            supervisor.check_port(host, 8000)

    def test_accepts_a_port_that_was_just_closed(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                listener.accept()[0].close()
        supervisor.check_port("127.0.0.1", port)


def test_static_files_are_collected_if_one_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(supervisor, "call_command", lambda name, **options: calls.append(name))
    supervisor.collect_static(tmp_path)
    supervisor.collect_static(tmp_path)
    assert calls == ["collectstatic"]
    monkeypatch.setattr(supervisor, "_static_fingerprint", lambda: "another")
    supervisor.collect_static(tmp_path)
    assert calls == ["collectstatic"] * 2


def webhook_workers(server: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the running webhook worker of `server`, if any."""
    children = psutil.Process(server.pid).children()
    return [child for child in children if "webhook_worker" in command_of(child)]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and text of a GET request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", errors="replace")
    finally:
        connection.close()
