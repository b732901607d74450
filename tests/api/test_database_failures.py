"""Database failures, unexpected exceptions, error pages, and request ids."""

import logging
import re

import psycopg_pool
import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, connection, transaction
from django.http import Http404
from django.test import RequestFactory
from django_ratelimit.exceptions import Ratelimited

from audit.models import AuditEntry
from bags import queries
from bags.errors import ParentFull
from tests.api_fixtures import HERE, post
from tests.problem_assertions import assert_problem
from tracetrack import logs
from tracetrack.errors import handler

ID = "scanner-17.4711"


class TestDatabaseFailure:
    def raising(self, monkeypatch, sql):
        def raise_error(user, code, fields):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)

        monkeypatch.setattr(queries, "bag_row", raise_error)

    def test_statement_timeout_is_504(self, operator, monkeypatch):
        self.raising(monkeypatch, "SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)")

        assert_problem(operator.get(f"/api/v3/bags/{HERE}"), 504, "too-slow")

    @pytest.mark.parametrize("state", ["55P03", "40P01", "40001", "57P01", "53100", "53300"])
    def test_temporary_error_is_503(self, operator, monkeypatch, state):
        # Lock timeout, deadlock, serialization, shutdown, full disk, too many connections.
        self.raising(monkeypatch, f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{state}'; END $$")

        answer = operator.get(f"/api/v3/bags/{HERE}")

        assert_problem(answer, 503, "busy")
        assert int(answer["Retry-After"]) >= 1

    @pytest.mark.parametrize("cause", [psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests])
    def test_exhausted_pool_is_503(self, operator, monkeypatch, cause):
        def raise_error(user, code, fields):
            raise OperationalError from cause("full")

        monkeypatch.setattr(queries, "bag_row", raise_error)

        assert operator.get(f"/api/v3/bags/{HERE}").json()["code"] == "busy"

    def test_pages_respond_with_503_too(self, rf):
        middleware = handler.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/page"), OperationalError())

        assert page.status_code == 503
        assert page["Retry-After"] == "1"
        assert page["Content-Type"].startswith("text/html")


class TestUnexpectedException:
    def test_is_a_problem_without_details_and_is_logged(self, site, monkeypatch, caplog):
        def raise_error(user, code, fields):
            raise KeyError("the inner life")

        monkeypatch.setattr(queries, "bag_row", raise_error)
        client = site.client("operator", raise_request_exception=False)

        with caplog.at_level(logging.ERROR, "django.request"):
            answer = client.get(f"/api/v3/bags/{HERE}")

        assert_problem(answer, 500, "server-error")
        assert b"inner life" not in answer.content
        assert "the inner life" in caplog.text

    def test_is_an_html_page_outside_the_api(self, rf):
        answer = handler.server_error(rf.get("/page"))

        assert answer.status_code == 500
        assert answer["Content-Type"].startswith("text/html")


class TestErrorPage:
    @pytest.mark.parametrize(
        ("view", "error", "status"),
        [
            (handler.bad_request, SuspiciousOperation(), 400),
            (handler.bad_request, RequestDataTooBig(), 413),
            (handler.forbidden, PermissionDenied(), 403),
            (handler.forbidden, Ratelimited(), 429),
            (handler.not_found, Http404(), 404),
        ],
    )
    def test_is_html_and_a_problem_under_api(self, rf, view, error, status):
        page = view(rf.get("/page"), error)
        document = view(rf.get("/api/v3/x"), error)

        assert page.status_code == document.status_code == status
        assert page["Content-Type"].startswith("text/html")
        assert document["Content-Type"] == "application/problem+json"

    def test_shows_a_problem_raised_by_the_page(self, rf):
        middleware = handler.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/x"), ParentFull(parent="SB1", capacity=30))

        assert page.status_code == 409
        assert "SB1 already holds 30 bags." in page.content.decode()
        assert middleware.process_exception(rf.get("/x"), KeyError()) is None

    def test_csrf_failure_is_403(self, rf):
        assert handler.csrf_failure(rf.post("/page")).status_code == 403

    def test_escapes_facts(self, rf):
        problem = ParentFull(parent="<script>", capacity=1)

        page = handler.RequestIdMiddleware(lambda r: None).process_exception(rf.get("/x"), problem)

        assert b"<script>" not in page.content


class TestRequestId:
    def test_is_taken_from_the_request(self, operator):
        answer = operator.get("/api/v3/bags/SB99999", headers={"X-Request-ID": ID})

        assert answer["X-Request-ID"] == answer.json()["request_id"] == ID

    @pytest.mark.parametrize("sent_id", ["", "short", "x" * 65, "two words here", "<script>alert"])
    def test_invalid_id_is_replaced(self, operator, sent_id):
        answer = operator.get("/api/v3/scans", headers={"X-Request-ID": sent_id})

        assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])

    def test_is_unique(self, operator):
        assert operator.get("/healthz")["X-Request-ID"] != operator.get("/healthz")["X-Request-ID"]

    def test_is_in_the_audit_log(self, site):
        administrator = site.client("administrator", headers={"X-Request-ID": ID})

        post(administrator, "cache/clear", {"pattern": "dashboard:*"})

        assert AuditEntry.objects.get(action="cache.cleared").request_id == ID

    def test_is_in_every_log_record(self, rf):
        line = logging.makeLogRecord({"request": rf.get("/", headers={"X-Request-ID": ID})})
        silent = logging.makeLogRecord({})

        assert logs.RequestIdFilter().filter(line)
        assert logs.RequestIdFilter().filter(silent)
        assert (line.request_id, silent.request_id) == (ID, "-")

    def test_is_reset_after_the_request(self):
        request_ids = []

        def answer(request):
            request_ids.append(logs.request_id.get())
            raise KeyError

        with pytest.raises(KeyError):
            handler.RequestIdMiddleware(answer)(RequestFactory().get("/"))

        assert request_ids != [""]
        assert logs.request_id.get() == ""
