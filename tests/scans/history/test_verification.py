"""The verification of the ledger reports every difference, also rows that it does not know."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bags.models import Bag
from scans.history.verification import find_differences
from scans.models import Scan
from tests.factories import make_parent, scan

pytestmark = pytest.mark.django_db


def run_sql(*statements):
    with connection.cursor() as cursor:
        for statement in ("SET LOCAL tracetrack.maintenance = 'on'", *statements):
            cursor.execute(statement)


class TestFindDifferences:
    def test_yields_nothing_for_bags_that_match(self, ben):
        make_parent("SB10001", children=2)
        scan(ben, "complete", "SB10001")
        scan(ben, "dispatch", "SB10001", area="jaipur")

        assert list(find_differences()) == []

    def test_reports_a_bag_that_was_changed_without_a_scan(self, ben):
        make_parent("SB10001", children=2)
        Bag.objects.filter(code="SB10001").update(state="complete")

        (difference,) = find_differences()

        assert difference.startswith("SB10001: is ('complete'")

    def test_reports_a_row_with_a_step_that_it_does_not_know(self, ben):
        make_parent("SB10001")
        inspected = scan(ben, "inspect", "SB10001").scan
        run_sql(
            "ALTER TABLE scans_scan DROP CONSTRAINT scan_step_is_known",
            f"UPDATE scans_scan SET step = 'weigh' WHERE id = {inspected.pk}",
        )

        assert list(find_differences()) == [f"scan {inspected.pk}: the step 'weigh' is unknown"]

    def test_reports_the_bag_of_a_row_that_was_removed(self, ben):
        make_parent("SB10001", children=1)
        run_sql(f"DELETE FROM scans_scan WHERE id = {Scan.objects.get(step='link').pk}")

        codes = [difference.partition(":")[0] for difference in find_differences()]

        assert sorted(codes) == ["CB001000101", "SB10001"]


class TestCheckLedger:
    def test_fails_if_there_is_a_difference(self, ben):
        make_parent("SB10001")
        Bag.objects.update(state="received")

        with pytest.raises(CommandError, match="1 differences"):
            call_command("check_ledger", stderr=StringIO())
