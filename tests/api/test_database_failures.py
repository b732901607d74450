"""A database in trouble, faults of ours, pages that are refused, and the id of each request."""

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


class TestADatabaseInTrouble:
    def raising(self, monkeypatch, sql):
        def bag_shown(user, code, fields):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)

        monkeypatch.setattr(queries, "bag_shown", bag_shown)

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
        def bag_shown(user, code, fields):
            raise OperationalError from cause("full")

        monkeypatch.setattr(queries, "bag_shown", bag_shown)

        assert operator.get(f"/api/v3/bags/{HERE}").json()["code"] == "busy"

    def test_makes_pages_answer_503_too(self, rf):
        middleware = handler.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/page"), OperationalError())

        assert page.status_code == 503
        assert page["Retry-After"] == "1"
        assert page["Content-Type"].startswith("text/html")


class TestAFaultOfOurs:
    def test_is_a_problem_without_details_and_is_written_down(self, site, monkeypatch, caplog):
        def bag_shown(user, code, fields):
            raise KeyError("the inner life")

        monkeypatch.setattr(queries, "bag_shown", bag_shown)
        client = site.client("operator", raise_request_exception=False)

        with caplog.at_level(logging.ERROR, "django.request"):
            answer = client.get(f"/api/v3/bags/{HERE}")

        assert_problem(answer, 500, "server-error")
        assert b"inner life" not in answer.content
        assert "the inner life" in caplog.text

    def test_is_a_page_elsewhere(self, rf):
        answer = handler.server_error(rf.get("/page"))

        assert answer.status_code == 500
        assert answer["Content-Type"].startswith("text/html")


class TestAPage:
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
    def test_that_is_refused_is_html_and_under_api_a_problem(self, rf, view, error, status):
        page = view(rf.get("/page"), error)
        document = view(rf.get("/api/v3/x"), error)

        assert page.status_code == document.status_code == status
        assert page["Content-Type"].startswith("text/html")
        assert document["Content-Type"] == "application/problem+json"

    def test_may_raise_a_problem_itself(self, rf):
        middleware = handler.RequestIdMiddleware(lambda request: None)

        page = middleware.process_exception(rf.get("/x"), ParentFull(parent="SB1", capacity=30))

        assert page.status_code == 409
        assert "SB1 already holds 30 bags." in page.content.decode()
        assert middleware.process_exception(rf.get("/x"), KeyError()) is None

    def test_without_its_csrf_token_is_refused(self, rf):
        assert handler.csrf_failure(rf.post("/page")).status_code == 403

    def test_does_not_run_what_a_refusal_quotes(self, rf):
        given = ParentFull(parent="<script>", capacity=1)

        page = handler.RequestIdMiddleware(lambda r: None).process_exception(rf.get("/x"), given)

        assert b"<script>" not in page.content


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
            handler.RequestIdMiddleware(answer)(RequestFactory().get("/"))

        assert seen != [""]
        assert logs.request_id.get() == ""
