"""The exact number of queries of each endpoint."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api_fixtures import CALLS, HERE, Call, run_commit_hooks, scan_body
from tests.endpoints import allowed_role
from tests.factories import child_codes, scan
from tests.query_budgets import check_budget
from tracetrack import cache

CACHED = ["GET dashboard/ultra", "GET bags/stream", "GET search", "GET scans"]
STEP_BODIES = {
    "POST scans link": lambda: scan_body("link", "CB000000905", HERE),
    "POST scans link of two that are known": lambda: scan_body(
        "link", child_codes(HERE, 1)[0], HERE
    ),
    "POST scans inspect of one in a sack": lambda: scan_body("inspect", child_codes(HERE, 1)[0]),
    "POST scans complete": lambda: scan_body("complete", HERE),
}


def count_queries(client, call, method):
    with CaptureQueriesContext(connection) as queries:
        answer = call.by(client, method)
        b"".join(answer)
    assert answer.status_code in (200, 201, 202, 204)
    return queries


class TestQueryCount:
    @pytest.mark.parametrize("name", CALLS)
    def test_endpoint(self, site, name):
        call = CALLS[name](site, allowed_role(name))
        client = site.client(allowed_role(name))
        cache.purge("*")

        check_budget(name, count_queries(client, call, name.split()[0]))

    @pytest.mark.parametrize("name", CACHED)
    def test_cached_response(self, site, operator, name):
        call = CALLS[name](site, "operator")
        call.by(operator, "GET")

        check_budget(f"{name}, kept", count_queries(operator, call, "GET"))

    @pytest.mark.parametrize("name", STEP_BODIES)
    def test_step(self, site, operator, name):
        check_budget(name, count_queries(operator, Call("scans", STEP_BODIES[name]()), "POST"))

    def test_health_figures(self, site, office):
        check_budget("GET health, figures", count_queries(office, Call("health"), "GET"))

    @pytest.mark.parametrize("path", ["bags/stream", "scans/stream"])
    def test_stream(self, site, operator, path):
        check_budget(f"GET {path}, csv", count_queries(operator, Call(f"{path}?format=csv"), "GET"))

    def test_with_a_token(self, site):
        client = site.client("integrator")
        call = Call(f"bags/{HERE}")
        call.by(client, "GET")

        check_budget("GET bags/<path:code>, token", count_queries(client, call, "GET"))

    @pytest.mark.parametrize("path", ["bags/stream", f"bags/{HERE}/children", "search?q=SB"])
    def test_does_not_grow_with_the_number_of_results(self, site, operator, path):
        few = len(count_queries(operator, Call(path), "GET"))
        for code in child_codes(HERE, 12)[2:]:
            scan(site.people["office"], "link", code, HERE)
        run_commit_hooks()

        assert len(count_queries(operator, Call(path), "GET")) == few
