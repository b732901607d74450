"""Every refusal is application/problem+json, whatever refused; pages get HTML."""

import logging
import re

import psycopg_pool
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, connection, transaction
from django.http import Http404
from django.test import Client, RequestFactory
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions as rest

from bags import queries
from bags.errors import ParentFull
from tests.api.site import HERE, post
from tracetrack import http, logs
from tracetrack.models import AuditEntry
from tracetrack.problems import as_problem

MEMBERS = {"type", "title", "status", "code", "facts", "instance", "request_id"}
ID = "scanner-17.4711"


def assert_problem(answer, status, code):
    document = answer.json()
    assert answer.status_code == document["status"] == status
    assert answer["Content-Type"] == "application/problem+json"
    assert document["code"] == code
    assert document["type"] == f"urn:tracetrack:problem:{code}"
    assert set(document) - {"remedy"} == MEMBERS
    assert document["request_id"] == answer["X-Request-ID"]
    assert document["title"].endswith(".")
    assert "{" not in document["title"]
    return document


def send(client, body, content_type="application/json", **headers):
    return client.generic("POST", "/api/v3/scans", body, content_type, headers=headers or None)


class TestARefusal:
    def test_of_an_unreadable_request_is_a_problem(self, operator):
        document = assert_problem(send(operator, "{"), 400, "bad-request")

        assert document["facts"]["reason"].startswith("it is not JSON")
        assert document["instance"] == "/api/v3/scans"

    def test_of_a_stranger_is_a_problem_with_a_challenge(self):
        answer = Client().get("/api/v3/scans")

        assert_problem(answer, 401, "not-signed-in")
        assert answer["WWW-Authenticate"] == 'Bearer realm="tracetrack"'

    def test_of_somebody_without_the_right_is_a_problem(self, operator):
        answer = post(operator, "cache/clear", {"pattern": "bags:*"})

        assert_problem(answer, 403, "forbidden")

    def test_of_an_unknown_bag_or_address_is_a_problem(self, operator):
        assert_problem(operator.get("/api/v3/bags/SB99999"), 404, "bag-unknown")
        assert_problem(operator.get("/api/v3/nothing"), 404, "not-found")
        assert_problem(operator.get("/api/"), 404, "not-found")

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace", "post"])
    def test_of_a_method_is_a_problem_that_names_the_others(self, operator, method):
        answer = getattr(operator, method)("/api/v3/bags/stream")

        document = assert_problem(answer, 405, "method-not-allowed")
        assert answer["Allow"] == "GET"
        assert document["facts"] == {"method": method.upper(), "allowed": ["GET"]}

    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
    def test_of_a_form_is_a_problem(self, operator, accept):
        answer = operator.get("/api/v3/bags/stream", headers={"Accept": accept})

        assert_problem(answer, 406, "not-acceptable")

    def test_of_a_large_body_is_a_problem(self, operator, settings):
        answer = send(operator, b'"' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"')

        document = assert_problem(answer, 413, "too-large")
        assert document["facts"] == {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}

    def test_of_a_body_of_unknown_length_is_a_problem(self, operator):
        request = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}

        answer = operator.post("/api/v3/scans", {}, "application/json", **request)

        assert_problem(answer, 411, "length-required")

    @pytest.mark.parametrize(
        ("content_type", "headers"),
        [
            ("text/plain", {}),
            ("application/xml", {}),
            ("application/x-www-form-urlencoded", {}),
            ("multipart/form-data; boundary=x", {}),
            ("application/json; charset=utf-16", {}),
            ("application/json; charset=nonsense", {}),
            ("nonsense", {}),
            ("", {}),
            ("application/json", {"Content-Encoding": "gzip"}),
        ],
    )
    def test_of_another_kind_of_body_is_a_problem(self, operator, content_type, headers):
        answer = send(operator, b"{}", content_type, **headers)

        assert_problem(answer, 415, "unsupported-media-type")

    def test_of_an_unknown_parameter_names_those_that_there_are(self, operator):
        document = assert_problem(
            operator.get("/api/v3/scans?limit=1&limti=2"), 400, "unknown-parameter"
        )

        assert document["facts"] == {"parameter": "limti", "known": ["limit"]}

    def test_of_a_parameter_to_a_post_is_a_problem(self, operator):
        answer = post(operator, "scans?limit=3", {})

        assert_problem(answer, 400, "unknown-parameter")

    def test_of_a_parameter_that_comes_twice_is_a_problem(self, operator):
        document = assert_problem(operator.get("/api/v3/scans?limit=1&limit=2"), 400, "bad-field")

        assert document["facts"] == {"field": "limit", "reason": "is given more than once"}

    def test_is_not_kept_by_anybody_on_the_way(self, operator):
        assert operator.get("/api/v3/bags/SB99999")["Cache-Control"] == "no-store"


class TestADatabaseInTrouble:
    def raising(self, monkeypatch, sql):
        def find_bag(user, code):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)

        monkeypatch.setattr(queries, "find_bag", find_bag)

    def test_that_takes_too_long_is_given_up(self, operator, monkeypatch):
        self.raising(monkeypatch, "SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)")

        assert_problem(operator.get(f"/api/v3/bags/{HERE}"), 504, "too-slow")

    @pytest.mark.parametrize("state", ["55P03", "40P01", "40001", "57P01", "53100", "53300"])
    def test_that_cannot_now_asks_to_try_again(self, operator, monkeypatch, state):
        # Lock timeout, deadlock, serialization, shutdown, full disk, too many connections.
        self.raising(monkeypatch, f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{state}'; END $$")

        answer = operator.get(f"/api/v3/bags/{HERE}")

        assert_problem(answer, 503, "busy")
        assert int(answer["Retry-After"]) >= 1

    @pytest.mark.parametrize("cause", [psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests])
    def test_whose_pool_is_used_up_asks_to_try_again(self, operator, monkeypatch, cause):
        def find_bag(user, code):
            raise OperationalError from cause("full")

        monkeypatch.setattr(queries, "find_bag", find_bag)

        assert operator.get(f"/api/v3/bags/{HERE}").json()["code"] == "busy"

    def test_makes_pages_answer_503_too(self, rf):
        middleware = http.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/page"), OperationalError())

        assert page.status_code == 503
        assert page["Retry-After"] == "1"
        assert page["Content-Type"].startswith("text/html")


class TestAFaultOfOurs:
    def test_is_a_problem_without_details_and_is_written_down(self, site, monkeypatch, caplog):
        def find_bag(user, code):
            raise KeyError("the inner life")

        monkeypatch.setattr(queries, "find_bag", find_bag)
        client = site.client("operator", raise_request_exception=False)

        with caplog.at_level(logging.ERROR, "django.request"):
            answer = client.get(f"/api/v3/bags/{HERE}")

        assert_problem(answer, 500, "server-error")
        assert b"inner life" not in answer.content
        assert "the inner life" in caplog.text

    def test_is_a_page_elsewhere(self, rf):
        answer = http.server_error(rf.get("/page"))

        assert answer.status_code == 500
        assert answer["Content-Type"].startswith("text/html")


class TestAPage:
    @pytest.mark.parametrize(
        ("view", "error", "status"),
        [
            (http.bad_request, SuspiciousOperation(), 400),
            (http.bad_request, RequestDataTooBig(), 413),
            (http.forbidden, PermissionDenied(), 403),
            (http.forbidden, Ratelimited(), 429),
            (http.not_found, Http404(), 404),
        ],
    )
    def test_that_is_refused_is_html_and_under_api_a_problem(self, rf, view, error, status):
        page = view(rf.get("/page"), error)
        document = view(rf.get("/api/v3/x"), error)

        assert page.status_code == document.status_code == status
        assert page["Content-Type"].startswith("text/html")
        assert document["Content-Type"] == "application/problem+json"

    def test_may_raise_a_problem_itself(self, rf):
        middleware = http.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/x"), ParentFull(parent="SB1", capacity=30))

        assert page.status_code == 409
        assert "SB1 already holds 30 bags." in page.content.decode()
        assert middleware.process_exception(rf.get("/x"), KeyError()) is None

    def test_without_its_csrf_token_is_refused(self, rf):
        assert http.csrf_failure(rf.post("/page")).status_code == 403

    def test_does_not_run_what_a_refusal_quotes(self, rf):
        given = ParentFull(parent="<script>", capacity=1)

        page = http.RequestIdMiddleware(lambda r: None).process_exception(rf.get("/x"), given)

        assert b"<script>" not in page.content


class TestAnException:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (rest.ParseError(), 400),
            (rest.NotAuthenticated(), 401),
            (rest.AuthenticationFailed(), 401),
            (rest.PermissionDenied(), 403),
            (rest.NotFound(), 404),
            (rest.MethodNotAllowed("PUT"), 405),
            (rest.NotAcceptable(), 406),
            (rest.UnsupportedMediaType("x/y"), 415),
            (rest.Throttled(wait=7), 429),
            (rest.ValidationError({"a": [{"b": ["Bad."]}]}), 400),
        ],
    )
    def test_of_the_framework_has_its_problem(self, error, status):
        assert as_problem(error).status == status

    def test_of_a_serializer_names_the_field(self):
        problem = as_problem(rest.ValidationError({"a": [{}, {"b": ["Is bad."]}]}))

        assert problem.facts == {"field": "a.b", "reason": "Is bad"}

    def test_that_is_none_of_these_has_no_problem(self):
        assert as_problem(KeyError()) is None


class TestARequestId:
    def test_of_the_caller_is_kept(self, operator):
        answer = operator.get("/api/v3/bags/SB99999", headers={"X-Request-ID": ID})

        assert answer["X-Request-ID"] == answer.json()["request_id"] == ID

    @pytest.mark.parametrize("given", ["", "short", "x" * 65, "two words here", "<script>alert"])
    def test_that_is_not_usable_is_replaced(self, operator, given):
        answer = operator.get("/api/v3/scans", headers={"X-Request-ID": given})

        assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])

    def test_is_another_one_each_time(self, operator):
        assert operator.get("/healthz")["X-Request-ID"] != operator.get("/healthz")["X-Request-ID"]

    def test_is_in_the_audit(self, site):
        administrator = site.client("administrator", headers={"X-Request-ID": ID})

        post(administrator, "cache/clear", {"pattern": "dashboard:*"})

        assert AuditEntry.objects.get(action="cache.cleared").request_id == ID

    def test_is_in_every_line_of_the_log(self, rf):
        line = logging.makeLogRecord({"request": rf.get("/", headers={"X-Request-ID": ID})})
        silent = logging.makeLogRecord({})

        assert logs.RequestIdFilter().filter(line)
        assert logs.RequestIdFilter().filter(silent)
        assert (line.request_id, silent.request_id) == (ID, "-")

    def test_is_gone_when_the_request_is_over(self):
        seen = []

        def answer(request):
            seen.append(logs.request_id.get())
            raise KeyError

        with pytest.raises(KeyError):
            http.RequestIdMiddleware(answer)(RequestFactory().get("/"))

        assert seen != [""]
        assert logs.request_id.get() == ""
