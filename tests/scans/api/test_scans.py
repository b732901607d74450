"""POST and GET /api/v3/scans."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, THERE, post, scan_body
from tests.factories import assign_batch, make_batch

NEW = "CB000000901"


class TestAScan:
    def test_that_is_new_answers_with_what_the_operator_wants_to_see(self, operator):
        body = scan_body("link", "  cb000000901\u200b", HERE.lower(), station="gate 1")

        answer = post(operator, "scans", body)

        told = answer.json()
        assert answer.status_code == 201
        assert told["verdict"] == "applied"
        assert told["parent"] == {
            "code": HERE, "count": 3, "capacity": 30, "remaining": 27, "state": "open",
        }  # fmt: skip
        assert told["bag"]["code"] == told["scan"]["code"] == NEW
        assert told["bag"]["state"] == "linked"
        assert told["scan"]["username"] == "asha"
        assert told["scan"]["station"] == "gate 1"
        assert told["scan"]["ref"] == body["ref"]
        assert Scan.objects.get(pk=told["scan"]["id"]).ref == UUID(body["ref"])

    def test_whose_effect_is_there_already_says_so(self, operator):
        answer = post(operator, "scans", scan_body("link", HERE_CHILD, HERE))

        assert answer.status_code == 200
        assert answer.json()["verdict"] == "already"
        assert answer.json()["parent"]["count"] == 2

    def test_that_comes_again_gets_the_first_answer(self, operator):
        body = scan_body("link", NEW, HERE)

        first, *others = [post(operator, "scans", body) for _ in range(4)]

        assert first.status_code == 201
        for again in others:
            assert again.status_code == 200
            assert again.json()["verdict"] == "replayed"
            assert again.json() | {"verdict": "applied"} == first.json()
        assert Scan.objects.filter(ref=body["ref"]).count() == 1

    def test_that_comes_again_with_other_content_is_refused(self, operator):
        body = scan_body("link", NEW, HERE)
        post(operator, "scans", body)

        answer = post(operator, "scans", body | {"step": "unlink"})

        assert answer.status_code == 409
        assert answer.json()["code"] == "ref-reused"
        assert answer.json()["facts"] == {"ref": body["ref"]}

    def test_that_was_refused_may_come_again_with_its_ref(self, operator):
        body = scan_body("complete", "SB10077")
        assert post(operator, "scans", body).status_code == 404
        post(operator, "scans", scan_body("link", "CB000007701", "SB10077"))

        assert post(operator, "scans", body).status_code == 201

    def test_of_a_new_sack_weighs_what_the_list_says(self, operator):
        told = post(operator, "scans", scan_body("register", "SB10078")).json()["bag"]

        assert told == operator.get("/api/v3/bags/SB10078").json()
        assert told["weight"] == "0.000"

    def test_tells_where_a_child_lies_and_what_helps(self, site):
        office = site.client("office")

        answer = post(office, "scans", scan_body("link", HERE_CHILD, THERE))

        problem = answer.json()
        assert answer.status_code == 409
        assert problem["code"] == "child-elsewhere"
        assert problem["facts"]["parent"] == HERE
        assert problem["facts"]["by"] == "ben"
        assert "since" in problem["facts"]
        assert "move" in problem["remedy"]

    def test_of_a_held_batch_says_who_holds_it_and_why(self, site, operator):
        assign_batch(make_batch("LOT-H", held_by=site.people["office"]), HERE)

        answer = post(operator, "scans", scan_body("complete", HERE))

        assert answer.json()["code"] == "batch-held"
        assert answer.json()["facts"]["held_by"] == "ben"

    def test_with_a_clock_ahead_is_refused(self, operator):
        late = (timezone.now() + timedelta(minutes=11)).isoformat()

        answer = post(operator, "scans", scan_body("inspect", HERE, scanned_at=late))

        assert (answer.status_code, answer.json()["code"]) == (400, "clock-ahead")

    def test_in_an_area_of_others_is_refused(self, operator):
        answer = post(operator, "scans", scan_body("inspect", HERE, area="indore"))

        assert (answer.status_code, answer.json()["code"]) == (403, "area-forbidden")

    def test_may_be_forced_by_the_office_only(self, site, operator):
        body = scan_body("dispatch", HERE, area="indore", force=True)

        assert post(operator, "scans", body).json()["facts"] == {
            "permission": "scans.force_dispatch"
        }
        told = post(site.client("office"), "scans", body).json()
        assert told["scan"]["forced"] is True
        assert told["bag"]["bound_for"] == "indore"

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"code": "!"}, "bad-code", None),
            ({"code": 7}, "bad-code", None),
            ({"code": None, "step": "dance"}, "bad-code", None),
            ({"step": "dance"}, "bad-row", "step"),
            ({"step": ["link"]}, "bad-row", "step"),
            ({"ref": "7"}, "bad-row", "ref"),
            ({"ref": None}, "bad-row", "ref"),
            ({"area": ""}, "bad-row", "area"),
            ({"area": "atlantis"}, "bad-row", "area"),
            ({"scanned_at": "yesterday"}, "bad-row", "scanned_at"),
            ({"scanned_at": "2026-11-23T10:00:00"}, "bad-row", "scanned_at"),
            ({"scanned_at": "1999-12-31T10:00:00Z"}, "bad-row", "scanned_at"),
            ({"scanned_at": 1e300}, "bad-row", "scanned_at"),
            ({"station": "x" * 65}, "bad-row", "station"),
            ({"note": {"a": 1}}, "bad-row", "note"),
            ({"force": "yes"}, "bad-row", "force"),
            ({"undoes": 1}, "bad-row", "undoes"),
            ({"actor": "ada"}, "bad-row", "actor"),
            ({"recorded_at": "2026-11-23T10:00:00Z"}, "bad-row", "recorded_at"),
        ],
    )
    def test_that_cannot_be_read_names_the_field(self, operator, change, code, field):
        before = Scan.objects.count()

        answer = post(operator, "scans", scan_body("inspect", HERE) | change)

        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["facts"].get("field") == field
        assert Scan.objects.count() == before


class TestTheLatestScans:
    def test_are_the_newest_first(self, operator):
        told = post(operator, "scans", scan_body("inspect", HERE)).json()["scan"]

        newest = operator.get("/api/v3/scans").json()["results"][0]

        assert newest == {
            "id": told["id"], "timestamp": told["scanned_at"], "code": HERE, "kind": "parent",
            "step": "inspect", "area": "lucknow", "username": "asha", "outcome": "applied",
        }  # fmt: skip

    def test_are_as_many_as_asked_for(self, operator):
        assert len(operator.get("/api/v3/scans?limit=2").json()["results"]) == 2

    @pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e1", ""])
    def test_are_between_1_and_100(self, operator, limit):
        answer = operator.get(f"/api/v3/scans?limit={limit}")

        assert answer.status_code == 400
        assert answer.json()["facts"]["field"] == "limit"
