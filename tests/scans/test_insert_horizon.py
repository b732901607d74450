"""The insert horizon: clients of a stream miss no row, although ids commit out of order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from scans.models import Scan
from tests.factories import create_reference_data, make_parent, make_user, scan
from tests.live_server import create_token
from tracetrack.db.export import ExportRows

pytestmark = pytest.mark.django_db(transaction=True)
INSERT_SCAN = """
    INSERT INTO scans_scan (ref, bag_id, step, outcome, unexpected, forced, actor_id, area_id,
        station, scanned_at, recorded_at, note, was_state, was_parent_state)
    SELECT gen_random_uuid(), bag_id, 'inspect', 'applied', false, false, actor_id, area_id,
        'slow', now(), now(), '', '', ''
    FROM scans_scan ORDER BY id LIMIT 1 RETURNING id
"""


@pytest.fixture
def ben():
    create_reference_data()
    ben = make_user("ben", "office")
    make_parent("SB10001", actor=ben)
    # The notes of sixteen ids are one.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval('scans_scan_id_seq', (nextval('scans_scan_id_seq') | 15) + 1)"
        )
    scan(ben, "inspect", "SB10001")
    return ben


@contextmanager
def open_connection() -> Iterator[psycopg.Connection[Any]]:
    """Yield another connection with an open transaction."""
    params = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    other = psycopg.connect(**{k: v for k, v in params.items() if k not in {"context", "pool"}})
    try:
        yield other
    finally:
        other.close()


def last_id() -> int:
    return Scan.objects.latest("id").pk


def insert_horizon() -> int:
    return ExportRows(Scan.objects.all(), ()).insert_horizon()


def insert(other: psycopg.Connection[Any]) -> int:
    row = other.execute(INSERT_SCAN).fetchone()
    assert row is not None
    return int(row[0])


class TestInsertHorizon:
    def test_is_the_last_id_without_open_inserts(self, ben):
        assert insert_horizon() == last_id()

    def test_is_below_the_ids_of_an_open_transaction(self, ben):
        with open_connection() as other:
            late_id = insert(other)
            scan(ben, "inspect", "SB10001")

            assert insert_horizon() < late_id < last_id()

            other.commit()
            assert insert_horizon() == last_id()

    def test_is_below_the_ids_of_its_first_statement(self, ben):
        with open_connection() as other:
            late_id = insert(other)
            for _ in range(3):
                scan(ben, "inspect", "SB10001")
                insert(other)

            assert insert_horizon() < late_id

    def test_ignores_transactions_that_were_rolled_back(self, ben):
        with open_connection() as other:
            insert(other)
            other.rollback()
            assert insert_horizon() == last_id()

            other.execute("SAVEPOINT try")
            insert(other)
            other.execute("ROLLBACK TO SAVEPOINT try")
            assert insert_horizon() == last_id()

            late_id = insert(other)
            scan(ben, "inspect", "SB10001")
            assert insert_horizon() < late_id


class TestScanStream:
    def test_returns_a_scan_that_commits_late(self, ben):
        client = Client(headers={"Authorization": f"Bearer {create_token(ben)}"})

        def read_stream(after: int) -> tuple[list[int], int]:
            response = client.get(f"/api/v3/scans/stream?after={after}")
            lines = b"".join(response).splitlines()  # type: ignore[arg-type]
            return [json.loads(line)["id"] for line in lines], int(response["X-Settled-Until"])

        with open_connection() as other:
            late_id = insert(other)
            scan(ben, "inspect", "SB10001")
            ids, until = read_stream(0)
            assert late_id not in ids
            assert max(ids) > late_id

            other.commit()

        ids, until = read_stream(until)
        assert late_id in ids
        assert until == last_id()
