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
    """Import the day; return the summaries of the three commands and the verdicts on scans."""
    batches = run_import("import_batches", DAY / "batches.csv")
    bags = run_import("import_bags", DAY / "bags.csv")
    scans = run_import("import_scans", DAY / "scans.csv", "--verdicts", tmp_path / "verdicts.txt")
    return batches, bags, scans, (tmp_path / "verdicts.txt").read_text(encoding="ascii")


class TestFactoryDay:
    def test_gives_the_expected_result_and_changes_no_bag_if_repeated(self, day):
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

    def test_gives_every_bag_a_register_row_first(self, day):
        first = {}
        for bag, step in Scan.objects.order_by("pk").values_list("bag", "step"):
            first.setdefault(bag, step)

        assert set(first.values()) == {"register"}
        assert len(first) == Bag.objects.count()

    def test_gives_the_same_summary_in_a_dry_run_that_writes_nothing(self, reference):
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
