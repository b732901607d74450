"""GET dashboard/ultra, POST batch/stats, POST cache/clear."""

import pytest

from audit.models import AuditEntry
from dashboard.stats.views import DashboardUltra
from tests.api_fixtures import HERE, LOT, commit, post, scan_body
from tests.factories import scan
from tests.problem_assertions import assert_problem
from tracetrack.api.view import ApiView

ULTRA = "/api/v3/dashboard/ultra"


class TestUltra:
    def test_has_the_promised_shape(self, office):
        told = office.get(ULTRA).json()

        assert list(told) == [
            "success", "stats", "by_area", "by_day", "by_hour", "top_operators",
            "funnel", "yesterday", "pace", "recent_activity", "generated_at", "area", "period",
            "response_time_ms", "cached",
        ]  # fmt: skip
        assert told["success"] is True
        assert told["yesterday"].keys() == told["stats"].keys()
        assert told["stats"] == {
            "bags": {"parent": 2, "child": 3, "total": 5, "loose": 0, "incomplete": 2},
            "scans": {"total": 8, "today": 8, "week": 8, "active_users": 1},
            "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
        }
        assert set(told["recent_activity"][0]) >= {
            "id", "timestamp", "code", "kind", "step", "area", "username",
        }  # fmt: skip

    def test_says_whether_it_was_kept_and_how_long_it_took(self, office):
        first, second = office.get(ULTRA).json(), office.get(ULTRA).json()

        assert (first["cached"], second["cached"]) == (False, True)
        assert first["generated_at"] == second["generated_at"]
        assert first["response_time_ms"] > 0
        assert second["response_time_ms"] not in (0, first["response_time_ms"])

    def test_is_right_at_once_after_a_scan(self, office):
        before = office.get(ULTRA).json()["stats"]["scans"]["total"]

        post(office, "scans", scan_body("inspect", HERE))

        after = office.get(ULTRA).json()
        assert after["stats"]["scans"]["total"] == before + 1
        assert after["cached"] is False

    def test_is_for_one_pair_of_eyes(self, site):
        answer = site.client("operator").get(ULTRA)

        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))

    def test_is_not_sent_again_to_who_has_it(self, site, office):
        etag = office.get(ULTRA)["ETag"]

        again = office.get(ULTRA, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        foreign = site.client("operator").get(ULTRA, headers={"If-None-Match": etag})
        assert foreign.status_code == 200
        scan(site.people["office"], "inspect", HERE)
        commit()
        assert office.get(ULTRA, headers={"If-None-Match": etag}).status_code == 200

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*;q=0.5"])
    def test_is_the_same_however_json_is_asked_for(self, office, accept):
        usual, answer = office.get(ULTRA), office.get(ULTRA, headers={"Accept": accept})

        assert answer.status_code == 200
        assert answer["ETag"] == usual["ETag"]
        for name in ("Content-Type", "Cache-Control", "Vary", "X-Frame-Options"):
            assert answer[name] == usual[name]

    def test_is_nothing_but_json_and_takes_two_parameters(self, office):
        assert_problem(office.get(ULTRA, headers={"Accept": "text/csv"}), 406, "not-acceptable")
        assert_problem(office.get(f"{ULTRA}?x=1"), 400, "unknown-parameter")
        assert_problem(office.post(ULTRA), 405, "method-not-allowed")

    @pytest.mark.parametrize("period", ["today", "yesterday", "7d", "30d"])
    def test_speaks_of_one_area_and_one_period(self, office, period):
        told = office.get(f"{ULTRA}?area=indore&period={period}").json()

        assert (told["area"], told["period"]["name"]) == ("indore", period)
        assert [row["area"] for row in told["by_area"]] == ["indore"]
        assert {row["area"] for row in told["recent_activity"]} == {"indore"}
        scans = 0 if period == "yesterday" else told["stats"]["scans"]["today"]
        assert told["period"]["scans"] == sum(row["scans"] for row in told["by_area"]) == scans
        assert told["stats"]["bags"]["total"] == 2

    def test_keeps_each_question_apart(self, office):
        whole = office.get(ULTRA).json()
        narrow = office.get(f"{ULTRA}?area=indore").json()

        assert narrow["stats"]["bags"]["total"] < whole["stats"]["bags"]["total"]
        assert office.get(ULTRA).json()["stats"] == whole["stats"]
        assert office.get(f"{ULTRA}?area=indore").json()["cached"] is True

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ("area=nowhere", 404, "area-unknown"),
            ("area=", 400, "bad-field"),
            ("area=%00", 400, "bad-field"),
            ("area=" + "x" * 33, 400, "bad-field"),
            ("area=lucknow&area=indore", 400, "bad-field"),
            ("period=week", 400, "bad-field"),
            ("period=", 400, "bad-field"),
        ],
    )
    def test_refuses_what_it_does_not_know(self, office, query, status, code):
        assert_problem(office.get(f"{ULTRA}?{query}"), status, code)

    def test_knows_no_area_of_others(self, site):
        operator = site.client("operator")

        assert operator.get(f"{ULTRA}?area=lucknow").status_code == 200
        assert_problem(operator.get(f"{ULTRA}?area=indore"), 404, "area-unknown")

    def test_is_a_problem_for_who_may_not_see_it(self, site, office, monkeypatch):
        office.get(ULTRA)
        assert_problem(site.client("anonymous").get(ULTRA), 401, "not-signed-in")

        monkeypatch.setitem(DashboardUltra.permissions, "GET", "accounts.clear_cache")

        problem = assert_problem(office.get(ULTRA), 403, "forbidden")
        assert problem["facts"] == {"permission": "accounts.clear_cache"}

    def test_goes_past_the_framework(self, office, monkeypatch):
        monkeypatch.setattr(ApiView, "initial", None)

        assert office.get(ULTRA).status_code == 200

    def test_answers_head_as_get_without_a_body(self, office):
        whole = office.get(ULTRA)

        answer = office.head(ULTRA)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["ETag"] == whole["ETag"]
        assert abs(int(answer["Content-Length"]) - len(whole.content)) < 10


class TestBatchStats:
    def test_answers_what_was_asked_for(self, office):
        told = post(office, "batch/stats", {"stats": ["bags", "users"]}).json()

        assert list(told) == ["success", "bags", "users", "generated_at"]
        assert told["bags"]["total"] == 5

    def test_answers_everything_about_some_batches(self, office):
        told = post(office, "batch/stats", {"stats": ["all"], "batches": [LOT.lower()]}).json()

        assert set(told) >= {"bags", "users", "activity", "batches"}
        assert told["bags"][LOT]["parents"] == 2
        assert told["batches"][0]["code"] == LOT

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "stats"),
            ({"stats": []}, "stats"),
            ({"stats": "bags"}, "stats"),
            ({"stats": ["bugs"]}, "stats.0"),
            ({"stats": [["bags"]]}, "stats.0"),
            ({"stats": ["bags"] * 6}, "stats"),
            ({"stats": ["bags"], "batches": "LOT-1"}, "batches"),
            ({"stats": ["bags"], "batches": ["LOT-1", {}]}, "batches.1"),
            ({"stats": ["bags"], "batches": [7]}, "batches.0"),
            ({"stats": ["bags"], "batches": ["x"] * 101}, "batches"),
            ({"stats": ["bags"], "user": "ada"}, "user"),
        ],
    )
    def test_says_what_it_cannot_read(self, office, body, field):
        answer = post(office, "batch/stats", body)

        assert (answer.status_code, answer.json()["code"]) == (400, "bad-field")
        assert answer.json()["facts"]["field"] == field

    def test_knows_no_batch_that_there_is_not(self, office):
        answer = post(office, "batch/stats", {"stats": ["bags"], "batches": ["LOT-9"]})

        assert (answer.status_code, answer.json()["code"]) == (404, "batch-unknown")


class TestCacheClear:
    @pytest.fixture
    def administrator(self, site):
        return site.client("administrator")

    def test_says_how_many_answers_went(self, administrator):
        administrator.get(ULTRA)
        administrator.get("/api/v3/bags/stream")

        told = post(administrator, "cache/clear", {"pattern": "dashboard:*"}).json()

        assert told == {"success": True, "pattern": "dashboard:*", "cleared": 1}
        assert administrator.get(ULTRA).json()["cached"] is False

    def test_takes_globs(self, administrator):
        administrator.get(ULTRA)
        administrator.get("/api/v3/scans")

        assert post(administrator, "cache/clear", {"pattern": "*"}).json()["cleared"] == 2

    def test_is_audited(self, administrator):
        post(administrator, "cache/clear", {"pattern": "bags:*"})

        entry = AuditEntry.objects.get(action="cache.cleared")
        assert (entry.actor_name, entry.subject) == ("ada", "cache bags:*")
        assert entry.facts == {"pattern": "bags:*", "cleared": 0}

    @pytest.mark.parametrize("pattern", ["nonsense:*", "*x", "dashboard", "[", "a:b:c"])
    def test_refuses_what_names_nothing_that_is_kept(self, administrator, pattern):
        answer = post(administrator, "cache/clear", {"pattern": pattern})

        if pattern == "dashboard":
            assert answer.json()["cleared"] == 0
        else:
            assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
            assert not AuditEntry.objects.filter(action="cache.cleared").exists()
