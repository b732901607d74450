"""How a refusal leaves: as problem+json or as a page; and the id that every request has."""

import logging
import re
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import TemplateDoesNotExist
from django.template.loader import select_template
from django.utils.html import format_html

from tracetrack import logs
from tracetrack.api import throttling
from tracetrack.errors import http
from tracetrack.errors.http import CsrfFailed, HttpsRequired
from tracetrack.errors.problem import BadRequest, Forbidden, NotFound, Problem

logger = logging.getLogger(__name__)

API_PREFIX = "/api/"
# What is no fault of ours, wherever it comes up.
HANDLED = (Problem, OperationalError, InterfaceError)
REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


def problem_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """What a client of the API gets for an exception; None for faults of ours: handler500's."""
    problem = http.as_problem(error)
    if problem is None:
        return None
    return counted_problem_response(problem, error, context["request"]._request)


def assign_request_id(request: HttpRequest) -> str:
    """The id of this request: the caller's X-Request-ID where it is usable, else a new one."""
    given = request.META.get(logs.HEADER, "")
    chosen: str = given if REQUEST_ID.fullmatch(given) else token_hex(16)
    request.META[logs.HEADER] = chosen
    return chosen


class RequestIdMiddleware:
    """Every request has an id.

    It is on the answer, in problems, in the log and in the audit. Pages may raise problems, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = assign_request_id(request)
        before = logs.request_id.set(chosen)
        try:
            response = self._answer(request)
        finally:
            logs.request_id.reset(before)
        response.headers["X-Request-ID"] = chosen
        throttling.add_headers(request, response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # A browser is led to HTTPS. A program would go on sending its token for all to read.
        if (
            settings.SECURE_SSL_REDIRECT
            and not request.is_secure()
            and request.path.startswith(API_PREFIX)
        ):
            return problem_response(HttpsRequired(), request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Pages answer as the API does: a refusal with its status, a busy database with 503."""
        return error_response(error, request) if isinstance(error, HANDLED) else None


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """`problem` to a client of the API, or as a page: templates/<status>.html or problem.html."""
    if request.path.startswith(API_PREFIX):
        return http.json_problem_response(problem, request)
    context = {"problem": problem, "request_id": logs.request_id.get()}
    # Whose name a page shows is a question to the database, which may be what is broken.
    asker = request if problem.status < 500 else None
    try:
        page = select_template([f"{problem.status}.html", "problem.html"]).render(context, asker)
    except TemplateDoesNotExist:
        page = format_html("<!doctype html><title>{0}</title><h1>{0}</h1>", str(problem))
    return http.add_problem_headers(HttpResponse(page, status=problem.status), problem)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    problem = http.as_problem(exception) or BadRequest(reason="it is malformed")
    return problem_response(problem, request)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem_response(http.as_problem(exception) or Forbidden(), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return problem_response(NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; Django has written the exception down."""
    return problem_response(http.ServerError(), request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return problem_response(CsrfFailed(), request)


def error_response(error: Exception, request: HttpRequest) -> HttpResponse:
    """The answer to what is one of KNOWN."""
    problem = http.as_problem(error)
    assert problem is not None
    return counted_problem_response(problem, error, request)


def counted_problem_response(
    problem: Problem, error: Exception, request: HttpRequest
) -> HttpResponse:
    """`problem` as an answer. Who could not prove who he is is counted as a stranger."""
    if problem.status in (401, 403) and request.path.startswith(API_PREFIX):
        try:
            throttling.count_anonymous_request(request)
        except Problem as too_many:
            problem = too_many
    if problem.status >= 500:
        logger.warning("%s: %s", problem.code, error)
    return problem_response(problem, request)
