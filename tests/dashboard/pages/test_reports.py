"""Reports, one's own account, the figures of the system, lists as workbooks."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry
from dashboard import xlsx
from dashboard.stats import reports
from dashboard.stats.counters import roll_up
from scans.models import Scan
from tests.factories import (
    assign_batch,
    create_reference_data,
    make_batch,
    make_loose_child,
    make_parent,
    make_user,
)
from tracetrack.ops import metrics

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def world() -> None:
    caches["limits"].clear()
    create_reference_data()
    make_batch("LOT-1")
    make_parent("SB10001", children=2)
    make_loose_child("CB900000001", area="indore")


def signed_in(role: str, *areas: str, password: str = "") -> Client:
    client = Client()
    client.force_login(make_user(f"one-{role}", role, areas, password=password))
    return client


class TestReports:
    def test_have_exactly_the_scans_of_the_ledger(self) -> None:
        shown = signed_in(Role.OFFICE).get("/reports?first=2000-01-01").context["tables"]

        assert shown["day"].total == shown["area"].total == Scan.objects.count()

    def test_say_the_same_once_they_are_rolled_up(self) -> None:
        office = signed_in(Role.OFFICE)
        before = office.get("/reports").context["tables"]["day"]
        roll_up()

        after = office.get("/reports").context["tables"]["day"]

        assert after == before
        assert after.total == Scan.objects.count() > 0

    def test_show_only_ones_own_areas(self) -> None:
        shown = signed_in(Role.OPERATOR, "lucknow").get("/reports").context["tables"]["area"]

        assert [line.name for line in shown.lines] == ["lucknow"]

    def test_are_a_sheet_with_the_same_numbers(self) -> None:
        answer = signed_in(Role.OFFICE).get("/reports/scans.csv?area=lucknow")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))

        assert (
            sum(int(row["scans"]) for row in rows)
            == Scan.objects.filter(area__code="lucknow").count()
        )
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
    def test_take_any_days(self, first: str, last: str, days: tuple[date, date]) -> None:
        assert reports.parse_period(first, last, today=TODAY) == days

    @pytest.mark.parametrize(
        "query", ["first=x", "last=0001-01-01", "area=%00", "first=0001-01-01"]
    )
    def test_bear_anything(self, query: str) -> None:
        assert signed_in(Role.OFFICE).get(f"/reports?{query}").status_code == 200


class TestAccount:
    OLD, NEW = "a-long-password", "quite-another-one-9"

    def form(self, old: str) -> dict[str, str]:
        return {"old_password": old, "new_password1": self.NEW, "new_password2": self.NEW}

    def test_takes_another_password_and_keeps_the_session(self) -> None:
        client = signed_in(Role.OFFICE, password=self.OLD)

        answer = client.post("/account", self.form(self.OLD), follow=True)

        assert answer.status_code == 200
        assert User.objects.get(username="one-office").check_password(self.NEW)
        assert AuditEntry.objects.filter(action="user.password-changed").count() == 1

    def test_takes_none_without_the_old_one(self) -> None:
        client = signed_in(Role.OFFICE, password=self.OLD)

        assert client.post("/account", self.form("wrong")).status_code == 400
        assert User.objects.get(username="one-office").check_password(self.OLD)

    def test_ends_the_guessing(self) -> None:
        client = signed_in(Role.OFFICE, password=self.OLD)
        answers = [client.post("/account", self.form("wrong")).status_code for _ in range(11)]

        assert answers == [400] * 10 + [429]


class TestSystem:
    @pytest.mark.parametrize("role", Role.values)
    def test_is_for_those_who_run_it(self, role: str) -> None:
        answer = signed_in(role).get("/system")

        allowed = role in (Role.ADMINISTRATOR, Role.OFFICE)
        assert answer.status_code == (200 if allowed else 403)

    def test_shows_what_was_measured(self) -> None:
        metrics.reset()
        client = signed_in(Role.ADMINISTRATOR)
        client.get("/bags")
        client.get("/bags/SB10001")

        times = client.get("/system").context["times"]

        assert {line["endpoint"] for line in times} == {"GET /bags", "GET /bags/<path:code>"}
        assert all(line["answers"] == 1 and line["p50_ms"] > 0 for line in times)

    def test_remembers_only_the_latest(self) -> None:
        metrics.reset()
        for number in range(metrics.MAX_SAMPLES + 10):
            metrics.record_duration("GET /x", number / 1000)

        (line,) = metrics.durations()

        assert (line["answers"], line["most_ms"]) == (
            metrics.MAX_SAMPLES,
            metrics.MAX_SAMPLES + 9.0,
        )


class TestWorkbook:
    def cells(self, answer: Any) -> list[list[str]]:
        book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
        space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
        rows = ET.fromstring(book.read("xl/worksheets/sheet1.xml")).iterfind(".//x:row", space)
        return [["".join(cell.itertext()) for cell in row] for row in rows]

    def test_has_every_bag_that_its_reader_may_see(self) -> None:
        header, *rows = self.cells(signed_in(Role.OPERATOR, "lucknow").get("/exports/bags.xlsx"))

        assert header[:3] == ["code", "kind", "bag_type"]
        assert sorted(row[0] for row in rows) == ["CB001000101", "CB001000102", "SB10001"]

    def test_is_narrowed_like_the_list(self) -> None:
        _, *rows = self.cells(signed_in(Role.OFFICE).get("/exports/bags.xlsx?loose=1"))

        assert [row[0] for row in rows] == ["CB900000001"]

    def test_leafs_through_windows_without_a_gap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "ROWS_PER_QUERY", 2)

        _, *rows = self.cells(signed_in(Role.OFFICE).get("/exports/bags.xlsx"))

        assert len(rows) == 4

    def test_runs_nothing_that_somebody_typed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dashboard.pages.bags.XLSX_COLUMNS", (("product", "batch__product"),))
        assign_batch(make_batch("LOT-2", product="=1+1"), "CB900000001")

        answer = signed_in(Role.OFFICE).get("/exports/bags.xlsx?batch=LOT-2")
        _, (cell,) = self.cells(answer)

        assert cell == "'=1+1"

    def test_refuses_what_no_sheet_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "MAX_ROWS", 3)

        answer = signed_in(Role.OFFICE).get("/exports/bags.xlsx")

        assert answer.status_code == 409
        assert b"Filter the list first" in answer.content


class TestBags:
    def test_stand_the_other_way_round_and_leaf_without_a_gap(self) -> None:
        office = signed_in(Role.OFFICE)
        for number in range(60):
            make_loose_child(f"CB8000000{number:02d}")

        first = office.get("/bags?order=newest&kind=child")
        second = office.get(f"/bags?{first.context['next_query']}")

        codes = [bag["code"] for page in (first, second) for bag in page.context["bags"]]
        assert (len(codes), len(set(codes)), codes[0]) == (63, 63, "CB800000059")

    def test_have_the_columns_that_the_address_names(self) -> None:
        html = signed_in(Role.OFFICE).get("/bags?column=weight&column=zz").content.decode()

        table = html[html.index("<thead>") : html.index("</thead>")]
        assert ("Weight" in table, "State" in table) == (True, False)


class TestSuggestions:
    def test_name_bags_batches_and_areas(self) -> None:
        office = signed_in(Role.OFFICE)

        assert b'data-href="/bags/SB10001"' in office.get("/search/suggest?q=sb1").content
        assert b'data-href="/batches/LOT-1"' in office.get("/search/suggest?q=lot").content
        assert b'data-href="/bags?area=lucknow"' in office.get("/search/suggest?q=luc").content

    def test_hide_what_others_may_see(self) -> None:
        operator = signed_in(Role.OPERATOR, "lucknow")

        for text in ("CB9", "indore"):
            assert b"option" not in operator.get(f"/search/suggest?q={text}").content

    @pytest.mark.parametrize("text", ["", "\0", "%", "'; --", "x" * 5000, "\U0001f600"])
    def test_bear_anything(self, text: str) -> None:
        answer = signed_in(Role.OFFICE).get("/search/suggest", {"q": text})

        assert answer.status_code == 200
