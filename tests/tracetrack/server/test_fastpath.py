"""Cached responses: with and without the fast path they are the same."""

import orjson
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.throttling import BaseThrottle

from accounts.authentication import FIND_TOKEN, PREFETCHED_TOKEN
from accounts.models import ApiToken
from accounts.token_secrets import token_digest
from accounts.tokens import revoke_token
from dashboard.stats.views import DashboardUltra
from tests.api_fixtures import HERE, post, run_commit_hooks, scan_body
from tests.problem_assertions import assert_problem
from tracetrack import wsgi
from tracetrack.db.export import CsvRenderer
from tracetrack.errors.problem import Forbidden
from tracetrack.ops import metrics
from tracetrack.server.fastpath import INHERITED_ATTRIBUTES, FastPath

ULTRA = "/api/v3/dashboard/ultra"
# Headers whose values differ from response to response.
OWN_VALUES = ("X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset", "Content-Length")

# The fast path closes the connection after each response, as Django does between requests.
pytestmark = pytest.mark.django_db(transaction=True)


class Response(HttpResponse):
    def json(self):
        return orjson.loads(self.content)


class DenyAuthentication(BaseAuthentication):
    def authenticate(self, request):
        raise AuthenticationFailed

    def authenticate_header(self, request):
        return "Bearer"


class DenyPermission(BasePermission):
    def has_permission(self, request, view):
        return False


class DenyThrottle(BaseThrottle):
    def allow_request(self, request, view):
        return False


def forbid(*args, **kwargs):
    """Stand in for a view method that refuses every request."""
    raise Forbidden(permission="bags.view_bag")


class WsgiClient:
    """Sends requests with a token to a WSGI application."""

    def __init__(self, application, token):
        self.application = application
        self.token = token

    def get(self, path=ULTRA, **headers):
        request = RequestFactory().get(path, headers={"Authorization": self.token} | headers)
        return self.send(request.environ)

    def send(self, environ):
        started = []
        body = self.application(environ, lambda *args: started.append(args))
        content = b"".join(body)
        getattr(body, "close", lambda: None)()
        ((status, headers),) = started
        return Response(content, status=int(status[:3]), headers=dict(headers))


class Counting:
    """WSGI application that counts the requests that it passes to Django."""

    def __init__(self):
        self.application, self.requests = WSGIHandler(), 0

    def __call__(self, environ, start_response):
        self.requests += 1
        return self.application(environ, start_response)


@pytest.fixture
def token(site):
    return site.client("integrator")._base_environ()["HTTP_AUTHORIZATION"]


@pytest.fixture
def django(token):
    return WsgiClient(WSGIHandler(), token)


@pytest.fixture
def fast(token):
    """A client of a fast path that has stored the headers of a response."""
    client = WsgiClient(FastPath(Counting()), token)
    assert client.get().status_code == 200
    client.application._application.requests = 0
    return client


@pytest.fixture(params=["fast", "first", "django"])
def client(request, token):
    """Clients of the fast path, of one that has no stored headers yet, and of Django alone."""
    if request.param == "first":
        return WsgiClient(FastPath(WSGIHandler()), token)
    return request.getfixturevalue(request.param)


def comparable(response):
    """Status, headers and body of a response without the values that belong to it alone."""
    headers = dict(response.items()) | {name: "" for name in OWN_VALUES if name in response.headers}
    body = response.content
    if response.status_code < 300:
        body = {key: value for key, value in response.json().items() if key != "response_time_ms"}
    elif body:
        body = {key: value for key, value in response.json().items() if key != "request_id"}
    return response.status_code, headers, body


class TestBothPaths:
    def test_return_the_numbers(self, client):
        response = client.get()

        assert response.status_code == 200
        assert int(response["Content-Length"]) == len(response.content)
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"

    def test_return_new_numbers_after_a_scan(self, client, site):
        before = client.get().json()["stats"]["scans"]["total"]

        post(site.client("integrator"), "scans", scan_body("inspect", HERE))

        assert client.get().json()["stats"]["scans"]["total"] == before + 1

    def test_reject_a_revoked_token_with_the_next_request(self, site, client):
        token = ApiToken.objects.get(user=site.people["integrator"])
        revoke_token(token, actor=site.people["administrator"])
        run_commit_hooks()

        assert_problem(client.get(), 401, "not-signed-in")

    def test_reject_a_token_from_another_network(self, client):
        ApiToken.objects.update(networks=["192.0.2.0/24"])

        assert_problem(client.get(), 403, "wrong-network")

    def test_reject_a_user_without_permission(self, client, monkeypatch):
        monkeypatch.setitem(DashboardUltra.permissions, "GET", "accounts.clear_cache")

        assert_problem(client.get(), 403, "forbidden")

    @pytest.mark.parametrize(
        ("hook", "value", "status"),
        [
            ("authentication_classes", [DenyAuthentication], 401),
            ("permission_classes", [DenyPermission], 403),
            ("throttle_classes", [DenyThrottle], 429),
            ("perform_authentication", forbid, 403),
            ("check_permissions", forbid, 403),
            ("check_throttles", forbid, 403),
            ("initial", forbid, 403),
            ("get", forbid, 403),
        ],
    )
    def test_use_the_hooks_of_the_view(self, client, monkeypatch, hook, value, status):
        client.get()
        monkeypatch.setattr(DashboardUltra, hook, value)

        assert client.get().status_code == status

    def test_use_the_renderers_of_the_view(self, client, monkeypatch):
        client.get()
        monkeypatch.setattr(DashboardUltra, "renderer_classes", [CsvRenderer])

        assert client.get(Accept="application/json").status_code == 406

    def test_return_304_for_a_known_etag(self, client):
        etag = client.get()["ETag"]

        response = client.get(**{"If-None-Match": etag})

        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)

    def test_return_503_if_the_database_is_busy(self, client, monkeypatch):
        calls = []

        def fail(user, **params):
            calls.append(user)
            raise OperationalError("no")

        monkeypatch.setattr(DashboardUltra, "payload", fail)

        response = client.get()

        assert_problem(response, 503, "busy")
        assert int(response["Retry-After"]) >= 1
        # A second attempt would wait for the database again.
        assert len(calls) == 1

    def test_return_500_for_an_unexpected_error(self, client, monkeypatch):
        monkeypatch.setattr(DashboardUltra, "payload", lambda user, **params: 1 / 0)

        assert_problem(client.get(), 500, "server-error")

    def test_reject_an_unknown_host(self, client):
        assert client.get(Host="elsewhere.example").status_code == 400

    @pytest.mark.parametrize("value", ["Basic eDp5", "x", ""])
    def test_reject_requests_without_a_token(self, client, value):
        assert_problem(client.get(Authorization=value), 401, "not-signed-in")

    def test_reject_other_requests(self, client):
        assert_problem(client.get(f"{ULTRA}?x=1"), 400, "unknown-parameter")
        assert_problem(client.get(Accept="text/csv"), 406, "not-acceptable")
        post_request = RequestFactory().post(ULTRA, headers={"Authorization": client.token})
        assert_problem(client.send(post_request.environ), 405, "method-not-allowed")

    def test_measure_the_response_time(self, client):
        metrics.reset()

        client.get()

        assert [line["endpoint"] for line in metrics.durations()] == ["GET /api/v3/dashboard/ultra"]

    def test_count_each_request_once(self, client, monkeypatch):
        before = int(client.get()["RateLimit-Remaining"])
        monkeypatch.setitem(DashboardUltra.permissions, "GET", "accounts.clear_cache")
        client.get()
        monkeypatch.undo()

        assert int(client.get()["RateLimit-Remaining"]) == before - 2

    def test_use_a_prefetched_token(self, client, django_assert_num_queries):
        client.get()
        request = RequestFactory().get(ULTRA, headers={"Authorization": client.token})
        with connection.cursor() as cursor:
            digest = token_digest(client.token.removeprefix("Bearer "))
            cursor.execute(FIND_TOKEN, [digest, timezone.now()])
            row = cursor.fetchone()

        with django_assert_num_queries(0):
            responses = [
                client.send(request.environ | {PREFETCHED_TOKEN: found}) for found in (row, None)
            ]

        assert [response.status_code for response in responses] == [200, 401]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "application/json"},
        {"If-None-Match": "*"},
        {"If-None-Match": 'W/"0"'},
        {"Authorization": "Bearer tt_x"},
        {"Host": "elsewhere.example"},
    ],
)
def test_responses_are_equal(django, fast, headers):
    """Status, headers and body; the headers in any order."""
    assert comparable(fast.get(**headers)) == comparable(django.get(**headers))


class TestFastPath:
    def test_answers_without_django(self, fast):
        assert fast.get().status_code == 200
        assert fast.get(**{"If-None-Match": "*"}).status_code == 304
        assert fast.application._application.requests == 0

    @pytest.mark.parametrize(
        "name", [name for name in INHERITED_ATTRIBUTES if not name.endswith(("_class", "_classes"))]
    )
    def test_passes_on_requests_for_views_with_other_methods(self, fast, monkeypatch, name):
        inherited = getattr(DashboardUltra, name)

        def changed(*args, **kwargs):
            return inherited(*args, **kwargs)

        monkeypatch.setattr(DashboardUltra, name, changed)

        assert fast.get().status_code == 200
        assert fast.application._application.requests == 1

    def test_returns_the_connection(self, fast):
        fast.get()

        assert connection.connection is None

    def test_stores_headers_by_scheme(self, fast, settings):
        settings.SECURE_HSTS_SECONDS = 60
        fast.application = FastPath(WSGIHandler())
        request = RequestFactory().get(ULTRA, headers={"Authorization": fast.token}, secure=True)
        for _ in range(2):
            assert "Strict-Transport-Security" in fast.send(dict(request.environ)).headers

        assert "Strict-Transport-Security" not in fast.get().headers

    def test_does_not_bypass_https(self, token, settings):
        settings.SECURE_SSL_REDIRECT = True
        client = WsgiClient(FastPath(WSGIHandler()), token)

        for _ in range(2):
            assert_problem(client.get(), 403, "https-required")

    @pytest.mark.parametrize(("setting", "kind"), [(True, FastPath), (False, WSGIHandler)])
    def test_is_optional(self, settings, setting, kind):
        settings.FAST_PATH = setting

        assert type(wsgi.create_application()) is kind
