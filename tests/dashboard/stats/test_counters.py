"""The counters equal a recount after every kind of write and under concurrency."""

from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Role
from bags.models import Area, Bag, BagType, Batch
from dashboard.models import BagPending, BagTally, ScanPending, ScanTally
from dashboard.stats.counters import find_drifts, repair, roll_up
from scans.models import Scan
from tests.concurrency import run_concurrently
from tests.factories import create_reference_data, make_batch, make_parent, make_user, scan

MAINTENANCE = "SET LOCAL tracetrack.maintenance = 'on'"
COLUMNS = ("code", "kind", "bag_type_id", "area_id", "state", "child_count", "weight")


@pytest.fixture
def ben():
    create_reference_data()
    return make_user("ben", Role.OFFICE)


def total(counter="bag"):
    tables = (BagTally, BagPending) if counter == "bag" else (ScanTally, ScanPending)
    rows = [table.objects.all() for table in tables]
    if counter == "scan":
        rows[0] = rows[0].filter(grain="all")
    return sum(n for query in rows for n in query.values_list("total", flat=True))


def copy_children(count, area="lucknow", start=0):
    area_id, type_id = Area.objects.get(code=area).pk, BagType.objects.get(name="mustard").pk
    with connection.cursor() as cursor:
        statement = f"COPY bags_bag ({', '.join(COLUMNS)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for n in range(start, start + count):
                copy.write_row((f"CB{n:09d}", "child", type_id, area_id, "loose", 0, "1.000"))


@pytest.mark.django_db
class TestBagCounters:
    def test_count_single_scans(self, ben):
        make_parent("M444-10001", children=15)
        scan(ben, "dispatch", "M444-10001", area="jaipur")
        scan(ben, "receive", "M444-10001", area="jaipur")

        assert total() == 16
        assert find_drifts() == []

    def test_count_copied_rows(self, ben):
        copy_children(2000)

        assert total() == 2000
        assert find_drifts() == []

    def test_count_bulk_updates(self, ben):
        copy_children(500)
        copy_children(500, start=1000)
        Bag.objects.filter(code__lt="CB000000300").update(
            area=Area.objects.get(code="jaipur"), bag_type=BagType.objects.get(name="moong")
        )
        Bag.objects.update(state="returned")

        assert find_drifts() == []

    def test_count_deletes(self, ben):
        copy_children(500)
        Bag.objects.filter(code__lt="CB000000100").delete()

        assert total() == 400
        assert find_drifts() == []

    def test_ignore_rolled_back_rows(self, ben):
        copy_children(10)
        with transaction.atomic():
            copy_children(100, start=500)
            transaction.set_rollback(True)

        assert total() == 10
        assert find_drifts() == []

    def test_are_unchanged_by_roll_up(self, ben):
        copy_children(100)
        roll_up()
        Bag.objects.filter(code__lt="CB000000050").update(state="returned")
        roll_up()

        assert not BagPending.objects.exists()
        assert total() == 100
        assert find_drifts() == []


@pytest.mark.django_db
class TestBatchCounters:
    def test_count_state_and_hold(self, ben):
        make_batch("LOT-1")
        make_batch("LOT-2", held_by=ben)
        Batch.objects.filter(code="LOT-1").update(state="closed")
        Batch.objects.filter(code="LOT-2").delete()

        assert find_drifts() == []


@pytest.mark.django_db
class TestScanCounters:
    def test_count_by_business_day(self, ben):
        # 18:29:59 and 18:30 UTC are two days in Kolkata.
        edge = timezone.now().replace(hour=18, minute=30, second=0, microsecond=0)
        edge -= timedelta(days=2)
        make_parent("SB10001")
        scan(ben, "inspect", "SB10001", scanned_at=edge)
        scan(ben, "inspect", "SB10001", scanned_at=edge - timedelta(seconds=1))
        roll_up()

        days = ScanTally.objects.filter(grain="day").order_by("day")
        assert list(days.values_list("day", "total"))[:2] == [
            (edge.date(), 1),
            (edge.date() + timedelta(days=1), 1),
        ]
        assert find_drifts() == []

    def test_count_maintenance_changes(self, ben):
        make_parent("SB10001", children=3)
        with connection.cursor() as cursor:
            cursor.execute(MAINTENANCE)
        Scan.objects.filter(step="link").update(area=Area.objects.get(code="akola"))
        Scan.objects.filter(bag__code="SB10001").delete()

        assert total("scan") == Scan.objects.count() == 6
        assert find_drifts() == []


@pytest.mark.django_db
class TestCheckCounters:
    def test_reports_matching_counters(self, ben):
        make_parent("SB10001", children=2)

        out = StringIO()
        call_command("check_counters", stdout=out)
        assert "match" in out.getvalue()

    def test_reports_and_repairs_drift(self, ben):
        make_parent("SB10001", children=2)
        make_batch("LOT-1")
        roll_up()
        BagTally.objects.filter(kind="parent").update(total=7)
        ScanTally.objects.filter(grain="hour").delete()

        err = StringIO()
        with pytest.raises(CommandError, match="differ"):
            call_command("check_counters", stderr=err)
        assert "is 7, should be 1" in err.getvalue()

        call_command("check_counters", "--repair", stdout=StringIO(), stderr=StringIO())
        assert find_drifts() == []

    def test_repair_of_correct_counters_changes_nothing(self, ben):
        make_parent("SB10001", children=2)

        assert repair() == []


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_exact_with_14_writers_and_roll_up(self, ben):
        def write(n):
            for k in range(10):
                scan(ben, "link", f"CB{n * 100 + k:09d}", f"SB100{n:02d}")

        calls = [partial(write, n) for n in range(14)] + [
            lambda: [roll_up() for _ in range(30)] and None
        ] * 2
        run_concurrently(calls)

        assert total() == 14 * 11
        assert find_drifts() == []

    def test_zero_after_truncate(self, ben):
        with transaction.atomic():
            copy_children(100)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MAINTENANCE)
            cursor.execute("TRUNCATE bags_bag, scans_scan")

        assert total() == 0
        assert find_drifts() == []


@pytest.mark.django_db(transaction=True)
class TestPendingTables:
    def test_vacuum_truncates_empty_pages(self):
        """Without index cleanup, VACUUM keeps the last dead rows and all pages before them."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total) "
                "SELECT '2026-11-24', 1, 1, 'link', 1, 1 FROM generate_series(1, 60000)"
            )
            cursor.execute("SELECT max(id) - 100 FROM dashboard_scanpending")
            (last,) = cursor.fetchone()
            cursor.execute("DELETE FROM dashboard_scanpending WHERE id <= %s", [last])
            cursor.execute("VACUUM dashboard_scanpending")
            cursor.execute("DELETE FROM dashboard_scanpending")
            backlog = pending_scan_pages(cursor)

            cursor.execute("VACUUM dashboard_scanpending")

            assert backlog > 400
            assert pending_scan_pages(cursor) == 0


def pending_scan_pages(cursor):
    """Return the number of pages that the dashboard reads, including empty ones."""
    cursor.execute("SELECT pg_relation_size('dashboard_scanpending') / 8192")
    return cursor.fetchone()[0]
