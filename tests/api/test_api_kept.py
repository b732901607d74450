"""Kept answers at the door: what programs get past all that only pages need."""

import pytest
from django.db import OperationalError
from django.test import Client

from dashboard.views import Ultra
from tests.api.problem import assert_problem
from tests.api.site import HERE, commit, post, scan_body
from tracetrack import kept, timings
from tracetrack.models import ApiToken
from tracetrack.tokens import revoke_token

ULTRA = "/api/v3/dashboard/ultra"
# Of one answer alone.
OWN = {
    "X-Request-ID",
    "Date",
    "Content-Security-Policy",
    "RateLimit-Remaining",
    "Content-Length",
}


@pytest.fixture
def program(site):
    """One that has been here before, so that its door is known."""
    client = site.client("integrator")
    assert client.get(ULTRA).status_code == 200
    return client


def by_the_usual_way(client, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_doors", {})
        return client.get(ULTRA)


def told(answer):
    return {name: value for name, value in answer.headers.items() if name not in OWN}


class TestTheDoor:
    def test_gives_what_the_usual_way_gives(self, program, monkeypatch):
        usual = by_the_usual_way(program, monkeypatch)

        answer = program.get(ULTRA)

        assert answer.json()["stats"] == usual.json()["stats"]
        assert answer["ETag"] == usual["ETag"]
        assert told(answer) == told(usual)

    def test_lets_a_page_do_nothing_with_it(self, program):
        answer = program.get(ULTRA)

        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"

    def test_is_right_at_once_after_a_scan(self, program):
        before = program.get(ULTRA).json()["stats"]["scans"]["total"]

        post(program, "scans", scan_body("inspect", HERE))

        assert program.get(ULTRA).json()["stats"]["scans"]["total"] == before + 1

    def test_is_shut_with_the_next_request_once_a_token_is_revoked(self, site, program):
        token = ApiToken.objects.get(user=site.people["integrator"])
        revoke_token(token, actor=site.people["administrator"])
        commit()

        assert_problem(program.get(ULTRA), 401, "not-signed-in")

    def test_is_shut_for_a_token_of_another_network(self, site, program):
        ApiToken.objects.update(networks=["192.0.2.0/24"])

        assert_problem(program.get(ULTRA), 403, "wrong-network")

    def test_is_shut_for_who_may_not(self, program, monkeypatch):
        monkeypatch.setitem(Ultra.permissions, "GET", "tracetrack.clear_cache")

        assert_problem(program.get(ULTRA), 403, "forbidden")

    def test_sends_nothing_again_to_who_has_it(self, program):
        etag = program.get(ULTRA)["ETag"]

        again = program.get(ULTRA, headers={"If-None-Match": etag})

        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)

    def test_says_so_when_the_database_is_in_trouble(self, program, monkeypatch):
        def full(user):
            raise OperationalError("no")

        monkeypatch.setattr(Ultra, "kept", full)

        answer = program.get(ULTRA)

        assert_problem(answer, 503, "busy")
        assert int(answer["Retry-After"]) >= 1

    def test_takes_no_name_that_is_not_the_sites(self, program):
        assert program.get(ULTRA, headers={"Host": "elsewhere.example"}).status_code == 400

    @pytest.mark.parametrize("way", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "x"}])
    def test_sends_strangers_round(self, program, way):
        assert_problem(Client(headers=way).get(ULTRA), 401, "not-signed-in")

    def test_sends_other_questions_round(self, program):
        assert_problem(program.get(f"{ULTRA}?x=1"), 400, "unknown-parameter")
        assert_problem(program.post(ULTRA), 405, "method-not-allowed")
        assert_problem(program.get(ULTRA, headers={"Accept": "text/csv"}), 406, "not-acceptable")

    def test_is_timed_like_every_endpoint(self, program):
        timings.forget()

        program.get(ULTRA)

        assert [line["endpoint"] for line in timings.figures()] == ["GET /api/v3/dashboard/ultra"]
