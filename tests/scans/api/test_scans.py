"""POST and GET /api/v3/scans."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, THERE, post, scan_body
from tests.factories import assign_batch, make_batch

NEW = "CB000000901"


class TestRecordScan:
    def test_returns_verdict_scan_bag_and_parent(self, operator):
        body = scan_body("link", "  cb000000901\u200b", HERE.lower(), station="gate 1")

        answer = post(operator, "scans", body)

        result = answer.json()
        assert answer.status_code == 201
        assert result["verdict"] == "applied"
        assert result["parent"] == {
            "code": HERE, "count": 3, "capacity": 30, "remaining": 27, "state": "open",
        }  # fmt: skip
        assert result["bag"]["code"] == result["scan"]["code"] == NEW
        assert result["bag"]["state"] == "linked"
        assert result["scan"]["username"] == "asha"
        assert result["scan"]["station"] == "gate 1"
        assert result["scan"]["ref"] == body["ref"]
        assert Scan.objects.get(pk=result["scan"]["id"]).ref == UUID(body["ref"])

    def test_returns_already_if_nothing_changes(self, operator):
        answer = post(operator, "scans", scan_body("link", HERE_CHILD, HERE))

        assert answer.status_code == 200
        assert answer.json()["verdict"] == "already"
        assert answer.json()["parent"]["count"] == 2

    def test_replays_a_repeated_scan(self, operator):
        body = scan_body("link", NEW, HERE)

        first, *others = [post(operator, "scans", body) for _ in range(4)]

        assert first.status_code == 201
        for again in others:
            assert again.status_code == 200
            assert again.json()["verdict"] == "replayed"
            assert again.json() | {"verdict": "applied"} == first.json()
        assert Scan.objects.filter(ref=body["ref"]).count() == 1

    def test_refuses_a_known_ref_with_other_content(self, operator):
        body = scan_body("link", NEW, HERE)
        post(operator, "scans", body)

        answer = post(operator, "scans", body | {"step": "unlink"})

        assert answer.status_code == 409
        assert answer.json()["code"] == "ref-reused"
        assert answer.json()["facts"] == {"ref": body["ref"]}

    def test_accepts_the_ref_of_a_refused_scan(self, operator):
        body = scan_body("complete", "SB10077")
        assert post(operator, "scans", body).status_code == 404
        post(operator, "scans", scan_body("link", "CB000007701", "SB10077"))

        assert post(operator, "scans", body).status_code == 201

    def test_returns_the_weight_of_a_new_parent_as_in_the_list(self, operator):
        body = post(operator, "scans", scan_body("register", "SB10078")).json()["bag"]

        assert body == operator.get("/api/v3/bags/SB10078").json()
        assert body["weight"] == "0.000"

    def test_names_the_other_parent_of_a_child_and_the_remedy(self, site):
        office = site.client("office")

        answer = post(office, "scans", scan_body("link", HERE_CHILD, THERE))

        problem = answer.json()
        assert answer.status_code == 409
        assert problem["code"] == "child-elsewhere"
        assert problem["facts"]["parent"] == HERE
        assert problem["facts"]["by"] == "ben"
        assert "since" in problem["facts"]
        assert "move" in problem["remedy"]

    def test_names_who_holds_a_batch_and_why(self, site, operator):
        assign_batch(make_batch("LOT-H", held_by=site.people["office"]), HERE)

        answer = post(operator, "scans", scan_body("complete", HERE))

        assert answer.json()["code"] == "batch-held"
        assert answer.json()["facts"]["held_by"] == "ben"

    def test_refuses_a_clock_that_is_ahead(self, operator):
        late = (timezone.now() + timedelta(minutes=11)).isoformat()

        answer = post(operator, "scans", scan_body("inspect", HERE, scanned_at=late))

        assert (answer.status_code, answer.json()["code"]) == (400, "clock-ahead")

    def test_refuses_another_area(self, operator):
        answer = post(operator, "scans", scan_body("inspect", HERE, area="indore"))

        assert (answer.status_code, answer.json()["code"]) == (403, "area-forbidden")

    def test_can_be_forced_by_the_office_only(self, site, operator):
        body = scan_body("dispatch", HERE, area="indore", force=True)

        assert post(operator, "scans", body).json()["facts"] == {
            "permission": "scans.force_dispatch"
        }
        result = post(site.client("office"), "scans", body).json()
        assert result["scan"]["forced"] is True
        assert result["bag"]["bound_for"] == "indore"

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
    def test_names_the_field_that_cannot_be_parsed(self, operator, change, code, field):
        before = Scan.objects.count()

        answer = post(operator, "scans", scan_body("inspect", HERE) | change)

        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["facts"].get("field") == field
        assert Scan.objects.count() == before


class TestListScans:
    def test_is_ordered_newest_first(self, operator):
        body = post(operator, "scans", scan_body("inspect", HERE)).json()["scan"]

        newest = operator.get("/api/v3/scans").json()["results"][0]

        assert newest == {
            "id": body["id"], "timestamp": body["scanned_at"], "code": HERE, "kind": "parent",
            "step": "inspect", "area": "lucknow", "username": "asha", "outcome": "applied",
        }  # fmt: skip

    def test_has_as_many_as_requested(self, operator):
        assert len(operator.get("/api/v3/scans?limit=2").json()["results"]) == 2

    @pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e1", ""])
    def test_refuses_a_limit_outside_1_to_100(self, operator, limit):
        answer = operator.get(f"/api/v3/scans?limit={limit}")

        assert answer.status_code == 400
        assert answer.json()["facts"]["field"] == "limit"
