"""A real server that is told to stop, or loses its parent, is gone, whatever is open or hangs."""

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
# As long as a stop may take here; a server that waits for the last of them would need 30 seconds.
SOON = 20


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    create_reference_data()
    make_user("olive", "office")
    with run_server(DB_POOL_BASE="2", DB_POOL_EXTRA="4") as server:
        yield server


@pytest.fixture
def impatient(db: None) -> Iterator[Server]:
    """One that gives those whom it serves a few seconds when it stops."""
    create_reference_data()
    variables = {"GUNICORN_CMD_ARGS": "--graceful-timeout 5", "DB_LOCK_SECONDS": "29"}
    with run_server(**variables) as server:
        yield server


def gone(*pids: int) -> bool:
    """Whether these processes end soon; who has ended and is not yet buried counts as gone."""
    return wait_until(lambda: not any(map(lives, pids)), seconds=SOON)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def everything(server: Server) -> list[int]:
    return [server.pid, *server.workers()]


class TestAStop:
    @pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
    def test_does_not_wait_for_who_asks_nothing(self, server, wish):
        pids = everything(server)
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            os.kill(server.pid, wish)

            assert gone(*pids)

    def test_lets_open_dashboards_go_to_another(self, server):
        pids = everything(server)
        with open_socket(server, create_session("olive")) as dashboard:
            next_message(dashboard)
            os.kill(server.pid, signal.SIGTERM)

            assert close_code(dashboard) == 1001
        assert gone(*pids)

    def test_does_not_wait_for_a_dashboard_whose_machine_sleeps(self, server):
        pids = everything(server)
        with socket.create_connection(("127.0.0.1", server.port)) as asleep:
            asleep.sendall(
                b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
                b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"Cookie: sessionid=%s\r\n\r\n" % create_session("olive").encode()
            )
            assert asleep.recv(12) == b"HTTP/1.1 101"
            os.kill(server.pid, signal.SIGTERM)

            assert gone(*pids)

    def test_ends_what_hangs(self, impatient):
        pids, token = everything(impatient), create_token(make_user("ada", "administrator"))
        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                asked = threads.submit(impatient.get, "areas", token)
                assert wait_until(waits)
                os.kill(impatient.pid, signal.SIGTERM)

                assert gone(*pids)
            assert asked.exception() is not None

    def test_does_not_need_the_database(self, db, tmp_path):
        create_reference_data()
        link = tmp_path / "here"
        link.symlink_to(Path(connection.settings_dict["HOST"]))
        make_user("olive", "office")
        with run_server(DATABASE_URL=database_url(host=str(link)), DB_POOL_BASE="1") as server:
            pids = everything(server)
            with open_socket(server, create_session("olive")) as dashboard:
                next_message(dashboard)
                link.unlink()
                end_sessions()
                os.kill(server.pid, signal.SIGTERM)

                assert gone(*pids)


class TestAParentThatWasKilled:
    def test_takes_its_workers_along(self, server):
        workers = server.workers()
        with open_socket(server, create_session("olive")) as dashboard:
            next_message(dashboard)
            os.kill(server.pid, signal.SIGKILL)

            assert close_code(dashboard) == 1001
        assert gone(*workers)

    def test_takes_those_along_that_hang(self, impatient):
        workers, token = impatient.workers(), create_token(make_user("ada", "administrator"))
        with ThreadPoolExecutor(1) as threads:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                asked = threads.submit(impatient.get, "areas", token)
                assert wait_until(waits)
                os.kill(impatient.pid, signal.SIGKILL)

                assert gone(*workers)
            assert asked.exception() is not None


def waits() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def end_sessions() -> None:
    """The database lets go of everybody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class TestAStart:
    def test_is_refused_where_settings_contradict_one_another(self, db):
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py")]
        asked = {"DATABASE_URL": database_url(), "PORT": str(free_port()), "DB_LOCK_SECONDS": "30"}

        run = subprocess.run(
            command, cwd=ROOT, env=os.environ | asked, capture_output=True, text=True, check=False
        )  # fmt: skip

        assert run.returncode == 1
        assert "(TT.E003)" in run.stderr
        assert "Traceback" not in run.stderr
        assert "Booting worker" not in run.stderr
