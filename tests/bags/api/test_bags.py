"""Endpoints of single bags and batches, and the search."""

from urllib.parse import quote

import pytest

from bags.models import Bag
from tests.api_fixtures import CODES, HERE, HERE_CHILD, LOT, THERE, make_site, run_commit_hooks
from tests.factories import make_bag_type, make_batch, scan


class TestBag:
    def test_is_found_by_any_form_of_its_label(self, office):
        for text in (HERE, HERE.lower(), f" {HERE}", f"{HERE};{LOT}", f"\u200b{HERE}"):
            answer = office.get(f"/api/v3/bags/{quote(text)}")
            assert answer.json()["code"] == HERE

    def test_has_all_fields(self, office):
        assert office.get(f"/api/v3/bags/{HERE_CHILD}").json() == {
            "id": Bag.objects.get(code=HERE_CHILD).pk, "code": HERE_CHILD, "kind": "child",
            "bag_type": "mustard", "batch": None, "area": "lucknow", "bound_for": None,
            "state": "linked", "parent": HERE, "child_count": None, "capacity": None,
            "weight": "1.000",
        }  # fmt: skip

    def test_lists_its_children(self, office):
        answer = office.get(f"/api/v3/bags/{HERE}/children").json()

        assert (answer["code"], answer["capacity"]) == (HERE, 30)
        assert answer["results"][0] == {
            "code": HERE_CHILD, "state": "linked", "area": "lucknow", "batch": None,
            "weight": "1.000",
        }  # fmt: skip
        assert len(answer["results"]) == 2

    def test_has_a_timeline(self, office):
        answer = office.get(f"/api/v3/bags/{HERE_CHILD}/timeline").json()

        assert [row["step"] for row in answer["results"]] == ["register", "link"]
        assert answer["results"][1]["parent"] == HERE


class TestCodeWithSlashes:
    @pytest.fixture
    def slashed(self, site):
        make_bag_type("lots", parent_pattern="[A-Z0-9/.]+", child_pattern="NONE")
        people = site.people["office"]
        for code in ("A/1", "A/1/TIMELINE", "STREAM", "9/./B//"):
            scan(people, "register", code)
        run_commit_hooks()
        return site.client("office")

    @pytest.mark.parametrize("code", ["A/1", "A/1/TIMELINE", "STREAM", "9/./B//"])
    @pytest.mark.parametrize("safe", ["", "/"])
    def test_of_a_bag_works_in_urls(self, slashed, code, safe):
        path = f"/api/v3/bags/{quote(code, safe=safe)}"

        assert slashed.get(path).json()["code"] == code
        assert slashed.get(f"{path}/children").json() == {
            "code": code, "capacity": 30, "results": [],
        }  # fmt: skip
        assert len(slashed.get(f"{path}/timeline").json()["results"]) == 1

    def test_of_a_batch_works_in_urls(self, slashed):
        make_batch("L/2026/11")

        assert slashed.get("/api/v3/batches/l%2F2026%2F11").json()["code"] == "L/2026/11"


class TestBatch:
    def test_has_its_hold_and_its_contents(self, site, office):
        make_batch("LOT-H", held_by=site.people["office"], planned_bags=4)

        batch = office.get("/api/v3/batches/lot-h").json()

        assert (batch["held"], batch["held_by"], batch["held_reason"]) == (True, "ben", "recalled")
        assert batch["contents"]["planned_bags"] == 4
        assert office.get(f"/api/v3/batches/{LOT}").json()["contents"]["parents"] == 2

    def test_that_does_not_exist_is_unknown(self, office):
        answer = office.get("/api/v3/batches/LOT-9")

        assert (answer.status_code, answer.json()["code"]) == (404, "batch-unknown")


class TestSearch:
    def test_finds_bags_and_batches(self, office):
        assert [bag["code"] for bag in office.get("/api/v3/search?q=sb").json()["bags"]] == [
            HERE, THERE,
        ]  # fmt: skip
        assert office.get("/api/v3/search?q=lot").json()["batches"][0]["code"] == LOT

    @pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?q=" + "x" * 513])
    def test_needs_a_text(self, office, query):
        answer = office.get(f"/api/v3/search{query}")

        assert answer.status_code == 400
        assert answer.json()["facts"]["field"] == "q"


def test_make_site_records_scans(db):
    make_site()

    assert list(Bag.objects.order_by("id").values_list("code", flat=True)) == CODES
