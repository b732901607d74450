"""GET bags/{code}/trace: now and in the past, visibility, long histories."""

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection

from bags.models import Bag
from scans.models import Scan
from tests.api_fixtures import HERE, HERE_CHILD, LOT, THERE, THERE_CHILD, run_commit_hooks
from tests.factories import assign_batch, child_codes, make_batch, scan

SECOND = child_codes(HERE, 2)[1]
INSERT_MANY = """
    INSERT INTO scans_scan (ref, bag_id, step, outcome, unexpected, forced, actor_id, area_id,
        station, scanned_at, recorded_at, note, was_state, was_parent_state)
    SELECT gen_random_uuid(), bag_id, 'inspect', 'applied', false, false, actor_id, area_id,
        'gate', now(), now(), '', '', ''
    FROM (SELECT * FROM scans_scan WHERE bag_id = %s LIMIT 1) AS one, generate_series(1, 10000)
"""


def get_trace(client, code, **params):
    query = "&".join(f"{name}={quote(str(value))}" for name, value in params.items())
    answer = client.get(f"/api/v3/bags/{code}/trace?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


class TestTrace:
    def test_of_a_child_has_batch_parents_and_siblings(self, site, office):
        assign_batch(make_batch("LOT-2"), HERE_CHILD)
        ben = site.people["office"]
        for step, parent, area in (
            ("dispatch", None, "indore"), ("receive", None, "indore"), ("inspect", None, "indore"),
        ):  # fmt: skip
            scan(ben, step, HERE, parent, area, force=step == "dispatch")
        run_commit_hooks()

        document = get_trace(office, HERE_CHILD)

        assert document["batch"]["code"] == "LOT-2"
        assert document["position"]["parent"] == HERE
        assert (document["position"]["state"], document["position"]["area"]) == ("linked", "indore")
        assert [stay["code"] for stay in document["parents"]] == [HERE]
        assert document["parents"][0]["batch"] == LOT
        assert document["siblings"] == [{"code": SECOND, "batch": None}]
        assert document["lots"] == [
            {"batch": None, "children": 1},
            {"batch": "LOT-2", "children": 1},
        ]
        assert [row["step"] for row in document["way"]] == [
            "register",
            "link",
            "dispatch",
            "receive",
        ]
        assert document["way"][-1]["through"] == HERE
        assert [place["area"] for place in document["places"]] == ["lucknow", "indore"]
        assert [hand["scans"] for hand in document["hands"]] == [4]

    def test_of_a_parent_has_its_children(self, site, office):
        scan(site.people["office"], "unlink", SECOND)
        run_commit_hooks()

        document = get_trace(office, HERE)

        periods = {stay["code"]: stay["left"] for stay in document["children"]}
        assert periods[HERE_CHILD] is None
        assert periods[SECOND]["step"] == "unlink"
        assert document["position"]["child_count"] == 1

    def test_has_the_position_of_the_bag(self, office):
        for code in (HERE, HERE_CHILD, THERE):
            row = office.get(f"/api/v3/bags/{code}").json()
            document = get_trace(office, code)["position"]
            assert document == {name: row[name] for name in document}

    def test_of_the_past_does_not_change(self, site, office):
        at = Scan.objects.latest("pk").recorded_at.isoformat()
        before = get_trace(office, HERE, at=at)

        scan(site.people["office"], "move", HERE_CHILD, THERE)
        scan(site.people["office"], "complete", HERE)
        run_commit_hooks()

        assert get_trace(office, HERE, at=at) == before
        assert get_trace(office, HERE) != before

    def test_before_the_registration_has_no_position(self, office):
        at = Scan.objects.earliest("pk").recorded_at - timedelta(seconds=1)

        document = get_trace(office, HERE, at=at.isoformat())

        assert (document["position"], document["way"], document["children"]) == (None, [], [])

    @pytest.mark.parametrize("at", ["yesterday", "2026-11-01T10:00:00", "9000-01-01T00:00:00Z", ""])
    def test_refuses_an_invalid_or_future_instant(self, office, at):
        answer = office.get(f"/api/v3/bags/{HERE}/trace?at={at}")

        assert (answer.status_code, answer.json()["facts"]["field"]) == (400, "at")


class TestLongTimeline:
    def test_has_every_scan_once_on_its_pages(self, office):
        bag = Bag.objects.get(code=HERE)
        with connection.cursor() as cursor:
            cursor.execute(INSERT_MANY, [bag.pk])
        seen, document = [], get_trace(office, HERE, per_page=400)
        seen += [row["id"] for row in document["way"]]
        for _ in range(100):
            if document["next"] is None:
                break
            document = office.get(document["next"]).json()
            seen += [row["id"] for row in document["way"]]

        ids = Scan.objects.of(bag).values_list("id", flat=True)
        assert seen == list(ids)
        assert document["hands"][0]["scans"] == len(seen) > 10_000

    def test_refuses_the_cursor_of_another_list(self, office):
        follow = get_trace(office, HERE, per_page=1)["next"]

        for path in (follow.replace(HERE, THERE), follow + "&at=2026-11-01T00:00:00Z"):
            assert office.get(path).json()["code"] == "bad-cursor"


class TestVeryLongHistory:
    @pytest.fixture
    def long_history(self, site, monkeypatch):
        """Put HERE_CHILD into HERE and take it out several times; SECOND periods in it."""
        monkeypatch.setattr("scans.history.point_in_time.MAX_CHANGES", 6)
        ben = site.people["office"]
        for _ in range(4):
            scan(ben, "unlink", HERE_CHILD)
            scan(ben, "link", HERE_CHILD, HERE)
        run_commit_hooks()
        return site

    def test_is_truncated_and_says_so(self, long_history, office):
        document = get_trace(office, HERE)

        assert document["truncated"] is True
        assert (document["position"]["child_count"], document["position"]["state"]) == (2, "open")
        assert document["lots"] == [{"batch": None, "children": 2}]
        periods = [(stay["code"], stay["left"] is None) for stay in document["children"]]
        assert periods == [(HERE_CHILD, False), (HERE_CHILD, False), (HERE_CHILD, True)]

    def test_is_complete_on_the_timeline(self, long_history, office):
        document, seen = get_trace(office, HERE, per_page=5), []
        while True:
            seen += [row["id"] for row in document["way"]]
            if document["next"] is None:
                break
            document = office.get(document["next"]).json()

        assert seen == list(
            Scan.objects.of(Bag.objects.get(code=HERE)).values_list("id", flat=True)
        )

    def test_of_a_parent_does_not_guess_its_earlier_children(self, long_history, office):
        at = Scan.objects.latest("pk").recorded_at.isoformat()

        for code in (HERE, SECOND):
            document = get_trace(office, code, at=at)
            assert (document["position"], document["truncated"]) == (None, True), code

    def test_of_a_child_has_its_latest_positions(self, long_history, office):
        scan(long_history.people["office"], "unlink", HERE_CHILD)
        run_commit_hooks()
        at = Scan.objects.latest("pk").recorded_at.isoformat()

        document = get_trace(office, HERE_CHILD, at=at)

        assert (document["position"]["state"], document["truncated"]) == ("loose", True)

    def test_of_many_inspections_is_truncated(self, site, office, monkeypatch):
        monkeypatch.setattr("scans.history.point_in_time.MAX_SCANS_READ", 3)
        assert get_trace(office, HERE)["truncated"] is False
        for _ in range(3):
            scan(site.people["office"], "inspect", HERE)
        run_commit_hooks()

        document = get_trace(office, HERE)

        assert document["truncated"] is True
        assert [stay["code"] for stay in document["children"]] == [HERE_CHILD, SECOND]


class TestOperatorOfOneArea:
    def test_gets_no_trace_of_a_bag_elsewhere(self, operator):
        assert operator.get(f"/api/v3/bags/{THERE}/trace").json()["code"] == "bag-unknown"

    def test_gets_neither_batches_nor_siblings_elsewhere(self, site, operator):
        """A bag left a parent that is elsewhere now and still holds another child."""
        ben = site.people["office"]
        assign_batch(make_batch("LOT-SECRET"), THERE, THERE_CHILD, SECOND)
        at = Scan.objects.latest("pk").recorded_at.isoformat()
        scan(ben, "move", SECOND, THERE)
        scan(ben, "move", HERE_CHILD, THERE)
        moved = Scan.objects.latest("pk").recorded_at.isoformat()
        scan(ben, "return", HERE_CHILD, area="lucknow")
        run_commit_hooks()

        for moment in (at, moved):
            document = json.dumps(get_trace(operator, HERE_CHILD, at=moment))
            assert "LOT-SECRET" not in document
            assert SECOND not in document
            assert THERE_CHILD not in document
        assert SECOND in json.dumps(get_trace(site.client("office"), HERE_CHILD, at=moved))
