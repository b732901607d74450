"""Rate limits: exact counts, headers on every response, no circumvention."""

from collections import Counter

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client

from accounts.tokens import issue_token
from tests.api_fixtures import HERE, post, scan_body
from tests.concurrency import run_concurrently
from tests.endpoints import api_views
from tests.factories import create_reference_data, make_user
from tests.problem_assertions import assert_problem
from tracetrack.api import throttling

ALL = ("dashboard", "read", "search", "stream", "scan", "bulk", "manage", "anonymous")


@pytest.fixture(autouse=True)
def three(settings):
    """Set each limit to three requests per minute and stop the clock."""
    settings.RATE_LIMITS = dict.fromkeys(ALL, (3, 60))
    with time_machine.travel("2026-11-24T10:00:00Z", tick=False):
        yield


def statuses(client, path, times, **more):
    return [client.get(f"/api/v3/{path}", **more).status_code for _ in range(times)]


class TestRateLimit:
    @pytest.mark.parametrize("path", ["scans", "dashboard/ultra", f"bags/{HERE}", "search?q=S"])
    def test_is_exact(self, site, path):
        assert statuses(site.client("integrator"), path, 5) == [200, 200, 200, 429, 429]

    def test_of_a_session_counts_per_user(self, site):
        assert statuses(site.client("office"), "dashboard/ultra", 4)[-1] == 429
        assert statuses(site.client("office"), "dashboard/ultra", 1) == [429]
        assert statuses(site.client("viewer"), "dashboard/ultra", 1) == [200]

    def test_of_a_token_counts_per_token(self, site):
        assert statuses(site.client("integrator"), "scans", 4)[-1] == 429
        assert statuses(site.client("integrator"), "scans", 3) == [200, 200, 200]

    def test_of_anonymous_clients_counts_per_address(self, site):
        client = Client(headers={"Authorization": "Bearer tt_wrong"})
        near = {"REMOTE_ADDR": "10.0.0.1"}

        assert statuses(Client(), "health", 2, **near) == [200, 200]
        assert statuses(client, "scans", 2, **near) == [401, 429]
        assert statuses(client, "dashboard/ultra", 1, **near) == [429]
        assert statuses(Client(), "health", 1, **near) == [429]
        assert statuses(Client(), "health", 1, REMOTE_ADDR="10.0.0.2") == [200]

    def test_of_a_token_ignores_anonymous_requests(self, site):
        assert statuses(Client(), "scans", 4) == [401, 401, 401, 429]
        assert statuses(site.client("integrator"), "scans", 1) == [200]

    def test_ignores_forged_forwarding_headers(self, site):
        answers = [
            Client().get("/api/v3/scans", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}").status_code
            for number in range(5)
        ]

        assert answers == [401, 401, 401, 429, 429]

    def test_is_independent_of_other_limits(self, site):
        client = site.client("integrator")

        assert statuses(client, "scans", 4)[-1] == 429
        assert statuses(client, "dashboard/ultra", 1) == [200]
        assert post(client, "scans", scan_body("inspect", HERE)).status_code == 201

    def test_counts_refused_requests(self, site):
        client = site.client("viewer")

        answers = [post(client, "scans", {}).status_code for _ in range(4)]

        assert answers == [403, 403, 403, 429]

    def test_counts_head_and_304(self, site):
        client = site.client("integrator")
        etag = client.get("/api/v3/dashboard/ultra")["ETag"]

        assert client.head("/api/v3/dashboard/ultra").status_code == 200
        again = client.get("/api/v3/dashboard/ultra", headers={"If-None-Match": etag})
        assert again.status_code == 304
        assert again["RateLimit-Remaining"] == "0"
        assert statuses(client, "dashboard/ultra", 1) == [429]

    def test_restarts_after_the_window(self, site):
        client = site.client("integrator")
        assert statuses(client, "scans", 4)[-1] == 429

        with time_machine.travel("2026-11-24T10:01:01Z", tick=False):
            assert statuses(client, "scans", 1) == [200]

    def test_can_be_disabled(self, site, settings):
        settings.RATE_LIMITS = {}

        answer = site.client("integrator").get("/api/v3/scans")

        assert "RateLimit-Limit" not in answer
        assert statuses(site.client("integrator"), "scans", 5) == [200] * 5

    def test_exists_for_every_method_of_every_endpoint(self):
        for route, view in api_views().items():
            for method in view.permissions:
                assert view.rate_limit(method) in ALL, route


class TestHeaders:
    @pytest.mark.parametrize("path", ["scans", "dashboard/ultra"])
    def test_state_the_remaining_requests(self, site, path):
        client = site.client("integrator")

        answers = [client.get(f"/api/v3/{path}") for _ in range(4)]

        assert [a["RateLimit-Remaining"] for a in answers] == ["2", "1", "0", "0"]
        assert {a["RateLimit-Limit"] for a in answers} == {"3"}
        assert {a["RateLimit-Policy"] for a in answers} == {"3;w=60"}
        assert len({a["RateLimit-Reset"] for a in answers}) == 1
        document = assert_problem(answers[-1], 429, "too-many-requests")
        seconds = int(answers[-1]["Retry-After"])
        assert 1 <= seconds <= 60
        assert answers[-1]["RateLimit-Reset"] == str(seconds)
        assert document["facts"] == {"seconds": seconds, "limit": 3, "window": 60}

    def test_are_present_in_other_errors(self, site):
        answer = site.client("integrator").get("/api/v3/bags/NOBODY")

        assert answer.status_code == 404
        assert answer["RateLimit-Remaining"] == "2"


@pytest.mark.django_db(transaction=True)
class TestConcurrentRequests:
    @pytest.mark.parametrize("path", ["dashboard/ultra", "scans"])
    @pytest.mark.parametrize("shared", [False, True])
    def test_get_exactly_the_limit(self, settings, redis_url, shared, path):
        settings.RATE_LIMITS = dict.fromkeys(ALL, (25, 60))
        if shared:
            use_redis(settings, redis_url)
        create_reference_data()
        plain = issue_token(make_user("ines", "integrator"), "test")

        def ask():
            client = Client(headers={"Authorization": f"Bearer {plain}"})
            return statuses(client, path, 6)

        counts = Counter(status for some in run_concurrently([ask] * 8) for status in some)

        assert counts == {200: 25, 429: 23}
        caches["limits"].clear()


class TestRedis:
    def test_failure_lets_each_process_count_for_itself(self, site, settings):
        use_redis(settings, "redis://127.0.0.1:1/0")

        assert statuses(site.client("integrator"), "scans", 4) == [200, 200, 200, 429]

    def test_failure_does_not_reset_the_count(self, site, settings, redis_url, monkeypatch):
        use_redis(settings, redis_url)
        client = site.client("integrator")
        assert statuses(client, "scans", 3) == [200, 200, 200]

        monkeypatch.setattr(caches["limits"]._redis, "_call", lambda call: None)

        assert statuses(client, "scans", 1) == [429]
        monkeypatch.undo()
        caches["limits"].clear()

    def test_is_called_once_per_request(self, site, settings, redis_url, monkeypatch):
        use_redis(settings, redis_url)
        client = site.client("integrator")
        client.get("/api/v3/scans")
        calls = []
        counter = caches["limits"]._redis
        call_redis = counter._call
        monkeypatch.setattr(counter, "_call", lambda call: calls.append(1) or call_redis(call))

        client.get("/api/v3/scans")

        assert len(calls) == 1
        caches["limits"].clear()

    def test_expires_a_counter_after_its_window(self, settings, redis_url, rf):
        use_redis(settings, redis_url)
        caches["limits"].clear()

        throttling.count_anonymous_request(rf.get("/", REMOTE_ADDR="10.0.0.1"))

        client = caches["limits"]._redis._client
        (name,) = client.scan_iter(match="tracetrack:*rl:*")
        assert 0 < client.ttl(name) <= 65
        caches["limits"].clear()


def use_redis(settings, url):
    # Each thread creates its own connection from these settings.
    settings.CACHES = settings.CACHES | {"limits": settings.CACHES["limits"] | {"LOCATION": url}}
