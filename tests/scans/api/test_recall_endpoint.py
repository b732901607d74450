"""GET batches/{code}/recall: totals, then bags and parents; resuming, visibility, and holds."""

import csv
import io
import json

import pytest

from bags.models import Bag, Batch
from tests.api_fixtures import (
    HERE,
    HERE_CHILD,
    LOT,
    THERE,
    THERE_CHILD,
    post,
    run_commit_hooks,
    scan_body,
)
from tests.factories import assign_batch, child_codes, make_batch, make_parent, scan

SECOND = child_codes(HERE, 2)[1]


@pytest.fixture
def mixed(site):
    """Put LOT-2 into HERE with a bag of LOT-3 and alone into THERE; leave one bag loose."""
    assign_batch(make_batch("LOT-2"), HERE_CHILD, THERE_CHILD)
    assign_batch(make_batch("LOT-3"), SECOND)
    return site


def lines(client, code, form="ndjson", after=0):
    answer = client.get(f"/api/v3/batches/{code}/recall?format={form}&after={after}")
    assert answer.status_code == 200
    text = b"".join(answer).decode()
    if form == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines()]


class TestRecall:
    def test_begins_with_totals_and_lists_bags_and_parents(self, mixed, office):
        totals, *rows = lines(office, "lot-2")

        assert totals["record"] == "totals"
        assert (totals["bags"], totals["children"], totals["sacks"]) == (2, 2, 2)
        assert totals["lots"] == [
            {"batch": "LOT-2", "sacks": 2, "children": 2},
            {"batch": "LOT-3", "sacks": 1, "children": 1},
        ]
        found = {(row["record"], row["code"]) for row in rows}
        assert found == {
            ("bag", HERE_CHILD), ("bag", THERE_CHILD), ("sack", HERE), ("sack", THERE),
        }  # fmt: skip
        sack = next(row for row in rows if row["code"] == HERE)
        assert sack["lots"] == ["LOT-2", "LOT-3"]

    def test_has_the_place_and_the_actors_of_each_bag(self, mixed, office):
        asha = mixed.people["operator"]
        scan(asha, "inspect", HERE_CHILD)
        scan(mixed.people["office"], "dispatch", HERE, area="jaipur", force=True)
        run_commit_hooks()

        row = next(row for row in lines(office, "LOT-2") if row["code"] == HERE_CHILD)

        assert (row["parent"], row["area"], row["bound_for"]) == (HERE, "lucknow", "jaipur")
        assert row["hands"] == ["asha", "ben"]
        assert (row["last_step"], row["last_username"]) == ("dispatch", "ben")

    def test_has_equal_rows_in_csv(self, mixed, office):
        totals, *rows = lines(office, "LOT-2", "csv")

        assert (totals["record"], totals["code"], totals["bags"]) == ("totals", "LOT-2", "2")
        bags = [row for row in rows if row["record"] == "bag"]
        totals = [row for row in lines(office, "LOT-2") if row["record"] == "bag"]
        assert [row["code"] for row in bags] == [row["code"] for row in totals]
        assert [row["hands"].split() for row in bags] == [row["hands"] for row in totals]

    def test_has_totals_that_match_its_rows(self, mixed, office, monkeypatch):
        monkeypatch.setattr("scans.history.recall.BAGS_PER_CHUNK", 1)
        make_parent("SB30001", 3, actor=mixed.people["office"])
        assign_batch(Batch.objects.get(code="LOT-2"), "SB30001", *child_codes("SB30001", 3))

        totals, *rows = lines(office, "LOT-2")

        bags = [row["code"] for row in rows if row["record"] == "bag"]
        assert bags == list(
            Bag.objects.filter(batch__code="LOT-2").order_by("id").values_list("code", flat=True)
        )
        assert totals["bags"] == len(bags) == 6
        assert totals["sacks"] == sum(row["record"] == "sack" for row in rows) == 2

    @pytest.mark.parametrize("form", ["ndjson", "csv"])
    def test_resumes_after_any_row(self, mixed, office, monkeypatch, form):
        monkeypatch.setattr("scans.history.recall.BAGS_PER_CHUNK", 2)
        make_parent("SB30001", 3, actor=mixed.people["office"])
        assign_batch(Batch.objects.get(code="LOT-2"), *child_codes("SB30001", 3))
        whole = lines(office, "LOT-2", form)
        rows = [row for row in whole if row["record"] != "totals"]
        ids = [int(row["id"]) for row in rows]
        assert ids == sorted(ids)
        assert {row["record"] for row in rows} == {"bag", "sack"}

        for n, row in enumerate(rows, start=1):
            rest = lines(office, "LOT-2", form, after=row["id"])
            assert [line for line in rest if line["record"] != "totals"] == rows[n:]
            if form == "ndjson":
                assert rest[0] | {"generated_at": ""} == whole[0] | {"generated_at": ""}

    @pytest.mark.parametrize("after", ["x", "-1", "1.5", "99999999999999999999", ""])
    def test_refuses_an_after_that_is_no_id(self, office, after):
        answer = office.get(f"/api/v3/batches/{LOT}/recall?after={after}")

        assert (answer.status_code, answer.json()["facts"]["field"]) == (400, "after")

    def test_of_an_empty_batch_has_only_totals(self, office):
        make_batch("LOT-9")

        assert [line["bags"] for line in lines(office, "LOT-9")] == [0]

    def test_is_limited_to_visible_bags(self, mixed, operator):
        totals, *rows = lines(operator, "LOT-2")

        assert (totals["bags"], totals["sacks"]) == (1, 1)
        assert {row["code"] for row in rows} == {HERE, HERE_CHILD}
        assert [row["area"] for row in totals["by_area"]] == ["lucknow"]

    def test_of_an_unknown_batch_is_refused(self, office):
        answer = office.get("/api/v3/batches/LOT-NONE/recall")

        assert (answer.status_code, answer.json()["code"]) == (404, "batch-unknown")


class TestHold:
    def test_refuses_the_next_scan(self, mixed, office):
        assert post(office, "scans", scan_body("complete", HERE)).status_code == 201

        post(office, "batches/LOT-2/hold", {"reason": "aflatoxin"})

        answer = post(office, "scans", scan_body("dispatch", HERE, area="indore"))
        assert (answer.status_code, answer.json()["code"]) == (409, "batch-held")
        assert lines(office, LOT)[0]["held"] is False
        assert lines(office, "LOT-2")[0]["held_reason"] == "aflatoxin"
