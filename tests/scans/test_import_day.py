"""A whole factory day through the import commands."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from audit.models import AuditEntry
from bags.models import Bag
from dashboard.stats.counters import find_drifts
from dashboard.stats.queries import count_rows
from scans.models import Scan
from tests.import_commands import DAY, row_versions, run_import

EXPECTED = json.loads((DAY / "expected.json").read_text(encoding="utf-8"))
VERDICTS = (DAY / "verdicts.txt").read_text(encoding="ascii")


@pytest.fixture
def reference(db):
    call_command("load_reference_data", operators="asha,bilal,chitra,dev,esha", stdout=StringIO())


@pytest.fixture
def day(reference, tmp_path):
    """What the three commands said of the day, in their order."""
    batches = run_import("import_batches", DAY / "batches.csv")
    bags = run_import("import_bags", DAY / "bags.csv")
    scans = run_import("import_scans", DAY / "scans.csv", "--verdicts", tmp_path / "verdicts.txt")
    return batches, bags, scans, (tmp_path / "verdicts.txt").read_text(encoding="ascii")


class TestAFactoryDay:
    def test_comes_to_exactly_what_is_expected_and_again_touches_no_bag(self, day):
        batches, bags, scans, verdicts = day

        assert batches == {"rows": 7, "applied": 7}
        assert bags == EXPECTED["bags.csv"]
        assert scans == EXPECTED["scans.csv"]
        assert verdicts == VERDICTS
        assert count_rows() == EXPECTED["after"]
        assert find_drifts() == []
        imported = AuditEntry.objects.filter(action="sheet.imported").order_by("id")
        assert [scan_request.subject for scan_request in imported] == ["bags.csv", "scans.csv"]
        assert {scan_request.actor_name for scan_request in imported} == {"system"}

        bags_before, scans_before = row_versions("bags_bag"), Scan.objects.count()
        assert run_import("import_batches", DAY / "batches.csv") == {"rows": 7, "already": 7}
        assert run_import("import_bags", DAY / "bags.csv") == EXPECTED["again"]["bags.csv"]
        assert run_import("import_scans", DAY / "scans.csv") == EXPECTED["again"]["scans.csv"]
        assert row_versions("bags_bag") == bags_before
        assert Scan.objects.count() == scans_before

    def test_every_bag_of_it_begins_with_its_register_row(self, day):
        first = {}
        for bag, step in Scan.objects.order_by("pk").values_list("bag", "step"):
            first.setdefault(bag, step)

        assert set(first.values()) == {"register"}
        assert len(first) == Bag.objects.count()

    def test_is_rehearsed_by_a_dry_run_that_keeps_nothing(self, reference):
        run_import("import_batches", DAY / "batches.csv")

        bags = run_import("import_bags", DAY / "bags.csv", "--dry-run")
        assert bags == EXPECTED["bags.csv"]
        assert not Bag.objects.exists()

        run_import("import_bags", DAY / "bags.csv")
        bags_before, audit_before = row_versions("bags_bag"), AuditEntry.objects.count()
        scans_before = Scan.objects.count()
        scans = run_import("import_scans", DAY / "scans.csv", "--dry-run")

        assert scans == EXPECTED["scans.csv"]
        assert row_versions("bags_bag") == bags_before
        assert Scan.objects.count() == scans_before
        assert AuditEntry.objects.count() == audit_before
