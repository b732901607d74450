"""Pages of a timeline have the same entries as the whole timeline, with bounded work."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from bags.models import Area, Bag
from scans.history.timeline import ROWS_BY_ID, ScanRow, latest_timeline, timeline
from scans.models import Scan
from tests.factories import child_codes, create_reference_data, make_parent, make_user, scan

PARENT, OTHER = "SB10001", "SB20002"
CHILD = child_codes(PARENT, 1)[0]

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> User:
    """Record all steps that move a child, for two parents and a child; return the actor."""
    create_reference_data()
    actor = make_user("olive", Role.OFFICE)
    make_parent(PARENT, children=2, actor=actor)
    make_parent(OTHER, children=1, actor=actor)
    for step in ("complete", "dispatch", "receive", "reopen"):
        scan(actor, step, PARENT, area="indore")
    scan(actor, "move", CHILD, OTHER)
    for step in ("complete", "dispatch"):
        scan(actor, step, OTHER, area="jaipur")
    undo(actor, Scan.objects.latest("id"))
    for step in ("dispatch", "return"):
        scan(actor, step, OTHER, area="jaipur")
    scan(actor, "return", CHILD)
    scan(actor, "inspect", CHILD)
    return actor


def undo(actor: User, target: Scan) -> None:
    scan(actor, "undo", target.bag.code, undoes=target.pk)


def all_pages(bag: Bag, limit: int) -> list[dict[str, Any]]:
    """Return the entries of all pages of a timeline."""
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        rows, before = latest_timeline(bag, before=before, limit=limit)
        found = rows + found
        if before is None:
            return found


@pytest.mark.parametrize("code", [PARENT, OTHER, CHILD])
def test_a_short_timeline_has_one_page(actor: User, code: str) -> None:
    bag = Bag.objects.get(code=code)

    assert latest_timeline(bag, limit=100) == (timeline(bag), None)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_pages_of_a_parent_are_its_timeline(actor: User, limit: int) -> None:
    bag = Bag.objects.get(code=OTHER)

    assert all_pages(bag, limit) == timeline(bag)


def test_a_page_of_a_child_has_the_moves_of_the_parent_that_it_leaves(actor: User) -> None:
    bag = Bag.objects.get(code=CHILD)

    rows, more = latest_timeline(bag, limit=2)

    # The return and the inspection are its own; the parent moved before them.
    assert [row["step"] for row in rows if not row["through"]] == ["return", "inspect"]
    assert more is not None


def test_the_number_of_queries_does_not_grow_with_the_number_of_scans(actor: User) -> None:
    bag, area, now = Bag.objects.get(code=CHILD), Area.objects.first(), timezone.now()
    alike = {"bag": bag, "step": "inspect", "outcome": "applied", "actor": actor, "area": area}
    Scan.objects.bulk_create(
        Scan(ref=uuid4(), scanned_at=now, recorded_at=now, **alike) for _ in range(1000)
    )

    with CaptureQueriesContext(connection) as queries:
        rows, more = latest_timeline(bag, limit=50)

    assert (len(rows), more) == (50, rows[0]["id"])
    assert len(queries) <= 5


def test_the_columns_of_the_sql_function_are_the_fields_of_a_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROWS_BY_ID, [[]])
        assert tuple(column.name for column in cursor.description) == ScanRow._fields


@pytest.mark.parametrize("code", [PARENT, CHILD])
def test_no_large_table_is_read_completely(actor: User, code: str) -> None:
    bag = Bag.objects.get(code=code)
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")

        def count_table_scans() -> list[tuple[str, int]]:
            cursor.execute(
                "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
                " WHERE relname IN ('bags_bag', 'scans_scan') ORDER BY 1"
            )
            return cursor.fetchall()

        before = count_table_scans()
        assert len(timeline(bag)) > 3
        assert count_table_scans() == before
