"""POST /api/v3/scans/{id}/undo."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from scans.models import Scan
from tests.api_fixtures import HERE, post, run_commit_hooks, scan_body
from tests.concurrency import run_concurrently
from tests.factories import scan

NEW = "CB000000902"
# Fewer than the connections that wait for one another in a pool.
TRIES = 6


def link(client):
    return post(client, "scans", scan_body("link", NEW, HERE)).json()["scan"]["id"]


def undo(client, number, **more):
    return post(client, f"scans/{number}/undo", {"ref": str(uuid4())} | more)


class TestUndo:
    def test_restores_the_state_before_the_scan(self, operator):
        number = link(operator)

        answer = undo(operator, number, station="gate 2")

        assert answer.status_code == 201
        assert answer.json()["scan"] | {"id": 0} == answer.json()["scan"] | {
            "id": 0, "step": "undo", "undoes": number, "code": NEW, "area": "lucknow",
            "station": "gate 2",
        }  # fmt: skip
        assert answer.json()["bag"]["state"] == "loose"
        assert operator.get(f"/api/v3/bags/{HERE}").json()["child_count"] == 2
        assert Scan.objects.filter(pk=number).exists()

    def test_is_replayed_if_repeated(self, operator):
        number, ref = link(operator), str(uuid4())
        first = undo(operator, number, ref=ref)

        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            again = undo(operator, number, ref=ref.upper())

        assert again.status_code == 200
        assert again.json()["verdict"] == "replayed"
        assert again.json()["scan"] == first.json()["scan"]

    def test_accepts_any_notation_of_a_ref(self, operator):
        number, ref = link(operator), str(uuid4())
        first = undo(operator, number, ref=ref)

        for spelling in (ref.replace("-", ""), f"{{{ref}}}", f"urn:uuid:{ref}", f" {ref} "):
            again = undo(operator, number, ref=spelling)

            assert (again.status_code, again.json()["verdict"]) == (200, "replayed")
            assert again.json()["scan"] == first.json()["scan"]

    def test_with_another_scanned_at_is_refused(self, operator):
        number, ref = link(operator), str(uuid4())
        first = undo(operator, number, ref=ref).json()["scan"]

        other = undo(operator, number, ref=ref, scanned_at="2026-01-01T00:00:00Z")
        same = undo(operator, number, ref=ref, scanned_at=first["scanned_at"])

        assert (other.status_code, other.json()["code"]) == (409, "ref-reused")
        assert same.json()["verdict"] == "replayed"

    def test_of_another_scan_needs_another_ref(self, operator):
        ref, number = str(uuid4()), link(operator)
        undo(operator, number, ref=ref)
        later = link(operator)

        answer = undo(operator, later, ref=ref)

        assert (answer.status_code, answer.json()["code"]) == (409, "ref-reused")

    def test_of_an_undone_scan_is_refused(self, operator):
        number = link(operator)
        undo(operator, number)

        answer = undo(operator, number)

        assert (answer.status_code, answer.json()["code"]) == (409, "already-undone")

    def test_is_allowed_for_the_own_latest_scan_only(self, site, operator):
        number = link(operator)
        post(operator, "scans", scan_body("inspect", HERE))

        answer = undo(operator, number)

        assert (answer.status_code, answer.json()["code"]) == (403, "undo-not-allowed")

    def test_of_another_users_scan_needs_a_reason(self, site, operator):
        number, office = link(operator), site.client("office")

        assert undo(office, number).json()["code"] == "reason-missing"
        answer = undo(office, number, reason="wrong sack")

        assert answer.status_code == 201
        assert answer.json()["scan"]["note"] == "wrong sack"

    def test_of_a_dispatch_is_in_the_area_that_the_parent_left(self, site, operator):
        post(operator, "scans", scan_body("complete", HERE))
        sent = post(operator, "scans", scan_body("dispatch", HERE, area="indore")).json()

        answer = undo(operator, sent["scan"]["id"])

        assert answer.status_code == 201
        assert answer.json()["scan"]["area"] == "lucknow"
        assert answer.json()["bag"]["state"] == "complete"

    def test_refuses_other_fields(self, operator):
        answer = undo(operator, link(operator), code=HERE)

        assert (answer.status_code, answer.json()["code"]) == (400, "bad-row")
        assert answer.json()["facts"]["field"] == "code"

    def test_needs_a_ref(self, operator):
        answer = post(operator, f"scans/{link(operator)}/undo", {})

        assert answer.json()["facts"] == {"field": "ref", "reason": "is missing"}

    def test_of_an_unknown_scan_is_not_found(self, operator):
        for number in ("0", "999999", "9" * 30, "9" * 5000):
            assert undo(operator, number).status_code == 404

    def test_of_a_register_is_refused(self, site, operator):
        registration = scan(site.people["operator"], "register", "SB10090").scan
        run_commit_hooks()

        assert undo(operator, registration.pk).json()["code"] == "not-undoable"


@pytest.mark.django_db(transaction=True)
class TestConcurrentUndos:
    def test_all_get_the_first_response(self, site):
        clients = [site.client("operator") for _ in range(TRIES)]
        number, ref = link(clients[0]), str(uuid4())

        answers = run_concurrently([lambda c=c: undo(c, number, ref=ref) for c in clients])

        verdicts = [(answer.status_code, answer.json()["verdict"]) for answer in answers]
        assert sorted(verdicts) == [(200, "replayed")] * (TRIES - 1) + [(201, "applied")]
        assert len({answer.json()["scan"]["id"] for answer in answers}) == 1
