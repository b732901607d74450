"""Too many at once, a database that comes late, and all connections replaced: a real server."""

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
CALLERS, CONNECTIONS, WAITING = 50, 2, 4


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """Two connections, and room for four who wait."""
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
    """What happened to this process's own connections is of no concern to other tests."""
    yield
    connection.close()
    connection.close_pool()


@pytest.fixture
def token(db: None) -> str:
    """Of an administrator."""
    create_reference_data()
    return create_token(make_user("ada", "administrator"))


def sessions(idle: str = "0") -> set[int]:
    """The connections that the server holds, and has not used for so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'tracetrack' AND pid <> pg_backend_pid() "
            "AND state_change < now() - %s::interval",
            [f"{idle} seconds"],
        )
        return {pid for (pid,) in cursor.fetchall()}


class TestTooManyAtOnce:
    def test_are_told_at_once_to_come_again_and_nobody_hangs(self, server, token):
        def call(_):
            begun = time.monotonic()
            answer, document = server.get("areas", token)
            return answer, document, time.monotonic() - begun

        with ThreadPoolExecutor(CALLERS) as threads:
            # Whoever asks must first look for his token.
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE accounts_apitoken")
                calls = [threads.submit(call, n) for n in range(CALLERS)]
                excess = CALLERS - CONNECTIONS - WAITING
                assert wait_until(lambda: sum(c.done() for c in calls) >= excess)
                refused = [c.result() for c in calls if c.done()]
            answered = [c.result() for c in calls]

        assert len(refused) >= excess
        for answer, document, took in refused:
            assert (answer.status, document["code"]) == (503, "busy")
            assert int(answer.headers["Retry-After"]) >= 1
            assert took < 1 + 0.5 * os.getloadavg()[0]
        statuses = [answer.status for answer, _, _ in answered]
        assert statuses.count(200) == CALLERS - len(refused) > 0
        assert server.get("areas", token)[0].status == 200
        figures = server.get("health", token)[1]
        assert figures["queue"] == {"waiting": 0, "limit": WAITING}
        assert figures["pool"]["requests_errors"] >= excess


class TestAReset:
    def test_replaces_the_connections_and_is_audited(self, server, token):
        server.get("areas", token)
        before = sessions()
        assert wait_until(lambda: sessions(idle="1.1") >= before)

        answer, document = server.post("pool/reset", token, {})

        assert (answer.status, document["success"]) == (200, True)
        assert wait_until(lambda: not before & sessions())
        assert server.get("areas", token)[0].status == 200
        assert AuditEntry.objects.get(action="pool.reset").actor_name == "ada"

    def test_from_elsewhere_is_found_out_before_a_connection_is_used(self, server, token):
        server.get("areas", token)
        command = [sys.executable, str(ROOT / "manage.py"), "reset_pool", "--skip-checks"]
        before = sessions()

        # Who only waited would be ended himself.
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


class TestADatabaseThatWasRestarted:
    def test_costs_nobody_an_answer(self, token):
        """All connections are dead at once, many more than a caller would look at by himself."""
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


class TestADatabaseThatComesLate:
    def test_is_waited_for(self, token, tmp_path):
        late = Path(connection.settings_dict["HOST"])
        if not late.is_dir():
            pytest.skip("The database is not reached through a socket.")
        link = tmp_path / "late"

        with (
            run_server(DATABASE_URL=database_url(host=str(link)), DB_POOL_BASE="1") as server,
            ThreadPoolExecutor(1) as threads,
        ):
            asked = threads.submit(server.get, "areas", token)
            down = server.get("health")
            link.symlink_to(late)
            answer, document = asked.result()

        assert (down[0].status, down[1]) == (503, {"status": "down"})
        assert answer.status == 200
        assert document["results"]
