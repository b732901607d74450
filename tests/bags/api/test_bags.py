"""GET bags/{code}, …/children, …/timeline, batches/{code}, search."""

from urllib.parse import quote

import pytest

from bags.models import Bag
from tests.api_fixtures import CODES, HERE, HERE_CHILD, LOT, THERE, make_site, run_commit_hooks
from tests.factories import make_bag_type, make_batch, scan


class TestABag:
    def test_is_found_by_whatever_its_label_says(self, office):
        for text in (HERE, HERE.lower(), f" {HERE}", f"{HERE};{LOT}", f"\u200b{HERE}"):
            answer = office.get(f"/api/v3/bags/{quote(text)}")
            assert answer.json()["code"] == HERE

    def test_says_what_it_is(self, office):
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

    def test_tells_its_whole_way(self, office):
        answer = office.get(f"/api/v3/bags/{HERE_CHILD}/timeline").json()

        assert [row["step"] for row in answer["results"]] == ["register", "link"]
        assert answer["results"][1]["parent"] == HERE


class TestACodeWithSlashes:
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
    def test_is_a_code_like_any_other(self, slashed, code, safe):
        path = f"/api/v3/bags/{quote(code, safe=safe)}"

        assert slashed.get(path).json()["code"] == code
        assert slashed.get(f"{path}/children").json() == {
            "code": code, "capacity": 30, "results": [],
        }  # fmt: skip
        assert len(slashed.get(f"{path}/timeline").json()["results"]) == 1

    def test_may_be_a_batchs(self, slashed):
        make_batch("L/2026/11")

        assert slashed.get("/api/v3/batches/l%2F2026%2F11").json()["code"] == "L/2026/11"


class TestABatch:
    def test_says_what_it_is_and_what_became_of_it(self, site, office):
        make_batch("LOT-H", held_by=site.people["office"], planned_bags=4)

        told = office.get("/api/v3/batches/lot-h").json()

        assert (told["held"], told["held_by"], told["held_reason"]) == (True, "ben", "recalled")
        assert told["contents"]["planned_bags"] == 4
        assert office.get(f"/api/v3/batches/{LOT}").json()["contents"]["parents"] == 2

    def test_that_there_is_not_is_unknown(self, office):
        answer = office.get("/api/v3/batches/LOT-9")

        assert (answer.status_code, answer.json()["code"]) == (404, "batch-unknown")


class TestASearch:
    def test_finds_bags_and_batches(self, office):
        assert [bag["code"] for bag in office.get("/api/v3/search?q=sb").json()["bags"]] == [
            HERE, THERE,
        ]  # fmt: skip
        assert office.get("/api/v3/search?q=lot").json()["batches"][0]["code"] == LOT

    @pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?q=" + "x" * 513])
    def test_needs_something_to_look_for(self, office, query):
        answer = office.get(f"/api/v3/search{query}")

        assert answer.status_code == 400
        assert answer.json()["facts"]["field"] == "q"


def test_a_site_is_made_by_scans_alone(db):
    make_site()

    assert list(Bag.objects.order_by("id").values_list("code", flat=True)) == CODES
