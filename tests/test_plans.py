"""Each index is used by its query, and no query reads bags or scans completely."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from bags.filters import BagFilters
from bags.models import Bag, BagCode, Batch
from scans.models import Scan
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
    scan,
)
from tests.query_plans import explain
from tracetrack.db.sql_files import sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    """An operator, and enough bags for statistics."""
    create_reference_data()
    ben = make_user("ben", Role.OFFICE)
    for n in range(4):
        make_parent(f"M444-1000{n}", children=15)
        make_parent(f"SB1000{n}", children=2)
    scan(ben, "dispatch", "M444-10000", area="jaipur")
    assign_batch(make_batch("LOT-1"), "SB10001", "SB10002")
    with connection.cursor() as cursor:
        # Tests that were rolled back leave dead rows in the indexes, some in one more than in
        # another; then PostgreSQL rightly takes the one that is less swollen.
        cursor.execute("REINDEX TABLE bags_bag; REINDEX TABLE scans_scan")
        cursor.execute("ANALYZE bags_bag; ANALYZE scans_scan")
    return make_user("ana", Role.OPERATOR, ["lucknow"])


def parent() -> Bag:
    return Bag.objects.get(code="M444-10001")


CASES: list[tuple[str, Any]] = [
    ("bag_code_is_unique", lambda: Bag.objects.with_codes(["SB10001"])),
    ("bag_code_is_unique", lambda: Bag.objects.filter(code__startswith="SB1").order_by("code")),
    ("bag_children", lambda: Bag.objects.all().children_of(parent())),
    ("bag_in_batch", lambda: Bag.objects.in_batch(Batch.objects.get().pk)),
    ("bag_loose", lambda: Bag.objects.loose().filter(area=1).order_by("id")),
    ("bag_open", lambda: Bag.objects.incomplete().filter(area=1).order_by("id")),
    ("bag_bound_for_area", lambda: Bag.objects.in_areas([1])),
    ("bag_in_area", lambda: Bag.objects.filter(area=1, kind="parent").order_by("id")),
    ("bagcode_trigrams", lambda: BagCode.objects.all().containing("0001")),
    ("bagcode_backwards", lambda: BagCode.objects.all().ending_with("0001")),
    ("scan_of_bag", lambda: Scan.objects.of(parent())),
    ("scan_of_parent", lambda: Scan.objects.of(parent())),
    ("scan_out_of_parent", lambda: Scan.objects.of(parent())),
    ("scan_latest_in_area", lambda: Scan.objects.filter(area=1).latest_first()[:10]),
    ("scan_latest_of_actor", lambda: Scan.objects.by(1)[:1]),
    ("scan_of_rare_step", lambda: Scan.objects.filter(step="dispatch").latest_first()[:10]),
    ("scan_ref_is_recorded_once", lambda: Scan.objects.filter(ref=parent_ref())),
    ("scan_is_undone_once", lambda: Scan.objects.filter(undoes=1)),
]


def parent_ref() -> Any:
    return Scan.objects.values_list("ref", flat=True).first()


class TestQueryPlan:
    @pytest.mark.parametrize(
        ("index", "rows"), CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)]
    )
    def test_uses_the_index(self, ana, index, rows):
        explained = explain(rows())

        assert index in explained, explained
        assert "Seq Scan" not in explained, explained

    def test_batch_search_reads_matching_prefixes_only(self, ana):
        parameters = {"text": "mus", "code": "MUS", "limit": 20}
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN " + sql("bags.find_batches"), parameters)
            explained = "\n".join(row[0] for row in cursor.fetchall())

        for index in ("batch_code_is_unique", "batch_product_begins", "batch_variety_begins"):
            assert re.search(rf"Index Scan using {index} .*\n +Index Cond", explained), explained
        assert "Seq Scan" not in explained

    @pytest.mark.parametrize("areas", [None, [1]])
    def test_dashboard_reads_counters_only(self, ana, areas):
        today = date(2026, 11, 24)
        parameters = {"areas": areas, "today": today, "hour": 9, "last": today}
        parameters["first"] = today - timedelta(days=29)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("EXPLAIN " + sql("dashboard.overview"), parameters)
            explained = "\n".join(row[0] for row in cursor.fetchall())

        assert "scan_tally_is_unique" in explained, explained
        assert "bag_day_is_unique" in explained, explained
        assert re.search(r"bags_bag\b|scans_scan\b", explained) is None, explained

    def test_visibility_reads_no_table_completely(self, ana):
        explained = explain(Bag.objects.visible_to(ana).filter(code="SB10001"))

        assert "Seq Scan on bags_bag" not in explained, explained


class TestFilter:
    """Filters on a table with the statistics of a large one."""

    @pytest.mark.parametrize(
        ("filters", "index"),
        [
            ({"state": "returned"}, "bag_in_state"),
            ({"state": "dispatched", "area": "jaipur"}, "bag_in_area_and_state"),
            ({"batch": "LOT-1"}, "bag_in_batch"),
            ({"batch": "NONE"}, "bag_in_batch"),
            ({"area": "akola"}, "bag_in_area"),
            ({"bag_type": "none"}, "bag_of_type"),
            ({"loose": True}, "bag_loose_anywhere"),
        ],
        ids=str,
    )
    def test_uses_its_index(self, ana, filters, index):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_class SET reltuples = 4000000 WHERE relname = 'bags_bag'")
        following = Bag.objects.filter(id__gt=1)

        explained = explain(BagFilters(**filters).apply(following).order_by("id")[:101])

        assert f"using {index} " in explained, explained

    @pytest.mark.parametrize("step", ["inspect", "complete"])
    def test_recording_reads_by_keys_only(self, ana, step):
        """The rows that a scan reads do not depend on the number of bags and batches."""
        ben = User.objects.get(username="ben")
        for n in range(40):
            make_batch(f"LOT-9{n:02}")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        before = rows_read()

        scan(ben, step, "SB10001")

        read = {table: rows - before[table] for table, rows in rows_read().items()}
        assert read["bags_batch"] <= 2
        assert read["bags_bag"] <= 20
        assert read["scans_scan"] <= 5


def rows_read() -> dict[str, int]:
    """Return how many rows of each large table this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
            " FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('bags_bag', 'bags_batch', 'scans_scan')"
        )
        return dict(cursor.fetchall())
