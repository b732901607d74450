"""The door: programs get kept answers before Django begins, and nothing else is different."""

import orjson
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from accounts.authentication import FIND_TOKEN, PREFETCHED_TOKEN
from accounts.models import ApiToken
from accounts.token_secrets import token_digest
from accounts.tokens import revoke_token
from dashboard.stats.views import DashboardUltra
from tests.api_fixtures import HERE, commit, post, scan_body
from tests.problem_assertions import assert_problem
from tracetrack.api import cached_view
from tracetrack.ops import metrics
from tracetrack.server.fastpath import Door

ULTRA = "/api/v3/dashboard/ultra"
# Of one answer alone.
OWN = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset", "Content-Length"}

# As a web server does, the door gives the connection back after each answer.
pytestmark = pytest.mark.django_db(transaction=True)


class Answer(HttpResponse):
    def json(self):
        return orjson.loads(self.content)


class Program:
    """One that speaks WSGI, and has been here before, so that its door is known."""

    def __init__(self, client):
        self.client = client
        self.token = client._base_environ()["HTTP_AUTHORIZATION"]
        self.door = Door(WSGIHandler())
        assert self.usually().status_code == 200

    def get(self, path=ULTRA, application=None, **headers):
        request = RequestFactory().get(path, headers={"Authorization": self.token} | headers)
        return self.sent(request.environ, application)

    def sent(self, environ, application=None):
        begun = []
        body = (application or self.door)(environ, lambda *begins: begun.append(begins))
        content = b"".join(body)
        getattr(body, "close", lambda: None)()
        ((status, headers),) = begun
        return Answer(content, status=int(status[:3]), headers=dict(headers))

    def usually(self, **headers):
        return self.get(application=WSGIHandler(), **headers)


@pytest.fixture(params=["for the first time", "again"])
def program(site, monkeypatch, request):
    monkeypatch.setattr(cached_view, "known_paths", {})
    program = Program(site.client("integrator"))
    if request.param == "again":
        # What the first answer has alike with all others is known by now.
        assert program.get().status_code == 200
    return program


@pytest.fixture
def only_the_door(program):
    """Whoever does not get his answer there gets none."""
    program.door._usual = None
    return program


def told(answer):
    return {name: value for name, value in answer.headers.items() if name not in OWN}


class TestTheDoor:
    def test_gives_what_the_usual_way_gives(self, only_the_door):
        usual = only_the_door.usually()

        answer = only_the_door.get()

        assert answer.json()["stats"] == usual.json()["stats"]
        assert int(answer["Content-Length"]) == len(answer.content)
        assert told(answer) == told(usual)

    @pytest.mark.parametrize(
        "headers", [{}, {"If-None-Match": "*"}, {"Authorization": "Bearer tt_x"}]
    )
    def test_gives_the_first_answer_with_the_headers_of_the_later_ones(
        self, program, headers, monkeypatch
    ):
        monkeypatch.setattr(cached_view, "known_paths", {})
        first = program.get(**headers)
        assert cached_view.known_paths

        later = program.get(**headers)

        assert first.status_code == later.status_code
        assert told(first) == told(later)

    def test_lets_a_page_do_nothing_with_it(self, program):
        answer = program.get()

        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"

    def test_is_right_at_once_after_a_scan(self, program):
        before = program.get().json()["stats"]["scans"]["total"]

        post(program.client, "scans", scan_body("inspect", HERE))

        assert program.get().json()["stats"]["scans"]["total"] == before + 1

    def test_is_shut_with_the_next_request_once_a_token_is_revoked(self, site, program):
        token = ApiToken.objects.get(user=site.people["integrator"])
        revoke_token(token, actor=site.people["administrator"])
        commit()

        assert_problem(program.get(), 401, "not-signed-in")

    def test_asks_nothing_where_the_token_was_looked_up_before(
        self, program, django_assert_num_queries
    ):
        request = RequestFactory().get(ULTRA, headers={"Authorization": program.token})
        with connection.cursor() as cursor:
            digest = token_digest(program.token.removeprefix("Bearer "))
            cursor.execute(FIND_TOKEN, [digest, timezone.now()])
            good = cursor.fetchone()
        program.get()

        with django_assert_num_queries(0):
            answers = [
                program.sent(request.environ | {PREFETCHED_TOKEN: row}) for row in (good, None)
            ]

        assert [answer.status_code for answer in answers] == [200, 401]

    def test_is_shut_for_a_token_of_another_network(self, site, program):
        ApiToken.objects.update(networks=["192.0.2.0/24"])

        assert_problem(program.get(), 403, "wrong-network")

    def test_is_shut_for_who_may_not(self, program, monkeypatch):
        monkeypatch.setitem(DashboardUltra.permissions, "GET", "accounts.clear_cache")

        assert_problem(program.get(), 403, "forbidden")

    def test_sends_nothing_again_to_who_has_it(self, program):
        etag = program.get()["ETag"]

        again = program.get(**{"If-None-Match": etag})

        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)

    def test_says_so_when_the_database_is_in_trouble(self, program, monkeypatch):
        def full(user):
            raise OperationalError("no")

        monkeypatch.setattr(DashboardUltra, "payload", full)

        answer = program.get()

        assert_problem(answer, 503, "busy")
        assert int(answer["Retry-After"]) >= 1

    def test_takes_no_name_that_is_not_the_sites(self, program):
        assert program.get(Host="elsewhere.example").status_code == 400

    @pytest.mark.parametrize("says", ["Basic eDp5", "x", ""])
    def test_sends_strangers_round(self, program, says):
        assert_problem(program.get(Authorization=says), 401, "not-signed-in")

    def test_sends_other_questions_round(self, program):
        assert_problem(program.get(f"{ULTRA}?x=1"), 400, "unknown-parameter")
        assert_problem(program.get(Accept="text/csv"), 406, "not-acceptable")
        posted = RequestFactory().post(ULTRA, headers={"Authorization": program.token})
        assert_problem(program.sent(posted.environ), 405, "method-not-allowed")

    def test_is_no_way_round_https(self, program, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert_problem(program.get(), 403, "https-required")

    def test_says_so_when_we_are_at_fault(self, program, monkeypatch):
        monkeypatch.setattr(DashboardUltra, "payload", lambda user: 1 / 0)

        assert_problem(program.get(), 500, "server-error")

    def test_gives_the_connection_back(self, only_the_door):
        only_the_door.get()

        assert connection.connection is None

    def test_is_timed_like_every_endpoint(self, program):
        metrics.reset()

        program.get()

        assert [line["endpoint"] for line in metrics.durations()] == ["GET /api/v3/dashboard/ultra"]
