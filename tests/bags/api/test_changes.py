"""Creation and change of batches, areas and bag types, and the actions on batches."""

import pytest

from audit.models import AuditEntry
from bags.models import Area, BagType, Batch
from tests.api_fixtures import AREA, BAG_TYPE, BATCH, HERE, LOT, post, scan_body, send
from tests.problem_assertions import assert_problem

pytestmark = pytest.mark.django_db
NEW = BATCH | {"code": "new-1"}


@pytest.fixture
def administrator(site):
    return site.client("administrator")


def audited_actions():
    """Return the audited actions since the site was created."""
    return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "actor_name"))


class TestNewBatch:
    def test_is_created_with_a_normalized_code(self, office):
        answer = post(office, "batches", NEW | {"variety": "Giriraj", "planned_bags": 90})

        assert answer.status_code == 201
        assert answer["Location"] == "/api/v3/batches/NEW-1"
        assert office.get(answer["Location"]).json() == answer.json()
        assert answer.json() == {
            "code": "NEW-1", "product": "Mustard", "variety": "Giriraj", "bag_type": "mustard",
            "produced_on": "2026-11-01", "expires_on": None, "planned_bags": 90, "notes": "",
            "state": "open", "held": False, "held_reason": "", "held_at": None, "held_by": None,
            "contents": {
                "parents": 0, "children": 0, "loose": 0, "by_state": [], "by_area": [],
                "planned_bags": 90, "progress": 0.0,
            },
        }  # fmt: skip
        assert audited_actions() == [("batch.created", "batch NEW-1", "ben")]

    def test_can_be_sent_again(self, office):
        first = post(office, "batches", NEW)
        again = post(office, "batches", NEW | {"code": " new-1 "})

        assert (again.status_code, again.json()) == (200, first.json())
        assert len(audited_actions()) == 1

    def test_code_is_unique(self, office):
        post(office, "batches", NEW)

        document = assert_problem(
            post(office, "batches", NEW | {"product": "Moong"}), 409, "batch-exists"
        )

        assert document["facts"] == {"batch": "NEW-1"}

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"code": "x"}, 400, "bad-code"),
            ({"code": "LOT\N{SNOWMAN}"}, 400, "bad-code"),
            ({"code": None}, 400, "bad-field"),
            ({"product": "x" * 65}, 400, "bad-field"),
            ({"product": " "}, 400, "bad-field"),
            ({"bag_type": "jute"}, 404, "bag-type-unknown"),
            ({"produced_on": "yesterday"}, 400, "bad-field"),
            ({"expires_on": "2026-10-31"}, 400, "expires-early"),
            ({"planned_bags": -1}, 400, "bad-field"),
            ({"planned_bags": 2**31}, 400, "bad-field"),
            ({"notes": ["x"]}, 400, "bad-field"),
        ],
    )
    def test_is_rejected_with_invalid_fields(self, office, change, status, code):
        assert_problem(post(office, "batches", NEW | change), status, code)
        assert Batch.objects.count() == 1
        assert audited_actions() == []

    @pytest.mark.parametrize("missing", sorted(NEW))
    def test_names_the_missing_field(self, office, missing):
        body = {name: value for name, value in NEW.items() if name != missing}

        document = assert_problem(post(office, "batches", body), 400, "bad-field")

        assert document["facts"]["field"] == missing


class TestBatch:
    def test_changes_the_given_fields_only(self, office):
        before = office.get(f"/api/v3/batches/{LOT}").json()

        answer = send(office, "PATCH", "batches/lot-1", {"planned_bags": 6, "notes": "late"})

        assert answer.status_code == 200
        assert answer.json() == office.get(f"/api/v3/batches/{LOT}").json()
        contents = before["contents"] | {"planned_bags": 6, "progress": 1.0}
        changed = {"planned_bags": 6, "notes": "late", "contents": contents}
        assert answer.json() | {"contents": None} == before | changed | {"contents": None}
        assert audited_actions() == [("batch.described", f"batch {LOT}", "ben")]

    def test_is_not_changed_by_equal_values(self, office):
        send(office, "PATCH", f"batches/{LOT}", {"product": "Mustard"})

        assert send(office, "PATCH", f"batches/{LOT}", {}).status_code == 200
        assert audited_actions() == []

    def test_does_not_expire_before_production(self, office):
        answer = send(office, "PATCH", f"batches/{LOT}", {"expires_on": "2026-10-31"})

        assert_problem(answer, 400, "expires-early")
        assert Batch.objects.get(code=LOT).expires_on is None

    @pytest.mark.parametrize("field", ["code", "bag_type", "state", "held", "held_reason", "id"])
    def test_keeps_fields_that_only_actions_change(self, office, field):
        document = assert_problem(
            send(office, "PATCH", f"batches/{LOT}", {field: "moong"}), 400, "bad-field"
        )

        assert document["facts"]["field"] == field

    @pytest.mark.parametrize("act", ["", "/hold", "/release", "/close"])
    @pytest.mark.parametrize("code", ["LOT-99", "%00%00", "x", "LOT-1%EF%BF%BD"])
    def test_that_does_not_exist_cannot_be_changed(self, office, act, code):
        method, body = ("POST", {}) if act else ("PATCH", {"notes": "x"})
        if act == "/hold":
            body = {"reason": "smells"}

        assert_problem(send(office, method, f"batches/{code}{act}", body), 404, "batch-unknown")


class TestActions:
    def test_hold_stops_and_release_frees_the_bags(self, office):
        held = post(office, f"batches/{LOT}/hold", {"reason": " smells "})
        refused = post(office, "scans", scan_body("complete", HERE))
        released = post(office, f"batches/{LOT}/release", {})
        done = post(office, "scans", scan_body("complete", HERE))

        assert held.json()["held_reason"] == "smells"
        assert held.json()["held_by"] == "ben"
        assert_problem(refused, 409, "batch-held")
        assert released.json()["held"] is False
        assert released.json()["held_at"] is None
        assert done.status_code == 201

    def test_second_hold_changes_nothing(self, office):
        first = post(office, f"batches/{LOT}/hold", {"reason": "smells"})
        again = post(office, f"batches/{LOT}/hold", {"reason": "looks bad"})

        assert (again.status_code, again.json()) == (200, first.json())
        assert [action for action, *_ in audited_actions()] == ["batch.held"]

    @pytest.mark.parametrize("body", [{}, {"reason": "x" * 201}, {"reason": 5}])
    def test_hold_needs_a_reason(self, office, body):
        assert_problem(post(office, f"batches/{LOT}/hold", body), 400, "bad-field")

    @pytest.mark.parametrize("reason", ["", "  ", "\u200b\u2060", "\u200d", "\u202e\u3164\n"])
    def test_hold_needs_a_visible_reason(self, office, reason):
        answer = post(office, f"batches/{LOT}/hold", {"reason": reason})

        assert_problem(answer, 400, "reason-missing")
        assert not Batch.objects.get(code=LOT).held

    def test_close_is_permanent(self, office):
        closed = post(office, f"batches/{LOT}/close", {})
        again = post(office, f"batches/{LOT}/close", {})

        assert closed.json()["state"] == again.json()["state"] == "closed"
        assert audited_actions() == [("batch.closed", f"batch {LOT}", "ben")]

    @pytest.mark.parametrize("act", ["release", "close"])
    def test_need_an_empty_body(self, office, act):
        empty = office.post(f"/api/v3/batches/{LOT}/{act}", content_type="application/json")

        assert empty.status_code == 200
        assert_problem(post(office, f"batches/{LOT}/{act}", {"why": "x"}), 400, "bad-field")


class TestArea:
    def test_is_created_read_and_changed(self, administrator):
        new = post(administrator, "areas", AREA | {"gln": "8901234567894"})
        assert (new.status_code, new["Location"]) == (201, "/api/v3/areas/kota")
        assert administrator.get(new["Location"]).json() == new.json()
        assert post(administrator, "areas", AREA | {"gln": "8901234567894"}).status_code == 200

        changed = send(administrator, "PATCH", "areas/kota", {"active": False, "gln": ""})

        assert changed.json() == {
            "code": "kota", "name": "Kota", "gln": "", "active": False, "yours": True,
        }  # fmt: skip
        assert audited_actions() == [("area.changed", "area kota", "ada")] * 2

    @pytest.mark.parametrize(
        "change",
        [{"code": "Kota"}, {"code": "-kota"}, {"code": ""}, {"gln": "89"}, {"name": ""},
         {"gln": "890123456789٤"}, {"active": "perhaps"}, {"members": []}],
    )  # fmt: skip
    def test_is_rejected_with_invalid_fields(self, administrator, change):
        assert_problem(post(administrator, "areas", AREA | change), 400, "bad-field")
        assert not Area.objects.filter(name="Kota").exists()

    def test_code_is_unique(self, administrator):
        assert_problem(post(administrator, "areas", AREA | {"code": "lucknow"}), 409, "area-exists")

    def test_that_does_not_exist_is_not_found(self, administrator):
        for answer in (
            administrator.get("/api/v3/areas/kota"),
            send(administrator, "PATCH", "areas/kota", {"name": "x"}),
        ):
            assert_problem(answer, 404, "area-unknown")
        assert_problem(administrator.get("/api/v3/areas/%00"), 404, "not-found")

    def test_that_is_inactive_accepts_no_scans(self, administrator, office):
        send(administrator, "PATCH", "areas/lucknow", {"active": False})

        assert_problem(post(office, "scans", scan_body("inspect", HERE)), 400, "bad-row")


class TestBagType:
    def test_is_created_read_and_changed(self, administrator):
        new = post(administrator, "bag-types", BAG_TYPE)
        assert (new.status_code, new["Location"]) == (201, "/api/v3/bag-types/jute")
        assert administrator.get(new["Location"]).json() == new.json()
        assert post(administrator, "bag-types", BAG_TYPE).status_code == 200

        changed = send(administrator, "PATCH", "bag-types/jute", {"child_weight": 1.25})

        expected = BAG_TYPE | {"capacity": 30, "child_weight": "1.250"}
        assert changed.json() == expected
        assert administrator.get(new["Location"]).json() == expected
        assert audited_actions() == [("bag_type.changed", "bag type jute", "ada")] * 2

    @pytest.mark.parametrize(
        "change",
        [{"name": "ju te"}, {"capacity": 0}, {"capacity": 1001}, {"child_weight": "0"},
         {"child_weight": "NaN"}, {"child_weight": 1e9}, {"child_weight": "1.2345"},
         {"parent_pattern": "(a+)+"}, {"child_pattern": "["}, {"id": 7}],
    )  # fmt: skip
    def test_is_rejected_with_invalid_fields(self, administrator, change):
        answer = post(administrator, "bag-types", BAG_TYPE | change)

        assert (answer.status_code, answer.json()["facts"]["field"]) == (400, *change)
        assert not BagType.objects.filter(name="jute").exists()

    def test_name_is_unique(self, administrator):
        answer = post(administrator, "bag-types", BAG_TYPE | {"name": "moong"})

        assert_problem(answer, 409, "bag-type-exists")

    def test_that_does_not_exist_is_not_found(self, administrator):
        for answer in (
            administrator.get("/api/v3/bag-types/jute"),
            send(administrator, "PATCH", "bag-types/jute", {"capacity": 7}),
        ):
            assert_problem(answer, 404, "bag-type-unknown")


class TestUnknownField:
    """Mass assignment: columns that the request serializer does not name are rejected."""

    WRITES = [
        ("POST", "batches", Batch, NEW),
        ("PATCH", f"batches/{LOT}", Batch, {}),
        ("POST", "areas", Area, AREA),
        ("PATCH", "areas/lucknow", Area, {}),
        ("POST", "bag-types", BagType, BAG_TYPE),
        ("PATCH", "bag-types/mustard", BagType, {}),
        ("POST", f"batches/{LOT}/hold", Batch, {"reason": "smells"}),
        ("POST", f"batches/{LOT}/release", Batch, {}),
        ("POST", f"batches/{LOT}/close", Batch, {}),
    ]
    TAKEN = {
        "POST batches": {"code", "product", "variety", "bag_type", "produced_on", "expires_on",
                         "planned_bags", "notes"},
        f"PATCH batches/{LOT}": {"product", "variety", "produced_on", "expires_on",
                                 "planned_bags", "notes"},
        "POST areas": {"code", "name", "gln", "active"},
        "PATCH areas/lucknow": {"name", "gln", "active"},
        "POST bag-types": {"name", "parent_pattern", "child_pattern", "capacity", "child_weight"},
        "PATCH bag-types/mustard": {"parent_pattern", "child_pattern", "capacity",
                                    "child_weight"},
        f"POST batches/{LOT}/hold": {"reason"},
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("method", "path", "model", "body"), WRITES, ids=[f"{w[0]} {w[1]}" for w in WRITES]
    )
    def test_is_rejected(self, administrator, method, path, model, body):
        names = {name for field in model._meta.get_fields() for name in (
            field.name, getattr(field, "attname", field.name), f"{field.name}_id")}  # fmt: skip
        rows = list(model.objects.order_by("pk").values())
        assert len(names) > 4

        for name in sorted(names - self.TAKEN.get(f"{method} {path}", set())):
            for value in (True, 1, "1", "closed", [1], None):
                answer = send(administrator, method, path, body | {name: value})
                document = assert_problem(answer, 400, "bad-field")
                assert document["facts"]["field"] == name

        assert list(model.objects.order_by("pk").values()) == rows
        assert audited_actions() == []
