"""Who follows a stream misses nothing: ids become visible in another order than they are taken."""

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
ANOTHER = """
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
def somebody() -> Iterator[psycopg.Connection[Any]]:
    """Another connection, in a transaction that has not ended."""
    given = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    other = psycopg.connect(**{k: v for k, v in given.items() if k not in {"context", "pool"}})
    try:
        yield other
    finally:
        other.close()


def last() -> int:
    return Scan.objects.latest("id").pk


def settled() -> int:
    return ExportRows(Scan.objects.all(), ()).insert_horizon()


def insert(other: psycopg.Connection[Any]) -> int:
    row = other.execute(ANOTHER).fetchone()
    assert row is not None
    return int(row[0])


class TestWhatIsSettled:
    def test_is_everything_while_nobody_writes(self, ben):
        assert settled() == last()

    def test_ends_before_what_somebody_may_still_bring_in(self, ben):
        with somebody() as other:
            slow = insert(other)
            scan(ben, "inspect", "SB10001")

            assert settled() < slow < last()

            other.commit()
            assert settled() == last()

    def test_ends_there_also_when_the_first_statement_is_long_past(self, ben):
        with somebody() as other:
            slow = insert(other)
            for _ in range(3):
                scan(ben, "inspect", "SB10001")
                insert(other)

            assert settled() < slow

    def test_is_not_held_up_by_who_gave_up(self, ben):
        with somebody() as other:
            insert(other)
            other.rollback()
            assert settled() == last()

            other.execute("SAVEPOINT try")
            insert(other)
            other.execute("ROLLBACK TO SAVEPOINT try")
            assert settled() == last()

            slow = insert(other)
            scan(ben, "inspect", "SB10001")
            assert settled() < slow


class TestWhoFollows:
    def test_hears_of_a_scan_that_was_slow_to_commit(self, ben):
        client = Client(headers={"Authorization": f"Bearer {create_token(ben)}"})

        def ask(after: int) -> tuple[list[int], int]:
            answer = client.get(f"/api/v3/scans/stream?after={after}")
            lines = b"".join(answer).splitlines()  # type: ignore[arg-type]
            return [json.loads(line)["id"] for line in lines], int(answer["X-Settled-Until"])

        with somebody() as other:
            slow = insert(other)
            scan(ben, "inspect", "SB10001")
            heard, until = ask(0)
            assert slow not in heard
            assert max(heard) > slow

            other.commit()

        heard, until = ask(until)
        assert slow in heard
        assert until == last()
