"""The reports page and its CSV export."""

import csv
import io
from datetime import date

import pytest
from django.test import Client

from dashboard.stats import reports
from dashboard.stats.counters import roll_up
from scans.models import Scan

TODAY = date(2026, 11, 24)

pytestmark = pytest.mark.usefixtures("small_site")


class TestReports:
    def test_totals_equal_ledger(self, office: Client) -> None:
        tables = office.get("/reports?first=2000-01-01").context["tables"]

        assert tables["day"].total == tables["area"].total == Scan.objects.count()

    def test_are_unchanged_by_roll_up(self, office: Client) -> None:
        before = office.get("/reports").context["tables"]["day"]
        roll_up()

        after = office.get("/reports").context["tables"]["day"]

        assert after == before
        assert after.total == Scan.objects.count() > 0

    def test_are_limited_to_areas_of_user(self, operator: Client) -> None:
        table = operator.get("/reports").context["tables"]["area"]

        assert [line.name for line in table.lines] == ["lucknow"]

    def test_csv_has_same_counts(self, office: Client) -> None:
        response = office.get("/reports/scans.csv?area=lucknow")
        rows = list(csv.DictReader(io.StringIO(response.content.decode())))

        expected = Scan.objects.filter(area__code="lucknow").count()
        assert sum(int(row["scans"]) for row in rows) == expected
        assert {row["area"] for row in rows} == {"lucknow"}

    @pytest.mark.parametrize(
        ("first", "last", "days"),
        [
            ("", "", (date(2026, 10, 26), TODAY)),
            ("2026-11-20", "2026-11-22", (date(2026, 11, 20), date(2026, 11, 22))),
            ("2026-11-22", "2026-11-20", (date(2026, 11, 20), date(2026, 11, 20))),
            ("0001-01-01", "9999-12-31", (date(2025, 11, 24), TODAY)),
            ("x", "\0", (date(2026, 10, 26), TODAY)),
        ],
    )
    def test_period_is_limited(self, first: str, last: str, days: tuple[date, date]) -> None:
        assert reports.parse_period(first, last, today=TODAY) == days

    @pytest.mark.parametrize(
        "query", ["first=x", "last=0001-01-01", "area=%00", "first=0001-01-01"]
    )
    def test_ignore_invalid_parameters(self, office: Client, query: str) -> None:
        assert office.get(f"/reports?{query}").status_code == 200
