"""The connection pool of a web server: overload, reset, restart of the database."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from audit.models import AuditEntry
from tests.factories import create_reference_data, make_user
from tests.live_server import ROOT, Server, create_token, database_url, run_server, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS, CONNECTIONS, WAITING = 50, 2, 4


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """A server with two connections and room for four waiting requests."""
    with run_server(
        DB_POOL_BASE=str(CONNECTIONS),
        DB_POOL_EXTRA="0",
        DB_POOL_WAITING=str(WAITING),
        THREADS="64",
        DB_LOCK_SECONDS="20",
    ) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def own_pool() -> Iterator[None]:
    """Close the pool of the test process: these tests end its connections."""
    yield
    connection.close()
    connection.close_pool()


@pytest.fixture
def token(db: None) -> str:
    """A token of an administrator."""
    create_reference_data()
    return create_token(make_user("ada", "administrator"))


def sessions(idle: str = "0") -> set[int]:
    """Return the process ids of the sessions of the server, idle for at least `idle` seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'tracetrack' AND pid <> pg_backend_pid() "
            "AND state_change < now() - %s::interval",
            [f"{idle} seconds"],
        )
        return {pid for (pid,) in cursor.fetchall()}


class TestOverload:
    def test_excess_requests_get_503_at_once(self, server, token):
        def call(_):
            started = time.monotonic()
            answer, document = server.get("areas", token)
            return answer, document, time.monotonic() - started

        with ThreadPoolExecutor(REQUESTS) as threads:
            # Each request looks its token up first.
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                calls = [threads.submit(call, n) for n in range(REQUESTS)]
                excess = REQUESTS - CONNECTIONS - WAITING
                assert wait_until(lambda: sum(c.done() for c in calls) >= excess)
                rejected = [c.result() for c in calls if c.done()]
            finished = [c.result() for c in calls]

        assert len(rejected) >= excess
        for answer, document, took in rejected:
            assert (answer.status, document["code"]) == (503, "busy")
            assert int(answer.headers["Retry-After"]) >= 1
            assert took < 1 + 0.5 * os.getloadavg()[0]
        statuses = [answer.status for answer, _, _ in finished]
        assert statuses.count(200) == REQUESTS - len(rejected) > 0
        assert server.get("areas", token)[0].status == 200
        figures = server.get("health", token)[1]
        assert figures["queue"] == {"waiting": 0, "limit": WAITING}
        assert figures["pool"]["requests_errors"] >= excess


class TestReset:
    def test_replaces_the_connections_and_is_audited(self, server, token):
        server.get("areas", token)
        before = sessions()
        assert wait_until(lambda: sessions(idle="1.1") >= before)

        answer, document = server.post("pool/reset", token, {})

        assert (answer.status, document["success"]) == (200, True)
        assert wait_until(lambda: not before & sessions())
        assert server.get("areas", token)[0].status == 200
        assert AuditEntry.objects.get(action="pool.reset").actor_name == "ada"

    def test_by_the_command_is_detected_before_a_connection_is_used(self, server, token):
        server.get("areas", token)
        command = [sys.executable, str(ROOT / "manage.py"), "reset_pool", "--skip-checks"]
        before = sessions()

        # The command ends sessions that are idle for a second, and nothing else.
        assert wait_until(lambda: sessions(idle="1.1") >= before)
        with subprocess.Popen(
            command, env=os.environ | {"DATABASE_URL": database_url()}
        ) as process:
            assert wait_until(lambda: sessions() is not None and process.poll() is not None)

        assert process.returncode == 0
        assert not before & sessions()
        for _ in range(2 * CONNECTIONS):
            assert server.get("areas", token)[0].status == 200
        assert AuditEntry.objects.get(action="pool.reset").actor_name == "system"


class TestRestartedDatabase:
    def test_causes_no_errors(self, token):
        """All connections are dead, more than psycopg's pool would check."""
        with run_server(DB_POOL_BASE="20", DB_POOL_EXTRA="0") as server:
            assert wait_until(lambda: server.get("health", token)[1]["pool"]["pool_size"] == 20)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                    "datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'"
                )
                assert cursor.fetchone()[0] >= 20

            for _ in range(5):
                assert server.get("areas", token, timeout=10)[0].status == 200


class TestLateDatabase:
    def test_requests_wait_for_it(self, token, tmp_path):
        folder = Path(connection.settings_dict["HOST"])
        if not folder.is_dir():
            pytest.skip("The database has no Unix socket.")
        link = tmp_path / "late"

        with (
            run_server(DATABASE_URL=database_url(host=str(link)), DB_POOL_BASE="1") as server,
            ThreadPoolExecutor(1) as threads,
        ):
            pending = threads.submit(server.get, "areas", token)
            down = server.get("health")
            link.symlink_to(folder)
            answer, document = pending.result()

        assert (down[0].status, down[1]) == (503, {"status": "down"})
        assert answer.status == 200
        assert document["results"]
