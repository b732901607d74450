"""Shutdown of a web server while connections are open or requests hang."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from django.db import connection, transaction

from tests.factories import create_reference_data, make_user
from tests.live_server import (
    ROOT,
    Server,
    create_token,
    database_url,
    free_port,
    run_server,
    wait_until,
)
from tests.websocket_client import close_code, create_session, next_message, open_socket

pytestmark = pytest.mark.django_db(transaction=True)
# Less than the 30 seconds after which gunicorn kills its workers.
MAX_SHUTDOWN_SECONDS = 20


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    create_reference_data()
    make_user("olive", "office")
    with run_server(DB_POOL_BASE="2", DB_POOL_EXTRA="4") as server:
        yield server


@pytest.fixture
def hasty_server(db: None) -> Iterator[Server]:
    """A server that lets requests run for a few seconds when it stops."""
    create_reference_data()
    variables = {"GUNICORN_CMD_ARGS": "--graceful-timeout 5", "DB_LOCK_SECONDS": "29"}
    with run_server(**variables) as server:
        yield server


def have_ended(*pids: int) -> bool:
    """Return whether these processes end within MAX_SHUTDOWN_SECONDS."""
    return wait_until(lambda: not any(map(is_running, pids)), seconds=MAX_SHUTDOWN_SECONDS)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_processes(server: Server) -> list[int]:
    return [server.pid, *server.workers()]


class TestShutdown:
    @pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
    def test_does_not_wait_for_idle_connections(self, server, signal_number):
        pids = all_processes(server)
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            os.kill(server.pid, signal_number)

            assert have_ended(*pids)

    def test_closes_open_dashboards_as_going_away(self, server):
        pids = all_processes(server)
        with open_socket(server, create_session("olive")) as dashboard:
            next_message(dashboard)
            os.kill(server.pid, signal.SIGTERM)

            assert close_code(dashboard) == 1001
        assert have_ended(*pids)

    def test_does_not_wait_for_a_dashboard_that_does_not_respond(self, server):
        pids = all_processes(server)
        with socket.create_connection(("127.0.0.1", server.port)) as unresponsive:
            unresponsive.sendall(
                b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
                b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"Cookie: sessionid=%s\r\n\r\n" % create_session("olive").encode()
            )
            assert unresponsive.recv(12) == b"HTTP/1.1 101"
            os.kill(server.pid, signal.SIGTERM)

            assert have_ended(*pids)

    def test_ends_requests_that_hang(self, hasty_server):
        pids, token = all_processes(hasty_server), create_token(make_user("ada", "administrator"))
        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                pending = threads.submit(hasty_server.get, "areas", token)
                assert wait_until(is_waiting_for_lock)
                os.kill(hasty_server.pid, signal.SIGTERM)

                assert have_ended(*pids)
            assert pending.exception() is not None

    def test_does_not_need_the_database(self, db, tmp_path):
        create_reference_data()
        link = tmp_path / "socket"
        link.symlink_to(Path(connection.settings_dict["HOST"]))
        make_user("olive", "office")
        with run_server(DATABASE_URL=database_url(host=str(link)), DB_POOL_BASE="1") as server:
            pids = all_processes(server)
            with open_socket(server, create_session("olive")) as dashboard:
                next_message(dashboard)
                link.unlink()
                end_sessions()
                os.kill(server.pid, signal.SIGTERM)

                assert have_ended(*pids)


class TestKilledArbiter:
    def test_its_workers_end(self, server):
        workers = server.workers()
        with open_socket(server, create_session("olive")) as dashboard:
            next_message(dashboard)
            os.kill(server.pid, signal.SIGKILL)

            assert close_code(dashboard) == 1001
        assert have_ended(*workers)

    def test_its_workers_end_if_a_request_hangs(self, hasty_server):
        workers, token = hasty_server.workers(), create_token(make_user("ada", "administrator"))
        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                pending = threads.submit(hasty_server.get, "areas", token)
                assert wait_until(is_waiting_for_lock)
                os.kill(hasty_server.pid, signal.SIGKILL)

                assert have_ended(*workers)
            assert pending.exception() is not None


def is_waiting_for_lock() -> bool:
    """Return whether a session waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def end_sessions() -> None:
    """End all other sessions of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class TestStart:
    def test_contradictory_settings_are_an_error(self, db):
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py")]
        variables = {
            "DATABASE_URL": database_url(),
            "PORT": str(free_port()),
            "DB_LOCK_SECONDS": "30",
        }

        environment = os.environ | variables
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

        assert result.returncode == 1
        assert "(TT.E003)" in result.stderr
        assert "Traceback" not in result.stderr
        assert "Booting worker" not in result.stderr
