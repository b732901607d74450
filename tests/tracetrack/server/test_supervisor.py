"""`make run`: one command brings everything up, says where it is, and takes everything down."""

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
import pytest

from tests.environment import ROOT
from tests.live_server import free_port, until
from tracetrack.db.embedded import cluster
from tracetrack.server import supervisor

# A first start makes a month of demo data; on a machine that is busy elsewhere that takes long.
PATIENCE = 240
pytestmark = pytest.mark.timeout(2 * PATIENCE)


@pytest.fixture(scope="class")
def data() -> Iterator[Path]:
    """Give a data folder that the tests share, as starts do; its name is short, for the socket."""
    with tempfile.TemporaryDirectory(prefix="tt-serve-") as name:
        yield Path(name)
        cluster.stop(Path(name) / "pg")


@contextmanager
def serve(data: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`make run` during a block. Where the block fails, none of its processes is left."""
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
        # A Ctrl-C of the person who runs the tests is not meant for it.
        start_new_session=True,
    )
    with server:
        try:
            yield server
        except BaseException:
            # Waiting for it would hide what went wrong.
            if server.poll() is None:
                for one in [*psutil.Process(server.pid).children(recursive=True), server]:
                    one.kill()
            raise


class TestServe:
    def test_it_comes_up_answers_and_goes_down_again(self, data: Path) -> None:
        port = free_port()
        with serve(data, PORT=str(port)) as server:
            assert server.stdout is not None
            said = ""
            for line in server.stdout:
                said += line
                if "TraceTrack is at" in line:
                    break
            assert f"TraceTrack is at http://127.0.0.1:{port}/" in said
            assert cluster.running(data / "pg")
            status, page = get(port, "/login")
            assert status == 200
            # The worker of the webhooks is killed; another takes its place.
            (worker,) = workers(server)
            worker.kill()
            worker.wait(10)
            assert until(lambda: bool(workers(server)))
            (replacement,) = workers(server)
            # What the page names under its hashed name is there, and may be kept for ever.
            linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
            assert linked
            for path in linked:
                assert get(port, path)[0] == 200
            server.send_signal(signal.SIGTERM)
            rest = server.stdout.read()
            assert server.wait(PATIENCE) == 0, said + rest
        assert rest.rstrip().endswith("Stopped.")
        assert "Traceback" not in said + rest
        assert not cluster.running(data / "pg")
        assert not replacement.is_running()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    def test_a_port_in_use_is_one_sentence(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with serve(tmp_path, PORT=str(port)) as server:
                output, _ = server.communicate(timeout=PATIENCE)
        assert output == (
            f"CommandError: Port {port} on 127.0.0.1 cannot be used: Address already in use. "
            f"Try PORT={port + 1} make run.\n"
        )
        assert not (tmp_path / "pg").exists()

    def test_a_web_server_that_dies_is_noticed(self, data: Path) -> None:
        # Contradicting settings would be found before; so gunicorn gets what it cannot read.
        with serve(data, PORT=str(free_port()), GUNICORN_CMD_ARGS="--no-such-option") as server:
            output, _ = server.communicate(timeout=PATIENCE)
        assert server.returncode == 1
        assert "The web server ended by itself" in output
        assert not cluster.running(data / "pg")


class TestChecks:
    @pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "999.1.1.1"])
    def test_an_address_of_another_machine_is_refused_by_name(self, host: str) -> None:
        with pytest.raises(supervisor.ServingError, match=f"^HOST is {host}, which is no address"):
            supervisor.check_port(host, 8000)

    def test_a_port_that_just_closed_is_free(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                listener.accept()[0].close()
        supervisor.check_port("127.0.0.1", port)

    def test_static_files_are_collected_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[str] = []
        monkeypatch.setattr(supervisor, "call_command", lambda name, **options: calls.append(name))
        supervisor.collect_static(tmp_path)
        supervisor.collect_static(tmp_path)
        assert calls == ["collectstatic"]
        monkeypatch.setattr(supervisor, "_fingerprint", lambda: "another")
        supervisor.collect_static(tmp_path)
        assert calls == ["collectstatic"] * 2


def workers(server: subprocess.Popen[str]) -> list[psutil.Process]:
    """The webhook worker that `server` looks after, unless it has just died."""
    below = psutil.Process(server.pid).children()
    return [one for one in below if "webhook_worker" in command_of(one)]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", errors="replace")
    finally:
        connection.close()
