"""The endpoints dashboard/ultra, batch/stats and cache/clear."""

import pytest

from audit.models import AuditEntry
from dashboard.stats.views import DashboardUltra
from tests.api_fixtures import HERE, LOT, post, run_commit_hooks, scan_body
from tests.factories import scan
from tests.problem_assertions import assert_problem

ULTRA = "/api/v3/dashboard/ultra"


class TestDashboardUltra:
    def test_has_documented_fields(self, office):
        body = office.get(ULTRA).json()

        assert list(body) == [
            "success", "stats", "by_area", "by_day", "by_hour", "top_operators",
            "funnel", "yesterday", "pace", "recent_activity", "generated_at", "area", "period",
            "response_time_ms", "cached",
        ]  # fmt: skip
        assert body["success"] is True
        assert body["yesterday"].keys() == body["stats"].keys()
        assert body["stats"] == {
            "bags": {"parent": 2, "child": 3, "total": 5, "loose": 0, "incomplete": 2},
            "scans": {"total": 8, "today": 8, "week": 8, "active_users": 1},
            "batches": {"total": 1, "open": 1, "closed": 0, "held": 0},
        }
        assert set(body["recent_activity"][0]) >= {
            "id", "timestamp", "code", "kind", "step", "area", "username",
        }  # fmt: skip

    def test_contains_cached_flag_and_response_time(self, office):
        first, second = office.get(ULTRA).json(), office.get(ULTRA).json()

        assert (first["cached"], second["cached"]) == (False, True)
        assert first["generated_at"] == second["generated_at"]
        assert first["response_time_ms"] > 0
        assert second["response_time_ms"] not in (0, first["response_time_ms"])

    def test_is_exact_right_after_scan(self, office):
        before = office.get(ULTRA).json()["stats"]["scans"]["total"]

        post(office, "scans", scan_body("inspect", HERE))

        after = office.get(ULTRA).json()
        assert after["stats"]["scans"]["total"] == before + 1
        assert after["cached"] is False

    def test_may_be_cached_by_client_only(self, site):
        answer = site.client("operator").get(ULTRA)

        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Authorization"} <= set(answer["Vary"].split(", "))

    def test_answers_304_to_matching_etag(self, site, office):
        etag = office.get(ULTRA)["ETag"]

        again = office.get(ULTRA, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        foreign = site.client("operator").get(ULTRA, headers={"If-None-Match": etag})
        assert foreign.status_code == 200
        scan(site.people["office"], "inspect", HERE)
        run_commit_hooks()
        assert office.get(ULTRA, headers={"If-None-Match": etag}).status_code == 200

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*;q=0.5"])
    def test_is_equal_for_all_json_accept_headers(self, office, accept):
        usual, answer = office.get(ULTRA), office.get(ULTRA, headers={"Accept": accept})

        assert answer.status_code == 200
        assert answer["ETag"] == usual["ETag"]
        for name in ("Content-Type", "Cache-Control", "Vary", "X-Frame-Options"):
            assert answer[name] == usual[name]

    def test_refuses_other_format_parameter_and_method(self, office):
        assert_problem(office.get(ULTRA, headers={"Accept": "text/csv"}), 406, "not-acceptable")
        assert_problem(office.get(f"{ULTRA}?x=1"), 400, "unknown-parameter")
        assert_problem(office.post(ULTRA), 405, "method-not-allowed")

    @pytest.mark.parametrize("period", ["today", "yesterday", "7d", "30d"])
    def test_is_limited_to_area_and_period(self, office, period):
        body = office.get(f"{ULTRA}?area=indore&period={period}").json()

        assert (body["area"], body["period"]["name"]) == ("indore", period)
        assert [row["area"] for row in body["by_area"]] == ["indore"]
        assert {row["area"] for row in body["recent_activity"]} == {"indore"}
        scans = 0 if period == "yesterday" else body["stats"]["scans"]["today"]
        assert body["period"]["scans"] == sum(row["scans"] for row in body["by_area"]) == scans
        assert body["stats"]["bags"]["total"] == 2

    def test_caches_each_area_separately(self, office):
        whole = office.get(ULTRA).json()
        indore = office.get(f"{ULTRA}?area=indore").json()

        assert indore["stats"]["bags"]["total"] < whole["stats"]["bags"]["total"]
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
    def test_refuses_invalid_parameter(self, office, query, status, code):
        assert_problem(office.get(f"{ULTRA}?{query}"), status, code)

    def test_hides_invisible_areas(self, site):
        operator = site.client("operator")

        assert operator.get(f"{ULTRA}?area=lucknow").status_code == 200
        assert_problem(operator.get(f"{ULTRA}?area=indore"), 404, "area-unknown")

    def test_requires_permission(self, site, office, monkeypatch):
        office.get(ULTRA)
        assert_problem(site.client("anonymous").get(ULTRA), 401, "not-signed-in")

        monkeypatch.setitem(DashboardUltra.permissions, "GET", "accounts.clear_cache")

        problem = assert_problem(office.get(ULTRA), 403, "forbidden")
        assert problem["facts"] == {"permission": "accounts.clear_cache"}

    def test_answers_head_without_body(self, office):
        whole = office.get(ULTRA)

        answer = office.head(ULTRA)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["ETag"] == whole["ETag"]
        assert abs(int(answer["Content-Length"]) - len(whole.content)) < 10


class TestBatchStats:
    def test_contains_requested_parts(self, office):
        body = post(office, "batch/stats", {"stats": ["bags", "users"]}).json()

        assert list(body) == ["success", "bags", "users", "generated_at"]
        assert body["bags"]["total"] == 5

    def test_is_limited_to_batches(self, office):
        body = post(office, "batch/stats", {"stats": ["all"], "batches": [LOT.lower()]}).json()

        assert set(body) >= {"bags", "users", "activity", "batches"}
        assert body["bags"][LOT]["parents"] == 2
        assert body["batches"][0]["code"] == LOT

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
    def test_names_invalid_field(self, office, body, field):
        answer = post(office, "batch/stats", body)

        assert (answer.status_code, answer.json()["code"]) == (400, "bad-field")
        assert answer.json()["facts"]["field"] == field

    def test_refuses_unknown_batch(self, office):
        answer = post(office, "batch/stats", {"stats": ["bags"], "batches": ["LOT-9"]})

        assert (answer.status_code, answer.json()["code"]) == (404, "batch-unknown")


class TestCacheClear:
    @pytest.fixture
    def administrator(self, site):
        return site.client("administrator")

    def test_returns_number_of_entries(self, administrator):
        administrator.get(ULTRA)
        administrator.get("/api/v3/bags/stream")

        body = post(administrator, "cache/clear", {"pattern": "dashboard:*"}).json()

        assert body == {"success": True, "pattern": "dashboard:*", "cleared": 1}
        assert administrator.get(ULTRA).json()["cached"] is False

    def test_accepts_glob(self, administrator):
        administrator.get(ULTRA)
        administrator.get("/api/v3/scans")

        assert post(administrator, "cache/clear", {"pattern": "*"}).json()["cleared"] == 2

    def test_is_audited(self, administrator):
        post(administrator, "cache/clear", {"pattern": "bags:*"})

        entry = AuditEntry.objects.get(action="cache.cleared")
        assert (entry.actor_name, entry.subject) == ("ada", "cache bags:*")
        assert entry.facts == {"pattern": "bags:*", "cleared": 0}

    @pytest.mark.parametrize("pattern", ["nonsense:*", "*x", "dashboard", "[", "a:b:c"])
    def test_refuses_unknown_namespace(self, administrator, pattern):
        answer = post(administrator, "cache/clear", {"pattern": pattern})

        if pattern == "dashboard":
            assert answer.json()["cleared"] == 0
        else:
            assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
            assert not AuditEntry.objects.filter(action="cache.cleared").exists()
