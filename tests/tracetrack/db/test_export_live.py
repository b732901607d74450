"""Large exports from a web server: memory, resumption, clients that disconnect or stall."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from django.db import connection

from scans.models import Scan
from tests.factories import create_reference_data, make_parent, make_user
from tests.live_server import Server, create_token, run_server, wait_until

ROWS = 30_000
INSERT_SCANS = """
    INSERT INTO scans_scan (ref, bag_id, step, outcome, unexpected, forced, actor_id, area_id,
        station, scanned_at, recorded_at, note, was_state, was_parent_state)
    SELECT gen_random_uuid(), bag_id, 'inspect', 'applied', false, false, actor_id, area_id,
        'gate', now(), now(), repeat('x', 450), '', ''
    FROM scans_scan, generate_series(1, %s) ORDER BY 1
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    """A server with one slot for exports and short time-outs."""
    limits = {"DB_STATEMENT_SECONDS": "0.5", "DB_LOCK_SECONDS": "0", "DB_IDLE_SECONDS": "2"}
    with run_server(DB_POOL_BASE="1", DB_POOL_EXTRA="3", **limits) as server:
        yield server


@pytest.fixture
def token(db: None) -> str:
    """A token of a user who sees all scans; creates ROWS scans."""
    create_reference_data()
    office = make_user("ben", "office")
    make_parent("SB10001", actor=office)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SCANS, [ROWS - 1])
    return create_token(office)


def start_export(server: Server, token: str, path: str, buffer_bytes: int = 0) -> socket.socket:
    """Return the socket of an export that has started; `buffer_bytes`: its receive buffer."""
    client = socket.socket()
    if buffer_bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    client.settimeout(30)
    client.connect(("127.0.0.1", server.port))
    headers = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
    client.sendall(f"GET /api/v3/{path} HTTP/1.1\r\n{headers}\r\n".encode())
    assert client.recv(15).startswith(b"HTTP/1.1 200 OK")
    return client


def count_transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


class TestLargeExport:
    def test_takes_longer_than_a_statement_and_little_memory(self, server, token):
        server.get("scans/stream?format=csv", token)
        before = server.get("health", token)[1]["memory"]["rss_bytes"]

        response, lines = server.get("scans/stream?format=ndjson", token)

        assert response.status == 200
        assert len(lines) > 20_000_000
        assert lines.count(b"\n") == ROWS
        grown = server.get("health", token)[1]["memory"]["rss_bytes"] - before
        assert grown < len(lines) // 2

    def test_is_resumed_after_the_last_line(self, server, token):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"}
        client.request("GET", "/api/v3/scans/stream", headers=headers)
        broken = client.getresponse().read(5_000_000)
        client.close()
        received = broken[: broken.rindex(b"\n")].splitlines()
        last = json.loads(received[-1])["id"]
        wait_until(lambda: server.get("scans/stream?area=nowhere", token)[0].status == 200)
        rest = server.get(f"scans/stream?after={last}", token)[1].splitlines()
        ids = [json.loads(line)["id"] for line in (*received, *rest)]
        assert ids == list(Scan.objects.order_by("id").values_list("id", flat=True))

    def test_ends_if_the_client_disconnects(self, server, token):
        client = start_export(server, token, "scans/stream")
        response, _ = server.get("scans/stream", token)
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert count_transactions() == 1

        client.close()

        assert wait_until(lambda: server.get("scans/stream?area=nowhere", token)[0].status == 200)
        assert wait_until(lambda: count_transactions() == 0)

    def test_ends_if_the_client_stops_reading(self, server, token):
        with start_export(server, token, "scans/stream", buffer_bytes=4096):
            assert server.get("scans/stream", token)[0].status == 503

            assert wait_until(lambda: server.get("scans/stream?area=no", token)[0].status == 200)


class TestSlowStatement:
    def test_is_cancelled_and_reported(self, server, token):
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE bags_bag")
            response, problem = server.get("bags/SB10001", token)
            cursor.execute("ROLLBACK")

        assert (response.status, problem["code"]) == (504, "too-slow")
