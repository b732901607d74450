"""GET scans/stream: the whole ledger as NDJSON and CSV."""

import csv
import io
import json

import pytest

from scans.api.serializers import SCAN_EXPORT_COLUMNS, ScanSerializer
from scans.models import Scan
from tests.api_fixtures import HERE, run_commit_hooks
from tests.factories import make_user, scan
from tracetrack.db.export import Cell

PATH = "/api/v3/scans/stream"
NAMES = tuple(column.name for column in SCAN_EXPORT_COLUMNS)


def rows_of(client, query=""):
    return [json.loads(line) for line in b"".join(client.get(f"{PATH}{query}")).splitlines()]


def cells_of(client, query="?format=csv"):
    return list(csv.DictReader(io.StringIO(b"".join(client.get(f"{PATH}{query}")).decode())))


class TestScansStream:
    def test_is_ndjson_by_default(self, office):
        answer = office.get(PATH)

        assert answer["Content-Type"] == "application/x-ndjson; charset=utf-8"
        assert [json.loads(line)["id"] for line in b"".join(answer).splitlines()] == list(
            Scan.objects.order_by("id").values_list("id", flat=True)
        )

    def test_equals_the_response_to_the_scan(self, site, office):
        scan(
            site.people["office"], "inspect", HERE, note='say "hi", \\ and\n\tbye', station="Tor ü"
        )
        run_commit_hooks()

        streamed, expected = rows_of(office)[-1], ScanSerializer(Scan.objects.latest("id")).data

        for name in ("scanned_at", "recorded_at"):
            assert streamed.pop(name).rstrip("0+:") == expected.pop(name).rstrip("0+:")
        assert streamed == expected
        assert tuple(json.loads(b"".join(office.get(PATH)).splitlines()[0])) == NAMES

    def test_has_equal_rows_in_csv(self, office):
        rows, cells = rows_of(office), cells_of(office)

        def as_cell(value):
            words = {None: "", True: "true", False: "false"}
            return words[value] if value is None or isinstance(value, bool) else str(value)

        assert cells == [{name: as_cell(value) for name, value in row.items()} for row in rows]

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", "'=", "''+"])
    def test_escapes_formulas(self, site, office, sign):
        last = scan(site.people["office"], "inspect", HERE).scan.pk
        row = Scan.objects.get(pk=last)
        row.pk, row.ref, row.note, row.station = None, "0" * 32, f"{sign}1+1", f'{sign}",x'
        row.save()
        run_commit_hooks()

        cells = cells_of(office)[-1]

        assert (cells["note"], cells["station"]) == (f"'{sign}1+1", f"'{sign}\",x")
        assert rows_of(office)[-1]["note"] == f"{sign}1+1"

    def test_escapes_only_text_of_users(self, site, office):
        scan(make_user("@asha", "office"), "inspect", HERE, note="'quoted' 5", station="7 = gate")
        run_commit_hooks()

        cells = cells_of(office)[-1]

        assert cells["username"] == "'@asha"
        assert (cells["note"], cells["station"]) == ("'quoted' 5", "7 = gate")
        assert {c.name for c in SCAN_EXPORT_COLUMNS if c.cell == Cell.USER_TEXT} == {
            "note", "station", "username",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("?step=register", 5),
            ("?step=link&area=lucknow", 2),
            ("?area=indore", 3),
            ("?username=nobody", 0),
            ("?username=ben", 8),
            ("?outcome=already", 0),
        ],
    )
    def test_can_be_filtered(self, site, office, query, count):
        assert len(rows_of(office, query)) == count

    def test_continues_after_an_id(self, office):
        ids = [row["id"] for row in rows_of(office)]

        assert [row["id"] for row in rows_of(office, f"?after={ids[3]}")] == ids[4:]

    def test_is_limited_to_visible_scans(self, site, operator):
        scans = Scan.objects.visible_to(site.people["operator"])

        assert [row["id"] for row in rows_of(operator)] == sorted(
            scans.values_list("id", flat=True)
        )
        assert {row["area"] for row in rows_of(operator)} == {"lucknow"}

    def test_refuses_json(self, office):
        assert office.get(f"{PATH}?format=json").status_code == 400
        assert office.get(PATH, headers={"Accept": "application/json"}).status_code == 406
