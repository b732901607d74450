"""GET bags/stream: pages, cursors, NDJSON and CSV."""

import csv
import io
import json
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bags.api.serializers import BAG_EXPORT_COLUMNS
from bags.models import Bag, BagType
from tests.api_fixtures import CODES, HERE, LOT, THERE, run_commit_hooks
from tests.factories import child_codes, make_loose_child, make_parent, scan
from tracetrack.api.cursors import make_cursor, read_cursor
from tracetrack.db import export
from tracetrack.errors.problem import BadCursor

COLUMN_NAMES = tuple(column.name for column in BAG_EXPORT_COLUMNS)


def codes_of(answer):
    return [row["code"] for row in answer.json()["results"]]


def all_codes(client, path):
    """Return the codes of all pages, following `next`."""
    codes = []
    while path:
        page = client.get(path).json()
        codes += [row["code"] for row in page["results"]]
        path = page["next"]
    return codes


class TestPages:
    @pytest.mark.parametrize("per_page", [1, 2, 4, 5, 500])
    def test_contain_each_bag_once(self, office, per_page):
        assert all_codes(office, f"/api/v3/bags/stream?per_page={per_page}") == CODES

    def test_end_without_next(self, office):
        assert office.get("/api/v3/bags/stream?per_page=5").json()["next"] is None
        assert office.get("/api/v3/bags/stream?per_page=4").json()["next"]

    def test_stay_consistent_while_bags_are_added(self, site, office):
        first = office.get("/api/v3/bags/stream?per_page=2").json()
        make_parent("SB10002", 1, actor=site.people["office"])
        run_commit_hooks()

        rest = all_codes(office, first["next"])

        assert [row["code"] for row in first["results"]] + rest == [
            *CODES, "SB10002", *child_codes("SB10002", 1),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("kind=parent&bag_type=mustard", [HERE, THERE]),
            ("kind=child&area=indore&state=linked", child_codes(THERE, 1)),
            ("state=open", [HERE, THERE]),
            ("state=dispatched", []),
            (f"batch={LOT.lower()}", [HERE, THERE]),
            ("bag_type=moong", ["M444-00001"]),
            ("loose=true", ["CB000000904"]),
            ("loose=true&area=lucknow", []),
            ("area=nowhere", []),
        ],
    )
    def test_can_be_filtered(self, site, office, query, expected):
        make_parent("M444-00001", actor=site.people["office"], area="indore")
        make_loose_child("CB000000904", actor=site.people["office"], area="indore")
        Bag.objects.filter(code="M444-00001").update(state="returned")
        run_commit_hooks()

        assert all_codes(office, f"/api/v3/bags/stream?per_page=1&{query}") == expected

    def test_show_changes_at_once(self, site, office):
        path = "/api/v3/bags/stream?state=complete"
        assert codes_of(office.get(path)) == []

        scan(site.people["office"], "complete", HERE)
        run_commit_hooks()

        assert codes_of(office.get(path)) == [HERE]

    def test_are_cached(self, office):
        office.get("/api/v3/bags/stream")

        with CaptureQueriesContext(connection) as queries:
            office.get("/api/v3/bags/stream")

        assert not any("bags_bag" in query["sql"] for query in queries)


class TestCursor:
    @pytest.fixture
    def next_url(self, office):
        return office.get("/api/v3/bags/stream?per_page=2&kind=child").json()["next"]

    def is_refused(self, client, path):
        answer = client.get(path)
        return (answer.status_code, answer.json()["code"]) == (400, "bad-cursor")

    def test_with_changed_characters_is_refused(self, office, next_url):
        for at in (-1, -20):
            changed = "A" if next_url[at] != "A" else "B"
            path = next_url[:at] + changed + (next_url[at + 1 :] if at != -1 else "")
            assert self.is_refused(office, path)

    def test_that_is_made_up_is_refused(self, office):
        for text in ("1", "Mg:x", "x" * 300, "Mg%3A" + "A" * 43, ":", "::"):
            assert self.is_refused(office, f"/api/v3/bags/stream?cursor={text}")

    def test_of_other_filters_is_refused(self, office, next_url):
        assert office.get(next_url).status_code == 200
        assert self.is_refused(office, next_url.replace("kind=child", "kind=parent"))
        assert self.is_refused(office, next_url.replace("kind=child&", ""))
        assert self.is_refused(office, next_url + "&loose=true")

    def test_of_a_user_with_other_areas_is_refused(self, site, next_url):
        assert self.is_refused(site.client("operator"), next_url)
        assert site.client("administrator").get(next_url).status_code == 200

    def test_of_another_list_is_refused(self, office):
        other = make_cursor(1, list_name="scans", visibility="all", filters={})

        assert self.is_refused(office, f"/api/v3/bags/stream?cursor={quote(other)}")

    def test_of_another_secret_key_is_refused(self, settings):
        list_key = {"list_name": "bags", "visibility": "all", "filters": {}}
        cursor = make_cursor(7, **list_key)
        assert read_cursor(cursor, **list_key) == 7

        settings.SECRET_KEY = "another key, another key, another key, another"

        with pytest.raises(BadCursor):
            read_cursor(cursor, **list_key)

    def test_accepts_another_page_size(self, office, next_url):
        assert office.get(next_url.replace("per_page=2", "per_page=3")).status_code == 200


class TestExport:
    @pytest.mark.parametrize(
        ("query", "accept"),
        [("?format=ndjson", "*/*"), ("", "application/x-ndjson"), ("?format=ndjson", "text/csv")],
    )
    def test_as_ndjson_has_one_bag_per_line(self, office, query, accept):
        answer = office.get(f"/api/v3/bags/stream{query}", headers={"Accept": accept})

        rows = [json.loads(line) for line in b"".join(answer).splitlines()]
        assert answer["Content-Type"] == "application/x-ndjson; charset=utf-8"
        assert rows == office.get("/api/v3/bags/stream").json()["results"]

    @pytest.mark.parametrize(("query", "accept"), [("?format=csv", "*/*"), ("", "text/csv")])
    def test_as_csv_has_a_header(self, office, query, accept):
        answer = office.get(f"/api/v3/bags/stream{query}", headers={"Accept": accept})

        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert tuple(rows[0]) == COLUMN_NAMES
        assert [row["code"] for row in rows] == CODES
        assert rows[0]["batch"] == LOT
        assert rows[0]["parent"] == ""

    def test_has_the_columns_of_the_list(self, office):
        row = office.get("/api/v3/bags/stream").json()["results"][0]

        assert tuple(row) == COLUMN_NAMES

    def test_escapes_formulas(self, site, office):
        BagType.objects.filter(name="mustard").update(name="=HYPERLINK(1)")

        text = b"".join(office.get("/api/v3/bags/stream?format=csv")).decode()

        assert "'=HYPERLINK(1)" in text
        assert ",=HYPERLINK" not in text

    def test_can_be_filtered_but_not_paginated(self, office):
        path = "/api/v3/bags/stream?format=ndjson"

        assert len(b"".join(office.get(path + "&kind=parent")).splitlines()) == 2
        assert office.get(path + "&per_page=2").json()["facts"]["field"] == "per_page"
        assert office.get(path + "&cursor=x").json()["facts"]["field"] == "cursor"

    def test_without_rows_is_empty(self, office):
        path = "/api/v3/bags/stream?area=nowhere&format="

        assert b"".join(office.get(path + "ndjson")) == b""
        assert b"".join(office.get(path + "csv")).decode().strip() == ",".join(COLUMN_NAMES)

    def test_reads_one_window_of_ids_at_a_time(self, office, monkeypatch):
        monkeypatch.setattr(export, "FIRST_WINDOW", 1)
        monkeypatch.setattr(export, "MAX_WINDOW", 2)
        with CaptureQueriesContext(connection) as queries:
            lines = b"".join(office.get("/api/v3/bags/stream?format=ndjson")).splitlines()

        assert [json.loads(line)["code"] for line in lines] == CODES
        assert sum("COPY" in query["sql"] for query in queries) >= 3

    @pytest.mark.parametrize("max_rows", [1, 2, 3, 50])
    @pytest.mark.parametrize("form", ["csv", "ndjson"])
    def test_is_complete_if_a_window_has_more_than_max_rows(
        self, office, monkeypatch, form, max_rows
    ):
        all_lines = b"".join(office.get(f"/api/v3/bags/stream?format={form}"))

        monkeypatch.setattr(export, "MAX_ROWS", max_rows)
        monkeypatch.setattr(export, "MIN_WINDOW", 3)

        assert b"".join(office.get(f"/api/v3/bags/stream?format={form}")) == all_lines

    @pytest.fixture
    def gap(self, site):
        """Leave a gap of ids, as rolled-back transactions do: sequences are not rolled back."""
        last = Bag.objects.latest("id").pk
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('bags_bag_id_seq', %s)", [last + 10_000_000_000])
        yield
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('bags_bag_id_seq', %s)", [last + 1000])

    def test_skips_gaps_of_ids(self, site, office, gap):
        make_loose_child("CB000000904", actor=site.people["office"])

        with CaptureQueriesContext(connection) as queries:
            lines = b"".join(office.get("/api/v3/bags/stream?format=ndjson")).splitlines()

        assert len(lines) == len(CODES) + 1
        assert len(queries) < 20

    @pytest.mark.parametrize("form", ["ndjson", "csv"])
    def test_continues_after_any_id(self, office, form):
        all_lines = b"".join(office.get(f"/api/v3/bags/stream?format={form}")).splitlines()
        third = Bag.objects.order_by("id")[2].pk

        rest = b"".join(office.get(f"/api/v3/bags/stream?format={form}&after={third}"))

        assert rest.splitlines()[-2:] == all_lines[-2:]
        assert len(rest.splitlines()) == len(all_lines) - 3

    @pytest.mark.parametrize("after", [2**63 - 1, 10**12])
    def test_after_the_last_id_is_empty(self, office, after):
        assert b"".join(office.get(f"/api/v3/bags/stream?format=ndjson&after={after}")) == b""

    @pytest.mark.parametrize("after", ["-1", "x", "", 2**63])
    def test_rejects_invalid_ids(self, office, after):
        answer = office.get(f"/api/v3/bags/stream?format=ndjson&after={after}")

        assert (answer.status_code, answer.json()["facts"]["field"]) == (400, "after")

    def test_alone_accepts_after(self, office):
        assert office.get("/api/v3/bags/stream?after=1").json()["facts"]["field"] == "after"

    def test_is_limited_to_a_few_at_a_time(self, office, monkeypatch):
        monkeypatch.setattr(export, "_slots", export.threading.BoundedSemaphore(2))
        path = "/api/v3/bags/stream?format=csv"
        running = [office.get(path) for _ in range(2)]

        refused = office.get(path)
        assert (refused.status_code, refused["Retry-After"]) == (503, "1")
        b"".join(running[0])

        assert b"".join(office.get(path))

    def test_is_not_read_for_head(self, office):
        with CaptureQueriesContext(connection) as queries:
            answer = office.head("/api/v3/bags/stream?format=csv")
            read = b"".join(answer)

        assert (answer["Content-Type"], read) == ("text/csv; charset=utf-8", b"")
        assert not any("SAVEPOINT" in query["sql"] for query in queries)

    def test_releases_its_slot_if_it_is_never_read(self, site, rf):
        free = export._slots._value
        rows = export.ExportRows(Bag.objects.all(), BAG_EXPORT_COLUMNS)
        stream = export.stream_rows(rows, file_format="csv", name="a", request=rf.get("/"))
        assert export._slots._value == free - 1

        for _ in range(2):
            for close in stream._resource_closers:
                close()

        assert export._slots._value == free
